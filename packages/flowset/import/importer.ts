import { FlowToolsError } from "@flowtools/flow-model";
import type { BlockSink } from "./record_builder.ts";

/** What is imported is not of its format. */
export class ImportError extends FlowToolsError {}

/** Turns another format into records. */
export interface FlowImporter {
  /** Records so far. */
  readonly records: number;
  /** Takes bytes of the input, any number, and hands on the records that they complete. */
  add(bytes: Uint8Array, sink: BlockSink): Promise<void>;
  /** Takes the end of the input. */
  end(sink: BlockSink): Promise<void>;
}

/** Told what was left out, and why. */
export type ImportWarning = (message: string) => void;
