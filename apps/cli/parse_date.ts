/** A word's meaning; numbers, marks and unknown words are tokens too. */
type Token =
  | { readonly kind: "number" | "signed"; readonly value: number }
  | { readonly kind: "month" | "day" | "minutes" | "seconds" | "months"; readonly value: number }
  | { readonly kind: "zone" | "dayzone"; readonly value: number }
  | { readonly kind: "am" | "pm" | "ago" | "dst" | "/" | ":" | "," | "unknown"; readonly value: 0 };

type Kind = Token["kind"];

const NAMES: readonly (readonly [kind: Kind, names: string])[] = [
  [
    "month",
    "january february march april may june july august september october november december",
  ],
  ["day", "sunday monday tuesday wednesday thursday friday saturday"],
];

/** Further spellings, months from 1, days from 0. */
const SPELLINGS: Readonly<Record<string, readonly [kind: Kind, value: number]>> = {
  sept: ["month", 9],
  tues: ["day", 2],
  wednes: ["day", 3],
  thur: ["day", 4],
  thurs: ["day", 4],
};

/** Units, in months, minutes or seconds; all take a plural s. */
const UNITS: Readonly<Record<string, readonly [kind: Kind, value: number]>> = {
  year: ["months", 12],
  month: ["months", 1],
  fortnight: ["minutes", 14 * 24 * 60],
  week: ["minutes", 7 * 24 * 60],
  day: ["minutes", 24 * 60],
  hour: ["minutes", 60],
  minute: ["minutes", 1],
  min: ["minutes", 1],
  second: ["seconds", 1],
  sec: ["seconds", 1],
};

const RELATIVE: Readonly<Record<string, readonly [kind: Kind, value: number]>> = {
  tomorrow: ["minutes", 24 * 60],
  yesterday: ["minutes", -24 * 60],
  today: ["minutes", 0],
  now: ["minutes", 0],
  this: ["minutes", 0],
  last: ["number", -1],
  next: ["number", 2],
  ago: ["ago", 0],
  dst: ["dst", 0],
  am: ["am", 0],
  "a.m.": ["am", 0],
  pm: ["pm", 0],
  "p.m.": ["pm", 0],
};

const ORDINALS = "first - third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth";

/** Hours west of Greenwich, for standard time and for the summer time of the zone. */
const ZONES: Readonly<Record<string, number>> = {
  gmt: 0,
  ut: 0,
  utc: 0,
  wet: 0,
  wat: 1,
  at: 2,
  ast: 4,
  est: 5,
  cst: 6,
  mst: 7,
  pst: 8,
  yst: 9,
  hst: 10,
  cat: 10,
  ahst: 10,
  nt: 11,
  idlw: 12,
  cet: -1,
  met: -1,
  mewt: -1,
  swt: -1,
  fwt: -1,
  eet: -2,
  bt: -3,
  zp4: -4,
  zp5: -5,
  zp6: -6,
  wast: -7,
  cct: -8,
  jst: -9,
  east: -10,
  gst: -10,
  nzt: -12,
  nzst: -12,
  idle: -12,
};
const DAY_ZONES: Readonly<Record<string, number>> = {
  bst: 0,
  adt: 4,
  edt: 5,
  cdt: 6,
  mdt: 7,
  pdt: 8,
  ydt: 9,
  hdt: 10,
  mest: -1,
  sst: -1,
  fst: -1,
  wadt: -7,
  eadt: -10,
  nzdt: -12,
};

/** Zones of one letter: a to m without j lie west, n to y east. */
const MILITARY_WEST = "zabcdefghiklm";
const MILITARY_EAST = "nopqrstuvwxy";

const WORDS: ReadonlyMap<string, Token> = new Map(wordTable());

