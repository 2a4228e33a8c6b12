import { COMMON_FLAGS, type Flag } from "./flags.ts";

/** What a command tells of itself: the row from which its help derives. */
export interface CommandDescription {
  /** The word after `flowtools`; `flow-` before it is the classic program. */
  readonly name: string;
  /** One line of help. */
  readonly summary: string;
  /** The operands, for the usage line. */
  readonly operands: string;
  /** Its flags, beside the common ones. */
  readonly flags: readonly Flag[];
  /** Calls worth copying, each with what it does. */
  readonly examples: readonly (readonly [call: string, what: string])[];
}

/**
 * The help of one command.
 *
 * @param command What it tells of itself
 * @param call How it is called, such as `flowtools print`
 */
export function commandText(command: CommandDescription, call: string): string {
  const flags = [...command.flags, ...COMMON_FLAGS];
  const heads = flags.map(flagHead);
  const width = Math.max(...heads.map((head) => head.length));
  const flagLines = flags.map((flag, index) => `  ${heads[index].padEnd(width)}  ${flagDoc(flag)}`);
  const examples = command.examples.map(([call, what]) => `  # ${what}\n  ${call}`);
  return `${call}: ${command.summary}

Usage: ${call} [FLAGS] ${command.operands}

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
