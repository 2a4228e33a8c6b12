/**
 * Flow files on disk, pipes and standard input, with Deno's own zlib.
 *
 * ```ts
 * import { FlowBatch } from "@flowtools/flow-model";
 * import { findFtLayout } from "@flowtools/ft-format";
 * import { createFtFile, openFtFile } from "@flowtools/ft-format/deno";
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile();
 * const flows = new FlowBatch();
 * flows.append(findFtLayout(5)!.schema, { srcaddr: "192.0.2.1", dOctets: 1500 });
 * const file = await createFtFile(path, { version: 5, compressionLevel: 6 });
 * file.writeBatch(flows);
 * file.close();
 *
 * await using reader = await openFtFile(path);
 * assertEquals(reader.header.flowCount, 1);
 * const batch = new FlowBatch({ columns: ["srcaddr"] });
 * for await (const { layout, view, offset, count, littleEndian } of reader.blocks()) {
 *   batch.appendRecords(layout, view, offset, count, littleEndian);
 * }
 * assertEquals(batch.flow(0).srcaddr, "192.0.2.1");
 * await Deno.remove(path);
 * ```
 *
 * @module
 */
import zlib from "node:zlib";
import type { FlowBatch, RecordLayout } from "@flowtools/flow-model";
import { type FtReadOptions, FtStreamDecoder } from "./decode_stream.ts";
import { FtStreamEncoder, type FtWriteOptions } from "./encode_stream.ts";
import { FT_FLAGS, type FtHeader } from "./header.ts";
import { READ_CHUNK_BYTES } from "./limits.ts";
import { PORTABLE_ZLIB } from "./portable_zlib.ts";
import { drain, type FtReader } from "./read_stream.ts";
import type { RecordBlock } from "./record_block.ts";
import { WriteBuffer } from "./write_buffer.ts";
import type { FtWriter } from "./write_stream.ts";
import type { Deflater, Inflater, ZlibFlush, ZlibProvider, ZlibStep } from "./zlib.ts";

/**
 * The object behind a `node:zlib` stream. It is no public interface; but it is the only way to
 * inflate synchronously, in steps, and to keep what was inflated before damage. Where it is not as
 * expected {@linkcode NATIVE_ZLIB} falls back to the portable implementation.
 */
interface ZlibHandle {
  onerror: (message: string, errno: number, code: string) => void;
  writeSync(
    flush: number,
    input: Uint8Array,
    inputOffset: number,
    inputLength: number,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number,
  ): void;
  params(level: number, strategy: number): void;
  close(): void;
}

interface ZlibInternals {
  readonly _handle: ZlibHandle;
  /** Output bytes and input bytes left after a step. */
  readonly _writeState: Uint32Array;
}

const { Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH, Z_DEFAULT_STRATEGY } = zlib.constants;
const FLUSH_CODES: Readonly<Record<ZlibFlush, number>> = {
  none: Z_NO_FLUSH,
  sync: Z_SYNC_FLUSH,
  finish: Z_FINISH,
};

const NO_BYTES = new Uint8Array(0);

/** The object behind a stream, or `undefined` where it is not as expected. */
function internalsOf(stream: object): ZlibInternals | undefined {
  const { _handle, _writeState } = stream as Partial<ZlibInternals>;
  const usable = typeof _handle?.writeSync === "function" && typeof _handle.close === "function" &&
    typeof _handle.params === "function" && _writeState instanceof Uint32Array;
  return usable ? stream as ZlibInternals : undefined;
}

class NativeStream {
  readonly #handle: ZlibHandle;
  readonly #left: Uint32Array;
  #error: string | undefined;

  constructor({ _handle, _writeState }: ZlibInternals) {
    this.#handle = _handle;
    this.#left = _writeState;
    _handle.onerror = (message) => this.#error = message;
  }

