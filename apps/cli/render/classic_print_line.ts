import type { FlowClock, SymbolKind, SymbolTable } from "@flowtools/flowset/select";
import {
  CELL_KINDS,
  type CellKind,
  type CellShape,
  type CellWriter,
  namedWriter,
  type NameTexts,
} from "./classic_print_cells.ts";
import { type PrintValue, printValue } from "./classic_print_values.ts";

/** Names to print in place of numbers. */
export type PrintSymbols = ReadonlyMap<SymbolKind, SymbolTable>;

/** One cell of a line, and where it is. */
export interface PlacedCell extends CellShape {
  readonly value: PrintValue;
  readonly write: CellWriter;
  readonly offset: number;
}

/** A line of a format, ready to be filled in. */
export interface PrintLine {
  /** The line with blank cells. */
  readonly blank: Uint8Array;
  readonly cells: readonly PlacedCell[];
}

/** Characters of a cell that may grow, when it has to: the digits of 2^64. */
const ROOMY_WIDTH = 20;

const BLANK = " ";
/** What is taken out again from a line with more room than its cells need. */
export const FILLER = 0;
const FILLER_TEXT = "\0";

/** The cells of a line: `{value:kind width}`, and `.N` where names are cut to N characters. */
const CELL = /\{(\w+):([a-z]+)(\d+)(?:\.(\d+))?\}/;

/** Every kind of symbols that a line shows. */
export function lineSymbols(line: string): SymbolKind[] {
  const kinds = [...line.matchAll(new RegExp(CELL, "g"))]
    .map(([, , kind]) => CELL_KINDS[kind].symbols);
  return [...new Set(kinds.filter((kind) => kind !== undefined))];
}

/** The values of a line, by name, whether or not a batch has them. */
export function lineValues(line: string): PrintValue[] {
  return [...line.matchAll(new RegExp(CELL, "g"))].map(([, name]) => printValue(name));
}

/**
 * Places the cells of a line.
 *
 * @param roomy Give the cells that may grow so much room that every value fits; what is too much is
 * `FILLER`
 * @param clock How to reckon times
 */
export function compileLine(
  line: string,
  symbols: PrintSymbols,
  roomy: boolean,
  clock?: FlowClock,
): PrintLine {
  // Literal text and, for each cell, four captures.
  const parts = line.split(CELL);
  let blank = parts[0];
  const cells: PlacedCell[] = [];
  for (let i = 1; i < parts.length; i += 5) {
    const [name, kindName, digits, cut, literal] = parts.slice(i, i + 5);
    const kind = CELL_KINDS[kindName];
    const natural = Number(digits);
    const names = nameTexts(kind, symbols, Number(cut ?? natural));
    const grows = roomy && names === undefined ? kind.grows : undefined;
    const width = grows === undefined ? natural : ROOMY_WIDTH;
    // The cell behind it is written later, so that its room counts as blank.
    const next = i + 5 < parts.length ? literal + BLANK.repeat(ROOMY_WIDTH) : literal;
    cells.push({
      value: printValue(name, clock),
      write: names === undefined ? cellWriter(kind, natural, roomy, next) : namedWriter(kind),
      offset: blank.length,
      natural,
      width,
      names,
    });
    const filler = FILLER_TEXT.repeat(width - natural);
    blank += grows === "left" ? filler : "";
    blank += BLANK.repeat(natural);
    blank += grows === "right" ? filler : "";
    blank += literal;
  }
  return { blank: new TextEncoder().encode(blank), cells };
}

/** The loop that writes no byte which the text behind the cell keeps. */
function cellWriter(kind: CellKind, width: number, roomy: boolean, next: string): CellWriter {
  const slack = kind.slack?.(width) ?? 0;
  const safe = next.startsWith(BLANK.repeat(slack));
  if (safe && !(roomy && kind.grows)) return kind.write;
  if (kind.exact !== undefined) return kind.exact;
  if (safe) return kind.write;
  throw new RangeError(`Cannot print a line: a cell needs ${slack} blanks behind it`);
}

/** Names as they stand in a cell. */
function nameTexts(
  kind: CellKind,
  symbols: PrintSymbols,
  width: number,
): NameTexts | undefined {
  const table = kind.symbols === undefined ? undefined : symbols.get(kind.symbols);
  if (table === undefined) return undefined;
  const cut = Math.min(width, kind.nameMax ?? width);
  const encoder = new TextEncoder();
  const texts = new Map<number, Uint8Array>();
  for (const [value, name] of table.entries()) {
    texts.set(value, encoder.encode(name).subarray(0, cut));
  }
  return texts;
}
