import type { FlowSchema } from "@flowtools/flow-model";
import type { FlowNames } from "../flow_names.ts";
import type { LabelledFlow } from "./labelled_flow.ts";
import type { Renderer } from "./renderer.ts";

/** One JSON object a line: keys are the attribute names that the record version has. */
export class NdjsonRenderer implements Renderer {
  readonly #fields: readonly string[] | undefined;
  readonly #names: FlowNames | undefined;

  constructor(fields?: readonly string[], names?: FlowNames) {
    this.#fields = fields;
    this.#names = names;
  }

  shown(): readonly string[] | undefined {
    return this.#fields;
  }

  begin(_schema: FlowSchema): string {
    return "";
  }

  flow(flow: LabelledFlow): string {
    return JSON.stringify(pick(flow, this.#fields, this.#names)) + "\n";
  }

  flush(): string {
    return "";
  }

  end(): string {
    return "";
  }
}

/** One JSON array of objects. */
export class JsonRenderer implements Renderer {
  readonly #fields: readonly string[] | undefined;
  readonly #names: FlowNames | undefined;
  #first = true;

  constructor(fields?: readonly string[], names?: FlowNames) {
    this.#fields = fields;
    this.#names = names;
  }

  shown(): readonly string[] | undefined {
    return this.#fields;
  }

  begin(_schema: FlowSchema): string {
    return "";
  }

  flow(flow: LabelledFlow): string {
    const text = (this.#first ? "[\n  " : ",\n  ") +
      JSON.stringify(pick(flow, this.#fields, this.#names));
    this.#first = false;
    return text;
  }

  flush(): string {
    return "";
  }

  end(): string {
    return this.#first ? "[]\n" : "\n]\n";
  }
}

/** The attributes of a flow, and `names` where they are wanted. */
function pick(
  flow: LabelledFlow,
  fields: readonly string[] | undefined,
  names: FlowNames | undefined,
): unknown {
  if (fields === undefined && names === undefined) return flow;
  const all = flow.toJSON();
  const picked = fields === undefined ? all : Object.fromEntries(
    fields.filter((name) => all[name] !== undefined).map((name) => [name, all[name]]),
  );
  if (names === undefined) return picked;
  return { ...picked, names: names.of(flow, fields ?? names.attributes) };
}
