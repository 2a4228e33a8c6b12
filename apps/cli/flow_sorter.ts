import { type FlowBatch, FlowToolsError } from "@flowtools/flow-model";
import { type FlowRow, FlowRows } from "./flow_rows.ts";
import { compareTies, hasTies, type SortOrder, sortsBy, sortValues } from "./sort_values.ts";

/** Bytes of flows that are kept at most unless told otherwise. */
const BYTES_MAX = 2 ** 30;

/** Flows that are kept beyond the limit before the last of them are dropped. */
const SPARE = 8192;

/** Bytes of the place of a flow: where it is, what it is sorted by, and two of its place in the order. */
const PLACE_BYTES = 24;

/** Flows cannot be sorted. */
export class SortError extends FlowToolsError {}

/** How to sort. */
export interface FlowSorterOptions {
  /** By what. */
  readonly order: SortOrder;
  /** Flows that are wanted at most; default all. */
  readonly limit?: number;
  /** Bytes that flows may take; default a gigabyte. */
  readonly bytesMax?: number;
}

/**
 * Sorts flows of any number of inputs, with all that they tell, and keeps of these no more than can
 * be shown. Flows that are equal stay in the order in which they were read; those with templates
 * that lack the field come last.
 */
export class FlowSorter {
  readonly #order: SortOrder;
  readonly #limit: number;
  readonly #bytesMax: number;
  #rows = new FlowRows();
  /** What each flow is sorted by, least first whatever the order. */
  #values = new Float64Array(SPARE);
  /** What is not before this one is not among the first. */
  #last: { readonly flow: FlowRow; readonly value: number } | undefined;

  /** @param options By what, and how much may be kept */
  constructor({ order, limit = Infinity, bytesMax = BYTES_MAX }: FlowSorterOptions) {
    this.#order = order;
    this.#limit = limit;
    this.#bytesMax = bytesMax;
  }

  /**
   * Takes flows of a batch.
   *
   * @param batch The batch; it must keep all columns
   * @param rows Which of its rows, ascending; nothing for all
   * @throws {SortError} They lack the field, or are too many to be kept
   */
  add(batch: FlowBatch, rows?: Uint32Array): void {
    const values = this.#valuesOf(batch);
    const chosen = this.#choose(batch, rows, values);
    this.#keep(this.#rows, batch, chosen, values);
    if (this.#rows.length > this.#limit * 2 + SPARE) this.#drop();
    const bytes = this.#rows.bytes + this.#rows.length * PLACE_BYTES;
    if (bytes <= this.#bytesMax) return;
    throw new SortError(
      "too-many-flows",
      `Cannot sort ${this.#rows.length} flows: they need more than ${this.#bytesMax} bytes of ` +
        "memory; --memory allows more, --limit keeps the first ones only",
    );
  }

  /** The flows in order. */
  *flows(): Generator<FlowRow, void, undefined> {
    for (const flow of this.#sorted()) yield this.#rows.at(flow);
  }

  /** What each row is sorted by, least first. */
  #valuesOf(batch: FlowBatch): Float64Array {
    const { name, descending } = this.#order;
    const has = batch.schemas.map((schema) => {
      if (sortsBy(schema, name)) return true;
      // Templates of one file differ, and not all of their flows can have the field.
      if (schema.reader !== undefined) return false;
      throw new SortError(
        "missing-field",
        `Cannot sort by ${name}: ${schema.label} records have no such field`,
      );
    });
    const values = sortValues(batch, name);
    for (let row = 0; row < values.length; row++) {
      values[row] = has[batch.schemaOf[row]] ? descending ? -values[row] : values[row] : Infinity;
    }
    return values;
  }

  /** The rows that can be among the first. */
  #choose(
    batch: FlowBatch,
    rows: Uint32Array | undefined,
    values: Float64Array,
  ): Uint32Array {
    const all = rows ?? Uint32Array.from({ length: batch.length }, (_, row) => row);
    const last = this.#last;
    if (last === undefined) return all;
    return all.filter((row) =>
      values[row] === last.value
        ? this.#compareTies({ batch, row }, last.flow) < 0
        : values[row] < last.value
    );
  }

  #keep(to: FlowRows, batch: FlowBatch, rows: Uint32Array, values: Float64Array): void {
    const from = to.length;
    to.add(batch, rows);
    if (to.length > this.#values.length) {
      const larger = new Float64Array(Math.max(to.length, this.#values.length * 2));
      larger.set(this.#values);
      this.#values = larger;
    }
    for (let at = 0; at < rows.length; at++) this.#values[from + at] = values[rows[at]];
  }

  #compareTies(a: FlowRow, b: FlowRow): number {
    const tie = compareTies(a, b, this.#order.name);
    return this.#order.descending ? -tie : tie;
  }

  /** The numbers of the flows in order; of equal ones the one that was read first comes first. */
  #sorted(): Uint32Array {
    const rows = this.#rows;
    const values = this.#values;
    const tied = hasTies(this.#order.name);
    const order = Uint32Array.from({ length: rows.length }, (_, flow) => flow);
    order.sort((a, b) => {
      if (values[a] !== values[b]) return values[a] < values[b] ? -1 : 1;
      return (tied ? this.#compareTies(rows.at(a), rows.at(b)) : 0) || a - b;
    });
    return order.subarray(0, this.#limit);
  }

  /** Drops the flows that cannot be among the first any more. */
  #drop(): void {
    const sorted = this.#sorted();
    const last = sorted[sorted.length - 1];
    const rows = new FlowRows();
    // In the order in which they were read, and values move forward only.
    for (const flow of sorted.toSorted()) {
      const { batch, row } = this.#rows.at(flow);
      rows.add(batch, Uint32Array.of(row));
      this.#values[rows.length - 1] = this.#values[flow];
      if (flow !== last) continue;
      this.#last = { flow: rows.at(rows.length - 1), value: this.#values[flow] };
    }
    this.#rows = rows;
  }
}
