import type { Command } from "./command.ts";
import { COMMAND_NAMES, loadCommand } from "./command_modules.ts";

/**
 * Every command, in the order of the help. Each is a row of `command_modules.ts`.
 *
 * This waits until each of them is loaded. A command that needs all of them imports this when it
 * runs: what it imports before would wait for the command itself.
 */
export const COMMANDS: readonly Command[] = await Promise.all(
  COMMAND_NAMES.map(async (name) => (await loadCommand(name))!),
);
