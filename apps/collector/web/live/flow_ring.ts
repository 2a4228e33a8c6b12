import { uptimeToUnixMs } from "@flowtools/flow-model";
import type { NamedKind } from "@flowtools/netflow-pdu";
import { applicationOctets } from "../live_extras.ts";
import { LIVE_FIELDS, type LiveAddress, LiveRows, presenceBits } from "../live_rows.ts";
import type { LabelStore } from "./label_store.ts";

/** A flow as the API tells it: fields that its export version lacks are not there. */
export type FlowRecord = Record<string, string | number>;

/** Fields that are told as they are. */
const PLAIN_FIELDS = LIVE_FIELDS.filter((name) =>
  !/^(unix_n?secs|sysUpTime|first|last|.*addr|nexthop)$/.test(name)
);
const ADDRESS_FIELDS: readonly LiveAddress[] = ["exaddr", "srcaddr", "dstaddr", "nexthop"];
const CLOCK_FIELDS = ["unix_secs", "unix_nsecs", "sysUpTime"] as const;

/** Names that go with flows, of what, and which of their values these belong to. */
const LABELS: readonly (readonly [name: string, kind: NamedKind, key: string])[] = [
  ["inputName", "interfaces", "input"],
  ["outputName", "interfaces", "output"],
  ["vrfName", "vrfs", "vrf"],
  ["applicationName", "applications", "applicationId"],
];

/** The flows that came last, whole. */
export class FlowRing {
  readonly #labels: LabelStore;
  readonly #rows: LiveRows;
  /** When each came, Unix ms. */
  readonly #at: Float64Array<ArrayBuffer>;
  #next = 0;
  #filled = 0;

  /**
   * Makes an empty ring.
   *
   * @param capacity Flows, a multiple of 8
   * @param labels Names of interfaces
   */
  constructor(capacity: number, labels: LabelStore) {
    this.#labels = labels;
    this.#rows = new LiveRows(capacity);
    this.#at = new Float64Array(capacity);
  }

  /** Flows that are there. */
  get length(): number {
    return this.#filled;
  }

  /** Takes rows in place of the oldest. */
  add(rows: LiveRows, at: number): void {
    const { capacity } = this.#rows;
    let from = Math.max(0, rows.length - capacity);
    while (from < rows.length) {
      const count = Math.min(rows.length - from, capacity - this.#next);
      this.#rows.copyRows(rows, from, count, this.#next);
      this.#at.fill(at, this.#next, this.#next + count);
      this.#next = (this.#next + count) % capacity;
      this.#filled = Math.min(capacity, this.#filled + count);
      from += count;
    }
  }

  /**
   * The flows that came last.
   *
   * @param count How many at most
   * @returns The last one first
   */
  latest(count: number): FlowRecord[] {
    const { capacity } = this.#rows;
    return Array.from({ length: Math.min(count, this.#filled) }, (_, index) => {
      return this.#record((this.#next - 1 - index + 2 * capacity) % capacity);
    });
  }

  /** A copy of all flows, in memory that can be handed on. */
  copy(): { buffer: ArrayBuffer; capacity: number; length: number; mixed: boolean } {
    const { buffer, capacity, mixed } = this.#rows;
    return { buffer: buffer.slice(0), capacity, length: this.#filled, mixed };
  }

  #record(row: number): FlowRecord {
    const rows = this.#rows;
    const { columns } = rows;
    const has = (names: Parameters<typeof presenceBits>[0]): boolean => {
      const bits = presenceBits(names);
      return (rows.present[row] & bits) === bits;
    };
    const record: FlowRecord = { at: this.#at[row] };
    for (const name of ADDRESS_FIELDS) if (has([name])) record[name] = rows.address(name, row);
    for (const name of PLAIN_FIELDS) if (has([name])) record[name] = columns[name][row];
    if (rows.rates[row] > 0) record.samplingRate = rows.rates[row];
    for (const name of ["first", "last"] as const) {
      if (!has([name, ...CLOCK_FIELDS])) continue;
      record[name] = uptimeToUnixMs(
        columns.unix_secs[row],
        columns.unix_nsecs[row],
        columns.sysUpTime[row],
        columns[name][row],
      );
    }
    if (has(["vrf"])) record.vrf = rows.extras.vrf[row];
    if (has(["application"])) {
      record.applicationId = applicationOctets(rows.extras.application[row]);
    }
    if (typeof record.exaddr !== "string") return record;
    for (const [name, kind, key] of LABELS) {
      const label = key in record &&
        this.#labels.nameOf(kind, String(record[key]), record.exaddr);
      if (label) record[name] = label;
    }
    return record;
  }
}
