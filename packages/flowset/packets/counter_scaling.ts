import { type FlowBatch, SAMPLING_COLUMN } from "@flowtools/flow-model";

/**
 * Multiplies the octets and packets of flows by their rate of sampling, which makes estimates of
 * what was sent out of what was looked at. Where nothing is known of the sampling they stay.
 *
 * @example
 * ```ts
 * import { CounterScaling } from "@flowtools/flowset";
 * import { FlowBatch, FlowSchema } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * const batch = new FlowBatch({ extras: [{ name: "samplingRate", kind: "u32" }] });
 * const schema = new FlowSchema({
 *   version: 9,
 *   fields: ["dPkts", "dOctets"],
 *   extras: ["samplingRate"],
 * });
 * batch.append(schema, { dPkts: 2, dOctets: 3000, samplingRate: 100 });
 *
 * const scaling = new CounterScaling();
 * scaling.applyAll(batch);
 * assertEquals([batch.flow(0).dPkts, batch.flow(0).dOctets], [200, 300_000]);
 * assertEquals([scaling.flows, scaling.unknown], [1, 0]);
 * ```
 */
export class CounterScaling {
  /** Flows so far. */
  flows = 0;
  /** Flows of which no rate is known. */
  unknown = 0;

  /**
   * Scales some rows.
   *
   * @param batch The flows
   * @param from The first row
   * @param to The row behind the last
   * @param rates For each of these rows one packet in so many, or 0; not there where nothing is known
   */
  apply(batch: FlowBatch, from: number, to: number, rates?: ArrayLike<number>): void {
    this.flows += to - from;
    if (rates === undefined) {
      this.unknown += to - from;
      return;
    }
    const packets = columnOf(batch, "dPkts");
    const octets = columnOf(batch, "dOctets");
    for (let row = from, at = 0; row < to; row++, at++) {
      const rate = rates[at];
      if (rate === 0) this.unknown++;
      if (rate <= 1) continue;
      if (packets !== undefined) packets[row] *= rate;
      if (octets !== undefined) octets[row] *= rate;
    }
  }

  /**
   * Scales all rows of a batch, by its column of rates where it has one.
   *
   * @param batch The flows
   */
  applyAll(batch: FlowBatch): void {
    const rates = batch.extra(SAMPLING_COLUMN);
    this.apply(batch, 0, batch.length, rates instanceof Uint32Array ? rates : undefined);
  }
}

function columnOf(batch: FlowBatch, name: "dPkts" | "dOctets"): Float64Array | undefined {
  return batch.columns.includes(name) ? batch.column(name) : undefined;
}
