/**
 * Flow files on disk, pipes and standard input, with Deno's own zlib.
 *
 * ```ts
 * import { FlowBatch } from "@flowtools/flow-model";
 * import { findFtLayout } from "@flowtools/ft-format";
 * import { createFtFile, openFtFile } from "@flowtools/ft-format/deno";
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile();
 * const flows = new FlowBatch();
 * flows.append(findFtLayout(5)!.schema, { srcaddr: "192.0.2.1", dOctets: 1500 });
 * const file = await createFtFile(path, { version: 5, compressionLevel: 6 });
 * file.writeBatch(flows);
 * file.close();
 *
 * await using reader = await openFtFile(path);
 * assertEquals(reader.header.flowCount, 1);
 * const batch = new FlowBatch({ columns: ["srcaddr"] });
 * for await (const { layout, view, offset, count, littleEndian } of reader.blocks()) {
 *   batch.appendRecords(layout, view, offset, count, littleEndian);
 * }
 * assertEquals(batch.flow(0).srcaddr, "192.0.2.1");
 * await Deno.remove(path);
 * ```
 *
 * @module
 */
import type zlib from "node:zlib";
import { type FtReadOptions, FtStreamDecoder } from "./decode_stream.ts";
import { FtStreamEncoder, type FtWriteOptions } from "./encode_stream.ts";
import { FtFileReader, type OpenInput } from "./file_reader.ts";
import { FtFileWriter } from "./file_writer.ts";
import { nativeDeflater, nativeInflater } from "./native_zlib.ts";
import { PORTABLE_ZLIB } from "./portable_zlib.ts";
import type { ZlibProvider } from "./zlib.ts";

export { FtFileReader, FtFileWriter };
export type { WritableFile } from "./file_writer.ts";

/** The part of Node's `process` that finds its modules. */
interface BuiltinModules {
  getBuiltinModule(name: "node:zlib"): typeof zlib;
}

/** An import would start Node's part of Deno, which takes as long as Deno's own, in every program. */
function nodeZlib(): typeof zlib {
  const { process } = globalThis as unknown as { process: BuiltinModules };
  return process.getBuiltinModule("node:zlib");
}

/** zlib as Deno brings it, at full speed; the portable one where Deno's is not as expected. */
export const NATIVE_ZLIB: ZlibProvider = {
  createInflater() {
    return nativeInflater(nodeZlib().createInflate()) ?? PORTABLE_ZLIB.createInflater();
  },
  createDeflater(level) {
    return nativeDeflater(nodeZlib().createDeflate({ level })) ??
      PORTABLE_ZLIB.createDeflater(level);
  },
};

/**
 * Opens a flow file and reads its header.
 *
 * Regular files are read synchronously, a megabyte at a time into one buffer, which is twice as
 * fast as waiting for each read; anything else asynchronously.
 *
 * @param path The file; `-` is standard input
 * @param options What inflates (default {@linkcode NATIVE_ZLIB}), bounds
 * @returns The file, to be closed
 * @throws {FtFormatError} The header is damaged
 * @throws {Deno.errors.NotFound} There is no such file; and the other errors of `Deno.open`
 */
export async function openFtFile(
  path: string | URL,
  options: FtReadOptions = {},
): Promise<FtFileReader> {
  const source = options.source ?? (path === "-" ? "standard input" : fileName(path));
  const input = path === "-" ? openStdin() : await openInput(path);
  const decoder = new FtStreamDecoder({ zlib: NATIVE_ZLIB, ...options, source });
  try {
    const reader = new FtFileReader(input, decoder, options.onRead);
    await reader.readHeader();
    return reader;
  } catch (error) {
    decoder.close();
    input.bytes.close();
    throw error;
  }
}

async function openInput(path: string | URL): Promise<OpenInput> {
  const file = await Deno.open(path);
  const { isFile } = await file.stat();
  return { bytes: file, regular: isFile, seekable: isFile ? file : undefined };
}

function openStdin(): OpenInput {
  return { bytes: Deno.stdin, regular: isRegularStdin() };
}

function isRegularStdin(): boolean {
  try {
    return Deno.statSync("/dev/stdin").isFile;
  } catch {
    return false;
  }
}

function fileName(path: string | URL): string {
  return typeof path === "string" ? path : decodeURIComponent(path.pathname);
}

/**
 * Creates a flow file and writes its header; a file of that name is replaced.
 *
 * @param path The file
 * @param options Version, byte order, compression (default {@linkcode NATIVE_ZLIB}), header fields
 * @returns What takes the flows, to be closed
 * @throws {RangeError} There is no layout for the version, or the header cannot be encoded
 */
export async function createFtFile(
  path: string | URL,
  options: FtWriteOptions,
): Promise<FtFileWriter> {
  const encoder = new FtStreamEncoder({ zlib: NATIVE_ZLIB, ...options });
  try {
    const file = await Deno.open(path, { write: true, create: true, truncate: true });
    return new FtFileWriter(file, encoder);
  } catch (error) {
    encoder.close();
    throw error;
  }
}
