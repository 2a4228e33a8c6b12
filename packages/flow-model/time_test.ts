import { assertEquals } from "@std/assert";
import { flowDurationMs, uptimeToUnixMs } from "./time.ts";

const WRAP = 2 ** 32;

Deno.test("uptimeToUnixMs() places a stamp before the header", () => {
  assertEquals(uptimeToUnixMs(1_700_000_000, 797_975_992, 5_000_000, 2_208_752), 1699997209549);
});

Deno.test("uptimeToUnixMs() places a flow that began before the uptime wrapped", () => {
  assertEquals(uptimeToUnixMs(1_700_000_000, 0, 1_000, WRAP - 9_000), 1_699_999_990_000);
});

Deno.test("uptimeToUnixMs() keeps a stamp slightly ahead of the header in the future", () => {
  assertEquals(uptimeToUnixMs(1_700_000_000, 0, 10_000, 10_250), 1_700_000_000_250);
});

Deno.test("uptimeToUnixMs() is exact where 32 bits would overflow", () => {
  assertEquals(uptimeToUnixMs(0xffffffff, 999_999_999, WRAP - 1, 0), 4294967295999 - (WRAP - 1));
});

Deno.test("uptimeToUnixMs() adds the stamp to the time of boot when sysUpTime is 0", () => {
  assertEquals(uptimeToUnixMs(800_000_000, 0, 0, 3_000_000_000), 803_000_000_000);
});

Deno.test("flowDurationMs() is right across the wrap and honest about disorder", () => {
  assertEquals(flowDurationMs(10, 30), 20);
  assertEquals(flowDurationMs(WRAP - 10, 30), 40);
  assertEquals(flowDurationMs(30, 10), -20);
});
