import { versionLabel } from "@flowtools/flow-model";
import {
  addSequenceResult,
  type ExporterAddress,
  formatExporter,
  type InUseOrder,
  type PduCodec,
  type PduHeader,
  type PduResult,
  type PduSession,
  sequenceSource,
  SequenceStream,
  type SequenceTotals,
  sequenceUnits,
  TemplateSession,
  UseOrder,
  zeroSequenceTotals,
} from "@flowtools/netflow-pdu";
import type { CollectorLimits } from "./limits.ts";
import { RateMeter } from "./rate_meter.ts";
import { type SavedSession, SavedSessions } from "./saved_sessions.ts";
import type { ExporterSnapshot, SequenceSnapshot } from "./snapshot.ts";
import type { Sender } from "./sources/source.ts";

/** What a datagram brought, beyond what the decoder tells. */
export interface Brought {
  /** Flows that were taken. */
  readonly flows: number;
  /** Octets that the flows counted. */
  readonly octets: number;
  /** Whether something was wrong with it. */
  readonly malformed: boolean;
  /** One packet in so many was looked at, where the flows tell. */
  readonly sampling?: number;
}

/** What is known of an exporter that sends templates. */
export interface KnownSession {
  readonly address: string;
  readonly port: number;
  /** Version label, as of `ExporterSnapshot`. */
  readonly version: string;
  readonly session: TemplateSession;
}

/** The version of a stream of datagrams whose header nobody could read. */
const VERSION_UNKNOWN = "unknown";

/** How much an {@linkcode ExporterTable} remembers. */
export type ExporterLimits = Pick<CollectorLimits, "exporters" | "silenceMs">;

/** The key of that stream; keys of others start at 2^32. */
const KEY_UNKNOWN = 0;

const PORTS = 65_536;

/** An address and port. */
interface Peer {
  readonly key: number | string;
  readonly sender: Sender;
  readonly streams: Map<number | string, Stream>;
  sessions: Map<PduCodec, PduSession> | undefined;
}

/** One engine or observation domain of one version, linked to those heard of before and after. */
interface Stream extends InUseOrder<Stream> {
  readonly key: number | string;
  readonly peer: Peer;
  readonly sender: Sender;
  /** Who made the datagrams, where they say so. */
  readonly agent: string | undefined;
  readonly version: string;
  readonly source: number;
  readonly sequence: SequenceStream;
  readonly packetRate: RateMeter;
  readonly flowRate: RateMeter;
  packets: number;
  flows: number;
  octets: number;
  malformed: number;
  lastSeen: number;
  /** The same by the clock of the table: seconds. */
  heardAt: number;
  sampling: number;
}

/**
 * The exporters heard of: what each stream (address, port, version, engine or observation domain)
 * sent and lost, and what its codecs remember. Bounded: beyond the limit the stream unheard of for
 * longest is forgotten, and so is one that was silent for too long; with the last stream of an
 * address and port its sessions go.
 */
export class ExporterTable {
  /** What the sequence numbers tell, over all streams, forgotten ones included. */
  readonly sequence: Readonly<SequenceTotals>;
  readonly #sequence = zeroSequenceTotals();
  readonly #max: number;
  readonly #peers = new Map<number | string, Peer>();
  readonly #saved: SavedSessions;
  readonly #silenceSeconds: number;
  #size = 0;
  #forgotten = 0;
  #expired = 0;
  /** Seconds that were ticked: what people set clocks to must not make exporters old. */
  #clock = 0;
  readonly #order = new UseOrder<Stream>();
  /** The last sender, since packets of one come in bursts. */
  #lastSender: Sender | undefined;
  #lastPeer: Peer | undefined;

  /**
   * @param limits How many streams are remembered at once, and for how long
   * @param saved What codecs remembered of exporters before this program started
   */
  constructor(limits: ExporterLimits, saved: SavedSessions = new SavedSessions()) {
    this.#max = limits.exporters;
    this.#silenceSeconds = limits.silenceMs / 1000;
    this.#saved = saved;
    this.sequence = this.#sequence;
  }

