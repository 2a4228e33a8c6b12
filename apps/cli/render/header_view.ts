import { formatIPv4 } from "@flowtools/flow-model";
import { FT_FLAGS, type FtHeader } from "@flowtools/ft-format";
import type { TimeZone } from "@flowtools/flowset/groups";
import type { Output } from "../output.ts";
import type { DataColumn } from "./data_set.ts";
import { ObjectView, type ObjectViewOptions, type ShownObject } from "./object_view.ts";

/** What a line of CSV has of a header: facts that are no lists, and that files differ in. */
const CSV_NAMES: readonly string[] = [
  "file",
  "exportVersion",
  "aggregation",
  "captureStart",
  "captureEnd",
  "flowCount",
  "lost",
  "misordered",
  "corrupt",
  "sequenceResets",
  "hostname",
  "exporterAddress",
  "byteOrder",
  "streamVersion",
  "flags",
  "comments",
];

/** Everything that objects have of a header. */
export const HEADER_NAMES: readonly string[] = [
  ...CSV_NAMES,
  "aggregationVersion",
  "vendor",
  "rotation",
  "ifNames",
  "ifAliases",
  "interrupt",
  "unknown",
  "size",
];

/** What a table has room for: what tells one file from another. */
const TABLE_COLUMNS: readonly DataColumn[] = [
  { name: "file", title: "file" },
  { name: "exportVersion", title: "version", right: true, quantity: "id", detail: 2 },
  { name: "captureStart", title: "capture start" },
  { name: "captureEnd", title: "end", detail: 1 },
  { name: "flowCount", title: "flows", right: true, quantity: "flows" },
  { name: "lost", title: "lost", right: true, quantity: "flows", detail: 0 },
];

/** What is no number, or shown as none. */
const TEXT_NAMES: readonly string[] = [
  "file",
  "captureStart",
  "captureEnd",
  "hostname",
  "exporterAddress",
  "byteOrder",
  "flags",
  "comments",
  "ifNames",
  "ifAliases",
  "unknown",
];

const TIMES: readonly string[] = ["captureStart", "captureEnd"];

const DAY_LENGTH = "2023-11-14 ".length;

/**
 * Shows headers in the formats of rows.
 *
 * @param output Where headers go
 * @param options How
 * @returns What takes each of them, as {@linkcode headerObject} makes it
 */
export function headerView(output: Output, options: ObjectViewOptions): ObjectView {
  const { choice: { fields }, format } = options;
  const usual = format === "csv" ? CSV_NAMES.map(columnOf) : TABLE_COLUMNS;
  return new ObjectView(output, options, {
    columns: fields?.map(columnOf) ?? usual,
    text: fields === undefined ? usualText : timeText,
  });
}

function columnOf(name: string): DataColumn {
  const known = TABLE_COLUMNS.find((column) => column.name === name);
  return { right: !TEXT_NAMES.includes(name), ...known, name, title: name, detail: undefined };
}

/** What a table shows of a header where no columns are chosen. */
function usualText(header: ShownObject, name: string, zone: TimeZone): string | undefined {
  if (name === "exportVersion") {
    return [header.exportVersion, header.aggregation].filter(Boolean).join(".");
  }
  const text = timeText(header, name, zone);
  const [start] = TIMES;
  if (text === undefined || name === start) return text;
  // The day of the end is told where it is another one than that of the start.
  const sameDay = timeText(header, start, zone)?.slice(0, DAY_LENGTH) === text.slice(0, DAY_LENGTH);
  return sameDay ? text.slice(DAY_LENGTH) : text;
}

function timeText(header: ShownObject, name: string, zone: TimeZone): string | undefined {
  if (!TIMES.includes(name)) return undefined;
  const secs = header[name];
  // A time of 0 is not known.
  return secs ? zone.text(Number(secs) * 1000) : "";
}

/** The header for programs: addresses as text, flags by name. */
export function headerObject(path: string, header: FtHeader): ShownObject {
  const { tlvs: _tlvs, unknown, exporterAddress, ifNames, ifAliases, ...rest } = header;
  const names = Object.entries(FT_FLAGS).filter(([, bit]) => (header.flags & bit) !== 0);
  const withText = <Entry extends { readonly address: number }>(entry: Entry) => ({
    ...entry,
    address: formatIPv4(entry.address),
  });
  return {
    file: path,
    ...rest,
    flags: names.map(([name]) => name),
    exporterAddress: exporterAddress === undefined ? undefined : formatIPv4(exporterAddress),
    ifNames: ifNames.map(withText),
    ifAliases: ifAliases.map(withText),
    unknown: unknown.map(({ type, value }) => ({ type, hex: value.toHex() })),
  };
}
