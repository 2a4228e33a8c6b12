import { formatIPv4 } from "@flowtools/flow-model";
import { FT_FLAGS, type FtHeader } from "@flowtools/ft-format";
import type { TimeZone } from "@flowtools/flowset/groups";
import type { Output } from "../output.ts";
import { type DataColumn, type DataFormat, type DataRow, DataSetWriter } from "./data_set.ts";
import type { Look } from "./look.ts";
import { cellValue, ObjectSetWriter, type ShownObject } from "./object_set.ts";
import { type RowChoice, RowSieve } from "./row_sieve.ts";

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

/** How headers are shown. */
export interface HeaderViewOptions {
  readonly format: DataFormat;
  readonly choice: RowChoice;
  /** The time zone of tables. */
  readonly zone: TimeZone;
  readonly look: Look;
}

/** Shows headers in the formats of rows. */
export class HeaderView {
  readonly #sieve: RowSieve<ShownObject>;
  readonly #writer: { end(): void };

  /**
   * Begins.
   *
   * @param output Where headers go
   * @param options How
   */
  constructor(output: Output, { format, choice, zone, look }: HeaderViewOptions) {
    const { fields } = choice;
    let write: (header: ShownObject) => void;
    if (format === "json" || format === "ndjson") {
      const writer = new ObjectSetWriter(output, format, fields);
      this.#writer = writer;
      write = (header) => writer.add(header);
    } else {
      const usual = format === "csv" ? CSV_NAMES.map(columnOf) : TABLE_COLUMNS;
      const columns = fields?.map(columnOf) ?? usual;
      const writer = new DataSetWriter(output, { columns }, format, look);
      this.#writer = writer;
      write = (header) => writer.row(headerRow(header, columns, zone, fields === undefined));
    }
    this.#sieve = new RowSieve(choice, (header, name) => header[name], write);
  }

  /** Whether no further header can be shown. */
  get full(): boolean {
    return this.#sieve.full;
  }

  /** Shows a header. */
  add(path: string, header: FtHeader): void {
    this.#sieve.add(headerObject(path, header));
  }

  /** Ends the document. */
  end(): void {
    this.#sieve.end();
    this.#writer.end();
  }
}

function columnOf(name: string): DataColumn {
  const known = TABLE_COLUMNS.find((column) => column.name === name);
  return { right: !TEXT_NAMES.includes(name), ...known, name, title: name, detail: undefined };
}

function headerRow(
  header: ShownObject,
  columns: readonly DataColumn[],
  zone: TimeZone,
  usual: boolean,
): DataRow {
  const values = columns.map(({ name }) => cellValue(header[name]));
  const texts = columns.map(({ name }) => {
    if (TIMES.includes(name)) {
      return usual ? spanText(header, name, zone) : timeText(header, name, zone);
    }
    return usual && name === "exportVersion"
      ? [header.exportVersion, header.aggregation].filter(Boolean).join(".")
      : undefined;
  });
  return { values, texts };
}

function timeText(header: ShownObject, name: string, zone: TimeZone): string {
  const secs = header[name];
  // A time of 0 is not known.
  return secs ? zone.text(Number(secs) * 1000) : "";
}

/** A time of a capture; the day of its end is told where it is another one. */
function spanText(header: ShownObject, name: string, zone: TimeZone): string {
  const text = timeText(header, name, zone);
  const [start] = TIMES;
  const sameDay = name !== start &&
    timeText(header, start, zone).slice(0, DAY_LENGTH) === text.slice(0, DAY_LENGTH);
  return sameDay ? text.slice(DAY_LENGTH) : text;
}

/** The header for programs: addresses as text, flags by name. */
function headerObject(path: string, header: FtHeader): ShownObject {
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
