import type { FlowBatch } from "@flowtools/flow-model";
import type { Log } from "./log.ts";
import type { Forwarder } from "./sinks/forwarder.ts";
import type { LossCounts, Sink } from "./sinks/sink.ts";
import type { SinkSnapshot } from "./snapshot.ts";

/** Flows that were lost since a sink threw, which none should. */
const SINK_ERROR = "sink-error";

/** How often a full queue is looked at again, and for how long without any progress. */
const ROOM_CHECK_MS = 5;
const ROOM_STALL_MS = 5000;

/** What a full datagram stands for where flows and datagrams are compared: one of version 5. */
const FLOWS_PER_DATAGRAM = 30;

/** How long a flush that is under way may put off the close of its sink. */
const FLUSH_WAIT_MS = 5000;

/** A sink, and what the collector knows of it that it does not know itself. */
interface Member {
  readonly sink: Sink;
  flushing: Promise<void> | undefined;
  /** Flows of writes that the sink left with an error, and did not count. */
  errorFlows: number;
}

/** The sinks of a collector: none of them can stop it, or the others. */
export class SinkGroup {
  readonly #members: readonly Member[];
  readonly #forwarders: readonly Forwarder[];
  readonly #log: Log;
  /** Losses that the sinks were told of. */
  #told: LossCounts = { lost: 0, corrupt: 0, resets: 0 };

  /** @param forwarders Those whose queues count, too, where it is asked for room */
  constructor(sinks: readonly Sink[], log: Log, forwarders: readonly Forwarder[] = []) {
    this.#forwarders = forwarders;
    this.#members = sinks.map((sink) => ({ sink, flushing: undefined, errorFlows: 0 }));
    this.#log = log;
  }

  /** Gives a batch to each sink. */
  write(batch: FlowBatch): void {
    for (const member of this.#members) {
      const { sink } = member;
      const before = sink.counters.given;
      try {
        sink.write(batch);
      } catch (error) {
        member.errorFlows += batch.length - (sink.counters.given - before);
        this.#warn(sink, "take flows", error);
      }
    }
  }

  /** Tells each sink what was lost since it was told last. */
  tellLosses(losses: LossCounts): void {
    const told = this.#told;
    this.#told = losses;
    const since = {
      lost: losses.lost - told.lost,
      corrupt: losses.corrupt - told.corrupt,
      resets: losses.resets - told.resets,
    };
    for (const { sink } of this.#members) {
      try {
        sink.countLosses(since);
      } catch (error) {
        this.#warn(sink, "count losses", error);
      }
    }
  }

  /** Lets each sink make safe what it has, unless it is still at it. */
  flush(now: number): void {
    for (const member of this.#members) {
      member.flushing ??= this.#attempt(member.sink, "flush", () => member.sink.flush(now))
        .finally(() => member.flushing = undefined);
    }
  }

  /** Finishes each sink. */
  async close(): Promise<void> {
    await Promise.all(this.#members.map(async ({ sink, flushing }) => {
      if (flushing !== undefined) await withinBound(flushing, FLUSH_WAIT_MS);
      await this.#attempt(sink, "close", () => sink.close());
    }));
  }

  /** The sinks and what became of the flows in each. */
  snapshot(): SinkSnapshot[] {
    return this.#members.map(({ sink, errorFlows }) => {
      const { given, dropped, ...rest } = countersOf(sink);
      return {
        ...rest,
        given: given + errorFlows,
        dropped: errorFlows === 0 ? dropped : { ...dropped, [SINK_ERROR]: errorFlows },
      };
    });
  }

  /** Resolves when fewer flows wait in each sink, or none goes on; `undefined` where few wait. */
  room(queuedMax: number): Promise<void> | undefined {
    return this.#queued() > queuedMax ? this.#waitForRoom(queuedMax) : undefined;
  }

  async #waitForRoom(queuedMax: number): Promise<void> {
    let queued = this.#queued();
    let movedAt = performance.now();
    while (queued > queuedMax && performance.now() - movedAt < ROOM_STALL_MS) {
      await new Promise((resolve) => setTimeout(resolve, ROOM_CHECK_MS));
      const now = this.#queued();
      if (now < queued) movedAt = performance.now();
      queued = now;
    }
  }

  #queued(): number {
    let most = 0;
    for (const { sink } of this.#members) most = Math.max(most, sink.counters.queued);
    for (const { counters } of this.#forwarders) {
      most = Math.max(most, counters.queued * FLOWS_PER_DATAGRAM);
    }
    return most;
  }

  async #attempt(sink: Sink, what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#warn(sink, what, error);
    }
  }

  #warn({ name }: Sink, what: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#log.warn(SINK_ERROR, `sink ${name} failed to ${what}: ${reason}`);
  }
}

/** A copy of what a sink, or what is like one, has counted. */
export function countersOf(
  { name, counters, errors }: Pick<Sink, "name" | "counters" | "errors">,
): SinkSnapshot {
  const { given, done, queued, filtered, dropped } = counters;
  const counts = { name, given, done, queued, filtered, dropped: { ...dropped } };
  return errors === undefined ? counts : { ...counts, errors: { ...errors } };
}

/** Waits for work, but not for longer than a bound. */
async function withinBound(work: Promise<void>, boundMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const bound = new Promise<void>((resolve) => timer = setTimeout(resolve, boundMs));
  await Promise.race([work, bound]);
  clearTimeout(timer);
}
