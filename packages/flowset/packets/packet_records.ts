import type { FlowBatch, FlowFieldName, FlowSchema, RecordLayout } from "@flowtools/flow-model";
import { canConvert, findFtLayout, lostFields, type RecordBlock } from "@flowtools/ft-format";
import { SAMPLING_COLUMN } from "@flowtools/netflow-pdu";

const FAMILY_IPV6 = 6;
const AGGREGATED_VERSION = 8;

/** Records, and what is known of their flows besides. */
export interface SampledBlock extends RecordBlock {
  /** For each record one packet in so many, or 0; not there where nothing is known. */
  readonly rates?: Uint32Array;
}

/**
 * Makes flow-tools records of flows of any version, and counts what these have no place for. Flows
 * between IPv6 addresses are left out: without their addresses they would be others.
 */
export class PacketRecords {
  readonly #layout: RecordLayout;
  readonly #misfits = new Map<FlowFieldName, number>();
  readonly #lostFields = new Map<FlowFieldName, number>();
  #wide = 0;
  #unlike = 0;
  #bytes = new Uint8Array(0);

  /** @param layout What the records are to look like */
  constructor(layout: RecordLayout) {
    this.#layout = layout;
  }

  /** For each field that the records lack, how many flows had it. */
  get lostFields(): ReadonlyMap<FlowFieldName, number> {
    return this.#lostFields;
  }

  /** For each field, how many values did not fit and were replaced. */
  get misfits(): ReadonlyMap<FlowFieldName, number> {
    return this.#misfits;
  }

  /** Flows that are left out. */
  get leftOut(): number {
    return this.#wide + this.#unlike;
  }

  /**
   * Makes records.
   *
   * @param batch The flows, with all columns that the records have
   * @param start The first row
   * @param end The row behind the last
   * @returns Blocks, each alive until the next is asked for
   * @throws {FlowAttributeError} The batch lacks a column
   */
  *convert(
    batch: FlowBatch,
    start = 0,
    end: number = batch.length,
  ): Generator<SampledBlock, void, undefined> {
    for (let from = start; from < end;) {
      let to = from;
      while (to < end && batch.schemaOf[to] === batch.schemaOf[from] && !isWide(batch, to)) to++;
      const schema = batch.schemas[batch.schemaOf[from]];
      if (to === from) {
        this.#wide++;
        from++;
        continue;
      }
      if (this.#holds(schema)) yield this.#store(batch, schema, from, to - from);
      else this.#unlike += to - from;
      from = to;
    }
  }

  /**
   * What the records had no place for.
   *
   * @returns A line for each kind of loss
   */
  losses(): string[] {
    const { label } = this.#layout.schema;
    const counts = (losses: ReadonlyMap<string, number>) =>
      [...losses].map(([name, flows]) => `${name} of ${flowCount(flows)}`).join(", ");
    const lines: string[] = [];
    if (this.#wide > 0) {
      lines.push(`${flowCount(this.#wide)} left out: ${label} records hold no IPv6 addresses`);
    }
    if (this.#unlike > 0) {
      lines.push(`${flowCount(this.#unlike)} left out: there is no conversion to ${label} records`);
    }
    if (this.#lostFields.size > 0) {
      lines.push(`${label} records have no place for ${counts(this.#lostFields)}`);
    }
    if (this.#misfits.size > 0) {
      lines.push(`values that ${label} records cannot hold: ${counts(this.#misfits)}`);
    }
    return lines;
  }

  /** Aggregated records stay what they are; what flow-tools never stored can become anything else. */
  #holds(schema: FlowSchema): boolean {
    const to = this.#layout.schema;
    return isForeign(schema) ? to.version !== AGGREGATED_VERSION : canConvert(schema, to);
  }

  #store(batch: FlowBatch, schema: FlowSchema, from: number, count: number): SampledBlock {
    const layout = this.#layout;
    const octets = count * layout.size;
    if (this.#bytes.length < octets) this.#bytes = new Uint8Array(octets);
    const view = new DataView(this.#bytes.buffer);
    batch.storeRecords(layout, from, count, view, 0, true, this.#misfits);
    for (const name of lostFields(schema, layout.schema)) {
      this.#lostFields.set(name, (this.#lostFields.get(name) ?? 0) + count);
    }
    const rates = batch.extra(SAMPLING_COLUMN);
    return {
      layout,
      view,
      offset: 0,
      count,
      littleEndian: true,
      ...(rates instanceof Uint32Array ? { rates: rates.subarray(from, from + count) } : {}),
    };
  }
}

/**
 * Whether flow-tools files have no records for flows of a shape.
 *
 * @param schema The shape
 */
export function isForeign({ version, aggregation }: FlowSchema): boolean {
  return findFtLayout(version, aggregation) === undefined;
}

function flowCount(flows: number): string {
  return `${flows} flow${flows === 1 ? "" : "s"}`;
}

/** Whether a flow is one between IPv6 addresses. */
function isWide(batch: FlowBatch, row: number): boolean {
  return batch.family("srcaddr")?.[row] === FAMILY_IPV6 ||
    batch.family("dstaddr")?.[row] === FAMILY_IPV6;
}