  write(
    flush: number,
    input: Uint8Array,
    inputOffset: number,
    inputLength: number,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number,
  ): { read: number; written: number; error?: string } {
    this.#error = undefined;
    this.#handle.writeSync(
      flush,
      input,
      inputOffset,
      inputLength,
      output,
      outputOffset,
      outputLength,
    );
    const [outputLeft, inputLeft] = this.#left;
    const step = { read: inputLength - inputLeft, written: outputLength - outputLeft };
    return this.#error === undefined ? step : { ...step, error: this.#error };
  }

  setLevel(level: number): void {
    this.#error = undefined;
    this.#handle.params(level, Z_DEFAULT_STRATEGY);
    if (this.#error !== undefined) throw new Error(`zlib cannot change its level: ${this.#error}`);
  }

  close(): void {
    this.#handle.close();
  }
}

class NativeInflater implements Inflater {
  readonly #stream: NativeStream;
  #closed = false;

  constructor(internals: ZlibInternals) {
    this.#stream = new NativeStream(internals);
  }

  step(
    input: Uint8Array,
    inputOffset: number,
    inputLength: number,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number,
  ): ZlibStep {
    const step = this.#stream.write(
      Z_SYNC_FLUSH,
      input,
      inputOffset,
      inputLength,
      output,
      outputOffset,
      outputLength,
    );
    // With room left in the output, zlib leaves only input that is behind the end of its stream.
    const done = step.error === undefined && step.read < inputLength && step.written < outputLength;
    return { ...step, done };
  }

  ended(): boolean {
    const output = new Uint8Array(1);
    const { written, error } = this.#stream.write(Z_FINISH, NO_BYTES, 0, 0, output, 0, 1);
    return error === undefined && written === 0;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stream.close();
  }
}

class NativeDeflater implements Deflater {
  readonly #stream: NativeStream;

  constructor(internals: ZlibInternals) {
    this.#stream = new NativeStream(internals);
  }

  step(
    input: Uint8Array,
    inputOffset: number,
    inputLength: number,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number,
    flush: ZlibFlush,
  ): ZlibStep {
    const code = FLUSH_CODES[flush];
    const step = this.#stream.write(
      code,
      input,
      inputOffset,
      inputLength,
      output,
      outputOffset,
      outputLength,
    );
    return { ...step, done: flush === "finish" && step.written < outputLength };
  }

  setLevel(level: number): void {
    this.#stream.setLevel(level);
  }

  close(): void {
    this.#stream.close();
  }
}

/** zlib as Deno brings it, at full speed; the portable one where Deno's is not as expected. */
export const NATIVE_ZLIB: ZlibProvider = {
  createInflater() {
    const internals = internalsOf(zlib.createInflate());
    return internals === undefined ? PORTABLE_ZLIB.createInflater() : new NativeInflater(internals);
  },
  createDeflater(level) {
    const internals = internalsOf(zlib.createDeflate({ level }));
    return internals === undefined
      ? PORTABLE_ZLIB.createDeflater(level)
      : new NativeDeflater(internals);
  },
};

/** Bytes after which a reader of regular files lets timers and signals have their turn. */
const TURN_BYTES = 32 * READ_CHUNK_BYTES;

/** The part of `Deno.FsFile` and `Deno.stdin` that a reader uses. */
interface ByteSource {
  read(buffer: Uint8Array): Promise<number | null>;
  readSync(buffer: Uint8Array): number | null;
  close(): void;
}

/**
 * Opens a flow file and reads its header.
 *
 * Regular files are read synchronously, a megabyte at a time into one buffer, which is twice as
 * fast as waiting for each read; anything else asynchronously.
 *
 * @param path The file; `-` is standard input
 * @param options What inflates (default {@linkcode NATIVE_ZLIB}), bounds
 * @returns The file, to be closed
 * @throws {FtFormatError} The header is damaged
 * @throws {Deno.errors.NotFound} There is no such file; and the other errors of `Deno.open`
 */
