import { WHERE_SUBJECTS } from "./subjects.ts";

/** Something that conditions of a `where` expression can be about. */
export interface WhereField {
  /** How it can be called. */
  readonly words: readonly string[];
  /** Words before it for one of two: `src` and `dst`, or `in` and `out`; none where there is one. */
  readonly sides: readonly string[];
  /** What it is. */
  readonly doc: string;
}

/**
 * Everything that conditions of a `where` expression can be about, besides the fields of records and
 * information elements by their names.
 *
 * @example
 * ```ts
 * import { WHERE_FIELDS } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * const port = WHERE_FIELDS.find(({ words }) => words.includes("port"));
 * assertEquals([port?.sides, port?.doc], [["src", "dst"], "Source or destination port"]);
 * ```
 */
export const WHERE_FIELDS: readonly WhereField[] = WHERE_SUBJECTS.map((subject) => ({
  words: subject.words,
  sides: "ends" in subject ? subject.ends.flatMap(({ side }) => side ?? []) : [],
  doc: subject.doc,
}));
