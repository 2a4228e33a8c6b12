import { FLOW_RING_ROWS, SERIES_SHOWN_MAX } from "../limits.ts";
import type { LiveRows } from "../live_rows.ts";
import type { LiveTotals } from "../messages.ts";
import { DimensionTables, EMPTY_SLICE, MINUTE_MS, SECOND_MS, TEN_MS } from "./dimension_tables.ts";
import { windowStart } from "./dimension_tables.ts";
import { DIMENSIONS, type KeyLayout, type KeyNames } from "./dimensions.ts";
import { FlowRing } from "./flow_ring.ts";
import {
  type GroupName,
  namedSums,
  SERIES_RANGES,
  type SeriesAnswer,
  type SeriesQuestion,
  type SeriesRange,
  SHOWN,
  SORT_NAMES,
  type TopAnswer,
  type TopQuestion,
} from "./live_answers.ts";
import { LiveInput } from "./live_input.ts";
import { TimeSpan } from "./time_span.ts";
import { type SumColumns, type SumName, SUMS, type TopSlice } from "./top_table.ts";

/** A moment of a time series. */
interface Moment {
  readonly start: number;
  readonly totals: Float64Array<ArrayBuffer>;
  /** The largest groups of each dimension that traffic is stacked by. */
  readonly groups: ReadonlyMap<string, TopSlice>;
}

/** Rows that come so late count as of now; a clock that is behind by more was set back, ms. */
const LATE_MS = 5_000;

/** How long a second that is over waits for what comes late, where nothing newer comes, ms. */
const SETTLE_MS = 300;

/** Rates are means over so many seconds: exporters send in bursts. */
const RATE_SECONDS = 5;

