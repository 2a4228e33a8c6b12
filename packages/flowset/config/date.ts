import { dateWord, type DateWordKind } from "./date_words.ts";

const DAY_SECS = 86_400;

/** Dates of the classic parser lie between these years. */
const YEAR_MIN = 1970;
const YEAR_MAX = 2038;

/** Characters of a word that count. */
const WORD_CHARACTERS_MAX = 19;

type TokenKind = DateWordKind | "signed" | "unknown" | "," | "/" | ":";

interface Token {
  readonly kind: TokenKind;
  readonly value: number;
}

/** What the items of a date have said so far. */
interface Draft {
  year: number;
  month: number;
  day: number;
  hours: number;
  minutes: number;
  seconds: number;
  /** 0 for am, 12 for pm, none for a clock of 24 hours. */
  meridian: number | undefined;
  /** Minutes west of Greenwich. */
  zone: number;
  /** Whether daylight saving time holds; where not known, the local rules say. */
  daylight: boolean | undefined;
  weekday: number;
  weekdayOrdinal: number;
  relativeMonths: number;
  relativeSecs: number;
  /** How many items of each kind there were. */
  readonly seen: { date: number; day: number; relative: number; time: number; zone: number };
}

/**
 * Reads a date and time as people write it, in local time unless it names a zone: `11/14/2023
 * 22:13`, `2023-11-14 22:13:20 UTC`, `14 Nov 2023`, `last monday`, `2 hours ago`, `now`.
 *
 * Source: flow-tools `getdate.y`; its year of two digits up to 68 is 20xx, and the bounds are 1970
 * and 2038.
 *
 * @param text The text
 * @param nowSecs Unix time that relative dates start from
 * @returns Unix time in seconds, or `undefined` where the text is no date
 *
 * @example
 * ```ts
 * import { parseDate } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseDate("14 Nov 2023 22:13:20 GMT"), 1_700_000_000);
 * assertEquals(parseDate("2 hours ago", 1_700_000_000), 1_700_000_000 - 7200);
 * assertEquals(parseDate("the other day"), undefined);
 * ```
 */
export function parseDate(
  text: string,
  nowSecs: number = Math.floor(Date.now() / 1000),
): number | undefined {
  const tokens = tokenize(text);
  const now = new Date(nowSecs * 1000);
  const draft = startingFrom(now);
  for (let at = 0; at < tokens.length;) {
    const taken = readItem(tokens, at, draft);
    if (taken === 0) return undefined;
    at += taken;
  }
  const { seen } = draft;
  if (seen.time > 1 || seen.zone > 1 || seen.date > 1 || seen.day > 1) return undefined;
  let start: number;
  if (seen.date > 0 || seen.time > 0 || seen.day > 0) {
    const absolute = toUnixSecs(draft);
    if (absolute === undefined || absolute < 0) return undefined;
    start = absolute;
  } else {
    start = nowSecs;
    if (seen.relative === 0) {
      start -= (now.getHours() * 60 + now.getMinutes()) * 60 + now.getSeconds();
    }
  }
  start += draft.relativeSecs;
  const months = relativeMonths(start, draft);
  if (months === undefined) return undefined;
  start += months;
  if (seen.day > 0 && seen.date === 0) start += relativeDay(start, draft);
  // The twenty-millionth Monday from now is no date that a clock can tell.
  if (!Number.isFinite(start)) return undefined;
  return start === -1 ? 0 : start;
}

function startingFrom(now: Date): Draft {
  return {
    year: now.getFullYear(),
    month: now.getMonth() + 1,
    day: now.getDate(),
    hours: 0,
    minutes: 0,
    seconds: 0,
    meridian: undefined,
    zone: standardOffset(now),
    daylight: undefined,
    weekday: 0,
    weekdayOrdinal: 0,
    relativeMonths: 0,
    relativeSecs: 0,
    seen: { date: 0, day: 0, relative: 0, time: 0, zone: 0 },
  };
}

/** Minutes west of Greenwich, daylight saving time left out. */
function standardOffset(date: Date): number {
  const year = date.getFullYear();
  return Math.max(
    new Date(year, 0, 1).getTimezoneOffset(),
    new Date(year, 6, 1).getTimezoneOffset(),
  );
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length;) {
    const number = /^([+-]?)(\d+)/.exec(text.slice(at));
    if (/[\s+-]/.test(text[at]) && number === null) {
      at++;
    } else if (number !== null) {
      const [all, sign, digits] = number;
      const value = sign === "-" ? -Number(digits) : Number(digits);
      tokens.push({ kind: sign === "" ? "unsigned" : "signed", value });
      at += all.length;
    } else if (/[A-Za-z]/.test(text[at])) {
      const [word] = /^[A-Za-z.]+/.exec(text.slice(at))!;
      const [kind, value] = dateWord(word.slice(0, WORD_CHARACTERS_MAX)) ?? ["unknown", 0];
      tokens.push({ kind, value });
      at += word.length;
    } else if (text[at] === "(") {
      at = endOfRemark(text, at);
    } else {
      const character = text[at++];
      const kind = character === "," || character === "/" || character === ":"
        ? character
        : "unknown";
      tokens.push({ kind, value: 0 });
    }
  }
  return tokens;
}

