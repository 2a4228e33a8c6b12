import {
  FAMILY_IPV6,
  type FlowBatch,
  type FlowFieldName,
  type FlowSchema,
  FlowToolsError,
} from "@flowtools/flow-model";
import type { FlowFilter } from "../filter/flow_filter.ts";
import type { RowAction } from "./row_action.ts";

/** A transform asks for fields that the flows do not have. */
export class TransformFieldError extends FlowToolsError {
  /** The shape of the flows. */
  readonly schema: FlowSchema;
  /** The fields that they lack. */
  readonly fields: readonly FlowFieldName[];

  /**
   * Makes an error.
   *
   * @param message The sentence of the program whose transform it is
   * @param schema The shape of the flows
   * @param fields The fields that they lack
   */
  constructor(message: string, schema: FlowSchema, fields: readonly FlowFieldName[]) {
    super("missing-field", `${message} (${schema.label} records have no ${fields.join(", ")})`);
    this.schema = schema;
    this.fields = fields;
  }
}

/** One step of a transform. */
export interface TransformTerm {
  /** The flows that it is for; all where not given. */
  readonly filter?: FlowFilter;
  /** What it does, in this order. */
  readonly actions: readonly RowAction[];
  /** The flows that it was for are done. */
  readonly stop?: boolean;
}

/**
 * A change of flows that is ready to run: it works in place, column by column.
 *
 * {@linkcode parseTagConfig}, {@linkcode parseXlateConfig} and {@linkcode parseMaskConfig} make
 * transforms from configurations. IPv6 addresses are left as they are: the configurations know none.
 *
 * @example
 * ```ts
 * import { FlowSet, parseMaskConfig } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * const config = parseMaskConfig("mask-definition all\n prefix 0/0 20\n");
 * const transform = config.transform("all");
 * await using set = await FlowSet.open("fixtures/ft/v5-le.ft");
 * for await (const batch of set.batches({ columns: transform.columns })) {
 *   transform.apply(batch);
 *   assertEquals(new Set(batch.column("dst_mask").subarray(0, batch.length)), new Set([20]));
 * }
 * ```
 */
export class FlowTransform {
  /** The columns that batches must keep. */
  readonly columns: readonly FlowFieldName[];
  /** The columns that change. */
  readonly writes: readonly FlowFieldName[];
  /** The fields that records must have. */
  readonly required: readonly FlowFieldName[];
  readonly #terms: readonly TransformTerm[];
  /** Rows that no term has stopped, those of the current term, and those of its current action. */
  #open = new Uint32Array(0);
  #term = new Uint32Array(0);
  #fitting = new Uint32Array(0);

  /**
   * Makes a transform.
   *
   * @param terms What to do, in this order
   * @param required The fields that records must have
   * @ignore
   */
  constructor(terms: readonly TransformTerm[], required: readonly FlowFieldName[]) {
    const actions = terms.flatMap((term) => term.actions);
    const unique = (names: readonly FlowFieldName[]) => [...new Set(names)];
    this.#terms = terms;
    this.required = required;
    this.writes = unique(actions.flatMap(({ writes }) => writes));
    this.columns = unique([
      ...terms.flatMap(({ filter }) => filter?.columns ?? []),
      ...actions.flatMap(({ reads }) => reads),
      ...this.writes,
    ]);
  }

  /**
   * The fields that flows of a shape lack.
   *
   * @param schema The shape
   * @returns The fields of `required` that it does not have
   */
  missing(schema: FlowSchema): FlowFieldName[] {
    return this.required.filter((field) => !schema.has(field));
  }

  /**
   * Changes all rows of a batch in place.
   *
   * @param batch The flows; it must keep `columns`
   * @throws {FlowAttributeError} The batch does not keep a column
   */
  apply(batch: FlowBatch): void {
    if (this.#open.length < batch.length) {
      this.#open = new Uint32Array(batch.capacity);
      this.#term = new Uint32Array(batch.capacity);
      this.#fitting = new Uint32Array(batch.capacity);
    }
    const open = this.#open;
    let count = batch.length;
    for (let row = 0; row < count; row++) open[row] = row;
    for (const { filter, actions, stop } of this.#terms) {
      let rows = open;
      let length = count;
      if (filter !== undefined) {
        rows = this.#term;
        rows.set(open.subarray(0, count));
        length = filter.narrow(batch, rows, count);
      }
      for (const action of actions) this.#run(action, batch, rows, length);
      if (stop) count = filter === undefined ? 0 : without(open, count, rows, length);
    }
  }

  #run(action: RowAction, batch: FlowBatch, rows: Uint32Array, count: number): void {
    const { schemas, schemaOf } = batch;
    const fits = schemas.map((schema) => action.reads.every((field) => schema.has(field)));
    const families = action.reads.map((field) => batch.family(field)).filter((family) =>
      family !== undefined
    );
    if (families.length === 0 && fits.every((fit) => fit)) return action.run(batch, rows, count);
    const fitting = this.#fitting;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const row = rows[i];
      if (!fits[schemaOf[row]]) continue;
      if (families.some((family) => family[row] === FAMILY_IPV6)) continue;
      fitting[kept++] = row;
    }
    action.run(batch, fitting, kept);
  }
}

/** Takes rows out of a selection in place; both ascend. */
function without(rows: Uint32Array, count: number, out: Uint32Array, outCount: number): number {
  let kept = 0;
  let at = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i];
    if (at < outCount && out[at] === row) at++;
    else rows[kept++] = row;
  }
  return kept;
}
