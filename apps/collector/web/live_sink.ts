import { type FlowBatch, SAMPLING_COLUMN } from "@flowtools/flow-model";
import type { Sink, SinkCounters } from "../sinks/sink.ts";
import { LIVE_MESSAGES_MAX, LIVE_ROWS } from "./limits.ts";
import { LIVE_COLUMNS } from "./live_extras.ts";
import { LiveRows } from "./live_rows.ts";
import type { LiveSampler } from "./live_sampler.ts";
import type { LiveTotals, WebCommand } from "./messages.ts";

/** What the sink is called in snapshots. */
export const LIVE_SINK = "live";

const SECOND_MS = 1_000;

/** Rows of a load that is sampled are gathered for so long at most, ms. */
const GATHER_MS = 100;

/**
 * The sink of live data: it sums everything, copies the columns that the page needs of as many
 * flows as live tables may cost, and posts both to the web worker. It never waits for it.
 *
 * Sums always come to the page in full. Flows that are left out of the tables since there are too
 * many are `filtered`: those that are taken count for them. What a worker that is behind does not
 * get, for all care, is dropped as `queue-full`; the files have it all.
 */
export class LiveSink implements Sink {
  readonly name = LIVE_SINK;
  readonly wantsColumns = LIVE_COLUMNS;
  readonly counters: SinkCounters = { given: 0, done: 0, queued: 0, filtered: 0, dropped: {} };
  readonly #post: (command: WebCommand, transfer: ArrayBuffer[]) => void;
  readonly #sampler: LiveSampler;
  readonly #now: () => number;
  readonly #spare: ArrayBuffer[] = [];
  /** Rows that are to be posted, and when the first of them came. */
  #rows: LiveRows | undefined;
  #rowsAt = 0;
  /** Messages that the worker has not answered. */
  #waiting = 0;
  /** Whether the web worker ended by itself, and there is no other one yet. */
  #down = false;
  #closed = false;
  /** Sums that the worker has not been told, and when the flows came, Unix ms. */
  #owed: LiveTotals = NOTHING;
  #owedAt = 0;

  /**
   * Makes a sink.
   *
   * @param post Posts to the web worker
   * @param sampler Chooses the flows that tables look at
   * @param now The clock, Unix ms
   */
  constructor(
    post: (command: WebCommand, transfer: ArrayBuffer[]) => void,
    sampler: LiveSampler,
    now: () => number = Date.now,
  ) {
    this.#post = post;
    this.#sampler = sampler;
    this.#now = now;
  }

