import {
  FAMILY_IPV6,
  fieldIndex,
  FLOW_FIELD_NAMES,
  type FlowBatch,
  type FlowFieldName,
  type RecordLayout,
} from "@flowtools/flow-model";

/** Rows that lie behind one another. */
export interface RowRun {
  /** The first. */
  readonly from: number;
  /** How many. */
  readonly count: number;
}

/** The addresses without which a flow is another flow. */
const ENDPOINTS: readonly FlowFieldName[] = ["srcaddr", "dstaddr"];

/**
 * Finds the rows that records of a layout can hold: those of IPv6 have no place where addresses have
 * four octets. They are left out, never written as 0.0.0.0, and counted.
 *
 * @param layout The layout
 * @param batch The flows
 * @param from First row
 * @param count Rows
 * @param misfits Told, per address, of how many rows it was the reason to leave them out
 * @returns The rows that are left, in order
 *
 * @example
 * ```ts
 * import { V5_CODEC, writableRuns } from "@flowtools/netflow-pdu";
 * import { FlowBatch } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * const { record } = V5_CODEC.layouts;
 * const batch = new FlowBatch();
 * for (const srcaddr of ["192.0.2.1", "2001:db8::1", "192.0.2.2"]) {
 *   batch.append(record.schema, { srcaddr });
 * }
 * const misfits = new Map<string, number>();
 * assertEquals(writableRuns(record, batch, 0, 3, misfits), [
 *   { from: 0, count: 1 },
 *   { from: 2, count: 1 },
 * ]);
 * assertEquals(misfits.get("srcaddr"), 1);
 * ```
 */
export function writableRuns(
  layout: RecordLayout,
  batch: FlowBatch,
  from: number,
  count: number,
  misfits?: Map<string, number>,
): RowRun[] {
  const families = ENDPOINTS.map(fieldIndex)
    .filter((field) => layout.rows.some((row) => row.field === field))
    .flatMap((field) => {
      const family = batch.family(field);
      return family === undefined ? [] : [{ name: FLOW_FIELD_NAMES[field], family, field }];
    });
  if (families.length === 0) return [{ from, count }];
  const runs: RowRun[] = [];
  let start = from;
  for (let row = from; row < from + count; row++) {
    const { present } = batch.schemas[batch.schemaOf[row]];
    const wide = families.find(({ family, field }) =>
      family[row] === FAMILY_IPV6 && present[field] === 1
    );
    if (wide === undefined) continue;
    misfits?.set(wide.name, (misfits.get(wide.name) ?? 0) + 1);
    if (row > start) runs.push({ from: start, count: row - start });
    start = row + 1;
  }
  if (from + count > start) runs.push({ from: start, count: from + count - start });
  return runs;
}
