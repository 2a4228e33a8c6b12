import {
  extensionBytes,
  IPV4_HEADER_BYTES_MIN,
  IPV6_FRAGMENT,
  IPV6_HEADER_BYTES,
  isExtension,
} from "../capture/ip.ts";
import {
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  isVlanType,
  skipPpp,
  VLAN_TAG_BYTES,
} from "../capture/link.ts";
import { HEADER_PROTOCOL } from "./header_protocols.ts";
import { findTunnel, type Tunnel } from "./tunnels.ts";

const ETHERNET_BYTES = 14;
const MAC_BYTES = 6;
/** Lengths of 802.3 frames end here; above are Ethernet types. */
const ETHERTYPE_MIN = 0x0600;
const ETHERTYPE_MPLS = 0x8847;
const ETHERTYPE_MPLS_MULTICAST = 0x8848;
const ETHERTYPE_PPPOE_SESSION = 0x8864;
const PPPOE_BYTES = 6;
const PPP_IPV4 = 0x0021;
const PPP_IPV6 = 0x0057;
/** The start of an 802.2 LLC header that a SNAP header follows, with an organization of 0. */
const LLC_SNAP = 0xaaaa0300;
const LLC_SNAP_BYTES = 8;
const CISCO_HDLC_UNICAST = 0x0f00;
const CISCO_HDLC_MULTICAST = 0x8f00;
const MPLS_LABEL_BYTES = 4;
const MPLS_BOTTOM = 0x100;

const ICMP = 1;
const TCP = 6;
const UDP = 17;
const DCCP = 33;
const ICMPV6 = 58;
const SCTP = 132;
const UDP_LITE = 136;
const PORTS_BYTES = 4;
const TCP_BYTES_TO_FLAGS = 14;
/** Every bit behind the data offset (RFC 9565). */
const TCP_FLAGS = 0x0fff;

/**
 * The headers of a packet, as far as its first bytes go: a header that is cut short gives the fields
 * that are whole. Places are offsets in the view, -1 for what is not there.
 *
 * One object is used for many packets.
 */
export class PacketHeaders {
  /** The destination MAC address; the source's follows it. */
  macs = -1;
  /** Ethernet type behind all VLAN tags; 0 where there is none. */
  etherType = 0;
  /** VLAN tags. */
  vlans = 0;
  /** Priority and VLAN of the outermost tag. */
  outerTag = 0;
  /** Priority and VLAN of the innermost tag. */
  innerTag = 0;
  /** The first MPLS label. */
  labels = -1;
  /** MPLS labels. */
  labelCount = 0;
  /** The IP header. */
  ip = -1;
  /** 4 or 6; 0 where there is no IP header. */
  ipVersion = 0;
  /** Octets of the IP packet, its header included; 0 where it does not say. */
  ipLength = 0;
  /** The source address. */
  source = -1;
  /** The destination address. */
  destination = -1;
  /** Type of service, or traffic class. */
  tos = 0;
  /** Time to live, or hop limit. */
  ttl = 0;
  /** Flow label of IPv6. */
  flowLabel = 0;
  /** IP protocol behind all extension headers. */
  protocol = 0;
  /** Whether this is a fragment other than the first. */
  fragment = false;
  /** Whether there are ports, or an ICMP type. */
  ports = false;
  /** Source port. */
  sourcePort = 0;
  /** Destination port; ICMP type × 256 + code. */
  destinationPort = 0;
  /** Whether there are TCP flags. */
  tcp = false;
  /** TCP control bits. */
  tcpFlags = 0;
  /** What is tunnelled, and where it starts. */
  readonly tunnel: Tunnel = { protocol: 0, at: 0 };
  /** Where the bytes end that belong to what is tunnelled. */
  end = 0;
  #view: DataView = NOTHING;

  /**
   * Takes the headers of a packet apart, down to its ports.
   *
   * @param view Bytes
   * @param at Where the packet starts
   * @param end Where its known bytes end
   * @param protocol What it starts with, a header protocol of sFlow
   */
  parse(view: DataView, at: number, end: number, protocol: number): void {
    this.#reset(view, end);
    switch (protocol) {
      case HEADER_PROTOCOL.ethernet:
        this.#ethernet(at);
        break;
      case HEADER_PROTOCOL.aal5Ip:
      case HEADER_PROTOCOL.ipv4:
      case HEADER_PROTOCOL.ipv6:
        this.#ip(at);
        break;
      case HEADER_PROTOCOL.mpls:
        this.#mpls(at);
        break;
      case HEADER_PROTOCOL.ppp:
      case HEADER_PROTOCOL.pos:
        this.#ppp(at);
        break;
    }
  }

