/** Bits of a digit of the radix sort: its counts stay in the fastest cache. */
const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;

/** Numbers to sort by: those at `offset`, `offset + stride`, … belong to the items 0, 1, …. */
export interface SortColumn {
  /** The numbers, none below 0. */
  readonly values: Uint32Array | Float64Array;
  /** From one item to the next. */
  readonly stride: number;
  /** The first item's. */
  readonly offset: number;
}

/**
 * Sorts items by a number, ascending; items with the same number keep their order, as with the
 * merge sort that is `qsort()` of the GNU C library.
 *
 * @param order The items, in the order to begin with
 * @param column What to sort by
 * @returns The items in order, perhaps in the array that was given
 */
export function sortStable(
  order: Uint32Array<ArrayBuffer>,
  column: SortColumn,
): Uint32Array<ArrayBuffer> {
  const { values, stride, offset } = column;
  const words = values instanceof Uint32Array
    ? [gather(order, values, stride, offset)]
    : gatherNumbers(order, values, stride, offset);
  let items = order;
  let spare = new Uint32Array(order.length);
  // The words move with the items, so that each pass reads them in sequence.
  let spareWord = new Uint32Array(order.length);
  for (let word = 0; word < words.length; word++) {
    for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
      const counts = countDigits(words[word], shift);
      if (counts === undefined) continue;
      scatter(items, words[word], shift, counts.slice(), spare);
      [items, spare] = [spare, items];
      for (let moved = words.length - 1; moved >= word; moved--) {
        const digits = words[word];
        if (moved === word && shift + DIGIT_BITS >= 32) break;
        scatter(words[moved], digits, shift, counts.slice(), spareWord);
        [words[moved], spareWord] = [spareWord, words[moved]];
      }
    }
  }
  return items;
}

function gather(
  order: Uint32Array,
  values: Uint32Array,
  stride: number,
  offset: number,
): Uint32Array<ArrayBuffer> {
  const gathered = new Uint32Array(order.length);
  for (let i = 0; i < order.length; i++) gathered[i] = values[order[i] * stride + offset];
  return gathered;
}

/** Whole numbers of 32 bits as they are, others as the bits of a double, which sort the same. */
function gatherNumbers(
  order: Uint32Array,
  values: Float64Array,
  stride: number,
  offset: number,
): Uint32Array<ArrayBuffer>[] {
  const whole = new Uint32Array(order.length);
  let exact = true;
  for (let i = 0; i < order.length && exact; i++) {
    const value = values[order[i] * stride + offset];
    whole[i] = value;
    exact = whole[i] === value;
  }
  if (exact) return [whole];
  const low = whole;
  const high = new Uint32Array(order.length);
  const double = new DataView(new ArrayBuffer(8));
  for (let i = 0; i < order.length; i++) {
    double.setFloat64(0, values[order[i] * stride + offset]);
    high[i] = double.getUint32(0);
    low[i] = double.getUint32(4);
  }
  return [low, high];
}

/** Where each digit begins in the sorted order; nothing where all digits are the same. */
function countDigits(words: Uint32Array, shift: number): Uint32Array<ArrayBuffer> | undefined {
  const counts = new Uint32Array(DIGITS);
  for (let i = 0; i < words.length; i++) counts[(words[i] >>> shift) & (DIGITS - 1)]++;
  let start = 0;
  for (let digit = 0; digit < DIGITS; digit++) {
    const count = counts[digit];
    if (count === words.length) return undefined;
    counts[digit] = start;
    start += count;
  }
  return counts;
}

function scatter(
  from: Uint32Array,
  digits: Uint32Array,
  shift: number,
  starts: Uint32Array,
  to: Uint32Array,
): void {
  for (let i = 0; i < from.length; i++) {
    to[starts[(digits[i] >>> shift) & (DIGITS - 1)]++] = from[i];
  }
}
