import type { FlowBatch, FlowSchema, RecordLayout } from "@flowtools/flow-model";
import { canConvert, findFtLayout, type RecordBlock, recordBytes } from "@flowtools/ft-format";
import { RecordShaper } from "@flowtools/flowset";
import type { ParsedArguments } from "@flowtools/common/flags";
import type { Log } from "../log.ts";
import { DRAIN_SECONDS } from "../operation_options.ts";
import { loadPipeline } from "../pipeline/load_pipeline.ts";
import { pipelineSettings } from "../pipeline/options.ts";
import { takeIPv4Rows } from "../pipeline/ipv4_rows.ts";
import { LostColumnsNotice } from "../pipeline/lost_columns_notice.ts";
import {
  IPV6_REASON,
  type PipelineRoute,
  type RecordPipeline,
} from "../pipeline/record_pipeline.ts";
import type { WorkerStart } from "../supervised_thread.ts";
import type { LossCounts, Sink } from "../sinks/sink.ts";
import type { Ledger } from "./ledger.ts";
import { MisfitNotice } from "./misfit_notice.ts";
import { outputQueueBytes } from "./options.ts";
import type { OutputPiece } from "./output_messages.ts";
import { type OutputHooks, OutputThread } from "./output_thread.ts";
import type { StreamJob } from "./stream_worker.ts";

/**
 * Makes a sink that writes one flow-tools stream, as flow-receive does: the first flows set the
 * version unless an option does, and flows of other versions are converted to it.
 *
 * @param args `RECEIVE_OPTIONS`
 * @param log Told of trouble
 * @param hooks Told when the output has come to its end
 * @param internals How the thread is started, where it is not to be as usual
 * @returns The sink
 * @throws {UsageError} An option is wrong
 * @throws {ConfigError} A configuration is wrong
 * @throws {Error} The output cannot be opened
 */
export async function createStreamSink(
  args: ParsedArguments,
  log: Log,
  hooks: OutputHooks,
  internals: WorkerStart = {},
): Promise<Sink> {
  const byteOrder = args.value("byte-order") === "big" ? "big" : "little";
  const settings = pipelineSettings(args);
  const pipeline = await loadPipeline(settings, byteOrder, log);
  const compressionLevel = args.number("compress") ?? 0;
  const open: StreamJob = {
    kind: "open",
    path: args.value("output"),
    header: {
      byteOrder,
      compressionLevel,
      captureStart: seconds(),
      hostname: Deno.hostname(),
      comments: args.value("comment"),
    },
  };
  const start = () => {
    return new Worker(new URL("./stream_worker.ts", import.meta.url), { type: "module" });
  };
  const thread = await OutputThread.start({
    // Only one: nobody else can go on with a compressed stream in its middle.
    start: internals.startWorker ?? start,
    open,
    bytesMax: outputQueueBytes(args),
    hooks,
  });
  const drainSeconds = args.number("drain-seconds") ?? DRAIN_SECONDS;
  const sink = new StreamSink({ thread, pipeline, log, byteOrder, drainSeconds, compressionLevel });
  const { exportVersion } = settings;
  if (exportVersion !== undefined) {
    sink.begin(findFtLayout(exportVersion.version, exportVersion.aggregation)!);
  }
  return sink;
}

interface StreamSinkOptions {
  readonly thread: OutputThread;
  readonly pipeline: RecordPipeline;
  readonly log: Log;
  readonly byteOrder: "little" | "big";
  readonly drainSeconds: number;
  readonly compressionLevel: number;
}

class StreamSink implements Sink {
  readonly name = "stream";
  readonly #options: StreamSinkOptions;
  readonly #misfits: MisfitNotice;
  readonly #lostColumns: LostColumnsNotice;
  #shaper: RecordShaper | undefined;
  /** Schemas whose flows cannot be written, and why. */
  readonly #refused = new WeakMap<FlowSchema, string>();
  /** Losses so far. */
  #losses: LossCounts = { lost: 0, corrupt: 0, resets: 0 };
  /** Records came since the last flush. */
  #unflushed = false;
  #view = new DataView(new ArrayBuffer(0));

  constructor(options: StreamSinkOptions) {
    this.#options = options;
    this.#misfits = new MisfitNotice(this.name, options.log, options.pipeline.misfits);
    this.#lostColumns = new LostColumnsNotice(this.name, options.log);
  }

  get counters(): Ledger {
    return this.#options.thread.ledger;
  }

