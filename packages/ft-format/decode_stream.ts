import { FlowToolsError, type RecordLayout, versionLabel } from "@flowtools/flow-model";
import { afterRecords, type FtFault, FtFormatError } from "./errors.ts";
import { decodeFtHeader, FT_FLAGS, type FtHeader, ftHeaderSize, shortHeader } from "./header.ts";
import type { FtLimits } from "./limits.ts";
import { PlainRecords } from "./plain_records.ts";
import { PORTABLE_ZLIB } from "./portable_zlib.ts";
import type { RecordBlock } from "./record_block.ts";
import type { RecordSource } from "./record_source.ts";
import { findFtLayout } from "./records.ts";
import type { ZlibProvider } from "./zlib.ts";
import { ZlibRecords } from "./zlib_records.ts";

/** How to read a flow file. */
export interface FtReadOptions {
  /** What inflates; default {@linkcode PORTABLE_ZLIB}. */
  readonly zlib?: ZlibProvider;
  /** Name of the file, for messages. */
  readonly source?: string;
  /** Bounds. */
  readonly limits?: FtLimits;
  /** Told of bytes that `openFtFile()` reads of a file: for those who show how far it is. */
  readonly onRead?: (bytes: number) => void;
}

/** The version of the aggregation that the layouts of version 8 belong to. */
const AGGREGATION_VERSION = 2;

/**
 * Decodes a flow file that comes piece by piece, pieces of any size.
 *
 * Push a chunk, read blocks until there is none, push the next; after the last, `finish()` and
 * read until there is none. The decoder copies no more than one record: blocks of files that are
 * not compressed point into the chunk.
 *
 * Where the bytes are damaged, every whole record before the damage is delivered, and then one
 * {@linkcode FtFormatError} is thrown, by `readBlock()` or `finish()`; after it nothing comes.
 *
 * @example
 * ```ts
 * import { FlowBatch } from "@flowtools/flow-model";
 * import { findFtLayout, FtStreamDecoder, FtStreamEncoder } from "@flowtools/ft-format";
 * import { assertEquals } from "@std/assert";
 *
 * const encoder = new FtStreamEncoder({ version: 5, compressionLevel: 6 });
 * const flows = new FlowBatch();
 * flows.append(findFtLayout(5)!.schema, { srcaddr: "192.0.2.1", dOctets: 40 });
 * const file = [encoder.header(), ...encoder.encodeBatch(flows), encoder.finish()];
 *
 * const decoder = new FtStreamDecoder({ source: "example" });
 * const batch = new FlowBatch();
 * const readAll = () => {
 *   for (let block = decoder.readBlock(); block; block = decoder.readBlock()) {
 *     const { layout, view, offset, count, littleEndian } = block;
 *     batch.appendRecords(layout, view, offset, count, littleEndian);
 *   }
 * };
 * for (const chunk of file) {
 *   decoder.push(chunk);
 *   readAll();
 * }
 * decoder.finish();
 * readAll();
 * assertEquals(decoder.header?.exportVersion, 5);
 * assertEquals(batch.flow(0).srcaddr, "192.0.2.1");
 * ```
 */
export class FtStreamDecoder {
  readonly #options: FtReadOptions;
  /** The first bytes of the file, until they are the whole header. */
  #start: Uint8Array = new Uint8Array(0);
  #startLength = 0;
  #header: FtHeader | undefined;
  #layout: RecordLayout | undefined;
  #records: RecordSource | undefined;
  /** A block that `finish()` found and `readBlock()` has not given out. */
  #waiting: RecordBlock | undefined;
  #bytesPushed = 0;
  #recordsRead = 0;
  #finished = false;
  #error: FtFormatError | undefined;
  #thrown = false;

  /**
   * Makes a decoder.
   *
   * @param options What inflates, the name of the file, bounds
   */
  constructor(options: FtReadOptions = {}) {
    this.#options = options;
  }

  /** The header, once all of it was pushed. */
  get header(): FtHeader | undefined {
    return this.#header;
  }

  /** What the records look like, once the header is there. */
  get layout(): RecordLayout | undefined {
    return this.#layout;
  }

  /** Records delivered; after `restartAt()`, the number of the next record. */
  get recordsRead(): number {
    return this.#recordsRead;
  }

  /** The damage that was met, once the records before it are delivered. */
  get error(): FtFormatError | undefined {
    return this.#error;
  }

