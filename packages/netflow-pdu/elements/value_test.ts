import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ELEMENT_TYPE_NAMES, type ElementType } from "./element.ts";
import { type ElementValue, readElementValue } from "./value.ts";
import { elementOctets, writeElementValue } from "./write_value.ts";

/** Octets of hexadecimal text. */
function octetsOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/[0-9a-f]{2}/gi) ?? [], (pair) => parseInt(pair, 16));
}

/** Reads the octets where other octets stand before and behind them. */
function read(type: ElementType, octets: Uint8Array | string): ElementValue {
  const bytes = typeof octets === "string" ? octetsOf(octets) : octets;
  const buffer = new Uint8Array(bytes.length + 7).fill(0xa5);
  buffer.set(bytes, 5);
  // The view does not start with its buffer.
  return readElementValue(type, new DataView(buffer.buffer, 2), 3, bytes.length);
}

/** Writes a value among other octets, which must stay as they are. */
function write(type: ElementType, value: ElementValue, length: number): [boolean, string] {
  const buffer = new Uint8Array(length + 7).fill(0xa5);
  const fits = writeElementValue(type, value, new DataView(buffer.buffer, 2), 3, length);
  assertEquals([...buffer.subarray(0, 5), ...buffer.subarray(5 + length)], Array(7).fill(0xa5));
  return [fits, buffer.subarray(5, 5 + length).toHex()];
}

Deno.test("the record of RFC 7011, appendix A.3, reads as it says", () => {
  const octets = octetsOf("c000020cc00002fec00002010000139100518c81");
  const view = new DataView(octets.buffer);
  assertEquals(readElementValue("ipv4Address", view, 0, 4), "192.0.2.12");
  assertEquals(readElementValue("ipv4Address", view, 4, 4), "192.0.2.254");
  assertEquals(readElementValue("ipv4Address", view, 8, 4), "192.0.2.1");
  assertEquals(readElementValue("unsigned64", view, 12, 4), 5009);
  assertEquals(readElementValue("unsigned64", view, 16, 4), 5_344_385);
});

Deno.test("unsigned integers of every reduced size are exact", () => {
  assertEquals(read("unsigned64", ""), 0);
  assertEquals(read("unsigned64", "ff"), 255);
  assertEquals(read("unsigned64", "0102"), 258);
  assertEquals(read("unsigned32", "010203"), 66_051);
  assertEquals(read("unsigned32", "ffffffff"), 4_294_967_295);
  assertEquals(read("unsigned64", "0102030405"), 4_328_719_365);
  assertEquals(read("unsigned64", "010203040506"), 1_108_152_157_446);
  assertEquals(read("unsigned64", "1fffffffffffff"), Number.MAX_SAFE_INTEGER);
  assertEquals(read("unsigned64", "20000000000000"), 9_007_199_254_740_992n);
  assertEquals(read("unsigned64", "001fffffffffffff"), Number.MAX_SAFE_INTEGER);
  assertEquals(read("unsigned64", "0020000000000001"), 9_007_199_254_740_993n);
  assertEquals(read("unsigned64", "ffffffffffffffff"), 18_446_744_073_709_551_615n);
  // Exporters send wider fields than the type has.
  assertEquals(read("unsigned8", "00000102"), 258);
  assertEquals(read("unsigned64", "00".repeat(9)), new Uint8Array(9));
});

Deno.test("signed integers of every reduced size are exact", () => {
  assertEquals(read("signed32", ""), 0);
  assertEquals(read("signed8", "ff"), -1);
  assertEquals(read("signed8", "80"), -128);
  assertEquals(read("signed64", "7fff"), 32_767);
  assertEquals(read("signed64", "800000"), -8_388_608);
  assertEquals(read("signed32", "fffffffe"), -2);
  assertEquals(read("signed64", "8000000000"), -549_755_813_888);
  assertEquals(read("signed64", "ffffffffffff"), -1);
  assertEquals(read("signed64", "e0000000000001"), -Number.MAX_SAFE_INTEGER);
  assertEquals(read("signed64", "e0000000000000"), -9_007_199_254_740_992n);
  assertEquals(read("signed64", "ffffffffffffffff"), -1);
  assertEquals(read("signed64", "8000000000000000"), -9_223_372_036_854_775_808n);
});

