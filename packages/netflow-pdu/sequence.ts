import type { PduHeader, PduResult } from "./codec.ts";
import type { ExporterAddress } from "./exporter.ts";
import {
  SEQUENCE_GAP_MAX,
  SEQUENCE_RANGES_MAX,
  SEQUENCE_RESTART_RUN,
  SEQUENCE_STREAMS_MAX,
  SEQUENCE_WINDOW,
} from "./limits.ts";

/**
 * What a sequence number told about its packet.
 *
 * | event | meaning |
 * | --- | --- |
 * | `first` | the sequence was not known before |
 * | `in-order` | what was expected |
 * | `lost` | it jumped ahead: the units between are missing |
 * | `reordered` | a packet that was missing came late |
 * | `duplicate` | a packet that was not missing came again |
 * | `reset` | too far off in either direction: the exporter started anew |
 */
export type SequenceEvent = "first" | "in-order" | "lost" | "reordered" | "duplicate" | "reset";

/** What one packet changed. */
export interface SequenceResult {
  /** What happened. */
  readonly event: SequenceEvent;
  /** Units newly missing; negative where a late packet takes its units back out of the loss. */
  readonly lost: number;
}

/** Running totals. The share lost is `lost / (lost + received)`. */
export interface SequenceTotals {
  /** Units missing. */
  lost: number;
  /** Units that came, duplicates not counted. */
  received: number;
  /** Packets that came late. */
  reordered: number;
  /** Packets that came again. */
  duplicate: number;
  /** Times that the sequence started anew. */
  reset: number;
}

/** Bounds of a {@linkcode SequenceTracker}; the defaults stand in `limits.ts`. */
export interface SequenceOptions {
  /** Units that a sequence may jump ahead and still count as lost. */
  readonly gapMax?: number;
  /** Units that a packet may be late. */
  readonly window?: number;
  /** Late packets in a row, each continuing the one before, that mean a reset. */
  readonly restartRun?: number;
  /** Sequences tracked at once. */
  readonly streamsMax?: number;
  /** Missing ranges remembered per sequence. */
  readonly rangesMax?: number;
}

/** A stretch of a sequence that never came. */
interface MissingRange {
  readonly start: number;
  readonly length: number;
}

/** One sequence, linked to the ones heard of before and after it. */
interface Stream {
  readonly exporterKey: number | string;
  readonly sourceKey: number;
  readonly totals: SequenceTotals;
  next: number;
  missing: MissingRange[];
  /** Where the last late packet ended, and how many came so in a row. */
  lateNext: number;
  lateRun: number;
  newer: Stream | undefined;
  older: Stream | undefined;
}

const HALF_SEQUENCE = 2 ** 31;

