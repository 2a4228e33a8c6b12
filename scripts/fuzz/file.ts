/** Fuzz targets: flow files, plain and compressed, through the push decoder. */
import { FlowBatch, type RecordLayout } from "@flowtools/flow-model";
import {
  FT_FLAGS,
  FtFormatError,
  type FtHeader,
  type FtReadOptions,
  type FtReason,
  FtStreamDecoder,
  PORTABLE_ZLIB,
  type RecordBlock,
  recordBytes,
} from "@flowtools/ft-format";
import { NATIVE_ZLIB } from "@flowtools/ft-format/deno";
import type { Random } from "../random.ts";
import { compressedFiles, plainFiles } from "./flow_files.ts";
import {
  ensure,
  type FuzzSubject,
  type FuzzTarget,
  randomChunks,
  sameBytes,
  tally,
} from "./target.ts";

/** The most that deflate can say with one byte. */
const INFLATE_RATIO_MAX = 1032;

/** Rows converted at a time. */
const ROWS_MAX = 512;

/**
 * Errors that tell what was seen when they were noticed: the bytes that came so far, or where the
 * inflater stood.
 */
const VARYING_MESSAGES: ReadonlySet<FtReason> = new Set([
  "bad-magic",
  "bad-zlib",
  "trailing-bytes",
  "inflated-too-large",
]);

/** Plain flow files. */
export const FILE_TARGET: FuzzTarget = {
  name: "file",
  doc: "plain flow files: FtStreamDecoder in one piece and in random ones, against the bytes",
  runs: 200_000,
  prepare: () => new FileSubject(),
};

/** Compressed flow files. */
export const ZFILE_TARGET: FuzzTarget = {
  name: "zfile",
  doc: "compressed flow files: native and portable zlib, in one piece and in random ones",
  runs: 20_000,
  prepare: () => new ZfileSubject(),
};

class FileSubject implements FuzzSubject {
  readonly corpus = plainFiles();
  readonly outcomes = new Map<string, number>();
  readonly #whole = new Reading();
  readonly #pieces = new Reading();
  readonly #rows = new RowCheck();

