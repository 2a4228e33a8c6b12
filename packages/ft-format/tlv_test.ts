import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  decodeFtHeader,
  describeTlvs,
  encodeFtHeader,
  FT_TLVS,
  FtFormatError,
  type FtHeaderFields,
  type RawTlv,
} from "./mod.ts";
import { joinTlvs } from "./tlv.ts";
import { join } from "./testdata/support.ts";

const MINIMAL: FtHeaderFields = {
  byteOrder: "little",
  exportVersion: 5,
  flags: 0,
  ifNames: [],
  ifAliases: [],
  unknown: [],
};

/** A header of raw fields, behind the export version. */
function headerOf(tlvs: readonly RawTlv[], byteOrder: "little" | "big"): Uint8Array {
  return encodeFtHeader({ ...MINIMAL, byteOrder, unknown: tlvs });
}

function bytes(...parts: (number | string)[]): Uint8Array {
  return join(
    parts.map((part) => typeof part === "string" ? new TextEncoder().encode(part) : [part])
      .map((part) => Uint8Array.from(part)),
  );
}

Deno.test("FT_TLVS are in the order of their types, each once", () => {
  const types = FT_TLVS.map(({ type }) => type);
  assertEquals(types, [...new Set(types)].sort((a, b) => a - b));
});

Deno.test("decodeFtHeader() reads damaged interface names, little endian", () => {
  // 192.0.2.1 with the low half left, ifIndex 3
  const ifName = bytes(0x01, 0x02, 3, 0, "Gi0/1", 0, 0, 0);
  const ifAlias = bytes(0x01, 0x02, 2, 0, 3, 0, 4, 0, "uplink", 0, 0, 0);
  const header = decodeFtHeader(
    headerOf([{ type: 0x11, value: ifName }, { type: 0x12, value: ifAlias }], "little"),
  );
  assertEquals(header.ifNames, [{ address: 0x0201, ifIndex: 3, name: "Gi0/1", damaged: true }]);
  assertEquals(header.ifAliases, [
    { address: 0x0201, ifIndexes: [3, 4], name: "uplink", damaged: true },
  ]);
  assertEquals(header.tlvs.at(-2)?.value, ifName);
  assertEquals(header.tlvs.at(-1)?.value, ifAlias);
});

Deno.test("decodeFtHeader() reads damaged interface names, big endian", () => {
  const ifName = bytes(192, 0, 0, 3, "Gi0/1", 0, 0, 0);
  const ifAlias = bytes(192, 0, 0, 2, 0, 3, 0, 4, "uplink", 0, 0, 0);
  const header = decodeFtHeader(
    headerOf([{ type: 0x11, value: ifName }, { type: 0x12, value: ifAlias }], "big"),
  );
  assertEquals(header.ifNames, [{ address: 0xc0000000, ifIndex: 3, name: "Gi0/1", damaged: true }]);
  assertEquals(header.ifAliases, [
    { address: 0xc0000000, ifIndexes: [3, 4], name: "uplink", damaged: true },
  ]);
});

Deno.test("decodeFtHeader() reverses encodeFtHeader() for any interface names", () => {
  const name = fc.stringMatching(/^[ -~äß]{0,20}$/);
  const ifName = fc.record({
    address: fc.nat(0xffffffff),
    ifIndex: fc.nat(0xffff),
    name,
  });
  const ifAlias = fc.record({
    address: fc.nat(0xffffffff),
    ifIndexes: fc.array(fc.nat(0xffff), { maxLength: 5 }),
    name,
  });
  fc.assert(
    fc.property(
      fc.constantFrom("little" as const, "big" as const),
      fc.array(ifName, { maxLength: 4 }),
      fc.array(ifAlias, { maxLength: 4 }),
      (byteOrder, ifNames, ifAliases) => {
        const header = decodeFtHeader(
          encodeFtHeader({ ...MINIMAL, byteOrder, ifNames, ifAliases }),
        );
        assertEquals(header.ifNames, ifNames);
        assertEquals(header.ifAliases, ifAliases);
      },
    ),
  );
});

Deno.test("decodeFtHeader() keeps interface names that fit neither layout as unknown", () => {
  const tlv = { type: 0x11, value: bytes(1, 2, 3) };
  const header = decodeFtHeader(headerOf([tlv], "little"));
  assertEquals(header.ifNames, []);
  assertEquals(header.unknown, [tlv]);
});

