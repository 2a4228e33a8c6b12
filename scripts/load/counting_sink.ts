import type { FlowBatch } from "@flowtools/flow-model";
import type { LossCounts, Sink, SinkCounters } from "../../apps/collector/sinks/sink.ts";

/** A sink that counts what it is given, and is done with it. */
export class CountingSink implements Sink {
  readonly name = "counting";
  readonly counters: SinkCounters = { given: 0, done: 0, queued: 0, filtered: 0, dropped: {} };
  /** Octets of the flows. */
  octets = 0;
  /** Losses told so far. */
  losses: LossCounts = { lost: 0, corrupt: 0, resets: 0 };
  flushes = 0;
  closed = false;

  write(batch: FlowBatch): void {
    const octets = batch.column("dOctets");
    for (let row = 0; row < batch.length; row++) this.octets += octets[row];
    this.counters.given += batch.length;
    this.counters.done += batch.length;
  }

  countLosses({ lost, corrupt, resets }: LossCounts): void {
    const told = this.losses;
    this.losses = {
      lost: told.lost + lost,
      corrupt: told.corrupt + corrupt,
      resets: told.resets + resets,
    };
  }

  flush(): Promise<void> {
    this.flushes++;
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}
