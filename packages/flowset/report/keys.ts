import type { FlowFieldName } from "@flowtools/flow-model";
import type { ReportInput } from "./input.ts";

/**
 * What the words of a key mean.
 *
 * | kind | words |
 * | --- | --- |
 * | `number` | a whole number below 2^32 |
 * | `small` | the same, mostly below 65536: a port, an interface, an AS |
 * | `address` | an IPv4 address, or the number of an IPv6 address |
 * | `prefix` | an address likewise, and the length of its prefix |
 * | `counter` | a whole number: its high and its low 32 bits |
 *
 * Where a result has IPv6 addresses, its keys have one more word at their ends, whose bit `k` says
 * that the address of key `k` is one; `ReportResult.keyValue()` knows.
 */
export type KeyKind = "number" | "small" | "address" | "prefix" | "counter";

/** How addresses become keys: as they are, with the length of their prefix, or as that prefix. */
export type AddressFormat = "address" | "prefix-len" | "prefix-mask";

/** One kind of key of a report. */
export interface KeySpec {
  /** What its words mean. */
  readonly kind: KeyKind;
  /** The fields that it is made from, beside those that every report needs. */
  readonly fields: readonly FlowFieldName[];
}

/**
 * Every key that reports group by.
 *
 * @example
 * ```ts
 * import { KEYS } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(KEYS["ip-source-port"].fields, ["srcport"]);
 * ```
 */
export const KEYS = {
  "ip-source-address": { kind: "address", fields: ["srcaddr"] },
  "ip-destination-address": { kind: "address", fields: ["dstaddr"] },
  "ip-next-hop-address": { kind: "address", fields: ["nexthop"] },
  "ip-exporter-address": { kind: "address", fields: ["exaddr"] },
  "ip-source-port": { kind: "small", fields: ["srcport"] },
  "ip-destination-port": { kind: "small", fields: ["dstport"] },
  "ip-protocol": { kind: "small", fields: ["prot"] },
  "ip-tos": { kind: "small", fields: ["tos"] },
  "input-interface": { kind: "small", fields: ["input"] },
  "output-interface": { kind: "small", fields: ["output"] },
  "source-as": { kind: "small", fields: ["src_as"] },
  "destination-as": { kind: "small", fields: ["dst_as"] },
  "engine-id": { kind: "small", fields: ["engine_id"] },
  "engine-type": { kind: "small", fields: ["engine_type"] },
  "source-tag": { kind: "number", fields: ["src_tag"] },
  "destination-tag": { kind: "number", fields: ["dst_tag"] },
  "first": { kind: "number", fields: ["first"] },
  "last": { kind: "number", fields: ["last"] },
  "duration": { kind: "number", fields: [] },
  "packet-size": { kind: "number", fields: [] },
  "octets": { kind: "counter", fields: [] },
  "packets": { kind: "counter", fields: [] },
  "bps": { kind: "counter", fields: [] },
  "pps": { kind: "counter", fields: [] },
  "ip-destination-address-type": { kind: "small", fields: ["dstaddr"] },
  "ip-source-prefix": { kind: "prefix", fields: ["srcaddr", "src_mask"] },
  "ip-destination-prefix": { kind: "prefix", fields: ["dstaddr", "dst_mask"] },
  "ip-source-address-and-length": { kind: "prefix", fields: ["srcaddr", "src_mask"] },
  "ip-destination-address-and-length": { kind: "prefix", fields: ["dstaddr", "dst_mask"] },
  "ip-source-address-and-no-length": { kind: "prefix", fields: ["srcaddr"] },
  "ip-destination-address-and-no-length": { kind: "prefix", fields: ["dstaddr"] },
  "unix-secs": { kind: "number", fields: ["unix_secs", "unix_nsecs", "sysUpTime"] },
} as const satisfies Readonly<Record<string, KeySpec>>;

/** The name of a key. */
export type KeyName = keyof typeof KEYS;

/** Fills the words of each row, for the keys that are not simply their field. */
const DERIVED: Partial<Record<KeyName, (input: ReportInput) => readonly Uint32Array[]>> = {
  "duration": (input) => [input.durations],
  "packet-size": packetSizes,
  "octets": (input) => counterWords(input, input.octets),
  "packets": (input) => counterWords(input, input.packets),
  "bps": (input) => perSecond(input, input.octets, 8),
  "pps": (input) => perSecond(input, input.packets, 1),
  "ip-destination-address-type": addressTypes,
  "ip-source-prefix": (input) => prefixes(input, "srcaddr", "src_mask"),
  "ip-destination-prefix": (input) => prefixes(input, "dstaddr", "dst_mask"),
  "ip-source-address-and-length": (input) => [input.address("srcaddr"), input.u32("src_mask")],
  "ip-destination-address-and-length": (input) => [input.address("dstaddr"), input.u32("dst_mask")],
  "ip-source-address-and-no-length": (input) => [input.address("srcaddr"), noLengths(input)],
  "ip-destination-address-and-no-length": (input) => [input.address("dstaddr"), noLengths(input)],
};

