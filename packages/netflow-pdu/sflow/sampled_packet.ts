import { formatIPv4, formatIPv6 } from "@flowtools/flow-model";
import { SAMPLED_HEADER } from "./flow_structures.ts";
import { SFLOW_TUNNELS_MAX } from "./limits.ts";
import { PacketHeaders } from "./packet_headers.ts";
import { formatMac } from "./value_reader.ts";
import { xdrOffsets } from "./xdr.ts";

/** The headers of a packet; what is not there, or cut off, is left out. */
export interface SflowPacket {
  /** MAC address of the sender. */
  readonly src_mac?: string;
  /** MAC address of the receiver. */
  readonly dst_mac?: string;
  /** Ethernet type behind all VLAN tags. */
  readonly ether_type?: number;
  /** VLANs of the tags, the outermost first. */
  readonly vlans?: readonly number[];
  /** MPLS labels, the top of the stack first. */
  readonly mpls_labels?: readonly number[];
  /** Source address. */
  readonly srcaddr?: string;
  /** Destination address. */
  readonly dstaddr?: string;
  /** Octets of the IP packet; 0 where it does not say. */
  readonly ip_length?: number;
  /** Type of service, or traffic class. */
  readonly tos?: number;
  /** Time to live, or hop limit. */
  readonly ttl?: number;
  /** Flow label of IPv6. */
  readonly flow_label?: number;
  /** IP protocol behind all extension headers. */
  readonly prot?: number;
  /** Whether this is a fragment other than the first: there are no ports. */
  readonly fragment?: boolean;
  /** Source port. */
  readonly srcport?: number;
  /** Destination port, or ICMP type × 256 + code. */
  readonly dstport?: number;
  /** TCP control bits. */
  readonly tcp_flags?: number;
  /** The packet in the tunnel. */
  readonly inner?: SflowPacket;
}

const OFFSETS = xdrOffsets(SAMPLED_HEADER.fields);
const OCTETS_AT = OFFSETS.header + 4;

const MAC_BYTES = 6;
const VLAN_TAG_BYTES = 4;
const VLAN_BITS = 0xfff;
const MPLS_LABEL_BYTES = 4;
const MPLS_LABEL_SHIFT = 12;

/**
 * Takes the octets of a `sampled_header` record apart.
 *
 * @param view Bytes
 * @param start Where the record's data start
 * @param end Where they end
 * @returns The headers, those of tunnelled packets within
 */
export function readSampledPacket(view: DataView, start: number, end: number): SflowPacket {
  if (end - start < OCTETS_AT) return {};
  const at = start + OCTETS_AT;
  const packetEnd = Math.min(end, at + view.getUint32(start + OFFSETS.header));
  return readLayer(view, at, packetEnd, view.getUint32(start + OFFSETS.protocol), 0);
}

function readLayer(
  view: DataView,
  at: number,
  end: number,
  protocol: number,
  depth: number,
): SflowPacket {
  const headers = new PacketHeaders();
  headers.parse(view, at, end, protocol);
  const { tunnel } = headers;
  const inner = tunnel.protocol !== 0 && tunnel.at < headers.end && depth < SFLOW_TUNNELS_MAX
    ? { inner: readLayer(view, tunnel.at, headers.end, tunnel.protocol, depth + 1) }
    : {};
  return { ...link(view, headers), ...ip(view, headers), ...transport(headers), ...inner };
}

function link(view: DataView, headers: PacketHeaders): SflowPacket {
  const { macs, etherType, vlans, labels, labelCount } = headers;
  const tags = { length: vlans };
  const stack = { length: labelCount };
  return {
    ...(macs >= 0 && {
      src_mac: formatMac(view, macs + MAC_BYTES),
      dst_mac: formatMac(view, macs),
    }),
    ...(etherType > 0 && { ether_type: etherType }),
    ...(vlans > 0 && {
      vlans: Array.from(
        tags,
        (_, i) => view.getUint16(macs + 2 * MAC_BYTES + 2 + VLAN_TAG_BYTES * i) & VLAN_BITS,
      ),
    }),
    ...(labelCount > 0 && {
      mpls_labels: Array.from(
        stack,
        (_, i) => view.getUint32(labels + MPLS_LABEL_BYTES * i) >>> MPLS_LABEL_SHIFT,
      ),
    }),
  };
}

function ip(view: DataView, headers: PacketHeaders): SflowPacket {
  const { ipVersion, source, destination } = headers;
  if (ipVersion === 0) return {};
  const address = (at: number) =>
    ipVersion === 4
      ? formatIPv4(view.getUint32(at))
      : formatIPv6(new Uint8Array(view.buffer, view.byteOffset + at, 16));
  return {
    srcaddr: address(source),
    dstaddr: address(destination),
    ip_length: headers.ipLength,
    tos: headers.tos,
    ttl: headers.ttl,
    ...(ipVersion === 6 && { flow_label: headers.flowLabel }),
    prot: headers.protocol,
    ...(headers.fragment && { fragment: true }),
  };
}

function transport(headers: PacketHeaders): SflowPacket {
  return {
    ...(headers.ports && { srcport: headers.sourcePort, dstport: headers.destinationPort }),
    ...(headers.tcp && { tcp_flags: headers.tcpFlags }),
  };
}
