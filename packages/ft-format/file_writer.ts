import type { FlowBatch } from "@flowtools/flow-model";
import type { FtStreamEncoder } from "./encode_stream.ts";
import type { RecordBlock } from "./record_block.ts";
import { WriteBuffer } from "./write_buffer.ts";
import type { FtWriter } from "./write_stream.ts";

/** Seeks from the start. */
const SEEK_START = 0;

/** What a flow file is written to: the part of `Deno.FsFile` that a writer uses. */
export interface WritableFile {
  /** Writes some of the bytes; gives how many. */
  writeSync(bytes: Uint8Array): number;
  /** Goes to a place: bytes from the start, where `whence` is 0. */
  seekSync(offset: number, whence: number): number;
  /** Closes it. */
  close(): void;
}

/**
 * A flow file that is being written; `createFtFile()` makes them. Writes are synchronous.
 *
 * @example
 * ```ts
 * import { FlowBatch } from "@flowtools/flow-model";
 * import { findFtLayout } from "@flowtools/ft-format";
 * import { createFtFile, openFtFile } from "@flowtools/ft-format/deno";
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile();
 * const flows = new FlowBatch();
 * flows.append(findFtLayout(5)!.schema, { srcaddr: "192.0.2.1" });
 *
 * const file = await createFtFile(path, { version: 5, captureStart: 1_700_000_000 });
 * file.writeBatch(flows);
 * file.encoder.lost = 7;
 * file.encoder.captureEnd = 1_700_000_300;
 * file.close();
 *
 * await using reader = await openFtFile(path);
 * assertEquals(reader.header.flowCount, 1);
 * assertEquals(reader.header.lost, 7);
 * await Deno.remove(path);
 * ```
 */
export class FtFileWriter implements FtWriter, Disposable {
  /** The encoder, for its counters. */
  readonly encoder: FtStreamEncoder;
  readonly #file: WritableFile;
  readonly #buffer = new WriteBuffer();
  #bytesWritten = 0;
  #closed = false;

  /**
   * Begins a file: writes the header. `createFtFile()` is the short way.
   *
   * @param file The file, empty, open for writing
   * @param encoder What makes the bytes
   */
  constructor(file: WritableFile, encoder: FtStreamEncoder) {
    this.#file = file;
    this.encoder = encoder;
    this.#write([encoder.header()]);
  }

  /** Flows written. */
  get flowCount(): number {
    return this.encoder.flowCount;
  }

  /** Bytes of the file so far; what is held back does not count. */
  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  /**
   * Writes rows of a batch.
   *
   * @param batch The flows; it must keep every column of the layout
   * @param from First row; default 0
   * @param to Row after the last; default all
   */
  writeBatch(batch: FlowBatch, from?: number, to?: number): void {
    this.#add(this.encoder.encodeBatch(batch, from, to));
  }

  /**
   * Writes records as they are.
   *
   * @param block The records, of the layout of the file
   */
  writeBlock(block: RecordBlock): void {
    this.#add(this.encoder.encodeBlock(block));
  }

  /**
   * Writes everything that is held back, so that it survives the end of the process; compressed
   * data gets a sync flush.
   */
  flush(): void {
    this.#add([this.encoder.flush()]);
    this.#write(this.#buffer.take());
  }

  /** Ends the records, rewrites the header with the counters and marked as done, and closes. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#add([this.encoder.finish()]);
      this.#write(this.#buffer.take());
      this.#file.seekSync(0, SEEK_START);
      writeAllSync(this.#file, this.encoder.finalHeader());
    } finally {
      this.encoder.close();
      this.#file.close();
    }
  }

  /** Closes the file as it is: its header does not say that it is done. */
  abort(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.encoder.close();
    this.#file.close();
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.close();
  }

  #add(chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) this.#write(this.#buffer.add(chunk));
  }

  #write(chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) {
      writeAllSync(this.#file, chunk);
      this.#bytesWritten += chunk.length;
    }
  }
}

function writeAllSync(file: WritableFile, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) {
    written += file.writeSync(bytes.subarray(written));
  }
}
