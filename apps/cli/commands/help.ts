import { UsageError } from "@flowtools/common/flags";
import type { CommandBody } from "../command.ts";
import { loadCommand } from "../command_modules.ts";
import { helpText, overviewText } from "../help.ts";
import { HELP_TOPICS } from "../help_topics.ts";
import { printText } from "../print_text.ts";
import { textStyle } from "../text_style.ts";
import { unknownCommand } from "../unknown_words.ts";

/** Shows the help of all commands, of one, or of what several have in common. */
export const helpCommand: CommandBody = {
  operands: "[COMMAND|TOPIC]",
  operandWords: "topics",
  flags: [],
  examples: [
    ["flowtools help", "All commands"],
    ["flowtools help print", "The flags of a command, with examples"],
    ["flowtools help where", "The expressions of --where"],
  ],
  run: async ({ operands: [name, ...more] }) => {
    if (more.length > 0) {
      throw new UsageError(`help of one command expected, got ${more.length + 1}`);
    }
    if (name === undefined) {
      printText(overviewText(textStyle()));
      return 0;
    }
    const topic = HELP_TOPICS.find((candidate) => candidate.name === name);
    if (topic !== undefined) {
      printText(await topic.text(textStyle()));
      return 0;
    }
    const command = await loadCommand(name);
    if (command === undefined) throw unknownCommand(name, HELP_TOPICS.map((topic) => topic.name));
    printText(helpText(command, textStyle()));
    return 0;
  },
};
