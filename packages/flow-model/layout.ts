import { fieldIndex, FLOW_FIELDS, type FlowFieldName } from "./flow_fields.ts";
import { FlowSchema } from "./schema.ts";

/** One row of a layout table. The offset is the sum of the widths above. */
export interface LayoutRow {
  /** A canonical field name, or, in headers and for reserved bytes, a name of the layout's own. */
  readonly name: string;
  /** Bytes on the wire. */
  readonly width: 1 | 2 | 4 | 8;
  /** Padding and fields that no column keeps: skipped on decode, zero on encode. */
  readonly reserved?: true;
  /** What the value means, where the name is not canonical. */
  readonly doc?: string;
  /** The column holds the stored value times this. Layouts with a scale can be read only. */
  readonly scale?: number;
  /** Stored little endian even where the other fields are big endian. */
  readonly alwaysLittleEndian?: true;
  /** Kept in its column, but no part of the schema: flows do not show it. */
  readonly unlisted?: true;
}

/** A layout row with its place. */
export interface PlacedRow extends LayoutRow {
  /** Bytes from the start of the record. */
  readonly offset: number;
  /** Index in `FLOW_FIELDS`, or -1 for reserved bytes and names of the layout's own. */
  readonly field: number;
  /** What the value means; from `FLOW_FIELDS` where the name is canonical. */
  readonly doc: string;
}

/** A compiled table of rows: a packet header, or the rows of a {@linkcode RecordLayout}. */
export interface TableLayout {
  /** What the bytes are, for messages and dumps. */
  readonly title: string;
  /** Bytes in all. */
  readonly size: number;
  /** The rows with their offsets, in wire order. */
  readonly rows: readonly PlacedRow[];
}

/** A compiled record layout. */
export interface RecordLayout extends TableLayout {
  /** The shape of the flows that such records become. */
  readonly schema: FlowSchema;
  /** Fields of the schema that are not in the record but shared by all records of a packet. */
  readonly shared: readonly FlowFieldName[];
}

/** What {@linkcode compileRecordLayout} is told beside the rows. */
export interface RecordLayoutInit {
  /** What the record is, for messages and dumps. */
  readonly title: string;
  /** Published size of the record; the rows must add up to it. */
  readonly size: number;
  /** Export version. */
  readonly version: number;
  /** Aggregation method of a version 8 record. */
  readonly aggregation?: number;
  /** Fields that all records of a packet share, taken from its header. */
  readonly shared?: readonly FlowFieldName[];
}

/**
 * Places the rows of a table and checks them: offsets follow from the widths, the sum must be the
 * published size, and no name may stand twice.
 *
 * @param title What the bytes are
 * @param size Published size in bytes
 * @param rows The table
 * @returns The rows with their offsets
 * @throws {RangeError} The widths do not add up to the size, or a name stands twice
 *
 * @example
 * ```ts
 * import { compileTable } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * const header = compileTable("example header", 4, [
 *   { name: "version", width: 2, doc: "Export version" },
 *   { name: "count", width: 2, doc: "Number of records" },
 * ]);
 * assertEquals(header.rows[1].offset, 2);
 * ```
 */
export function compileTable(
  title: string,
  size: number,
  rows: readonly LayoutRow[],
): TableLayout {
  let offset = 0;
  const names = new Set<string>();
  const placed = rows.map((row): PlacedRow => {
    if (names.has(row.name)) {
      throw new RangeError(`Cannot compile ${title}: field "${row.name}" stands twice`);
    }
    names.add(row.name);
    const field = row.reserved ? -1 : fieldIndex(row.name);
    const doc = row.doc ?? (field >= 0 ? FLOW_FIELDS[field].doc : "Reserved");
    const result = { ...row, offset, field, doc };
    offset += row.width;
    return result;
  });
  if (offset !== size) {
    throw new RangeError(`Cannot compile ${title}: rows take ${offset} bytes, expected ${size}`);
  }
  return { title, size, rows: placed };
}

/**
 * Compiles the table of a record: {@linkcode compileTable}, and every row that is not reserved
 * must be a canonical field of a kind that fits its width.
 *
 * @param init Title, size and version
 * @param rows The table
 * @returns The layout that decode, encode and describe derive from
 * @throws {RangeError} The table contradicts itself or names an unknown field
 *
 * @example
 * ```ts
 * import { compileRecordLayout } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * const layout = compileRecordLayout({ title: "toy record", size: 8, version: 99 }, [
 *   { name: "srcaddr", width: 4 },
 *   { name: "srcport", width: 2 },
 *   { name: "pad", width: 2, reserved: true },
 * ]);
 * assertEquals(layout.schema.fields, ["srcaddr", "srcport"]);
 * ```
 */
export function compileRecordLayout(
  init: RecordLayoutInit,
  rows: readonly LayoutRow[],
): RecordLayout {
  const table = compileTable(init.title, init.size, rows);
  for (const row of table.rows) {
    if (row.reserved) continue;
    if (row.field < 0) {
      throw new RangeError(`Cannot compile ${init.title}: no flow field is named "${row.name}"`);
    }
    const widest = WIDEST_BYTES[FLOW_FIELDS[row.field].kind];
    if (row.width > widest) {
      throw new RangeError(
        `Cannot compile ${init.title}: field "${row.name}" has ${row.width} bytes, ` +
          `its column holds ${widest}`,
      );
    }
  }
  const shared = init.shared ?? [];
  const fields = table.rows.filter((row) => row.field >= 0 && !row.unlisted)
    .map((row) => FLOW_FIELDS[row.field]);
  const schema = new FlowSchema({
    version: init.version,
    aggregation: init.aggregation,
    fields: [...shared, ...fields.map((field) => field.name)],
  });
  return { ...table, schema, shared };
}

/** Bytes on the wire that a column of each kind can take. */
const WIDEST_BYTES = { u8: 1, u16: 2, u32: 4, counter: 8, address: 4 } as const;
