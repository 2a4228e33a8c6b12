import { parseIPv4, parseIPv6 } from "./address.ts";
import { type Column, type ColumnHolders, createHolder, moveRows } from "./column_holders.ts";
import { fillColumn, type FillStep, fillStep, type StoreStep, storeStep } from "./column_steps.ts";
import type { NumberColumn } from "./columns.ts";
import { FlowAttributeError } from "./errors.ts";
import {
  type ColumnKind,
  fieldIndex,
  type FieldKind,
  FLOW_FIELD_NAMES,
  FLOW_FIELDS,
  type FlowFieldName,
} from "./flow_fields.ts";
import { Flow } from "./flow.ts";
import type { PlacedRow, RecordLayout } from "./layout.ts";
import { RowOctets } from "./row_octets.ts";
import { BATCH_ROWS_DEFAULT, BATCH_ROWS_MAX, EXTRA_COLUMNS_MAX, SCHEMAS_MAX } from "./limits.ts";
import type { FlowSchema } from "./schema.ts";
import { SharedRuns } from "./shared_runs.ts";

/** A column beyond the canonical fields. */
export interface ColumnSpec {
  /** Its name: an IANA name, or `pen.id`. Must not be canonical. */
  readonly name: string;
  /** How it holds its values. */
  readonly kind: ColumnKind;
}

/** How to make a {@linkcode FlowBatch}. */
export interface FlowBatchOptions {
  /** Rows at most; default 8192. */
  readonly capacity?: number;
  /** The canonical fields to keep; default all. What is not kept costs nothing. */
  readonly columns?: readonly FlowFieldName[];
  /** Columns beyond the canonical fields. */
  readonly extras?: readonly ColumnSpec[];
  /** Keep the octets of records with templates, so that each of their fields can be read. */
  readonly octets?: boolean;
}

/** Values that all records of a packet share. A 16-byte array is an IPv6 address. */
export type SharedValues = { readonly [Name in FlowFieldName]?: number | Uint8Array };

/** Values of one row. Addresses may be text, a number, or 16 bytes. */
export type RowValues = { readonly [name: string]: number | bigint | string | Uint8Array };

const FAMILY_IPV4 = 4;
const FAMILY_IPV6 = 6;

/** The place of `schemaOf` among the columns that rows share values of: behind all fields. */
const SCHEMA_COLUMN = FLOW_FIELDS.length;

/** Where the records of a batch lie. */
interface Records {
  readonly layout: RecordLayout;
  readonly view: DataView;
  readonly offset: number;
  readonly littleEndian: boolean;
}

interface Extra {
  readonly kind: ColumnKind;
  readonly values: Column;
}

/**
 * Flows as columns: a struct of typed arrays of fixed capacity, filled one field at a time.
 *
 * A batch is made once and used again: `reset()` empties it, and every `Flow` made from it before
 * is dead from then on (its attributes throw). Only the columns named at construction are kept.
 *
 * @example Sum the octets of a batch
 * ```ts
 * import { FlowBatch, FlowSchema } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * const schema = new FlowSchema({ version: 5, fields: ["srcaddr", "dOctets"] });
 * const batch = new FlowBatch({ columns: ["srcaddr", "dOctets"] });
 * batch.append(schema, { srcaddr: "10.0.0.1", dOctets: 40 });
 * batch.append(schema, { srcaddr: "2001:db8::1", dOctets: 60 });
 *
 * const octets = batch.column("dOctets");
 * let sum = 0;
 * for (let row = 0; row < batch.length; row++) sum += octets[row];
 * assertEquals(sum, 100);
 * assertEquals(batch.flow(1).srcaddr, "2001:db8::1");
 * ```
 */
export class FlowBatch {
  /** Rows at most. */
  readonly capacity: number;
  /** Canonical fields that are kept. */
  readonly columns: readonly FlowFieldName[];
  /** The schemas that rows refer to. */
  readonly schemas: FlowSchema[] = [];
  /** For each row, the index of its schema in `schemas`. */
  readonly schemaOf: Uint16Array<ArrayBuffer>;
  /** The octets of records with templates, where they are kept. */
  readonly octets: RowOctets | undefined;
  #length = 0;
  #generation = 0;
  /** Where in `schemas` each of them is, and the one that was appended last. */
  readonly #schemaIndex = new Map<FlowSchema, number>();
  #lastSchema: FlowSchema | undefined;
  #lastIndex = 0;
  readonly #holders: (Column | undefined)[] = new Array(FLOW_FIELDS.length).fill(undefined);
  readonly #families: (Uint8Array<ArrayBuffer> | undefined)[] = [];
  readonly #wide: (Uint8Array<ArrayBuffer> | undefined)[] = [];
  readonly #extras = new Map<string, Extra>();
  readonly #fillPlans = new Map<RecordLayout, readonly FillStep[]>();
  readonly #storePlans = new Map<RecordLayout, readonly StoreStep[]>();
  readonly #shared = new SharedRuns(FLOW_FIELDS.length + 1);
  /** Records whose columns are made when first asked for. */
  #records: Records | undefined;

