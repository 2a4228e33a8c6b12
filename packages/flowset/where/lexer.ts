import { WHERE_LENGTH_MAX } from "../limits.ts";
import { WhereError, type WhereErrorCode } from "./where_error.ts";

/** A part of an expression: where it begins, and what comes behind it. */
export interface Place {
  readonly from: number;
  readonly to: number;
}

/**
 * A piece of an expression.
 *
 * | kind | what |
 * | --- | --- |
 * | `word` | letters, digits and everything that has no meaning of its own: `10.0.0.0/8` |
 * | `text` | between quotes; `text` is without them |
 * | `sign` | one of the signs of the language |
 * | `end` | behind the last piece |
 */
export interface Token extends Place {
  readonly kind: "word" | "text" | "sign" | "end";
  readonly text: string;
}

/** What is wrong at some place of an expression. */
export interface Fault {
  readonly code: WhereErrorCode;
  readonly state: string;
  readonly expected: string;
  readonly hint?: string;
}

/** Two dots, unless a third follows, are a sign also within a word: `2024-05-01..2024-05-02`. */
const RANGE_SIGN = "..";

const SPACE = /(?:\s|#[^\n]*)+/y;
const SIGN = /&&|\|\||[=!<>]=|\.\.|[()[\],=<>!&|]/y;
const QUOTED = /"[^"\n]*"|'[^'\n]*'/y;
const WORD = /[^\s()[\],=!<>&|#"']+/y;

/**
 * Cuts an expression into pieces; `#` begins a comment up to the end of the line.
 *
 * @throws {WhereError} A quote has no end, or the expression is too long
 */
export function tokenize(expression: string): Token[] {
  if (expression.length > WHERE_LENGTH_MAX) {
    throw new WhereError({
      code: "where-limit",
      expression: expression.slice(0, WHERE_LENGTH_MAX),
      offset: WHERE_LENGTH_MAX,
      length: 0,
      state: `the expression has ${expression.length} characters`,
      expected: `${WHERE_LENGTH_MAX} at most`,
    });
  }
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(expression)?.[0];
  };
  const add = (kind: Token["kind"], text: string, length = text.length) => {
    tokens.push({ kind, text, from: at, to: at + length });
    at += length;
  };
  while (true) {
    at += match(SPACE)?.length ?? 0;
    if (at >= expression.length) break;
    const sign = match(SIGN);
    const quoted = match(QUOTED);
    const word = match(WORD);
    if (sign !== undefined) {
      add("sign", sign);
    } else if (quoted !== undefined) {
      add("text", quoted.slice(1, -1), quoted.length);
    } else if (word !== undefined) {
      const range = word.indexOf(RANGE_SIGN);
      add("word", range < 0 ? word : word.slice(0, range));
    } else {
      throw new WhereError({
        code: "where-syntax",
        expression,
        offset: at,
        length: 1,
        state: "the quote has no end",
        expected: `another ${expression[at]} in this line`,
      });
    }
  }
  add("end", "");
  return tokens;
}

/** The error of a fault at a piece, or from one piece to another. */
export function whereError(
  expression: string,
  { from, to }: Place,
  fault: Fault,
): WhereError {
  return new WhereError({ ...fault, expression, offset: from, length: to - from });
}
