import type { TemplateCounters } from "@flowtools/netflow-pdu";
import type { SinkCounters } from "./sinks/sink.ts";

/**
 * What the collector tells of itself, as data that can be posted to another thread: the web page,
 * the API, the metrics and the STAT lines all derive from it. Counts are since the start.
 */
export interface CollectorSnapshot {
  /** When it was taken, Unix ms. */
  readonly at: number;
  /** When the collector started, Unix ms. */
  readonly startedAt: number;
  /** Where datagrams come from. */
  readonly sources: readonly SourceSnapshot[];
  /** Datagrams received. */
  readonly packets: number;
  /** Bytes of their payloads. */
  readonly bytes: number;
  /** Flows decoded. */
  readonly flows: number;
  /** Octets and packets that the flows counted. */
  readonly octets: number;
  readonly flowPackets: number;
  /** Datagrams of senders that are not let in. */
  readonly notAllowed: number;
  /** Datagrams with something wrong, by the decoder's reason; what flows they held were taken. */
  readonly malformed: Readonly<Record<string, number>>;
  /** What the sequence numbers tell, over all exporters. */
  readonly sequence: SequenceSnapshot;
  /** The exporters heard of last, most recent first. */
  readonly exporters: readonly ExporterSnapshot[];
  /** Exporters that were forgotten to make room. */
  readonly exportersForgotten: number;
  /** Exporters that were forgotten since they were silent for too long. */
  readonly exportersExpired: number;
  /** The sinks and what became of the flows in each. */
  readonly sinks: readonly SinkSnapshot[];
  /** Where datagrams go as they came, and what became of the datagrams there. */
  readonly forwarders?: readonly SinkSnapshot[];
  /** What is counted of templates, by version label, where there are codecs that have any. */
  readonly templates?: Readonly<Record<string, Readonly<TemplateCounters>>>;
}

/** A source and what it saw go wrong. */
export interface SourceSnapshot {
  readonly description: string;
  /** `null` where nobody tells. */
  readonly kernelDrops: number | null;
  readonly truncated: number;
  readonly errors: number;
}

/** What sequence numbers tell. */
export interface SequenceSnapshot {
  /** Flows (packets of v9) that never came. */
  readonly lost: number;
  /** Packets that came late. */
  readonly reordered: number;
  /** Packets that came again. */
  readonly duplicate: number;
  /** Times that a sequence started anew. */
  readonly reset: number;
}

/** One stream of an exporter: its address, port, engine or source id, and version. */
export interface ExporterSnapshot {
  readonly address: string;
  readonly port: number;
  /** Version label, such as `5`, `8.1` or `sflow5`. */
  readonly version: string;
  /** `engine_type << 8 | engine_id`, or the observation domain; 0 where the version has neither. */
  readonly source: number;
  /** Who made the datagrams, where they say so: the agent of sFlow. */
  readonly agent?: string;
  readonly packets: number;
  readonly flows: number;
  readonly octets: number;
  readonly malformed: number;
  readonly sequence: SequenceSnapshot;
  /** When the last packet came, Unix ms. */
  readonly lastSeen: number;
  /** Packets and flows a second, over the last ten seconds or so. */
  readonly packetRate: number;
  readonly flowRate: number;
  /** One packet in so many was looked at, 1 for all, as the last header told. */
  readonly sampling: number;
}

/** A sink and its counters. */
export interface SinkSnapshot extends Readonly<SinkCounters> {
  readonly name: string;
  /** Errors of the system by its names for them, where it is such that there can be any. */
  readonly errors?: Readonly<Record<string, number>>;
}
