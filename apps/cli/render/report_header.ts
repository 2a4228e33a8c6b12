import type { FtHeader } from "@flowtools/ft-format";
import {
  type AddressDisplay,
  type ConfiguredReport,
  REPORT_FIELDS,
  REPORT_OPTIONS,
  type ReportDefinition,
  type ReportField,
  reportFields,
  type ReportInterval,
  type ReportOutput,
  type ReportResult,
} from "@flowtools/flowset/reports";
import { calendarText } from "@flowtools/common/strftime";
import { VERSION } from "../version.ts";
import { headerText } from "./header_text.ts";
import { fixed } from "./stat_text.ts";

/** What the header of a report tells. */
export interface ReportHeaderFacts {
  readonly definition: ReportDefinition;
  readonly report: ConfiguredReport;
  readonly output: ReportOutput;
  readonly interval: ReportInterval;
  readonly result: ReportResult;
  /** The header of the first input. */
  readonly header: FtHeader;
  /** Whether octets and packets were multiplied by rates of sampling. */
  readonly scaled: boolean;
}

const LISTED: readonly ReportField[] = (REPORT_FIELDS as readonly ReportField[])
  .filter(({ listed }) => listed !== undefined)
  .toSorted((a, b) => a.listed! - b.listed!);

/** The header above a report, empty where its output has none. */
export function reportHeader(facts: ReportHeaderFacts): string {
  const { definition, output, interval, result, header } = facts;
  if (!output.options.has("header")) return "";
  const { timeStart, timeEnd } = result.totals;
  const now = Math.floor(Date.now() / 1000);
  const lines: string[] = interval.number === 0 ? settings(facts) : [];
  const add = (label: string, value: string | number) => lines.push(labelled(label, value));
  add("records", recordsOf(result));
  if (output.records > 0) lines.push(`# records_shown:      ${output.records}`);
  add("first-flow", `${timeStart} ${calendarText(timeStart)}`);
  add("last-flow", `${timeEnd} ${calendarText(timeEnd)}`);
  add("now", `${now} ${calendarText(now)}`);
  if (definition.timeSeries > 0) {
    add("time-series", `${definition.timeSeries} seconds / interval ${interval.number}`);
  }
  const text = lines.map((line) => `${line}\n`).join("");
  const extended = output.options.has("xheader") && interval.number === 0;
  return extended ? text + headerText(header, "#") : text;
}

/** What stands in the first interval only. */
function settings({ definition, report, output, scaled }: ReportHeaderFacts): string[] {
  const { spec } = report;
  const lines = ["#  --- ---- ---- Report Information --- --- ---"];
  const add = (label: string, value: string | number | undefined) => {
    if (value !== undefined) lines.push(labelled(label, value));
  };
  add("build-version", `flowtools ${VERSION}`);
  add("name", report.name);
  add("type", spec.name);
  if (report.scale > 0) add("scale", report.scale);
  if (scaled) add("scaled", "octets and packets by the rate of sampling");
  add("options", signed(REPORT_OPTIONS.filter((option) => output.options.has(option))));
  const fields = reportFields(spec);
  if (fields.includes("srcaddr")) add("ip-src-addr-type", displayName(report.source));
  if (fields.includes("dstaddr")) add("ip-dst-addr-type", displayName(report.destination));
  // Whatever the direction, the reference prints a plus.
  if (output.sort !== undefined) add("sort_field", `+${output.sort.field}`);
  const shown: ReadonlySet<string> = output.fields;
  const listed = LISTED.filter(({ name }) => shown.has(name)).map(({ name }) => name);
  if (shown.size > 0) lines.push(labelled("fields", signed(listed)));
  if (output.tally > 0) add("tally", output.tally);
  add("tag", definition.tag?.text);
  add("pre-filter", definition.filter?.text);
  add("filter", report.filter?.text);
  return lines;
}

function labelled(label: string, value: string | number): string {
  return `# ${`${label}:`.padEnd(21)} ${value}`;
}

function signed(names: readonly string[]): string {
  return names.map((name) => `+${name}`).join(",");
}

function displayName({ lengths, networks }: AddressDisplay): string {
  return lengths ? "prefix-len" : networks ? "prefix-mask" : "address";
}

/** Reports that only sum have no records. */
function recordsOf({ report, size }: ReportResult): number {
  return report.keys.length === 0 ? 0 : size;
}

const RATES = ["avg-bps", "min-bps", "max-bps", "avg-pps", "min-pps", "max-pps"] as const;

/** The totals of a report, with those of rates where some output shows rates. */
export function reportTotals(result: ReportResult, rates: boolean): string {
  const { totals } = result;
  const names = ["records", "ignores", "flows", "octets", "packets", "duration"];
  const values = [
    recordsOf(result),
    totals.ignored,
    totals.flows,
    totals.octets,
    totals.packets,
    totals.duration,
  ].map((value) => BigInt(value).toString());
  if (rates) {
    names.push(...RATES.map((name) => name.replace("-", "_")));
    values.push(...RATES.map((name) => fixed(totals.rates.get(name) ?? 0, 6)));
  }
  return `# rec1: ${names.join(",")}\n${values.join(",")}\n`;
}
