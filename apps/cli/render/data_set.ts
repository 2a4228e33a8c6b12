import type { Output } from "../output.ts";
import type { Look } from "./look.ts";
import { type Cell, type TableColumn, tableLines } from "./modern_table.ts";
import { csvCell } from "./stat_rows.ts";

/** A value as JSON has it. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** The formats that every command has that prints. */
export const DATA_FORMATS = ["table", "json", "ndjson", "csv"] as const;

/** The name of a format. */
export type DataFormat = (typeof DATA_FORMATS)[number];

/** One column of a data set. */
export interface DataColumn extends TableColumn {
  /** Its name in the formats for programs. */
  readonly name: string;
}

/** One row of a data set. */
export interface DataRow {
  /** A value for each column; null where there is none. */
  readonly values: readonly (string | number | boolean | null)[];
  /** What a table shows in place of some values. */
  readonly texts?: readonly (string | undefined)[];
  /** Names of values, by column. */
  readonly names?: Readonly<Record<string, string>>;
  /** The length of its bar. */
  readonly share?: number;
  /** Whether it is a sum: tables show it, all other formats have sums elsewhere. */
  readonly quiet?: boolean;
}

/** What a command tells of its rows, for any format. */
export interface DataHead {
  /** What the JSON document calls itself: `flowtools/top/1`. */
  readonly schema: string;
  /** What the JSON document says of the rows, before them. */
  readonly about: Readonly<Record<string, JsonValue>>;
  /** The columns. */
  readonly columns: readonly DataColumn[];
  /** The columns whose values may have names, which CSV has columns for. */
  readonly named?: readonly string[];
  /** Lines of a table above and below its rows. */
  readonly notes?: { readonly above?: readonly string[]; readonly below?: readonly string[] };
}

/** What a command has found, for any format. */
export interface DataSet extends DataHead {
  /** The rows. */
  readonly rows: Iterable<DataRow>;
}

/** Writes a data set. */
export function writeDataSet(
  output: Output,
  data: DataSet,
  format: DataFormat,
  look: Look,
): void {
  const writer = new DataSetWriter(output, data, format, look);
  for (const row of data.rows) writer.row(row);
  writer.end();
}

/** Writes rows as they are found; all formats but tables hold nothing back. */
export class DataSetWriter {
  readonly #output: Output;
  readonly #head: DataHead;
  readonly #format: DataFormat;
  readonly #look: Look;
  readonly #partRows: number;
  /** The rows of a table that were not written, for whose width it waits. */
  #held: DataRow[] = [];
  #rows = 0;

  /**
   * Begins.
   *
   * @param output Where the rows go
   * @param head What is told of them
   * @param format How they are written
   * @param look How tables look
   * @param partRows Rows after which a table begins anew, with a heading of its own, so that no
   * more than these are held; default as many as there are
   */
  constructor(
    output: Output,
    head: DataHead,
    format: DataFormat,
    look: Look,
    partRows = Infinity,
  ) {
    this.#output = output;
    this.#head = head;
    this.#format = format;
    this.#look = look;
    this.#partRows = partRows;
    const begin: Readonly<Record<DataFormat, () => string>> = {
      table: () => linesText(head.notes?.above),
      json: () => jsonHead(head),
      ndjson: () => "",
      csv: () => csvHead(head),
    };
    output.text(begin[format]());
  }

  /** Writes a row. */
  row(row: DataRow): void {
    if (this.#format === "table") {
      this.#held.push(row);
      if (this.#held.length === this.#partRows) this.#writeHeld();
      return;
    }
    if (row.quiet) return;
    const first = this.#rows++ === 0;
    const { columns } = this.#head;
    const text: Readonly<Record<Exclude<DataFormat, "table">, () => string>> = {
      json: () => `${first ? "" : ","}\n    ${JSON.stringify(rowObject(columns, row))}`,
      ndjson: () => `${JSON.stringify(rowObject(columns, row))}\n`,
      csv: () => csvRow(this.#head, row),
    };
    this.#output.text(text[this.#format]());
  }

  /** Ends the document. */
  end(): void {
    if (this.#format === "table") {
      this.#writeHeld();
      this.#output.text(linesText(this.#head.notes?.below));
    } else if (this.#format === "json") {
      this.#output.text(this.#rows === 0 ? "]\n}\n" : "\n  ]\n}\n");
    }
  }

  #writeHeld(): void {
    if (this.#held.length === 0) return;
    const rows = this.#held.map(({ values, texts, share, quiet }) => ({
      cells: values.map((value, at): Cell => texts?.[at] ?? cellOf(value)),
      share,
      quiet,
    }));
    this.#held = [];
    const separator = this.#rows === 0 ? "" : "\n";
    this.#rows += rows.length;
    this.#output.text(separator + linesText(tableLines(this.#head.columns, rows, this.#look)));
  }
}

function linesText(lines: readonly string[] = []): string {
  return lines.map((line) => `${line}\n`).join("");
}

function cellOf(value: string | number | boolean | null): Cell {
  return value === null ? undefined : typeof value === "boolean" ? String(value) : value;
}

function rowObject(
  columns: readonly DataColumn[],
  { values, names }: DataRow,
): Record<string, JsonValue> {
  const object: Record<string, JsonValue> = {};
  for (const [at, { name }] of columns.entries()) object[name] = values[at];
  if (names !== undefined) object.names = names;
  return object;
}

/** The beginning of a document: what it is, what is said of the rows; each row is a line. */
function jsonHead({ schema, about }: DataHead): string {
  const members = Object.entries({ schema, ...about })
    .map(([name, value]) => `\n  ${JSON.stringify(name)}: ${JSON.stringify(value)},`);
  return `{${members.join("")}\n  "rows": [`;
}

function csvHead({ columns, named = [] }: DataHead): string {
  const heads = [...columns.map(({ name }) => name), ...named.map((name) => `${name}_name`)];
  return `${heads.map(csvCell).join(",")}\n`;
}

function csvRow({ named = [] }: DataHead, row: DataRow): string {
  const values = [
    ...row.values.map((value) => value ?? ""),
    ...named.map((name) => row.names?.[name] ?? ""),
  ];
  return `${values.map((value) => csvCell(String(value))).join(",")}\n`;
}
