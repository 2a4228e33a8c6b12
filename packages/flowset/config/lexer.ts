import { oneOf } from "./one_of.ts";
import { ConfigError, type ConfigPosition } from "./error.ts";
import { type ConfigVariables, substitute } from "./variables.ts";

/** A configuration file that is read already. */
export interface ConfigSource {
  /** Its name, for messages. */
  readonly file: string;
  /** What it says. */
  readonly text: string;
  /** Bindings; without any map the language knows no variables, and `@` is a character. */
  readonly variables?: ConfigVariables;
}

/** A word and where it is. */
export interface ConfigWord extends ConfigPosition {
  readonly text: string;
}

const BLANK = /[ \t]/;

/** One line of a configuration, taken word by word. */
export class ConfigLine {
  readonly #text: string;
  readonly #start: ConfigPosition;
  readonly #origins: readonly number[] | undefined;
  #at = 0;

  constructor(text: string, start: ConfigPosition, origins?: readonly number[]) {
    this.#text = text;
    this.#start = start;
    this.#origins = origins;
  }

  /** The next word, if there is one. */
  next(): ConfigWord | undefined {
    this.#skipBlanks();
    const from = this.#at;
    while (this.#at < this.#text.length && !BLANK.test(this.#text[this.#at])) this.#at++;
    return from === this.#at ? undefined : this.#word(from);
  }

  /** The next word, left where it is. */
  peek(): ConfigWord | undefined {
    const at = this.#at;
    const word = this.next();
    this.#at = at;
    return word;
  }

  /** The next word, which has to be there. */
  expect(what: string): ConfigWord {
    return this.next() ?? this.fail(this.position(), "the line ends", what);
  }

  /** The next word as one of a table's keys, in any case. */
  expectOneOf<Value>(what: string, table: Readonly<Record<string, Value>>): Value {
    const names = Object.keys(table);
    const word = this.next();
    if (word === undefined) {
      return this.fail(this.position(), `no ${what}`, `one of ${names.join(", ")}`);
    }
    const key = word.text.toLowerCase();
    return Object.hasOwn(table, key)
      ? table[key]
      : this.fail(word, `unknown ${what} "${word.text}"`, oneOf(key, names));
  }

  /** Everything up to the end of the line, as one word; `undefined` where there is nothing. */
  rest(): ConfigWord | undefined {
    this.#skipBlanks();
    const from = this.#at;
    this.#at = this.#text.length;
    return from === this.#at ? undefined : this.#word(from);
  }

  /** Makes sure that nothing follows. */
  end(): void {
    const word = this.next();
    if (word !== undefined) this.fail(word, `unexpected "${word.text}"`, "the end of the line");
  }

  /** Where the next character is. */
  position(): ConfigPosition {
    return this.#positionOf(this.#at);
  }

  /** Throws the error for a place of this line. */
  fail(position: ConfigPosition, state: string, expected: string): never {
    throw new ConfigError(position, state, expected);
  }

  #skipBlanks(): void {
    while (this.#at < this.#text.length && BLANK.test(this.#text[this.#at])) this.#at++;
  }

  #word(from: number): ConfigWord {
    return { ...this.#positionOf(from), text: this.#text.slice(from, this.#at) };
  }

  #positionOf(at: number): ConfigPosition {
    const { file, line, column } = this.#start;
    return { file, line, column: column + (this.#origins?.[at] ?? at) };
  }
}

/**
 * The lines of a configuration that say something: variables are replaced first (in comments too),
 * then blank lines and those whose first word begins with `#` are left out. A `#` further on is no
 * comment.
 *
 * Source: flow-tools `ftfil.c`, `fttag.c`, `ftxlate.c`, `ftmask.c`, `ftstat.c`, which agree on it.
 */
export function* configLines(source: ConfigSource): Generator<ConfigLine, void, undefined> {
  const { file, text, variables } = source;
  let line = 0;
  for (const raw of text.split("\n")) {
    line++;
    const start = { file, line, column: 1 };
    const plain = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    const replaced = variables !== undefined && plain.includes("@")
      ? substitute(plain, variables, start)
      : undefined;
    const said = (replaced?.text ?? plain).trimStart();
    if (said === "" || said.startsWith("#")) continue;
    yield new ConfigLine(replaced?.text ?? plain, start, replaced?.origins);
  }
}
