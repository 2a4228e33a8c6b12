import { assertEquals } from "@std/assert";
import { canConvert, lostFields } from "./mod.ts";
import { LAYOUTS_3 } from "./testdata/support.ts";

Deno.test("canConvert() is the matrix of the reference", () => {
  const classic = ["v1", "v5", "v6", "v7"];
  for (const { schema: from } of LAYOUTS_3) {
    for (const { schema: to } of LAYOUTS_3) {
      const expected = from.label === to.label ||
        (classic.includes(from.label) && (classic.includes(to.label) || to.label === "v1005")) ||
        (from.label === "v1005" && to.label === "v5");
      assertEquals(canConvert(from, to), expected, `${from.label} to ${to.label}`);
    }
  }
});

Deno.test("lostFields() names what a conversion drops", () => {
  const schema = (label: string) => LAYOUTS_3.find((l) => l.schema.label === label)!.schema;
  assertEquals(lostFields(schema("v6"), schema("v5")), ["in_encaps", "out_encaps", "peer_nexthop"]);
  assertEquals(lostFields(schema("v1005"), schema("v5")), ["src_tag", "dst_tag"]);
  assertEquals(lostFields(schema("v1"), schema("v7")), []);
});
