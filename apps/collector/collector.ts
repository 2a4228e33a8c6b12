import { FlowBatch } from "@flowtools/flow-model";
import {
  decodePduAt,
  type ExporterAddress,
  formatExporter,
  type PduCodec,
  pduMessage,
  type PduRegistry,
  type PduResult,
} from "@flowtools/netflow-pdu";
import { AllowList } from "./allow_list.ts";
import { ExporterTable, sequenceSnapshot } from "./exporters.ts";
import { COLLECTOR_LIMITS, type CollectorLimits } from "./limits.ts";
import type { Log } from "./log.ts";
import { countersOf, SinkGroup } from "./sink_group.ts";
import type { Forwarder } from "./sinks/forwarder.ts";
import type { Sink } from "./sinks/sink.ts";
import type { CollectorSnapshot } from "./snapshot.ts";
import type { DatagramReceiver, DatagramSource, Sender } from "./sources/source.ts";

/** Flows are held back at most this long before the sinks get them. */
const DRAIN_INTERVAL_MS = 250;

/** How often the sinks make safe what they have. */
const FLUSH_INTERVAL_MS = 1000;

/** The shortest datagram that tells its version. */
const VERSION_BYTES = 2;

/** Why a datagram is malformed, beyond the reasons of the decoder: a codec failed. */
const CODEC_ERROR = "codec-error";

/** What the collector is made of. */
export interface CollectorOptions {
  /** Where datagrams come from. */
  readonly sources: readonly DatagramSource[];
  /** The codecs. */
  readonly registry: PduRegistry;
  /** Where flows go. */
  readonly sinks: readonly Sink[];
  /** Where datagrams go as they came. */
  readonly forwarders?: readonly Forwarder[];
  /** Where it is told what goes wrong. */
  readonly log: Log;
  /** Who is let in; default: everybody. */
  readonly allow?: AllowList;
  /** Bounds other than the usual. */
  readonly limits?: Partial<CollectorLimits>;
}

/** A datagram for the decoder: one object for all of them. */
interface MutableInput {
  view: DataView;
  offset: number;
  length: number;
  exporter: ExporterAddress;
}

/**
 * Takes datagrams from sources, decodes them, and hands batches of flows to sinks.
 *
 * Every datagram ends in exactly one counter: decoded faultlessly, malformed (by reason, and with
 * whatever whole flows it had), or not let in.
 */
