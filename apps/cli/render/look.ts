import { environment } from "@flowtools/common/environment";

/** Columns where nobody tells how many there are. */
const COLUMNS_DEFAULT = 80;
const COLUMNS_MIN = 40;
/** Bars across a very wide screen are no easier to compare. */
const COLUMNS_MAX = 200;

/** How text is laid out for whoever reads it. */
export interface Look {
  /** Columns of a line. */
  readonly columns: number;
  /** Whether headings and bars may have colours. */
  readonly color: boolean;
  /** Whether bars may be made of block characters. */
  readonly unicode: boolean;
  /** Whether large numbers are shortened: 1.2M. */
  readonly human: boolean;
  /** Whether details are left out for which lines have no room: lines of files may be long. */
  readonly fit?: boolean;
}

/** What may be asked for in place of what the output is. */
export interface LookWishes {
  /** Bars of letters, as on terminals without Unicode. */
  readonly ascii?: boolean;
  /** The output goes to a file. */
  readonly file?: boolean;
  /** Whole numbers, or short ones; nothing for short ones on terminals. */
  readonly units?: "exact" | "human";
}

/** The look of standard output: of a terminal as it is, of files and pipes plain and exact. */
export function lookOf(wishes: LookWishes = {}): Look {
  const terminal = !wishes.file && Deno.stdout.isTerminal();
  return {
    columns: terminal ? terminalColumns() : COLUMNS_DEFAULT,
    color: terminal && !Deno.noColor && environment("TERM") !== "dumb",
    unicode: !wishes.ascii && speaksUnicode(),
    human: wishes.units === undefined ? terminal : wishes.units === "human",
    fit: terminal,
  };
}

function terminalColumns(): number {
  try {
    const { columns } = Deno.consoleSize();
    if (columns > 0) return Math.max(COLUMNS_MIN, Math.min(COLUMNS_MAX, columns));
  } catch {
    // There is no size to ask for.
  }
  return COLUMNS_DEFAULT;
}

/** The locale as the C library finds it: the first variable that is set counts. */
function speaksUnicode(): boolean {
  const locale = ["LC_ALL", "LC_CTYPE", "LANG"].map(environment).find((text) => text);
  return locale === undefined ? Deno.build.os !== "linux" : /utf-?8/i.test(locale);
}

const STYLES = { bold: "1", dim: "2", bar: "36", heading: "1" } as const;

/** Text in a style, where colours are allowed. */
export function styled(look: Look, style: keyof typeof STYLES, text: string): string {
  return look.color && text !== "" ? `\x1b[${STYLES[style]}m${text}\x1b[0m` : text;
}
