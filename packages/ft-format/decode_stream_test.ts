import { FlowToolsError } from "@flowtools/flow-model";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { deflateSync } from "node:zlib";
import { NATIVE_ZLIB } from "./deno.ts";
import {
  encodeFtHeader,
  findFtLayout,
  FT_FLAGS,
  FtFormatError,
  FtStreamDecoder,
  FtStreamEncoder,
  type FtWriteOptions,
  PORTABLE_ZLIB,
  type ZlibProvider,
} from "./mod.ts";
import { cut, join, LAYOUTS_3, readChunks, sampleRecords, writeFile } from "./testdata/support.ts";

const PROVIDERS: Readonly<Record<string, ZlibProvider>> = {
  native: NATIVE_ZLIB,
  portable: PORTABLE_ZLIB,
};

const V5 = findFtLayout(5)!;

const SOURCE = "x.ft";

/** A v5 header of a compressed file, for bodies made by hand. */
const COMPRESSED = encodeFtHeader({
  byteOrder: "little",
  exportVersion: 5,
  flags: FT_FLAGS.COMPRESS,
  ifNames: [],
  ifAliases: [],
  unknown: [],
});

const deflated = (bytes: Uint8Array) => new Uint8Array(deflateSync(bytes));

Deno.test("FtStreamDecoder gives back what any chunks hold", () => {
  const arbitrary = fc.record({
    layout: fc.constantFrom(...LAYOUTS_3),
    byteOrder: fc.constantFrom("little" as const, "big" as const),
    compressionLevel: fc.constantFrom(0, 6),
    count: fc.nat(40),
    sizes: fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 }),
  });
  fc.assert(fc.property(arbitrary, ({ layout, byteOrder, compressionLevel, count, sizes }) => {
    const { version, aggregation } = layout.schema;
    const options: FtWriteOptions = { version, aggregation, byteOrder, compressionLevel };
    const records = sampleRecords(layout, count);
    const { bytes, errors } = readChunks(cut(writeFile(records, options), sizes));
    assertEquals(errors, []);
    assertEquals(bytes, records);
  }));
});

Deno.test("FtStreamDecoder delivers the whole records of a file cut anywhere, then one error", () => {
  const records = sampleRecords(V5, 3);
  const file = writeFile(records, { version: 5, streaming: true });
  const headerBytes = file.length - records.length;
  for (let length = 0; length < file.length; length++) {
    const reading = readChunks([file.slice(0, length)], { source: SOURCE });
    const whole = Math.max(0, Math.floor((length - headerBytes) / V5.size));
    assertEquals(reading.bytes, records.slice(0, whole * V5.size));
    const [error, ...others] = reading.errors;
    assertEquals(others, []);
    if (length === 0) assertEquals(error.code, "empty");
    else if (length < headerBytes) {
      assertEquals([error.code, error.offset], ["short-header", length]);
    } else if ((length - headerBytes) % V5.size === 0) assertEquals(error, undefined);
    else {
      const offset = headerBytes + whole * V5.size;
      assertEquals([error.code, error.offset], ["truncated-record", offset]);
      assertEquals([error.expected, error.got], [V5.size, length - offset]);
    }
  }
  const { errors: [error] } = readChunks([file.slice(0, -1)], { source: SOURCE });
  assertEquals(
    error.message,
    'Cannot read flow file "x.ft": last record at byte 152 has 63 of 64 bytes ' +
      "after 2 whole records",
  );
});

