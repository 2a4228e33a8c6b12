/** Damages inputs: bits, bytes, numbers that could be lengths, cuts, splices, blocks. */
import type { Random } from "../random.ts";

/** Bytes of an input at most: what fits one UDP datagram. */
const INPUT_BYTES_MAX = 65_535;

/** Edits of an input at most. One or two are the usual: more of them hide each other. */
const EDITS_MAX = 8;

/** Bytes at the start of an input, where headers are and half of the edits go. */
const HEAD_BYTES = 64;

const EDGE_BYTES = [0, 1, 0x7f, 0x80, 0xff];
const EDGE_WORDS = [0, 1, 0x7fff, 0x8000, 0xfffe, 0xffff];
const EDGE_LONGS = [0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

/** Damages one input after the other in memory of its own. */
export class Mutator {
  readonly #corpus: readonly Uint8Array[];
  readonly #bytes = new Uint8Array(INPUT_BYTES_MAX);
  readonly #view = new DataView(this.#bytes.buffer);
  #length = 0;
  #random!: Random;

  /** @param corpus Whole inputs */
  constructor(corpus: readonly Uint8Array[]) {
    this.#corpus = corpus;
  }

  /** A damaged input, in memory of its own. */
  next(random: Random): Uint8Array<ArrayBuffer> {
    this.#random = random;
    const seed = random.pick(this.#corpus);
    this.#length = 0;
    this.#append(seed);
    const edits = 1 + Math.min(random.int(EDITS_MAX), random.int(EDITS_MAX));
    for (let i = 0; i < edits; i++) this.#edit();
    return this.#bytes.slice(0, this.#length);
  }

  #edit(): void {
    const random = this.#random;
    const at = this.#place();
    switch (random.int(11)) {
      case 0:
      case 1:
        this.#bytes[at] ^= 1 << random.int(8);
        break;
      case 2:
        this.#bytes[at] = random.pick(EDGE_BYTES);
        break;
      case 3:
        this.#bytes[at] = random.int(256);
        break;
      case 4:
        this.#setNumber(at, random.oneIn(2) ? 2 : 4);
        break;
      case 5:
        this.#tweakLength(at, random.oneIn(2) ? 2 : 4);
        break;
      case 6:
        this.#length = random.oneIn(2) ? at : Math.max(0, this.#length - 1 - random.int(70));
        break;
      case 7:
        this.#extend();
        break;
      case 8:
        this.#splice(at);
        break;
      case 9:
        this.#duplicate(at);
        break;
      case 10:
        this.#remove(at);
        break;
    }
  }

  #place(): number {
    const range = this.#random.oneIn(2) ? Math.min(HEAD_BYTES, this.#length) : this.#length;
    return this.#random.int(range);
  }

  #setNumber(at: number, width: 2 | 4): void {
    if (at + width > this.#length) return;
    const little = this.#random.oneIn(2);
    if (width === 2) this.#view.setUint16(at, this.#random.pick(EDGE_WORDS), little);
    else this.#view.setUint32(at, this.#random.pick(EDGE_LONGS), little);
  }

  /** Makes a number a little more or less, or as large as what is left: a length that lies. */
  #tweakLength(at: number, width: 2 | 4): void {
    if (at + width > this.#length) return;
    const random = this.#random;
    const little = random.oneIn(2);
    const delta = random.int(9) - 4;
    const left = this.#length - at;
    const view = this.#view;
    if (width === 2) {
      const base = random.oneIn(4) ? left : view.getUint16(at, little);
      view.setUint16(at, base + delta, little);
    } else {
      const base = random.oneIn(4) ? left : view.getUint32(at, little);
      view.setUint32(at, base + delta, little);
    }
  }

  #extend(): void {
    const random = this.#random;
    const end = Math.min(INPUT_BYTES_MAX, this.#length + 1 + random.int(80));
    const fill = random.pick([...EDGE_BYTES, undefined]);
    while (this.#length < end) this.#bytes[this.#length++] = fill ?? random.int(256);
  }

  /** Goes on with the end of another input. */
  #splice(at: number): void {
    const other = this.#random.pick(this.#corpus);
    // Fields stand at the same place in like inputs, so mostly the halves fit.
    const from = this.#random.oneIn(2) ? at : this.#random.int(other.length);
    this.#length = at;
    this.#append(other.subarray(from));
  }

  #duplicate(at: number): void {
    const size = Math.min(this.#blockSize(), this.#length - at, INPUT_BYTES_MAX - this.#length);
    this.#bytes.copyWithin(at + size, at, this.#length);
    this.#length += size;
  }

  #remove(at: number): void {
    const size = Math.min(this.#blockSize(), this.#length - at);
    this.#bytes.copyWithin(at, at + size, this.#length);
    this.#length -= size;
  }

  #blockSize(): number {
    return 1 + this.#random.int(this.#random.oneIn(4) ? this.#length : 64);
  }

  #append(bytes: Uint8Array): void {
    const part = bytes.subarray(0, INPUT_BYTES_MAX - this.#length);
    this.#bytes.set(part, this.#length);
    this.#length += part.length;
  }
}
