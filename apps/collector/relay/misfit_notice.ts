import type { Log } from "../log.ts";

/** Counts values that did not fit a record and were replaced, and tells of new ones. */
export class MisfitNotice {
  /** The count of each field, for those who store records. */
  readonly counts: Map<string, number>;
  readonly #name: string;
  readonly #log: Log;
  #told = 0;

  /**
   * @param name Whose records they are
   * @param log Told of them
   * @param counts Counted by somebody already
   */
  constructor(name: string, log: Log, counts: Map<string, number> = new Map()) {
    this.#name = name;
    this.#log = log;
    this.counts = counts;
  }

  /** Tells of values since the last call, if there were any. */
  tell(): void {
    let total = 0;
    for (const count of this.counts.values()) total += count;
    if (total === this.#told) return;
    this.#told = total;
    const text = [...this.counts].map(([field, count]) => `${field} ${count}`).join(", ");
    this.#log.warn(
      "misfit",
      `${this.#name}: values did not fit their records and were replaced: ${text}`,
    );
  }
}
