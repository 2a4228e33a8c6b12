import type { FlowBatch, FlowSchema } from "@flowtools/flow-model";

/**
 * Told of flows that cannot be grouped.
 *
 * @param schema Their shape
 * @param fields The fields that they lack
 * @param flows How many there are in a batch
 */
export type LackingListener = (
  schema: FlowSchema,
  fields: readonly string[],
  flows: number,
) => void;

/**
 * The rows of a batch whose flows lack nothing.
 *
 * @param batch The batch
 * @param rows Indices of the rows that count, ascending; nothing for all
 * @param lacking The fields that flows of each of the batch's schemas lack
 * @param onLacking Told of the others, once for each schema
 * @returns Indices, ascending
 */
export function ableRows(
  batch: FlowBatch,
  rows: Uint32Array | undefined,
  lacking: readonly (readonly string[])[],
  onLacking: LackingListener,
): Uint32Array {
  const { length, schemas, schemaOf } = batch;
  const counts = lacking.map(() => 0);
  const able = new Uint32Array(rows?.length ?? length);
  let count = 0;
  for (let at = 0; at < able.length; at++) {
    const row = rows === undefined ? at : rows[at];
    const schema = schemaOf[row];
    if (lacking[schema].length === 0) able[count++] = row;
    else counts[schema]++;
  }
  for (const [schema, flows] of counts.entries()) {
    if (flows > 0) onLacking(schemas[schema], lacking[schema], flows);
  }
  return able.subarray(0, count);
}
