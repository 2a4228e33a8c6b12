import { type Flag, type UnknownFlagError, UsageError } from "@flowtools/common/flags";
import { expectedWords } from "@flowtools/common/suggest";
import { COMMAND_NAMES } from "./command_modules.ts";

/** Commands that are named as those which have a flag, at most. */
const OWNERS_MAX = 4;

/**
 * Says that there is no such command, and which may be meant.
 *
 * @param word What was given
 * @param others What else could be meant
 */
export function unknownCommand(word: string, others: readonly string[] = []): UsageError {
  const state = `unknown command "${word}"`;
  if (word.startsWith("-")) return new UsageError(`${state}, the command goes before the flags`);
  if (isFile(word)) {
    return new UsageError(`${state}, for what is in a file: flowtools print ${word}`);
  }
  return new UsageError(`${state}, ${expectedWords(word, [...COMMAND_NAMES, ...others])}`);
}

function isFile(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/**
 * Says of a flag that a command does not have which other commands do.
 *
 * @param error What is wrong with the call
 * @param program The command that was called
 * @returns The message
 */
export async function unknownFlagText(error: UnknownFlagError, program: string): Promise<string> {
  const { flag, meant } = error;
  if (flag === undefined) return error.message;
  const { COMMANDS } = await import("./commands.ts");
  const owners = COMMANDS
    .filter(({ name, flags }) => name !== program && flags.some((row) => isNamed(row, flag)))
    .map(({ name }) => name);
  // What many have is no help.
  if (owners.length === 0 || owners.length > OWNERS_MAX) return error.message;
  const whose = `a flag of ${owners.join(", ")}`;
  return meant === undefined
    ? `unknown flag ${flag}, which is ${whose}, not of ${program}`
    : `unknown flag ${flag}, ${meant} (${flag} is ${whose})`;
}

function isNamed({ name, letter }: Flag, flag: string): boolean {
  return flag === `--${name}` || flag === `-${letter}`;
}
