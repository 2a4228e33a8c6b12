import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { RateMeter } from "./rate_meter.ts";

Deno.test("RateMeter tells a steady rate from the first look on", () => {
  const meter = new RateMeter();
  assertEquals(meter.rate, 0);
  for (let second = 1; second <= 100; second++) {
    meter.update(second * 50, 1);
    assertAlmostEquals(meter.rate, 50, 1e-9);
  }
});

Deno.test("RateMeter forgets: after 30 s of silence a twentieth is left", () => {
  const meter = new RateMeter();
  for (let second = 1; second <= 60; second++) meter.update(second * 100, 1);
  for (let second = 1; second <= 30; second++) meter.update(6000, 1);
  assert(meter.rate > 4 && meter.rate < 6, String(meter.rate));
});

Deno.test("RateMeter does not care how often it looks", () => {
  const [often, seldom] = [new RateMeter(), new RateMeter()];
  for (let tick = 1; tick <= 40; tick++) often.update(tick, 0.25);
  seldom.update(40, 10);
  assertAlmostEquals(often.rate, seldom.rate, 1e-9);
  often.update(99, 0);
  assertAlmostEquals(often.rate, 4, 1e-9);
});
