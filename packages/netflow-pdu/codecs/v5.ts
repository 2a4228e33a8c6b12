import type { LayoutRow } from "@flowtools/flow-model";
import { defineClassicCodec } from "../classic_codec.ts";
import type { ClassicPduCodec } from "../codec.ts";
import type { HeaderRow } from "../header_layout.ts";
import { CISCO_FORMATS, SEQUENCED_HEADER_ROWS } from "./header_rows.ts";
import { ENDPOINT_RECORD_ROWS } from "./record_rows.ts";

/** The header of NetFlow v5, 24 bytes. */
export const V5_HEADER_ROWS = [
  ...SEQUENCED_HEADER_ROWS,
  {
    name: "sampling",
    width: 2,
    parts: [
      { name: "sampling_mode", bits: 2, doc: "Sampling: 0 none, 1 every n-th packet, 2 random" },
      { name: "sampling_interval", bits: 14, doc: "One packet in so many was looked at" },
    ],
  },
] as const satisfies readonly HeaderRow[];

/** The record of NetFlow v5, 48 bytes. */
export const V5_RECORD_ROWS = [
  ...ENDPOINT_RECORD_ROWS,
  { name: "pad", width: 1, reserved: true },
  { name: "tcp_flags", width: 1 },
  { name: "prot", width: 1 },
  { name: "tos", width: 1 },
  { name: "src_as", width: 2 },
  { name: "dst_as", width: 2 },
  { name: "src_mask", width: 1 },
  { name: "dst_mask", width: 1 },
  { name: "drops", width: 2, reserved: true, doc: "Padding; flow-tools calls it drops" },
] as const satisfies readonly LayoutRow[];

/** NetFlow v5: the one that every exporter knows. */
export const V5_CODEC: ClassicPduCodec = defineClassicCodec({
  version: 5,
  title: "NetFlow v5",
  reference: CISCO_FORMATS,
  headerRows: V5_HEADER_ROWS,
  headerSize: 24,
  recordRows: V5_RECORD_ROWS,
  recordSize: 48,
  maxRecords: 30,
});
