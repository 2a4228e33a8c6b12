import { Flow, FlowBatch, type FlowFieldName } from "@flowtools/flow-model";
import type { FtHeader, RecordBlock } from "@flowtools/ft-format";
import { FlowSetError } from "./errors.ts";
import { FLOW_BATCH_ROWS, READ_BATCH_ROWS } from "./limits.ts";
import {
  type FlowReadOptions,
  type FlowSource,
  type OpenSource,
  openSource,
} from "./open_source.ts";
import type { CounterScaling } from "./packets/counter_scaling.ts";
import { SessionsOnDemand, waitingText } from "./packets/sessions_on_demand.ts";

/** How to read in batches. */
export interface BatchReadOptions {
  /** The columns to fill; default all. What is not asked for costs nothing. */
  readonly columns?: readonly FlowFieldName[];
  /** Rows of a batch at most; default 16384. */
  readonly capacity?: number;
  /**
   * Keep what packets with templates tell beyond the columns, so that flows show all their fields.
   */
  readonly octets?: boolean;
  /**
   * Give the flows of packets the fields of flow-tools records, for readers that ask for these: what
   * a flow does not tell is 0, and flows that can become no records of the version are left out.
   * Addresses may be IPv6 nevertheless, and numbers larger than records hold.
   */
  readonly asRecords?: boolean;
  /** Multiplies octets and packets by the rate of sampling; without it they stay as they were sent. */
  readonly scaling?: CounterScaling;
}

type RememberingOptions = FlowReadOptions & Required<Pick<FlowReadOptions, "sessions">>;

/** Reads flows from one source after another. */
export class FlowReader {
  readonly #waiting: FlowSource[];
  readonly #options: RememberingOptions;
  /** Whether nobody else knows what still waits at the end. */
  readonly #tellsWaiting: boolean;
  readonly #header: FtHeader;
  #current: OpenSource | undefined;
  #taken = false;
  #flows: FlowIterator | undefined;

  private constructor(
    first: OpenSource,
    waiting: FlowSource[],
    options: RememberingOptions,
    tellsWaiting: boolean,
  ) {
    this.#current = first;
    this.#header = first.header;
    this.#waiting = waiting;
    this.#options = options;
    this.#tellsWaiting = tellsWaiting;
  }

  /** Opens the first source; the others are opened when their turn comes. */
  static async open(
    sources: readonly FlowSource[],
    options: FlowReadOptions,
  ): Promise<FlowReader> {
    const [first, ...waiting] = sources;
    if (first === undefined) {
      throw new FlowSetError("no-source", "Cannot open flow set: there is no source to read");
    }
    const { sessions = new SessionsOnDemand() } = options;
    const remembering = { ...options, sessions };
    const opened = await openSource(first, remembering);
    return new FlowReader(opened, waiting, remembering, options.sessions === undefined);
  }

  /** The header of the first source. */
  get header(): FtHeader {
    return this.#header;
  }

