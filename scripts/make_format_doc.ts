/**
 * Writes the tables of docs/FORMAT.md from the tables of the code, between markers of the form
 * `<!-- tables: NAME -->` and `<!-- end -->`. What is outside of them is written by hand.
 *
 *     deno run --allow-read --allow-write=docs/FORMAT.md scripts/make_format_doc.ts
 *
 * @module
 */
import { FLOW_FIELDS, type PlacedRow, type RecordLayout } from "@flowtools/flow-model";
import {
  findFtLayout,
  FT_LAYOUTS,
  FT_TLVS,
  HEADER_BYTES_MAX,
  HEADER_BYTES_MAX_WRITTEN,
  INFLATED_BYTES_MAX,
  type TlvKind,
} from "@flowtools/ft-format";
import { fillTables, table } from "./document_tables.ts";

const DOCUMENT = new URL("../docs/FORMAT.md", import.meta.url);

const KIND_TEXT: Readonly<Record<TlvKind, string>> = {
  padding: "nothing",
  u8: "1 byte",
  u16: "2 bytes",
  u32: "4 bytes",
  address: "IPv4 address, 4 bytes",
  text: "text and a NUL",
  ifName: "see below",
  ifAlias: "see below",
};

function tlvTable(): string {
  const rows = FT_TLVS.map(({ type, name, kind, doc }) => [
    `0x${type.toString(16).padStart(2, "0")}`,
    `\`${name}\``,
    KIND_TEXT[kind],
    doc,
  ]);
  return table(["type", "member", "value", "meaning"], rows);
}

function limitTable(): string {
  return table(["bound", "value"], [
    ["`HEADER_BYTES_MAX`", HEADER_BYTES_MAX.toLocaleString("en")],
    ["`HEADER_BYTES_MAX_WRITTEN`", HEADER_BYTES_MAX_WRITTEN.toLocaleString("en")],
    ["`INFLATED_BYTES_MAX`", INFLATED_BYTES_MAX.toLocaleString("en")],
  ]);
}

/** The layouts of stream version 3, or those that only stream version 1 has. */
function layoutsOf(streamVersion: 1 | 3): RecordLayout[] {
  return FT_LAYOUTS.filter((layout) => {
    const { version, aggregation } = layout.schema;
    return findFtLayout(version, aggregation, streamVersion) === layout;
  });
}

function recordTables(streamVersion: 1 | 3): string {
  return layoutsOf(streamVersion).map((layout) => {
    const title = layout.schema.label.slice(1);
    const stream = streamVersion === 1 ? " of stream version 1" : "";
    return `### Version ${title}${stream}: ${layout.size} bytes\n\n${recordTable(layout)}`;
  }).join("\n\n");
}

function recordTable(layout: RecordLayout): string {
  const rows = layout.rows.map((row) => [
    String(row.offset),
    String(row.width),
    row.reserved === true ? `(${row.name})` : `\`${row.name}\``,
    unitOf(row),
    meaning(row),
  ]);
  return table(["offset", "bytes", "field", "unit", "meaning"], rows);
}

function unitOf(row: PlacedRow): string {
  // A scaled value is in a unit of its own, which the row tells.
  return row.reserved === true || row.scale !== undefined ? "" : FLOW_FIELDS[row.field].unit;
}

function meaning(row: PlacedRow): string {
  if (row.reserved === true) return "Reserved";
  return row.doc +
    (row.alwaysLittleEndian === true ? "; little endian in every file" : "") +
    (row.unlisted === true ? "; stored, but no attribute of the flow" : "");
}

const TABLES: Readonly<Record<string, () => string>> = {
  "header fields": tlvTable,
  "limits": limitTable,
  "records of stream version 3": () => recordTables(3),
  "records of stream version 1": () => recordTables(1),
};

/**
 * Puts the tables between the markers of a document.
 *
 * @param document The text with markers
 * @returns The text with up-to-date tables
 * @throws {RangeError} A marker names no table, or a table has no marker
 */
export function withTables(document: string): string {
  return fillTables(document, TABLES);
}

if (import.meta.main) {
  const before = await Deno.readTextFile(DOCUMENT);
  await Deno.writeTextFile(DOCUMENT, withTables(before));
}
