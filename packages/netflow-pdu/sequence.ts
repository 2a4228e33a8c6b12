import type { PduHeader, PduResult } from "./codec.ts";
import type { ExporterAddress } from "./exporter.ts";
import { SEQUENCE_STREAMS_MAX } from "./limits.ts";
import {
  addSequenceResult,
  type SequenceResult,
  SequenceStream,
  type SequenceStreamOptions,
  type SequenceTotals,
  zeroSequenceTotals,
} from "./sequence_stream.ts";
import { type InUseOrder, UseOrder } from "./use_order.ts";

/** Bounds of a {@linkcode SequenceTracker}; the defaults stand in `limits.ts`. */
export interface SequenceOptions extends SequenceStreamOptions {
  /** Sequences tracked at once. */
  readonly streamsMax?: number;
}

/** One sequence, linked to the ones heard of before and after it. */
interface Stream extends InUseOrder<Stream> {
  readonly exporterKey: number | string;
  readonly sourceKey: number;
  readonly sequence: SequenceStream;
}

/**
 * Tells from sequence numbers what was lost on the way, sequence by sequence. A sequence belongs
 * to an exporter, a version and a source (engine, or observation domain).
 *
 * Numbers are modulo 2^32, and a wrap is in order. The memory is bounded: beyond the limits the
 * sequence unheard of for longest is forgotten, and so is the oldest missing range.
 *
 * Source: RFC 3954 §5.1 for v9 packets; RFC 7011 §3.1 for IPFIX records, those of options included;
 * Cisco's `flow_sequence` for v5 to v8 flows.
 *
 * @example
 * ```ts
 * import { SequenceTracker } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * const tracker = new SequenceTracker();
 * const exporter = 0x0a000001;
 * assertEquals(tracker.update(exporter, 5, 0, 1000, 30).event, "first");
 * assertEquals(tracker.update(exporter, 5, 0, 1060, 30), { event: "lost", lost: 30 });
 * assertEquals(tracker.update(exporter, 5, 0, 1030, 30), { event: "reordered", lost: -30 });
 * assertEquals(tracker.update(exporter, 5, 0, 1090, 30).event, "in-order");
 * assertEquals(tracker.totals.lost, 0);
 * ```
 */
export class SequenceTracker {
  /** Totals over all sequences, forgotten ones included. */
  readonly totals: Readonly<SequenceTotals>;
  readonly #totals = zeroSequenceTotals();
  readonly #streamOptions: SequenceStreamOptions | undefined;
  readonly #streamsMax: number;
  readonly #streams = new Map<number | string, Map<number, Stream>>();
  #size = 0;
  readonly #order = new UseOrder<Stream>();

  /**
   * Makes a tracker that knows no sequence.
   *
   * @param options Bounds other than the usual
   */
  constructor(options: SequenceOptions = {}) {
    this.totals = this.#totals;
    const { streamsMax = SEQUENCE_STREAMS_MAX, ...streamOptions } = options;
    this.#streamsMax = streamsMax;
    this.#streamOptions = Object.keys(streamOptions).length === 0 ? undefined : streamOptions;
  }

  /** Sequences known. */
  get size(): number {
    return this.#size;
  }

  /**
   * Notes a packet.
   *
   * @param exporter Who sent it
   * @param version Export version
   * @param source Which of the exporter's sequences, see {@linkcode sequenceSource}
   * @param sequence Its sequence number
   * @param units What the next packet's number should be ahead by: flows, or 1 for packets; -1 where
   * that is not known
   * @returns What the number tells
   */
  update(
    exporter: ExporterAddress,
    version: number,
    source: number,
    sequence: number,
    units: number,
  ): SequenceResult {
    let stream = this.#find(exporter, version, source);
    if (stream === undefined) {
      stream = this.#add(exporterKey(exporter), sourceKey(version, source));
    } else {
      this.#order.touch(stream);
    }
    const result = stream.sequence.update(sequence, units);
    addSequenceResult(this.#totals, result, units);
    return result;
  }

  /**
   * Notes a packet that was decoded.
   *
   * @param exporter Who sent it; where the result has an agent, that counts
   * @param result What the decoder returned
   * @returns What its number tells, or `undefined` where the packet has none, or was refused for
   * want of room and will come again
   */
  observe(exporter: ExporterAddress, result: PduResult): SequenceResult | undefined {
    const units = sequenceUnits(result);
    const { header } = result;
    if (units === undefined || header?.sequence === undefined) return undefined;
    const sender = result.agent ?? exporter;
    return this.update(sender, header.version, sequenceSource(header), header.sequence, units);
  }

  /**
   * The totals of one sequence.
   *
   * @param exporter Who sends it
   * @param version Export version
   * @param source Which of the exporter's sequences, see {@linkcode sequenceSource}
   * @returns The totals, or `undefined` where the sequence is not known (any more)
   */
  totalsOf(
    exporter: ExporterAddress,
    version: number,
    source: number,
  ): Readonly<SequenceTotals> | undefined {
    return this.#find(exporter, version, source)?.sequence.totals;
  }

  #find(exporter: ExporterAddress, version: number, source: number): Stream | undefined {
    return this.#streams.get(exporterKey(exporter))?.get(sourceKey(version, source));
  }

