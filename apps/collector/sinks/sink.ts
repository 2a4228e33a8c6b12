import type { FlowBatch } from "@flowtools/flow-model";

/** What a packet stream lost, as the sequence numbers and the decoder tell. */
export interface LossCounts {
  /** Flows that the sequence numbers say were sent and never came. */
  readonly lost: number;
  /** Packets that could not be decoded, or not wholly. */
  readonly corrupt: number;
  /** Jumps of the sequence number that are no loss: exporter restarts. */
  readonly resets: number;
}

/** Where flows go. The batch is used again after `write` returns. */
export interface Sink {
  /** Takes flows, of one version or of several. */
  write(batch: FlowBatch): void | Promise<void>;
  /** Makes what was written so far safe, and does what is due at this moment (Unix ms). */
  flush(now: number): void | Promise<void>;
  /** Takes note of losses since the last call. */
  countLosses(losses: LossCounts): void;
  /** Finishes everything. */
  close(): void | Promise<void>;
}
