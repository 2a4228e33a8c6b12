import { FlowBatch, type RecordLayout } from "@flowtools/flow-model";
import {
  FT_LAYOUTS,
  FtFormatError,
  type FtHeader,
  type FtReadOptions,
  FtStreamDecoder,
  FtStreamEncoder,
  type FtWriteOptions,
  recordBytes,
} from "../mod.ts";

/** What reading some bytes gave. */
export interface Reading {
  readonly header?: FtHeader;
  /** The records as they are stored, one after the other. */
  readonly bytes: Uint8Array;
  /** How many records each block had. */
  readonly counts: number[];
  readonly flows: Record<string, unknown>[];
  readonly errors: FtFormatError[];
}

/** Joins chunks. */
export function join(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Cuts bytes into chunks of the given sizes, over and over. */
export function* cut(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length];
    yield bytes.slice(at, at + size);
    at += size;
  }
}

/** Pushes chunks through a decoder and collects what comes out, errors too. */
export function readChunks(chunks: Iterable<Uint8Array>, options: FtReadOptions = {}): Reading {
  const decoder = new FtStreamDecoder(options);
  const reading = {
    bytes: [] as Uint8Array[],
    counts: [] as number[],
    flows: [] as Record<string, unknown>[],
    errors: [] as FtFormatError[],
  };
  const batch = new FlowBatch();
  const guard = (action: () => void) => {
    try {
      action();
    } catch (error) {
      if (!(error instanceof FtFormatError)) throw error;
      reading.errors.push(error);
    }
  };
  const readBlocks = () =>
    guard(() => {
      for (let block = decoder.readBlock(); block; block = decoder.readBlock()) {
        reading.bytes.push(recordBytes(block).slice());
        reading.counts.push(block.count);
        for (let done = 0; done < block.count;) {
          batch.reset();
          const { layout, view, offset, count, littleEndian } = block;
          const at = offset + done * layout.size;
          done += batch.appendRecords(layout, view, at, count - done, littleEndian);
          for (const flow of batch) reading.flows.push(flow.toObject());
        }
      }
    });
  for (const chunk of chunks) {
    decoder.push(chunk);
    readBlocks();
  }
  guard(() => decoder.finish());
  readBlocks();
  guard(() => decoder.finish());
  decoder.close();
  return { ...reading, bytes: join(reading.bytes), header: decoder.header };
}

/** A whole file of records that are given as bytes, in the byte order of the options. */
export function writeFile(records: Uint8Array, options: FtWriteOptions): Uint8Array<ArrayBuffer> {
  const encoder = new FtStreamEncoder(options);
  const chunks = [encoder.header()];
  const count = records.length / encoder.layout.size;
  if (count > 0) {
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
    const littleEndian = options.byteOrder !== "big";
    const block = { layout: encoder.layout, view, offset: 0, count, littleEndian };
    chunks.push(...encoder.encodeBlock(block).map((chunk) => chunk.slice()));
  }
  chunks.push(encoder.finish().slice());
  return join(chunks);
}

/** Sets the reserved bytes of records to 0, as an encoder does. */
export function clearReserved(records: Uint8Array, layout: RecordLayout): Uint8Array {
  for (let record = 0; record < records.length; record += layout.size) {
    for (const { reserved, offset, width } of layout.rows) {
      if (reserved) records.fill(0, record + offset, record + offset + width);
    }
  }
  return records;
}

/** The layouts that can be written. */
export const LAYOUTS_3: readonly RecordLayout[] = FT_LAYOUTS.filter(({ rows }) =>
  rows.every(({ scale }) => scale === undefined)
);

/** Records of any bytes, the same ones each time. */
export function sampleRecords(layout: RecordLayout, count: number): Uint8Array {
  const bytes = new Uint8Array(count * layout.size);
  for (let i = 0, state = 12345; i < bytes.length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[i] = state >>> 16;
  }
  return bytes;
}
