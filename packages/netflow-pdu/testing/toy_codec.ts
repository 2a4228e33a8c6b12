import type { LayoutRow } from "@flowtools/flow-model";
import { defineClassicCodec } from "../classic_codec.ts";
import type { ClassicPduCodec } from "../codec.ts";
import type { HeaderRow } from "../header_layout.ts";

// How to teach flowtools a version of one's own, step by step. Copy this file, change the tables,
// and hand the codec over: `createPduRegistry([...PDU_CODECS, MY_CODEC])`.

// 1. The header, a row for each field in wire order. Nobody writes an offset: it is the sum of the
//    widths above. `version` comes first, 2 bytes, so that the codec can be found; `count`,
//    `sysUpTime`, `unix_secs` and `unix_nsecs` must be there, the rest of `PduHeader` may be.
//    A row named "sequence" makes the codec one whose losses can be counted.

/** The header of the toy version, 20 bytes. */
export const TOY_HEADER_ROWS = [
  { name: "version", width: 2, doc: "Export version, 0x7f01" },
  { name: "count", width: 2, doc: "Records in the packet" },
  // Names that FLOW_FIELDS knows bring their meaning along, and become columns of each flow.
  { name: "sysUpTime", width: 4 },
  { name: "unix_secs", width: 4 },
  { name: "unix_nsecs", width: 4 },
  // A row may be divided into bits, highest first.
  {
    name: "sampling",
    width: 1,
    parts: [
      { name: "sampling_mode", bits: 1, doc: "1 where packets were sampled" },
      { name: "sampling_interval", bits: 7, doc: "One packet in so many was looked at" },
    ],
  },
  { name: "engine_id", width: 1 },
  // Bytes that mean nothing: skipped on decode, 0 on encode, still shown by describePdu().
  { name: "reserved", width: 2, reserved: true },
] as const satisfies readonly HeaderRow[];

// 2. The record. Every name that is not reserved is one of FLOW_FIELDS, and its width is one that
//    the column can hold.

/** The record of the toy version, 12 bytes. */
export const TOY_RECORD_ROWS = [
  { name: "srcaddr", width: 4 },
  { name: "dOctets", width: 4 },
  { name: "prot", width: 1 },
  { name: "pad", width: 1, reserved: true },
  { name: "dstport", width: 2 },
] as const satisfies readonly LayoutRow[];

// 3. The codec. The sizes are what the document says; a table that adds up to something else is
//    refused when the module loads. The annotation keeps the types of the package fast.

/** A small complete codec: the template for new ones, and a plugin for tests. */
export const TOY_CODEC: ClassicPduCodec = defineClassicCodec({
  version: 0x7f01,
  title: "Toy export",
  reference: "packages/netflow-pdu/testing/toy_codec.ts",
  headerRows: TOY_HEADER_ROWS,
  headerSize: 20,
  recordRows: TOY_RECORD_ROWS,
  recordSize: 12,
  maxRecords: 100,
});

// 4. The tests. `codec_contract_test.ts` and `round_trip_test.ts` run over a list of codecs; add
//    yours there. Truncation, lying counts and random records are then taken care of.
