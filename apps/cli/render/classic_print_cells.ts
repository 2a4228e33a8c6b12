import type { SymbolKind } from "@flowtools/flowset/select";
import { PREFIX_SCALE } from "./classic_print_values.ts";
import { writeDates, writeTimes } from "./classic_print_time.ts";

/** Names as they are printed, cut to the cell, by value. */
export type NameTexts = ReadonlyMap<number, Uint8Array>;

/** What a loop over one cell of many lines has to know of it. */
export interface CellShape {
  /** Characters that the cell takes where its value fits: it has fewer digits than that or fills. */
  readonly natural: number;
  /** Characters that there are; more than `natural` where a value that did not fit is written. */
  readonly width: number;
  /** Names to print in place of numbers. */
  readonly names?: NameTexts;
}

/**
 * Writes one cell of `count` lines, `stride` bytes apart, the first at `at`. The cells are blank
 * before.
 *
 * @returns Whether a value did not fit, and the lines have to be written again with more room
 */
export type CellWriter = (
  values: Float64Array,
  count: number,
  view: DataView,
  at: number,
  stride: number,
  cell: CellShape,
) => boolean;

/** One kind of cell. */
export interface CellKind {
  readonly write: CellWriter;
  /**
   * Bytes behind a cell of some width that `write` may put blanks into; where they are not blank,
   * `exact` takes its place.
   */
  readonly slack?: (width: number) => number;
  readonly exact?: CellWriter;
  /** On which side a value that does not fit makes the cell longer. */
  readonly grows?: "left" | "right";
  /** Which names take the place of the number when names are asked for. */
  readonly symbols?: SymbolKind;
  /** Characters of a name at most; the cell may be narrower. */
  readonly nameMax?: number;
}

const BLANK = 0x20;
const ZERO = 0x30;
const SLASH = 0x2f;

const U32_END = 0x100000000;

// Numbers are written three digits at a time, each group as one word of four bytes, of which the
// next group overwrites the last: tables of a thousand words stay in the first-level cache.

const digitCount = (value: number) => value < 10 ? 1 : value < 100 ? 2 : 3;

/** Up to three digits and then `fill`, as a little-endian word. */
function groupWord(text: string, fill: number): number {
  let word = 0;
  for (let at = 3; at >= 0; at--) {
    word = (word << 8) | (at < text.length ? text.charCodeAt(at) : fill);
  }
  return word;
}

/** "7   ", "42  ", "999 ". */
const LEFT_GROUP = Int32Array.from({ length: 1000 }, (_, value) => groupWord(`${value}`, BLANK));
/** "007 ", "042 ", "999 ". */
const FULL_GROUP = Int32Array.from(
  { length: 1000 },
  (_, value) => groupWord(String(value).padStart(3, "0"), BLANK),
);
const GROUP_DIGITS = Uint8Array.from({ length: 1000 }, (_, value) => digitCount(value));

/** "7.  ", "42. ", "255.", and how long each is. */
const OCTET = Int32Array.from({ length: 256 }, (_, value) => groupWord(`${value}.`, BLANK));
const OCTET_SIZE = Uint8Array.from({ length: 256 }, (_, value) => digitCount(value) + 1);

/** "00" to "ff". */
const HEX = Uint16Array.from({ length: 256 }, (_, value) => {
  const text = value.toString(16).padStart(2, "0");
  return text.charCodeAt(0) | (text.charCodeAt(1) << 8);
});

/** Writes a number of seven to ten digits. */
function putLongDecimal(view: DataView, at: number, value: number): void {
  const upper = (value / 1e6) | 0;
  const rest = value - upper * 1e6;
  const middle = (rest / 1000) | 0;
  const low = FULL_GROUP[rest - middle * 1000];
  let end: number;
  if (upper < 1000) {
    view.setInt32(at, LEFT_GROUP[upper], true);
    end = at + GROUP_DIGITS[upper];
  } else {
    const first = (upper / 1000) | 0;
    view.setUint8(at, ZERO + first);
    view.setInt32(at + 1, FULL_GROUP[upper - first * 1000], true);
    end = at + 4;
  }
  view.setInt32(end, FULL_GROUP[middle], true);
  // The last group goes without its blank: it may be the end of the line.
  view.setInt16(end + 3, low, true);
  view.setUint8(end + 5, low >>> 16);
}

