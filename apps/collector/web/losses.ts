import type { CollectorSnapshot } from "../snapshot.ts";
import { LOSS_RECENT_MS } from "./limits.ts";
import { LIVE_SINK } from "./live_sink.ts";
import { TEMPLATE_COUNTS } from "./template_counts.ts";

/** Something that was lost or odd, and where. */
export interface Loss {
  /** The cause, as a word. */
  readonly cause: string;
  /** The source, sink or reason that it is about. */
  readonly where: string;
  /** What is counted. */
  readonly unit: "packets" | "flows" | "sets" | "events";
  /** Whether data were lost, or it is only worth knowing. */
  readonly severity: "loss" | "note";
  /** How many since the start. */
  readonly count: number;
  /** How many in the last minute. */
  readonly recent: number;
}

/** A loss before it is known how much of it is recent. */
type LossCount = Omit<Loss, "recent">;

/**
 * Everything that was lost or odd, by cause: of a snapshot nothing of the kind is left out.
 *
 * @param snapshot What the collector tells of itself
 * @returns One row a cause and place, those without any too
 */
export function countLosses(snapshot: CollectorSnapshot): LossCount[] {
  const { sources, sinks, forwarders = [], malformed, sequence, templates = {} } = snapshot;
  const loss = (cause: string, where: string, unit: Loss["unit"], count: number): LossCount => {
    return { cause, where, unit, severity: "loss", count };
  };
  const note = (...row: Parameters<typeof loss>): LossCount => {
    return { ...loss(...row), severity: "note" };
  };
  return [
    ...sources.flatMap(({ description, kernelDrops, truncated, errors }) => [
      ...(kernelDrops === null ? [] : [loss("kernel-drop", description, "packets", kernelDrops)]),
      loss("truncated", description, "packets", truncated),
      loss("receive-error", description, "events", errors),
    ]),
    loss("sequence-gap", "network", "flows", sequence.lost),
    ...Object.entries(malformed).map(([reason, count]) => {
      return loss("malformed", reason, "packets", count);
    }),
    ...TEMPLATE_COUNTS.flatMap(({ name, cause, unit, severity }) =>
      cause === undefined || unit === undefined || severity === undefined
        ? []
        : Object.entries(templates).map(([version, counts]) => {
          return { cause, where: `v${version}`, unit, severity, count: counts[name] };
        })
    ),
    ...sinks.flatMap(({ name, dropped }) =>
      Object.entries(dropped).map(([reason, count]) => {
        // What the page does not look at is in the files, and in the page's sums.
        const row = name === LIVE_SINK ? note : loss;
        return row(`sink-${reason}`, name, "flows", count);
      })
    ),
    ...forwarders.flatMap(({ name, dropped }) =>
      Object.entries(dropped).map(([reason, count]) => {
        return loss(`forward-${reason}`, name, "packets", count);
      })
    ),
    note("not-allowed", "senders", "packets", snapshot.notAllowed),
    note("reordered", "network", "packets", sequence.reordered),
    note("duplicate", "network", "packets", sequence.duplicate),
    note("reset", "exporters", "events", sequence.reset),
    note("exporter-forgotten", "exporters", "events", snapshot.exportersForgotten),
    note("exporter-expired", "exporters", "events", snapshot.exportersExpired),
    ...sinks.map(({ name, filtered }) => note("filtered", name, "flows", filtered)),
    ...forwarders.map(({ name, filtered }) => note("filtered", name, "packets", filtered)),
  ];
}

/** Remembers a minute of counts, so that it can be told what is lost at present. */
export class LossHistory {
  readonly #past: { readonly at: number; readonly counts: ReadonlyMap<string, number> }[] = [];

  /** Takes the next snapshot. Gives everything that was lost, with what of it is recent. */
  update(snapshot: CollectorSnapshot): Loss[] {
    const rows = countLosses(snapshot);
    const past = this.#past;
    if (past.length > 0 && past.at(-1)!.at > snapshot.at) past.length = 0;
    while (past.length > 1 && past[1].at <= snapshot.at - LOSS_RECENT_MS) past.shift();
    // Before the first snapshot nothing had been lost.
    const before = past[0]?.counts;
    const losses = rows.map((row) => {
      const known = before?.get(name(row)) ?? 0;
      return { ...row, recent: Math.max(0, row.count - known) };
    });
    past.push({
      at: snapshot.at,
      counts: new Map(rows.map((row) => [name(row), row.count])),
    });
    return losses;
  }
}

function name({ cause, where }: LossCount): string {
  return `${cause} ${where}`;
}
