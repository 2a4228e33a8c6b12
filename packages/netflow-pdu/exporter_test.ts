import { assertEquals } from "@std/assert";
import { parseIPv6 } from "@flowtools/flow-model";
import { formatExporter, parseExporter } from "./mod.ts";

Deno.test("parseExporter() takes numbers, text and bytes", () => {
  assertEquals(parseExporter(0xc0000201), 0xc0000201);
  assertEquals(parseExporter("192.0.2.1"), 0xc0000201);
  assertEquals(parseExporter(parseIPv6("::ffff:192.0.2.1")!), 0xc0000201);
  const inside = new Uint8Array(20).subarray(4);
  inside.set(parseIPv6("2001:db8::1")!);
  assertEquals(parseExporter(inside), parseIPv6("2001:db8::1"));
});

Deno.test("formatExporter() is the reverse of parseExporter()", () => {
  for (const text of ["192.0.2.1", "2001:db8::1", "255.255.255.255"]) {
    assertEquals(formatExporter(parseExporter(text)), text);
  }
});