  #add(exporterKey: number | string, sourceKey: number): Stream {
    if (this.#size >= this.#streamsMax) this.#forgetOldest();
    const stream: Stream = {
      exporterKey,
      sourceKey,
      sequence: new SequenceStream(this.#streamOptions),
      newer: undefined,
      older: undefined,
    };
    let sources = this.#streams.get(exporterKey);
    if (sources === undefined) {
      sources = new Map();
      this.#streams.set(exporterKey, sources);
    }
    sources.set(sourceKey, stream);
    this.#size++;
    this.#order.add(stream);
    return stream;
  }

  #forgetOldest(): void {
    const stream = this.#order.oldest;
    if (stream === undefined) return;
    this.#order.remove(stream);
    this.#size--;
    const sources = this.#streams.get(stream.exporterKey);
    sources?.delete(stream.sourceKey);
    if (sources?.size === 0) this.#streams.delete(stream.exporterKey);
  }
}

/**
 * Which of an exporter's sequences a packet belongs to: the observation domain of v9 and IPFIX,
 * the engine of v5 to v8. Each aggregation cache of v8 counts for itself.
 *
 * @param header The packet's header
 * @returns A number of 32 bits
 *
 * @example
 * ```ts
 * import { sequenceSource } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(sequenceSource({ engine_type: 1, engine_id: 2 }), 0x0102);
 * assertEquals(sequenceSource({ source_id: 256 }), 256);
 * ```
 */
export function sequenceSource(
  header: Pick<PduHeader, "engine_type" | "engine_id" | "aggregation" | "source_id">,
): number {
  const { engine_type = 0, engine_id = 0, aggregation = 0, source_id } = header;
  return source_id ?? ((aggregation << 16) | (engine_type << 8) | engine_id);
}

/**
 * What a packet adds to its sequence.
 *
 * @param result What the decoder returned
 * @returns Flows, or 1 where packets are counted; -1 where records could not be counted, since their
 * template has not come or the packet is damaged; `undefined` where the packet has no sequence number,
 * or was refused for want of room and will come again
 *
 * @example
 * ```ts
 * import { createPduRegistry, decodePdu, PDU_CODECS, sequenceUnits } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * const datagram = new Uint8Array(24 + 2 * 48);
 * datagram.set([0, 5, 0, 2]);
 * assertEquals(sequenceUnits(decodePdu(createPduRegistry(PDU_CODECS), datagram)), 2);
 * ```
 */
export function sequenceUnits(result: PduResult): number | undefined {
  const { codec, header, reason } = result;
  if (codec === undefined || header?.sequence === undefined || reason === "batch-full") {
    return undefined;
  }
  switch (codec.sequenceUnit) {
    case "none":
      return undefined;
    case "packets":
      return 1;
    case "flows":
      if (result.units !== undefined) return result.units;
      // What its header says, unless that is more than can be.
      return reason === "count-over-maximum" ? result.rows : header.count;
  }
}

function exporterKey(exporter: ExporterAddress): number | string {
  return typeof exporter === "number" ? exporter : String.fromCharCode(...exporter);
}

/** Version and source as one exact number of 48 bits. */
function sourceKey(version: number, source: number): number {
  return version * 2 ** 32 + source;
}