Deno.test("unsigned256 reads up to 32 octets", () => {
  assertEquals(read("unsigned256", "0a"), 10);
  assertEquals(read("unsigned256", "00".repeat(31) + "07"), 7);
  assertEquals(read("unsigned256", "80" + "00".repeat(31)), 2n ** 255n);
  assertEquals(read("unsigned256", "00".repeat(33)), new Uint8Array(33));
});

Deno.test("floats take 4 or 8 octets, booleans are 1 and 2", () => {
  assertEquals(read("float64", "400921fb54442d18"), Math.PI);
  assertEquals(read("float64", "3fc00000"), 1.5);
  assertEquals(read("float32", "c2f6e979"), Math.fround(-123.456));
  assertEquals(read("float32", "7fc00000"), NaN);
  assertEquals(read("float64", "3fc0"), octetsOf("3fc0"));
  assertEquals(read("boolean", "01"), true);
  assertEquals(read("boolean", "02"), false);
  assertEquals(read("boolean", "00"), 0);
  assertEquals(read("boolean", "00000002"), false);
  assertEquals(read("boolean", ""), new Uint8Array());
});

Deno.test("addresses are text; what has another length is octets", () => {
  assertEquals(read("macAddress", "00005e00530f"), "00:00:5e:00:53:0f");
  assertEquals(read("macAddress", "00005e0053"), octetsOf("00005e0053"));
  assertEquals(read("ipv4Address", "c6336401"), "198.51.100.1");
  assertEquals(read("ipv4Address", "c63364"), octetsOf("c63364"));
  assertEquals(read("ipv6Address", "20010db8" + "00".repeat(11) + "01"), "2001:db8::1");
  assertEquals(read("ipv6Address", "c6336401"), octetsOf("c6336401"));
});

Deno.test("text is UTF-8 without NULs at its end", () => {
  assertEquals(read("string", "657468300000"), "eth0");
  assertEquals(read("string", "4bc3b66c6e"), "Köln");
  assertEquals(read("string", "61006200"), "a\0b");
  assertEquals(read("string", "61ff62"), "a\ufffdb");
  assertEquals(read("string", "efbbbf61"), "\ufeffa");
  assertEquals(read("string", "0000"), "");
  assertEquals(read("string", ""), "");
});

Deno.test("octets are a copy, lists are octets", () => {
  const octets = octetsOf("00010203");
  const value = readElementValue("octetArray", new DataView(octets.buffer), 1, 2);
  octets.fill(9);
  assertEquals(value, octetsOf("0102"));
  for (const type of ["basicList", "subTemplateList", "subTemplateMultiList"] as const) {
    assertEquals(read(type, "ff0001"), octetsOf("ff0001"));
  }
});

Deno.test("seconds and milliseconds are numbers of any reduced size", () => {
  assertEquals(read("dateTimeSeconds", "4b3d3b00"), Date.UTC(2010, 0, 1) / 1000);
  assertEquals(read("dateTimeMilliseconds", "0000012599fcf9e8"), 1_261_008_910_824);
  assertEquals(read("dateTimeMilliseconds", "4b3d3b00"), Date.UTC(2010, 0, 1) / 1000);
  assertEquals(read("dateTimeSeconds", ""), new Uint8Array());
  assertEquals(read("dateTimeSeconds", "00".repeat(9)), new Uint8Array(9));
});

