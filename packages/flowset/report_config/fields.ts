import type { CounterName } from "../report/accumulate.ts";
import type { ReportSpec } from "../report/reports.ts";

/** One field of a report's lines. */
export interface ReportField {
  /** Its name in configurations and in the line above the data. */
  readonly name: string;
  /** The key that it shows, counted from 0. */
  readonly key?: number;
  /** The number of a group that it shows. */
  readonly counter?: CounterName;
  /** It is shown only when it is asked for. */
  readonly extra?: true;
  /** Lines cannot be sorted by it. */
  readonly unsortable?: true;
  /** It is a rate: reports keep rates only where somebody wants them. */
  readonly rate?: true;
  /** Its place in the list of fields of a report's header; nothing where that leaves it out. */
  readonly listed?: number;
}

/**
 * Every field, in the order in which lines show them.
 *
 * Source: flow-tools `ftstat.c`.
 */
export const REPORT_FIELDS = [
  { name: "index", extra: true, unsortable: true },
  { name: "first", extra: true, unsortable: true },
  { name: "last", extra: true, unsortable: true },
  { name: "key", key: 0, listed: 0 },
  { name: "key1", key: 0, listed: 1 },
  { name: "key2", key: 1, listed: 2 },
  { name: "key3", key: 2, listed: 3 },
  { name: "key4", key: 3, listed: 4 },
  { name: "key5", key: 4, listed: 5 },
  { name: "key6", key: 5, listed: 6 },
  { name: "count" },
  { name: "flows", counter: "flows", listed: 7 },
  { name: "octets", counter: "octets", listed: 8 },
  { name: "packets", counter: "packets", listed: 9 },
  { name: "duration", counter: "duration", listed: 10 },
  { name: "avg-bps", counter: "avg-bps", extra: true, rate: true, listed: 14 },
  { name: "min-bps", counter: "min-bps", extra: true, rate: true, listed: 15 },
  { name: "max-bps", counter: "max-bps", extra: true, rate: true, listed: 16 },
  { name: "avg-pps", counter: "avg-pps", extra: true, rate: true, listed: 11 },
  { name: "min-pps", counter: "min-pps", extra: true, rate: true, listed: 12 },
  { name: "max-pps", counter: "max-pps", extra: true, rate: true, listed: 13 },
  { name: "frecs", counter: "records", extra: true, unsortable: true, listed: 17 },
  { name: "other", listed: 18 },
] as const satisfies readonly ReportField[];

/** The name of a field of a report's lines. */
export type ReportFieldName = (typeof REPORT_FIELDS)[number]["name"];

/** Words that stand for several fields. */
export const FIELD_GROUPS: Readonly<Record<string, readonly ReportFieldName[]>> = {
  pps: ["avg-pps", "min-pps", "max-pps"],
  bps: ["avg-bps", "min-bps", "max-bps"],
  generic: REPORT_FIELDS.map(({ name }) => name).filter((name) =>
    name !== "count" && !/^key\d/.test(name)
  ),
};

/** What an output can show besides the lines, in the order of its header. */
export const REPORT_OPTIONS = ["percent-total", "names", "header", "xheader", "totals"] as const;

/** The name of an option of an output. */
export type ReportOption = (typeof REPORT_OPTIONS)[number];

const RATES: readonly ReportFieldName[] = [...FIELD_GROUPS.pps, ...FIELD_GROUPS.bps];
const SUMS: readonly ReportFieldName[] = ["flows", "octets", "packets"];

/** The fields that a type of report has. */
export function allowedFields(spec: ReportSpec): ReadonlySet<ReportFieldName> {
  if (spec.detail) return new Set([...RATES, "other"]);
  if (spec.keys.length === 0) return new Set(RATES);
  if (spec.interpolate) return new Set(["key", ...SUMS]);
  const keys: readonly ReportFieldName[] = spec.keys.length === 1
    ? ["key"]
    : spec.keys.map((_, index) => `key${index + 1}` as ReportFieldName);
  return new Set([
    ...["index", "first", "last"] as const,
    ...keys,
    ...spec.distinct === undefined ? [] : ["count"] as const,
    ...SUMS,
    ...["duration", "frecs", "other"] as const,
    ...RATES,
  ]);
}

/** The fields that a type of report shows unless its configuration says otherwise. */
export function defaultFields(spec: ReportSpec): Set<ReportFieldName> {
  const allowed = allowedFields(spec);
  const fields: readonly ReportField[] = REPORT_FIELDS;
  const shown = fields.filter(({ extra }) => !extra).map(({ name }) => name as ReportFieldName);
  return new Set(shown.filter((name) => allowed.has(name)));
}

/** The options that a type of report has. */
export function allowedOptions(spec: ReportSpec): readonly ReportOption[] {
  if (spec.keys.length > 0 || spec.detail) return REPORT_OPTIONS;
  return ["header", "xheader", "totals"];
}
