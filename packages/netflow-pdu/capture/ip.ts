import { formatIPv4, formatIPv6 } from "@flowtools/flow-model";
import type { CaptureSkipReason } from "./skip.ts";

const PROTOCOL_UDP = 17;
/** Bytes of an IPv4 header without options. */
export const IPV4_HEADER_BYTES_MIN = 20;
/** Bytes of an IPv6 header without extensions. */
export const IPV6_HEADER_BYTES = 40;
/** Next header of an IPv6 fragment header. */
export const IPV6_FRAGMENT = 44;
const IPV6_AUTHENTICATION = 51;
/** Headers that count their length in units of 8 bytes after the first: hop-by-hop, routing, destination, mobility, HIP, shim6. */
const IPV6_EXTENSIONS: ReadonlySet<number> = new Set([0, 43, 60, 135, 139, 140]);

const UDP_HEADER_BYTES = 8;

/** What a part of a fragmented datagram says about its place. */
export interface IpFragment {
  /** What the fragments of one datagram have in common, beside the addresses. */
  readonly id: number;
  /** Bytes of the datagram before this part. */
  readonly offset: number;
  /** Whether parts follow. */
  readonly more: boolean;
}

/** An IP packet that carries UDP or a fragment of it. */
export interface IpPacket {
  /** 4 or 6. */
  readonly version: 4 | 6;
  /** The address of the sender. */
  readonly source: string;
  /** The address of the receiver. */
  readonly destination: string;
  /** What follows `data`'s start, as an IP protocol number; IPv6 fragments may start with further headers. */
  readonly protocol: number;
  /** What the packet carries, without padding of the link. */
  readonly data: Uint8Array;
  /** Whether the packet says to carry more than was captured. */
  readonly cut: boolean;
  /** Where this is a part of a datagram. */
  readonly fragment?: IpFragment;
}

/** A UDP datagram within its IP packet. */
export interface UdpDatagram {
  /** The port of the sender. */
  readonly sourcePort: number;
  /** The port of the receiver. */
  readonly destinationPort: number;
  /** What was captured of the payload. */
  readonly payload: Uint8Array;
  /** Whether the payload was longer. */
  readonly truncated: boolean;
}

/** Reads an IP packet; `cut` says that the capture left off the end of the frame. */
export function readIp(bytes: Uint8Array, cut: boolean): IpPacket | CaptureSkipReason {
  if (bytes.length === 0) return "packet-too-short";
  switch (bytes[0] >> 4) {
    case 4:
      return readIPv4(bytes, cut);
    case 6:
      return readIPv6(bytes, cut);
    default:
      return "bad-ip-header";
  }
}

function readIPv4(bytes: Uint8Array, cut: boolean): IpPacket | CaptureSkipReason {
  const headerBytes = (bytes[0] & 15) * 4;
  if (headerBytes < IPV4_HEADER_BYTES_MIN) return "bad-ip-header";
  if (bytes.length < headerBytes) return "packet-too-short";
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const total = view.getUint16(2);
  // Network cards that cut packets up themselves are captured with length 0: all there is belongs to it.
  if (total !== 0 && total < headerBytes) return "bad-ip-length";
  const protocol = bytes[9];
  if (protocol !== PROTOCOL_UDP) return "not-udp";
  const flags = view.getUint16(6);
  const more = (flags & 0x2000) !== 0;
  const offset = (flags & 0x1fff) * 8;
  return {
    version: 4,
    source: formatIPv4(view.getUint32(12)),
    destination: formatIPv4(view.getUint32(16)),
    protocol,
    data: bytes.subarray(headerBytes, total === 0 ? bytes.length : total),
    cut: total === 0 ? cut : total > bytes.length,
    fragment: more || offset > 0 ? { id: view.getUint16(4), offset, more } : undefined,
  };
}

