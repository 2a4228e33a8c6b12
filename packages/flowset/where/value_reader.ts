import {
  ADDRESS,
  type AddressRange,
  maskedAddress,
  readAddress,
  splitAddresses,
} from "./address_values.ts";
import { ELEMENT_HEX, readHex, type ReadOctets } from "./other_values.ts";
import { comparedTo, type Comparison, type Range, unite } from "./ranges.ts";
import { isDay, isTimeOfDay, TIMES } from "./time_values.ts";
import type { TokenReader } from "./token_reader.ts";
import { isWholeNumber, type NumberValues, type ValueContext, type ValueWord } from "./values.ts";

/** How values are compared; an inverted comparison passes what fails it. */
export interface ReadComparison {
  /** Not there where a condition has its values at once: `port 80`. */
  readonly sign: Exclude<Comparison, "!="> | undefined;
  readonly inverted: boolean;
}

/** Numbers as a condition has them. */
export interface ReadNumbers {
  readonly ranges: readonly Range<number>[];
  readonly shown: string;
}

/** Numbers and names as a condition has them. */
export interface ReadNumbersOrNames {
  /** Not there where there are names only. */
  readonly numbers: ReadNumbers | undefined;
  readonly names: readonly string[];
}

/** Octets and names as a condition has them. */
export interface ReadOctetsOrNames {
  readonly octets: readonly ReadOctets[];
  readonly names: readonly string[];
}

/** The signs and words of comparisons. */
const COMPARISONS: Readonly<Record<string, Comparison>> = {
  "=": "=",
  "==": "=",
  "eq": "=",
  "in": "=",
  "!=": "!=",
  "ne": "!=",
  "<": "<",
  "lt": "<",
  ">": ">",
  "gt": ">",
  "<=": "<=",
  "le": "<=",
  ">=": ">=",
  "ge": ">=",
};

const COMPARISON_WORDS = Object.keys(COMPARISONS);

/** One value, or the ends of a range. */
interface Item {
  readonly low: ValueWord;
  readonly high: ValueWord | undefined;
}

/** Reads comparisons, values and lists of these. */
export class ValueReader {
  readonly #tokens: TokenReader;
  readonly #context: ValueContext;

  constructor(tokens: TokenReader, context: ValueContext) {
    this.#tokens = tokens;
    this.#context = context;
  }

  /** Whether a piece further on is a comparison. */
  isComparison(ahead: number): boolean {
    return this.#tokens.isNext(COMPARISON_WORDS, ahead) ||
      this.#tokens.isNext(["not", "!"], ahead) && this.#tokens.isNext(["in"], ahead + 1);
  }

  /** Reads a comparison, if there is one. */
  comparison(): ReadComparison {
    if (this.#tokens.isNext(["not", "!"]) && this.#tokens.isNext(["in"], 1)) {
      this.#tokens.next();
      this.#tokens.next();
      return { sign: "=", inverted: true };
    }
    const token = this.#tokens.take(...COMPARISON_WORDS);
    if (token === undefined) return { sign: undefined, inverted: false };
    const sign = COMPARISONS[token.text.toLowerCase()];
    return sign === "!=" ? { sign: "=", inverted: true } : { sign, inverted: false };
  }

  /** Reads numbers: the ranges that pass, and how they were understood. */
  numbers(values: NumberValues, { sign = "=" }: ReadComparison): ReadNumbers {
    const expected = values.what;
    const join = values === TIMES;
    if (sign !== "=") {
      const start = this.#tokens.peek();
      const item = this.#item(values.split, expected, join);
      if (item.high === undefined && !this.#tokens.isNext([","])) {
        const number = values.read(item.low, this.#context);
        return { ranges: [comparedTo(sign, number)], shown: `${sign} ${values.show(number.low)}` };
      }
      return this.#tokens.fail(start, {
        code: "where-syntax",
        state: `"${sign}" compares with one number, not with several`,
        expected: "one number, or = with the range or list",
      });
    }
    return shownRanges(values, this.#list(expected, () => this.#range(values)));
  }

  /**
   * Reads numbers, and names that exporters tell for them: what stands in quotes, or is no number,
   * is a name.
   */
  numbersOrNames(values: NumberValues, comparison: ReadComparison): ReadNumbersOrNames {
    const { sign } = comparison;
    if (sign !== undefined && sign !== "=") {
      return { numbers: this.numbers(values, comparison), names: [] };
    }
    const what = `${values.what}, or a name that exporters tell`;
    const { read, names } = this.#orNames(what, isWholeNumber, () => this.#range(values));
    return { numbers: read.length === 0 ? undefined : shownRanges(values, read), names };
  }

  /** Reads octets with `0x` before them, and names that exporters tell for them. */
  octetsOrNames({ sign }: ReadComparison): ReadOctetsOrNames {
    const what = `a name that exporters tell, or ${ELEMENT_HEX}`;
    if (sign !== undefined && sign !== "=") {
      this.#tokens.failNext(`= or in before it, not "${sign}"`);
    }
    const { read, names } = this.#orNames(
      what,
      (text) => /^0x/i.test(text),
      () => readHex(this.#word(what, false)),
    );
    return { octets: read, names };
  }

