import {
  combineAdler,
  deflateBlock,
  deflatedBytesMax,
  ZLIB_HEADER_BYTES,
  zlibTrailer,
} from "@flowtools/common/deflate_block";
import {
  decodeFtHeader,
  encodeFtHeader,
  findFtLayout,
  FT_FLAGS,
  type FtHeader,
  ftHeaderSize,
  HEADER_BYTES_MAX,
} from "@flowtools/ft-format";
import {
  type CaptureNaming,
  capturePath,
  exists,
  findCaptures,
  type FoundCapture,
  freeMoment,
} from "./capture_names.ts";
import { lock, reach, readRange, writeAll } from "./file_access.ts";
import { rewriteZlib } from "./rewrite_zlib.ts";
import { RECOVERED_TAIL_BYTES } from "./limits.ts";
import { type CutPlace, scanZlib } from "./scan_zlib.ts";

/** Where recovery tells what it does. */
export interface RecoveryReport {
  /** It is known which files there are; those that are begun from now on are not looked at. */
  listed?(): void;
  /** A file is complete now. */
  finished(path: string, flows: number, bytes: number): void;
  /** A file that held no record is gone. */
  removed(path: string): void;
  /** A file stays as it is. */
  left(path: string, why: string): void;
}

/** Level at which the few records behind the last flush are compressed again. */
const LEVEL = 6;

const U32_MAX = 0xffffffff;

/** Why a file was left alone. */
class Left extends Error {}

/**
 * Completes the capture files below a directory that a collector began and could not end: what is
 * damaged at the end is cut, the header gets its counters, the file its name.
 *
 * A living collector has its files locked, and the lock ends with the process, however that ends; a
 * file that can be locked belongs to nobody. On a file system without locks all files are left as
 * they are. Files without capture names are never looked at.
 *
 * @param startedAt When this collector started, Unix ms: what was begun since then and cannot be
 * locked is its own, and no reason for a word
 */
export function recoverCaptures(
  naming: CaptureNaming,
  report: RecoveryReport,
  startedAt: number = Infinity,
): void {
  const unreadable = (path: string, error: unknown) => report.left(path, textOf(error));
  const unfinished = [...findCaptures(naming.directory, unreadable)].filter(({ done }) => !done);
  report.listed?.();
  for (const found of unfinished) {
    try {
      recoverFile(found, naming, report, startedAt);
    } catch (error) {
      report.left(found.path, textOf(error));
    }
  }
}

function recoverFile(
  found: FoundCapture,
  naming: CaptureNaming,
  report: RecoveryReport,
  startedAt: number,
): void {
  let file = Deno.openSync(found.path, { read: true, write: true });
  try {
    if (lock(file) !== "locked" || !reach(found.path, file)) {
      // Names have whole seconds.
      if (found.begun >= Math.floor(startedAt / 1000) * 1000) return;
      throw new Left("somebody is writing it");
    }
    const { size, mtime } = file.statSync();
    const header = readHeader(file, size);
    let flows = header === undefined ? 0 : completeRecords(file, header, size);
    if (header === undefined || flows === 0) {
      Deno.removeSync(found.path);
      report.removed(found.path);
      return;
    }
    if (flows === undefined) {
      const whole = rewriteZlib(found.path, file, header);
      file.close();
      file = whole.file;
      flows = whole.records;
    }
    const ended = Math.floor((mtime ?? new Date()).getTime() / 1000);
    const bytes = encodeFtHeader({
      ...header,
      flags: ((header.flags & ~FT_FLAGS.STREAMING) | FT_FLAGS.DONE) >>> 0,
      captureEnd: header.captureEnd === undefined ? undefined : ended,
      flowCount: header.flowCount === undefined ? undefined : Math.min(flows, U32_MAX),
    }, header.size);
    replaceAt(file, 0, bytes);
    file.syncSync();
    const path = finalPath(found, naming);
    Deno.renameSync(found.path, path);
    report.finished(path, flows, file.statSync().size);
  } finally {
    file.close();
  }
}

/** The header; `undefined` where the file ends before it does. */
function readHeader(file: Deno.FsFile, size: number): FtHeader | undefined {
  const bytes = readRange(file, 0, Math.min(size, HEADER_BYTES_MAX));
  if (bytes.length === 0 || bytes.length < ftHeaderSize(bytes)) return undefined;
  return decodeFtHeader(bytes);
}

/**
 * Sees to it that the file has whole records only, and a proper end.
 *
 * @returns How many records it has; `undefined` where it is as it was, and must be written anew
 */
function completeRecords(file: Deno.FsFile, header: FtHeader, size: number): number | undefined {
  const { exportVersion, aggregation, streamVersion } = header;
  const layout = findFtLayout(exportVersion, aggregation);
  if (layout === undefined || streamVersion !== 3) {
    throw new Left(`its version, ${exportVersion}, is unknown`);
  }
  if ((header.flags & FT_FLAGS.COMPRESS) !== 0) return completeZlib(file, header, layout.size);
  const records = Math.floor((size - header.size) / layout.size);
  file.truncateSync(header.size + records * layout.size);
  return records;
}

function completeZlib(
  file: Deno.FsFile,
  header: FtHeader,
  recordBytes: number,
): number | undefined {
  const { records, complete, cut, tail } = scanZlib(file, header.size, recordBytes);
  if (complete || records === 0) return records;
  const { size } = file.statSync();
  if (tail === undefined || size - cut.offset > RECOVERED_TAIL_BYTES) return undefined;
  const former = readRange(file, cut.offset, size - cut.offset);
  try {
    writeEnd(file, cut, tail);
    // What looks like a flush may be data by chance: then the stream is none now.
    const again = scanZlib(file, header.size, recordBytes);
    if (again.complete && again.records === records) return records;
  } catch (error) {
    undo(file, cut, former);
    throw error;
  }
  undo(file, cut, former);
  return undefined;
}

function undo(file: Deno.FsFile, { offset }: CutPlace, former: Uint8Array): void {
  file.truncateSync(offset);
  replaceAt(file, offset, former);
}

/** Cuts a zlib stream, and writes its last records and its end. */
function writeEnd(file: Deno.FsFile, cut: CutPlace, tail: Uint8Array): void {
  file.truncateSync(cut.offset);
  if (tail.length === 0) {
    replaceAt(file, cut.offset, zlibTrailer(cut.adler));
    return;
  }
  const block = deflateBlock(tail, LEVEL, new Uint8Array(deflatedBytesMax(tail.length)));
  const bytes = cut.inflated === 0 ? block.bytes : block.bytes.subarray(ZLIB_HEADER_BYTES);
  const adler = combineAdler(cut.adler, block.adler, tail.length);
  replaceAt(file, cut.offset, bytes);
  replaceAt(file, cut.offset + bytes.length, zlibTrailer(adler));
}

/** The name of the complete file; another second's where it is taken. */
function finalPath(found: FoundCapture, naming: CaptureNaming): string {
  const path = found.path.replace(/tmp-([^/]*)$/, "ft-$1");
  if (!exists(path)) return path;
  const free = freeMoment(naming, found, new Date(found.begun));
  const other = capturePath(naming, found, free, true);
  Deno.mkdirSync(other.slice(0, other.lastIndexOf("/")), { recursive: true });
  return other;
}

function replaceAt(file: Deno.FsFile, start: number, bytes: Uint8Array): void {
  file.seekSync(start, Deno.SeekMode.Start);
  writeAll(file, bytes);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
