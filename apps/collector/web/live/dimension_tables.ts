import { SERIES_GROUPS, STACK_GROUPS_MAX, TOP_GROUPS_KEPT, TOP_GROUPS_MAX } from "../limits.ts";
import type { Dimension, KeyLayout } from "./dimensions.ts";
import type { LiveInput } from "./live_input.ts";
import { type SumColumns, SUMS, type TopSlice, TopTable } from "./top_table.ts";

/** Spans of time, ms. */
export const SECOND_MS = 1_000;
/** See {@linkcode SECOND_MS}. */
export const TEN_MS = 10_000;
/** See {@linkcode SECOND_MS}. */
export const MINUTE_MS = 60_000;

/** Spans of ten seconds that are kept: the last minute. */
const TENS_KEPT = 6;

/** Minutes that are kept: the longest window. */
const MINUTES_KEPT = 60;

/** Groups of a merged window at most: those of all its minutes. */
const WINDOW_GROUPS_MAX = 1 << 16;

/** The groups of a span of time, and when it began, Unix ms. */
interface DatedSlice {
  readonly start: number;
  readonly slice: TopSlice;
}

/** The tables of one layout of a dimension's keys. */
class LayoutTables {
  readonly layout: KeyLayout;
  /** The second that is on, for dimensions that time series are stacked by. */
  readonly second: TopTable | undefined;
  readonly ten: TopTable;
  readonly minute: TopTable;
  readonly tens: DatedSlice[] = [];
  readonly minutes: DatedSlice[] = [];

  constructor(layout: KeyLayout, stack: boolean) {
    this.layout = layout;
    this.second = stack ? new TopTable(layout.words, STACK_GROUPS_MAX) : undefined;
    this.ten = new TopTable(layout.words, TOP_GROUPS_MAX);
    this.minute = new TopTable(layout.words, TOP_GROUPS_MAX);
  }
}

/** What the sums of a span of time are multiplied by to stand for everything that came. */
export type Factors = ArrayLike<number>;

/** The groups of a window, and what their keys look like. */
export interface WindowPart {
  readonly layout: KeyLayout;
  readonly slice: TopSlice;
}

/** No groups, and no sums. */
export const EMPTY_SLICE: TopSlice = {
  keys: new Uint32Array(0),
  sums: new Float64Array(0),
  size: 0,
  totals: new Float64Array(SUMS.length),
};

/**
 * The tables of one dimension: seconds become spans of ten, those become minutes, and of what is
 * over only the largest groups are kept.
 */
export class DimensionTables {
  /** What is told apart. */
  readonly dimension: Dimension;
  readonly #tables: readonly LayoutTables[];

  /**
   * Makes empty tables.
   *
   * @param dimension What is told apart
   */
  constructor(dimension: Dimension) {
    this.dimension = dimension;
    this.#tables = dimension.layouts.map((layout) => new LayoutTables(layout, dimension.stack));
  }

  /** Adds rows to the span of time that is on. */
  add(input: LiveInput, sums: SumColumns): void {
    for (const { layout, second, ten } of this.#tables) {
      const { fields, wide, addresses } = layout;
      const selection = input.select(fields, wide, addresses);
      if (selection.count === 0) continue;
      const table = second ?? ten;
      table.add(layout.keys(input), sums, selection.rows, selection.count);
    }
  }

  /**
   * Ends a second.
   *
   * @param factors What its sums are to be multiplied by to stand for everything that came
   * @returns Its largest groups
   */
  closeSecond(factors: Factors): TopSlice {
    const [{ second, ten }] = this.#tables;
    if (second === undefined || second.size === 0) return EMPTY_SLICE;
    ten.merge(second.condense(STACK_GROUPS_MAX));
    const slice = second.condense(SERIES_GROUPS, factors);
    second.clear();
    return slice;
  }

  /**
   * Ends a span of ten seconds.
   *
   * @param factors As of {@linkcode closeSecond}
   * @param start When it began, Unix ms
   * @returns Its largest groups
   */
  closeTen(factors: Factors, start: number): TopSlice {
    for (const { ten, minute, tens } of this.#tables) {
      if (ten.size === 0) continue;
      const slice = ten.condense(TOP_GROUPS_KEPT, factors);
      minute.merge(slice);
      tens.push({ start, slice });
      if (tens.length > TENS_KEPT) tens.shift();
      ten.clear();
    }
    const [{ tens }] = this.#tables;
    return tens.at(-1)?.start === start ? largest(tens.at(-1)!.slice, this.#words) : EMPTY_SLICE;
  }

  /** Ends a minute that began at `start`. Gives its largest groups. */
  closeMinute(start: number): TopSlice {
    for (const { minute, minutes } of this.#tables) {
      if (minute.size === 0) continue;
      minutes.push({ start, slice: minute.condense(TOP_GROUPS_KEPT) });
      if (minutes.length > MINUTES_KEPT) minutes.shift();
      minute.clear();
    }
    const [{ minutes }] = this.#tables;
    return minutes.at(-1)?.start === start
      ? largest(minutes.at(-1)!.slice, this.#words)
      : EMPTY_SLICE;
  }

  /**
   * The groups of a window of time up to now.
   *
   * @param minutes How long it is: 1 is made of spans of ten seconds
   * @param now Unix ms
   * @param factors Of the ten seconds that are on, as of {@linkcode closeSecond}
   */
  window(minutes: number, now: number, factors: Factors): WindowPart[] {
    const minuteStart = Math.floor(now / MINUTE_MS) * MINUTE_MS;
    const tensFrom = minutes === 1 ? windowStart(1, now) : minuteStart;
    const minutesFrom = windowStart(minutes, now);
    return this.#tables.map(({ layout, second, ten, tens, minutes: past }) => {
      const table = new TopTable(layout.words, WINDOW_GROUPS_MAX);
      if (minutes > 1) {
        for (const { start, slice } of past) if (start >= minutesFrom) table.merge(slice);
      }
      for (const { start, slice } of tens) if (start >= tensFrom) table.merge(slice);
      table.merge(ten.condense(TOP_GROUPS_MAX, factors));
      if (second !== undefined) table.merge(second.condense(STACK_GROUPS_MAX, factors));
      return { layout, slice: table.condense(WINDOW_GROUPS_MAX) };
    });
  }

  /** Forgets what began behind `now`: the clock was set back. */
  forgetFuture(now: number): void {
    for (const { tens, minutes } of this.#tables) {
      for (const past of [tens, minutes]) {
        while (past.length > 0 && past.at(-1)!.start > now) past.pop();
      }
    }
  }

  get #words(): number {
    return this.dimension.layouts[0].words;
  }
}

/**
 * When a window of time begins: on a boundary of what it is made of, the part that is on included.
 *
 * @param minutes How long it is
 * @param now Unix ms
 * @returns Unix ms
 */
export function windowStart(minutes: number, now: number): number {
  const part = minutes === 1 ? TEN_MS : MINUTE_MS;
  return Math.floor(now / part) * part - minutes * MINUTE_MS;
}

/** The largest groups of a slice, for the time series. */
function largest(slice: TopSlice, words: number): TopSlice {
  const table = new TopTable(words, TOP_GROUPS_KEPT);
  table.merge(slice);
  return table.condense(SERIES_GROUPS);
}
