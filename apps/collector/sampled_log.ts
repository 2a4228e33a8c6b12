import type { Facts, Log } from "./log.ts";

/** Lines of one reason in one interval at most; the counters count everything. */
const LINES_MAX = 3;
const INTERVAL_MS = 30_000;
/** Reasons that are remembered; there are some dozens, unless something makes them up. */
const REASONS_MAX = 1000;

/** How much a line matters. */
export type LogLevel = "info" | "warn";

/** A line of the log, before it has a form. */
export interface LogEntry {
  /** When, Unix ms. */
  readonly at: number;
  readonly level: LogLevel;
  /** The kind of trouble, of a warning. */
  readonly reason?: string;
  readonly message: string;
  readonly facts?: Facts;
}

/** How often a reason was met in the interval that is running. */
interface Window {
  readonly since: number;
  lines: number;
  left: number;
}

/** Logs a sample of each kind of trouble, so that a flood of bad packets is no flood of lines. */
export class SampledLog implements Log {
  readonly #write: (entry: LogEntry) => void;
  readonly #windows = new Map<string, Window>();

  /**
   * Makes a log.
   *
   * @param write Takes the lines that are told
   */
  constructor(write: (entry: LogEntry) => void) {
    this.#write = write;
  }

  /** Tells a line. */
  info(message: string, facts?: Facts): void {
    this.#write({ at: Date.now(), level: "info", message, facts });
  }

  /** Tells a line unless its reason had its share. */
  warn(reason: string, message: string, facts?: Facts): void {
    const at = Date.now();
    let window = this.#windows.get(reason);
    if (window === undefined || at - window.since >= INTERVAL_MS || at < window.since) {
      if (window !== undefined) this.#tellLeft(reason, window, at);
      this.#windows.delete(reason);
      this.#makeRoom(at);
      window = { since: at, lines: 0, left: 0 };
      this.#windows.set(reason, window);
    }
    if (window.lines < LINES_MAX) {
      window.lines++;
      this.#write({ at, level: "warn", reason, message, facts });
    } else {
      window.left++;
    }
  }

  /** Tells how many lines were left out, where that is not told yet. */
  end(): void {
    for (const [reason, window] of this.#windows) this.#tellLeft(reason, window, Date.now());
    this.#windows.clear();
  }

  /** Forgets the reason whose interval began first, where there are too many. */
  #makeRoom(at: number): void {
    if (this.#windows.size < REASONS_MAX) return;
    for (const [reason, window] of this.#windows) {
      this.#tellLeft(reason, window, at);
      this.#windows.delete(reason);
      return;
    }
  }

  #tellLeft(reason: string, { left }: Window, at: number): void {
    if (left === 0) return;
    const message = `${left} more of "${reason}" were not logged`;
    this.#write({ at, level: "warn", reason, message, facts: { left } });
  }
}
