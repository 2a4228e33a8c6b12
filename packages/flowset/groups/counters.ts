/** What is kept for a group, and what is made of it. */
import type { GroupInput } from "./group_input.ts";

/** Sums that every group has, in this order: flows, octets, packets. */
export const BASE_SUMS = 3;

/** The same with milliseconds, begin and end. */
export const TIMED_SUMS = 6;

/** How a counter is to be shown. */
export type CounterUnit = "flows" | "octets" | "packets" | "ms" | "time" | "bit/s" | "packets/s";

/** One counter of groups: everything that is known of it. */
export interface GroupCounter {
  /** Its name. */
  readonly name: string;
  /** What it may be called besides. */
  readonly aliases: readonly string[];
  /** What its numbers are. */
  readonly unit: CounterUnit;
  /** Whether it needs the times of flows. */
  readonly timed: boolean;
  /** Whether those of groups add up to that of all flows. */
  readonly additive: boolean;
  /** What it means. */
  readonly doc: string;
  /** Its value, from the sums of a group that begin at an index; 0 where there is none. */
  readonly value: (sums: ArrayLike<number>, at: number) => number;
}

/** Milliseconds from the begin of the first flow to the end of the last. */
const span = (sums: ArrayLike<number>, at: number): number =>
  Math.max(0, sums[at + 5] - sums[at + 4]);

const perSecond = (count: number, ms: number): number => ms === 0 ? 0 : count * 1000 / ms;

/**
 * Every counter of groups.
 *
 * @example
 * ```ts
 * import { GROUP_COUNTERS } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(GROUP_COUNTERS.filter(({ timed }) => !timed).map(({ name }) => name), [
 *   "flows",
 *   "packets",
 *   "octets",
 *   "bpp",
 * ]);
 * ```
 */
export const GROUP_COUNTERS: readonly GroupCounter[] = [
  {
    name: "flows",
    aliases: [],
    unit: "flows",
    timed: false,
    additive: true,
    doc: "Flows",
    value: (sums, at) => sums[at],
  },
  {
    name: "packets",
    aliases: ["pkts", "dpkts"],
    unit: "packets",
    timed: false,
    additive: true,
    doc: "Packets",
    value: (sums, at) => sums[at + 2],
  },
  {
    name: "octets",
    aliases: ["bytes", "doctets"],
    unit: "octets",
    timed: false,
    additive: true,
    doc: "Octets",
    value: (sums, at) => sums[at + 1],
  },
  {
    name: "bps",
    aliases: [],
    unit: "bit/s",
    timed: true,
    additive: false,
    doc: "Bits a second, from the begin of the first flow to the end of the last",
    value: (sums, at) => perSecond(sums[at + 1] * 8, span(sums, at)),
  },
  {
    name: "pps",
    aliases: [],
    unit: "packets/s",
    timed: true,
    additive: false,
    doc: "Packets a second, from the begin of the first flow to the end of the last",
    value: (sums, at) => perSecond(sums[at + 2], span(sums, at)),
  },
  {
    name: "bpp",
    aliases: [],
    unit: "octets",
    timed: false,
    additive: false,
    doc: "Octets a packet",
    value: (sums, at) => sums[at + 2] === 0 ? 0 : sums[at + 1] / sums[at + 2],
  },
  {
    name: "duration",
    aliases: [],
    unit: "ms",
    timed: true,
    additive: true,
    doc: "Milliseconds of all flows together",
    value: (sums, at) => sums[at + 3],
  },
  {
    name: "start",
    aliases: ["first"],
    unit: "time",
    timed: true,
    additive: false,
    doc: "When the first flow began",
    value: (sums, at) => sums[at + 4],
  },
  {
    name: "end",
    aliases: ["last"],
    unit: "time",
    timed: true,
    additive: false,
    doc: "When the last flow ended",
    value: (sums, at) => sums[at + 5],
  },
];

/** A counter by its name, or by another that it has. */
export function findGroupCounter(name: string): GroupCounter | undefined {
  return GROUP_COUNTERS.find((counter) => counter.name === name || counter.aliases.includes(name));
}

/** Adds the flows, octets and packets of rows to their groups. */
export function addSums(
  sums: Float64Array,
  stride: number,
  groups: Uint32Array,
  input: GroupInput,
): void {
  const flows = input.flows();
  const octets = input.counter("dOctets");
  const packets = input.counter("dPkts");
  const { rows } = input;
  if (flows === undefined) {
    for (let row = 0; row < rows; row++) {
      const at = groups[row] * stride;
      sums[at] += 1;
      sums[at + 1] += octets[row];
      sums[at + 2] += packets[row];
    }
    return;
  }
  for (let row = 0; row < rows; row++) {
    const at = groups[row] * stride;
    sums[at] += flows[row];
    sums[at + 1] += octets[row];
    sums[at + 2] += packets[row];
  }
}

/** Adds the times of rows to their groups. */
export function addTimes(sums: Float64Array, groups: Uint32Array, input: GroupInput): void {
  const durations = input.durations();
  const begins = input.moments("first");
  const ends = input.moments("last");
  for (let row = 0; row < input.rows; row++) {
    const at = groups[row] * TIMED_SUMS;
    sums[at + 3] += durations[row];
    spread(sums, at, begins[row], ends[row]);
  }
}

/** A begin of 0 is not known. */
function spread(sums: Float64Array, at: number, begin: number, end: number): void {
  if (begin !== 0 && (begin < sums[at + 4] || sums[at + 4] === 0)) sums[at + 4] = begin;
  if (end > sums[at + 5]) sums[at + 5] = end;
}

/** What each row adds to the sums of its group, a column for each sum. */
export function rowSums(input: GroupInput, timed: boolean): Float64Array[] {
  const flows = input.flows() ?? input.doubles("one flow").fill(1);
  const sums = [flows, input.counter("dOctets"), input.counter("dPkts")];
  if (!timed) return sums;
  return [...sums, input.durations(), input.moments("first"), input.moments("last")];
}

/** Adds the sums of one group to those of another. */
export function addGroup(
  sums: Float64Array,
  at: number,
  from: ArrayLike<number>,
  fromAt: number,
  stride: number,
): void {
  sums[at] += from[fromAt];
  sums[at + 1] += from[fromAt + 1];
  sums[at + 2] += from[fromAt + 2];
  if (stride < TIMED_SUMS) return;
  sums[at + 3] += from[fromAt + 3];
  spread(sums, at, from[fromAt + 4], from[fromAt + 5]);
}

/**
 * Adds the sums of groups that stand one after the other to those of others.
 *
 * @param sums The sums to add to
 * @param groups The group that each is added to
 * @param from The sums to add
 * @param first The first group of `from`
 * @param count How many groups
 * @param stride Sums of a group
 */
export function addGroups(
  sums: Float64Array,
  groups: Uint32Array,
  from: Float64Array,
  first: number,
  count: number,
  stride: number,
): void {
  if (stride !== BASE_SUMS) {
    for (let row = 0; row < count; row++) {
      addGroup(sums, groups[row] * stride, from, (first + row) * stride, stride);
    }
    return;
  }
  for (let row = 0, source = first * BASE_SUMS; row < count; row++, source += BASE_SUMS) {
    const at = groups[row] * BASE_SUMS;
    sums[at] += from[source];
    sums[at + 1] += from[source + 1];
    sums[at + 2] += from[source + 2];
  }
}
