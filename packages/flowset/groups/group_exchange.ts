import { GROUP_BLOCK_BYTES, SPILL_GROUPS } from "../limits.ts";
import { findParts, type PartHash, partHash } from "./group_parts.ts";
import { type GroupOptions, GroupRun } from "./group_run.ts";
import type { GroupRows, GroupSnapshot } from "./group_snapshot.ts";

/**
 * Numbers that all threads share, 32 bits each; behind them each block has its own. Who waits for a
 * while sleeps on `asleep`, which nobody changes.
 */
const SLOT = { failed: 0, ready: 1, done: 2, groups: 3, asleep: 4, blocks: 5 } as const;

/** Numbers of a block. Its state is one of those below, or behind them the thread it is for. */
const BLOCK = { state: 0, rows: 1, wide: 2, count: 3 } as const;
const FREE = 0;
const TAKEN = 1;
const FOR_THREAD = 2;

/** Blocks for each thread beside those that all threads may be filling at a time. */
const SPARE_BLOCKS = 16;

/** A thread that waits for others looks again after this many milliseconds. */
const WAIT_MS = 1;

/** Rows that are handed on at a time. */
const CHUNK_ROWS = 1024;

/** Bytes of a sum, and of a word. */
const SUM_BYTES = 8;
const WORD_BYTES = 4;

/** What a thread needs to take part. */
export interface GroupExchangePlace {
  /** What {@linkcode groupExchangeMemory} made. */
  readonly memory: SharedArrayBuffer;
  /** Threads. */
  readonly threads: number;
  /** The number of this one, from 0. */
  readonly thread: number;
}

/** Makes the memory that threads share which group the flows of one answer. */
export function groupExchangeMemory(threads: number): SharedArrayBuffer {
  const blocks = blocksOf(threads);
  const numbers = SLOT.blocks + blocks * BLOCK.count;
  return new SharedArrayBuffer(blocks * GROUP_BLOCK_BYTES + numbers * WORD_BYTES);
}

/** One block for each thread to fill for each, and some that wait to be read. */
function blocksOf(threads: number): number {
  return threads * (threads + SPARE_BLOCKS);
}

/**
 * The groups of one answer on several threads: each thread owns those of a part of all keys.
 *
 * Flows are grouped where they were read as long as there are few groups. Once there are many, these
 * and all flows behind them go to the threads that own their groups, in blocks of shared memory. So
 * in the end nothing is left to be joined: no group is in two threads.
 *
 * Groups of elements or origins cannot be exchanged, since their words are those of one thread.
 */
export class GroupExchange {
  /** Where flows are to be added. */
  readonly local: GroupRun;
  readonly #owned: GroupRun;
  readonly #threads: number;
  readonly #thread: number;
  readonly #numbers: Int32Array;
  readonly #sums: Float64Array<SharedArrayBuffer>;
  readonly #keys: Uint32Array<SharedArrayBuffer>;
  readonly #hashes: readonly [narrow: PartHash, wide: PartHash];
  /** The block that is being filled for each thread, its rows, and where its memory begins. */
  readonly #filling: Int32Array;
  readonly #rows: Int32Array;
  readonly #keyStart: Int32Array;
  readonly #sumStart: Int32Array;
  /** Whether addresses in these blocks have the words of IPv6. */
  #wide = false;
  /** The part of each row, its number in the block, and where it goes. */
  readonly #parts = new Uint32Array(CHUNK_ROWS);
  readonly #place = new Int32Array(CHUNK_ROWS);
  readonly #at = new Int32Array(CHUNK_ROWS);