  /** Reads addresses, prefixes and ranges of addresses. */
  addresses({ sign }: ReadComparison): AddressRange[] {
    if (sign !== undefined && sign !== "=") {
      return this.#tokens.failNext(`= or in before it; addresses are not compared by "${sign}"`);
    }
    return this.#list(ADDRESS, (alone) => {
      const { low, high } = this.#item(splitAddresses, ADDRESS, false);
      const mask = alone && high === undefined && !low.text.includes("/")
        ? this.#mask()
        : undefined;
      if (mask !== undefined) return maskedAddress(low, mask);
      const from = readAddress(low);
      if (high === undefined) return from;
      const to = readAddress(high);
      if (to.family !== from.family) {
        return high.fail(`"${high.text}" is of the other family`, `an IPv${from.family} address`);
      }
      if (from.low > to.high) return failOrder(high);
      return { low: from.low, high: to.high, family: from.family };
    });
  }

  /** Reads words that are no numbers. */
  words<Value>(
    { sign }: ReadComparison,
    expected: string,
    read: (word: ValueWord) => Value,
  ): Value[] {
    if (sign !== undefined && sign !== "=") {
      this.#tokens.failNext(`= or in before it, not "${sign}"`);
    }
    return this.#list(expected, () => read(this.#word(expected, false)));
  }

  /** Reads a list of which some words are names. */
  #orNames<Value>(
    what: string,
    isValue: (text: string) => boolean,
    readValue: () => Value,
  ): { readonly read: Value[]; readonly names: string[] } {
    const read: Value[] = [];
    const names: string[] = [];
    this.#list(what, () => {
      const { kind, text } = this.#tokens.peek();
      if (kind === "word" && isValue(text)) read.push(readValue());
      else names.push(this.#word(what, false).text);
    });
    return { read, names };
  }

  /** Reads one number, or the range that is written in its place. */
  #range(values: NumberValues): Range<number> {
    const { low, high } = this.#item(values.split, values.what, values === TIMES);
    const from = values.read(low, this.#context);
    if (high === undefined) return from;
    const to = values.read(high, this.#context);
    if (from.low > to.high) return failOrder(high);
    return { low: from.low, high: to.high };
  }

  /** Reads one value, values between commas, or a list between brackets. */
  #list<Value>(expected: string, read: (alone: boolean) => Value): Value[] {
    const values: Value[] = [];
    const open = this.#tokens.take("[");
    if (open === undefined) {
      do values.push(read(values.length === 0)); while (this.#tokens.take(",") !== undefined);
      return values;
    }
    while (this.#tokens.take("]") === undefined) {
      if (this.#tokens.peek().kind === "end") {
        this.#tokens.failNext("] at the end of the list");
      }
      values.push(read(false));
      this.#tokens.take(",");
    }
    if (values.length > 0) return values;
    return this.#tokens.fail(open, { code: "where-syntax", state: "the list is empty", expected });
  }

  /** Reads a value, and the other end where it is a range. */
  #item(split: NumberValues["split"], expected: string, joinTimes: boolean): Item {
    const { kind, text, from, to } = this.#tokens.peek();
    const halves = kind === "word" ? split(text) : undefined;
    if (halves !== undefined) {
      this.#tokens.next();
      const [low, high] = halves;
      return {
        low: this.#tokens.word(low, from, from + low.length),
        high: this.#tokens.word(high, to - high.length, to),
      };
    }
    const low = this.#word(expected, joinTimes);
    const ranged = this.#tokens.take("..", "-") !== undefined;
    return { low, high: ranged ? this.#word(expected, joinTimes) : undefined };
  }

  #word(expected: string, joinTimes: boolean): ValueWord {
    const { kind, text, from, to } = this.#tokens.peek();
    if (kind === "sign" || kind === "end") return this.#tokens.failNext(expected);
    this.#tokens.next();
    const after = this.#tokens.peek();
    if (joinTimes && isDay(text) && after.kind === "word" && isTimeOfDay(after.text)) {
      this.#tokens.next();
      return this.#tokens.word(`${text}T${after.text}`, from, after.to);
    }
    return this.#tokens.word(text, from, to);
  }

  /** Reads the mask behind an address, if there is one. */
  #mask(): ValueWord | undefined {
    const { kind, text, from, to } = this.#tokens.peek();
    if (kind !== "word" || !/^\d+(\.\d+){3}$/.test(text)) return undefined;
    this.#tokens.next();
    return this.#tokens.word(text, from, to);
  }
}

function shownRanges(values: NumberValues, read: readonly Range<number>[]): ReadNumbers {
  const ranges = unite(read);
  const texts = ranges.map(({ low, high }) =>
    low === high ? values.show(low) : `${values.show(low)} to ${values.show(high)}`
  );
  return { ranges, shown: `= ${texts.join(", ")}` };
}

function failOrder(high: ValueWord): never {
  return high.fail("the range ends before it begins", "the lower end first");
}
