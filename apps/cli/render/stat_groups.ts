import type { ReportResult } from "@flowtools/flowset/reports";
import type { SymbolTable } from "@flowtools/flowset/select";
import type { StatCell, StatLines } from "./stat_formats.ts";
import { fixed, type StatText } from "./stat_text.ts";

/** How flow-stat's options change its lines. */
export interface StatLayout {
  /** First character of comment lines. */
  readonly comment: string;
  /** Percent of the total in place of numbers. */
  readonly percent: boolean;
  /** Durations too. */
  readonly wide: boolean;
  /** Names of keys, where they are to be looked up. */
  readonly names: SymbolTable | undefined;
  /** A line of tally after so many lines; 0 for none. */
  readonly tally: number;
  /** The field to sort by, keys and then numbers from 0; nothing to leave the order. */
  readonly sort: StatSort | undefined;
}

/** What to sort by. */
export interface StatSort {
  readonly field: number;
  readonly descending: boolean;
}

/** Characters of a count: the digits of 2^64. */
const COUNT_WIDTH = 20;
/** Characters of a percentage. */
const PERCENT_WIDTH = 6;
/** flows, octets, packets, duration. */
const COUNTS = 4;

/** The numbers that can be sorted by, behind the keys. */
const SORT_COUNTERS = ["flows", "octets", "packets", "duration"] as const;

/**
 * Prints the groups of a report.
 *
 * @returns Whether it could: not where there is no such field to sort by
 */
export function printGroups(
  text: StatText,
  result: ReportResult,
  lines: StatLines,
  layout: StatLayout,
): boolean {
  const order = groupOrder(result, lines, layout.sort);
  if (order === undefined) return false;
  const { comment } = layout;
  text.text(`${comment}\n${comment} ${headText(lines, layout)}\n${comment}\n`);
  new GroupPrinter(text, result, lines, layout).print(order);
  return true;
}

/** The order of the lines; nothing where there is no such field. */
function groupOrder(
  result: ReportResult,
  lines: StatLines,
  sort: StatSort | undefined,
): Uint32Array | undefined {
  const keys = lines.cells.length;
  const { field, descending } = sort ?? { field: 0, descending: true };
  if (field >= keys + SORT_COUNTERS.length) return undefined;
  if (sort === undefined && !lines.table) return result.order();
  return result.sorted(field < keys ? field : SORT_COUNTERS[field - keys], descending);
}

function headText(lines: StatLines, { percent, wide }: StatLayout): string {
  const width = wide ? 15 : 10;
  const head = lines.headCut ? lines.head.slice(0, width).padEnd(width) : lines.head;
  const counts = percent
    ? `flows    octets   packets${wide ? "  duration" : ""}`
    : `flows                 octets                packets${wide ? "               duration" : ""}`;
  return head + counts;
}

/** Prints lines of groups. */
class GroupPrinter {
  readonly #text: StatText;
  readonly #result: ReportResult;
  readonly #lines: StatLines;
  readonly #layout: StatLayout;
  readonly #widths: readonly number[];
  readonly #names: NameTexts | undefined;
  /** Totals of flows, octets, packets, durations. */
  readonly #totals: Float64Array;

  constructor(text: StatText, result: ReportResult, lines: StatLines, layout: StatLayout) {
    this.#text = text;
    this.#result = result;
    this.#lines = lines;
    this.#layout = layout;
    this.#widths = lines.cells.map((cell) => cellWidth(cell, layout));
    this.#names = layout.names && new NameTexts(layout.names);
    const { flows, octets, packets, duration } = result.totals;
    const times = lines.totalsTimes ?? 1;
    this.#totals = Float64Array.of(flows, octets, packets, duration).map((sum) => sum * times);
  }

  print(order: Uint32Array): void {
    const { table } = this.#lines;
    const { sums, counters } = this.#result;
    const shown = table ? order.filter((group) => sums[group * counters.length] !== 0) : order;
    const tally = table && this.#layout.percent ? this.#layout.tally : 0;
    const tallied = new Float64Array(COUNTS);
    for (let line = 0; line < shown.length; line++) {
      if (tally !== 0 && line > 0 && line % tally === 0) {
        this.#printTally(line / shown.length, tallied);
      }
      const group = shown[line];
      this.#printKeys(group);
      const at = group * counters.length;
      if (this.#layout.percent) this.#printPercent(sums, at);
      else this.#printCounts(sums, at);
      if (tally !== 0) { for (let i = 0; i < COUNTS; i++) tallied[i] += sums[at + i]; }
    }
  }

  #printKeys(group: number): void {
    const { keys, keyWords, keyStride } = this.#result;
    const text = this.#text;
    const at = group * keyStride;
    for (let i = 0; i < keys.length; i++) {
      const { kind, offset } = keys[i];
      const word = keyWords[at + offset];
      const width = this.#widths[i];
      const wide = this.#result.wideAddress(i, group);
      if (kind === "address") text.address(word, width, wide);
      else if (kind === "prefix") text.prefix(word, keyWords[at + offset + 1], width, wide);
      else {
        const value = kind === "counter" ? keyWords[at + offset + 1] : word;
        const name = this.#names?.of(value);
        if (name === undefined) text.integer(value, width);
        else text.padded(name, width);
      }
      text.spaces(2);
    }
  }

  #printCounts(sums: Float64Array, at: number): void {
    const text = this.#text;
    const { wide } = this.#layout;
    text.integer(sums[at], COUNT_WIDTH);
    text.spaces(2);
    text.integer(sums[at + 1], COUNT_WIDTH);
    text.spaces(2);
    text.integer(sums[at + 2], wide || this.#lines.padded ? COUNT_WIDTH : 0);
    if (wide) {
      text.spaces(2);
      text.integer(sums[at + 3], 0);
    }
    text.endLine();
  }

  #printPercent(sums: Float64Array, at: number): void {
    const text = this.#text;
    const counts = this.#layout.wide ? COUNTS : COUNTS - 1;
    for (let i = 0; i < counts; i++) {
      if (i > 0) text.spaces(3);
      text.decimal(sums[at + i] / this.#totals[i] * 100, PERCENT_WIDTH);
    }
    text.endLine();
  }

  #printTally(share: number, sums: Float64Array): void {
    const [lines, ...counts] = [share, ...sums.map((sum, i) => sum / this.#totals[i])]
      .map((part) => fixed(part * 100, 3).padEnd(PERCENT_WIDTH));
    this.#text.text(`${this.#layout.comment}SUB ${lines}  ${counts.join("   ")}\n`);
  }
}

function cellWidth(cell: StatCell, { wide, percent }: StatLayout): number {
  if (!wide) return cell.width;
  return (percent ? cell.widePercent : undefined) ?? cell.wide ?? cell.width;
}

/** Names as bytes, encoded when they are first met. */
class NameTexts {
  readonly #table: SymbolTable;
  readonly #texts = new Map<number, Uint8Array | undefined>();
  readonly #encoder = new TextEncoder();

  constructor(table: SymbolTable) {
    this.#table = table;
  }

  of(value: number): Uint8Array | undefined {
    if (this.#texts.has(value)) return this.#texts.get(value);
    const name = this.#table.name(value);
    const text = name === undefined ? undefined : this.#encoder.encode(name);
    this.#texts.set(value, text);
    return text;
  }
}
