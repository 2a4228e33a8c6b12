/** Small flow files of every kind, as inputs to damage. */
import {
  decodeFtHeader,
  encodeFtHeader,
  FT_FLAGS,
  type FtHeaderFields,
  FtStreamEncoder,
} from "@flowtools/ft-format";
import { NATIVE_ZLIB } from "@flowtools/ft-format/deno";
import { concat } from "@std/bytes";
import { Random } from "../random.ts";
import { readFixtures } from "./fixtures.ts";

/** Records of an input at most, so that damage meets its header often. */
const RECORDS_MAX = 8;

const RECORD_BYTES_USUAL = 64;

/** The golden files that are not compressed, cut to a few records, and files of stream version 1. */
export function plainFiles(): Uint8Array[] {
  const golden = readFixtures("ft", "e.ft").map((bytes) =>
    bytes.subarray(0, decodeFtHeader(bytes).size + RECORDS_MAX * RECORD_BYTES_USUAL)
  );
  const random = new Random(1);
  const rich = (["little", "big"] as const).map((byteOrder) =>
    concat([encodeFtHeader({ ...RICH_HEADER, byteOrder }), noise(random, 3 * RECORD_BYTES_USUAL)])
  );
  const old = [1, 5, 65_535].flatMap((version) =>
    [true, false].map((littleEndian) =>
      concat([oldHeader(littleEndian, version, 0), noise(random, 5 * 60)])
    )
  );
  return [...golden, ...rich, ...old];
}

/** The golden files that are compressed, and some of other levels, with flushes in between. */
export function compressedFiles(): Uint8Array[] {
  const random = new Random(2);
  const levels = [1, 6, 9].flatMap((level) =>
    [1, 5, 7].map((version) => compressed(random, version, level))
  );
  return [...readFixtures("ft", "e-z.ft"), ...levels];
}

/** Headers alone. */
export function headers(): Uint8Array[] {
  return plainFiles().map((bytes) => bytes.subarray(0, decodeFtHeader(bytes).size));
}

/** A header that has everything. */
const RICH_HEADER: FtHeaderFields = {
  byteOrder: "little",
  exportVersion: 5,
  vendor: 1,
  aggregation: 3,
  aggregationVersion: 2,
  exporterAddress: 0x0a000001,
  captureStart: 1_700_000_000,
  captureEnd: 1_700_000_300,
  flags: FT_FLAGS.DONE,
  rotation: 288,
  flowCount: 3,
  lost: 4,
  misordered: 5,
  corrupt: 6,
  sequenceResets: 7,
  hostname: "collector.example",
  comments: "caf\u00e9, \u4e16\u754c",
  ifNames: [{ address: 0x0a000001, ifIndex: 1, name: "Ethernet0" }, {
    address: 0x0a000001,
    ifIndex: 2,
    name: "",
  }],
  ifAliases: [
    { address: 0x0a000001, ifIndexes: [1, 2, 3], name: "uplinks" },
    { address: 0x0a000002, ifIndexes: [], name: "none" },
  ],
  interrupt: 1,
  unknown: [{ type: 0x99, value: new Uint8Array([1, 2, 3]) }, {
    type: 0xffff,
    value: new Uint8Array(0),
  }],
};

/** A header of stream version 1, by the offsets of the reference's struct. */
function oldHeader(littleEndian: boolean, version: number, flags: number): Uint8Array {
  const bytes = new Uint8Array(360);
  const view = new DataView(bytes.buffer);
  bytes.set([0xcf, 0x10, littleEndian ? 1 : 2, 1]);
  view.setUint16(4, version, littleEndian);
  view.setUint32(16, flags, littleEndian);
  bytes.set(new TextEncoder().encode("old-collector"), 36);
  bytes.set(new TextEncoder().encode("from 1998"), 104);
  return bytes;
}

function compressed(random: Random, version: number, compressionLevel: number): Uint8Array {
  const encoder = new FtStreamEncoder({ version, compressionLevel, zlib: NATIVE_ZLIB });
  const parts = [encoder.header().slice()];
  for (let part = 0; part < 3; part++) {
    const count = 1 + random.int(20);
    const view = new DataView(noise(random, count * encoder.layout.size).buffer);
    const block = { layout: encoder.layout, view, offset: 0, count, littleEndian: true };
    parts.push(...encoder.encodeBlock(block).map((chunk) => chunk.slice()));
    parts.push(encoder.flush().slice());
  }
  parts.push(encoder.finish().slice());
  encoder.close();
  return concat(parts);
}

/** Bytes of which every other one is 0, so that they can be compressed. */
function noise(random: Random, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, () => random.oneIn(2) ? 0 : random.int(256));
}
