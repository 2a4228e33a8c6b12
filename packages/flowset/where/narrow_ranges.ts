import { fieldIndex, FLOW_FIELDS, type FlowBatch, type FlowFieldName } from "@flowtools/flow-model";
import type { RowTest } from "../filter/narrow.ts";
import { TABLE_16, TABLE_8, TableTest } from "../filter/narrow_table.ts";
import type { NumberSource, RowNumbers, WorkedSource } from "./number_sources.ts";
import { inRanges, type Range } from "./ranges.ts";

/** Passes the rows whose number is in one of some ranges. */
export function numberTest(source: NumberSource, ranges: readonly Range<number>[]): RowTest {
  if (source.kind === "worked") return new RangesTest(source.fields, source.numbers, ranges);
  const { field, bits } = source;
  const size = tableSize(field);
  if (size !== undefined && (bits !== undefined || !isCompared(size, ranges))) {
    return new TableTest(field, table(size, ranges, bits), 0);
  }
  const numbers = (batch: FlowBatch) => batch.column(field) as RowNumbers;
  const whole = kindOf(field) === "counter" ? ranges : wordRanges(ranges);
  return new RangesTest([field], numbers, whole, false);
}

/** Passes the rows where one of two fields of one kind is in one of some ranges, in one loop. */
export function eitherNumberTest(
  one: FlowFieldName,
  other: FlowFieldName,
  ranges: readonly Range<number>[],
): RowTest | undefined {
  const size = tableSize(one);
  if (size !== tableSize(other)) return undefined;
  if (size !== undefined && !isCompared(size, ranges)) {
    return new EitherTableTest(one, other, table(size, ranges));
  }
  if (kindOf(one) === "counter" || kindOf(other) === "counter") return undefined;
  const words = wordRanges(ranges);
  return words.length === 1 ? new EitherRangeTest(one, other, words[0]) : undefined;
}

/** Whether comparing is faster than a table: a table of 64 KiB is larger than the nearest cache. */
function isCompared(size: number, ranges: readonly Range<number>[]): boolean {
  return size === TABLE_16 && ranges.length === 1;
}

const WORD_MAX = 0xffffffff;

/** The whole numbers of 32 bits that are in ranges. */
function wordRanges(ranges: readonly Range<number>[]): Range<number>[] {
  return ranges
    .map(({ low, high }) => ({
      low: Math.max(0, Math.ceil(low)),
      high: Math.min(WORD_MAX, Math.floor(high)),
    }))
    .filter(({ low, high }) => low <= high);
}

function kindOf(field: FlowFieldName): string {
  return FLOW_FIELDS[fieldIndex(field)].kind;
}

/** Values that a column of a small kind can have. */
function tableSize(field: FlowFieldName): number | undefined {
  const kind = kindOf(field);
  return kind === "u8" ? TABLE_8 : kind === "u16" ? TABLE_16 : undefined;
}

/** Which values of a small column are in one of some ranges. */
function table(
  size: number,
  ranges: readonly Range<number>[],
  bits?: { readonly shift: number; readonly mask: number },
): Uint8Array {
  const passes = new Uint8Array(size);
  for (const { low, high } of ranges) {
    passes.fill(1, Math.max(0, Math.ceil(low)), Math.max(0, Math.floor(high) + 1));
  }
  if (bits === undefined) return passes;
  return Uint8Array.from(passes, (_, value) => passes[(value >>> bits.shift) & bits.mask]);
}

/** Passes the rows whose number is in one of some ranges. */
class RangesTest implements RowTest {
  readonly fields: readonly FlowFieldName[];
  readonly #numbers: WorkedSource["numbers"];
  readonly #lows: Float64Array;
  readonly #highs: Float64Array;
  readonly #worked: boolean;
  #scratch = new Float64Array(0);

  constructor(
    fields: readonly FlowFieldName[],
    numbers: WorkedSource["numbers"],
    ranges: readonly Range<number>[],
    worked = true,
  ) {
    this.fields = fields;
    this.#numbers = numbers;
    this.#lows = Float64Array.from(ranges, ({ low }) => low);
    this.#highs = Float64Array.from(ranges, ({ high }) => high);
    this.#worked = worked;
  }

  narrow(batch: FlowBatch, rows: Uint32Array, count: number): number {
    if (this.#worked && this.#scratch.length < batch.capacity) {
      this.#scratch = new Float64Array(batch.capacity);
    }
    const numbers = this.#numbers(batch, rows, count, this.#scratch);
    const [lows, highs] = [this.#lows, this.#highs];
    if (lows.length === 0) return 0;
    if (numbers instanceof Uint16Array) {
      return narrowRange16(numbers, lows[0], highs[0], rows, count);
    }
    if (numbers instanceof Uint32Array) {
      return lows.length === 1
        ? narrowRange32(numbers, lows[0], highs[0], rows, count)
        : narrowRanges32(numbers, lows, highs, rows, count);
    }
    return lows.length === 1
      ? narrowRange64(numbers, lows[0], highs[0], rows, count)
      : narrowRanges64(numbers, lows, highs, rows, count);
  }
}

/*
 * One loop for each kind of array, and none that branches on whether a row passes, as in the tables
 * of the other filters: `Number(…)` of a comparison is 0 or 1 without a jump. Numbers of 32 bits are
 * compared as such: what is below a range is far above it once its lower end is subtracted.
 */

function narrowRange16(
  column: Uint16Array,
  low: number,
  high: number,
  rows: Uint32Array,
  count: number,
): number {
  const start = low | 0;
  const span = (high - low) >>> 0;
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i];
    rows[kept] = row;
    kept += Number(((column[row] - start) >>> 0) <= span);
  }
  return kept;
}

