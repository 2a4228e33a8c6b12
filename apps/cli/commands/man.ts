import { environment } from "@flowtools/common/environment";
import { UsageError } from "@flowtools/common/flags";
import type { CommandBody } from "../command.ts";
import { loadCommand } from "../command_modules.ts";
import { commandManPage, type ManOptions, manPageName, programManPage } from "../man_page.ts";
import { Output } from "../output.ts";
import { printText } from "../print_text.ts";
import { unknownCommand } from "../unknown_words.ts";

/** The day of a release, in seconds, where packages are made that can be made again. */
const DATE_VARIABLE = "SOURCE_DATE_EPOCH";

/** Prints man pages. */
export const manCommand: CommandBody = {
  operands: "[COMMAND]",
  operandWords: "commands",
  flags: [
    {
      name: "directory",
      value: "DIR",
      group: "output",
      doc: "Write all man pages, a file each, into a directory",
    },
  ],
  examples: [
    ["flowtools man print >flowtools-print.1", "A page, for man -l flowtools-print.1"],
    ["flowtools man --directory .", "All pages, for a folder man1 of the man path"],
  ],
  run: async (args) => {
    const [name, ...more] = args.operands;
    if (more.length > 0) throw new UsageError(`one command expected, got ${more.length + 1}`);
    const options = manOptions();
    const directory = args.value("directory");
    if (directory !== undefined) {
      if (name !== undefined) throw new UsageError("--directory writes the pages of all commands");
      const { COMMANDS } = await import("../commands.ts");
      Deno.mkdirSync(directory, { recursive: true });
      writePage(directory, "flowtools", programManPage(options));
      for (const command of COMMANDS) {
        writePage(directory, manPageName(command.name), commandManPage(command, options));
      }
      return 0;
    }
    if (name === undefined) {
      printText(programManPage(options));
      return 0;
    }
    const command = await loadCommand(name);
    if (command === undefined) throw unknownCommand(name);
    printText(commandManPage(command, options));
    return 0;
  },
};

function writePage(directory: string, name: string, page: string): void {
  const output = Output.open(`${directory.replace(/\/+$/, "")}/${name}.1`);
  output.text(page);
  output.close();
}

function manOptions(): ManOptions {
  const seconds = environment(DATE_VARIABLE);
  if (seconds === undefined || !/^\d{1,11}$/.test(seconds)) return {};
  return { date: new Date(Number(seconds) * 1000).toISOString().slice(0, 10) };
}
