import type { SinkCounters } from "../sinks/sink.ts";

/** Flows that left a queue: where they should be, or lost for a reason. */
export interface Settlement {
  /** Flows that are where they belong. */
  readonly done: number;
  /** Flows that were lost, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
}

/** The counters of a sink, kept so that they always add up. */
export class Ledger implements SinkCounters {
  given = 0;
  done = 0;
  queued = 0;
  filtered = 0;
  readonly dropped: Record<string, number> = {};

  /** Notes flows that are lost before they were queued. */
  drop(reason: string, flows: number): void {
    if (flows !== 0) this.dropped[reason] = (this.dropped[reason] ?? 0) + flows;
  }

  /** Notes flows that left the queue. */
  settle({ done, dropped }: Settlement): void {
    this.done += done;
    this.queued -= done;
    for (const [reason, flows] of Object.entries(dropped)) {
      this.drop(reason, flows);
      this.queued -= flows;
    }
  }

  /** Notes that whatever still waits is lost. */
  dropQueued(reason: string): void {
    this.drop(reason, this.queued);
    this.queued = 0;
  }
}
