import {
  deflateBlock,
  deflatedBytesMax,
  ZLIB_HEADER_BYTES,
  zlibTrailer,
} from "@flowtools/common/deflate_block";
import { Crc32 } from "@flowtools/netflow-pdu/ipfix-file";

/** Octets of a header: that of gzip, and a further field that has the length of the member. */
const HEADER_OCTETS = 20;
/** Octets behind the data: the empty block that ends it, the checksum, and what length it had. */
const TRAILER_OCTETS = 10;
/** Octets of that block. */
const FINAL_OCTETS = 2;
/** Where the length of the member stands. */
const LENGTH_AT = 16;
/** Up to the length: gzip, deflate, a further field of 8 octets named `FT` of 4 octets. */
const HEAD: readonly number[] = [31, 139, 8, 4, 0, 0, 0, 0, 0, 255, 8, 0, 0x46, 0x54, 4, 0];

/**
 * Compresses octets as a gzip member of their own (RFC 1952), which tells its length in a further
 * field of its header: members of a file can be counted without being inflated.
 *
 * @param octets What is compressed
 * @param level Level of zlib
 * @returns The member
 */
export function gzipMember(octets: Uint8Array, level: number): Uint8Array<ArrayBuffer> {
  const deflated = deflateBlock(octets, level, new Uint8Array(deflatedBytesMax(octets.length)));
  // What zlib and gzip have between header and trailer is the same.
  const data = deflated.bytes.subarray(ZLIB_HEADER_BYTES);
  const member = new Uint8Array(HEADER_OCTETS + data.length + TRAILER_OCTETS);
  const view = new DataView(member.buffer);
  member.set(HEAD);
  view.setUint32(LENGTH_AT, member.length, true);
  member.set(data, HEADER_OCTETS);
  const sum = new Crc32();
  sum.add(octets, 0, octets.length);
  const end = HEADER_OCTETS + data.length;
  member.set(zlibTrailer(deflated.adler).subarray(0, FINAL_OCTETS), end);
  view.setUint32(end + FINAL_OCTETS, sum.value, true);
  view.setUint32(member.length - 4, octets.length, true);
  return member;
}

/**
 * The length of a piece of an IPFIX file: a message, or a member that `gzipMember` made.
 *
 * @param view The file, or a part of it
 * @param offset Where the piece starts
 * @returns Its octets; 0 where that cannot be seen, since there are too few, or it is none
 */
export function pieceOctets(view: DataView, offset: number): number {
  const left = view.byteLength - offset;
  if (left < 4) return 0;
  if (view.getUint16(offset) === MESSAGE_VERSION) {
    const length = view.getUint16(offset + 2);
    return length >= MESSAGE_OCTETS_MIN ? length : 0;
  }
  if (left < HEADER_OCTETS) return 0;
  if (HEAD.some((octet, index) => view.getUint8(offset + index) !== octet)) return 0;
  const length = view.getUint32(offset + LENGTH_AT, true);
  return length >= HEADER_OCTETS + TRAILER_OCTETS ? length : 0;
}

const MESSAGE_VERSION = 10;
const MESSAGE_OCTETS_MIN = 16;
