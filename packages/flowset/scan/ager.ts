import { type HostTable, SCAN_BUCKETS } from "./host_table.ts";
import { NONE } from "./pool.ts";

/** Steps of work after which a run of the ager ends. */
const WORK_MAX = 500;

/** Told what the ager does. */
export interface AgerSink {
  /** A destination was removed: so many flows ago it was seen, so many are allowed. */
  destinationAged?(age: number, timeout: number): void;
  /** A source was removed. */
  hostAged?(): void;
  /** A run ended before the last bucket, after so much work. */
  agerPaused?(work: number): void;
  /** The last bucket is done, the next run begins with the first. */
  agerDone?(): void;
}

/** Removes what was not seen for long, a few buckets a run. */
export class Ager {
  readonly #table: HostTable;
  readonly #timeout: number;
  readonly #sink: AgerSink;
  #bucket = 0;

  constructor(table: HostTable, timeout: number, sink: AgerSink) {
    this.#table = table;
    this.#timeout = timeout;
    this.#sink = sink;
  }

  /**
   * One run.
   *
   * The next run begins with the bucket in which this one ended, not with the one behind it: a
   * bucket that takes more than a whole run holds the ager up until its destinations are old. It
   * is so in the reference, and decides what is forgotten when.
   *
   * @param now Number of the current flow
   */
  run(now: number): void {
    let work = 0;
    for (let bucket = this.#bucket; bucket < SCAN_BUCKETS; bucket++) {
      work += this.#sweep(bucket, now, this.#timeout) + 1;
      if (work > WORK_MAX) {
        this.#bucket = bucket;
        this.#sink.agerPaused?.(work);
        return;
      }
    }
    this.#bucket = 0;
    this.#sink.agerDone?.();
  }

  /**
   * Makes room in a full table: halves the age at which destinations are forgotten until an eighth
   * of the destinations and sources is gone. The reference takes memory until there is none.
   *
   * @param now Number of the current flow
   */
  makeRoom(now: number): void {
    const { hosts, destinations } = this.#table;
    const target = (hosts + destinations) * 7 / 8;
    let timeout = Math.min(this.#timeout || now, now);
    while (this.#table.full || this.#table.hosts + this.#table.destinations > target) {
      timeout = Math.floor(timeout / 2);
      // Flow numbers of a loaded state may lie ahead of the count; those are the oldest of all.
      for (let bucket = 0; bucket < SCAN_BUCKETS; bucket++) {
        this.#sweep(bucket, now, timeout === 0 ? -1 : timeout);
      }
      if (timeout === 0) return;
    }
  }

  /** Removes what is old in a bucket; returns the work. */
  #sweep(bucket: number, now: number, timeout: number): number {
    const table = this.#table;
    let work = 0;
    let before = NONE;
    for (let host = table.heads[bucket]; host !== NONE;) {
      const nextHost = table.nextHost[host];
      work += 2;
      let last = NONE;
      for (let at = table.firstOf[host]; at !== NONE;) {
        const next = table.next[at];
        work++;
        const age = (now - table.time[at]) >>> 0;
        if (age > timeout) {
          table.depth[host]--;
          table.removeDestination(host, last);
          table.counts.destinationsAged++;
          this.#sink.destinationAged?.(age, timeout);
        } else {
          last = at;
        }
        at = next;
      }
      if (table.depth[host] === 0) {
        table.removeHost(bucket, before);
        table.counts.hostsAged++;
        this.#sink.hostAged?.();
      } else {
        before = host;
      }
      host = nextHost;
    }
    return work;
  }
}
