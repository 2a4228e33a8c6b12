import { nearestWords } from "@flowtools/flowset/nearest";

/** Letters that a word needs at least for the words that begin with it to be meant. */
const PREFIX_LENGTH_MIN = 2;
/** Words that begin alike at most: more of them are no suggestion. */
const PREFIX_MATCHES_MAX = 3;

/** What other programs call things that have other names here. */
const OTHER_WORDS: ReadonlyMap<string, readonly string[]> = new Map([
  ["bytes", ["octets", "dOctets"]],
  ["pkts", ["packets", "dPkts"]],
  ["size", ["octets", "dOctets"]],
  ["sport", ["srcport"]],
  ["dport", ["dstport"]],
  ["sip", ["srcaddr"]],
  ["dip", ["dstaddr"]],
  ["srcip", ["srcaddr"]],
  ["dstip", ["dstaddr"]],
  ["src", ["srcaddr"]],
  ["dst", ["dstaddr"]],
  ["proto", ["prot"]],
  ["protocol", ["prot"]],
  ["flags", ["tcp_flags"]],
  ["srcas", ["src_as"]],
  ["dstas", ["dst_as"]],
  ["in_if", ["input"]],
  ["out_if", ["output"]],
]);

/**
 * The words that a wrong one is likely to mean: those that other programs call so, that differ in
 * few letters, or else begin with it.
 *
 * @returns The likeliest first; none where nothing is near
 */
export function suggestedWords(word: string, known: readonly string[]): readonly string[] {
  // Every number is near to some other.
  if (!/\p{L}/u.test(word)) return [];
  const meant = OTHER_WORDS.get(word.toLowerCase())?.filter((name) => known.includes(name)) ?? [];
  if (meant.length > 0) return meant.slice(0, 1);
  const near = nearestWords(word, known);
  if (near.length > 0 || word.length < PREFIX_LENGTH_MIN) return near;
  const longer = known.filter((name) => name.toLowerCase().startsWith(word.toLowerCase()));
  return longer.length > PREFIX_MATCHES_MAX ? [] : longer;
}

/** The question that a wrong word raises, such as `did you mean "print"?`; none of words far off. */
export function didYouMean(
  word: string,
  known: readonly string[],
  prefix = "",
): string | undefined {
  const words = suggestedWords(word, known).map((name) =>
    prefix === "" ? `"${name}"` : prefix + name
  );
  return words.length === 0 ? undefined : `did you mean ${words.join(" or ")}?`;
}

/**
 * What to say of a wrong word: what it is likely to mean, or else all that there is.
 *
 * @param word The wrong word
 * @param known The words that there are
 * @returns Such as `did you mean "print"?`, or `expected one of cat, print`
 */
export function expectedWords(word: string, known: readonly string[]): string {
  return didYouMean(word, known) ?? `expected one of ${known.join(", ")}`;
}

/**
 * What is expected in place of a wrong word: all that there is, and what it is likely to mean.
 *
 * @param word The wrong word
 * @param known The words that there are
 * @returns Such as `one of cat, print; did you mean "print"?`
 */
export function oneOfWords(word: string, known: readonly string[]): string {
  const meant = didYouMean(word, known);
  return `one of ${known.join(", ")}${meant === undefined ? "" : `; ${meant}`}`;
}
