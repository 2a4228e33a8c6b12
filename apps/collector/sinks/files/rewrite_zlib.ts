import {
  FtFormatError,
  type FtHeader,
  FtStreamDecoder,
  FtStreamEncoder,
  READ_CHUNK_BYTES,
} from "@flowtools/ft-format";
import { NATIVE_ZLIB } from "@flowtools/ft-format/deno";
import { openNew, readRange, removeIfThere, writeAll } from "./file_access.ts";

/** Level at which records are compressed again. */
const LEVEL = 6;

/**
 * Compresses the whole records of a damaged file again, and puts the outcome in its place: for files
 * that cannot simply be cut. The memory is that of a few chunks.
 *
 * @param path The file, which is replaced when all is written; left as it is where that fails
 * @param damaged The same, open
 * @param header Its header, which stays
 * @returns The new file, open and locked, and its records
 */
export function rewriteZlib(
  path: string,
  damaged: Deno.FsFile,
  header: FtHeader,
): { readonly file: Deno.FsFile; readonly records: number } {
  const copyPath = `${path}.part`;
  removeIfThere(copyPath);
  const file = openNew(copyPath, true);
  try {
    const { mode } = damaged.statSync();
    if (mode !== null) Deno.chmodSync(copyPath, mode & 0o777);
    writeAll(file, readRange(damaged, 0, header.size));
    const records = copyRecords(damaged, file, header);
    Deno.renameSync(copyPath, path);
    return { file, records };
  } catch (error) {
    file.close();
    removeIfThere(copyPath);
    throw error;
  }
}

function copyRecords(from: Deno.FsFile, to: Deno.FsFile, header: FtHeader): number {
  const { exportVersion: version, aggregation, byteOrder } = header;
  const decoder = new FtStreamDecoder({ zlib: NATIVE_ZLIB });
  const encoder = new FtStreamEncoder({
    version,
    aggregation,
    byteOrder,
    compressionLevel: LEVEL,
    zlib: NATIVE_ZLIB,
  });
  const buffer = new Uint8Array(READ_CHUNK_BYTES);
  from.seekSync(0, Deno.SeekMode.Start);
  try {
    while (decoder.error === undefined) {
      const length = from.readSync(buffer);
      if (length === null) decoder.finish();
      else decoder.push(buffer.subarray(0, length));
      for (let block = decoder.readBlock(); block !== undefined; block = decoder.readBlock()) {
        for (const chunk of encoder.encodeBlock(block)) writeAll(to, chunk);
      }
      if (length === null) break;
    }
  } catch (error) {
    // The damage; all records before it are copied.
    if (!(error instanceof FtFormatError)) throw error;
  } finally {
    decoder.close();
  }
  writeAll(to, encoder.finish());
  return encoder.flowCount;
}
