/** The hot loops that add rows to the sums of their groups. */
import type { ReportInput } from "./input.ts";

/** What is always summed for a group, in this order. */
export const COUNTERS = ["flows", "octets", "packets", "duration"] as const;

/**
 * What is kept besides when rates are asked for: how many records had a duration, and of these
 * the average, least and greatest bits and packets a second.
 */
export const RATE_COUNTERS = [
  ...COUNTERS,
  "records",
  "avg-bps",
  "min-bps",
  "max-bps",
  "avg-pps",
  "min-pps",
  "max-pps",
] as const;

/** The name of something kept for a group. */
export type CounterName = (typeof RATE_COUNTERS)[number];

/** Where the counts of rates begin. */
const RATES_AT = COUNTERS.length;

/**
 * Adds rows to their groups.
 *
 * @param sums The sums of all groups, `stride` each
 * @param stride Numbers of a group
 * @param groups The group of each row, or of each row several times
 * @param input The rows
 * @param shift Each row has 2^shift groups, one after the other
 */
export function accumulate(
  sums: Float64Array,
  stride: number,
  groups: Uint32Array,
  input: ReportInput,
  shift: number,
): void {
  const { flows, octets, packets, durations } = input;
  const count = input.rows << shift;
  if (flows === undefined) addOnes(sums, stride, groups, octets, packets, durations, count, shift);
  else addFlows(sums, stride, groups, flows, octets, packets, durations, count, shift);
}

function addOnes(
  sums: Float64Array,
  stride: number,
  groups: Uint32Array,
  octets: Float64Array,
  packets: Float64Array,
  durations: Uint32Array,
  count: number,
  shift: number,
): void {
  for (let i = 0; i < count; i++) {
    const row = i >> shift;
    const at = groups[i] * stride;
    sums[at] += 1;
    sums[at + 1] += octets[row];
    sums[at + 2] += packets[row];
    sums[at + 3] += durations[row];
  }
}

function addFlows(
  sums: Float64Array,
  stride: number,
  groups: Uint32Array,
  flows: Float64Array,
  octets: Float64Array,
  packets: Float64Array,
  durations: Uint32Array,
  count: number,
  shift: number,
): void {
  for (let i = 0; i < count; i++) {
    const row = i >> shift;
    const at = groups[i] * stride;
    sums[at] += flows[row];
    sums[at + 1] += octets[row];
    sums[at + 2] += packets[row];
    sums[at + 3] += durations[row];
  }
}

/**
 * Adds the rates of rows to their groups. Rows without a duration have none.
 *
 * @param sums The sums of all groups, those of {@linkcode RATE_COUNTERS}
 * @param groups The group of each row, or of each row several times
 * @param input The rows
 * @param shift Each row has 2^shift groups, one after the other
 */
export function accumulateRates(
  sums: Float64Array,
  groups: Uint32Array,
  input: ReportInput,
  shift: number,
): void {
  const { octets, packets, durations } = input;
  const count = input.rows << shift;
  for (let i = 0; i < count; i++) {
    const row = i >> shift;
    if (durations[row] === 0) continue;
    const seconds = durations[row] / 1000;
    const at = groups[i] * RATE_COUNTERS.length + RATES_AT;
    sums[at]++;
    addRate(sums, at + 1, octets[row] * 8 / seconds);
    addRate(sums, at + 4, packets[row] / seconds);
  }
}

/** Sum, least, greatest; a least of 0 is not known yet. */
function addRate(sums: Float64Array, at: number, rate: number): void {
  sums[at] += rate;
  if (rate < sums[at + 1] || sums[at + 1] === 0) sums[at + 1] = rate;
  if (rate > sums[at + 2]) sums[at + 2] = rate;
}

/** Turns the sums of rates into averages. */
export function averageRates(sums: Float64Array, groups: number): void {
  for (let group = 0; group < groups; group++) {
    const at = group * RATE_COUNTERS.length + RATES_AT;
    if (sums[at] === 0) continue;
    sums[at + 1] /= sums[at];
    sums[at + 4] /= sums[at];
  }
}
