import type { Output } from "../output.ts";
import {
  type DataColumn,
  type DataFormat,
  type DataRow,
  type DataSet,
  DataSetWriter,
  type JsonValue,
} from "./data_set.ts";
import { type Look, styled } from "./look.ts";
import type { ReportTable } from "./report_table_input.ts";
import type { KeyNames } from "./report_table_numbers.ts";

/** What is shown of a report. */
export interface ReportRowsOptions {
  /** Names of keys, where they are wanted. */
  readonly names: KeyNames;
  /** Rows at most; 0 for all. */
  readonly rowsMax: number;
  /** Whether numbers are shares in per cent. */
  readonly shares: boolean;
}

/** The document that each report is a part of. */
const SCHEMA = "flowtools/report/1";

/** Writes reports one after the other, in the formats that all commands have. */
export class ReportTableRows {
  readonly #output: Output;
  readonly #format: DataFormat;
  readonly #look: Look;
  #reports = 0;

  /**
   * Begins.
   *
   * @param output Where reports go
   * @param format How
   * @param look How tables look
   */
  constructor(output: Output, format: DataFormat, look: Look) {
    this.#output = output;
    this.#format = format;
    this.#look = look;
  }

  /**
   * Writes a report.
   *
   * @param table What was read
   * @param options What of it
   * @param onRow Called for each row
   */
  write(table: ReportTable, options: ReportRowsOptions, onRow: () => void): void {
    const first = this.#reports++ === 0;
    const { rows, ...head } = rowsOf(table, options);
    const { about } = head;
    switch (this.#format) {
      case "json": {
        const text = JSON.stringify(about).slice(0, -1);
        this.#output.text(`${first ? "[" : ","}\n${text},"rows":[`);
        let separator = "\n";
        for (const row of rows) {
          onRow();
          this.#output.text(separator + JSON.stringify(objectOf(head.columns, row)));
          separator = ",\n";
        }
        this.#output.text("\n]}");
        return;
      }
      case "ndjson":
        for (const row of rows) {
          onRow();
          const object = { report: about.report, ...objectOf(head.columns, row) };
          this.#output.text(`${JSON.stringify(object)}\n`);
        }
        return;
      case "table":
      case "csv": {
        if (!first) this.#output.text("\n");
        if (this.#format === "table" && typeof about.report === "string") {
          this.#output.text(`${styled(this.#look, "bold", about.report)}\n`);
        }
        const writer = new DataSetWriter(this.#output, head, this.#format, this.#look);
        for (const row of rows) {
          onRow();
          writer.row(row);
        }
        writer.end();
      }
    }
  }

  /** Ends the document. */
  end(): void {
    if (this.#format === "json") this.#output.text(this.#reports === 0 ? "[]\n" : "\n]\n");
  }
}

function rowsOf(table: ReportTable, options: ReportRowsOptions): DataSet {
  const { names } = options;
  const { totals } = table;
  const about = {
    report: headerValue(table, "name"),
    type: headerValue(table, "type"),
    totals: totals === undefined
      ? null
      : Object.fromEntries([...totals].map(([name, text]) => [name.toLowerCase(), valueOf(text)])),
  };
  // What has no keys is one row.
  const only = table.detail ??
    (table.names.length > 0 || totals === undefined
      ? undefined
      : { names: [...totals.keys()], values: [...totals.values()] });
  if (only !== undefined) {
    const columns = only.names.map((name): DataColumn => ({ name, title: name, right: true }));
    return { schema: SCHEMA, about, columns, rows: [{ values: only.values.map(valueOf) }] };
  }
  const columns = table.shown.map((at): DataColumn => {
    const name = table.names[at];
    if (!table.keys.has(at)) {
      const quantity = options.shares ? "percent" : name === "duration" ? "ms" : "count";
      return { name, title: name, right: true, quantity };
    }
    const numbers = table.rows.every((row) => typeof valueOf(row[at]) === "number");
    return { name, title: name, right: numbers && !names.has(at), quantity: "id" };
  });
  const named = table.shown.filter((at) => names.has(at)).map((at) => table.names[at]);
  return { schema: SCHEMA, about, columns, named, rows: tableRows(table, options) };
}

function* tableRows(
  { rows, shown, names: titles }: ReportTable,
  { names, rowsMax }: ReportRowsOptions,
): Generator<DataRow, void, undefined> {
  for (const cells of rowsMax === 0 ? rows : rows.slice(0, rowsMax)) {
    const texts = shown.map((at) => names.get(at)?.(cells[at]));
    const found: Record<string, string> = {};
    for (const [index, text] of texts.entries()) {
      if (text !== undefined) found[titles[shown[index]]] = text;
    }
    yield {
      values: shown.map((at) => valueOf(cells[at])),
      texts,
      names: names.size === 0 ? undefined : found,
    };
  }
}

function objectOf(
  columns: readonly DataColumn[],
  { values, names }: DataRow,
): Readonly<Record<string, JsonValue>> {
  const object: Record<string, JsonValue> = {};
  for (const [at, { name }] of columns.entries()) object[name] = values[at];
  return names === undefined ? object : { ...object, names };
}

/** The text behind a word of the lines above a report, such as `# type:  ip-protocol`. */
function headerValue({ header }: ReportTable, word: string): string | null {
  const begin = `# ${word}:`;
  return header.find((line) => line.startsWith(begin))?.slice(begin.length).trim() ?? null;
}

/** A cell as a number, where that says the same. */
function valueOf(text: string): string | number | null {
  if (text === "") return null;
  if (!/^-?\d+(\.\d+)?$/.test(text)) return text;
  const number = Number(text);
  return Number.isSafeInteger(number) || text.includes(".") ? number : text;
}
