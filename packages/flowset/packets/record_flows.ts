import {
  type Column,
  fieldIndex,
  FlowBatch,
  type FlowBatchOptions,
  type FlowFieldName,
  FlowSchema,
  SAMPLING_COLUMN,
} from "@flowtools/flow-model";
import { flowCount } from "./lost_columns.ts";
import { canStore, type RecordLoss } from "./packet_records.ts";

/**
 * Gives flows of packets the fields of flow-tools records, for what asks records for them: what a
 * flow does not tell is 0. Nothing is cut: addresses may be IPv6, and numbers as large as they came.
 */
export class RecordFlows {
  readonly #to: FlowSchema;
  readonly #batch: FlowBatch;
  /** The columns by index. */
  readonly #fields: readonly number[];
  /** For each shape the one that its flows get; nothing where they can be no such records. */
  readonly #shapes = new WeakMap<FlowSchema, { readonly like: FlowSchema | undefined }>();
  #unlike = 0;

  /**
   * Begins.
   *
   * @param to The shape of the records
   * @param options The columns of the batches, and their capacity: that of those given, or more
   */
  constructor(to: FlowSchema, options: FlowBatchOptions) {
    const { columns, capacity } = options;
    this.#to = to;
    this.#batch = packetBatch({ columns, capacity });
    this.#fields = this.#batch.columns.map((name) => fieldIndex(name));
  }

  /**
   * Makes flows with all fields of the records.
   *
   * @param from The flows, with the same columns
   * @returns A batch, alive until the next is asked for; empty where none can be such a record
   */
  convert(from: FlowBatch): FlowBatch {
    const to = this.#batch;
    to.reset();
    for (let start = 0; start < from.length;) {
      const shape = from.schemaOf[start];
      let end = start + 1;
      while (end < from.length && from.schemaOf[end] === shape) end++;
      const schema = this.#like(from.schemas[shape]);
      if (schema === undefined) this.#unlike += end - start;
      else this.#copy(from, start, end, to.takeRows(schema, end - start));
      start = end;
    }
    return to;
  }

  /**
   * What could be no such record.
   *
   * @returns Each kind of loss
   */
  losses(): RecordLoss[] {
    if (this.#unlike === 0) return [];
    const why = `there is no conversion to ${this.#to.label} records`;
    return [{ kind: "flows", message: `${flowCount(this.#unlike)} left out: ${why}` }];
  }

  #like(schema: FlowSchema): FlowSchema | undefined {
    let shape = this.#shapes.get(schema);
    if (shape === undefined) {
      const { version, aggregation } = schema;
      const fields = [...new Set<FlowFieldName>([...this.#to.fields, ...schema.fields])];
      const like = new FlowSchema({ version, aggregation, fields });
      shape = { like: canStore(schema, this.#to) ? like : undefined };
      this.#shapes.set(schema, shape);
    }
    return shape.like;
  }

  #copy(from: FlowBatch, start: number, end: number, at: number): void {
    const to = this.#batch;
    for (const field of this.#fields) {
      copyRows(from.columnAt(field), start, end, to.columnAt(field), at);
      const families = from.family(field);
      if (families === undefined) continue;
      const target = to.widen(field);
      copyRows(families, start, end, target.families, at);
      const [first, behind] = [start * WIDE_OCTETS, end * WIDE_OCTETS];
      copyRows(from.wide(field), first, behind, target.wide, at * WIDE_OCTETS);
    }
    copyRows(from.extra(SAMPLING_COLUMN), start, end, to.extra(SAMPLING_COLUMN), at);
  }
}

const WIDE_OCTETS = 16;

/** Copies rows of a column of numbers, which both batches have. */
function copyRows(
  from: Column | undefined,
  start: number,
  end: number,
  to: Column | undefined,
  at: number,
): void {
  if (from === undefined || to === undefined || Array.isArray(from) || Array.isArray(to)) return;
  to.set(from.subarray(start, end), at);
}

/** A batch for the flows of packets. */
export function packetBatch(options: FlowBatchOptions): FlowBatch {
  return new FlowBatch({ ...options, extras: [{ name: SAMPLING_COLUMN, kind: "u32" }] });
}
