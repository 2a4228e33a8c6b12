import { assertEquals, assertThrows } from "@std/assert";
import { captureDirectory, captureFileName, type Nesting } from "./mod.ts";

const TIME = new Date("2023-12-31T23:59:58Z");

Deno.test("captureFileName() writes local time and its offset", () => {
  const name = (utcOffsetMinutes: number) =>
    captureFileName({ version: 1005, time: TIME, utcOffsetMinutes, done: true });
  assertEquals(name(0), "ft-v1005.2023-12-31.235958+0000");
  assertEquals(name(330), "ft-v1005.2024-01-01.052958+0530");
  assertEquals(name(-570), "ft-v1005.2023-12-31.142958-0930");
});

Deno.test("captureFileName() names the method of version 8", () => {
  const file = { version: 8, aggregation: 3, time: TIME, utcOffsetMinutes: 0, done: false };
  assertEquals(captureFileName(file), "tmp-v08m03.2023-12-31.235958+0000");
});

Deno.test("captureDirectory() nests as flow-capture -N does", () => {
  const expected: Record<Nesting, string> = {
    [-3]: "2023/2023-12/2023-12-31",
    [-2]: "2023-12/2023-12-31",
    [-1]: "2023-12-31",
    0: "",
    1: "2023",
    2: "2023/2023-12",
    3: "2023/2023-12/2023-12-31",
  };
  for (const nesting of [-3, -2, -1, 0, 1, 2, 3] as const) {
    assertEquals(captureDirectory(nesting, TIME, 0), expected[nesting]);
  }
  assertThrows(() => captureDirectory(4 as Nesting, TIME, 0), RangeError, "nesting is 4");
});
