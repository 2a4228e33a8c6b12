import type { ColumnSpec, FlowBatch } from "@flowtools/flow-model";

/** What a packet stream lost, as the sequence numbers and the decoder tell. */
export interface LossCounts {
  /** Flows that the sequence numbers say were sent and never came; a late packet takes some back. */
  readonly lost: number;
  /** Packets that could not be decoded, or not wholly. */
  readonly corrupt: number;
  /** Jumps of the sequence number that are no loss: exporter restarts. */
  readonly resets: number;
}

/**
 * What became of the flows that a sink was given. At any moment
 * `given = done + queued + filtered + the sum of dropped`.
 */
export interface SinkCounters {
  /** Flows given by `write`. */
  given: number;
  /** Flows that are where they belong. */
  done: number;
  /** Flows that wait. */
  queued: number;
  /** Flows that the sink's filter leaves out. */
  filtered: number;
  /** Flows lost, by reason, such as `queue-full`, `disk`, `no-conversion`. */
  readonly dropped: Record<string, number>;
}

/**
 * Where flows go. A sink never makes the receiver wait: it copies or encodes what it needs of a
 * batch during `write`, and does slow work (disk, network, compression) on its own time, behind a
 * bounded queue. What does not fit is dropped and counted. No method throws on what happens in
 * operation; trouble goes to the log and the counters.
 */
export interface Sink {
  /** Its name in logs, metrics and the API, such as `files`. */
  readonly name: string;
  /** What became of the flows. */
  readonly counters: Readonly<SinkCounters>;
  /**
   * Times that the system refused something, by its name for the error, such as `ENOBUFS`. Not each
   * is a loss: what is refused may be tried again.
   */
  readonly errors?: Readonly<Record<string, number>>;
  /**
   * Whether it makes use of the records of NetFlow v9 and IPFIX as they came (`FlowBatch.octets`),
   * beyond the columns. Asked once, when the collector is made.
   */
  readonly wantsOctets?: boolean;
  /** Columns beyond the canonical fields that it makes use of. Asked once, too. */
  readonly wantsColumns?: readonly ColumnSpec[];
  /** Takes flows, of one version or of several. The batch is used again after the call. */
  write(batch: FlowBatch): void;
  /** Takes note of losses since the last call. */
  countLosses(losses: LossCounts): void;
  /** Makes what was written so far safe, and does what is due at this moment (Unix ms). */
  flush(now: number): Promise<void>;
  /** Works off the queue, as far as it goes within its bound of time, and finishes everything. */
  close(): Promise<void>;
}
