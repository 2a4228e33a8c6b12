import { readerOf, Template, templateOf } from "@flowtools/netflow-pdu";
import {
  type Column,
  type ColumnKind,
  fieldIndex,
  FLOW_FIELDS,
  type FlowBatch,
  FlowSchema,
} from "@flowtools/flow-model";
import { copyLists, type ListsCopy, listsFrom, type TemplateCopy } from "./list_copy.ts";

/** Where a column lies in the memory of a copy. */
interface PlacedColumn {
  /** Index in `FLOW_FIELDS`. */
  readonly field: number;
  readonly offset: number;
  /** Where the address families lie, and the IPv6 addresses, where some are IPv6. */
  readonly family?: number;
  readonly wide?: number;
}

/** Shape of rows, as it can be posted. */
export interface SchemaCopy {
  readonly version: number;
  readonly aggregation: number | undefined;
  readonly fields: FlowSchema["fields"];
  readonly extras: readonly string[];
  /** The fields of the records that rows came from, where their octets are copied. */
  readonly template?: TemplateCopy;
  /** What lists in these records refer to, where they have some. */
  readonly lists?: ListsCopy;
}

/** What is known of a copy besides its memory; it can be posted to another thread. */
export interface BatchCopyPlan {
  readonly length: number;
  /** Bytes of memory that it takes. */
  readonly bytes: number;
  readonly schemas: readonly SchemaCopy[];
  readonly columns: readonly PlacedColumn[];
  /** Columns beyond the canonical ones. */
  readonly extras: readonly (readonly [name: string, values: Column])[];
  /** The rows that count, in order; all where not given. */
  readonly rows: Uint32Array | undefined;
  /** Where the octets of records lie, and where those of each row end; not there without any. */
  readonly octets?: { readonly offset: number; readonly ends: number };
}

/** Columns of flows: what a batch and the copy of one have in common. */
export interface FlowColumns {
  readonly length: number;
  readonly schemas: readonly FlowSchema[];
  readonly schemaOf: Uint16Array;
  columnAt(field: number): Column | undefined;
  family(field: number): Uint8Array | undefined;
  wide(field: number): Uint8Array | undefined;
  extra(name: string): Column | undefined;
  /** The record that a row came from, as it was on the wire, where that is kept. */
  record?(row: number): Uint8Array | undefined;
}

const BYTES_PER_VALUE: Readonly<Record<Exclude<ColumnKind, "bytes">, number>> = {
  u8: 1,
  u16: 2,
  u32: 4,
  address: 4,
  counter: 8,
};

/** Columns that times are told with, whether or not the flows have them. */
const CLOCK = ["unix_secs", "unix_nsecs", "sysUpTime"].map(fieldIndex);

/**
 * Plans a copy of a batch: which columns some flow of it has, and where they go.
 *
 * @param batch The flows
 * @param rows The rows that count; all unless told
 * @returns The plan; `fillCopy` does it
 */
export function planCopy(batch: FlowBatch, rows?: Uint32Array): BatchCopyPlan {
  const { length, schemas } = batch;
  let bytes = align(2 * length);
  const place = (size: number) => {
    const offset = bytes;
    bytes = align(bytes + size);
    return offset;
  };
  const columns: PlacedColumn[] = [];
  for (const [field, { kind }] of FLOW_FIELDS.entries()) {
    const wanted = CLOCK.includes(field) || schemas.some(({ present }) => present[field] === 1);
    if (!wanted || batch.columnAt(field) === undefined) continue;
    const offset = place(length * BYTES_PER_VALUE[kind]);
    const isWide = kind === "address" &&
      batch.family(field)?.subarray(0, length).includes(6) === true;
    columns.push(
      isWide
        ? { field, offset, family: place(length), wide: place(16 * length) }
        : { field, offset },
    );
  }
  const names = new Set(schemas.flatMap(({ extras }) => extras));
  const extras = [...names].flatMap((name): [string, Column][] => {
    const values = batch.extra(name);
    return values === undefined ? [] : [[name, values.slice(0, length) as Column]];
  });
  const octets = batch.octets === undefined ? undefined : placeOctets(batch, place);
  const lists = octets === undefined ? undefined : copyLists(batch);
  const shapes = schemas.map((schema): SchemaCopy => {
    const { version, aggregation, fields, extras } = schema;
    const template = octets === undefined ? undefined : templateOf(schema)?.template;
    return {
      version,
      aggregation,
      fields,
      extras,
      template: template && { id: template.id, fields: template.fields },
      lists: lists?.get(schema),
    };
  });
  return { length, bytes, schemas: shapes, columns, extras, rows, octets };
}

