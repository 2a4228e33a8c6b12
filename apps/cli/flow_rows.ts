import {
  type Column,
  FAMILY_IPV6,
  fieldIndex,
  FLOW_FIELD_NAMES,
  FLOW_FIELDS,
  FlowBatch,
  type FlowSchema,
  type NumberColumn,
  SAMPLING_COLUMN,
} from "@flowtools/flow-model";

/** Rows of a chunk: few enough that sorting a handful of flows takes little. */
const CHUNK_ROWS = 4096;

/** Octets of records that are copied at a time: as many as a batch has room for while it has any. */
const OCTETS_AT_ONCE = 65_535;

/** Octets that a batch sets aside at first for records. */
const OCTETS_FIRST = 1 << 16;

const WORD_BYTES = 4;
/** Bytes of a row of a column that has IPv6 addresses: the family, and the address. */
const WIDE_ROW_BYTES = 17;

/** Bytes of a value of each kind of column. */
const KIND_BYTES = { u8: 1, u16: 2, u32: 4, address: 4, counter: 8, bytes: 8 } as const;

/** Places that there is room for at first; it doubles. */
const PLACES_FIRST = 1024;

/** A flow: a row of a batch. */
export interface FlowRow {
  /** The batch. */
  readonly batch: FlowBatch;
  /** The row. */
  readonly row: number;
}

/**
 * Flows of any shape, copied out of batches that are used again: all that they tell, with their
 * rates of sampling and the octets of their records.
 */
export class FlowRows {
  /** Flows that are kept. */
  length = 0;
  /** Bytes that they take, roughly. */
  bytes = 0;
  readonly #chunks: FlowBatch[] = [];
  /** For each flow, its chunk and the row of it. */
  #chunkOf = new Uint32Array(PLACES_FIRST);
  #rowOf = new Uint16Array(PLACES_FIRST);
  /** The chunk of each kind of shape that still has room. */
  readonly #open = new Map<string, number>();

  /** A flow by its number, from 0 in the order in which they were added. */
  at(flow: number): FlowRow {
    return { batch: this.#chunks[this.#chunkOf[flow]], row: this.#rowOf[flow] };
  }

  /**
   * Copies flows of a batch.
   *
   * @param batch The batch; it must keep all columns
   * @param rows Which of its rows
   */
  add(batch: FlowBatch, rows: Uint32Array): void {
    const { schemas, schemaOf } = batch;
    for (let from = 0; from < rows.length;) {
      const shape = schemaOf[rows[from]];
      const number = this.#chunk(schemas[shape]);
      const chunk = this.#chunks[number];
      const most = Math.min(rows.length, from + chunk.room);
      let to = from + 1;
      while (to < most && schemaOf[rows[to]] === shape) to++;
      to = fitting(batch, rows, from, to);
      const first = chunk.takeRows(schemas[shape], to - from);
      this.bytes += copyRows(batch, rows.subarray(from, to), chunk, first);
      this.#place(number, first, to - from);
      from = to;
    }
  }

  #place(chunk: number, first: number, count: number): void {
    const length = this.length + count;
    if (length > this.#rowOf.length) {
      const room = Math.max(length, this.#rowOf.length * 2);
      const [chunkOf, rowOf] = [new Uint32Array(room), new Uint16Array(room)];
      chunkOf.set(this.#chunkOf);
      rowOf.set(this.#rowOf);
      [this.#chunkOf, this.#rowOf] = [chunkOf, rowOf];
    }
    this.#chunkOf.fill(chunk, this.length, length);
    for (let at = 0; at < count; at++) this.#rowOf[this.length + at] = first + at;
    this.length = length;
  }

  /** The chunk that has room. What came without a template has one shape, and no other columns. */
  #chunk(schema: FlowSchema): number {
    const templates = schema.reader !== undefined;
    const kind = templates ? "templates" : schema.label;
    const open = this.#open.get(kind);
    if (open !== undefined && this.#chunks[open].room > 0) return open;
    const columns = templates ? FLOW_FIELD_NAMES : schema.fields;
    const chunk = new FlowBatch({
      columns,
      capacity: CHUNK_ROWS,
      octets: templates,
      extras: [{ name: SAMPLING_COLUMN, kind: "u32" }],
    });
    const row = columns.reduce((sum, name) => sum + KIND_BYTES[kindOf(name)], WORD_BYTES * 2);
    this.bytes += CHUNK_ROWS * row + (templates ? OCTETS_FIRST + CHUNK_ROWS * WORD_BYTES * 2 : 0);
    const number = this.#chunks.push(chunk) - 1;
    this.#open.set(kind, number);
    return number;
  }
}

function kindOf(name: (typeof FLOW_FIELD_NAMES)[number]): (typeof FLOW_FIELDS)[number]["kind"] {
  return FLOW_FIELDS[fieldIndex(name)].kind;
}

/** As many rows as a chunk with room surely has room for the octets of. */
function fitting({ octets }: FlowBatch, rows: Uint32Array, from: number, to: number): number {
  if (octets === undefined) return to;
  let sum = 0;
  for (let at = from; at < to; at++) {
    sum += octets.read(rows[at])?.length ?? 0;
    if (sum > OCTETS_AT_ONCE && at > from) return at;
  }
  return to;
}

/** Copies rows of one shape; returns the bytes that this takes beyond the chunk's columns. */
function copyRows(from: FlowBatch, rows: Uint32Array, to: FlowBatch, first: number): number {
  let bytes = 0;
  for (const name of to.columns) {
    const field = fieldIndex(name);
    const source = from.columnAt(field);
    if (source === undefined) continue;
    copyColumn(source as NumberColumn, rows, to.column(name) as NumberColumn, first);
    if (kindOf(name) === "address") bytes += copyWide(from, rows, to, first, field);
  }
  const rates: Column | undefined = from.extra(SAMPLING_COLUMN);
  const kept = to.extra(SAMPLING_COLUMN);
  if (rates instanceof Uint32Array && kept instanceof Uint32Array) {
    copyColumn(rates, rows, kept, first);
  }
  for (let at = 0; to.octets !== undefined && at < rows.length; at++) {
    const record = from.octets?.read(rows[at]);
    if (record === undefined) continue;
    const view = new DataView(record.buffer, record.byteOffset, record.length);
    to.octets.store(first + at, 1, view, 0, record.length);
    bytes += record.length;
  }
  return bytes;
}

function copyColumn(
  from: NumberColumn,
  rows: Uint32Array,
  to: NumberColumn,
  first: number,
): void {
  for (let at = 0; at < rows.length; at++) to[first + at] = from[rows[at]];
}

/** Copies the IPv6 addresses of a column; returns the bytes that these take for the first time. */
function copyWide(
  from: FlowBatch,
  rows: Uint32Array,
  to: FlowBatch,
  first: number,
  field: number,
): number {
  const families = from.family(field);
  const wide = from.wide(field);
  const isWide = families !== undefined && rows.some((row) => families[row] === FAMILY_IPV6);
  // Rows of a chunk are used once, and are IPv4 unless told otherwise.
  if (!isWide || wide === undefined) return 0;
  const bytes = to.family(field) === undefined ? to.capacity * WIDE_ROW_BYTES : 0;
  const target = to.widen(field);
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at];
    target.families[first + at] = families[row];
    target.wide.set(wide.subarray(row * 16, row * 16 + 16), (first + at) * 16);
  }
  return bytes;
}
