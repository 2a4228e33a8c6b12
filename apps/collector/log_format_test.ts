import { assertEquals } from "@std/assert";
import { lineFormatter } from "./log_format.ts";
import type { LogEntry } from "./sampled_log.ts";

const IDENTITY = { program: "flow-capture", hostname: "host", pid: 7 };
const AT = Date.UTC(2023, 10, 4, 22, 13, 20, 5);
const INFO: LogEntry = {
  at: AT,
  level: "info",
  message: "listening",
  facts: { port: 9991, path: "a b", fast: true },
};
const WARN: LogEntry = { at: AT, level: "warn", reason: "bad", message: "a bad packet" };
/** A message with what packets and files may hold: line ends, colours, a quote. */
const HOSTILE: LogEntry = {
  at: AT,
  level: "warn",
  reason: "bad",
  message: 'x\n2023 fake\x1b[31m"',
  facts: { from: "y\u2028z\r", time: "mine", message: "mine" },
};

Deno.test("text lines have time, message and facts; trouble is marked", () => {
  const line = lineFormatter("text", IDENTITY);
  assertEquals(
    line(INFO),
    '2023-11-04T22:13:20.005Z listening port=9991 path="a b" fast=true',
  );
  assertEquals(line(WARN), "2023-11-04T22:13:20.005Z warning: a bad packet");
});

Deno.test("json lines are objects, and no fact hides what an entry is", () => {
  const line = lineFormatter("json", IDENTITY);
  assertEquals(JSON.parse(line(INFO)), {
    time: "2023-11-04T22:13:20.005Z",
    level: "info",
    message: "listening",
    port: 9991,
    path: "a b",
    fast: true,
  });
  assertEquals(JSON.parse(line(HOSTILE)), {
    time: "2023-11-04T22:13:20.005Z",
    level: "warn",
    reason: "bad",
    message: HOSTILE.message,
    from: "y\u2028z\r",
  });
});

Deno.test("journal lines have a priority, and neither time nor host", () => {
  const line = lineFormatter("journal", IDENTITY);
  assertEquals(line(INFO), '<6>listening port=9991 path="a b" fast=true');
  assertEquals(line(WARN), "<4>a bad packet");
});

Deno.test("a line stays a line, whatever it tells", () => {
  for (const format of ["text", "json", "journal"] as const) {
    const text = lineFormatter(format, IDENTITY)(HOSTILE);
    // deno-lint-ignore no-control-regex
    assertEquals(/[\x00-\x1f]/.test(text), false, text);
  }
  assertEquals(
    lineFormatter("journal", IDENTITY)(HOSTILE).startsWith('<4>x\\u000a2023 fake\\u001b[31m"'),
    true,
  );
});

Deno.test("STAT lines are as syslog writes them", () => {
  const entry: LogEntry = { at: AT, level: "info", message: "STAT: now=1 pkts=2" };
  const time = new Date(AT - new Date(AT).getTimezoneOffset() * 60_000).toISOString();
  const day = String(Number(time.slice(8, 10))).padStart(2);
  assertEquals(
    lineFormatter("text", IDENTITY)(entry),
    `Nov ${day} ${time.slice(11, 19)} host flow-capture[7]: STAT: now=1 pkts=2`,
  );
  assertEquals(lineFormatter("journal", IDENTITY)(entry), "<6>STAT: now=1 pkts=2");
});
