import type { SymbolTable } from "../symbols.ts";
import { didYouMean } from "./nearest.ts";
import type { Fault } from "./lexer.ts";
import type { Range } from "./ranges.ts";
import type { WallClock } from "./wall_clock.ts";

/** Names of one kind of numbers. */
export type WhereNames = Pick<SymbolTable, "value" | "entries">;

/** Names that expressions may use for numbers. */
export interface WhereSymbols {
  /** Protocols, such as `tcp`; the best known have their names without it. */
  readonly protocol?: WhereNames;
  /** Ports, such as `https`. */
  readonly port?: WhereNames;
  /** AS numbers. */
  readonly as?: WhereNames;
  /** Tags. */
  readonly tag?: WhereNames;
}

/** What values are read with. */
export interface ValueContext {
  readonly symbols: WhereSymbols;
  readonly nowMs: number;
  readonly clock: WallClock;
}

/** The text of a value, and how to refuse it. */
export interface ValueWord {
  readonly text: string;
  /** Throws the error of this place. */
  fail(state: string, expected: string, hint?: string, code?: Fault["code"]): never;
}

/** Whether a word is a number, or a range of numbers, and not a name that only has digits. */
export function isWholeNumber(text: string): boolean {
  return /^(\d+|0x[\da-f]+)(-(\d+|0x[\da-f]+))?$/i.test(text);
}

/** One kind of numbers: how they are written. */
export interface NumberValues {
  /** What is expected, in messages. */
  readonly what: string;
  /** The two ends, where a word is a range. */
  readonly split: (text: string) => readonly [low: string, high: string] | undefined;
  /** The number, or the numbers that a word of less precision stands for. */
  readonly read: (word: ValueWord, context: ValueContext) => Range<number>;
  /** The text of a number, for explanations. */
  readonly show: (value: number) => string;
}

/** Counters are exact up to here. */
const WHOLE_MAX = Number.MAX_SAFE_INTEGER;

const SIZES: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
  ti: 2 ** 40,
};

