import { UsageError } from "@flowtools/common/flags";

/** Some settings are wrong; the message names each, a line each. */
export class SettingsError extends UsageError {
  override name = "SettingsError";
  /** What is wrong: where, what, what was expected. */
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join("\n"));
    this.faults = faults;
  }
}

/** What an error of several says, each for itself. */
export function faultsOf(error: UsageError): readonly string[] {
  return error instanceof SettingsError ? error.faults : [error.message];
}
