/**
 * The `flowtools` command: picks the command, runs it, and turns what happens into an exit code:
 * 0 success, 1 nothing found or soft errors, 2 wrong usage or fatal. A closed pipe is quiet.
 *
 * @module
 */
import { FlowToolsError } from "@flowtools/flow-model";
import { COMMANDS } from "./commands.ts";
import { COMMON_FLAGS, parseFlags, UsageError } from "@flowtools/common/flags";
import { commandText } from "@flowtools/common/command_text";
import { overviewText } from "./help.ts";
import { discardUnfinished } from "./new_file.ts";
import { Output, OutputError } from "./output.ts";
import type { Command } from "./command.ts";
import { classicExitCode, STRICT_COMPAT_FLAG, strictCompatWords } from "./strict_compat.ts";
import { VERSION } from "./version.ts";

async function main(args: readonly string[]): Promise<number> {
  const [word, ...rest] = withProgramName(args);
  if (word === undefined || word === "--help" || word === "-h" || word === "help") {
    return help(rest[0] === "help" ? undefined : rest[0], word === undefined ? 2 : 0);
  }
  if (word === "--version" || word === "version") {
    print(`flowtools ${VERSION}\n`);
    return 0;
  }
  const command = findCommand(word);
  if (command === undefined) {
    const names = COMMANDS.map(({ name }) => name).join(", ");
    throw new UsageError(`unknown command "${word}", expected one of ${names}`);
  }
  const parsed = parseFlags(rest, [...command.flags, ...COMMON_FLAGS]);
  if (parsed.on("help")) {
    const code = help(command.name, 0);
    if (command.details !== undefined && asksTwice(rest)) print(`\n${command.details}`);
    return code;
  }
  return await command.run(parsed);
}

/** Whether help is asked for more than once, which is how the classic programs show more. */
function asksTwice(words: readonly string[]): boolean {
  const letters = words.filter((word) => /^(-h+|--help)$/.test(word))
    .map((word) => word === "--help" ? "h" : word.slice(1));
  return letters.join("").length > 1;
}

/** A command with the flags that it has beside the common ones. */
function findCommand(word: string): Command | undefined {
  const command = COMMANDS.find(({ name }) => name === word);
  return command && { ...command, flags: [...command.flags, STRICT_COMPAT_FLAG] };
}

/** Called through a link named `flow-print`, the program acts as that command. */
function withProgramName(args: readonly string[]): readonly string[] {
  const program = baseName(calledAs());
  return program.startsWith("flow-") ? [program.slice("flow-".length), ...args] : args;
}

/** The name that the executable was called by. `Deno.execPath()` has links resolved already. */
function calledAs(): string {
  const path = Deno.execPath();
  // Run by deno itself there is no link to look for, and no permission to ask for.
  if (baseName(path).startsWith("deno")) return path;
  try {
    return Deno.readTextFileSync("/proc/self/cmdline").split("\0")[0];
  } catch {
    return path;
  }
}

function baseName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? "";
}

function help(name: string | undefined, code: number): number {
  const command = name === undefined ? undefined : findCommand(name);
  if (name !== undefined && command === undefined) {
    throw new UsageError(`unknown command "${name}"`);
  }
  print(
    command === undefined
      ? overviewText(COMMANDS)
      : commandText(command, `flowtools ${command.name}`),
  );
  return code;
}

function print(text: string): void {
  const output = Output.open(undefined);
  output.text(text);
  output.close();
}

/** The exit code of a failure, after its message. */
function report(error: unknown): number {
  discardUnfinished();
  if (error instanceof Deno.errors.BrokenPipe) return 0;
  const words = withProgramName(Deno.args);
  const code = strictCompatWords(words) ? classicExitCode(words[0], error) : 2;
  if (error instanceof UsageError) {
    console.error(`flowtools: ${error.message}\nTry "flowtools help".`);
    return code;
  }
  const expected = error instanceof FlowToolsError || error instanceof RangeError ||
    error instanceof OutputError ||
    (error instanceof Error && (error.name in Deno.errors || "code" in error));
  console.error(`flowtools: ${expected ? (error as Error).message : Deno.inspect(error)}`);
  return code;
}

if (import.meta.main) {
  Deno.exit(await main(Deno.args).catch(report));
}
