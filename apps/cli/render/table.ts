import {
  fieldIndex,
  FLOW_FIELDS,
  type FlowSchema,
  type FlowValue,
  valueText,
} from "@flowtools/flow-model";
import type { TimeZone } from "@flowtools/flowset/groups";
import type { FlowNames } from "../flow_names.ts";
import type { LabelledFlow } from "./labelled_flow.ts";
import { type Look, styled } from "./look.ts";
import { fitColumns, leftOutText, shortened } from "./fit_columns.ts";
import { quantityText } from "./quantity.ts";
import type { Renderer } from "./renderer.ts";

/** What a person wants to see first, where the records have it. */
const USUAL_COLUMNS: readonly string[] = [
  "first",
  "last",
  "exaddr",
  "src_tag",
  "dst_tag",
  "src_as",
  "dst_as",
  "srcaddr",
  "srcport",
  "dstaddr",
  "dstport",
  "prot",
  "tcp_flags",
  "tos",
  "input",
  "output",
  "dFlows",
  "dPkts",
  "dOctets",
];

/** Where addresses identify the flow, these say nothing more at first sight. */
const DETAIL_COLUMNS: ReadonlySet<string> = new Set(["exaddr", "src_as", "dst_as", "tos"]);

/** What is left out where a terminal is too narrow, the last first; others stay. */
const DETAILS: readonly string[] = ["dFlows", "dPkts", "tcp_flags", "input", "output", "last"];

/** Shorter headings, where there is little room. */
const SHORT_TITLES: Readonly<Record<string, string>> = { srcport: "sport", dstport: "dport" };

/** Spaces between columns, and where there is little room. */
const GAP = 2;
const TIGHT_GAP = 1;

/** Flows that are laid out together: the widest decides. */
const PAGE_FLOWS = 500;

const WIDTH_BY_KIND = { u8: 3, u16: 5, u32: 6, counter: 10, address: 15, bytes: 16 } as const;
const TIME_WIDTH = "2023-11-14 22:13:20.000".length;
const SHORT_TIME_WIDTH = "11-14 22:13:20".length;
/** As of 999.9M. */
const SHORT_COUNTER_WIDTH = 5;
const OTHER_WIDTH = 10;

/** What a cell is made of: what outlives the batch of its flow. */
type CellValue = number | string | undefined;

/** One column as it is laid out. */
interface Column {
  readonly name: string;
  readonly title: string;
  /** Its place in the values of a flow. */
  readonly at: number;
  readonly width: number;
  readonly detail?: number;
  readonly elastic: boolean;
}

/**
 * Aligned columns for reading, as wide as what is in them; on terminals as many as a line has room
 * for, and addresses shortened where these need more.
 */
export class TableRenderer implements Renderer {
  readonly #wanted: readonly string[] | undefined;
  readonly #added: readonly string[];
  readonly #lookup: FlowNames | undefined;
  readonly #zone: TimeZone;
  readonly #look: Look;
  #names: readonly string[] = [];
  /** The values of flows that are not laid out yet. */
  #held: CellValue[][] = [];
  /** The widest that each column had to be so far, wide and narrow. */
  #widths: { readonly wide: number[]; readonly tight: number[] } = { wide: [], tight: [] };
  /** The columns, by their place, that some flow had a value for. */
  readonly #filled = new Set<number>();
  #columns: readonly Column[] = [];
  #tight = false;
  #headed = false;
  readonly #leftOut = new Map<string, Column>();

  /**
   * Makes one.
   *
   * @param fields The columns; default those that people want to see first, as far as there are
   * @param added Columns of what flows do not tell themselves
   * @param names Names of values
   * @param zone The time zone of times
   * @param look How it is laid out
   */
  constructor(
    fields: readonly string[] | undefined,
    added: readonly string[],
    names: FlowNames | undefined,
    zone: TimeZone,
    look: Look,
  ) {
    this.#wanted = fields;
    this.#added = added;
    this.#lookup = names;
    this.#zone = zone;
    this.#look = look;
  }

  shown(schema: FlowSchema): readonly string[] {
    // Records of flow-tools' files have nothing but their fields.
    const added = schema.reader === undefined ? [] : this.#added;
    return this.#wanted ?? [...usualColumns(schema), ...added];
  }

