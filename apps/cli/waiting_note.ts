import type { ParsedArguments } from "@flowtools/common/flags";
import type { Command } from "./command.ts";

/** Milliseconds of silence after which a waiting command says so: one that reads nothing has ended. */
const PATIENCE_MS = 400;

/**
 * Says what a command waits for, where it reads the terminal because no file is named.
 *
 * @param command The command
 * @param args How it was called
 * @returns What ends the wait when the command has ended
 */
export function noteWaiting(command: Command, args: ParsedArguments): Disposable {
  const inputs = terminalInputs(command, args.operands);
  const timer = inputs === undefined || !Deno.stdin.isTerminal() ? undefined : setTimeout(() => {
    console.error(
      `flowtools: ${command.name} waits for ${inputs} on standard input, which is this terminal: ` +
        `name a file, or press Ctrl-D to end (see flowtools help ${command.name})`,
    );
  }, PATIENCE_MS);
  // The first timer of a program takes milliseconds, the end of one that never was too.
  return { [Symbol.dispose]: () => timer === undefined || clearTimeout(timer) };
}

/** What is read from standard input; nothing, where the command reads files or no inputs. */
export function terminalInputs(
  { operands }: Command,
  given: readonly string[],
): string | undefined {
  // Of its operands those that may be many, or none, are the inputs: "LOCALIP/REMOTEIP/PORT [FILE…]".
  const words = operands.split(" ");
  const inputs = words.find((word) => /^\[?(FILE|LOG|REPORT)…/.test(word));
  const others = words.filter((word) => word !== inputs).length;
  const reads = given.length === others || given.slice(others).includes("-");
  return inputs === undefined || !reads ? undefined : inputs.replace(/[[\]…]/g, "");
}