  /**
   * Takes the next bytes of the file. They must not change until `readBlock()` gave all blocks.
   * After an error they are ignored.
   *
   * @param chunk Any number of bytes
   * @throws {FlowToolsError} Blocks of the chunk before are not read yet, or `finish()` was called
   */
  push(chunk: Uint8Array): void {
    if (this.#finished) {
      throw new FlowToolsError("finished", "Cannot push bytes: the end was declared by finish()");
    }
    if (this.#error !== undefined) return;
    if (this.#records?.unread) {
      throw new FlowToolsError(
        "unread",
        "Cannot push bytes: blocks of the chunk before are unread",
      );
    }
    const rest = this.#records === undefined ? this.#pushHeader(chunk) : chunk;
    const fileOffset = this.#bytesPushed + chunk.length - rest.length;
    this.#bytesPushed += chunk.length;
    this.#records?.push(rest, fileOffset);
  }

  /**
   * The next whole records.
   *
   * @returns A block, alive until the next call of any method, or `undefined` where more bytes are
   * needed or there are no more
   * @throws {FtFormatError} The bytes are damaged here; thrown once
   */
  readBlock(): RecordBlock | undefined {
    const block = this.#waiting ?? this.#records?.next();
    this.#waiting = undefined;
    if (block !== undefined) {
      this.#recordsRead += block.count;
      return block;
    }
    if (this.#finished) this.#conclude();
    this.#fail(this.#records?.fault);
    this.#throwOnce();
    return undefined;
  }

  /**
   * Tells that there are no more bytes. Blocks may be left to read.
   *
   * @throws {FtFormatError} The bytes end too early, and there are no blocks left
   */
  finish(): void {
    this.#finished = true;
    this.#waiting ??= this.#records?.next();
    if (this.#waiting !== undefined) return;
    this.#conclude();
    this.#throwOnce();
  }

  /**
   * Goes on at another record of a file that is not compressed: the next byte pushed must be the
   * first of that record.
   *
   * @param record Number of the record, from 0
   * @returns Where in the file it starts
   * @throws {FlowToolsError} The header is not read yet, or the records are compressed
   */
  restartAt(record: number): number {
    if (this.#header === undefined || !(this.#records instanceof PlainRecords)) {
      const state = this.#header === undefined ? "the header is not read" : "it is compressed";
      throw new FlowToolsError("not-seekable", `Cannot seek in flow file: ${state}`);
    }
    this.#records.close();
    this.#waiting = undefined;
    this.#finished = false;
    this.#error = undefined;
    this.#thrown = false;
    this.#recordsRead = record;
    this.#bytesPushed = this.#header.size + record * this.#layout!.size;
    return this.#bytesPushed;
  }

  /** Frees what the decoder holds. */
  close(): void {
    this.#records?.close();
    this.#finished = true;
    this.#records = undefined;
  }

  /** Takes bytes of the header; returns what follows it. */
  #pushHeader(chunk: Uint8Array): Uint8Array {
    let rest = chunk;
    try {
      while (this.#header === undefined) {
        const size = ftHeaderSize(this.#startBytes, this.#options);
        if (this.#startLength === size) {
          this.#header = decodeFtHeader(this.#startBytes, this.#options);
          this.#records = this.#openRecords(this.#header);
          break;
        }
        const part = rest.subarray(0, size - this.#startLength);
        if (part.length === 0) break;
        this.#keepStart(part, size);
        rest = rest.subarray(part.length);
      }
    } catch (error) {
      if (!(error instanceof FtFormatError)) throw error;
      this.#error = error;
    }
    return rest;
  }

  get #startBytes(): Uint8Array {
    return this.#start.subarray(0, this.#startLength);
  }

  #keepStart(part: Uint8Array, size: number): void {
    if (this.#start.length < size) {
      const grown = new Uint8Array(size);
      grown.set(this.#startBytes);
      this.#start = grown;
    }
    this.#start.set(part, this.#startLength);
    this.#startLength += part.length;
  }

  #openRecords(header: FtHeader): RecordSource {
    const { exportVersion, aggregation, aggregationVersion, streamVersion, byteOrder } = header;
    const { zlib = PORTABLE_ZLIB, source, limits } = this.#options;
    const layout = findFtLayout(exportVersion, aggregation, streamVersion);
    if (
      layout === undefined || (aggregationVersion ?? AGGREGATION_VERSION) !== AGGREGATION_VERSION
    ) {
      const method = exportVersion === 8 ? aggregation : undefined;
      const label = versionLabel(exportVersion, method);
      throw new FtFormatError({
        code: "unknown-version",
        state: `no layout is known for ${label} records` +
          (layout === undefined ? "" : ` of aggregation version ${aggregationVersion}`) +
          ` in stream version ${streamVersion}`,
        offset: 0,
        expected: streamVersion === 1 ? "v1 or v5" : "v1, v5, v6, v7, v8.1 to v8.14 or v1005",
        got: label,
      }, source);
    }
    this.#layout = layout;
    const littleEndian = byteOrder === "little";
    return (header.flags & FT_FLAGS.COMPRESS) === 0
      ? new PlainRecords(layout, littleEndian)
      : new ZlibRecords(layout, littleEndian, zlib.createInflater(), limits);
  }

  /** No more bytes, no more blocks: finds out whether that is how a file should end. */
  #conclude(): void {
    if (this.#error !== undefined) return;
    if (this.#header === undefined) {
      const expected = ftHeaderSize(this.#startBytes, this.#options);
      this.#error = shortHeader(this.#startLength, expected, this.#options.source);
      return;
    }
    this.#records?.end();
    this.#fail(this.#records?.fault);
  }

  #fail(fault: FtFault | undefined): void {
    if (fault === undefined || this.#error !== undefined) return;
    const state = `${fault.state} ${afterRecords(this.#recordsRead)}`;
    this.#error = new FtFormatError({ ...fault, state }, this.#options.source);
  }

  #throwOnce(): void {
    if (this.#error === undefined || this.#thrown) return;
    this.#thrown = true;
    throw this.#error;
  }
}
