/**
 * Random flow-tools streams of every version from a seed, with values that meet: few enough hosts,
 * ports and interfaces for reports to group and filters to match, and now and then an extreme.
 *
 * @module
 */
import type { RecordLayout } from "@flowtools/flow-model";
import { FT_LAYOUTS, FtStreamEncoder } from "@flowtools/ft-format";
import { concat } from "@std/bytes";
import type { Random } from "../random.ts";

/** What kind of records a stream has. */
export interface StreamVersion {
  readonly version: number;
  /** The method of version 8. */
  readonly aggregation?: number;
}

/** How a random stream is made. */
export interface StreamShape extends StreamVersion {
  readonly byteOrder: "little" | "big";
  /** zlib level; 0 for plain records. */
  readonly level: number;
  readonly flows: number;
  /** Now and then a field is 0 or as large as it can be. */
  readonly wild: boolean;
  /** The uptime wrapped a few seconds before the first flow was exported. */
  readonly wraps: boolean;
}

const START_UNIX_SECS = 1_700_000_000;
const START_UPTIME_MS = 10_000_000;
const WRAPPED_UPTIME_MS = 5_000;

/** Beginnings of addresses: private networks, what filters of the tests name, and a multicast. */
const NETWORKS = [0x0a000000, 0x0a000100, 0xc0c10000, 0xc1020000, 0xe0000000, 0xc0a80a00];
const PORTS = [0, 20, 22, 25, 53, 80, 123, 443, 1023, 1024, 8080, 33434, 65535];
const PROTOCOLS = [1, 6, 6, 6, 17, 17, 47, 50, 255];

/** A whole stream. */
export function randomStream(random: Random, shape: StreamShape): Uint8Array<ArrayBuffer> {
  const { version, aggregation, byteOrder, level, flows } = shape;
  const encoder = new FtStreamEncoder({
    version,
    aggregation,
    byteOrder,
    compressionLevel: level,
    captureStart: START_UNIX_SECS + random.int(1000),
    captureEnd: START_UNIX_SECS + 1000 + random.int(1000),
    flowCount: flows,
    lost: random.int(10),
    corrupt: random.int(3),
    hostname: random.pick([undefined, "collector", "c.example.net"]),
    comments: random.pick([undefined, "some words", "two\nlines"]),
    exporterAddress: random.oneIn(2) ? 0x0a000001 : undefined,
    sequenceResets: random.oneIn(2) ? random.int(5) : undefined,
  });
  const { layout } = encoder;
  const bytes = new Uint8Array(flows * layout.size);
  const view = new DataView(bytes.buffer);
  const littleEndian = byteOrder === "little";
  for (let flow = 0; flow < flows; flow++) {
    fillRecord(view, flow * layout.size, layout, littleEndian, randomValues(random, shape, flow));
  }
  const block = { layout, view, offset: 0, count: flows, littleEndian };
  const chunks = [encoder.header().slice()];
  if (flows > 0) chunks.push(...encoder.encodeBlock(block).map((chunk) => chunk.slice()));
  chunks.push(encoder.finish().slice());
  return concat(chunks);
}

function fillRecord(
  view: DataView,
  record: number,
  { rows }: RecordLayout,
  littleEndian: boolean,
  valueOf: (name: string, width: number) => number,
): void {
  for (const { name, width, offset, reserved } of rows) {
    if (reserved) continue;
    const value = valueOf(name, width);
    const at = record + offset;
    if (width === 1) view.setUint8(at, value);
    else if (width === 2) view.setUint16(at, value, littleEndian);
    else view.setUint32(at, value, littleEndian);
  }
}

/** The values of one flow: those of time and size belong together. */
function randomValues(
  random: Random,
  { wild, wraps }: StreamShape,
  flow: number,
): (name: string, width: number) => number {
  const uptime = (wraps ? WRAPPED_UPTIME_MS : START_UPTIME_MS) + flow * 700 + random.int(500);
  const last = uptime - random.int(20_000);
  const first = random.oneIn(8) ? last : last - random.int(1 << (1 + random.int(22)));
  const packets = random.oneIn(3) ? 1 + random.int(3) : 1 + random.int(5000);
  const values: Readonly<Record<string, number>> = {
    unix_secs: START_UNIX_SECS + flow,
    unix_nsecs: random.int(1e9),
    sysUpTime: uptime,
    exaddr: 0x0a000001 + random.int(4),
    first: wraps ? first >>> 0 : Math.max(0, first),
    last: last >>> 0,
    dPkts: packets,
    dOctets: packets * (28 + random.int(1473)),
    dFlows: 1 + random.int(40),
    extra_pkts: random.int(packets),
    prot: random.pick(PROTOCOLS),
    tcp_flags: random.int(64),
    tos: random.pick([0, 0, 0, 184, 40, 255]),
    marked_tos: random.int(256),
    input: 1 + random.int(12),
    output: random.int(12),
    src_as: 64_510 + random.int(8),
    dst_as: random.int(9),
    engine_id: random.int(4),
    engine_type: random.int(3),
    src_mask: random.pick([8, 16, 17, 24, 32]),
    dst_mask: random.pick([9, 16, 23, 24, 30]),
    src_tag: random.int(5),
    dst_tag: random.pick([0, 1, 100, 0x10000, 0xfffffffe]),
    router_sc: 0xc0a80001 + random.int(3),
  };
  const wildOne = wild ? random.pick(Object.keys(values)) : undefined;
  return (name, width) => {
    // Times that are not those of the uptime have a test of their own.
    if (name === wildOne && !/time|unix|first|last/i.test(name)) {
      return random.pick([0, 2 ** (8 * width) - 1, random.int(2 ** (8 * width))]);
    }
    const value = values[name];
    if (value !== undefined) return value;
    if (width === 4) return (random.pick(NETWORKS) + random.int(12)) >>> 0;
    if (name.endsWith("port")) return random.oneIn(2) ? random.pick(PORTS) : random.int(65_536);
    return random.int(2 ** (8 * width));
  };
}

/** Every version that a stream can have. */
export const STREAM_VERSIONS: readonly StreamVersion[] = FT_LAYOUTS
  .filter(({ rows }) => rows.every(({ scale }) => scale === undefined))
  .map(({ schema: { version, aggregation } }) => ({ version, aggregation }));
