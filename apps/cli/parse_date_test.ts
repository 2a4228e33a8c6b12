import { assertEquals } from "@std/assert";
import { parseDate } from "./parse_date.ts";

/** A Wednesday. */
const NOW = new Date(2023, 10, 15, 14, 30, 45);

const local = (...parts: [number, number, number, number?, number?, number?]) =>
  new Date(...parts).getTime() / 1000;

const CASES: Readonly<Record<string, number | undefined>> = {
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
  "now": NOW.getTime() / 1000,
  "": local(2023, 10, 15),
  "2 hours ago": NOW.getTime() / 1000 - 7200,
  "1 hour 30 minutes ago": NOW.getTime() / 1000 - 5400,
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

Deno.test("parseDate() reads dates as get_date does, and nothing else", () => {
  for (const [text, seconds] of Object.entries(CASES)) {
    assertEquals(parseDate(text, NOW), seconds, text);
  }
});
