import { ConfigError } from "../config/error.ts";
import type { ConfigLine, ConfigWord } from "../config/lexer.ts";
import {
  type NumberList,
  prefixMask,
  scanAddress,
  scanDouble,
  scanInteger,
  scanList,
  scanPrefix,
  scanUnsigned,
  type SymbolLookup,
} from "../config/numbers.ts";
import { parseDate } from "../config/date.ts";
import { type MaskLine, type NumberBlock, NumberSet } from "./narrow_set.ts";
import { type Comparison, type ComparisonLine, COMPARISONS, Steps } from "./narrow_steps.ts";
import { TABLE_16, TABLE_8 } from "./narrow_table.ts";

/** What reading a primitive may need. */
export interface PrimitiveContext {
  /** Names of protocols, ports, AS numbers and tags. */
  readonly symbols: Readonly<Record<PrimitiveSymbols, SymbolLookup>>;
  /** Unix time that relative dates start from. */
  readonly nowSecs: number | undefined;
  /** Told what is legal, but probably not meant. */
  readonly warn: (message: string) => void;
}

/** The kinds of names that primitives use. */
export type PrimitiveSymbols = "protocol" | "port" | "as" | "tag";

/** A primitive: what was permitted and denied, in the form that its type needs. */
export interface Primitive {
  readonly name: ConfigWord;
  type: PrimitiveType | undefined;
  readonly contents: PrimitiveContents;
}

/** What a primitive holds; of the lists, each type fills one. */
export interface PrimitiveContents {
  /** Whether values that no line names pass. */
  others: boolean;
  /** Bits of a value that count, for the types that have a mask. */
  mask: number;
  /** For each small number: not named, denied, permitted. */
  table: Uint8Array;
  /** Numbers and prefixes, by their text. */
  readonly blocks: Map<string, NumberBlock>;
  readonly masks: MaskLine[];
  readonly comparisons: ComparisonLine[];
  /** Days by which the lines of a time of day so far have run over midnight. */
  extraDays: number;
  /** One flow in so many. */
  rate: number;
  rateHitPasses: boolean;
}

/** States of a number in a table. */
const UNNAMED = 0;
const DENIED = 1;
const PERMITTED = 2;

/** One type of primitive. */
export interface PrimitiveType {
  readonly name: string;
  /** Numbers that its table has, where it is a list of small numbers. */
  readonly size?: number;
  readonly symbols?: PrimitiveSymbols;
  /** Whether `mask` may be set. */
  readonly maskable?: boolean;
  /** Whether the type has no default. */
  readonly noDefault?: boolean;
  /** Reads what follows `permit` or `deny`. */
  readonly read: (line: ConfigLine, primitive: Primitive, passes: boolean, on: Reading) => void;
}

/** The context, and the row of the type that reads. */
interface Reading {
  readonly context: PrimitiveContext;
  readonly type: PrimitiveType;
}

const DATA = "what to permit or deny";

const readNumbers: PrimitiveType["read"] = (line, { contents }, passes, { type, context }) => {
  const word = line.expect(DATA);
  const symbols = type.symbols === undefined ? undefined : context.symbols[type.symbols];
  const list: NumberList = scanList(word, type.size!, symbols);
  const state = passes !== list.inverted ? PERMITTED : DENIED;
  for (const { from, to } of list.ranges) {
    const again = contents.table.subarray(from, to + 1).findIndex((named) => named !== UNNAMED);
    if (again >= 0) context.warn(`${place(word)}: ${from + again} was set before`);
    contents.table.fill(state, from, to + 1);
  }
};

const readAddress: PrimitiveType["read"] = (line, { contents }, passes, { context }) => {
  const word = line.expect(DATA);
  setBlock(contents, { value: scanAddress(word), length: 32, passes }, word, context);
};

const readTag: PrimitiveType["read"] = (line, { contents }, passes, { context }) => {
  const word = line.expect(DATA);
  setBlock(contents, { value: scanTag(word, context), length: 32, passes }, word, context);
};

/** Of several lines for one number the last counts. */
function setBlock(
  { blocks }: PrimitiveContents,
  block: NumberBlock,
  word: ConfigWord,
  context: PrimitiveContext,
): void {
  const key = `${block.value}/${block.length}`;
  if (blocks.has(key)) context.warn(`${place(word)}: "${word.text}" was set before`);
  blocks.set(key, block);
}

/** Of several lines for one prefix the first counts. */
const readPrefix: PrimitiveType["read"] = (line, { contents }, passes, { context }) => {
  const word = line.expect(DATA);
  const { address, length } = scanPrefix(word);
  const value = (address & prefixMask(length)) >>> 0;
  if (value !== address) {
    context.warn(`${place(word)}: "${word.text}" has bits behind its length, which do not count`);
  }
  const key = `${value}/${length}`;
  if (contents.blocks.has(key)) {
    context.warn(`${place(word)}: "${word.text}" was set before, this line changes nothing`);
  } else {
    contents.blocks.set(key, { value, length, passes });
  }
};

const readAddressMask: PrimitiveType["read"] = (line, { contents }, passes) => {
  const value = scanAddress(line.expect(DATA));
  contents.masks.push({ value, mask: scanAddress(line.expect("a mask")), passes });
};

const readTagMask: PrimitiveType["read"] = (line, { contents }, passes, { context }) => {
  const value = scanTag(line.expect(DATA), context);
  contents.masks.push({ value, mask: scanUnsigned(line.expect("a mask").text), passes });
};

