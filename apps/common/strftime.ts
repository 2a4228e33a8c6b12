const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
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
const DAY_MS = 86_400_000;

function padded(value: number, width = 2, fill = "0"): string {
  return String(value).padStart(width, fill);
}

/** Days since the first of January. */
function dayOfYear(time: Date): number {
  const day = Date.UTC(time.getFullYear(), time.getMonth(), time.getDate());
  return Math.round((day - Date.UTC(time.getFullYear(), 0, 1)) / DAY_MS);
}

/** Weeks of the year that began on some day of the week, 0 for Sunday. */
function weekOfYear(time: Date, firstDay: number): number {
  return Math.floor((dayOfYear(time) + 7 - (time.getDay() + 7 - firstDay) % 7) / 7);
}

/** Year and week of ISO 8601: a week belongs to the year of its Thursday. */
function isoWeek(time: Date): [year: number, week: number] {
  const thursday = new Date(time.getFullYear(), time.getMonth(), time.getDate());
  thursday.setDate(thursday.getDate() + 4 - (time.getDay() || 7));
  return [thursday.getFullYear(), Math.floor(dayOfYear(thursday) / 7) + 1];
}

function hour12(time: Date): number {
  return time.getHours() % 12 || 12;
}

function zoneOffset(time: Date): string {
  const minutes = -time.getTimezoneOffset();
  const size = Math.abs(minutes);
  return (minutes < 0 ? "-" : "+") + padded(Math.floor(size / 60)) + padded(size % 60);
}

function zoneName(time: Date): string {
  const parts = new Intl.DateTimeFormat("en-US", { timeZoneName: "short" }).formatToParts(time);
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
}

/** The conversions of strftime() in the C locale; text stands for further conversions. */
const CONVERSIONS: Readonly<Record<string, string | ((time: Date) => string)>> = {
  "%": () => "%",
  a: (time) => DAYS[time.getDay()].slice(0, 3),
  A: (time) => DAYS[time.getDay()],
  b: (time) => MONTHS[time.getMonth()].slice(0, 3),
  B: (time) => MONTHS[time.getMonth()],
  c: "%a %b %e %H:%M:%S %Y",
  C: (time) => padded(Math.floor(time.getFullYear() / 100)),
  d: (time) => padded(time.getDate()),
  D: "%m/%d/%y",
  e: (time) => padded(time.getDate(), 2, " "),
  F: "%Y-%m-%d",
  g: (time) => padded(isoWeek(time)[0] % 100),
  G: (time) => String(isoWeek(time)[0]),
  h: "%b",
  H: (time) => padded(time.getHours()),
  I: (time) => padded(hour12(time)),
  j: (time) => padded(dayOfYear(time) + 1, 3),
  k: (time) => padded(time.getHours(), 2, " "),
  l: (time) => padded(hour12(time), 2, " "),
  m: (time) => padded(time.getMonth() + 1),
  M: (time) => padded(time.getMinutes()),
  n: () => "\n",
  p: (time) => time.getHours() < 12 ? "AM" : "PM",
  P: (time) => time.getHours() < 12 ? "am" : "pm",
  r: "%I:%M:%S %p",
  R: "%H:%M",
  s: (time) => String(Math.floor(time.getTime() / 1000)),
  S: (time) => padded(time.getSeconds()),
  t: () => "\t",
  T: "%H:%M:%S",
  u: (time) => String(time.getDay() || 7),
  U: (time) => padded(weekOfYear(time, 0)),
  V: (time) => padded(isoWeek(time)[1]),
  w: (time) => String(time.getDay()),
  W: (time) => padded(weekOfYear(time, 1)),
  x: "%m/%d/%y",
  X: "%H:%M:%S",
  y: (time) => padded(time.getFullYear() % 100),
  Y: (time) => String(time.getFullYear()),
  z: zoneOffset,
  Z: zoneName,
};

/**
 * Text with the conversions of strftime(), as the GNU C library's in the C locale; what is no
 * conversion stays as it is.
 */
export function strftime(format: string, unixSecs: number): string {
  const time = new Date(unixSecs * 1000);
  return format.replace(/%[EO]?([\s\S])/g, (whole, letter: string) => {
    const conversion = Object.hasOwn(CONVERSIONS, letter) ? CONVERSIONS[letter] : whole;
    if (typeof conversion === "function") return conversion(time);
    return conversion === whole ? whole : strftime(conversion, unixSecs);
  });
}

/** Local time as ctime() writes it. */
export function calendarText(unixSecs: number): string {
  return strftime("%c", unixSecs);
}
