import type { LayoutRow } from "@flowtools/flow-model";
import { defineClassicCodec } from "../classic_codec.ts";
import type { ClassicPduCodec } from "../codec.ts";
import type { HeaderRow } from "../header_layout.ts";
import { CISCO_FORMATS, SEQUENCED_HEADER_ROWS } from "./header_rows.ts";

/** The header of NetFlow v8, 28 bytes. */
export const V8_HEADER_ROWS = [
  ...SEQUENCED_HEADER_ROWS,
  { name: "aggregation", width: 1, doc: "Aggregation method, 1 to 14" },
  { name: "agg_version", width: 1, doc: "Version of the aggregation format: 2" },
  { name: "reserved", width: 4, reserved: true },
] as const satisfies readonly HeaderRow[];

/** The rows that records start with where a router aggregates (methods 1 to 5 and 9 to 14). */
const ROUTER_ROWS = [
  { name: "dFlows", width: 4 },
  { name: "dPkts", width: 4 },
  { name: "dOctets", width: 4 },
  { name: "first", width: 4 },
  { name: "last", width: 4 },
] as const satisfies readonly LayoutRow[];

/** The counters and times of records where a Catalyst switch aggregates (methods 6 to 8). */
const CATALYST_ROWS = [
  { name: "dPkts", width: 4 },
  { name: "dOctets", width: 4 },
  { name: "first", width: 4 },
  { name: "last", width: 4 },
] as const satisfies readonly LayoutRow[];

/** The rows that end those records. */
const CATALYST_TAIL_ROWS = [
  { name: "extra_pkts", width: 4 },
  { name: "router_sc", width: 4 },
] as const satisfies readonly LayoutRow[];

/** What tells one aggregation method of v8 from another. */
export interface V8Method {
  /** Number of the method. */
  readonly aggregation: number;
  /** What flows are grouped by. */
  readonly groups: string;
  /** Published size of the record, bytes. */
  readonly recordSize: number;
  /** Records in a packet at most. */
  readonly maxRecords: number;
  /** Table of the record. */
  readonly recordRows: readonly LayoutRow[];
}

/**
 * The aggregation methods. Where a record has two prefixes (5, 13, 14) the length of the
 * destination's stands first, as flow-tools has it; some other decoders read it the other way.
 */
