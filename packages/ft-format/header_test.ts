import { assertEquals, assertThrows } from "@std/assert";
import { decodeFtHeader, encodeFtHeader, FT_FLAGS, FtFormatError, ftHeaderSize } from "./mod.ts";

const START = [0xcf, 0x10, 1, 3];

function faultOf(bytes: readonly number[], headerBytesMax?: number): FtFormatError {
  return assertThrows(
    () => decodeFtHeader(Uint8Array.from(bytes), { source: "x.ft", limits: { headerBytesMax } }),
    FtFormatError,
  );
}

Deno.test("decodeFtHeader() throws a reason for each kind of damage", () => {
  const cases: [string, number, number[]][] = [
    ["bad-magic", 0, [0xcf, 0x11, 1, 3]],
    ["bad-magic", 0, [0x1f, 0x8b]],
    ["bad-byte-order", 2, [0xcf, 0x10, 3, 3]],
    ["bad-stream-version", 3, [0xcf, 0x10, 1, 2]],
    ["bad-header-size", 4, [...START, 7, 0, 0, 0]],
    ["header-too-large", 4, [...START, 0xff, 0xff, 0xff, 0xff]],
    ["missing-version", 4, [...START, 8, 0, 0, 0]],
    ["short-header", 8, [...START, 24, 0, 0, 0]],
    ["short-header", 5, [...START, 24]],
    ["short-header", 4, [0xcf, 0x10, 2, 1]],
    ["empty", 0, []],
  ];
  for (const [code, offset, bytes] of cases) {
    const error = faultOf(bytes);
    assertEquals([error.code, error.offset], [code, offset], `${bytes}`);
    assertEquals(error.source, "x.ft");
  }
  assertEquals(
    faultOf([0xcf, 0x10, 3, 3]).message,
    'Cannot read flow file "x.ft": byte order is 3, expected 1 (little endian) or 2 (big endian)',
  );
});

Deno.test("decodeFtHeader() has a limit that can be changed", () => {
  assertEquals(faultOf([...START, 32, 0, 0, 0], 24).code, "header-too-large");
  assertEquals(ftHeaderSize(Uint8Array.from([...START, 32, 0, 0, 0])), 32);
});

Deno.test("encodeFtHeader() writes the bytes of flow-gen", () => {
  const header = encodeFtHeader({
    byteOrder: "little",
    exportVersion: 5,
    flags: FT_FLAGS.STREAMING,
    hostname: "flow-gen",
    comments: "flow-gen",
    ifNames: [],
    ifAliases: [],
    unknown: [],
  });
  const hex = Array.from(header, (byte) => byte.toString(16).padStart(2, "0")).join("");
  assertEquals(
    hex,
    "cf100103" + "30000000" + "020002000500" + "0800040008000000" +
      "0f000900666c6f772d67656e00" + "10000900666c6f772d67656e00",
  );
});

Deno.test("encodeFtHeader() writes the bytes of flow-cat -z5 -C hi for v8.7", () => {
  const header = encodeFtHeader({
    byteOrder: "little",
    exportVersion: 8,
    aggregation: 7,
    aggregationVersion: 2,
    flags: FT_FLAGS.STREAMING | FT_FLAGS.COMPRESS,
    comments: "hi",
    ifNames: [],
    ifAliases: [],
    unknown: [],
  });
  const hex = Array.from(header, (byte) => byte.toString(16).padStart(2, "0")).join("");
  assertEquals(
    hex,
    "cf100103" + "28000000" + "020002000800" + "0300010002" + "0400010007" + "080004000a000000" +
      "10000300686900" + "00",
  );
});