function* wordTable(): Generator<[string, Token]> {
  const token = (kind: Kind, value: number) => ({ kind, value }) as Token;
  for (const [kind, names] of NAMES) {
    for (const [index, name] of names.split(" ").entries()) {
      const value = kind === "month" ? index + 1 : index;
      yield [name, token(kind, value)];
      yield [name.slice(0, 3), token(kind, value)];
    }
  }
  for (const [word, [kind, value]] of Object.entries(SPELLINGS)) yield [word, token(kind, value)];
  for (const [index, word] of ORDINALS.split(" ").entries()) {
    if (word !== "-") yield [word, token("number", index + 1)];
  }
  for (const [word, [kind, value]] of Object.entries(RELATIVE)) yield [word, token(kind, value)];
  for (const [word, hours] of Object.entries(ZONES)) yield [word, token("zone", hours * 60)];
  for (const [word, hours] of Object.entries(DAY_ZONES)) yield [word, token("dayzone", hours * 60)];
  for (const [word, [kind, value]] of Object.entries(UNITS)) {
    yield [word, token(kind, value)];
    yield [word + "s", token(kind, value)];
  }
  for (const [index, letter] of [...MILITARY_WEST].entries()) {
    yield [letter, token("zone", index * 60)];
  }
  for (const [index, letter] of [...MILITARY_EAST].entries()) {
    yield [letter, token("zone", -(index + 1) * 60)];
  }
}

/** What was read so far. Counts say how often each kind of item stood there. */
interface Parsed {
  times: number;
  zones: number;
  dates: number;
  days: number;
  relatives: number;
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  meridian: "am" | "pm" | undefined;
  /** Minutes west of Greenwich; local time where nothing was said. */
  zone: number | undefined;
  summer: boolean;
  dayOrdinal: number;
  weekday: number;
  relativeSeconds: number;
  relativeMonths: number;
}

/**
 * Reads a date as `get_date` of the classic programs does: `2023-11-14 22:13:20`,
 * `11/14/2023 10:00:07 PST`, `14 nov 2023`, `last monday`, `2 hours ago`, `yesterday`.
 *
 * Items may stand in any order: a time, a date, a day of the week, a zone (each once), and any
 * number of relative amounts. A date alone means midnight; a zone alone, today. A bare number is a
 * time (`1430`) or a date (`20231114`), or the year behind a time and a date. As in the reference,
 * `next week` is two weeks from now.
 *
 * Source: flow-tools `getdate.y`.
 *
 * @returns Unix seconds, or `undefined` where the text is no date
 */
export function parseDate(text: string, now: Date = new Date()): number | undefined {
  const tokens = tokenize(text);
  const parsed: Parsed = {
    times: 0,
    zones: 0,
    dates: 0,
    days: 0,
    relatives: 0,
    year: now.getFullYear(),
    month: now.getMonth() + 1,
    day: now.getDate(),
    hour: 0,
    minute: 0,
    second: 0,
    meridian: undefined,
    zone: undefined,
    summer: false,
    dayOrdinal: 0,
    weekday: 0,
    relativeSeconds: 0,
    relativeMonths: 0,
  };
  for (let at = 0; at < tokens.length;) {
    const rule = RULES.find(({ kinds }) => kinds.every((kind, i) => tokens[at + i]?.kind === kind));
    if (rule === undefined) return undefined;
    rule.apply(parsed, tokens.slice(at, at + rule.kinds.length).map(({ value }) => value));
    at += rule.kinds.length;
  }
  const { times, zones, dates, days } = parsed;
  return times > 1 || zones > 1 || dates > 1 || days > 1 ? undefined : resolve(parsed, now);
}

function tokenize(text: string): Token[] {
  const plain = text.toLowerCase().replace(/\([^)]*\)?/g, " ");
  const tokens: Token[] = [];
  for (const [part] of plain.matchAll(/[+-]\d+|\d+|[a-z][a-z.]*|[^\s+-]/g)) {
    if (/^\d/.test(part)) tokens.push({ kind: "number", value: Number(part) });
    else if (/^[+-]/.test(part)) tokens.push({ kind: "signed", value: Number(part) });
    else if (part === "/" || part === ":" || part === ",") tokens.push({ kind: part, value: 0 });
    else tokens.push(lookUp(part) ?? { kind: "unknown", value: 0 });
  }
  return tokens;
}

