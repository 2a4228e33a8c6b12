import { FAMILY_IPV6, formatIPv4, formatIPv6 } from "@flowtools/flow-model";
import { sortStable } from "../report/sort.ts";
import { addGroup, BASE_SUMS, findGroupCounter, type GroupCounter } from "./counters.ts";
import type { ElementText } from "./element_words.ts";
import { GroupError } from "./errors.ts";
import { groupKeyWords, WIDE_WORDS, widens } from "./key_words.ts";
import type { GroupKey } from "./parse_keys.ts";
import { projectGroups } from "./project_groups.ts";
import { selectTop } from "./select_top.ts";

/** What a {@linkcode GroupResult} is made from. */
export interface GroupResultInit {
  /** What flows were grouped by. */
  readonly keys: readonly GroupKey[];
  /** Whether addresses have the words of IPv6. */
  readonly wide: boolean;
  /** Groups. */
  readonly size: number;
  /** Words of the keys, group after group. */
  readonly keyWords: Uint32Array;
  /** Sums, group after group. */
  readonly sums: Float64Array;
  /** Sums of a group. */
  readonly stride: number;
  /** Sums of all flows. */
  readonly totals: Float64Array;
  /** Whether flows count in several groups. */
  readonly overlapping: boolean;
  /** The values of elements by their words. */
  readonly elements: readonly (ElementText | undefined)[];
}

/** Groups with their sums, numbered from 0. */
export class GroupResult {
  /** What flows were grouped by. */
  readonly keys: readonly GroupKey[];
  /** Groups. */
  readonly size: number;
  /** Words of the keys of a group. */
  readonly keyStride: number;
  /** Words of all keys. */
  readonly keyWords: Uint32Array;
  /** Whether flows count in several groups, so that these do not add up to the total. */
  readonly overlapping: boolean;
  readonly #wide: boolean;
  readonly #sums: Float64Array;
  readonly #stride: number;
  readonly #totals: Float64Array;
  readonly #offsets: readonly number[];
  readonly #elements: readonly (ElementText | undefined)[];

