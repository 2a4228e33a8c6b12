import type { LayoutRow } from "@flowtools/flow-model";
import { defineClassicCodec } from "../classic_codec.ts";
import type { ClassicPduCodec } from "../codec.ts";
import { RESERVED_TAIL_HEADER_ROWS } from "./header_rows.ts";
import { V5_RECORD_ROWS } from "./v5.ts";

/** The record of NetFlow v6, 52 bytes: v5's with encapsulations and the peer's next hop. */
export const V6_RECORD_ROWS: readonly LayoutRow[] = [
  ...V5_RECORD_ROWS.slice(0, -1),
  { name: "in_encaps", width: 1 },
  { name: "out_encaps", width: 1 },
  { name: "peer_nexthop", width: 4 },
];

/** NetFlow v6: v5 with a tail, which Cisco never wrote up. */
export const V6_CODEC: ClassicPduCodec = defineClassicCodec({
  version: 6,
  title: "NetFlow v6",
  reference: "flow-tools 0.68.5, ftlib.h: struct ftpdu_v6",
  headerRows: RESERVED_TAIL_HEADER_ROWS,
  headerSize: 24,
  recordRows: V6_RECORD_ROWS,
  recordSize: 52,
  maxRecords: 27,
});
