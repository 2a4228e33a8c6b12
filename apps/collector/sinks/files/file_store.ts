import { findFtLayout } from "@flowtools/ft-format";
import type { LossCounts } from "../sink.ts";
import { CaptureFile, type CaptureSettings } from "./capture_file.ts";
import { CompressionPace } from "./compression_pace.ts";
import { Expiry, type ExpirySettings } from "./expiry.ts";
import { RETRY_MS } from "./limits.ts";

/** What the store is told at its start. */
export interface StoreSettings extends CaptureSettings {
  /** How old files go. */
  readonly expiry: ExpirySettings;
  /** Bytes of records that may wait. */
  readonly queueBytes: number;
}

/** Records for the file of their version. */
export interface RecordChunk {
  /** Export version. */
  readonly version: number;
  /** Aggregation method of version 8. */
  readonly aggregation?: number;
  /** How many there are. */
  readonly flows: number;
  /** Memory whose first bytes they are, in the byte order of the files. */
  readonly buffer: ArrayBuffer;
  /** When the first of them came, Unix ms. */
  readonly now: number;
}

/** Where the store tells what it does. */
export interface StoreReport {
  /** Memory of a chunk is free. */
  taken(buffer: ArrayBuffer): void;
  /** So many more flows are safe. */
  done(flows: number): void;
  /** So many flows are lost for good. */
  dropped(reason: "disk", flows: number): void;
  /** So many flows were compressed less than was asked for, since there was no time for more. */
  eased(flows: number): void;
  /** The disk takes nothing, or does so again. */
  blocked(blocked: boolean): void;
  /** A file is complete. */
  file(path: string, flows: number, bytes: number): void;
  /** Something that is told always. */
  info(message: string, facts: Readonly<Record<string, string | number>>): void;
  /** Trouble. */
  warn(reason: string, message: string): void;
}

const NOTHING_LOST: LossCounts = { lost: 0, corrupt: 0, resets: 0 };
const U32_MAX = 0xffffffff;

/**
 * Stores records in capture files: one for each version, rotated, expired. When the disk takes
 * nothing, chunks wait in order until it does; it is tried again with growing pauses.
 */
export class FileStore {
  readonly #settings: StoreSettings;
  readonly #report: StoreReport;
  readonly #expiry: Expiry;
  readonly #open = new Map<string, CaptureFile>();
  /** Files whose time is over, but which could not be completed. */
  #ending: CaptureFile[] = [];
  /** Chunks that wait for the disk, in order. */
  readonly #waiting: RecordChunk[] = [];
  /** Losses that came while no file was open. */
  #untold: LossCounts = NOTHING_LOST;
  /** When to try again, where the disk takes nothing, and how long the pause was. */
  #retryAt: number | undefined;
  #pauseMs = 0;
  readonly #waitingBytes: () => number;
  readonly #pace: CompressionPace;
  /** Flows compressed at a lower level, not told yet. */
  #easedFlows = 0;

