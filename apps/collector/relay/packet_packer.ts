import type { FlowBatch } from "@flowtools/flow-model";
import type { ClassicPduCodec, PduHeaderName } from "@flowtools/netflow-pdu";
import { OPEN_PACKETS_MAX, STREAMS_MAX } from "./limits.ts";
import type { RelayedSource, SourceRun } from "./source_runs.ts";

/** Takes a packet that is complete; its bytes are used again after the call. */
export type PacketTaker = (packet: Uint8Array, flows: number, source: RelayedSource) => void;

/** Where the fields of a packet header stand that differ from packet to packet. */
interface HeaderPlaces {
  readonly size: number;
  readonly count: number;
  readonly sysUpTime: number;
  readonly unixSecs: number;
  readonly unixNsecs: number;
  readonly sequence: number | undefined;
  /** Packets of the version tell the engine that sends them. */
  readonly engines: boolean;
}

/** The sequence number of the next packet; several streams may count together. */
interface Sequence {
  next: number;
}

/** A packet that is being filled. */
interface OpenPacket {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  flows: number;
}

/** The packets of one source, version and engine. */
interface PacketStream {
  readonly source: RelayedSource;
  /** A header with what all packets of the stream have in common: version, engine. */
  readonly header: Uint8Array;
  readonly sequence: Sequence;
  /** The packet that is not full yet. */
  packet: OpenPacket | undefined;
}

/** What a packer makes. */
export interface PackerOptions {
  /** The version of the packets. */
  readonly codec: ClassicPduCodec;
  /** One sequence for all sources rather than one for each. */
  readonly sharedSequence: boolean;
  /** Takes each packet. */
  readonly take: PacketTaker;
  /** Streams remembered at once; {@linkcode STREAMS_MAX} unless told otherwise. */
  readonly streamsMax?: number;
}

/** Engines have 16 bits. */
const ENGINES = 65_536;

/**
 * Packs wire records into packets. Flows in a row share a packet if they come from one source and
 * have the same header (clock, uptime, engine), since the times of flows count from the header's;
 * so a packet is sent when it is full, when the header changes, and at a flush.
 *
 * Sequence numbers go on over what a filter left out: they count flows sent. The memory is bounded:
 * beyond the limit the stream unheard of for longest is forgotten, and its sequence with it.
 */
export class PacketPacker {
  /** Streams that were forgotten. */
  forgotten = 0;
  readonly #options: PackerOptions;
  readonly #streamsMax: number;
  readonly #places: HeaderPlaces;
  readonly #recordSize: number;
  readonly #packetSize: number;
  /** By source and engine, the one unheard of for longest first. */
  readonly #streams = new Map<number, PacketStream>();
  #newest = -1;
  /** Streams with a packet that is not full. */
  readonly #open = new Set<PacketStream>();
  readonly #spare: OpenPacket[] = [];
  readonly #shared = new Map<number, Sequence>();

