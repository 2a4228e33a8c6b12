/**
 * What a load is made of: a hundred packets that every exporter sends again and again, each time
 * with sequence numbers that go on, and what a faultless collector makes of them.
 *
 * @module
 */
import { FlowBatch } from "@flowtools/flow-model";
import {
  type ClassicPduCodec,
  type PduReason,
  V1_CODEC,
  V5_CODEC,
  V7_CODEC,
  V8_CODECS,
} from "@flowtools/netflow-pdu";
import { IPFIX_RECORDS, IPFIX_SEQUENCE_OFFSET, ipfixPacket } from "./ipfix_packets.ts";
import { Random } from "../random.ts";
import { Workload } from "../workload.ts";

/** Packets of a pattern. */
export const PATTERN_PACKETS = 100;

/** Where the header has its sequence number, in every version that has one but IPFIX. */
const SEQUENCE_OFFSET = 16;
const UNIX_SECS_OFFSET = 8;
const COUNT_OFFSET = 2;

/** A packet of the pattern, and what becomes of it. */
export interface PatternPacket {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Version label, such as `5` or `8.1`; `unknown` where nobody can read the header. */
  readonly version: string;
  /** Which of the exporter's sequences it belongs to; `undefined` for none. */
  readonly stream: number | undefined;
  /** What it adds to its sequence. */
  readonly units: number;
  /** Whole flows in it. */
  readonly flows: number;
  /** What is wrong with it. */
  readonly reason: PduReason | undefined;
  /** Where its sequence number stands, where that is not where most versions have it. */
  readonly sequenceOffset?: number;
}

/** What a pattern is to be like. */
export interface PatternOptions {
  /** Only full packets of v5, or v1, v5, v7 and v8, or IPFIX of twenty fields and 24 records. */
  readonly versions: "v5" | "mixed" | "ipfix";
  /** Packets in a hundred that have a fault. */
  readonly malformedPercent: number;
}

/** The faults, taken in turn; each is made of a full packet of v5. */
const FAULTS: readonly ((full: Uint8Array<ArrayBuffer>) => Omit<PatternPacket, "stream">)[] = [
  (full) => {
    // Ends within the eleventh record.
    const bytes = full.slice(0, 24 + 10 * 48 + 20);
    return { bytes, version: "5", units: 30, flows: 10, reason: "short-datagram" };
  },
  (full) => {
    const bytes = new Uint8Array(full.length + 7);
    bytes.set(full);
    return { bytes, version: "5", units: 30, flows: 30, reason: "trailing-bytes" };
  },
  (full) => {
    const bytes = full.slice(0, 24);
    new DataView(bytes.buffer).setUint16(COUNT_OFFSET, 0);
    return { bytes, version: "5", units: 0, flows: 0, reason: "count-zero" };
  },
  (full) => {
    const bytes = full.slice(0, 120);
    new DataView(bytes.buffer).setUint16(0, 0x4242);
    return { bytes, version: "unknown", units: 0, flows: 0, reason: "unknown-version" };
  },
  (full) => ({
    bytes: full.slice(0, 3),
    version: "unknown",
    units: 0,
    flows: 0,
    reason: "short-header",
  }),
];

/**
 * Makes a pattern of realistic flows.
 *
 * @param options What is in it
 * @returns A hundred packets; sequence numbers are 0
 */
export function makePattern(options: PatternOptions): PatternPacket[] {
  const codecs = options.versions === "v5"
    ? [V5_CODEC]
    : [V5_CODEC, V5_CODEC, V1_CODEC, V7_CODEC, V8_CODECS[0]];
  const workload = new Workload(7);
  if (options.versions === "ipfix") return ipfixPattern(workload);
  const shuffled = shuffle([...Array(PATTERN_PACKETS).keys()], new Random(11));
  const faulty = new Set(shuffled.slice(0, options.malformedPercent));
  let faults = 0;
  return Array.from({ length: PATTERN_PACKETS }, (_, index) => {
    if (faulty.has(index)) {
      const fault = FAULTS[faults++ % FAULTS.length](fullPacket(V5_CODEC, workload));
      // Those without a readable header have no sequence number either.
      return { ...fault, stream: fault.version === "unknown" ? undefined : V5_CODEC.version };
    }
    const codec = codecs[index % codecs.length];
    return {
      bytes: fullPacket(codec, workload),
      version: codec.aggregation === undefined
        ? String(codec.version)
        : `${codec.version}.${codec.aggregation}`,
      stream: codec.sequenceUnit === "none" ? undefined : codec.version,
      units: codec.maxRecords,
      flows: codec.maxRecords,
      reason: undefined,
    };
  });
}

/** Writes the sequence number of a packet's exporter into it. */
export function setSequence(
  view: DataView,
  offset: number,
  { sequenceOffset = SEQUENCE_OFFSET }: PatternPacket,
  sequence: number,
): void {
  view.setUint32(offset + sequenceOffset, sequence);
}

/** The sequence numbers of one exporter, by stream. */
export class Sequences {
  readonly #next = new Map<number, number>();

  /** The number of the next packet; the one behind it goes on from there. */
  take({ stream, units }: PatternPacket): number | undefined {
    if (stream === undefined) return undefined;
    const sequence = this.#next.get(stream) ?? 0;
    this.#next.set(stream, (sequence + units) >>> 0);
    return sequence;
  }
}

/** The template comes with the first packet, and again with each turn. */
function ipfixPattern(workload: Workload): PatternPacket[] {
  const { schema } = V5_CODEC.layouts.record;
  return Array.from({ length: PATTERN_PACKETS }, (_, index) => {
    const batch = new FlowBatch({ capacity: IPFIX_RECORDS });
    workload.fill(batch, schema, IPFIX_RECORDS);
    return {
      bytes: ipfixPacket(batch, index === 0),
      version: "10",
      stream: 10,
      units: IPFIX_RECORDS,
      flows: IPFIX_RECORDS,
      reason: undefined,
      sequenceOffset: IPFIX_SEQUENCE_OFFSET,
    };
  });
}

function fullPacket(codec: ClassicPduCodec, workload: Workload): Uint8Array<ArrayBuffer> {
  const batch = new FlowBatch({ capacity: codec.maxRecords });
  workload.fill(batch, codec.layouts.record.schema, codec.maxRecords);
  // One exporter has one engine; the flows of the workload come from several.
  const header = { sequence: 0, engine_type: 0, engine_id: 0 };
  const packet = codec.encode(batch, 0, codec.maxRecords, header);
  new DataView(packet.buffer).setUint32(UNIX_SECS_OFFSET, Math.floor(Date.now() / 1000));
  return packet;
}

function shuffle<T>(list: T[], random: Random): T[] {
  for (let last = list.length - 1; last > 0; last--) {
    const other = random.int(last + 1);
    [list[last], list[other]] = [list[other], list[last]];
  }
  return list;
}
