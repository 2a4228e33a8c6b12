import type { FlowFieldName } from "@flowtools/flow-model";

/** How the value of an element becomes that of a column. */
export type ElementConversion =
  /** The number, or the address, as it is. */
  | "copy"
  /** Six bits of a DSCP to the octet that has them on top. */
  | "dscp"
  /** An ICMP type: the upper octet of the destination port. */
  | "icmp-type"
  /** An ICMP code: the lower octet. */
  | "icmp-code"
  /** Moments, to uptime in milliseconds. */
  | "seconds"
  | "milliseconds"
  | "ntp"
  /** Microseconds before the packet was sent. */
  | "delta-microseconds"
  /** Milliseconds that the flow took. */
  | "duration-milliseconds"
  | "duration-microseconds"
  /** The start of a packet, from its Ethernet header or its IP header on: what the column is about. */
  | "frame"
  | "ip-packet"
  /** When the exporter started, Unix milliseconds: uptimes count from there. */
  | "boot-milliseconds";

/** One way that a column can be filled. */
export interface ElementColumn {
  /** Number of the IANA element. */
  readonly id: number;
  /** The column. */
  readonly column: FlowFieldName;
  /** How. */
  readonly conversion: ElementConversion;
}

const rows = (
  column: FlowFieldName,
  ids: readonly number[],
  conversion: ElementConversion = "copy",
): ElementColumn[] => ids.map((id) => ({ id, column, conversion }));

/** The columns that the headers of a packet fill. */
const PACKET_COLUMNS: readonly FlowFieldName[] = [
  "dPkts",
  "dOctets",
  "srcaddr",
  "dstaddr",
  "srcport",
  "dstport",
  "prot",
  "tos",
  "tcp_flags",
];

/**
 * What elements mean as columns. Where a template has several for one column, the one that stands
 * higher here counts; the others can still be read by their names.
 *
 * Source: the IANA registry of IPFIX information elements; RFC 5102 for what they mean.
 */
export const ELEMENT_COLUMNS: readonly ElementColumn[] = [
  // Mediators and files tell whose flows they pass on.
  ...rows("exaddr", [130, 131]),
  ...rows("dFlows", [3]),
  // Deltas, totals, those of an initiator (NSEL and biflows), those behind the middlebox.
  ...rows("dPkts", [2, 86, 298, 24]),
  ...rows("dOctets", [1, 85, 231, 352, 23]),
  ...rows("srcaddr", [8, 27, 44, 170]),
  ...rows("dstaddr", [12, 28, 45, 169]),
  ...rows("nexthop", [15, 62]),
  ...rows("peer_nexthop", [18, 63]),
  ...rows("input", [10, 252]),
  ...rows("output", [14, 253]),
  ...rows("srcport", [7, 180, 182]),
  ...rows("dstport", [11, 181, 183, 32, 139]),
  ...rows("dstport", [176, 178], "icmp-type"),
  ...rows("dstport", [177, 179], "icmp-code"),
  ...rows("prot", [4]),
  ...rows("tos", [5]),
  ...rows("tos", [195], "dscp"),
  ...rows("tcp_flags", [6]),
  ...rows("src_mask", [9, 29]),
  ...rows("dst_mask", [13, 30]),
  ...rows("src_as", [16, 129]),
  ...rows("dst_as", [17, 128]),
  ...rows("engine_type", [38]),
  ...rows("engine_id", [39]),
  ...rows("first", [22]),
  ...rows("first", [152], "milliseconds"),
  ...rows("first", [154, 156], "ntp"),
  ...rows("first", [150], "seconds"),
  ...rows("first", [158], "delta-microseconds"),
  ...rows("last", [21]),
  ...rows("last", [153], "milliseconds"),
  ...rows("last", [155, 157], "ntp"),
  ...rows("last", [151], "seconds"),
  ...rows("last", [159], "delta-microseconds"),
  // Where there is no end: of observations, and of the start and a length.
  ...rows("last", [323], "milliseconds"),
  ...rows("last", [324, 325], "ntp"),
  ...rows("last", [322], "seconds"),
  ...rows("last", [161], "duration-milliseconds"),
  ...rows("last", [162], "duration-microseconds"),
  ...rows("first", [323], "milliseconds"),
  ...rows("first", [324, 325], "ntp"),
  ...rows("first", [322], "seconds"),
  ...rows("sysUpTime", [160], "boot-milliseconds"),
  // Records that report packets (PSAMP, RFC 5476), not flows: what their headers say.
  ...PACKET_COLUMNS.flatMap((column) => rows(column, [315, 104], "frame")),
  ...PACKET_COLUMNS.flatMap((column) => rows(column, [313], "ip-packet")),
];

const RANKS: ReadonlyMap<number, readonly number[]> = (() => {
  const ranks = new Map<number, number[]>();
  for (const [rank, { id }] of ELEMENT_COLUMNS.entries()) {
    ranks.set(id, [...(ranks.get(id) ?? []), rank]);
  }
  return ranks;
})();

/**
 * The rows of {@linkcode ELEMENT_COLUMNS} for an element.
 *
 * @param enterprise Who defined it; only elements of IANA are in the table
 * @param id Its number
 * @returns Indexes of rows, the best first
 */
export function elementColumnRanks(enterprise: number, id: number): readonly number[] {
  return enterprise === 0 ? RANKS.get(id) ?? [] : [];
}
