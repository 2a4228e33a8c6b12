import {
  commandText,
  headingText,
  PLAIN_STYLE,
  type TextStyle,
} from "@flowtools/common/command_text";
import {
  type Definition,
  definitionLines,
  termColumnsOf,
  wrapText,
} from "@flowtools/common/text_layout";
import type { Command } from "./command.ts";
import { COMMAND_GROUPS, type CommandGroup } from "./command_modules.ts";
import { HELP_TOPICS } from "./help_topics.ts";

/** What the program is, in a sentence. */
export const PROGRAM_SUMMARY = "flowtools reads, writes and decodes network flows.";

/** What operands are, where a command reads flows. */
export const INPUTS_TEXT =
  "Files may be flow-tools files, captures of export packets, IPFIX files, or directories of them; " +
  '"-", or none, is standard input.';

/** The calls to begin with, each with what it does. */
export const FIRST_CALLS: readonly Definition[] = [
  ["flowtools top flows/", "who sends most"],
  ["flowtools series flows/", "how much, over time"],
  ["flowtools print --where 'dst port 443' flows/", "flows to a port"],
];

/** What is shown where no command is named. */
export function firstText(style: TextStyle = PLAIN_STYLE): string {
  const more: readonly Definition[] = [
    ["flowtools help", "all commands"],
    ["flowtools help COMMAND", "one command, with examples"],
  ];
  const termColumns = Math.max(...[...FIRST_CALLS, ...more].map(([call]) => call.length));
  const lines = (calls: readonly Definition[]) =>
    definitionLines(calls, style.columns, termColumns).join("\n");
  return `${PROGRAM_SUMMARY}

${headingText("To begin with:", style)}
${lines(FIRST_CALLS)}

${headingText("More:", style)}
${lines(more)}
`;
}

/** The help of all commands. */
export function overviewText(style: TextStyle = PLAIN_STYLE): string {
  const groups = COMMAND_GROUPS.map((group) => ({
    title: group.title,
    rows: commandDefinitions(group),
  }));
  const termColumns = termColumnsOf(groups.flatMap(({ rows }) => rows));
  const sections = groups.map(({ title, rows }) =>
    `${headingText(`${title}:`, style)}\n${
      definitionLines(rows, style.columns, termColumns).join("\n")
    }`
  );
  const topics = HELP_TOPICS.map(({ name, summary }): Definition => [`help ${name}`, summary]);
  return `${PROGRAM_SUMMARY}

${headingText("Usage:", style)} flowtools COMMAND [FLAGS] [FILE…]

${sections.join("\n\n")}

${headingText("Topics:", style)}
${definitionLines(topics, style.columns, termColumns).join("\n")}

${
    wrapText("flowtools help COMMAND shows the flags of a command, with examples.", style.columns)
      .join("\n")
  }
${wrapText(INPUTS_TEXT, style.columns).join("\n")}
`;
}

/** The commands of a group, each with what it does. */
export function commandDefinitions({ commands }: CommandGroup): readonly Definition[] {
  return Object.entries(commands).map(([name, { summary }]) => [name, summary]);
}

/** The help of one command, as the command line calls it. */
export function helpText(command: Command, style: TextStyle = PLAIN_STYLE): string {
  return commandText(command, `flowtools ${command.name}`, style);
}
