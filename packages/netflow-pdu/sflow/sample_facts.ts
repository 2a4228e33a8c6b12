import { fieldIndex, FLOW_FIELDS } from "@flowtools/flow-model";
import { SflowCursor } from "./cursor.ts";
import type { SflowFault } from "./fault.ts";
import { FLOW_STRUCTURE_BY_FORMAT } from "./flow_structures.ts";
import { INTERFACE_FORMAT, INTERFACE_VALUE_BITS, interfaceIndex } from "./forwarding.ts";
import { KNOWN, type PlacedAddress } from "./known.ts";
import { PacketHeaders } from "./packet_headers.ts";
import { RECORD_FACTS } from "./record_facts.ts";
import { DISCARDED_PACKET, FLOW_SAMPLE, FLOW_SAMPLE_EXPANDED } from "./sample_structures.ts";
import type { SflowStructure } from "./structure.ts";
import { xdrOffsets } from "./xdr.ts";

const DPKTS = fieldIndex("dPkts");
const INPUT = fieldIndex("input");
const OUTPUT = fieldIndex("output");

const COMPACT = xdrOffsets(FLOW_SAMPLE.fields);
const EXPANDED = xdrOffsets(FLOW_SAMPLE_EXPANDED.fields);
const DISCARDED = xdrOffsets(DISCARDED_PACKET.fields);

const INTERFACE_VALUE_MASK = 2 ** INTERFACE_VALUE_BITS - 1;

/**
 * What a sample tells of its packet, in the form in which it becomes a row. One object is used for
 * many samples; what a bit of `known` does not vouch for is of an earlier one.
 */
export class SampleFacts {
  /** Bytes that the places below are offsets of. */
  view: DataView = new DataView(new ArrayBuffer(0));
  /** What is known: bits of {@linkcode KNOWN}. */
  known = 0;
  /** Numbers by field, as in `FLOW_FIELDS`; IPv4 addresses too. */
  readonly values: Float64Array<ArrayBuffer> = new Float64Array(FLOW_FIELDS.length);
  /** Where IPv6 addresses are, by field; -1 for none. */
  readonly wideAt: Int32Array<ArrayBuffer> = new Int32Array(FLOW_FIELDS.length);
  /** One packet in so many was sampled; 0 where nobody sampled. */
  samplingRate = 0;
  /** Packets that could have been sampled. */
  samplePool = 0;
  /** Samples that the agent had to drop. */
  drops = 0;
  /** Type of the data source. */
  sourceType = 0;
  /** Index of the data source. */
  sourceIndex = 0;
  /** How the output interface is to be read. */
  outputFormat = 0;
  /** What stands there. */
  outputValue = 0;
  /** Octets of the frame, its checksum included; 0 where unknown. */
  frameLength = 0;
  /** The headers of the packet, or of the one in its tunnels. */
  headers: PacketHeaders = new PacketHeaders();
  /** Headers to look into tunnels with. */
  spareHeaders: PacketHeaders = new PacketHeaders();
  /** Whether tunnelled packets take the place of those that carry them. */
  readonly innerHeaders: boolean;
  /** Where the source's MAC address is. */
  sourceMacAt = 0;
  /** Where the destination's MAC address is. */
  destinationMacAt = 0;
  /** VLAN tags in the packet. */
  tags = 0;
  /** The outermost of them. */
  outerTag = 0;
  /** The innermost of them. */
  innerTag = 0;
  /** Where the MPLS labels of the packet are. */
  labelsAt = 0;
  /** How many there are. */
  labelCount = 0;
  /** VLAN in which the packet came. */
  vlan = 0;
  /** VLAN in which it left. */
  postVlan = 0;
  /** Where the path to the destination starts: its segments, their count before them. */
  pathAt = 0;
  /** Where the communities start; their count stands before them. */
  communitiesAt = 0;
  /** First AS of the path. */
  nextAs = 0;
  /** AS that handed the packet over. */
  previousAs = 0;
  /** Source address after translation. */
  readonly natSource: PlacedAddress = { family: 0, at: 0 };
  /** Destination address after translation. */
  readonly natDestination: PlacedAddress = { family: 0, at: 0 };
  /** Source port after translation. */
  natSourcePort = 0;
  /** Destination port after translation. */
  natDestinationPort = 0;
  /** Records of unknown format that were passed over; goes on from sample to sample. */
  unknownRecords = 0;
  readonly #cursor = new SflowCursor();

  /** @param innerHeaders Whether tunnelled packets take the place of those that carry them */
  constructor(innerHeaders: boolean) {
    this.innerHeaders = innerHeaders;
  }

