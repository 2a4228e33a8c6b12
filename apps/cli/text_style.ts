import { environment } from "@flowtools/common/environment";
import { PLAIN_STYLE, type TextStyle } from "@flowtools/common/command_text";

/** Columns of help at most: longer lines are hard to read. */
const COLUMNS_MAX = 100;
/** Columns that help needs at least; on narrower terminals its lines are broken by the terminal. */
const COLUMNS_MIN = 50;

/** How help is laid out on standard output: as the terminal has room, and in colour where it may. */
export function textStyle(): TextStyle {
  if (!Deno.stdout.isTerminal()) return PLAIN_STYLE;
  return { columns: terminalColumns(), color: !Deno.noColor && environment("TERM") !== "dumb" };
}

function terminalColumns(): number {
  try {
    const { columns } = Deno.consoleSize();
    // Some terminals do not know, and say so by a nought.
    if (columns > 0) return Math.max(COLUMNS_MIN, Math.min(COLUMNS_MAX, columns));
  } catch {
    // There is no size to ask for.
  }
  return PLAIN_STYLE.columns;
}