/** Where the text goes on behind a remark in parentheses. */
function endOfRemark(text: string, at: number): number {
  let depth = 0;
  do {
    if (text[at] === "(") depth++;
    else if (text[at] === ")") depth--;
    at++;
  } while (depth > 0 && at < text.length);
  return at;
}

/** One form of an item: the kinds of its tokens, and what they say. */
type Form = readonly [pattern: string, read: (values: readonly number[], draft: Draft) => void];

function setClock(
  draft: Draft,
  hours: number,
  minutes: number,
  seconds: number,
  meridian?: number,
): void {
  Object.assign(draft, { hours, minutes, seconds, meridian });
  draft.seen.time++;
}

/** A zone as `+0130`: what is positive lies east. */
function setNumericZone(draft: Draft, value: number): void {
  draft.daylight = false;
  draft.zone = -(value % 100 + Math.trunc(value / 100) * 60);
}

function setZone(draft: Draft, zone: number, daylight: boolean): void {
  Object.assign(draft, { zone, daylight });
  draft.seen.zone++;
}

function setDate(draft: Draft, year: number, month: number, day: number): void {
  Object.assign(draft, { year, month, day });
  draft.seen.date++;
}

function setWeekday(draft: Draft, ordinal: number, weekday: number): void {
  Object.assign(draft, { weekdayOrdinal: ordinal, weekday });
  draft.seen.day++;
}

function addRelative(draft: Draft, secs: number, months: number): void {
  draft.relativeSecs += secs;
  draft.relativeMonths += months;
  draft.seen.relative++;
}

/** A lone number is the year behind a time and a date, else a date as yyyymmdd, else a time. */
function setNumber(draft: Draft, value: number): void {
  const { seen } = draft;
  if (seen.time > 0 && seen.date > 0 && seen.relative === 0) draft.year = value;
  else if (value > 10_000) {
    const day = value % 100;
    setDate(draft, Math.trunc(value / 10_000), Math.trunc(value / 100) % 100, day);
  } else if (value < 100) setClock(draft, value, 0, 0);
  else setClock(draft, Math.trunc(value / 100), value % 100, 0);
}

/** The forms by which an item can be known; of those that fit, the one with most tokens holds. */
const FORMS: readonly Form[] = [
  ["unsigned meridian", ([hours, pm], draft) => setClock(draft, hours, 0, 0, pm)],
  ["unsigned : unsigned", ([h, , m], draft) => setClock(draft, h, m, 0)],
  ["unsigned : unsigned meridian", ([h, , m, pm], draft) => setClock(draft, h, m, 0, pm)],
  ["unsigned : unsigned signed", ([h, , m, zone], draft) => {
    // The reference leaves the seconds as they are.
    setClock(draft, h, m, draft.seconds);
    setNumericZone(draft, zone);
  }],
  ["unsigned : unsigned : unsigned", ([h, , m, , s], draft) => setClock(draft, h, m, s)],
  [
    "unsigned : unsigned : unsigned meridian",
    ([h, , m, , s, pm], draft) => setClock(draft, h, m, s, pm),
  ],
  ["unsigned : unsigned : unsigned signed", ([h, , m, , s, zone], draft) => {
    setClock(draft, h, m, s);
    setNumericZone(draft, zone);
  }],
  ["zone", ([zone], draft) => setZone(draft, zone, false)],
  ["daylight-zone", ([zone], draft) => setZone(draft, zone, true)],
  ["zone dst", ([zone], draft) => setZone(draft, zone, true)],
  ["day", ([day], draft) => setWeekday(draft, 1, day)],
  ["day ,", ([day], draft) => setWeekday(draft, 1, day)],
  ["unsigned day", ([ordinal, day], draft) => setWeekday(draft, ordinal, day)],
  ["unsigned / unsigned", ([month, , day], draft) => setDate(draft, draft.year, month, day)],
  [
    "unsigned / unsigned / unsigned",
    ([a, , b, , c], draft) => a >= 100 ? setDate(draft, a, b, c) : setDate(draft, c, a, b),
  ],
  ["unsigned signed signed", ([year, m, d], draft) => setDate(draft, year, -m, -d)],
  ["unsigned month signed", ([day, month, year], draft) => setDate(draft, -year, month, day)],
  ["month unsigned", ([month, day], draft) => setDate(draft, draft.year, month, day)],
  ["month unsigned , unsigned", ([month, day, , year], draft) => setDate(draft, year, month, day)],
  ["unsigned month", ([day, month], draft) => setDate(draft, draft.year, month, day)],
  ["unsigned month unsigned", ([day, month, year], draft) => setDate(draft, year, month, day)],
  ["unsigned minutes", ([n, unit], draft) => addRelative(draft, n * unit * 60, 0)],
  ["signed minutes", ([n, unit], draft) => addRelative(draft, n * unit * 60, 0)],
  ["minutes", ([unit], draft) => addRelative(draft, unit * 60, 0)],
  ["unsigned seconds", ([n], draft) => addRelative(draft, n, 0)],
  ["signed seconds", ([n], draft) => addRelative(draft, n, 0)],
  ["seconds", (_, draft) => addRelative(draft, 1, 0)],
  ["unsigned months", ([n, unit], draft) => addRelative(draft, 0, n * unit)],
  ["signed months", ([n, unit], draft) => addRelative(draft, 0, n * unit)],
  ["months", ([unit], draft) => addRelative(draft, 0, unit)],
  ["unsigned", ([value], draft) => setNumber(draft, value)],
];

