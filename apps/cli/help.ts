import type { Command } from "./command.ts";
import { COMMON_FLAGS, type Flag } from "@flowtools/common/flags";

/** The help of all commands. */
export function overviewText(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  const lines = commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`);
  return `flowtools reads, writes and decodes network flows.

Usage: flowtools COMMAND [FLAGS] [FILE…]

Commands:
${lines.join("\n")}

flowtools help COMMAND shows the flags of a command, with examples.
Files may be flow-tools files or directories of them; "-", or none, is standard input.
`;
}

/** The help of one command. */
export function commandText(command: Command): string {
  const flags = [...command.flags, ...COMMON_FLAGS];
  const heads = flags.map(flagHead);
  const width = Math.max(...heads.map((head) => head.length));
  const flagLines = flags.map((flag, index) => `  ${heads[index].padEnd(width)}  ${flagDoc(flag)}`);
  const examples = command.examples.map(([call, what]) => `  # ${what}\n  ${call}`);
  return `flowtools ${command.name}: ${command.summary}

Usage: flowtools ${command.name} [FLAGS] ${command.operands}

Flags:
${flagLines.join("\n")}

Examples:
${examples.join("\n\n")}
`;
}

function flagHead(flag: Flag): string {
  const letter = flag.letter === undefined ? "    " : `-${flag.letter}, `;
  return `${letter}--${flag.name}${flag.value === undefined ? "" : ` ${flag.value}`}`;
}

function flagDoc(flag: Flag): string {
  return flag.choices === undefined ? flag.doc : `${flag.doc}: ${flag.choices.join(", ")}`;
}
