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

/** Makes inflaters, as an implementation of zlib does. */
export interface InflaterProvider {
  /** Begins to inflate a stream. */
  createInflater(): Inflater;
}
