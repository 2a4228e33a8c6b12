import type { RecordLayout } from "@flowtools/flow-model";
import { type FtReadOptions, FtStreamDecoder } from "./decode_stream.ts";
import type { FtHeader } from "./header.ts";
import type { RecordBlock } from "./record_block.ts";

/** A flow file whose header is read. */
export interface FtReader {
  /** What the header tells. */
  readonly header: FtHeader;
  /** What the records look like. */
  readonly layout: RecordLayout;
  /**
   * The records in file order, in blocks as large as reading gives them. Each block is alive until
   * the next is asked for.
   */
  blocks(): AsyncIterable<RecordBlock>;
}

/**
 * Reads a flow file from a stream: its header at once, its records as they are asked for.
 *
 * @param source The bytes, in chunks of any size
 * @param options What inflates, the name of the file, bounds
 * @returns The header, and the records; leaving the loop over `blocks()` cancels the stream
 * @throws {FtFormatError} The header is damaged; damage further on is thrown by `blocks()`, after
 * all whole records before it
 *
 * @example
 * ```ts
 * import { FtStreamEncoder, readFtStream } from "@flowtools/ft-format";
 * import { assertEquals } from "@std/assert";
 *
 * const file = new Blob([new FtStreamEncoder({ version: 5 }).header().slice()]);
 * const reader = await readFtStream(file.stream());
 * assertEquals(reader.header.exportVersion, 5);
 * let flows = 0;
 * for await (const block of reader.blocks()) flows += block.count;
 * assertEquals(flows, 0);
 * ```
 */
export async function readFtStream(
  source: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
  options: FtReadOptions = {},
): Promise<FtReader> {
  const decoder = new FtStreamDecoder(options);
  const chunks = source[Symbol.asyncIterator]();
  try {
    while (decoder.header === undefined && decoder.error === undefined) {
      const { value, done } = await chunks.next();
      if (done) decoder.finish();
      else decoder.push(value);
    }
    if (decoder.error !== undefined) throw decoder.error;
  } catch (error) {
    decoder.close();
    await chunks.return?.();
    throw error;
  }
  return {
    header: decoder.header!,
    layout: decoder.layout!,
    blocks: () => readBlocks(decoder, chunks),
  };
}

async function* readBlocks(
  decoder: FtStreamDecoder,
  chunks: AsyncIterator<Uint8Array>,
): AsyncGenerator<RecordBlock, void, undefined> {
  try {
    while (true) {
      yield* drain(decoder);
      const { value, done } = await chunks.next();
      if (done) break;
      decoder.push(value);
    }
    decoder.finish();
    yield* drain(decoder);
  } finally {
    decoder.close();
    await chunks.return?.();
  }
}

/** All blocks that a decoder can give without more bytes. */
export function* drain(decoder: FtStreamDecoder): Generator<RecordBlock, void, undefined> {
  for (let block = decoder.readBlock(); block !== undefined; block = decoder.readBlock()) {
    yield block;
  }
}