const COMPARISON_NAMES = Object.fromEntries(
  Object.keys(COMPARISONS).map((name) => [name, name as Comparison]),
);

function readComparison(
  line: ConfigLine,
  { contents }: Primitive,
  passes: boolean,
  readLimit: () => number,
): void {
  const comparison = line.expectOneOf("comparison", COMPARISON_NAMES);
  contents.comparisons.push({ comparison, limit: readLimit(), passes });
}

const readCounter: PrimitiveType["read"] = (line, primitive, passes) =>
  readComparison(line, primitive, passes, () => scanUnsigned(line.expect("a number").text));

const readDouble: PrimitiveType["read"] = (line, primitive, passes) =>
  readComparison(line, primitive, passes, () => scanDouble(line.expect("a number").text));

const readTimeDate: PrimitiveType["read"] = (line, primitive, passes, { context }) =>
  readComparison(line, primitive, passes, () => {
    const position = line.position();
    const word = line.rest();
    const secs = word === undefined ? undefined : parseDate(word.text, context.nowSecs);
    if (secs !== undefined) return secs % 2 ** 32;
    const state = word === undefined ? "the line ends" : `"${word.text}" is no date`;
    return line.fail(word ?? position, state, 'a date such as "11/14/2023 22:13 UTC"');
  });

const DAY_SECS = 86_400;

/**
 * A time of day beyond midnight is tomorrow's; and, as the reference reckons on from there, so are
 * those of the lines behind it.
 */
const readTime: PrimitiveType["read"] = (line, primitive, passes) =>
  readComparison(line, primitive, passes, () => {
    const word = line.expect("a time of day, hh:mm:ss");
    const parts = word.text.split(":");
    if (parts.length > 3) line.fail(word, `"${word.text}" is no time of day`, "hh:mm:ss");
    const [hours, minutes = 0, seconds = 0] = parts.map(scanInteger);
    const { contents } = primitive;
    const limit = contents.extraDays * DAY_SECS + (hours * 60 + minutes) * 60 + seconds;
    contents.extraDays = Math.floor(limit / DAY_SECS);
    return limit;
  });

const readRate: PrimitiveType["read"] = (line, { contents }, passes, { context }) => {
  const word = line.expect("a rate");
  if (contents.rate !== 0) context.warn(`${place(word)}: the rate was set before`);
  contents.rate = scanInteger(word.text);
  contents.rateHitPasses = passes;
  if (contents.rate === 0) line.fail(word, `the rate is "${word.text}"`, "a number above 0");
};

function scanTag(word: ConfigWord, { symbols }: PrimitiveContext): number {
  if (!/^[A-Za-z]/.test(word.text)) return scanUnsigned(word.text);
  const value = symbols.tag(word.text);
  if (value !== undefined) return value;
  throw new ConfigError(word, `there is no tag "${word.text}"`, "a number or a known name");
}

function place({ file, line, column }: ConfigWord): string {
  return `${file}:${line}:${column}`;
}

/**
 * The types of primitives.
 *
 * Source: flow-tools `ftfil.c`; AS numbers take the names of tags there, here those of AS too.
 */
export const PRIMITIVE_TYPES: readonly PrimitiveType[] = [
  { name: "as", size: TABLE_16, symbols: "as", read: readNumbers },
  { name: "ip-address-prefix-len", size: 33, read: readNumbers },
  { name: "ip-protocol", size: TABLE_8, symbols: "protocol", read: readNumbers },
  { name: "ip-tos", size: TABLE_8, maskable: true, read: readNumbers },
  { name: "ip-tcp-flags", size: TABLE_8, maskable: true, read: readNumbers },
  { name: "ifindex", size: TABLE_16, read: readNumbers },
  { name: "engine", size: TABLE_8, read: readNumbers },
  { name: "ip-port", size: TABLE_16, symbols: "port", read: readNumbers },
  { name: "ip-address", read: readAddress },
  { name: "ip-address-mask", read: readAddressMask },
  { name: "ip-address-prefix", read: readPrefix },
  { name: "tag", read: readTag },
  { name: "tag-mask", read: readTagMask },
  { name: "counter", read: readCounter },
  { name: "time", read: readTime },
  { name: "time-date", read: readTimeDate },
  { name: "double", read: readDouble },
  { name: "rate", noDefault: true, read: readRate },
];

/** A primitive before its first line. */
export function newPrimitive(name: ConfigWord): Primitive {
  return {
    name,
    type: undefined,
    contents: {
      others: false,
      mask: 0xff,
      table: new Uint8Array(0),
      blocks: new Map(),
      masks: [],
      comparisons: [],
      extraDays: 0,
      rate: 0,
      rateHitPasses: false,
    },
  };
}

/** Whether each value of a column of so many passes. */
export function primitiveTable({ contents, type }: Primitive, size: number): Uint8Array {
  const { table, others, mask } = contents;
  return Uint8Array.from({ length: size }, (_, value) => {
    const masked = type?.maskable === true ? value & mask : value;
    const state = masked < table.length ? table[masked] : UNNAMED;
    return state === UNNAMED ? Number(others) : Number(state === PERMITTED);
  });
}

/** The numbers that pass. */
export function primitiveSet({ contents }: Primitive): NumberSet {
  return new NumberSet([...contents.blocks.values()], contents.others);
}

/** When a number passes by being compared. */
export function primitiveSteps({ contents }: Primitive): Steps {
  return new Steps(contents.comparisons, contents.others);
}
