/** Numbers and times as people read them. */

const PREFIXES = ["", "k", "M", "G", "T", "P", "E"];
const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** A number with three digits and a prefix: `12.3 M`. */
function scaled(value, unit) {
  let number = value;
  let prefix = 0;
  while (Math.abs(number) >= 999.5 && prefix < PREFIXES.length - 1) {
    number /= 1000;
    prefix++;
  }
  const digits = Math.abs(number) >= 100 || (prefix === 0 && Number.isInteger(number))
    ? 0
    : Math.abs(number) >= 10
    ? 1
    : 2;
  const tail = PREFIXES[prefix] + unit;
  // Spaces that do not break: the number and its unit belong together.
  return tail === "" || tail.startsWith("/")
    ? number.toFixed(digits) + tail
    : `${number.toFixed(digits)}\u00a0${tail}`;
}

const RATE_UNITS = { bits: "b/s", packets: "/s", flows: "/s", datagrams: "/s" };

/** A rate: `12.3 Mb/s`, `5.6 k/s`. */
export function rate(value, unit) {
  return scaled(value, RATE_UNITS[unit]);
}

/** Bytes: `12.3 MB`. */
export function bytes(value) {
  return scaled(value, "B");
}

/** A count, short: `12.3 M`. */
export function count(value) {
  return scaled(value, "");
}

/** A count with all its digits. */
export function whole(value) {
  return WHOLE.format(value);
}

/** A part of a whole: `12.3 %`. */
export function share(part, all) {
  if (all <= 0) return "0\u00a0%";
  const percent = 100 * part / all;
  return `${percent >= 10 || percent === 0 ? percent.toFixed(0) : percent.toFixed(1)}\u00a0%`;
}

/** A time of day, with the day where it is not today. */
export function time(unixMs) {
  const date = new Date(unixMs);
  const clock = date.toLocaleTimeString([], { hour12: false });
  return date.toDateString() === new Date().toDateString()
    ? clock
    : `${date.toLocaleDateString()} ${clock}`;
}

/** A span of time, roughly: `3 d 4 h`. */
export function span(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds}\u00a0s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}\u00a0min`;
  const hours = Math.floor(minutes / 60);
  return hours < 24
    ? `${hours}\u00a0h ${minutes % 60}\u00a0min`
    : `${Math.floor(hours / 24)}\u00a0d ${hours % 24}\u00a0h`;
}
