import { FAMILY_IPV4 } from "@flowtools/flow-model";
import { groupKeyWords, widens } from "./key_words.ts";
import type { GroupKey } from "./parse_keys.ts";

/** How to tell from the words of a group which part of all groups it is in. */
export interface PartHash {
  /** What each word is multiplied by. */
  readonly factors: Int32Array;
  /** What each word is compared with before: words that equal it do not count. */
  readonly zeros: Int32Array;
}

/** Odd, and far from those of the group table: groups of a part must spread over its slots. */
const FACTOR = 0x6c8e9cf5 | 0;
const FACTOR_STEP = 0x3c6ef372 | 0;
const MIX = 0x2c1b3c6d | 0;

/**
 * The hash of groups that tells parts apart. Where addresses have the words of IPv6, it is the same
 * for those of IPv4 as where they have not, since some threads see IPv6 before others do.
 *
 * @param keys What flows are grouped by
 * @param wide Whether addresses have the words of IPv6
 */
export function partHash(keys: readonly GroupKey[], wide: boolean): PartHash {
  let next = FACTOR;
  const newFactors = (count: number) =>
    Array.from({ length: count }, () => {
      const factor = next;
      next = (next + FACTOR_STEP) | 0;
      return factor;
    });
  // The words that are always there come first, so that their factors are the same either way.
  const narrow = keys.map((key) => newFactors(groupKeyWords(key, false)));
  const widened = keys.map((key) => wide && widens(key));
  const factors = keys.flatMap((key, index) => {
    if (!widened[index]) return narrow[index];
    const [address, length] = narrow[index];
    const words = newFactors(groupKeyWords(key, true));
    words[1] = address;
    if (length !== undefined) words[words.length - 1] = length;
    return words;
  });
  const zeros = keys.flatMap((key, index) => {
    const words = new Array<number>(groupKeyWords(key, wide)).fill(0);
    if (widened[index]) words[0] = FAMILY_IPV4;
    return words;
  });
  return { factors: Int32Array.from(factors), zeros: Int32Array.from(zeros) };
}

/**
 * Finds the part of each of some groups.
 *
 * @param hash The hash, for words as wide as these
 * @param keys For each word of the keys, where that of the first group is
 * @param step From the word of a group to that of the next
 * @param from The first group
 * @param parts Where to write the parts; as many as these
 * @param count Parts that there are
 */
export function findParts(
  { factors, zeros }: PartHash,
  keys: readonly Uint32Array[],
  step: number,
  from: number,
  parts: Uint32Array,
  count: number,
): void {
  parts.fill(0);
  for (let word = 0; word < factors.length; word++) {
    const column = keys[word];
    const factor = factors[word];
    const zero = zeros[word];
    for (let row = 0, at = from * step; row < parts.length; row++, at += step) {
      parts[row] += Math.imul(column[at] ^ zero, factor);
    }
  }
  for (let row = 0; row < parts.length; row++) {
    const hash = Math.imul(parts[row] ^ (parts[row] >>> 15), MIX);
    parts[row] = (hash >>> 16) * count >>> 16;
  }
}
