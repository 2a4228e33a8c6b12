import { FAMILY_IPV6, type FlowBatch, type FlowFieldName } from "@flowtools/flow-model";
import type { RowTest } from "../filter/narrow.ts";
import { type NumberBlock, NumberSet } from "../filter/narrow_set.ts";
import { numberTest } from "./narrow_ranges.ts";
import { type Range, unite } from "./ranges.ts";

/** 32-bit words of an IPv6 address. */
const WORDS = 4;

/** Addresses, by ranges of each family. */
export interface AddressRanges {
  readonly ipv4: readonly Range<number>[];
  readonly ipv6: readonly Range<bigint>[];
}

/** Passes the rows whose address is in one of some ranges; families do not mix. */
export class AddressTest implements RowTest {
  readonly fields: readonly [FlowFieldName];
  readonly #narrow: RowTest | NumberSet | undefined;
  readonly #wide: WideSet;
  #narrowRows = new Uint32Array(0);
  #wideRows = new Uint32Array(0);

  constructor(field: FlowFieldName, { ipv4, ipv6 }: AddressRanges) {
    this.fields = [field];
    const ranges = unite(ipv4);
    if (ranges.length === 1) this.#narrow = numberTest({ kind: "field", field }, ranges);
    else if (ranges.length > 1) this.#narrow = new NumberSet(ranges.flatMap(blocksOf), false);
    this.#wide = new WideSet(ipv6);
  }

  narrow(batch: FlowBatch, rows: Uint32Array, count: number): number {
    const [field] = this.fields;
    const families = batch.family(field);
    const wide = batch.wide(field);
    if (families === undefined || wide === undefined) return this.#ipv4(batch, rows, count);
    if (this.#wideRows.length < batch.capacity) {
      this.#narrowRows = new Uint32Array(batch.capacity);
      this.#wideRows = new Uint32Array(batch.capacity);
    }
    const [ipv4, ipv6] = [this.#narrowRows, this.#wideRows];
    let narrowCount = 0;
    let wideCount = 0;
    for (let i = 0; i < count; i++) {
      const row = rows[i];
      if (families[row] === FAMILY_IPV6) ipv6[wideCount++] = row;
      else ipv4[narrowCount++] = row;
    }
    narrowCount = this.#ipv4(batch, ipv4, narrowCount);
    wideCount = this.#wide.narrow(wide, ipv6, wideCount);
    return mergeRows(ipv4, narrowCount, ipv6, wideCount, rows);
  }

  #ipv4(batch: FlowBatch, rows: Uint32Array, count: number): number {
    const test = this.#narrow;
    if (test === undefined) return 0;
    if (!(test instanceof NumberSet)) return test.narrow(batch, rows, count);
    return test.narrow(batch.column(this.fields[0]) as Uint32Array, rows, count);
  }
}

/** Joins two selections, each in order, into one that is. */
function mergeRows(
  one: Uint32Array,
  oneCount: number,
  other: Uint32Array,
  otherCount: number,
  rows: Uint32Array,
): number {
  let a = 0;
  let b = 0;
  let at = 0;
  while (a < oneCount && b < otherCount) {
    rows[at++] = one[a] < other[b] ? one[a++] : other[b++];
  }
  while (a < oneCount) rows[at++] = one[a++];
  while (b < otherCount) rows[at++] = other[b++];
  return at;
}

/** The fewest blocks of neighbouring numbers, each as large as a power of two, that make a range. */
function blocksOf({ low, high }: Range<number>): NumberBlock[] {
  const blocks: NumberBlock[] = [];
  for (let value = low; value <= high;) {
    let length = 32;
    while (length > 0) {
      const size = 2 ** (33 - length);
      if (value % size !== 0 || value + size - 1 > high) break;
      length--;
    }
    blocks.push({ value, length, passes: true });
    value += 2 ** (32 - length);
  }
  return blocks;
}

/** A set of IPv6 addresses, to be asked for those of a column. */
class WideSet {
  /** The first and the last address of each range, four words each, in order. */
  readonly #lows: Uint32Array;
  readonly #highs: Uint32Array;
  readonly #count: number;

  constructor(ranges: readonly Range<bigint>[]) {
    const united = unite(ranges);
    this.#count = united.length;
    this.#lows = Uint32Array.from(united.flatMap(({ low }) => wordsOf(low)));
    this.#highs = Uint32Array.from(united.flatMap(({ high }) => wordsOf(high)));
  }

  /** Narrows a selection to the rows whose 16 bytes are in the set. */
  narrow(wide: Uint8Array, rows: Uint32Array, count: number): number {
    if (this.#count === 0) return 0;
    const address = new Uint32Array(WORDS);
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const row = rows[i];
      for (let word = 0, at = row * 16; word < WORDS; word++, at += 4) {
        address[word] = (wide[at] << 24) | (wide[at + 1] << 16) | (wide[at + 2] << 8) |
          wide[at + 3];
      }
      let low = 0;
      let high = this.#count;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (compareWords(this.#lows, middle * WORDS, address) <= 0) low = middle + 1;
        else high = middle;
      }
      rows[kept] = row;
      if (low > 0 && compareWords(this.#highs, (low - 1) * WORDS, address) >= 0) kept++;
    }
    return kept;
  }
}

function wordsOf(address: bigint): number[] {
  return [96n, 64n, 32n, 0n].map((shift) => Number((address >> shift) & 0xffffffffn));
}

/** Below 0, 0, or above 0, as the words of a list from some place on are, beside an address. */
function compareWords(words: Uint32Array, at: number, address: Uint32Array): number {
  for (let word = 0; word < WORDS; word++) {
    if (words[at + word] !== address[word]) return words[at + word] - address[word];
  }
  return 0;
}

/** Passes the rows of which one of some addresses is IPv6. */
export class FamilyTest implements RowTest {
  readonly fields: readonly FlowFieldName[];

  constructor(fields: readonly FlowFieldName[]) {
    this.fields = fields;
  }

  narrow(batch: FlowBatch, rows: Uint32Array, count: number): number {
    const columns = this.fields.flatMap((field) => batch.family(field) ?? []);
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const row = rows[i];
      let wide = 0;
      for (let at = 0; at < columns.length; at++) wide |= columns[at][row] === FAMILY_IPV6 ? 1 : 0;
      rows[kept] = row;
      kept += wide;
    }
    return kept;
  }
}
