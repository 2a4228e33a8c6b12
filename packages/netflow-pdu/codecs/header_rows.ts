import type { HeaderRow } from "../header_layout.ts";

/** The rows that every header from v1 to v8 starts with: 16 bytes, and the whole header of v1. */
export const COMMON_HEADER_ROWS = [
  { name: "version", width: 2, doc: "Export version" },
  { name: "count", width: 2, doc: "Records in the packet" },
  { name: "sysUpTime", width: 4 },
  { name: "unix_secs", width: 4 },
  { name: "unix_nsecs", width: 4 },
] as const satisfies readonly HeaderRow[];

/** The rows that every header from v5 to v8 starts with: 22 bytes. */
export const SEQUENCED_HEADER_ROWS = [
  ...COMMON_HEADER_ROWS,
  { name: "sequence", width: 4, doc: "Flow sequence counter: flows sent before this packet" },
  { name: "engine_type", width: 1 },
  { name: "engine_id", width: 1 },
] as const satisfies readonly HeaderRow[];

/** The header of v6 and v7: 24 bytes. */
export const RESERVED_TAIL_HEADER_ROWS = [
  ...SEQUENCED_HEADER_ROWS,
  { name: "reserved", width: 2, reserved: true },
] as const satisfies readonly HeaderRow[];

/** The document that defines v1, v5, v7 and the router-based aggregations of v8. */
export const CISCO_FORMATS: string =
  "Cisco NetFlow Collection Engine User Guide 3.6, appendix B: NetFlow Export Datagram Formats, " +
  "https://www.cisco.com/c/en/us/td/docs/net_mgmt/netflow_collection_engine/3-6/user/guide/format.html";
