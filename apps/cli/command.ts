import type { Flag, ParsedArguments } from "@flowtools/common/flags";

/** One command: the row from which dispatch, help and the meta-tests derive. */
export interface Command {
  /** The word after `flowtools`; `flow-` before it is the classic program. */
  readonly name: string;
  /** One line of help. */
  readonly summary: string;
  /** The operands, for the usage line. */
  readonly operands: string;
  /** Its flags, beside the common ones. */
  readonly flags: readonly Flag[];
  /** Calls worth copying, each with what it does. */
  readonly examples: readonly (readonly [call: string, what: string])[];
  /** Does the work; returns the exit code: 0 success, 1 nothing found or soft errors. */
  readonly run: (args: ParsedArguments) => Promise<number>;
}