/** NTP seconds of RFC 5905, figure 4, and the days that they are. */
const RFC5905_DAYS: readonly (readonly [seconds: string, day: number])[] = [
  ["83aa7e80", Date.UTC(1970, 0, 1)], // 2,208,988,800
  ["876ce580", Date.UTC(1972, 0, 1)], // 2,272,060,800
  ["bc167080", Date.UTC(1999, 11, 31)], // 3,155,587,200
  ["0000f680", Date.UTC(2036, 1, 8)], // 63,104 in era 1
];

Deno.test("NTP seconds are the days that RFC 5905 says", () => {
  for (const [seconds, day] of RFC5905_DAYS) {
    assertEquals(read("dateTimeMicroseconds", seconds + "00000000"), day * 1000);
    assertEquals(read("dateTimeNanoseconds", seconds + "00000000"), BigInt(day) * 1_000_000n);
  }
});

Deno.test("NTP times are exact where eras meet", () => {
  const eraEnd = Date.UTC(2036, 1, 7, 6, 28, 16);
  assertEquals(read("dateTimeMicroseconds", "ffffffff00000000"), (eraEnd - 1000) * 1000);
  assertEquals(read("dateTimeMicroseconds", "0000000100000000"), (eraEnd + 1000) * 1000);
  assertEquals(read("dateTimeMicroseconds", "0000000000000800"), eraEnd * 1000);
  // No time, as the other types have it.
  assertEquals(read("dateTimeMicroseconds", "0000000000000000"), 0);
  assertEquals(read("dateTimeNanoseconds", "0000000000000000"), 0n);
  assertEquals(read("dateTimeNanoseconds", "0000000100000000"), BigInt(eraEnd + 1000) * 1_000_000n);
  // The first and the last second that can be told.
  assertEquals(
    read("dateTimeMicroseconds", "8000000000000000"),
    Date.UTC(1968, 0, 20, 3, 14, 8) * 1000,
  );
  const last = Date.UTC(2104, 1, 26, 9, 42, 23);
  assertEquals(read("dateTimeMicroseconds", "7fffffff00000000"), last * 1000);
  assertEquals(write("dateTimeMicroseconds", last * 1000, 8), [true, "7fffffff00000000"]);
  assertEquals(write("dateTimeMicroseconds", (last + 1000) * 1000, 8), [false, "00".repeat(8)]);
  assertEquals(
    write("dateTimeNanoseconds", BigInt(Date.UTC(1968, 0, 20, 3, 14, 8)) * 1_000_000n - 1n, 8),
    [false, "00".repeat(8)],
  );
  assertEquals(write("dateTimeMicroseconds", eraEnd * 1000 - 1, 8)[0], true);
});

Deno.test("NTP fractions are rounded to the nearest unit", () => {
  const second = "83aa7e81"; // 1970-01-01 00:00:01
  // A half, and the microseconds 1 and 999,999 as exporters write them, rounded down.
  assertEquals(read("dateTimeMicroseconds", second + "80000000"), 1_500_000);
  assertEquals(read("dateTimeMicroseconds", second + "000010c6"), 1_000_001);
  assertEquals(read("dateTimeMicroseconds", second + "ffffef39"), 1_999_999);
  // The lowest 11 bits do not count (RFC 7011, section 6.1.9); what is left may round up.
  assertEquals(read("dateTimeMicroseconds", second + "000007ff"), 1_000_000);
  assertEquals(read("dateTimeMicroseconds", second + "ffffffff"), 2_000_000);
  assertEquals(read("dateTimeNanoseconds", second + "80000000"), 1_500_000_000n);
  assertEquals(read("dateTimeNanoseconds", second + "00000001"), 1_000_000_000n);
  assertEquals(read("dateTimeNanoseconds", second + "00000003"), 1_000_000_001n);
  assertEquals(read("dateTimeNanoseconds", second + "fffffffc"), 1_999_999_999n);
  assertEquals(read("dateTimeNanoseconds", second + "ffffffff"), 2_000_000_000n);
  assertEquals(read("dateTimeNanoseconds", second + "8000"), octetsOf(second + "8000"));
  assertEquals(read("dateTimeMicroseconds", second), octetsOf(second));
});

