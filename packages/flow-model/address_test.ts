import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { formatIPv4, formatIPv6, ipv6ToBigInt, parseIPv4, parseIPv6 } from "./address.ts";

Deno.test("parseIPv4() reverses formatIPv4()", () => {
  fc.assert(fc.property(fc.nat(0xffffffff), (address) => {
    assertEquals(parseIPv4(formatIPv4(address)), address);
  }));
  for (const bad of ["", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.x", " 1.2.3.4", "1.2.3.-4"]) {
    assertEquals(parseIPv4(bad), undefined, bad);
  }
});

Deno.test("parseIPv6() reverses formatIPv6()", () => {
  const sparse = fc.uint8Array({ minLength: 16, maxLength: 16 }).chain((bytes) =>
    fc.constantFrom(...[0, 2, 6, 10, 16].map((zeros) => Uint8Array.from(bytes).fill(0, 0, zeros)))
  );
  fc.assert(fc.property(sparse, (bytes) => {
    assertEquals(parseIPv6(formatIPv6(bytes)), Uint8Array.from(bytes));
  }));
});

Deno.test("formatIPv6() writes the canonical form of RFC 5952", () => {
  const cases = {
    "::": "::",
    "::1": "::1",
    "2001:db8:0:0:1:0:0:1": "2001:db8::1:0:0:1",
    "2001:0DB8:0:1:1:1:1:1": "2001:db8:0:1:1:1:1:1",
    "1:0:0:2:0:0:0:3": "1:0:0:2::3",
    "::ffff:192.0.2.1": "::ffff:192.0.2.1",
    "fe80::": "fe80::",
  };
  for (const [input, expected] of Object.entries(cases)) {
    assertEquals(formatIPv6(parseIPv6(input)!), expected);
  }
});

Deno.test("parseIPv6() refuses what is none", () => {
  for (const bad of ["", ":", ":::", "1::2::3", "1:2:3:4:5:6:7:8:9", "12345::", "::1.2.3", "g::"]) {
    assertEquals(parseIPv6(bad), undefined, bad);
  }
  assertEquals(parseIPv6("1:2:3:4:5:6:7::")?.length, 16);
});

Deno.test("ipv6ToBigInt() reads 16 octets in network order", () => {
  assertEquals(ipv6ToBigInt(parseIPv6("2001:db8::ff")!), 0x20010db80000000000000000000000ffn);
});