/** Decimal digits of a whole number; what is no number has one. */
function decimalDigits(value: number): number {
  let digits = 1;
  for (let rest = Math.floor(value / 10); rest >= 1; rest = Math.floor(rest / 10)) digits++;
  return digits;
}

/** Writes a number of any size so that its last digit is before `end`. */
function putDigitsBefore(view: DataView, end: number, value: number): void {
  let rest = value;
  do {
    const next = Math.floor(rest / 10);
    view.setUint8(--end, ZERO + rest - next * 10);
    rest = next;
  } while (rest > 0);
}

/**
 * Below 1000 a number is four bytes, below 10^6 its digits and a blank, and from there on its digits
 * alone. The common cases are written out here: a call for each number would take longer than they.
 */
const writeDecimal: CellWriter = (values, count, view, at, stride, { width }) => {
  const limit = Math.min(10 ** width, U32_END);
  let overflow = false;
  for (let i = 0; i < count; i++, at += stride) {
    const value = values[i];
    if (value < 1e6 && value < limit) {
      const whole = value | 0;
      if (whole < 1000) {
        view.setInt32(at, LEFT_GROUP[whole], true);
      } else {
        const high = (whole / 1000) | 0;
        view.setInt32(at, LEFT_GROUP[high], true);
        view.setInt32(at + GROUP_DIGITS[high], FULL_GROUP[whole - high * 1000], true);
      }
    } else if (value < limit) {
      putLongDecimal(view, at, value);
    } else {
      overflow = true;
    }
  }
  return overflow;
};

const writeDecimalExact: CellWriter = (values, count, view, at, stride, { width }) => {
  let overflow = false;
  for (let i = 0; i < count; i++, at += stride) {
    const digits = decimalDigits(values[i]);
    if (digits <= width) putDigitsBefore(view, at + digits, values[i]);
    else overflow = true;
  }
  return overflow;
};

const writeRight: CellWriter = (values, count, view, at, stride, { width }) => {
  const limit = 10 ** width;
  let overflow = false;
  for (let i = 0; i < count; i++, at += stride) {
    if (values[i] < limit) putDigitsBefore(view, at + width, values[i]);
    else overflow = true;
  }
  return overflow;
};

/** Three digits, as milliseconds have. */
const writeZero: CellWriter = (values, count, view, at, stride) => {
  for (let i = 0; i < count; i++, at += stride) {
    const group = FULL_GROUP[values[i]];
    view.setUint16(at, group, true);
    view.setUint8(at + 2, group >>> 16);
  }
  return false;
};

/** Hexadecimal digits, `least` of them at least. */
function putHex(view: DataView, at: number, value: number, digits: number): void {
  for (let i = digits - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 16)) {
    view.setUint8(at + i, HEX[rest & 15] >>> 8);
  }
}

function hexDigits(value: number): number {
  let digits = 1;
  for (let rest = Math.floor(value / 16); rest >= 1; rest = Math.floor(rest / 16)) digits++;
  return digits;
}

const writeHex: CellWriter = (values, count, view, at, stride, { natural, width }) => {
  let overflow = false;
  for (let i = 0; i < count; i++, at += stride) {
    const digits = Math.max(natural, hexDigits(values[i]));
    if (digits <= width) putHex(view, at, values[i], digits);
    else overflow = true;
  }
  return overflow;
};

const writeHexLeft: CellWriter = (values, count, view, at, stride, { width }) => {
  let overflow = false;
  for (let i = 0; i < count; i++, at += stride) {
    const digits = hexDigits(values[i]);
    if (digits <= width) putHex(view, at, values[i], digits);
    else overflow = true;
  }
  return overflow;
};

const writeAddress: CellWriter = (values, count, view, at, stride) => {
  for (let i = 0; i < count; i++, at += stride) {
    const address = values[i] >>> 0;
    let to = at;
    let octet = address >>> 24;
    view.setInt32(to, OCTET[octet], true);
    to += OCTET_SIZE[octet];
    octet = (address >>> 16) & 255;
    view.setInt32(to, OCTET[octet], true);
    to += OCTET_SIZE[octet];
    octet = (address >>> 8) & 255;
    view.setInt32(to, OCTET[octet], true);
    view.setInt32(to + OCTET_SIZE[octet], LEFT_GROUP[address & 255], true);
  }
  return false;
};

