import { FlowBatch, SAMPLING_COLUMN } from "@flowtools/flow-model";
import {
  decodePduAt,
  type ExporterAddress,
  formatExporter,
  type PduCodec,
  pduMessage,
  type PduRegistry,
  type PduResult,
  type PduSession,
  type TemplateCodec,
} from "@flowtools/netflow-pdu";
import { AllowList } from "./allow_list.ts";
import { ExporterTable, type KnownSession, sequenceSnapshot } from "./exporters.ts";
import { COLLECTOR_LIMITS, type CollectorLimits } from "./limits.ts";
import type { Log } from "./log.ts";
import { countersOf, SinkGroup } from "./sink_group.ts";
import type { Knowledge, SessionFile } from "./session_file.ts";
import type { Forwarder } from "./sinks/forwarder.ts";
import type { Sink } from "./sinks/sink.ts";
import type { CollectorSnapshot } from "./snapshot.ts";
import type { DatagramReceiver, DatagramSource, Sender } from "./sources/source.ts";
import { knowledgeMark, templateCodecs, templateCounters } from "./template_codecs.ts";

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
  /** Keeps what is known of exporters over a restart. */
  readonly state?: SessionFile;
  /** Bounds other than the usual. */
  readonly limits?: Partial<CollectorLimits>;
}

/** A datagram for the decoder: one object for all of them. */
interface MutableInput {
  view: DataView;
  offset: number;
  length: number;
  exporter: ExporterAddress;
  receivedAt: number;
}

