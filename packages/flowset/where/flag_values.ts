import type { ValueWord } from "./values.ts";

/** Bits of the TCP flags, by letter. Source: RFC 9293, RFC 3540 (N). */
const BITS: Readonly<Record<string, number>> = {
  F: 0x01,
  S: 0x02,
  R: 0x04,
  P: 0x08,
  A: 0x10,
  U: 0x20,
  E: 0x40,
  C: 0x80,
  N: 0x100,
};

/** What `X` stands for, as in nfdump: the six classic flags. */
const ALL = 0x3f;

/** Flags that a column holds. */
const FLAGS_MAX = 0xffff;

/** What is expected, in messages. */
export const FLAGS = "TCP flags: letters of UAPRSFECN, X for all six, 0 for none, or a number";

/** Flags that have to be set, among those that count. */
export interface FlagMatch {
  readonly set: number;
  /** The flags that count; the others may be as they like. */
  readonly counting: number;
}

/**
 * Reads flags. `SA` means all of these whatever else is set; `S/SA` of these only the first; `0`
 * none at all.
 *
 * @param exact Flags that are not named must not be set
 */
export function readFlags(word: ValueWord, exact: boolean): FlagMatch {
  const [flags, mask, more] = word.text.split("/");
  if (more !== undefined) word.fail(`"${word.text}" has two slashes`, FLAGS);
  const set = readBits(word, flags);
  if (mask === undefined) return { set, counting: exact || set === 0 ? FLAGS_MAX : set };
  const counting = readBits(word, mask);
  if ((set & ~counting) !== 0) {
    word.fail(`"${flags}" has flags that are not among "${mask}"`, "a part of them, as in S/SA");
  }
  return { set, counting };
}

function readBits(word: ValueWord, text: string): number {
  if (/^(\d+|0x[\da-f]+)$/i.test(text)) {
    const value = Number(text);
    return value > FLAGS_MAX ? word.fail(`${text} is above ${FLAGS_MAX}`, FLAGS) : value;
  }
  let bits = 0;
  for (const letter of text.toUpperCase()) {
    if (letter === ".") continue;
    const bit = letter === "X" ? ALL : BITS[letter];
    if (bit === undefined) word.fail(`there is no flag "${letter}"`, FLAGS);
    bits |= bit;
  }
  return bits === 0 ? word.fail(`"${text}" is no flag`, FLAGS) : bits;
}

/** The letters of flags, for explanations. */
export function showFlags({ set, counting }: FlagMatch): string {
  const letters = (bits: number) =>
    Object.keys(BITS).filter((letter) => (bits & BITS[letter]) !== 0).toReversed().join("") || "0";
  if (counting === set) return letters(set);
  return counting === FLAGS_MAX
    ? `exactly ${letters(set)}`
    : `${letters(set)}/${letters(counting)}`;
}

/** Which values of a column match one of several. */
export function flagTable(size: number, matches: readonly FlagMatch[]): Uint8Array {
  return Uint8Array.from(
    { length: size },
    (_, value) => matches.some(({ set, counting }) => (value & counting) === set) ? 1 : 0,
  );
}
