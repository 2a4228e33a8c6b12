import { GroupTableLimitError } from "./errors.ts";

/** Rows looked up at a time: their slots stay in the cache between the two passes. */
const CHUNK_ROWS = 1024;

/** Groups that a table has room for to begin with. */
const FIRST_CAPACITY = 4096;

/** Keys below this are found by index, not by hash. */
const DIRECT_KEYS = 1 << 16;

/** Multipliers of the hash: odd, so that a one-word hash is one-to-one. */
const MIX_A = 0x9e3779b1 | 0;
const MIX_B = 0x85ebca77 | 0;

/** What a {@linkcode GroupTable} is made from. */
export interface GroupTableOptions {
  /** 32-bit words of a key. */
  readonly words: number;
  /** Sums kept for a group. */
  readonly counters: number;
  /** Bytes that the table may hold. */
  readonly bytesMax: number;
  /** Who asks, for the message when the limit is hit. */
  readonly title: string;
}

/**
 * Groups by key, numbered from 0 in the order in which their keys were first seen.
 *
 * Open addressing over pairs of (hash, group + 1). A slot tells nearly every stranger by its hash
 * alone, and a one-word hash is one-to-one, so that keys are seldom read. Rows are looked up in
 * two passes: the first computes the hashes and touches the slots, and since its loads do not
 * depend on each other, the processor waits for many of them at once; the second compares.
 */
export class GroupTable {
  /** 32-bit words of a key. */
  readonly words: number;
  /** Sums kept for a group. */
  readonly counters: number;
  /** The keys, group after group, `words` each. */
  keys: Uint32Array<ArrayBuffer>;
  /** The sums, group after group, `counters` each. */
  sums: Float64Array<ArrayBuffer>;
  readonly #bytesMax: number;
  readonly #title: string;
  readonly #hashes = new Int32Array(CHUNK_ROWS);
  #size = 0;
  #capacity = FIRST_CAPACITY;
  /** Pairs of (hash, group + 1); a group of 0 is a free slot. */
  #slots: Int32Array;
  #shift: number;
  /** Group + 1 by key, for one-word keys that are small. */
  #direct: Int32Array | undefined;
  /** Keeps the touching of slots from being optimized away. */
  #touched = 0;

  constructor(options: GroupTableOptions) {
    this.words = options.words;
    this.counters = options.counters;
    this.#bytesMax = options.bytesMax;
    this.#title = options.title;
    this.keys = new Uint32Array(FIRST_CAPACITY * this.words);
    this.sums = new Float64Array(FIRST_CAPACITY * this.counters);
    this.#slots = new Int32Array(FIRST_CAPACITY * 4);
    this.#shift = 32 - Math.log2(FIRST_CAPACITY * 2);
  }

  /** Groups so far. */
  get size(): number {
    return this.#size;
  }

  /** Groups that fit before the table grows. */
  get capacity(): number {
    return this.#capacity;
  }

  /**
   * Finds the group of each row; a key that is new begins a group.
   *
   * @param keys A column for each word of the key
   * @param rows Rows of the columns
   * @param groups Where to write the group of each row
   * @param small Whether most keys are one word below 65536
   */
  find(keys: readonly Uint32Array[], rows: number, groups: Uint32Array, small = false): void {
    for (let from = 0; from < rows; from += CHUNK_ROWS) {
      const to = Math.min(from + CHUNK_ROWS, rows);
      this.#reserve(to - from);
      if (keys.length === 1) {
        if (small) this.#findSmall(keys[0], from, to, groups);
        else this.#findOne(keys[0], from, to, groups);
      } else if (keys.length === 2) this.#findTwo(keys[0], keys[1], from, to, groups);
      else this.#findMany(keys, from, to, groups);
    }
  }

