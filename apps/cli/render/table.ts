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
import { fitColumns, leftOutText } from "./modern_table.ts";
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

const GAP = "  ";
const TIGHT_GAP = " ";

const WIDTH_BY_KIND = { u8: 3, u16: 5, u32: 6, counter: 10, address: 15, bytes: 16 } as const;
const TIME_WIDTH = "2023-11-14 22:13:20.000".length;
const SHORT_TIME_WIDTH = "11-14 22:13:20".length;
/** As of 999.9M. */
const SHORT_COUNTER_WIDTH = 5;
const OTHER_WIDTH = 10;

/** One column as it is laid out. */
interface Column {
  readonly name: string;
  readonly title: string;
  readonly width: number;
  readonly detail?: number;
}

/** Aligned columns for reading; on terminals as many as a line has room for. */
export class TableRenderer implements Renderer {
  readonly #wanted: readonly string[] | undefined;
  readonly #added: readonly string[];
  readonly #lookup: FlowNames | undefined;
  readonly #zone: TimeZone;
  readonly #look: Look;
  #names: readonly string[] = [];
  #columns: readonly Column[] = [];
  #tight = false;
  readonly #left = new Map<string, Column>();

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

  begin(schema: FlowSchema): string {
    // Records of flow-tools' files have nothing but their fields.
    const added = schema.reader === undefined ? [] : this.#added;
    const names = this.#wanted ?? [...usualColumns(schema), ...added];
    if (names.join() === this.#names.join()) return "";
    const again = this.#names.length > 0;
    this.#names = names;
    this.#layOut(names);
    const head = this.#line((column) => column.title);
    return `${again ? "\n" : ""}${styled(this.#look, "heading", head)}\n`;
  }

  flow(flow: LabelledFlow): string {
    const line = this.#line((column) => {
      const value = flow.value(column.name);
      return value === undefined ? "-" : this.#text(column, value);
    });
    return `${line}\n`;
  }

  end(): string {
    if (this.#left.size === 0) return "";
    const text = `${leftOutText([...this.#left.values()])}; --fields chooses`;
    return `${styled(this.#look, "dim", text)}\n`;
  }

  /** Chooses columns and their widths: wide ones where they fit, else narrow ones, else fewer. */
  #layOut(names: readonly string[]): void {
    const { fit = false, columns: lineColumns } = this.#look;
    const room = lineColumns - 1;
    const wide = names.map((name) => this.#columnOf(name, false));
    const needed = wide.reduce((sum, { width }) => sum + width + GAP.length, -GAP.length);
    this.#tight = fit && needed > room;
    this.#columns = wide;
    if (!this.#tight) return;
    const narrow = names.map((name) => this.#columnOf(name, true));
    const { shown, left } = fitColumns(narrow, room, TIGHT_GAP.length);
    this.#columns = shown;
    for (const column of left) this.#left.set(column.name, column);
  }

  #columnOf(name: string, tight: boolean): Column {
    const title = tight ? SHORT_TITLES[name] ?? name : name;
    const width = Math.max(title.length, this.#widthOf(name, tight));
    if (this.#wanted !== undefined) return { name, title, width };
    const detail = this.#added.includes(name) ? DETAILS.length : DETAILS.indexOf(name);
    return { name, title, width, ...(detail < 0 ? {} : { detail }) };
  }

  #widthOf(name: string, tight: boolean): number {
    if (isTime(name)) return tight ? SHORT_TIME_WIDTH : TIME_WIDTH;
    const kind = FLOW_FIELDS[fieldIndex(name)]?.kind;
    if (kind === undefined) return OTHER_WIDTH;
    return tight && kind === "counter" && this.#look.human
      ? SHORT_COUNTER_WIDTH
      : WIDTH_BY_KIND[kind];
  }

  #text({ name, width }: Column, value: FlowValue): string {
    if (isTime(name)) {
      const ms = Math.round(Number(value) * 1000);
      // The year is the first that there is no room for.
      return this.#tight ? this.#zone.text(ms).slice(5) : this.#zone.text(ms, 3);
    }
    if (typeof value === "object") return valueText(value);
    const text = this.#lookup?.name(name, value);
    if (text !== undefined && !(this.#tight && text.length > width)) return text;
    if (typeof value === "number" && FLOW_FIELDS[fieldIndex(name)]?.kind === "counter") {
      return quantityText(value, "count", this.#look.human);
    }
    return String(value);
  }

  #line(text: (column: Column) => string): string {
    const gap = this.#tight ? TIGHT_GAP : GAP;
    return this.#columns.map((column) => {
      const left = isTime(column.name) || isAddress(column.name);
      const cell = text(column);
      return left ? cell.padEnd(column.width) : cell.padStart(column.width);
    }).join(gap).trimEnd();
  }
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
