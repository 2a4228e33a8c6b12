/** Doubling in the field of AES. */
function double(value: number): number {
  return ((value << 1) ^ (value & 0x80 ? 0x11b : 0)) & 0xff;
}

/** The substitution box: inverse in the field, then the affine map. */
function makeSubstitutions(): Uint8Array {
  const box = new Uint8Array(256);
  let p = 1;
  let q = 1;
  do {
    // p runs through all powers of 3, and q through their inverses.
    p ^= double(p);
    q ^= q << 1;
    q ^= q << 2;
    q ^= q << 4;
    q &= 0xff;
    if (q & 0x80) q ^= 0x09;
    const rotate = (by: number) => ((q << by) | (q >> (8 - by))) & 0xff;
    box[p] = q ^ rotate(1) ^ rotate(2) ^ rotate(3) ^ rotate(4) ^ 0x63;
  } while (p !== 1);
  box[0] = 0x63;
  return box;
}

const SUBSTITUTIONS = makeSubstitutions();

/** Substitution and column mixing of each byte of a column, one table a place. */
const MIXED: readonly Uint32Array[] = [0, 8, 16, 24].map((rotation) =>
  Uint32Array.from(SUBSTITUTIONS, (s) => {
    const word = ((double(s) << 24) | (s << 16) | (s << 8) | (double(s) ^ s)) >>> 0;
    return rotation === 0 ? word : ((word >>> rotation) | (word << (32 - rotation))) >>> 0;
  })
);
const [T0, T1, T2, T3] = MIXED;

/** Bytes of a block, and of a key. */
const BLOCK_BYTES = 16;
const ROUNDS = 10;

function expandKey(key: Uint8Array): Uint32Array {
  const words = new Uint32Array(4 * (ROUNDS + 1));
  const view = new DataView(key.buffer, key.byteOffset, BLOCK_BYTES);
  for (let i = 0; i < 4; i++) words[i] = view.getUint32(4 * i);
  let constant = 1;
  for (let i = 4; i < words.length; i++) {
    let word = words[i - 1];
    if (i % 4 === 0) {
      word = substitute((word << 8) | (word >>> 24)) ^ (constant << 24);
      constant = double(constant);
    }
    words[i] = words[i - 4] ^ word;
  }
  return words;
}

function substitute(word: number): number {
  return (SUBSTITUTIONS[word >>> 24] << 24) | (SUBSTITUTIONS[(word >>> 16) & 255] << 16) |
    (SUBSTITUTIONS[(word >>> 8) & 255] << 8) | SUBSTITUTIONS[word & 255];
}

/**
 * AES with a key of 128 bits, one block at a time and synchronous, which Web Crypto is not.
 *
 * It is made to look up pseudorandom bits, not to keep secrets from whoever shares the machine:
 * tables leak through the cache's timing.
 *
 * Source: FIPS 197.
 */
export class Aes128 {
  readonly #keys: Uint32Array;

  /**
   * Makes a cipher.
   *
   * @param key 16 bytes
   */
  constructor(key: Uint8Array) {
    if (key.length !== BLOCK_BYTES) {
      throw new RangeError(
        `Cannot use AES key: it has ${key.length} bytes, expected ${BLOCK_BYTES}`,
      );
    }
    this.#keys = expandKey(key);
  }

