import { BATCH_ROWS_DEFAULT, type Flow, FlowBatch, SAMPLING_COLUMN } from "@flowtools/flow-model";
import {
  createPduRegistry,
  decodePdu,
  type ExporterAddress,
  formatExporter,
  parseExporter,
  PDU_CODECS,
  PduError,
  type PduHeader,
  type PduReason,
  type PduRegistry,
  type PduResult,
  type PduSession,
  sequenceUnits,
  TemplateSession,
} from "@flowtools/netflow-pdu";

/** How a {@linkcode FlowPDU} is decoded. */
export interface FlowPDUOptions {
  /** The codecs to decode with; default all that `@flowtools/netflow-pdu` has. */
  readonly registry?: PduRegistry;
  /**
   * What is remembered of the exporter: the templates of NetFlow v9 and IPFIX that earlier packets
   * brought. Without it a packet is decoded by the templates that it brings itself.
   */
  readonly session?: PduSession;
  /** When it came, Unix milliseconds; it dates flows of protocols without a clock (sFlow). */
  readonly receivedAt?: number;
}

const DEFAULT_REGISTRY: PduRegistry = createPduRegistry(PDU_CODECS);

/**
 * Two clocks that say when an exporter booted may differ by this much (clock steps, rounding)
 * before it counts as a restart.
 */
const BOOT_TOLERANCE_MS = 60 * 60 * 1000;

const WRAP = 2 ** 32;

/**
 * One export packet: its header, and its flows.
 *
 * With a session, the flows are decoded at once, and flows of earlier packets whose template the
 * packet brings are among them.
 *
 * @example
 * ```ts
 * import { FlowPDU } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * // A NetFlow v5 packet with one record, sent by 192.0.2.1.
 * const payload = new Uint8Array(24 + 48);
 * payload.set([0, 5, 0, 1]);
 * payload.set([10, 0, 0, 1, 10, 0, 0, 2], 24);
 *
 * const pdu = new FlowPDU("192.0.2.1", payload);
 * assertEquals(pdu.version, 5);
 * assertEquals(pdu.length, 1);
 * for (const flow of pdu) assertEquals(flow.dstaddr, "10.0.0.2");
 * ```
 */
export class FlowPDU {
  /** Address of the exporter, as text. */
  readonly exporter: string;
  /** The bytes that were decoded. */
  readonly payload: Uint8Array;
  /** The header. */
  readonly header: PduHeader;
  /**
   * What is wrong with the packet, where something is: its count lies, bytes are missing or left
   * over. The flows are those records that are really there, never more.
   */
  readonly problem: PduReason | undefined;
  readonly #address: ExporterAddress;
  readonly #registry: PduRegistry;
  readonly #receivedAt: number | undefined;
  /** Rows that there must be room for, as far as that is known. */
  readonly #rows: number;
  /** What it adds to its sequence; -1 or `undefined` where that is not known. */
  readonly #units: number | undefined;
  /** Whether all that the header counts are flows. */
  readonly #countsFlows: boolean;
  #batch: FlowBatch | undefined;

  /**
   * Decodes a packet.
   *
   * @param exporter Address of the exporter: text, an IPv4 number, or 16 bytes
   * @param payload The UDP payload; it must not change while the PDU is in use
   * @param options The codecs, what is remembered of the exporter
   * @throws {PduError} The header is not whole, or no codec knows the version
   * @throws {RangeError} The exporter is no address
   */
  constructor(
    exporter: string | number | Uint8Array,
    payload: Uint8Array,
    options: FlowPDUOptions = {},
  ) {
    this.#address = parseExporter(exporter);
    this.#registry = options.registry ?? DEFAULT_REGISTRY;
    this.exporter = formatExporter(this.#address);
    this.payload = payload;
    this.#receivedAt = options.receivedAt;
    const { session } = options;
    const result = this.#decode(undefined, session);
    if (result.header === undefined) throw new PduError(result, this.exporter);
    this.header = result.header;
    this.#countsFlows = result.codec?.layouts !== undefined;
    this.#units = this.#countsFlows ? this.header.count : sequenceUnits(result);
    this.#rows = rowsOf(result, payload);
    if (session === undefined) {
      this.problem = result.reason;
      return;
    }
    const held = session instanceof TemplateSession && session.holds ? BATCH_ROWS_DEFAULT : 0;
    const { batch, reason } = this.#fill(this.#rows + held, session);
    this.#batch = batch;
    this.problem = reason;
  }

  /** The flows as columns, decoded when first asked for; they stay as long as the PDU does. */
  get batch(): FlowBatch {
    this.#batch ??= this.#fill(this.#rows, undefined).batch;
    return this.#batch;
  }

  #fill(
    rows: number,
    session: PduSession | undefined,
  ): { readonly batch: FlowBatch; readonly reason: PduReason | undefined } {
    const extras = [{ name: SAMPLING_COLUMN, kind: "u32" }] as const;
    const batch = new FlowBatch({
      capacity: Math.max(1, rows),
      octets: !this.#countsFlows,
      extras,
    });
    const { reason, expected } = this.#decode(batch, session);
    // Codecs that make several flows of a record say so.
    return reason === "batch-full" && expected !== undefined && expected > rows
      ? this.#fill(expected, session)
      : { batch, reason };
  }

