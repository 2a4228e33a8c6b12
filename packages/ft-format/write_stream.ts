import type { FlowBatch } from "@flowtools/flow-model";
import { FtStreamEncoder, type FtWriteOptions } from "./encode_stream.ts";
import type { RecordBlock } from "./record_block.ts";
import { WriteBuffer } from "./write_buffer.ts";

/** Where a stream writes to; the writer of a `WritableStream` is one. */
export interface ByteWriter {
  /** Writes a chunk, which then belongs to the writer. */
  write(chunk: Uint8Array): PromiseLike<void>;
  /** Ends the stream. */
  close(): PromiseLike<void>;
  /** Gives the stream up: what was written is no whole file. */
  abort?(): PromiseLike<void>;
}

/** What takes flows and makes a flow file of them. */
export interface FtWriter {
  /** The encoder, for its counters. */
  readonly encoder: FtStreamEncoder;
  /** Flows written. */
  readonly flowCount: number;
  /** Writes rows of a batch: all, or those from `from` up to `to`. */
  writeBatch(batch: FlowBatch, from?: number, to?: number): void | Promise<void>;
  /** Writes records of the same layout as they are. */
  writeBlock(block: RecordBlock): void | Promise<void>;
  /** Makes everything written so far readable for others. */
  flush(): void | Promise<void>;
  /** Ends the file. */
  close(): void | Promise<void>;
  /** Closes without ending the file, after a write that failed: the file stays unfinished. */
  abort(): void | Promise<void>;
}

/**
 * Begins a flow file on something that cannot be rewritten: its header says so (`STREAMING`).
 *
 * @param writer Where the bytes go
 * @param options Version, byte order, compression and header fields
 * @returns What takes the flows; `close()` ends it, and the writer
 * @throws {RangeError} There is no layout for the version, or the header cannot be encoded
 *
 * @example
 * ```ts
 * import { FlowBatch } from "@flowtools/flow-model";
 * import { createFtStream, findFtLayout, readFtStream } from "@flowtools/ft-format";
 * import { assertEquals } from "@std/assert";
 *
 * const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
 * const reading = readFtStream(readable);
 * const stream = createFtStream(writable.getWriter(), { version: 5 });
 * const batch = new FlowBatch();
 * batch.append(findFtLayout(5)!.schema, { srcaddr: "192.0.2.1" });
 * const writing = stream.writeBatch(batch).then(() => stream.close());
 *
 * let flows = 0;
 * for await (const block of (await reading).blocks()) flows += block.count;
 * await writing;
 * assertEquals(flows, 1);
 * ```
 */
export function createFtStream(writer: ByteWriter, options: FtWriteOptions): FtStreamWriter {
  return new FtStreamWriter(writer, new FtStreamEncoder({ ...options, streaming: true }));
}

/** Writes flows to a stream, in chunks of 64 KiB or more. */
export class FtStreamWriter implements FtWriter {
  /** The encoder, for its counters. */
  readonly encoder: FtStreamEncoder;
  readonly #writer: ByteWriter;
  readonly #buffer = new WriteBuffer();

  /**
   * Makes a writer; {@linkcode createFtStream} is the short way.
   *
   * @param writer Where the bytes go
   * @param encoder What makes them
   */
  constructor(writer: ByteWriter, encoder: FtStreamEncoder) {
    this.#writer = writer;
    this.encoder = encoder;
    this.#buffer.add(encoder.header());
  }

  /** Flows written. */
  get flowCount(): number {
    return this.encoder.flowCount;
  }

  /**
   * Writes rows of a batch.
   *
   * @param batch The flows; it must keep every column of the layout
   * @param from First row; default 0
   * @param to Row after the last; default all
   */
  async writeBatch(batch: FlowBatch, from?: number, to?: number): Promise<void> {
    await this.#add(this.encoder.encodeBatch(batch, from, to));
  }

  /**
   * Writes records as they are.
   *
   * @param block The records, of the layout of the stream
   */
  async writeBlock(block: RecordBlock): Promise<void> {
    await this.#add(this.encoder.encodeBlock(block));
  }

  /** Writes everything that is held back; compressed data gets a sync flush. */
  async flush(): Promise<void> {
    await this.#add([this.encoder.flush()]);
    await this.#write(this.#buffer.take());
  }

  /** Writes the rest and closes the writer. */
  async close(): Promise<void> {
    await this.#add([this.encoder.finish()]);
    await this.#write(this.#buffer.take());
    await this.#writer.close();
  }

  /** Gives the stream up: nothing more is written. */
  async abort(): Promise<void> {
    this.encoder.close();
    await this.#writer.abort?.();
  }

  async #add(chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) {
      // The encoder, or whoever owns a block, will use the memory of a chunk again.
      const ready = this.#buffer.add(chunk);
      await this.#write(ready.map((bytes) => bytes === chunk ? bytes.slice() : bytes));
    }
  }

  async #write(chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) await this.#writer.write(chunk);
  }
}
