import { formatIPv4, formatIPv6, ipv6ToBigInt, parseIPv4, parseIPv6 } from "@flowtools/flow-model";
import type { Range } from "./ranges.ts";
import type { ValueWord } from "./values.ts";

/** Addresses of one family, from one to another. */
export interface AddressRange extends Range<bigint> {
  readonly family: 4 | 6;
}

/** What is expected, in messages. */
export const ADDRESS =
  "an address or prefix such as 192.0.2.1, 10.0.0.0/8, 10/8, 2001:db8::1 or 2001:db8::/32";

/** The bits of an address of each family. */
const BITS = { 4: 32, 6: 128 } as const;

/** Whether a word looks as if an address was meant. */
export function looksLikeAddress(text: string): boolean {
  return /^\d+(\.\d+){1,3}([/-]|$)|^\d+(\.\d+)*\/|^[\da-f.]*:[\da-f:.]*([/-]|$)/i.test(text);
}

/** The two ends, where a word is a range of addresses. */
export function splitAddresses(text: string): readonly [string, string] | undefined {
  const match = /^([^-]+)-([^-]+)$/.exec(text);
  return match === null ? undefined : [match[1], match[2]];
}

/** Reads an address, or a prefix with its length or mask; bits behind the length do not count. */
export function readAddress(word: ValueWord): AddressRange {
  const { text } = word;
  const slash = text.indexOf("/");
  if (slash < 0) {
    const { value, family } = parse(word, text, false);
    return { low: value, high: value, family };
  }
  const { value, family } = parse(word, text.slice(0, slash), true);
  const length = readLength(word, text.slice(slash + 1), family);
  return prefix(value, length, family);
}

/** The addresses that differ from one only in what a mask leaves out. */
export function maskedAddress(word: ValueWord, mask: ValueWord): AddressRange {
  const { value, family } = parse(word, word.text, false);
  if (family !== 4) return mask.fail(`IPv6 has no masks`, "a length, as in 2001:db8::/32");
  return prefix(value, readMask(mask, mask.text), family);
}

/** The text of a range. */
function showAddresses({ low, high, family }: AddressRange): string {
  if (low === high) return show(low, family);
  const size = high - low + 1n;
  const bits = size.toString(2).length - 1;
  return size === 1n << BigInt(bits) && low % size === 0n
    ? `${show(low, family)}/${BITS[family] - bits}`
    : `${show(low, family)}-${show(high, family)}`;
}

/** How a list of addresses was understood. */
export function shownAddresses(addresses: readonly AddressRange[]): string {
  return `= ${addresses.map(showAddresses).join(", ")}`;
}

function show(value: bigint, family: 4 | 6): string {
  if (family === 4) return formatIPv4(Number(value));
  const bytes = new Uint8Array(16);
  for (let at = 15, rest = value; at >= 0; at--, rest >>= 8n) bytes[at] = Number(rest & 0xffn);
  return formatIPv6(bytes);
}

function prefix(value: bigint, length: number, family: 4 | 6): AddressRange {
  const rest = (1n << BigInt(BITS[family] - length)) - 1n;
  return { low: value & ~rest, high: value | rest, family };
}

/** Before a length, IPv4 addresses may leave out zeros at the end: `10/8`. */
function parse(
  word: ValueWord,
  text: string,
  shortened: boolean,
): { readonly value: bigint; readonly family: 4 | 6 } {
  if (text.includes(":")) {
    const bytes = parseIPv6(text);
    if (bytes !== undefined) return { value: ipv6ToBigInt(bytes), family: 6 };
    const zone = text.includes("%") ? "; a flow knows no zone (%)" : "";
    return word.fail(`"${text}" is no IPv6 address${zone}`, ADDRESS);
  }
  const octets = text.split(".");
  const whole = shortened && octets.length < 4
    ? [...octets, ...new Array(4 - octets.length).fill("0")].join(".")
    : text;
  const address = parseIPv4(whole);
  if (address !== undefined) return { value: BigInt(address), family: 4 };
  const large = /^[\d.]+$/.test(text) ? octets.find((octet) => Number(octet) > 255) : undefined;
  const reason = large === undefined
    ? /^\d+(\.\d+)*$/.test(text) && octets.length !== 4
      ? `: it has ${octets.length} of 4 octets`
      : ""
    : `: octet ${large} is above 255`;
  return word.fail(`"${text}" is no address${reason}`, ADDRESS);
}

function readLength(word: ValueWord, text: string, family: 4 | 6): number {
  if (family === 4 && text.includes(".")) return readMask(word, text);
  if (!/^\d{1,9}$/.test(text)) {
    return word.fail(`"${text}" is no prefix length`, `0 to ${BITS[family]}`);
  }
  if (Number(text) > BITS[family]) {
    return word.fail(`prefix length ${text} is above ${BITS[family]}`, `0 to ${BITS[family]}`);
  }
  return Number(text);
}

function readMask(word: ValueWord, text: string): number {
  const mask = parseIPv4(text);
  if (mask === undefined) return word.fail(`"${text}" is no mask`, "one such as 255.255.0.0");
  const ones = Math.clz32(~mask);
  if (((mask << ones) >>> 0) !== 0 && ones < 32) {
    return word.fail(`mask ${text} has holes`, "ones and then zeros, such as 255.255.0.0");
  }
  return ones;
}
