import { fieldIndex } from "@flowtools/flow-model";
import {
  EXTENDED_GATEWAY,
  EXTENDED_NAT,
  EXTENDED_NAT_PORT,
  EXTENDED_ROUTER,
  EXTENDED_SWITCH,
  SAMPLED_ETHERNET,
  SAMPLED_HEADER,
  SAMPLED_IPV4,
  SAMPLED_IPV6,
} from "./flow_structures.ts";
import { SFLOW_TUNNELS_MAX } from "./limits.ts";
import { KNOWN, type PlacedAddress } from "./known.ts";
import type { SampleFacts } from "./sample_facts.ts";
import { xdrOffsets } from "./xdr.ts";

/**
 * Takes what a record tells.
 *
 * @param facts Where it goes
 * @param at Where the record's data start
 * @param end Where they end
 * @returns Bytes that the record should have at least; more than it has where it is too short
 */
export type RecordReading = (facts: SampleFacts, at: number, end: number) => number;

const SRCADDR = fieldIndex("srcaddr");
const DSTADDR = fieldIndex("dstaddr");
const NEXTHOP = fieldIndex("nexthop");
const PEER_NEXTHOP = fieldIndex("peer_nexthop");
const SRCPORT = fieldIndex("srcport");
const DSTPORT = fieldIndex("dstport");
const PROT = fieldIndex("prot");
const TOS = fieldIndex("tos");
const TCP_FLAGS = fieldIndex("tcp_flags");
const DOCTETS = fieldIndex("dOctets");
const SRC_MASK = fieldIndex("src_mask");
const DST_MASK = fieldIndex("dst_mask");
const SRC_AS = fieldIndex("src_as");
const DST_AS = fieldIndex("dst_as");

const HEADER = xdrOffsets(SAMPLED_HEADER.fields);
const ETHERNET = xdrOffsets(SAMPLED_ETHERNET.fields);
const IPV4 = xdrOffsets(SAMPLED_IPV4.fields);
const IPV6 = xdrOffsets(SAMPLED_IPV6.fields);
const SWITCH = xdrOffsets(EXTENDED_SWITCH.fields);
const NAT_PORT = xdrOffsets(EXTENDED_NAT_PORT.fields);

/** Bytes of a sampled header before its octets, their length included. */
const HEADER_FIXED_BYTES = HEADER.header + 4;

const TCP = 6;

function readSampledHeader(facts: SampleFacts, at: number, end: number): number {
  if (end - at < HEADER_FIXED_BYTES) return HEADER_FIXED_BYTES;
  const { view } = facts;
  const length = view.getUint32(at + HEADER.header);
  const start = at + HEADER_FIXED_BYTES;
  facts.frameLength = view.getUint32(at + HEADER.frame_length);
  const headerEnd = Math.min(start + length, end);
  facts.headers.parse(view, start, headerEnd, view.getUint32(at + HEADER.protocol));
  takeLink(facts);
  if (facts.innerHeaders) goInward(facts, headerEnd);
  const stripped = view.getUint32(at + HEADER.stripped);
  takeIp(facts, Math.max(0, facts.frameLength - stripped - (facts.headers.ip - start)));
  return HEADER_FIXED_BYTES + length;
}

/** Follows tunnels to the last packet that has an IP header. */
function goInward(facts: SampleFacts, end: number): void {
  for (let depth = 0; depth < SFLOW_TUNNELS_MAX; depth++) {
    const { headers, spareHeaders, view } = facts;
    const { protocol, at } = headers.tunnel;
    if (protocol === 0) return;
    spareHeaders.parse(view, at, Math.min(headers.end, end), protocol);
    if (spareHeaders.ipVersion === 0) return;
    facts.headers = spareHeaders;
    facts.spareHeaders = headers;
  }
}

function takeLink(facts: SampleFacts): void {
  const { headers } = facts;
  if (headers.macs >= 0) {
    facts.known |= KNOWN.link;
    facts.destinationMacAt = headers.macs;
    facts.sourceMacAt = headers.macs + 6;
  }
  if (headers.vlans > 0) {
    facts.known |= KNOWN.tag;
    facts.tags = headers.vlans;
    facts.outerTag = headers.outerTag;
    facts.innerTag = headers.innerTag;
  }
  if (headers.labelCount > 0) {
    facts.known |= KNOWN.mpls;
    facts.labelsAt = headers.labels;
    facts.labelCount = headers.labelCount;
  }
}

