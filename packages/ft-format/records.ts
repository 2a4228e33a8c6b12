import { compileRecordLayout, type LayoutRow, type RecordLayout } from "@flowtools/flow-model";

// The tables of every record on disk, in the order of the bytes. Source: flow-tools `ftlib.h`,
// the structs fts3rec_v1 … fts3rec_v8_14, fts3rec_v1005 and fts1rec_compat.

const rows = (width: 1 | 2 | 4) => (...names: string[]): LayoutRow[] =>
  names.map((name) => ({ name, width }));
const u8 = rows(1);
const u16 = rows(2);
const u32 = rows(4);
const reserved = (name: string, width: 1 | 2 | 4): LayoutRow => ({ name, width, reserved: true });

/** How nearly all records begin. */
const EXPORT = u32("unix_secs", "unix_nsecs", "sysUpTime", "exaddr");

/** How records of methods 8.3, 8.11 and 8.12 begin: uptime and address have changed places. */
const EXPORT_ADDRESS_FIRST = u32("unix_secs", "unix_nsecs", "exaddr", "sysUpTime");

const TRAFFIC = u32("dPkts", "dOctets", "first", "last");
const AGGREGATED_TRAFFIC = [...u32("dFlows"), ...TRAFFIC];

const ENDPOINTS = [
  ...u32("srcaddr", "dstaddr", "nexthop"),
  ...u16("input", "output"),
  ...TRAFFIC,
  ...u16("srcport", "dstport"),
];

/** What versions 1, 5, 6, 7 and 1005 have in common. */
const CLASSIC = [...EXPORT, ...ENDPOINTS, ...u8("prot", "tos", "tcp_flags")];

const ENGINE = u8("engine_type", "engine_id");
const ROUTING = [...u8("src_mask", "dst_mask"), ...u16("src_as", "dst_as")];

const V5 = [...CLASSIC, reserved("pad", 1), ...ENGINE, ...ROUTING];

/** Bytes and rows of each record layout of stream version 3, by `version` or `8.method`. */
const STREAM_3: Readonly<Record<string, readonly [size: number, rows: readonly LayoutRow[]]>> = {
  "1": [60, [...CLASSIC, reserved("pad", 1), reserved("reserved", 4)]],
  "5": [64, V5],
  "6": [72, [
    ...V5,
    ...u8("in_encaps", "out_encaps"),
    reserved("pad2", 2),
    ...u32("peer_nexthop"),
  ]],
  "7": [68, [...CLASSIC, reserved("flags", 1), ...ENGINE, ...ROUTING, ...u32("router_sc")]],
  "8.1": [48, [
    ...EXPORT,
    ...AGGREGATED_TRAFFIC,
    ...u16("src_as", "dst_as", "input", "output"),
    ...ENGINE,
    reserved("pad", 2),
  ]],
  "8.2": [48, [
    ...EXPORT,
    ...AGGREGATED_TRAFFIC,
    ...u8("prot"),
    reserved("pad", 1),
    reserved("reserved", 2),
    ...u16("srcport", "dstport"),
    ...ENGINE,
    reserved("pad2", 2),
  ]],
  "8.3": [48, [
    ...EXPORT_ADDRESS_FIRST,
    ...AGGREGATED_TRAFFIC,
    ...u32("srcaddr"),
    ...u8("src_mask"),
    reserved("pad", 1),
    ...u16("src_as", "input"),
    ...ENGINE,
  ]],
  "8.4": [48, [
    ...EXPORT,
    ...AGGREGATED_TRAFFIC,
    ...u32("dstaddr"),
    ...u8("dst_mask"),
    reserved("pad", 1),
    ...ENGINE,
    ...u16("dst_as", "output"),
  ]],
  "8.5": [56, [
    ...EXPORT,
    ...AGGREGATED_TRAFFIC,
    ...u32("srcaddr", "dstaddr"),
    ...u8("dst_mask", "src_mask"),
    ...ENGINE,
    ...u16("src_as", "dst_as", "input", "output"),
  ]],
  "8.6": [52, [
    ...EXPORT,
    ...TRAFFIC,
    ...u32("dstaddr", "extra_pkts", "router_sc"),
    ...u16("output"),
    reserved("pad", 2),
    ...u8("tos", "marked_tos"),
    ...ENGINE,
  ]],
  "8.7": [56, [
    ...EXPORT,
    ...TRAFFIC,
    ...u32("dstaddr", "srcaddr", "extra_pkts", "router_sc"),
    ...u16("output", "input"),
    ...u8("tos", "marked_tos"),
    ...ENGINE,
  ]],
  "8.8": [64, [
    ...EXPORT,
    ...TRAFFIC,
    ...u32("dstaddr", "srcaddr", "extra_pkts", "router_sc"),
    ...u16("dstport", "srcport", "output", "input"),
    ...u8("tos", "marked_tos"),
    ...ENGINE,
    ...u8("prot"),
    reserved("pad1", 1),
    reserved("pad2", 2),
  ]],
  "8.9": [48, [
    ...EXPORT,
    ...AGGREGATED_TRAFFIC,
    ...u16("src_as", "dst_as", "input", "output"),
    ...ENGINE,
    ...u8("tos"),
    reserved("pad", 1),
  ]],
  "8.10": [48, [
    ...EXPORT,
    ...AGGREGATED_TRAFFIC,
    ...u16("srcport", "dstport"),
    // The reference stores the interfaces and leaves them out of its mask of fields.
    { name: "input", width: 2, unlisted: true },
    { name: "output", width: 2, unlisted: true },
    ...ENGINE,
    ...u8("prot", "tos"),
  ]],
  "8.11": [48, [
    ...EXPORT_ADDRESS_FIRST,
    ...AGGREGATED_TRAFFIC,
    ...u32("srcaddr"),
    ...u8("src_mask", "tos"),
    ...u16("src_as", "input"),
    ...ENGINE,
  ]],
  "8.12": [48, [
    ...EXPORT_ADDRESS_FIRST,
    ...AGGREGATED_TRAFFIC,
    ...u32("dstaddr"),
    ...u16("output"),
    // The reference, which runs on little-endian machines by now, never swaps this one.
    { name: "dst_as", width: 2, alwaysLittleEndian: true },
    ...u8("dst_mask", "tos"),
    ...ENGINE,
  ]],
  "8.13": [60, [
    ...EXPORT,
    ...AGGREGATED_TRAFFIC,
    ...u32("srcaddr", "dstaddr"),
    ...u16("src_as", "dst_as", "input", "output"),
    ...u8("dst_mask", "src_mask"),
    ...ENGINE,
    ...u8("tos"),
    reserved("pad1", 1),
    reserved("pad2", 2),
  ]],
  "8.14": [60, [
    ...EXPORT,
    ...AGGREGATED_TRAFFIC,
    ...u32("srcaddr", "dstaddr"),
    ...u16("srcport", "dstport", "input", "output"),
    ...u8("dst_mask", "src_mask"),
    ...ENGINE,
    ...u8("tos", "prot"),
    reserved("pad2", 2),
  ]],
  "1005": [72, [...V5, ...u32("src_tag", "dst_tag")]],
};

