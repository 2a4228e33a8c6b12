import { FAMILY_IPV6, type FlowBatch, type FlowFieldName } from "@flowtools/flow-model";
import type { RowTest } from "./narrow.ts";

/** A block of numbers that share their first `length` bits, and whether they pass. */
export interface NumberBlock {
  /** Any number of the block. */
  readonly value: number;
  /** Bits that all numbers of the block share, 0 to 32. */
  readonly length: number;
  readonly passes: boolean;
}

const HALF = 65_536;

/** Words of the bitmap of one lower half: a bit for each number. */
const BITMAP_WORDS = HALF / 32;

/** Bitmaps at most, 8 KiB each; sets that are spread wider are searched. */
const BITMAPS_MAX = 1_024;

/** The bitmaps of upper halves of which no number, and of which every one, is in the set. */
const NONE = 0;
const ALL = 1;

/** A set of 32-bit numbers, to be asked fast: addresses, prefixes, tags. */
export class NumberSet {
  /** The bitmap of each upper half. */
  readonly #bitmapOf = new Uint16Array(HALF);
  readonly #bitmaps: Uint32Array;
  /** Where membership changes, ascending; numbers below the first are out. */
  readonly #bounds: Uint32Array;
  readonly #searched: boolean;
  /** Whether numbers that no block covers are in. */
  readonly others: boolean;

  /**
   * Makes a set of blocks, of which the smallest that holds a number decides; blocks nest, and no
   * two are the same.
   */
  constructor(blocks: readonly NumberBlock[], others: boolean) {
    this.others = others;
    this.#bounds = Uint32Array.from(findBounds(blocks, others));
    const mixed = new Set(
      this.#bounds.filter((bound) => bound % HALF !== 0).map((at) => at >>> 16),
    );
    this.#searched = mixed.size > BITMAPS_MAX;
    this.#bitmaps = new Uint32Array(this.#searched ? 0 : (mixed.size + 2) * BITMAP_WORDS);
    if (!this.#searched) this.#drawBitmaps(mixed);
  }

  #drawBitmaps(mixed: ReadonlySet<number>): void {
    const bounds = this.#bounds;
    this.#bitmaps.fill(0xffffffff, ALL * BITMAP_WORDS, (ALL + 1) * BITMAP_WORDS);
    let next = 0;
    let bitmap = ALL;
    for (let half = 0; half < HALF; half++) {
      const start = half * HALF;
      if (!mixed.has(half)) {
        if (bounds[next] === start) next++;
        this.#bitmapOf[half] = next % 2 === 1 ? ALL : NONE;
        continue;
      }
      this.#bitmapOf[half] = ++bitmap;
      for (let number = start; number < start + HALF; number++) {
        if (bounds[next] === number) next++;
        const word = bitmap * BITMAP_WORDS + ((number & 0xffff) >>> 5);
        if (next % 2 === 1) this.#bitmaps[word] |= 1 << (number & 31);
      }
    }
  }

  /** Narrows a selection to the rows whose number is in the set. */
  narrow(column: Uint32Array, rows: Uint32Array, count: number): number {
    if (this.#searched) return this.#search(column, rows, count);
    const bitmapOf = this.#bitmapOf;
    const bitmaps = this.#bitmaps;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const row = rows[i];
      const value = column[row];
      const word = bitmapOf[value >>> 16] * BITMAP_WORDS + ((value & 0xffff) >>> 5);
      rows[kept] = row;
      kept += (bitmaps[word] >>> (value & 31)) & 1;
    }
    return kept;
  }

  #search(column: Uint32Array, rows: Uint32Array, count: number): number {
    const bounds = this.#bounds;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const row = rows[i];
      const value = column[row];
      // As many bounds as are at or below a number, so often does membership change.
      let low = 0;
      let high = bounds.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (bounds[middle] <= value) low = middle + 1;
        else high = middle;
      }
      rows[kept] = row;
      kept += low & 1;
    }
    return kept;
  }
}