Deno.test("reading past the end of the view throws", () => {
  const view = new DataView(new ArrayBuffer(4));
  for (const type of ELEMENT_TYPE_NAMES) {
    assertThrows(() => readElementValue(type, view, 2, 8), RangeError);
    assertThrows(() => writeElementValue(type, 1, view, 2, 8), RangeError);
  }
});

Deno.test("writeElementValue() writes what a value says, in reduced size, too", () => {
  assertEquals(write("unsigned64", 5009, 4), [true, "00001391"]);
  assertEquals(write("unsigned64", 2n ** 64n - 1n, 8), [true, "ff".repeat(8)]);
  assertEquals(write("unsigned64", 0, 0), [true, ""]);
  assertEquals(write("unsigned256", 2n ** 255n, 32), [true, "80" + "00".repeat(31)]);
  assertEquals(write("signed64", -1, 3), [true, "ffffff"]);
  assertEquals(write("signed64", -(2n ** 63n), 8), [true, "8000000000000000"]);
  assertEquals(write("float64", 1.5, 4), [true, "3fc00000"]);
  assertEquals(write("boolean", true, 1), [true, "01"]);
  assertEquals(write("boolean", false, 1), [true, "02"]);
  assertEquals(write("macAddress", "00:00:5E:00:53:0f", 6), [true, "00005e00530f"]);
  assertEquals(write("ipv4Address", "198.51.100.1", 4), [true, "c6336401"]);
  assertEquals(write("ipv6Address", "2001:db8::1", 16), [
    true,
    "20010db8" + "00".repeat(11) + "01",
  ]);
  assertEquals(write("string", "eth0", 6), [true, "657468300000"]);
  assertEquals(write("string", "Köln", 5), [true, "4bc3b66c6e"]);
  assertEquals(write("dateTimeMicroseconds", 1_500_000, 8), [true, "83aa7e8180000000"]);
  assertEquals(write("dateTimeNanoseconds", 1_500_000_000n, 8), [true, "83aa7e8180000000"]);
  assertEquals(write("octetArray", octetsOf("0102"), 2), [true, "0102"]);
  assertEquals(write("unsigned32", octetsOf("0102"), 2), [true, "0102"]);
});

Deno.test("writeElementValue() says what does not fit, and leaves no other octets behind", () => {
  const misfits: [ElementType, ElementValue, number, string?][] = [
    ["unsigned64", 65_536, 2],
    ["unsigned64", 2n ** 32n, 4],
    ["unsigned64", -1, 8],
    ["unsigned64", 1.5, 4],
    ["unsigned64", 2 ** 53, 8], // perhaps another integer once
    ["unsigned64", 1, 0],
    ["unsigned64", 1, 9],
    ["unsigned64", "1", 8],
    ["unsigned256", 1, 33],
    ["signed64", 128, 1],
    ["signed64", -129, 1],
    ["signed64", 2n ** 63n, 8],
    ["float32", 1e39, 4],
    ["float64", 1, 2],
    ["boolean", true, 0],
    ["boolean", "true", 1],
    ["macAddress", "00:00:5e:00:53", 6],
    ["macAddress", "00:00:5e:00:53:0g", 6],
    ["macAddress", "00:00:5e:00:53:0f", 8],
    ["ipv4Address", "2001:db8::1", 4],
    ["ipv4Address", "192.0.2.1", 16],
    ["ipv6Address", "192.0.2.1", 16],
    ["ipv6Address", "::1", 4],
    ["dateTimeMicroseconds", 0.5, 8],
    ["dateTimeMicroseconds", 0, 4],
    ["dateTimeNanoseconds", "0", 8],
    ["dateTimeSeconds", 0, 0],
    ["octetArray", octetsOf("0102"), 3],
    ["octetArray", 1, 1],
    ["basicList", "x", 1],
    // Text is cut between characters; what is no text in Unicode is replaced.
    ["string", "Köln", 2, "4b00"],
    ["string", "Köln", 3, "4bc3b6"],
    ["string", "\ud800", 3, "efbfbd"],
    ["string", "a\0", 2, "6100"],
    ["string", 1, 1],
  ];
  for (const [type, value, length, left] of misfits) {
    const what = `${type} ${String(value)} in ${length}`;
    assertEquals(write(type, value, length), [false, left ?? "00".repeat(length)], what);
  }
});

