/** Numbers, or addresses as integers, from `low` to `high`, both included. */
export interface Range<Value extends number | bigint> {
  readonly low: Value;
  readonly high: Value;
}

/** How numbers are compared. */
export type Comparison = "=" | "!=" | "<" | ">" | "<=" | ">=";

/** Sorts ranges and joins those that overlap. */
export function unite<Value extends number | bigint>(
  ranges: readonly Range<Value>[],
): Range<Value>[] {
  const united: Range<Value>[] = [];
  for (const range of ranges.toSorted((a, b) => a.low < b.low ? -1 : a.low > b.low ? 1 : 0)) {
    const last = united.at(-1);
    if (last === undefined || range.low > last.high) united.push(range);
    else if (range.high > last.high) united[united.length - 1] = { ...last, high: range.high };
  }
  return united;
}

/** The numbers that compare so with a number; `!=` is the caller's, who inverts the test. */
export function comparedTo(comparison: Comparison, { low, high }: Range<number>): Range<number> {
  switch (comparison) {
    case "<":
      return { low: -Infinity, high: neighbour(low, -1) };
    case "<=":
      return { low: -Infinity, high: low };
    case ">":
      return { low: neighbour(low, 1), high: Infinity };
    case ">=":
      return { low, high: Infinity };
    default:
      return { low, high };
  }
}

const FLOAT = new Float64Array(1);
const BITS = new BigInt64Array(FLOAT.buffer);

/** The next number of 64 bits above or below one, so that all ranges include their ends. */
function neighbour(value: number, step: 1 | -1): number {
  if (value === 0) return step * Number.MIN_VALUE;
  FLOAT[0] = value;
  // The bits of floating point numbers of one sign are in the order of their amounts.
  BITS[0] += BigInt(value > 0 ? step : -step);
  return FLOAT[0];
}

/** Whether a number is in one of some ranges, which are in order and apart: 1 or 0. */
export function inRanges(value: number, lows: Float64Array, highs: Float64Array): number {
  let low = 0;
  let high = lows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (lows[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low > 0 && value <= highs[low - 1] ? 1 : 0;
}
