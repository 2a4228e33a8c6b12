import {
  FAMILY_IPV4,
  FAMILY_IPV6,
  fieldIndex,
  type FlowBatch,
  type FlowFieldName,
  type FlowSchema,
  formatIPv4,
  formatIPv6,
  SAMPLING_COLUMN,
} from "@flowtools/flow-model";
import { extraSources, hasExtra, LIVE_EXTRAS, type LiveExtra } from "./live_extras.ts";

/** The columns of canonical fields that live data keeps. */
const COLUMNS = {
  dOctets: Float64Array,
  dPkts: Float64Array,
  dFlows: Float64Array,
  unix_secs: Uint32Array,
  unix_nsecs: Uint32Array,
  sysUpTime: Uint32Array,
  first: Uint32Array,
  last: Uint32Array,
  srcaddr: Uint32Array,
  dstaddr: Uint32Array,
  exaddr: Uint32Array,
  nexthop: Uint32Array,
  input: Uint32Array,
  output: Uint32Array,
  src_as: Uint32Array,
  dst_as: Uint32Array,
  srcport: Uint16Array,
  dstport: Uint16Array,
  tcp_flags: Uint16Array,
  prot: Uint8Array,
  tos: Uint8Array,
} as const satisfies Partial<Record<FlowFieldName, unknown>>;

/** The name of a column of live data. */
export type LiveField = keyof typeof COLUMNS;

/** The columns by name. */
export type LiveColumns = {
  readonly [Name in LiveField]: InstanceType<(typeof COLUMNS)[Name]>;
};

/** Every column of live data, in order. */
export const LIVE_FIELDS: readonly LiveField[] = Object.keys(COLUMNS) as LiveField[];

/** The columns that hold addresses of either family. */
export type LiveAddress = "srcaddr" | "dstaddr" | "exaddr" | "nexthop";

/** See {@linkcode LiveAddress}. */
export const LIVE_ADDRESSES: readonly LiveAddress[] = ["srcaddr", "dstaddr", "exaddr", "nexthop"];

/** Bytes of an IPv6 address. */
const WIDE_BYTES = 16;

const ROW_BYTES = LIVE_FIELDS.reduce((sum, name) => sum + COLUMNS[name].BYTES_PER_ELEMENT, 0) +
  Float64Array.BYTES_PER_ELEMENT +
  (2 + LIVE_EXTRAS.length) * Uint32Array.BYTES_PER_ELEMENT +
  Uint16Array.BYTES_PER_ELEMENT + Uint8Array.BYTES_PER_ELEMENT +
  LIVE_ADDRESSES.length * (WIDE_BYTES + 1);

/** For each column, its bit in `present`. */
const BITS: ReadonlyMap<string, number> = new Map(
  [...LIVE_FIELDS, ...LIVE_EXTRAS].map((name, bit) => [name, 1 << bit]),
);

/**
 * The bits of columns in `LiveRows.present`.
 *
 * @param names The columns
 * @returns Their bits together
 */
export function presenceBits(names: readonly (LiveField | LiveExtra)[]): number {
  return names.reduce((bits, name) => bits | BITS.get(name)!, 0);
}

const BITS_OF_SCHEMA = new WeakMap<FlowSchema, number>();

/** Which columns flows of a shape have. */
function schemaBits(schema: FlowSchema): number {
  let bits = BITS_OF_SCHEMA.get(schema);
  if (bits === undefined) {
    bits = presenceBits([
      ...LIVE_FIELDS.filter((name) => schema.has(name)),
      ...LIVE_EXTRAS.filter((name) => hasExtra(schema, name)),
    ]);
    BITS_OF_SCHEMA.set(schema, bits);
  }
  return bits;
}

/**
 * Flows as the columns that live data needs, in one buffer that can be handed from thread to
 * thread. Addresses are numbers, or, where `families` says 6, sixteen bytes in `wide`.
 */
export class LiveRows {
  /** The memory of all columns. */
  readonly buffer: ArrayBuffer;
  /** Rows that it has room for. */
  readonly capacity: number;
  /** The columns. */
  readonly columns: LiveColumns;
  /** For each row, how many flows it stands for: 1 where all are here. */
  readonly weights: Float64Array<ArrayBuffer>;
  /** For each row, the bits of the columns that its flow really has. */
  readonly present: Uint32Array<ArrayBuffer>;
  /** For each row, one packet in so many was looked at; 0 where that is not known. */
  readonly rates: Uint32Array<ArrayBuffer>;
  /** What records with templates have beyond the canonical fields. */
  readonly extras: Readonly<Record<LiveExtra, Uint32Array<ArrayBuffer>>>;
  /** For each row, the version that its flow was exported with. */
  readonly versions: Uint16Array<ArrayBuffer>;
  /** For each row, the aggregation of a flow of version 8; else 0. */
  readonly aggregations: Uint8Array<ArrayBuffer>;
  /** The family of each address; looked at only where `mixed`. */
  readonly families: Readonly<Record<LiveAddress, Uint8Array<ArrayBuffer>>>;
  /** IPv6 addresses, four words a row, in the byte order of the network. */
  readonly wide: Readonly<Record<LiveAddress, Uint32Array<ArrayBuffer>>>;
  /** Rows in use. */
  length = 0;
  /** Whether a row may have an IPv6 address. */
  mixed = false;

