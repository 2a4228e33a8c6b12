/** Bytes of an IPv4 header without options, and of a UDP header. */
const IP_BYTES = 20;
const UDP_BYTES = 8;

/** Bytes in front of the payload of a UDP datagram over IPv4. */
export const UDP_IP_BYTES: number = IP_BYTES + UDP_BYTES;

const PROTOCOL_UDP = 17;
const TTL_DEFAULT = 255;

/** Both ends of a datagram over IPv4. */
export interface DatagramEnds {
  readonly source: number;
  readonly sourcePort: number;
  readonly destination: number;
  readonly destinationPort: number;
  /** Hops that it may take; default 255. */
  readonly ttl?: number;
}

/**
 * Writes the IPv4 and UDP headers of a datagram in front of its payload. The system fills in the
 * length, the identification and the checksum of the IP header of what raw sockets send.
 *
 * Source: RFC 791, RFC 768.
 *
 * @param packet 28 bytes of room, then the payload
 * @param ends Addresses and ports
 */
export function writeUdpIpHeaders(packet: Uint8Array, ends: DatagramEnds): void {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const udpLength = packet.byteLength - IP_BYTES;
  view.setUint16(0, 0x4500);
  view.setUint16(2, packet.byteLength);
  view.setUint32(4, 0);
  view.setUint8(8, ends.ttl ?? TTL_DEFAULT);
  view.setUint8(9, PROTOCOL_UDP);
  view.setUint16(10, 0);
  view.setUint32(12, ends.source);
  view.setUint32(16, ends.destination);
  view.setUint16(IP_BYTES, ends.sourcePort);
  view.setUint16(IP_BYTES + 2, ends.destinationPort);
  view.setUint16(IP_BYTES + 4, udpLength);
  view.setUint16(IP_BYTES + 6, 0);
  // The pseudo header has the addresses, the protocol and the length of the datagram.
  const sum = sumWords(view, 12) + PROTOCOL_UDP + udpLength;
  view.setUint16(IP_BYTES + 6, checksum(sum));
}

/** The sum of all words from a place on; an odd last byte is the upper half of a word. */
function sumWords(view: DataView, from: number): number {
  let sum = 0;
  const end = view.byteLength - 1;
  let at = from;
  for (; at < end; at += 2) sum += view.getUint16(at);
  return at === end ? sum + (view.getUint8(at) << 8) : sum;
}

/** The complement of a sum of words, folded; 0 would mean that there is no checksum. */
function checksum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = Math.floor(folded / 0x10000) + (folded & 0xffff);
  return (~folded & 0xffff) || 0xffff;
}
