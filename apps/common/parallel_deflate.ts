import {
  ADLER_START,
  combineAdler,
  deflateBlock,
  type DeflatedBlock,
  deflatedBytesMax,
  ZLIB_HEADER_BYTES,
  zlibTrailer,
} from "./deflate_block.ts";
import type { DeflateAnswer, DeflateJob } from "./deflate_worker.ts";

/** Bytes deflated as one: each begins without what came before, which costs some compression. */
const BLOCK_BYTES = 1 << 19;

/** Threads at most: beyond that the one that reads and writes is the bottleneck. */
const WORKERS_MAX = 8;

/** Blocks in the hands of each worker: one that it deflates, one that waits for it. */
const BLOCKS_PER_WORKER = 2;

/** A block on its way: its place in the output is kept until it is deflated. */
interface Pending {
  readonly length: number;
  deflated: DeflatedBlock | undefined;
}

/** A thread, and how many blocks it has. */
interface Thread {
  readonly worker: Worker;
  ready: boolean;
  blocks: number;
}

/**
 * Makes one zlib stream of what it is given, on several threads: blocks are deflated at once, each
 * up to a byte boundary, and joined in order under one checksum. Any zlib reads it. The memory is
 * that of a few blocks.
 *
 * Threads start with the second block, so that small outputs do without; a runtime that cannot
 * start them deflates on this thread.
 */
export class ParallelDeflate {
  readonly #level: number;
  readonly #write: (bytes: Uint8Array) => void;
  readonly #threadsMax: number;
  #threads: Thread[] = [];
  #threadsStarted = false;
  /** Memory of blocks, and of their outcomes, to be used again. */
  readonly #spareBlocks: Uint8Array<ArrayBuffer>[] = [];
  readonly #spareOutputs: ArrayBuffer[] = [];
  #block = new Uint8Array(BLOCK_BYTES);
  #used = 0;
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;
  #nextWritten = 0;
  #adler = ADLER_START;
  #failure: Error | undefined;
  /** Wakes whoever waits for a block to be written. */
  #wake: () => void = () => {};

  /** @param write Takes the stream, piece by piece, in order */
  constructor(
    level: number,
    write: (bytes: Uint8Array) => void,
    threads: number = navigator.hardwareConcurrency,
  ) {
    this.#level = level;
    this.#write = write;
    this.#threadsMax = threads < 2 ? 0 : Math.min(threads, WORKERS_MAX);
  }

  /** Takes input. */
  async add(bytes: Uint8Array): Promise<void> {
    for (let taken = 0; taken < bytes.length;) {
      const part = bytes.subarray(taken, taken + BLOCK_BYTES - this.#used);
      this.#block.set(part, this.#used);
      this.#used += part.length;
      taken += part.length;
      if (this.#used === BLOCK_BYTES) await this.#submit();
    }
  }

  /** Ends the stream. */
  async finish(): Promise<void> {
    try {
      if (this.#used > 0 || this.#nextId === 0) await this.#submit();
      while (this.#pending.size > 0) await this.#progress();
      this.#write(zlibTrailer(this.#adler));
    } finally {
      this.close();
    }
  }

  /** Stops the threads; `finish()` does that too. */
  close(): void {
    for (const { worker } of this.#threads) worker.terminate();
    this.#threads = [];
  }

  /** Has the block deflated: by a thread, or here as long as none is ready. */
  async #submit(): Promise<void> {
    const block = this.#block;
    const length = this.#used;
    const id = this.#nextId++;
    this.#pending.set(id, { length, deflated: undefined });
    this.#used = 0;
    const thread = this.#leastBusy();
    if (thread === undefined) {
      const output = new Uint8Array(this.#takeOutput());
      this.#done(id, deflateBlock(block.subarray(0, length), this.#level, output));
      if (length < BLOCK_BYTES) return;
      this.#startThreads();
      // A turn of the event loop lets them say that they are ready.
      await new Promise((resolve) => setTimeout(resolve, 0));
      return;
    }
    thread.blocks++;
    const output = this.#takeOutput();
    const job: DeflateJob = { id, buffer: block.buffer, length, level: this.#level, output };
    thread.worker.postMessage(job, [block.buffer, output]);
    while (this.#pending.size >= this.#threads.length * BLOCKS_PER_WORKER) await this.#progress();
    this.#block = this.#spareBlocks.pop() ?? new Uint8Array(BLOCK_BYTES);
  }

  #takeOutput(): ArrayBuffer {
    return this.#spareOutputs.pop() ?? new ArrayBuffer(deflatedBytesMax(BLOCK_BYTES));
  }

  #leastBusy(): Thread | undefined {
    let least: Thread | undefined;
    for (const thread of this.#threads) {
      if (thread.ready && (least === undefined || thread.blocks < least.blocks)) least = thread;
    }
    return least;
  }

  #startThreads(): void {
    if (this.#threadsStarted) return;
    this.#threadsStarted = true;
    for (let i = 0; i < this.#threadsMax; i++) {
      const url = new URL("./deflate_worker.ts", import.meta.url);
      const thread: Thread = {
        worker: new Worker(url, { type: "module" }),
        ready: false,
        blocks: 0,
      };
      thread.worker.onmessage = ({ data }: MessageEvent<DeflateAnswer>) => {
        if (data === "ready") {
          thread.ready = true;
          return;
        }
        thread.blocks--;
        this.#spareBlocks.push(new Uint8Array(data.buffer));
        this.#done(data.id, data);
      };
      thread.worker.onerror = (event) => {
        event.preventDefault();
        // One that never was ready has no block: the others, or this thread, do without it.
        if (thread.ready) this.#failure = new Error(`cannot compress: ${event.message}`);
        this.#wake();
      };
      this.#threads.push(thread);
    }
  }

  /** Notes a deflated block, and writes all blocks whose turn it is. */
  #done(id: number, deflated: DeflatedBlock): void {
    this.#pending.get(id)!.deflated = deflated;
    try {
      this.#writeDone();
    } catch (error) {
      this.#failure = error as Error;
    }
    this.#wake();
  }

  #writeDone(): void {
    for (;;) {
      const next = this.#pending.get(this.#nextWritten);
      if (next?.deflated === undefined) return;
      const { bytes, adler } = next.deflated;
      this.#write(this.#nextWritten === 0 ? bytes : bytes.subarray(ZLIB_HEADER_BYTES));
      this.#adler = combineAdler(this.#adler, adler, next.length);
      this.#pending.delete(this.#nextWritten++);
      this.#spareOutputs.push(bytes.buffer);
    }
  }

  /** Waits until a block is written. */
  async #progress(): Promise<void> {
    if (this.#failure === undefined) {
      const before = this.#nextWritten;
      while (this.#nextWritten === before && this.#failure === undefined) {
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
    }
    if (this.#failure !== undefined) throw this.#failure;
  }
}