  /**
   * Makes columns.
   *
   * @param capacity Rows, a multiple of 8: so each column begins where its numbers may
   * @param buffer Memory of an earlier one of the same capacity; default new memory
   */
  constructor(capacity: number, buffer: ArrayBuffer = new ArrayBuffer(capacity * ROW_BYTES)) {
    this.capacity = capacity;
    this.buffer = buffer;
    let offset = 0;
    const next = (bytes: number): number => {
      const start = offset;
      offset += bytes * capacity;
      return start;
    };
    this.weights = new Float64Array(buffer, next(8), capacity);
    const columns = LIVE_FIELDS.map((name) => {
      const column = COLUMNS[name];
      return [name, new column(buffer, next(column.BYTES_PER_ELEMENT), capacity)] as const;
    });
    this.present = new Uint32Array(buffer, next(4), capacity);
    this.rates = new Uint32Array(buffer, next(4), capacity);
    const extras = LIVE_EXTRAS.map((name) => {
      return [name, new Uint32Array(buffer, next(4), capacity)] as const;
    });
    const wide = LIVE_ADDRESSES.map((name) => {
      return [name, new Uint32Array(buffer, next(WIDE_BYTES), 4 * capacity)] as const;
    });
    this.versions = new Uint16Array(buffer, next(2), capacity);
    this.aggregations = new Uint8Array(buffer, next(1), capacity);
    const families = LIVE_ADDRESSES.map((name) => {
      return [name, new Uint8Array(buffer, next(1), capacity)] as const;
    });
    this.columns = Object.fromEntries(columns) as unknown as LiveColumns;
    this.extras = Object.fromEntries(extras) as Record<LiveExtra, Uint32Array<ArrayBuffer>>;
    this.wide = Object.fromEntries(wide) as Record<LiveAddress, Uint32Array<ArrayBuffer>>;
    this.families = Object.fromEntries(families) as Record<LiveAddress, Uint8Array<ArrayBuffer>>;
  }

  /**
   * Appends rows of a batch, as many as there is room for.
   *
   * @param batch The flows
   * @param from The first one to take: a row, or an index of `chosen`
   * @param to The one behind the last
   * @param chosen The rows; default all of them, of weight 1
   * @param weights Their weights
   * @returns The one behind the last one taken
   */
  append(
    batch: FlowBatch,
    from: number,
    to: number,
    chosen?: Uint32Array,
    weights?: Float64Array,
  ): number {
    const at = this.length;
    const end = Math.min(to, from + this.capacity - at);
    const count = end - from;
    const rows = chosen?.subarray(from, end);
    if (rows === undefined || weights === undefined) this.weights.fill(1, at, at + count);
    else this.weights.set(weights.subarray(from, end), at);
    const bits = batch.schemas.map(schemaBits);
    const some = bits.reduce((all, one) => all | one, 0);
    let missing = 0;
    for (const name of LIVE_FIELDS) {
      const column = batch.columnAt(fieldIndex(name)) as Uint32Array | undefined;
      const target = this.columns[name] as Uint32Array;
      if (column === undefined) missing |= BITS.get(name)!;
      else if (rows === undefined) target.set(column.subarray(from, end), at);
      else gather(column, rows, target, at);
    }
    this.#appendRates(batch, from, end, rows);
    for (const name of LIVE_EXTRAS) {
      const bit = BITS.get(name)!;
      if ((some & bit) === 0) continue;
      if (!this.#appendExtra(batch, name, from, rows, count)) missing |= bit;
    }
    this.#appendShapes(batch, bits.map((one) => one & ~missing), from, rows, count);
    this.#countFlows(at, count);
    for (const name of LIVE_ADDRESSES) this.#appendFamily(batch, name, from, rows, count);
    this.length += count;
    return end;
  }

  /**
   * Copies rows of another one over rows of this one.
   *
   * @param source Where from
   * @param from Its first row
   * @param count Rows
   * @param to The first row here
   */
  copyRows(source: LiveRows, from: number, count: number, to: number): void {
    for (const name of LIVE_FIELDS) {
      this.columns[name].set(source.columns[name].subarray(from, from + count), to);
    }
    this.weights.set(source.weights.subarray(from, from + count), to);
    this.present.set(source.present.subarray(from, from + count), to);
    this.rates.set(source.rates.subarray(from, from + count), to);
    for (const name of LIVE_EXTRAS) {
      this.extras[name].set(source.extras[name].subarray(from, from + count), to);
    }
    this.versions.set(source.versions.subarray(from, from + count), to);
    this.aggregations.set(source.aggregations.subarray(from, from + count), to);
    for (const name of LIVE_ADDRESSES) {
      if (!source.mixed) {
        this.families[name].fill(FAMILY_IPV4, to, to + count);
        continue;
      }
      this.families[name].set(source.families[name].subarray(from, from + count), to);
      this.wide[name].set(source.wide[name].subarray(4 * from, 4 * (from + count)), 4 * to);
    }
    this.mixed ||= source.mixed;
  }

  /**
   * An address as text.
   *
   * @param name Which
   * @param row The row
   * @returns Canonical text
   */
  address(name: LiveAddress, row: number): string {
    if (!this.mixed || this.families[name][row] !== FAMILY_IPV6) {
      return formatIPv4(this.columns[name][row]);
    }
    const { buffer, byteOffset } = this.wide[name];
    return formatIPv6(new Uint8Array(buffer, byteOffset, WIDE_BYTES * this.capacity), 16 * row);
  }

  /** A record that does not say how many flows it stands for is one. */
  #countFlows(at: number, count: number): void {
    const bit = BITS.get("dFlows")!;
    for (let row = at; row < at + count; row++) {
      if ((this.present[row] & bit) === 0) this.columns.dFlows[row] = 1;
    }
  }

