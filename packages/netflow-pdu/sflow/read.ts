import type { PduInput } from "../codec.ts";
import { hexOctets } from "../dump.ts";
import { COUNTER_STRUCTURE_BY_FORMAT } from "./counter_structures.ts";
import { SflowCursor } from "./cursor.ts";
import { DATAGRAM_FIELDS, endOf, readHead } from "./datagram.ts";
import { SflowFault } from "./fault.ts";
import { FLOW_STRUCTURE_BY_FORMAT, SAMPLED_HEADER } from "./flow_structures.ts";
import { readSampledPacket, type SflowPacket } from "./sampled_packet.ts";
import { RECORD_COUNT_BYTES } from "./sample_facts.ts";
import { holdsCounters, SAMPLE_STRUCTURE_BY_FORMAT } from "./sample_structures.ts";
import { enterpriseOf, formatOf, type SflowStructure } from "./structure.ts";
import { type SflowValue, ValueReader } from "./value_reader.ts";

/** What samples and records have in common. */
export interface SflowPart {
  /** Name of the structure in the specification; `unknown` where nobody knows the format. */
  readonly title: string;
  /** Who defined the format: 0 for sFlow.org, else a private enterprise number. */
  readonly enterprise: number;
  /** Number of the format. */
  readonly format: number;
  /** Octets from the start of the datagram to the data. */
  readonly offset: number;
  /** Octets of the data as they say themselves. */
  readonly length: number;
  /** The fields by their names in the specification, in wire order. */
  readonly fields: Readonly<Record<string, SflowValue>>;
  /** Octets that no field covers, in hexadecimal: all of those of an unknown format. */
  readonly hex?: string;
}

/** One record of a sample. */
export interface SflowRecord extends SflowPart {
  /** The headers of a sampled packet, as far as they could be taken apart. */
  readonly packet?: SflowPacket;
}

/** One sample. */
export interface SflowSample extends SflowPart {
  /** Its records, those that are whole. */
  readonly records: readonly SflowRecord[];
}

/** A datagram of sFlow v5. */
export interface SflowDatagram {
  /** 5. */
  readonly version: number;
  /** Address of the agent; `null` where it has none. */
  readonly agent_address: string | null;
  /** Which part of the agent sent it. */
  readonly sub_agent_id: number;
  /** Datagrams that the sub agent sent before. */
  readonly sequence_number: number;
  /** Uptime of the agent when it was sent, ms. */
  readonly uptime: number;
  /** Samples as the header says. */
  readonly count: number;
  /** The samples that are there; the last may be cut short. */
  readonly samples: readonly SflowSample[];
}

/**
 * Reads all that is in a datagram of sFlow v5: flow samples, counter samples, notices of discarded
 * packets, with every field by its name in the specification. What is damaged is shown as far as it
 * goes; `decode` of the codec says what is wrong. Plain objects, ready for `JSON.stringify`.
 *
 * @param input The datagram
 * @returns What it says; `undefined` where its header is not whole, or not one of sFlow v5
 *
 * @example
 * ```ts
 * import { readSflow } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * // A datagram of agent 10.0.0.1: one counter sample of interface 3 with its name.
 * const words = [
 *   5, 1, 0x0a000001, 0, 7, 60000, 1,
 *   2, 28, 1, 3, 1,
 *   1005, 8, 4, 0x65746830,
 * ];
 * const view = new DataView(new ArrayBuffer(4 * words.length));
 * words.forEach((word, index) => view.setUint32(4 * index, word));
 *
 * const datagram = readSflow({ view, offset: 0, length: view.byteLength, exporter: 0 });
 * const [sample] = datagram?.samples ?? [];
 * assertEquals(sample.title, "counters_sample");
 * assertEquals(sample.records[0].fields, { name: "eth0" });
 * ```
 */
export function readSflow(input: PduInput): SflowDatagram | undefined {
  const head = readHead(input, new SflowFault());
  if (head === undefined) return undefined;
  const { view, offset } = input;
  const end = endOf(input);
  const fields = new ValueReader(view, offset, end).fields(DATAGRAM_FIELDS);
  const samples: SflowSample[] = [];
  const cursor = new SflowCursor();
  cursor.open(view, head.samplesAt, end);
  let whole = true;
  for (let i = 0; i < head.header.count && whole; i++) {
    whole = cursor.advance();
    if (whole || cursor.start < end) samples.push(readSample(input, cursor, end));
  }
  return {
    version: fields.version as number,
    agent_address: fields.agent_address as string | null,
    sub_agent_id: fields.sub_agent_id as number,
    sequence_number: fields.sequence_number as number,
    uptime: fields.uptime as number,
    count: head.header.count,
    samples,
  };
}

function readSample(input: PduInput, at: SflowCursor, datagramEnd: number): SflowSample {
  const { view, offset } = input;
  const { tag, start, length } = at;
  const end = Math.min(start + length, datagramEnd);
  const structure = SAMPLE_STRUCTURE_BY_FORMAT.get(tag);
  const reader = new ValueReader(view, start, end);
  const fields = reader.fields(structure?.fields ?? []);
  const records: SflowRecord[] = [];
  let next = reader.at;
  if (structure !== undefined && !reader.short && end - next >= RECORD_COUNT_BYTES) {
    const count = view.getUint32(next);
    const cursor = new SflowCursor();
    cursor.open(view, next + RECORD_COUNT_BYTES, end);
    for (let i = 0; i < count && cursor.advance(); i++) {
      records.push(readRecord(input, cursor, structure));
    }
    next = cursor.next;
  }
  return {
    title: structure?.name ?? "unknown",
    enterprise: enterpriseOf(tag),
    format: formatOf(tag),
    offset: start - offset,
    length,
    fields,
    records,
    ...rest(view, next, end),
  };
}

function readRecord(input: PduInput, at: SflowCursor, sample: SflowStructure): SflowRecord {
  const { view, offset } = input;
  const { tag, start, length } = at;
  const end = start + length;
  const table = holdsCounters(sample) ? COUNTER_STRUCTURE_BY_FORMAT : FLOW_STRUCTURE_BY_FORMAT;
  const structure = table.get(tag);
  const reader = new ValueReader(view, start, end);
  const fields = reader.fields(structure?.fields ?? []);
  return {
    title: structure?.name ?? "unknown",
    enterprise: enterpriseOf(tag),
    format: formatOf(tag),
    offset: start - offset,
    length,
    fields,
    ...(structure === SAMPLED_HEADER && { packet: readSampledPacket(view, start, end) }),
    ...rest(view, reader.at, end),
  };
}

function rest(view: DataView, at: number, end: number): { hex?: string } {
  return at < end ? { hex: hexOctets(view, at, end - at) } : {};
}