/** What a datagram brought. */
interface Counts {
  flows: number;
  octets: number;
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
  readonly #templateCodecs: readonly TemplateCodec[];
  readonly #startedAt = Date.now();
  /** Flows held back; its columns are looked at while it is filled. */
  readonly #batch: FlowBatch;
  /** Rows of it that are in the sums. */
  #counted = 0;
  readonly #octetColumn: Float64Array;
  readonly #packetColumn: Float64Array;
  readonly #input: MutableInput = {
    view: new DataView(new ArrayBuffer(0)),
    offset: 0,
    length: 0,
    exporter: 0,
    receivedAt: 0,
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
    // Records as they came cost memory and time: they are kept only where somebody wants them.
    this.#batch = new FlowBatch({
      octets: options.sinks.some((sink) => sink.wantsOctets === true),
      extras: [
        { name: SAMPLING_COLUMN, kind: "u32" },
        ...options.sinks.flatMap(({ wantsColumns = [] }) => wantsColumns),
      ],
    });
    this.#octetColumn = this.#batch.column("dOctets");
    this.#packetColumn = this.#batch.column("dPkts");
    this.#exporters = new ExporterTable(this.#limits, options.state?.saved);
    this.#templateCodecs = templateCodecs(options.registry);
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
    await this.#options.state?.close(this.#knowledge());
    this.#drain();
    // What still waits for its template counts as lost from here on.
    this.#exporters.closeSessions();
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
      exportersExpired: this.#exporters.expired,
      sinks: this.#sinks.snapshot(),
      ...(this.#templateCodecs.length > 0
        ? { templates: templateCounters(this.#templateCodecs) }
        : {}),
      ...(this.#forwarders.length > 0 ? { forwarders: this.#forwarders.map(countersOf) } : {}),
    };
  }

  /** What is known of exporters that send templates, at this moment. */
  knownSessions(): Iterable<KnownSession> {
    return this.#exporters.knownSessions();
  }

  #receiver({ only }: DatagramSource): DatagramReceiver {
    return {
      datagram: (view, offset, length, sender, receivedAt = this.#now) => {
        const input = this.#input;
        input.view = view;
        input.offset = offset;
        input.length = length;
        input.exporter = sender.address;
        input.receivedAt = receivedAt;
        this.#take(sender, only);
      },
      room: () => this.#sinks.room(this.#limits.queuedFlows),
    };
  }

  #take(sender: Sender, only: ExporterAddress | undefined): void {
    const { view, offset, length } = this.#input;
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
    const counts: Counts = { flows: 0, octets: 0 };
    let result: PduResult | undefined;
    let reason: string | undefined;
    try {
      const session = this.#session(sender);
      result = this.#decode(session);
      if (result.reason === "batch-full") {
        // Records of earlier packets may have taken the room that there was.
        this.#countFlows(counts);
        this.#drain();
        result = this.#decode(session);
      }
      if (session?.holds === true) this.#takeHeld(session, counts);
      reason = result.reason;
    } catch (error) {
      reason = CODEC_ERROR;
      const what = error instanceof Error ? error.message : String(error);
      this.#options.log.warn(reason, `a codec failed on a packet from ${nameOf(sender)}: ${what}`);
    }
    this.#noteSampling(result);
    if (reason === undefined) this.#decoded++;
    else this.#countMalformed(reason, result, sender);
    // Where the codec failed, what it had appended counts too: it goes to the sinks.
    const sampling = this.#samplingFrom(this.#counted);
    this.#countFlows(counts);
    const { flows, octets } = counts;
    this.#exporters.observe(
      sender,
      result,
      { flows, octets, malformed: reason !== undefined, sampling },
      this.#now,
    );
  }

  /** The memory of a sender where the codec of the datagram has any. */
  #session(sender: Sender): PduSession | undefined {
    const { view, offset, length } = this.#input;
    if (this.#sessionCodecs.size === 0 || length < VERSION_BYTES) return undefined;
    const codec = this.#sessionCodecs.get(view.getUint16(offset));
    return codec === undefined ? undefined : this.#exporters.session(sender, codec);
  }

  #decode(session: PduSession | undefined): PduResult {
    return decodePduAt(this.#options.registry, this.#input, this.#batch, session);
  }

  /** Takes records of a session that the batch had no room for. */
  #takeHeld(session: PduSession, counts: Counts): void {
    while (session.holds === true) {
      this.#countFlows(counts);
      this.#drain();
      session.appendHeld?.(this.#batch);
      // An empty batch has room for some record at least: without any, none will ever come.
      if (this.#batch.length === 0) return;
    }
  }

  /** Notes how the packets of flows were sampled where the header of their packet tells it. */
  #noteSampling(result: PduResult | undefined): void {
    const interval = result?.header?.sampling_interval ?? 0;
    // 0 and 1 say that nothing was left out.
    if (interval <= 1) return;
    const rates = this.#batch.extra(SAMPLING_COLUMN);
    if (rates instanceof Uint32Array) rates.fill(interval, this.#counted, this.#batch.length);
  }

  /** One packet in so many was looked at, as the first flow from a row on tells. */
  #samplingFrom(row: number): number | undefined {
    const rates = this.#batch.extra(SAMPLING_COLUMN);
    if (rates === undefined || Array.isArray(rates) || row >= this.#batch.length) return undefined;
    return rates[row] > 0 ? rates[row] : undefined;
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

  /** Counts the flows that are in the batch since it was last done. */
  #countFlows(counts: Counts): void {
    const { length } = this.#batch;
    const from = this.#counted;
    let octets = 0;
    let packets = 0;
    for (let row = from; row < length; row++) {
      octets += this.#octetColumn[row];
      packets += this.#packetColumn[row];
    }
    this.#counted = length;
    this.#flows += length - from;
    this.#octets += octets;
    this.#flowPackets += packets;
    counts.flows += length - from;
    counts.octets += octets;
  }

  #knowledge(): Knowledge {
    return {
      mark: knowledgeMark(this.#templateCodecs),
      sessions: () => this.#exporters.sessions(),
    };
  }

  #tick(): void {
    this.#now = Date.now();
    this.#drain();
    const elapsedMs = performance.now() - this.#flushedAt;
    if (elapsedMs < FLUSH_INTERVAL_MS) return;
    this.#flushedAt += elapsedMs;
    this.#exporters.tick(elapsedMs / 1000);
    this.#options.state?.tick(this.#knowledge(), this.#now);
    this.#tellLosses();
    this.#sinks.flush(this.#now);
  }

  /** Hands the flows to the sinks. */
  #drain(): void {
    if (this.#batch.length === 0) return;
    this.#sinks.write(this.#batch);
    this.#batch.reset();
    this.#counted = 0;
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