  #decode(batch: FlowBatch | undefined, session: PduSession | undefined): PduResult {
    return decodePdu(this.#registry, this.payload, batch, {
      exporter: this.#address,
      session,
      receivedAt: this.#receivedAt,
    });
  }

  /** NetFlow version. */
  get version(): number {
    return this.header.version;
  }

  /** Records in the packet as its header says; IPFIX does not say it: 0. */
  get count(): number {
    return this.header.count;
  }

  /**
   * Flows that were decoded; equal to `count` unless there is a `problem`, or the version counts
   * other things, too: templates, samples of counters.
   */
  get length(): number {
    return this.problem === undefined && this.#countsFlows ? this.count : this.batch.length;
  }

  /** Exporter's uptime when the packet was sent, ms. */
  get sysUpTime(): number {
    return this.header.sysUpTime;
  }

  /** Exporter's clock when the packet was sent, Unix seconds. */
  get unix_secs(): number {
    return this.header.unix_secs;
  }

  /** Nanoseconds past `unix_secs`. */
  get unix_nsecs(): number {
    return this.header.unix_nsecs;
  }

  /** Sequence number of the first flow; version 1 has none. */
  get sequence(): number | undefined {
    return this.header.sequence;
  }

  /** Type of the flow switching engine; version 1 has none. */
  get engine_type(): number | undefined {
    return this.header.engine_type;
  }

  /** Slot number of the flow switching engine; version 1 has none. */
  get engine_id(): number | undefined {
    return this.header.engine_id;
  }

  /** Observation domain of NetFlow v9 and IPFIX, sub agent of sFlow; others have none. */
  get source_id(): number | undefined {
    return this.header.source_id;
  }

  /** Aggregation method; version 8 only. */
  get aggregation(): number | undefined {
    return this.header.aggregation;
  }

  /** Version of the aggregation; version 8 only. */
  get agg_version(): number | undefined {
    return this.header.agg_version;
  }

  /** Sampling mode, 0 for none; version 5 only. */
  get sampling_mode(): number | undefined {
    return this.header.sampling_mode;
  }

  /** One packet in this many was looked at, 0 where not told; version 5 only. */
  get sampling_interval(): number | undefined {
    return this.header.sampling_interval;
  }

  /** Iterates over the flows. */
  [Symbol.iterator](): Generator<Flow, void, undefined> {
    return this.batch[Symbol.iterator]();
  }

  /**
   * Whether another PDU is the same packet: same exporter, same bytes.
   *
   * @param other The other PDU
   * @returns Whether they are equal
   */
  equals(other: FlowPDU): boolean {
    return this.exporter === other.exporter && compareBytes(this.payload, other.payload) === 0;
  }

  /**
   * Which of two PDUs was issued earlier; a comparator for `Array.sort`.
   *
   * PDUs of different exporters sort by address, of one exporter as follows, best effort:
   *
   * 1. The exporter restarted between them, told by the time of boot (clock less uptime, across
   *    any wrap of the uptime): the clock decides.
   * 2. It did not: uptime decides, across its wrap at 2^32 ms. So a clock that was set back does
   *    not put later packets first.
   * 3. Same uptime, same engine: the sequence number decides, across its wrap at 2^32.
   * 4. Still equal: the clock, then the bytes, so that only equal PDUs compare as equal.
   *
   * @param other The other PDU
   * @returns Below 0 where this PDU is earlier, above 0 where it is later, 0 where they are equal
   *
   * @example
   * ```ts
   * import { FlowPDU } from "@flowtools/flowset";
   * import { assertEquals } from "@std/assert";
   *
   * function packet(uptime: number, sequence: number): FlowPDU {
   *   const payload = new Uint8Array(24);
   *   const view = new DataView(payload.buffer);
   *   view.setUint16(0, 5);
   *   view.setUint32(4, uptime);
   *   view.setUint32(8, 1_700_000_000);
   *   view.setUint32(16, sequence);
   *   return new FlowPDU("192.0.2.1", payload);
   * }
   * const sorted = [packet(9000, 30), packet(9000, 0), packet(8000, 4294967266)]
   *   .sort((a, b) => a.compare(b));
   * assertEquals(sorted.map((pdu) => pdu.sequence), [4294967266, 0, 30]);
   * ```
   */
  compare(other: FlowPDU): number {
    if (this.exporter !== other.exporter) return this.exporter < other.exporter ? -1 : 1;
    const clock = clockMs(this) - clockMs(other);
    const uptime = serialDifference(this.sysUpTime, other.sysUpTime);
    const bootShift = Math.abs(clock - uptime) % WRAP;
    const restarted = Math.min(bootShift, WRAP - bootShift) > BOOT_TOLERANCE_MS;
    const farApart = Math.abs(clock) >= WRAP / 2;
    if (clock !== 0 && (restarted || farApart)) return clock;
    if (uptime !== 0) return uptime;
    if (this.#sameEngine(other)) {
      const sequence = serialDifference(this.sequence ?? 0, other.sequence ?? 0);
      if (sequence !== 0) return sequence;
    }
    const nsecs = this.unix_nsecs - other.unix_nsecs;
    return clock || nsecs || compareBytes(this.payload, other.payload);
  }

  /**
   * Whether this PDU was issued before another one of the same exporter.
   *
   * @param other The other PDU
   * @returns Whether it was, by the rules of {@linkcode FlowPDU.compare}; false between exporters
   */
  isBefore(other: FlowPDU): boolean {
    return this.exporter === other.exporter && this.compare(other) < 0;
  }

  /**
   * Whether another PDU comes right after this one: same exporter, version and engine or domain, its
   * sequence number is this one's plus what this one counts (modulo 2^32), and it was not issued
   * before. Versions 5 to 8 count flows, NetFlow v9 and sFlow packets, IPFIX data records.
   *
   * Version 1 has no sequence numbers, so nothing is known to come right after; nor is it where the
   * template of some records is not known.
   *
   * @param other The other PDU
   * @returns Whether it is the immediate successor
   */
  isNext(other: FlowPDU): boolean {
    const units = this.#units ?? -1;
    return this.exporter === other.exporter && this.#sameEngine(other) && units >= 0 &&
      this.sequence !== undefined && (this.sequence + units) % WRAP === other.sequence &&
      !other.isBefore(this);
  }

  #sameEngine(other: FlowPDU): boolean {
    return this.version === other.version && this.aggregation === other.aggregation &&
      this.engine_type === other.engine_type && this.engine_id === other.engine_id &&
      this.source_id === other.source_id;
  }
}

/** Rows that a packet needs: the count may lie, but no record takes less than a byte. */
function rowsOf({ header, units }: PduResult, payload: Uint8Array): number {
  if (units !== undefined && units >= 0) return units;
  return units === undefined ? Math.min(header!.count, payload.length) : payload.length;
}

function clockMs(pdu: FlowPDU): number {
  return pdu.unix_secs * 1000 + Math.floor(pdu.unix_nsecs / 1_000_000);
}

/** The difference of two 32-bit counters that wrap: the shorter way round. */
function serialDifference(a: number, b: number): number {
  const difference = (a - b) | 0;
  // Both ways round are as long: without the wrap, so that the sign turns with the order.
  return difference === -(2 ** 31) ? a - b : difference;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}
