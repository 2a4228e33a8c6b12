import {
  FAMILY_IPV6,
  type FlowBatch,
  type FlowFieldName,
  type FlowSchema,
  type RecordLayout,
  SAMPLING_COLUMN,
} from "@flowtools/flow-model";
import { canConvert, findFtLayout, type RecordBlock } from "@flowtools/ft-format";
import { flowCount, lossText, LostColumns } from "./lost_columns.ts";

const AGGREGATED_VERSION = 8;

/**
 * What is lost where flows become records: whole flows, values that are too large, or fields that
 * records have no place for.
 */
export type LossKind = "flows" | "values" | "fields";

/** A loss of one kind. */
export interface RecordLoss {
  /** The kind. */
  readonly kind: LossKind;
  /** What was lost, and how much of it, as a sentence. */
  readonly message: string;
}

/**
 * Makes flow-tools records of flows of any version, and counts what these have no place for. Flows
 * between IPv6 addresses are left out: without their addresses they would be others.
 */
export class PacketRecords {
  readonly #layout: RecordLayout;
  readonly #misfits = new Map<FlowFieldName, number>();
  readonly #lost: LostColumns;
  #wide = 0;
  #unlike = 0;
  #bytes = new Uint8Array(0);

  /** @param layout What the records are to look like */
  constructor(layout: RecordLayout) {
    this.#layout = layout;
    this.#lost = new LostColumns(layout.schema);
  }

  /** For each field or element that the records lack, how many flows had it. */
  get lostFields(): ReadonlyMap<string, number> {
    return this.#lost.flows;
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
  ): Generator<RecordBlock, void, undefined> {
    for (let from = start; from < end;) {
      let to = from;
      while (to < end && batch.schemaOf[to] === batch.schemaOf[from] && !isWide(batch, to)) to++;
      const schema = batch.schemas[batch.schemaOf[from]];
      if (to === from) {
        this.#wide++;
        from++;
        continue;
      }
      if (canStore(schema, this.#layout.schema)) yield this.#store(batch, schema, from, to - from);
      else this.#unlike += to - from;
      from = to;
    }
  }

  /**
   * What the records had no place for.
   *
   * @returns Each kind of loss
   */
  losses(): RecordLoss[] {
    const { label } = this.#layout.schema;
    const losses: RecordLoss[] = [];
    const leftOut = (flows: number, why: string) => {
      if (flows > 0) {
        losses.push({ kind: "flows", message: `${flowCount(flows)} left out: ${why}` });
      }
    };
    leftOut(this.#wide, `${label} records hold no IPv6 addresses`);
    leftOut(this.#unlike, `there is no conversion to ${label} records`);
    return [...losses, ...valueLosses(label, this.lostFields, this.#misfits)];
  }

  #store(batch: FlowBatch, schema: FlowSchema, from: number, count: number): RecordBlock {
    const layout = this.#layout;
    const octets = count * layout.size;
    if (this.#bytes.length < octets) this.#bytes = new Uint8Array(octets);
    const view = new DataView(this.#bytes.buffer);
    batch.storeRecords(layout, from, count, view, 0, true, this.#misfits);
    this.#lost.add(schema, count);
    const rates = batch.extra(SAMPLING_COLUMN);
    if (rates instanceof Uint32Array) {
      let sampled = 0;
      for (let row = from; row < from + count; row++) if (rates[row] > 1) sampled++;
      this.#lost.count(SAMPLING_COLUMN, sampled);
    }
    return { layout, view, offset: 0, count, littleEndian: true };
  }
}

/**
 * What flows lost that became records.
 *
 * @param label The version of the records
 * @param lost For each field that they lack, how many flows had it
 * @param misfits For each field, how many values did not fit
 * @returns Each kind of loss
 */
export function valueLosses(
  label: string,
  lost: ReadonlyMap<string, number>,
  misfits: ReadonlyMap<string, number>,
): RecordLoss[] {
  const losses: RecordLoss[] = [];
  if (lost.size > 0) {
    const message = `${label} records have no place for ${lossText(lost)}`;
    losses.push({ kind: "fields", message });
  }
  if (misfits.size > 0) {
    const message = `values that ${label} records cannot hold: ${lossText(misfits)}`;
    losses.push({ kind: "values", message });
  }
  return losses;
}

/**
 * Whether flows of a shape can become records of another: aggregated records stay what they are,
 * what flow-tools never stored can become anything else.
 *
 * @param schema The shape
 * @param to The shape of the records
 */
export function canStore(schema: FlowSchema, to: FlowSchema): boolean {
  return isForeign(schema) ? to.version !== AGGREGATED_VERSION : canConvert(schema, to);
}

/**
 * Whether flow-tools files have no records for flows of a shape.
 *
 * @param schema The shape
 */
export function isForeign({ version, aggregation }: FlowSchema): boolean {
  return findFtLayout(version, aggregation) === undefined;
}

/** Whether a flow is one between IPv6 addresses. */
function isWide(batch: FlowBatch, row: number): boolean {
  return batch.family("srcaddr")?.[row] === FAMILY_IPV6 ||
    batch.family("dstaddr")?.[row] === FAMILY_IPV6;
}
