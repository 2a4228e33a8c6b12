import type { Flow, FlowSchema } from "@flowtools/flow-model";
import type { FieldNames } from "./field_names.ts";
import type { FlowNames } from "./flow_names.ts";
import type { Output } from "./output.ts";
import type { LabelledFlows } from "./render/labelled_flow.ts";
import type { Renderer } from "./render/renderer.ts";

/** Flows whose addresses are looked up at a time: as many as fill a screen or two. */
const LOOK_UP_FLOWS = 100;

/** What flows are printed with. */
export interface FlowPrinterParts {
  /** Makes text of flows. */
  readonly renderer: Renderer;
  /** Adds to flows what they do not tell themselves. */
  readonly labelled: LabelledFlows;
  /** Names of values, where they are wanted. */
  readonly names: FlowNames | undefined;
  /** The fields that were asked for. */
  readonly fields: FieldNames;
  /** Where the text goes. */
  readonly output: Output;
}

/** Prints flows of any shapes. */
export class FlowPrinter {
  /** Flows that were printed. */
  printed = 0;
  readonly #parts: FlowPrinterParts;
  #schema: FlowSchema | undefined;

  /** @param parts What to print with */
  constructor(parts: FlowPrinterParts) {
    this.#parts = parts;
  }

  /** Prints flows, as soon as the names of their addresses are known where these are wanted. */
  async print(flows: Iterable<Flow>): Promise<void> {
    const { names } = this.#parts;
    if (names === undefined || !names.areLookedUp) {
      for (const flow of flows) this.#print(flow);
      return;
    }
    let some: Flow[] = [];
    for (const flow of flows) {
      if (some.push(flow) < LOOK_UP_FLOWS) continue;
      await this.#printNamed(some, names);
      some = [];
    }
    await this.#printNamed(some, names);
  }

  /** Shows all that was printed so far. */
  flush(): void {
    const { output, renderer } = this.#parts;
    output.text(renderer.flush());
    output.flush();
  }

  /** Ends the text. */
  end(): void {
    const { names, output, renderer } = this.#parts;
    output.text(renderer.end());
    names?.finish();
  }

  async #printNamed(flows: readonly Flow[], names: FlowNames): Promise<void> {
    const { labelled, renderer } = this.#parts;
    const shown = (schema: FlowSchema) => renderer.shown(schema);
    await names.lookUp(flows.map((flow) => labelled.of(flow)), shown);
    for (const flow of flows) this.#print(flow);
  }

  #print(flow: Flow): void {
    const { fields, labelled, output, renderer } = this.#parts;
    this.printed++;
    if (flow.schema !== this.#schema) {
      this.#schema = flow.schema;
      fields.meet(flow.schema);
      output.text(renderer.begin(flow.schema));
    }
    output.text(renderer.flow(labelled.of(flow)));
  }
}
