import { prefixMask } from "../config/numbers.ts";

/** A prefix, and what it stands for. */
export interface PrefixEntry {
  /** The address; bits behind the length do not count. */
  readonly address: number;
  /** Bits, 0 to 32. */
  readonly length: number;
  /** 1 or more. */
  readonly value: number;
}

const ADDRESSES = 2 ** 32;

/**
 * Finds the longest prefix of an address: prefixes, nested as they may be, cut the address space
 * into ranges, which are sorted; the upper half of an address tells among which to look.
 */
export class PrefixTable {
  /** Where each range starts; it ends where the next one does. */
  readonly #starts: Uint32Array;
  readonly #values: Uint32Array;
  /** By the upper 16 bits of an address, the range that the first address with them is in. */
  readonly #index: Uint32Array;

  /** Makes a table. Of entries for the same prefix the first counts. */
  constructor(entries: readonly PrefixEntry[]) {
    const ranges = flatten(entries);
    this.#starts = Uint32Array.from(ranges, ([start]) => start);
    this.#values = Uint32Array.from(ranges, ([, value]) => value);
    this.#index = new Uint32Array((1 << 16) + 1);
    let range = 0;
    for (let upper = 0; upper < 1 << 16; upper++) {
      const first = upper * 65536;
      while (range + 1 < ranges.length && ranges[range + 1][0] <= first) range++;
      this.#index[upper] = range;
    }
    this.#index[1 << 16] = ranges.length - 1;
  }

  /** The value of the longest prefix that an address has, or 0. */
  find(address: number): number {
    const upper = address >>> 16;
    const starts = this.#starts;
    let low = this.#index[upper];
    let high = this.#index[upper + 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (starts[middle] <= address) low = middle;
      else high = middle - 1;
    }
    return this.#values[low];
  }
}

/** Cuts nested prefixes into ranges that do not overlap, of which the first starts at 0. */
function flatten(entries: readonly PrefixEntry[]): [start: number, value: number][] {
  const unique = new Map<number, { start: number; end: number; value: number }>();
  for (const { address, length, value } of entries) {
    const start = (address & prefixMask(length)) >>> 0;
    const key = start * 64 + length;
    if (!unique.has(key)) unique.set(key, { start, end: start + 2 ** (32 - length), value });
  }
  // Outer prefixes go before those within them.
  const sorted = [...unique.values()].toSorted((a, b) => a.start - b.start || b.end - a.end);
  const ranges: [number, number][] = [];
  const begin = (start: number, value: number) => {
    if (start === ADDRESSES) return;
    if (ranges.at(-1)?.[0] === start) ranges.pop();
    if (ranges.at(-1)?.[1] !== value) ranges.push([start, value]);
  };
  const open = [{ start: 0, end: ADDRESSES, value: 0 }];
  const closeTo = (address: number) => {
    while (open.length > 1 && open[open.length - 1].end <= address) {
      const { end } = open.pop()!;
      begin(end, open[open.length - 1].value);
    }
  };
  begin(0, 0);
  for (const prefix of sorted) {
    closeTo(prefix.start);
    begin(prefix.start, prefix.value);
    open.push(prefix);
  }
  closeTo(ADDRESSES);
  return ranges;
}
