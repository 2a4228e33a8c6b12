import { ConfigError } from "./error.ts";
import type { ConfigWord } from "./lexer.ts";

/** The value of a symbol such as `tcp` or `smtp`, if there is one. */
export type SymbolLookup = (name: string) => number | undefined;

const U64_MAX = 2n ** 64n - 1n;

/**
 * Reads a number as C's `strtoul(text, 0, 0)` does, cut to 32 bits: decimal, `0x` hexadecimal or
 * `0` octal, as far as it goes; text that is no number is 0, a minus counts down from 2^32.
 */
export function scanUnsigned(text: string): number {
  const match = /^\s*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)/.exec(text);
  if (match === null) return 0;
  const [, sign, digits] = match;
  const octal = /^0[0-7]+$/.test(digits);
  let value = BigInt(octal ? `0o${digits.slice(1)}` : digits);
  if (value > U64_MAX) value = U64_MAX;
  else if (sign === "-") value = -value;
  return Number(BigInt.asUintN(32, value));
}

/** Reads a number as C's `atoi` does. */
export function scanInteger(text: string): number {
  const match = /^\s*[+-]?\d+/.exec(text);
  return match === null ? 0 : Number(BigInt.asIntN(32, BigInt(match[0].trim().replace("+", ""))));
}

/** Reads a number as C's `strtod` does, decimal notation only. */
export function scanDouble(text: string): number {
  const value = parseFloat(text);
  return Number.isNaN(value) ? 0 : value;
}

/**
 * Reads an address: one to four decimal octets, of which those left out at the end are 0 (`10.1` is
 * 10.1.0.0) and of which only the low eight bits count.
 *
 * Source: flow-tools `support.c` (`scan_ip`), which also asks the resolver for host names.
 */
export function scanAddress(word: ConfigWord, text = word.text): number {
  if (!/^[0-9.]+$/.test(text)) {
    throw new ConfigError(
      word,
      `"${word.text}" is no address`,
      "an IPv4 address such as 192.0.2.1",
    );
  }
  const octets = text.split(".").map((octet) => Number(octet) & 255);
  while (octets.length < 4) octets.push(0);
  return octets.reduce((address, octet) => ((address << 8) | octet) >>> 0, 0);
}

/** An address prefix; the address may have bits behind its length. */
export interface Prefix {
  readonly address: number;
  readonly length: number;
}

/** The length of a prefix without one: that of the address's class, where it is such a network. */
const CLASSES: readonly (readonly [first: number, last: number, length: number])[] = [
  [0x00000000, 0x7fffffff, 8],
  [0x80000000, 0xbfffffff, 16],
  [0xc0000000, 0xdfffffff, 24],
  [0xe0000000, 0xefffffff, 4],
];

/** The mask of a prefix length. */
export function prefixMask(length: number): number {
  return length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
}

/**
 * Reads a prefix such as `10/8` or `192.0.2.0/24`; lengths above 32 are 32.
 *
 * Source: flow-tools `support.c` (`scan_ip_prefix`).
 */
export function scanPrefix(word: ConfigWord): Prefix {
  const slash = word.text.indexOf("/");
  if (slash >= 0) {
    const length = scanInteger(word.text.slice(slash + 1)) & 255;
    return { address: scanAddress(word, word.text.slice(0, slash)), length: Math.min(length, 32) };
  }
  const address = scanAddress(word);
  const entry = CLASSES.find(([first, last]) => address >= first && address <= last);
  if (entry === undefined || (address & ~prefixMask(entry[2])) !== 0) {
    return { address, length: 32 };
  }
  // A network of class D has four bits, and is taken for a prefix of 28.
  return { address, length: entry[2] === 4 ? 28 : entry[2] };
}

/** Numbers `from` to `to`, both included. */
export interface NumberRange {
  /** The lowest. */
  readonly from: number;
  /** The highest. */
  readonly to: number;
}

/** A list of numbers such as `1,5-10`, or `!1,5` for all others. */
export interface NumberList {
  /** All but the numbers listed are meant. */
  readonly inverted: boolean;
  /** The numbers listed. */
  readonly ranges: readonly NumberRange[];
}

/**
 * Reads the list of a configuration: numbers, symbols and ranges between commas; `!` in front
 * inverts all of it. Further on a `!` is no number, and what is no number is 0: `1,!2,3` means
 * 0, 1 and 3.
 *
 * Source: flow-tools `ftfil.c` (`ftfil_load_lookup`).
 */
export function scanList(word: ConfigWord, size: number, symbols?: SymbolLookup): NumberList {
  const inverted = word.text.startsWith("!");
  const text = inverted ? word.text.slice(1) : word.text;
  const value = (item: string): number => {
    if (/^[A-Za-z]/.test(item)) {
      const found = symbols?.(item);
      if (found === undefined) {
        const expected = symbols === undefined ? "a number" : "a number or a known name";
        throw new ConfigError(word, `there is no symbol "${item}"`, expected);
      }
      return checkSize(word, found, item, size);
    }
    return checkSize(word, scanUnsigned(item), item, size);
  };
  const ranges: NumberRange[] = [];
  const parts = text.split(/([,-])/);
  for (let i = 0; i < parts.length; i += 2) {
    // A list may end in a comma.
    if (i === parts.length - 1 && parts[i] === "") break;
    const from = value(parts[i]);
    if (parts[i + 1] === "-") {
      // A range that ends below its start is its start alone.
      ranges.push({ from, to: Math.max(from, value(parts[i + 2])) });
      i += 2;
    } else {
      ranges.push({ from, to: from });
    }
  }
  return { inverted, ranges };
}

function checkSize(word: ConfigWord, value: number, item: string, size: number): number {
  if (value < size) return value;
  throw new ConfigError(word, `${item} is out of range`, `0 to ${size - 1}`);
}

/**
 * Reads the list of a command line: as {@linkcode scanList}, without symbols, and with any number
 * of separators between two numbers.
 *
 * Source: flow-tools `support.c` (`load_lookup`).
 *
 * @param text The list
 * @param size Numbers are below this
 * @returns The ranges, and whether all but these are meant
 * @throws {RangeError} A number is too large, or negative
 *
 * @example
 * ```ts
 * import { parseNumberList } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseNumberList("!1,5-10", 65536), {
 *   inverted: true,
 *   ranges: [{ from: 1, to: 1 }, { from: 5, to: 10 }],
 * });
 * ```
 */
export function parseNumberList(text: string, size: number): NumberList {
  const inverted = text.trimStart().startsWith("!");
  const list = inverted ? text.trimStart().slice(1) : text;
  const separator = (at: number): number => {
    while (at < list.length && list[at] !== "," && list[at] !== "-") at++;
    return at;
  };
  const value = (at: number): number => {
    const number = scanUnsigned(list.slice(at));
    if (number < size) return number;
    throw new RangeError(
      `Cannot read list "${text}": "${list.slice(at, separator(at + 1))}" is out of range, ` +
        `expected 0 to ${size - 1}`,
    );
  };
  const ranges: NumberRange[] = [];
  for (let at = 0; at < list.length;) {
    const from = value(at);
    ranges.push({ from, to: from });
    at = separator(at);
    if (list[at] === "-") {
      const to = value(at + 1);
      ranges[ranges.length - 1] = { from, to: Math.max(from, to) };
      at = separator(at + 1);
    }
    while (list[at] === "," || list[at] === "-") at++;
  }
  return { inverted, ranges };
}
