import type { FlowBatch, FlowSchema, RecordLayout } from "@flowtools/flow-model";
import type { RecordBlock } from "@flowtools/ft-format";
import { recordBytes } from "@flowtools/ft-format";
import type { Log } from "../../log.ts";
import { loadPipeline } from "../../pipeline/load_pipeline.ts";
import { takeIPv4Rows } from "../../pipeline/ipv4_rows.ts";
import { LostColumnsNotice } from "../../pipeline/lost_columns_notice.ts";
import {
  IPV6_REASON,
  type RecordPipeline,
  type RecordSteps,
} from "../../pipeline/record_pipeline.ts";
import { nextRotation } from "../../rotate.ts";
import type { LossCounts, Sink, SinkCounters } from "../sink.ts";
import { FileLink } from "./file_link.ts";
import type { StoreSettings } from "./file_store.ts";
import type { FileNews } from "./file_worker.ts";
import { CHUNK_BYTES } from "./limits.ts";
import type { FileSettings } from "./options.ts";
import { ProgramRunner } from "./program_runner.ts";
import { Recovery } from "./recovery.ts";

/** A capture file that is complete. */
export interface FinishedFile {
  /** Where it is. */
  readonly path: string;
  /** Flows in it. */
  readonly flows: number;
  /** Its bytes. */
  readonly bytes: number;
}

/** What the file sink lets others take part in. */
export interface FileSinkHooks {
  /** Told of each file that is complete. */
  readonly onFile?: (file: FinishedFile) => void;
  /** The clock, Unix ms; default the system's. */
  readonly now?: () => number;
  /** Starts the thread that writes; default the one of this program. */
  readonly startWorker?: () => Worker;
}

/** Records of one layout that are not handed over yet. */
interface Lane {
  readonly layout: RecordLayout;
  /** Records that a chunk takes. */
  readonly capacity: number;
  buffer: ArrayBuffer | undefined;
  view: DataView;
  flows: number;
  /** When the first of them came, Unix ms. */
  since: number;
}

const NOTHING_LOST: LossCounts = { lost: 0, corrupt: 0, resets: 0 };
const NO_VIEW = new DataView(new ArrayBuffer(0));

/**
 * Writes flow-tools files named and rotated as flow-capture does, one open file per version:
 * `tmp-…` while it is open, renamed to `ft-…` when it is whole. Flows become records on this
 * thread; all that waits for the disk happens on another.
 */
export class FileSink implements Sink {
  readonly name = "files";
  readonly counters: SinkCounters = { given: 0, done: 0, queued: 0, filtered: 0, dropped: {} };
  readonly #settings: FileSettings;
  readonly #log: Log;
  readonly #hooks: FileSinkHooks;
  readonly #link: FileLink;
  readonly #recovery: Recovery;
  readonly #lostColumns: LostColumnsNotice;
  readonly #programs: ProgramRunner | undefined;
  readonly #lanes = new Map<RecordLayout, Lane>();
  readonly #littleEndian: boolean;
  #pipeline: RecordPipeline;
  #losses: LossCounts = NOTHING_LOST;
  /** The moment of the last write, and when the files end that are open then; Unix ms. */
  #clock = 0;
  #rotateAt = 0;
  #misfitsTold = 0;
  #crashes = 0;
  #easedFlows = 0;

