/** Minutes whose local time is remembered; what hashes alike takes the other's place. */
const MINUTES = 1 << 12;
const MINUTE_MS = 60_000;

/** What is remembered of a minute, as little-endian words of text. */
const YEAR = 0;
const MONTH_DAY = 1;
const POINT_HOUR = 2;
const MINUTE = 3;
const WORDS = 4;

/** A word of up to four characters, the first in the low byte. */
function word(text: string): number {
  let bits = 0;
  for (let at = text.length - 1; at >= 0; at--) bits = (bits << 8) | text.charCodeAt(at);
  return bits;
}

const two = (value: number) => String(value).padStart(2, "0");

/** ":00." to ":59." */
const SECONDS = Int32Array.from({ length: 60 }, (_, value) => word(`:${two(value)}.`));
/** ".000" to ".999" */
const MSECS = Int32Array.from(
  { length: 1000 },
  (_, value) => word(`.${String(value).padStart(3, "0")}`),
);

const minutes = new Int32Array(MINUTES).fill(-1);
const words = new Int32Array(MINUTES * WORDS);

const U32_END = 0x100000000;
/** Where the seconds of the reference, which have 32 bits, begin again. */
const TIME_END = U32_END * 1000;

/** Unix milliseconds as the reference has them: unsigned in 64 bits, seconds cut to 32. */
function wrapTime(time: number): number {
  const unsigned = BigInt.asUintN(64, BigInt(time));
  return Number((unsigned / 1000n) % BigInt(U32_END)) * 1000 + Number(unsigned % 1000n);
}

/** Where the local time of a minute (since 1970) is remembered. */
function minuteWords(minute: number): number {
  const slot = minute & (MINUTES - 1);
  const at = slot * WORDS;
  if (minutes[slot] === minute) return at;
  const date = new Date(minute * MINUTE_MS);
  minutes[slot] = minute;
  words[at + YEAR] = word(String(date.getFullYear()));
  words[at + MONTH_DAY] = word(two(date.getMonth() + 1) + two(date.getDate()));
  words[at + POINT_HOUR] = word(`.${two(date.getHours())}:`);
  words[at + MINUTE] = word(two(date.getMinutes()));
  return at;
}

/** Writes Unix milliseconds as local time, `MMDD.hh:mm:ss.mmm`. */
export function writeTimes(
  values: Float64Array,
  count: number,
  view: DataView,
  at: number,
  stride: number,
): void {
  for (let i = 0; i < count; i++, at += stride) {
    let time = values[i];
    if (!(time >= 0 && time < TIME_END)) time = wrapTime(time);
    const minute = (time / MINUTE_MS) | 0;
    const from = minuteWords(minute);
    view.setInt32(at, words[from + MONTH_DAY], true);
    view.setInt32(at + 4, words[from + POINT_HOUR], true);
    view.setInt16(at + 8, words[from + MINUTE], true);
    writeSeconds(time - minute * MINUTE_MS, view, at + 10);
  }
}

const DASH = 0x2d;
const BLANK = 0x20;

/** Writes Unix milliseconds as local time, `YYYY-MM-DD hh:mm:ss.mmm`. */
export function writeDates(
  values: Float64Array,
  count: number,
  view: DataView,
  at: number,
  stride: number,
): void {
  for (let i = 0; i < count; i++, at += stride) {
    let time = values[i];
    if (!(time >= 0 && time < TIME_END)) time = wrapTime(time);
    const minute = (time / MINUTE_MS) | 0;
    const from = minuteWords(minute);
    const monthDay = words[from + MONTH_DAY];
    view.setInt32(at, words[from + YEAR], true);
    view.setUint8(at + 4, DASH);
    view.setInt16(at + 5, monthDay, true);
    view.setUint8(at + 7, DASH);
    view.setInt16(at + 8, monthDay >>> 16, true);
    view.setInt32(at + 10, words[from + POINT_HOUR], true);
    view.setUint8(at + 10, BLANK);
    view.setInt16(at + 14, words[from + MINUTE], true);
    writeSeconds(time - minute * MINUTE_MS, view, at + 16);
  }
}

/** Writes `:ss.mmm`, given the milliseconds of the minute. */
function writeSeconds(rest: number, view: DataView, at: number): void {
  const ms = rest | 0;
  const secs = (ms / 1000) | 0;
  view.setInt32(at, SECONDS[secs], true);
  view.setInt32(at + 3, MSECS[ms - secs * 1000], true);
}
