import { FlowToolsError } from "@flowtools/flow-model";
import type { GroupResult, TimeZone } from "@flowtools/flowset/groups";

/** Spans of a series at most: what nobody can look at needs a longer span. */
const SPANS_MAX = 100_000;

/** Clocks are set by this much at most. */
const CLOCK_CHANGE_MS = 3 * 3_600_000;

/** A series has too many spans of time. */
export class SeriesError extends FlowToolsError {}

/** Sums of one span, or of all. */
export interface SeriesSums {
  readonly flows: Float64Array;
  readonly packets: Float64Array;
  readonly octets: Float64Array;
}

/** One line of a chart: a group over time. */
export interface SeriesLine {
  /** The group in {@linkcode Series.groups}; nothing for all others together. */
  readonly group: number | undefined;
  /** The sums of each span. */
  readonly sums: SeriesSums;
}

/** Groups over time: every line has a number for every span. */
export interface Series {
  /** When each span begins: Unix milliseconds. */
  readonly times: readonly number[];
  /** Seconds of a span. */
  readonly every: number;
  /** The groups without their times. */
  readonly groups: GroupResult;
  /** The lines: the leading groups, then the others together where there are any. */
  readonly lines: readonly SeriesLine[];
}

/**
 * Makes lines of groups whose first key is a time.
 *
 * @param result The groups
 * @param zone Where days begin
 * @param order The counter that decides which groups lead
 * @param lines Lines at most, beside that of the others
 * @throws {SeriesError} There are too many spans
 */
export function makeSeries(
  result: GroupResult,
  zone: TimeZone,
  order: string,
  lines: number,
): Series {
  const every = result.keys[0].every ?? 1;
  const times = spansOf(result, every, zone);
  const at = new Map(times.map((time, index) => [time, index]));
  const { result: groups, groupOf } = result.project(result.keys.map((_, key) => key).slice(1));
  const leading = groups.top(order, lines);
  const lineOf = new Int32Array(groups.size).fill(leading.length);
  for (const [line, group] of leading.entries()) lineOf[group] = line;
  const others = leading.length < groups.size && !groups.overlapping;
  const made: SeriesLine[] = Array.from(leading, (group) => createLine(times.length, group));
  made.push(createLine(times.length, undefined));
  const [flows, packets, octets] = ["flows", "packets", "octets"].map((name) =>
    result.values(name)
  );
  for (let group = 0; group < result.size; group++) {
    const { sums } = made[lineOf[groupOf[group]]];
    const span = at.get(result.keyWord(0, group) * 1000)!;
    sums.flows[span] += flows[group];
    sums.packets[span] += packets[group];
    sums.octets[span] += octets[group];
  }
  return { times, every, groups, lines: others ? made : made.slice(0, -1) };
}

function createLine(spans: number, group: number | undefined): SeriesLine {
  const column = () => new Float64Array(spans);
  return { group, sums: { flows: column(), packets: column(), octets: column() } };
}

/** All spans from the first to the last, those without flows too. */
function spansOf(result: GroupResult, every: number, zone: TimeZone): number[] {
  if (result.size === 0) return [];
  let first = Infinity;
  let last = -Infinity;
  for (let group = 0; group < result.size; group++) {
    const time = result.keyWord(0, group) * 1000;
    first = Math.min(first, time);
    last = Math.max(last, time);
  }
  if ((last - first) / every / 1000 > SPANS_MAX) {
    throw new SeriesError(
      "too-many-spans",
      `Cannot make a series: from ${zone.text(first)} to ${zone.text(last)} there are more than ` +
        `${SPANS_MAX} spans of ${every} s; expected a longer --every, or --since and --until`,
    );
  }
  const times: number[] = [];
  for (let time = first; time <= last; time = nextSpan(time, every * 1000, zone)) times.push(time);
  return times;
}

/** Where clocks are set back a day has more hours than 24, so that one day on is the same one. */
function nextSpan(time: number, span: number, zone: TimeZone): number {
  const next = zone.startOf(time + span, span);
  return next > time ? next : zone.startOf(time + span + CLOCK_CHANGE_MS, span);
}

/** What the lines of a chart may show, a span. */
export const SERIES_COUNTERS = ["octets", "packets", "flows", "bps", "pps"] as const;

/** The name of what a line shows. */
export type SeriesCounter = (typeof SERIES_COUNTERS)[number];

/** The numbers of a line. */
export function lineValues(line: SeriesLine, counter: SeriesCounter, every: number): Float64Array {
  const { octets, packets, flows } = line.sums;
  switch (counter) {
    case "octets":
      return octets;
    case "packets":
      return packets;
    case "flows":
      return flows;
    case "bps":
      return octets.map((value) => value * 8 / every);
    case "pps":
      return packets.map((value) => value / every);
  }
}

/** The counter of groups that adds up to what lines show. */
export function countedBy(counter: SeriesCounter): "octets" | "packets" | "flows" {
  return counter === "bps" ? "octets" : counter === "pps" ? "packets" : counter;
}
