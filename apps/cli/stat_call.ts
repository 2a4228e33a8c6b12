import type { Flag } from "@flowtools/common/flags";
import { STRICT_COMPAT_FLAG } from "./strict_compat.ts";

/** The call of a classic program, as reports name it. */
export interface StatCallWords {
  /** The program and its flags as they were typed, without operands. */
  readonly words: readonly string[];
  /** What the last of two flags, that override each other, was given. */
  last<Result>(
    one: string,
    other: string,
    read: (letter: string, value: string) => Result,
  ): Result | undefined;
}

/**
 * Reads the arguments of the process once more, for what a set of parsed flags cannot tell: how
 * they were typed, and in which order.
 *
 * @param typed The arguments of the process; the first word is the command, unless a link named it
 * @param flags The flags of the command
 */
export function statCall(typed: readonly string[], flags: readonly Flag[]): StatCallWords {
  const words = ["flow-stat"];
  const values: (readonly [letter: string | undefined, value: string])[] = [];
  const args = typed[0] === "stat" ? typed.slice(1) : typed;
  for (let i = 0; i < args.length && args[i] !== "--"; i++) {
    const arg = args[i];
    if (!arg.startsWith("-") || arg === "-") continue;
    // A classic call has no such word.
    if (arg === `--${STRICT_COMPAT_FLAG.name}`) continue;
    words.push(arg);
    const [flag, attached] = lastFlag(arg, flags);
    if (flag?.value === undefined) continue;
    if (attached === undefined && i + 1 < args.length) words.push(args[++i]);
    values.push([flag.letter, attached ?? args[i]]);
  }
  return {
    words,
    last: (one, other, read) => {
      const found = values.findLast(([letter]) => letter === one || letter === other);
      return found && read(found[0]!, found[1]);
    },
  };
}

/** The flag of a word that may take a value, with the value where it stands in the same word. */
function lastFlag(
  arg: string,
  flags: readonly Flag[],
): readonly [Flag | undefined, string | undefined] {
  if (arg.startsWith("--")) {
    const [name, ...rest] = arg.slice(2).split("=");
    const flag = flags.find((candidate) => candidate.name === name);
    return [flag, rest.length === 0 ? undefined : rest.join("=")];
  }
  for (let at = 1; at < arg.length; at++) {
    const flag = flags.find((candidate) => candidate.letter === arg[at]);
    if (flag?.value !== undefined) return [flag, arg.slice(at + 1) || undefined];
  }
  return [undefined, undefined];
}
