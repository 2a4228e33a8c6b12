import {
  FAMILY_IPV4,
  FAMILY_IPV6,
  type FlowFieldName,
  uptimeToUnixMs,
} from "@flowtools/flow-model";
import { CLOCK_FIELDS, type GroupInput, type WideAddresses } from "./group_input.ts";
import type { GroupKey } from "./parse_keys.ts";
import { classify, type MeasureName } from "./value_scale.ts";

/** Words of an address once IPv6 was seen: the family, and 128 bits. */
export const WIDE_WORDS = 5;

/** The numbers of protocols whose ports tell applications apart: TCP, UDP, DCCP, SCTP, UDP-Lite. */
export const PORT_PROTOCOLS: ReadonlySet<number> = new Set([6, 17, 33, 132, 136]);

/** What each measure is made from. */
const MEASURE_FIELDS: Readonly<Record<MeasureName, readonly FlowFieldName[]>> = {
  octets: ["dOctets"],
  packets: ["dPkts"],
  duration: ["first", "last"],
  bpp: ["dOctets", "dPkts"],
  bps: ["dOctets", "first", "last"],
  pps: ["dPkts", "first", "last"],
};

/** The fields that a key needs. */
export function keyFields({ spec, measure, atEnd }: GroupKey): readonly FlowFieldName[] {
  if (measure !== undefined) return MEASURE_FIELDS[measure.of];
  if (spec.kind === "time") return [...CLOCK_FIELDS, atEnd ? "last" : "first"];
  return spec.fields;
}

/** Whether the words of a key change once IPv6 is seen. */
export function widens({ spec }: GroupKey): boolean {
  return spec.kind === "address" || spec.kind === "network";
}

/** 32-bit words of a key. */
export function groupKeyWords(key: GroupKey, wide: boolean): number {
  return (widens(key) && wide ? WIDE_WORDS : 1) + (key.spec.kind === "network" ? 1 : 0);
}

/** 32-bit words of all keys of a group. */
export function groupWords(keys: readonly GroupKey[], wide: boolean): number {
  return keys.reduce((sum, key) => sum + groupKeyWords(key, wide), 0);
}

/**
 * The words of a key of each row.
 *
 * @param key The key; one that counts under either end must be taken apart before
 * @param input The rows
 * @param wide Whether addresses are to have the words of IPv6
 * @param slot Tells the memory of this key from that of the others
 */
export function groupKeyColumns(
  key: GroupKey,
  input: GroupInput,
  wide: boolean,
  slot: string,
): Uint32Array[] {
  const { spec, lengths } = key;
  switch (spec.kind) {
    case "address":
      return wide
        ? wideAddresses(input, spec.fields[0], slot, lengths)
        : [narrowAddresses(input, spec.fields[0], slot, lengths?.[0] ?? 32)];
    case "network":
      return networks(input, spec.fields[0], spec.fields[1], slot, wide);
    case "application":
      return [applications(input, slot)];
    case "time":
      return [times(key, input, slot)];
    case "class":
      return [classes(key, input, slot)];
    case "element":
      return [input.elements(spec.elements ?? [], slot)];
    case "origin":
      return [input.originWords(slot)];
    case "number":
    case "small":
      return [spec.name === "dscp" ? codePoints(input, slot) : input.u32(spec.fields[0])];
  }
}

function mask(length: number): number {
  return length <= 0 ? 0 : length >= 32 ? -1 : -1 << (32 - length);
}

function narrowAddresses(
  input: GroupInput,
  field: FlowFieldName,
  slot: string,
  length: number,
): Uint32Array {
  const addresses = input.u32(field);
  if (length === 32) return addresses;
  const out = input.words(slot);
  const bits = mask(length);
  for (let row = 0; row < input.rows; row++) out[row] = addresses[row] & bits;
  return out;
}

function wideAddresses(
  input: GroupInput,
  field: FlowFieldName,
  slot: string,
  lengths: readonly [number, number] = [32, 128],
): Uint32Array[] {
  const addresses = input.u32(field);
  const out = Array.from({ length: WIDE_WORDS }, (_, word) => input.words(`${slot} ${word}`));
  const [family, first] = out;
  const bits = mask(lengths[0]);
  family.fill(FAMILY_IPV4, 0, input.rows);
  for (let row = 0; row < input.rows; row++) first[row] = addresses[row] & bits;
  for (const word of out.slice(2)) word.fill(0, 0, input.rows);
  const there = input.wide(field);
  if (there !== undefined) addIPv6(there, input.rows, out, () => lengths[1]);
  return out;
}

