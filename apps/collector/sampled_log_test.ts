import { assertEquals } from "@std/assert";
import { type LogEntry, SampledLog } from "./sampled_log.ts";

/** A log whose clock stands still until told. */
function logAt(
  work: (log: SampledLog, lines: string[], clock: { now: number }) => void,
): void {
  const clock = { now: 1_700_000_000_000 };
  const lines: string[] = [];
  const realNow = Date.now;
  Date.now = () => clock.now;
  try {
    work(new SampledLog(({ message }) => lines.push(message)), lines, clock);
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

Deno.test("SampledLog begins a new interval when the clock was set back", () => {
  logAt((log, lines, clock) => {
    for (let i = 1; i <= 4; i++) log.warn("bad", `bad ${i}`);
    clock.now -= 86_400_000;
    log.warn("bad", "yesterday again");
    assertEquals(lines.slice(3), ['1 more of "bad" were not logged', "yesterday again"]);
  });
});

Deno.test("SampledLog tells at the end what it left out", () => {
  logAt((log, lines) => {
    for (let i = 1; i <= 5; i++) log.warn("bad", `bad ${i}`);
    log.end();
    log.end();
    assertEquals(lines.slice(3), ['2 more of "bad" were not logged']);
  });
});

Deno.test("SampledLog remembers a thousand reasons, and tells what it forgets", () => {
  logAt((log, lines) => {
    for (let i = 1; i <= 5; i++) log.warn("first", `first ${i}`);
    for (let i = 0; i < 1000; i++) log.warn(`reason ${i}`, "made up");
    assertEquals(lines.filter((line) => line.includes('"first"')), [
      '2 more of "first" were not logged',
    ]);
    log.warn("first", "first again");
    assertEquals(lines.at(-1), "first again");
  });
});

Deno.test("SampledLog passes level, reason, time and facts on", () => {
  const entries: LogEntry[] = [];
  const log = new SampledLog((entry) => entries.push(entry));
  log.info("started", { port: 9991 });
  log.warn("bad", "a bad packet", { from: "192.0.2.1" });
  assertEquals(entries.map(({ at: _, ...rest }) => rest), [
    { level: "info", message: "started", facts: { port: 9991 } },
    { level: "warn", reason: "bad", message: "a bad packet", facts: { from: "192.0.2.1" } },
  ]);
});
