/** Bounds of this package, each with its reason. */

/**
 * Header bytes at most when reading. Headers list interface names, so they may exceed what the
 * reference writes, but a damaged size field must not make a reader buffer gigabytes.
 */
export const HEADER_BYTES_MAX: number = 1 << 20;

/** Header bytes at most when writing: flow-tools encodes into a buffer of this size. */
export const HEADER_BYTES_MAX_WRITTEN = 16_384;

/** Bytes inflated at a time: small enough for the processor's cache, large enough to be quick. */
export const INFLATE_BUFFER_BYTES: number = 256 * 1024;

/**
 * Inflated bytes of a file at most: 17 billion v5 records, more than the 32-bit flow counter of the
 * header can tell. Memory is bounded by the buffer anyway; this bounds the time a bomb can take.
 */
export const INFLATED_BYTES_MAX: number = 2 ** 40;

/** Bytes that a file reader asks for at a time: fewer, larger reads gain nothing beyond this. */
export const READ_CHUNK_BYTES: number = 1 << 20;

/** Bytes that writers collect before they write: the reference's small writes cost it most. */
export const WRITE_BUFFER_BYTES: number = 64 * 1024;

/** Bounds that a reader can be told to change. */
export interface FtLimits {
  /** Header bytes at most; default {@linkcode HEADER_BYTES_MAX}. */
  readonly headerBytesMax?: number;
  /** Bytes inflated at a time, hence the memory used; default {@linkcode INFLATE_BUFFER_BYTES}. */
  readonly inflateBufferBytes?: number;
  /** Inflated bytes of a file at most; default {@linkcode INFLATED_BYTES_MAX}. */
  readonly inflatedBytesMax?: number;
}