/** Live traffic: top tables and time series, by arrival. */
export class LiveStore {
  /** The flows that came last. */
  readonly ring: FlowRing;
  readonly #names: KeyNames;
  readonly #input: LiveInput;
  readonly #tables: readonly DimensionTables[];
  readonly #moments: Record<SeriesRange, Moment[]> = { "10m": [], "2h": [], "24h": [] };
  /** The second, the ten seconds and the minute that are on. */
  readonly #on: Record<SeriesRange, TimeSpan> = {
    "10m": new TimeSpan(),
    "2h": new TimeSpan(),
    "24h": new TimeSpan(),
  };
  /** Scaled counters of the rows that are being added. */
  #scaledOctets = new Float64Array(0);
  #scaledPackets = new Float64Array(0);
  /** Records that came and rows that were taken of them, in this second. */
  #records = 0;
  #rows = 0;
  #oneIn = 1;
  #sampledAt: number | undefined;
  #startedAt: number;
  /** The second that is on, Unix ms. */
  #second: number;

  /**
   * Makes an empty store.
   *
   * @param names Names that keys are shown with
   * @param now Unix ms
   */
  constructor(names: KeyNames, now: number) {
    this.#names = names;
    this.ring = new FlowRing(FLOW_RING_ROWS, names.labels);
    this.#input = new LiveInput(names.exporters);
    this.#tables = DIMENSIONS.map((dimension) => new DimensionTables(dimension));
    this.#second = floor(now, SECOND_MS);
    this.#startedAt = this.#second;
  }

  /** Tables looked at one flow in so many in the last second that had any. */
  get scale(): number {
    return this.#oneIn;
  }

  /** When tables did not look at every flow for the last time, Unix ms, if ever. */
  get sampledAt(): number | undefined {
    return this.#sampledAt;
  }

  /**
   * Takes rows. Their sums are overwritten by what they stand for.
   *
   * @param rows The rows
   * @param totals Sums of everything that came, flows that are in no rows too
   * @param at When they came, Unix ms
   */
  add(rows: LiveRows, totals: LiveTotals, at: number): void {
    this.addTotals(totals, at);
    this.ring.add(rows, at);
    const { weights, length, columns: { dOctets: octets, dPkts: packets, dFlows: flows } } = rows;
    for (const column of [octets, packets, flows]) weigh(column, weights, length);
    const columns = { octets, packets, flows, ...this.#scale(rows) };
    const stands = SUMS.map((name) => sumOf(columns[name], length));
    for (const span of Object.values(this.#on)) span.addRows(stands);
    this.#input.load(rows);
    for (const tables of this.#tables) tables.add(this.#input, columns);
    this.#rows += length;
  }

  /**
   * Takes sums of everything that came.
   *
   * @param totals The sums
   * @param at When it came, Unix ms
   */
  addTotals(totals: LiveTotals, at: number): void {
    const second = floor(at, SECOND_MS);
    if (second > this.#second || second < this.#second - LATE_MS) this.#go(second);
    const sums = SUMS.map((name) => totals[name]);
    for (const span of Object.values(this.#on)) span.addTotals(sums);
    this.#records += totals.records;
  }

  /**
   * Ends the spans of time that are over.
   *
   * @param now Unix ms
   */
  advance(now: number): void {
    const second = floor(now - SETTLE_MS, SECOND_MS);
    if (second > this.#second || second < this.#second - LATE_MS) this.#go(second);
  }

  /** What came in a second, on average over the last whole ones. */
  rates(): Record<SumName, number> {
    const span = Math.min(RATE_SECONDS * SECOND_MS, this.#second - this.#startedAt);
    const mean = new Float64Array(SUMS.length);
    for (const { start, totals } of this.#moments["10m"].slice(-RATE_SECONDS)) {
      if (start < this.#second - span) continue;
      for (let sum = 0; sum < mean.length; sum++) mean[sum] += totals[sum] * SECOND_MS / span;
    }
    return Object.fromEntries(SUMS.map((name, sum) => [name, mean[sum]])) as Record<
      SumName,
      number
    >;
  }

  /**
   * A top table.
   *
   * @param question What it is asked for
   * @param now Unix ms
   */
  top({ by, minutes, sort, limit, scaled = false }: TopQuestion, now: number): TopAnswer {
    this.advance(now);
    const shown = SHOWN[scaled ? "scaled" : "raw"];
    const tables = this.#tables.find(({ dimension }) => dimension.id === by)!;
    // By its own clock, not by `now`: minutes that are over but wait for what is late count too.
    const start = windowStart(minutes, this.#second);
    const parts = tables.window(minutes, this.#second, this.#on["2h"].factors());
    const found: { part: number; group: number; value: number }[] = [];
    const column = SUMS.indexOf(shown[sort]);
    for (const [part, { slice }] of parts.entries()) {
      for (let group = 0; group < slice.size; group++) {
        found.push({ part, group, value: slice.sums[group * SUMS.length + column] });
      }
    }
    found.sort((a, b) => b.value - a.value);
    const total = namedSums(this.#totalSince(start), shown);
    const rows = found.slice(0, limit).map(({ part, group }) => {
      const { layout, slice } = parts[part];
      const at = group * SUMS.length;
      const values = slice.sums.subarray(at, at + SUMS.length);
      return {
        ...this.#nameOf(layout, slice.keys, group * layout.words),
        ...namedSums(values, shown),
      };
    });
    const other = { ...total };
    for (const row of rows) {
      // Rows are rounded, and where not all flows are looked at they are good guesses.
      for (const name of SORT_NAMES) other[name] = Math.max(0, other[name] - row[name]);
    }
    return { from: Math.max(this.#startedAt, start), to: now, rows, other, total };
  }

  /**
   * A time series.
   *
   * @param question What it is asked for
   * @param now Unix ms
   */
  series(question: SeriesQuestion, now: number): SeriesAnswer {
    const { range, stack, unit, limit, scaled = false } = question;
    this.advance(now);
    const { step, kept } = SERIES_RANGES[range];
    // What is not over yet would look like a fall.
    const end = floor(this.#second, step);
    const from = Math.max(floor(this.#startedAt, step), end - kept * step);
    const times = Array.from(
      { length: Math.max(0, (end - from) / step) },
      (_, i) => from + i * step,
    );
    const moments = this.#moments[range].filter(({ start }) => start >= from && start < end);
    const layout = this.#tables.find(({ dimension }) => dimension.id === stack)!
      .dimension.layouts[0];
    const shown = SHOWN[scaled ? "scaled" : "raw"];
    const column = SUMS.indexOf(shown[unit === "bits" ? "octets" : unit]);
    const factor = (unit === "bits" ? 8 : 1) / (step / 1_000);
    const byKey = new Map<string, { sum: number; values: number[] }>();
    const total = times.map(() => 0);
    for (const { start, totals, groups } of moments) {
      const time = (start - from) / step;
      total[time] = totals[column] * factor;
      const slice = groups.get(stack) ?? EMPTY_SLICE;
      for (let group = 0; group < slice.size; group++) {
        const value = slice.sums[group * SUMS.length + column] * factor;
        const at = group * layout.words;
        const key = slice.keys.subarray(at, at + layout.words).join();
        let row = byKey.get(key);
        if (row === undefined) byKey.set(key, row = { sum: 0, values: times.map(() => 0) });
        row.sum += value;
        row.values[time] = value;
      }
    }
    const largest = [...byKey].sort(([, a], [, b]) => b.sum - a.sum)
      .slice(0, Math.min(limit, SERIES_SHOWN_MAX));
    const series = largest.map(([key, { values }]) => {
      const words = Uint32Array.from(key.split(","), Number);
      return { ...this.#nameOf(layout, words, 0), values };
    });
    const other = total.map((value, time) => {
      // Sums of doubles: what is left of nothing may be a little below it.
      return Math.max(0, series.reduce((rest, { values }) => rest - values[time], value));
    });
    return { step, times, series, other, total };
  }

  #nameOf({ text, label }: KeyLayout, words: Uint32Array, at: number): GroupName {
    const key = text(words, at, this.#names);
    const told = label?.(words, at, this.#names);
    return told === undefined ? { key } : { key, label: told };
  }

  /** Counters of rows multiplied by their rates: the columns themselves where nothing was sampled. */
  #scale(rows: LiveRows): Pick<SumColumns, "scaledOctets" | "scaledPackets"> {
    const { rates, length, capacity, columns: { dOctets: octets, dPkts: packets } } = rows;
    let sampled = false;
    for (let row = 0; row < length && !sampled; row++) sampled = rates[row] > 1;
    if (!sampled) return { scaledOctets: octets, scaledPackets: packets };
    if (this.#scaledOctets.length < length) {
      this.#scaledOctets = new Float64Array(capacity);
      this.#scaledPackets = new Float64Array(capacity);
    }
    const [scaledOctets, scaledPackets] = [this.#scaledOctets, this.#scaledPackets];
    for (let row = 0; row < length; row++) {
      const rate = rates[row] || 1;
      scaledOctets[row] = octets[row] * rate;
      scaledPackets[row] = packets[row] * rate;
    }
    return { scaledOctets, scaledPackets };
  }

  /** What came since a boundary of ten seconds. */
  #totalSince(from: number): Float64Array {
    const total = this.#on["2h"].totals.slice();
    for (const { start, totals } of this.#moments["2h"]) {
      if (start < from) continue;
      for (let sum = 0; sum < total.length; sum++) total[sum] += totals[sum];
    }
    return total;
  }

  /** Ends the spans of time that are over when a second begins. */
  #go(second: number): void {
    const before = this.#second;
    this.#close("10m", before, (tables, factors) => tables.closeSecond(factors));
    const ten = floor(before, TEN_MS);
    const minute = floor(before, MINUTE_MS);
    if (floor(second, TEN_MS) !== ten) {
      this.#close("2h", ten, (tables, factors) => tables.closeTen(factors, ten));
    }
    if (floor(second, MINUTE_MS) !== minute) {
      this.#close("24h", minute, (tables) => tables.closeMinute(minute));
    }
    if (this.#records > 0) this.#oneIn = this.#records / Math.max(1, this.#rows);
    if (this.#records > this.#rows) this.#sampledAt = before;
    this.#records = 0;
    this.#rows = 0;
    if (second < before) this.#forgetFuture(second);
    this.#second = second;
  }

  #close(
    range: SeriesRange,
    start: number,
    close: (tables: DimensionTables, factors: Float64Array) => TopSlice,
  ): void {
    const span = this.#on[range];
    const factors = span.factors();
    const groups = new Map<string, TopSlice>();
    for (const tables of this.#tables) {
      const slice = close(tables, factors);
      if (tables.dimension.stack && slice.size > 0) groups.set(tables.dimension.id, slice);
    }
    if (span.totals.every((value) => value === 0)) return;
    const moments = this.#moments[range];
    moments.push({ start, totals: span.totals.slice(), groups });
    if (moments.length > SERIES_RANGES[range].kept) moments.shift();
    span.clear();
  }

  /** The clock was set back: what is ahead of it would be in the way of what comes. */
  #forgetFuture(second: number): void {
    this.#startedAt = Math.min(this.#startedAt, second);
    for (const moments of Object.values(this.#moments)) {
      while (moments.length > 0 && moments.at(-1)!.start >= second) moments.pop();
    }
    for (const tables of this.#tables) tables.forgetFuture(second);
  }
}

function floor(time: number, span: number): number {
  return Math.floor(time / span) * span;
}

/** Multiplies the numbers of a column by what they weigh. */
function weigh(column: Float64Array, weights: Float64Array, length: number): void {
  for (let row = 0; row < length; row++) column[row] *= weights[row];
}

function sumOf(column: Float64Array, length: number): number {
  let sum = 0;
  for (let row = 0; row < length; row++) sum += column[row];
  return sum;
}