  /** Streams known. */
  get size(): number {
    return this.#size;
  }

  /** Streams that were forgotten to make room. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Streams that were forgotten since they were silent for too long. */
  get expired(): number {
    return this.#expired;
  }

  /** What a codec remembers of a sender. Every call is followed by `observe` for that datagram. */
  session(sender: Sender, codec: PduCodec): PduSession | undefined {
    if (codec.createSession === undefined) return undefined;
    const sessions = this.#peer(sender).sessions ??= new Map();
    let session = sessions.get(codec);
    if (session === undefined) {
      session = this.#saved.take(sender, codec) ?? codec.createSession();
      sessions.set(codec, session);
    }
    return session;
  }

  /** What codecs remember of exporters, so that it survives a restart. */
  *sessions(): Generator<SavedSession> {
    for (const { sender, sessions = [], streams } of this.#peers.values()) {
      let heardAt = 0;
      for (const { lastSeen } of streams.values()) heardAt = Math.max(heardAt, lastSeen);
      for (const [{ version }, session] of sessions) {
        if (!(session instanceof TemplateSession)) continue;
        const address = formatExporter(sender.address);
        yield { address, port: sender.port, version, heardAt, snapshot: session.snapshot() };
      }
    }
  }

  /** What is known of exporters that send templates; it changes with each datagram. */
  *knownSessions(): Generator<KnownSession> {
    for (const { sender: { name, port }, sessions } of this.#peers.values()) {
      if (sessions === undefined) continue;
      for (const [{ version }, session] of sessions) {
        if (!(session instanceof TemplateSession)) continue;
        yield { address: name, port, version: shortVersion(version), session };
      }
    }
  }

