import type { FlowBatch } from "@flowtools/flow-model";
import type { TemplateCodec } from "./define_codec.ts";
import {
  ENCODE_OCTETS_DEFAULT,
  ENCODE_OCTETS_MAX,
  ENCODE_OCTETS_MIN,
  FILE_MESSAGE_OCTETS_MAX,
  RESEND_MS_DEFAULT,
  RESEND_PACKETS_DEFAULT,
} from "./encode_limits.ts";
import { EncodeStreams } from "./encode_streams.ts";
import { DomainNumbers } from "./domain_numbers.ts";

/** What {@linkcode createTemplateEncoder} may be told. */
export interface TemplateEncoderOptions {
  /** Octets of a packet at most, 512 to 65507 (65535 in IPFIX files); default 1400. */
  readonly maxOctets?: number;
  /** Packets after which templates and samplers in use are sent again; default 100. */
  readonly resendPackets?: number;
  /** Milliseconds after which templates and samplers in use are sent again; default 60000. */
  readonly resendMs?: number;
  /**
   * Observation domain (IPFIX) or source id (NetFlow v9) of the first flows; default 0. Flows of
   * exporters that told names get domains of their own, the same as they came in where that is free.
   */
  readonly domain?: number;
  /** The domains in use where the packets go; default none but those of the encoder. */
  readonly domains?: DomainNumbers;
  /** Sequence number of the first packet; default 0. */
  readonly sequence?: number;
  /**
   * Whether records tell the exporter of each flow (`exporterIPv4Address`, `exporterIPv6Address`)
   * where it has one; default true.
   */
  readonly exporters?: boolean;
  /**
   * Whether flows whose records the batch keeps as octets are sent as those; default true. Not for
   * batches whose columns were changed since they were decoded: octets still have the old values.
   */
  readonly octets?: boolean;
  /**
   * Whether flows share a packet only where the clocks of their exporters are the same, so that
   * `unix_secs` and `sysUpTime` are kept as well; default false. Times of flows are exact anyway.
   */
  readonly splitClocks?: boolean;
  /**
   * Takes each packet as soon as it is complete, with the rows that are in it; packets are not gathered
   * then. Packets of templates alone have none.
   */
  readonly take?: (packet: Uint8Array<ArrayBuffer>, rows: number) => void;
}

/** What an encoder has done so far. */
export interface TemplateEncoderCounters {
  /** Packets. */
  readonly packets: number;
  /** Rows that were written. */
  readonly rows: number;
  /** Templates that were sent, those of options and repetitions included. */
  readonly templates: number;
  /** Rows for what goes back of flows whose records, written before them, tell both directions. */
  readonly merged: number;
  /** Rows that no packet has room for, or nothing of which has a place: they were not written. */
  readonly refused: number;
}

/**
 * Makes packets of NetFlow v9 or IPFIX of flows of any version, one after the other: templates get
 * numbers, go before the records that need them and are sent again from time to time.
 *
 * | rows | become |
 * | --- | --- |
 * | of NetFlow v9 and IPFIX whose octets the batch keeps | the same records, octet by octet |
 * | others | records of the IANA elements of their columns, counters of 8 octets |
 *
 * - Times are exact: uptimes that count from the header of the packet in NetFlow v9, Unix
 *   milliseconds in IPFIX. A packet takes only flows whose times it can tell (24 days from its own).
 *   Its clock is that of its first flow; flows without one (`unix_secs` is 0) are of now.
 * - From NetFlow v9 to IPFIX, uptimes get `systemInitTimeMilliseconds` beside them; field types above
 *   32767 become elements of enterprises.
 * - From IPFIX to NetFlow v9, elements of enterprises that NetFlow v9 has no number for and lists are
 *   left out; text of variable length is filled up with NULs, and other values of variable length
 *   get a template for each length.
 * - A further column `samplingRate` becomes samplers in options data, which records refer to.
 * - Further columns of numbers become elements of their names.
 * - Lists in records of IPFIX (RFC 6313) keep what is in them: the templates that they refer to are
 *   sent as well, and where those get other numbers, lists tell these.
 * - What options of an exporter told of interfaces, routing instances, applications, samplers and
 *   elements (RFC 5610) goes before its flows, in options data. Its domains become domains of their
 *   own then, which keep their numbers where these are free.
 *
 * What a record cannot hold is counted in `lost`: columns without an element (tags, encapsulations,
 * `router_sc`, `extra_pkts`, `marked_tos`) where they are not 0, text that was cut, what was left out,
 * and fields that records had beyond the columns of the batch, where their octets are not used.
 *
 * Source: RFC 3954; RFC 7011.
 *
 * @example Old NetFlow v5 as IPFIX
 * ```ts
 * import { createTemplateEncoder, decodePdu, createPduRegistry, IPFIX_CODEC, V5_CODEC } from "@flowtools/netflow-pdu";
 * import { FlowBatch } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * const batch = new FlowBatch();
 * const { schema } = V5_CODEC.layouts.record;
 * batch.append(schema, { srcaddr: "192.0.2.1", dOctets: 40, unix_secs: 1_000_000_000, src_as: 64512 });
 *
 * const encoder = createTemplateEncoder(IPFIX_CODEC, { domain: 7 });
 * const packets = encoder.encode(batch, 0, batch.length, Date.now());
 * assertEquals(packets.length, 1);
 *
 * const received = new FlowBatch();
 * const { header } = decodePdu(createPduRegistry([IPFIX_CODEC]), packets[0], received);
 * assertEquals(header?.source_id, 7);
 * assertEquals(received.flow(0).srcaddr, "192.0.2.1");
 * assertEquals(received.flow(0).first, 1_000_000_000);
 * ```
 */