  /** @param waitingBytes Bytes of records that wait, those on the way to this store included */
  constructor(settings: StoreSettings, report: StoreReport, waitingBytes: () => number) {
    this.#settings = settings;
    this.#report = report;
    this.#waitingBytes = waitingBytes;
    const { compressionLevel, queueBytes } = settings;
    this.#pace = new CompressionPace(compressionLevel, queueBytes, (from, to, bytes) => {
      if (to > from) {
        return report.info("there is time to compress more again", { "zlib-level": to });
      }
      const state = `${Math.round(bytes / 2 ** 20)} MiB wait, level ${to} from now on`;
      report.warn("compression", `flows come faster than level ${from} compresses them: ${state}`);
    });
    this.#expiry = new Expiry(settings.expiry, {
      removed: (path, bytes) => {
        const message = settings.expiry.dry ? "would remove old file" : "removed old file";
        report.info(message, { path, bytes });
      },
      failed: (path, error) => report.warn("expire", `cannot expire "${path}": ${textOf(error)}`),
    });
    this.#expiry.load(settings.directory);
    this.#expiry.run(0);
  }

  /** Takes records; their memory is given back by the report. */
  add(chunk: RecordChunk): void {
    this.#waiting.push(chunk);
    if (this.#retryAt === undefined) this.#attempt(chunk.now, () => this.#store());
  }

  /** Learns of a complete file that somebody else made. */
  adopt(path: string): void {
    this.#expiry.add(path);
  }

  /**
   * Does what is due: flushes, ends files whose time has come, tries again what failed.
   *
   * @param now The moment, Unix ms
   * @param losses What was lost since the last call
   * @param rotate End every file now
   */
  tick(now: number, losses: LossCounts, rotate: boolean = false): void {
    this.#countLosses(losses);
    this.#pace.tick(this.#waitingBytes());
    this.#tellEased();
    if (this.#isDue(now)) {
      this.#attempt(now, () => {
        this.#store();
        this.#leave(now, rotate);
        for (const file of [...this.#ending, ...this.#open.values()]) this.#flush(file);
        this.#end(now);
      });
    }
    this.#leave(now, rotate);
    this.#expire();
  }

  /** Ends everything; what the disk does not take is lost, and counted. */
  close(now: number, losses: LossCounts): void {
    // First, since what waits may begin files, whose headers tell of losses, too.
    this.#attempt(now, () => this.#store());
    this.#countLosses(losses);
    this.#leave(now, true);
    while (this.#ending.length > 0) {
      if (!this.#attempt(now, () => this.#end(now))) this.#abandon(this.#ending.shift()!);
    }
    let flows = 0;
    for (const chunk of this.#waiting) flows += chunk.flows;
    if (flows > 0) this.#report.dropped("disk", flows);
    this.#waiting.length = 0;
    this.#tellEased();
    this.#expire();
  }

  /** Whether the disk is to be tried; somebody may have set the clock back. */
  #isDue(now: number): boolean {
    const at = this.#retryAt;
    return at === undefined || now >= at || now < at - RETRY_MS.highest;
  }

  /** Works until the disk has something against it. */
  #attempt(now: number, work: () => void): boolean {
    try {
      work();
      if (this.#pauseMs > 0) this.#report.info("writing again", {});
      if (this.#pauseMs > 0) this.#report.blocked(false);
      this.#retryAt = undefined;
      this.#pauseMs = 0;
      return true;
    } catch (error) {
      if (this.#pauseMs === 0) this.#report.blocked(true);
      this.#pauseMs = Math.min(Math.max(2 * this.#pauseMs, RETRY_MS.first), RETRY_MS.highest);
      this.#retryAt = now + this.#pauseMs;
      this.#report.warn("disk", `cannot write flows: ${textOf(error)}; they wait`);
      return false;
    }
  }

  /** Has files end whose time is over. */
  #leave(now: number, all: boolean): void {
    for (const [label, file] of this.#open) {
      if (!all && !file.isOver(now)) continue;
      this.#open.delete(label);
      this.#ending.push(file);
    }
  }

  #store(): void {
    while (this.#waiting.length > 0) {
      const { version, aggregation, flows, buffer, now } = this.#waiting[0];
      const file = this.#fileFor(version, aggregation, now);
      if (file.blocked) file.retry();
      this.#waiting.shift();
      if (this.#pace.eased) this.#easedFlows += flows;
      try {
        file.write({
          layout: file.layout,
          view: new DataView(buffer),
          offset: 0,
          count: flows,
          littleEndian: this.#settings.byteOrder === "little",
        });
      } finally {
        // The file has taken them, even where it could not write them all.
        this.#report.taken(buffer);
      }
      this.#pace.hurry(this.#waitingBytes());
    }
  }

  #fileFor(version: number, aggregation: number | undefined, now: number): CaptureFile {
    const layout = findFtLayout(version, aggregation);
    if (layout === undefined) throw new RangeError(`no layout for version ${version}`);
    const { label } = layout.schema;
    const open = this.#open.get(label);
    if (open !== undefined && !open.isOver(now)) return open;
    if (open !== undefined) {
      this.#open.delete(label);
      this.#ending.push(open);
      this.#end(now);
    }
    const file = new CaptureFile(layout, this.#settings, this.#pace, now);
    this.#open.set(label, file);
    tell(file, this.#untold);
    this.#untold = NOTHING_LOST;
    return file;
  }

  #flush(file: CaptureFile): void {
    if (file.restore()) {
      const path = file.temporaryPath;
      this.#report.warn("file-vanished", `"${path}" was removed; what it held is written anew`);
    }
    const flows = file.flush();
    if (flows > 0) this.#report.done(flows);
  }

  #end(now: number): void {
    while (this.#ending.length > 0) {
      const file = this.#ending[0];
      file.restore();
      const { path, flows } = file.finish(now);
      this.#ending.shift();
      if (flows > 0) this.#report.done(flows);
      this.#report.file(path, file.encoder.flowCount, file.bytes);
      this.#expiry.add(path);
    }
  }

  #abandon(file: CaptureFile): void {
    const path = file.temporaryPath;
    let flows = file.pendingFlows;
    try {
      flows = file.abandon();
    } catch (error) {
      this.#report.warn("disk", `cannot cut "${path}": ${textOf(error)}`);
    }
    this.#report.warn("file-unfinished", `"${path}" is not finished; the next start does that`);
    if (flows > 0) this.#report.dropped("disk", flows);
  }

  #tellEased(): void {
    if (this.#easedFlows > 0) this.#report.eased(this.#easedFlows);
    this.#easedFlows = 0;
  }

  #countLosses(losses: LossCounts): void {
    // Nothing that was lost goes untold: without an open file, the next one tells it.
    this.#untold = {
      lost: this.#untold.lost + losses.lost,
      corrupt: this.#untold.corrupt + losses.corrupt,
      resets: this.#untold.resets + losses.resets,
    };
    if (this.#open.size === 0) return;
    // The header of a file counts for the whole port, as flow-capture has it: every open file
    // tells what was lost while it was open.
    for (const file of this.#open.values()) tell(file, this.#untold);
    this.#untold = NOTHING_LOST;
  }

  #expire(): void {
    if (!this.#expiry.active) return;
    let bytes = 0;
    for (const file of this.#open.values()) bytes += file.bytes;
    this.#expiry.run(bytes);
  }
}

/** Adds losses to the counters of a file. */
function tell({ encoder }: CaptureFile, { lost, corrupt, resets }: LossCounts): void {
  // A late packet takes its flows back out of the loss, which the file before may have told.
  encoder.lost = Math.min(Math.max(0, (encoder.lost ?? 0) + lost), U32_MAX);
  encoder.corrupt = Math.min((encoder.corrupt ?? 0) + corrupt, U32_MAX);
  encoder.sequenceResets = Math.min((encoder.sequenceResets ?? 0) + resets, U32_MAX);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