  /**
   * Makes a result.
   *
   * @param init Its parts
   */
  constructor(init: GroupResultInit) {
    this.keys = init.keys;
    this.size = init.size;
    this.keyWords = init.keyWords;
    this.overlapping = init.overlapping;
    this.#wide = init.wide;
    this.#sums = init.sums;
    this.#stride = init.stride;
    this.#totals = init.totals;
    this.#elements = init.elements;
    let offset = 0;
    this.#offsets = init.keys.map((key) => {
      const at = offset;
      offset += groupKeyWords(key, init.wide);
      return at;
    });
    this.keyStride = offset;
  }

  /**
   * A counter of a group.
   *
   * @param name The counter
   * @param group The group
   * @throws {GroupError} There is no such counter, or times were not kept
   */
  value(name: string, group: number): number {
    return this.#counter(name).value(this.#sums, group * this.#stride);
  }

  /** A counter of all flows. */
  total(name: string): number {
    return this.#counter(name).value(this.#totals, 0);
  }

  /** A counter of all groups, as a copy. */
  values(name: string): Float64Array<ArrayBuffer> {
    const { value } = this.#counter(name);
    const values = new Float64Array(this.size);
    for (let group = 0; group < values.length; group++) {
      values[group] = value(this.#sums, group * this.#stride);
    }
    return values;
  }

  /**
   * The groups that lead by a counter; of equal ones the lower keys first, so that the answer does
   * not depend on the order of the flows.
   *
   * @param name The counter
   * @param count How many; Infinity for all
   * @param ascending Least first
   * @returns The groups
   */
  top(name: string, count = Infinity, ascending = false): Uint32Array<ArrayBuffer> {
    const values = this.values(name);
    if (count * 8 < this.size) {
      return selectTop(values, count, ascending, (a, b) => this.#compareKeys(a, b));
    }
    let order = this.byKeys();
    // The sort is stable, and turned about equal groups keep the lower keys first.
    if (!ascending) order.reverse();
    order = sortStable(order, { values: ranked(values), stride: 1, offset: 0 });
    if (!ascending) order.reverse();
    return order.slice(0, Math.min(count, order.length));
  }

  /** The groups in the order of their keys. */
  byKeys(): Uint32Array<ArrayBuffer> {
    let order = new Uint32Array(this.size).map((_, group) => group);
    for (let offset = this.keyStride - 1; offset >= 0; offset--) {
      order = sortStable(order, { values: this.keyWords, stride: this.keyStride, offset });
    }
    return order;
  }

  /** The word of a key of a group: numbers, applications, times, classes. */
  keyWord(key: number, group: number): number {
    return this.keyWords[group * this.keyStride + this.#offsets[key]];
  }

  /**
   * A key of a group as text, or as a number where it is one.
   *
   * @param key Which key
   * @param group The group
   * @returns An address, a network with its length, the protocol of an application, the value of an
   * element, or the number; `undefined` where records have no such element
   */
  keyText(key: number, group: number): string | number | undefined {
    const { spec, lengths } = this.keys[key];
    const at = group * this.keyStride + this.#offsets[key];
    const word = this.keyWords[at];
    if (spec.kind === "application") return word >>> 16;
    if (spec.kind === "element") return this.#elements[word];
    if (spec.name === "router_sc") return formatIPv4(word);
    if (!widens(this.keys[key])) return word;
    const wide = this.#wide && word === FAMILY_IPV6;
    const address = wide
      ? this.#ipv6(at + 1)
      : formatIPv4(this.#wide ? this.keyWords[at + 1] : word);
    if (spec.kind === "network") {
      return `${address}/${this.keyWords[at + (this.#wide ? WIDE_WORDS : 1)]}`;
    }
    return lengths === undefined ? address : `${address}/${lengths[wide ? 1 : 0]}`;
  }

  /**
   * Groups by some of the keys only.
   *
   * @param keys Which keys
   * @returns The coarser groups, and for each group which of them it is in
   */
  project(
    keys: readonly number[],
  ): { readonly result: GroupResult; readonly groupOf: Uint32Array<ArrayBuffer> } {
    const offsets = keys.flatMap((key) =>
      Array.from(
        { length: groupKeyWords(this.keys[key], this.#wide) },
        (_, word) => this.#offsets[key] + word,
      )
    );
    const from = { size: this.size, stride: this.keyStride, words: this.keyWords };
    const { size, words, groupOf } = projectGroups(from, offsets);
    const sums = new Float64Array(size * this.#stride);
    for (let group = 0; group < this.size; group++) {
      const at = groupOf[group] * this.#stride;
      addGroup(sums, at, this.#sums, group * this.#stride, this.#stride);
    }
    const result = new GroupResult({
      keys: keys.map((key) => this.keys[key]),
      wide: this.#wide,
      size,
      keyWords: words,
      sums,
      stride: this.#stride,
      totals: this.#totals,
      overlapping: this.overlapping,
      elements: this.#elements,
    });
    return { result, groupOf };
  }

  /** The counters of some groups together, as of one. */
  sumOf(groups: Iterable<number>): (name: string) => number {
    const sums = new Float64Array(this.#stride);
    for (const group of groups) {
      addGroup(sums, 0, this.#sums, group * this.#stride, this.#stride);
    }
    return (name) => this.#counter(name).value(sums, 0);
  }

  #counter(name: string): GroupCounter {
    const counter = findGroupCounter(name);
    if (counter !== undefined && (!counter.timed || this.#stride > BASE_SUMS)) return counter;
    throw new GroupError("no-counter", `Cannot get ${name} of groups: it was not counted`);
  }

  #compareKeys(a: number, b: number): number {
    const { keyStride, keyWords } = this;
    for (let word = 0; word < keyStride; word++) {
      const difference = keyWords[a * keyStride + word] - keyWords[b * keyStride + word];
      if (difference !== 0) return difference;
    }
    return 0;
  }

  #ipv6(at: number): string {
    const bytes = new Uint8Array(16);
    const view = new DataView(bytes.buffer);
    for (let word = 0; word < 4; word++) view.setUint32(word * 4, this.keyWords[at + word]);
    return formatIPv6(bytes);
  }
}

/** The radix sort takes no negative numbers, which times before 1970 are. */
function ranked(values: Float64Array): Float64Array {
  const least = values.reduce((low, value) => Math.min(low, value), 0);
  return least < 0 ? values.map((value) => value - least) : values;
}
