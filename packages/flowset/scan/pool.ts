/** Where a list of slots ends. */
export const NONE = -1;

/** Slots that a pool has room for to begin with. */
const FIRST_CAPACITY = 1024;

/** Any array of a pool. */
type PoolArray = Uint8Array | Uint16Array | Uint32Array | Int32Array;

/**
 * Numbers the slots of arrays that grow together. Slots that are given back are used again, last
 * first, so that memory follows what is in use.
 */
export class SlotPool {
  /** Slots in use at most. */
  readonly max: number;
  #capacity = 0;
  #used = 0;
  #top = 0;
  /** Slots given back, as a stack. */
  #free = new Int32Array(FIRST_CAPACITY);
  #freeCount = 0;

  constructor(max: number) {
    this.max = max;
  }

  /** Slots in use. */
  get used(): number {
    return this.#used;
  }

  /** Slots that the arrays must have. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Whether every slot that may be in use is. */
  get full(): boolean {
    return this.#used >= this.max;
  }

  /** Takes a slot; the arrays may have to grow to `capacity` before it can be written. */
  take(): number {
    this.#used++;
    if (this.#freeCount > 0) return this.#free[--this.#freeCount];
    if (this.#top === this.#capacity) {
      this.#capacity = Math.min(Math.max(FIRST_CAPACITY, this.#capacity * 2), this.max);
    }
    return this.#top++;
  }

  /** Gives a slot back. */
  give(slot: number): void {
    if (this.#freeCount === this.#free.length) {
      this.#free = grown(this.#free, this.#free.length * 2, Int32Array);
    }
    this.#free[this.#freeCount++] = slot;
    this.#used--;
  }
}

/** An array with the same values and more room. */
export function grown<Kind extends PoolArray>(
  array: Kind,
  length: number,
  kind: new (length: number) => Kind,
): Kind {
  const larger = new kind(length);
  larger.set(array);
  return larger;
}
