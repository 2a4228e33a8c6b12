import { COMMON_FLAGS, type Flag } from "@flowtools/common/flags";
import type { Command } from "./command.ts";
import { HELP_TOPICS } from "./help_topics.ts";

/** A word that completes what was typed, and what it means, where that is told. */
export type Candidate = readonly [word: string, meaning: string | undefined];

/** What completes a value or an operand. */
export type Completion =
  | { readonly kind: "files" | "directories" | "nothing" }
  | { readonly kind: "words" | "list"; readonly words: readonly Candidate[] };

/** A flag as a shell completes it. */
export interface CompletedFlag {
  /** `-f` and `--format`, as far as there are. */
  readonly names: readonly string[];
  /** The row that it is made from. */
  readonly flag: Flag;
  /** What completes its value; a switch has none. */
  readonly value: Completion | undefined;
  /** There need not be a value. */
  readonly optional: boolean;
}

/** A command as a shell completes it. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly CompletedFlag[];
  /** What completes its operands. */
  readonly operands: Completion;
}

/** Values of flags that name files; `DIR` is a directory. */
const FILE_VALUES: ReadonlySet<string> = new Set(["FILE", "BASE", "BASENAME"]);

/** Numbers that are listed, of a range: more of them help nobody. */
const LISTED_NUMBERS_MAX = 16;

/** What shells are told of the commands. */
export function completionModel(commands: readonly Command[]): readonly CompletedCommand[] {
  const names = commands.map(({ name, summary }): Candidate => [name, summary]);
  const topics = HELP_TOPICS.map(({ name, summary }): Candidate => [name, summary]);
  return commands.map(({ name, summary, flags, operands, operandWords }) => ({
    name,
    summary,
    flags: [...flags, ...COMMON_FLAGS].map((flag) => ({
      names: [...(flag.letter === undefined ? [] : [`-${flag.letter}`]), `--${flag.name}`],
      flag,
      value: flag.value === undefined ? undefined : valueCompletion(flag, flag.value),
      optional: flag.bare !== undefined,
    })),
    operands: operandWords === "commands"
      ? { kind: "words", words: names }
      : operandWords === "topics"
      ? { kind: "words", words: [...names, ...topics] }
      : operandWords !== undefined
      ? { kind: "words", words: operandWords.map((word): Candidate => [word, undefined]) }
      : { kind: operands === "" ? "nothing" : "files" },
  }));
}

function valueCompletion(flag: Flag, value: string): Completion {
  const meanings = new Map(flag.meanings);
  const words = flag.choices ?? flag.words ?? [...meanings.keys(), ...numbersOf(flag)];
  if (words.length > 0) {
    const candidates = [...new Set(words)].map((word): Candidate => [word, meanings.get(word)]);
    return { kind: flag.list ? "list" : "words", words: candidates };
  }
  if (value === "DIR") return { kind: "directories" };
  return { kind: FILE_VALUES.has(value) ? "files" : "nothing" };
}

function numbersOf({ range }: Flag): string[] {
  if (range === undefined) return [];
  const [low, high] = range;
  const count = high - low + 1;
  return count > LISTED_NUMBERS_MAX ? [] : Array.from({ length: count }, (_, at) => `${low + at}`);
}

/** Names by which the classic programs are called, each with the command that it is. */
export function classicNames(commands: readonly CompletedCommand[]): string[] {
  return commands.map(({ name }) => `flow-${name}`);
}
