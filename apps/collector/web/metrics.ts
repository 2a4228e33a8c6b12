import { TEMPLATE_COUNTS } from "./template_counts.ts";
import type {
  CollectorSnapshot,
  ExporterSnapshot,
  SinkSnapshot,
  SourceSnapshot,
} from "../snapshot.ts";

/** The content type of the exposition format. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** What every name begins with. */
const PREFIX = "flowtools_collector_";

/** A value and its labels. */
type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** One metric: the row from which its lines derive. */
interface Metric<Subject> {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly samples: (subject: Subject) => readonly Sample[];
}

/** A metric with one value and no labels. */
function plain<Subject>(
  type: Metric<Subject>["type"],
  name: string,
  help: string,
  value: (subject: Subject) => number,
): Metric<Subject> {
  return { name, type, help, samples: (subject) => [[{}, value(subject)]] };
}

/** A metric with a value for each of several things. */
function each<Item>(
  list: (snapshot: CollectorSnapshot) => readonly Item[],
  labels: (item: Item) => Readonly<Record<string, string>>,
): (
  type: Metric<CollectorSnapshot>["type"],
  name: string,
  help: string,
  value: (item: Item) => number | null,
) => Metric<CollectorSnapshot> {
  return (type, name, help, value) => ({
    name,
    type,
    help,
    samples: (snapshot) =>
      list(snapshot).flatMap((item) => {
        const number = value(item);
        return number === null ? [] : [[labels(item), number] as const];
      }),
  });
}

const source = each<SourceSnapshot>(
  ({ sources }) => sources,
  ({ description }) => ({ source: description }),
);
const sink = each<SinkSnapshot>(({ sinks }) => sinks, ({ name }) => ({ sink: name }));
const forwarder = each<SinkSnapshot>(
  ({ forwarders = [] }) => forwarders,
  ({ name }) => ({ forwarder: name }),
);
const exporter = each<ExporterSnapshot>(
  ({ exporters }) => exporters,
  ({ address, port, version, source, agent }) => {
    const labels = { exporter: address, port: String(port), version, source: String(source) };
    return agent === undefined ? labels : { ...labels, agent };
  },
);

/** Everything that a snapshot tells. */
const SNAPSHOT_METRICS: readonly Metric<CollectorSnapshot>[] = [
  plain("gauge", "start_time_seconds", "When the collector started, Unix time", (snapshot) => {
    return snapshot.startedAt / 1_000;
  }),
  plain(
    "gauge",
    "snapshot_time_seconds",
    "When these numbers were taken, Unix time",
    (snapshot) => {
      return snapshot.at / 1_000;
    },
  ),
  plain("counter", "received_packets_total", "Datagrams received", ({ packets }) => packets),
  plain("counter", "received_bytes_total", "Bytes of their payloads", ({ bytes }) => bytes),
  plain("counter", "flows_total", "Flows decoded", ({ flows }) => flows),
  plain("counter", "flow_bytes_total", "Octets that the flows counted", ({ octets }) => octets),
  plain("counter", "flow_packets_total", "Packets that the flows counted", (snapshot) => {
    return snapshot.flowPackets;
  }),
  plain("counter", "not_allowed_packets_total", "Datagrams of senders not let in", (snapshot) => {
    return snapshot.notAllowed;
  }),
  {
    name: "malformed_packets_total",
    type: "counter",
    help: "Datagrams with something wrong, by reason; what flows they held were taken",
    samples: ({ malformed }) =>
      Object.entries(malformed).map(([reason, count]) => [{ reason }, count]),
  },
  plain(
    "gauge",
    "sequence_lost_flows",
    "Flows that sequence numbers say never came; late packets take some back",
    ({ sequence }) => sequence.lost,
  ),
  plain("counter", "sequence_reordered_packets_total", "Packets that came late", (snapshot) => {
    return snapshot.sequence.reordered;
  }),
  plain("counter", "sequence_duplicate_packets_total", "Packets that came again", (snapshot) => {
    return snapshot.sequence.duplicate;
  }),
  plain("counter", "sequence_resets_total", "Times that a sequence started anew", (snapshot) => {
    return snapshot.sequence.reset;
  }),
  plain("gauge", "exporters", "Exporters that are remembered", ({ exporters }) => {
    return exporters.length;
  }),
  plain("counter", "exporters_forgotten_total", "Exporters forgotten to make room", (snapshot) => {
    return snapshot.exportersForgotten;
  }),
  plain("counter", "exporters_expired_total", "Exporters silent for a day", (snapshot) => {
    return snapshot.exportersExpired;
  }),
  ...TEMPLATE_COUNTS.map(({ name, metric, help }): Metric<CollectorSnapshot> => ({
    name: `template_${metric}`,
    type: metric.endsWith("_total") ? "counter" : "gauge",
    help,
    samples: ({ templates = {} }) =>
      Object.entries(templates).map(([version, counts]) => [{ version }, counts[name]]),
  })),
  source(
    "counter",
    "source_kernel_dropped_packets_total",
    "Datagrams that the kernel dropped since the receive buffer was full",
    ({ kernelDrops }) => kernelDrops,
  ),
  source(
    "counter",
    "source_truncated_packets_total",
    "Datagrams longer than the longest that is taken",
    ({ truncated }) => truncated,
  ),
  source("counter", "source_errors_total", "Calls to receive that failed", ({ errors }) => errors),
  sink("counter", "sink_given_flows_total", "Flows given to the sink", ({ given }) => given),
  sink("counter", "sink_done_flows_total", "Flows where they belong", ({ done }) => done),
  sink("gauge", "sink_queued_flows", "Flows that wait in the sink", ({ queued }) => queued),
  sink("counter", "sink_filtered_flows_total", "Flows left out on purpose", ({ filtered }) => {
    return filtered;
  }),
  {
    name: "sink_dropped_flows_total",
    type: "counter",
    help: "Flows lost in the sink, by reason",
    samples: ({ sinks }) =>
      sinks.flatMap(({ name, dropped }) =>
        Object.entries(dropped).map(([reason, count]) => [{ sink: name, reason }, count] as const)
      ),
  },
  {
    name: "sink_errors_total",
    type: "counter",
    help: "Errors of the system that a sink met, by their names; not each is a loss",
    samples: ({ sinks, forwarders = [] }) =>
      [...sinks, ...forwarders].flatMap(({ name, errors = {} }) =>
        Object.entries(errors).map(([error, count]) => [{ sink: name, error }, count] as const)
      ),
  },
  forwarder("counter", "forwarder_given_packets_total", "Datagrams to pass on", ({ given }) => {
    return given;
  }),
  forwarder("counter", "forwarder_done_packets_total", "Datagrams passed on", ({ done }) => done),
  forwarder("gauge", "forwarder_queued_packets", "Datagrams that wait", ({ queued }) => queued),
  forwarder(
    "counter",
    "forwarder_filtered_packets_total",
    "Datagrams left out on purpose",
    ({ filtered }) => filtered,
  ),
  {
    name: "forwarder_dropped_packets_total",
    type: "counter",
    help: "Datagrams not passed on, by reason",
    samples: ({ forwarders = [] }) =>
      forwarders.flatMap(({ name, dropped }) =>
        Object.entries(dropped).map(([reason, count]) => {
          return [{ forwarder: name, reason }, count] as const;
        })
      ),
  },
  exporter("counter", "exporter_packets_total", "Datagrams of the exporter", ({ packets }) => {
    return packets;
  }),
  exporter("counter", "exporter_flows_total", "Flows of the exporter", ({ flows }) => flows),
  exporter("counter", "exporter_flow_bytes_total", "Octets that its flows counted", (row) => {
    return row.octets;
  }),
  exporter("counter", "exporter_malformed_packets_total", "Its malformed datagrams", (row) => {
    return row.malformed;
  }),
  exporter("gauge", "exporter_lost_flows", "Flows of it that never came", ({ sequence }) => {
    return sequence.lost;
  }),
  exporter("counter", "exporter_reordered_packets_total", "Packets that came late", (row) => {
    return row.sequence.reordered;
  }),
  exporter("counter", "exporter_duplicate_packets_total", "Packets that came again", (row) => {
    return row.sequence.duplicate;
  }),
  exporter("counter", "exporter_resets_total", "Times that its sequence started anew", (row) => {
    return row.sequence.reset;
  }),
  exporter("gauge", "exporter_last_seen_time_seconds", "When its last packet came", (row) => {
    return row.lastSeen / 1_000;
  }),
  exporter("gauge", "exporter_packets_per_second", "Its datagrams of late", ({ packetRate }) => {
    return packetRate;
  }),
  exporter("gauge", "exporter_flows_per_second", "Its flows of late", ({ flowRate }) => flowRate),
  exporter("gauge", "exporter_sampling", "One packet in so many was looked at", (row) => {
    return row.sampling;
  }),
];