  begin(schema: FlowSchema): string {
    const names = this.shown(schema);
    if (names.join() === this.#names.join()) return "";
    const before = this.flush();
    this.#names = names;
    this.#columns = [];
    this.#filled.clear();
    const least = (tight: boolean) => names.map((name) => this.#leastWidth(name, tight));
    this.#widths = { wide: least(false), tight: least(true) };
    return before;
  }

  flow(flow: LabelledFlow): string {
    this.#held.push(this.#names.map((name) => {
      const value = flow.value(name);
      return typeof value === "object" ? valueText(value) : cellValue(value);
    }));
    return this.#held.length < PAGE_FLOWS ? "" : this.flush();
  }

  flush(): string {
    if (this.#held.length === 0) return "";
    const flows = this.#held;
    this.#held = [];
    const head = this.#layOut(flows) ? this.#heading() : "";
    return head + flows.map((values) => {
      const line = this.#line((column) => this.#text(column, values[column.at], this.#tight));
      return `${line}\n`;
    }).join("");
  }

  end(): string {
    const rest = this.flush();
    if (this.#leftOut.size === 0) return rest;
    const hint = "; --fields chooses";
    const room = this.#look.columns - 1 - hint.length;
    const text = leftOutText([...this.#leftOut.values()], room) + hint;
    return `${rest}${styled(this.#look, "dim", text)}\n`;
  }

  /**
   * Chooses columns and their widths, if there are none or they are too narrow: wide ones where they
   * fit, else narrow ones, else fewer.
   *
   * @returns Whether a heading is due
   */
  #layOut(flows: readonly CellValue[][]): boolean {
    const wider = this.#measure(flows);
    const first = this.#columns.length === 0;
    if (!first && !wider) return false;
    const { fit = false, columns: lineColumns } = this.#look;
    const room = lineColumns - 1;
    const places = [...this.#names.keys()].filter((at) => this.#isShown(at));
    const wide = places.map((at) => this.#columnOf(at, false));
    const needed = wide.reduce((sum, { width }) => sum + width + GAP, -GAP);
    this.#tight = fit && needed > room;
    this.#columns = wide;
    if (this.#tight) {
      const narrow = places.map((at) => this.#columnOf(at, true));
      const { shown, leftOut } = fitColumns(narrow, room, [TIGHT_GAP]);
      this.#columns = shown;
      for (const column of leftOut) this.#leftOut.set(column.name, column);
    }
    // One heading is enough for programs.
    return first || fit;
  }

  /** Whether a column is one of the table: names that nobody told are none on a terminal. */
  #isShown(at: number): boolean {
    return !this.#look.fit || this.#wanted !== undefined || this.#filled.has(at) ||
      !this.#added.includes(this.#names[at]);
  }

  /** Notes what columns have to hold; whether some must be wider than before, or are new. */
  #measure(flows: readonly CellValue[][]): boolean {
    const { wide, tight } = this.#widths;
    const layouts: [number[], boolean][] = [[wide, false]];
    if (this.#look.fit) layouts.push([tight, true]);
    let wider = false;
    for (const at of this.#names.keys()) {
      if (this.#isShown(at) || flows.every((values) => values[at] === undefined)) continue;
      this.#filled.add(at);
      wider = true;
    }
    for (const [widths, tight] of layouts) {
      for (const [at, name] of this.#names.entries()) {
        // All times are of one length.
        if (isTime(name)) continue;
        const column = { name, width: widths[at] };
        for (const values of flows) {
          widths[at] = Math.max(widths[at], this.#text(column, values[at], tight).length);
        }
        wider ||= widths[at] > column.width;
      }
    }
    return wider;
  }

  #columnOf(at: number, tight: boolean): Column {
    const name = this.#names[at];
    const width = this.#widths[tight ? "tight" : "wide"][at];
    const column = { name, title: titleOf(name, tight), at, width, elastic: isElastic(name) };
    if (this.#wanted !== undefined) return column;
    const detail = this.#added.includes(name) ? DETAILS.length : DETAILS.indexOf(name);
    return { ...column, ...(detail < 0 ? {} : { detail }) };
  }

  #leastWidth(name: string, tight: boolean): number {
    return Math.max(titleOf(name, tight).length, this.#usualWidth(name, tight));
  }

  #usualWidth(name: string, tight: boolean): number {
    if (isTime(name)) return tight ? SHORT_TIME_WIDTH : TIME_WIDTH;
    const kind = FLOW_FIELDS[fieldIndex(name)]?.kind;
    if (kind === undefined) return OTHER_WIDTH;
    return tight && kind === "counter" && this.#look.human
      ? SHORT_COUNTER_WIDTH
      : WIDTH_BY_KIND[kind];
  }

  #text(
    { name, width }: Pick<Column, "name" | "width">,
    value: CellValue,
    tight: boolean,
  ): string {
    if (value === undefined) return "-";
    if (isTime(name)) {
      const ms = Math.round(Number(value) * 1000);
      // The year is the first that there is no room for.
      return tight ? this.#zone.text(ms).slice(5) : this.#zone.text(ms, 3);
    }
    const text = this.#lookup?.name(name, value);
    // Numbers are short, and are shown where their names are not.
    if (text !== undefined && !(tight && typeof value === "number" && text.length > width)) {
      return text;
    }
    if (typeof value === "number" && FLOW_FIELDS[fieldIndex(name)]?.kind === "counter") {
      return quantityText(value, "count", this.#look.human);
    }
    return String(value);
  }

  #heading(): string {
    const again = this.#headed ? "\n" : "";
    this.#headed = true;
    return `${again}${styled(this.#look, "heading", this.#line((column) => column.title))}\n`;
  }

  #line(text: (column: Column) => string): string {
    return this.#columns.map((column) => {
      const { elastic, name, width } = column;
      const cell = elastic && this.#tight
        ? shortened(text(column), width, this.#look.unicode)
        : text(column);
      return isTime(name) || isAddress(name) ? cell.padEnd(width) : cell.padStart(width);
    }).join(" ".repeat(this.#tight ? TIGHT_GAP : GAP)).trimEnd();
  }
}

function cellValue(value: Exclude<FlowValue, object> | undefined): CellValue {
  return typeof value === "number" || value === undefined ? value : String(value);
}

function titleOf(name: string, tight: boolean): string {
  return tight ? SHORT_TITLES[name] ?? name : name;
}

function usualColumns(schema: FlowSchema): string[] {
  const hosts = schema.has("srcaddr") && schema.has("dstaddr");
  return USUAL_COLUMNS.filter((name) => schema.has(name) && !(hosts && DETAIL_COLUMNS.has(name)));
}

function isTime(name: string): boolean {
  return name === "first" || name === "last";
}

function isAddress(name: string): boolean {
  return FLOW_FIELDS[fieldIndex(name)]?.kind === "address";
}

/** Whether the texts of a column may be long: addresses, and what exporters tell. */
function isElastic(name: string): boolean {
  const kind = FLOW_FIELDS[fieldIndex(name)]?.kind;
  return !isTime(name) && (kind === undefined || kind === "address");
}
