/**
 * The flow-tools file format: read and write, any version, either byte order, plain or zlib, from
 * bytes to bytes. Runs wherever JavaScript does; `@flowtools/ft-format/deno` opens files.
 *
 * ```ts
 * import { FlowBatch } from "@flowtools/flow-model";
 * import { createFtStream, findFtLayout, readFtStream } from "@flowtools/ft-format";
 * import { assertEquals } from "@std/assert";
 *
 * const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
 * const reading = readFtStream(readable);
 *
 * const flows = new FlowBatch();
 * flows.append(findFtLayout(5)!.schema, { srcaddr: "192.0.2.1", dOctets: 1500 });
 * const stream = createFtStream(writable.getWriter(), { version: 5, comments: "example" });
 * const writing = stream.writeBatch(flows).then(() => stream.close());
 *
 * const reader = await reading;
 * assertEquals(reader.header.comments, "example");
 * const batch = new FlowBatch({ columns: ["srcaddr", "dOctets"] });
 * for await (const { layout, view, offset, count, littleEndian } of reader.blocks()) {
 *   batch.appendRecords(layout, view, offset, count, littleEndian);
 * }
 * await writing;
 * assertEquals(batch.flow(0).srcaddr, "192.0.2.1");
 * ```
 *
 * @module
 */
export * from "./convert.ts";
export * from "./decode_stream.ts";
export * from "./encode_stream.ts";
export { type FtFault, FtFormatError, type FtReason } from "./errors.ts";
export * from "./file_tree.ts";
export {
  decodeFtHeader,
  encodeFtHeader,
  FT_FLAGS,
  type FtHeader,
  type FtHeaderFields,
  type FtHeaderOptions,
  ftHeaderSize,
} from "./header.ts";
export * from "./limits.ts";
export * from "./portable_zlib.ts";
export { type RecordBlock, recordBytes } from "./record_block.ts";
export * from "./records.ts";
export { type FtReader, readFtStream } from "./read_stream.ts";
export {
  describeTlvs,
  FT_TLVS,
  type IfAlias,
  type IfName,
  type RawTlv,
  type TlvDescription,
  type TlvKind,
  type TlvRow,
} from "./tlv.ts";
export * from "./write_stream.ts";
export * from "./zlib.ts";
