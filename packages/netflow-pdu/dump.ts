import { FLOW_FIELDS, formatIPv4, type PlacedRow } from "@flowtools/flow-model";
import type { HeaderLayout } from "./header_layout.ts";
import { readHeaderField } from "./header_layout.ts";
import { DUMP_HEX_OCTETS_MAX } from "./limits.ts";

/** One field of a packet, taken apart. */
export interface PduFieldDump {
  /** Bytes from the start of the packet. */
  readonly offset: number;
  /** Bytes that are there; fewer than the field has where the packet is cut short. */
  readonly width: number;
  /** Name of the field. */
  readonly name: string;
  /** Its value: a number, an address as text, or a remark on bytes that are no whole field. */
  readonly value: number | string;
  /** The bytes in hexadecimal. */
  readonly hex: string;
  /** What the value means. */
  readonly doc: string;
  /** Number of the record, from 0; not there for fields of the header. */
  readonly record?: number;
}

/** A packet as dumps look at it: `end` is where it stops in the view. */
export interface DumpSource {
  /** Bytes that hold the packet. */
  readonly view: DataView;
  /** Where the packet starts in the view. */
  readonly start: number;
  /** Where it ends. */
  readonly end: number;
}

/**
 * Dumps the fields of a header, as far as the packet goes.
 *
 * @param source The packet
 * @param layout The header
 * @returns The fields; those that are divided into bits stand once for each part
 */
export function dumpHeader(source: DumpSource, layout: HeaderLayout): PduFieldDump[] {
  return layout.table.rows.flatMap((row) => {
    const whole = source.start + row.offset + row.width <= source.end;
    const parts = layout.fields.filter((field) => field.offset === row.offset);
    if (!whole || row.reserved || parts.length < 2) return dumpRow(source, row, 0);
    return parts.map((part): PduFieldDump => ({
      offset: row.offset,
      width: row.width,
      name: part.name,
      value: readHeaderField(part, source.view, source.start),
      hex: hexOf(source, row.offset, row.width),
      doc: part.doc,
    }));
  });
}

/**
 * Dumps the rows of one record, as far as the packet goes.
 *
 * @param source The packet
 * @param rows The rows of the record's layout
 * @param offset Bytes from the start of the packet to the record
 * @param record Number of the record
 * @returns The fields
 */
export function dumpRecord(
  source: DumpSource,
  rows: readonly PlacedRow[],
  offset: number,
  record: number,
): PduFieldDump[] {
  return rows.flatMap((row) => dumpRow(source, row, offset, record));
}

/**
 * Dumps bytes that belong to no field.
 *
 * @param source The packet
 * @param offset Bytes from the start of the packet to the first of them
 * @param name What to call them
 * @param doc Why they are there
 * @returns One dump, or none where there are no such bytes
 */
export function dumpRest(
  source: DumpSource,
  offset: number,
  name: string,
  doc: string,
): PduFieldDump[] {
  const width = source.end - source.start - offset;
  if (width <= 0) return [];
  return [{ offset, width, name, value: `${width} bytes`, hex: hexOf(source, offset, width), doc }];
}

/**
 * Writes dumps as text: one line a field, with offset, hexadecimal bytes, name, value and meaning.
 *
 * @param dumps What `describePdu` gave
 * @returns Lines, each ending in a newline
 *
 * @example
 * ```ts
 * import { createPduRegistry, describePdu, formatDump, PDU_CODECS } from "@flowtools/netflow-pdu";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const damaged = new Uint8Array([0, 5, 0, 1, 0]);
 * const text = formatDump(describePdu(createPduRegistry(PDU_CODECS), damaged));
 * assertStringIncludes(text, "0002  0001                      count");
 * assertStringIncludes(text, "cut short: 1 of 4 bytes");
 * ```
 */
export function formatDump(dumps: readonly PduFieldDump[]): string {
  let text = "";
  let record: number | undefined;
  for (const dump of dumps) {
    if (dump.record !== record && dump.record !== undefined) text += `record ${dump.record}\n`;
    record = dump.record;
    const shown = 2 * DUMP_HEX_OCTETS_MAX;
    const hex = dump.hex.length > shown ? dump.hex.slice(0, shown) + "…" : dump.hex;
    text += `${String(dump.offset).padStart(4, "0")}  ${hex.padEnd(24)}  ` +
      `${dump.name.padEnd(18)} ${String(dump.value).padEnd(16)} ${dump.doc}\n`;
  }
  return text;
}

function dumpRow(
  source: DumpSource,
  row: PlacedRow,
  base: number,
  record?: number,
): PduFieldDump[] {
  const offset = base + row.offset;
  const width = Math.min(row.width, source.end - source.start - offset);
  if (width <= 0) return [];
  const value = width < row.width
    ? `cut short: ${width} of ${row.width} bytes`
    : valueOf(source, row, offset);
  const hex = hexOf(source, offset, width);
  const dump = { offset, width, name: row.name, value, hex, doc: row.doc };
  return [record === undefined ? dump : { ...dump, record }];
}

function valueOf(source: DumpSource, row: PlacedRow, offset: number): number | string {
  const at = source.start + offset;
  switch (row.width) {
    case 1:
      return source.view.getUint8(at);
    case 2:
      return source.view.getUint16(at);
    case 8:
      return String(source.view.getBigUint64(at));
    case 4: {
      const value = source.view.getUint32(at);
      return row.field >= 0 && FLOW_FIELDS[row.field].kind === "address"
        ? formatIPv4(value)
        : value;
    }
  }
}

function hexOf(source: DumpSource, offset: number, width: number): string {
  return hexOctets(source.view, source.start + offset, width);
}

/**
 * Octets as hexadecimal text.
 *
 * @param view Bytes that hold them
 * @param offset Where they start
 * @param width How many
 * @returns Two digits an octet
 */
export function hexOctets(view: DataView, offset: number, width: number): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + offset, width);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
