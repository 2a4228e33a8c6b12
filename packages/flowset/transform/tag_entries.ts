import type { ConfigLine, ConfigWord } from "../config/lexer.ts";

/** How the tags of a flow change: each becomes `(tag & keep) | add`. */
export interface TagChange {
  sourceKeep: number;
  sourceAdd: number;
  destinationKeep: number;
  destinationAdd: number;
  /** What lines have said of each tag so far. */
  readonly said: { source?: TagVerb; destination?: TagVerb };
}

/** What a line does with a tag. */
export type TagVerb = "set" | "or";

/** The end of a `match` line. */
export interface TagOperation {
  readonly verb: TagVerb;
  readonly side: "source" | "destination";
}

const SIDES = {
  source: "source",
  src: "source",
  destination: "destination",
  dst: "destination",
} as const;

/** All spellings: `set-source`, `or-dst`, … */
export const TAG_OPERATIONS: Readonly<Record<string, TagOperation>> = Object.fromEntries(
  (["set", "or"] as const).flatMap((verb) =>
    Object.entries(SIDES).map(([name, side]) => [`${verb}-${name}`, { verb, side }])
  ),
);

/** What the `match` lines of an action say, by what they match; no change is number 0. */
export class TagEntries<Key> {
  readonly #numbers = new Map<string, number>();
  /** The keys, as they were first met. */
  readonly keys: Key[] = [];
  readonly changes: TagChange[] = [];

  /**
   * Adds a line. A tag can be set once, or any number of bits can be added to it, but not both.
   *
   * @param id What tells the key from others
   */
  add(
    id: string,
    key: Key,
    operation: TagOperation,
    tag: number,
    at: [ConfigLine, ConfigWord],
  ): void {
    let index = this.#numbers.get(id);
    if (index === undefined) {
      index = this.keys.push(key) - 1;
      this.#numbers.set(id, index);
      this.changes.push({
        sourceKeep: 0xffffffff,
        sourceAdd: 0,
        destinationKeep: 0xffffffff,
        destinationAdd: 0,
        said: {},
      });
    }
    const { verb, side } = operation;
    const change = this.changes[index];
    const before = change.said[side];
    if (before !== undefined && (before === "set" || verb === "set")) {
      const [line, word] = at;
      line.fail(
        word,
        `the ${side} tag of "${word.text}" is ${before} before`,
        "one set for a match",
      );
    }
    change.said[side] = verb;
    if (verb === "set") change[`${side}Keep`] = 0;
    change[`${side}Add`] = (change[`${side}Add`] | tag) >>> 0;
  }
}
