import {
  capturePath,
  exists,
  findCaptures,
  type FoundCapture,
  freeMoment,
} from "../files/capture_names.ts";
import { lock, reach, readRange } from "../files/file_access.ts";
import { pieceOctets } from "./gzip_member.ts";
import { WALK_OCTETS } from "./limits.ts";
import type { IpfixSettings } from "./options.ts";

/** Told what becomes of the files of an earlier run. */
export interface CompletionReport {
  /** A file is complete now. */
  finished(path: string, bytes: number): void;
  /** A file that held no whole message is gone. */
  removed(path: string): void;
  /** A file stays as it is. */
  left(path: string, why: string): void;
}

/**
 * Completes the IPFIX files that a collector began and could not end: what follows the last whole
 * message, or compressed piece, is cut, and the file gets its name. Files that somebody has locked
 * are being written, and stay.
 *
 * @param settings Where they are
 * @param report Told what becomes of them
 */
export function completeIpfixFiles(settings: IpfixSettings, report: CompletionReport): void {
  const { directory, suffix } = settings;
  const unreadable = (path: string, error: unknown) => report.left(path, textOf(error));
  for (const found of [...findCaptures(directory, unreadable, suffix)]) {
    if (found.done) continue;
    try {
      completeFile(found, settings, report);
    } catch (error) {
      report.left(found.path, textOf(error));
    }
  }
}

function completeFile(found: FoundCapture, settings: IpfixSettings, report: CompletionReport) {
  using file = Deno.openSync(found.path, { read: true, write: true });
  if (lock(file) !== "locked" || !reach(found.path, file)) return;
  const whole = wholeOctets(file);
  if (whole === 0) {
    Deno.removeSync(found.path);
    report.removed(found.path);
    return;
  }
  file.truncateSync(whole);
  file.syncSync();
  const path = finalPath(settings, found);
  Deno.renameSync(found.path, path);
  report.finished(path, whole);
}

/** Octets up to the end of the last whole piece. */
function wholeOctets(file: Deno.FsFile): number {
  const { size } = file.statSync();
  let whole = 0;
  for (;;) {
    const { buffer, byteOffset, byteLength } = readRange(
      file,
      whole,
      Math.min(WALK_OCTETS, size - whole),
    );
    const view = new DataView(buffer, byteOffset, byteLength);
    const from = whole;
    for (;;) {
      const octets = pieceOctets(view, whole - from);
      if (octets === 0 || whole + octets > size) break;
      whole += octets;
      // What lies behind the part that was read is looked at with the next.
      if (whole - from >= byteLength) break;
    }
    if (whole === from) return whole;
  }
}

/** The name of the whole file; another second's where it is taken: nothing is replaced. */
export function finalPath(
  settings: IpfixSettings,
  { version, path, begun }: { version: number; path: string; begun: number },
): string {
  const own = path.replace(/tmp-([^/]*)$/, "ft-$1");
  if (!exists(own)) return own;
  const moment = freeMoment(settings, { version, aggregation: undefined }, new Date(begun));
  const other = capturePath(settings, { version, aggregation: undefined }, moment, true);
  Deno.mkdirSync(other.slice(0, other.lastIndexOf("/")), { recursive: true });
  return other;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
