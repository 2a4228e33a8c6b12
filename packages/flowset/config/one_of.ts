import { didYouMean } from "../where/nearest.ts";

/** What is expected where a word is no name that there is: the names, and which may be meant. */
export function oneOf(word: string, names: readonly string[]): string {
  const hint = didYouMean(word, names);
  return `one of ${names.join(", ")}${hint === undefined ? "" : `; ${hint}`}`;
}
