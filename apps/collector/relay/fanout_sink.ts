import { type FlowBatch, type FlowSchema, versionLabel } from "@flowtools/flow-model";
import { canConvert } from "@flowtools/ft-format";
import type { FlowFilter } from "@flowtools/flowset";
import { type ClassicPduCodec, V5_CODEC } from "@flowtools/netflow-pdu";
import type { Log } from "../log.ts";
import type { LossCounts, Sink } from "../sinks/sink.ts";
import type { Ledger } from "./ledger.ts";
import { sendableCodec } from "./fanout_settings.ts";
import { SOCKETS_PER_TARGET_MAX } from "./limits.ts";
import type { MisfitNotice } from "./misfit_notice.ts";
import { PacketPacker } from "./packet_packer.ts";
import type { RowChanges } from "./row_changes.ts";
import type { SendThread } from "./send_thread.ts";
import type { RelayedSource, SourceRun, SourceRuns } from "./source_runs.ts";
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
  readonly codec?: ClassicPduCodec;
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
};

/**
 * Sends flows on to one target as export packets: changed, filtered, converted, and with sequence
 * numbers of their own, in the order of flow-fanout.
 */
export class FanoutTarget implements Sink {
  readonly name: string;
  readonly #shared: FanoutShared;
  readonly #options: FanoutTargetOptions;
  readonly #ledger: Ledger;
  #filter: FlowFilter | undefined;
  #selection = new Uint32Array(0);
  /** Shapes may be forged, so what is kept of them goes with them. */
  #routes = new WeakMap<FlowSchema, Route>();
  /** By version label: flows of several shapes may go out as one version. */
  readonly #packers = new Map<string, PacketPacker>();
  /** Exporters and engines forgotten when it was last looked. */
  #forgotten = 0;

  private constructor(shared: FanoutShared, options: FanoutTargetOptions) {
    this.name = `fanout ${options.name}`;
    this.#shared = shared;
    this.#options = options;
    this.#ledger = shared.thread.ledger(options.index);
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
    const runs = this.#shared.runs.of(batch);
    this.#options.changes.during(batch, () => this.#pack(batch, runs));
    this.#shared.thread.queue(this.#options.index).push();
  }

  /** Losses are told to the target by nothing: its sequence numbers count what was sent. */
  countLosses(_losses: LossCounts): void {}

  flush(_now: number): Promise<void> {
    for (const packer of this.#packers.values()) packer.flush();
    this.#shared.thread.queue(this.#options.index).push();
    this.#shared.misfits.tell();
    this.#tellForgotten();
    return Promise.resolve();
  }

  async close(): Promise<void> {
    for (const packer of this.#packers.values()) packer.flush();
    const { thread, drainSeconds } = this.#shared;
    await thread.close(this.#options.index, drainSeconds);
  }

  #tellForgotten(): void {
    let { forgotten } = this.#shared.runs;
    for (const packer of this.#packers.values()) forgotten += packer.forgotten;
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
      ledger.queued += passed;
      if (passed === 0) continue;
      if (run.from >= block.to) {
        const to = shapeEnd(batch, run.from);
        const bytes = records.of(batch, route.codec, key, run.from, to);
        block = { from: run.from, to, bytes };
      }
      if (passed === rows) {
        route.packer.add(batch, run, block.bytes, run.from - block.from, run.to - block.from);
      } else {
        for (let i = first; i < next;) {
          const from = selected![i];
          let to = from + 1;
          for (i++; i < next && selected![i] === to; i++) to++;
          route.packer.add(batch, run, block.bytes, from - block.from, to - block.from);
        }
      }
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
    const codec = this.#options.codec ?? own ?? V5_CODEC;
    // Versions with templates (9, IPFIX) have all that a classic record has.
    if (own !== undefined && !canConvert(schema, codec.layouts.record.schema)) {
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
    const { label } = codec.layouts.record.schema;
    let packer = this.#packers.get(label);
    if (packer === undefined) {
      packer = this.#createPacker(codec);
      this.#packers.set(label, packer);
    }
    return { codec, packer };
  }

  #createPacker(codec: ClassicPduCodec): PacketPacker {
    const { sharedSequence, index } = this.#options;
    const queue = this.#shared.thread.queue(index);
    const take = (packet: Uint8Array, flows: number, source: RelayedSource) =>
      queue.add(
        packet,
        flows,
        sharedSequence ? 0 : source.number % SOCKETS_PER_TARGET_MAX,
        { address: typeof source.address === "number" ? source.address : 0, port: 0 },
      );
    return new PacketPacker({ codec, sharedSequence, take });
  }
}

/** The row behind the last of those that have the shape of this one, in a row. */
function shapeEnd({ schemaOf, length }: FlowBatch, from: number): number {
  let to = from + 1;
  while (to < length && schemaOf[to] === schemaOf[from]) to++;
  return to;
}
