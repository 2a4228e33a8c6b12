import { fieldIndex, FlowBatch, type FlowFieldName, FlowSchema } from "@flowtools/flow-model";
import { LIVE_ADDRESSES, LIVE_FIELDS, LiveRows, presenceBits } from "../live_rows.ts";

/** Live flows, as the ring copies them. */
export interface LiveFlows {
  readonly buffer: ArrayBuffer;
  readonly capacity: number;
  readonly length: number;
  readonly mixed: boolean;
}

/** Live flows of one shape. */
export interface LiveBatch {
  readonly batch: FlowBatch;
  /** For each row, how many flows it stands for. */
  readonly weights: Float64Array;
}

/** Live flows of one version that have the same fields. */
interface Shape {
  readonly bits: number;
  readonly version: number;
  readonly aggregation: number;
  readonly rows: number[];
}

/**
 * Live flows as batches, one for each shape that there is.
 *
 * @param flows The flows
 * @param asked Columns that batches must keep, of live flows or not
 */
export function* liveBatches(
  { buffer, capacity, length, mixed }: LiveFlows,
  asked: readonly FlowFieldName[],
): Generator<LiveBatch, void, undefined> {
  const live = new LiveRows(capacity, buffer);
  live.mixed = mixed;
  const columns = [...new Set([...LIVE_FIELDS, ...asked])];
  for (const shape of shapesOf(live, length)) {
    const { rows } = shape;
    const batch = new FlowBatch({ capacity: rows.length, columns });
    batch.takeRows(schemaOf(shape), rows.length);
    for (const name of LIVE_FIELDS) {
      const [source, target] = [live.columns[name], batch.column(name)];
      for (let row = 0; row < rows.length; row++) target[row] = source[rows[row]];
    }
    if (mixed) copyFamilies(live, rows, batch);
    yield { batch, weights: Float64Array.from(rows, (row) => live.weights[row]) };
  }
}

function shapesOf(live: LiveRows, length: number): Iterable<Shape> {
  const shapes = new Map<string, Shape>();
  for (let row = 0; row < length; row++) {
    const bits = live.present[row];
    const version = live.versions[row];
    const aggregation = live.aggregations[row];
    const key = `${bits} ${version} ${aggregation}`;
    const shape = shapes.get(key);
    if (shape === undefined) shapes.set(key, { bits, version, aggregation, rows: [row] });
    else shape.rows.push(row);
  }
  return shapes.values();
}

function schemaOf({ bits, version, aggregation }: Shape): FlowSchema {
  // Each row says how many flows it stands for.
  const fields = LIVE_FIELDS.filter((name) => {
    return name === "dFlows" || (bits & presenceBits([name])) !== 0;
  });
  return new FlowSchema({ version, aggregation: aggregation || undefined, fields });
}

function copyFamilies(live: LiveRows, rows: readonly number[], batch: FlowBatch): void {
  for (const name of LIVE_ADDRESSES) {
    const { families, wide } = batch.widen(fieldIndex(name));
    const words = new Uint32Array(wide.buffer, wide.byteOffset, wide.byteLength / 4);
    for (let row = 0; row < rows.length; row++) {
      const from = rows[row];
      families[row] = live.families[name][from];
      words.set(live.wide[name].subarray(4 * from, 4 * from + 4), 4 * row);
    }
  }
}
