import type { RecordBlock } from "@flowtools/ft-format";

/** Takes pieces of an export; each is alive during the call. */
export type ByteSink = (bytes: Uint8Array) => void;

/** Turns records of one layout into another format. */
export interface FlowExporter {
  /** Writes what stands before the flows. */
  begin(sink: ByteSink): void;
  /** Writes flows. */
  add(block: RecordBlock, sink: ByteSink): void;
  /** Writes what stands behind them. */
  end(sink: ByteSink): void;
}