Deno.test("encodeFtHeader() writes unknown fields again, after the known ones", () => {
  const tlv = { type: 0x7777, value: bytes("from the future") };
  const first = headerOf([tlv], "big");
  const header = decodeFtHeader(first);
  assertEquals(header.unknown, [tlv]);
  const again = encodeFtHeader({ ...header, comments: "x" });
  assertEquals(decodeFtHeader(again).tlvs.map(({ type }) => type), [2, 8, 0x10, 0x7777]);
  assertEquals(encodeFtHeader(header), first);
});

Deno.test("encodeFtHeader() keeps the bytes of texts that are no UTF-8", () => {
  const comments = { type: 0x10, value: Uint8Array.from([0x6b, 0xf8, 0x6c, 0]) };
  const ifName = { type: 0x11, value: Uint8Array.from([1, 2, 3, 4, 9, 0, 0xe9, 0]) };
  const first = headerOf([comments, ifName], "little");
  const header = decodeFtHeader(first);
  assertEquals(header.comments, "køl");
  assertEquals(header.ifNames[0].name, "é");
  assertEquals(encodeFtHeader(header, header.size), first);
});

Deno.test("encodeFtHeader() fills room that is left with zeros", () => {
  const header = decodeFtHeader(encodeFtHeader({ ...MINIMAL, comments: "a long comment" }));
  const again = encodeFtHeader({ ...header, comments: "short" }, header.size);
  assertEquals(again.length, header.size);
  assertEquals(decodeFtHeader(again).comments, "short");
});

Deno.test("encodeFtHeader() throws on values that do not fit", () => {
  assertThrows(() => encodeFtHeader({ ...MINIMAL, lost: 2 ** 32 }), RangeError, "lost");
  assertThrows(() => encodeFtHeader({ ...MINIMAL, vendor: 1.5 }), RangeError, "vendor");
  assertThrows(
    () => encodeFtHeader({ ...MINIMAL, comments: "x".repeat(65_535) }),
    RangeError,
    "65536 bytes",
  );
});

Deno.test("decodeFtHeader() throws on a field that overruns the header", () => {
  const header = headerOf([{ type: 0x10, value: bytes("abc", 0) }], "little");
  header[24] = 200;
  const error = assertThrows(() => decodeFtHeader(header, { source: "x.ft" }), FtFormatError);
  assertEquals(error.code, "bad-tlv-length");
  assertEquals([error.offset, error.expected, error.got], [22, 6, 200]);
});

Deno.test("decodeFtHeader() throws on a number that is too short", () => {
  const header = headerOf([{ type: 0x0b, value: bytes(1, 2) }], "little");
  const error = assertThrows(() => decodeFtHeader(header), FtFormatError, '"lost"');
  assertEquals([error.code, error.expected, error.got], ["bad-tlv-length", 4, 2]);
});

Deno.test("decodeFtHeader() survives any fields", () => {
  const tlv = fc.record({ type: fc.nat(0x15), value: fc.uint8Array({ maxLength: 30 }) });
  fc.assert(
    fc.property(
      fc.array(tlv),
      fc.constantFrom("little" as const, "big" as const),
      (tlvs, order) => {
        const fields = joinTlvs(tlvs, order === "little");
        const header = join([headerOf([], order), fields]);
        new DataView(header.buffer).setUint32(4, header.length, order === "little");
        try {
          const decoded = decodeFtHeader(header);
          assertEquals(describeTlvs(decoded.tlvs, order).length, decoded.tlvs.length);
          encodeFtHeader(decoded);
        } catch (error) {
          assert(error instanceof FtFormatError, String(error));
        }
      },
    ),
  );
});

Deno.test("describeTlvs() tells where each field is and what it says", () => {
  const header = decodeFtHeader(encodeFtHeader({
    ...MINIMAL,
    exporterAddress: 0xc0000201,
    comments: "hello",
    ifNames: [{ address: 0x0a000001, ifIndex: 3, name: "Gi0/1" }],
    unknown: [{ type: 99, value: bytes(1, 0xff) }],
  }));
  const lines = describeTlvs(header.tlvs, "little")
    .map(({ offset, name, value }) => [offset, name, value]);
  assertEquals(lines.slice(0, 6), [
    [8, "exportVersion", "5"],
    [14, "exporterAddress", "192.0.2.1"],
    [22, "flags", "0"],
    [30, "comments", "hello"],
    [40, "ifNames", "10.0.0.1 3 Gi0/1"],
    [56, "unknown", "01ff"],
  ]);
});
