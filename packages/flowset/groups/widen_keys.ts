import { FAMILY_IPV4 } from "@flowtools/flow-model";
import { groupKeyWords, groupWords, widens } from "./key_words.ts";
import type { GroupKey } from "./parse_keys.ts";

/**
 * The words of keys whose addresses are IPv4 as they are beside IPv6.
 *
 * @param keys What the words mean
 * @param words The words of all groups
 * @param size Groups
 * @returns The words of all groups, wider
 */
export function widenKeys(
  keys: readonly GroupKey[],
  words: Uint32Array,
  size: number,
): Uint32Array<ArrayBuffer> {
  const before = groupWords(keys, false);
  const after = groupWords(keys, true);
  const widened = new Uint32Array(size * after);
  let from = 0;
  let to = 0;
  for (const key of keys) {
    const narrow = groupKeyWords(key, false);
    const wide = groupKeyWords(key, true);
    for (let group = 0; group < size; group++) {
      const source = group * before + from;
      const target = group * after + to;
      if (!widens(key)) widened[target] = words[source];
      else {
        widened[target] = FAMILY_IPV4;
        widened[target + 1] = words[source];
        // The length of a network stays its last word.
        if (narrow > 1) widened[target + wide - 1] = words[source + narrow - 1];
      }
    }
    from += narrow;
    to += wide;
  }
  return widened;
}
