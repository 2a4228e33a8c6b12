/**
 * The `flowtools` command: picks the command, runs it, and turns what happens into an exit code:
 * 0 success, 1 nothing found or soft errors, 2 wrong usage or fatal. A closed pipe is quiet.
 *
 * @module
 */
import {
  COMMON_FLAGS,
  type ParsedArguments,
  parseFlags,
  UnknownFlagError,
  UsageError,
} from "@flowtools/common/flags";
import { loadCommand } from "./command_modules.ts";
import { discardUnfinished } from "./new_file.ts";
import { OutputError } from "./output.ts";
import { printText } from "./print_text.ts";
import { classicExitCode, strictCompat, strictCompatWords } from "./strict_compat.ts";
import { systemText } from "./system_text.ts";
import { VERSION } from "./version.ts";
import { noteWaiting } from "./waiting_note.ts";

// Imported here is what every call needs, the rest as it is needed: --version answers at once.

async function main(args: readonly string[]): Promise<number> {
  const [word, ...rest] = withProgramName(args);
  if (word === "--version" || word === "-V" || word === "version") {
    printText(`flowtools ${VERSION}\n`);
    return 0;
  }
  if (word === undefined) {
    const [{ firstText }, { textStyle }] = await loadHelp();
    printText(firstText(textStyle()));
    return 2;
  }
  const command = await loadCommand(word === "--help" || word === "-h" ? "help" : word);
  if (command === undefined) {
    const { unknownCommand } = await import("./unknown_words.ts");
    throw unknownCommand(word);
  }
  const parsed = parseFlags(rest, [...command.flags, ...COMMON_FLAGS]);
  if (parsed.on("help")) {
    const [{ helpText }, { textStyle }] = await loadHelp();
    printText(helpText(command, textStyle()));
    if (command.details !== undefined && asksTwice(rest)) printText(`\n${command.details}`);
    return 0;
  }
  if (command.stores && toTerminal(parsed) && !strictCompat(parsed)) {
    throw new UsageError(
      `${command.name} writes flows as they are stored, which no terminal can show, expected -o ` +
        "FILE or a pipe; flowtools print shows them",
    );
  }
  using _ = noteWaiting(command, parsed);
  return await command.run(parsed);
}

function toTerminal(args: ParsedArguments): boolean {
  return (args.value("output") ?? "-") === "-" && Deno.stdout.isTerminal();
}

function loadHelp(): Promise<
  [typeof import("./help.ts"), typeof import("./text_style.ts")]
> {
  return Promise.all([import("./help.ts"), import("./text_style.ts")]);
}

/** Whether help is asked for more than once, which is how the classic programs show more. */
function asksTwice(words: readonly string[]): boolean {
  const letters = words.filter((word) => /^(-h+|--help)$/.test(word))
    .map((word) => word === "--help" ? "h" : word.slice(1));
  return letters.join("").length > 1;
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

/** The exit code of a failure, after its message. */
async function report(error: unknown): Promise<number> {
  discardUnfinished();
  if (error instanceof Deno.errors.BrokenPipe) return 0;
  const words = withProgramName(Deno.args);
  const code = strictCompatWords(words) ? classicExitCode(words[0], error) : 2;
  if (error instanceof UsageError) {
    console.error(`flowtools: ${await usageErrorText(error, words[0])}`);
    return code;
  }
  console.error(`flowtools: ${await messageOf(error)}`);
  return code;
}

/** What is wrong with a call, how it is meant, and where there is more about it. */
async function usageErrorText(error: UsageError, word: string | undefined): Promise<string> {
  const command = word === undefined ? undefined : await loadCommand(word);
  if (command === undefined) return `${error.message}\nTry "flowtools help".`;
  const [{ usageText }, { unknownFlagText }] = await Promise.all([
    import("@flowtools/common/command_text"),
    import("./unknown_words.ts"),
  ]);
  const message = error instanceof UnknownFlagError
    ? await unknownFlagText(error, command.name)
    : error.message;
  return `${message}\n${usageText(command, `flowtools ${command.name}`)}\n` +
    `Try "flowtools help ${command.name}".`;
}

/** The message of an error; of a fault of the program itself, everything that is known of it. */
async function messageOf(error: unknown): Promise<string> {
  if (!(error instanceof Error)) return Deno.inspect(error);
  const { FlowToolsError } = await import("@flowtools/flow-model");
  const expected = error instanceof FlowToolsError || error instanceof RangeError ||
    error instanceof OutputError || error.name in Deno.errors || "code" in error;
  if (!expected) return Deno.inspect(error);
  return error.name === "WhereError"
    ? `${error.message}\nTry "flowtools help where".`
    : systemText(error.message);
}

if (import.meta.main) {
  Deno.exit(await main(Deno.args).catch(report));
}