export class TemplateEncoder {
  /** For each field, how many values no record could hold; fields beyond a bound are `others`. */
  readonly lost: Map<string, number> = new Map();
  readonly #streams: EncodeStreams;
  #packets: Uint8Array<ArrayBuffer>[] = [];

  /**
   * Makes an encoder; {@linkcode createTemplateEncoder} is the usual way.
   *
   * @param codec The version to write
   * @param options Bounds and choices
   * @throws {RangeError} An option is out of bounds
   */
  constructor(codec: TemplateCodec, options: TemplateEncoderOptions = {}) {
    const { dialect: { version }, header, elements } = codec;
    const { maxOctets = ENCODE_OCTETS_DEFAULT, domain, sequence = 0 } = options;
    const { resendPackets = RESEND_PACKETS_DEFAULT, resendMs = RESEND_MS_DEFAULT } = options;
    const highest = version === 10 ? FILE_MESSAGE_OCTETS_MAX : ENCODE_OCTETS_MAX;
    requireBounds(codec, "maxOctets", maxOctets, ENCODE_OCTETS_MIN, highest);
    requireBounds(codec, "domain", domain ?? 0, 0, NUMBER_MAX);
    requireBounds(codec, "sequence", sequence, 0, NUMBER_MAX);
    requireBounds(codec, "resendPackets", resendPackets, 1, NUMBER_MAX);
    if (!(resendMs > 0)) {
      throw new RangeError(
        `Cannot create ${codec.title} encoder: resendMs is ${resendMs}, expected more than 0`,
      );
    }
    this.#streams = new EncodeStreams({
      version,
      header,
      octetsMax: maxOctets,
      resendPackets,
      resendMs,
      domain,
      domains: options.domains ?? new DomainNumbers(),
      sequence,
      exporters: options.exporters ?? true,
      octets: options.octets ?? true,
      splitClocks: options.splitClocks ?? false,
      elements,
      lost: this.lost,
      take: options.take ?? ((packet) => void this.#packets.push(packet)),
    });
  }

  /** What was done so far. */
  get counters(): TemplateEncoderCounters {
    return this.#streams.counters;
  }

  /**
   * The sequence number of the next packet of the domain that was written last: packets (NetFlow v9)
   * or data records (IPFIX) so far.
   */
  get sequence(): number {
    return this.#streams.sequence;
  }

  /**
   * Writes rows as packets; none is left behind for the next call.
   *
   * @param batch The flows
   * @param from First row
   * @param count Rows
   * @param now Unix milliseconds: it says when templates are due
   * @returns The packets, in the order in which they are to be sent
   * @throws {RangeError} The batch does not have the rows
   * @throws {FlowAttributeError} The batch does not keep a column that the records need
   */
  encode(batch: FlowBatch, from: number, count: number, now: number): Uint8Array<ArrayBuffer>[] {
    this.add(batch, from, count, now);
    return this.flush();
  }

  /**
   * Adds rows to the packet that is being filled; what is complete comes with the next `flush` or
   * `takePackets`. The batch can be used for others after the call.
   *
   * @param batch The flows
   * @param from First row
   * @param count Rows
   * @param now Unix milliseconds
   * @throws {RangeError} The batch does not have the rows
   * @throws {FlowAttributeError} The batch does not keep a column that the records need
   */
  add(batch: FlowBatch, from: number, count: number, now: number): void {
    requireRows(batch, from, count);
    this.#streams.add(batch, from, count, now);
  }

  /** Gives out the packets that are full. */
  takePackets(): Uint8Array<ArrayBuffer>[] {
    const packets = this.#packets;
    this.#packets = [];
    return packets;
  }

  /** Gives out all packets, the one that is not full included. */
  flush(): Uint8Array<ArrayBuffer>[] {
    this.#streams.flush();
    return this.takePackets();
  }

  /** Has templates and samplers sent again before they are used: a new receiver, a new file. */
  resend(): void {
    this.#streams.forget();
  }
}

const NUMBER_MAX = 2 ** 32 - 1;

function requireBounds(
  { title }: TemplateCodec,
  name: string,
  value: number,
  lowest: number,
  highest: number,
): void {
  if (Number.isInteger(value) && value >= lowest && value <= highest) return;
  throw new RangeError(
    `Cannot create ${title} encoder: ${name} is ${value}, expected ${lowest} to ${highest}`,
  );
}

function requireRows(batch: FlowBatch, from: number, count: number): void {
  if (from >= 0 && count >= 0 && from + count <= batch.length) return;
  throw new RangeError(
    `Cannot encode packets: asked for rows ${from} to ${from + count - 1}, ` +
      `batch has ${batch.length}`,
  );
}

/**
 * Makes an encoder of packets with templates.
 *
 * @param codec The version to write: NetFlow v9 or IPFIX
 * @param options Bounds and choices
 * @returns The encoder
 * @throws {RangeError} An option is out of bounds
 *
 * @example
 * ```ts
 * import { createTemplateEncoder, V9_CODEC } from "@flowtools/netflow-pdu";
 * import { assertThrows } from "@std/assert";
 *
 * createTemplateEncoder(V9_CODEC, { maxOctets: 8000, resendPackets: 20 });
 * assertThrows(() => createTemplateEncoder(V9_CODEC, { maxOctets: 70_000 }), RangeError);
 * ```
 */
export function createTemplateEncoder(
  codec: TemplateCodec,
  options: TemplateEncoderOptions = {},
): TemplateEncoder {
  return new TemplateEncoder(codec, options);
}
