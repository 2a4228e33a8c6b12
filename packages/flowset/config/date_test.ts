import { assertEquals } from "@std/assert";
import { parseDate } from "./date.ts";

/** A Tuesday, 22:13:20 UTC. */
const NOW = 1_700_000_000;
const HOUR = 3600;
const DAY = 86_400;

/** What `get_date` of flow-tools gives. */
const DATES: Readonly<Record<string, number | undefined>> = {
  "now": NOW,
  "2 hours ago": NOW - 2 * HOUR,
  "yesterday": NOW - DAY,
  "3 days 2 hours ago": NOW - 3 * DAY - 2 * HOUR,
  "1 fortnight": NOW + 14 * DAY,
  "next week": NOW + 14 * DAY,
  "11/14/2023 22:13:20 UTC": NOW,
  "2023-11-14 22:13:20 GMT": NOW,
  "14 Nov 2023 10:13:20 pm z": NOW,
  "Nov. 14, 2023 17:13:20 EST": NOW,
  "14-NOV-23 18:13:20 edt": NOW,
  "14 nov 2023 23:13:20 +0100": NOW,
  "20231114 22:13 u.t.": NOW - 20,
  "22:13 nov 14 gmt 2023": NOW - 20,
  "(remark) 14 nov 2023 22:13:20 gmt": NOW,
  "13/1/2023 gmt": undefined,
  "1/32/2023": undefined,
  "1/1/1969": undefined,
  "25:00": undefined,
  "12 -1 day": undefined,
  "1:00 2:00": undefined,
  "the other day": undefined,
  "20200138 tues": undefined,
};

Deno.test("parseDate() reads what the reference reads", () => {
  for (const [text, secs] of Object.entries(DATES)) assertEquals(parseDate(text, NOW), secs, text);
});

Deno.test("a date without a zone is local time", () => {
  const local = new Date(2023, 6, 1, 12, 30).getTime() / 1000;
  assertEquals(parseDate("7/1/2023 12:30", NOW), local);
  assertEquals(parseDate("1 jul 2023 12:30pm", NOW), local);
});

Deno.test("months keep the hour, days of the week count from today", () => {
  const today = new Date(NOW * 1000);
  const at = (month: number, day: number, hour: number, minute: number) =>
    new Date(today.getFullYear(), month, day, hour, minute).getTime() / 1000;
  assertEquals(parseDate("7/14/2023 9:00 1 month", NOW), at(7, 14, 9, 0));
  const monday = today.getDate() + (1 - today.getDay() + 7) % 7;
  assertEquals(parseDate("monday", NOW), at(today.getMonth(), monday, 0, 0));
  assertEquals(parseDate("last monday", NOW), at(today.getMonth(), monday - 7, 0, 0));
});