  /**
   * Makes an empty batch.
   *
   * @param options Capacity and columns
   * @throws {RangeError} The capacity is not between 1 and 2^20, or a column has no known name
   */
  constructor(options: FlowBatchOptions = {}) {
    const capacity = options.capacity ?? BATCH_ROWS_DEFAULT;
    if (!Number.isInteger(capacity) || capacity < 1 || capacity > BATCH_ROWS_MAX) {
      throw new RangeError(
        `Cannot create FlowBatch: capacity is ${capacity}, expected 1 to ${BATCH_ROWS_MAX}`,
      );
    }
    this.capacity = capacity;
    this.columns = options.columns ?? FLOW_FIELD_NAMES;
    this.schemaOf = new Uint16Array(capacity);
    this.octets = options.octets === true ? new RowOctets(capacity) : undefined;
    for (const name of this.columns) {
      const index = fieldIndex(name);
      if (index < 0) {
        throw new RangeError(
          `Cannot create FlowBatch: no flow field is named "${name}", expected one of ` +
            FLOW_FIELD_NAMES.join(", "),
        );
      }
      this.#holders[index] = createHolder(FLOW_FIELDS[index].kind, capacity);
    }
    for (const spec of options.extras ?? []) this.addColumn(spec);
  }

  /**
   * Makes a batch of records whose columns are filled one by one, when each is first asked for:
   * for readers that do not know beforehand what will be looked at.
   *
   * @param layout The layout of the records
   * @param view Bytes that hold the records; they must not change while the batch is in use
   * @param offset Where the first record starts
   * @param count Records
   * @param littleEndian Byte order of the records
   * @returns A full batch; it cannot be filled again
   *
   * @example
   * ```ts
   * import { compileRecordLayout, FlowBatch } from "@flowtools/flow-model";
   * import { assertEquals } from "@std/assert";
   *
   * const layout = compileRecordLayout({ title: "example", size: 4, version: 99 }, [
   *   { name: "srcport", width: 2 },
   *   { name: "dstport", width: 2 },
   * ]);
   * const bytes = new DataView(new Uint8Array([0, 80, 0, 81, 0, 82, 0, 83]).buffer);
   * const batch = FlowBatch.ofRecords(layout, bytes, 0, 2, false);
   * assertEquals(batch.flow(1).dstport, 83);
   * ```
   */
  static ofRecords(
    layout: RecordLayout,
    view: DataView,
    offset: number,
    count: number,
    littleEndian: boolean,
  ): FlowBatch {
    const batch = new FlowBatch({ capacity: count, columns: [] });
    batch.schemas.push(layout.schema);
    batch.#length = count;
    batch.#records = { layout, view, offset, littleEndian };
    return batch;
  }

  /** Rows in use. */
  get length(): number {
    return this.#length;
  }

  /** Counts the resets; a `Flow` of an earlier generation is dead. */
  get generation(): number {
    return this.#generation;
  }

  /**
   * Rows that can still be appended. It is 0 before all are in use where the octets of records take
   * all the room that there is for them, or records have too many shapes.
   */
  get room(): number {
    const full = this.schemas.length >= SCHEMAS_MAX || this.octets?.full === true;
    return full ? 0 : this.capacity - this.#length;
  }

  /** Empties the batch for its next use. */
  reset(): void {
    const used = this.#length;
    this.#length = 0;
    this.#generation++;
    this.schemas.length = 0;
    this.#schemaIndex.clear();
    this.#lastSchema = undefined;
    this.#shared.reset();
    this.#records = undefined;
    this.octets?.reset();
    for (const extra of this.#extras.values()) {
      if (Array.isArray(extra.values)) extra.values.fill(undefined, 0, used);
      else extra.values.fill(0, 0, used);
    }
  }

  /**
   * Whether the batch keeps a column.
   *
   * @param name A canonical field or a further column
   * @returns Whether values of it can be read
   */
  hasColumn(name: string): boolean {
    const index = fieldIndex(name);
    return index >= 0 ? this.columnAt(index) !== undefined : this.#extras.has(name);
  }

