import { assertEquals } from "@std/assert";
import { deflateSync } from "node:zlib";
import { decodeFtHeader, encodeFtHeader, FT_FLAGS, FtStreamEncoder } from "./mod.ts";
import { join, readChunks } from "./testdata/support.ts";

/** A header of stream version 1, by the offsets of the reference's struct. */
function header1(littleEndian: boolean, version: number, flags: number): Uint8Array {
  const bytes = new Uint8Array(360);
  const view = new DataView(bytes.buffer);
  bytes.set([0xcf, 0x10, littleEndian ? 1 : 2, 1]);
  view.setUint16(4, version, littleEndian);
  [900_000_000, 900_000_300, flags, 96, 2, 5, 6].forEach((value, index) =>
    view.setUint32(8 + 4 * index, value, littleEndian)
  );
  bytes.set(new TextEncoder().encode("old-collector"), 36);
  bytes.set(new TextEncoder().encode("from 1998"), 104);
  return bytes;
}

function record1(littleEndian: boolean, last: number): Uint8Array {
  const bytes = new Uint8Array(60);
  const view = new DataView(bytes.buffer);
  const u32 = [900_000_000, 250, 0x0a000001, 0x0a000002, 0x0a0000fe];
  u32.forEach((value, index) => view.setUint32(4 * index, value, littleEndian));
  view.setUint16(20, 3, littleEndian);
  view.setUint16(22, 4, littleEndian);
  [7, 420, 1_000, last].forEach((value, index) =>
    view.setUint32(24 + 4 * index, value, littleEndian)
  );
  view.setUint16(40, 1024, littleEndian);
  view.setUint16(42, 80, littleEndian);
  bytes.set([6, 8, 27, 99, 99, 99], 46);
  view.setUint16(52, 64_512, littleEndian);
  view.setUint16(54, 64_513, littleEndian);
  bytes.set([24, 16], 56);
  return bytes;
}

const V1_FLOW = {
  unix_secs: 900_000_000,
  unix_nsecs: 250_000_000,
  sysUpTime: 0,
  exaddr: "0.0.0.0",
  exaddr_raw: 0,
  srcaddr: "10.0.0.1",
  srcaddr_raw: 0x0a000001,
  dstaddr: "10.0.0.2",
  dstaddr_raw: 0x0a000002,
  nexthop: "10.0.0.254",
  nexthop_raw: 0x0a0000fe,
  input: 3,
  output: 4,
  dPkts: 7,
  dOctets: 420,
  first: 900_000_001.25,
  first_raw: 1_000,
  last: 900_000_002.25,
  last_raw: 2_000,
  srcport: 1024,
  dstport: 80,
  prot: 6,
  tos: 8,
  tcp_flags: 27,
};

const V5_FLOW = {
  ...V1_FLOW,
  engine_type: 0,
  engine_id: 0,
  src_as: 64_512,
  dst_as: 64_513,
  src_mask: 24,
  dst_mask: 16,
};

for (const littleEndian of [true, false]) {
  for (const compressed of [false, true]) {
    const title = `${littleEndian ? "little" : "big"} endian, ${compressed ? "zlib" : "plain"}`;
    Deno.test(`FtStreamDecoder reads stream version 1, ${title}`, () => {
      const records = join([record1(littleEndian, 2_000), record1(littleEndian, 3_000)]);
      const body = compressed ? new Uint8Array(deflateSync(records)) : records;
      const flags = FT_FLAGS.DONE | (compressed ? FT_FLAGS.COMPRESS : 0);
      const cases = [[1, V1_FLOW], [65_535, V1_FLOW], [5, V5_FLOW]] as const;
      for (const [version, flow] of cases) {
        const file = join([header1(littleEndian, version, flags), body]);
        const { header, flows, errors } = readChunks([file]);
        assertEquals(errors, []);
        assertEquals(flows, [flow, { ...flow, last: 900_000_003.25, last_raw: 3_000 }]);
        assertEquals(header, {
          streamVersion: 1,
          byteOrder: littleEndian ? "little" : "big",
          exportVersion: version === 5 ? 5 : 1,
          captureStart: 900_000_000,
          captureEnd: 900_000_300,
          flags: flags | FT_FLAGS.XLATE,
          rotation: 96,
          flowCount: 2,
          lost: 5,
          misordered: 6,
          hostname: "old-collector",
          comments: "from 1998",
          ifNames: [],
          ifAliases: [],
          unknown: [],
          tlvs: [],
          size: 360,
        });
      }
    });
  }
}

Deno.test("FtStreamDecoder refuses versions that stream version 1 never had", () => {
  const { errors } = readChunks([header1(true, 7, 0)], { source: "old.ft" });
  assertEquals(errors.map(({ code }) => code), ["unknown-version"]);
  assertEquals(
    errors[0].message,
    'Cannot read flow file "old.ft": no layout is known for v7 records in stream version 1',
  );
});

Deno.test("the highest bit of the flags makes no negative number", () => {
  const highest = 0x80000000;
  const header = decodeFtHeader(header1(true, 5, highest));
  assertEquals(header.flags, highest + FT_FLAGS.XLATE);
  assertEquals(decodeFtHeader(encodeFtHeader(header)).flags, header.flags);
  const encoder = new FtStreamEncoder({ version: 5, flags: highest });
  assertEquals(decodeFtHeader(encoder.header()).flags, highest);
  encoder.finish();
  assertEquals(decodeFtHeader(encoder.finalHeader()).flags, highest + FT_FLAGS.DONE);
});
