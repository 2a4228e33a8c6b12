import type { FlowBatch, FlowFieldName } from "@flowtools/flow-model";

/** One test of a filter, on the columns of a batch. */
export interface RowTest {
  /** The fields that it looks at. */
  readonly fields: readonly FlowFieldName[];
  /**
   * Narrows a selection to the rows that pass, in place and in order.
   *
   * @param batch The flows
   * @param rows The selection: indices of rows
   * @param count How many there are
   * @returns How many are left
   */
  narrow(batch: FlowBatch, rows: Uint32Array, count: number): number;
}
