/**
 * What is summed for a group, in this order: counters as they were sent, and multiplied by the rate
 * of sampling.
 */
export const SUMS = ["octets", "packets", "flows", "scaledOctets", "scaledPackets"] as const;

/** The name of a sum. */
export type SumName = (typeof SUMS)[number];

/** The columns that are summed; where nothing was sampled two may be the same. */
export type SumColumns = Readonly<Record<SumName, Float64Array>>;

/** The groups of a span of time that is over. */
export interface TopSlice {
  /** Words of the keys, group after group. */
  readonly keys: Uint32Array<ArrayBuffer>;
  /** The sums of the groups, those of {@linkcode SUMS} each. */
  readonly sums: Float64Array<ArrayBuffer>;
  /** Groups. */
  readonly size: number;
  /** The sums of everything, groups that were cut too. */
  readonly totals: Float64Array<ArrayBuffer>;
}

const SUMS_LENGTH = SUMS.length;

/** Factors that change nothing. */
const ONES: ArrayLike<number> = SUMS.map(() => 1);

/** When a table is full, one group in so many stays: cutting must be rare, as it takes a while. */
const CUT_SHARE = 8;

/**
 * Sums by key: an open hash table of typed arrays with a bound. When it is full, all but the
 * largest groups are cut; what they had stays in `totals` only. So a group whose share is large at
 * any time is there, and its sums may lack what it had before a cut while it was small.
 */
export class TopTable {
  /** 32-bit words of a key. */
  readonly words: number;
  /** Groups at most. */
  readonly capacity: number;
  /** The sums of everything that was added. */
  readonly totals: Float64Array<ArrayBuffer> = new Float64Array(SUMS_LENGTH);
  #size = 0;
  #keys: Uint32Array<ArrayBuffer>;
  #sums: Float64Array<ArrayBuffer>;
  /** For each slot, its group and 1, or 0. */
  #slots: Uint32Array<ArrayBuffer>;
  /** Senders must not be able to choose keys that fall together. */
  readonly #seed = crypto.getRandomValues(new Uint32Array(1))[0];
  #probe: Uint32Array<ArrayBuffer>;

  /**
   * Makes an empty table. Memory grows with its groups.
   *
   * @param words 32-bit words of a key
   * @param capacity Groups at most, a power of two
   */
  constructor(words: number, capacity: number) {
    this.words = words;
    this.capacity = capacity;
    const start = Math.min(capacity, 64);
    this.#keys = new Uint32Array(start * words);
    this.#sums = new Float64Array(start * SUMS_LENGTH);
    this.#slots = new Uint32Array(2 * start);
    this.#probe = new Uint32Array(words);
  }

  /** Groups. */
  get size(): number {
    return this.#size;
  }

  /** Empties it. */
  clear(): void {
    this.#size = 0;
    this.#slots.fill(0);
    this.totals.fill(0);
  }

  /**
   * Adds rows.
   *
   * @param keys For each word of the key, its column
   * @param sums The columns to sum
   * @param rows Indices of the rows; where it is not given the first `count`
   * @param count How many rows
   */
  add(
    keys: readonly Uint32Array[],
    sums: SumColumns,
    rows: Uint32Array | undefined,
    count: number,
  ): void {
    const { octets, packets, flows, scaledOctets, scaledPackets } = sums;
    const probe = this.#probe;
    const [first] = keys;
    const { words, totals } = this;
    let group = -1;
    for (let i = 0; i < count; i++) {
      const row = rows === undefined ? i : rows[i];
      // Rows of one group often come in runs.
      let same = group >= 0 && probe[0] === first[row];
      probe[0] = first[row];
      for (let word = 1; word < words; word++) {
        const value = keys[word][row];
        same = same && probe[word] === value;
        probe[word] = value;
      }
      if (!same) group = this.#find();
      const at = group * SUMS_LENGTH;
      const values = this.#sums;
      values[at] += octets[row];
      values[at + 1] += packets[row];
      values[at + 2] += flows[row];
      values[at + 3] += scaledOctets[row];
      values[at + 4] += scaledPackets[row];
      totals[0] += octets[row];
      totals[1] += packets[row];
      totals[2] += flows[row];
      totals[3] += scaledOctets[row];
      totals[4] += scaledPackets[row];
    }
  }

  /**
   * Adds the groups of a span of time.
   *
   * @param slice The groups; keys have as many words as here
   */
  merge(slice: TopSlice): void {
    const probe = this.#probe;
    for (let group = 0; group < slice.size; group++) {
      for (let word = 0; word < this.words; word++) {
        probe[word] = slice.keys[group * this.words + word];
      }
      const at = this.#find() * SUMS_LENGTH;
      for (let sum = 0; sum < SUMS_LENGTH; sum++) {
        this.#sums[at + sum] += slice.sums[group * SUMS_LENGTH + sum];
      }
    }
    for (let sum = 0; sum < SUMS_LENGTH; sum++) this.totals[sum] += slice.totals[sum];
  }