/** Writes `10/8`, `192.0.2/24`: what follows the last octet that is not 0 is left out. */
function putPrefix(view: DataView, at: number, value: number): void {
  let rest = Math.floor(value / PREFIX_SCALE) >>> 0;
  do {
    const octet = rest >>> 24;
    view.setInt32(at, OCTET[octet], true);
    at += OCTET_SIZE[octet];
    rest = (rest << 8) >>> 0;
  } while (rest !== 0);
  view.setUint8(at - 1, SLASH);
  view.setInt32(at, LEFT_GROUP[value % PREFIX_SCALE], true);
}

const writePrefix: CellWriter = (values, count, view, at, stride) => {
  for (let i = 0; i < count; i++, at += stride) putPrefix(view, at, values[i]);
  return false;
};

/** Room for one prefix, and the blanks behind it. */
const prefixText = new Uint8Array(24);
const prefixView = new DataView(prefixText.buffer);

/** As much of a prefix as there is room for. */
const writePrefixCut: CellWriter = (values, count, view, at, stride, { width }) => {
  for (let i = 0; i < count; i++, at += stride) {
    prefixText.fill(BLANK);
    putPrefix(prefixView, 0, values[i]);
    putText(view, at, prefixText.subarray(0, width));
  }
  return false;
};

const writeTime: CellWriter = (values, count, view, at, stride) => {
  writeTimes(values, count, view, at, stride);
  return false;
};

const writeDate: CellWriter = (values, count, view, at, stride) => {
  writeDates(values, count, view, at, stride);
  return false;
};

function putText(view: DataView, at: number, text: Uint8Array): void {
  for (let i = 0; i < text.length; i++) view.setUint8(at + i, text[i]);
}

/** The name of a number, or its digits where it has none. */
const writeNamed: CellWriter = (values, count, view, at, stride, { names }) => {
  for (let i = 0; i < count; i++, at += stride) {
    const text = names?.get(values[i]);
    if (text !== undefined) putText(view, at, text);
    else putDigitsBefore(view, at + decimalDigits(values[i]), values[i]);
  }
  return false;
};

const TAG_DIGITS = 8;

/** The name of a tag, or `0x` and eight digits. */
const writeTag: CellWriter = (values, count, view, at, stride, { names }) => {
  for (let i = 0; i < count; i++, at += stride) {
    const text = names?.get(values[i]);
    if (text !== undefined) {
      putText(view, at, text);
      continue;
    }
    view.setUint8(at, ZERO);
    view.setUint8(at + 1, "x".charCodeAt(0));
    putHex(view, at + 2, values[i], TAG_DIGITS);
  }
  return false;
};

/** From seven digits on, numbers are written without a blank behind them. */
const DECIMAL_EXACT_WIDTH = 7;

const DECIMAL = {
  write: writeDecimal,
  exact: writeDecimalExact,
  slack: (width) => width < DECIMAL_EXACT_WIDTH ? 3 : 0,
  grows: "right",
} as const satisfies CellKind;

/** Every kind of cell, by the word in the line of a format. */
export const CELL_KINDS: Readonly<Record<string, CellKind>> = {
  dec: DECIMAL,
  right: { write: writeRight, grows: "left" },
  zero: { write: writeZero },
  hex: { write: writeHex, grows: "right" },
  hexleft: { write: writeHexLeft, grows: "right" },
  ip: { write: writeAddress, slack: () => 1 },
  prefix: { write: writePrefix, slack: () => 2 },
  prefixcut: { write: writePrefixCut },
  time: { write: writeTime },
  date: { write: writeDate },
  prot: { ...DECIMAL, symbols: "ip-prot", nameMax: 4 },
  port: { ...DECIMAL, symbols: "tcp-port", nameMax: 15 },
  as: { ...DECIMAL, symbols: "asn", nameMax: 17 },
  tag: { write: writeTag, symbols: "tag" },
};

/** How a cell that shows names is written. */
export function namedWriter(kind: CellKind): CellWriter {
  return kind.write === writeTag ? writeTag : writeNamed;
}
