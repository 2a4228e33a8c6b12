import type { FlowFieldName } from "@flowtools/flow-model";
import { type AddressFormat, formattedKey, type KeyName, KEYS } from "./keys.ts";
import { ReportError } from "./errors.ts";

/** One report: everything that is known of it. */
export interface ReportSpec {
  /** Its name, as flow-report has it where it is one of its types. */
  readonly name: string;
  /** Its number among flow-report's 78 types. */
  readonly type?: number;
  /** Its number among flow-stat's formats. */
  readonly stat?: number;
  /** What it groups by; nothing where it only sums. */
  readonly keys: readonly KeyName[];
  /** Each flow counts a second time, under these keys. */
  readonly alsoKeys?: readonly KeyName[];
  /** How the groups come unsorted: by key, or as they were first seen (the default). */
  readonly order?: "key";
  /** flow-stat counts flows of TCP and UDP only, other protocols have no ports. */
  readonly ports?: boolean;
  /** For each group, how many different values of another key it has is counted. */
  readonly distinct?: KeyName;
  /** It has distributions of sizes and times. */
  readonly detail?: boolean;
  /** It divides by packets, so flows without cannot be in it. */
  readonly divides?: boolean;
  /** It spreads each flow evenly over the seconds that it lasted. */
  readonly interpolate?: boolean;
}

/**
 * Every report: flow-report's 78 types, and what only flow-stat has.
 *
 * Source: the lists that `flow-report -hh` and `flow-stat -h -h` print.
 *
 * @example
 * ```ts
 * import { REPORTS } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * const talkers = REPORTS.find((report) => report.stat === 9);
 * assertEquals(talkers?.name, "ip-source-address");
 * assertEquals(REPORTS.filter((report) => report.type !== undefined).length, 78);
 * ```
 */