  /**
   * The largest groups, by their shares of all sums together, in no order.
   *
   * @param count How many at most
   * @param factors What each sum is multiplied by; default 1
   * @returns A copy
   */
  condense(count: number, factors: ArrayLike<number> = ONES): TopSlice {
    const chosen = this.#size <= count ? undefined : this.#largest(count);
    const size = chosen?.length ?? this.#size;
    const { words } = this;
    const keys = new Uint32Array(size * words);
    const sums = new Float64Array(size * SUMS_LENGTH);
    for (let i = 0; i < size; i++) {
      const group = chosen === undefined ? i : chosen[i];
      for (let word = 0; word < words; word++) {
        keys[i * words + word] = this.#keys[group * words + word];
      }
      for (let sum = 0; sum < SUMS_LENGTH; sum++) {
        sums[i * SUMS_LENGTH + sum] = this.#sums[group * SUMS_LENGTH + sum] * factors[sum];
      }
    }
    return { keys, sums, size, totals: this.totals.map((total, sum) => total * factors[sum]) };
  }

  /** The group of the key in `#probe`, new where there was none. */
  #find(): number {
    let slot = this.#search();
    if (this.#slots[slot] !== 0) return this.#slots[slot] - 1;
    if (this.#size * this.words === this.#keys.length) {
      if (this.#size < this.capacity) this.#resize(2 * this.#size);
      else this.#cut();
      slot = this.#search();
    }
    const group = this.#size++;
    this.#slots[slot] = group + 1;
    this.#keys.set(this.#probe, group * this.words);
    this.#sums.fill(0, group * SUMS_LENGTH, (group + 1) * SUMS_LENGTH);
    return group;
  }

  /** The slot of the key in `#probe`, or the empty one where it belongs. */
  #search(): number {
    const probe = this.#probe;
    const keys = this.#keys;
    const slots = this.#slots;
    const { words } = this;
    if (words === 1) return this.#searchWord(probe[0]);
    const mask = slots.length - 1;
    let hash = this.#seed;
    for (let word = 0; word < words; word++) {
      hash = Math.imul(hash ^ probe[word], 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash, 0x85ebca6b);
    let slot = (hash ^ (hash >>> 13)) & mask;
    while (slots[slot] !== 0) {
      const at = (slots[slot] - 1) * words;
      let word = 0;
      while (word < words && keys[at + word] === probe[word]) word++;
      if (word === words) return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  /** {@linkcode #search} for keys of one word, which most are. */
  #searchWord(key: number): number {
    const keys = this.#keys;
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hash = Math.imul(this.#seed ^ key, 0x9e3779b1);
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
    let slot = (hash ^ (hash >>> 13)) & mask;
    while (slots[slot] !== 0 && keys[slots[slot] - 1] !== key) slot = (slot + 1) & mask;
    return slot;
  }

  #resize(groups: number): void {
    const keys = new Uint32Array(groups * this.words);
    const sums = new Float64Array(groups * SUMS_LENGTH);
    keys.set(this.#keys);
    sums.set(this.#sums);
    this.#keys = keys;
    this.#sums = sums;
    this.#slots = new Uint32Array(2 * groups);
    this.#index();
  }

  /** Writes the slots of all groups anew. */
  #index(): void {
    const wanted = this.#probe.slice();
    for (let group = 0; group < this.#size; group++) {
      const at = group * this.words;
      this.#probe.set(this.#keys.subarray(at, at + this.words));
      this.#slots[this.#search()] = group + 1;
    }
    this.#probe.set(wanted);
  }

  /** Leaves the largest groups. */
  #cut(): void {
    const { keys, sums, size } = this.condense(this.capacity / CUT_SHARE);
    this.#keys.set(keys);
    this.#sums.set(sums);
    this.#size = size;
    this.#slots.fill(0);
    this.#index();
  }

  /** The groups with the largest shares. */
  #largest(count: number): Uint32Array {
    const shares = new Float64Array(this.#size);
    for (let group = 0; group < shares.length; group++) {
      for (let sum = 0; sum < SUMS_LENGTH; sum++) {
        const total = this.totals[sum];
        if (total > 0) shares[group] += this.#sums[group * SUMS_LENGTH + sum] / total;
      }
    }
    const limit = shares.toSorted()[shares.length - count];
    const chosen = new Uint32Array(count);
    let kept = 0;
    for (let group = 0; group < shares.length; group++) {
      if (shares[group] > limit) chosen[kept++] = group;
    }
    for (let group = 0; group < shares.length && kept < count; group++) {
      if (shares[group] === limit) chosen[kept++] = group;
    }
    return chosen;
  }
}
