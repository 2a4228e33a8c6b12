/**
 * The `flowtools` command: picks the command, runs it, and turns what happens into an exit code:
 * 0 success, 1 nothing found or soft errors, 2 wrong usage or fatal. A closed pipe is quiet.
 *
 * @module
 */
import { FlowToolsError } from "@flowtools/flow-model";
import { COMMANDS } from "./commands.ts";
import { COMMON_FLAGS, parseFlags, UsageError } from "@flowtools/common/flags";
import { commandText, overviewText } from "./help.ts";
import { discardUnfinished } from "./new_file.ts";
import { Output, OutputError } from "./output.ts";
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
  const command = COMMANDS.find(({ name }) => name === word);
  if (command === undefined) {
    const names = COMMANDS.map(({ name }) => name).join(", ");
    throw new UsageError(`unknown command "${word}", expected one of ${names}`);
  }
  const parsed = parseFlags(rest, [...command.flags, ...COMMON_FLAGS]);
  if (parsed.on("help")) return help(command.name, 0);
  return await command.run(parsed);
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
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (name !== undefined && command === undefined) {
    throw new UsageError(`unknown command "${name}"`);
  }
  print(command === undefined ? overviewText(COMMANDS) : commandText(command));
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
  if (error instanceof UsageError) {
    console.error(`flowtools: ${error.message}\nTry "flowtools help".`);
    return 2;
  }
  const expected = error instanceof FlowToolsError || error instanceof RangeError ||
    error instanceof OutputError ||
    (error instanceof Error && (error.name in Deno.errors || "code" in error));
  console.error(`flowtools: ${expected ? (error as Error).message : Deno.inspect(error)}`);
  return 2;
}

if (import.meta.main) {
  Deno.exit(await main(Deno.args).catch(report));
}
