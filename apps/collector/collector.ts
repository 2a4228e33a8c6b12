import { BatchPool, type FlowBatch } from "@flowtools/flow-model";
import {
  decodePduAt,
  type ExporterAddress,
  formatExporter,
  parseExporter,
  pduMessage,
  type PduReason,
  type PduRegistry,
  SequenceTracker,
} from "@flowtools/netflow-pdu";
import type { SampledLog } from "./sampled_log.ts";
import type { LossCounts, Sink } from "./sinks/sink.ts";
import type { Datagram, DatagramSource } from "./sources/source.ts";

/** Flows of one version are held back at most this long before the sinks get them. */
const FLUSH_INTERVAL_MS = 1000;

/** What the collector is made of. */
export interface CollectorOptions {
  readonly source: DatagramSource;
  readonly registry: PduRegistry;
  readonly sinks: readonly Sink[];
  readonly log: SampledLog;
  /** Only this exporter is let in, where given. */
  readonly exporter?: string;
}

/** What happened so far; every datagram and every flow is in one of the counters. */
export interface CollectorStats {
  /** Datagrams received. */
  packets: number;
  /** Flows that the sinks took. */
  flows: number;
  /** Flows that a sink failed to take. */
  flowsFailed: number;
  /** Datagrams of other exporters than the one that is let in. */
  notAllowed: number;
  /** Datagrams with something wrong, by reason; what flows they held were taken. */
  readonly problems: Map<PduReason, number>;
}

/** A sender, as the socket spells it, as the decoder takes it, and as people write it. */
interface Sender {
  readonly text: string;
  readonly address: ExporterAddress;
  readonly name: string;
}

/** Takes datagrams from a source, decodes them, and hands batches of flows to the sinks. */
export class Collector {
  /** The counters. */
  readonly stats: CollectorStats = {
    packets: 0,
    flows: 0,
    flowsFailed: 0,
    notAllowed: 0,
    problems: new Map(),
  };
  /** Loss as the sequence numbers tell. */
  readonly sequences: SequenceTracker = new SequenceTracker();
  readonly #options: CollectorOptions;
  readonly #pool = new BatchPool();
  /** Flows held back until there are many, or a second has passed. */
  #batch: FlowBatch = this.#pool.acquire();
  /** Work of the sinks, one after the other. */
  #work: Promise<void> = Promise.resolve();
  /** Losses that the sinks were told of. */
  #told: LossCounts = { lost: 0, corrupt: 0, resets: 0 };
  /** The last sender, so that an address is parsed once and not once a packet. */
  #sender: Sender = { text: "0.0.0.0", address: 0, name: "0.0.0.0" };

  /**
   * Makes a collector that is not running yet.
   *
   * @param options Source, codecs, sinks
   */
  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  /** Receives until the source is closed, then finishes the sinks. */
  async run(): Promise<void> {
    const timer = setInterval(() => this.#flush(), FLUSH_INTERVAL_MS);
    try {
      for await (const datagram of this.#options.source) {
        if (this.#receive(datagram)) continue;
        this.#drain();
        await this.#work;
        this.#receive(datagram);
      }
    } finally {
      clearInterval(timer);
      this.#flush();
      await this.#work;
      for (const sink of this.#options.sinks) await sink.close();
    }
  }

  /** Takes a datagram; returns false where the batch must be drained first. */
  #receive({ payload, address, port }: Datagram): boolean {
    const { exporter: allowed, registry, log } = this.#options;
    if (address !== this.#sender.text) {
      const parsed = parseExporter(address);
      this.#sender = { text: address, address: parsed, name: formatExporter(parsed) };
    }
    // A dual-stack socket gives IPv4 senders in IPv6 clothes; their name has them off.
    if (allowed !== undefined && this.#sender.name !== allowed) {
      this.stats.packets++;
      this.stats.notAllowed++;
      log.warn("not-allowed", `${this.#sender.name} is not ${allowed}: packet dropped`);
      return true;
    }
    const exporter = this.#sender.address;
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    const input = { view, offset: 0, length: payload.byteLength, exporter };
    const result = decodePduAt(registry, input, this.#batch);
    if (result.reason === "batch-full") return false;
    this.stats.packets++;
    this.sequences.observe(exporter, result);
    if (result.reason !== undefined) {
      const { problems } = this.stats;
      problems.set(result.reason, (problems.get(result.reason) ?? 0) + 1);
      log.warn(result.reason, pduMessage(result, `${address}:${port}`));
    }
    return true;
  }

  /** Hands the flows to the sinks, after the work that is under way. */
  #drain(): void {
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.#batch = this.#pool.acquire();
    this.#then("write", async () => {
      try {
        for (const sink of this.#options.sinks) await sink.write(batch);
        this.stats.flows += batch.length;
      } catch (error) {
        this.stats.flowsFailed += batch.length;
        throw error;
      } finally {
        this.#pool.release(batch);
      }
    });
  }

  #flush(): void {
    this.#drain();
    this.#then("flush", async () => {
      const losses = this.#lossesSinceTold();
      for (const sink of this.#options.sinks) {
        sink.countLosses(losses);
        await sink.flush(Date.now());
      }
    });
  }

  /** Queues work of the sinks; what fails is logged, and the collector goes on. */
  #then(what: string, work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error) => {
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.log.warn(what, `cannot ${what} flows: ${reason}`);
    });
  }

  #lossesSinceTold(): LossCounts {
    const { lost, reset } = this.sequences.totals;
    const corrupt = [...this.stats.problems.values()].reduce((sum, count) => sum + count, 0);
    const told = this.#told;
    this.#told = { lost, corrupt, resets: reset };
    return {
      lost: lost - told.lost,
      corrupt: corrupt - told.corrupt,
      resets: reset - told.resets,
    };
  }
}
