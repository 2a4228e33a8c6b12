import { UsageError } from "@flowtools/common/flags";
import { expectedWords } from "@flowtools/common/suggest";
import type { CommandBody } from "../command.ts";
import { type CompletedCommand, completionModel } from "../completion_model.ts";
import { bashCompletions } from "../completions_bash.ts";
import { fishCompletions } from "../completions_fish.ts";
import { zshCompletions } from "../completions_zsh.ts";
import { printText } from "../print_text.ts";

/** What makes the script of each shell. */
const SHELLS: Readonly<Record<string, (commands: readonly CompletedCommand[]) => string>> = {
  bash: bashCompletions,
  zsh: zshCompletions,
  fish: fishCompletions,
};

/** Prints the script by which a shell completes calls. */
export const completionsCommand: CommandBody = {
  operands: "SHELL",
  operandWords: Object.keys(SHELLS),
  flags: [],
  examples: [
    ["source <(flowtools completions bash)", "For this bash; in ~/.bashrc, for each"],
    ["flowtools completions zsh >_flowtools", "For zsh: a file in a folder of its $fpath"],
    ["flowtools completions fish >flowtools.fish", "For fish: goes to ~/.config/fish/completions"],
  ],
  run: async ({ operands: [shell, ...more] }) => {
    const shells = Object.keys(SHELLS);
    if (shell === undefined || more.length > 0) {
      throw new UsageError(`one shell expected: ${shells.join(", ")}`);
    }
    if (!shells.includes(shell)) {
      throw new UsageError(`unknown shell "${shell}", ${expectedWords(shell, shells)}`);
    }
    const { COMMANDS } = await import("../commands.ts");
    printText(SHELLS[shell](completionModel(COMMANDS)));
    return 0;
  },
};
