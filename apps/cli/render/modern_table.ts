import { barText } from "./bars.ts";
import { fitColumns, leftOutText, shortened } from "./fit_columns.ts";
import { type Look, styled } from "./look.ts";
import { type Quantity, quantityText } from "./quantity.ts";

/** Columns that a bar needs to tell anything. */
const BAR_COLUMNS_MIN = 6;
const BAR_COLUMNS_MAX = 60;
/** Spaces between columns: fewer where a terminal is narrow. */
const GAPS = [2, 1] as const;

/** The value of a cell: text as it is, a number as its column says, nothing where there is none. */
export type Cell = string | number | undefined;

/** One column of a table. */
export interface TableColumn {
  /** Its heading. */
  readonly title: string;
  /** What its numbers are. */
  readonly quantity?: Quantity;
  /** Text is at the left, numbers are at the right. */
  readonly right?: boolean;
  /**
   * It is left out where no row has a value for it, and where a terminal is too narrow: of several
   * the one with the highest number first. A column without a number always stays.
   */
  readonly detail?: number;
  /** Its texts may be shortened in the middle where a terminal is too narrow all the same. */
  readonly elastic?: boolean;
  /** It is left out where a terminal is too narrow even then, the last first. */
  readonly spare?: boolean;
}

/** A row of a table. */
export interface TableRow {
  /** A cell for each column. */
  readonly cells: readonly Cell[];
  /** The length of its bar, 0 to 1; nothing for no bar. */
  readonly share?: number;
  /** Whether it is about others: a sum, say. */
  readonly quiet?: boolean;
}

/**
 * Lines of a table: columns aligned, and at their right a bar for each row, where there is room. A
 * line at the end names the columns that there is no room for.
 *
 * @param columns The columns
 * @param rows The rows
 * @param look How it is laid out
 */
export function tableLines(
  columns: readonly TableColumn[],
  rows: readonly TableRow[],
  look: Look,
): string[] {
  const all = columns.map((column, at): LaidColumn => {
    const texts = rows.map(({ cells }) => cellText(cells[at], column, look));
    const width = texts.reduce(
      (width, text) => Math.max(width, textColumns(text)),
      textColumns(column.title),
    );
    return { ...column, texts, width };
  }).filter(({ detail, texts }) => detail === undefined || texts.some((text) => text !== ""));
  const { shown, leftOut, gap } = look.fit
    ? fitColumns(all, look.columns - 1, GAPS)
    : { shown: all, leftOut: [], gap: GAPS[0] };
  const lines = laidLines(shown, rows, look, " ".repeat(gap));
  if (leftOut.length > 0) lines.push(styled(look, "dim", leftOutText(leftOut, look.columns - 1)));
  return lines;
}

/** A column whose cells are known. */
interface LaidColumn extends TableColumn {
  readonly texts: readonly string[];
  readonly width: number;
}

function laidLines(
  columns: readonly LaidColumn[],
  rows: readonly TableRow[],
  look: Look,
  gap: string,
): string[] {
  const used = columns.reduce((sum, { width }) => sum + width + gap.length, 0);
  // The last column but one is left free: some terminals break the line in it.
  const room = Math.min(BAR_COLUMNS_MAX, look.columns - used - 1);
  const bars = room >= BAR_COLUMNS_MIN && rows.some(({ share }) => share !== undefined);
  const text = (text: string, column: LaidColumn) =>
    aligned(column.elastic ? shortened(text, column.width, look.unicode) : text, column);
  const heading = columns.map((column) => text(column.title, column)).join(gap);
  const lines = [styled(look, "heading", heading.trimEnd())];
  for (const [index, row] of rows.entries()) {
    const line = columns.map((column) => text(column.texts[index], column)).join(gap);
    const bar = bars && row.share !== undefined ? barText(row.share, room, look.unicode) : "";
    const shown = row.quiet ? styled(look, "dim", line.trimEnd()) : line;
    lines.push(bar === "" ? shown.trimEnd() : `${shown}${gap}${styled(look, "bar", bar)}`);
  }
  return lines;
}

function cellText(cell: Cell, { quantity = "count" }: TableColumn, look: Look): string {
  if (cell === undefined) return "";
  return typeof cell === "string" ? cell : quantityText(cell, quantity, look.human);
}

function aligned(text: string, { width, right }: Omit<LaidColumn, "texts">): string {
  const blank = " ".repeat(Math.max(0, width - textColumns(text)));
  return right ? blank + text : text + blank;
}

/** What makes colours, and takes no room. */
// deno-lint-ignore no-control-regex
const STYLE = /\x1b\[[0-9;]*m/g;

/** Columns of a text; of names from elsewhere, as letters that are one column wide. */
function textColumns(text: string): number {
  return [...text.replaceAll(STYLE, "")].length;
}
