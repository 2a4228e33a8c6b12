import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from "../capture/link.ts";
import { HEADER_PROTOCOL } from "./header_protocols.ts";

/** What a packet carries through a tunnel. */
export interface Tunnel {
  /** What it starts with, a header protocol of sFlow; 0 where there is no tunnel. */
  protocol: number;
  /** Where it starts. */
  at: number;
}

const IP_IN_IP = 4;
const UDP = 17;
const IPV6_IN_IP = 41;
const GRE = 47;

/** VXLAN (RFC 7348), and the port of Linux before it had one. */
const VXLAN_PORTS: readonly number[] = [4789, 8472];
const VXLAN_HAS_NETWORK = 0x08;
const VXLAN_BYTES = 8;
/** Geneve (RFC 8926). */
const GENEVE_PORT = 6081;
const GENEVE_BYTES = 8;
const UDP_BYTES = 8;

const GRE_BYTES = 4;
const GRE_CHECKSUM = 0x8000;
const GRE_ROUTING = 0x4000;
const GRE_KEY = 0x2000;
const GRE_SEQUENCE = 0x1000;
const GRE_VERSION = 0x0007;

const TYPE_ETHERNET = 0x6558;
const TYPE_MPLS = 0x8847;
const TYPE_ERSPAN_II = 0x88be;
const TYPE_ERSPAN_III = 0x22eb;
const ERSPAN_II_BYTES = 8;
const ERSPAN_III_BYTES = 12;
const ERSPAN_III_SUBHEADER_BYTES = 8;

/**
 * Looks for another packet within one: IP in IP, GRE with IP, Ethernet, MPLS or ERSPAN, VXLAN,
 * Geneve.
 *
 * @param tunnel Told what was found
 * @param view Bytes
 * @param at Where the header behind IP starts
 * @param end Where the known bytes end
 * @param protocol IP protocol
 * @param port Destination port
 */
export function findTunnel(
  tunnel: Tunnel,
  view: DataView,
  at: number,
  end: number,
  protocol: number,
  port: number,
): void {
  switch (protocol) {
    case IP_IN_IP:
    case IPV6_IN_IP:
      tunnel.protocol = HEADER_PROTOCOL.ipv4;
      tunnel.at = at;
      break;
    case GRE:
      findInGre(tunnel, view, at, end);
      break;
    case UDP:
      if (VXLAN_PORTS.includes(port)) findInVxlan(tunnel, view, at + UDP_BYTES, end);
      else if (port === GENEVE_PORT) findInGeneve(tunnel, view, at + UDP_BYTES, end);
      break;
  }
}

function findInVxlan(tunnel: Tunnel, view: DataView, at: number, end: number): void {
  if (end - at < VXLAN_BYTES || (view.getUint8(at) & VXLAN_HAS_NETWORK) === 0) return;
  tunnel.protocol = HEADER_PROTOCOL.ethernet;
  tunnel.at = at + VXLAN_BYTES;
}

function findInGeneve(tunnel: Tunnel, view: DataView, at: number, end: number): void {
  if (end - at < GENEVE_BYTES) return;
  const optionBytes = (view.getUint8(at) & 0x3f) * 4;
  setCarried(tunnel, view.getUint16(at + 2), at + GENEVE_BYTES + optionBytes);
}

function findInGre(tunnel: Tunnel, view: DataView, at: number, end: number): void {
  if (end - at < GRE_BYTES) return;
  const flags = view.getUint16(at);
  // Version 1 is PPTP; source routes were never used and have no length of their own.
  if ((flags & (GRE_VERSION | GRE_ROUTING)) !== 0) return;
  let next = at + GRE_BYTES;
  for (const option of [GRE_CHECKSUM, GRE_KEY, GRE_SEQUENCE]) if (flags & option) next += 4;
  const type = view.getUint16(at + 2);
  switch (type) {
    case TYPE_ERSPAN_II:
      // Without a sequence number it is the first version, which has no header of its own.
      if (flags & GRE_SEQUENCE) next += ERSPAN_II_BYTES;
      tunnel.protocol = HEADER_PROTOCOL.ethernet;
      tunnel.at = next;
      break;
    case TYPE_ERSPAN_III: {
      if (end - next < ERSPAN_III_BYTES) return;
      const subheader = (view.getUint8(next + ERSPAN_III_BYTES - 1) & 1) !== 0;
      tunnel.protocol = HEADER_PROTOCOL.ethernet;
      tunnel.at = next + ERSPAN_III_BYTES + (subheader ? ERSPAN_III_SUBHEADER_BYTES : 0);
      break;
    }
    default:
      setCarried(tunnel, type, next);
  }
}

function setCarried(tunnel: Tunnel, type: number, at: number): void {
  switch (type) {
    case ETHERTYPE_IPV4:
    case ETHERTYPE_IPV6:
      tunnel.protocol = HEADER_PROTOCOL.ipv4;
      break;
    case TYPE_ETHERNET:
      tunnel.protocol = HEADER_PROTOCOL.ethernet;
      break;
    case TYPE_MPLS:
      tunnel.protocol = HEADER_PROTOCOL.mpls;
      break;
    default:
      return;
  }
  tunnel.at = at;
}
