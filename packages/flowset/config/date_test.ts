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

/** A Wednesday, in local time. */
const WEDNESDAY = new Date(2023, 10, 15, 14, 30, 45);

const local = (...parts: [number, number, number, number?, number?, number?]) =>
  new Date(...parts).getTime() / 1000;

const LOCAL_DATES: Readonly<Record<string, number | undefined>> = {
  "2023-11-14 22:13:20": local(2023, 10, 14, 22, 13, 20),
  "2023-11-14 22:13:20 UTC": 1_700_000_000,
  "22:13:20 +0100 2023-11-14": 1_700_000_000 - 3600,
  "11/14/2023 10:13:20 pm gmt": 1_700_000_000,
  "3/31/92 10:00:07 PST": Date.UTC(1992, 2, 31, 18, 0, 7) / 1000,
  "3/31/92 10:00:07 pdt": Date.UTC(1992, 2, 31, 17, 0, 7) / 1000,
  "3/31/92 10:00:07 pst dst": Date.UTC(1992, 2, 31, 17, 0, 7) / 1000,
  "20231114 2213": local(2023, 10, 14, 22, 13),
  "14-NOV-2023": local(2023, 10, 14),
  "14 nov. 2023 6 a.m.": local(2023, 10, 14, 6),
  "November 14, 2023 12 am": local(2023, 10, 14),
  "nov 14 10:00 2022": local(2022, 10, 14, 10),
  "12 pm": local(2023, 10, 15, 12),
  "6/1": local(2023, 5, 1),
  "1/2/70": local(1970, 0, 2),
  "1/2/05": local(2005, 0, 2),
  "now": WEDNESDAY.getTime() / 1000,
  "": local(2023, 10, 15),
  "2 hours ago": WEDNESDAY.getTime() / 1000 - 7200,
  "1 hour 30 minutes ago": WEDNESDAY.getTime() / 1000 - 5400,
  "yesterday": local(2023, 10, 14, 14, 30, 45),
  "yesterday 0:00": local(2023, 10, 14),
  "last week": local(2023, 10, 8, 14, 30, 45),
  "next week": local(2023, 10, 29, 14, 30, 45),
  "3 months ago": local(2023, 7, 15, 14, 30, 45),
  "-1 year": local(2022, 10, 15, 14, 30, 45),
  "wednesday": local(2023, 10, 15),
  "friday 9:30": local(2023, 10, 17, 9, 30),
  "last friday": local(2023, 10, 10),
  "third monday": local(2023, 11, 4),
  "(the day of the outage) 2023-11-14": local(2023, 10, 14),
  "14 z 2023-11-14": Date.UTC(2023, 10, 14, 14) / 1000,
  // No dates
  "noon": undefined,
  "2023-02-30": undefined,
  "25:00": undefined,
  "13 pm": undefined,
  "1969-12-31": undefined,
  "2039-01-01": undefined,
  "10:00 11:00": undefined,
  "utc gmt": undefined,
  "2023-11-14 @5": undefined,
  "1 month 2023-01-31": undefined,
  "99999999999 monday": undefined,
};

Deno.test("parseDate() reads local dates of every form, and nothing else", () => {
  for (const [text, seconds] of Object.entries(LOCAL_DATES)) {
    assertEquals(parseDate(text, WEDNESDAY.getTime() / 1000), seconds, text);
  }
  assertEquals(parseDate("ago", NOW), undefined);
});