  /**
   * Takes part.
   *
   * @param options How to group, the same in all threads
   * @param place The thread
   */
  constructor(options: GroupOptions, { memory, threads, thread }: GroupExchangePlace) {
    this.local = new GroupRun(options);
    this.#owned = new GroupRun(options);
    this.#threads = threads;
    this.#thread = thread;
    const bytes = blocksOf(threads) * GROUP_BLOCK_BYTES;
    this.#numbers = new Int32Array(memory, bytes);
    this.#sums = new Float64Array(memory, 0, bytes / SUM_BYTES);
    this.#keys = new Uint32Array(memory, 0, bytes / WORD_BYTES);
    this.#hashes = [partHash(options.keys, false), partHash(options.keys, true)];
    this.#filling = new Int32Array(threads).fill(-1);
    this.#rows = new Int32Array(threads);
    this.#keyStart = new Int32Array(threads);
    this.#sumStart = new Int32Array(threads);
    Atomics.add(this.#numbers, SLOT.ready, 1);
  }

  /**
   * Exchanges groups where there are enough of them; to be called after every batch.
   *
   * @throws {GroupTableLimitError} There are more groups than memory allows
   */
  turn(): void {
    // A thread that does not run yet takes no blocks.
    if (this.local.size >= SPILL_GROUPS && this.#all(SLOT.ready)) {
      this.#spill();
      // So many groups are not found again soon: flows go to those who own their groups at once.
      this.local.passOn((rows) => this.#send(rows));
    }
    this.#takeBlocks();
  }

  /** Tells the other threads that there will be no answer, so that none waits for this one. */
  fail(): void {
    Atomics.store(this.#numbers, SLOT.failed, 1);
  }

  /**
   * Hands out what is left, and waits until all threads have done so.
   *
   * @returns The groups that this thread owns; they are not all where a thread failed
   * @throws {GroupTableLimitError} There are more groups than memory allows
   */
  async finish(): Promise<GroupRun> {
    await this.#wait(SLOT.ready);
    this.#spill();
    Atomics.add(this.#numbers, SLOT.done, 1);
    await this.#wait(SLOT.done);
    this.#takeBlocks();
    // Where flows count in several groups, or in none, the groups do not make the totals.
    this.#owned.merge(this.local.snapshot());
    return this.#owned;
  }

  /** Whether all threads counted themselves. */
  #all(slot: number): boolean {
    return Atomics.load(this.#numbers, slot) === this.#threads;
  }

  /** Waits until all threads counted themselves, or one failed; takes blocks meanwhile. */
  async #wait(slot: number): Promise<void> {
    while (!this.#all(slot) && !this.#failed) {
      if (!this.#takeBlocks()) await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    }
  }

  get #failed(): boolean {
    return Atomics.load(this.#numbers, SLOT.failed) !== 0;
  }

  /** Hands all groups to who owns them, and what was sent before. */
  #spill(): void {
    const { size, keys, sums, wide, totals } = this.local.snapshot();
    const words = this.#hashes[wide ? 1 : 0].factors.length;
    const stride = totals.length;
    this.#send({
      count: size,
      keys: Array.from({ length: words }, (_, word) => keys.subarray(word)),
      keyStep: words,
      sums: Array.from({ length: stride }, (_, sum) => sums.subarray(sum)),
      sumStep: stride,
      wide,
    });
    this.local.clear();
    this.#handAll();
  }

  /** Copies rows to blocks of those who own their groups. */
  #send(rows: GroupRows): void {
    const { count, keys, keyStep, sums, sumStep, wide } = rows;
    if (keys.length === 0) return;
    if (wide !== this.#wide) {
      this.#handAll();
      this.#wide = wide;
    }
    const most = blockRows(keys.length, sums.length);
    const chunk = Math.min(CHUNK_ROWS, most >>> 1);
    for (let from = 0; from < count; from += chunk) {
      const parts = this.#parts.subarray(0, Math.min(chunk, count - from));
      findParts(this.#hashes[wide ? 1 : 0], keys, keyStep, from, parts, this.#threads);
      if (!this.#makeRoom(parts.length, most)) return;
      countRows(parts, this.#rows, this.#place);
      findPlaces(parts, this.#place, this.#keyStart, keys.length, this.#at);
      for (let word = 0; word < keys.length; word++) {
        scatterWords(keys[word], from, keyStep, this.#keys, this.#at, word, parts.length);
      }
      findPlaces(parts, this.#place, this.#sumStart, sums.length, this.#at);
      for (let sum = 0; sum < sums.length; sum++) {
        scatterSums(sums[sum], from, sumStep, this.#sums, this.#at, sum, parts.length);
      }
    }
  }

  /**
   * Makes sure that all blocks being filled have room for some more rows.
   *
   * @returns Whether they have; not once a thread failed
   */
  #makeRoom(rows: number, most: number): boolean {
    for (let part = 0; part < this.#threads; part++) {
      if (this.#filling[part] >= 0 && this.#rows[part] + rows <= most) continue;
      this.#hand(part);
      const block = this.#claim();
      if (block === undefined) return false;
      this.#filling[part] = block;
      this.#rows[part] = 0;
      this.#sumStart[part] = block * GROUP_BLOCK_BYTES / SUM_BYTES;
      this.#keyStart[part] = keysOf(block, most, this.local.stride);
    }
    return true;
  }

  /** Hands all blocks to those for whom they were filled. */
  #handAll(): void {
    for (let part = 0; part < this.#threads; part++) this.#hand(part);
  }

  /** Hands the block that was filled for a thread to it; this one's is taken at once. */
  #hand(part: number): void {
    const block = this.#filling[part];
    if (block < 0) return;
    const at = numbersOf(block);
    this.#filling[part] = -1;
    this.#numbers[at + BLOCK.rows] = this.#rows[part];
    this.#numbers[at + BLOCK.wide] = this.#wide ? 1 : 0;
    Atomics.store(this.#numbers, at + BLOCK.state, FOR_THREAD + part);
    if (part === this.#thread) this.#takeBlocks();
  }

  /** Finds a block to fill; none once a thread failed. */
  #claim(): number | undefined {
    const blocks = blocksOf(this.#threads);
    while (!this.#failed) {
      for (let block = 0; block < blocks; block++) {
        const at = numbersOf(block) + BLOCK.state;
        if (Atomics.compareExchange(this.#numbers, at, FREE, TAKEN) === FREE) return block;
      }
      // All wait to be read. Who waits reads its own, so that somebody always goes on.
      if (!this.#takeBlocks()) Atomics.wait(this.#numbers, SLOT.asleep, 0, WAIT_MS);
    }
    return undefined;
  }

  /** Adds the groups of blocks that are for this thread. */
  #takeBlocks(): boolean {
    let taken = false;
    for (let block = 0; block < blocksOf(this.#threads); block++) {
      const at = numbersOf(block);
      if (Atomics.load(this.#numbers, at + BLOCK.state) !== FOR_THREAD + this.#thread) continue;
      const before = this.#owned.size;
      this.#owned.merge(this.#snapshot(block));
      Atomics.store(this.#numbers, at + BLOCK.state, FREE);
      const more = this.#owned.size - before;
      this.#owned.checkGroups(Atomics.add(this.#numbers, SLOT.groups, more) + more);
      taken = true;
    }
    return taken;
  }

  #snapshot(block: number): GroupSnapshot<SharedArrayBuffer> {
    const at = numbersOf(block);
    const size = this.#numbers[at + BLOCK.rows];
    const wide = this.#numbers[at + BLOCK.wide] !== 0;
    const words = this.#hashes[wide ? 1 : 0].factors.length;
    const totals = new Float64Array(this.local.stride);
    const most = blockRows(words, totals.length);
    const sumsAt = block * GROUP_BLOCK_BYTES / SUM_BYTES;
    const keysAt = keysOf(block, most, totals.length);
    return {
      size,
      sums: this.#sums.subarray(sumsAt, sumsAt + size * totals.length),
      keys: this.#keys.subarray(keysAt, keysAt + size * words),
      totals,
      wide,
    };
  }
}

function numbersOf(block: number): number {
  return SLOT.blocks + block * BLOCK.count;
}

/** Where the words of a block begin: behind the sums of as many groups as fit in it. */
function keysOf(block: number, most: number, stride: number): number {
  return (block * GROUP_BLOCK_BYTES + most * stride * SUM_BYTES) / WORD_BYTES;
}

// Loops over rows are functions of their own, each for one kind of array: so they stay compiled.

/** Numbers the rows of each part behind those that it has. */
function countRows(parts: Uint32Array, rows: Int32Array, numbers: Int32Array): void {
  for (let row = 0; row < parts.length; row++) numbers[row] = rows[parts[row]]++;
}

/** Where each row begins in memory, of which it takes some width. */
function findPlaces(
  parts: Uint32Array,
  numbers: Int32Array,
  starts: Int32Array,
  width: number,
  places: Int32Array,
): void {
  for (let row = 0; row < parts.length; row++) {
    places[row] = starts[parts[row]] + numbers[row] * width;
  }
}

/** Writes a word of each row to its place. */
function scatterWords(
  from: Uint32Array,
  first: number,
  step: number,
  to: Uint32Array,
  places: Int32Array,
  offset: number,
  rows: number,
): void {
  for (let row = 0, at = first * step; row < rows; row++, at += step) {
    to[places[row] + offset] = from[at];
  }
}

/** Writes a sum of each row to its place. */
function scatterSums(
  from: Float64Array,
  first: number,
  step: number,
  to: Float64Array,
  places: Int32Array,
  offset: number,
  rows: number,
): void {
  for (let row = 0, at = first * step; row < rows; row++, at += step) {
    to[places[row] + offset] = from[at];
  }
}

/** Groups that fit in a block. */
function blockRows(words: number, stride: number): number {
  return Math.floor(GROUP_BLOCK_BYTES / (words * WORD_BYTES + stride * SUM_BYTES));
}
