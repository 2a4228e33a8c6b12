import { didYouMean } from "./nearest.ts";
import type { Range } from "./ranges.ts";
import {
  meantSpan,
  type NumberValues,
  parseSpan,
  type ValueContext,
  type ValueWord,
} from "./values.ts";
import { DAY_MS, parseOffset } from "./wall_clock.ts";

/** Unix seconds of 32 bits end here: 2106-02-07T06:28:16Z. */
const SECONDS_END = 2 ** 32;

const YEAR_MIN = 1970;
const YEAR_MAX = 2106;

const TIME =
  "a time such as 2024-05-01T12:00, 2024-05-01, 1714564800 (Unix seconds), -1h, now, today or yesterday";

const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/** Year, month, day, hour, minute, second, fraction and zone; what is left out is less precise. */
const DATE =
  /^(\d{4})(?:[-/](\d{1,2})(?:[-/](\d{1,2})(?:[T. ](\d{1,2})(?::(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?)?)?)?)?(Z|[+-]\d{2}:?\d{2}|[+-]\d{2})?$/i;

const RELATIVE = /^(now|today|yesterday)?(?:([+-])(.+))?$/i;

/** Days before today at whose midnight a word is. */
const DAYS_AGO: Readonly<Record<string, number>> = { today: 0, yesterday: 1 };

/** Moments, Unix time in ms; one written less precisely stands for all that it may be. */
export const TIMES: NumberValues = {
  what: TIME,
  // Dates have dashes themselves: their ranges have two dots.
  split: () => undefined,
  read: (word, context) => readDate(word, context) ?? readOther(word, context),
  show: (value) => new Date(value).toISOString(),
};

/** Whether a word can be the date of a time that stands in the next word. */
export function isDay(text: string): boolean {
  return /^\d{4}[-/]\d{1,2}[-/]\d{1,2}$/.test(text);
}

/** Whether a word can be the time of a date that stands in the word before it. */
export function isTimeOfDay(text: string): boolean {
  return /^\d{1,2}:\d{2}/.test(text);
}

function readOther(word: ValueWord, { nowMs, clock }: ValueContext): Range<number> {
  const { text } = word;
  if (/^\d+(\.\d{1,3})?$/.test(text)) {
    const seconds = Number(text);
    if (seconds >= SECONDS_END) {
      const hint = seconds < SECONDS_END * 1000 ? `did you mean ${seconds / 1000}?` : undefined;
      word.fail(`${text} is no Unix time in seconds, of which there are 2^32`, TIME, hint);
    }
    const low = Math.round(seconds * 1000);
    return { low, high: text.includes(".") ? low : low + 999 };
  }
  const relative = RELATIVE.exec(text);
  if (relative === null || text === "") {
    return word.fail(`"${text}" is no time`, TIME, meantTime(text, clock.show(nowMs)));
  }
  const [, base = "now", sign, span] = relative;
  const days = DAYS_AGO[base.toLowerCase()];
  const midnight = (ago: number) =>
    clock.momentOrNext((Math.floor(clock.show(nowMs) / DAY_MS) - ago) * DAY_MS);
  const start = days === undefined ? nowMs : midnight(days);
  if (sign === undefined) {
    return { low: start, high: days === undefined ? start : midnight(days - 1) - 1 };
  }
  const spanMs = parseSpan(span);
  if (spanMs === undefined || spanMs > SECONDS_END * 1000) {
    const meant = meantSpan(span);
    return word.fail(
      `"${span}" is no length of time`,
      "one such as 90s, 15m, 1h, 2d or 1d12h",
      meant && meant !== span
        ? `did you mean "${text.slice(0, -span.length)}${meant}"?`
        : undefined,
    );
  }
  const moment = start + (sign === "-" ? -spanMs : spanMs);
  return { low: moment, high: moment };
}

/** A question for the time that a text is likely to mean; `shownMs` is what the clock shows now. */
function meantTime(text: string, shownMs: number): string | undefined {
  // A length of time is meant to be ago.
  const span = meantSpan(text.replace(/ ?ago$/i, ""));
  if (span !== undefined) return `did you mean "-${span}"?`;
  if (/^\d{1,2}:\d{2}(:\d{2})?$/.test(text)) {
    const today = new Date(shownMs).toISOString().slice(0, 10);
    return `did you mean "${today}T${text}"?`;
  }
  return didYouMean(text, ["now", ...Object.keys(DAYS_AGO)]);
}

function readDate(word: ValueWord, { clock }: ValueContext): Range<number> | undefined {
  const { text } = word;
  const match = DATE.exec(text);
  if (match === null) return undefined;
  const [year, month = 1, day = 1, hour = 0, minute = 0, second = 0] = match.slice(1, 7)
    .map((part) => part === undefined ? undefined : Number(part));
  const fraction = Number((match[7] ?? "").padEnd(3, "0"));
  if (year === undefined || year < YEAR_MIN || year > YEAR_MAX) {
    word.fail(`year ${match[1]} is none of a flow`, `${YEAR_MIN} to ${YEAR_MAX}`);
  }
  if (month < 1 || month > 12) word.fail(`there is no month ${month}`, "1 to 12");
  const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
  if (day < 1 || day > days) {
    word.fail(`${MONTHS[month - 1]} ${year} has no day ${day}`, `1 to ${days}`);
  }
  if (hour > 23) word.fail(`there is no hour ${hour}`, "0 to 23");
  if (minute > 59) word.fail(`there is no minute ${minute}`, "0 to 59");
  if (second > 59) word.fail(`there is no second ${second}`, "0 to 59");
  const wall = Date.UTC(year, month - 1, day, hour, minute, second, fraction);
  const next = nextWall(match, year, month, wall);
  const zone = match[8];
  if (zone !== undefined) {
    const offset = /z/i.test(zone) ? 0 : parseOffset(zone);
    if (offset === undefined) return word.fail(`there is no time zone ${zone}`, "-14:00 to +14:00");
    return { low: wall - offset, high: next - offset - 1 };
  }
  const midnight = match[4] === undefined;
  const low = midnight ? clock.momentOrNext(wall) : clock.moment(wall);
  if (low === undefined) {
    return word.fail(
      `"${text}" never was: clocks were set forward over it`,
      "a time that was, or one with its zone, such as Z or +02:00",
    );
  }
  // A step of a clock within the minute or the second is none that any zone knows.
  return { low, high: midnight ? clock.momentOrNext(next) - 1 : low + (next - wall) - 1 };
}

/** The wall time of the next year, month, day, … as precise as the text is. */
function nextWall(match: RegExpExecArray, year: number, month: number, wall: number): number {
  if (match[2] === undefined) return Date.UTC(year + 1, 0);
  if (match[3] === undefined) return Date.UTC(year, month);
  const [, , , , hour, minute, second, fraction] = match;
  if (hour === undefined) return wall + DAY_MS;
  if (minute === undefined) return wall + 3_600_000;
  if (second === undefined) return wall + 60_000;
  return wall + (fraction === undefined ? 1_000 : 10 ** (3 - fraction.length));
}