/** Room for the octets of records, where any row has some. */
function placeOctets(
  { length, octets }: FlowBatch,
  place: (size: number) => number,
): BatchCopyPlan["octets"] {
  let sum = 0;
  for (let row = 0; row < length; row++) sum += octets?.read(row)?.length ?? 0;
  return sum === 0 ? undefined : { offset: place(sum), ends: place(4 * length) };
}

/**
 * Copies what a plan says.
 *
 * @param batch The flows that were planned for
 * @param plan The plan
 * @param buffer At least `plan.bytes`
 */
export function fillCopy(batch: FlowBatch, plan: BatchCopyPlan, buffer: ArrayBuffer): void {
  const { length } = plan;
  new Uint16Array(buffer, 0, length).set(batch.schemaOf.subarray(0, length));
  for (const { field, offset, family, wide } of plan.columns) {
    const target = viewOf(FLOW_FIELDS[field].kind, buffer, offset, length);
    target.set((batch.columnAt(field) as Uint32Array).subarray(0, length));
    if (family === undefined || wide === undefined) continue;
    new Uint8Array(buffer, family, length).set(batch.family(field)!.subarray(0, length));
    new Uint8Array(buffer, wide, 16 * length).set(batch.wide(field)!.subarray(0, 16 * length));
  }
  if (plan.octets === undefined) return;
  const { offset, ends: endsAt } = plan.octets;
  const target = new Uint8Array(buffer, offset);
  const ends = new Uint32Array(buffer, endsAt, length);
  let at = 0;
  for (let row = 0; row < length; row++) {
    const record = batch.octets?.read(row);
    if (record !== undefined) {
      target.set(record, at);
      at += record.length;
    }
    ends[row] = at;
  }
}

/**
 * The schema of a shape.
 *
 * @param shape The shape, as it was posted
 * @returns A new schema, which reads records where their octets were copied
 */
export function schemaFrom({ template, lists, ...init }: SchemaCopy): FlowSchema {
  const reader = template &&
    readerOf(new Template(template.id, template.fields), false, lists && listsFrom(lists));
  return new FlowSchema({ ...init, reader });
}

/**
 * The flows of a copy.
 *
 * @param plan The plan that it was made by
 * @param buffer Its memory
 * @param schemaOf Finds the schema of a shape; the same one for the same shape where that is fast
 * @returns Views of the memory
 */
export function readCopy(
  plan: BatchCopyPlan,
  buffer: ArrayBuffer,
  schemaOf: (init: SchemaCopy) => FlowSchema = schemaFrom,
): FlowColumns {
  const { length } = plan;
  const columns: (Column | undefined)[] = [];
  const families: (Uint8Array | undefined)[] = [];
  const wides: (Uint8Array | undefined)[] = [];
  for (const { field, offset, family, wide } of plan.columns) {
    columns[field] = viewOf(FLOW_FIELDS[field].kind, buffer, offset, length);
    if (family === undefined || wide === undefined) continue;
    families[field] = new Uint8Array(buffer, family, length);
    wides[field] = new Uint8Array(buffer, wide, 16 * length);
  }
  const extras = new Map(plan.extras);
  return {
    length,
    schemas: plan.schemas.map(schemaOf),
    schemaOf: new Uint16Array(buffer, 0, length),
    columnAt: (field) => columns[field],
    family: (field) => families[field],
    wide: (field) => wides[field],
    extra: (name) => extras.get(name),
    record: plan.octets && recordsOf(plan.octets, buffer, length),
  };
}

function recordsOf(
  { offset, ends: endsAt }: NonNullable<BatchCopyPlan["octets"]>,
  buffer: ArrayBuffer,
  length: number,
): (row: number) => Uint8Array | undefined {
  const ends = new Uint32Array(buffer, endsAt, length);
  return (row) => {
    const from = row === 0 ? 0 : ends[row - 1];
    return ends[row] === from ? undefined : new Uint8Array(buffer, offset + from, ends[row] - from);
  };
}

function viewOf(
  kind: Exclude<ColumnKind, "bytes">,
  buffer: ArrayBuffer,
  offset: number,
  length: number,
):
  | Uint8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Float64Array<
    ArrayBuffer
  > {
  switch (kind) {
    case "u8":
      return new Uint8Array(buffer, offset, length);
    case "u16":
      return new Uint16Array(buffer, offset, length);
    case "u32":
    case "address":
      return new Uint32Array(buffer, offset, length);
    case "counter":
      return new Float64Array(buffer, offset, length);
  }
}

/** The next multiple of the widest value. */
function align(bytes: number): number {
  return (bytes + 7) & ~7;
}
