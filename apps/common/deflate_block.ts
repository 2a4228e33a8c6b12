import { NATIVE_ZLIB } from "@flowtools/ft-format/deno";

/** A block deflated on its own, so that blocks can be deflated at once and joined in order. */
export interface DeflatedBlock {
  /** A zlib header, and deflate data up to a byte boundary; the stream is not ended. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Adler-32 of the block's input. */
  readonly adler: number;
}

/** Bytes of the header that a zlib stream begins with. */
export const ZLIB_HEADER_BYTES = 2;

/** An empty final block: two bytes, and then the checksum of the input. */
const FINAL_BLOCK_BYTES = 2;

/** Bytes that a deflated block may take: incompressible input grows a little. */
export function deflatedBytesMax(length: number): number {
  return length + (length >> 8) + 1024;
}

/**
 * Deflates a block, ending at a byte boundary as after a sync flush.
 *
 * @param output Memory for the outcome, `deflatedBytesMax()` bytes
 */
export function deflateBlock(
  block: Uint8Array,
  level: number,
  output: Uint8Array<ArrayBuffer>,
): DeflatedBlock {
  const deflater = NATIVE_ZLIB.createDeflater(level);
  try {
    const data = deflater.step(block, 0, block.length, output, 0, output.length, "sync");
    const room = output.length - data.written;
    // Ending the stream is the way to ask zlib for its checksum.
    const end = deflater.step(block, block.length, 0, output, data.written, room, "finish");
    if (data.read !== block.length || end.written < FINAL_BLOCK_BYTES + 4) {
      throw new Error(`zlib took ${data.read} of ${block.length} bytes`);
    }
    const view = new DataView(output.buffer, data.written + end.written - 4, 4);
    return { bytes: output.subarray(0, data.written), adler: view.getUint32(0) };
  } finally {
    deflater.close();
  }
}

/** The end of a zlib stream: an empty final block and the checksum. */
export function zlibTrailer(adler: number): Uint8Array {
  const bytes = new Uint8Array(FINAL_BLOCK_BYTES + 4);
  bytes[0] = 3;
  new DataView(bytes.buffer).setUint32(FINAL_BLOCK_BYTES, adler);
  return bytes;
}

const ADLER_BASE = 65521;

/** Adler-32 of no bytes. */
export const ADLER_START = 1;

/** The Adler-32 of two blocks in a row, from theirs and the length of the second. */
export function combineAdler(first: number, second: number, secondLength: number): number {
  const low1 = first & 0xffff;
  const high1 = first >>> 16;
  const low2 = second & 0xffff;
  const high2 = second >>> 16;
  const length = secondLength % ADLER_BASE;
  const low = (low1 + low2 + ADLER_BASE - 1) % ADLER_BASE;
  const high = (length * low1 + high1 + high2 + ADLER_BASE - length) % ADLER_BASE;
  return ((high << 16) | low) >>> 0;
}
