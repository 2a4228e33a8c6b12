import { FlowBatch, type RowValues } from "@flowtools/flow-model";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { NATIVE_ZLIB } from "./deno.ts";
import {
  decodeFtHeader,
  findFtLayout,
  FT_FLAGS,
  FtStreamEncoder,
  PORTABLE_ZLIB,
  type RecordBlock,
} from "./mod.ts";
import { clearReserved, join, LAYOUTS_3, readChunks, sampleRecords } from "./testdata/support.ts";

const V5 = findFtLayout(5)!;

function blockOf(bytes: Uint8Array, layout = V5, littleEndian = true): RecordBlock {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { layout, view, offset: 0, count: bytes.length / layout.size, littleEndian };
}

Deno.test("FtStreamEncoder.encodeBatch() reverses decoding, for every layout and encoding", () => {
  const arbitrary = fc.record({
    layout: fc.constantFrom(...LAYOUTS_3),
    byteOrder: fc.constantFrom("little" as const, "big" as const),
    compressionLevel: fc.constantFrom(0, 1, 9),
    zlib: fc.constantFrom(NATIVE_ZLIB, PORTABLE_ZLIB),
    count: fc.integer({ min: 1, max: 50 }),
    seed: fc.uint8Array({ minLength: 80, maxLength: 80 }),
  });
  fc.assert(fc.property(arbitrary, ({ layout, count, seed, ...options }) => {
    const records = new Uint8Array(count * layout.size).map((_, i) => seed[i % 79] ^ (i >> 4));
    clearReserved(records, layout);
    const batch = new FlowBatch({ capacity: count });
    const little = options.byteOrder === "little";
    batch.appendRecords(layout, new DataView(records.buffer), 0, count, little);
    const { version, aggregation } = layout.schema;
    const encoder = new FtStreamEncoder({ version, aggregation, ...options });
    const half = count >> 1;
    const chunks = [
      encoder.header(),
      ...encoder.encodeBatch(batch, 0, half).map((chunk) => chunk.slice()),
      ...encoder.encodeBatch(batch, half).map((chunk) => chunk.slice()),
      encoder.finish(),
    ];
    assertEquals(encoder.flowCount, count);
    const reading = readChunks(chunks, { zlib: options.zlib });
    assertEquals(reading.errors, []);
    assertEquals(reading.bytes, records);
    assertEquals(reading.flows, [...batch].map((flow) => flow.toObject()));
  }));
});

Deno.test("FtStreamEncoder.encodeBlock() swaps bytes where the order differs", () => {
  for (const layout of LAYOUTS_3) {
    for (const compressionLevel of [0, 6]) {
      const little = sampleRecords(layout, 3000);
      const { version, aggregation } = layout.schema;
      const encoder = new FtStreamEncoder({
        version,
        aggregation,
        byteOrder: "big",
        compressionLevel,
        zlib: NATIVE_ZLIB,
      });
      const chunks = [
        encoder.header(),
        ...encoder.encodeBlock(blockOf(little, layout)).map((chunk) => chunk.slice()),
        encoder.finish(),
      ];
      const big = readChunks(chunks, { zlib: NATIVE_ZLIB });
      const batch = new FlowBatch({ capacity: 3000 });
      batch.appendRecords(layout, new DataView(little.buffer), 0, 3000, true);
      assertEquals(big.flows, [...batch].map((flow) => flow.toObject()));
      const back = new FtStreamEncoder({ version, aggregation });
      const [again] = back.encodeBlock(blockOf(big.bytes, layout, false));
      assertEquals(again, little);
    }
  }
});

Deno.test("FtStreamEncoder.encodeBlock() passes plain records through without a copy", () => {
  const records = sampleRecords(V5, 3);
  const [bytes] = new FtStreamEncoder({ version: 5 }).encodeBlock(blockOf(records));
  assertEquals(bytes.buffer, records.buffer);
  assertThrows(
    () => new FtStreamEncoder({ version: 7 }).encodeBlock(blockOf(records)),
    RangeError,
    "Cannot pass records through: they are flow-tools v5 records, expected flow-tools v7 records",
  );
});

for (const [name, zlib] of [["native", NATIVE_ZLIB], ["portable", PORTABLE_ZLIB]] as const) {
  Deno.test(`FtStreamEncoder.flush(), ${name} zlib: what a killed writer leaves can be read`, () => {
    const records = sampleRecords(V5, 5000);
    const encoder = new FtStreamEncoder({ version: 5, compressionLevel: 6, zlib });
    const chunks = [encoder.header()];
    chunks.push(...encoder.encodeBlock(blockOf(records.slice(0, 64 * 3000))).map((c) => c.slice()));
    chunks.push(encoder.flush().slice());
    const flushed = readChunks(chunks, { zlib, source: "tmp" });
    assertEquals(flushed.bytes, records.slice(0, 64 * 3000));
    const { length } = join(chunks);
    assertEquals(flushed.errors.map(({ code, offset, message }) => [code, offset, message]), [[
      "truncated-zlib",
      length,
      `Cannot read flow file "tmp": zlib data is cut at byte ${length} after 3000 whole records`,
    ]]);
    chunks.push(...encoder.encodeBlock(blockOf(records.slice(64 * 3000))).map((c) => c.slice()));
    chunks.push(encoder.flush().slice(), encoder.flush().slice(), encoder.finish().slice());
    const finished = readChunks(chunks, { zlib });
    assertEquals(finished.errors, []);
    assertEquals(finished.bytes, records);
  });
}

