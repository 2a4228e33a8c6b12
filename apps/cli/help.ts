import type { Command } from "./command.ts";

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
