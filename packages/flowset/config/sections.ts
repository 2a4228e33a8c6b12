import { oneOf } from "./one_of.ts";
import { ConfigError } from "./error.ts";
import { type ConfigLine, configLines, type ConfigSource, type ConfigWord } from "./lexer.ts";

/** What a line can begin with: one row of a language's table. */
export interface Keyword<State> {
  /** The word, in lower case; files may write it in any. */
  readonly name: string;
  /** The sections in which it may stand; everywhere where not given. */
  readonly within?: readonly string[];
  /** The section that begins with it. */
  readonly opens?: string;
  /** Reads the rest of the line. */
  readonly read: (line: ConfigLine, state: State) => void;
}

/**
 * Reads a configuration by a table of keywords: of the rows with a line's first word, the first
 * that may stand in the current section reads the line.
 */
export function readSections<State>(
  source: ConfigSource,
  keywords: readonly Keyword<State>[],
  state: State,
): void {
  let section: string | undefined;
  const allowed = ({ within }: Keyword<State>) =>
    within === undefined || (section !== undefined && within.includes(section));
  for (const line of configLines(source)) {
    const word = line.expect("a keyword");
    const name = word.text.toLowerCase();
    const keyword = keywords.find((row) => row.name === name && allowed(row));
    if (keyword === undefined) {
      const names = keywords.filter(allowed).map((row) => row.name);
      return line.fail(word, `unexpected "${word.text}"`, oneOf(name, names));
    }
    keyword.read(line, state);
    line.end();
    section = keyword.opens ?? section;
  }
}

/** What a configuration defines, by name in any case; no name twice. */
export class NamedEntries<Value> {
  readonly #kind: string;
  readonly #entries = new Map<string, { readonly name: string; readonly value: Value }>();

  /** Makes an empty table; `kind` is what messages call an entry. */
  constructor(kind: string) {
    this.#kind = kind;
  }

  /** The names, as they were written, in order. */
  get names(): string[] {
    return [...this.#entries.values()].map(({ name }) => name);
  }

  /** The values, in order. */
  get values(): Value[] {
    return [...this.#entries.values()].map(({ value }) => value);
  }

  /** Adds an entry. */
  define(word: ConfigWord, value: Value): Value {
    const key = word.text.toLowerCase();
    if (this.#entries.has(key)) {
      throw new ConfigError(word, `${this.#kind} "${word.text}" is defined twice`, "a new name");
    }
    this.#entries.set(key, { name: word.text, value });
    return value;
  }

  /** The entry of a name, if there is one. */
  get(name: string): Value | undefined {
    return this.#entries.get(name.toLowerCase())?.value;
  }

  /** The entry that a place of the file names. */
  resolve(word: ConfigWord): Value {
    const value = this.get(word.text);
    if (value !== undefined) return value;
    const { names } = this;
    const expected = names.length === 0 ? "its definition" : oneOf(word.text, names);
    throw new ConfigError(word, `there is no ${this.#kind} "${word.text}"`, expected);
  }
}
