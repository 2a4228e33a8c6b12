import { versionLabel } from "@flowtools/flow-model";
import {
  addSequenceResult,
  type PduCodec,
  type PduHeader,
  type PduResult,
  type PduSession,
  sequenceSource,
  SequenceStream,
  type SequenceTotals,
  sequenceUnits,
  zeroSequenceTotals,
} from "@flowtools/netflow-pdu";
import { RateMeter } from "./rate_meter.ts";
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
}

/** The version of a stream of datagrams whose header nobody could read. */
const VERSION_UNKNOWN = "unknown";

/** The key of that stream; keys of others start at 2^32. */
const KEY_UNKNOWN = 0;

const PORTS = 65_536;

/** An address and port. */
interface Peer {
  readonly key: number | string;
  readonly streams: Map<number, Stream>;
  sessions: Map<PduCodec, PduSession> | undefined;
}

/** One engine or observation domain of one version, linked to those heard of before and after. */
interface Stream {
  readonly key: number;
  readonly peer: Peer;
  readonly sender: Sender;
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
  sampling: number;
  newer: Stream | undefined;
  older: Stream | undefined;
}

/**
 * The exporters heard of: what each stream (address, port, version, engine or observation domain)
 * sent and lost, and what its codecs remember. Bounded: beyond the limit the stream unheard of for
 * longest is forgotten, and with the last stream of an address and port its sessions.
 */
export class ExporterTable {
  /** What the sequence numbers tell, over all streams, forgotten ones included. */
  readonly sequence: Readonly<SequenceTotals>;
  readonly #sequence = zeroSequenceTotals();
  readonly #max: number;
  readonly #peers = new Map<number | string, Peer>();
  #size = 0;
  #forgotten = 0;
  #newest: Stream | undefined;
  #oldest: Stream | undefined;
  /** The last sender, since packets of one come in bursts. */
  #lastSender: Sender | undefined;
  #lastPeer: Peer | undefined;

  /** @param max Streams remembered at once */
  constructor(max: number) {
    this.#max = max;
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

  /** What a codec remembers of a sender. Every call is followed by `observe` for that datagram. */
  session(sender: Sender, codec: PduCodec): PduSession | undefined {
    if (codec.createSession === undefined) return undefined;
    const sessions = this.#peer(sender).sessions ??= new Map();
    let session = sessions.get(codec);
    if (session === undefined) {
      session = codec.createSession();
      sessions.set(codec, session);
    }
    return session;
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
    const key = header === undefined ? KEY_UNKNOWN : streamKey(header);
    let stream = peer.streams.get(key);
    if (stream === undefined) stream = this.#add(key, peer, sender, header);
    else this.#touch(stream);
    stream.packets++;
    stream.flows += brought.flows;
    stream.octets += brought.octets;
    if (brought.malformed) stream.malformed++;
    stream.lastSeen = now;
    if (result === undefined || header === undefined) return;
    if (header.sampling_interval !== undefined) {
      stream.sampling = Math.max(1, header.sampling_interval);
    }
    const units = sequenceUnits(result);
    if (units === undefined || header.sequence === undefined) return;
    addSequenceResult(this.#sequence, stream.sequence.update(header.sequence, units), units);
  }

  /**
   * Brings the rates up to date.
   *
   * @param seconds Time since the last call
   */
  tick(seconds: number): void {
    for (let stream = this.#newest; stream !== undefined; stream = stream.older) {
      stream.packetRate.update(stream.packets, seconds);
      stream.flowRate.update(stream.flows, seconds);
    }
  }

  /** The exporters heard of last, most recent first, so many at most. */
  snapshot(max: number): ExporterSnapshot[] {
    const snapshots: ExporterSnapshot[] = [];
    for (let s = this.#newest; s !== undefined && snapshots.length < max; s = s.older) {
      snapshots.push({
        address: s.sender.name,
        port: s.sender.port,
        version: s.version,
        source: s.source,
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
      peer = { key, streams: new Map(), sessions: undefined };
      this.#peers.set(key, peer);
    }
    this.#lastSender = sender;
    this.#lastPeer = peer;
    return peer;
  }

  #add(key: number, peer: Peer, sender: Sender, header: PduHeader | undefined): Stream {
    const stream: Stream = {
      key,
      peer,
      sender,
      version: header === undefined
        ? VERSION_UNKNOWN
        : versionLabel(header.version, header.aggregation).slice(1),
      source: header === undefined ? 0 : visibleSource(header),
      sequence: new SequenceStream(),
      packetRate: new RateMeter(),
      flowRate: new RateMeter(),
      packets: 0,
      flows: 0,
      octets: 0,
      malformed: 0,
      lastSeen: 0,
      sampling: 1,
      newer: undefined,
      older: undefined,
    };
    peer.streams.set(key, stream);
    this.#size++;
    this.#linkNewest(stream);
    // After the new one is in, so that its peer cannot be the one that is dropped.
    if (this.#size > this.#max) this.#forgetOldest();
    return stream;
  }

  #forgetOldest(): void {
    const stream = this.#oldest;
    if (stream === undefined) return;
    this.#unlink(stream);
    this.#size--;
    this.#forgotten++;
    const { peer } = stream;
    peer.streams.delete(stream.key);
    if (peer.streams.size > 0) return;
    this.#peers.delete(peer.key);
    if (peer === this.#lastPeer) this.#lastPeer = undefined;
  }

  #touch(stream: Stream): void {
    if (stream === this.#newest) return;
    this.#unlink(stream);
    this.#linkNewest(stream);
  }

  #linkNewest(stream: Stream): void {
    stream.newer = undefined;
    stream.older = this.#newest;
    if (this.#newest !== undefined) this.#newest.newer = stream;
    this.#newest = stream;
    this.#oldest ??= stream;
  }

  #unlink(stream: Stream): void {
    if (stream.newer === undefined) this.#newest = stream.older;
    else stream.newer.older = stream.older;
    if (stream.older === undefined) this.#oldest = stream.newer;
    else stream.older.newer = stream.newer;
  }
}

/** The part of sequence totals that a snapshot has. */
export function sequenceSnapshot(totals: Readonly<SequenceTotals>): SequenceSnapshot {
  const { lost, reordered, duplicate, reset } = totals;
  return { lost, reordered, duplicate, reset };
}

/** Version and source as one exact number of 48 bits. */
function streamKey(header: PduHeader): number {
  return header.version * 2 ** 32 + sequenceSource(header);
}

/** The source without the aggregation method, which the version tells. */
function visibleSource({ source_id, engine_type = 0, engine_id = 0 }: PduHeader): number {
  return source_id ?? ((engine_type << 8) | engine_id);
}
