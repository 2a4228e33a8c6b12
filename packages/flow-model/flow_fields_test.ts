import { assertEquals } from "@std/assert";
import { fieldIndex, FLOW_ATTRIBUTE_NAMES, FLOW_FIELDS } from "./mod.ts";

Deno.test("FLOW_FIELDS has the 33 fields of flow-tools with distinct names and xfield bits", () => {
  assertEquals(FLOW_FIELDS.length, 33);
  assertEquals(new Set(FLOW_FIELDS.map((field) => field.name)).size, 33);
  let mask = 0n;
  for (const { xfield } of FLOW_FIELDS) {
    assertEquals(xfield & (xfield - 1n), 0n, "one bit each");
    assertEquals(mask & xfield, 0n, "no bit twice");
    mask |= xfield;
  }
  // The two nibble gaps of flow-tools' masks (0x800, 0xc000) stay empty.
  assertEquals(mask, 0xfffff37ffn | 0xfff00000n | 0xf0000n);
});

Deno.test("FLOW_FIELDS rows agree with the published xfield masks of flow-tools", () => {
  const bit = (name: string) => FLOW_FIELDS[fieldIndex(name)].xfield;
  assertEquals(bit("unix_secs"), 1n);
  assertEquals(bit("last"), 0x100n);
  assertEquals(bit("srcaddr"), 0x1000n);
  assertEquals(bit("nexthop"), 0x10000n);
  assertEquals(bit("router_sc"), 0x80000000n);
  assertEquals(bit("marked_tos"), 0x200000000n);
  assertEquals(bit("dst_tag"), 0x800000000n);
});

Deno.test("FLOW_ATTRIBUTE_NAMES are the 33 fields and the 7 raw twins of pyflowtools", () => {
  const raw = FLOW_ATTRIBUTE_NAMES.filter((name) => name.endsWith("_raw"));
  assertEquals(raw.toSorted(), [
    "dstaddr_raw",
    "exaddr_raw",
    "first_raw",
    "last_raw",
    "nexthop_raw",
    "peer_nexthop_raw",
    "srcaddr_raw",
  ]);
  assertEquals(FLOW_ATTRIBUTE_NAMES.length, 40);
});
