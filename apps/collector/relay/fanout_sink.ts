import { type FlowBatch, type FlowSchema, versionLabel } from "@flowtools/flow-model";
import { canConvert } from "@flowtools/ft-format";
import type { FlowFilter } from "@flowtools/flowset";
import { type ClassicPduCodec, type TemplateCodec, V5_CODEC } from "@flowtools/netflow-pdu";
import type { Log } from "../log.ts";
import type { LossCounts, Sink } from "../sinks/sink.ts";
import type { Ledger } from "./ledger.ts";
import { type SendableCodec, sendableCodec, templateCodec } from "./fanout_settings.ts";
import { isTemplateCodec } from "../template_codecs.ts";
import type { MisfitNotice } from "./misfit_notice.ts";
import { PacketPacker, type PacketTaker } from "./packet_packer.ts";
import { IPV6_REASON } from "../pipeline/record_pipeline.ts";
import { takeIPv4Rows } from "../pipeline/ipv4_rows.ts";
import { LostColumnsNotice } from "../pipeline/lost_columns_notice.ts";
import type { RowChanges } from "./row_changes.ts";
import type { SendThread } from "./send_thread.ts";
import type { SourceRun, SourceRuns } from "./source_runs.ts";
import { socketOf, TemplatePacker } from "./template_packer.ts";
import type { WireRecords } from "./wire_records.ts";

/** What all targets of a fan-out share. */
export interface FanoutShared {
  readonly thread: SendThread;
  readonly runs: SourceRuns;
  readonly records: WireRecords;
  readonly misfits: MisfitNotice;
  readonly log: Log;
  /** Seconds that closing may take. */
  readonly drainSeconds: number;
}

/** What one target gets. */
export interface FanoutTargetOptions {
  /** Its index in the sending thread. */
  readonly index: number;
  /** Its name in messages. */
  readonly name: string;
  /** The version to send; default that of the flows. */
  readonly codec?: SendableCodec;
  readonly changes: RowChanges;
  /** One sequence for all sources. */
  readonly sharedSequence: boolean;
  /** Reads the filter; where there is none all flows pass. */
  readonly loadFilter: () => Promise<FlowFilter | undefined>;
}

/** Why flows of a shape cannot be sent, or what packs them. */
type Route = { readonly refusal: string } | {
  readonly codec: ClassicPduCodec;
  readonly packer: PacketPacker;
} | { readonly templates: TemplatePacker };

/** Rows that cannot be sent: a mask of 32 bits would leave IPv6 addresses as they are. */
const IPV6_MASK = "ipv6-mask";

/** Rows that no packet can hold. */
const NO_ROOM = "no-room";

/**
 * Sends flows on to one target as export packets: changed, filtered, converted, and with sequence
 * numbers of their own, in the order of flow-fanout.
 */
export class FanoutTarget implements Sink {
  readonly name: string;
  readonly #shared: FanoutShared;
  readonly #options: FanoutTargetOptions;
  readonly #ledger: Ledger;
  readonly #lostColumns: LostColumnsNotice;
  #filter: FlowFilter | undefined;
  #selection = new Uint32Array(0);
  /** Shapes may be forged, so what is kept of them goes with them. */
  #routes = new WeakMap<FlowSchema, Route>();
  /** By version label: flows of several shapes may go out as one version. */
  readonly #packers = new Map<string, PacketPacker>();
  readonly #templatePackers = new Map<number, TemplatePacker>();
  /** Openings of sockets when it last sent. */
  #openings = 0;
  /** Exporters and engines forgotten when it was last looked. */
  #forgotten = 0;

  private constructor(shared: FanoutShared, options: FanoutTargetOptions) {
    this.name = `fanout ${options.name}`;
    this.#shared = shared;
    this.#options = options;
    this.#ledger = shared.thread.ledger(options.index);
    this.#lostColumns = new LostColumnsNotice(this.name, shared.log);
  }

  /** Makes the sink of a target, and reads its filter. */
  static async create(
    shared: FanoutShared,
    options: FanoutTargetOptions,
  ): Promise<FanoutTarget> {
    const target = new FanoutTarget(shared, options);
    await target.reload();
    return target;
  }

  /** Records as they came go on as they came, unless they are changed or become others. */
  get wantsOctets(): boolean {
    const { changes, codec } = this.#options;
    return !changes.any && (codec === undefined || isTemplateCodec(codec));
  }