/** Takes what the IP header tells; `octets` are those of a packet that does not say. */
function takeIp(facts: SampleFacts, octets: number): void {
  const { headers, values } = facts;
  if (headers.ipVersion === 0) {
    if ((facts.known & KNOWN.ip) === 0) values[DOCTETS] = facts.frameLength;
    return;
  }
  facts.known |= KNOWN.ip | KNOWN.header;
  setAddress(facts, SRCADDR, headers.ipVersion, headers.source);
  setAddress(facts, DSTADDR, headers.ipVersion, headers.destination);
  values[DOCTETS] = headers.ipLength === 0 ? octets : headers.ipLength;
  values[PROT] = headers.protocol;
  values[TOS] = headers.tos;
  if (headers.ports) {
    facts.known |= KNOWN.ports;
    values[SRCPORT] = headers.sourcePort;
    values[DSTPORT] = headers.destinationPort;
  }
  if (headers.tcp) {
    facts.known |= KNOWN.tcp;
    values[TCP_FLAGS] = headers.tcpFlags;
  }
}

function readSampledEthernet(facts: SampleFacts, at: number, end: number): number {
  const size = SAMPLED_ETHERNET.size!;
  if (end - at < size) return size;
  const { view, values } = facts;
  if (facts.frameLength === 0) facts.frameLength = view.getUint32(at + ETHERNET.length);
  if ((facts.known & KNOWN.ip) === 0) values[DOCTETS] = facts.frameLength;
  if ((facts.known & KNOWN.link) === 0) {
    facts.known |= KNOWN.link;
    facts.sourceMacAt = at + ETHERNET.src_mac;
    facts.destinationMacAt = at + ETHERNET.dst_mac;
  }
  return size;
}

function readSampledIpv4(facts: SampleFacts, at: number, end: number): number {
  const size = SAMPLED_IPV4.size!;
  if (end - at >= size) takeSampledIp(facts, at, IPV4, 4, IPV4.tos);
  return size;
}

function readSampledIpv6(facts: SampleFacts, at: number, end: number): number {
  const size = SAMPLED_IPV6.size!;
  if (end - at >= size) takeSampledIp(facts, at, IPV6, 6, IPV6.priority);
  return size;
}

/** The octets of the header tell more, so they come first where a sample has both. */
function takeSampledIp(
  facts: SampleFacts,
  at: number,
  offsets: Readonly<Record<string, number>>,
  family: number,
  tos: number,
): void {
  const { view, values } = facts;
  if ((facts.known & KNOWN.ip) !== 0) return;
  facts.known |= KNOWN.ip | KNOWN.ports;
  setAddress(facts, SRCADDR, family, at + offsets.src_ip);
  setAddress(facts, DSTADDR, family, at + offsets.dst_ip);
  values[DOCTETS] = view.getUint32(at + offsets.length);
  values[PROT] = view.getUint32(at + offsets.protocol);
  values[SRCPORT] = view.getUint32(at + offsets.src_port);
  values[DSTPORT] = view.getUint32(at + offsets.dst_port);
  values[TOS] = view.getUint32(at + tos);
  if (values[PROT] === TCP) {
    facts.known |= KNOWN.tcp;
    values[TCP_FLAGS] = view.getUint32(at + offsets.tcp_flags);
  }
}

function readSwitch(facts: SampleFacts, at: number, end: number): number {
  const size = EXTENDED_SWITCH.size!;
  if (end - at < size) return size;
  facts.known |= KNOWN.switch;
  facts.vlan = facts.view.getUint32(at + SWITCH.src_vlan);
  facts.postVlan = facts.view.getUint32(at + SWITCH.dst_vlan);
  return size;
}

function readRouter(facts: SampleFacts, at: number, end: number): number {
  const { view, values } = facts;
  const address = placeAddress(facts, at, end, SCRATCH);
  const size = address + 8;
  if (address < 0 || end - at < size) return Math.max(size, end - at + 1);
  facts.known |= KNOWN.router;
  setAddress(facts, NEXTHOP, SCRATCH.family, SCRATCH.at);
  values[SRC_MASK] = view.getUint32(at + address);
  values[DST_MASK] = view.getUint32(at + address + 4);
  return size;
}

