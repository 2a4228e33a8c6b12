/** Bounds of the collector, each with its reason; options override them. */
export interface CollectorLimits {
  /**
   * Streams of exporters remembered at once; the one unheard of for longest makes place. A stream
   * takes some hundred bytes, and senders can be forged.
   */
  readonly exporters: number;
  /** Exporters in a snapshot at most: it is copied to another thread each second. */
  readonly snapshotExporters: number;
  /**
   * Flows that may wait in the queue of a sink before a file that is being read makes a pause:
   * enough to keep every sink busy, and far below what their queues hold.
   */
  readonly queuedFlows: number;
}

/** The bounds of a collector that is told nothing else. */
export const COLLECTOR_LIMITS: CollectorLimits = Object.freeze({
  exporters: 10_000,
  snapshotExporters: 1000,
  queuedFlows: 500_000,
});