/** Where membership changes, walking over the nested blocks in order of their start. */
function findBounds(blocks: readonly NumberBlock[], others: boolean): number[] {
  const size = ({ length }: NumberBlock) => 2 ** (32 - length);
  const start = (block: NumberBlock) => block.value - block.value % size(block);
  const sorted = blocks.map((block) => ({
    from: start(block),
    to: start(block) + size(block),
    passes: block.passes,
  })).toSorted((a, b) => a.from - b.from || b.to - a.to);
  const bounds: number[] = [];
  let inside = false;
  const change = (at: number, passes: boolean) => {
    if (at >= 2 ** 32) return;
    // What changes back where it changed has not changed.
    if (bounds.at(-1) === at && inside !== passes) bounds.pop();
    else if (inside !== passes) bounds.push(at);
    inside = passes;
  };
  const open: { readonly to: number; readonly passes: boolean }[] = [];
  const close = (upTo: number) => {
    while (open.length > 0 && open.at(-1)!.to <= upTo) {
      const { to } = open.pop()!;
      change(to, open.at(-1)?.passes ?? others);
    }
  };
  change(0, others);
  for (const block of sorted) {
    close(block.from);
    change(block.from, block.passes);
    open.push(block);
  }
  close(2 ** 32);
  return bounds;
}

/** Passes the rows whose number is in a set. IPv6 addresses are in no block of it. */
export class SetTest implements RowTest {
  readonly fields: readonly [FlowFieldName];
  readonly #set: NumberSet;

  constructor(field: FlowFieldName, set: NumberSet) {
    this.fields = [field];
    this.#set = set;
  }

  narrow(batch: FlowBatch, rows: Uint32Array, count: number): number {
    const [field] = this.fields;
    const column = batch.column(field) as Uint32Array;
    return narrowIPv4(batch, field, rows, count, this.#set.others, (part, length) => {
      return this.#set.narrow(column, part, length);
    });
  }
}

/** Passes the rows whose number, behind a mask, is a given one: the first line that fits decides. */
export class MaskTest implements RowTest {
  readonly fields: readonly [FlowFieldName];
  readonly #lines: Uint32Array;
  readonly #modes: Uint8Array;
  readonly #others: boolean;

  constructor(field: FlowFieldName, lines: readonly MaskLine[], others: boolean) {
    this.fields = [field];
    this.#lines = Uint32Array.from(lines.flatMap(({ mask, value }) => [mask, value]));
    this.#modes = Uint8Array.from(lines, ({ passes }) => passes ? 1 : 0);
    this.#others = others;
  }

  narrow(batch: FlowBatch, rows: Uint32Array, count: number): number {
    const [field] = this.fields;
    const column = batch.column(field) as Uint32Array;
    return narrowIPv4(batch, field, rows, count, this.#others, (part, length) => {
      return this.#narrow(column, part, length);
    });
  }

  #narrow(column: Uint32Array, rows: Uint32Array, count: number): number {
    const lines = this.#lines;
    const modes = this.#modes;
    const others = this.#others ? 1 : 0;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const row = rows[i];
      const value = column[row];
      let at = 0;
      while (at < lines.length && ((value & lines[at]) >>> 0) !== lines[at + 1]) at += 2;
      rows[kept] = row;
      kept += at < lines.length ? modes[at >>> 1] : others;
    }
    return kept;
  }
}

/** One line of a list of masked numbers. */
export interface MaskLine {
  /** What a number is behind the mask. */
  readonly value: number;
  /** The bits of a number that count. */
  readonly mask: number;
  /** Whether such numbers pass. */
  readonly passes: boolean;
}

/** Narrows as `narrow` does; rows whose address is IPv6 pass, or do not, without being asked. */
function narrowIPv4(
  batch: FlowBatch,
  field: FlowFieldName,
  rows: Uint32Array,
  count: number,
  ipv6Passes: boolean,
  narrow: (rows: Uint32Array, count: number) => number,
): number {
  const families = batch.family(field);
  if (families === undefined) return narrow(rows, count);
  const narrowed = rows.slice(0, count).filter((row) => families[row] !== FAMILY_IPV6);
  const kept = narrow(narrowed, narrowed.length);
  let at = 0;
  let left = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i];
    const passes = families[row] === FAMILY_IPV6 ? ipv6Passes : at < kept && narrowed[at] === row;
    if (!passes) continue;
    if (families[row] !== FAMILY_IPV6) at++;
    rows[left++] = row;
  }
  return left;
}
