/** Lines of one reason in one interval at most; the counters count everything. */
const LINES_MAX = 3;
const INTERVAL_MS = 30_000;

/** Logs a sample of each kind of trouble, so that a flood of bad packets is no flood of lines. */
export class SampledLog {
  readonly #write: (line: string) => void;
  readonly #windows = new Map<string, { since: number; lines: number; left: number }>();

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  /** Logs a line unless its reason had its share. */
  warn(reason: string, line: string): void {
    const now = Date.now();
    let window = this.#windows.get(reason);
    if (window === undefined || now - window.since >= INTERVAL_MS) {
      if (window !== undefined && window.left > 0) {
        this.#write(`${window.left} more of "${reason}" were not logged`);
      }
      window = { since: now, lines: 0, left: 0 };
      this.#windows.set(reason, window);
    }
    if (window.lines < LINES_MAX) {
      window.lines++;
      this.#write(line);
    } else {
      window.left++;
    }
  }
}