  #appendRates(
    batch: FlowBatch,
    from: number,
    to: number,
    rows: Uint32Array | undefined,
  ): void {
    const at = this.length;
    const rates = batch.extra(SAMPLING_COLUMN);
    if (!(rates instanceof Uint32Array)) this.rates.fill(0, at, at + to - from);
    else if (rows === undefined) this.rates.set(rates.subarray(from, to), at);
    else gather(rates, rows, this.rates, at);
  }

  #appendShapes(
    { schemas, schemaOf }: FlowBatch,
    bits: readonly number[],
    from: number,
    rows: Uint32Array | undefined,
    count: number,
  ): void {
    const { present, versions, aggregations, length: at } = this;
    if (schemas.length === 1) {
      const [{ version, aggregation = 0 }] = schemas;
      present.fill(bits[0], at, at + count);
      versions.fill(version, at, at + count);
      aggregations.fill(aggregation, at, at + count);
      return;
    }
    for (let i = 0; i < count; i++) {
      const shape = schemaOf[rows === undefined ? from + i : rows[i]];
      const { version, aggregation = 0 } = schemas[shape];
      present[at + i] = bits[shape];
      versions[at + i] = version;
      aggregations[at + i] = aggregation;
    }
  }

  /** Gives whether the batch has it. */
  #appendExtra(
    batch: FlowBatch,
    name: LiveExtra,
    from: number,
    rows: Uint32Array | undefined,
    count: number,
  ): boolean {
    const sources = extraSources(batch, name);
    if (sources.every((source) => source === undefined)) return false;
    const { schemaOf } = batch;
    const target = this.extras[name];
    const at = this.length;
    for (let i = 0; i < count; i++) {
      const row = rows === undefined ? from + i : rows[i];
      target[at + i] = sources[schemaOf[row]]?.[row] ?? 0;
    }
    return true;
  }

  #appendFamily(
    batch: FlowBatch,
    name: LiveAddress,
    from: number,
    rows: Uint32Array | undefined,
    count: number,
  ): void {
    const families = batch.family(name);
    const wide = batch.wide(name);
    const at = this.length;
    if (families === undefined || wide === undefined) {
      this.families[name].fill(FAMILY_IPV4, at, at + count);
      return;
    }
    const bytes = new Uint8Array(this.buffer, this.wide[name].byteOffset, 16 * this.capacity);
    for (let i = 0; i < count; i++) {
      const row = rows === undefined ? from + i : rows[i];
      const family = families[row] === FAMILY_IPV6 ? FAMILY_IPV6 : FAMILY_IPV4;
      this.families[name][at + i] = family;
      if (family === FAMILY_IPV4) continue;
      this.mixed = true;
      bytes.set(wide.subarray(WIDE_BYTES * row, WIDE_BYTES * (row + 1)), WIDE_BYTES * (at + i));
    }
  }
}

/** Copies some numbers of a column. */
function gather(source: Uint32Array, rows: Uint32Array, target: Uint32Array, at: number): void {
  for (let i = 0; i < rows.length; i++) target[at + i] = source[rows[i]];
}