export const REPORTS: readonly ReportSpec[] = [
  { name: "summary-detail", type: 1, stat: 0, keys: [], detail: true },
  { name: "summary-counters", type: 2, stat: 15, keys: [] },
  { name: "packet-size", type: 3, stat: 1, keys: ["packet-size"], divides: true },
  { name: "octets", type: 4, stat: 3, keys: ["octets"] },
  { name: "packets", type: 5, stat: 2, keys: ["packets"] },
  { name: "ip-source-port", type: 6, stat: 6, keys: ["ip-source-port"], order: "key", ports: true },
  {
    name: "ip-destination-port",
    type: 7,
    stat: 5,
    keys: ["ip-destination-port"],
    order: "key",
    ports: true,
  },
  { name: "ip-source/destination-port", type: 8, keys: ["ip-source-port", "ip-destination-port"] },
  { name: "bps", type: 9, stat: 4, keys: ["bps"] },
  { name: "pps", type: 10, keys: ["pps"] },
  {
    name: "ip-destination-address-type",
    type: 11,
    keys: ["ip-destination-address-type"],
    order: "key",
  },
  { name: "ip-protocol", type: 12, stat: 12, keys: ["ip-protocol"], order: "key" },
  { name: "ip-tos", type: 13, stat: 22, keys: ["ip-tos"], order: "key" },
  { name: "ip-next-hop-address", type: 14, stat: 16, keys: ["ip-next-hop-address"] },
  { name: "ip-source-address", type: 15, stat: 9, keys: ["ip-source-address"] },
  { name: "ip-destination-address", type: 16, stat: 8, keys: ["ip-destination-address"] },
  {
    name: "ip-source/destination-address",
    type: 17,
    stat: 10,
    keys: ["ip-source-address", "ip-destination-address"],
  },
  { name: "ip-exporter-address", type: 18, stat: 27, keys: ["ip-exporter-address"] },
  { name: "input-interface", type: 19, stat: 17, keys: ["input-interface"], order: "key" },
  { name: "output-interface", type: 20, stat: 18, keys: ["output-interface"], order: "key" },
  {
    name: "input/output-interface",
    type: 21,
    stat: 23,
    keys: ["input-interface", "output-interface"],
  },
  { name: "source-as", type: 22, stat: 19, keys: ["source-as"], order: "key" },
  { name: "destination-as", type: 23, stat: 20, keys: ["destination-as"], order: "key" },
  { name: "source/destination-as", type: 24, stat: 21, keys: ["source-as", "destination-as"] },
  { name: "ip-source-address/source-as", type: 25, keys: ["ip-source-address", "source-as"] },
  {
    name: "ip-destination-address/source-as",
    type: 26,
    keys: ["ip-destination-address", "source-as"],
  },
  {
    name: "ip-source-address/destination-as",
    type: 27,
    keys: ["ip-source-address", "destination-as"],
  },
  {
    name: "ip-destination-address/destination-as",
    type: 28,
    keys: ["ip-destination-address", "destination-as"],
  },
  {
    name: "ip-source/destination-address/source-as",
    type: 29,
    keys: ["ip-source-address", "ip-destination-address", "source-as"],
  },
  {
    name: "ip-source/destination-address/destination-as",
    type: 30,
    keys: ["ip-source-address", "ip-destination-address", "destination-as"],
  },
  {
    name: "ip-source/destination-address/source/destination-as",
    type: 31,
    keys: ["ip-source-address", "ip-destination-address", "source-as", "destination-as"],
  },
  {
    name: "ip-source-address/input-interface",
    type: 32,
    keys: ["ip-source-address", "input-interface"],
  },
  {
    name: "ip-destination-address/input-interface",
    type: 33,
    keys: ["ip-destination-address", "input-interface"],
  },
  {
    name: "ip-source-address/output-interface",
    type: 34,
    keys: ["ip-source-address", "output-interface"],
  },
  {
    name: "ip-destination-address/output-interface",
    type: 35,
    keys: ["ip-destination-address", "output-interface"],
  },
  {
    name: "ip-source/destination-address/input-interface",
    type: 36,
    keys: ["ip-source-address", "ip-destination-address", "input-interface"],
  },
  {
    name: "ip-source/destination-address/output-interface",
    type: 37,
    keys: ["ip-source-address", "ip-destination-address", "output-interface"],
  },
  {
    name: "ip-source/destination-address/input/output-interface",
    type: 38,
    keys: ["ip-source-address", "ip-destination-address", "input-interface", "output-interface"],
  },
  { name: "input-interface/source-as", type: 39, keys: ["input-interface", "source-as"] },
  { name: "input-interface/destination-as", type: 40, keys: ["input-interface", "destination-as"] },
  { name: "output-interface/source-as", type: 41, keys: ["output-interface", "source-as"] },
  {
    name: "output-interface/destination-as",
    type: 42,
    keys: ["output-interface", "destination-as"],
  },
  {
    name: "input-interface/source/destination-as",
    type: 43,
    keys: ["input-interface", "source-as", "destination-as"],
  },
  {
    name: "output-interface/source/destination-as",
    type: 44,
    keys: ["output-interface", "source-as", "destination-as"],
  },
  {
    name: "input/output-interface/source/destination-as",
    type: 45,
    keys: ["input-interface", "output-interface", "source-as", "destination-as"],
  },
  { name: "engine-id", type: 46, stat: 28, keys: ["engine-id"], order: "key" },
  { name: "engine-type", type: 47, stat: 29, keys: ["engine-type"], order: "key" },
  { name: "source-tag", type: 48, stat: 30, keys: ["source-tag"] },
  { name: "destination-tag", type: 49, stat: 31, keys: ["destination-tag"] },
  { name: "source/destination-tag", type: 50, stat: 32, keys: ["source-tag", "destination-tag"] },
  {
    name: "ip-source-address/ip-source-port",
    type: 51,
    keys: ["ip-source-address", "ip-source-port"],
  },
  {
    name: "ip-source-address/ip-destination-port",
    type: 52,
    keys: ["ip-source-address", "ip-destination-port"],
  },
  {
    name: "ip-destination-address/ip-source-port",
    type: 53,
    keys: ["ip-destination-address", "ip-source-port"],
  },
  {
    name: "ip-destination-address/ip-destination-port",
    type: 54,
    keys: ["ip-destination-address", "ip-destination-port"],
  },
  {
    name: "ip-source-address/ip-source/destination-port",
    type: 55,
    keys: ["ip-source-address", "ip-source-port", "ip-destination-port"],
  },
  {
    name: "ip-destination-address/ip-source/destination-port",
    type: 56,
    keys: ["ip-destination-address", "ip-source-port", "ip-destination-port"],
  },
  {
    name: "ip-source/destination-address/ip-source-port",
    type: 57,
    keys: ["ip-source-address", "ip-destination-address", "ip-source-port"],
  },
  {
    name: "ip-source/destination-address/ip-destination-port",
    type: 58,
    keys: ["ip-source-address", "ip-destination-address", "ip-destination-port"],
  },
  {
    name: "ip-source/destination-address/ip-source/destination-port",
    type: 59,
    keys: ["ip-source-address", "ip-destination-address", "ip-source-port", "ip-destination-port"],
  },
  {
    name: "ip-source-address/input/output-interface",
    type: 60,
    keys: ["ip-source-address", "input-interface", "output-interface"],
  },
  {
    name: "ip-destination-address/input/output-interface",
    type: 61,
    keys: ["ip-destination-address", "input-interface", "output-interface"],
  },
  {
    name: "ip-source-address/source/destination-as",
    type: 62,
    keys: ["ip-source-address", "source-as", "destination-as"],
  },
  {
    name: "ip-destination-address/source/destination-as",
    type: 63,
    keys: ["ip-destination-address", "source-as", "destination-as"],
  },
  {
    name: "ip-address",
    type: 64,
    stat: 11,
    keys: ["ip-source-address"],
    alsoKeys: ["ip-destination-address"],
  },
  {
    name: "ip-port",
    type: 65,
    stat: 7,
    keys: ["ip-source-port"],
    order: "key",
    alsoKeys: ["ip-destination-port"],
    ports: true,
  },
  {
    name: "ip-source-address-destination-count",
    type: 66,
    keys: ["ip-source-address"],
    distinct: "ip-destination-address",
  },
  {
    name: "ip-destination-address-source-count",
    type: 67,
    keys: ["ip-destination-address"],
    distinct: "ip-source-address",
  },
  {
    name: "ip-source/destination-address/ip-protocol/ip-tos/ip-source/destination-port",
    type: 68,
    keys: [
      "ip-source-address",
      "ip-destination-address",
      "ip-source-port",
      "ip-destination-port",
      "ip-protocol",
      "ip-tos",
    ],
  },
  {
    name: "ip-source/destination-address/ip-protocol/ip-tos",
    type: 69,
    keys: ["ip-source-address", "ip-destination-address", "ip-protocol", "ip-tos"],
  },
  { name: "ip-source-address/source-tag", type: 70, keys: ["ip-source-address", "source-tag"] },
  {
    name: "ip-source-address/destination-tag",
    type: 71,
    keys: ["ip-source-address", "destination-tag"],
  },
  {
    name: "ip-destination-address/source-tag",
    type: 72,
    keys: ["ip-destination-address", "source-tag"],
  },
  {
    name: "ip-destination-address/destination-tag",
    type: 73,
    keys: ["ip-destination-address", "destination-tag"],
  },
  {
    name: "ip-source/destination-address/source/destination-tag",
    type: 74,
    keys: ["ip-source-address", "ip-destination-address", "source-tag", "destination-tag"],
  },
  {
    name: "linear-interpolated-flows-octets-packets",
    type: 75,
    keys: ["unix-secs"],
    interpolate: true,
  },
  { name: "first", type: 76, keys: ["first"] },
  { name: "last", type: 77, keys: ["last"] },
  { name: "duration", type: 78, keys: ["duration"] },
  { name: "octets-plot", stat: 13, keys: [] },
  { name: "packets-plot", stat: 14, keys: [] },
  { name: "ip-source-prefix", stat: 24, keys: ["ip-source-prefix"] },
  { name: "ip-destination-prefix", stat: 25, keys: ["ip-destination-prefix"] },
  {
    name: "ip-source/destination-prefix",
    stat: 26,
    keys: ["ip-source-prefix", "ip-destination-prefix"],
  },
];

