import type { RecordLayout } from "@flowtools/flow-model";
import { FtStreamEncoder, type RecordBlock } from "@flowtools/ft-format";
import { NATIVE_ZLIB } from "@flowtools/ft-format/deno";
import { nextRotation } from "../../rotate.ts";
import { type CaptureNaming, capturePath, exists, freeMoment } from "./capture_names.ts";
import type { CompressionPace } from "./compression_pace.ts";
import { copyFile, openNew, reach, syncDirectory, writeAll, writeFrom } from "./file_access.ts";
import { FLUSH_BYTES } from "./limits.ts";

/** When data must be on the disk itself, not only in the hands of the system. */
export type FsyncPolicy = "never" | "rotate" | "flush";

/** How capture files are written. */
export interface CaptureSettings extends CaptureNaming {
  /** Files a day beyond the first. */
  readonly rotations: number;
  /** zlib level, 0 for none. */
  readonly compressionLevel: number;
  /** Byte order of the files. */
  readonly byteOrder: "little" | "big";
  /** Comment in the headers. */
  readonly comments?: string;
  /** Host name in the headers. */
  readonly hostname: string;
  /** Leave permissions to the process's umask; if not, files are readable by all. */
  readonly keepUmask: boolean;
  /** When data must be on the disk itself. */
  readonly fsync: FsyncPolicy;
}

const NO_BYTES = new Uint8Array(0);

/**
 * A capture file that is being written, under its temporary name until it is whole.
 *
 * Every method may throw what the disk has to say. Nothing is lost by that: what could not be
 * written is kept, `blocked` says so, and `retry()` goes on. Meanwhile the file on disk is readable.
 * The file is locked while it is open, which is how others know that somebody writes it.
 */
export class CaptureFile {
  /** Makes the bytes; has the counters of the header. */
  readonly encoder: FtStreamEncoder;
  /** What the records look like. */
  readonly layout: RecordLayout;
  readonly #settings: CaptureSettings;
  readonly #pace: CompressionPace;
  #begun: Date;
  readonly #rotateAt: number;
  readonly #headerBytes: number;
  #file: Deno.FsFile;
  /** Bytes in the file, and those of them up to which it holds what is flushed. */
  #written: number;
  #safe: number;
  /** What could not be written. */
  #rest: Uint8Array = NO_BYTES;
  /** Flows, and their bytes, since the last flush. */
  #pendingFlows = 0;
  #pendingBytes = 0;
  #recordsEnded = false;

