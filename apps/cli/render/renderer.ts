import type { FlowSchema } from "@flowtools/flow-model";
import type { LabelledFlow } from "./labelled_flow.ts";

/** Turns flows into text, a piece at a time. */
export interface Renderer {
  /** The attributes that it shows of flows of a schema; nothing for all. */
  shown(schema: FlowSchema): readonly string[] | undefined;
  /** Text before the flows of a schema; it is asked for whenever the schema changes. */
  begin(schema: FlowSchema): string;
  /** The text of one flow, with its line end; or none, as long as it holds flows back. */
  flow(flow: LabelledFlow): string;
  /** The text of what it holds back, where there is nothing more for now. */
  flush(): string;
  /** Text after the last flow. */
  end(): string;
}