  get counters(): Ledger {
    return this.#ledger;
  }

  get errors(): Readonly<Record<string, number>> {
    return this.#shared.thread.queue(this.#options.index).errors;
  }

  /**
   * Reads the filter again; until it is read, and where that fails, the old one stays.
   *
   * @throws {Error} It cannot be read
   */
  async reload(): Promise<void> {
    this.#filter = await this.#options.loadFilter();
    this.#routes = new WeakMap();
  }

  write(batch: FlowBatch): void {
    this.#ledger.given += batch.length;
    const { openings } = this.#shared.thread;
    if (this.#openings !== openings) {
      // From other ports than before, receivers need the templates again.
      for (const packer of this.#templatePackers.values()) packer.resend();
      this.#openings = openings;
    }
    const runs = this.#shared.runs.of(batch);
    this.#options.changes.during(batch, () => this.#pack(batch, runs));
    this.#shared.thread.queue(this.#options.index).push();
  }

  /** Losses are told to the target by nothing: its sequence numbers count what was sent. */
  countLosses(_losses: LossCounts): void {}

  flush(now: number): Promise<void> {
    this.#flushPackers();
    this.#shared.thread.queue(this.#options.index).push();
    this.#shared.misfits.tell();
    this.#lostColumns.tell(now);
    this.#tellForgotten();
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.#flushPackers();
    this.#lostColumns.end();
    const { thread, drainSeconds } = this.#shared;
    await thread.close(this.#options.index, drainSeconds);
  }

  #flushPackers(): void {
    for (const packer of this.#packers.values()) packer.flush();
    for (const packer of this.#templatePackers.values()) packer.flush();
  }

  #tellForgotten(): void {
    let { forgotten } = this.#shared.runs;
    for (const packer of this.#packers.values()) forgotten += packer.forgotten;
    for (const packer of this.#templatePackers.values()) forgotten += packer.forgotten;
    if (forgotten === this.#forgotten) return;
    this.#shared.log.warn(
      "relay-sources",
      `${this.name}: ${forgotten - this.#forgotten} exporters or engines were forgotten to make ` +
        "room, their sequence numbers begin anew",
    );
    this.#forgotten = forgotten;
  }

  #pack(batch: FlowBatch, runs: readonly SourceRun[]): void {
    const selected = this.#select(batch);
    const routes = batch.schemas.map((schema) => this.#route(schema));
    const { records } = this.#shared;
    const { key } = this.#options.changes;
    const ledger = this.#ledger;
    // Rows of one shape in a row are encoded together.
    let block: { from: number; to: number; bytes: Uint8Array } = {
      from: 0,
      to: 0,
      bytes: new Uint8Array(0),
    };
    let next = 0;
    for (const run of runs) {
      const route = routes[batch.schemaOf[run.from]];
      const first = next;
      const rows = run.to - run.from;
      if (selected !== undefined) {
        while (next < selected.length && selected[next] < run.to) next++;
      }
      if ("refusal" in route) {
        ledger.drop(route.refusal, rows);
        continue;
      }
      const passed = selected === undefined ? rows : next - first;
      ledger.filtered += rows - passed;
      if ("templates" in route) {
        this.#packTemplates(batch, run, route.templates, selected?.subarray(first, next));
        continue;
      }
      ledger.queued += passed;
      if (passed === 0) continue;
      if (run.from >= block.to) {
        const to = shapeEnd(batch, run.from);
        const bytes = records.of(batch, route.codec, key, run.from, to);
        block = { from: run.from, to, bytes };
      }
      const { bytes, from: start } = block;
      const add = (from: number, to: number) => {
        route.packer.add(batch, run, bytes, from - start, to - start);
      };
      const send = (from: number, to: number) => {
        const left = takeIPv4Rows(batch, from, to, add);
        this.#lostColumns.add(
          batch.schemas[batch.schemaOf[from]],
          route.codec.layouts.record.schema,
          to - from - left,
        );
        ledger.queued -= left;
        ledger.drop(IPV6_REASON, left);
      };
      if (passed === rows) {
        send(run.from, run.to);
      } else {
        for (let i = first; i < next;) {
          const from = selected![i];
          let to = from + 1;
          for (i++; i < next && selected![i] === to; i++) to++;
          send(from, to);
        }
      }
    }
  }

  /** Packs rows of one source, all or those that were selected. */
  #packTemplates(
    batch: FlowBatch,
    { from, to, source }: SourceRun,
    packer: TemplatePacker,
    selected: Uint32Array | undefined,
  ): void {
    const add = (from: number, to: number) => {
      this.#ledger.queued += to - from;
      packer.add(batch, from, to, source);
    };
    const take = (from: number, to: number) => {
      if (!this.#options.changes.masks) return add(from, to);
      this.#ledger.drop(IPV6_MASK, takeIPv4Rows(batch, from, to, add));
    };
    if (selected === undefined) return take(from, to);
    for (let i = 0; i < selected.length;) {
      const first = selected[i];
      let end = first + 1;
      for (i++; i < selected.length && selected[i] === end; i++) end++;
      take(first, end);
    }
  }

  /** The rows that pass the filter; `undefined` where there is none. */
  #select(batch: FlowBatch): Uint32Array | undefined {
    if (this.#filter === undefined) return undefined;
    if (this.#selection.length < batch.length) this.#selection = new Uint32Array(batch.capacity);
    return this.#selection.subarray(0, this.#filter.select(batch, this.#selection));
  }

  #route(schema: FlowSchema): Route {
    let route = this.#routes.get(schema);
    if (route === undefined) {
      route = this.#findRoute(schema);
      this.#routes.set(schema, route);
    }
    return route;
  }

  #findRoute(schema: FlowSchema): Route {
    const { log } = this.#shared;
    const own = sendableCodec(schema.version, schema.aggregation);
    const codec = this.#options.codec ?? own ?? templateCodec(schema.version) ?? V5_CODEC;
    const templates = isTemplateCodec(codec);
    // Versions with templates (9, IPFIX) have all that a classic record has, and hold all of it.
    if (!templates && own !== undefined && !canConvert(schema, codec.layouts.record.schema)) {
      const label = versionLabel(codec.version, codec.aggregation);
      log.warn("no-conversion", `${this.name}: cannot send ${schema.label} flows as ${label}`);
      return { refusal: "no-conversion" };
    }
    const missing = this.#filter?.missing(schema) ?? [];
    if (missing.length > 0) {
      const fields = missing.join(", ");
      log.warn(
        "filter-field",
        `${this.name}: ${schema.label} flows have no ${fields} to filter by`,
      );
      return { refusal: "filter-field" };
    }
    if (templates) return { templates: this.#templatePacker(codec) };
    const { label } = codec.layouts.record.schema;
    let packer = this.#packers.get(label);
    if (packer === undefined) {
      packer = this.#createPacker(codec);
      this.#packers.set(label, packer);
    }
    return { codec, packer };
  }

  #createPacker(codec: ClassicPduCodec): PacketPacker {
    const { sharedSequence } = this.#options;
    return new PacketPacker({ codec, sharedSequence, take: this.#taker() });
  }

  #templatePacker(codec: TemplateCodec): TemplatePacker {
    let packer = this.#templatePackers.get(codec.version);
    if (packer === undefined) {
      const { sharedSequence, changes } = this.#options;
      const ledger = this.#ledger;
      packer = new TemplatePacker({
        codec,
        sharedSequence,
        octets: !changes.any,
        take: this.#taker(),
        refused: (rows) => {
          ledger.queued -= rows;
          ledger.drop(NO_ROOM, rows);
        },
        misfits: this.#shared.misfits.counts,
      });
      this.#templatePackers.set(codec.version, packer);
    }
    return packer;
  }

  /** Puts packets into the queue of the target. */
  #taker(): PacketTaker {
    const { sharedSequence, index } = this.#options;
    const queue = this.#shared.thread.queue(index);
    return (packet, flows, source) =>
      queue.add(
        packet,
        flows,
        sharedSequence ? 0 : socketOf(source.number),
        { address: typeof source.address === "number" ? source.address : 0, port: 0 },
      );
  }
}

/** The row behind the last of those that have the shape of this one, in a row. */
function shapeEnd({ schemaOf, length }: FlowBatch, from: number): number {
  let to = from + 1;
  while (to < length && schemaOf[to] === schemaOf[from]) to++;
  return to;
}