  /**
   * The raw values of a canonical field, one a row; rows from `length` on are undefined rubbish.
   *
   * @param name The field
   * @returns The typed array itself, not a copy
   * @throws {FlowAttributeError} The batch does not keep that field
   */
  column<Name extends FlowFieldName>(name: Name): ColumnHolders[FieldKind<Name>] {
    const holder = this.columnAt(fieldIndex(name));
    if (holder === undefined) {
      throw new FlowAttributeError(name, "the batch does not keep that column");
    }
    return holder as ColumnHolders[FieldKind<Name>];
  }

  /**
   * The raw values of a canonical field by its index, for code that runs once a flow.
   *
   * @param field Index in `FLOW_FIELDS`
   * @returns The column, or `undefined` where the batch does not keep it
   */
  columnAt(field: number): Column | undefined {
    const holder = this.#holders[field];
    if (holder !== undefined || this.#records === undefined) return holder;
    return this.#fillFromRecords(field, this.#records);
  }

  /**
   * The address family of each row of an address column.
   *
   * @param field An address field, by name or by index in `FLOW_FIELDS`
   * @returns 4 or 6 a row, or `undefined` where no row was ever IPv6
   */
  family(field: FlowFieldName | number): Uint8Array<ArrayBuffer> | undefined {
    return this.#families[typeof field === "number" ? field : fieldIndex(field)];
  }

  /**
   * The IPv6 addresses of an address column.
   *
   * @param field An address field, by name or by index in `FLOW_FIELDS`
   * @returns 16 bytes a row, right where `family()` says 6, or `undefined` where no row was IPv6
   */
  wide(field: FlowFieldName | number): Uint8Array<ArrayBuffer> | undefined {
    return this.#wide[typeof field === "number" ? field : fieldIndex(field)];
  }

  /**
   * The values of a column beyond the canonical fields.
   *
   * @param name Its name
   * @returns The column, or `undefined` where there is none of that name
   */
  extra(name: string): Column | undefined {
    return this.#extras.get(name)?.values;
  }

  /**
   * Adds a column beyond the canonical fields; one that is there already stays.
   *
   * @param spec Name and kind
   * @returns The column, zero in all rows
   * @throws {RangeError} The name is canonical, or there are too many columns
   */
  addColumn(spec: ColumnSpec): Column {
    const known = this.#extras.get(spec.name);
    if (known !== undefined) return known.values;
    if (fieldIndex(spec.name) >= 0) {
      throw new RangeError(`Cannot add column: "${spec.name}" is a canonical field`);
    }
    if (this.#extras.size >= EXTRA_COLUMNS_MAX) {
      throw new RangeError(
        `Cannot add column "${spec.name}": the batch has ${EXTRA_COLUMNS_MAX} further columns`,
      );
    }
    const values = createHolder(spec.kind, this.capacity);
    this.#extras.set(spec.name, { kind: spec.kind, values });
    return values;
  }

  /**
   * Appends records of one layout, each field straight into its column.
   *
   * @param layout The layout
   * @param view Bytes that hold the records
   * @param offset Where the first record starts
   * @param count Whole records to append
   * @param littleEndian Byte order of the records
   * @param shared Values of fields that the layout says are shared; those not given are 0
   * @returns The records appended: `count`, or fewer where the batch is full
   */
  appendRecords(
    layout: RecordLayout,
    view: DataView,
    offset: number,
    count: number,
    littleEndian: boolean,
    shared?: SharedValues,
  ): number {
    const rows = Math.min(count, this.room);
    if (rows === 0) return 0;
    const at = this.#appendSchema(layout.schema, rows);
    let plan = this.#fillPlans.get(layout);
    if (plan === undefined) {
      plan = this.#planFill(layout);
      this.#fillPlans.set(layout, plan);
    }
    for (let i = 0; i < plan.length; i++) {
      const { field, column, fill, present } = plan[i];
      if (fill === undefined) {
        this.#fillShared(field, column, at, rows, present ? shared : undefined);
        continue;
      }
      fillColumn(plan[i], at, view, offset, layout.size, rows, littleEndian);
      this.#families[field]?.fill(FAMILY_IPV4, at, at + rows);
    }
    return rows;
  }

  /**
   * Takes rows for decoders that fill the columns themselves, through `columnAt()`, `widen()` and
   * `extra()`. Until then canonical columns hold rubbish in these rows.
   *
   * @param schema The shape of the rows
   * @param count Rows, at most `room`
   * @returns The first row
   * @throws {RangeError} There is no room
   */
  takeRows(schema: FlowSchema, count: number): number {
    if (count > this.room) {
      throw new RangeError(`Cannot take ${count} rows of FlowBatch: ${this.room} are free`);
    }
    return this.#appendSchema(schema, count);
  }

  /**
   * Keeps some of the rows, and moves them to the front; the others are gone. Every `Flow` made
   * from the batch before is dead from then on.
   *
   * @param rows The rows that stay, ascending
   * @throws {RangeError} The batch is one of records, whose columns follow these
   *
   * @example
   * ```ts
   * import { FlowBatch, FlowSchema } from "@flowtools/flow-model";
   * import { assertEquals } from "@std/assert";
   *
   * const schema = new FlowSchema({ version: 5, fields: ["dstport"] });
   * const batch = new FlowBatch({ columns: ["dstport"] });
   * for (const dstport of [53, 80, 443]) batch.append(schema, { dstport });
   *
   * batch.keepRows(new Uint32Array([0, 2]));
   * assertEquals([...batch].map((flow) => flow.dstport), [53, 443]);
   * ```
   */
  keepRows(rows: Uint32Array): void {
    if (this.#records !== undefined) {
      throw new RangeError("Cannot keep rows of FlowBatch: it is one of records");
    }
    const count = rows.length;
    if (count === this.#length) return;
    const columns: (Column | undefined)[] = [this.schemaOf, ...this.#holders, ...this.#families];
    for (const column of columns) if (column !== undefined) moveRows(column, rows);
    for (const wide of this.#wide) {
      for (let to = 0; wide !== undefined && to < count; to++) {
        wide.copyWithin(to * 16, rows[to] * 16, rows[to] * 16 + 16);
      }
    }
    for (const { values } of this.#extras.values()) {
      moveRows(values, rows);
      if (Array.isArray(values)) values.fill(undefined, count, this.#length);
      else values.fill(0, count, this.#length);
    }
    this.octets?.keepRows(rows);
    this.#length = count;
    this.#generation++;
    this.#shared.reset();
  }

  /**
   * Makes an address column take IPv6 addresses, too.
   *
   * @param field An address field, by index in `FLOW_FIELDS`
   * @returns Families, 4 or 6 a row, and 16 bytes a row for those of 6
   */
  widen(field: number): { families: Uint8Array<ArrayBuffer>; wide: Uint8Array<ArrayBuffer> } {
    const families = this.#families[field] ??= new Uint8Array(this.capacity).fill(FAMILY_IPV4);
    const wide = this.#wide[field] ??= new Uint8Array(this.capacity * 16);
    return { families, wide };
  }

  /**
   * Writes rows as records of one layout; reserved bytes become 0, fields that a row's schema
   * lacks are 0, values that do not fit are replaced by the highest or a stand-in.
   *
   * @param layout The layout
   * @param from First row
   * @param count Rows
   * @param view Where to write, `count * layout.size` bytes from `offset`
   * @param offset Where the first record starts
   * @param littleEndian Byte order to write
   * @param misfits Told, per field, how many values did not fit
   * @throws {FlowAttributeError} The batch does not keep a column that the layout needs
   */
  storeRecords(
    layout: RecordLayout,
    from: number,
    count: number,
    view: DataView,
    offset: number,
    littleEndian: boolean,
    misfits?: Map<string, number>,
  ): void {
    let plan = this.#storePlans.get(layout);
    if (plan === undefined) {
      plan = this.#planStore(layout);
      this.#storePlans.set(layout, plan);
    }
    new Uint8Array(view.buffer, view.byteOffset + offset, count * layout.size).fill(0);
    for (let i = 0; i < plan.length; i++) {
      const { field, column, store, substitute, alwaysLittleEndian } = plan[i];
      const start = offset + plan[i].offset;
      const little = littleEndian || alwaysLittleEndian;
      const lost = this.#countWide(field, from, count) +
        store(column, from, view, start, layout.size, count, little, substitute);
      if (lost > 0 && misfits !== undefined) {
        const name = FLOW_FIELD_NAMES[field];
        misfits.set(name, (misfits.get(name) ?? 0) + lost);
      }
    }
  }

  /**
   * Appends one row, value by value. It is made for tests, generators and template records; blocks
   * of classic records go through `appendRecords`.
   *
   * @param schema The shape of the row
   * @param values By column name; what is not given is 0, what the batch does not keep is dropped
   * @returns The row
   * @throws {RangeError} The batch is full, or an address is none
   */
  append(schema: FlowSchema, values: RowValues): number {
    if (this.room === 0) {
      throw new RangeError(`Cannot append to FlowBatch: all ${this.capacity} rows are in use`);
    }
    const row = this.#appendSchema(schema, 1);
    for (let index = 0; index < FLOW_FIELDS.length; index++) {
      const { name, kind } = FLOW_FIELDS[index];
      const holder = this.#holders[index];
      if (holder === undefined) continue;
      const value = values[name] ?? 0;
      if (kind === "address") this.#setAddress(index, row, value);
      else holder[row] = Number(value);
    }
    for (const [name, extra] of this.#extras) {
      const value = values[name];
      if (value === undefined) continue;
      if (Array.isArray(extra.values)) extra.values[row] = value as Uint8Array;
      else extra.values[row] = Number(value);
    }
    return row;
  }

  /**
   * One row as a flow.
   *
   * @param row The row, from 0
   * @returns A view of the row, alive until `reset()`
   * @throws {RangeError} There is no such row
   */
  flow(row: number): Flow {
    if (!(row >= 0 && row < this.#length)) {
      throw new RangeError(`Cannot get flow: row is ${row}, batch has ${this.#length}`);
    }
    return new Flow(this, row);
  }

  /** Iterates over the rows as flows. */
  *[Symbol.iterator](): Generator<Flow, void, undefined> {
    for (let row = 0; row < this.#length; row++) yield new Flow(this, row);
  }

  /** Takes `count` rows for a schema; returns the first. */
  #appendSchema(schema: FlowSchema, count: number): number {
    if (schema !== this.#lastSchema) {
      let index = this.#schemaIndex.get(schema);
      if (index === undefined) {
        index = this.schemas.push(schema) - 1;
        this.#schemaIndex.set(schema, index);
      }
      this.#lastSchema = schema;
      this.#lastIndex = index;
    }
    const at = this.#length;
    this.#length += count;
    this.#shared.fill(SCHEMA_COLUMN, this.schemaOf, this.#lastIndex, at, count);
    return at;
  }

  #planFill(layout: RecordLayout): FillStep[] {
    const rows = new Map<number, PlacedRow>(layout.rows.map((row) => [row.field, row]));
    return this.columns.map((name): FillStep => {
      const field = fieldIndex(name);
      return fillStep(field, this.column(name), rows.get(field), layout.schema.has(name));
    });
  }

  #fillFromRecords(field: number, records: Records): Column | undefined {
    const { layout, view, offset, littleEndian } = records;
    const row = layout.rows.find((candidate) => candidate.field === field);
    if (row === undefined) return undefined;
    const column = createHolder(FLOW_FIELDS[field].kind, this.capacity);
    const step = fillStep(field, column as NumberColumn, row, true);
    fillColumn(step, 0, view, offset, layout.size, this.#length, littleEndian);
    this.#holders[field] = column;
    return column;
  }

  #planStore(layout: RecordLayout): StoreStep[] {
    return layout.rows.filter((row) => row.field >= 0)
      .map((row) => storeStep(layout, row, this.column(FLOW_FIELD_NAMES[row.field])));
  }

  #fillShared(
    field: number,
    column: NumberColumn,
    at: number,
    count: number,
    shared?: SharedValues,
  ): void {
    const value = shared?.[FLOW_FIELD_NAMES[field]] ?? 0;
    if (typeof value !== "number") {
      for (let row = at; row < at + count; row++) this.#setAddress(field, row, value);
      return;
    }
    this.#families[field]?.fill(FAMILY_IPV4, at, at + count);
    this.#shared.fill(field, column, value, at, count);
  }

  #countWide(field: number, at: number, count: number): number {
    const families = this.#families[field];
    if (families === undefined) return 0;
    let wide = 0;
    for (let row = at; row < at + count; row++) if (families[row] === FAMILY_IPV6) wide++;
    return wide;
  }

  #setAddress(field: number, row: number, value: number | bigint | string | Uint8Array): void {
    const narrow = this.#holders[field] as Uint32Array;
    const parsed = typeof value === "string" ? parseIPv4(value) ?? parseIPv6(value) : value;
    if (parsed === undefined) {
      throw new RangeError(
        `Cannot store ${FLOW_FIELD_NAMES[field]}: "${value}" is no IPv4 or IPv6 address`,
      );
    }
    if (typeof parsed === "object") {
      const { families, wide } = this.widen(field);
      families[row] = FAMILY_IPV6;
      wide.set(parsed, row * 16);
      narrow[row] = 0;
    } else {
      narrow[row] = Number(parsed);
      const families = this.#families[field];
      if (families !== undefined) families[row] = FAMILY_IPV4;
    }
  }
}