function narrowRange32(
  column: Uint32Array,
  low: number,
  high: number,
  rows: Uint32Array,
  count: number,
): number {
  const start = low | 0;
  const span = (high - low) >>> 0;
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i];
    rows[kept] = row;
    kept += Number(((column[row] - start) >>> 0) <= span);
  }
  return kept;
}

function narrowRange64(
  column: Float64Array,
  low: number,
  high: number,
  rows: Uint32Array,
  count: number,
): number {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i];
    const value = column[row];
    rows[kept] = row;
    kept += Number(value >= low) & Number(value <= high);
  }
  return kept;
}

function narrowRanges32(
  column: Uint32Array,
  lows: Float64Array,
  highs: Float64Array,
  rows: Uint32Array,
  count: number,
): number {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i];
    rows[kept] = row;
    kept += inRanges(column[row], lows, highs);
  }
  return kept;
}

function narrowRanges64(
  column: Float64Array,
  lows: Float64Array,
  highs: Float64Array,
  rows: Uint32Array,
  count: number,
): number {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i];
    rows[kept] = row;
    kept += inRanges(column[row], lows, highs);
  }
  return kept;
}

/** Passes the rows where one of two small numbers has a 1 in a table. */
class EitherTableTest implements RowTest {
  readonly fields: readonly FlowFieldName[];
  readonly #one: FlowFieldName;
  readonly #other: FlowFieldName;
  readonly #passes: Uint8Array;

  constructor(one: FlowFieldName, other: FlowFieldName, passes: Uint8Array) {
    this.fields = [one, other];
    this.#one = one;
    this.#other = other;
    this.#passes = passes;
  }

  narrow(batch: FlowBatch, rows: Uint32Array, count: number): number {
    const one = batch.column(this.#one);
    const other = batch.column(this.#other);
    return one instanceof Uint16Array
      ? eitherTable16(one, other as Uint16Array, this.#passes, rows, count)
      : eitherTable8(one as Uint8Array, other as Uint8Array, this.#passes, rows, count);
  }
}

function eitherTable8(
  one: Uint8Array,
  other: Uint8Array,
  passes: Uint8Array,
  rows: Uint32Array,
  count: number,
): number {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i];
    rows[kept] = row;
    kept += passes[one[row]] | passes[other[row]];
  }
  return kept;
}

function eitherTable16(
  one: Uint16Array,
  other: Uint16Array,
  passes: Uint8Array,
  rows: Uint32Array,
  count: number,
): number {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i];
    rows[kept] = row;
    kept += passes[one[row]] | passes[other[row]];
  }
  return kept;
}

/** Passes the rows where one of two numbers of 16 or 32 bits is in a range. */
class EitherRangeTest implements RowTest {
  readonly fields: readonly FlowFieldName[];
  readonly #one: FlowFieldName;
  readonly #other: FlowFieldName;
  readonly #low: number;
  readonly #high: number;

  constructor(one: FlowFieldName, other: FlowFieldName, { low, high }: Range<number>) {
    this.fields = [one, other];
    this.#one = one;
    this.#other = other;
    this.#low = low;
    this.#high = high;
  }

  narrow(batch: FlowBatch, rows: Uint32Array, count: number): number {
    const one = batch.column(this.#one);
    const other = batch.column(this.#other);
    const [low, high] = [this.#low, this.#high];
    return one instanceof Uint16Array
      ? eitherRange16(one, other as Uint16Array, low, high, rows, count)
      : eitherRange32(one as Uint32Array, other as Uint32Array, low, high, rows, count);
  }
}

function eitherRange16(
  one: Uint16Array,
  other: Uint16Array,
  low: number,
  high: number,
  rows: Uint32Array,
  count: number,
): number {
  const start = low | 0;
  const span = (high - low) >>> 0;
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i];
    rows[kept] = row;
    kept += Number(((one[row] - start) >>> 0) <= span) |
      Number(((other[row] - start) >>> 0) <= span);
  }
  return kept;
}

function eitherRange32(
  one: Uint32Array,
  other: Uint32Array,
  low: number,
  high: number,
  rows: Uint32Array,
  count: number,
): number {
  const start = low | 0;
  const span = (high - low) >>> 0;
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i];
    rows[kept] = row;
    kept += Number(((one[row] - start) >>> 0) <= span) |
      Number(((other[row] - start) >>> 0) <= span);
  }
  return kept;
}
