import { assertEquals } from "@std/assert";
import { strftime } from "./strftime.ts";

/** A local time as Unix seconds, so that the tests hold in every time zone. */
function at(year: number, month: number, day: number, hour = 0, minute = 0, second = 0): number {
  return new Date(year, month - 1, day, hour, minute, second).getTime() / 1000;
}

const LETTERS = "a A b B C d e F g G h H I j k l m M p P R S T u U V w W y Y D c r x X".split(" ")
  .map((letter) => `%${letter}`).join("|");

/** What `date +FORMAT` of GNU coreutils prints in the C locale. */
const EXPECTED: readonly (readonly [seconds: number, text: string])[] = [
  [
    at(2023, 11, 14, 22, 13, 20),
    "Tue|Tuesday|Nov|November|20|14|14|2023-11-14|23|2023|Nov|22|10|318|22|10|11|13|PM|pm|22:13|20|" +
    "22:13:20|2|46|46|2|46|23|2023|11/14/23|Tue Nov 14 22:13:20 2023|10:13:20 PM|11/14/23|22:13:20",
  ],
  [
    at(2021, 1, 3, 0, 5, 9),
    "Sun|Sunday|Jan|January|20|03| 3|2021-01-03|20|2020|Jan|00|12|003| 0|12|01|05|AM|am|00:05|09|" +
    "00:05:09|7|01|53|0|00|21|2021|01/03/21|Sun Jan  3 00:05:09 2021|12:05:09 AM|01/03/21|00:05:09",
  ],
  [
    at(2024, 12, 30, 12),
    "Mon|Monday|Dec|December|20|30|30|2024-12-30|25|2025|Dec|12|12|365|12|12|12|00|PM|pm|12:00|00|" +
    "12:00:00|1|52|01|1|53|24|2024|12/30/24|Mon Dec 30 12:00:00 2024|12:00:00 PM|12/30/24|12:00:00",
  ],
];

Deno.test("strftime() has the conversions of the C locale", () => {
  for (const [seconds, text] of EXPECTED) assertEquals(strftime(LETTERS, seconds), text);
});

Deno.test("what is no conversion stays as it is", () => {
  assertEquals(strftime("100%%-%Q-%Ey-%Od-%", at(2023, 11, 14)), "100%-%Q-23-14-%");
});
