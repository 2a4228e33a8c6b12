import type { ColumnSpec, RowValues } from "./batch_options.ts";
import { type Column, createHolder, moveRows } from "./column_holders.ts";
import { fieldIndex } from "./flow_fields.ts";
import { EXTRA_COLUMNS_MAX } from "./limits.ts";

/** The columns of a batch beyond the canonical fields; rows that nothing was written to are empty. */
export class ExtraColumns {
  readonly #capacity: number;
  readonly #columns = new Map<string, Column>();
  /** What each column was asked for as. */
  readonly specs: ColumnSpec[] = [];

  /** @param capacity Rows */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The values of a column; `undefined` where there is none of that name. */
  get(name: string): Column | undefined {
    return this.#columns.get(name);
  }

  /**
   * Adds a column; one that is there already stays.
   *
   * @throws {RangeError} The name is canonical, or there are too many columns
   */
  add(spec: ColumnSpec): Column {
    const { name, kind } = spec;
    const known = this.#columns.get(name);
    if (known !== undefined) return known;
    if (fieldIndex(name) >= 0) {
      throw new RangeError(`Cannot add column: "${name}" is a canonical field`);
    }
    if (this.#columns.size >= EXTRA_COLUMNS_MAX) {
      throw new RangeError(
        `Cannot add column "${name}": the batch has ${EXTRA_COLUMNS_MAX} further columns`,
      );
    }
    const values = createHolder(kind, this.#capacity);
    this.#columns.set(name, values);
    this.specs.push(spec);
    return values;
  }

  /** Writes the values of one row that are given. */
  set(row: number, given: RowValues): void {
    for (const [name, values] of this.#columns) {
      const value = given[name];
      if (value === undefined) continue;
      if (Array.isArray(values)) values[row] = value as Uint8Array;
      else values[row] = Number(value);
    }
  }

  /** Empties rows. */
  clear(from: number, to: number): void {
    for (const values of this.#columns.values()) {
      if (Array.isArray(values)) values.fill(undefined, from, to);
      else values.fill(0, from, to);
    }
  }

  /** Keeps some of the rows in use, ascending, and moves them to the front. */
  keepRows(rows: Uint32Array, used: number): void {
    for (const values of this.#columns.values()) moveRows(values, rows);
    this.clear(rows.length, used);
  }
}