/** Puts the IPv6 addresses among the IPv4 ones. */
function addIPv6(
  { families, octets, selected }: WideAddresses,
  rows: number,
  out: readonly Uint32Array[],
  length: (row: number) => number,
): void {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  for (let row = 0; row < rows; row++) {
    const at = selected === undefined ? row : selected[row];
    if (families[at] !== FAMILY_IPV6) continue;
    const bits = length(row);
    out[0][row] = FAMILY_IPV6;
    for (let word = 0; word < 4; word++) {
      out[word + 1][row] = view.getUint32(at * 16 + word * 4) & mask(bits - word * 32);
    }
  }
}

/**
 * Networks by the prefix lengths of the flows themselves. A length of 0 says that the exporter
 * knows none: the address stays whole, as flow-report has it; so do lengths that cannot be.
 */
function networks(
  input: GroupInput,
  address: FlowFieldName,
  length: FlowFieldName,
  slot: string,
  wide: boolean,
): Uint32Array[] {
  const lengths = input.u32(length);
  const addresses = input.u32(address);
  const out = input.words(`${slot} network`);
  for (let row = 0; row < input.rows; row++) {
    const bits = lengths[row];
    out[row] = bits === 0 || bits > 32 ? addresses[row] : addresses[row] & mask(bits);
  }
  if (!wide) return [out, lengths];
  const words = wideAddresses(input, address, slot);
  words[1].set(out.subarray(0, input.rows));
  const there = input.wide(address);
  if (there !== undefined) addIPv6(there, input.rows, words, (row) => lengths[row] || 128);
  return [...words, lengths];
}

function applications(input: GroupInput, slot: string): Uint32Array {
  const protocols = input.u32("prot");
  const sources = input.u32("srcport");
  const destinations = input.u32("dstport");
  const out = input.words(slot);
  for (let row = 0; row < input.rows; row++) {
    const protocol = protocols[row];
    const port = PORT_PROTOCOLS.has(protocol) ? Math.min(sources[row], destinations[row]) : 0;
    out[row] = protocol << 16 | port;
  }
  return out;
}

function codePoints(input: GroupInput, slot: string): Uint32Array {
  const tos = input.u32("tos");
  const out = input.words(slot);
  for (let row = 0; row < input.rows; row++) out[row] = tos[row] >>> 2;
  return out;
}

/** Unix seconds at which the span of each flow begins. */
/** The Unix second at which the span begins that holds the moment of each row. */
function times(key: GroupKey, input: GroupInput, slot: string): Uint32Array {
  const { every = 1, zone, notBefore = -Infinity } = key;
  const secs = input.u32("unix_secs");
  const nsecs = input.u32("unix_nsecs");
  const uptimes = input.u32("sysUpTime");
  const stamps = input.u32(key.atEnd ? "last" : "first");
  const out = input.words(slot);
  const span = every * 1000;
  let [from, to, word] = [0, 0, 0];
  let [otherFrom, otherTo] = [0, 0];
  for (let row = 0; row < input.rows; row++) {
    const time = uptimeToUnixMs(secs[row], nsecs[row], uptimes[row], stamps[row]);
    // Flows of a file follow each other in time: the span is that of the last one, or, where one
    // span ends and the next begins, the one before.
    if (!(time >= from && time < to)) {
      const [lastFrom, lastTo] = [from, to];
      const moment = Math.max(time, notBefore);
      if (moment >= otherFrom && moment < otherTo) {
        from = otherFrom;
        to = otherTo;
      } else {
        from = zone === undefined ? Math.floor(moment / span) * span : zone.startOf(moment, span);
        to = from + span;
        // Where clocks change within a span, spans are not all of one length.
        if (zone !== undefined && zone.offset(to) !== zone.offset(from)) to = from;
      }
      otherFrom = lastFrom;
      otherTo = lastTo;
      word = from / 1000;
    }
    out[row] = word;
  }
  return out;
}

function classes({ measure }: GroupKey, input: GroupInput, slot: string): Uint32Array {
  const { of, scale } = measure!;
  const out = input.words(slot);
  classify(scale, measured(of, input), input.rows, out);
  return out;
}

/** What is measured, of each row. */
export function measured(of: MeasureName, input: GroupInput): Float64Array {
  switch (of) {
    case "octets":
      return input.counter("dOctets");
    case "packets":
      return input.counter("dPkts");
    case "duration":
      return input.durations();
    case "bpp":
      return ratio(input, input.counter("dOctets"), input.counter("dPkts"), 1);
    case "bps":
      return ratio(input, input.counter("dOctets"), input.durations(), 8000);
    case "pps":
      return ratio(input, input.counter("dPkts"), input.durations(), 1000);
  }
}

/** 0 where there is nothing to divide by. */
function ratio(input: GroupInput, a: Float64Array, b: Float64Array, factor: number): Float64Array {
  const out = input.doubles("ratio");
  for (let row = 0; row < input.rows; row++) {
    out[row] = b[row] === 0 ? 0 : a[row] * factor / b[row];
  }
  return out;
}
