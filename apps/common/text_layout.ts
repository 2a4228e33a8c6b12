/** Columns of text where nobody says how many there are, as in files and pipes. */
export const TEXT_COLUMNS = 80;

/** Columns of the first part of a definition at most: a longer one has a line of its own. */
const TERM_COLUMNS_MAX = 28;

/** A term, what it means, and what its parts mean, where that is told of each. */
export type Definition = readonly [
  term: string,
  meaning: string,
  parts?: readonly Definition[],
];

/** The lines of a text that is broken between words; a word that is too long stays whole. */
export function wrapText(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/**
 * The lines of a shell command that is broken so that it can still be copied: never within quotes,
 * with a backslash at the end of each line but the last.
 */
export function wrapShellCall(call: string, columns: number): string[] {
  const words = call.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  const lines: string[] = [];
  let line = "";
  for (const [index, word] of words.entries()) {
    // The last word of a line leaves room for the backslash, unless it ends the command.
    const reserve = index === words.length - 1 ? 0 : 2;
    if (line !== "" && line.length + 1 + word.length + reserve > columns) {
      lines.push(`${line} \\`);
      line = `  ${word}`;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/**
 * The lines of a list of definitions: terms in a column, meanings beside it.
 *
 * @param definitions The list
 * @param columns How wide the text may be
 * @param termColumns How wide the column of the terms is; as the terms need it, unless told
 */
export function definitionLines(
  definitions: readonly Definition[],
  columns: number,
  termColumns: number = termColumnsOf(definitions),
): string[] {
  const indent = 2 + termColumns + 2;
  const margin = " ".repeat(indent);
  return definitions.flatMap(([term, meaning, parts = []]) => {
    const [first, ...rest] = [
      ...wrapText(meaning, columns - indent),
      ...definitionLines(parts, columns - indent),
    ];
    const below = rest.map((line) => margin + line);
    if (term.length <= termColumns) return [`  ${term.padEnd(termColumns)}  ${first}`, ...below];
    return [`  ${term}`, margin + first, ...below];
  });
}

/** The columns that the terms of a list need. */
export function termColumnsOf(definitions: readonly Definition[]): number {
  const fitting = definitions.map(([term]) => term.length)
    .filter((length) => length <= TERM_COLUMNS_MAX);
  return Math.max(0, ...fitting);
}
