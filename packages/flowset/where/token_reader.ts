import { type Fault, type Place, type Token, tokenize, whereError } from "./lexer.ts";
import type { ValueWord } from "./values.ts";

/** Goes through the pieces of an expression, and knows their places for messages. */
export class TokenReader {
  readonly expression: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  /**
   * Begins with the first piece.
   *
   * @throws {WhereError} The text cannot be cut into pieces
   */
  constructor(expression: string) {
    this.expression = expression;
    this.#tokens = tokenize(expression);
  }

  /** The next piece, or one further on; behind the last there are only ends. */
  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)];
  }

  /** Takes the next piece. */
  next(): Token {
    const token = this.peek();
    if (token.kind !== "end") this.#at++;
    return token;
  }

  /** Takes the next piece where it is one of some signs or words. */
  take(...texts: readonly string[]): Token | undefined {
    return this.isNext(texts) ? this.next() : undefined;
  }

  /** Whether a piece is one of some signs or words. */
  isNext(texts: readonly string[], ahead = 0): boolean {
    const { kind, text } = this.peek(ahead);
    return (kind === "word" || kind === "sign") && texts.includes(text.toLowerCase());
  }

  /** The text from a piece up to the last one that was taken. */
  since({ from }: Token): string {
    return this.expression.slice(from, this.#tokens[Math.max(0, this.#at - 1)].to);
  }

  /** Throws the error of a fault at a piece. */
  fail(at: Place, fault: Fault): never {
    throw whereError(this.expression, at, fault);
  }

  /** Throws that something else is expected than the next piece. */
  failNext(expected: string, hint?: string): never {
    const token = this.peek();
    const state = token.kind === "end" ? "the expression ends" : `unexpected "${token.text}"`;
    return this.fail(token, { code: "where-syntax", state, expected, hint });
  }

  /** A piece, or a part of it, as a value. */
  word(text: string, from: number, to: number): ValueWord {
    return {
      text,
      fail: (state, expected, hint, code = "where-value") =>
        this.fail({ from, to }, { code, state, expected, hint }),
    };
  }
}
