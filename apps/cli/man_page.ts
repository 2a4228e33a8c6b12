import {
  type CommandDescription,
  flagMeaning,
  type FlagSection,
  flagSections,
  flagValue,
} from "@flowtools/common/command_text";
import type { Flag } from "@flowtools/common/flags";
import { type Definition, wrapShellCall, wrapText } from "@flowtools/common/text_layout";
import type { Command } from "./command.ts";
import { COMMAND_GROUPS, COMMAND_NAMES } from "./command_modules.ts";
import { commandDefinitions, FIRST_CALLS, INPUTS_TEXT, PROGRAM_SUMMARY } from "./help.ts";
import { VERSION } from "./version.ts";

/** The variables of the environment that the command line looks at. */
export const ENVIRONMENT: readonly Definition[] = [
  ["FLOWTOOLS_CONFIG_DIR", "Directory of the configuration files that no flag names"],
  ["FLOWTOOLS_SYM_DIR", "Directory of the names of protocols, ports, AS numbers and tags"],
  ["FLOWTOOLS_STRICT_COMPAT", "Where it is 1, every command has --strict-compat"],
  ["NO_COLOR", "Where it is set, nothing is written in colour"],
  ["TZ", "Local time zone: that of the classic formats, and of --tz local"],
];

/** How the program ends. */
const EXIT_CODES: readonly Definition[] = [
  ["0", "Success; also where the reader of standard output wants no more"],
  ["1", "Nothing was found, or an input could not be read: the others were"],
  ["2", "The call is wrong, or what went wrong ended the work"],
];

/** Columns of the lines of the source, and of those of examples on a terminal. */
const SOURCE_COLUMNS = 79;
const EXAMPLE_COLUMNS = 66;

/** What a man page is made with, beside the commands. */
export interface ManOptions {
  /** The day that the page bears, `YYYY-MM-DD`; without one it bears none. */
  readonly date?: string;
}

/** The name of the man page of a command, without its section. */
export function manPageName(command: string): string {
  return `flowtools-${command}`;
}

/**
 * The man page of one command, for man(1).
 *
 * @param command The command
 * @param options What else is told
 */
export function commandManPage(command: Command, options: ManOptions = {}): string {
  const name = manPageName(command.name);
  return [
    titleLine(name, options),
    section("NAME", nameLine(name, lowerFirst(command.summary))),
    section("SYNOPSIS", synopsis(command)),
    section("DESCRIPTION", filled(description(command))),
    section("OPTIONS", flagSections(command).map(optionsOf).join("\n")),
    section("EXIT STATUS", definitions(EXIT_CODES)),
    section("ENVIRONMENT", definitions(ENVIRONMENT)),
    section("EXAMPLES", examples(command.examples)),
    section("SEE ALSO", seeAlso(relatives(command.name))),
  ].join("\n") + "\n";
}

/**
 * The man page of the program, for man(1).
 *
 * @param options What else is told
 */
export function programManPage(options: ManOptions = {}): string {
  const groups = COMMAND_GROUPS.map((group) =>
    `.SS ${macroArgument(group.title)}\n${definitions(commandDefinitions(group))}`
  );
  return [
    titleLine("flowtools", options),
    section("NAME", nameLine("flowtools", "read, write and decode network flows")),
    section(
      "SYNOPSIS",
      "\\fBflowtools\\fR \\fICOMMAND\\fR [\\fIFLAGS\\fR] [\\fIFILE\\fR\\[u2026]]",
    ),
    section(
      "DESCRIPTION",
      [
        PROGRAM_SUMMARY,
        "Called by a link named flow-COMMAND, such as flow-print, it is that command.",
        INPUTS_TEXT,
      ].map(filled).join("\n.PP\n"),
    ),
    section("COMMANDS", groups.join("\n")),
    section("EXIT STATUS", definitions(EXIT_CODES)),
    section("ENVIRONMENT", definitions(ENVIRONMENT)),
    section("EXAMPLES", examples(FIRST_CALLS)),
    section("SEE ALSO", seeAlso(COMMAND_NAMES.map(manPageName))),
  ].join("\n") + "\n";
}