/** What the web part counts itself. */
export interface WebCounts {
  /** Listeners to live events. */
  readonly liveClients: number;
  /** Requests answered, by status. */
  readonly requests: ReadonlyMap<number, number>;
  /** Queries that ended, by how. */
  readonly queries: ReadonlyMap<string, number>;
  /** Each row of live data stands for so many flows. */
  readonly liveScale: number;
}

const WEB_METRICS: readonly Metric<WebCounts>[] = [
  plain("gauge", "web_live_clients", "Listeners to live events", (counts) => counts.liveClients),
  plain("gauge", "web_live_scale", "Live data look at one flow in so many", (counts) => {
    return counts.liveScale;
  }),
  {
    name: "web_requests_total",
    type: "counter",
    help: "HTTP requests answered, by status",
    samples: ({ requests }) => [...requests].map(([code, count]) => [{ code: `${code}` }, count]),
  },
  {
    name: "web_queries_total",
    type: "counter",
    help: "Queries that ended, by how",
    samples: ({ queries }) => [...queries].map(([result, count]) => [{ result }, count]),
  },
];

/** Every metric, for the documentation. */
export const METRIC_DOCS: readonly { readonly name: string; type: string; help: string }[] = [
  ...SNAPSHOT_METRICS,
  ...WEB_METRICS,
].map(({ name, type, help }) => ({ name: PREFIX + name, type, help }));

/**
 * The metrics in Prometheus' text format.
 *
 * @param snapshot What the collector tells of itself, where it has told anything
 * @param counts What the web part counts
 * @returns The text, to be sent as {@linkcode METRICS_TYPE}
 */
export function formatMetrics(snapshot: CollectorSnapshot | undefined, counts: WebCounts): string {
  const lines: string[] = [];
  if (snapshot !== undefined) {
    for (const metric of SNAPSHOT_METRICS) writeMetric(metric, snapshot, lines);
  }
  for (const metric of WEB_METRICS) writeMetric(metric, counts, lines);
  return lines.join("");
}

function writeMetric<Subject>(metric: Metric<Subject>, subject: Subject, lines: string[]): void {
  const name = PREFIX + metric.name;
  lines.push(`# HELP ${name} ${metric.help}\n# TYPE ${name} ${metric.type}\n`);
  for (const [labels, value] of metric.samples(subject)) {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escape(text)}"`);
    lines.push(`${name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${value}\n`);
  }
}

function escape(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
