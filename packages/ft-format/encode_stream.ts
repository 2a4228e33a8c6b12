import {
  type FlowBatch,
  type FlowFieldName,
  FlowToolsError,
  type RecordLayout,
  versionLabel,
} from "@flowtools/flow-model";
import { encodeFtHeader, FT_FLAGS, type FtHeaderFields } from "./header.ts";
import { HEADER_BYTES_MAX_WRITTEN } from "./limits.ts";
import { PORTABLE_ZLIB } from "./portable_zlib.ts";
import { type RecordBlock, recordBytes, swapRecords } from "./record_block.ts";
import { findFtLayout } from "./records.ts";
import type { IfAlias, IfName, RawTlv } from "./tlv.ts";
import type { Deflater, ZlibFlush, ZlibProvider } from "./zlib.ts";

/**
 * How to write a flow file.
 *
 * A header field is written when its option is given. Counters and `captureEnd` can be rewritten at
 * the end only if they were there from the start; so, unless `streaming`, `flowCount`, `lost`,
 * `corrupt` and `sequenceResets` are there by default (as in flow-capture's files), and `captureEnd`
 * is there with `captureStart`. `false` leaves one out.
 */
export interface FtWriteOptions {
  /** Export version: 1, 5, 6, 7, 8 or 1005. */
  readonly version: number;
  /** Aggregation method, 1 to 14, of version 8. */
  readonly aggregation?: number;
  /** Byte order; default little. */
  readonly byteOrder?: "little" | "big";
  /** 0 (the default) for plain records, 1 (fast) to 9 (small) for zlib. */
  readonly compressionLevel?: number;
  /** The header cannot be rewritten at the end: a pipe or a socket. */
  readonly streaming?: boolean;
  /** What deflates; default {@linkcode PORTABLE_ZLIB}. */
  readonly zlib?: ZlibProvider;
  /** Bits of {@linkcode FT_FLAGS} beside those that follow from the other options. */
  readonly flags?: number;
  /** Vendor of the exporter; 1 is Cisco. */
  readonly vendor?: number;
  /** Address of the exporter, as a number. */
  readonly exporterAddress?: number;
  /** When the capture began, Unix seconds. */
  readonly captureStart?: number;
  /** When the capture ended, Unix seconds; 0 while it goes on. */
  readonly captureEnd?: number | false;
  /** Rotation schedule. */
  readonly rotation?: number;
  /** Flows in the file, as the first header tells; the last one tells the flows written. */
  readonly flowCount?: number | false;
  /** Flows that never arrived. */
  readonly lost?: number | false;
  /** Flows that arrived out of order. */
  readonly misordered?: number;
  /** Packets that could not be decoded. */
  readonly corrupt?: number | false;
  /** Times that the sequence began anew. */
  readonly sequenceResets?: number | false;
  /** Host name of the collector. */
  readonly hostname?: string;
  /** Comments. */
  readonly comments?: string;
  /** Names of interfaces. */
  readonly ifNames?: readonly IfName[];
  /** Names that several interfaces share. */
  readonly ifAliases?: readonly IfAlias[];
  /** Fields of unknown types. */
  readonly unknown?: readonly RawTlv[];
}

/** Records stored, and deflated, at a time: what fits the processor's cache. */
const PIECE_RECORDS = 2048;

/** Bytes of the output buffer at first; it grows to the largest batch. */
const OUTPUT_BYTES = 65_536;

const NO_BYTES = new Uint8Array(0);

const U32_MAX = 0xffffffff;

/** Header members that can be set until the final header is taken. */
type CounterName = "captureEnd" | "lost" | "misordered" | "corrupt" | "sequenceResets";