function lookUp(word: string): Token | undefined {
  // `nov.`, and zones with dots such as `g.m.t.`
  return WORDS.get(word) ?? WORDS.get(word.replaceAll(".", ""));
}

/** Tokens in a row, and what they mean. */
interface Rule {
  readonly kinds: readonly Kind[];
  readonly apply: (parsed: Parsed, values: readonly number[]) => void;
}

const rule = (kinds: string, apply: Rule["apply"]): Rule => ({
  kinds: kinds.split(" ") as Kind[],
  apply,
});

function setTime(
  parsed: Parsed,
  hour: number,
  minute: number,
  second: number,
  meridian?: "am" | "pm",
): void {
  parsed.times++;
  Object.assign(parsed, { hour, minute, second, meridian });
}

function setOffset(parsed: Parsed, offset: number): void {
  parsed.zone = -(offset % 100 + Math.trunc(offset / 100) * 60);
  parsed.summer = false;
}

function setDate(parsed: Parsed, month: number, day: number, year = parsed.year): void {
  parsed.dates++;
  Object.assign(parsed, { month, day, year: Math.abs(year) });
}

function setZone(parsed: Parsed, zone: number, summer: boolean): void {
  parsed.zones++;
  Object.assign(parsed, { zone, summer });
}

function setDay(parsed: Parsed, dayOrdinal: number, weekday: number): void {
  parsed.days++;
  Object.assign(parsed, { dayOrdinal, weekday });
}

function addRelative(parsed: Parsed, seconds: number, months: number): void {
  parsed.relatives++;
  parsed.relativeSeconds += seconds;
  parsed.relativeMonths += months;
}

function setBareNumber(parsed: Parsed, value: number): void {
  if (parsed.times > 0 && parsed.dates > 0 && parsed.relatives === 0) parsed.year = value;
  else if (value > 10_000) {
    setDate(parsed, Math.trunc(value / 100) % 100, value % 100, Math.trunc(value / 10_000));
  } else if (value < 100) setTime(parsed, value, 0, 0);
  else setTime(parsed, Math.trunc(value / 100), value % 100, 0);
}

/** The grammar, longer forms before the shorter ones that they begin with. */
const RULES: readonly Rule[] = [
  ...(["am", "pm"] as const).flatMap((half) => [
    rule(`number : number : number ${half}`, (p, v) => setTime(p, v[0], v[2], v[4], half)),
    rule(`number : number ${half}`, (p, v) => setTime(p, v[0], v[2], 0, half)),
    rule(`number ${half}`, (p, v) => setTime(p, v[0], 0, 0, half)),
  ]),
  rule("number : number : number signed", (p, v) => {
    setTime(p, v[0], v[2], v[4]);
    setOffset(p, v[5]);
  }),
  rule("number : number : number", (p, v) => setTime(p, v[0], v[2], v[4])),
  rule("number : number signed", (p, v) => {
    setTime(p, v[0], v[2], p.second);
    setOffset(p, v[3]);
  }),
  rule("number : number", (p, v) => setTime(p, v[0], v[2], 0)),
  rule(
    "number / number / number",
    (p, v) => v[0] >= 100 ? setDate(p, v[2], v[4], v[0]) : setDate(p, v[0], v[2], v[4]),
  ),
  rule("number / number", (p, v) => setDate(p, v[0], v[2])),
  rule("number signed signed", (p, v) => setDate(p, -v[1], -v[2], v[0])),
  rule("number month signed", (p, v) => setDate(p, v[1], v[0], v[2])),
  rule("number month number", (p, v) => setDate(p, v[1], v[0], v[2])),
  rule("number month", (p, v) => setDate(p, v[1], v[0])),
  rule("month number , number", (p, v) => setDate(p, v[0], v[1], v[3])),
  rule("month number", (p, v) => setDate(p, v[0], v[1])),
  rule("number day", (p, v) => setDay(p, v[0], v[1])),
  rule("day ,", (p, v) => setDay(p, 1, v[0])),
  rule("day", (p, v) => setDay(p, 1, v[0])),
  rule("zone dst", (p, v) => setZone(p, v[0], true)),
  rule("zone", (p, v) => setZone(p, v[0], false)),
  rule("dayzone", (p, v) => setZone(p, v[0], true)),
  ...(["number", "signed"] as const).flatMap((count) => [
    rule(`${count} minutes`, (p, v) => addRelative(p, v[0] * v[1] * 60, 0)),
    rule(`${count} seconds`, (p, v) => addRelative(p, v[0], 0)),
    rule(`${count} months`, (p, v) => addRelative(p, 0, v[0] * v[1])),
  ]),
  rule("minutes", (p, v) => addRelative(p, v[0] * 60, 0)),
  rule("seconds", (p) => addRelative(p, 1, 0)),
  rule("months", (p, v) => addRelative(p, 0, v[0])),
  rule("ago", (p) => {
    p.relativeSeconds = -p.relativeSeconds;
    p.relativeMonths = -p.relativeMonths;
  }),
  rule("number", (p, v) => setBareNumber(p, v[0])),
];