  /** Gives back what sessions take of bounds that they share with others; what waits is counted. */
  closeSessions(): void {
    for (const peer of this.#peers.values()) closeSessions(peer);
  }

  /**
   * Notes a datagram.
   *
   * @param sender Who sent it
   * @param result What the decoder returned; `undefined` where it failed
   * @param brought What was taken of it
   * @param now Unix ms
   */
  observe(sender: Sender, result: PduResult | undefined, brought: Brought, now: number): void {
    const header = result?.header;
    const peer = this.#peer(sender);
    const agent = result?.agent;
    const key = header === undefined ? KEY_UNKNOWN : streamKey(header, agent);
    let stream = peer.streams.get(key);
    if (stream === undefined) stream = this.#add(key, peer, sender, header, agent);
    else this.#order.touch(stream);
    stream.packets++;
    stream.flows += brought.flows;
    stream.octets += brought.octets;
    if (brought.malformed) stream.malformed++;
    stream.lastSeen = now;
    stream.heardAt = this.#clock;
    if (result === undefined || header === undefined) return;
    if (header.sampling_interval !== undefined) {
      stream.sampling = Math.max(1, header.sampling_interval);
    } else if (brought.sampling !== undefined) {
      stream.sampling = Math.max(1, brought.sampling);
    }
    const units = sequenceUnits(result);
    if (units === undefined || header.sequence === undefined) return;
    addSequenceResult(this.#sequence, stream.sequence.update(header.sequence, units), units);
  }

  /**
   * Brings the rates up to date, and forgets streams that were silent for too long.
   *
   * @param seconds Time since the last call
   */
  tick(seconds: number): void {
    this.#clock += seconds;
    for (let stream = this.#order.oldest; stream !== undefined; stream = this.#order.oldest) {
      if (this.#clock - stream.heardAt <= this.#silenceSeconds) break;
      this.#forget(stream);
      this.#expired++;
    }
    for (let stream = this.#order.newest; stream !== undefined; stream = stream.older) {
      stream.packetRate.update(stream.packets, seconds);
      stream.flowRate.update(stream.flows, seconds);
    }
  }

  /** The exporters heard of last, most recent first, so many at most. */
  snapshot(max: number): ExporterSnapshot[] {
    const snapshots: ExporterSnapshot[] = [];
    for (let s = this.#order.newest; s !== undefined && snapshots.length < max; s = s.older) {
      snapshots.push({
        address: s.sender.name,
        port: s.sender.port,
        version: s.version,
        source: s.source,
        ...(s.agent === undefined ? {} : { agent: s.agent }),
        packets: s.packets,
        flows: s.flows,
        octets: s.octets,
        malformed: s.malformed,
        sequence: sequenceSnapshot(s.sequence.totals),
        lastSeen: s.lastSeen,
        packetRate: s.packetRate.rate,
        flowRate: s.flowRate.rate,
        sampling: s.sampling,
      });
    }
    return snapshots;
  }

  #peer(sender: Sender): Peer {
    if (sender === this.#lastSender && this.#lastPeer !== undefined) return this.#lastPeer;
    const { address, name, port } = sender;
    const key = typeof address === "number" ? address * PORTS + port : `${name} ${port}`;
    let peer = this.#peers.get(key);
    if (peer === undefined) {
      peer = { key, sender, streams: new Map(), sessions: undefined };
      this.#peers.set(key, peer);
    }
    this.#lastSender = sender;
    this.#lastPeer = peer;
    return peer;
  }

  #add(
    key: number | string,
    peer: Peer,
    sender: Sender,
    header: PduHeader | undefined,
    agent: ExporterAddress | undefined,
  ): Stream {
    const stream: Stream = {
      key,
      peer,
      sender,
      agent: agent === undefined ? undefined : formatExporter(agent),
      version: header === undefined
        ? VERSION_UNKNOWN
        : shortVersion(header.version, header.aggregation),
      source: header === undefined ? 0 : visibleSource(header),
      sequence: new SequenceStream(),
      packetRate: new RateMeter(),
      flowRate: new RateMeter(),
      packets: 0,
      flows: 0,
      octets: 0,
      malformed: 0,
      lastSeen: 0,
      heardAt: this.#clock,
      sampling: 1,
      newer: undefined,
      older: undefined,
    };
    peer.streams.set(key, stream);
    this.#size++;
    this.#order.add(stream);
    // After the new one is in, so that its peer cannot be the one that is dropped.
    const { oldest } = this.#order;
    if (this.#size > this.#max && oldest !== undefined) {
      this.#forget(oldest);
      this.#forgotten++;
    }
    return stream;
  }

  #forget(stream: Stream): void {
    this.#order.remove(stream);
    this.#size--;
    const { peer } = stream;
    peer.streams.delete(stream.key);
    if (peer.streams.size > 0) return;
    this.#peers.delete(peer.key);
    closeSessions(peer);
    if (peer === this.#lastPeer) this.#lastPeer = undefined;
  }
}

/** The part of sequence totals that a snapshot has. */
export function sequenceSnapshot(totals: Readonly<SequenceTotals>): SequenceSnapshot {
  const { lost, reordered, duplicate, reset } = totals;
  return { lost, reordered, duplicate, reset };
}

/** An export version without the letter before its number: `5`, `8.1`, `sflow5`. */
export function shortVersion(version: number, aggregation?: number): string {
  return versionLabel(version, aggregation).replace(/^v/, "");
}

/** Version and source as one exact number of 48 bits; behind the agent, where there is one. */
function streamKey(header: PduHeader, agent: ExporterAddress | undefined): number | string {
  const key = header.version * 2 ** 32 + sequenceSource(header);
  if (agent === undefined) return key;
  return `${typeof agent === "number" ? agent : String.fromCharCode(...agent)} ${key}`;
}

function closeSessions({ sessions = new Map() }: Peer): void {
  for (const session of sessions.values()) session.close?.();
}

/** The source without the aggregation method, which the version tells. */
function visibleSource({ source_id, engine_type = 0, engine_id = 0 }: PduHeader): number {
  return source_id ?? ((engine_type << 8) | engine_id);
}
