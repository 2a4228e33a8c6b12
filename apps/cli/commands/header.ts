import { formatIPv4 } from "@flowtools/flow-model";
import { FT_FLAGS, type FtHeader } from "@flowtools/ft-format";
import { FlowSet } from "@flowtools/flowset/select";
import type { TimeZone } from "@flowtools/flowset/groups";
import type { CommandBody } from "../command.ts";
import { eachInput } from "../each_input.ts";
import { lookFromFlags, TABLE_ZONE_FLAG, UNITS_FLAG, zoneOf } from "../modern_flags.ts";
import { Output } from "../output.ts";
import { headerText } from "../render/header_text.ts";
import { DATA_FORMATS } from "../render/data_set.ts";
import type { Look } from "../render/look.ts";
import { type TableColumn, tableLines } from "../render/modern_table.ts";
import { csvCell } from "../render/stat_rows.ts";
import { OUTPUT_FLAG, SILENT_DEBUG_FLAG, TMP_FLAG } from "../shared_flags.ts";

/** Shows the headers of flow-tools files. */
export const headerCommand: CommandBody = {
  operands: "[FILE…]",
  flags: [
    {
      name: "format",
      group: "output",
      value: "NAME",
      choices: ["classic", ...DATA_FORMATS],
      doc: "How to print (default: classic, as flow-header)",
    },
    TABLE_ZONE_FLAG,
    UNITS_FLAG,
    {
      name: "comment-char",
      letter: "c",
      value: "CHAR",
      doc: "First character of each line (default: #)",
    },
    OUTPUT_FLAG,
    TMP_FLAG,
    SILENT_DEBUG_FLAG,
  ],
  examples: [
    ["flowtools header <ft-v05.2023-11-14.221320+0000", "What flow-header shows"],
    ["flowtools header --format ndjson flows/", "One JSON object for each file of a directory"],
  ],
  run: async (args) => {
    const format = args.value("format") ?? "classic";
    const zone = zoneOf(args);
    const output = Output.open(args.value("output"));
    const headers: Record<string, unknown>[] = [];
    const code = await eachInput(args, async (path) => {
      await using set = await FlowSet.open(path);
      if (format === "classic") {
        output.text(headerText(set.header, args.value("comment-char")?.[0]));
      } else if (format === "ndjson") {
        output.text(JSON.stringify(headerObject(path, set.header)) + "\n");
      } else headers.push(headerObject(path, set.header));
    });
    if (format === "json") {
      const lines = headers.map((header) => `\n  ${JSON.stringify(header)}`);
      output.text(lines.length === 0 ? "[]\n" : `[${lines.join(",")}\n]\n`);
    } else if (format === "csv") output.text(headersCsv(headers));
    else if (format === "table") {
      for (const line of headerTable(headers, zone, lookFromFlags(args))) output.text(`${line}\n`);
    }
    output.close();
    return code;
  },
};

/** What a line of a file shows of its header; the formats for programs of objects show all. */
const COLUMNS = [
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
] as const;

function cellOf(header: Readonly<Record<string, unknown>>, name: string): string {
  const value = header[name];
  return value === undefined ? "" : Array.isArray(value) ? value.join(" ") : String(value);
}

function headersCsv(headers: readonly Record<string, unknown>[]): string {
  const rows = headers.map((header) => COLUMNS.map((name) => csvCell(cellOf(header, name))));
  return [COLUMNS, ...rows].map((row) => `${row.join(",")}\n`).join("");
}

/** The columns that a table has room for: those that tell one file from another. */
const TABLE_COLUMNS: readonly (TableColumn & { readonly name: string })[] = [
  { name: "file", title: "file" },
  { name: "exportVersion", title: "version", right: true, quantity: "id", detail: 2 },
  { name: "captureStart", title: "capture start" },
  { name: "captureEnd", title: "end", detail: 1 },
  { name: "flowCount", title: "flows", right: true, quantity: "flows" },
  { name: "lost", title: "lost", right: true, quantity: "flows", detail: 0 },
];

const DAY_LENGTH = "2023-11-14 ".length;

function headerTable(
  headers: readonly Record<string, unknown>[],
  zone: TimeZone,
  look: Look,
): string[] {
  // A time of 0 is not known.
  const time = (value: unknown) => value ? zone.text(Number(value) * 1000) : "";
  const rows = headers.map((header) => {
    const start = time(header.captureStart);
    const end = time(header.captureEnd);
    const texts: Readonly<Record<string, string>> = {
      exportVersion: [header.exportVersion, header.aggregation].filter(Boolean).join("."),
      captureStart: start,
      // The day is told once where it is the same.
      captureEnd: start.slice(0, DAY_LENGTH) === end.slice(0, DAY_LENGTH)
        ? end.slice(DAY_LENGTH)
        : end,
    };
    return {
      cells: TABLE_COLUMNS.map(({ name }) => {
        const value = header[name];
        return texts[name] ?? (typeof value === "number" ? value : cellOf(header, name));
      }),
    };
  });
  return rows.length === 0 ? [] : tableLines(TABLE_COLUMNS, rows, look);
}

/** The header for programs: addresses as text, flags by name. */
function headerObject(path: string, header: FtHeader): Record<string, unknown> {
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
