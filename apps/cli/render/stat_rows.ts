import type { ReportResult } from "@flowtools/flowset/reports";
import type { SymbolTable } from "@flowtools/flowset/select";
import type { Look } from "./look.ts";
import { type TableColumn, tableLines } from "./modern_table.ts";

/** How the rows of a report are shown. */
export interface RowOptions {
  /** Groups in the order of the rows. */
  readonly order: Uint32Array;
  /** Names of keys. */
  readonly names: SymbolTable | undefined;
  /** Whether octets and packets were multiplied by rates of sampling: a further column says so. */
  readonly scaled: boolean;
}

/** What is in rows: keys, counters, whether these are scaled. */
type RowValue = string | number | boolean;

/** How rows of a report are written in the formats for programs. */
export interface RowFormat {
  /** Text before the first row. */
  begin(columns: readonly string[]): string;
  /** One row. */
  row(columns: readonly string[], values: readonly RowValue[], first: boolean): string;
  /** Text behind the last row. */
  end(): string;
}

/** The formats for programs, by name. */
export const ROW_FORMATS: Readonly<Record<string, RowFormat>> = {
  json: {
    begin: () => "[",
    row: (columns, values, first) => `${first ? "" : ","}\n${jsonRow(columns, values)}`,
    end: () => "\n]\n",
  },
  ndjson: {
    begin: () => "",
    row: (columns, values) => `${jsonRow(columns, values)}\n`,
    end: () => "",
  },
  csv: {
    begin: (columns) => `${columns.join(",")}\n`,
    row: (_, values) => `${values.map(csvCell).join(",")}\n`,
    end: () => "",
  },
};

function jsonRow(columns: readonly string[], values: readonly RowValue[]): string {
  return JSON.stringify(Object.fromEntries(columns.map((name, i) => [name, values[i]])));
}

/** A value of a line of CSV, in quotes where it needs them. */
export function csvCell(value: RowValue): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Writes the groups of a report; a report without keys is one row of its totals. */
export function writeRows(
  write: (text: string) => void,
  format: RowFormat,
  result: ReportResult,
  { order, names, scaled }: RowOptions,
): void {
  const columns = rowColumns(result, scaled);
  write(format.begin(columns));
  let first = true;
  for (const values of rowValues(result, { order, names, scaled })) {
    write(format.row(columns, values, first));
    first = false;
  }
  write(format.end());
}

/** Writes the same as a table for people. */
export function writeRowTable(
  write: (text: string) => void,
  look: Look,
  result: ReportResult,
  options: RowOptions,
): void {
  const keys = result.keys.length;
  const columns = rowColumns(result, options.scaled).map((title, at): TableColumn => {
    if (at >= keys) return { title, right: true, quantity: title === "duration" ? "ms" : "count" };
    const { kind } = result.keys[at];
    return { title, right: kind !== "address" && kind !== "prefix", quantity: "id" };
  });
  const rows = [...rowValues(result, options)].map((values) => ({
    cells: values.map((value) => typeof value === "boolean" ? String(value) : value),
  }));
  for (const line of tableLines(columns, rows, look)) write(`${line}\n`);
}

function rowColumns(result: ReportResult, scaled: boolean): string[] {
  const distinct = result.distinct === undefined ? [] : ["count"];
  const marks = scaled ? ["scaled"] : [];
  return [...result.keys.map(({ name }) => name), ...result.counters, ...distinct, ...marks];
}

function* rowValues(
  result: ReportResult,
  { order, names, scaled }: RowOptions,
): Generator<RowValue[], void, undefined> {
  const marks = scaled ? [true] : [];
  if (result.keys.length === 0) {
    const { flows, octets, packets, duration } = result.totals;
    yield [flows, octets, packets, duration, ...marks];
  }
  for (const group of order) {
    const at = group * result.counters.length;
    const values: RowValue[] = result.keys.map((_, index) => keyText(result, index, group, names));
    for (let i = 0; i < result.counters.length; i++) values.push(result.sums[at + i]);
    if (result.distinct !== undefined) values.push(result.distinct[group]);
    yield [...values, ...marks];
  }
}

function keyText(
  result: ReportResult,
  index: number,
  group: number,
  names: SymbolTable | undefined,
): string | number {
  const value = result.keyValue(index, group);
  const named = typeof value === "number" && result.keys[index].kind !== "counter";
  return (named ? names?.name(value) : undefined) ?? value;
}
