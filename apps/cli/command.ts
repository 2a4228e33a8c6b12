import type { CommandDescription } from "@flowtools/common/command_text";
import type { ParsedArguments } from "@flowtools/common/flags";

/** One command: the row from which dispatch, help and the meta-tests derive. */
export interface Command extends CommandDescription {
  /** What is added to the help where it is asked for twice (`-hh`). */
  readonly details?: string;
  /** Whether standard output gets flows as they are stored, unless a file is named. */
  readonly stores?: true;
  /** Does the work; returns the exit code: 0 success, 1 nothing found or soft errors. */
  readonly run: (args: ParsedArguments) => Promise<number>;
}

/** What the module of a command holds: its name and summary are in the table of all commands. */
export type CommandBody = Omit<Command, "name" | "summary" | "stores">;
