import { formatIPv6 } from "@flowtools/flow-model";
import { GroupTable } from "./group_table.ts";
import { sortStable } from "./sort.ts";

/** Octets of an IPv6 address, and the words of 32 bits that they are. */
const OCTETS = 16;
const WORDS = 4;
const WORD_BITS = 32;
const ADDRESS_BITS = 128;

/**
 * IPv6 addresses by number, from 0 in the order in which they were first seen: keys of reports hold
 * the number in the one word that an IPv4 address has.
 */
export class WideAddresses {
  readonly #table: GroupTable;
  readonly #columns: Uint32Array<ArrayBuffer>[] = [];
  readonly #octets = new Uint8Array(OCTETS);
  #found = new Uint32Array(0);

  /**
   * Begins without addresses.
   *
   * @param options Bytes that they may take, and who asks
   */
  constructor(options: { readonly bytesMax: number; readonly title: string }) {
    this.#table = new GroupTable({ ...options, words: WORDS, counters: 0 });
  }

  /**
   * Finds the numbers of addresses; those that are new get the next.
   *
   * @param octets Addresses, 16 octets each
   * @param places The places to be numbered, in `numbers` and `lengths`
   * @param rowOf The row of `octets` that belongs to a place; the place itself where not given
   * @param numbers Told the number of each place
   * @param lengths Bits that count; all where not given, and where it is 0 or above 128
   * @throws {GroupTableLimitError} There are more addresses than memory allows
   */
  find(
    octets: Uint8Array,
    places: Uint32Array,
    rowOf: Uint32Array | undefined,
    numbers: Uint32Array,
    lengths?: Uint32Array,
  ): void {
    const count = places.length;
    if (this.#found.length < count) {
      // As many as there may be another time.
      this.#found = new Uint32Array(numbers.length);
      for (let word = 0; word < WORDS; word++) {
        this.#columns[word] = new Uint32Array(numbers.length);
      }
    }
    const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
    for (let word = 0; word < WORDS; word++) {
      const column = this.#columns[word];
      for (let i = 0; i < count; i++) {
        const place = places[i];
        const row = rowOf === undefined ? place : rowOf[place];
        const mask = lengths === undefined ? -1 : wordMask(lengths[place], word);
        column[i] = view.getUint32(row * OCTETS + word * 4) & mask;
      }
    }
    this.#table.find(this.#columns, count, this.#found);
    for (let i = 0; i < count; i++) numbers[places[i]] = this.#found[i];
  }

  /**
   * The text of an address, as RFC 5952 has it.
   *
   * @param number Its number
   */
  text(number: number): string {
    const view = new DataView(this.#octets.buffer);
    for (let word = 0; word < WORDS; word++) {
      view.setUint32(word * 4, this.#table.keys[number * WORDS + word]);
    }
    return formatIPv6(this.#octets);
  }

  /** The place of each address among all of them in ascending order. */
  ranks(): Uint32Array {
    const { keys, size } = this.#table;
    let order = new Uint32Array(size).map((_, number) => number);
    for (let offset = WORDS - 1; offset >= 0; offset--) {
      order = sortStable(order, { values: keys, stride: WORDS, offset });
    }
    const ranks = new Uint32Array(size);
    for (let rank = 0; rank < size; rank++) ranks[order[rank]] = rank;
    return ranks;
  }
}

/** The bits of one word that a prefix of some length keeps; a length that is none keeps all. */
function wordMask(length: number, word: number): number {
  const bits = length - word * WORD_BITS;
  if (length === 0 || length > ADDRESS_BITS || bits >= WORD_BITS) return -1;
  return bits <= 0 ? 0 : -1 << (WORD_BITS - bits);
}