/** How records of stream version 1 begin: Unix time of boot, so that uptime stamps are added. */
const STREAM_1_START: readonly LayoutRow[] = [
  ...u32("unix_secs"),
  { name: "unix_nsecs", width: 4, scale: 1_000_000, doc: "Milliseconds past unix_secs" },
  ...ENDPOINTS,
  reserved("pad", 2),
  ...u8("prot", "tos", "tcp_flags"),
  reserved("tcp_retx_cnt", 1),
  reserved("tcp_retx_secs", 1),
  reserved("tcp_misseq_cnt", 1),
];

/** Stream version 1 keeps all in one struct; of which v1 exports fill the first part. */
const STREAM_1: Readonly<Record<number, readonly LayoutRow[]>> = {
  1: [
    ...STREAM_1_START,
    reserved("src_as", 2),
    reserved("dst_as", 2),
    reserved("src_mask", 1),
    reserved("dst_mask", 1),
    reserved("drops", 2),
  ],
  5: [
    ...STREAM_1_START,
    ...u16("src_as", "dst_as"),
    ...u8("src_mask", "dst_mask"),
    reserved("drops", 2),
  ],
};

interface Entry {
  readonly streamVersion: 1 | 3;
  readonly layout: RecordLayout;
}

function compileStream3(label: string): Entry {
  const [size, table] = STREAM_3[label];
  const [version, aggregation] = label.split(".").map(Number);
  const title = `flow-tools v${label} record`;
  return {
    streamVersion: 3,
    layout: compileRecordLayout({ title, size, version, aggregation }, table),
  };
}

function compileStream1(version: 1 | 5): Entry {
  const engine = version === 5 ? ["engine_type", "engine_id"] as const : [];
  const layout = compileRecordLayout({
    title: `flow-tools stream version 1 v${version} record`,
    size: 60,
    version,
    shared: ["sysUpTime", "exaddr", ...engine],
  }, STREAM_1[version]);
  return { streamVersion: 1, layout };
}

const ENTRIES: readonly Entry[] = [
  ...Object.keys(STREAM_3).map(compileStream3),
  compileStream1(1),
  compileStream1(5),
];

/**
 * The layout of every record that flow-tools files hold: versions 1, 5, 6, 7, 8.1 to 8.14 and 1005,
 * and the two of stream version 1, which can be read only.
 *
 * Source: flow-tools `ftlib.h`.
 *
 * @example
 * ```ts
 * import { FT_LAYOUTS } from "@flowtools/ft-format";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(FT_LAYOUTS.length, 21);
 * ```
 */
export const FT_LAYOUTS: readonly RecordLayout[] = ENTRIES.map((entry) => entry.layout);

/**
 * The layout of the records of a file.
 *
 * @param version Export version: 1, 5, 6, 7, 8 or 1005
 * @param aggregation Aggregation method, 1 to 14, of version 8
 * @param streamVersion Version of the file format, 1 or 3
 * @returns The layout, or `undefined` where flow-tools has none
 *
 * @example
 * ```ts
 * import { findFtLayout } from "@flowtools/ft-format";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(findFtLayout(5)?.size, 64);
 * assertEquals(findFtLayout(8, 14)?.schema.label, "v8.14");
 * assertEquals(findFtLayout(9), undefined);
 * ```
 */
export function findFtLayout(
  version: number,
  aggregation?: number,
  streamVersion: number = 3,
): RecordLayout | undefined {
  const method = version === 8 ? aggregation : undefined;
  return ENTRIES.find(({ streamVersion: stream, layout: { schema } }) =>
    stream === streamVersion && schema.version === version && schema.aggregation === method
  )?.layout;
}
