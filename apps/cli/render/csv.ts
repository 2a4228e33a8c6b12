import {
  FLOW_FIELD_NAMES,
  type FlowSchema,
  type FlowValue,
  valueText,
} from "@flowtools/flow-model";
import type { FlowNames } from "../flow_names.ts";
import { csvCell } from "./csv_cell.ts";
import type { LabelledFlow } from "./labelled_flow.ts";
import type { Renderer } from "./renderer.ts";

/**
 * Comma separated values: a line of names, then a line a flow; a value that a flow lacks is empty.
 * Names of values, where they are wanted, have columns of their own behind all others.
 */
export class CsvRenderer implements Renderer {
  readonly #wanted: readonly string[] | undefined;
  readonly #added: readonly string[];
  readonly #lookup: FlowNames | undefined;
  #names: readonly string[] = [];
  #named: readonly string[] = [];

  constructor(fields?: readonly string[], added: readonly string[] = [], names?: FlowNames) {
    this.#wanted = fields;
    this.#added = added;
    this.#lookup = names;
  }

  shown(schema: FlowSchema): readonly string[] {
    // Each template has other fields: what they tell goes into the columns that all flows can have.
    const common = schema.reader === undefined ? schema.fields : FLOW_FIELD_NAMES;
    return this.#wanted ?? [...common, ...this.#added];
  }

  begin(schema: FlowSchema): string {
    const names = this.shown(schema);
    if (names.join() === this.#names.join()) return "";
    this.#names = names;
    const named = this.#lookup?.attributes ?? [];
    this.#named = names.filter((name) => named.includes(name));
    return [...names, ...this.#named.map((name) => `${name}_name`)].join(",") + "\n";
  }

  flow(flow: LabelledFlow): string {
    const values: string[] = [];
    for (const name of this.#names) values.push(cellText(flow.value(name)));
    for (const name of this.#named) {
      values.push(csvCell(this.#lookup!.name(name, flow.value(name)) ?? ""));
    }
    return values.join(",") + "\n";
  }

  flush(): string {
    return "";
  }

  end(): string {
    return "";
  }
}

function cellText(value: FlowValue | undefined): string {
  if (value === undefined) return "";
  return typeof value === "number" ? String(value) : csvCell(valueText(value));
}
