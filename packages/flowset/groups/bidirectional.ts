import { GroupError } from "./errors.ts";
import type { GroupInput } from "./group_input.ts";
import { type GroupKey, oppositeKey } from "./parse_keys.ts";

/**
 * Makes sure that both directions of a conversation have the same keys.
 *
 * @throws {GroupError} A key has an end but not the other
 */
export function checkBothEnds(keys: readonly GroupKey[]): void {
  if (keys.every(({ spec }) => spec.opposite === undefined)) {
    throw new GroupError(
      "one-direction",
      "Cannot merge both directions: no key tells them apart, expected such as srcaddr,dstaddr",
    );
  }
  for (const key of keys) {
    if (key.spec.ends !== undefined) {
      throw new GroupError(
        "one-direction",
        `Cannot merge both directions: ${key.label} counts for both ends already`,
      );
    }
    const { spec, lengths } = oppositeKey(key);
    if (keys.some((other) => other.spec === spec && `${other.lengths}` === `${lengths}`)) continue;
    const expected = key.label.replace(key.spec.name, spec.name);
    throw new GroupError(
      "one-direction",
      `Cannot merge both directions: ${key.label} needs the other end too, ${expected}`,
    );
  }
}

/**
 * Turns rows so that both directions have the same words: the lower end of the first keys that
 * differ goes first.
 *
 * @param forward The words of each key
 * @param backward The words of the opposite of each key
 * @param paired For each key whether the directions differ in it
 * @returns The words of each key, turned where needed
 */
export function turnRows(
  forward: readonly Uint32Array[][],
  backward: readonly Uint32Array[][],
  paired: readonly boolean[],
  input: GroupInput,
): Uint32Array[][] {
  const turned = input.words("turned").fill(0);
  const { rows } = input;
  for (const [key, words] of forward.entries()) {
    if (!paired[key]) continue;
    for (const [word, column] of words.entries()) decide(turned, column, backward[key][word], rows);
  }
  return forward.map((words, key) =>
    paired[key]
      ? words.map((column, word) => {
        const out = input.words(`turned ${key} ${word}`);
        choose(turned, column, backward[key][word], out, rows);
        return out;
      })
      : words
  );
}

const UNDECIDED = 0;
const AS_IT_IS = 1;
const TURNED = 2;

function decide(turned: Uint32Array, a: Uint32Array, b: Uint32Array, rows: number): void {
  for (let row = 0; row < rows; row++) {
    if (turned[row] !== UNDECIDED || a[row] === b[row]) continue;
    turned[row] = a[row] < b[row] ? AS_IT_IS : TURNED;
  }
}

function choose(
  turned: Uint32Array,
  a: Uint32Array,
  b: Uint32Array,
  out: Uint32Array,
  rows: number,
): void {
  for (let row = 0; row < rows; row++) out[row] = turned[row] === TURNED ? b[row] : a[row];
}
