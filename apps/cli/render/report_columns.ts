import {
  type ConfiguredReport,
  type CounterName,
  REPORT_FIELDS,
  type ReportField,
  type ReportOutput,
  type ReportResult,
} from "@flowtools/flowset/reports";
import type { SymbolKind, SymbolTable } from "@flowtools/flowset/select";

/** What the names of keys are looked up in. */
export const KEY_SYMBOLS: Readonly<Record<string, SymbolKind>> = {
  "ip-source-port": "tcp-port",
  "ip-destination-port": "tcp-port",
  "ip-protocol": "ip-prot",
  "ip-destination-address-type": "ip-type",
  "source-as": "asn",
  "destination-as": "asn",
  "source-tag": "tag",
  "destination-tag": "tag",
};

/** Where the reference calls keys otherwise than by their names, in part wrongly. */
const LABELS: Readonly<Record<string, readonly string[]>> = {
  "packet-size": ["packet size/flow"],
  "octets": ["octets/flow"],
  "packets": ["packets/flow"],
  "bps": ["bps/flow"],
  "pps": ["pps/flow"],
  "source/destination-as": ["source-as", "destination-AS"],
  "ip-destination-address/source-as": ["ip-source-address", "destination-as"],
  "ip-destination-address/destination-as": ["ip-destination-address", "source-as"],
  "ip-address": ["ip-address"],
  "ip-port": ["ip-port"],
  "first": ["First"],
  "last": ["Last"],
  "duration": ["Duration"],
};

/** The type that shows destinations in the format of sources, as the reference does. */
const SHOWN_AS_SOURCES = "ip-destination-address/source-as";

/** How a column is printed. */
export type ColumnKind =
  | "index"
  | "constant"
  | "number"
  | "counter"
  | "address"
  | "prefix"
  | "count"
  | "sum"
  | "real";

/** One column of a report's lines. */
export interface ReportColumn {
  readonly kind: ColumnKind;
  /** Which key it shows; of use only where it shows one. */
  readonly key: number;
  /** Its place among the words of a key or the numbers of a group. */
  readonly offset: number;
  /** Of a prefix, the place of its length, where it has one; of a constant, its value. */
  readonly extra: number | undefined;
  /** What its values are a share of, where shares are shown. */
  readonly total: number | undefined;
  /** The names of its values. */
  readonly names: SymbolTable | undefined;
}

/** The line above the data, which names the columns. */
export function columnLine({ spec }: ConfiguredReport, { fields }: ReportOutput): string {
  const labels = LABELS[spec.name] ?? spec.keys;
  const shown: ReadonlySet<string> = fields;
  const columns = (REPORT_FIELDS as readonly ReportField[])
    .filter(({ name }) => name !== "other" && shown.has(name))
    .map(({ name, key }) =>
      key !== undefined ? `${labels[key]}*` : name === "count" ? `${spec.distinct}-count` : name
    );
  return `# recn: ${columns.join(",")}\n`;
}

/** The columns of an output. */
export function reportColumns(
  report: ConfiguredReport,
  output: ReportOutput,
  result: ReportResult,
  tables: ReadonlyMap<SymbolKind, SymbolTable>,
): ReportColumn[] {
  const percent = output.options.has("percent-total") && !report.spec.interpolate;
  const shown: ReadonlySet<string> = output.fields;
  return (REPORT_FIELDS as readonly ReportField[])
    .filter(({ name }) => name !== "other" && shown.has(name))
    .map((field): ReportColumn => {
      if (field.key !== undefined) return keyColumn(report, output, result, field.key, tables);
      if (field.counter !== undefined) return counterColumn(result, field, percent, report);
      const { timeStart, timeEnd } = result.totals;
      const kind = field.name === "index" ? "index" : field.name === "count" ? "count" : "constant";
      const counts = kind === "count" && percent;
      return {
        kind,
        key: 0,
        offset: 0,
        extra: field.name === "first" ? timeStart : timeEnd,
        total: counts ? result.distinct?.reduce((sum, count) => sum + count, 0) : undefined,
        names: undefined,
      };
    });
}

function keyColumn(
  { spec, source, destination }: ConfiguredReport,
  { options }: ReportOutput,
  result: ReportResult,
  index: number,
  tables: ReadonlyMap<SymbolKind, SymbolTable>,
): ReportColumn {
  const { kind, offset } = result.keys[index];
  const name = spec.keys[index];
  const symbols = options.has("names") ? tables.get(KEY_SYMBOLS[name]) : undefined;
  const column = { key: index, offset, extra: undefined, total: undefined, names: symbols };
  if (kind === "counter") return { ...column, kind: "counter" };
  if (kind !== "address" && kind !== "prefix") return { ...column, kind: "number" };
  const [src, dst] = [source, destination].map(({ lengths, networks }) => lengths || networks);
  const prefix = spec.alsoKeys !== undefined
    ? src || dst
    : name === "ip-source-address" || spec.name === SHOWN_AS_SOURCES
    ? src
    : name === "ip-destination-address" && dst;
  if (!prefix) return { ...column, kind: "address" };
  return { ...column, kind: "prefix", extra: kind === "prefix" ? offset + 1 : undefined };
}

function counterColumn(
  result: ReportResult,
  { counter, rate }: ReportField,
  percent: boolean,
  { spec }: ConfiguredReport,
): ReportColumn {
  const share = percent && counter !== "records";
  return {
    kind: rate || spec.interpolate ? "real" : "sum",
    key: 0,
    offset: result.counters.indexOf(counter!),
    extra: undefined,
    total: share ? totalOf(result, counter!) : undefined,
    names: undefined,
  };
}

function totalOf({ totals }: ReportResult, counter: CounterName): number {
  switch (counter) {
    case "flows":
    case "octets":
    case "packets":
    case "duration":
      return totals[counter];
    default:
      return totals.rates.get(counter) ?? 0;
  }
}