/**
 * Tells from sequence numbers what was lost on the way, sequence by sequence. A sequence belongs
 * to an exporter, a version and a source (engine, or observation domain).
 *
 * Numbers are modulo 2^32, and a wrap is in order. The memory is bounded: beyond the limits the
 * sequence unheard of for longest is forgotten, and so is the oldest missing range.
 *
 * Source: RFC 3954 §5.1 for v9 packets; Cisco's `flow_sequence` for v5 to v8 flows.
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
  readonly #totals = zeroTotals();
  readonly #limits: Required<SequenceOptions>;
  readonly #streams = new Map<number | string, Map<number, Stream>>();
  #size = 0;
  #newest: Stream | undefined;
  #oldest: Stream | undefined;

  /**
   * Makes a tracker that knows no sequence.
   *
   * @param options Bounds other than the usual
   */
  constructor(options: SequenceOptions = {}) {
    this.totals = this.#totals;
    this.#limits = {
      gapMax: options.gapMax ?? SEQUENCE_GAP_MAX,
      window: options.window ?? SEQUENCE_WINDOW,
      restartRun: options.restartRun ?? SEQUENCE_RESTART_RUN,
      streamsMax: options.streamsMax ?? SEQUENCE_STREAMS_MAX,
      rangesMax: options.rangesMax ?? SEQUENCE_RANGES_MAX,
    };
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
   * @param units What the next packet's number should be ahead by: flows, or 1 for packets
   * @returns What the number tells
   */
  update(
    exporter: ExporterAddress,
    version: number,
    source: number,
    sequence: number,
    units: number,
  ): SequenceResult {
    const known = this.#find(exporter, version, source);
    if (known === undefined) {
      const stream = this.#add(exporterKey(exporter), sourceKey(version, source));
      stream.next = (sequence + units) >>> 0;
      this.#count(stream, "received", units);
      return { event: "first", lost: 0 };
    }
    this.#touch(known);
    const ahead = (sequence - known.next) >>> 0;
    if (ahead < HALF_SEQUENCE) return this.#goOn(known, sequence, units, ahead);
    return this.#comeLate(known, sequence, units, 2 ** 32 - ahead);
  }

  /**
   * Notes a packet that was decoded.
   *
   * @param exporter Who sent it
   * @param result What the decoder returned
   * @returns What its number tells, or `undefined` where the packet has none, or was refused for
   * want of room and will come again
   */
  observe(exporter: ExporterAddress, result: PduResult): SequenceResult | undefined {
    const { codec, header } = result;
    if (codec === undefined || header?.sequence === undefined) return undefined;
    if (codec.sequenceUnit === "none" || result.reason === "batch-full") return undefined;
    return this.update(
      exporter,
      header.version,
      sequenceSource(header),
      header.sequence,
      codec.sequenceUnit === "packets" ? 1 : sequenceFlows(result, header),
    );
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
    return this.#find(exporter, version, source)?.totals;
  }

  /** A packet at the expected number, or ahead of it. */
  #goOn(stream: Stream, sequence: number, units: number, ahead: number): SequenceResult {
    if (ahead > this.#limits.gapMax) return this.#restart(stream, sequence, units);
    stream.lateRun = 0;
    this.#count(stream, "received", units);
    if (ahead > 0) {
      this.#count(stream, "lost", ahead);
      stream.missing.push({ start: stream.next, length: ahead });
      if (stream.missing.length > this.#limits.rangesMax) stream.missing.shift();
    }
    stream.next = (sequence + units) >>> 0;
    return { event: ahead > 0 ? "lost" : "in-order", lost: ahead };
  }

  /** A packet that starts `behind` units before the expected number. */
  #comeLate(stream: Stream, sequence: number, units: number, behind: number): SequenceResult {
    if (behind > this.#limits.window) return this.#restart(stream, sequence, units);
    const index = stream.missing.findIndex(({ start, length }) =>
      units > 0 && ((sequence - start) >>> 0) + units <= length
    );
    if (index >= 0) {
      const { start, length } = stream.missing[index];
      const before = (sequence - start) >>> 0;
      const after = length - before - units;
      const left: MissingRange[] = [];
      if (before > 0) left.push({ start, length: before });
      if (after > 0) left.push({ start: (sequence + units) >>> 0, length: after });
      stream.missing.splice(index, 1, ...left);
      if (stream.missing.length > this.#limits.rangesMax) stream.missing.shift();
      stream.lateRun = 0;
      this.#count(stream, "received", units);
      this.#count(stream, "lost", -units);
      this.#count(stream, "reordered", 1);
      return { event: "reordered", lost: -units };
    }
    stream.lateRun = sequence === stream.lateNext ? stream.lateRun + 1 : 1;
    stream.lateNext = (sequence + units) >>> 0;
    if (stream.lateRun >= this.#limits.restartRun) return this.#restart(stream, sequence, units);
    this.#count(stream, "duplicate", 1);
    return { event: "duplicate", lost: 0 };
  }

  #restart(stream: Stream, sequence: number, units: number): SequenceResult {
    stream.next = (sequence + units) >>> 0;
    stream.missing = [];
    stream.lateRun = 0;
    this.#count(stream, "received", units);
    this.#count(stream, "reset", 1);
    return { event: "reset", lost: 0 };
  }

  #count(stream: Stream, what: keyof SequenceTotals, by: number): void {
    stream.totals[what] += by;
    this.#totals[what] += by;
  }

  #find(exporter: ExporterAddress, version: number, source: number): Stream | undefined {
    return this.#streams.get(exporterKey(exporter))?.get(sourceKey(version, source));
  }

  #add(exporterKey: number | string, sourceKey: number): Stream {
    if (this.#size >= this.#limits.streamsMax) this.#forgetOldest();
    const stream: Stream = {
      exporterKey,
      sourceKey,
      totals: zeroTotals(),
      next: 0,
      missing: [],
      lateNext: 0,
      lateRun: 0,
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
    this.#linkNewest(stream);
    return stream;
  }

  #forgetOldest(): void {
    const stream = this.#oldest;
    if (stream === undefined) return;
    this.#unlink(stream);
    this.#size--;
    const sources = this.#streams.get(stream.exporterKey);
    sources?.delete(stream.sourceKey);
    if (sources?.size === 0) this.#streams.delete(stream.exporterKey);
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

/** The flows a packet stands for: what its header says, unless that is more than can be. */
function sequenceFlows(result: PduResult, header: PduHeader): number {
  return result.reason === "count-over-maximum" ? result.rows : header.count;
}

function exporterKey(exporter: ExporterAddress): number | string {
  return typeof exporter === "number" ? exporter : String.fromCharCode(...exporter);
}

/** Version and source as one exact number of 48 bits. */
function sourceKey(version: number, source: number): number {
  return version * 2 ** 32 + source;
}

function zeroTotals(): SequenceTotals {
  return { lost: 0, received: 0, reordered: 0, duplicate: 0, reset: 0 };
}
