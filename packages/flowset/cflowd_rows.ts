import type { FlowFieldName } from "@flowtools/flow-model";

/** A field of cflowd's raw flow files. */
export interface CflowdRow {
  /** Its bit in the index that each record begins with. */
  readonly bit: number;
  /** Bytes, in network order. */
  readonly width: 1 | 2 | 4;
  /** The field that holds it; times are reckoned from it and the header's clock. */
  readonly name: FlowFieldName;
  /** It is a time in Unix seconds. */
  readonly time?: true;
}

/**
 * The fields of cflowd's raw flow files in the order of their bits, which is that of the bytes.
 *
 * Source: flow-tools `cflowd.h`.
 */
export const CFLOWD_ROWS: readonly CflowdRow[] = ([
  [4, "exaddr"],
  [4, "srcaddr"],
  [4, "dstaddr"],
  [2, "input"],
  [2, "output"],
  [2, "srcport"],
  [2, "dstport"],
  [4, "dPkts"],
  [4, "dOctets"],
  [4, "nexthop"],
  [4, "first", true],
  [4, "last", true],
  [1, "prot"],
  [1, "tos"],
  [2, "src_as"],
  [2, "dst_as"],
  [1, "src_mask"],
  [1, "dst_mask"],
  [1, "tcp_flags"],
  [1, "in_encaps"],
  [1, "out_encaps"],
  [4, "peer_nexthop"],
  [1, "engine_type"],
  [1, "engine_id"],
] as const).map(([width, name, time], index) => ({
  bit: 2 ** index,
  width,
  name,
  ...(time ? { time } : undefined),
}));

/**
 * The fields that cflowd files of each version have, by label. What a version has beyond (shortcut
 * routers, tags, flow counts) has no place there; protocols of version 8 have, but the reference leaves
 * them out.
 *
 * Source: flow-tools `cflowd.h`.
 */
export const CFLOWD_MASKS: Readonly<Record<string, number>> = {
  "v1": 0x00043fff,
  "v5": 0x00c7ffff,
  "v6": 0x00ffffff,
  "v7": 0x00c7ffff,
  "v1005": 0x00c7ffff,
  "v8.1": 0x00c0cd99,
  "v8.2": 0x00c00de1,
  "v8.3": 0x00c14d8b,
  "v8.4": 0x00c28d95,
  "v8.5": 0x00c3cd9f,
  "v8.6": 0x00c02d95,
  "v8.7": 0x00c02d9f,
  "v8.8": 0x00c02dff,
  "v8.9": 0x00c0ed99,
  "v8.10": 0x00c02de1,
  "v8.11": 0x00c16d8b,
  "v8.12": 0x00c2ad95,
  "v8.13": 0x00c3ed9f,
  "v8.14": 0x00c32dff,
};
