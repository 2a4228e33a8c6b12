import { TEMPLATE_LIMITS } from "@flowtools/netflow-pdu";

/** Bounds of the collector, each with its reason; options override them. */
export interface CollectorLimits {
  /**
   * Streams of exporters remembered at once; the one unheard of for longest makes place. A stream
   * takes some hundred bytes, and senders can be forged.
   */
  readonly exporters: number;
  /**
   * Milliseconds of silence after which a stream is forgotten, and with the last one of an exporter
   * its templates: as long as these are good for. Until then the page shows since when it is silent.
   */
  readonly silenceMs: number;
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
  silenceMs: TEMPLATE_LIMITS.lifetimeMs,
  snapshotExporters: 1000,
  queuedFlows: 500_000,
});

/**
 * Names and samplers that the page is told of in a second, more only where one domain has more: some
 * milliseconds of work. Those that have to wait come a second later.
 */
export const LABELS_AT_ONCE = 4_096;
