/** Columns that an address or a name keeps at least: as many as an IPv4 address may need. */
const ELASTIC_MIN = 15;

/** A column whose width is known. */
export interface FittedColumn {
  /** Columns of text. */
  readonly width: number;
  /** It may be left out where there is no room: of several the one with the highest number first. */
  readonly detail?: number;
  /** Its texts may be shortened where leaving out details is not enough. */
  readonly elastic?: boolean;
  /** It may be left out where nothing else helps: of several the last first. */
  readonly spare?: boolean;
}

/** The columns that a line has room for, and those that it has none for. */
export interface FittedColumns<Column> {
  readonly shown: readonly Column[];
  readonly leftOut: readonly Column[];
  /** Columns of text between two columns. */
  readonly gap: number;
}

/**
 * Makes columns fit a line, by what hurts least: details are left out, gaps become narrow, texts are
 * shortened, and at last other columns are left out.
 *
 * @param columns The columns
 * @param room Columns of text that a line has
 * @param gaps Columns of text between two columns, the widest first
 */
export function fitColumns<Column extends FittedColumn>(
  columns: readonly Column[],
  room: number,
  gaps: readonly number[],
): FittedColumns<Column> {
  let shown = columns;
  let gap = gaps[0];
  const drop = (candidates: readonly Column[], widthOf: (column: Column) => number) => {
    for (const column of candidates) {
      if (lineWidth(shown.map(widthOf), gap) <= room) return;
      shown = shown.filter((other) => other !== column);
    }
  };
  const ownWidth = ({ width }: Column) => width;
  const details = columns.filter(({ detail }) => detail !== undefined);
  drop(details.toSorted((a, b) => b.detail! - a.detail!), ownWidth);
  gap = gaps.find((each) => lineWidth(shown.map(ownWidth), each) <= room) ?? gaps[gaps.length - 1];
  // Columns that even their least widths leave no room for.
  drop(shown.filter(({ spare }) => spare).toReversed(), leastWidth);
  const leftOut = columns.filter((column) => !shown.includes(column));
  return { shown: shorten(shown, room, gap), leftOut, gap };
}

function leastWidth({ width, elastic }: FittedColumn): number {
  return elastic ? Math.min(width, ELASTIC_MIN) : width;
}

function lineWidth(widths: readonly number[], gap: number): number {
  return widths.reduce((sum, width) => sum + width + gap, -gap);
}

/** Makes elastic columns narrower, the widest first, until a line has room. */
function shorten<Column extends FittedColumn>(
  columns: readonly Column[],
  room: number,
  gap: number,
): readonly Column[] {
  const widths = columns.map(({ width }) => width);
  for (let excess = lineWidth(widths, gap) - room; excess > 0; excess--) {
    let widest = -1;
    for (const [at, column] of columns.entries()) {
      if (widths[at] <= leastWidth(column)) continue;
      if (widest < 0 || widths[at] > widths[widest]) widest = at;
    }
    if (widest < 0) break;
    widths[widest]--;
  }
  return columns.map((column, at) => ({ ...column, width: widths[at] }));
}

/**
 * Says which columns there is no room for, as many of them as a line has room for.
 *
 * @param leftOut The columns
 * @param room Columns of text that the line has
 */
export function leftOutText(leftOut: readonly { readonly title: string }[], room: number): string {
  const titles = leftOut.map(({ title }) => title);
  const text = (count: number) => {
    const rest = titles.length - count;
    const more = rest === 0 ? "" : ` and ${rest} more`;
    return `no room here for ${titles.slice(0, count).join(", ")}${more}`;
  };
  let count = titles.length;
  while (count > 1 && text(count).length > room) count--;
  return text(count);
}

/**
 * A text that is too long for its column, without its middle: the ends of addresses and of names tell
 * most.
 *
 * @param text The text
 * @param width Columns that there are
 * @param unicode Whether there is a letter for what is left out
 */
export function shortened(text: string, width: number, unicode: boolean): string {
  const letters = [...text];
  if (letters.length <= width) return text;
  const head = Math.ceil((width - 1) / 2);
  const tail = width - 1 - head;
  return letters.slice(0, head).join("") + (unicode ? "…" : "~") +
    (tail === 0 ? "" : letters.slice(-tail).join(""));
}
