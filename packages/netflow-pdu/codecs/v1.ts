import type { LayoutRow } from "@flowtools/flow-model";
import { defineClassicCodec } from "../classic_codec.ts";
import type { ClassicPduCodec } from "../codec.ts";
import { CISCO_FORMATS, COMMON_HEADER_ROWS } from "./header_rows.ts";
import { ENDPOINT_RECORD_ROWS } from "./record_rows.ts";

/** The record of NetFlow v1, 48 bytes. */
export const V1_RECORD_ROWS = [
  ...ENDPOINT_RECORD_ROWS,
  { name: "pad", width: 2, reserved: true },
  { name: "prot", width: 1 },
  { name: "tos", width: 1 },
  { name: "tcp_flags", width: 1 },
  { name: "tcp_retx_cnt", width: 1, reserved: true, doc: "TCP segments that came over 1 s late" },
  { name: "tcp_retx_secs", width: 1, reserved: true, doc: "Seconds of lateness, summed up" },
  { name: "tcp_misseq_cnt", width: 1, reserved: true, doc: "TCP segments out of sequence" },
  { name: "reserved", width: 4, reserved: true },
] as const satisfies readonly LayoutRow[];

/** NetFlow v1: the first one, without sequence number. */
export const V1_CODEC: ClassicPduCodec = defineClassicCodec({
  version: 1,
  title: "NetFlow v1",
  reference: CISCO_FORMATS,
  headerRows: COMMON_HEADER_ROWS,
  headerSize: 16,
  recordRows: V1_RECORD_ROWS,
  recordSize: 48,
  maxRecords: 24,
});
