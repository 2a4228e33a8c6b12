import type { FlowNames } from "../flow_names.ts";
import { type JsonFormat, JsonObjects, picked } from "./json_objects.ts";
import type { LabelledFlow } from "./labelled_flow.ts";
import type { Renderer } from "./renderer.ts";

/** JSON objects: the attributes that the record version has, and `names` where they are wanted. */
export class JsonRenderer implements Renderer {
  readonly #objects: JsonObjects;
  readonly #fields: readonly string[] | undefined;
  readonly #names: FlowNames | undefined;

  constructor(format: JsonFormat, fields?: readonly string[], names?: FlowNames) {
    this.#objects = new JsonObjects(format);
    this.#fields = fields;
    this.#names = names;
  }

  shown(): readonly string[] | undefined {
    return this.#fields;
  }

  begin(): string {
    return "";
  }

  flow(flow: LabelledFlow): string {
    const [fields, names] = [this.#fields, this.#names];
    const members = picked(flow.toJSON(), fields);
    if (names === undefined) return this.#objects.next(members);
    const named = names.of(flow, fields ?? names.attributes);
    return this.#objects.next({ ...members, names: named });
  }

  flush(): string {
    return "";
  }

  end(): string {
    return this.#objects.end();
  }
}