export async function openFtFile(
  path: string | URL,
  options: FtReadOptions = {},
): Promise<FtFileReader> {
  const source = options.source ?? (path === "-" ? "standard input" : fileName(path));
  const input = path === "-" ? openStdin() : await openInput(path);
  const decoder = new FtStreamDecoder({ zlib: NATIVE_ZLIB, ...options, source });
  try {
    const reader = new FtFileReader(input, decoder);
    await reader.readHeader();
    return reader;
  } catch (error) {
    decoder.close();
    input.bytes.close();
    throw error;
  }
}

/** An open input, and what is known of it. */
interface OpenInput {
  readonly bytes: ByteSource;
  /** Reading never waits for anybody. */
  readonly regular: boolean;
  /** The file, where it can be sought in. */
  readonly seekable?: Deno.FsFile;
}

async function openInput(path: string | URL): Promise<OpenInput> {
  const file = await Deno.open(path);
  const { isFile } = await file.stat();
  return { bytes: file, regular: isFile, seekable: isFile ? file : undefined };
}

function openStdin(): OpenInput {
  return { bytes: Deno.stdin, regular: isRegularStdin() };
}

function isRegularStdin(): boolean {
  try {
    return Deno.statSync("/dev/stdin").isFile;
  } catch {
    return false;
  }
}

function fileName(path: string | URL): string {
  return typeof path === "string" ? path : decodeURIComponent(path.pathname);
}

/**
 * A flow file that is open for reading; {@linkcode openFtFile} makes them.
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
  #buffer: Uint8Array = new Uint8Array(READ_CHUNK_BYTES);
  #closed = false;

  /**
   * Makes a reader of an open input; {@linkcode openFtFile} is the way to get one.
   *
   * @param input The input
   * @param decoder What makes sense of its bytes
   * @ignore
   */
  constructor(input: OpenInput, decoder: FtStreamDecoder) {
    this.#input = input;
    this.#decoder = decoder;
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
      const length = this.#input.regular
        ? this.#input.bytes.readSync(this.#buffer)
        : await this.#input.bytes.read(this.#buffer);
      if (length === null) break;
      this.#decoder.push(this.#buffer.subarray(0, length));
      sinceTurn += length;
      if (sinceTurn >= TURN_BYTES) {
        sinceTurn = 0;
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
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
    this.#input.seekable?.seekSync(offset, Deno.SeekMode.Start);
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
    while (this.#decoder.header === undefined && this.#decoder.error === undefined) {
      const length = await this.#input.bytes.read(this.#buffer);
      if (length === null) this.#decoder.finish();
      else this.#decoder.push(this.#buffer.subarray(0, length));
    }
    if (this.#decoder.error !== undefined) throw this.#decoder.error;
    if (!this.#canSeek) return;
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

/**
 * Creates a flow file and writes its header; a file of that name is replaced.
 *
 * @param path The file
 * @param options Version, byte order, compression (default {@linkcode NATIVE_ZLIB}), header fields
 * @returns What takes the flows, to be closed
 * @throws {RangeError} There is no layout for the version, or the header cannot be encoded
 */
export async function createFtFile(
  path: string | URL,
  options: FtWriteOptions,
): Promise<FtFileWriter> {
  const encoder = new FtStreamEncoder({ zlib: NATIVE_ZLIB, ...options });
  try {
    const file = await Deno.open(path, { write: true, create: true, truncate: true });
    return new FtFileWriter(file, encoder);
  } catch (error) {
    encoder.close();
    throw error;
  }
}

/**
 * A flow file that is being written; {@linkcode createFtFile} makes them. Writes are synchronous.
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
  readonly #file: Deno.FsFile;
  readonly #buffer = new WriteBuffer();
  #bytesWritten = 0;
  #closed = false;

  /**
   * Begins a file: writes the header. {@linkcode createFtFile} is the short way.
   *
   * @param file The file, empty, open for writing
   * @param encoder What makes the bytes
   */
  constructor(file: Deno.FsFile, encoder: FtStreamEncoder) {
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
      this.#file.seekSync(0, Deno.SeekMode.Start);
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

function writeAllSync(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) {
    written += file.writeSync(bytes.subarray(written));
  }
}
