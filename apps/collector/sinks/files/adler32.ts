/** The largest prime below 2^16. */
const BASE = 65521;

/** Sums of so many bytes cannot leave 32 bits. */
const BYTES_AT_ONCE = 5552;

/**
 * The checksum of zlib streams (RFC 1950), continued.
 *
 * @param adler The checksum so far; 1 at first
 * @param bytes What follows
 */
export function adler32(adler: number, bytes: Uint8Array): number {
  let low = adler & 0xffff;
  let high = adler >>> 16;
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(at + BYTES_AT_ONCE, bytes.length);
    while (at < end) {
      low += bytes[at++];
      high += low;
    }
    low %= BASE;
    high %= BASE;
  }
  return ((high << 16) | low) >>> 0;
}
