/** What a number is, and so how it is written. */
export type Quantity =
  /** Says which one, not how many: a port, an AS. It is never shortened. */
  | "id"
  | "count"
  | "octets"
  | "packets"
  | "flows"
  | "bit/s"
  | "packets/s"
  | "ms"
  | "percent"
  | "ratio";

/** Steps of a thousand; octets too are counted so, as network engineers do. */
const STEPS = ["", "k", "M", "G", "T", "P", "E"];

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * A number as people write it.
 *
 * @param value The number
 * @param quantity What it is
 * @param human Whether it may be shortened
 */
export function quantityText(value: number, quantity: Quantity, human: boolean): string {
  if (!Number.isFinite(value)) return "-";
  if (quantity === "id") return String(value);
  if (quantity === "percent") return percentText(value);
  if (quantity === "ms" && human) return durationText(value);
  if (!human) return Number.isInteger(value) ? String(value) : value.toFixed(1);
  return shortText(value);
}

/** Small shares have more digits: what there is at all is not nothing. */
function percentText(value: number): string {
  if (value > 0 && value < 0.005) return "<0.01%";
  return `${value.toFixed(value > 0 && value < 0.1 ? 2 : 1)}%`;
}

/** Three digits at least, and what they are multiplied by. */
function shortText(value: number): string {
  let step = 0;
  let rest = Math.abs(value);
  while (rest >= 999.5 && step < STEPS.length - 1) {
    rest /= 1000;
    step++;
  }
  const digits = rest >= 99.95 || (step === 0 && Number.isInteger(value)) ? 0 : 1;
  return `${value < 0 ? "-" : ""}${rest.toFixed(digits)}${STEPS[step]}`;
}

/** Milliseconds in the two largest units that they have. */
function durationText(ms: number): string {
  if (ms < SECOND) return `${Math.round(ms)}ms`;
  if (ms < MINUTE) return `${(ms / SECOND).toFixed(ms < 10 * SECOND ? 1 : 0)}s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m${two(ms % MINUTE / SECOND)}s`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)}h${two(ms % HOUR / MINUTE)}m`;
  return `${Math.floor(ms / DAY)}d${two(ms % DAY / HOUR)}h`;
}

/** Units of spans of time, in seconds, the longest first. */
const SPAN_UNITS = [["d", 86_400], ["h", 3600], ["m", 60], ["s", 1]] as const;

/** A whole number of seconds as it is given to flags: `5m`, `1h30m`, `1d`. */
export function spanText(seconds: number): string {
  let rest = seconds;
  let text = "";
  for (const [unit, length] of SPAN_UNITS) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) text += `${count}${unit}`;
  }
  return text;
}

function two(value: number): string {
  return String(Math.floor(value)).padStart(2, "0");
}
