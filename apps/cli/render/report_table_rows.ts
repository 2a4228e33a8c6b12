import type { JsonValue } from "@flowtools/flow-model";
import type { DataColumn, DataRow, DataSet } from "./data_set.ts";
import type { ReportDocuments } from "./report_documents.ts";
import type { ReportTable } from "./report_table_input.ts";
import type { KeyNames } from "./report_table_numbers.ts";

/** What is shown of a report. */
export interface TableRowsOptions {
  /** Names of keys, where they are wanted. */
  readonly names: KeyNames;
  /** Rows at most; 0 for all. */
  readonly rowsMax: number;
  /** Whether numbers are shares in per cent. */
  readonly shares: boolean;
}

/**
 * Writes a report.
 *
 * @param documents Where
 * @param table What was read
 * @param options What of it
 * @param onRow Called for each row
 */
export function writeReportTable(
  documents: ReportDocuments,
  table: ReportTable,
  options: TableRowsOptions,
  onRow: () => void,
): void {
  const { columns, named, rows } = rowsOf(table, options);
  const report = headerValue(table, "name");
  const about = { report, type: headerValue(table, "type"), totals: totalsOf(table) };
  documents.write({ report, line: { report }, about }, { columns, named, rows: each(rows, onRow) });
}

function* each<Row>(rows: Iterable<Row>, onRow: () => void): Generator<Row, void, undefined> {
  for (const row of rows) {
    onRow();
    yield row;
  }
}

function totalsOf({ totals }: ReportTable): JsonValue {
  return totals === undefined
    ? null
    : Object.fromEntries([...totals].map(([name, text]) => [name.toLowerCase(), valueOf(text)]));
}

function rowsOf(table: ReportTable, options: TableRowsOptions): DataSet {
  const { names } = options;
  const { totals } = table;
  // What has no keys is one row.
  const only = table.detail ??
    (table.names.length > 0 || totals === undefined
      ? undefined
      : { names: [...totals.keys()], values: [...totals.values()] });
  if (only !== undefined) {
    const columns = only.names.map((name): DataColumn => ({ name, title: name, right: true }));
    return { columns, rows: [{ values: only.values.map(valueOf) }] };
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
  return { columns, named, rows: tableRows(table, options) };
}

function* tableRows(
  { rows, shown, names: titles }: ReportTable,
  { names, rowsMax }: TableRowsOptions,
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
