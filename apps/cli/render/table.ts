import {
  fieldIndex,
  FLOW_FIELDS,
  type FlowSchema,
  type FlowValue,
  valueText,
} from "@flowtools/flow-model";
import type { LabelledFlow } from "./labelled_flow.ts";
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

const WIDTH_BY_KIND = { u8: 3, u16: 5, u32: 6, counter: 10, address: 15, bytes: 16 } as const;
const TIME_WIDTH = "2023-11-14 22:13:20.000".length;

/** Aligned columns for reading; times are UTC. */
export class TableRenderer implements Renderer {
  readonly #wanted: readonly string[] | undefined;
  readonly #added: readonly string[];
  #names: readonly string[] = [];
  #widths: readonly number[] = [];

  constructor(fields?: readonly string[], added: readonly string[] = []) {
    this.#wanted = fields;
    this.#added = added;
  }

  begin(schema: FlowSchema): string {
    const names = this.#wanted ?? [...usualColumns(schema), ...this.#added];
    if (names.join() === this.#names.join()) return "";
    const again = this.#names.length > 0;
    this.#names = names;
    this.#widths = names.map(columnWidth);
    const head = names.map((name, index) => this.#cell(index, name)).join("  ").trimEnd();
    return `${again ? "\n" : ""}${head}\n`;
  }

  flow(flow: LabelledFlow): string {
    const cells = this.#names.map((name, index) => {
      const value = flow.value(name);
      return this.#cell(index, value === undefined ? "-" : cellText(name, value));
    });
    return cells.join("  ").trimEnd() + "\n";
  }

  end(): string {
    return "";
  }

  #cell(index: number, text: string): string {
    const left = isTime(this.#names[index]) || isAddress(this.#names[index]);
    return left ? text.padEnd(this.#widths[index]) : text.padStart(this.#widths[index]);
  }
}

function usualColumns(schema: FlowSchema): string[] {
  const hosts = schema.has("srcaddr") && schema.has("dstaddr");
  return USUAL_COLUMNS.filter((name) => schema.has(name) && !(hosts && DETAIL_COLUMNS.has(name)));
}

function columnWidth(name: string): number {
  const field = FLOW_FIELDS[fieldIndex(name)];
  const width = isTime(name) ? TIME_WIDTH : field === undefined ? 10 : WIDTH_BY_KIND[field.kind];
  return Math.max(name.length, width);
}

function isTime(name: string): boolean {
  return name === "first" || name === "last";
}

function isAddress(name: string): boolean {
  return FLOW_FIELDS[fieldIndex(name)]?.kind === "address";
}

function cellText(name: string, value: FlowValue): string {
  if (!isTime(name)) return valueText(value);
  const iso = new Date(Math.round(Number(value) * 1000)).toISOString();
  return iso.replace("T", " ").replace("Z", "");
}