/** The keys that stand in for an address in each format. */
const ADDRESS_KEYS: Readonly<Record<string, Readonly<Record<AddressFormat, KeyName>>>> = {
  "ip-source-address": {
    "address": "ip-source-address",
    "prefix-len": "ip-source-address-and-length",
    "prefix-mask": "ip-source-prefix",
  },
  "ip-destination-address": {
    "address": "ip-destination-address",
    "prefix-len": "ip-destination-address-and-length",
    "prefix-mask": "ip-destination-prefix",
  },
};

/** The key that stands in for another once addresses are to be shown in some format. */
export function formattedKey(name: KeyName, format: AddressFormat): KeyName {
  return ADDRESS_KEYS[name]?.[format] ?? name;
}

/** Addresses with the length 0: they stand beside addresses that have lengths. */
const WITH_LENGTH: Readonly<Record<string, KeyName>> = {
  "ip-source-address": "ip-source-address-and-no-length",
  "ip-destination-address": "ip-destination-address-and-no-length",
};

/** The key that stands in for an address where others have lengths. */
export function withLength(name: KeyName): KeyName {
  return WITH_LENGTH[name] ?? name;
}

/** 32-bit words of a key. */
export function keyWords(name: KeyName): number {
  const { kind } = KEYS[name];
  return kind === "prefix" || kind === "counter" ? 2 : 1;
}

/** The words of a key of each row that counts. */
export function keyColumns(name: KeyName, input: ReportInput): readonly Uint32Array[] {
  const derived = DERIVED[name]?.(input);
  if (derived !== undefined) return derived;
  const { kind, fields } = KEYS[name];
  return [kind === "address" ? input.address(fields[0]) : input.u32(fields[0]!)];
}

/** The address that a key is made of; nothing where there is none. */
export function keyAddress(name: KeyName): FlowFieldName | undefined {
  const { kind, fields } = KEYS[name];
  return kind === "address" || kind === "prefix" ? fields[0] : undefined;
}

/** For each row that counts, which of its keys are IPv6: bit `k` for key `k`. */
export function wideKeys(names: readonly KeyName[], input: ReportInput): Uint32Array {
  const bits = input.scratch(`wide keys ${names.join()}`).fill(0, 0, input.rows);
  for (const [index, name] of names.entries()) {
    const address = keyAddress(name);
    if (address === undefined) continue;
    const places = input.widePlaces(address);
    for (let i = 0; i < places.length; i++) bits[places[i]] |= 1 << index;
  }
  return bits;
}

/**
 * The mask of a prefix length. Length 0 means that the exporter knows no prefix, and the address
 * stays as it is; so do lengths above 32, which are none. It is what the reference does.
 */
function prefixMask(length: number): number {
  return length === 0 || length > 32 ? -1 : -1 << (32 - length);
}

function prefixes(
  input: ReportInput,
  address: FlowFieldName,
  length: FlowFieldName,
): readonly Uint32Array[] {
  const addresses = input.u32(address);
  const lengths = input.u32(length);
  const networks = input.scratch(`${address} network`);
  for (let row = 0; row < input.rows; row++) {
    networks[row] = addresses[row] & prefixMask(lengths[row]);
  }
  input.putWide(address, networks, lengths);
  return [networks, lengths];
}

function noLengths(input: ReportInput): Uint32Array {
  return input.scratch("no length").fill(0);
}

function packetSizes(input: ReportInput): readonly Uint32Array[] {
  const { octets, packets, rows } = input;
  const sizes = input.scratch("packet-size");
  for (let row = 0; row < rows; row++) sizes[row] = Math.floor(octets[row] / packets[row]);
  return [sizes];
}

function counterWords(input: ReportInput, counts: Float64Array): readonly Uint32Array[] {
  const high = input.scratch("high word");
  const low = input.scratch("low word");
  for (let row = 0; row < input.rows; row++) {
    high[row] = counts[row] / 2 ** 32;
    low[row] = counts[row] % 2 ** 32;
  }
  return [high, low];
}

/** Whole units a second; a flow without duration has 0. */
function perSecond(input: ReportInput, counts: Float64Array, unit: number): readonly Uint32Array[] {
  const high = input.scratch("high word");
  const low = input.scratch("low word");
  for (let row = 0; row < input.rows; row++) {
    const duration = input.durations[row];
    const rate = duration === 0 ? 0 : Math.floor(counts[row] * unit / (duration / 1000));
    high[row] = rate / 2 ** 32;
    low[row] = rate % 2 ** 32;
  }
  return [high, low];
}

/** The first octet of multicast addresses. */
const IPV6_MULTICAST = 0xff;

/** Class A, B, C, multicast, source-specific multicast, reserved: 0 to 5; IPv6 6, its multicast 7. */
function addressTypes(input: ReportInput): readonly Uint32Array[] {
  const addresses = input.u32("dstaddr");
  const types = input.scratch("address type");
  for (let row = 0; row < input.rows; row++) {
    const top = addresses[row] >>> 24;
    types[row] = top >= 240
      ? 5
      : top === 232
      ? 4
      : top >= 224
      ? 3
      : top >= 192
      ? 2
      : top >= 128
      ? 1
      : 0;
  }
  const places = input.widePlaces("dstaddr");
  for (let i = 0; i < places.length; i++) {
    types[places[i]] = input.wideOctet("dstaddr", places[i]) === IPV6_MULTICAST ? 7 : 6;
  }
  return [types];
}