function resolve(parsed: Parsed, now: Date): number | undefined {
  let seconds: number;
  if (parsed.dates > 0 || parsed.times > 0 || parsed.days > 0) {
    const start = startOf(parsed);
    if (start === undefined) return undefined;
    seconds = start;
  } else {
    seconds = Math.floor(now.getTime() / 1000);
    if (parsed.relatives === 0) {
      seconds -= (now.getHours() * 60 + now.getMinutes()) * 60 + now.getSeconds();
    }
  }
  seconds += parsed.relativeSeconds;
  if (parsed.relativeMonths !== 0) {
    const moved = addMonths(new Date(seconds * 1000), parsed.relativeMonths);
    if (moved === undefined) return undefined;
    seconds = moved;
  }
  if (parsed.days > 0 && parsed.dates === 0) {
    const date = new Date(seconds * 1000);
    const weeks = parsed.dayOrdinal <= 0 ? parsed.dayOrdinal : parsed.dayOrdinal - 1;
    date.setDate(date.getDate() + (parsed.weekday - date.getDay() + 7) % 7 + 7 * weeks);
    seconds = date.getTime() / 1000;
  }
  return Number.isFinite(seconds) ? seconds : undefined;
}

const YEAR_MIN = 1970;
const YEAR_MAX = 2038;

function startOf(parsed: Parsed): number | undefined {
  const { month, day, minute, second, meridian, zone, summer } = parsed;
  const year = parsed.year < 69
    ? parsed.year + 2000
    : parsed.year < 100
    ? parsed.year + 1900
    : parsed.year;
  const hours = meridian === undefined ? [0, 23] : [1, 12];
  const within = (value: number, low: number, high: number) => value >= low && value <= high;
  if (
    !within(year, YEAR_MIN, YEAR_MAX) || !within(month, 1, 12) ||
    !within(day, 1, new Date(Date.UTC(year, month, 0)).getUTCDate()) ||
    !within(parsed.hour, hours[0], hours[1]) || !within(minute, 0, 59) || !within(second, 0, 59)
  ) return undefined;
  const hour = meridian === undefined
    ? parsed.hour
    : parsed.hour % 12 + (meridian === "pm" ? 12 : 0);
  if (zone === undefined) {
    return new Date(year, month - 1, day, hour, minute, second).getTime() / 1000;
  }
  const utc = Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
  return utc + zone * 60 - (summer ? 3600 : 0);
}

/** The same local day and time so many months on, where that month has the day. */
function addMonths(date: Date, months: number): number | undefined {
  const day = date.getDate();
  const moved = new Date(date);
  moved.setMonth(moved.getMonth() + months);
  const year = moved.getFullYear();
  if (moved.getDate() !== day || year < YEAR_MIN || year > YEAR_MAX) return undefined;
  return Math.floor(moved.getTime() / 1000);
}
