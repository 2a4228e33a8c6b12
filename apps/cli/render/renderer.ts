import type { FlowSchema } from "@flowtools/flow-model";
import type { LabelledFlow } from "./labelled_flow.ts";

/** Turns flows into text, a piece at a time. */
export interface Renderer {
  /** Text before the flows of a schema; it is asked for whenever the schema changes. */
  begin(schema: FlowSchema): string;
  /** The text of one flow, with its line end. */
  flow(flow: LabelledFlow): string;
  /** Text after the last flow. */
  end(): string;
}
