import { type FlowBatch, uptimeToUnixMs } from "@flowtools/flow-model";
import type { FlowClock } from "../header_clock.ts";
import type { GroupTable } from "./group_table.ts";
import type { ReportInput } from "./input.ts";

/** Shares of flows that are looked up at a time. */
const SHARES = 8192;

/** Spreads flows evenly over the seconds that they lasted. */
export class Interpolation {
  readonly #table: GroupTable;
  readonly #seconds = new Uint32Array(SHARES);
  readonly #groups = new Uint32Array(SHARES);
  readonly #rowOf = new Uint32Array(SHARES);
  /** Seconds of each row of the batch. */
  #spans = new Uint32Array(0);
  readonly #clock: FlowClock;
  #pending = 0;

  constructor(table: GroupTable, clock: FlowClock = uptimeToUnixMs) {
    this.#table = table;
    this.#clock = clock;
  }

  /** Adds the flows of a batch; those that end before they begin have no seconds. */
  add(input: ReportInput, batch: FlowBatch): void {
    if (this.#spans.length < batch.capacity) this.#spans = new Uint32Array(batch.capacity);
    const [secs, nsecs, uptime, first, last] = [
      input.u32("unix_secs"),
      input.u32("unix_nsecs"),
      input.u32("sysUpTime"),
      input.u32("first"),
      input.u32("last"),
    ];
    for (let row = 0; row < input.rows; row++) {
      const start = this.#second(secs[row], nsecs[row], uptime[row], first[row]);
      const end = this.#second(secs[row], nsecs[row], uptime[row], last[row]);
      this.#spans[row] = end - start + 1;
      for (let second = start; second <= end; second++) {
        if (this.#pending === SHARES) this.#addShares(input);
        this.#seconds[this.#pending] = second;
        this.#rowOf[this.#pending++] = row;
      }
    }
    this.#addShares(input);
  }

  #second(secs: number, nsecs: number, uptime: number, stamp: number): number {
    return Math.floor(this.#clock(secs, nsecs, uptime, stamp) / 1000);
  }

  #addShares(input: ReportInput): void {
    const count = this.#pending;
    this.#table.find([this.#seconds], count, this.#groups);
    const { sums, counters } = this.#table;
    for (let i = 0; i < count; i++) {
      const row = this.#rowOf[i];
      const at = this.#groups[i] * counters;
      const span = this.#spans[row];
      sums[at] += (input.flows === undefined ? 1 : input.flows[row]) / span;
      sums[at + 1] += input.octets[row] / span;
      sums[at + 2] += input.packets[row] / span;
    }
    this.#pending = 0;
  }
}
