/** What a word of a date is. */
export type DateWordKind =
  | "ago"
  | "day"
  | "daylight-zone"
  | "dst"
  | "meridian"
  | "minutes"
  | "month"
  | "months"
  | "seconds"
  | "unsigned"
  | "zone";

/** A word with its meaning: a number whose unit follows from the kind. */
export type DateWord = readonly [kind: DateWordKind, value: number];

const DAY_MINUTES = 24 * 60;

/** Months and days of the week; any of them may be cut to three letters. */
const MONTHS =
  "january february march april may june july august september october november december"
    .split(" ");
const DAYS = "sunday monday tuesday wednesday thursday friday saturday".split(" ");

/** Longer short forms of these. */
const CALENDAR_ALIASES: Readonly<Record<string, DateWord>> = {
  sept: ["month", 9],
  tues: ["day", 2],
  wednes: ["day", 3],
  thur: ["day", 4],
  thurs: ["day", 4],
};

/** Units, which may stand in the plural; months for the longer ones, minutes for the others. */
const UNITS: Readonly<Record<string, DateWord>> = {
  year: ["months", 12],
  month: ["months", 1],
  fortnight: ["minutes", 14 * DAY_MINUTES],
  week: ["minutes", 7 * DAY_MINUTES],
  day: ["minutes", DAY_MINUTES],
  hour: ["minutes", 60],
  minute: ["minutes", 1],
  min: ["minutes", 1],
  second: ["seconds", 1],
  sec: ["seconds", 1],
};

const RELATIVE: Readonly<Record<string, DateWord>> = {
  tomorrow: ["minutes", DAY_MINUTES],
  yesterday: ["minutes", -DAY_MINUTES],
  today: ["minutes", 0],
  now: ["minutes", 0],
  this: ["minutes", 0],
  ago: ["ago", 1],
  last: ["unsigned", -1],
  next: ["unsigned", 2],
  first: ["unsigned", 1],
  third: ["unsigned", 3],
  fourth: ["unsigned", 4],
  fifth: ["unsigned", 5],
  sixth: ["unsigned", 6],
  seventh: ["unsigned", 7],
  eighth: ["unsigned", 8],
  ninth: ["unsigned", 9],
  tenth: ["unsigned", 10],
  eleventh: ["unsigned", 11],
  twelfth: ["unsigned", 12],
};

/** Hours west of Greenwich, standard time. */
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

/** Hours west of Greenwich of zones on daylight saving time, without the hour that it adds. */
const DAYLIGHT_ZONES: Readonly<Record<string, number>> = {
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

/** Letters of the military zones; from `a` on, one hour further west each. */
const MILITARY_WEST = "abcdefghiklm";
const MILITARY_EAST = "nopqrstuvwxy";

function zoneWord(word: string): DateWord | undefined {
  if (Object.hasOwn(ZONES, word)) return ["zone", ZONES[word] * 60];
  if (Object.hasOwn(DAYLIGHT_ZONES, word)) return ["daylight-zone", DAYLIGHT_ZONES[word] * 60];
  return undefined;
}

function calendarWord(word: string): DateWord | undefined {
  const short = /^(...)\.?$/.exec(word)?.[1];
  const matches = (name: string) =>
    name === word || (short !== undefined && name.startsWith(short));
  const month = MONTHS.findIndex(matches);
  if (month >= 0) return ["month", month + 1];
  const day = DAYS.findIndex(matches);
  if (day >= 0) return ["day", day];
  return Object.hasOwn(CALENDAR_ALIASES, word) ? CALENDAR_ALIASES[word] : undefined;
}

function militaryWord(word: string): DateWord | undefined {
  if (word.length !== 1) return undefined;
  if (word === "z") return ["zone", 0];
  const west = MILITARY_WEST.indexOf(word);
  if (west >= 0) return ["zone", (west + 1) * 60];
  const east = MILITARY_EAST.indexOf(word);
  return east < 0 ? undefined : ["zone", -(east + 1) * 60];
}

/** What a word means, in any case; the first of the tables that knows it decides. */
export function dateWord(text: string): DateWord | undefined {
  const word = text.toLowerCase();
  if (word === "am" || word === "a.m.") return ["meridian", 0];
  if (word === "pm" || word === "p.m.") return ["meridian", 12];
  if (word === "dst") return ["dst", 0];
  const known = calendarWord(word) ?? zoneWord(word);
  if (known !== undefined) return known;
  const singular = word.endsWith("s") ? word.slice(0, -1) : word;
  for (const unit of [word, singular]) if (Object.hasOwn(UNITS, unit)) return UNITS[unit];
  if (Object.hasOwn(RELATIVE, word)) return RELATIVE[word];
  return militaryWord(word) ?? zoneWord(word.replaceAll(".", ""));
}
