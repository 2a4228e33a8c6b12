/**
 * Tables in documents, made from the tables of the code: they stand between markers of the form
 * `<!-- tables: NAME -->` and `<!-- end -->`; what is outside of them is written by hand.
 *
 * @module
 */

/**
 * A table in Markdown, aligned as `deno fmt` aligns it.
 *
 * @param head The cells of its head
 * @param rows The cells of its rows
 */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((text, column) =>
    Math.max(text.length, ...rows.map((row) => row[column].length))
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
  const rule = line(widths.map((width) => "-".repeat(width)));
  return [line(head), rule, ...rows.map(line)].join("\n");
}

/**
 * Puts tables between the markers of a document.
 *
 * @param document The text with markers
 * @param tables What makes each table, by the name in its marker
 * @returns The text with up-to-date tables
 * @throws {RangeError} A marker names no table, or a table has no marker
 */
export function fillTables(
  document: string,
  tables: Readonly<Record<string, () => string>>,
): string {
  const left = new Set(Object.keys(tables));
  const result = document.replace(
    /(<!-- tables: (.+?) -->\n).*?(<!-- end -->)/gs,
    (_all, start: string, name: string, end: string) => {
      if (!left.delete(name)) throw new RangeError(`Cannot make tables: none is named "${name}"`);
      return `${start}\n${tables[name]()}\n\n${end}`;
    },
  );
  if (left.size > 0) throw new RangeError(`Cannot make tables: no marker for ${[...left]}`);
  return result;
}