/** Milliseconds of the units of time. */
const TIMES: Readonly<Record<string, number>> = {
  "": 1,
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Two numbers with a dash between them; names may have dashes, so that both begin with a digit. */
const splitNumbers: NumberValues["split"] = (text) => {
  const match = /^(\d[^-]*)-(\d[^-]*)$/.exec(text);
  return match === null ? undefined : [match[1], match[2]];
};

/** Whole numbers up to some number, perhaps by name: of a table of the caller, or of a list. */
export function wholeNumbers(
  what: string,
  max: number,
  names: {
    readonly table?: keyof WhereSymbols;
    readonly list?: Readonly<Record<string, number>>;
  } = {},
): NumberValues {
  const { table, list = {} } = names;
  const named = table !== undefined || Object.keys(list).length > 0;
  const expected = `a number 0 to ${max}${named ? ", or a name" : ""}`;
  return {
    what: expected,
    split: splitNumbers,
    read: (word, { symbols }) => {
      const { text } = word;
      if (/^(\d+|0x[\da-f]+)$/i.test(text)) {
        const value = Number(text);
        if (value > max) word.fail(`${what} ${text} is above ${max}`, expected);
        return { low: value, high: value };
      }
      const key = text.toLowerCase();
      const known = table && symbols[table];
      const value = Object.hasOwn(list, key) ? list[key] : known?.value(text);
      if (value === undefined || value > max) {
        const others = [...known?.entries() ?? []].map(([, name]) => name);
        const hint = didYouMean(text, [...Object.keys(list), ...others]) ??
          (named && text.includes("-") ? "ranges of names have two dots: a..b" : undefined);
        return word.fail(`there is no ${what} "${text}"`, expected, hint);
      }
      return { low: value, high: value };
    },
    show: String,
  };
}

/** Counts with units, such as `10k` or `1.5Gi`. */
export const SIZES_WHOLE: NumberValues = sizes(
  "a count such as 1500, 10k or 2Mi",
  (value) => Number.isInteger(value),
);

/** Rates and averages with units, which need not be whole. */
export const SIZES_REAL: NumberValues = sizes("a number such as 0.5, 10k or 2Mi", () => true);

const SIGNED = "a number such as 443, -5, 0.5, 10k or 2Mi";

/** Numbers of any sign with units, which need not be whole: values of information elements. */
export const SIZES_SIGNED: NumberValues = {
  ...SIZES_REAL,
  what: SIGNED,
  read: (word, context) => {
    if (!word.text.startsWith("-")) return SIZES_REAL.read(word, context);
    const { low } = SIZES_REAL.read({ ...word, text: word.text.slice(1) }, context);
    return { low: -low, high: -low };
  },
};

function sizes(what: string, allows: (value: number) => boolean): NumberValues {
  return {
    what,
    split: splitNumbers,
    read: (word) => {
      const { text } = word;
      const hex = /^0x[\da-f]+$/i.test(text);
      const value = hex ? Number(text) : withUnit(word, what, SIZES);
      if (value > WHOLE_MAX) word.fail(`${text} is above 2^53 - 1`, what);
      if (!allows(value)) word.fail(`${text} is no whole number`, what);
      return { low: value, high: value };
    },
    show: String,
  };
}

const DURATION = "a time such as 500 (ms), 2s, 1m or 1.5h";

/** Lengths of time in milliseconds, or with units. */
export const DURATIONS: NumberValues = {
  what: DURATION,
  split: splitNumbers,
  read: (word) => {
    const value = withUnit(word, DURATION, TIMES);
    if (value > WHOLE_MAX) word.fail(`${word.text} is longer than all time`, DURATION);
    return { low: value, high: value };
  },
  show: (value) => `${value}ms`,
};

function withUnit(word: ValueWord, what: string, units: Readonly<Record<string, number>>): number {
  const match = /^(\d+(?:\.\d+)?|\.\d+)([a-z]*)$/i.exec(word.text);
  if (match === null) return word.fail(`"${word.text}" is no number`, what);
  const unit = match[2].toLowerCase();
  if (!Object.hasOwn(units, unit)) {
    const known = Object.keys(units).filter((name) => name !== "");
    word.fail(`"${match[2]}" is no unit`, `one of ${known.join(", ")}`);
  }
  // Decimal fractions of units come out whole where they are: 1.1k is 1100.
  return Number((Number(match[1]) * units[unit]).toPrecision(15));
}

/** Milliseconds of a length of time such as `1d12h`, or `undefined` where the text is none. */
export function parseSpan(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?[a-z]+)+$/i.test(text)) return undefined;
  let sum = 0;
  for (const [, number, unit] of text.toLowerCase().matchAll(/(\d+(?:\.\d+)?)([a-z]+)/g)) {
    if (!Object.hasOwn(TIMES, unit)) return undefined;
    sum += Number(number) * TIMES[unit];
  }
  return sum;
}

/** What people write in place of the units of time. */
const LONG_UNITS: readonly (readonly [unit: string, long: RegExp])[] = [
  ["s", /^sec(ond)?s?$/],
  ["m", /^min(ute)?s?$/],
  ["h", /^(hours?|hrs?)$/],
  ["d", /^days?$/],
  ["w", /^(weeks?|wk)$/],
];

/**
 * The length of time that a text is likely to mean that is none.
 *
 * @returns The text with the units that there are, such as `5m` for `5mins`; nothing where it is
 * likely to mean none
 */
export function meantSpan(text: string): string | undefined {
  const meant = text.toLowerCase().replaceAll(/\s+/g, "").replaceAll(
    /[a-z]+/g,
    (word) => LONG_UNITS.find(([, long]) => long.test(word))?.[0] ?? word,
  );
  return parseSpan(meant) === undefined ? undefined : meant;
}
