import type { FlowBatch, FlowFieldName, FlowSchema } from "@flowtools/flow-model";
import { FlowToolsError } from "@flowtools/flow-model";
import { keepMarked } from "./keep_marked.ts";
import type { RowTest } from "./narrow.ts";

/** A filter asks for fields that the flows do not have. */
export class FilterFieldError extends FlowToolsError {
  /** The shape of the flows. */
  readonly schema: FlowSchema;
  /** The fields that they lack. */
  readonly fields: readonly FlowFieldName[];

  /**
   * Makes an error.
   *
   * @param message The sentence of the program whose filter it is
   * @param schema The shape of the flows
   * @param fields The fields that they lack
   */
  constructor(message: string, schema: FlowSchema, fields: readonly FlowFieldName[]) {
    super("missing-field", `${message} (${schema.label} records have no ${fields.join(", ")})`);
    this.schema = schema;
    this.fields = fields;
  }
}

/**
 * A filter that is ready to run: it picks rows of batches, column by column.
 *
 * A row passes where all tests of one group pass; an inverted filter takes the other rows.
 * {@linkcode parseFilterConfig} makes filters from configurations.
 *
 * @example
 * ```ts
 * import { FlowSet, parseFilterConfig } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * const config = parseFilterConfig(`
 * filter-primitive TCP
 *   type ip-protocol
 *   permit 6
 * filter-definition tcp
 *   match ip-protocol TCP
 * `);
 * const filter = config.filter("tcp");
 * await using set = await FlowSet.open("fixtures/ft/v5-le.ft");
 * for await (const batch of set.batches({ columns: filter.columns })) {
 *   const rows = new Uint32Array(batch.length);
 *   const count = filter.select(batch, rows);
 *   assertEquals(rows.subarray(0, count).every((row) => batch.column("prot")[row] === 6), true);
 * }
 * ```
 */
export class FlowFilter {
  /** The columns that batches must keep, which are the fields that records must have. */
  readonly columns: readonly FlowFieldName[];
  readonly #groups: readonly (readonly RowTest[])[];
  readonly #inverted: boolean;
  /** Rows that no group has passed yet, and those that the current group is left with. */
  #open = new Uint32Array(0);
  #group = new Uint32Array(0);
  /** For each row, whether a group has passed it. */
  #passed = new Uint8Array(0);

  /**
   * Makes a filter.
   *
   * @param groups Tests; a group without any passes every row, no group passes none
   * @param inverted Take the other rows
   * @ignore
   */
  constructor(groups: readonly (readonly RowTest[])[], inverted: boolean) {
    this.#groups = groups;
    this.#inverted = inverted;
    this.columns = [...new Set(groups.flat().flatMap(({ fields }) => fields))];
  }

  /**
   * The fields that flows of a shape lack.
   *
   * @param schema The shape
   * @returns The fields of `columns` that it does not have
   */
  missing(schema: FlowSchema): FlowFieldName[] {
    return this.columns.filter((field) => !schema.has(field));
  }

  /**
   * Selects the rows that pass.
   *
   * @param batch The flows; it must keep `columns`. In rows that lack a field it is 0
   * @param selection Told the indices of the rows, ascending; it needs room for all
   * @returns How many rows there are
   * @throws {FlowAttributeError} The batch does not keep a column
   */
  select(batch: FlowBatch, selection: Uint32Array): number {
    const { length } = batch;
    selectAll(selection, length);
    return this.narrow(batch, selection, length);
  }

  /**
   * Narrows a selection to the rows that pass, in place.
   *
   * @param batch The flows; it must keep `columns`
   * @param selection Indices of rows, ascending
   * @param count How many there are
   * @returns How many are left
   * @throws {FlowAttributeError} The batch does not keep a column
   */
  narrow(batch: FlowBatch, selection: Uint32Array, count: number): number {
    if (this.#groups.length === 1 && !this.#inverted) {
      return narrowByAll(this.#groups[0], batch, selection, count);
    }
    if (this.#open.length < batch.capacity) {
      this.#open = new Uint32Array(batch.capacity);
      this.#group = new Uint32Array(batch.capacity);
      this.#passed = new Uint8Array(batch.capacity);
    }
    const passed = this.#passed.fill(0, 0, batch.length);
    let open = selection;
    let left = count;
    for (const [index, tests] of this.#groups.entries()) {
      const group = this.#group;
      group.set(open.subarray(0, left));
      const hits = narrowByAll(tests, batch, group, left);
      for (let i = 0; i < hits; i++) passed[group[i]] = 1;
      if (index === this.#groups.length - 1) break;
      left = keepMarked(open, left, passed, 0, this.#open);
      open = this.#open;
    }
    return keepMarked(selection, count, passed, this.#inverted ? 0 : 1, selection);
  }
}

function narrowByAll(
  tests: readonly RowTest[],
  batch: FlowBatch,
  rows: Uint32Array,
  count: number,
): number {
  let left = count;
  for (const test of tests) left = test.narrow(batch, rows, left);
  return left;
}

/**
 * Selects all rows. It is a function of its own: with the loop in `select`, V8 compiles that for
 * the loop alone, and drops the code behind each batch.
 */
function selectAll(selection: Uint32Array, count: number): void {
  for (let row = 0; row < count; row++) selection[row] = row;
}
