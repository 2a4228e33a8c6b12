import type { RecordLayout } from "@flowtools/flow-model";
import { environment } from "@flowtools/common/environment";
import { type Flag, type ParsedArguments, UnknownFlagError } from "@flowtools/common/flags";

/** Asks for it in place of the flag. */
const VARIABLE = "FLOWTOOLS_STRICT_COMPAT";

/** Every command has it: `fixtures/QUIRKS.md` says what it restores. */
export const STRICT_COMPAT_FLAG: Flag = {
  name: "strict-compat",
  group: "classic",
  doc: `Keep even those faults of the classic programs that can be kept (also ${VARIABLE}=1)`,
};

/** Whether a call wants the faults of the classic programs that can be kept. */
export function strictCompat(args: ParsedArguments): boolean {
  return args.on(STRICT_COMPAT_FLAG.name) || environment(VARIABLE) === "1";
}

/** The same of a call that could not be parsed. */
export function strictCompatWords(words: readonly string[]): boolean {
  return words.includes(`--${STRICT_COMPAT_FLAG.name}`) || environment(VARIABLE) === "1";
}

/** A file has another version than the first, which ends the classic programs. */
export class VersionChange extends RangeError {
  override name = "VersionChange";

  constructor(path: string, first: RecordLayout, layout: RecordLayout) {
    super(
      `Cannot join files: "${path}" has ${layout.title}s, the first file ${first.title}s, and ` +
        `--${STRICT_COMPAT_FLAG.name} converts nothing`,
    );
  }
}

/** The programs that call it a success when they are called wrongly, and print their usage. */
const USAGE_SUCCEEDS: ReadonlySet<string> = new Set([
  "print",
  "header",
  "stat",
  "report",
  "filter",
  "export",
  "import",
  "send",
  "expire",
]);

/**
 * The exit code of a classic program after what ends it.
 *
 * Source: the programs, run.
 */
export function classicExitCode(program: string | undefined, error: unknown): number {
  return error instanceof UnknownFlagError && USAGE_SUCCEEDS.has(program ?? "") ? 0 : 1;
}
