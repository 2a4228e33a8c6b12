import type { LayoutRow } from "@flowtools/flow-model";

/** How the records of v1, v5, v6 and v7 begin, 36 bytes. */
export const ENDPOINT_RECORD_ROWS = [
  { name: "srcaddr", width: 4 },
  { name: "dstaddr", width: 4 },
  { name: "nexthop", width: 4 },
  { name: "input", width: 2 },
  { name: "output", width: 2 },
  { name: "dPkts", width: 4 },
  { name: "dOctets", width: 4 },
  { name: "first", width: 4 },
  { name: "last", width: 4 },
  { name: "srcport", width: 2 },
  { name: "dstport", width: 2 },
] as const satisfies readonly LayoutRow[];