  /**
   * Begins a file: its directories, the file, the header.
   *
   * @param pace Says how thoroughly to compress, and is told how long that takes
   * @param now The moment, Unix ms
   */
  constructor(
    layout: RecordLayout,
    settings: CaptureSettings,
    pace: CompressionPace,
    now: number,
  ) {
    const { version, aggregation } = layout.schema;
    const begun = freeMoment(settings, layout.schema, new Date(now));
    this.layout = layout;
    this.#rotateAt = nextRotation(now, settings.rotations);
    this.#settings = settings;
    this.#pace = pace;
    this.#begun = begun;
    this.#file = openNew(this.temporaryPath, settings.keepUmask);
    this.encoder = new FtStreamEncoder({
      version,
      aggregation,
      byteOrder: settings.byteOrder,
      compressionLevel: settings.compressionLevel,
      comments: settings.comments,
      hostname: settings.hostname,
      captureStart: Math.floor(begun.getTime() / 1000),
      zlib: NATIVE_ZLIB,
    });
    const header = this.encoder.header();
    this.#headerBytes = header.length;
    try {
      writeAll(this.#file, header);
      if (settings.fsync === "flush") syncDirectory(this.temporaryPath);
    } catch (error) {
      this.encoder.close();
      this.#file.close();
      Deno.removeSync(this.temporaryPath);
      throw error;
    }
    this.#written = header.length;
    this.#safe = header.length;
  }

  /** The temporary name. */
  get temporaryPath(): string {
    return capturePath(this.#settings, this.layout.schema, this.#begun, false);
  }

  /** Bytes in the file. */
  get bytes(): number {
    return this.#written;
  }

  /** Flows that are not flushed. */
  get pendingFlows(): number {
    return this.#pendingFlows;
  }

  /** Whether something waits to be written. */
  get blocked(): boolean {
    return this.#rest.length > 0;
  }

  /** Whether its time is over; or not there yet, where somebody set the clock back. */
  isOver(now: number): boolean {
    return nextRotation(now, this.#settings.rotations) !== this.#rotateAt;
  }

  /** Takes records, which may be used again after the call; also where it throws they are taken. */
  write(block: RecordBlock): void {
    const bytes = block.count * this.layout.size;
    this.#pendingFlows += block.count;
    this.#pendingBytes += bytes;
    const start = performance.now();
    const chunks = this.encoder.encodeBlock(block);
    this.#pace.deflated(performance.now() - start);
    for (const chunk of chunks) this.#put(chunk);
    this.#put(this.encoder.setCompressionLevel(this.#pace.level));
    if (this.#pendingBytes < FLUSH_BYTES || this.#settings.compressionLevel === 0) return;
    this.#pendingBytes = 0;
    this.#put(this.encoder.flush());
  }

  /** Writes what could not be written. */
  retry(): void {
    const rest = this.#rest;
    this.#rest = NO_BYTES;
    this.#put(rest);
  }

  /**
   * Makes everything taken so far readable for others, and safe as far as the settings say.
   *
   * @returns Flows that are now safe, and were not before
   */
  flush(): number {
    if (this.blocked) this.retry();
    const flows = this.#pendingFlows;
    if (flows === 0) return 0;
    if (!this.#recordsEnded) this.#put(this.encoder.flush());
    if (this.#settings.fsync === "flush") this.#disk(() => this.#file.syncDataSync());
    this.#safe = this.#written;
    this.#pendingFlows = 0;
    this.#pendingBytes = 0;
    return flows;
  }

  /**
   * Sees to it that the file is where it belongs: where somebody removed it, or the directory, all
   * that it held is written anew; with the name of another second where the own is taken now.
   *
   * @returns Whether that was so
   */
  restore(): boolean {
    if (reach(this.temporaryPath, this.#file)) return false;
    this.#begun = freeMoment(this.#settings, this.layout.schema, this.#begun);
    const copy = openNew(this.temporaryPath, this.#settings.keepUmask);
    try {
      copyFile(this.#file, copy, this.#written);
    } catch (error) {
      copy.close();
      Deno.removeSync(this.temporaryPath);
      throw error;
    }
    this.#file.close();
    this.#file = copy;
    return true;
  }

  /**
   * Ends the file: the last records, the header with its counters, the name. When it throws, it can
   * be called again, and goes on.
   *
   * @param now The moment, Unix ms
   * @returns Its name and what it holds; `flows` are those that were not flushed before
   */
  finish(now: number): { path: string; flows: number } {
    const { fsync } = this.#settings;
    if (this.blocked) this.retry();
    if (!this.#recordsEnded) {
      this.#recordsEnded = true;
      this.encoder.captureEnd = Math.floor(now / 1000);
      this.#put(this.encoder.finish());
    }
    this.#file.seekSync(0, Deno.SeekMode.Start);
    const header = this.encoder.finalHeader();
    const { written, error } = writeFrom(this.#file, header);
    this.#file.seekSync(this.#written, Deno.SeekMode.Start);
    if (written < header.length) throw error;
    if (fsync !== "never") this.#disk(() => this.#file.syncSync());
    const path = this.#finalPath();
    Deno.renameSync(this.temporaryPath, path);
    this.#file.close();
    if (fsync !== "never") syncDirectory(path);
    const flows = this.#pendingFlows;
    this.#pendingFlows = 0;
    return { path, flows };
  }

  /**
   * Gives the file up under its temporary name, cut behind what is flushed: it is readable, and the
   * next start finishes it.
   *
   * @returns Flows that are lost
   */
  abandon(): number {
    this.encoder.close();
    try {
      this.#file.truncateSync(this.#safe);
    } finally {
      this.#file.close();
    }
    return this.#pendingFlows;
  }

  /** The name of the whole file; another second's where the own is taken: nothing is replaced. */
  #finalPath(): string {
    const { schema } = this.layout;
    const path = capturePath(this.#settings, schema, this.#begun, true);
    if (!exists(path)) return path;
    return capturePath(
      this.#settings,
      schema,
      freeMoment(this.#settings, schema, this.#begun),
      true,
    );
  }

  #put(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.blocked) {
      // What comes behind a piece that cannot be written waits with it.
      this.#rest = joined(this.#rest, bytes);
      return;
    }
    const { written, error } = this.#disk(() => writeFrom(this.#file, bytes));
    this.#written += written;
    if (written === bytes.length) return;
    const kept = this.#cutRecord();
    this.#rest = bytes.slice(written - kept);
    throw error;
  }

  /** Does what may have to wait for the disk. */
  #disk<T>(work: () => T): T {
    const start = performance.now();
    try {
      return work();
    } finally {
      this.#pace.wrote(performance.now() - start);
    }
  }

  /** Takes the piece of a record off the end of the file; returns its bytes. */
  #cutRecord(): number {
    if (this.#settings.compressionLevel > 0) return 0;
    const piece = (this.#written - this.#headerBytes) % this.layout.size;
    if (piece === 0) return 0;
    try {
      this.#file.truncateSync(this.#written - piece);
      this.#file.seekSync(this.#written - piece, Deno.SeekMode.Start);
    } catch {
      // A disk that takes no orders at all: the piece stays, and what is missing follows it later.
      return 0;
    }
    this.#written -= piece;
    return piece;
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
