import {
  type ColumnSpec,
  type RecordReader,
  type RecordValue,
  SAMPLING_COLUMN,
} from "@flowtools/flow-model";
import { SflowFault } from "./fault.ts";
import { forwardingStatus } from "./forwarding.ts";
import { KNOWN, type PlacedAddress } from "./known.ts";
import { SFLOW_PATH_MAX, SFLOW_TAG_BYTES } from "./limits.ts";
import { SampleFacts } from "./sample_facts.ts";
import { SAMPLE_STRUCTURE_BY_FORMAT } from "./sample_structures.ts";

/** A column beyond the canonical fields that sFlow can fill. */
export interface SflowColumn extends ColumnSpec {
  /** What the value means. */
  readonly doc: string;
  /** The bit of `known` without which there is no value; 0 for none. */
  readonly known: number;
  /** Takes the value; `undefined` where there is none. */
  readonly read: (facts: SampleFacts) => number | Uint8Array | undefined;
}

const VLAN_BITS = 0xfff;
const MAC_BYTES = 6;
const MPLS_LABEL_BYTES = 4;

/**
 * What sFlow tells beyond the canonical fields. Except for the sampling rate, a column is filled only
 * where the batch has it. Names are those of IPFIX information elements where one has the meaning,
 * and those of the sFlow specification elsewhere.
 */
export const SFLOW_COLUMNS: readonly SflowColumn[] = [
  {
    name: SAMPLING_COLUMN,
    kind: "u32",
    doc: "One packet in so many was sampled; counters are those of the one packet",
    known: 0,
    read: (facts) => facts.samplingRate,
  },
  {
    name: "layer2OctetDeltaCount",
    kind: "counter",
    doc: "Octets of the frame, its checksum included",
    known: 0,
    read: (facts) => facts.frameLength,
  },
  {
    name: "sample_pool",
    kind: "u32",
    doc: "Packets that could have been sampled so far, modulo 2^32",
    known: 0,
    read: (facts) => facts.samplePool,
  },
  {
    name: "drops",
    kind: "u32",
    doc: "Samples that the agent had to drop so far",
    known: 0,
    read: (facts) => facts.drops,
  },
  {
    name: "source_id_type",
    kind: "u32",
    doc: "Type of the data source: 0 interface, 1 VLAN, 2 physical entity, 3 logical entity",
    known: 0,
    read: (facts) => facts.sourceType,
  },
  {
    name: "source_id_index",
    kind: "u32",
    doc: "Index of the data source",
    known: 0,
    read: (facts) => facts.sourceIndex,
  },
  {
    name: "forwardingStatus",
    kind: "u8",
    doc: "What became of the packet (RFC 7270): 64 forwarded, from 128 on dropped, 195 taken",
    known: 0,
    read: (facts) => forwardingStatus(facts.outputFormat, facts.outputValue),
  },
  {
    name: "drop_reason",
    kind: "u32",
    doc: "Why the packet was dropped, a code of the sFlow specification",
    known: KNOWN.discarded,
    read: (facts) => facts.outputValue,
  },
  {
    name: "sourceMacAddress",
    kind: "bytes",
    doc: "MAC address of the sender",
    known: KNOWN.link,
    read: (facts) => octets(facts.view, facts.sourceMacAt, MAC_BYTES),
  },
  {
    name: "destinationMacAddress",
    kind: "bytes",
    doc: "MAC address of the receiver",
    known: KNOWN.link,
    read: (facts) => octets(facts.view, facts.destinationMacAt, MAC_BYTES),
  },
  {
    name: "vlanId",
    kind: "u16",
    doc: "VLAN in which the packet came",
    known: KNOWN.switch,
    read: (facts) => vlan(facts.vlan),
  },
  {
    name: "postVlanId",
    kind: "u16",
    doc: "VLAN in which the packet left",
    known: KNOWN.switch,
    read: (facts) => vlan(facts.postVlan),
  },
  {
    name: "dot1qVlanId",
    kind: "u16",
    doc: "VLAN of the outermost tag in the packet",
    known: KNOWN.tag,
    read: (facts) => facts.outerTag & VLAN_BITS,
  },
  {
    name: "dot1qCustomerVlanId",
    kind: "u16",
    doc: "VLAN of the innermost of several tags in the packet",
    known: KNOWN.tag,
    read: (facts) => facts.tags < 2 ? undefined : facts.innerTag & VLAN_BITS,
  },
  {
    name: "ipTTL",
    kind: "u8",
    doc: "Time to live, or hop limit",
    known: KNOWN.header,
    read: (facts) => facts.headers.ttl,
  },
  {
    name: "flowLabelIPv6",
    kind: "u32",
    doc: "Flow label of IPv6",
    known: KNOWN.header,
    read: (facts) => facts.headers.flowLabel,
  },
  {
    name: "mplsLabelStackSection",
    kind: "bytes",
    doc: "The MPLS labels of the packet, four octets each",
    known: KNOWN.mpls,
    read: (facts) => octets(facts.view, facts.labelsAt, facts.labelCount * MPLS_LABEL_BYTES),
  },
  {
    name: "bgpNextAdjacentAsNumber",
    kind: "u32",
    doc: "First AS on the path to the destination; 0 where there is none",
    known: KNOWN.gateway,
    read: (facts) => facts.nextAs,
  },
  {
    name: "bgpPrevAdjacentAsNumber",
    kind: "u32",
    doc: "AS that handed the packet over",
    known: KNOWN.gateway,
    read: (facts) => facts.previousAs,
  },
  {
    name: "dst_as_path",
    kind: "bytes",
    doc: "ASs on the path to the destination, four octets each",
    known: KNOWN.gateway,
    read: asPath,
  },
  {
    name: "communities",
    kind: "bytes",
    doc: "BGP communities of the route, four octets each",
    known: KNOWN.gateway,
    read: ({ view, communitiesAt }) => {
      const count = Math.min(view.getUint32(communitiesAt), SFLOW_PATH_MAX);
      return octets(view, communitiesAt + 4, 4 * count);
    },
  },
  {
    name: "postNATSourceIPv4Address",
    kind: "address",
    doc: "Source address after translation",
    known: KNOWN.nat,
    read: ({ view, natSource }) =>
      natSource.family === 4 ? view.getUint32(natSource.at) : undefined,
  },
  {
    name: "postNATDestinationIPv4Address",
    kind: "address",
    doc: "Destination address after translation",
    known: KNOWN.nat,
    read: ({ view, natDestination: { family, at } }) =>
      family === 4 ? view.getUint32(at) : undefined,
  },
  {
    name: "postNATSourceIPv6Address",
    kind: "bytes",
    doc: "Source address after translation",
    known: KNOWN.nat,
    read: ({ view, natSource }) => wideAddress(view, natSource),
  },
  {
    name: "postNATDestinationIPv6Address",
    kind: "bytes",
    doc: "Destination address after translation",
    known: KNOWN.nat,
    read: ({ view, natDestination }) => wideAddress(view, natDestination),
  },
  {
    name: "postNAPTSourceTransportPort",
    kind: "u16",
    doc: "Source port after translation",
    known: KNOWN.natPort,
    read: (facts) => facts.natSourcePort,
  },
  {
    name: "postNAPTDestinationTransportPort",
    kind: "u16",
    doc: "Destination port after translation",
    known: KNOWN.natPort,
    read: (facts) => facts.natDestinationPort,
  },
];

