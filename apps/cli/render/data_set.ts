import type { JsonValue } from "@flowtools/flow-model";
import type { Output } from "../output.ts";
import type { Look } from "./look.ts";
import { type Cell, type TableColumn, tableLines } from "./modern_table.ts";
import { csvCell } from "./csv_cell.ts";
import { ALL_ROWS, type RowChoice, RowSieve } from "./row_sieve.ts";

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
  /** What the JSON document calls itself: `flowtools/top/1`; without, it is an array of the rows. */
  readonly schema?: string;
  /** What the JSON document says of the rows, before them; an array says nothing. */
  readonly about?: Readonly<Record<string, JsonValue>>;
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

/** How a data set is written. */
export interface DataSetOptions {
  /** Which rows and columns; default all. */
  readonly choice?: RowChoice;
  /**
   * Rows after which a table begins anew, with a heading of its own, so that no more than these are
   * held; default as many as there are.
   */
  readonly partRows?: number;
  /** What each line of NDJSON says before its row; default nothing. */
  readonly line?: Readonly<Record<string, JsonValue>>;
}

/** Writes a data set. */
export function writeDataSet(
  output: Output,
  data: DataSet,
  format: DataFormat,
  look: Look,
  options?: DataSetOptions,
): void {
  const writer = new DataSetWriter(output, data, format, look, options);
  for (const row of data.rows) {
    if (writer.full) break;
    writer.row(row);
  }
  writer.end();
}

/** Writes rows as they are found; all formats but tables hold nothing back unless it is sorted. */
export class DataSetWriter {
  readonly #output: Output;
  readonly #columns: ChosenColumns;
  readonly #format: DataFormat;
  readonly #look: Look;
  readonly #partRows: number;
  readonly #line: DataSetOptions["line"];
  readonly #sieve: RowSieve<DataRow>;
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
   * @param options Which of them
   */
  constructor(
    output: Output,
    head: DataHead,
    format: DataFormat,
    look: Look,
    { choice = ALL_ROWS, partRows = Infinity, line }: DataSetOptions = {},
  ) {
    this.#line = line;
    this.#output = output;
    this.#columns = new ChosenColumns(head, choice.fields);
    this.#format = format;
    this.#look = look;
    this.#partRows = partRows;
    const at = new Map(head.columns.map(({ name }, index) => [name, index]));
    this.#sieve = new RowSieve(
      choice,
      ({ values }, name) => values[at.get(name)!],
      (row) => this.#write(this.#columns.of(row)),
    );
    const begin: Readonly<Record<DataFormat, () => string>> = {
      table: () => linesText(head.notes?.above),
      json: () => jsonHead(head),
      ndjson: () => "",
      csv: () => csvHead(this.#columns.head),
    };
    output.text(begin[format]());
  }

  /** Whether no further row can be shown. */
  get full(): boolean {
    return this.#sieve.full;
  }

  /**
   * Writes a row, if it is asked for.
   *
   * @throws {UsageError} There are too many to be sorted
   */
  row(row: DataRow): void {
    if (!row.quiet) this.#sieve.add(row);
    else if (this.#format === "table") this.#write(this.#columns.of(row));
  }

  /** Ends the document. */
  end(): void {
    this.#sieve.end();
    const { head } = this.#columns;
    if (this.#format === "table") {
      this.#writeHeld();
      this.#output.text(linesText(head.notes?.below));
    } else if (this.#format === "json") {
      const line = this.#rows === 0 ? "" : head.schema === undefined ? "\n" : "\n  ";
      this.#output.text(`${line}]\n${head.schema === undefined ? "" : "}\n"}`);
    }
  }

  #write(row: DataRow): void {
    if (this.#format === "table") {
      this.#held.push(row);
      if (this.#held.length === this.#partRows) this.#writeHeld();
      return;
    }
    const first = this.#rows++ === 0;
    const { head } = this.#columns;
    const indent = head.schema === undefined ? "  " : "    ";
    const text: Readonly<Record<Exclude<DataFormat, "table">, () => string>> = {
      json: () => `${first ? "" : ","}\n${indent}${JSON.stringify(rowObject(head.columns, row))}`,
      ndjson: () => `${JSON.stringify({ ...this.#line, ...rowObject(head.columns, row) })}\n`,
      csv: () => csvRow(head, row),
    };
    this.#output.text(text[this.#format]());
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
    const { columns } = this.#columns.head;
    this.#output.text(separator + linesText(tableLines(columns, rows, this.#look)));
  }
}

/** The columns of rows that are asked for. */
class ChosenColumns {
  /** What is told of the rows, with these columns only. */
  readonly head: DataHead;
  readonly #places: readonly number[] | undefined;
  readonly #fields: ReadonlySet<string>;

  /**
   * @param head What is told of all columns
   * @param fields Their names; those that are none of these rows are passed over. Default all
   */
  constructor(head: DataHead, fields: readonly string[] | undefined) {
    this.#fields = new Set(fields);
    this.#places = fields?.map((name) => head.columns.findIndex((column) => column.name === name))
      .filter((place) => place >= 0);
    this.head = this.#places === undefined ? head : {
      ...head,
      // What somebody asked for is there, however narrow a terminal is.
      columns: this.#places.map((place) => ({ ...head.columns[place], detail: undefined })),
      named: head.named?.filter((name) => this.#fields.has(name)),
    };
  }

  /** The same row with these columns only. */
  of(row: DataRow): DataRow {
    const places = this.#places;
    if (places === undefined) return row;
    const { values, texts, names } = row;
    return {
      ...row,
      values: places.map((place) => values[place]),
      texts: texts && places.map((place) => texts[place]),
      names: names &&
        Object.fromEntries(Object.entries(names).filter(([name]) => this.#fields.has(name))),
    };
  }
}

function linesText(lines: readonly string[] = []): string {
  return lines.map((line) => `${line}\n`).join("");
}

function cellOf(value: string | number | boolean | null): Cell {
  return value === null ? undefined : typeof value === "boolean" ? String(value) : value;
}

/** A row as an object: its values by the names of the columns. */
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
  if (schema === undefined) return "[";
  const members = Object.entries({ schema, ...about })
    .map(([name, value]) => `\n  ${JSON.stringify(name)}: ${JSON.stringify(value)},`);
  return `{${members.join("")}\n  "rows": [`;
}

function csvHead({ columns, named = [] }: DataHead): string {
  const heads = [...columns.map(({ name }) => name), ...named.map((name) => `${name}_name`)];
  return `${heads.map(csvCell).join(",")}\n`;
}

function csvRow({ named = [] }: DataHead, row: DataRow): string {
  const cells = row.values.map((value) => csvCell(value ?? ""));
  for (const name of named) cells.push(csvCell(row.names?.[name] ?? ""));
  return `${cells.join(",")}\n`;
}
