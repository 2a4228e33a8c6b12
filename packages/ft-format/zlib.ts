import type { InflaterProvider, ZlibStep } from "@flowtools/flow-model";

export type { Inflater, InflaterProvider, ZlibRange, ZlibStep } from "@flowtools/flow-model";

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
export interface ZlibProvider extends InflaterProvider {
  /** Begins to deflate a stream at a level from 1 (fast) to 9 (small). */
  createDeflater(level: number): Deflater;
}
