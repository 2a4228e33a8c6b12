import type { ReportResult, ResultKey } from "@flowtools/flowset/reports";
import type { SymbolTable } from "@flowtools/flowset/select";
import type { DataColumn, DataRow, DataSet } from "./data_set.ts";
import { KEY_SYMBOLS } from "./report_columns.ts";
import type { RowOrder } from "./row_sieve.ts";

/** How the rows of a report are shown. */
export interface ReportRowOptions {
  /** Groups in the order of the rows. */
  readonly order: Uint32Array;
  /** Names of values of keys by the column, where they are wanted. */
  readonly names?: ReadonlyMap<string, SymbolTable>;
  /** Whether octets and packets were multiplied by rates of sampling: a further column says so. */
  readonly scaled: boolean;
}

/** The column of how many different values of another key a group has. */
const DISTINCT = "count";

/** The groups of a report as rows; a report without keys is one row of its totals. */
export function reportDataSet(result: ReportResult, options: ReportRowOptions): DataSet {
  const { names, scaled } = options;
  const columns = reportColumns(result, scaled);
  const named = names && columns.map(({ name }) => name).filter((name) => names.has(name));
  return { columns, named, rows: reportRows(result, options) };
}

/**
 * The columns of a report: its keys, its counters.
 *
 * @param result What was found, or the result of no flows
 * @param scaled Whether a further column says that counters are estimates
 */
export function reportColumns(result: ReportResult, scaled: boolean): DataColumn[] {
  const keys = result.keys.map((key): DataColumn => {
    const name = keyName(result, key);
    const text = key.kind === "address" || key.kind === "prefix";
    return { name, title: name, right: !text, quantity: "id" };
  });
  const distinct = result.distinct === undefined ? [] : [DISTINCT];
  const numbers = [...result.counters, ...distinct, ...scaled ? ["scaled"] : []];
  return [
    ...keys,
    ...numbers.map((name): DataColumn => ({
      name,
      title: name,
      right: true,
      quantity: name === "duration" ? "ms" : "count",
    })),
  ];
}

/** The columns of keys of a report whose values may have names. */
export function namedColumns(result: ReportResult): string[] {
  return result.keys.map((key) => keyName(result, key))
    .filter((name) => KEY_SYMBOLS[name] !== undefined);
}

/**
 * The groups of a report by a column; those that are equal stay as they are.
 *
 * @returns Nothing where the report has no such column, or it is the same in all rows
 */
export function sortedGroups(
  result: ReportResult,
  { name, descending }: RowOrder,
  groups: Uint32Array<ArrayBuffer>,
): Uint32Array<ArrayBuffer> | undefined {
  const key = result.keys.findIndex((key) => keyName(result, key) === name);
  const counter = result.counters.find((counter) => counter === name);
  const by = key >= 0 ? key : counter ?? (name === DISTINCT ? "distinct" : undefined);
  if (by === undefined) return undefined;
  // Greatest first turns equal ones round, too.
  return result.sorted(by, descending, descending ? groups.toReversed() : groups);
}

/** The name of a key; a counter may have the same, as in the report of the octets of flows. */
function keyName({ counters }: ReportResult, { name }: ResultKey): string {
  return (counters as readonly string[]).includes(name) ? `${name}-per-flow` : name;
}

function* reportRows(
  result: ReportResult,
  { order, names, scaled }: ReportRowOptions,
): Generator<DataRow, void, undefined> {
  const marks = scaled ? [true] : [];
  if (result.keys.length === 0) {
    const { flows, octets, packets, duration } = result.totals;
    yield { values: [flows, octets, packets, duration, ...marks] };
  }
  const columns = result.keys.map((key) => keyName(result, key));
  const tables = columns.map((name) => names?.get(name));
  for (const group of order) {
    const keys = result.keys.map((_, index) => result.keyValue(index, group));
    const values: (string | number | boolean)[] = [...keys];
    const at = group * result.counters.length;
    for (let i = 0; i < result.counters.length; i++) values.push(result.sums[at + i]);
    if (result.distinct !== undefined) values.push(result.distinct[group]);
    values.push(...marks);
    if (names === undefined) {
      yield { values };
      continue;
    }
    const texts = keys.map((value, key) =>
      typeof value === "number" ? tables[key]?.name(value) : undefined
    );
    const found = texts.flatMap((text, key) => text === undefined ? [] : [[columns[key], text]]);
    yield { values, texts, names: Object.fromEntries(found) };
  }
}
