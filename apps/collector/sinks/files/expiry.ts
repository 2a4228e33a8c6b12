import { type CaptureEntry, type ExpiryLimits, planExpiry } from "@flowtools/common/plan_expiry";
import { findCaptures, parseCaptureName } from "./capture_names.ts";

/** How old files go. */
export interface ExpirySettings extends ExpiryLimits {
  /** Tell what would be removed, and remove nothing. */
  readonly dry: boolean;
}

/** Where expiry tells what it does. */
export interface ExpiryReport {
  /** A file was removed; or would have been. */
  removed(path: string, bytes: number): void;
  /** Something could not be done. */
  failed(path: string, error: unknown): void;
}

interface DatedEntry extends CaptureEntry {
  readonly begun: number;
}

/** Removes the oldest capture files of a directory, so that what stays is within limits. */
export class Expiry {
  readonly #settings: ExpirySettings;
  readonly #report: ExpiryReport;
  readonly #suffix: string;
  /** Complete files. */
  #files: DatedEntry[] = [];

  /** @param suffix What names of the files end in */
  constructor(settings: ExpirySettings, report: ExpiryReport, suffix: string = "") {
    this.#settings = settings;
    this.#suffix = suffix;
    this.#report = report;
  }

  /** Whether files ever go. */
  get active(): boolean {
    return this.#settings.maxFiles > 0 || this.#settings.maxBytes > 0;
  }

  /** Learns which files there are; only capture files with names of this program's making count. */
  load(directory: string): void {
    if (!this.active) return;
    const report = (path: string, error: unknown) => this.#report.failed(path, error);
    this.#files = [];
    for (const { path, done } of findCaptures(directory, report, this.#suffix)) {
      if (done) this.add(path);
    }
  }

  /** Learns of another complete file. */
  add(path: string): void {
    const named = parseCaptureName(path.slice(path.lastIndexOf("/") + 1), this.#suffix);
    if (!this.active || named === undefined) return;
    try {
      this.#files.push({ path, bytes: Deno.lstatSync(path).size, begun: named.begun });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) this.#report.failed(path, error);
    }
  }

  /**
   * Removes what must go.
   *
   * @param openBytes Bytes of the files that are being written: they count, but stay
   */
  run(openBytes: number): void {
    if (!this.active) return;
    this.#files.sort((a, b) => a.begun - b.begun || (a.path < b.path ? -1 : 1));
    const { maxFiles, maxBytes, dry } = this.#settings;
    // 0 would be no limit.
    const room = maxBytes === 0 ? 0 : Math.max(1, maxBytes - openBytes);
    for (const { path, bytes } of planExpiry(this.#files, { maxFiles, maxBytes: room })) {
      try {
        if (!dry) Deno.removeSync(path);
        this.#report.removed(path, bytes);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) {
          this.#report.failed(path, error);
          continue;
        }
      }
      this.#files = this.#files.filter((file) => file.path !== path);
    }
  }
}