  /** Forgets all groups; the memory stays. */
  clear(): void {
    this.sums.fill(0, 0, this.#size * this.counters);
    this.#slots.fill(0);
    this.#direct?.fill(0);
    this.#size = 0;
  }

  /**
   * Makes sure that one table may have as many groups as several have together.
   *
   * @throws {GroupTableLimitError} They are too many
   */
  checkGroups(groups: number): void {
    let capacity = FIRST_CAPACITY;
    while (capacity < groups) capacity *= 2;
    if (capacity > FIRST_CAPACITY) this.#checkLimit(capacity, groups);
  }

  /**
   * The same groups with one more word a key, which is 0 in all so far.
   *
   * @returns A table of its own; this one is not to be used any more
   * @throws {GroupTableLimitError} There is no memory for it
   */
  widened(): GroupTable {
    const { words, counters, keys, sums } = this;
    const wide = new GroupTable({
      words: words + 1,
      counters,
      bytesMax: this.#bytesMax,
      title: this.#title,
    });
    const columns = Array.from({ length: words + 1 }, () => new Uint32Array(CHUNK_ROWS));
    const groups = new Uint32Array(CHUNK_ROWS);
    for (let from = 0; from < this.#size; from += CHUNK_ROWS) {
      const count = Math.min(CHUNK_ROWS, this.#size - from);
      for (let word = 0; word < words; word++) {
        for (let i = 0; i < count; i++) columns[word][i] = keys[(from + i) * words + word];
      }
      // Keys are all different, so that they get the numbers that they have here.
      wide.find(columns, count, groups);
    }
    wide.sums.set(sums.subarray(0, this.#size * counters));
    return wide;
  }

  #findSmall(a: Uint32Array, from: number, to: number, groups: Uint32Array): void {
    const direct = this.#direct ??= new Int32Array(DIRECT_KEYS);
    for (let row = from; row < to; row++) {
      const key = a[row];
      if (key >= DIRECT_KEYS) {
        this.#findOne(a, row, row + 1, groups);
        continue;
      }
      const known = direct[key];
      if (known !== 0) {
        groups[row] = known - 1;
        continue;
      }
      groups[row] = this.#size;
      this.keys[this.#size] = key;
      direct[key] = ++this.#size;
    }
  }

  #findOne(a: Uint32Array, from: number, to: number, groups: Uint32Array): void {
    const hashes = this.#hashes;
    const slots = this.#slots;
    const shift = this.#shift;
    const mask = slots.length - 1;
    let touched = 0;
    for (let row = from; row < to; row++) {
      const half = Math.imul(a[row], MIX_A);
      const hash = Math.imul(half ^ (half >>> 15), MIX_B);
      hashes[row - from] = hash;
      touched ^= slots[(hash >>> shift) * 2];
    }
    this.#touched = touched;
    const keys = this.keys;
    let size = this.#size;
    for (let row = from; row < to; row++) {
      const hash = hashes[row - from];
      let slot = (hash >>> shift) * 2;
      for (;;) {
        const known = slots[slot + 1];
        if (known === 0) {
          keys[size] = a[row];
          groups[row] = size++;
          slots[slot] = hash;
          slots[slot + 1] = size;
          break;
        }
        if (slots[slot] === hash) {
          groups[row] = known - 1;
          break;
        }
        slot = (slot + 2) & mask;
      }
    }
    this.#size = size;
  }

  #findTwo(a: Uint32Array, b: Uint32Array, from: number, to: number, groups: Uint32Array): void {
    const hashes = this.#hashes;
    const slots = this.#slots;
    const shift = this.#shift;
    const mask = slots.length - 1;
    let touched = 0;
    for (let row = from; row < to; row++) {
      const half = Math.imul(Math.imul(a[row], MIX_A) ^ b[row], MIX_B);
      const hash = Math.imul(half ^ (half >>> 15), MIX_A);
      hashes[row - from] = hash;
      touched ^= slots[(hash >>> shift) * 2];
    }
    this.#touched = touched;
    const keys = this.keys;
    let size = this.#size;
    for (let row = from; row < to; row++) {
      const hash = hashes[row - from];
      let slot = (hash >>> shift) * 2;
      for (;;) {
        const known = slots[slot + 1];
        if (known === 0) {
          keys[size * 2] = a[row];
          keys[size * 2 + 1] = b[row];
          groups[row] = size++;
          slots[slot] = hash;
          slots[slot + 1] = size;
          break;
        }
        if (
          slots[slot] === hash && keys[known * 2 - 2] === a[row] && keys[known * 2 - 1] === b[row]
        ) {
          groups[row] = known - 1;
          break;
        }
        slot = (slot + 2) & mask;
      }
    }
    this.#size = size;
  }

  #findMany(columns: readonly Uint32Array[], from: number, to: number, groups: Uint32Array): void {
    const hashes = this.#hashes.fill(0, 0, to - from);
    for (const column of columns) {
      for (let row = from; row < to; row++) {
        const half = Math.imul(hashes[row - from] ^ column[row], MIX_A);
        hashes[row - from] = Math.imul(half ^ (half >>> 15), MIX_B);
      }
    }
    const slots = this.#slots;
    const mask = slots.length - 1;
    const keys = this.keys;
    const words = columns.length;
    for (let row = from; row < to; row++) {
      const hash = hashes[row - from];
      let slot = (hash >>> this.#shift) * 2;
      for (;;) {
        const known = slots[slot + 1];
        if (known === 0) {
          for (let word = 0; word < words; word++) {
            keys[this.#size * words + word] = columns[word][row];
          }
          groups[row] = this.#size++;
          slots[slot] = hash;
          slots[slot + 1] = this.#size;
          break;
        }
        if (slots[slot] === hash && sameKey(keys, (known - 1) * words, columns, row)) {
          groups[row] = known - 1;
          break;
        }
        slot = (slot + 2) & mask;
      }
    }
  }

  /** Makes room for as many new groups, so that the loops need not look. */
  #reserve(rows: number): void {
    const needed = this.#size + rows;
    if (needed > this.#capacity) {
      const capacity = this.#capacity * 2;
      this.#checkLimit(capacity);
      const keys = new Uint32Array(capacity * this.words);
      keys.set(this.keys);
      this.keys = keys;
      const sums = new Float64Array(capacity * this.counters);
      sums.set(this.sums);
      this.sums = touch(sums, this.sums.length);
      this.#capacity = capacity;
    }
    // Five eighths of the slots in use: chains stay short, and memory small.
    if (needed * 16 > this.#slots.length * 5) this.#rehash();
  }

  #rehash(): void {
    const old = this.#slots;
    const slots = touch(new Int32Array(old.length * 2), 0);
    const mask = slots.length - 1;
    const shift = --this.#shift;
    for (let from = 0; from < old.length; from += 2) {
      const group = old[from + 1];
      if (group === 0) continue;
      const hash = old[from];
      let slot = (hash >>> shift) * 2;
      while (slots[slot + 1] !== 0) slot = (slot + 2) & mask;
      slots[slot] = hash;
      slots[slot + 1] = group;
    }
    this.#slots = slots;
  }

  #checkLimit(capacity: number, groups = this.#size): void {
    // Of the slots, 16 bytes a group are the most that is in use at this capacity.
    const bytes = capacity * (this.words * 4 + this.counters * 8 + 16);
    if (bytes > this.#bytesMax) {
      throw new GroupTableLimitError(this.#title, groups, bytes, this.#bytesMax);
    }
  }
}

/**
 * Writes the zeros that new memory has. Where a page is read before it is written to, the system
 * first maps one that all share, then interrupts the other processors to take it back.
 */
function touch<Numbers extends Int32Array | Float64Array>(memory: Numbers, from: number): Numbers {
  memory.fill(0, from);
  return memory;
}

function sameKey(
  keys: Uint32Array,
  at: number,
  columns: readonly Uint32Array[],
  row: number,
): boolean {
  for (let word = 0; word < columns.length; word++) {
    if (keys[at + word] !== columns[word][row]) return false;
  }
  return true;
}
