import { formatIPv4 } from "@flowtools/flow-model";
import { type CounterName, COUNTERS, RATE_COUNTERS } from "./accumulate.ts";
import { ReportError } from "./errors.ts";
import { type KeyKind, type KeyName, KEYS, keyWords } from "./keys.ts";
import type { ReportSpec } from "./reports.ts";
import { type SortColumn, sortStable } from "./sort.ts";
import type { SummaryDetail } from "./summary.ts";
import type { WideAddresses } from "./wide_addresses.ts";

/** Sums over all flows that a report counted. */
export interface ReportTotals {
  /** Records that had a duration. */
  records: number;
  /** Records that were left out because they have no packets. */
  ignored: number;
  /** Flows. */
  flows: number;
  /** Octets. */
  octets: number;
  /** Packets. */
  packets: number;
  /** Milliseconds of all flows together. */
  duration: number;
  /** Unix time of the first export packet, seconds; where times are kept. */
  timeStart: number;
  /** Unix time of the last export packet, seconds; where times are kept. */
  timeEnd: number;
  /** Averages and extremes by name (`avg-bps`, …), where rates are kept. */
  rates: Map<CounterName, number>;
}

/** One key of a report's groups. */
export interface ResultKey {
  /** Its name. */
  readonly name: KeyName;
  /** What its words mean. */
  readonly kind: KeyKind;
  /** Where in the words of a group its own begin. */
  readonly offset: number;
  /** Its words. */
  readonly words: number;
}

/** What a result is made from. */
export interface ReportResultInit {
  /** The report. */
  readonly report: ReportSpec;
  /** The names of its keys, after the format of addresses. */
  readonly keys: readonly KeyName[];
  /** Groups. */
  readonly size: number;
  /** Words of the keys, group after group. */
  readonly keyWords: Uint32Array;
  /** Numbers of the groups, group after group. */
  readonly sums: Float64Array;
  /** Whether the numbers include rates. */
  readonly rates: boolean;
  /** Sums over all groups. */
  readonly totals: ReportTotals;
  /** Different values of another key, a group. */
  readonly distinct?: Uint32Array;
  /** Distributions. */
  readonly detail?: SummaryDetail;
  /** The IPv6 addresses among the keys, which then end with a word that says which are. */
  readonly addresses?: WideAddresses;
}

/**
 * The groups of a report with their sums: typed arrays, group after group, in the order in which
 * the groups were first seen.
 */
export class ReportResult {
  /** The report. */
  readonly report: ReportSpec;
  /** Groups. */
  readonly size: number;
  /** The keys of a group. */
  readonly keys: readonly ResultKey[];
  /** Words of the keys of a group. */
  readonly keyStride: number;
  /** Words of all keys: key `k` of group `g` begins at `g * keyStride + keys[k].offset`. */
  readonly keyWords: Uint32Array;
  /** What is known of a group, in the order of `sums`. */
  readonly counters: readonly CounterName[];
  /** Numbers of all groups: number `c` of group `g` is at `g * counters.length + c`. */
  readonly sums: Float64Array;
  /** Sums over all flows. */
  readonly totals: ReportTotals;
  /** For each group, how many different values of another key it had. */
  readonly distinct: Uint32Array | undefined;
  /** Distributions, where the report has them. */
  readonly detail: SummaryDetail | undefined;
  readonly #addresses: WideAddresses | undefined;

  /**
   * Makes a result.
   *
   * @param init Its parts
   */
  constructor(init: ReportResultInit) {
    this.report = init.report;
    this.size = init.size;
    let offset = 0;
    this.keys = init.keys.map((name) => {
      const key = { name, kind: KEYS[name].kind, offset, words: keyWords(name) };
      offset += key.words;
      return key;
    });
    this.keyStride = init.addresses === undefined ? offset : offset + 1;
    this.#addresses = init.addresses;
    this.keyWords = init.keyWords;
    this.counters = init.rates ? RATE_COUNTERS : COUNTERS;
    this.sums = init.sums;
    this.totals = init.totals;
    this.distinct = init.distinct;
    this.detail = init.detail;
  }

  /**
   * The numbers of one kind as a column.
   *
   * @param name Which
   * @returns A copy, one number a group
   * @throws {ReportError} The result does not have them
   */
  counter(name: CounterName): Float64Array<ArrayBuffer> {
    const { values, stride, offset } = this.#counterColumn(name);
    const column = new Float64Array(this.size);
    for (let group = 0; group < column.length; group++) {
      column[group] = values[group * stride + offset];
    }
    return column;
  }

  /**
   * A key of a group as people read it.
   *
   * @param index Which key
   * @param group The group
   * @returns An address or a prefix as text, any other key as a number
   */
  keyValue(index: number, group: number): string | number {
    const { kind, offset } = this.keys[index];
    const at = group * this.keyStride + offset;
    const word = this.keyWords[at];
    if (kind === "counter") return word * 2 ** 32 + this.keyWords[at + 1];
    if (kind !== "address" && kind !== "prefix") return word;
    const address = this.wideAddress(index, group) ?? formatIPv4(word);
    return kind === "address" ? address : `${address}/${this.keyWords[at + 1]}`;
  }

