import type { Flow, FlowSchema } from "@flowtools/flow-model";
import type { Renderer } from "./renderer.ts";

/**
 * Comma separated values: a line of names, then a line a flow; a value that a flow lacks is empty.
 * No value can contain a comma or a quote, so nothing is quoted.
 */
export class CsvRenderer implements Renderer {
  readonly #wanted: readonly string[] | undefined;
  #names: readonly string[] = [];

  constructor(fields?: readonly string[]) {
    this.#wanted = fields;
  }

  begin(schema: FlowSchema): string {
    const names = this.#wanted ?? schema.fields;
    if (names.join() === this.#names.join()) return "";
    this.#names = names;
    return names.join(",") + "\n";
  }

  flow(flow: Flow): string {
    const values: string[] = [];
    for (const name of this.#names) values.push(flow.has(name) ? String(flow.get(name)) : "");
    return values.join(",") + "\n";
  }

  end(): string {
    return "";
  }
}