for (const [name, zlib] of Object.entries(PROVIDERS)) {
  Deno.test(`FtStreamDecoder, ${name} zlib: a compressed file cut anywhere`, () => {
    const records = sampleRecords(V5, 5);
    const file = writeFile(records, { version: 5, compressionLevel: 6, streaming: true });
    for (let length = COMPRESSED.length; length < file.length; length++) {
      const { bytes, errors } = readChunks([file.slice(0, length)], { zlib });
      assertEquals(bytes.length % V5.size, 0);
      assertEquals(bytes, records.slice(0, bytes.length));
      assertEquals(errors.map(({ code, offset }) => [code, offset]), [["truncated-zlib", length]]);
    }
  });

  Deno.test(`FtStreamDecoder, ${name} zlib: damage gives the records before it and one error`, () => {
    const records = sampleRecords(V5, 2000);
    const encoder = new FtStreamEncoder({ version: 5, compressionLevel: 6 });
    const view = new DataView(records.buffer);
    const block = { layout: V5, view, offset: 0, count: 2000, littleEndian: true };
    const intact = [encoder.header(), ...encoder.encodeBlock(block).map((chunk) => chunk.slice())];
    intact.push(encoder.flush().slice());
    // Behind a flush a block of deflated data begins; these bits say one of a type there is not.
    const file = join([...intact, new Uint8Array(64).fill(0xff)]);
    const at = file.length - 64;
    const { bytes, errors } = readChunks([file], { zlib, source: SOURCE });
    assertEquals(bytes, records);
    assertEquals(errors.length, 1);
    assertEquals(errors[0].code, "bad-zlib");
    assert(errors[0].offset >= at && errors[0].offset <= at + 4, `${errors[0].offset} ${at}`);
    assert(
      /^Cannot read flow file "x.ft": zlib data is damaged at byte \d+ after \d+ whole records$/
        .test(errors[0].message),
      errors[0].message,
    );
  });

  Deno.test(`FtStreamDecoder, ${name} zlib: a wrong checksum comes after all records`, () => {
    const records = sampleRecords(V5, 7);
    const file = writeFile(records, { version: 5, compressionLevel: 6 });
    file[file.length - 1] ^= 1;
    const { bytes, errors } = readChunks([file], { zlib });
    assertEquals(bytes, records);
    assertEquals(errors.map(({ code, got }) => [code, got]), [
      ["bad-zlib", "incorrect data check"],
    ]);
  });

  Deno.test(`FtStreamDecoder, ${name} zlib: bytes behind the end of the data`, () => {
    const records = sampleRecords(V5, 7);
    const file = writeFile(records, { version: 5, compressionLevel: 6 });
    for (const extra of [[0], [0x78, 0x9c, 1, 2, 3], [7, 7]]) {
      const chunks = [[join([file, Uint8Array.from(extra)])], [file, Uint8Array.from(extra)]];
      for (const parts of chunks) {
        const { bytes, errors } = readChunks(parts, { zlib });
        assertEquals(bytes, records);
        assertEquals(errors.map(({ code, offset }) => [code, offset]), [
          ["trailing-bytes", file.length],
        ]);
      }
    }
  });

  Deno.test(`FtStreamDecoder, ${name} zlib: part of a record at the end of the data`, () => {
    const records = sampleRecords(V5, 2);
    const file = join([COMPRESSED, deflated(records.slice(0, -1))]);
    const { bytes, errors } = readChunks([file], { zlib });
    assertEquals(bytes, records.slice(0, V5.size));
    assertEquals(errors.map(({ code, got }) => [code, got]), [["truncated-record", 63]]);
  });

  Deno.test(`FtStreamDecoder, ${name} zlib: no zlib data where the header promises some`, () => {
    for (const body of [[0x1f, 0x8b, 8, 0], [0x78, 0x9d], [0x78, 0xbb, 0, 0, 0, 1, 3]]) {
      const { errors } = readChunks([join([COMPRESSED, Uint8Array.from(body)])], { zlib });
      assertEquals(errors.map(({ code }) => code), ["bad-zlib"]);
    }
    assertEquals(readChunks([COMPRESSED], { zlib }).errors.map(({ code }) => code), [
      "truncated-zlib",
    ]);
  });

  Deno.test(`FtStreamDecoder, ${name} zlib: a bomb takes one buffer at a time`, () => {
    const records = new Uint8Array(64 * 1_000_000);
    const bomb = join([COMPRESSED, deflated(records)]);
    const decoder = new FtStreamDecoder({ zlib, limits: { inflateBufferBytes: 8192 } });
    decoder.push(bomb);
    let total = 0;
    for (let block = decoder.readBlock(); block; block = decoder.readBlock()) {
      assertEquals(block.view.buffer.byteLength, 8192);
      total += block.count;
    }
    decoder.finish();
    decoder.close();
    assertEquals(total, 1_000_000);
    const { errors, counts } = readChunks([bomb], {
      zlib,
      limits: { inflatedBytesMax: 1_000_000 },
    });
    assertEquals(errors.map(({ code }) => code), ["inflated-too-large"]);
    assert(counts.reduce((sum, count) => sum + count, 0) < 25_000);
  });
}

