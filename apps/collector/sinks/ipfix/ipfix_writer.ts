import { capturePath, freeMoment } from "../files/capture_names.ts";
import { CompressionPace } from "../files/compression_pace.ts";
import { Expiry } from "../files/expiry.ts";
import { openNew, syncDirectory, writeFrom } from "../files/file_access.ts";
import { finalPath } from "./complete_files.ts";
import { gzipMember } from "./gzip_member.ts";
import { MEMBER_OCTETS } from "./limits.ts";
import type { IpfixSettings } from "./options.ts";

/** Messages that go to a file. */
export interface IpfixPiece {
  /** Tells files apart: another number begins another file. */
  readonly file: number;
  /** When they came, Unix ms. */
  readonly now: number;
  /** Their octets. */
  readonly octets: Uint8Array;
  /** Octets that wait behind them. */
  readonly waitingOctets: number;
  /** Called when they are safe. */
  readonly done: () => void;
}

/** Told what is done. */
export interface WriterReport {
  /** Something that is told always. */
  info(message: string, facts: Readonly<Record<string, string | number>>): void;
  /** Trouble. */
  warn(reason: string, message: string): void;
}

/** A file that is being written. */
interface OpenFile {
  readonly number: number;
  readonly begun: number;
  readonly path: string;
  readonly file: Deno.FsFile;
  /** Octets in it; it ends with a whole message or member. */
  octets: number;
}

/** The version that names of the files tell. */
const VERSION = { version: 10, aggregation: undefined };

/**
 * Writes messages to IPFIX files: `tmp-…` while a file is open, renamed to `ft-…` when it is whole.
 * Every method may throw what the disk has to say; nothing is lost by that, as the next call goes on.
 */
export class IpfixWriter {
  readonly #settings: IpfixSettings;
  readonly #report: WriterReport;
  readonly #pace: CompressionPace;
  readonly #expiry: Expiry;
  #open: OpenFile | undefined;
  /** Pieces that are not in the file. */
  readonly #pieces: IpfixPiece[] = [];
  /** Octets of those that may go into the next member. */
  #pending = 0;

  constructor(settings: IpfixSettings, report: WriterReport) {
    this.#settings = settings;
    this.#report = report;
    const { compressionLevel, queueBytes, expireCount, expireBytes, expireDry } = settings;
    this.#pace = new CompressionPace(compressionLevel, queueBytes, (from, to) => {
      report.info("IPFIX files are compressed otherwise", { "zlib-level": to, before: from });
    });
    this.#expiry = new Expiry(
      { maxFiles: expireCount, maxBytes: expireBytes, dry: expireDry },
      {
        removed: (path, bytes) => {
          report.info(expireDry ? "would remove old file" : "removed old file", { path, bytes });
        },
        failed: (path, error) => report.warn("expire", `cannot expire "${path}": ${textOf(error)}`),
      },
      settings.suffix,
    );
    this.#expiry.load(settings.directory);
  }

  /** Whether messages wait for the disk. */
  get waiting(): boolean {
    return this.#pieces.length > 0;
  }

  /** Learns of a complete file of an earlier run. */
  adopt(path: string): void {
    this.#expiry.add(path);
  }

  /** Takes messages, which are kept until they are written. */
  add(piece: IpfixPiece): void {
    this.#pieces.push(piece);
    this.#pending += piece.octets.length;
    this.#pace.hurry(piece.waitingOctets);
  }

  /**
   * Writes what waits, as far as it is worth it.
   *
   * @param all Whether it is to be written however little it is
   */
  write(all: boolean): void {
    const { compressionLevel } = this.#settings;
    while (this.#pieces.length > 0) {
      const [{ file, now }] = this.#pieces;
      if (this.#open !== undefined && this.#open.number !== file) this.end();
      const ends = this.#pieces.findIndex((piece) => piece.file !== file);
      const whole = all || compressionLevel === 0 || ends >= 0 || this.#pending >= MEMBER_OCTETS;
      if (!whole) return;
      this.#open ??= this.#begin(file, now);
      this.#put(this.#open, this.#take(ends < 0 ? this.#pieces.length : ends));
    }
  }

  /** Has everything taken so far in the file, and on the disk where the settings say so. */
  flush(waitingOctets: number): void {
    this.#pace.tick(waitingOctets);
    this.write(true);
    if (this.#settings.fsync === "flush") this.#open?.file.syncDataSync();
    this.#expiry.run(this.#open?.octets ?? 0);
  }

  /** Ends the file that is open: its name. */
  end(): void {
    const open = this.#open;
    if (open === undefined) return;
    const { fsync } = this.#settings;
    if (fsync !== "never") open.file.syncSync();
    const path = finalPath(this.#settings, { ...open, version: VERSION.version });
    try {
      Deno.renameSync(open.path, path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      this.#report.warn("file-vanished", `"${open.path}" was removed before it was complete`);
    }
    open.file.close();
    this.#open = undefined;
    if (fsync !== "never") syncDirectory(path);
    this.#report.info("file complete", { path, bytes: open.octets });
    this.#expiry.add(path);
    this.#expiry.run(0);
  }

  /** Gives up what could not be written; the next start completes the file. */
  abandon(): void {
    this.#open?.file.close();
    this.#open = undefined;
  }

  #begin(number: number, now: number): OpenFile {
    const begun = freeMoment(this.#settings, VERSION, new Date(now));
    const path = capturePath(this.#settings, VERSION, begun, false);
    const file = openNew(path, this.#settings.keepUmask);
    if (this.#settings.fsync === "flush") syncDirectory(path);
    return { number, begun: begun.getTime(), path, file, octets: 0 };
  }

  /** The first pieces as they go to the disk: one member, or as they are. */
  #take(count: number): { pieces: number; octets: Uint8Array } {
    const { compressionLevel } = this.#settings;
    if (compressionLevel === 0) return { pieces: 1, octets: this.#pieces[0].octets };
    let pieces = 0;
    let length = 0;
    while (pieces < count && (pieces === 0 || length < MEMBER_OCTETS)) {
      length += this.#pieces[pieces++].octets.length;
    }
    const octets = new Uint8Array(length);
    let at = 0;
    for (const piece of this.#pieces.slice(0, pieces)) {
      octets.set(piece.octets, at);
      at += piece.octets.length;
    }
    const start = performance.now();
    const member = gzipMember(octets, this.#pace.level);
    this.#pace.deflated(performance.now() - start);
    return { pieces, octets: member };
  }

  #put(open: OpenFile, { pieces, octets }: { pieces: number; octets: Uint8Array }): void {
    const start = performance.now();
    const { written, error } = writeFrom(open.file, octets);
    this.#pace.wrote(performance.now() - start);
    if (written < octets.length) {
      // The file goes on to end with a whole message.
      open.file.truncateSync(open.octets);
      open.file.seekSync(open.octets, Deno.SeekMode.Start);
      throw error;
    }
    open.octets += written;
    for (const { octets: { length }, done } of this.#pieces.splice(0, pieces)) {
      this.#pending -= length;
      done();
    }
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
