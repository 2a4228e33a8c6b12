import { assertEquals, assertThrows } from "@std/assert";
import { compileRecordLayout, compileTable } from "./layout.ts";

const INIT = { title: "test record", size: 8, version: 99 };

Deno.test("compileTable() derives offsets from widths", () => {
  const { rows } = compileTable("t", 7, [
    { name: "a", width: 4 },
    { name: "b", width: 1 },
    { name: "c", width: 2 },
  ]);
  assertEquals(rows.map((row) => row.offset), [0, 4, 5]);
});

Deno.test("compileRecordLayout() refuses tables that contradict themselves", () => {
  assertThrows(
    () => compileRecordLayout(INIT, [{ name: "srcaddr", width: 4 }]),
    RangeError,
    "rows take 4 bytes, expected 8",
  );
  assertThrows(
    () => compileRecordLayout(INIT, [{ name: "srcaddr", width: 4 }, { name: "srcaddr", width: 4 }]),
    RangeError,
    "stands twice",
  );
  assertThrows(
    () => compileRecordLayout(INIT, [{ name: "colour", width: 8 }]),
    RangeError,
    'no flow field is named "colour"',
  );
  assertThrows(
    () => compileRecordLayout({ ...INIT, size: 2 }, [{ name: "prot", width: 2 }]),
    RangeError,
    "its column holds 1",
  );
});

Deno.test("compileRecordLayout() joins shared and own fields in the schema", () => {
  const { schema } = compileRecordLayout({ ...INIT, size: 4, shared: ["unix_secs", "exaddr"] }, [
    { name: "srcport", width: 2 },
    { name: "pad", width: 2, reserved: true },
  ]);
  assertEquals(schema.fields, ["unix_secs", "exaddr", "srcport"]);
  assertEquals(schema.xfields, 0x80009n);
});