/**
 * Source: where there is no path the destination is in the AS of the router, and so is a source of
 * AS 0.
 */
function readGateway(facts: SampleFacts, at: number, end: number): number {
  const { view, values } = facts;
  const tooShort = end - at + 1;
  const address = placeAddress(facts, at, end, SCRATCH);
  // Own AS, source AS, AS of the peer, number of segments.
  let next = at + address + 16;
  if (address < 0 || next > end) return tooShort;
  const own = view.getUint32(next - 16);
  const source = view.getUint32(next - 12);
  const previous = view.getUint32(next - 8);
  const segments = view.getUint32(next - 4);
  const pathAt = next - 4;
  let first = 0;
  let last = own;
  for (let i = 0; i < segments; i++) {
    if (end - next < 8) return tooShort;
    const count = view.getUint32(next + 4);
    next += 8;
    if (count > (end - next) / 4) return tooShort;
    if (count === 0) continue;
    if (first === 0) first = view.getUint32(next);
    next += 4 * count;
    last = view.getUint32(next - 4);
  }
  if (end - next < 4) return tooShort;
  const communities = view.getUint32(next);
  const size = next - at + 4 + 4 * communities + 4;
  if (size > end - at) return size;
  facts.known |= KNOWN.gateway;
  setAddress(facts, PEER_NEXTHOP, SCRATCH.family, SCRATCH.at);
  values[SRC_AS] = source === 0 ? own : source;
  values[DST_AS] = last;
  facts.previousAs = previous;
  facts.nextAs = first;
  facts.pathAt = pathAt;
  facts.communitiesAt = next;
  return size;
}

function readNat(facts: SampleFacts, at: number, end: number): number {
  const source = placeAddress(facts, at, end, facts.natSource);
  const destination = source < 0 ? -1 : placeAddress(facts, at + source, end, facts.natDestination);
  if (destination < 0) return end - at + 1;
  facts.known |= KNOWN.nat;
  return source + destination;
}

function readNatPort(facts: SampleFacts, at: number, end: number): number {
  const size = EXTENDED_NAT_PORT.size!;
  if (end - at < size) return size;
  facts.known |= KNOWN.natPort;
  facts.natSourcePort = facts.view.getUint32(at + NAT_PORT.src_port);
  facts.natDestinationPort = facts.view.getUint32(at + NAT_PORT.dst_port);
  return size;
}

const SCRATCH: PlacedAddress = { family: 0, at: 0 };

/** Finds an address behind its type; returns the bytes of both, or -1 where they are not there. */
function placeAddress(
  facts: SampleFacts,
  at: number,
  end: number,
  address: PlacedAddress,
): number {
  const there = end - at;
  if (there < 4) return -1;
  address.at = at + 4;
  switch (facts.view.getUint32(at)) {
    case 0:
      address.family = 0;
      return 4;
    case 1:
      address.family = 4;
      return there < 8 ? -1 : 8;
    case 2:
      address.family = 6;
      return there < 20 ? -1 : 20;
    default:
      return -1;
  }
}

function setAddress(facts: SampleFacts, field: number, family: number, at: number): void {
  facts.values[field] = family === 4 ? facts.view.getUint32(at) : 0;
  facts.wideAt[field] = family === 6 ? at : -1;
}

/** The records that tell something for a row, by their data formats. */
export const RECORD_FACTS: ReadonlyMap<number, RecordReading> = new Map([
  [SAMPLED_HEADER.format, readSampledHeader],
  [SAMPLED_ETHERNET.format, readSampledEthernet],
  [SAMPLED_IPV4.format, readSampledIpv4],
  [SAMPLED_IPV6.format, readSampledIpv6],
  [EXTENDED_SWITCH.format, readSwitch],
  [EXTENDED_ROUTER.format, readRouter],
  [EXTENDED_GATEWAY.format, readGateway],
  [EXTENDED_NAT.format, readNat],
  [EXTENDED_NAT_PORT.format, readNatPort],
]);