  check(input: Uint8Array, random: Random): void {
    const whole = this.#whole;
    // A bit may say that the records are compressed; that costs a large buffer unless told not to.
    const options: FtReadOptions = { limits: { inflateBufferBytes: 4096 } };
    whole.read([input], options, random.oneIn(4) ? this.#rows : undefined);
    tally(this.outcomes, whole.error?.code ?? "faultless");
    checkPlain(input, whole);
    this.#pieces.read(randomChunks(input, random), options);
    ensureAlike(whole, this.#pieces);
  }
}

/** What a plain file gives is its bytes: all whole records, and an error for what is left. */
function checkPlain(input: Uint8Array, { header, layout, error, records }: Reading): void {
  if (layout === undefined) {
    ensure(error !== undefined, "neither records nor an error");
    ensure(records.length === 0, "records of an unknown layout");
    return;
  }
  if ((header!.flags & FT_FLAGS.COMPRESS) !== 0) return;
  const left = (input.length - header!.size) % layout.size;
  const end = input.length - left;
  ensure(sameBytes(records, input.subarray(header!.size, end)), "records are not those stored");
  ensure(error?.code === (left > 0 ? "truncated-record" : undefined), "the end is misjudged");
}

class ZfileSubject implements FuzzSubject {
  readonly corpus = compressedFiles();
  readonly outcomes = new Map<string, number>();
  readonly #first = new Reading();
  readonly #other = new Reading();
  readonly #rows = new RowCheck();

  check(input: Uint8Array, random: Random): void {
    const first = this.#first;
    // The size of the buffer is a matter of speed; one that holds less than a record is allowed.
    const inflateBufferBytes = random.pick([1, 100, 1000, 4096, 65_536]);
    const native: FtReadOptions = { zlib: NATIVE_ZLIB, limits: { inflateBufferBytes } };
    const portable: FtReadOptions = { zlib: PORTABLE_ZLIB, limits: { inflateBufferBytes: 4096 } };
    first.read([input], native, random.oneIn(4) ? this.#rows : undefined);
    tally(this.outcomes, first.error?.code ?? "faultless");
    checkPlain(input, first);
    ensure(first.records.length <= input.length * INFLATE_RATIO_MAX, "records out of nothing");
    this.#other.read([input], portable);
    ensureAlike(first, this.#other);
    this.#other.read(randomChunks(input, random), random.oneIn(2) ? native : portable);
    ensureAlike(first, this.#other);
    if (random.oneIn(4)) this.#checkLimit(input, random.int(4000), inflateBufferBytes);
  }

  /** A limit of inflated bytes ends the records early, and changes none. */
  #checkLimit(input: Uint8Array, inflatedBytesMax: number, inflateBufferBytes: number): void {
    const limits = { inflatedBytesMax, inflateBufferBytes };
    this.#other.read([input], { zlib: NATIVE_ZLIB, limits });
    const { records, error, layout } = this.#other;
    if (error?.code !== "inflated-too-large") return ensureAlike(this.#first, this.#other);
    const most = inflatedBytesMax + Math.max(inflateBufferBytes, layout!.size);
    ensure(records.length <= most, "more was inflated than the limit and a buffer");
    ensure(
      sameBytes(records, this.#first.records.subarray(0, records.length)),
      "the limit changes records",
    );
  }
}

/** What a decoder gave for some bytes. It is used again and again: it keeps its memory. */
class Reading {
  header: FtHeader | undefined;
  layout: RecordLayout | undefined;
  error: FtFormatError | undefined;
  #bytes = new Uint8Array(1 << 16);
  #length = 0;

  /** The records, one after the other. */
  get records(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Reads a file; only one error, and that of the right class, may be thrown. */
  read(chunks: Iterable<Uint8Array>, options: FtReadOptions, rows?: RowCheck): void {
    this.error = undefined;
    this.#length = 0;
    const decoder = new FtStreamDecoder(options);
    try {
      for (const chunk of chunks) {
        decoder.push(chunk);
        this.#guard(() => this.#drain(decoder, rows));
      }
      this.#guard(() => decoder.finish());
      this.#guard(() => this.#drain(decoder, rows));
      this.#guard(() => decoder.finish());
      ensure(decoder.readBlock() === undefined, "a block after the last one");
      ensure(decoder.error === this.error, "the error that is told is not the one thrown");
    } finally {
      decoder.close();
    }
    this.header = decoder.header;
    this.layout = decoder.layout;
    const size = this.layout?.size ?? 1;
    ensure(this.#length === decoder.recordsRead * size, "recordsRead is not what was delivered");
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof FtFormatError)) throw error;
      ensure(this.error === undefined, "more than one error");
      ensure(!/undefined|NaN/.test(error.message), "the message lacks a value");
      this.error = error;
    }
  }

  #drain(decoder: FtStreamDecoder, rows: RowCheck | undefined): void {
    for (let block = decoder.readBlock(); block !== undefined; block = decoder.readBlock()) {
      ensure(this.error === undefined, "a block after the error");
      ensure(block.count > 0 && block.layout === decoder.layout, "a block of no records");
      this.#add(recordBytes(block));
      rows?.check(block);
    }
  }

  #add(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(2 * needed);
      grown.set(this.records);
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = needed;
  }
}

function ensureAlike(a: Reading, b: Reading): void {
  ensure(a.error?.code === b.error?.code, "another way of reading gives another error");
  ensure(a.layout === b.layout, "another way of reading gives another layout");
  ensure(sameBytes(a.records, b.records), "another way of reading gives other records");
  if (a.error !== undefined && !VARYING_MESSAGES.has(a.error.code)) {
    ensure(a.error.message === b.error?.message, "another way of reading gives another message");
  }
}

/** Records become flows, and the same records again. */
class RowCheck {
  readonly #batch = new FlowBatch({ capacity: ROWS_MAX });
  #stored = new Uint8Array(0);

  check({ layout, view, offset, count, littleEndian }: RecordBlock): void {
    const rows = Math.min(count, ROWS_MAX);
    this.#batch.reset();
    this.#batch.appendRecords(layout, view, offset, rows, littleEndian);
    JSON.stringify(this.#batch.flow(rows - 1));
    // Stream version 1 has fields in other units, which can be read only.
    if (layout.rows.some(({ scale }) => scale !== undefined)) return;
    const bytes = rows * layout.size;
    if (this.#stored.length < bytes) this.#stored = new Uint8Array(bytes);
    const target = new DataView(this.#stored.buffer);
    const misfits = new Map();
    this.#batch.storeRecords(layout, 0, rows, target, 0, littleEndian, misfits);
    ensure(misfits.size === 0, "values of a record do not fit a record");
    for (const row of layout.rows) {
      if (row.reserved) continue;
      for (let record = 0; record < bytes; record += layout.size) {
        for (let at = record + row.offset; at < record + row.offset + row.width; at++) {
          if (this.#stored[at] !== view.getUint8(offset + at)) {
            ensure(false, `${row.name} of a record is not what was stored`);
          }
        }
      }
    }
  }
}
