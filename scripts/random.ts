/**
 * Random numbers from a seed: the same seed gives the same numbers on any machine.
 *
 * @module
 */

/** Chris Doty-Humphrey's small fast counter generator, public domain: uniform in [0, 1). */
export function sfc32(seed: number): () => number {
  let a = 0x9e3779b9 ^ Math.imul(seed, 0x85ebca6b);
  let b = 0x243f6a88;
  let c = 0xb7e15162;
  let counter = 1;
  return () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum | 0;
    return (sum >>> 0) / 2 ** 32;
  };
}

/** Draws that take time to mix a seed into all of the state. */
const WARM_UP_DRAWS = 15;

/** Random choices. Streams of one seed have nothing to do with each other. */
export class Random {
  readonly #next: () => number;

  /**
   * @param seed The seed
   * @param stream Number of the stream, such as the number of a run
   */
  constructor(seed: number, stream = 0) {
    this.#next = sfc32(Math.imul(seed, 0x9e3779b1) ^ Math.imul(stream + 1, 0xc2b2ae35));
    for (let i = 0; i < WARM_UP_DRAWS; i++) this.#next();
  }

  /** An integer from 0 to below `limit`; 0 where `limit` is 0. */
  int(limit: number): number {
    return Math.floor(this.#next() * limit);
  }

  /** One of a list. */
  pick<T>(list: readonly T[]): T {
    return list[this.int(list.length)];
  }

  /** True in one of `times` cases. */
  oneIn(times: number): boolean {
    return this.int(times) === 0;
  }
}
