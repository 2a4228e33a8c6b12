/** The tables of structures against sizes that others publish. */
import { assertEquals, assertThrows } from "@std/assert";
import { COUNTER_STRUCTURE_BY_FORMAT } from "./counter_structures.ts";
import { FLOW_STRUCTURE_BY_FORMAT } from "./flow_structures.ts";
import { SAMPLE_STRUCTURE_BY_FORMAT } from "./sample_structures.ts";
import { byDataFormat, dataFormat, structure } from "./structure.ts";
import { xdr, xdrOffsets, xdrSize } from "./xdr.ts";

/** Octets that agents send, counted in captures and in the XDRSIZ constants of hsflowd's sflow.h. */
const COUNTER_SIZES: Readonly<Record<string, number>> = {
  "0:1": 88,
  "0:2": 52,
  "0:3": 72,
  "0:4": 80,
  "0:5": 28,
  "0:6": 80,
  "0:7": 56,
  "0:11": 20,
  "0:1001": 28,
  "0:1002": 12,
  "0:1004": 12,
  "0:2003": 68,
  "0:2004": 72,
  "0:2005": 52,
  "0:2006": 40,
  "0:2007": 76,
  "0:2008": 100,
  "0:2009": 60,
  "0:2010": 28,
  "0:2100": 28,
  "0:2101": 12,
  "0:2102": 16,
  "0:2103": 52,
  "0:2104": 40,
  "0:2106": 108,
  "0:2203": 40,
  "0:2207": 24,
  "4413:3": 144,
  "5703:1": 48,
};

const FLOW_SIZES: Readonly<Record<string, number>> = {
  "0:2": 24,
  "0:3": 32,
  "0:4": 56,
  "0:1001": 16,
  "0:1020": 8,
  "0:1021": 24,
  "0:1024": 32,
  "0:1026": 56,
  "0:1036": 4,
  "0:1039": 4,
  "0:1043": 8,
  "0:2100": 20,
  "0:2101": 44,
  "0:2103": 44,
  "0:2209": 48,
  "0:2210": 16,
};

function sizesOf(table: typeof FLOW_STRUCTURE_BY_FORMAT, keys: readonly string[]) {
  return Object.fromEntries(keys.map((key) => {
    const [enterprise, format] = key.split(":").map(Number);
    return [key, table.get(dataFormat(enterprise, format))?.size];
  }));
}

Deno.test("structures of counter samples have the sizes that agents send", () => {
  assertEquals(
    sizesOf(COUNTER_STRUCTURE_BY_FORMAT, Object.keys(COUNTER_SIZES)),
    COUNTER_SIZES,
  );
});

Deno.test("structures of flow samples have the sizes that agents send", () => {
  assertEquals(sizesOf(FLOW_STRUCTURE_BY_FORMAT, Object.keys(FLOW_SIZES)), FLOW_SIZES);
});

Deno.test("samples are of a fixed size before their records", () => {
  const sizes = [...SAMPLE_STRUCTURE_BY_FORMAT].map(([tag, { size }]) => [tag, size]);
  assertEquals(sizes, [[1, 28], [2, 8], [3, 40], [4, 12], [5, 28]]);
});

Deno.test("xdr() reads plain fields, lists and structures", () => {
  const pair = xdr("u32 a; mac b");
  assertEquals(xdrSize(pair), 12);
  const fields = xdr("u64 x y; pair p; pair[] q; u32 z", { pair });
  assertEquals(fields.map(({ name }) => name), ["x", "y", "p", "q", "z"]);
  assertEquals(xdrSize(fields), undefined, "a list has no size");
  assertEquals(xdrOffsets(fields), { x: 0, y: 8, p: 16, q: 28 }, "behind a list nothing is known");
});

Deno.test("tables that contradict themselves are refused", () => {
  assertThrows(() => xdr("u33 a"), RangeError, 'no type is "u33"');
  assertThrows(() => xdr("toString a"), RangeError, 'no type is "toString"');
  assertThrows(() => xdr("u32 a a"), RangeError, '"a" stands twice');
  const one = structure(1, "one", xdr("u32 a"));
  assertThrows(() => byDataFormat([one, one]), RangeError, "one is there");
});
