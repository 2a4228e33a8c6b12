import type { FlowSchema } from "@flowtools/flow-model";
import type { LabelledFlow } from "./labelled_flow.ts";
import type { Renderer } from "./renderer.ts";

/** One JSON object a line: keys are the attribute names that the record version has. */
export class NdjsonRenderer implements Renderer {
  readonly #fields: readonly string[] | undefined;

  constructor(fields?: readonly string[]) {
    this.#fields = fields;
  }

  begin(_schema: FlowSchema): string {
    return "";
  }

  flow(flow: LabelledFlow): string {
    return JSON.stringify(pick(flow, this.#fields)) + "\n";
  }

  end(): string {
    return "";
  }
}

/** One JSON array of objects. */
export class JsonRenderer implements Renderer {
  readonly #fields: readonly string[] | undefined;
  #first = true;

  constructor(fields?: readonly string[]) {
    this.#fields = fields;
  }

  begin(_schema: FlowSchema): string {
    return "";
  }

  flow(flow: LabelledFlow): string {
    const text = (this.#first ? "[\n  " : ",\n  ") + JSON.stringify(pick(flow, this.#fields));
    this.#first = false;
    return text;
  }

  end(): string {
    return this.#first ? "[]\n" : "\n]\n";
  }
}

function pick(flow: LabelledFlow, fields: readonly string[] | undefined): unknown {
  if (fields === undefined) return flow;
  const all = flow.toJSON();
  return Object.fromEntries(
    fields.filter((name) => all[name] !== undefined).map((name) => [name, all[name]]),
  );
}