  /** Sets the version of the stream; its header is written. */
  begin({ schema: { version, aggregation } }: RecordLayout): void {
    const { byteOrder, thread } = this.#options;
    this.#shaper = new RecordShaper({ version, aggregation, byteOrder, target: "stream" });
    thread.tell({ kind: "begin", version, aggregation } satisfies StreamJob);
  }

  write(batch: FlowBatch): void {
    const { schemas, schemaOf } = batch;
    this.counters.given += batch.length;
    for (let from = 0, to = 0; from < batch.length; from = to) {
      while (to < batch.length && schemaOf[to] === schemaOf[from]) to++;
      this.#writeRows(batch, schemas[schemaOf[from]], from, to);
    }
  }

  countLosses({ lost, corrupt, resets }: LossCounts): void {
    const sum = this.#losses;
    this.#losses = {
      lost: sum.lost + lost,
      corrupt: sum.corrupt + corrupt,
      resets: sum.resets + resets,
    };
  }

  flush(now: number): Promise<void> {
    const { thread, compressionLevel } = this.#options;
    this.#misfits.tell();
    this.#lostColumns.tell(now);
    if (this.#unflushed && compressionLevel > 0) thread.tell({ kind: "flush" } satisfies StreamJob);
    this.#unflushed = false;
    return Promise.resolve();
  }

  close(): Promise<void> {
    const { thread, drainSeconds } = this.#options;
    this.#lostColumns.end();
    const job: StreamJob = { kind: "finish", captureEnd: seconds(), losses: this.#losses };
    return thread.close(job, drainSeconds);
  }

  /** Writes rows of one shape. */
  #writeRows(batch: FlowBatch, schema: FlowSchema, from: number, to: number): void {
    const { pipeline } = this.#options;
    const ledger = this.counters;
    const rows = to - from;
    const route = pipeline.route(schema);
    const refusal = route.refusal?.reason ?? this.#refused.get(schema);
    if (refusal !== undefined) {
      if (route.refusal !== undefined) this.#warn(refusal, route.refusal.message);
      return ledger.drop(refusal, rows);
    }
    if (this.#shaper === undefined) this.begin(route.layout);
    const shaper = this.#shaper!;
    if (!canConvert(route.layout.schema, shaper.layout.schema)) {
      this.#refused.set(schema, "no-conversion");
      const { label } = shaper.layout.schema;
      this.#warn("no-conversion", `${schema.label} flows cannot be written as ${label}`);
      return ledger.drop("no-conversion", rows);
    }
    const { filtered } = ledger;
    const left = takeIPv4Rows(batch, from, to, (from, to) => {
      this.#shapeRows(batch, route, shaper, from, to);
    });
    const passed = rows - left - (ledger.filtered - filtered);
    this.#lostColumns.add(schema, shaper.layout.schema, passed);
    ledger.drop(IPV6_REASON, left);
  }

  /** Writes rows that records can hold. */
  #shapeRows(
    batch: FlowBatch,
    { steps }: PipelineRoute,
    shaper: RecordShaper,
    from: number,
    to: number,
  ): void {
    const block = steps === undefined
      ? this.#records(batch, shaper.layout, from, to)
      : steps.process(batch, from, to);
    this.counters.filtered += to - from - (block?.count ?? 0);
    if (block !== undefined) this.#post(recordBytes(shaper.shape(block)), block.count);
  }

  #records(batch: FlowBatch, layout: RecordLayout, from: number, to: number): RecordBlock {
    const count = to - from;
    if (this.#view.byteLength < count * layout.size) {
      this.#view = new DataView(new ArrayBuffer(count * layout.size));
    }
    const view = this.#view;
    const littleEndian = this.#options.byteOrder === "little";
    const { misfits } = this.#options.pipeline;
    batch.storeRecords(layout, from, count, view, 0, littleEndian, misfits);
    return { layout, view, offset: 0, count, littleEndian };
  }

  #post(records: Uint8Array, flows: number): void {
    const { thread } = this.#options;
    const buffer = thread.take(records.length, flows);
    if (buffer === undefined) return;
    new Uint8Array(buffer).set(records);
    this.#unflushed = true;
    thread.post(
      buffer,
      flows,
      (piece: OutputPiece) => ({ kind: "records", piece }) satisfies StreamJob,
    );
  }

  #warn(reason: string, message: string): void {
    this.#options.log.warn(reason, message);
  }
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
