import {
  FLOW_FIELD_NAMES,
  type FlowSchema,
  type FlowValue,
  valueText,
} from "@flowtools/flow-model";
import type { LabelledFlow } from "./labelled_flow.ts";
import type { Renderer } from "./renderer.ts";

/**
 * Comma separated values: a line of names, then a line a flow; a value that a flow lacks is empty.
 * Only text of exporters, such as names, and lists can contain what must be quoted (RFC 4180).
 */
export class CsvRenderer implements Renderer {
  readonly #wanted: readonly string[] | undefined;
  readonly #added: readonly string[];
  #names: readonly string[] = [];

  constructor(fields?: readonly string[], added: readonly string[] = []) {
    this.#wanted = fields;
    this.#added = added;
  }

  begin(schema: FlowSchema): string {
    // Each template has other fields: what they tell goes into the columns that all flows can have.
    const common = schema.reader === undefined ? schema.fields : FLOW_FIELD_NAMES;
    const names = this.#wanted ?? [...common, ...this.#added];
    if (names.join() === this.#names.join()) return "";
    this.#names = names;
    return names.join(",") + "\n";
  }

  flow(flow: LabelledFlow): string {
    const values: string[] = [];
    for (const name of this.#names) values.push(cellText(flow.value(name)));
    return values.join(",") + "\n";
  }

  end(): string {
    return "";
  }
}

function cellText(value: FlowValue | undefined): string {
  if (value === undefined) return "";
  const text = valueText(value);
  return typeof value !== "number" && /[",\r\n]/.test(text)
    ? `"${text.replaceAll('"', '""')}"`
    : text;
}
