import { UsageError } from "@flowtools/common/flags";
import type { CommandBody } from "../command.ts";
import { loadCommand } from "../command_modules.ts";
import { helpText, overviewText } from "../help.ts";
import { printText } from "../print_text.ts";
import { textStyle } from "../text_style.ts";
import { unknownCommand } from "../unknown_words.ts";

/** Shows the help of all commands, or of one. */
export const helpCommand: CommandBody = {
  operands: "[COMMAND]",
  operandWords: "commands",
  flags: [],
  examples: [
    ["flowtools help", "All commands"],
    ["flowtools help print", "The flags of a command, with examples"],
  ],
  run: async ({ operands: [name, ...more] }) => {
    if (more.length > 0) {
      throw new UsageError(`help of one command expected, got ${more.length + 1}`);
    }
    if (name === undefined) {
      printText(overviewText(textStyle()));
      return 0;
    }
    const command = await loadCommand(name);
    if (command === undefined) throw unknownCommand(name);
    printText(helpText(command, textStyle()));
    return 0;
  },
};
