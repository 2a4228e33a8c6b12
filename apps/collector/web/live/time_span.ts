import { SUMS } from "./top_table.ts";

/** A span of time that is on: what came in it, and what the rows of it stand for. */
export class TimeSpan {
  /** Everything that came. */
  readonly totals: Float64Array<ArrayBuffer> = new Float64Array(SUMS.length);
  /** What the rows stand for: the same where all flows are in rows, about the same where not. */
  readonly #rows: Float64Array<ArrayBuffer> = new Float64Array(SUMS.length);

  /** Adds what came. */
  addTotals(sums: readonly number[]): void {
    for (let sum = 0; sum < SUMS.length; sum++) this.totals[sum] += sums[sum];
  }

  /** Adds what rows stand for. */
  addRows(sums: readonly number[]): void {
    for (let sum = 0; sum < SUMS.length; sum++) this.#rows[sum] += sums[sum];
  }

  /** What makes of the sums of rows the sums of everything; 1 where all flows are in rows. */
  factors(): Float64Array {
    return this.#rows.map((rows, sum) => rows > 0 ? this.totals[sum] / rows : 1);
  }

  /** Begins anew. */
  clear(): void {
    this.totals.fill(0);
    this.#rows.fill(0);
  }
}