  #reset(view: DataView, end: number): void {
    this.#view = view;
    this.end = end;
    this.macs = -1;
    this.etherType = 0;
    this.vlans = 0;
    this.outerTag = 0;
    this.innerTag = 0;
    this.labels = -1;
    this.labelCount = 0;
    this.ip = -1;
    this.ipVersion = 0;
    this.ipLength = 0;
    this.source = -1;
    this.destination = -1;
    this.tos = 0;
    this.ttl = 0;
    this.flowLabel = 0;
    this.protocol = 0;
    this.fragment = false;
    this.ports = false;
    this.sourcePort = 0;
    this.destinationPort = 0;
    this.tcp = false;
    this.tcpFlags = 0;
    this.tunnel.protocol = 0;
  }

  #ethernet(at: number): void {
    const view = this.#view;
    if (this.end - at < 2 * MAC_BYTES) return;
    this.macs = at;
    if (this.end - at < ETHERNET_BYTES) return;
    let type = view.getUint16(at + 2 * MAC_BYTES);
    let next = at + ETHERNET_BYTES;
    while (isVlanType(type)) {
      if (this.end - next < VLAN_TAG_BYTES) return;
      this.innerTag = view.getUint16(next);
      if (this.vlans === 0) this.outerTag = this.innerTag;
      this.vlans++;
      type = view.getUint16(next + 2);
      next += VLAN_TAG_BYTES;
    }
    if (type < ETHERTYPE_MIN) {
      if (this.end - next < LLC_SNAP_BYTES || view.getUint32(next) !== LLC_SNAP) return;
      type = view.getUint16(next + 6);
      next += LLC_SNAP_BYTES;
    }
    this.etherType = type;
    this.#carried(type, next);
  }

  #carried(type: number, at: number): void {
    switch (type) {
      case ETHERTYPE_IPV4:
      case ETHERTYPE_IPV6:
        this.#ip(at);
        break;
      case ETHERTYPE_MPLS:
      case ETHERTYPE_MPLS_MULTICAST:
        this.#mpls(at);
        break;
      case ETHERTYPE_PPPOE_SESSION:
        this.#pppoe(at + PPPOE_BYTES);
        break;
    }
  }

  #pppoe(at: number): void {
    if (this.end - at < 2) return;
    const protocol = this.#view.getUint16(at);
    if (protocol === PPP_IPV4 || protocol === PPP_IPV6) this.#ip(at + 2);
  }

  /** PPP, or Cisco's HDLC, which packet over SONET may be just as well. */
  #ppp(at: number): void {
    const view = this.#view;
    const start = this.end - at < 4 ? 0 : view.getUint16(at);
    if (start === CISCO_HDLC_UNICAST || start === CISCO_HDLC_MULTICAST) {
      this.etherType = view.getUint16(at + 2);
      this.#carried(this.etherType, at + 4);
      return;
    }
    const packet = new Uint8Array(view.buffer, view.byteOffset + at, Math.max(0, this.end - at));
    const ip = skipPpp(packet);
    if (typeof ip !== "string") this.#ip(this.end - ip.length);
  }

  #mpls(at: number): void {
    const view = this.#view;
    let next = at;
    let label = 0;
    do {
      if (this.end - next < MPLS_LABEL_BYTES) return;
      this.labels = at;
      label = view.getUint32(next);
      this.labelCount++;
      next += MPLS_LABEL_BYTES;
    } while ((label & MPLS_BOTTOM) === 0);
    this.#ip(next);
  }

  /** The version says which IP it is: labels do not, and types have been seen to be wrong. */
  #ip(at: number): void {
    if (at >= this.end) return;
    const version = this.#view.getUint8(at) >> 4;
    if (version === 4) this.#ipv4(at);
    else if (version === 6) this.#ipv6(at);
  }

  #ipv4(at: number): void {
    const view = this.#view;
    const headerBytes = (view.getUint8(at) & 15) * 4;
    if (headerBytes < IPV4_HEADER_BYTES_MIN || this.end - at < IPV4_HEADER_BYTES_MIN) return;
    this.ip = at;
    this.ipVersion = 4;
    this.tos = view.getUint8(at + 1);
    this.ipLength = view.getUint16(at + 2);
    this.fragment = (view.getUint16(at + 6) & 0x1fff) !== 0;
    this.ttl = view.getUint8(at + 8);
    this.protocol = view.getUint8(at + 9);
    this.source = at + 12;
    this.destination = at + 16;
    // Behind the packet there may be padding of the link.
    if (this.ipLength >= headerBytes) this.end = Math.min(this.end, at + this.ipLength);
    if (!this.fragment) this.#transport(at + headerBytes);
  }

  #ipv6(at: number): void {
    const view = this.#view;
    if (this.end - at < IPV6_HEADER_BYTES) return;
    const payload = view.getUint16(at + 4);
    const first = view.getUint32(at);
    this.ip = at;
    this.ipVersion = 6;
    this.tos = (first >>> 20) & 0xff;
    this.flowLabel = first & 0xfffff;
    this.ipLength = payload === 0 ? 0 : IPV6_HEADER_BYTES + payload;
    this.ttl = view.getUint8(at + 7);
    this.protocol = view.getUint8(at + 6);
    this.source = at + 8;
    this.destination = at + 24;
    if (payload !== 0) this.end = Math.min(this.end, at + this.ipLength);
    let next = at + IPV6_HEADER_BYTES;
    while (isExtension(this.protocol)) {
      if (this.end - next < 8) return;
      const extension = this.protocol;
      this.protocol = view.getUint8(next);
      if (extension === IPV6_FRAGMENT && (view.getUint16(next + 2) & 0xfff8) !== 0) {
        this.fragment = true;
        return;
      }
      next += extensionBytes(extension, view.getUint8(next + 1));
    }
    this.#transport(next);
  }

  #transport(at: number): void {
    const view = this.#view;
    const there = this.end - at;
    switch (this.protocol) {
      case TCP:
        if (there >= TCP_BYTES_TO_FLAGS) {
          this.tcp = true;
          this.tcpFlags = view.getUint16(at + 12) & TCP_FLAGS;
        }
        this.#ports(at);
        break;
      case UDP:
      case UDP_LITE:
      case SCTP:
      case DCCP:
        this.#ports(at);
        break;
      case ICMP:
      case ICMPV6:
        if (there < 2) return;
        this.ports = true;
        this.destinationPort = view.getUint16(at);
        return;
    }
    findTunnel(this.tunnel, view, at, this.end, this.protocol, this.destinationPort);
  }

  #ports(at: number): void {
    if (this.end - at < PORTS_BYTES) return;
    this.ports = true;
    this.sourcePort = this.#view.getUint16(at);
    this.destinationPort = this.#view.getUint16(at + 2);
  }
}

const NOTHING = new DataView(new ArrayBuffer(0));
