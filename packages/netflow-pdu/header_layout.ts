import { compileTable, fieldIndex, type LayoutRow, type TableLayout } from "@flowtools/flow-model";
import type { PduHeader, PduHeaderName } from "./codec.ts";

/** Some bits of a header row that hold a value of their own. */
export interface HeaderPart {
  /** The header field. */
  readonly name: PduHeaderName;
  /** Bits that it takes. */
  readonly bits: number;
  /** What the value means. */
  readonly doc: string;
}

/** A row of a header table that is divided into bits, highest first. */
export interface DividedHeaderRow extends LayoutRow {
  /** The parts; their bits add up to the width of the row. */
  readonly parts: readonly HeaderPart[];
}

/** A row of a header table that holds one value. */
export interface PlainHeaderRow extends LayoutRow {
  /** The header field. */
  readonly name: PduHeaderName;
}

/** A row of a header table that nobody reads. */
export interface ReservedHeaderRow extends LayoutRow {
  /** Says so. */
  readonly reserved: true;
}

/** One row of the table of a packet header. */
export type HeaderRow = PlainHeaderRow | DividedHeaderRow | ReservedHeaderRow;

/** A header field with its place. */
export interface HeaderField {
  /** The header field. */
  readonly name: PduHeaderName;
  /** Bytes from the start of the packet to the row that holds it. */
  readonly offset: number;
  /** Bytes of that row. */
  readonly width: number;
  /** Bits of the row below the value. */
  readonly shift: number;
  /** The bits of the value, shifted down. */
  readonly mask: number;
  /** Index in `FLOW_FIELDS` of the flow field of the same meaning, or -1. */
  readonly field: number;
  /** What the value means. */
  readonly doc: string;
}

/** A compiled header table. */
export interface HeaderLayout {
  /** The rows with their offsets. */
  readonly table: TableLayout;
  /** The values in them. */
  readonly fields: readonly HeaderField[];
  /** A header whose values are all 0: the shape that every header read is a copy of. */
  readonly blank: Readonly<PduHeader>;
}

/** Fields that every header has: they date the flows, or say how many there are. */
const REQUIRED: readonly PduHeaderName[] = [
  "version",
  "count",
  "sysUpTime",
  "unix_secs",
  "unix_nsecs",
];

/** Fields that every header has as an object; 0 where they are not on the wire. */
const ABSENT: Readonly<PduHeader> = {
  version: 0,
  count: 0,
  sysUpTime: 0,
  unix_secs: 0,
  unix_nsecs: 0,
};

/**
 * Places the rows of a header table and checks them.
 *
 * @param title What the header is of, for messages and dumps
 * @param size Published size in bytes
 * @param rows The table
 * @param lacking Fields of every header that this one lacks; they are 0
 * @returns The layout that reads, writes and dumps derive from
 * @throws {RangeError} The table contradicts itself or lacks a field that every header has
 *
 * @example
 * ```ts
 * import { compileHeader } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * const header = compileHeader("example header", 16, [
 *   { name: "version", width: 2 },
 *   { name: "count", width: 2 },
 *   { name: "sysUpTime", width: 4 },
 *   { name: "unix_secs", width: 4 },
 *   { name: "unix_nsecs", width: 4 },
 * ]);
 * assertEquals(header.fields[4].offset, 12);
 * ```
 */
export function compileHeader(
  title: string,
  size: number,
  rows: readonly HeaderRow[],
  lacking: readonly PduHeaderName[] = [],
): HeaderLayout {
  const table = compileTable(title, size, rows);
  const fields = rows.flatMap((row, index): HeaderField[] => {
    if (row.reserved) return [];
    const { offset, doc } = table.rows[index];
    if (!("parts" in row)) return [placePart({ ...row, bits: row.width * 8, doc }, row, offset, 0)];
    let shift = row.width * 8;
    const placed = row.parts.map((part) => placePart(part, row, offset, shift -= part.bits));
    if (shift !== 0) {
      throw new RangeError(
        `Cannot compile ${title}: the parts of "${row.name}" take ${row.width * 8 - shift} bits, ` +
          `expected ${row.width * 8}`,
      );
    }
    return placed;
  });
  const names = fields.map((field) => field.name);
  const missing = REQUIRED.find((name) => !names.includes(name) && !lacking.includes(name));
  if (missing !== undefined) {
    throw new RangeError(`Cannot compile ${title}: it lacks the field "${missing}"`);
  }
  const blank = { ...ABSENT, ...Object.fromEntries(names.map((name) => [name, 0])) };
  return { table, fields, blank };
}

function placePart(
  part: HeaderPart,
  row: HeaderRow,
  offset: number,
  shift: number,
): HeaderField {
  if (row.width > 4) {
    throw new RangeError(`Cannot place header field "${part.name}": it has more than 4 bytes`);
  }
  const { name, bits, doc } = part;
  return {
    name,
    offset,
    width: row.width,
    shift,
    mask: 2 ** bits - 1,
    field: fieldIndex(name),
    doc,
  };
}

/**
 * Reads one header field.
 *
 * @param field The field
 * @param view Bytes that hold the packet
 * @param start Where the packet starts
 * @returns The value
 */
export function readHeaderField(field: HeaderField, view: DataView, start: number): number {
  const at = start + field.offset;
  if (field.width === 4) return ((view.getUint32(at) >>> field.shift) & field.mask) >>> 0;
  const row = field.width === 2 ? view.getUint16(at) : view.getUint8(at);
  return (row >>> field.shift) & field.mask;
}

/**
 * Reads a header that is known to be there as a whole.
 *
 * @param layout The header
 * @param view Bytes that hold the packet
 * @param start Where the packet starts
 * @returns A new header
 */
export function readHeader(layout: HeaderLayout, view: DataView, start: number): PduHeader {
  const header: PduHeader = { ...layout.blank };
  const { fields } = layout;
  for (let i = 0; i < fields.length; i++) {
    header[fields[i].name] = readHeaderField(fields[i], view, start);
  }
  return header;
}

/**
 * Writes one header field into bytes that are 0 so far. What does not fit its width is cut, so
 * that counters wrap.
 *
 * @param field The field
 * @param value The value
 * @param view Bytes of the packet, from its start
 */
export function writeHeaderField(field: HeaderField, value: number, view: DataView): void {
  const bits = (value & field.mask) << field.shift;
  if (field.width === 4) view.setUint32(field.offset, view.getUint32(field.offset) | bits);
  else if (field.width === 2) view.setUint16(field.offset, view.getUint16(field.offset) | bits);
  else view.setUint8(field.offset, view.getUint8(field.offset) | bits);
}
