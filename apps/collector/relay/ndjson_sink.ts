import type { FlowBatch, FlowSchema } from "@flowtools/flow-model";
import type { FlowFilter } from "@flowtools/flowset";
import type { Log } from "../log.ts";
import { loadFilter } from "../pipeline/load_pipeline.ts";
import type { WorkerStart } from "../supervised_thread.ts";
import type { LossCounts, Sink } from "../sinks/sink.ts";
import { fillCopy, planCopy } from "./batch_copy.ts";
import type { Ledger } from "./ledger.ts";
import type { NdjsonSettings } from "./ndjson_settings.ts";
import type { NdjsonJob } from "./ndjson_worker.ts";
import { type OutputHooks, OutputThread } from "./output_thread.ts";

/**
 * Makes a sink that writes flows as JSON, one object a line, keys and values as `Flow.toJSON` has
 * them. A thread of its own makes the text; a reader that is too slow loses flows, which are
 * counted, and holds up nothing.
 *
 * @param settings What to write, and where
 * @param log Told of trouble
 * @param hooks Told when the output has come to its end
 * @param internals How the thread is started, where it is not to be as usual
 * @returns The sink
 * @throws {UsageError} The filter configuration is not there
 * @throws {ConfigError} It is wrong
 * @throws {Error} The output cannot be opened
 */
export async function createNdjsonSink(
  settings: NdjsonSettings,
  log: Log,
  hooks: OutputHooks,
  internals: WorkerStart = {},
): Promise<Sink> {
  const filter = (await loadFilter(settings.filter, log))?.();
  const { path, names } = settings;
  const job = (append: boolean): NdjsonJob => ({ kind: "open", path, names, append });
  const start = () => {
    return new Worker(new URL("./ndjson_worker.ts", import.meta.url), { type: "module" });
  };
  const thread = await OutputThread.start({
    start: internals.startWorker ?? start,
    open: job(false),
    reopen: job(true),
    bytesMax: settings.queueBytes,
    hooks: {
      ...hooks,
      crashed: (message) =>
        log.warn("ndjson-worker", `the thread that writes JSON ended: ${message}`),
    },
  });
  const all = names === undefined;
  return new NdjsonSink({ thread, filter, log, drainSeconds: settings.drainSeconds, all });
}

interface NdjsonSinkInit {
  readonly thread: OutputThread;
  readonly filter: FlowFilter | undefined;
  readonly log: Log;
  readonly drainSeconds: number;
  /** Whether everything is written that flows have. */
  readonly all: boolean;
}

class NdjsonSink implements Sink {
  readonly name = "ndjson";
  readonly #thread: OutputThread;
  readonly #filter: FlowFilter | undefined;
  readonly #log: Log;
  readonly #drainSeconds: number;
  readonly #all: boolean;
  #selection = new Uint32Array(0);
  /** Whether the filter can look at flows of a shape. */
  readonly #filterable = new WeakMap<FlowSchema, boolean>();

  constructor({ thread, filter, log, drainSeconds, all }: NdjsonSinkInit) {
    this.#thread = thread;
    this.#filter = filter;
    this.#log = log;
    this.#drainSeconds = drainSeconds;
    this.#all = all;
  }

  get counters(): Ledger {
    return this.#thread.ledger;
  }

  /** Fields that no column has are written by name, unless it is said which are. */
  get wantsOctets(): boolean {
    return this.#all;
  }

  write(batch: FlowBatch): void {
    const ledger = this.counters;
    ledger.given += batch.length;
    const rows = this.#select(batch);
    const flows = rows?.length ?? batch.length;
    if (flows === 0) return;
    const plan = planCopy(batch, rows);
    const buffer = this.#thread.take(plan.bytes, flows);
    if (buffer === undefined) return;
    fillCopy(batch, plan, buffer);
    this.#thread.post(
      buffer,
      flows,
      (piece) => ({ kind: "flows", piece, plan }) satisfies NdjsonJob,
    );
  }

  /** A stream of flows has no place for losses. */
  countLosses(_losses: LossCounts): void {}

  /** Nothing is held back. */
  flush(_now: number): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return this.#thread.close({ kind: "finish" } satisfies NdjsonJob, this.#drainSeconds);
  }

  /** The rows that pass the filter; `undefined` where all do. The others are counted. */
  #select(batch: FlowBatch): Uint32Array | undefined {
    if (this.#filter === undefined) return undefined;
    if (this.#selection.length < batch.length) this.#selection = new Uint32Array(batch.capacity);
    const passed = this.#selection.slice(0, this.#filter.select(batch, this.#selection));
    const { schemas, schemaOf, length } = batch;
    if (schemas.every((schema) => this.#canFilter(schema))) {
      this.counters.filtered += length - passed.length;
      return passed;
    }
    let refused = 0;
    for (let row = 0; row < length; row++) if (!this.#canFilter(schemas[schemaOf[row]])) refused++;
    const kept = passed.filter((row) => this.#canFilter(schemas[schemaOf[row]]));
    this.counters.drop("filter-field", refused);
    this.counters.filtered += length - kept.length - refused;
    return kept;
  }

  #canFilter(schema: FlowSchema): boolean {
    let able = this.#filterable.get(schema);
    if (able === undefined) {
      const missing = this.#filter!.missing(schema);
      able = missing.length === 0;
      this.#filterable.set(schema, able);
      if (!able) {
        const fields = missing.join(", ");
        this.#log.warn("filter-field", `${schema.label} flows have no ${fields} to filter by`);
      }
    }
    return able;
  }
}