/**
 * Once an item began with these, the grammar of the reference wants the rest: `12 -1 day` is no
 * hour and a day less, but the beginning of a date that is not one.
 */
const COMMITMENTS: readonly (readonly [start: string, longest: string])[] = [
  ["unsigned signed", "unsigned signed signed"],
  ["unsigned :", "unsigned : unsigned"],
  ["unsigned : unsigned :", "unsigned : unsigned : unsigned"],
  ["unsigned /", "unsigned / unsigned"],
  ["unsigned / unsigned /", "unsigned / unsigned / unsigned"],
  ["month unsigned ,", "month unsigned , unsigned"],
];

const FORM_TOKENS_MAX = 6;

/** Reads the item that starts at a token; returns how many tokens it has, 0 where it is none. */
function readItem(tokens: readonly Token[], at: number, draft: Draft): number {
  const kinds = tokens.slice(at, at + FORM_TOKENS_MAX).map(({ kind }) => kind);
  const startsWith = (pattern: string) => `${kinds.join(" ")} `.startsWith(`${pattern} `);
  if (COMMITMENTS.some(([start, whole]) => startsWith(start) && !startsWith(whole))) return 0;
  let best: Form | undefined;
  let length = 0;
  for (const form of FORMS) {
    const count = form[0].split(" ").length;
    if (count > length && startsWith(form[0])) [best, length] = [form, count];
  }
  if (best === undefined) return 0;
  best[1](tokens.slice(at, at + length).map(({ value }) => value), draft);
  const relative = /minutes|seconds|months/.test(best[0]);
  if (!relative || tokens[at + length]?.kind !== "ago") return length;
  draft.relativeSecs = -draft.relativeSecs;
  draft.relativeMonths = -draft.relativeMonths;
  return length + 1;
}

function fullYear(year: number): number {
  const positive = Math.abs(year);
  if (positive < 69) return positive + 2000;
  return positive < 100 ? positive + 1900 : positive;
}

/** Unix time of a date in its zone, or `undefined` where there is no such day or time. */
function toUnixSecs(
  { year, month, day, hours, minutes, seconds, meridian, zone, daylight }: Pick<
    Draft,
    "year" | "month" | "day" | "hours" | "minutes" | "seconds" | "meridian" | "zone" | "daylight"
  >,
): number | undefined {
  const full = fullYear(year);
  if (full < YEAR_MIN || full > YEAR_MAX || month < 1 || month > 12) return undefined;
  if (day < 1 || day > new Date(Date.UTC(full, month, 0)).getUTCDate()) return undefined;
  if (minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59) return undefined;
  const [low, high] = meridian === undefined ? [0, 23] : [1, 12];
  if (hours < low || hours > high) return undefined;
  const hour = meridian === undefined ? hours : hours % 12 + meridian;
  const secs = Date.UTC(full, month - 1, day, hour, minutes, seconds) / 1000 + zone * 60;
  return daylight ?? isDaylight(secs) ? secs - 3600 : secs;
}

function isDaylight(unixSecs: number): boolean {
  const date = new Date(unixSecs * 1000);
  return date.getTimezoneOffset() < standardOffset(date);
}

/** The seconds between two times, such that the hour of the local clock stays the same. */
function keepHour(start: number, future: number): number {
  const hour = (secs: number) => (new Date(secs * 1000).getHours() + 1) % 24;
  return future - start + (hour(start) - hour(future)) * 3600;
}

/** Seconds to the same day so many months on, or `undefined` where that month lacks the day. */
function relativeMonths(start: number, { relativeMonths, zone }: Draft): number | undefined {
  if (relativeMonths === 0) return 0;
  const date = new Date(start * 1000);
  const months = 12 * date.getFullYear() + date.getMonth() + relativeMonths;
  const future = toUnixSecs({
    year: Math.trunc(months / 12),
    month: months % 12 + 1,
    day: date.getDate(),
    hours: date.getHours(),
    minutes: date.getMinutes(),
    seconds: date.getSeconds(),
    meridian: undefined,
    zone,
    daylight: undefined,
  });
  return future === undefined ? undefined : keepHour(start, future);
}

function relativeDay(start: number, { weekday, weekdayOrdinal }: Draft): number {
  const ahead = (weekday - new Date(start * 1000).getDay() + 7) % 7;
  const weeks = weekdayOrdinal <= 0 ? weekdayOrdinal : weekdayOrdinal - 1;
  return keepHour(start, start + DAY_SECS * ahead + 7 * DAY_SECS * weeks);
}
