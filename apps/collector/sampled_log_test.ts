import { assertEquals } from "@std/assert";
import { SampledLog } from "./sampled_log.ts";

/** A log whose clock stands still until told. */
function logAt(
  work: (log: SampledLog, lines: string[], clock: { now: number }) => void,
): void {
  const clock = { now: 1_700_000_000_000 };
  const lines: string[] = [];
  const realNow = Date.now;
  Date.now = () => clock.now;
  try {
    work(new SampledLog((line) => lines.push(line)), lines, clock);
  } finally {
    Date.now = realNow;
  }
}

Deno.test("SampledLog writes three lines of a reason in thirty seconds", () => {
  logAt((log, lines, clock) => {
    for (let i = 1; i <= 10; i++) {
      log.warn("bad", `bad ${i}`);
      clock.now += 1000;
    }
    assertEquals(lines, ["bad 1", "bad 2", "bad 3"]);
  });
});

Deno.test("SampledLog counts what it left out, and tells it with the next interval", () => {
  logAt((log, lines, clock) => {
    for (let i = 1; i <= 10; i++) log.warn("bad", `bad ${i}`);
    clock.now += 29_999;
    log.warn("bad", "still the same interval");
    assertEquals(lines.length, 3);
    clock.now += 1;
    log.warn("bad", "a new interval");
    assertEquals(lines.slice(3), ['8 more of "bad" were not logged', "a new interval"]);
    clock.now += 30_000;
    log.warn("bad", "nothing was left out");
    assertEquals(lines.slice(5), ["nothing was left out"]);
  });
});

Deno.test("SampledLog has an interval for each reason", () => {
  logAt((log, lines) => {
    for (let i = 1; i <= 5; i++) log.warn("one", `one ${i}`);
    for (let i = 1; i <= 2; i++) log.warn("two", `two ${i}`);
    assertEquals(lines, ["one 1", "one 2", "one 3", "two 1", "two 2"]);
  });
});
