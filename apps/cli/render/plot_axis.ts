import type { TimeZone } from "@flowtools/flowset/groups";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Steps of a time axis that people can follow. */
const TIME_STEPS: readonly number[] = [
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * 1000),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 5, 7, 14, 30, 90, 365].map((days) => days * DAY),
];

/** One mark of an axis. */
export interface AxisMark {
  readonly at: number;
  readonly text: string;
}

/** Steps of 1, 2 or 5 from 0 to a value or beyond: some of them, as many as are easy to read. */
export function valueMarks(most: number, wanted = 5): number[] {
  if (!(most > 0)) return [0, 1];
  const rough = most / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const marks: number[] = [];
  for (let index = 0; (index - 1) * step < most; index++) marks.push(index * step);
  return marks;
}

/** Round times between two moments, some of them, with as much of their text as is needed. */
export function timeMarks(from: number, to: number, zone: TimeZone, wanted = 7): AxisMark[] {
  const step = TIME_STEPS.find((size) => (to - from) / size <= wanted) ??
    TIME_STEPS[TIME_STEPS.length - 1];
  const marks: AxisMark[] = [];
  let day = "";
  for (let time = zone.startOf(from, step); time <= to; time = zone.startOf(time + step, step)) {
    // Where clocks are set back one step on may be where it was.
    const next = zone.startOf(time + step, step);
    if (time >= from) {
      const [date, clock] = zone.text(time).split(" ");
      const short = step % MINUTE === 0 ? clock.slice(0, 5) : clock;
      marks.push({
        at: time,
        text: step >= DAY ? date : date === day ? short : `${date} ${short}`,
      });
      day = date;
    }
    if (next <= time) time += 3 * HOUR;
  }
  return marks;
}