export class Collector {
  readonly #options: CollectorOptions;
  readonly #limits: CollectorLimits;
  readonly #allow: AllowList;
  readonly #sinks: SinkGroup;
  readonly #forwarders: readonly Forwarder[];
  readonly #exporters: ExporterTable;
  /** The codecs that remember something of their exporters, by version. */
  readonly #sessionCodecs: ReadonlyMap<number, PduCodec>;
  readonly #startedAt = Date.now();
  /** Flows held back; its columns are looked at while it is filled. */
  readonly #batch = new FlowBatch();
  readonly #octetColumn = this.#batch.column("dOctets");
  readonly #packetColumn = this.#batch.column("dPkts");
  readonly #input: MutableInput = {
    view: new DataView(new ArrayBuffer(0)),
    offset: 0,
    length: 0,
    exporter: 0,
  };
  readonly #malformed = new Map<string, number>();
  #malformedSum = 0;
  #packets = 0;
  #bytes = 0;
  #decoded = 0;
  #flows = 0;
  #octets = 0;
  #flowPackets = 0;
  #notAllowed = 0;
  /** Unix ms, as of the last tick: asking for it per packet costs as much as looking at one. */
  #now = Date.now();
  #flushedAt = performance.now();

  /**
   * Makes a collector that is not running yet.
   *
   * @param options Sources, codecs, sinks
   */
  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#limits = { ...COLLECTOR_LIMITS, ...options.limits };
    this.#allow = options.allow ?? new AllowList([]);
    this.#forwarders = options.forwarders ?? [];
    this.#sinks = new SinkGroup(options.sinks, options.log, this.#forwarders);
    this.#exporters = new ExporterTable(this.#limits.exporters);
    this.#sessionCodecs = new Map(
      options.registry.codecs.filter((codec) => codec.createSession !== undefined)
        .map((codec) => [codec.version, codec]),
    );
  }

  /** Datagrams decoded faultlessly. */
  get decoded(): number {
    return this.#decoded;
  }

  /**
   * Receives until all sources have ended, then finishes the sinks.
   *
   * @throws {Error} A source failed; the others went on, and all that was received is taken
   */
  async run(): Promise<void> {
    const failures: unknown[] = [];
    const timer = setInterval(() => this.#tick(), DRAIN_INTERVAL_MS);
    await Promise.all(this.#options.sources.map(async (source) => {
      try {
        await source.run(this.#receiver(source));
      } catch (error) {
        failures.push(error);
        const reason = error instanceof Error ? error.message : String(error);
        this.#options.log.warn("source", `${source.description} ended: ${reason}`);
      }
    }));
    clearInterval(timer);
    this.#drain();
    this.#tellLosses();
    await Promise.all([this.#sinks.close(), ...this.#forwarders.map((it) => it.close())]);
    if (failures.length > 0) throw failures[0];
  }

  /** Closes the sources; `run` ends when what has arrived is taken. */
  stop(): void {
    for (const source of this.#options.sources) source.close();
  }

  /**
   * Everything that the collector knows of itself, at this moment. The sinks get what is held back
   * for them first, so that it adds up: each was given every flow.
   */
  snapshot(): CollectorSnapshot {
    this.#drain();
    return {
      at: Date.now(),
      startedAt: this.#startedAt,
      sources: this.#options.sources.map((source) => {
        const { kernelDrops, truncated, errors } = source.counters();
        const { description } = source;
        return { description, kernelDrops: kernelDrops ?? null, truncated, errors };
      }),
      packets: this.#packets,
      bytes: this.#bytes,
      flows: this.#flows,
      octets: this.#octets,
      flowPackets: this.#flowPackets,
      notAllowed: this.#notAllowed,
      malformed: Object.fromEntries(this.#malformed),
      sequence: sequenceSnapshot(this.#exporters.sequence),
      exporters: this.#exporters.snapshot(this.#limits.snapshotExporters),
      exportersForgotten: this.#exporters.forgotten,
      sinks: this.#sinks.snapshot(),
      ...(this.#forwarders.length > 0 ? { forwarders: this.#forwarders.map(countersOf) } : {}),
    };
  }

  #receiver({ only }: DatagramSource): DatagramReceiver {
    return {
      datagram: (view, offset, length, sender) => this.#take(view, offset, length, sender, only),
      room: () => this.#sinks.room(this.#limits.queuedFlows),
    };
  }

  #take(
    view: DataView,
    offset: number,
    length: number,
    sender: Sender,
    only: ExporterAddress | undefined,
  ): void {
    this.#packets++;
    this.#bytes += length;
    if (only !== undefined && !sameAddress(only, sender.address)) {
      this.#refuse(`${sender.name} is not ${formatExporter(only)}: packet dropped`);
      return;
    }
    if (!this.#allow.allows(sender.address)) {
      this.#refuse(`${sender.name} is in no network that is let in: packet dropped`);
      return;
    }
    for (const forwarder of this.#forwarders) forwarder.datagram(view, offset, length, sender);
    const input = this.#input;
    input.view = view;
    input.offset = offset;
    input.length = length;
    input.exporter = sender.address;
    let from = this.#batch.length;
    let result: PduResult | undefined;
    let reason: string | undefined;
    try {
      result = this.#decode(sender);
      if (result.reason === "batch-full") {
        this.#drain();
        from = 0;
        result = this.#decode(sender);
      }
      reason = result.reason;
    } catch (error) {
      reason = CODEC_ERROR;
      const what = error instanceof Error ? error.message : String(error);
      this.#options.log.warn(reason, `a codec failed on a packet from ${nameOf(sender)}: ${what}`);
    }
    if (reason === undefined) this.#decoded++;
    else this.#countMalformed(reason, result, sender);
    // Where the codec failed, what it had appended counts too: it goes to the sinks.
    const { flows, octets } = this.#countFlows(from);
    this.#exporters.observe(
      sender,
      result,
      { flows, octets, malformed: reason !== undefined },
      this.#now,
    );
  }

  #decode(sender: Sender): PduResult {
    const input = this.#input;
    const codec = this.#sessionCodecs.size === 0 || input.length < VERSION_BYTES
      ? undefined
      : this.#sessionCodecs.get(input.view.getUint16(input.offset));
    const session = codec === undefined ? undefined : this.#exporters.session(sender, codec);
    return decodePduAt(this.#options.registry, input, this.#batch, session);
  }

  #refuse(message: string): void {
    this.#notAllowed++;
    this.#options.log.warn("not-allowed", message);
  }

  #countMalformed(reason: string, result: PduResult | undefined, sender: Sender): void {
    this.#malformed.set(reason, (this.#malformed.get(reason) ?? 0) + 1);
    this.#malformedSum++;
    if (result !== undefined) this.#options.log.warn(reason, pduMessage(result, nameOf(sender)));
  }

  /** Counts the flows from a row of the batch on. */
  #countFlows(from: number): { flows: number; octets: number } {
    const { length } = this.#batch;
    let octets = 0;
    let packets = 0;
    for (let row = from; row < length; row++) {
      octets += this.#octetColumn[row];
      packets += this.#packetColumn[row];
    }
    this.#flows += length - from;
    this.#octets += octets;
    this.#flowPackets += packets;
    return { flows: length - from, octets };
  }

  #tick(): void {
    this.#now = Date.now();
    this.#drain();
    const elapsedMs = performance.now() - this.#flushedAt;
    if (elapsedMs < FLUSH_INTERVAL_MS) return;
    this.#flushedAt += elapsedMs;
    this.#exporters.tick(elapsedMs / 1000);
    this.#tellLosses();
    this.#sinks.flush(this.#now);
  }

  /** Hands the flows to the sinks. */
  #drain(): void {
    if (this.#batch.length === 0) return;
    this.#sinks.write(this.#batch);
    this.#batch.reset();
  }

  #tellLosses(): void {
    const { lost, reset } = this.#exporters.sequence;
    this.#sinks.tellLosses({ lost, corrupt: this.#malformedSum, resets: reset });
  }
}

function nameOf({ name, port }: Sender): string {
  return name.includes(":") ? `[${name}]:${port}` : `${name}:${port}`;
}

function sameAddress(a: ExporterAddress, b: ExporterAddress): boolean {
  if (typeof a === "number" || typeof b === "number") return a === b;
  return a.every((octet, index) => octet === b[index]);
}
