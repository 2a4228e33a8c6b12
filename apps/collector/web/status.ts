import type { CollectorSnapshot, ExporterSnapshot } from "../snapshot.ts";
import { SNAPSHOT_STALE_MS } from "./limits.ts";
import type { LabelStore, LabelSummary } from "./live/label_store.ts";
import type { LiveStore } from "./live/live_store.ts";
import { type Loss, LossHistory } from "./losses.ts";

/** How long ago packets must have come to count as coming, ms. */
const RECEIVING_MS = 15_000;

/** How an exporter is silent for longer than it should be, ms. */
const EXPORTER_SILENT_MS = 300_000;

/**
 * How the collector is.
 *
 * | state | meaning |
 * | --- | --- |
 * | `starting` | it has told nothing of itself yet |
 * | `stuck` | it has told nothing of itself for some seconds |
 * | `losing` | something was lost in the last minute |
 * | `waiting` | no packet has come yet |
 * | `silent` | packets have come, but none of late |
 * | `receiving` | all is well |
 */
export const HEALTH_STATES = [
  "starting",
  "stuck",
  "losing",
  "waiting",
  "silent",
  "receiving",
] as const;

/** One of {@linkcode HEALTH_STATES}. */
export type HealthState = (typeof HEALTH_STATES)[number];

/** How an exporter is. */
export const EXPORTER_STATES = ["receiving", "losing", "silent"] as const;

/** An exporter, and how it is. */
export interface ExporterStatus extends ExporterSnapshot {
  readonly state: (typeof EXPORTER_STATES)[number];
  /** What it told of itself; not there where it told nothing. */
  readonly labels?: LabelSummary;
}

/** What the collector tells of itself, kept for whoever asks. */
export class Status {
  readonly #version: string;
  readonly #live: LiveStore;
  readonly #labels: LabelStore;
  readonly #history = new LossHistory();
  #snapshot: CollectorSnapshot | undefined;
  #losses: readonly Loss[] = [];
  /** When the snapshot came, by this thread's clock that is never set. */
  #takenAt = 0;
  /** When packets were last seen to have come, by the same clock. */
  #packetsAt = -Infinity;
  #packetRate = 0;
  /** Flows that the sequence numbers missed, by exporter, in the snapshot a minute ago. */
  #lostBefore: ReadonlyMap<string, number> = new Map();
  #lostNext: ReadonlyMap<string, number> = new Map();
  #lostAt = -Infinity;

  /**
   * Makes an empty status.
   *
   * @param version The program's version
   * @param live Live traffic
   * @param labels What exporters told of themselves
   */
  constructor(version: string, live: LiveStore, labels: LabelStore) {
    this.#labels = labels;
    this.#version = version;
    this.#live = live;
  }

  /** The last snapshot. */
  get snapshot(): CollectorSnapshot | undefined {
    return this.#snapshot;
  }

  /** How old the last snapshot is, ms; `undefined` before the first. */
  get ageMs(): number | undefined {
    return this.#snapshot === undefined ? undefined : performance.now() - this.#takenAt;
  }

  /** Takes the next snapshot. */
  update(snapshot: CollectorSnapshot): void {
    const now = performance.now();
    const before = this.#snapshot;
    const packets = snapshot.packets - (before?.packets ?? 0);
    if (before !== undefined && now > this.#takenAt) {
      this.#packetRate = Math.max(0, packets) * 1_000 / (now - this.#takenAt);
    }
    if (packets > 0) this.#packetsAt = now;
    if (now - this.#lostAt >= 60_000) {
      this.#lostBefore = this.#lostNext;
      this.#lostNext = new Map(
        snapshot.exporters.map((exporter) => [exporterName(exporter), exporter.sequence.lost]),
      );
      this.#lostAt = now;
    }
    this.#losses = this.#history.update(snapshot);
    this.#snapshot = snapshot;
    this.#takenAt = now;
  }

  /** How the collector is, and why. */
  health(): { readonly state: HealthState; readonly reasons: readonly string[] } {
    const age = this.ageMs;
    if (age === undefined) return { state: "starting", reasons: [] };
    if (age > SNAPSHOT_STALE_MS) {
      return { state: "stuck", reasons: [`No sign of life for ${Math.round(age / 1_000)} s`] };
    }
    const recent = this.#losses.filter((loss) => loss.severity === "loss" && loss.recent > 0);
    if (recent.length > 0) {
      const reasons = recent.map(({ cause, where, unit, recent }) => {
        return `${cause} (${where}): ${recent} ${unit} in the last minute`;
      });
      return { state: "losing", reasons };
    }
    if (this.#snapshot!.packets === 0) return { state: "waiting", reasons: [] };
    return performance.now() - this.#packetsAt > RECEIVING_MS
      ? { state: "silent", reasons: ["No packet for a while"] }
      : { state: "receiving", reasons: [] };
  }

  /** Whether the collector is at work. */
  ready(): boolean {
    const { state } = this.health();
    return state !== "starting" && state !== "stuck";
  }

  /**
   * How the collector is, at a glance.
   *
   * @param now Unix ms
   */
  brief(now: number): Record<string, unknown> {
    this.#live.advance(now);
    const { octets, packets, flows, scaledOctets, scaledPackets } = this.#live.rates();
    return {
      at: now,
      health: this.health(),
      rates: {
        bits: octets * 8,
        packets,
        scaledBits: scaledOctets * 8,
        scaledPackets,
        flows,
        datagrams: this.#packetRate,
      },
    };
  }

  /**
   * Everything that the collector tells of itself, exporters left out.
   *
   * @param now Unix ms
   * @param liveClients Listeners to live events
   */
  full(now: number, liveClients: number): Record<string, unknown> {
    const snapshot = this.#snapshot;
    return {
      version: this.#version,
      ...this.brief(now),
      startedAt: snapshot?.startedAt ?? null,
      received: {
        packets: snapshot?.packets ?? 0,
        bytes: snapshot?.bytes ?? 0,
        flows: snapshot?.flows ?? 0,
        octets: snapshot?.octets ?? 0,
        flowPackets: snapshot?.flowPackets ?? 0,
      },
      losses: this.#losses,
      sources: snapshot?.sources ?? [],
      sinks: snapshot?.sinks ?? [],
      forwarders: snapshot?.forwarders ?? [],
      templates: snapshot?.templates ?? {},
      exporters: snapshot?.exporters.length ?? 0,
      live: {
        clients: liveClients,
        flowsKept: this.#live.ring.length,
        scale: this.#live.scale,
        sampledAt: this.#live.sampledAt ?? null,
      },
    };
  }

  /**
   * The exporters, each with how it is.
   *
   * @param limit How many at most
   */
  exporters(limit: number): ExporterStatus[] {
    const { exporters = [], at = 0 } = this.#snapshot ?? {};
    return exporters.slice(0, limit).map((exporter) => {
      const name = exporterName(exporter);
      // Of an exporter that is new nothing had been lost.
      const before = this.#lostBefore.get(name) ?? 0;
      const state = exporter.sequence.lost > before
        ? "losing"
        : at - exporter.lastSeen > EXPORTER_SILENT_MS
        ? "silent"
        : "receiving";
      const labels = this.#labels.summary(exporter);
      return { ...exporter, state, ...(labels === undefined ? {} : { labels }) };
    });
  }
}

function exporterName({ address, port, version, source, agent = "" }: ExporterSnapshot): string {
  return `${address} ${port} ${version} ${source} ${agent}`;
}