for (const [name, zlib] of [["native", NATIVE_ZLIB], ["portable", PORTABLE_ZLIB]] as const) {
  Deno.test(`FtStreamEncoder.setCompressionLevel(), ${name} zlib: it stays one file`, () => {
    const records = sampleRecords(V5, 1000).map((_, at) => at & 63);
    const encoder = new FtStreamEncoder({ version: 5, compressionLevel: 6, zlib });
    const chunks = [encoder.header()];
    const sizes: number[] = [];
    for (const [index, level] of [6, 0, 1, 9].entries()) {
      chunks.push(encoder.setCompressionLevel(level).slice());
      const part = records.slice(64 * 250 * index, 64 * 250 * (index + 1));
      const bytes = join([
        ...encoder.encodeBlock(blockOf(part)).map((c) => c.slice()),
        encoder.flush(),
      ]);
      sizes.push(bytes.length);
      chunks.push(bytes);
    }
    chunks.push(encoder.finish().slice());
    const reading = readChunks(chunks, { zlib });
    assertEquals(reading.errors, []);
    assertEquals(reading.bytes, records);
    assertEquals(encoder.flowCount, 1000);
    // Only the native one can: there, what is stored at level 0 is longer than the records.
    assertEquals(sizes.map((size) => size > 64 * 250), [false, zlib === NATIVE_ZLIB, false, false]);
    assertEquals(encoder.compressionLevel, zlib === NATIVE_ZLIB ? 9 : 6);
  });
}

Deno.test("FtStreamEncoder.setCompressionLevel() leaves plain files plain", () => {
  const encoder = new FtStreamEncoder({ version: 5 });
  assertEquals([encoder.setCompressionLevel(9).length, encoder.compressionLevel], [0, 0]);
  assertThrows(() => encoder.setCompressionLevel(10), RangeError, "it is 10, expected 0 to 9");
});

Deno.test("FtStreamEncoder writes the header of flow-capture, and rewrites it in its place", () => {
  const encoder = new FtStreamEncoder({
    version: 8,
    aggregation: 3,
    compressionLevel: 6,
    hostname: "collector",
    comments: "x",
    captureStart: 1_700_000_000,
  });
  const first = decodeFtHeader(encoder.header());
  assertEquals(first.tlvs.map(({ type }) => type), [2, 3, 4, 6, 7, 8, 10, 11, 13, 14, 15, 16]);
  assertEquals([first.flags, first.captureEnd, first.flowCount], [FT_FLAGS.COMPRESS, 0, 0]);
  encoder.captureEnd = 1_700_000_300;
  encoder.lost = 1;
  encoder.corrupt = 2;
  encoder.sequenceResets = 3;
  encoder.finish();
  const last = decodeFtHeader(encoder.finalHeader());
  assertEquals(last.size, first.size);
  assertEquals(
    [last.flags, last.captureEnd, last.flowCount, last.lost, last.corrupt, last.sequenceResets],
    [FT_FLAGS.COMPRESS | FT_FLAGS.DONE, 1_700_000_300, 0, 1, 2, 3],
  );
  assertEquals([encoder.captureEnd, encoder.lost, encoder.corrupt], [1_700_000_300, 1, 2]);
});

Deno.test("FtStreamEncoder writes the header of flow-split when told what to leave out", () => {
  const encoder = new FtStreamEncoder({
    version: 5,
    captureStart: 0,
    lost: false,
    corrupt: false,
    sequenceResets: false,
    misordered: 0,
  });
  encoder.misordered = 4;
  const header = decodeFtHeader(encoder.finalHeader());
  assertEquals(header.tlvs.map(({ type }) => type), [2, 6, 7, 8, 10, 12]);
  assertEquals(header.misordered, 4);
  assertThrows(() => encoder.lost = 1, RangeError, "Cannot set lost");
});

Deno.test("FtStreamEncoder streams without counters unless they are given", () => {
  const encoder = new FtStreamEncoder({ version: 5, streaming: true });
  const header = decodeFtHeader(encoder.header());
  assertEquals(header.tlvs.map(({ type }) => type), [2, 8]);
  assertEquals(header.flags, FT_FLAGS.STREAMING);
  const preloaded = new FtStreamEncoder({
    version: 5,
    streaming: true,
    flags: FT_FLAGS.PRELOADED,
    flowCount: 12,
    lost: 1,
  });
  const filled = decodeFtHeader(preloaded.header());
  assertEquals([filled.flags, filled.flowCount, filled.lost], [0x28, 12, 1]);
});

Deno.test("FtStreamEncoder counts what does not fit", () => {
  const encoder = new FtStreamEncoder({ version: 5 });
  const batch = new FlowBatch();
  const row: RowValues = { src_as: 70_000, dOctets: 2 ** 40, srcaddr: "2001:db8::1" };
  batch.append(V5.schema, row);
  const { flows } = readChunks([encoder.header(), ...encoder.encodeBatch(batch)]);
  assertEquals([flows[0].src_as, flows[0].dOctets, flows[0].srcaddr], [
    23_456,
    0xffffffff,
    "0.0.0.0",
  ]);
  assertEquals(Object.fromEntries(encoder.misfits), { src_as: 1, dOctets: 1, srcaddr: 1 });
});

Deno.test("FtStreamEncoder refuses what it cannot write", () => {
  assertThrows(() => new FtStreamEncoder({ version: 9 }), RangeError, "v9");
  assertThrows(() => new FtStreamEncoder({ version: 8 }), RangeError, "v8");
  assertThrows(() => new FtStreamEncoder({ version: 5, compressionLevel: 10 }), RangeError, "10");
  const comments = "x".repeat(17_000);
  assertThrows(() => new FtStreamEncoder({ version: 5, comments }), RangeError, "16384");
  const encoder = new FtStreamEncoder({ version: 5 });
  assertEquals(encoder.flush().length, 0);
  encoder.finish();
  assertThrows(() => encoder.encodeBatch(new FlowBatch()), Error, "finished");
  assert(encoder.finalHeader().length > 0);
});
