import { COMMON_FLAGS, type Flag, type FlagGroup } from "./flags.ts";
import {
  type Definition,
  definitionLines,
  termColumnsOf,
  TEXT_COLUMNS,
  wrapShellCall,
  wrapText,
} from "./text_layout.ts";

/** What a command tells of itself: the row from which its help derives. */
export interface CommandDescription {
  /** The word after `flowtools`; `flow-` before it is the classic program. */
  readonly name: string;
  /** One line of help. */
  readonly summary: string;
  /** The operands, for the usage line. */
  readonly operands: string;
  /**
   * What the operands may be, where they are no files: words, names of commands, or what there is
   * help on.
   */
  readonly operandWords?: readonly string[] | "commands" | "topics";
  /** Its flags, beside the common ones. */
  readonly flags: readonly Flag[];
  /** Calls worth copying, each with what it does. */
  readonly examples: readonly (readonly [call: string, what: string])[];
}

/** How help is laid out. */
export interface TextStyle {
  /** Columns of a line. */
  readonly columns: number;
  /** Headings are marked by colour. */
  readonly color: boolean;
}

/** How help is laid out in files and pipes. */
export const PLAIN_STYLE: TextStyle = { columns: TEXT_COLUMNS, color: false };

/** Flags under the heading that they have in help and man pages. */
export interface FlagSection {
  /** The heading. */
  readonly title: string;
  /** The flags, in the order of the table. */
  readonly flags: readonly Flag[];
}

/** The headings, in their order; the first is of flags without a group. */
const SECTIONS: readonly (readonly [group: FlagGroup | undefined, title: string])[] = [
  [undefined, "Flags"],
  ["selection", "Selection of flows and files"],
  ["output", "Output"],
  ["classic", "Classic formats and scripts"],
];

/** The flags of a command by their groups, the common ones too; groups without flags are left out. */
export function flagSections({ flags }: CommandDescription): readonly FlagSection[] {
  const all = [...flags, ...COMMON_FLAGS];
  return SECTIONS
    .map(([group, title]) => ({ title, flags: all.filter((flag) => flag.group === group) }))
    .filter((section) => section.flags.length > 0);
}

/** The usage line of a command. */
export function usageText(command: CommandDescription, call: string): string {
  return `Usage: ${call} [FLAGS] ${command.operands}`.trimEnd();
}

/**
 * The help of one command.
 *
 * @param command What it tells of itself
 * @param call How it is called, such as `flowtools print`
 * @param style How it is laid out
 */
export function commandText(
  command: CommandDescription,
  call: string,
  style: TextStyle = PLAIN_STYLE,
): string {
  const { columns } = style;
  const sections = flagSections(command).map(({ title, flags }) => ({
    title,
    rows: flags.map(flagDefinition),
  }));
  const termColumns = termColumnsOf(sections.flatMap(({ rows }) => rows));
  const examples = command.examples.map(([call, what]) =>
    [
      ...wrapText(what, columns - 4).map((line) => `  # ${line}`),
      ...wrapShellCall(call, columns - 2).map((line) => `  ${line}`),
    ].join("\n")
  );
  return [
    wrapText(`${call}: ${command.summary}`, columns).join("\n"),
    usageText(command, call).replace("Usage:", headingText("Usage:", style)),
    ...sections.map(({ title, rows }) =>
      `${headingText(`${title}:`, style)}\n${
        definitionLines(rows, columns, termColumns).join("\n")
      }`
    ),
    `${headingText("Examples:", style)}\n${examples.join("\n\n")}`,
  ].join("\n\n") + "\n";
}

/** A heading, marked where the style has colours. */
export function headingText(text: string, { color }: TextStyle): string {
  return color ? `\x1b[1;36m${text}\x1b[0m` : text;
}

/** What a flag does: a sentence, and the values that have a meaning, those that are one together. */
export interface FlagMeaning {
  /** The sentence, with the values that it explains or that need no explanation. */
  readonly doc: string;
  /** The other values. */
  readonly values: readonly Definition[];
}

/** What a flag does, and what its values mean. */
export function flagMeaning({ doc, choices = [], meanings = [] }: Flag): FlagMeaning {
  const told = new Set(meanings.map(([value]) => value));
  const untold = choices.filter((choice) => !told.has(choice));
  const values = Map.groupBy(meanings, ([, meaning]) => meaning);
  return {
    doc: untold.length === 0 ? doc : `${doc}: ${untold.join(", ")}`,
    values: [...values].map((
      [meaning, rows],
    ) => [rows.map(([value]) => value).join(", "), meaning]),
  };
}

function flagDefinition(flag: Flag): Definition {
  const { doc, values } = flagMeaning(flag);
  return [flagHead(flag), doc, values];
}

function flagHead(flag: Flag): string {
  const letter = flag.letter === undefined ? "    " : `-${flag.letter}, `;
  const value = flagValue(flag);
  return `${letter}--${flag.name}${value === undefined ? "" : ` ${value}`}`;
}

/** What the value of a flag is called, in brackets where there need not be one. */
export function flagValue({ value, bare }: Flag): string | undefined {
  return bare === undefined ? value : `[${value}]`;
}