function titleLine(name: string, { date = "" }: ManOptions): string {
  const words = [name.toUpperCase(), "1", date, `flowtools ${VERSION}`, "flowtools manual"];
  // Dates have plain dashes.
  const title = words.map((word) => word === date ? `"${word}"` : macroArgument(word)).join(" ");
  // Names of commands and flags are neither hyphenated nor torn apart.
  return `.TH ${title}\n.nh\n.ad l`;
}

function nameLine(name: string, summary: string): string {
  return wrapText(`${text(name)} \\- ${text(summary)}`, SOURCE_COLUMNS).join("\n");
}

function section(title: string, body: string): string {
  return `.SH ${macroArgument(title)}\n${body}`;
}

function synopsis({ name, operands }: CommandDescription): string {
  // The operands are told in capitals; brackets and dots around them are not part of the names.
  const words = text(operands).replace(/[A-Z]+/g, "\\fI$&\\fR");
  return `\\fBflowtools ${text(name)}\\fR [\\fIFLAGS\\fR] ${words}`.trimEnd();
}

function description({ summary, operands }: CommandDescription): string {
  return `${summary}.${operands.includes("FILE") ? ` ${INPUTS_TEXT}` : ""}`;
}

function optionsOf({ title, flags }: FlagSection): string {
  return `.SS ${macroArgument(title)}\n${flags.map(option).join("\n")}`;
}

function option(flag: Flag): string {
  const { letter, name } = flag;
  const value = flagValue(flag);
  const names = [...(letter === undefined ? [] : [`-${letter}`]), `--${name}`]
    .map((word) => `\\fB${text(word)}\\fR`).join(", ");
  const { doc, values } = flagMeaning(flag);
  const list = values.length === 0 ? "" : `\n.RS\n${definitions(values)}\n.RE`;
  return `.TP\n${names}${value === undefined ? "" : ` \\fI${text(value)}\\fR`}\n` +
    `${filled(doc)}${list}`;
}

function definitions(rows: readonly Definition[]): string {
  return rows.map(([term, meaning]) => `.TP\n\\fB${text(term)}\\fR\n${filled(meaning)}`).join("\n");
}

function examples(rows: readonly Definition[]): string {
  return rows.map(([call, what]) => {
    const lines = wrapShellCall(call, EXAMPLE_COLUMNS).map((part) => guarded(text(part)));
    return `${filled(`${what}:`)}\n.PP\n.nf\n.RS 4\n${lines.join("\n")}\n.RE\n.fi`;
  }).join("\n.PP\n");
}

function seeAlso(names: readonly string[]): string {
  return names.map((name) => `.BR ${text(name)} (1)`).join(" ,\n");
}

/** The page of the program, and those of the commands next to one in the help. */
function relatives(command: string): string[] {
  const group = COMMAND_GROUPS.find(({ commands }) => Object.hasOwn(commands, command));
  const names = Object.keys(group?.commands ?? {}).filter((name) => name !== command);
  return ["flowtools", ...names.map(manPageName)];
}

function lowerFirst(summary: string): string {
  // An abbreviation stays as it is.
  return /^[A-Z][a-z]/.test(summary) ? summary[0].toLowerCase() + summary.slice(1) : summary;
}

/** Text that is filled by roff, in lines of the source that people can read. */
function filled(words: string): string {
  return wrapText(text(words), SOURCE_COLUMNS).map(guarded).join("\n");
}

/** A line that does not look like a macro. */
function guarded(line: string): string {
  return line.replace(/^\./, "\\&.");
}

/** Text as roff writes it: pure ASCII, dashes that stay dashes. */
function text(words: string): string {
  return words
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("^", "\\(ha")
    .replaceAll("~", "\\(ti")
    .replaceAll("`", "\\(ga")
    .replaceAll("'", "\\(aq")
    .replace(
      /[^ -~\n]/gu,
      (char) => `\\[u${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}]`,
    );
}

function macroArgument(words: string): string {
  return `"${text(words).replaceAll('"', "\\(dq")}"`;
}
