import { didYouMean } from "@flowtools/common/suggest";
import { detailSections } from "./report_table_detail.ts";
import { type ReportTable, ReportTableError } from "./report_table_input.ts";

/** Text that is shown around a table. */
export interface ReportTableOptions {
  /** Show what stands above the table, and in text the names of the columns. */
  readonly header: boolean;
  /** The line of text that tells how the program was called. */
  readonly call: string;
  /** Rows at most; 0 for all. */
  readonly maxRows: number;
}

/** Takes text. */
export type WriteText = (text: string) => void;

/** Shows a report. */
export type ReportTableFormat = (
  table: ReportTable,
  options: ReportTableOptions,
  write: WriteText,
) => void;

/** How a report can be shown, by name. */
export const REPORT_TABLE_FORMATS: Readonly<Record<"ascii" | "html", ReportTableFormat>> = {
  ascii: asciiTable,
  html: htmlTable,
};

/** Columns aligned to the left; a blank line ends the table, where all rows are shown. */
function asciiTable(table: ReportTable, options: ReportTableOptions, write: WriteText): void {
  const shown = table.shown;
  if (options.header) {
    for (const line of table.header) write(line + "\n");
    write(`#  ${options.call}\n`);
    if (table.detail === undefined) {
      write(shown.map((column) => table.names[column].padEnd(table.widths[column])).join(" "));
      write("\n");
    }
  }
  if (table.detail !== undefined) {
    for (const { label, text } of detailSections(table)) write(label + text);
    write("\n");
    return;
  }
  const count = rowCount(table, options);
  for (let at = 0; at < count; at++) {
    const row = table.rows[at];
    let line = "";
    for (const column of shown) {
      line += (line === "" && column === shown[0] ? "" : " ") +
        row[column].padEnd(table.widths[column]);
    }
    // The row at which the limit ends the table is ended by the footer, a space before it.
    write(line + (at + 1 === options.maxRows && shown.length > 0 ? " " : "\n"));
  }
  write("\n");
}

/** An HTML table; the row at which the limit ends the table is not closed, as in the reference. */
function htmlTable(table: ReportTable, options: ReportTableOptions, write: WriteText): void {
  if (options.header) {
    write(`<pre>\n${table.header.map((line) => escapeHtml(line) + "\n").join("")}</pre>\n`);
  }
  write("<table border cellspacing=0 cellpadding=5>\n<tr>\n");
  if (table.detail === undefined) {
    for (const column of table.shown) write(` <th> ${escapeHtml(table.names[column])} </th>\n`);
  }
  write("</tr>\n");
  if (table.detail !== undefined) {
    write("<pre>\n");
    for (const { label, text } of detailSections(table)) write(label + escapeHtml(text));
    write("</pre>\n");
  } else {
    const count = rowCount(table, options);
    for (let at = 0; at < count; at++) {
      write("<tr>\n");
      for (const column of table.shown) {
        write(`  <td> ${escapeHtml(table.rows[at][column])} </td>\n`);
      }
      if (at + 1 !== options.maxRows) write("</tr>\n");
    }
  }
  write("</table>\n");
}

function rowCount(table: ReportTable, { maxRows }: ReportTableOptions): number {
  return maxRows === 0 ? table.rows.length : Math.min(maxRows, table.rows.length);
}

const HTML_ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => HTML_ENTITIES[char]);
}

/** The columns of these names, in the order of the report; names that it lacks are an error. */
export function pickColumns(table: ReportTable, names: readonly string[]): void {
  if (names.includes("all") || table.detail !== undefined) return;
  const unknown = names.filter((name) => !table.names.includes(name));
  if (unknown.length === names.length && table.names.length > 0) {
    const meant = didYouMean(unknown[0], table.names);
    throw new ReportTableError(
      "no-column",
      `Cannot show ${unknown.join(", ")}: the report has ${table.names.join(", ")}` +
        (meant === undefined ? "" : `; ${meant}`),
    );
  }
  table.shown = table.shown.filter((column) => names.includes(table.names[column]));
}