  /**
   * The address of a key where it is IPv6.
   *
   * @param index Which key
   * @param group The group
   * @returns The text of RFC 5952, of prefixes without the length; nothing where it is not IPv6
   */
  wideAddress(index: number, group: number): string | undefined {
    if (this.#addresses === undefined || !this.#isWide(index, group)) return undefined;
    return this.#addresses.text(this.keyWords[group * this.keyStride + this.keys[index].offset]);
  }

  /**
   * The keys of one kind as a column: the low 32 bits of counters, the address of prefixes. What
   * stands for an IPv6 address is only a number; `wideAddress()` knows it.
   *
   * @param index Which key
   * @returns A copy, one a group
   */
  key(index: number): Uint32Array<ArrayBuffer> {
    const offset = this.#keyOffset(index);
    const column = new Uint32Array(this.size);
    for (let group = 0; group < column.length; group++) {
      column[group] = this.keyWords[group * this.keyStride + offset];
    }
    return column;
  }

  /**
   * The groups in the order in which the reference prints them unsorted: by key where the report
   * says so, else as they were first seen, but the newest 65,536 first, as its memory lies.
   *
   * @returns The groups
   */
  order(): Uint32Array<ArrayBuffer> {
    if (this.report.order === "key") {
      const order = new Uint32Array(this.size).map((_, group) => group);
      return sortStable(order, { values: this.keyWords, stride: this.keyStride, offset: 0 });
    }
    const order = new Uint32Array(this.size);
    let at = 0;
    for (let end = order.length; end > 0;) {
      const start = Math.floor((end - 1) / CHUNK_GROUPS) * CHUNK_GROUPS;
      for (let group = start; group < end; group++) order[at++] = group;
      end = start;
    }
    return order;
  }

  /**
   * The groups sorted, those that are equal in the order of `order()`.
   *
   * @param by A key by its index, or a number by its name
   * @param descending Greatest first; equal ones are then reversed too, as in the reference
   * @param base The groups in the order of those that are equal; default `order()`
   * @returns The groups
   * @throws {ReportError} The result does not have that number
   */
  sorted(
    by: number | CounterName | "distinct",
    descending = false,
    base: Uint32Array<ArrayBuffer> = this.order(),
  ): Uint32Array<ArrayBuffer> {
    let order = base.slice();
    if (typeof by === "number") {
      const values = this.keyWords;
      const stride = this.keyStride;
      const { offset, kind } = this.keys[by];
      // flow-report compares the lengths of equal networks, flow-stat, whose reports of prefixes
      // have no type, does not.
      const lengths = kind === "prefix" && this.report.type !== undefined;
      if (kind === "counter" || lengths) {
        order = sortStable(order, { values, stride, offset: offset + 1 });
      }
      order = sortStable(order, this.#addressRanks(by) ?? { values, stride, offset });
    } else if (by === "distinct") {
      const values = this.distinct ?? new Uint32Array(this.size);
      order = sortStable(order, { values, stride: 1, offset: 0 });
    } else {
      order = sortStable(order, this.#counterColumn(by));
    }
    return descending ? order.reverse() : order;
  }

  /** Whether a key of a group is IPv6; there are IPv6 keys. */
  #isWide(index: number, group: number): boolean {
    return ((this.keyWords[(group + 1) * this.keyStride - 1] >>> index) & 1) !== 0;
  }

  /** Numbers in the order of addresses, IPv4 before IPv6; nothing where all are IPv4. */
  #addressRanks(index: number): SortColumn | undefined {
    const { kind } = this.keys[index];
    if (this.#addresses === undefined || (kind !== "address" && kind !== "prefix")) {
      return undefined;
    }
    const ranks = this.#addresses.ranks();
    const words = this.key(index);
    const values = Float64Array.from(
      words,
      (word, group) => this.#isWide(index, group) ? IPV4_ADDRESSES + ranks[word] : word,
    );
    return { values, stride: 1, offset: 0 };
  }

  #counterColumn(name: CounterName): SortColumn {
    const offset = this.counters.indexOf(name);
    if (offset < 0) {
      throw new ReportError(
        "no-counter",
        `Cannot get ${name} of ${this.report.name}: it has ${this.counters.join(", ")}`,
      );
    }
    return { values: this.sums, stride: this.counters.length, offset };
  }

  /** The word that a key is shown by. */
  #keyOffset(index: number): number {
    const key = this.keys[index];
    return key.kind === "counter" ? key.offset + 1 : key.offset;
  }
}

/** How many IPv4 addresses there are. */
const IPV4_ADDRESSES = 2 ** 32;

/** Groups in a piece of the reference's memory; it walks from the newest piece to the oldest. */
const CHUNK_GROUPS = 65_536;