  /** Makes a sink; `createFileSink()` is the way to get one that runs. */
  constructor(
    settings: FileSettings,
    pipeline: RecordPipeline,
    log: Log,
    hooks: FileSinkHooks,
  ) {
    this.#settings = settings;
    this.#pipeline = pipeline;
    this.#log = log;
    this.#hooks = hooks;
    this.#lostColumns = new LostColumnsNotice(this.name, log);
    this.#littleEndian = settings.byteOrder === "little";
    if (settings.program !== undefined) {
      this.#programs = new ProgramRunner(settings.program, settings.directory, log);
    }
    this.#recovery = new Recovery(settings, log, (file) => {
      this.#link.adopt(file.path);
      this.#finished(file);
    });
    const url = new URL("./file_worker.ts", import.meta.url);
    this.#link = new FileLink(storeSettings(settings), settings.queueBytes, {
      done: (flows) => {
        this.counters.done += flows;
        this.counters.queued -= flows;
      },
      dropped: (reason, flows) => {
        this.#drop(reason, flows);
        this.counters.queued -= flows;
      },
      crashed: (message) => {
        this.#crashes++;
        log.warn("file-worker", `the thread that writes files ended: ${message}`);
      },
      settled: () => void this.#recovery.start(),
      news: (news) => this.#hear(news),
    }, hooks.startWorker ?? (() => new Worker(url, { type: "module" })));
  }

  /** Times that the thread that writes ended by itself and was replaced. */
  get crashes(): number {
    return this.#crashes;
  }

  /** Flows compressed less than was asked for, because they came too fast. */
  get easedFlows(): number {
    return this.#easedFlows;
  }

  /** Resolved when what an earlier collector could not complete is complete. */
  get recovered(): Promise<void> {
    return this.#recovery.ended;
  }

  /** Starts the thread that writes, and the recovery of what an earlier collector left. */
  async open(): Promise<void> {
    const listed = this.#recovery.start();
    try {
      await this.#link.open();
    } catch (error) {
      await this.#recovery.close(0);
      throw error;
    }
    await listed;
  }

  write(batch: FlowBatch): void {
    const { schemaOf, schemas, length } = batch;
    this.counters.given += length;
    this.#clock = this.#now();
    const rotateAt = nextRotation(this.#clock, this.#settings.rotations);
    if (rotateAt !== this.#rotateAt) {
      // No chunk reaches over the end of a file.
      for (const lane of this.#lanes.values()) this.#submit(lane);
      this.#rotateAt = rotateAt;
    }
    for (let from = 0, to = 0; from < length; from = to) {
      const schema = schemaOf[from];
      while (to < length && schemaOf[to] === schema) to++;
      this.#take(batch, from, to, schemas[schema]);
    }
  }

  countLosses(losses: LossCounts): void {
    this.#losses = {
      lost: this.#losses.lost + losses.lost,
      corrupt: this.#losses.corrupt + losses.corrupt,
      resets: this.#losses.resets + losses.resets,
    };
  }

  async flush(now: number): Promise<void> {
    this.#tellMisfits();
    this.#lostColumns.tell(now);
    // While the thread is behind, chunks fill up rather than being many.
    if (!this.#link.idle) return;
    await this.#tick(now, false);
  }

  /** Ends all files now, and begins others with the next flows. */
  async rotate(): Promise<void> {
    await this.#tick(this.#now(), true);
  }

  /** Reads the configurations of filter, tags and translation anew; keeps them where that fails. */
  async reload(): Promise<void> {
    try {
      const { pipeline, byteOrder } = this.#settings;
      this.#pipeline = await loadPipeline(pipeline, byteOrder, this.#log);
      this.#misfitsTold = 0;
      this.#log.info("read filter, tags and translation anew");
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#log.warn("reload", `the former filter, tags and translation stay: ${reason}`);
    }
  }

  /** What SIGHUP means to flow-capture: other files from now on, and configurations read anew. */
  async hangup(): Promise<void> {
    await this.rotate();
    await this.reload();
  }

  async close(): Promise<void> {
    const { drainMs } = this.#settings;
    this.#tellMisfits();
    this.#lostColumns.end();
    for (const lane of this.#lanes.values()) this.#submit(lane);
    const deadline = performance.now() + drainMs;
    await this.#link.close(this.#now(), this.#takeLosses(), drainMs);
    // A thread that ended by itself just now has left files that are being completed.
    await this.#recovery.close(Math.max(0, deadline - performance.now()));
    if (this.#easedFlows > 0) {
      this.#log.info("flows that came too fast were compressed less", { flows: this.#easedFlows });
    }
    await this.#programs?.close();
  }

  #now(): number {
    return this.#hooks.now?.() ?? Date.now();
  }

  async #tick(now: number, rotate: boolean): Promise<void> {
    for (const lane of this.#lanes.values()) this.#submit(lane);
    // Losses wait for a file that can have them.
    if (this.#link.running) await this.#link.tick(now, this.#takeLosses(), rotate);
  }

  #takeLosses(): LossCounts {
    const losses = this.#losses;
    this.#losses = NOTHING_LOST;
    return losses;
  }

  #take(batch: FlowBatch, from: number, to: number, schema: FlowSchema): void {
    const { layout, refusal, steps } = this.#pipeline.route(schema);
    if (refusal !== undefined) {
      this.#drop(refusal.reason, to - from);
      this.#log.warn(refusal.reason, `${to - from} flows dropped: ${refusal.message}`);
      return;
    }
    const lane = this.#laneOf(layout);
    const { filtered } = this.counters;
    const left = takeIPv4Rows(batch, from, to, (from, to) => {
      if (steps === undefined) this.#addRows(lane, batch, from, to);
      else this.#addSteps(lane, steps, batch, from, to);
    });
    const passed = to - from - left - (this.counters.filtered - filtered);
    this.#lostColumns.add(schema, layout.schema, passed);
    if (left > 0) this.#drop(IPV6_REASON, left);
  }

  #addSteps(lane: Lane, steps: RecordSteps, batch: FlowBatch, from: number, to: number): void {
    const block = steps.process(batch, from, to);
    this.counters.filtered += to - from - (block?.count ?? 0);
    if (block !== undefined) this.#addBlock(lane, block);
  }

  #laneOf(layout: RecordLayout): Lane {
    let lane = this.#lanes.get(layout);
    if (lane === undefined) {
      const capacity = Math.floor(CHUNK_BYTES / layout.size);
      lane = { layout, capacity, buffer: undefined, view: NO_VIEW, flows: 0, since: 0 };
      this.#lanes.set(layout, lane);
    }
    return lane;
  }

  #addRows(lane: Lane, batch: FlowBatch, from: number, to: number): void {
    const { layout } = lane;
    const { misfits } = this.#pipeline;
    for (let at = from; at < to;) {
      const count = Math.min(this.#room(lane), to - at);
      if (count === 0) return this.#dropFull(to - at);
      const offset = lane.flows * layout.size;
      batch.storeRecords(layout, at, count, lane.view, offset, this.#littleEndian, misfits);
      at += count;
      this.#added(lane, count);
    }
  }

  #addBlock(lane: Lane, block: RecordBlock): void {
    const { size } = lane.layout;
    const bytes = recordBytes(block);
    for (let at = 0; at < block.count;) {
      const count = Math.min(this.#room(lane), block.count - at);
      if (count === 0) return this.#dropFull(block.count - at);
      const target = new Uint8Array(lane.view.buffer, lane.flows * size, count * size);
      target.set(bytes.subarray(at * size, (at + count) * size));
      at += count;
      this.#added(lane, count);
    }
  }

  /** Records that the lane's chunk still takes; 0 where the queue is full. */
  #room(lane: Lane): number {
    if (lane.buffer === undefined) {
      lane.buffer = this.#link.acquire();
      if (lane.buffer === undefined) return 0;
      lane.view = new DataView(lane.buffer);
      lane.since = this.#clock;
    }
    return lane.capacity - lane.flows;
  }

  #added(lane: Lane, flows: number): void {
    lane.flows += flows;
    this.counters.queued += flows;
    if (lane.flows === lane.capacity) this.#submit(lane);
  }

  #submit(lane: Lane): void {
    const { buffer, flows, since, layout: { schema: { version, aggregation } } } = lane;
    if (buffer === undefined || flows === 0) return;
    lane.buffer = undefined;
    lane.view = NO_VIEW;
    lane.flows = 0;
    this.#link.send({ version, aggregation, flows, buffer, now: since });
  }

  #dropFull(flows: number): void {
    const reason = this.#link.blocked ? "disk" : "queue-full";
    this.#drop(reason, flows);
    const why = this.#link.blocked ? "the disk takes nothing" : "the disk is too slow";
    this.#log.warn(reason, `${flows} flows dropped: ${why}, and the queue is full`);
  }

  #drop(reason: string, flows: number): void {
    const { dropped } = this.counters;
    dropped[reason] = (dropped[reason] ?? 0) + flows;
  }

  #tellMisfits(): void {
    const { misfits } = this.#pipeline;
    let total = 0;
    for (const count of misfits.values()) total += count;
    if (total === this.#misfitsTold) return;
    this.#misfitsTold = total;
    const counts = [...misfits].map(([field, count]) => `${field} ${count}`).join(", ");
    this.#log.warn("misfit", `values did not fit their records and were replaced: ${counts}`);
  }

  #hear(news: FileNews): void {
    if (news.kind === "file") this.#finished(news);
    else if (news.kind === "eased") this.#easedFlows += news.flows;
    else if (news.kind === "info") this.#log.info(news.message, news.facts);
    else if (news.kind === "warn") this.#log.warn(news.reason, news.message);
  }

  #finished({ path, flows, bytes }: FinishedFile): void {
    this.#log.info("file complete", { path, flows, bytes });
    this.#hooks.onFile?.({ path, flows, bytes });
    this.#programs?.add(path);
  }
}

function storeSettings(settings: FileSettings): StoreSettings {
  const { directory, nesting, rotations, compressionLevel, byteOrder, comments } = settings;
  const { keepUmask, fsync, queueBytes, expireCount, expireBytes, expireDry } = settings;
  return {
    directory,
    nesting,
    rotations,
    compressionLevel,
    byteOrder,
    comments,
    keepUmask,
    fsync,
    queueBytes,
    hostname: Deno.hostname(),
    expiry: { maxFiles: expireCount, maxBytes: expireBytes, dry: expireDry },
  };
}
