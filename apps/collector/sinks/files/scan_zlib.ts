import { ADLER_START } from "@flowtools/common/deflate_block";
import { INFLATE_BUFFER_BYTES } from "@flowtools/ft-format";
import { NATIVE_ZLIB } from "@flowtools/ft-format/deno";
import { adler32 } from "./adler32.ts";
import { RECOVERED_TAIL_BYTES } from "./limits.ts";

/** Bytes of a file that are read at a time. */
const READ_BYTES = 256 * 1024;

/** The last four bytes of a sync flush, as a big-endian number. */
const FLUSH_MARK = 0x0000ffff;

/** A place in a zlib stream behind a sync flush, where it can be cut and continued. */
export interface CutPlace {
  /** Bytes of the file before it. */
  readonly offset: number;
  /** Bytes inflated up to it. */
  readonly inflated: number;
  /** Their checksum. */
  readonly adler: number;
}

/** What a compressed file holds. */
export interface ZlibScan {
  /** Whole records. */
  readonly records: number;
  /** The stream ends as it should, behind a whole record. */
  readonly complete: boolean;
  /** The last place at which it can be cut. */
  readonly cut: CutPlace;
  /** The whole records behind that; `undefined` where they are more than are kept. */
  readonly tail: Uint8Array<ArrayBuffer> | undefined;
}

/**
 * Inflates the records of a file, as far as they go.
 *
 * @param file The file; it is read from `start` on
 * @param start Where the zlib stream begins
 * @param recordBytes Bytes of a record
 */
export function scanZlib(file: Deno.FsFile, start: number, recordBytes: number): ZlibScan {
  const scan = new Scan(start, recordBytes);
  const buffer = new Uint8Array(READ_BYTES);
  file.seekSync(start, Deno.SeekMode.Start);
  try {
    while (!scan.over) {
      const length = file.readSync(buffer);
      if (length === null) break;
      scan.push(buffer.subarray(0, length));
    }
    return scan.result();
  } finally {
    scan.close();
  }
}

class Scan {
  /** The stream has ended, or is damaged: what follows is no part of it. */
  over = false;
  readonly #recordBytes: number;
  readonly #inflater = NATIVE_ZLIB.createInflater();
  readonly #output = new Uint8Array(INFLATE_BUFFER_BYTES);
  #offset: number;
  #inflated = 0;
  #adler = ADLER_START;
  /** The last four bytes of input. */
  #last = 0xffffffff;
  #cut: CutPlace;
  /** What was inflated since the cut; nothing is kept where it became too much. */
  #tail: Uint8Array<ArrayBuffer>[] = [];
  #tailBytes = 0;

  constructor(start: number, recordBytes: number) {
    this.#recordBytes = recordBytes;
    this.#offset = start;
    this.#cut = { offset: start, inflated: 0, adler: ADLER_START };
  }

  push(chunk: Uint8Array): void {
    for (let from = 0; from < chunk.length && !this.over;) {
      const to = this.#nextMark(chunk, from);
      this.#inflate(chunk.subarray(from, to));
      from = to;
      if (this.#last === FLUSH_MARK && !this.over) this.#noteCut();
    }
  }

  result(): ZlibScan {
    const records = Math.floor(this.#inflated / this.#recordBytes);
    const length = records * this.#recordBytes - this.#cut.inflated;
    let tail: Uint8Array<ArrayBuffer> | undefined;
    if (this.#tailBytes <= RECOVERED_TAIL_BYTES) {
      const all = new Uint8Array(this.#tailBytes);
      let at = 0;
      for (const part of this.#tail) {
        all.set(part, at);
        at += part.length;
      }
      tail = all.subarray(0, length);
    }
    const ended = !this.over && this.#inflater.ended();
    const complete = ended && records * this.#recordBytes === this.#inflated;
    return { records, complete, cut: this.#cut, tail };
  }

  close(): void {
    this.#inflater.close();
  }

  /** Where the next mark of a flush ends, or the chunk. */
  #nextMark(chunk: Uint8Array, from: number): number {
    let last = this.#last;
    let at = from;
    while (at < chunk.length) {
      last = ((last << 8) | chunk[at++]) >>> 0;
      if (last === FLUSH_MARK) break;
    }
    this.#last = last;
    return at;
  }

  #inflate(bytes: Uint8Array): void {
    const output = this.#output;
    for (let read = 0, full = false; read < bytes.length || full;) {
      const left = bytes.length - read;
      const step = this.#inflater.step(bytes, read, left, output, 0, output.length);
      read += step.read;
      full = step.written === output.length;
      this.#take(output.subarray(0, step.written));
      if (step.error !== undefined || step.done) {
        // Bytes behind the end of the stream are damage too.
        this.over = true;
        return;
      }
    }
    this.#offset += bytes.length;
  }

  #take(bytes: Uint8Array): void {
    this.#inflated += bytes.length;
    this.#adler = adler32(this.#adler, bytes);
    this.#tailBytes += bytes.length;
    if (this.#tailBytes <= RECOVERED_TAIL_BYTES) this.#tail.push(bytes.slice());
    else this.#tail = [];
  }

  #noteCut(): void {
    // Only places between records will do.
    if (this.#inflated % this.#recordBytes !== 0) return;
    this.#cut = { offset: this.#offset, inflated: this.#inflated, adler: this.#adler };
    this.#tail = [];
    this.#tailBytes = 0;
  }
}
