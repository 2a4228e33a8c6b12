import type { Flag } from "@flowtools/common/flags";
import { makeParent } from "./output.ts";

/** Seconds between two values; the archives of the reference are made for it. */
const STEP_SECS = 300;
/** Seconds without a value after which a source is unknown. */
const HEARTBEAT_SECS = 600;
/** Values held back until they are written: one process of rrdtool writes many. */
const PENDING_MAX = 4096;
/** Series of one run at most: each has a file. */
const SERIES_MAX = 16_384;

/** A time series: one file. */
export interface SeriesSpec {
  /** Its file, without the ending. */
  readonly path: string;
  /** Names of the values. */
  readonly sources: readonly string[];
  /** Whether values count on from start to end, or begin anew each time. */
  readonly kind: "COUNTER" | "ABSOLUTE";
  /** The archives of an RRD. */
  readonly archives: readonly string[];
}

/** What is told about the work. */
export interface SeriesLog {
  /** A file is created. */
  created(file: string): void;
  /** A series gets a value. */
  updated?(file: string): void;
  /** How a file is created, and what it gets, for debugging. */
  detail?(text: string): void;
}

/** What writes series of one kind of file. */
interface SeriesWriter {
  readonly ending: string;
  create(file: string, spec: SeriesSpec, time: number): string;
  /** The time of the last value of a file that was there. */
  lastTime(file: string): number;
  append(file: string, spec: SeriesSpec, updates: readonly string[]): void;
}

interface OpenSeries {
  readonly spec: SeriesSpec;
  readonly file: string;
  lastTime: number;
  pending: string[];
}

/** How series are stored. */
export const SERIES_FLAG: Flag = {
  name: "format",
  value: "FORMAT",
  choices: ["rrd", "csv"],
  doc: "Files of rrdtool, or CSV files to which lines are added (default: rrd where rrdtool can " +
    "be run, else csv)",
};

/** Something of a series cannot be written. */
export class SeriesError extends Error {
  override name = "SeriesError";
}

/** Time series in files: those of rrdtool where it can be run, else CSV. */
export class SeriesStore {
  readonly #writer: SeriesWriter;
  readonly #log: SeriesLog;
  readonly #open = new Map<string, OpenSeries>();
  #pending = 0;
  #stale = 0;

  constructor(format: string | undefined, log: SeriesLog) {
    const rrd = format === "rrd" || (format === undefined && hasRrdtool());
    this.#writer = rrd ? RRD_WRITER : CSV_WRITER;
    this.#log = log;
  }

  /** Values left out, since the file has later ones. */
  get stale(): number {
    return this.#stale;
  }

  /**
   * Adds a value to each source of a series.
   *
   * @throws {SeriesError} The file cannot be written
   */
  update(spec: SeriesSpec, time: number, values: readonly string[]): void {
    const series = this.#open.get(spec.path) ?? this.#begin(spec, time);
    const update = [time, ...values].join(":");
    this.#log.detail?.(`update ${update}`);
    this.#log.updated?.(series.file);
    if (time <= series.lastTime) {
      this.#stale++;
      return;
    }
    series.lastTime = time;
    series.pending.push(update);
    if (++this.#pending >= PENDING_MAX) this.flush();
  }

  /**
   * Writes what is held back.
   *
   * @throws {SeriesError} A file cannot be written; the others are
   */
  flush(): void {
    this.#pending = 0;
    let fault: unknown;
    for (const { file, spec, pending } of this.#open.values()) {
      try {
        if (pending.length > 0) this.#writer.append(file, spec, pending.splice(0));
      } catch (error) {
        fault ??= error;
      }
    }
    if (fault !== undefined) throw fault;
  }

  #begin(spec: SeriesSpec, time: number): OpenSeries {
    if (this.#open.size >= SERIES_MAX) {
      throw new SeriesError(`Cannot begin ${spec.path}: SERIES_MAX (${SERIES_MAX}) are in use`);
    }
    const file = spec.path + this.#writer.ending;
    let lastTime = 0;
    if (exists(file)) {
      lastTime = this.#writer.lastTime(file);
    } else {
      this.#log.created(file);
      makeParent(file);
      const parameters = this.#writer.create(file, spec, time);
      this.#log.detail?.(parameters);
    }
    const series = { spec, file, lastTime, pending: [] };
    this.#open.set(spec.path, series);
    return series;
  }
}

/** A name as a part of a path: nothing in it leads elsewhere. */
export function fileName(name: string): string {
  return name.replaceAll("/", "-");
}

const RRD_WRITER: SeriesWriter = {
  ending: ".rrd",
  create: (file, spec, time) => {
    const parameters = [
      "--start",
      String(time - STEP_SECS),
      ...spec.sources.map((name) => `DS:${name}:${spec.kind}:${HEARTBEAT_SECS}:U:U`),
      ...spec.archives,
    ];
    rrdtool(["create", file, ...parameters]);
    return parameters.join(" ");
  },
  lastTime: (file) => Number(rrdtool(["last", file])),
  append: (file, spec, updates) => {
    rrdtool(["update", file, "--template", spec.sources.join(":"), ...updates]);
  },
};

/** CSV files: `time` in Unix seconds and the values as they came. */
const CSV_WRITER: SeriesWriter = {
  ending: ".csv",
  create: (file, spec) => {
    const head = ["time", ...spec.sources].join(",");
    Deno.writeTextFileSync(file, head + "\n", { createNew: true });
    return head;
  },
  lastTime: (file) => {
    const last = Deno.readTextFileSync(file).trimEnd().split("\n").at(-1) ?? "";
    return parseInt(last, 10) || 0;
  },
  append: (file, _spec, updates) => {
    const lines = updates.map((update) => update.replaceAll(":", ",") + "\n");
    Deno.writeTextFileSync(file, lines.join(""), { append: true });
  },
};

function rrdtool(args: readonly string[]): string {
  const { success, stdout, stderr } = new Deno.Command("rrdtool", { args: [...args] }).outputSync();
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  const reason = decoder.decode(stderr).trim();
  throw new SeriesError(`Cannot ${args[0]} ${args[1]}: rrdtool says "${reason}"`);
}

/** Whether rrdtool is there and may be run; nobody is asked. */
function hasRrdtool(): boolean {
  const { state } = Deno.permissions.querySync({ name: "run", command: "rrdtool" });
  if (state !== "granted") return false;
  try {
    return new Deno.Command("rrdtool", { args: ["--version"] }).outputSync().success;
  } catch {
    return false;
  }
}

function exists(file: string): boolean {
  try {
    Deno.statSync(file);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
