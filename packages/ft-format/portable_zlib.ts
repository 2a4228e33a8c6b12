import { Deflate, Inflate } from "pako";
import type { Deflater, Inflater, ZlibFlush, ZlibProvider, ZlibStep } from "./zlib.ts";

/**
 * Input bytes given to pako at a time. It inflates all that it is given into memory, up to 1032
 * times as much, so that this bounds what waits to be taken to about a megabyte.
 */
const PIECE_BYTES = 1024;

/** Bytes of the arrays that pako inflates into. */
const CHUNK_BYTES = 65_536;

const Z_OK = 0;
const FLUSH_CODES: Readonly<Record<ZlibFlush, number>> = { none: 0, sync: 2, finish: 4 };

/** Raw deflate data with a window of 32 KiB, without the wrapper of RFC 1950. */
const RAW_WINDOW_BITS = -15;

/** Bytes that wait to be taken, oldest first. */
class ByteQueue {
  readonly #chunks: Uint8Array[] = [];
  #head = 0;

  get empty(): boolean {
    return this.#chunks.length === 0;
  }

  add(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#chunks.push(chunk);
  }

  /** Moves as much as fits; returns how much that is. */
  take(output: Uint8Array, offset: number, length: number): number {
    let taken = 0;
    while (taken < length && this.#chunks.length > 0) {
      const chunk = this.#chunks[0];
      const part = chunk.subarray(this.#head, this.#head + length - taken);
      output.set(part, offset + taken);
      taken += part.length;
      this.#head += part.length;
      if (this.#head === chunk.length) {
        this.#chunks.shift();
        this.#head = 0;
      }
    }
    return taken;
  }
}

/**
 * Inflates with pako. The two bytes before and the checksum after the raw data are read here: left
 * to itself pako takes bytes behind the end of a stream for another one.
 */
class PortableInflater implements Inflater {
  readonly #inflate = new Inflate({ windowBits: RAW_WINDOW_BITS, chunkSize: CHUNK_BYTES });
  readonly #queue = new ByteQueue();
  /** Bytes of pako's current output that are in the queue already. */
  #queued = 0;
  #phase: "header" | "data" | "checksum" | "done" = "header";
  /** The bytes of the header or the checksum, as far as they are there. */
  #wrapper: number[] = [];
  #sums: Adler32 = { a: 1, b: 0 };
  #status = Z_OK;
  #error: string | undefined;

  constructor() {
    this.#inflate.onData = (chunk) => this.#collect(chunk);
    this.#inflate.onEnd = (status) => this.#status = status;
  }

  step(
    input: Uint8Array,
    inputOffset: number,
    inputLength: number,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number,
  ): ZlibStep {
    let read = 0;
    let written = 0;
    while (true) {
      written += this.#queue.take(output, outputOffset + written, outputLength - written);
      if (!this.#queue.empty) return { read, written, done: false };
      if (this.#error !== undefined) return { read, written, done: false, error: this.#error };
      if (this.#phase === "done") return { read, written, done: true };
      if (read === inputLength) return { read, written, done: false };
      const end = inputOffset + Math.min(read + PIECE_BYTES, inputLength);
      read += this.#feed(input.subarray(inputOffset + read, end));
    }
  }

  ended(): boolean {
    return this.#phase === "done" && this.#queue.empty;
  }

  close(): void {}

  #feed(piece: Uint8Array): number {
    if (this.#phase === "data") return this.#feedData(piece);
    this.#wrapper.push(piece[0]);
    if (this.#phase === "header" && this.#wrapper.length === 2) this.#checkHeader();
    if (this.#phase === "checksum" && this.#wrapper.length === 4) this.#checkSum();
    return 1;
  }

  #feedData(piece: Uint8Array): number {
    this.#inflate.push(piece, FLUSH_CODES.sync);
    const { strm } = this.#inflate;
    if (this.#status !== Z_OK) this.#error = strm.msg || `status ${this.#status}`;
    if (this.#inflate.ended && this.#error === undefined) {
      this.#phase = "checksum";
    } else {
      const { next_out } = strm;
      this.#collect(strm.output.subarray(0, next_out));
      this.#queued = next_out;
    }
    return piece.length - strm.avail_in;
  }

  #collect(chunk: Uint8Array): void {
    const fresh = chunk.subarray(this.#queued);
    this.#queued = 0;
    addToAdler32(this.#sums, fresh);
    this.#queue.add(fresh);
  }

  #checkHeader(): void {
    const [method, flags] = this.#wrapper;
    this.#wrapper = [];
    if ((method * 256 + flags) % 31 !== 0) this.#error = "incorrect header check";
    else if ((method & 15) !== 8) this.#error = "unknown compression method";
    else if (method >> 4 > 7) this.#error = "invalid window size";
    else if ((flags & 32) !== 0) this.#error = "need dictionary";
    this.#phase = "data";
  }

  #checkSum(): void {
    const [b1, b0, a1, a0] = this.#wrapper;
    const { a, b } = this.#sums;
    if (b1 * 256 + b0 === b && a1 * 256 + a0 === a) this.#phase = "done";
    else this.#error = "incorrect data check";
  }
}

/** The two sums of RFC 1950's checksum. */
interface Adler32 {
  a: number;
  b: number;
}

/** Bytes that can be added before the sums must be reduced, to stay exact in 32 bits. */
const ADLER32_RUN = 3800;

function addToAdler32(sums: Adler32, bytes: Uint8Array): void {
  let { a, b } = sums;
  for (let start = 0; start < bytes.length; start += ADLER32_RUN) {
    const end = Math.min(start + ADLER32_RUN, bytes.length);
    for (let i = start; i < end; i++) {
      a += bytes[i];
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  sums.a = a;
  sums.b = b;
}

class PortableDeflater implements Deflater {
  readonly #deflate: Deflate;
  readonly #queue = new ByteQueue();
  #ended = false;

  constructor(level: number) {
    this.#deflate = new Deflate({ level, chunkSize: CHUNK_BYTES });
    this.#deflate.onData = (chunk) => this.#queue.add(chunk);
    this.#deflate.onEnd = () => this.#ended = true;
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
    const take = () => this.#queue.take(output, outputOffset, outputLength);
    if (this.#queue.empty && !this.#ended) {
      const part = input.subarray(inputOffset, inputOffset + inputLength);
      this.#deflate.push(part, FLUSH_CODES[flush]);
      return { read: inputLength, written: take(), done: this.#ended && this.#queue.empty };
    }
    return { read: 0, written: take(), done: this.#ended && this.#queue.empty };
  }

  close(): void {}
}

/**
 * zlib in JavaScript (npm `pako`), for browsers and wherever there is no other: some five times
 * slower than the native one that `@flowtools/ft-format/deno` uses.
 */
export const PORTABLE_ZLIB: ZlibProvider = {
  createInflater: () => new PortableInflater(),
  createDeflater: (level) => new PortableDeflater(level),
};
