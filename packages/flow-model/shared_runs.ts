import type { NumberColumn } from "./columns.ts";

/**
 * Rows that are filled ahead with a value that came twice: enough that packets of 30 records hardly
 * ever fill anything, few enough that it costs nothing where the value changes after all.
 */
const ROWS_AHEAD = 512;

/**
 * Fills columns with values that all records of a packet share. The next packet mostly has the
 * same exporter, engine and second, and lacks the same fields; so what came twice is filled ahead,
 * and from then on there is nothing to do.
 *
 * It relies on rows being appended one after the other: nobody writes rows behind the last.
 */
export class SharedRuns {
  /** For each column, the value it was filled with last, and the row up to which. */
  readonly #values: Float64Array<ArrayBuffer>;
  readonly #ends: Uint32Array<ArrayBuffer>;

  /** @param columns How many columns there are */
  constructor(columns: number) {
    this.#values = new Float64Array(columns);
    this.#ends = new Uint32Array(columns);
  }

  /** Forgets everything: rows are appended from the first on. */
  reset(): void {
    this.#ends.fill(0);
  }

  /**
   * Sees to it that rows of a column hold a value.
   *
   * @param index The number of the column
   * @param column The column
   * @param value The value
   * @param at First row, the first that is not in use yet
   * @param count Rows
   */
  fill(index: number, column: NumberColumn, value: number, at: number, count: number): void {
    const end = at + count;
    const filled = this.#ends[index];
    const again = filled > 0 && this.#values[index] === value;
    if (again && end <= filled) return;
    const to = again ? Math.min(end + ROWS_AHEAD, column.length) : end;
    column.fill(value, at, to);
    this.#values[index] = value;
    this.#ends[index] = to;
  }
}