/**
 * Encodes a flow file piece by piece.
 *
 * `header()`, then what the `encode…` methods and `flush()` give, then `finish()`; where the file can
 * be rewritten, `finalHeader()` replaces the first bytes. Chunks are alive until the next call.
 *
 * @example
 * ```ts
 * import { FlowBatch } from "@flowtools/flow-model";
 * import { decodeFtHeader, findFtLayout, FtStreamEncoder } from "@flowtools/ft-format";
 * import { assertEquals } from "@std/assert";
 *
 * const encoder = new FtStreamEncoder({ version: 7, byteOrder: "big", comments: "example" });
 * const first = encoder.header();
 * const batch = new FlowBatch();
 * batch.append(findFtLayout(7)!.schema, { srcaddr: "192.0.2.1" });
 * const [records] = encoder.encodeBatch(batch);
 * assertEquals(records.length, 68);
 * assertEquals(encoder.finish().length, 0);
 *
 * encoder.lost = 3;
 * const last = encoder.finalHeader();
 * assertEquals(last.length, first.length);
 * assertEquals(decodeFtHeader(last).flowCount, 1);
 * assertEquals(decodeFtHeader(last).lost, 3);
 * ```
 */
export class FtStreamEncoder {
  /** What the records look like. */
  readonly layout: RecordLayout;
  /** Values that did not fit their field and were replaced, by field. */
  readonly misfits: Map<FlowFieldName, number> = new Map();
  readonly #littleEndian: boolean;
  readonly #header: { -readonly [Name in keyof FtHeaderFields]: FtHeaderFields[Name] };
  readonly #headerSize: number;
  readonly #deflater: Deflater | undefined;
  #compressionLevel: number;
  /** Records on their way into the deflater. */
  #piece: Uint8Array = NO_BYTES;
  #output: Uint8Array = new Uint8Array(OUTPUT_BYTES);
  #outputLength = 0;
  #flowCount = 0;
  #finished = false;

