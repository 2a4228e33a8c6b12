/** The polynomial of the checksum, lowest power first (RFC 1952, section 8). */
const POLYNOMIAL = 0xedb88320;

const TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, octet) => {
  let sum = octet;
  for (let bit = 0; bit < 8; bit++) sum = (sum & 1) === 1 ? (sum >>> 1) ^ POLYNOMIAL : sum >>> 1;
  return sum;
});

/**
 * The checksum of gzip.
 *
 * Source: RFC 1952, section 8.
 *
 * @example
 * ```ts
 * import { Crc32 } from "@flowtools/netflow-pdu/ipfix-file";
 * import { assertEquals } from "@std/assert";
 *
 * const sum = new Crc32();
 * const octets = new TextEncoder().encode("123456789");
 * sum.add(octets, 0, octets.length);
 * assertEquals(sum.value, 0xcbf43926);
 * ```
 */
export class Crc32 {
  #sum = 0xffffffff;

  /** The checksum of what was added. */
  get value(): number {
    return ~this.#sum >>> 0;
  }

  /**
   * Adds octets.
   *
   * @param octets Where they are
   * @param offset Where they start
   * @param length How many
   */
  add(octets: Uint8Array, offset: number, length: number): void {
    let sum = this.#sum;
    for (let i = offset; i < offset + length; i++) {
      sum = TABLE[(sum ^ octets[i]) & 255] ^ (sum >>> 8);
    }
    this.#sum = sum;
  }
}