  /**
   * @param options Version, sequences, where packets go
   */
  constructor(options: PackerOptions) {
    const { codec, streamsMax = STREAMS_MAX } = options;
    const { header, record } = codec.layouts;
    const at = (name: PduHeaderName) => header.rows.find((row) => row.name === name)?.offset;
    this.#options = options;
    this.#streamsMax = streamsMax;
    this.#recordSize = record.size;
    this.#packetSize = header.size + codec.maxRecords * record.size;
    this.#places = {
      size: header.size,
      count: at("count")!,
      sysUpTime: at("sysUpTime")!,
      unixSecs: at("unix_secs")!,
      unixNsecs: at("unix_nsecs")!,
      sequence: at("sequence"),
      engines: at("engine_id") !== undefined,
    };
  }

  /**
   * Adds records of one run.
   *
   * @param batch The flows, for what the header needs
   * @param run Where they came from
   * @param records Wire records
   * @param from The first record to add, its index
   * @param to The one behind the last
   */
  add(batch: FlowBatch, run: SourceRun, records: Uint8Array, from: number, to: number): void {
    const { maxRecords } = this.#options.codec;
    const stream = this.#stream(batch, run);
    if (stream.packet !== undefined && !this.#sameHeader(stream.packet, batch, run.from)) {
      this.#emit(stream, stream.packet);
    }
    for (let next = from; next < to;) {
      const packet = stream.packet ?? this.#begin(stream, batch, run.from);
      const count = Math.min(to - next, maxRecords - packet.flows);
      const bytes = records.subarray(next * this.#recordSize, (next + count) * this.#recordSize);
      packet.bytes.set(bytes, this.#places.size + packet.flows * this.#recordSize);
      packet.flows += count;
      next += count;
      if (packet.flows === maxRecords) this.#emit(stream, packet);
    }
  }

  /** Gives up the packets that are not full. */
  flush(): void {
    for (const stream of this.#open) this.#emit(stream, stream.packet!);
  }

  #stream(batch: FlowBatch, { from, source }: SourceRun): PacketStream {
    const engine = this.#places.engines
      ? batch.column("engine_type")[from] << 8 | batch.column("engine_id")[from]
      : 0;
    const key = source.number * ENGINES + engine;
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      if (this.#streams.size >= this.#streamsMax) this.#forgetOldest();
      const header = this.#options.codec.encode(batch, from, 1, {}).slice(0, this.#places.size);
      stream = { source, header, sequence: this.#sequence(engine), packet: undefined };
      this.#streams.set(key, stream);
    } else if (key !== this.#newest) {
      // A map keeps the order of insertion.
      this.#streams.delete(key);
      this.#streams.set(key, stream);
    }
    this.#newest = key;
    return stream;
  }

  #forgetOldest(): void {
    const [[key, stream]] = this.#streams;
    if (stream.packet !== undefined) this.#emit(stream, stream.packet);
    this.#streams.delete(key);
    this.forgotten++;
  }

  #sequence(engine: number): Sequence {
    if (!this.#options.sharedSequence) return { next: 0 };
    let sequence = this.#shared.get(engine);
    if (sequence === undefined) {
      sequence = { next: 0 };
      this.#shared.set(engine, sequence);
    }
    return sequence;
  }

  #sameHeader({ view }: OpenPacket, batch: FlowBatch, row: number): boolean {
    const { sysUpTime, unixSecs, unixNsecs } = this.#places;
    return view.getUint32(sysUpTime) === batch.column("sysUpTime")[row] &&
      view.getUint32(unixSecs) === batch.column("unix_secs")[row] &&
      view.getUint32(unixNsecs) === batch.column("unix_nsecs")[row];
  }

  #begin(stream: PacketStream, batch: FlowBatch, row: number): OpenPacket {
    // Packets may go before they are full, so this costs nothing but some headers.
    if (this.#open.size >= OPEN_PACKETS_MAX) this.flush();
    const { sysUpTime, unixSecs, unixNsecs } = this.#places;
    const packet = this.#spare.pop() ?? this.#createPacket();
    packet.bytes.set(stream.header);
    packet.view.setUint32(sysUpTime, batch.column("sysUpTime")[row]);
    packet.view.setUint32(unixSecs, batch.column("unix_secs")[row]);
    packet.view.setUint32(unixNsecs, batch.column("unix_nsecs")[row]);
    stream.packet = packet;
    this.#open.add(stream);
    return packet;
  }

  #createPacket(): OpenPacket {
    const bytes = new Uint8Array(this.#packetSize);
    return { bytes, view: new DataView(bytes.buffer), flows: 0 };
  }

  #emit(stream: PacketStream, packet: OpenPacket): void {
    const { size, count, sequence } = this.#places;
    const { view, bytes, flows } = packet;
    view.setUint16(count, flows);
    if (sequence !== undefined) view.setUint32(sequence, stream.sequence.next);
    stream.sequence.next = (stream.sequence.next + flows) >>> 0;
    packet.flows = 0;
    stream.packet = undefined;
    this.#open.delete(stream);
    this.#options.take(bytes.subarray(0, size + flows * this.#recordSize), flows, stream.source);
    this.#spare.push(packet);
  }
}
