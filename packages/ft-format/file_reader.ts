import type { RecordLayout } from "@flowtools/flow-model";
import type { FtStreamDecoder } from "./decode_stream.ts";
import { FT_FLAGS, type FtHeader } from "./header.ts";
import { READ_CHUNK_BYTES } from "./limits.ts";
import { drain, type FtReader } from "./read_stream.ts";
import type { RecordBlock } from "./record_block.ts";

/**
 * Bytes after which a reader of regular files waits for a read, so that timers and signals have
 * their turn.
 */
const TURN_BYTES = 32 * READ_CHUNK_BYTES;

/** Seeks from the start. */
const SEEK_START = 0;

/** What bytes are read from: the part of `Deno.FsFile` and `Deno.stdin` that a reader uses. */
export interface ByteSource {
  /** Reads what there is, up to the size of the buffer; `null` at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** The same at once. */
  readSync(buffer: Uint8Array): number | null;
  /** Closes it. */
  close(): void;
}

/** The part of `Deno.FsFile` that seeking needs. */
export interface SeekableFile {
  /** Goes to a place: bytes from the start, where `whence` is 0. */
  seekSync(offset: number, whence: number): number;
  /** Its size in bytes, among other things. */
  statSync(): { readonly size: number };
}

/** An open input, and what is known of it. */
export interface OpenInput {
  /** Its bytes. */
  readonly bytes: ByteSource;
  /** Reading never waits for anybody. */
  readonly regular: boolean;
  /** The file, where it can be sought in. */
  readonly seekable?: SeekableFile;
}

/**
 * A flow file that is open for reading; `openFtFile()` makes them.
 *
 * @example
 * ```ts
 * import { createFtFile, openFtFile } from "@flowtools/ft-format/deno";
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile();
 * (await createFtFile(path, { version: 8, aggregation: 1, hostname: "collector" })).close();
 * await using file = await openFtFile(path);
 * assertEquals(file.header.hostname, "collector");
 * assertEquals(file.layout.schema.label, "v8.1");
 * assertEquals(file.recordCount, 0);
 * await Deno.remove(path);
 * ```
 */
export class FtFileReader implements FtReader, AsyncDisposable, Disposable {
  readonly #input: OpenInput;
  readonly #decoder: FtStreamDecoder;
  readonly #onRead: ((bytes: number) => void) | undefined;
  #buffer: Uint8Array = new Uint8Array(READ_CHUNK_BYTES);
  #closed = false;

  /**
   * Makes a reader of an open input; `openFtFile()` is the way to get one.
   *
   * @param input The input
   * @param decoder What makes sense of its bytes
   * @param onRead Told of bytes that were read
   * @ignore
   */
  constructor(input: OpenInput, decoder: FtStreamDecoder, onRead?: (bytes: number) => void) {
    this.#input = input;
    this.#decoder = decoder;
    this.#onRead = onRead;
  }

  /** What the header tells. */
  get header(): FtHeader {
    return this.#decoder.header!;
  }

  /** Whether it is a regular file: one that does not grow as somebody sends it. */
  get regular(): boolean {
    return this.#input.regular;
  }

  /** What the records look like. */
  get layout(): RecordLayout {
    return this.#decoder.layout!;
  }

  /** Records delivered; after `seekRecord()`, the number of the next. */
  get recordsRead(): number {
    return this.#decoder.recordsRead;
  }

  /**
   * Whole records in the file, by its size; `undefined` where it is compressed or no regular file.
   */
  get recordCount(): number | undefined {
    if (!this.#canSeek) return undefined;
    const { size } = this.#input.seekable!.statSync();
    return Math.max(0, Math.floor((size - this.header.size) / this.layout.size));
  }

  /**
   * The records from where the reader stands. Each block is alive until the next is asked for.
   *
   * @returns The blocks, some sixteen thousand records each
   * @throws {FtFormatError} The file is damaged; after all whole records before the damage
   */
  async *blocks(): AsyncGenerator<RecordBlock, void, undefined> {
    let sinceTurn = 0;
    while (true) {
      yield* drain(this.#decoder);
      const turn = !this.#input.regular || sinceTurn >= TURN_BYTES;
      const length = turn
        ? await this.#input.bytes.read(this.#buffer)
        : this.#input.bytes.readSync(this.#buffer);
      if (length === null) break;
      this.#decoder.push(this.#buffer.subarray(0, length));
      this.#onRead?.(length);
      sinceTurn = turn ? 0 : sinceTurn + length;
    }
    this.#decoder.finish();
    yield* drain(this.#decoder);
  }

  /**
   * Goes to a record; the next loop over `blocks()` begins there.
   *
   * @param record Number of the record, from 0
   * @throws {FlowToolsError} The file is compressed or no regular file
   * @throws {RangeError} The file has no such record; the one behind the last may be sought
   */
  seekRecord(record: number): void {
    const { recordCount } = this;
    if (recordCount !== undefined && !(record >= 0 && record <= recordCount)) {
      throw new RangeError(
        `Cannot seek in flow file: record is ${record}, the file has ${recordCount}`,
      );
    }
    const offset = this.#decoder.restartAt(record);
    this.#input.seekable?.seekSync(offset, SEEK_START);
  }

  /** Closes the file. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#decoder.close();
    this.#input.bytes.close();
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Closes the file. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  /**
   * Reads the header; `openFtFile()` does.
   *
   * @ignore
   */
  async readHeader(): Promise<void> {
    let bytes = 0;
    while (this.#decoder.header === undefined && this.#decoder.error === undefined) {
      const length = await this.#input.bytes.read(this.#buffer);
      if (length === null) this.#decoder.finish();
      else this.#decoder.push(this.#buffer.subarray(0, length));
      bytes += length ?? 0;
    }
    if (this.#decoder.error !== undefined) throw this.#decoder.error;
    if (!this.#canSeek) {
      this.#onRead?.(bytes);
      return;
    }
    // Reads of whole records spare the copy of the one that would straddle two reads.
    const { size } = this.layout;
    this.#buffer = this.#buffer.subarray(0, READ_CHUNK_BYTES - READ_CHUNK_BYTES % size);
    this.seekRecord(0);
  }

  get #canSeek(): boolean {
    const compressed = (this.header.flags & FT_FLAGS.COMPRESS) !== 0;
    return this.#input.seekable !== undefined && !compressed;
  }
}