  /**
   * Reads a sample.
   *
   * @param view Bytes
   * @param at Where the data of the sample start
   * @param end Where they end
   * @param sample Its structure, one with records of packets
   * @param fault Told what is wrong
   * @returns Whether the sample is whole
   */
  read(
    view: DataView,
    at: number,
    end: number,
    sample: SflowStructure,
    fault: SflowFault,
  ): boolean {
    const cursor = this.#cursor;
    const count = openRecords(cursor, view, at, end, sample, fault);
    if (count < 0) return false;
    this.#reset(view);
    this.#readFixed(at, sample);
    for (let i = 0; i < count; i++) {
      if (!cursor.advance()) {
        fault.note("short-sample", cursor.next, end - at + cursor.missing, end - at);
        return false;
      }
      const { tag, start, length } = cursor;
      const read = RECORD_FACTS.get(tag);
      if (read === undefined) {
        if (!FLOW_STRUCTURE_BY_FORMAT.has(tag)) this.unknownRecords++;
      } else {
        const needed = read(this, start, start + length);
        if (needed > length) fault.note("short-record", start, needed, length);
      }
    }
    return true;
  }

  #reset(view: DataView): void {
    this.view = view;
    this.known = 0;
    this.values.fill(0);
    this.wideAt.fill(-1);
    this.values[DPKTS] = 1;
    this.samplingRate = 0;
    this.samplePool = 0;
    this.frameLength = 0;
  }

  #readFixed(at: number, sample: SflowStructure): void {
    const { view } = this;
    switch (sample) {
      case FLOW_SAMPLE: {
        const source = view.getUint32(at + COMPACT.source_id);
        this.#source(source >>> 24, source & 0xffffff);
        this.#sampling(at, COMPACT);
        const input = view.getUint32(at + COMPACT.input);
        const output = view.getUint32(at + COMPACT.output);
        this.#interfaces(
          input >>> INTERFACE_VALUE_BITS,
          input & INTERFACE_VALUE_MASK,
          output >>> INTERFACE_VALUE_BITS,
          output & INTERFACE_VALUE_MASK,
        );
        break;
      }
      case FLOW_SAMPLE_EXPANDED: {
        const { source_id, input, output } = EXPANDED;
        this.#source(view.getUint32(at + source_id), view.getUint32(at + source_id + 4));
        this.#sampling(at, EXPANDED);
        this.#interfaces(
          view.getUint32(at + input),
          view.getUint32(at + input + 4),
          view.getUint32(at + output),
          view.getUint32(at + output + 4),
        );
        break;
      }
      case DISCARDED_PACKET: {
        const { source_id, drops, inputifindex, outputifindex, reason } = DISCARDED;
        this.#source(view.getUint32(at + source_id), view.getUint32(at + source_id + 4));
        this.drops = view.getUint32(at + drops);
        this.#interfaces(
          INTERFACE_FORMAT.single,
          view.getUint32(at + inputifindex),
          INTERFACE_FORMAT.discarded,
          view.getUint32(at + reason),
        );
        this.values[OUTPUT] = view.getUint32(at + outputifindex);
        break;
      }
    }
  }

  #source(type: number, index: number): void {
    this.sourceType = type;
    this.sourceIndex = index;
  }

  #sampling(at: number, offsets: typeof COMPACT): void {
    const { view } = this;
    this.samplingRate = view.getUint32(at + offsets.sampling_rate);
    this.samplePool = view.getUint32(at + offsets.sample_pool);
    this.drops = view.getUint32(at + offsets.drops);
  }

  #interfaces(inFormat: number, inValue: number, outFormat: number, outValue: number): void {
    this.values[INPUT] = interfaceIndex(inFormat, inValue);
    this.values[OUTPUT] = interfaceIndex(outFormat, outValue);
    this.outputFormat = outFormat;
    this.outputValue = outValue;
    if (outFormat === INTERFACE_FORMAT.discarded) this.known |= KNOWN.discarded;
  }
}

/**
 * Places a cursor before the records of a sample.
 *
 * @param cursor The cursor
 * @param view Bytes
 * @param at Where the data of the sample start
 * @param end Where they end
 * @param sample Its structure
 * @param fault Told where the sample is too short for its fields
 * @returns Records as the sample says; -1 where it is too short
 */
export function openRecords(
  cursor: SflowCursor,
  view: DataView,
  at: number,
  end: number,
  sample: SflowStructure,
  fault: SflowFault,
): number {
  const fixed = sample.size! + RECORD_COUNT_BYTES;
  if (end - at < fixed) {
    fault.note("short-sample", at, fixed, end - at);
    return -1;
  }
  cursor.open(view, at + fixed, end);
  return view.getUint32(at + fixed - RECORD_COUNT_BYTES);
}

/** Bytes of the number of records, which stands between the fields of a sample and its records. */
export const RECORD_COUNT_BYTES = 4;
