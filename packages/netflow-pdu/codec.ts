import type { FlowBatch, RecordLayout, TableLayout } from "@flowtools/flow-model";
import type { PduFieldDump } from "./dump.ts";
import type { ExporterAddress } from "./exporter.ts";
import type { PduReason } from "./reasons.ts";

/** The header of a PDU. What the version lacks is not there. */
export interface PduHeader {
  /** Export version; `SFLOW_VERSION` (0) for sFlow v5. */
  version: number;
  /** Records in the PDU, as the header says. */
  count: number;
  /** Exporter's uptime when the packet was sent, milliseconds. */
  sysUpTime: number;
  /** Exporter's clock when the packet was sent, seconds since 1970-01-01 UTC. */
  unix_secs: number;
  /** Nanoseconds past `unix_secs`. */
  unix_nsecs: number;
  /** Flows (v5 to v8) or packets (v9) sent before this packet, modulo 2^32. */
  sequence?: number;
  /** Type of the flow switching engine. */
  engine_type?: number;
  /** Slot number of the flow switching engine. */
  engine_id?: number;
  /** Aggregation method of v8, 1 to 14. */
  aggregation?: number;
  /** Version of the aggregation format of v8. */
  agg_version?: number;
  /** How v5 packets were sampled: 0 not at all, 1 every n-th packet, 2 at random. */
  sampling_mode?: number;
  /** One packet in so many was looked at (v5); 0 or 1 means all. */
  sampling_interval?: number;
  /** Observation domain of v9 and IPFIX, sub agent of sFlow. */
  source_id?: number;
  /** Octets of the message, header included (IPFIX). */
  length?: number;
}

/** The name of a header field. */
export type PduHeaderName = keyof PduHeader;

/** A datagram, where it lies and who sent it. */
export interface PduInput {
  /** Bytes that hold the datagram. */
  readonly view: DataView;
  /** Where the datagram starts in the view. */
  readonly offset: number;
  /** Bytes of the datagram. */
  readonly length: number;
  /** Who sent it; it becomes `exaddr` of the flows. */
  readonly exporter: ExporterAddress;
  /**
   * When it came, Unix milliseconds, where that is known. What waits or grows old is measured by it,
   * not by the clocks of exporters; without it nothing does. It dates the flows of protocols without
   * a clock (sFlow), which otherwise have none.
   */
  readonly receivedAt?: number;
}

/**
 * What became of a datagram. Without a `reason` it was faultless. With one, the records that are
 * whole were delivered all the same (`rows` says how many), and never more than those.
 */
export interface PduResult {
  /** The codec of its version; not there where none is known. */
  readonly codec?: PduCodec;
  /** Its header; not there where the datagram is too short for one or nobody can read it. */
  readonly header?: PduHeader;
  /** Flows appended to the batch, those included that earlier datagrams brought and that waited. */
  readonly rows: number;
  /**
   * Units that the datagram adds to its sequence, where they are neither 1 a packet nor the count of
   * the header: the data records of IPFIX. -1 where some cannot be counted, since their template has
   * not come.
   */
  readonly units?: number;
  /**
   * Who made the datagram, where it says so itself and the exporter may be a relay: the agent of
   * sFlow. Its sequences are told apart by it.
   */
  readonly agent?: ExporterAddress;
  /** Parts that were passed over because nobody knows their format: samples and records of sFlow. */
  readonly unknownParts?: number;
  /** What is wrong with the datagram. */
  readonly reason?: PduReason;
  /** Bytes from the start of the datagram to the fault. */
  readonly offset?: number;
  /** What would be right: bytes, records, rows or a version, as the reason goes. */
  readonly expected?: number;
  /** What was there instead, in the same unit. */
  readonly got?: number;
}

/**
 * What a codec remembers of one exporter between packets, such as templates. Only the codec that
 * made it looks inside; the codecs of v1 to v8 need none.
 */
export interface PduSession {
  /** Sets that were kept and whose template has not come yet. */
  readonly waiting?: number;
  /** Whether records of earlier datagrams can be decoded as soon as a batch has room for them. */
  readonly holds?: boolean;
  /**
   * Appends records of earlier datagrams that no batch had room for, as far as there is room now.
   * `decode` does so by itself: this is for when no datagram comes any more.
   *
   * @param batch Where they go
   * @returns Rows appended
   */
  appendHeld?(batch: FlowBatch): number;
  /** Gives back what it takes of bounds that it shares with others, where its exporter is forgotten. */
  close?(): void;
}

/** The tables of a version whose packets all look alike. */
export interface PduLayouts {
  /** The packet header. */
  readonly header: TableLayout;
  /** One record. */
  readonly record: RecordLayout;
}

/**
 * One NetFlow version, or one aggregation method of v8, as a plugin: everything that the other
 * functions of the package need to know of it.
 *
 * `@flowtools/netflow-pdu/testing` holds a small one to copy from.
 */
export interface PduCodec {
  /** Export version: the first 16 bits of its packets; `versionLabel` makes it text for people. */
  readonly version: number;
  /** Aggregation method, where the version has several record formats. */
  readonly aggregation?: number;
  /** Its name for people, such as `NetFlow v5`. */
  readonly title: string;
  /** The document that defines it. */
  readonly reference: string;
  /** What the sequence number of the header counts. */
  readonly sequenceUnit: "flows" | "packets" | "none";
  /** Records in a packet at most. */
  readonly maxRecords: number;
  /** The tables of its packets; not there where packets bring templates of their own. */
  readonly layouts?: PduLayouts;
  /** Fields of every `PduHeader` that its packets do not have: they are 0 and mean nothing. */
  readonly lacking?: readonly PduHeaderName[];

  /**
   * Makes the memory of one exporter; not there where the codec needs none.
   *
   * @returns A new session
   */
  createSession?(): PduSession;

  /**
   * Appends the records of a datagram to a batch. Never throws on what the datagram holds.
   *
   * @param input The datagram
   * @param batch Where the flows go; without one the datagram is only checked, and `rows` is 0
   * @param session The exporter's, where the codec has sessions
   * @returns What became of it
   */
  decode(input: PduInput, batch: FlowBatch | undefined, session?: PduSession): PduResult;

  /**
   * Writes rows of a batch as one packet. Reserved bytes are 0. Flows of IPv6 have no place in versions
   * with addresses of four octets: they are left out, and the packet counts fewer.
   *
   * @param batch The flows
   * @param from First row
   * @param count Rows, 1 to `maxRecords`
   * @param header Header fields; what is not given comes from the columns of the first row, or is 0
   * @param misfits Told, per field, how many values did not fit and were replaced, or cannot be held
   * @returns The packet
   * @throws {RangeError} The rows are too many for one packet, the batch does not have them, or none of
   * them has a place
   * @throws {FlowAttributeError} The batch does not keep a column that the records need
   */
  encode(
    batch: FlowBatch,
    from: number,
    count: number,
    header: Partial<PduHeader>,
    misfits?: Map<string, number>,
  ): Uint8Array<ArrayBuffer>;

  /**
   * Lists the fields of a datagram, as far as it goes: damaged ones too.
   *
   * @param input The datagram
   * @param session The exporter's, where the codec has sessions: records of templates that came in
   * earlier datagrams are taken apart by it, and it stays as it is
   * @returns The fields in wire order
   */
  describe(input: PduInput, session?: PduSession): PduFieldDump[];
}

/** A codec whose packets all look alike. */
export interface ClassicPduCodec extends PduCodec {
  /** The tables of its packets. */
  readonly layouts: PduLayouts;
}