export const V8_METHODS: readonly V8Method[] = [
  {
    aggregation: 1,
    groups: "AS",
    recordSize: 28,
    maxRecords: 51,
    recordRows: [
      ...ROUTER_ROWS,
      { name: "src_as", width: 2 },
      { name: "dst_as", width: 2 },
      { name: "input", width: 2 },
      { name: "output", width: 2 },
    ],
  },
  {
    aggregation: 2,
    groups: "protocol and port",
    recordSize: 28,
    maxRecords: 51,
    recordRows: [
      ...ROUTER_ROWS,
      { name: "prot", width: 1 },
      { name: "pad", width: 1, reserved: true },
      { name: "reserved", width: 2, reserved: true },
      { name: "srcport", width: 2 },
      { name: "dstport", width: 2 },
    ],
  },
  {
    aggregation: 3,
    groups: "source prefix",
    recordSize: 32,
    maxRecords: 44,
    recordRows: [
      ...ROUTER_ROWS,
      { name: "srcaddr", width: 4 },
      { name: "src_mask", width: 1 },
      { name: "pad", width: 1, reserved: true },
      { name: "src_as", width: 2 },
      { name: "input", width: 2 },
      { name: "reserved", width: 2, reserved: true },
    ],
  },
  {
    aggregation: 4,
    groups: "destination prefix",
    recordSize: 32,
    maxRecords: 44,
    recordRows: [
      ...ROUTER_ROWS,
      { name: "dstaddr", width: 4 },
      { name: "dst_mask", width: 1 },
      { name: "pad", width: 1, reserved: true },
      { name: "dst_as", width: 2 },
      { name: "output", width: 2 },
      { name: "reserved", width: 2, reserved: true },
    ],
  },
  {
    aggregation: 5,
    groups: "prefix",
    recordSize: 40,
    maxRecords: 35,
    recordRows: [
      ...ROUTER_ROWS,
      { name: "srcaddr", width: 4 },
      { name: "dstaddr", width: 4 },
      { name: "dst_mask", width: 1 },
      { name: "src_mask", width: 1 },
      { name: "reserved", width: 2, reserved: true },
      { name: "src_as", width: 2 },
      { name: "dst_as", width: 2 },
      { name: "input", width: 2 },
      { name: "output", width: 2 },
    ],
  },
  {
    aggregation: 6,
    groups: "destination",
    recordSize: 32,
    maxRecords: 44,
    recordRows: [
      { name: "dstaddr", width: 4 },
      ...CATALYST_ROWS,
      { name: "output", width: 2 },
      { name: "tos", width: 1 },
      { name: "marked_tos", width: 1 },
      ...CATALYST_TAIL_ROWS,
    ],
  },
  {
    aggregation: 7,
    groups: "source and destination",
    recordSize: 40,
    maxRecords: 35,
    recordRows: [
      { name: "dstaddr", width: 4 },
      { name: "srcaddr", width: 4 },
      ...CATALYST_ROWS,
      { name: "output", width: 2 },
      { name: "input", width: 2 },
      { name: "tos", width: 1 },
      { name: "marked_tos", width: 1 },
      { name: "reserved", width: 2, reserved: true },
      ...CATALYST_TAIL_ROWS,
    ],
  },
  {
    aggregation: 8,
    groups: "full flow",
    recordSize: 44,
    maxRecords: 32,
    recordRows: [
      { name: "dstaddr", width: 4 },
      { name: "srcaddr", width: 4 },
      { name: "dstport", width: 2 },
      { name: "srcport", width: 2 },
      ...CATALYST_ROWS,
      { name: "output", width: 2 },
      { name: "input", width: 2 },
      { name: "tos", width: 1 },
      { name: "prot", width: 1 },
      { name: "marked_tos", width: 1 },
      { name: "reserved", width: 1, reserved: true },
      ...CATALYST_TAIL_ROWS,
    ],
  },
  {
    aggregation: 9,
    groups: "AS and ToS",
    recordSize: 32,
    maxRecords: 44,
    recordRows: [
      ...ROUTER_ROWS,
      { name: "src_as", width: 2 },
      { name: "dst_as", width: 2 },
      { name: "input", width: 2 },
      { name: "output", width: 2 },
      { name: "tos", width: 1 },
      { name: "pad", width: 1, reserved: true },
      { name: "reserved", width: 2, reserved: true },
    ],
  },
  {
    aggregation: 10,
    groups: "protocol, port and ToS",
    recordSize: 32,
    maxRecords: 44,
    recordRows: [
      ...ROUTER_ROWS,
      { name: "prot", width: 1 },
      { name: "tos", width: 1 },
      { name: "reserved", width: 2, reserved: true },
      { name: "srcport", width: 2 },
      { name: "dstport", width: 2 },
      { name: "input", width: 2 },
      { name: "output", width: 2 },
    ],
  },
  {
    aggregation: 11,
    groups: "source prefix and ToS",
    recordSize: 32,
    maxRecords: 44,
    recordRows: [
      ...ROUTER_ROWS,
      { name: "srcaddr", width: 4 },
      { name: "src_mask", width: 1 },
      { name: "tos", width: 1 },
      { name: "src_as", width: 2 },
      { name: "input", width: 2 },
      { name: "reserved", width: 2, reserved: true },
    ],
  },
  {
    aggregation: 12,
    groups: "destination prefix and ToS",
    recordSize: 32,
    maxRecords: 44,
    recordRows: [
      ...ROUTER_ROWS,
      { name: "dstaddr", width: 4 },
      { name: "dst_mask", width: 1 },
      { name: "tos", width: 1 },
      { name: "dst_as", width: 2 },
      { name: "output", width: 2 },
      { name: "reserved", width: 2, reserved: true },
    ],
  },
  {
    aggregation: 13,
    groups: "prefix and ToS",
    recordSize: 40,
    maxRecords: 35,
    recordRows: [
      ...ROUTER_ROWS,
      { name: "srcaddr", width: 4 },
      { name: "dstaddr", width: 4 },
      { name: "dst_mask", width: 1 },
      { name: "src_mask", width: 1 },
      { name: "tos", width: 1 },
      { name: "pad", width: 1, reserved: true },
      { name: "src_as", width: 2 },
      { name: "dst_as", width: 2 },
      { name: "input", width: 2 },
      { name: "output", width: 2 },
    ],
  },
  {
    aggregation: 14,
    groups: "prefix, port and ToS",
    recordSize: 40,
    maxRecords: 35,
    recordRows: [
      ...ROUTER_ROWS,
      { name: "srcaddr", width: 4 },
      { name: "dstaddr", width: 4 },
      { name: "dst_mask", width: 1 },
      { name: "src_mask", width: 1 },
      { name: "tos", width: 1 },
      { name: "prot", width: 1 },
      { name: "srcport", width: 2 },
      { name: "dstport", width: 2 },
      { name: "input", width: 2 },
      { name: "output", width: 2 },
    ],
  },
];

/** The methods of Catalyst switches, which pad their packets. */
const CATALYST_METHODS: ReadonlySet<number> = new Set([6, 7, 8]);

/** NetFlow v8: flows that the router or switch has summed up, one codec for each method. */
export const V8_CODECS: readonly ClassicPduCodec[] = V8_METHODS.map((method) =>
  defineClassicCodec({
    version: 8,
    aggregation: method.aggregation,
    title: `NetFlow v8.${method.aggregation}`,
    reference:
      `${CISCO_FORMATS}; flow-tools 0.68.5, ftlib.h: struct ftpdu_v8_${method.aggregation}`,
    headerRows: V8_HEADER_ROWS,
    headerSize: 28,
    recordRows: method.recordRows,
    recordSize: method.recordSize,
    maxRecords: method.maxRecords,
    zeroPadded: CATALYST_METHODS.has(method.aggregation),
  })
);
