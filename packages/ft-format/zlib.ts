/** What one step of a zlib stream did. */
export interface ZlibStep {
  /** Input bytes that were used up. */
  readonly read: number;
  /** Output bytes that were produced. */
  readonly written: number;
  /** Whether the stream is known to have ended. */
  readonly done: boolean;
  /** What is wrong with the input; what was produced before the damage is in the output. */
  readonly error?: string;
}

/** A synchronous step of a zlib stream: from a part of `input` into a part of `output`. */
export type ZlibRange = (
  input: Uint8Array,
  inputOffset: number,
  inputLength: number,
  output: Uint8Array,
  outputOffset: number,
  outputLength: number,
) => ZlibStep;

/** Inflates a zlib stream (RFC 1950) step by step. */
export interface Inflater {
  /**
   * Inflates until the input is used up or the output is full, whichever is first. A full output
   * may leave more to come: the next step can produce bytes without input.
   */
  step: ZlibRange;
  /**
   * Whether the stream has ended. A step may use the stream's last byte without noticing that it
   * was the last; this asks, when no input is left, and the inflater is of no use after it.
   */
  ended(): boolean;
  /** Frees what the inflater holds. */
  close(): void;
}

/** How much of what went in must come out. */
export type ZlibFlush =
  /** What suits compression. */
  | "none"
  /** All of it; the stream goes on. */
  | "sync"
  /** All of it, and the end of the stream. */
  | "finish";

/** Deflates into a zlib stream (RFC 1950) step by step. */
export interface Deflater {
  /**
   * Deflates a part of `input`. To be called again, with what is left of the input and the same
   * `flush`, as long as it fills the output; `done` says that the stream has ended.
   */
  step(
    input: Uint8Array,
    inputOffset: number,
    inputLength: number,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number,
    flush: ZlibFlush,
  ): ZlibStep;
  /**
   * Goes on at another level, 0 (stored as it is) to 9 (small). Everything before must have been
   * brought out by steps with `sync`. Absent where an implementation cannot do that.
   */
  setLevel?(level: number): void;
  /** Frees what the deflater holds. */
  close(): void;
}

/** An implementation of zlib. */
export interface ZlibProvider {
  /** Begins to inflate a stream. */
  createInflater(): Inflater;
  /** Begins to deflate a stream at a level from 1 (fast) to 9 (small). */
  createDeflater(level: number): Deflater;
}