/**
 * Finds a report.
 *
 * @param name Its name, or its number among flow-stat's formats
 * @returns The report
 * @throws {ReportError} There is none
 *
 * @example
 * ```ts
 * import { findReport } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(findReport(10).name, "ip-source/destination-address");
 * assertEquals(findReport("duration").type, 78);
 * ```
 */
export function findReport(name: string | number): ReportSpec {
  const report = REPORTS.find((row) =>
    typeof name === "number" ? row.stat === name : row.name === name
  );
  if (report !== undefined) return report;
  throw new ReportError(
    "no-report",
    `Cannot find report "${name}": expected a number 0 to 32 or one of ` +
      REPORTS.map((row) => row.name).join(", "),
  );
}

/** How flows are counted. */
export interface CountingRules {
  /** Leave out flows without packets. */
  readonly ignoreEmpty: boolean;
  /** In reports of ports, leave out protocols that have none. */
  readonly portProtocols: boolean;
  /** Keep the time of the first and of the last export packet. */
  readonly times: boolean;
}

/** How flow-stat counts. */
export const STAT_RULES: CountingRules = { ignoreEmpty: false, portProtocols: true, times: false };

/** How flow-report counts. */
export const REPORT_RULES: CountingRules = { ignoreEmpty: true, portProtocols: false, times: true };

const COUNTED: readonly FlowFieldName[] = ["dPkts", "dOctets", "first", "last"];

/**
 * The fields that flows must have for a report.
 *
 * @param report The report
 * @param rules How flows are counted
 * @param format How addresses become keys
 * @returns The names
 */
export function reportFields(
  report: ReportSpec,
  rules: CountingRules = REPORT_RULES,
  format: AddressFormats = {},
): FlowFieldName[] {
  const fields = new Set<FlowFieldName>(COUNTED);
  if (rules.times || report.detail) fields.add("unix_secs");
  if (rules.times) fields.add("unix_nsecs");
  if (rules.portProtocols && report.ports) fields.add("prot");
  for (const key of reportKeys(report, format)) {
    for (const field of KEYS[key].fields) fields.add(field);
  }
  return [...fields];
}

/** How addresses become keys, by direction; default as they are. */
export interface AddressFormats {
  /** Source addresses. */
  readonly source?: AddressFormat;
  /** Destination addresses. */
  readonly destination?: AddressFormat;
}

/** All keys that a report needs, those of second counts and of distinct values too. */
function reportKeys(report: ReportSpec, format: AddressFormats): KeyName[] {
  const { keys, alsoKeys = [], distinct } = report;
  return [...keys, ...alsoKeys, ...(distinct === undefined ? [] : [distinct])]
    .map((key) => inFormat(key, format));
}

/** A key once the format of addresses is known. */
export function inFormat(key: KeyName, format: AddressFormats): KeyName {
  const direction = key === "ip-source-address" ? format.source : format.destination;
  return formattedKey(key, direction ?? "address");
}
