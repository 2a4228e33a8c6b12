import { ipv6ToBigInt, parseIPv4, parseIPv6, type RecordValue } from "@flowtools/flow-model";
import type { ElementType } from "@flowtools/netflow-pdu";
import type { AddressRange } from "./address_values.ts";
import { holdsOctets, type ValueTest } from "./narrow_elements.ts";
import { ELEMENT_HEX, readHex } from "./other_values.ts";
import { inRanges, type Range } from "./ranges.ts";
import { TIMES } from "./time_values.ts";
import { type NumberValues, SIZES_SIGNED, type ValueWord } from "./values.ts";

/** How values of an element are written, and what is asked of those of flows. */
export type ElementForm =
  | {
    readonly kind: "number";
    readonly values: NumberValues;
    readonly test: (ranges: readonly Range<number>[]) => ValueTest;
  }
  | {
    readonly kind: "address";
    readonly test: (ranges: readonly AddressRange[]) => ValueTest;
  }
  | {
    readonly kind: "words";
    readonly what: string;
    readonly read: (word: ValueWord) => ReadElementWord;
  };

/** A value as a condition has it. */
export interface ReadElementWord {
  readonly test: ValueTest;
  readonly shown: string;
}

/** Numbers as they are, or as milliseconds where they are times of other units. */
function numbers(
  values: NumberValues,
  numberOf: (value: number | bigint) => number = Number,
): ElementForm {
  return {
    kind: "number",
    values,
    test: (ranges) => {
      const lows = Float64Array.from(ranges, ({ low }) => low);
      const highs = Float64Array.from(ranges, ({ high }) => high);
      return (value) =>
        (typeof value === "number" || typeof value === "bigint") &&
        inRanges(numberOf(value), lows, highs) === 1;
    },
  };
}

const NUMBERS: ElementForm = numbers(SIZES_SIGNED);

const ADDRESSES: ElementForm = {
  kind: "address",
  test: (ranges) => (value) => {
    if (typeof value !== "string") return false;
    const family = value.includes(":") ? 6 : 4;
    const address = family === 6 ? wideAddress(value) : parseIPv4(value);
    if (address === undefined) return false;
    // A number and a bigint compare as what they are worth.
    return ranges.some((range) =>
      range.family === family && address >= range.low && address <= range.high
    );
  },
};

function wideAddress(text: string): bigint | undefined {
  const bytes = parseIPv6(text);
  return bytes && ipv6ToBigInt(bytes);
}

const MAC = "a MAC address such as 00:00:5e:00:53:01";

const MACS: ElementForm = {
  kind: "words",
  what: MAC,
  read: ({ text, fail }) => {
    const digits = text.toLowerCase().replace(/[:.-]/g, "");
    if (!/^[\da-f]{12}$/.test(digits)) return fail(`"${text}" is no MAC address`, MAC);
    const wanted = digits.match(/../g)!.join(":");
    return { test: (value) => value === wanted, shown: wanted };
  },
};

const TRUTH: Readonly<Record<string, boolean>> = { true: true, yes: true, false: false, no: false };

const BOOLEANS: ElementForm = {
  kind: "words",
  what: "true or false",
  read: ({ text, fail }) => {
    const wanted = TRUTH[text.toLowerCase()];
    if (wanted === undefined) return fail(`"${text}" is neither`, "true or false");
    return { test: (value) => value === wanted, shown: String(wanted) };
  },
};

const TEXTS: ElementForm = {
  kind: "words",
  what: "text, in quotes where it has blanks",
  read: ({ text }) => {
    const wanted = text.toLowerCase();
    const test = (value: RecordValue) =>
      typeof value === "string" && value.toLowerCase() === wanted;
    return { test, shown: JSON.stringify(text) };
  },
};

const OCTETS: ElementForm = {
  kind: "words",
  what: ELEMENT_HEX,
  read: (word) => {
    const { bytes, shown } = readHex(word);
    const test = (value: RecordValue) => value instanceof Uint8Array && holdsOctets(value, bytes);
    return { test, shown };
  },
};

/** The form of each abstract data type; what is octets to the reader of records is so here. */
const FORMS: Readonly<Record<ElementType, ElementForm>> = {
  octetArray: OCTETS,
  unsigned8: NUMBERS,
  unsigned16: NUMBERS,
  unsigned32: NUMBERS,
  unsigned64: NUMBERS,
  unsigned256: NUMBERS,
  signed8: NUMBERS,
  signed16: NUMBERS,
  signed32: NUMBERS,
  signed64: NUMBERS,
  float32: NUMBERS,
  float64: NUMBERS,
  boolean: BOOLEANS,
  macAddress: MACS,
  string: TEXTS,
  dateTimeSeconds: numbers(TIMES, (value) => Number(value) * 1000),
  dateTimeMilliseconds: numbers(TIMES),
  dateTimeMicroseconds: numbers(TIMES, (value) => Math.floor(Number(value) / 1000)),
  dateTimeNanoseconds: numbers(TIMES, (value) => Number(BigInt(value) / 1_000_000n)),
  ipv4Address: ADDRESSES,
  ipv6Address: ADDRESSES,
  basicList: OCTETS,
  subTemplateList: OCTETS,
  subTemplateMultiList: OCTETS,
};

/** How values of an element of some type are written. */
export function elementForm(type: ElementType): ElementForm {
  return FORMS[type];
}
