import { oneOfWords } from "@flowtools/common/suggest";
import type { SymbolKind, SymbolTable } from "@flowtools/flowset/select";
import { type ReportTable, ReportTableError } from "./report_table_input.ts";

/**
 * A number with so many decimals, as C prints it: what lies exactly between two is rounded to the
 * even digit, where `toFixed` takes the higher one.
 */
export function fixed(value: number, decimals: number): string {
  // Only multiples of a power of two lie between two: 1/16, 1/128, …
  const halves = Math.abs(value) * 2 ** (decimals + 1);
  if (halves % 2 !== 1) return value.toFixed(decimals);
  const scale = 10 ** decimals;
  const below = Math.floor(Math.abs(value) * scale);
  const even = below % 2 === 0 ? below : below + 1;
  return (Math.sign(value) * even / scale).toFixed(decimals);
}

/** Columns of addresses are sorted as text, as in the reference. */
const TEXT_COLUMNS: readonly string[] = [
  "ip-next-hop-address",
  "ip-source-address",
  "ip-destination-address",
  "ip-exporter-address",
];

/** The symbols of a key column. */
export const COLUMN_SYMBOLS: Readonly<Record<string, SymbolKind>> = {
  "ip-source-port": "tcp-port",
  "ip-destination-port": "tcp-port",
  "ip-port": "tcp-port",
  "ip-protocol": "ip-prot",
  "source-as": "asn",
  "destination-as": "asn",
  "source-tag": "tag",
  "destination-tag": "tag",
  "ip-address-type": "ip-type",
};

/**
 * Sorts the rows by a column, `+name` up, `-name` down; rows that are alike keep their order.
 *
 * @throws {ReportTableError} There is no such column
 */
export function sortRows(table: ReportTable, spec: string): void {
  const column = table.names.indexOf(spec.slice(1));
  if (column < 0 || !/^[+-]/.test(spec)) {
    throw new ReportTableError(
      "no-column",
      `Cannot sort by "${spec}": expected + or - and ` +
        `${oneOfWords(spec.replace(/^[+-]/, ""), table.names)}`,
    );
  }
  const sign = spec.startsWith("-") ? -1 : 1;
  const values = table.rows.map((row) => row[column]);
  const compare = TEXT_COLUMNS.includes(table.names[column]) ? byText(values) : byValue(values);
  const order = Array.from(values.keys()).sort((a, b) => sign * compare(a, b));
  table.rows = order.map((at) => table.rows[at]);
}

/** Compares two rows, by their place. */
type Compare = (a: number, b: number) => number;

function byText(values: readonly string[]): Compare {
  return (a, b) => values[a] < values[b] ? -1 : values[a] > values[b] ? 1 : 0;
}

/** As numbers where all are, else as text. */
function byValue(values: readonly string[]): Compare {
  if (values.some((value) => value === "" || Number.isNaN(Number(value)))) return byText(values);
  if (values.every((value) => Number.isSafeInteger(Number(value)) || value.includes("."))) {
    const numbers = Float64Array.from(values, Number);
    return (a, b) => numbers[a] - numbers[b];
  }
  if (values.some((value) => !/^\d+$/.test(value))) return byText(values);
  const numbers = values.map(BigInt);
  return (a, b) => numbers[a] < numbers[b] ? -1 : numbers[a] > numbers[b] ? 1 : 0;
}

/** The name of a value, by column; columns that have no names are not in it. */
export type KeyNames = ReadonlyMap<number, (text: string) => string | undefined>;

/** Finds the names of the key columns that are shown. */
export async function keyNames(
  table: ReportTable,
  load: (kind: SymbolKind) => Promise<SymbolTable>,
): Promise<KeyNames> {
  const names = new Map<number, (text: string) => string | undefined>();
  for (const column of table.keys) {
    const kind = COLUMN_SYMBOLS[table.names[column]];
    if (kind === undefined || !table.shown.includes(column)) continue;
    const symbols = await load(kind);
    const name = (text: string) => /^\d+$/.test(text) ? symbols.name(Number(text)) : undefined;
    names.set(column, (text) => name(text) || undefined);
  }
  return names;
}

/** Replaces the values of key columns by names, where there are names. */
export function nameKeys(table: ReportTable, names: KeyNames): void {
  for (const [column, name] of names) replace(table, column, (text) => name(text) ?? text);
}

/** Replaces the numbers of all columns that are no keys by their share in per cent. */
export function sharesOfTotal(table: ReportTable): void {
  for (let column = 0; column < table.names.length; column++) {
    if (table.keys.has(column)) continue;
    const total = sum(table.rows, column);
    if (Number.isNaN(total)) continue;
    replace(table, column, (text) => fixed(total === 0 ? 0 : Number(text) / total * 100, 6));
  }
}

function sum(rows: readonly (readonly string[])[], column: number): number {
  let total = 0;
  for (const row of rows) total += row[column] === "" ? NaN : Number(row[column]);
  if (!(total > Number.MAX_SAFE_INTEGER)) return total;
  return rows.every((row) => /^\d+$/.test(row[column]))
    ? Number(rows.reduce((exact, row) => exact + BigInt(row[column]), 0n))
    : total;
}

function replace(table: ReportTable, column: number, change: (text: string) => string): void {
  for (const row of table.rows) {
    row[column] = change(row[column]);
    if (row[column].length > table.widths[column]) table.widths[column] = row[column].length;
  }
}