  /**
   * Makes an encoder.
   *
   * @param options Version, byte order, compression and header fields
   * @throws {RangeError} There is no layout for the version, a value does not fit its header field,
   * or the header has more than 16,384 bytes
   */
  constructor(options: FtWriteOptions) {
    const { version, aggregation, compressionLevel = 0, zlib = PORTABLE_ZLIB } = options;
    const layout = findFtLayout(version, aggregation);
    if (layout === undefined) {
      throw new RangeError(
        `Cannot write flow file: no layout is known for ${versionLabel(version, aggregation)} ` +
          `records, expected v1, v5, v6, v7, v8.1 to v8.14 or v1005`,
      );
    }
    if (!Number.isInteger(compressionLevel) || compressionLevel < 0 || compressionLevel > 9) {
      throw new RangeError(
        `Cannot write flow file: compression level is ${compressionLevel}, expected 0 to 9`,
      );
    }
    this.layout = layout;
    this.#littleEndian = options.byteOrder !== "big";
    this.#header = firstHeader(options);
    const size = encodeFtHeader(this.#header).length;
    if (size > HEADER_BYTES_MAX_WRITTEN) {
      throw new RangeError(
        `Cannot write flow file: its header has ${size} bytes, ` +
          `expected at most ${HEADER_BYTES_MAX_WRITTEN}`,
      );
    }
    this.#headerSize = size;
    this.#compressionLevel = compressionLevel;
    if (compressionLevel > 0) this.#deflater = zlib.createDeflater(compressionLevel);
  }

  /** Flows encoded. */
  get flowCount(): number {
    return this.#flowCount;
  }

  /** The level at which records are compressed; 0 for not at all. */
  get compressionLevel(): number {
    return this.#compressionLevel;
  }

  /** When the capture ended, Unix seconds. */
  get captureEnd(): number | undefined {
    return this.#header.captureEnd;
  }

  set captureEnd(value: number) {
    this.#set("captureEnd", value);
  }

  /** Flows that never arrived. */
  get lost(): number | undefined {
    return this.#header.lost;
  }

  set lost(value: number) {
    this.#set("lost", value);
  }

  /** Flows that arrived out of order. */
  get misordered(): number | undefined {
    return this.#header.misordered;
  }

  set misordered(value: number) {
    this.#set("misordered", value);
  }

  /** Packets that could not be decoded. */
  get corrupt(): number | undefined {
    return this.#header.corrupt;
  }

  set corrupt(value: number) {
    this.#set("corrupt", value);
  }

  /** Times that the sequence began anew. */
  get sequenceResets(): number | undefined {
    return this.#header.sequenceResets;
  }

  set sequenceResets(value: number) {
    this.#set("sequenceResets", value);
  }

  /**
   * The header with which the file begins.
   *
   * @returns Its bytes
   */
  header(): Uint8Array {
    return encodeFtHeader(this.#header, this.#headerSize);
  }

  /**
   * The header of the complete file: marked as done, with the counters as they are now.
   *
   * @returns As many bytes as {@linkcode FtStreamEncoder.header} gave
   */
  finalHeader(): Uint8Array {
    const flags = ((this.#header.flags & ~FT_FLAGS.STREAMING) | FT_FLAGS.DONE) >>> 0;
    const { flowCount } = this.#header;
    return encodeFtHeader({
      ...this.#header,
      flags,
      flowCount: flowCount === undefined ? undefined : Math.min(this.#flowCount, U32_MAX),
    }, this.#headerSize);
  }

  /**
   * Encodes rows of a batch. Fields that a row's schema lacks are 0; whether that is wanted is for
   * the caller to ask (`canConvert`, `lostFields`).
   *
   * @param batch The flows; it must keep every column of the layout
   * @param from First row; default 0
   * @param to Row after the last; default all
   * @returns The bytes to write, in order
   * @throws {FlowAttributeError} The batch lacks a column that the layout needs
   */
  encodeBatch(batch: FlowBatch, from: number = 0, to: number = batch.length): Uint8Array[] {
    this.#begin();
    const count = to - from;
    if (this.#deflater === undefined) {
      this.#reserve(count * this.layout.size);
      this.#store(batch, from, count, this.#output);
      this.#outputLength = count * this.layout.size;
    } else {
      const piece = this.#usePiece();
      for (let row = from; row < to; row += PIECE_RECORDS) {
        const records = Math.min(PIECE_RECORDS, to - row);
        this.#store(batch, row, records, piece);
        this.#deflate(piece, records * this.layout.size, "none");
      }
    }
    this.#flowCount += count;
    return this.#chunks();
  }

  /**
   * Encodes records that are stored in the same layout, without decoding them; in the same byte
   * order and not compressed they pass through as they are.
   *
   * @param block The records
   * @returns The bytes to write, in order
   * @throws {RangeError} The records have another layout
   */
  encodeBlock(block: RecordBlock): Uint8Array[] {
    if (block.layout !== this.layout) {
      throw new RangeError(
        `Cannot pass records through: they are ${block.layout.title}s, ` +
          `expected ${this.layout.title}s`,
      );
    }
    this.#begin();
    this.#flowCount += block.count;
    const sameOrder = block.littleEndian === this.#littleEndian;
    if (this.#deflater === undefined) {
      if (sameOrder) return [recordBytes(block)];
      this.#reserve(block.count * this.layout.size);
      swapRecords(block, new DataView(this.#output.buffer));
      this.#outputLength = block.count * this.layout.size;
    } else if (sameOrder) {
      const bytes = recordBytes(block);
      this.#deflate(bytes, bytes.length, "none");
    } else {
      const piece = this.#usePiece();
      const view = new DataView(piece.buffer);
      for (let done = 0; done < block.count; done += PIECE_RECORDS) {
        const count = Math.min(PIECE_RECORDS, block.count - done);
        swapRecords({ ...block, offset: block.offset + done * this.layout.size, count }, view);
        this.#deflate(piece, count * this.layout.size, "none");
      }
    }
    return this.#chunks();
  }

  /**
   * Brings out everything encoded so far, so that a reader of what is written can read it: a sync
   * flush of zlib. It costs some compression. Plain records are never held back.
   *
   * @returns The bytes to write, maybe none
   */
  flush(): Uint8Array {
    this.#begin();
    this.#deflate(NO_BYTES, 0, "sync");
    return this.#output.subarray(0, this.#outputLength);
  }

  /**
   * Goes on at another compression level, as a writer does who runs out of time: 0 stores records as
   * they are, but within the zlib stream, so that the file stays one file. Where the zlib at hand
   * cannot change its level, or the file is not compressed at all, everything stays as it is.
   *
   * @param level 0 (fastest) to 9 (small)
   * @returns The bytes to write, maybe none: what was held back, as `flush()` gives it
   */
  setCompressionLevel(level: number): Uint8Array {
    if (!Number.isInteger(level) || level < 0 || level > 9) {
      throw new RangeError(`Cannot change compression level: it is ${level}, expected 0 to 9`);
    }
    const deflater = this.#deflater;
    if (deflater?.setLevel === undefined || level === this.#compressionLevel) return NO_BYTES;
    const held = this.flush();
    deflater.setLevel(level);
    this.#compressionLevel = level;
    return held;
  }

  /**
   * Ends the records.
   *
   * @returns The last bytes to write, maybe none
   */
  finish(): Uint8Array {
    this.#begin();
    this.#deflate(NO_BYTES, 0, "finish");
    this.close();
    return this.#output.subarray(0, this.#outputLength);
  }

  /** Frees what the encoder holds; `finish()` does that too. */
  close(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#deflater?.close();
  }

  #set(name: CounterName, value: number): void {
    if (this.#header[name] === undefined) {
      throw new RangeError(
        `Cannot set ${name}: the header has no room for it, since the options left it out`,
      );
    }
    this.#header[name] = value;
  }

  #begin(): void {
    if (this.#finished) {
      throw new FlowToolsError("finished", "Cannot encode flows: the file is finished");
    }
    this.#outputLength = 0;
  }

  #store(batch: FlowBatch, from: number, count: number, target: Uint8Array): void {
    const view = new DataView(target.buffer);
    batch.storeRecords(this.layout, from, count, view, 0, this.#littleEndian, this.misfits);
  }

  #usePiece(): Uint8Array {
    if (this.#piece.length === 0) this.#piece = new Uint8Array(PIECE_RECORDS * this.layout.size);
    return this.#piece;
  }

  #chunks(): Uint8Array[] {
    return this.#outputLength === 0 ? [] : [this.#output.subarray(0, this.#outputLength)];
  }

  #deflate(input: Uint8Array, length: number, flush: ZlibFlush): void {
    if (this.#deflater === undefined) return;
    let read = 0;
    while (true) {
      this.#reserve(this.#outputLength + OUTPUT_BYTES);
      const room = this.#output.length - this.#outputLength;
      const step = this.#deflater.step(
        input,
        read,
        length - read,
        this.#output,
        this.#outputLength,
        room,
        flush,
      );
      read += step.read;
      this.#outputLength += step.written;
      if (step.written < room && read === length) return;
    }
  }

  #reserve(length: number): void {
    if (this.#output.length >= length) return;
    const grown = new Uint8Array(Math.max(length, 2 * this.#output.length));
    grown.set(this.#output.subarray(0, this.#outputLength));
    this.#output = grown;
  }
}

function firstHeader(options: FtWriteOptions): FtHeaderFields {
  const { version, captureStart, streaming = false, compressionLevel = 0 } = options;
  const counter = (value: number | false | undefined, present = !streaming) =>
    value === false ? undefined : value ?? (present ? 0 : undefined);
  return {
    byteOrder: options.byteOrder ?? "little",
    exportVersion: version,
    aggregation: version === 8 ? options.aggregation : undefined,
    aggregationVersion: version === 8 ? 2 : undefined,
    vendor: options.vendor,
    exporterAddress: options.exporterAddress,
    captureStart,
    captureEnd: counter(options.captureEnd, !streaming && captureStart !== undefined),
    flags: ((options.flags ?? 0) | (streaming ? FT_FLAGS.STREAMING : 0) |
      (compressionLevel > 0 ? FT_FLAGS.COMPRESS : 0)) >>> 0,
    rotation: options.rotation,
    flowCount: counter(options.flowCount),
    lost: counter(options.lost),
    misordered: options.misordered,
    corrupt: counter(options.corrupt),
    sequenceResets: counter(options.sequenceResets),
    hostname: options.hostname,
    comments: options.comments,
    ifNames: options.ifNames ?? [],
    ifAliases: options.ifAliases ?? [],
    unknown: options.unknown ?? [],
  };
}