Deno.test("elementOctets() is what a value takes", () => {
  assertEquals(elementOctets("string", "Köln"), 5);
  assertEquals(elementOctets("octetArray", new Uint8Array(300)), 300);
  assertEquals(elementOctets("unsigned16", 1), 2);
  assertEquals(elementOctets("dateTimeNanoseconds", 1n), 8);
  assertEquals(elementOctets("unsigned256", 1), 32);
  assertEquals(elementOctets("ipv4Address", octetsOf("c63364")), 3);
  assertEquals(elementOctets("basicList", "x"), 0);
});

/** Whether writing a value gives it back on reading. */
function comesBack(type: ElementType, value: ElementValue, length: number): void {
  const view = new DataView(new ArrayBuffer(length));
  assert(writeElementValue(type, value, view, 0, length), `${type} ${value} in ${length}`);
  assertEquals(readElementValue(type, view, 0, length), value);
}

Deno.test("a written value comes back on reading", () => {
  const sizes = fc.integer({ min: 1, max: 8 });
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), sizes, (bits, size) => {
    const value = BigInt.asUintN(8 * size, bits);
    const unsigned = value < 2n ** 53n ? Number(value) : value;
    comesBack("unsigned64", unsigned, size);
    comesBack("dateTimeMilliseconds", unsigned, size);
    const signed = BigInt.asIntN(8 * size, bits);
    comesBack("signed64", Number.isSafeInteger(Number(signed)) ? Number(signed) : signed, size);
  }));
  fc.assert(fc.property(fc.double(), (value) => {
    if (!Object.is(value, NaN)) comesBack("float64", value, 8);
    comesBack("float32", Math.fround(value), 4);
  }));
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.nat(9), (text, spare) => {
    if (!text.endsWith("\0")) {
      comesBack("string", text, elementOctets("string", text) + spare);
    }
  }));
  const first = Date.UTC(1968, 0, 20, 3, 14, 8) * 1000;
  const last = Date.UTC(2104, 1, 26, 9, 42, 24) * 1000 - 1;
  fc.assert(
    fc.property(fc.integer({ min: first, max: last }), (microseconds) => {
      comesBack("dateTimeMicroseconds", microseconds, 8);
    }),
    { numRuns: 1000 },
  );
  const nanoseconds = { min: BigInt(first) * 1000n, max: BigInt(last) * 1000n + 999n };
  fc.assert(
    fc.property(fc.bigInt(nanoseconds), (value) => {
      comesBack("dateTimeNanoseconds", value, 8);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("octets that were read as any type come back on writing, or are the same again", () => {
  const octets = fc.uint8Array({ maxLength: 40 });
  fc.assert(
    fc.property(fc.constantFrom(...ELEMENT_TYPE_NAMES), octets, (type, bytes) => {
      const value = read(type, bytes);
      const { length } = bytes;
      const written = new Uint8Array(length);
      const fits = writeElementValue(type, value, new DataView(written.buffer), 0, length);
      // Text may have had octets that are no UTF-8; those take more room as U+FFFD.
      if (type === "string" && String(value).includes("\ufffd")) return;
      assert(fits, `${type} ${value}`);
      assertEquals(read(type, written), value);
    }),
    { numRuns: 5000 },
  );
});
