import type { LayoutRow } from "@flowtools/flow-model";
import { defineClassicCodec } from "../classic_codec.ts";
import type { ClassicPduCodec } from "../codec.ts";
import { CISCO_FORMATS, RESERVED_TAIL_HEADER_ROWS } from "./header_rows.ts";
import { ENDPOINT_RECORD_ROWS } from "./record_rows.ts";

/** The record of NetFlow v7, 52 bytes. */
export const V7_RECORD_ROWS = [
  ...ENDPOINT_RECORD_ROWS,
  { name: "flags", width: 1, reserved: true, doc: "Which fields the switch left invalid" },
  { name: "tcp_flags", width: 1 },
  { name: "prot", width: 1 },
  { name: "tos", width: 1 },
  { name: "src_as", width: 2 },
  { name: "dst_as", width: 2 },
  { name: "src_mask", width: 1 },
  { name: "dst_mask", width: 1 },
  {
    name: "drops",
    width: 2,
    reserved: true,
    doc: "More flags of invalid fields; flow-tools calls it drops",
  },
  { name: "router_sc", width: 4 },
] as const satisfies readonly LayoutRow[];

/** NetFlow v7: v5 of Catalyst 5000 switches, with the router that a shortcut bypasses. */
export const V7_CODEC: ClassicPduCodec = defineClassicCodec({
  version: 7,
  title: "NetFlow v7",
  reference: CISCO_FORMATS,
  headerRows: RESERVED_TAIL_HEADER_ROWS,
  headerSize: 24,
  recordRows: V7_RECORD_ROWS,
  recordSize: 52,
  maxRecords: 27,
});
