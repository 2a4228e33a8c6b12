import type { TimeZone } from "@flowtools/flowset/groups";
import type { ScanFinding } from "../scan_log.ts";
import type { DataColumn, DataHead, DataRow } from "./data_set.ts";

/** The members of a finding, in their order. */
const COLUMNS: readonly DataColumn[] = [
  { name: "type", title: "finding" },
  { name: "start", title: "start" },
  { name: "end", title: "end", detail: 5 },
  { name: "srcaddr", title: "srcaddr" },
  { name: "srcport", title: "srcport", right: true, quantity: "id", detail: 2 },
  { name: "dstaddr", title: "dstaddr", detail: 0 },
  { name: "dstport", title: "dstport", right: true, quantity: "id", detail: 1 },
  { name: "prot", title: "prot", right: true, quantity: "id", detail: 3 },
  { name: "dPkts", title: "dPkts", right: true, quantity: "packets", detail: 4 },
  { name: "dOctets", title: "dOctets", right: true, quantity: "octets", detail: 0 },
];

/** The names of these members. */
export const SCAN_NAMES: readonly string[] = COLUMNS.map(({ name }) => name);

/** What is told of findings. */
export const SCAN_HEAD: DataHead = { schema: "flowtools/dscan/1", about: {}, columns: COLUMNS };

/**
 * A finding as a row: times are Unix seconds, in tables text.
 *
 * @param finding What was found
 * @param zone The time zone of tables
 */
export function scanRow(finding: ScanFinding, zone: TimeZone): DataRow {
  const values = COLUMNS.map(({ name }) => finding[name as keyof ScanFinding] ?? null);
  const texts = COLUMNS.map(({ name }, at) => {
    const value = values[at];
    if (typeof value !== "number") return undefined;
    return name === "start" || name === "end" ? zone.text(value * 1000) : undefined;
  });
  return { values, texts };
}