  /** Encrypts one block. */
  encrypt(block: Uint8Array): Uint8Array<ArrayBuffer> {
    const keys = this.#keys;
    const input = new DataView(block.buffer, block.byteOffset, BLOCK_BYTES);
    let s0 = input.getUint32(0) ^ keys[0];
    let s1 = input.getUint32(4) ^ keys[1];
    let s2 = input.getUint32(8) ^ keys[2];
    let s3 = input.getUint32(12) ^ keys[3];
    let k = 4;
    for (; k < 4 * ROUNDS; k += 4) {
      const t0 = mix(s0, s1, s2, s3) ^ keys[k];
      const t1 = mix(s1, s2, s3, s0) ^ keys[k + 1];
      const t2 = mix(s2, s3, s0, s1) ^ keys[k + 2];
      s3 = mix(s3, s0, s1, s2) ^ keys[k + 3];
      s0 = t0;
      s1 = t1;
      s2 = t2;
    }
    const output = new DataView(new ArrayBuffer(BLOCK_BYTES));
    output.setUint32(0, last(s0, s1, s2, s3) ^ keys[k]);
    output.setUint32(4, last(s1, s2, s3, s0) ^ keys[k + 1]);
    output.setUint32(8, last(s2, s3, s0, s1) ^ keys[k + 2]);
    output.setUint32(12, last(s3, s0, s1, s2) ^ keys[k + 3]);
    return new Uint8Array(output.buffer);
  }

  /** Prepares for blocks that differ in their first four bytes only. */
  firstBits(pad: Uint8Array): FirstBits {
    return new FirstBits(this.#keys, pad);
  }
}

function mix(a: number, b: number, c: number, d: number): number {
  return T0[a >>> 24] ^ T1[(b >>> 16) & 255] ^ T2[(c >>> 8) & 255] ^ T3[d & 255];
}

function last(a: number, b: number, c: number, d: number): number {
  return substitute((a & 0xff000000) | (b & 0xff0000) | (c & 0xff00) | (d & 0xff));
}

/**
 * The first bit of encrypted blocks that differ in their first word: what the other three words
 * add to the first round is worked out once, and the last rounds make only what the bit needs.
 */
export class FirstBits {
  readonly #keys: Uint32Array;
  readonly #key0: number;
  /** The first round without the first word. */
  readonly #c0: number;
  readonly #c1: number;
  readonly #c2: number;
  readonly #c3: number;

  constructor(keys: Uint32Array, pad: Uint8Array) {
    const input = new DataView(pad.buffer, pad.byteOffset, BLOCK_BYTES);
    const s1 = input.getUint32(4) ^ keys[1];
    const s2 = input.getUint32(8) ^ keys[2];
    const s3 = input.getUint32(12) ^ keys[3];
    this.#keys = keys;
    this.#key0 = keys[0];
    this.#c0 = T1[(s1 >>> 16) & 255] ^ T2[(s2 >>> 8) & 255] ^ T3[s3 & 255] ^ keys[4];
    this.#c1 = T0[s1 >>> 24] ^ T1[(s2 >>> 16) & 255] ^ T2[(s3 >>> 8) & 255] ^ keys[5];
    this.#c2 = T0[s2 >>> 24] ^ T1[(s3 >>> 16) & 255] ^ T3[s1 & 255] ^ keys[6];
    this.#c3 = T0[s3 >>> 24] ^ T2[(s1 >>> 8) & 255] ^ T3[s2 & 255] ^ keys[7];
  }

  /** The first bit of the block that begins with a word, 0 or 1. */
  bit(word: number): number {
    const keys = this.#keys;
    const first = word ^ this.#key0;
    let s0 = this.#c0 ^ T0[first >>> 24];
    let s1 = this.#c1 ^ T3[first & 255];
    let s2 = this.#c2 ^ T2[(first >>> 8) & 255];
    let s3 = this.#c3 ^ T1[(first >>> 16) & 255];
    for (let k = 8; k < 4 * (ROUNDS - 1); k += 4) {
      const t0 = mix(s0, s1, s2, s3) ^ keys[k];
      const t1 = mix(s1, s2, s3, s0) ^ keys[k + 1];
      const t2 = mix(s2, s3, s0, s1) ^ keys[k + 2];
      s3 = mix(s3, s0, s1, s2) ^ keys[k + 3];
      s0 = t0;
      s1 = t1;
      s2 = t2;
    }
    const byte = (mix(s0, s1, s2, s3) ^ keys[4 * (ROUNDS - 1)]) >>> 24;
    return (SUBSTITUTIONS[byte] ^ (keys[4 * ROUNDS] >>> 24)) >>> 7;
  }
}