/** Octets, copied: the buffer of the datagram is used again. */
function octets(view: DataView, at: number, length: number): Uint8Array {
  const start = view.byteOffset + at;
  return new Uint8Array(view.buffer.slice(start, start + length));
}

function wideAddress(view: DataView, { family, at }: PlacedAddress): Uint8Array | undefined {
  return family === 6 ? octets(view, at, 16) : undefined;
}

function vlan(value: number): number | undefined {
  return value <= VLAN_BITS ? value : undefined;
}

/** The segments, whose lengths were checked, without their types and lengths. */
function asPath({ view, pathAt }: SampleFacts): Uint8Array {
  const segments = view.getUint32(pathAt);
  const path: number[] = [];
  let at = pathAt + 4;
  for (let i = 0; i < segments && path.length < SFLOW_PATH_MAX; i++) {
    const count = view.getUint32(at + 4);
    at += 8;
    for (let as = 0; as < count && path.length < SFLOW_PATH_MAX; as++) {
      path.push(view.getUint32(at + 4 * as));
    }
    at += 4 * count;
  }
  const bytes = new Uint8Array(4 * path.length);
  const target = new DataView(bytes.buffer);
  path.forEach((as, index) => target.setUint32(4 * index, as));
  return bytes;
}

const NAMES: readonly string[] = SFLOW_COLUMNS.map(({ name }) => name);

/**
 * Reads the columns out of samples that a batch keeps as octets.
 *
 * @param innerHeaders Whether tunnelled packets take the place of those that carry them
 * @returns The reader
 */
export function sampleReader(innerHeaders: boolean): RecordReader {
  const facts = new SampleFacts(innerHeaders);
  const fault = new SflowFault();
  return {
    names: NAMES,
    read: (sample, name): RecordValue | undefined => {
      const view = new DataView(sample.buffer, sample.byteOffset, sample.byteLength);
      const structure = SAMPLE_STRUCTURE_BY_FORMAT.get(view.getUint32(0));
      const column = SFLOW_COLUMNS.find((column) => column.name === name);
      if (structure === undefined || column === undefined) return undefined;
      if (!facts.read(view, SFLOW_TAG_BYTES, sample.byteLength, structure, fault)) return undefined;
      return (facts.known & column.known) === column.known ? column.read(facts) : undefined;
    },
  };
}