  /** Records as they are stored. */
  async *blocks(): AsyncGenerator<RecordBlock, void, undefined> {
    for await (const source of this.#sources()) yield* source.blocks();
  }

  /** Flows in batches of one memory. */
  async *batches(options: BatchReadOptions): AsyncGenerator<FlowBatch, void, undefined> {
    const { columns, capacity = READ_BATCH_ROWS, octets, asRecords = false, scaling } = options;
    const batch = new FlowBatch({ columns, capacity });
    for await (const source of this.#sources()) {
      const { packets } = source;
      if (packets !== undefined) {
        const flows = asRecords
          ? packets.recordBatches({ columns, capacity })
          : packets.batches({ columns, capacity, octets });
        for await (const filled of flows) {
          scaling?.applyAll(filled);
          yield filled;
        }
        continue;
      }
      let fault: unknown;
      try {
        for await (const block of source.blocks()) {
          for (let taken = 0; taken < block.count;) {
            const from = batch.length;
            const count = appendBlock(batch, block, taken);
            scaling?.apply(batch, from, from + count);
            taken += count;
            if (batch.room > 0) break;
            yield batch;
            batch.reset();
          }
          if (source.live && batch.length > 0) {
            yield batch;
            batch.reset();
          }
        }
      } catch (error) {
        fault = error;
      }
      // The flows before a fault are delivered before it is thrown.
      if (batch.length > 0) {
        yield batch;
        batch.reset();
      }
      if (fault !== undefined) throw fault;
    }
  }

  /** Flows one by one; every call continues the same iteration. */
  flows(): AsyncIterableIterator<Flow> {
    this.#flows ??= new FlowIterator(this.#flowBatches());
    return this.#flows;
  }

  async close(): Promise<void> {
    await this.#flows?.end();
    this.#waiting.length = 0;
    await this.#current?.close();
    this.#current = undefined;
  }

  /** Flows in batches that nobody uses again. */
  async *#flowBatches(): AsyncGenerator<FlowBatch, void, undefined> {
    for await (const source of this.#sources()) {
      if (source.packets !== undefined) {
        yield* source.packets.lastingBatches(FLOW_BATCH_ROWS);
        continue;
      }
      for await (const block of source.blocks()) {
        for (let taken = 0; taken < block.count;) {
          const count = Math.min(FLOW_BATCH_ROWS, block.count - taken);
          yield copyRecords(block, taken, count);
          taken += count;
        }
      }
    }
  }

  async *#sources(): AsyncGenerator<OpenSource, void, undefined> {
    if (this.#taken) {
      throw new FlowSetError("already-read", "Cannot read flow set twice: open it again instead");
    }
    this.#taken = true;
    while (this.#current !== undefined) {
      const current = this.#current;
      try {
        yield current;
      } finally {
        await current.close();
      }
      const next = this.#waiting.shift();
      this.#current = next === undefined ? undefined : await openSource(next, this.#options);
    }
    const { sessions, warn } = this.#options;
    if (this.#tellsWaiting && sessions.waiting > 0) warn?.(waitingText(sessions.waiting));
  }
}

/** Appends what fits of the records from `start` on; returns how many. */
function appendBlock(batch: FlowBatch, block: RecordBlock, start: number): number {
  const { layout, view, offset, count, littleEndian } = block;
  return batch.appendRecords(
    layout,
    view,
    offset + start * layout.size,
    count - start,
    littleEndian,
  );
}

/** A batch of records in memory of its own. */
function copyRecords(block: RecordBlock, start: number, count: number): FlowBatch {
  const { layout, view, offset, littleEndian } = block;
  const from = view.byteOffset + offset + start * layout.size;
  const copy = view.buffer.slice(from, from + count * layout.size);
  return FlowBatch.ofRecords(layout, new DataView(copy), 0, count, littleEndian);
}

/**
 * Hands out the flows of batches. It is written out, and not an async generator, because a
 * generator takes three turns of the job queue for each value and this takes one.
 */
class FlowIterator implements AsyncIterableIterator<Flow> {
  readonly #batches: AsyncGenerator<FlowBatch, void, undefined>;
  #batch: FlowBatch | undefined;
  #length = 0;
  #row = 0;

  constructor(batches: AsyncGenerator<FlowBatch, void, undefined>) {
    this.#batches = batches;
  }

  next(): Promise<IteratorResult<Flow, undefined>> {
    return this.#row < this.#length
      ? Promise.resolve({ done: false, value: new Flow(this.#batch!, this.#row++) })
      : this.#nextBatch();
  }

  /** Leaving a loop is no end: the next loop goes on where this one left off. */
  return(): Promise<IteratorResult<Flow, undefined>> {
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Ends the iteration for good. */
  async end(): Promise<void> {
    this.#length = 0;
    await this.#batches.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #nextBatch(): Promise<IteratorResult<Flow, undefined>> {
    const { value, done } = await this.#batches.next();
    if (done) return { done: true, value: undefined };
    this.#batch = value;
    this.#length = value.length;
    this.#row = 1;
    return { done: false, value: new Flow(value, 0) };
  }
}