function readIPv6(bytes: Uint8Array, cut: boolean): IpPacket | CaptureSkipReason {
  if (bytes.length < IPV6_HEADER_BYTES) return "packet-too-short";
  const view = new DataView(bytes.buffer, bytes.byteOffset, IPV6_HEADER_BYTES);
  // As in IPv4, 0 says that the length did not fit or was not known yet.
  const length = view.getUint16(4);
  const end = length === 0 ? bytes.length : IPV6_HEADER_BYTES + length;
  const carried = skipExtensions(bytes[6], bytes.subarray(IPV6_HEADER_BYTES, end));
  if (typeof carried === "string") return carried;
  return {
    version: 6,
    source: formatIPv6(bytes, 8),
    destination: formatIPv6(bytes, 24),
    cut: length === 0 ? cut : end > bytes.length,
    ...carried,
  };
}

/**
 * Walks the extension headers of IPv6 to UDP or to the first fragment header.
 *
 * @param protocol What `data` starts with
 * @param data The bytes after the IPv6 header, or of a reassembled datagram
 * @returns What remains, or why there is no UDP
 */
export function skipExtensions(
  protocol: number,
  data: Uint8Array,
): Pick<IpPacket, "protocol" | "data" | "fragment"> | CaptureSkipReason {
  while (protocol !== PROTOCOL_UDP) {
    if (!isExtension(protocol)) return "not-udp";
    if (data.length < 8) return "packet-too-short";
    const bytes = extensionBytes(protocol, data[1]);
    if (data.length < bytes) return "packet-too-short";
    const next = data[0];
    const rest = data.subarray(bytes);
    if (protocol === IPV6_FRAGMENT) {
      const fragment = readFragmentHeader(data);
      if (fragment !== undefined) {
        return next === PROTOCOL_UDP || isExtension(next)
          ? { protocol: next, data: rest, fragment }
          : "not-udp";
      }
    }
    protocol = next;
    data = rest;
  }
  return { protocol, data };
}

/** Whether an IPv6 next header is one that another follows, and that says its length. */
export function isExtension(protocol: number): boolean {
  return IPV6_EXTENSIONS.has(protocol) || protocol === IPV6_FRAGMENT ||
    protocol === IPV6_AUTHENTICATION;
}

/**
 * Bytes of an IPv6 extension header.
 *
 * @param protocol Which it is
 * @param length Its second octet
 * @returns The bytes, the first eight included
 */
export function extensionBytes(protocol: number, length: number): number {
  if (protocol === IPV6_FRAGMENT) return 8;
  return protocol === IPV6_AUTHENTICATION ? (length + 2) * 4 : (length + 1) * 8;
}

/** `undefined` for an atomic fragment, which is a whole datagram (RFC 6946). */
function readFragmentHeader(header: Uint8Array): IpFragment | undefined {
  const view = new DataView(header.buffer, header.byteOffset, 8);
  const place = view.getUint16(2);
  const offset = place & 0xfff8;
  const more = (place & 1) !== 0;
  return more || offset > 0 ? { id: view.getUint32(4), offset, more } : undefined;
}

/**
 * Reads a UDP datagram.
 *
 * The length of UDP decides where it fits; where it cannot be (0 to 7), all that IP carries is payload.
 *
 * @param data What the IP packet carries
 * @param cut Whether it carried more than was captured
 * @returns The datagram, or why there is none
 */
export function readUdp(data: Uint8Array, cut: boolean): UdpDatagram | CaptureSkipReason {
  if (data.length < UDP_HEADER_BYTES) return "packet-too-short";
  const view = new DataView(data.buffer, data.byteOffset, UDP_HEADER_BYTES);
  const length = view.getUint16(4);
  const usable = length >= UDP_HEADER_BYTES;
  return {
    sourcePort: view.getUint16(0),
    destinationPort: view.getUint16(2),
    payload: data.subarray(UDP_HEADER_BYTES, usable ? length : data.length),
    truncated: usable ? length > data.length : cut,
  };
}
