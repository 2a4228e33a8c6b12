import { Aes128, type FirstBits } from "./aes128.ts";

/** Bytes of a key: 16 for the cipher, 16 that become the pad. */
export const CRYPTOPAN_KEY_BYTES = 32;

/** Bits of the place of a prefix of 24 bits in its cache: 320 KB. */
const PREFIX_PLACE_BITS = 16;

/** Bits of the place of an address in its cache: 8 MB, as many addresses as a busy hour has. */
const ADDRESS_PLACE_BITS = 20;

/** Spreads neighbours over a cache. */
function place(value: number, bits: number): number {
  return Math.imul(value, 0x9e3779b1) >>> (32 - bits);
}

/**
 * Crypto-PAn: replaces addresses one to one, so that two addresses that share a prefix of n bits
 * share a prefix of n bits afterwards, and nothing else is left of them. It cannot be undone
 * without the key.
 *
 * What a prefix becomes is remembered: the upper 16 bits of every address once and for all, the
 * next 8 and whole addresses as long as their place in a cache is not taken by others.
 *
 * Source: Fan, Xu, Ammar, Moon, "Prefix-Preserving IP Address Anonymization" (2004), the reference
 * implementation Crypto-PAn 1.0 of which flow-tools `ftxlate.c` gives the results.
 *
 * @example
 * ```ts
 * import { CryptoPan } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * const key = Uint8Array.from({ length: 32 }, (_, index) => index);
 * const pan = new CryptoPan(key);
 * const a = pan.anonymize(0xc0000201);
 * const b = pan.anonymize(0xc0000202);
 * assertEquals((a ^ b) >>> 2, 0);
 * assertEquals(((a ^ b) >>> 1) & 1, 1);
 * ```
 */
export class CryptoPan {
  readonly #bits: FirstBits;
  /** The first four bytes of the pad. */
  readonly #pad: number;
  /** What is flipped in the upper 16 bits of an address, 0x10000 where that is known. */
  readonly #upper = new Uint32Array(1 << 16);
  /** Upper 24 bits of an address with bit 24 for "in use", and what is flipped in the last 8 of them. */
  readonly #middleKeys = new Uint32Array(1 << PREFIX_PLACE_BITS);
  readonly #middle = new Uint8Array(1 << PREFIX_PLACE_BITS);
  /** Addresses, and what they become; address 0 stands in place 0 also where nothing does. */
  readonly #addresses = new Uint32Array(1 << ADDRESS_PLACE_BITS);
  readonly #results = new Uint32Array(1 << ADDRESS_PLACE_BITS);

  /**
   * Makes an anonymizer.
   *
   * @param key 32 bytes
   * @throws {RangeError} The key has another length
   */
  constructor(key: Uint8Array) {
    if (key.length !== CRYPTOPAN_KEY_BYTES) {
      throw new RangeError(
        `Cannot use Crypto-PAn key: it has ${key.length} bytes, expected ${CRYPTOPAN_KEY_BYTES}`,
      );
    }
    const cipher = new Aes128(key.subarray(0, 16));
    const pad = cipher.encrypt(key.subarray(16));
    this.#bits = cipher.firstBits(pad);
    this.#pad = new DataView(pad.buffer).getUint32(0);
    // The caches are empty, but for address 0: it is what an empty place looks like.
    this.#results[0] = this.#compute(0);
  }

  /**
   * Replaces an address.
   *
   * @param address An IPv4 address as an unsigned 32-bit number
   * @returns Its replacement
   */
  anonymize(address: number): number {
    const at = place(address, ADDRESS_PLACE_BITS);
    if (this.#addresses[at] === address) return this.#results[at];
    const result = this.#compute(address);
    this.#addresses[at] = address;
    this.#results[at] = result;
    return result;
  }

  #compute(address: number): number {
    const upper = address >>> 16;
    let upperFlips = this.#upper[upper];
    if (upperFlips === 0) {
      upperFlips = 0x10000 | this.#flips(address, 0, 16);
      this.#upper[upper] = upperFlips;
    }
    const middleKey = 0x1000000 | (address >>> 8);
    const at = place(middleKey, PREFIX_PLACE_BITS);
    if (this.#middleKeys[at] !== middleKey) {
      this.#middleKeys[at] = middleKey;
      this.#middle[at] = this.#flips(address, 16, 24);
    }
    const flips = (upperFlips << 16) | (this.#middle[at] << 8) | this.#flips(address, 24, 32);
    return (address ^ flips) >>> 0;
  }

  /** What is flipped in bits `from` to `to`, counted from the highest: each follows from those above it. */
  #flips(address: number, from: number, to: number): number {
    let flips = 0;
    for (let bit = from; bit < to; bit++) {
      const mask = bit === 0 ? 0 : -1 << (32 - bit);
      flips = (flips << 1) | this.#bits.bit((address & mask) | (this.#pad & ~mask));
    }
    return flips;
  }
}
