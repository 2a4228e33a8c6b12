import { BatchAddresses } from "./batch_addresses.ts";
import type { ColumnSpec, FlowBatchOptions, RowValues, SharedValues } from "./batch_options.ts";
import { columnOfRecords, type PlacedRecords, planFill, planStore } from "./batch_records.ts";
import { type Column, type ColumnHolders, createHolder, moveRows } from "./column_holders.ts";
import { fillColumn, type FillStep, type StoreStep } from "./column_steps.ts";
import type { NumberColumn } from "./columns.ts";
import { FlowAttributeError } from "./errors.ts";
import { ExtraColumns } from "./extra_columns.ts";
import {
  fieldIndex,
  type FieldKind,
  FLOW_FIELD_NAMES,
  FLOW_FIELDS,
  type FlowFieldName,
} from "./flow_fields.ts";
import { Flow } from "./flow.ts";
import type { RecordLayout } from "./layout.ts";
import { BATCH_ROWS_DEFAULT, BATCH_ROWS_MAX, SCHEMAS_MAX } from "./limits.ts";
import { RowOctets } from "./row_octets.ts";
import type { FlowSchema } from "./schema.ts";
import { SharedRuns } from "./shared_runs.ts";

/** The place of `schemaOf` among the columns that rows share values of: behind all fields. */
const SCHEMA_COLUMN = FLOW_FIELDS.length;

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
  readonly #addresses: BatchAddresses;
  readonly #extras: ExtraColumns;
  readonly #fillPlans = new Map<RecordLayout, readonly FillStep[]>();
  readonly #storePlans = new Map<RecordLayout, readonly StoreStep[]>();
  readonly #shared = new SharedRuns(FLOW_FIELDS.length + 1);
  /** Records whose columns are made when first asked for. */
  #records: PlacedRecords | undefined;

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
    this.#addresses = new BatchAddresses(capacity);
    this.#extras = new ExtraColumns(capacity);
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
    for (const spec of options.extras ?? []) this.#extras.add(spec);
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
    this.#extras.clear(0, this.#length);
    this.#length = 0;
    this.#generation++;
    this.schemas.length = 0;
    this.#schemaIndex.clear();
    this.#lastSchema = undefined;
    this.#shared.reset();
    this.#records = undefined;
    this.octets?.reset();
  }

  /**
   * Whether the batch keeps a column.
   *
   * @param name A canonical field or a further column
   * @returns Whether values of it can be read
   */
  hasColumn(name: string): boolean {
    const index = fieldIndex(name);
    return index >= 0 ? this.columnAt(index) !== undefined : this.#extras.get(name) !== undefined;
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
    return this.#holders[field] = columnOfRecords(field, this.#records, this.capacity);
  }

  /**
   * The address family of each row of an address column.
   *
   * @param field An address field, by name or by index in `FLOW_FIELDS`
   * @returns 4 or 6 a row, or `undefined` where no row was ever IPv6
   */
  family(field: FlowFieldName | number): Uint8Array<ArrayBuffer> | undefined {
    return this.#addresses.family(typeof field === "number" ? field : fieldIndex(field));
  }

  /**
   * The IPv6 addresses of an address column.
   *
   * @param field An address field, by name or by index in `FLOW_FIELDS`
   * @returns 16 bytes a row, right where `family()` says 6, or `undefined` where no row was IPv6
   */
  wide(field: FlowFieldName | number): Uint8Array<ArrayBuffer> | undefined {
    return this.#addresses.wide(typeof field === "number" ? field : fieldIndex(field));
  }

  /**
   * The values of a column beyond the canonical fields.
   *
   * @param name Its name
   * @returns The column, or `undefined` where there is none of that name
   */
  extra(name: string): Column | undefined {
    return this.#extras.get(name);
  }

  /** The columns beyond the canonical fields, in the order in which they were added. */
  get extras(): readonly ColumnSpec[] {
    return this.#extras.specs;
  }

  /**
   * Adds a column beyond the canonical fields; one that is there already stays.
   *
   * @param spec Name and kind
   * @returns The column, zero in all rows
   * @throws {RangeError} The name is canonical, or there are too many columns
   */
  addColumn(spec: ColumnSpec): Column {
    return this.#extras.add(spec);
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
      plan = planFill(this, layout);
      this.#fillPlans.set(layout, plan);
    }
    for (let i = 0; i < plan.length; i++) {
      const { field, column, fill, present } = plan[i];
      if (fill === undefined) {
        this.#fillShared(field, column, at, rows, present ? shared : undefined);
        continue;
      }
      fillColumn(plan[i], at, view, offset, layout.size, rows, littleEndian);
      this.#addresses.narrow(field, at, rows);
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
    moveRows(this.schemaOf, rows);
    for (const column of this.#holders) if (column !== undefined) moveRows(column, rows);
    this.#addresses.keepRows(rows);
    this.#extras.keepRows(rows, this.#length);
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
    return this.#addresses.widen(field);
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
      plan = planStore(this, layout);
      this.#storePlans.set(layout, plan);
    }
    new Uint8Array(view.buffer, view.byteOffset + offset, count * layout.size).fill(0);
    for (let i = 0; i < plan.length; i++) {
      const { field, column, store, substitute, alwaysLittleEndian } = plan[i];
      const start = offset + plan[i].offset;
      const little = littleEndian || alwaysLittleEndian;
      const lost = this.#addresses.countWide(field, from, count) +
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
      if (kind === "address") this.#addresses.set(index, row, holder as Uint32Array, value);
      else holder[row] = Number(value);
    }
    this.#extras.set(row, values);
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

  #fillShared(
    field: number,
    column: NumberColumn,
    at: number,
    count: number,
    shared?: SharedValues,
  ): void {
    const value = shared?.[FLOW_FIELD_NAMES[field]] ?? 0;
    if (typeof value !== "number") {
      const narrow = column as Uint32Array;
      for (let row = at; row < at + count; row++) this.#addresses.set(field, row, narrow, value);
      return;
    }
    this.#addresses.narrow(field, at, count);
    this.#shared.fill(field, column, value, at, count);
  }
}
