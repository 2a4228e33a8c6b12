import type { FlowBatch, FlowFieldName } from "@flowtools/flow-model";

/** One change of rows, on the columns of a batch. */
export interface RowAction {
  /** The fields that a row must have; rows without, and those whose address is IPv6, stay as they are. */
  readonly reads: readonly FlowFieldName[];
  /** The columns that it changes. */
  readonly writes: readonly FlowFieldName[];
  /**
   * Changes rows in place.
   *
   * @param batch The flows
   * @param rows Indices of rows
   * @param count How many there are
   */
  run(batch: FlowBatch, rows: Uint32Array, count: number): void;
}
