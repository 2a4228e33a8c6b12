import type { CaptureSkipReason } from "./skip.ts";

/** Ethernet type of IPv4. */
export const ETHERTYPE_IPV4 = 0x0800;
/** Ethernet type of IPv6. */
export const ETHERTYPE_IPV6 = 0x86dd;
/** 802.1Q, 802.1ad (QinQ) and what was used for QinQ before it. */
const ETHERTYPES_VLAN: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100]);

/** Bytes of a VLAN tag: priority and VLAN, then the Ethernet type of what follows. */
export const VLAN_TAG_BYTES = 4;

const PPP_IPV4 = 0x0021;
const PPP_IPV6 = 0x0057;

/** AF_INET, and AF_INET6 of Linux, NetBSD and OpenBSD, FreeBSD, macOS. */
const IP_FAMILIES: ReadonlySet<number> = new Set([2, 10, 24, 28, 30]);

/** Finds the IP packet behind the header of one link type. */
type LinkReader = (packet: Uint8Array) => Uint8Array | CaptureSkipReason;

/** The known link types by LINKTYPE_ number; 12 and 14 are raw IP as DLT_RAW of some systems. */
const LINK_READERS: ReadonlyMap<number, LinkReader> = new Map<number, LinkReader>([
  [0, skipFamily],
  [1, (packet) => skipEtherType(packet, 12, 14)],
  [9, skipPpp],
  [12, (packet) => packet],
  [14, (packet) => packet],
  [101, (packet) => packet],
  [108, skipFamily],
  [113, (packet) => skipEtherType(packet, 14, 16)],
  [228, (packet) => packet],
  [229, (packet) => packet],
  [276, (packet) => skipEtherType(packet, 0, 20)],
]);

/**
 * Finds the IP packet in a captured packet.
 *
 * @param linkType What the packet starts with, a LINKTYPE_ number
 * @param packet The captured bytes
 * @returns The bytes from the IP header on, padding included, or why there are none
 */
export function findIp(linkType: number, packet: Uint8Array): Uint8Array | CaptureSkipReason {
  return LINK_READERS.get(linkType)?.(packet) ?? "unknown-link-type";
}

/** Headers that end in an Ethernet type: Ethernet, Linux cooked v1 and v2; then any stack of VLAN tags. */
function skipEtherType(
  packet: Uint8Array,
  typeAt: number,
  headerBytes: number,
): Uint8Array | CaptureSkipReason {
  let start = headerBytes;
  if (packet.length < start) return "packet-too-short";
  let type = uint16(packet, typeAt);
  while (isVlanType(type)) {
    start += VLAN_TAG_BYTES;
    if (packet.length < start) return "packet-too-short";
    type = uint16(packet, start - 2);
  }
  if (type !== ETHERTYPE_IPV4 && type !== ETHERTYPE_IPV6) return "not-ip";
  return packet.subarray(start);
}

/** Whether an Ethernet type says that a VLAN tag follows. */
export function isVlanType(type: number): boolean {
  return ETHERTYPES_VLAN.has(type);
}

/** BSD loopback: an address family in the byte order of the machine that captured, or of the network. */
function skipFamily(packet: Uint8Array): Uint8Array | CaptureSkipReason {
  if (packet.length < 4) return "packet-too-short";
  const view = new DataView(packet.buffer, packet.byteOffset, 4);
  if (!IP_FAMILIES.has(view.getUint32(0)) && !IP_FAMILIES.has(view.getUint32(0, true))) {
    return "not-ip";
  }
  return packet.subarray(4);
}

/** PPP, with or without address and control, with a protocol of one byte (which is odd) or two. */
export function skipPpp(packet: Uint8Array): Uint8Array | CaptureSkipReason {
  if (packet.length < 2) return "packet-too-short";
  const start = packet[0] === 0xff && packet[1] === 0x03 ? 2 : 0;
  const short = (packet[start] & 1) === 1;
  const headerBytes = start + (short ? 1 : 2);
  if (packet.length < headerBytes) return "packet-too-short";
  const protocol = short ? packet[start] : uint16(packet, start);
  return protocol === PPP_IPV4 || protocol === PPP_IPV6 ? packet.subarray(headerBytes) : "not-ip";
}

function uint16(bytes: Uint8Array, at: number): number {
  return bytes[at] << 8 | bytes[at + 1];
}
