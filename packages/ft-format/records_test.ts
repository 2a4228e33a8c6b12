import { assertEquals } from "@std/assert";
import { findFtLayout, FT_LAYOUTS } from "./mod.ts";

Deno.test("FT_LAYOUTS have the sizes of the reference's structs", () => {
  const sizes = FT_LAYOUTS.map(({ schema, size }) => [schema.label, size]);
  assertEquals(Object.fromEntries(sizes.slice(0, 19)), {
    "v1": 60,
    "v5": 64,
    "v6": 72,
    "v7": 68,
    "v8.1": 48,
    "v8.2": 48,
    "v8.3": 48,
    "v8.4": 48,
    "v8.5": 56,
    "v8.6": 52,
    "v8.7": 56,
    "v8.8": 64,
    "v8.9": 48,
    "v8.10": 48,
    "v8.11": 48,
    "v8.12": 48,
    "v8.13": 60,
    "v8.14": 60,
    "v1005": 72,
  });
  assertEquals(sizes.slice(19), [["v1", 60], ["v5", 60]]);
});

Deno.test("FT_LAYOUTS align every field to its width", () => {
  for (const { title, rows } of FT_LAYOUTS) {
    for (const { name, offset, width } of rows) {
      assertEquals(offset % width, 0, `${title}: ${name}`);
    }
  }
});

Deno.test("findFtLayout() puts the exporter before the uptime in 8.3, 8.11 and 8.12 only", () => {
  const swapped = FT_LAYOUTS.filter(({ rows }) => rows[2].name === "exaddr");
  assertEquals(swapped.map(({ schema }) => schema.label), ["v8.3", "v8.11", "v8.12"]);
});

Deno.test("findFtLayout() ignores the method of versions that have none", () => {
  assertEquals(findFtLayout(5, 0), findFtLayout(5));
  assertEquals(findFtLayout(8), undefined);
  assertEquals(findFtLayout(8, 15), undefined);
  assertEquals(findFtLayout(7, undefined, 1), undefined);
});

Deno.test("FT_LAYOUTS have the field masks of the reference", () => {
  // FT_XFIELD_V*_MASK of ftlib.h
  const masks = {
    "v1": 0xff31efn,
    "v5": 0xfff37efn,
    "v6": 0x7fff37efn,
    "v7": 0x8fff37efn,
    "v8.1": 0xc0607ffn,
    "v8.2": 0x3807ffn,
    "v8.3": 0x50217ffn,
    "v8.4": 0xa0427ffn,
    "v8.5": 0xf0637ffn,
    "v8.6": 0x3804427efn,
    "v8.7": 0x3804637efn,
    "v8.8": 0x3807e37efn,
    "v8.9": 0xc4607ffn,
    "v8.10": 0x7807ffn,
    "v8.11": 0x54217ffn,
    "v8.12": 0xa4427ffn,
    "v8.13": 0xf4637ffn,
    "v8.14": 0x37e37ffn,
    "v1005": 0xc0fff37efn,
  };
  const actual = FT_LAYOUTS.slice(0, 19).map(({ schema }) => [schema.label, schema.xfields]);
  assertEquals(Object.fromEntries(actual), masks);
});
