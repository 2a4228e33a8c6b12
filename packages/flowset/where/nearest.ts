/** Words of more letters have no neighbours: the table of the search grows with the square. */
const WORD_LENGTH_MAX = 40;

/**
 * The words of a list that are nearest to one that is in none, for messages: up to three that
 * differ by few letters left out, added, changed or swapped.
 *
 * @param word The word, in upper or lower case
 * @param known The words that there are
 * @returns The nearest first; none where nothing is near
 *
 * @example
 * ```ts
 * import { nearestWords } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nearestWords("prto", ["port", "proto", "packets"]), ["proto", "port"]);
 * assertEquals(nearestWords("colour", ["port", "proto"]), []);
 * ```
 */
export function nearestWords(word: string, known: Iterable<string>): string[] {
  if (word.length > WORD_LENGTH_MAX) return [];
  const wanted = word.toLowerCase();
  const farthest = wanted.length <= 3 ? 1 : 2;
  return [...new Set(known)]
    .map((name) => ({ name, distance: distance(wanted, name.toLowerCase(), farthest) }))
    .filter((candidate) => candidate.distance <= farthest)
    .toSorted((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map(({ name }) => name);
}

/** What to say of near words, where there are some. */
export function didYouMean(word: string, known: Iterable<string>): string | undefined {
  const near = nearestWords(word, known).map((name) => `"${name}"`);
  return near.length === 0 ? undefined : `did you mean ${near.join(" or ")}?`;
}

/** Letters that differ, swapped neighbours counted once; beyond the farthest it is not exact. */
function distance(a: string, b: string, farthest: number): number {
  if (Math.abs(a.length - b.length) > farthest) return farthest + 1;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(changed, last[j] + 1, row[j - 1] + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j], before[j - 2] + 1);
      }
    }
    [before, last] = [last, row];
  }
  return last[b.length];
}