Deno.test("FtStreamDecoder reports the same with either zlib, whatever the damage", () => {
  const records = sampleRecords(V5, 20);
  const file = writeFile(records, { version: 5, compressionLevel: 6, streaming: true });
  const position = fc.integer({ min: COMPRESSED.length, max: file.length - 1 });
  fc.assert(fc.property(position, fc.integer({ min: 1, max: 255 }), (at, flip) => {
    const damaged = file.slice();
    damaged[at] ^= flip;
    const [native, portable] = Object.values(PROVIDERS).map((zlib) =>
      readChunks([damaged], { zlib })
    );
    assertEquals(native.bytes, portable.bytes);
    assertEquals(native.errors.map(({ code }) => code), portable.errors.map(({ code }) => code));
  }));
});

Deno.test("FtStreamDecoder reports a bad header once, and ignores the rest", () => {
  const decoder = new FtStreamDecoder({ source: SOURCE });
  decoder.push(new Uint8Array([1, 2, 3]));
  assertEquals(decoder.error?.code, "bad-magic");
  assertThrows(() => decoder.readBlock(), FtFormatError);
  decoder.push(new Uint8Array(10_000));
  assertEquals(decoder.readBlock(), undefined);
  decoder.finish();
});

Deno.test("FtStreamDecoder refuses versions without a layout", () => {
  const header = (exportVersion: number, aggregation?: number, aggregationVersion?: number) =>
    encodeFtHeader({
      byteOrder: "big",
      exportVersion,
      aggregation,
      aggregationVersion,
      flags: 0,
      ifNames: [],
      ifAliases: [],
      unknown: [],
    });
  for (const bytes of [header(9), header(8), header(8, 15, 2), header(8, 1, 3), header(65_535)]) {
    const { errors, header } = readChunks([bytes]);
    assertEquals(errors.map(({ code }) => code), ["unknown-version"]);
    assert(header !== undefined);
  }
  assertEquals(readChunks([header(8, 1)]).errors, []);
});

Deno.test("FtStreamDecoder points into the chunks of plain files", () => {
  const file = writeFile(sampleRecords(V5, 4), { version: 5 });
  const decoder = new FtStreamDecoder();
  decoder.push(file);
  const block = decoder.readBlock();
  assertEquals(block?.view.buffer, file.buffer);
  assertEquals(block?.count, 4);
});

Deno.test("FtStreamDecoder refuses a chunk while blocks of the last are unread", () => {
  const file = writeFile(sampleRecords(V5, 4), { version: 5 });
  const decoder = new FtStreamDecoder();
  decoder.push(file);
  assertThrows(() => decoder.push(file), FlowToolsError, "unread");
  decoder.finish();
  assertEquals(decoder.readBlock()?.count, 4);
  assertThrows(() => decoder.push(file), FlowToolsError, "finish()");
});

Deno.test("FtStreamDecoder.restartAt() goes on at any record of a plain file", () => {
  const records = sampleRecords(V5, 4);
  const file = writeFile(records, { version: 5 });
  const decoder = new FtStreamDecoder();
  assertThrows(() => decoder.restartAt(0), FlowToolsError, "header is not read");
  decoder.push(file.slice(0, -10));
  assertEquals(decoder.readBlock()?.count, 3);
  assertThrows(() => decoder.finish(), FtFormatError);
  const offset = decoder.restartAt(2);
  assertEquals(offset, file.length - 2 * V5.size);
  decoder.push(file.subarray(offset));
  assertEquals(decoder.readBlock()?.count, 2);
  assertEquals(decoder.recordsRead, 4);
  decoder.finish();
});
