import { isCapture } from "@flowtools/netflow-pdu/capture";

/** What a file of packets can be. */
export type PacketFormat = "capture" | "ipfix";

/** Bytes that tell files of packets from others. */
export const PACKET_MAGIC_BYTES = 4;

/**
 * Whether bytes start like a file of packets: a pcap or pcapng capture, or an IPFIX file (RFC 5655),
 * which may be compressed (gzip, zlib).
 *
 * @param bytes The start of a file; 4 bytes are enough
 * @returns What it is; `undefined` for anything else, flow-tools files among it
 *
 * @example
 * ```ts
 * import { packetFormat } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(packetFormat(new Uint8Array([0xa1, 0xb2, 0xc3, 0xd4])), "capture");
 * assertEquals(packetFormat(new Uint8Array([0, 10, 0, 16])), "ipfix");
 * assertEquals(packetFormat(new Uint8Array([0xcf, 0x10, 1, 3])), undefined);
 * ```
 */
export function packetFormat(bytes: Uint8Array): PacketFormat | undefined {
  if (bytes.length < PACKET_MAGIC_BYTES) return undefined;
  if (isCapture(bytes)) return "capture";
  return startsMessage(bytes) || isCompressed(bytes) ? "ipfix" : undefined;
}

/** Octets of the header of an IPFIX message, which its length includes. */
const MESSAGE_HEADER_BYTES = 16;
const IPFIX_VERSION = 10;

/** Whether bytes start with the version of IPFIX and a length that a message can have. */
export function startsMessage(bytes: Uint8Array): boolean {
  return bytes.length >= PACKET_MAGIC_BYTES && bytes[0] * 256 + bytes[1] === IPFIX_VERSION &&
    bytes[2] * 256 + bytes[3] >= MESSAGE_HEADER_BYTES;
}

/** Whether bytes start like gzip (RFC 1952), or like zlib with its usual window. */
export function isCompressed([first, second, method, flags]: Uint8Array): boolean {
  if (first === 0x1f && second === 0x8b) return method === GZIP_DEFLATE && flags <= GZIP_FLAGS_MAX;
  return first === 0x78 && (first * 256 + second) % 31 === 0;
}

const GZIP_DEFLATE = 8;
/** Five flags have a meaning; the others must be 0. */
const GZIP_FLAGS_MAX = 0x1f;
