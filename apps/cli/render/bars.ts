/** Eighths of a character, from the left. */
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
const FULL = "█";

/** Heights of a sparkline, least first; nothing at all is a space. */
const SPARKS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const ASCII_SPARKS = [".", ":", "-", "=", "+", "*", "#", "@"];

/**
 * A bar from the left.
 *
 * @param share 0 to 1 of the columns
 * @param columns Columns of the longest bar
 * @param unicode Whether it may be of block characters
 */
export function barText(share: number, columns: number, unicode: boolean): string {
  const part = Math.max(0, Math.min(1, share)) * columns;
  if (!unicode) return "#".repeat(part > 0 ? Math.max(1, Math.round(part)) : 0);
  // What there is at all is to be seen.
  const eighths = part > 0 ? Math.max(1, Math.round(part * 8)) : 0;
  return FULL.repeat(eighths >> 3) + EIGHTHS[eighths & 7];
}

/**
 * A line of small bars, one for each value; where there are more values than columns each bar is
 * the greatest of several.
 *
 * @param values The values, none below 0
 * @param columns Columns at most
 * @param unicode Whether it may be of block characters
 * @param highest What the highest bar stands for; default the greatest value
 */
export function sparkText(
  values: readonly number[],
  columns: number,
  unicode: boolean,
  highest: number = values.reduce((most, value) => Math.max(most, value), 0),
): string {
  const marks = unicode ? SPARKS : ASCII_SPARKS;
  const each = Math.max(1, Math.ceil(values.length / Math.max(1, columns)));
  let text = "";
  for (let from = 0; from < values.length; from += each) {
    let most = 0;
    for (const value of values.slice(from, from + each)) most = Math.max(most, value);
    const height = highest === 0 ? 0 : Math.ceil(most / highest * marks.length);
    text += height <= 0 ? " " : marks[Math.min(marks.length, height) - 1];
  }
  return text;
}