  /** Sums flows, and posts some or all of them. */
  write(batch: FlowBatch): void {
    const { counters } = this;
    counters.given += batch.length;
    if (this.#closed) return this.#drop("closed", batch.length);
    if (this.#down) return this.#drop("worker", batch.length);
    const at = this.#now();
    const octets = this.#owe(batch, at);
    const free = 1 - this.#waiting / LIVE_MESSAGES_MAX;
    if (free === 0) return this.#drop("queue-full", batch.length);
    const { rows, weights, count } = this.#sampler.choose(batch, octets, at, free);
    counters.filtered += batch.length - count;
    let from = 0;
    while (from < count) {
      if (this.#rows === undefined) {
        if (this.#waiting === LIVE_MESSAGES_MAX) return this.#drop("queue-full", count - from);
        this.#rows = new LiveRows(LIVE_ROWS, this.#spare.pop());
        this.#rowsAt = at;
      }
      const before = this.#rows.length;
      from = this.#rows.append(batch, from, count, rows, weights);
      counters.queued += this.#rows.length - before;
      if (this.#rows.length === LIVE_ROWS) this.#send();
    }
    // A message costs something whatever is in it; rows of many flows can wait for more of them.
    if (rows === undefined || at - this.#rowsAt >= GATHER_MS) this.#send();
  }

  /**
   * Takes back the memory of rows that the worker is done with.
   *
   * @param buffer The memory
   * @param length Rows that were in it
   * @param ms How long they took
   */
  taken(buffer: ArrayBuffer, length: number, ms: number): void {
    if (this.#closed || this.#down) return;
    this.#waiting--;
    this.counters.queued -= length;
    this.counters.done += length;
    this.#sampler.learn(length, ms);
    this.#spare.push(buffer);
  }

  /** The web worker ended by itself: what waits at it is of no use any more. */
  crashed(): void {
    this.#down = true;
    this.#drop("worker", this.counters.queued);
    this.counters.queued = 0;
    this.#waiting = 0;
    this.#rows = undefined;
    this.#owed = NOTHING;
  }

  /** There is another one, which begins with empty tables. */
  begun(): void {
    this.#down = false;
  }

  /** Losses of packets are in the snapshots that the page gets. */
  countLosses(): void {}

  /** Posts what waits to be posted. */
  flush(): Promise<void> {
    this.#send();
    return Promise.resolve();
  }

  /** Ends the sink: what waits at the worker is of no use any more. */
  close(): Promise<void> {
    this.#drop("closed", this.counters.queued);
    this.counters.queued = 0;
    this.#closed = true;
    this.#spare.length = 0;
    return Promise.resolve();
  }

  #drop(reason: string, flows: number): void {
    if (flows === 0) return;
    const { dropped } = this.counters;
    dropped[reason] = (dropped[reason] ?? 0) + flows;
  }

  /** Adds the sums of a batch to what the worker must be told. Gives the octets. */
  #owe(batch: FlowBatch, at: number): number {
    if (Math.floor(at / SECOND_MS) !== Math.floor(this.#owedAt / SECOND_MS)) this.#send();
    this.#owedAt = at;
    const octets = sum(batch.column("dOctets"), batch.length);
    const packets = sum(batch.column("dPkts"), batch.length);
    const rates = ratesOf(batch);
    const owed = this.#owed;
    this.#owed = {
      octets: owed.octets + octets,
      packets: owed.packets + packets,
      scaledOctets: owed.scaledOctets +
        scaledSum(batch.column("dOctets"), rates, octets, batch.length),
      scaledPackets: owed.scaledPackets +
        scaledSum(batch.column("dPkts"), rates, packets, batch.length),
      flows: owed.flows + countFlows(batch),
      records: owed.records + batch.length,
    };
    return octets;
  }

  /** Posts the rows that were gathered, and the sums, with or without rows. */
  #send(): void {
    if (this.#closed || this.#owed.records === 0) return;
    const [totals, at] = [this.#owed, this.#owedAt];
    const rows = this.#rows;
    this.#owed = NOTHING;
    this.#rows = undefined;
    if (rows === undefined) {
      this.#post({ kind: "totals", totals, at }, []);
      return;
    }
    this.#waiting++;
    const { buffer, length, mixed } = rows;
    this.#post({ kind: "rows", buffer, length, mixed, totals, at }, [buffer]);
  }
}

const NOTHING: LiveTotals = {
  octets: 0,
  packets: 0,
  flows: 0,
  scaledOctets: 0,
  scaledPackets: 0,
  records: 0,
};

/** The rates of sampling of a batch; `undefined` where all its packets were looked at. */
function ratesOf(batch: FlowBatch): Uint32Array | undefined {
  const rates = batch.extra(SAMPLING_COLUMN);
  if (!(rates instanceof Uint32Array)) return undefined;
  for (let row = 0; row < batch.length; row++) if (rates[row] > 1) return rates;
  return undefined;
}

/** The sum of a column whose numbers are multiplied by rates; where there are none it is `plain`. */
function scaledSum(
  column: Float64Array,
  rates: Uint32Array | undefined,
  plain: number,
  length: number,
): number {
  if (rates === undefined) return plain;
  let total = 0;
  for (let row = 0; row < length; row++) total += column[row] * Math.max(1, rates[row]);
  return total;
}

function sum(column: Float64Array, length: number): number {
  let total = 0;
  for (let row = 0; row < length; row++) total += column[row];
  return total;
}

/** A record that does not say how many flows it stands for is one. */
function countFlows(batch: FlowBatch): number {
  const { schemas, schemaOf, length } = batch;
  const says = schemas.map((schema) => schema.has("dFlows"));
  if (!says.includes(true)) return length;
  const flows = batch.column("dFlows");
  let total = 0;
  for (let row = 0; row < length; row++) total += says[schemaOf[row]] ? flows[row] : 1;
  return total;
}
