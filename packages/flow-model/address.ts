/** The family of IPv4 addresses, as batches tell it: the version of the protocol. */
export const FAMILY_IPV4 = 4;

/** The family of IPv6 addresses. */
export const FAMILY_IPV6 = 6;

/** The text of each octet, so that an address costs look-ups and no formatting of numbers. */
const OCTET_TEXT: readonly string[] = Array.from({ length: 256 }, (_, octet) => String(octet));
const OCTET_DOT: readonly string[] = OCTET_TEXT.map((text) => text + ".");

/**
 * The text of upper halves (`192.0.`), made when first seen: traffic has few of them, and each
 * saves one concatenation an address. 65,536 short strings at most.
 */
const UPPER_HALVES: (string | undefined)[] = new Array(1 << 16);

/**
 * Formats an IPv4 address.
 *
 * @param address The address as an unsigned 32-bit number, first octet highest
 * @returns Dotted decimal text
 *
 * @example
 * ```ts
 * import { formatIPv4 } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatIPv4(0xc0000201), "192.0.2.1");
 * ```
 */
export function formatIPv4(address: number): string {
  const upper = address >>> 16;
  return (UPPER_HALVES[upper] ??= `${upper >>> 8}.${upper & 255}.`) +
    OCTET_DOT[(address >>> 8) & 255] + OCTET_TEXT[address & 255];
}

/**
 * Parses dotted decimal IPv4 text, strictly: four numbers of at most 255, nothing else.
 *
 * @param text The text
 * @returns The address as an unsigned 32-bit number, or `undefined` where the text is none
 *
 * @example
 * ```ts
 * import { parseIPv4 } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseIPv4("192.0.2.1"), 0xc0000201);
 * assertEquals(parseIPv4("192.0.2.256"), undefined);
 * ```
 */
export function parseIPv4(text: string): number | undefined {
  const octets = text.split(".");
  if (octets.length !== 4) return undefined;
  let address = 0;
  for (const octet of octets) {
    if (!/^\d{1,3}$/.test(octet) || Number(octet) > 255) return undefined;
    address = address * 256 + Number(octet);
  }
  return address;
}

/**
 * Formats an IPv6 address in the canonical form of RFC 5952.
 *
 * @param bytes 16 octets in network order, starting at `offset`
 * @param offset Where the address starts
 * @returns Lower-case text with the longest run of zero groups shortened
 *
 * @example
 * ```ts
 * import { formatIPv6, parseIPv6 } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatIPv6(parseIPv6("2001:DB8:0:0:0:0:0:1")!), "2001:db8::1");
 * ```
 */
export function formatIPv6(bytes: Uint8Array, offset = 0): string {
  const groups: number[] = [];
  for (let i = 0; i < 8; i++) {
    groups.push((bytes[offset + 2 * i] << 8) | bytes[offset + 2 * i + 1]);
  }
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return "::ffff:" + formatIPv4(((groups[6] << 16) | groups[7]) >>> 0);
  }
  let bestStart = -1;
  let bestLength = 1;
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length++;
    if (length > bestLength) {
      bestStart = start;
      bestLength = length;
    }
  }
  const text = (part: number[]) => part.map((group) => group.toString(16)).join(":");
  if (bestStart < 0) return text(groups);
  return text(groups.slice(0, bestStart)) + "::" + text(groups.slice(bestStart + bestLength));
}

/**
 * Parses IPv6 text (RFC 4291 forms, an embedded IPv4 tail included; no zone).
 *
 * @param text The text
 * @returns 16 octets in network order, or `undefined` where the text is no IPv6 address
 *
 * @example
 * ```ts
 * import { parseIPv6 } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseIPv6("::1")?.[15], 1);
 * assertEquals(parseIPv6("1:2"), undefined);
 * ```
 */
export function parseIPv6(text: string): Uint8Array<ArrayBuffer> | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const parsed = halves.map((half, index) => parseGroups(half, index === halves.length - 1));
  const [head, tail] = parsed;
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...(tail ?? [])];
  const bytes = new Uint8Array(16);
  groups.forEach((group, index) => {
    bytes[2 * index] = group >>> 8;
    bytes[2 * index + 1] = group & 255;
  });
  return bytes;
}

/** The 16-bit groups of one side of `::`; the last group of the address may be IPv4 text. */
function parseGroups(text: string, mayEndInIPv4: boolean): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (mayEndInIPv4 && index === parts.length - 1 && part.includes(".")) {
      const address = parseIPv4(part);
      if (address === undefined) return undefined;
      groups.push(address >>> 16, address & 0xffff);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return groups;
}

/**
 * An IPv6 address as one integer.
 *
 * @param bytes 16 octets in network order, starting at `offset`
 * @param offset Where the address starts
 * @returns The integer, first octet highest
 *
 * @example
 * ```ts
 * import { ipv6ToBigInt, parseIPv6 } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(ipv6ToBigInt(parseIPv6("::1:0")!), 65536n);
 * ```
 */
export function ipv6ToBigInt(bytes: Uint8Array, offset = 0): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, 16);
  return (view.getBigUint64(0) << 64n) | view.getBigUint64(8);
}
