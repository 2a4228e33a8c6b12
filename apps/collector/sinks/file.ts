import type { FlowBatch, FlowSchema } from "@flowtools/flow-model";
import { captureDirectory, captureFileName } from "@flowtools/ft-format";
import { createFtFile, type FtFileWriter } from "@flowtools/ft-format/deno";
import type { CollectorConfig } from "../config.ts";
import { nextRotation, utcOffsetMinutes } from "../rotate.ts";
import type { LossCounts, Sink } from "./sink.ts";

/** A file that is being written under its temporary name. */
interface OpenFile {
  readonly writer: FtFileWriter;
  readonly temporaryPath: string;
  readonly schema: FlowSchema;
  readonly begun: Date;
  readonly rotateAt: number;
}

/** What the file sink needs of the configuration. */
export type FileSinkConfig = Pick<
  CollectorConfig,
  "directory" | "rotations" | "nesting" | "compressionLevel" | "byteOrder" | "comments"
>;

const NOTHING_LOST: LossCounts = { lost: 0, corrupt: 0, resets: 0 };

/**
 * Writes flow-tools files named and rotated as flow-capture does, one open file per version:
 * `tmp-…` while it is open, renamed to `ft-…` when it is whole.
 */
export class FileSink implements Sink {
  readonly #config: FileSinkConfig;
  readonly #onFile: (path: string, flows: number) => void;
  readonly #open = new Map<string, OpenFile>();
  /** Losses that came while no file was open. */
  #untold: LossCounts = NOTHING_LOST;

  constructor(config: FileSinkConfig, onFile: (path: string, flows: number) => void) {
    this.#config = config;
    this.#onFile = onFile;
  }

  async write(batch: FlowBatch): Promise<void> {
    const { schemaOf, schemas } = batch;
    for (let from = 0, to = 0; from < batch.length; from = to) {
      while (to < batch.length && schemaOf[to] === schemaOf[from]) to++;
      const schema = schemas[schemaOf[from]];
      let file = this.#open.get(schema.label);
      if (file === undefined) {
        file = await this.#begin(schema);
        this.#open.set(schema.label, file);
      }
      file.writer.writeBatch(batch, from, to);
    }
  }

  countLosses(losses: LossCounts): void {
    // Nothing that was lost goes untold: without an open file, the next one tells it.
    const lost = this.#untold.lost + losses.lost;
    const corrupt = this.#untold.corrupt + losses.corrupt;
    const resets = this.#untold.resets + losses.resets;
    this.#untold = this.#open.size === 0 ? { lost, corrupt, resets } : NOTHING_LOST;
    // The header of a file counts for the whole port, as flow-capture has it: every open file
    // tells what was lost while it was open.
    for (const { writer: { encoder } } of this.#open.values()) {
      // A late packet takes its flows back out of the loss, which the file before may have told.
      encoder.lost = Math.max(0, (encoder.lost ?? 0) + lost);
      encoder.corrupt = (encoder.corrupt ?? 0) + corrupt;
      encoder.sequenceResets = (encoder.sequenceResets ?? 0) + resets;
    }
  }

  async flush(now: number): Promise<void> {
    for (const [label, file] of this.#open) {
      if (now >= file.rotateAt) {
        this.#open.delete(label);
        await this.#finish(file);
      } else {
        file.writer.flush();
      }
    }
  }

  async close(): Promise<void> {
    for (const [label, file] of this.#open) {
      this.#open.delete(label);
      await this.#finish(file);
    }
  }

  async #begin(schema: FlowSchema): Promise<OpenFile> {
    const begun = await this.#freeMoment(schema);
    const temporaryPath = this.#path(schema, begun, false);
    await Deno.mkdir(temporaryPath.slice(0, temporaryPath.lastIndexOf("/")), { recursive: true });
    const writer = await createFtFile(temporaryPath, {
      version: schema.version,
      aggregation: schema.aggregation,
      byteOrder: this.#config.byteOrder,
      compressionLevel: this.#config.compressionLevel,
      comments: this.#config.comments,
      hostname: Deno.hostname(),
      captureStart: Math.floor(begun.getTime() / 1000),
    });
    const rotateAt = nextRotation(begun.getTime(), this.#config.rotations);
    return { writer, temporaryPath, schema, begun, rotateAt };
  }

  /** Now, or the next second whose file name is not taken: nothing is written over. */
  async #freeMoment(schema: FlowSchema): Promise<Date> {
    for (let time = Date.now();; time += 1000) {
      const moment = new Date(time);
      if (!(await exists(this.#path(schema, moment, true)))) return moment;
    }
  }

  async #finish(file: OpenFile): Promise<void> {
    file.writer.encoder.captureEnd = Math.floor(Date.now() / 1000);
    file.writer.close();
    const path = this.#path(file.schema, file.begun, true);
    await Deno.rename(file.temporaryPath, path);
    this.#onFile(path, file.writer.flowCount);
  }

  #path({ version, aggregation }: FlowSchema, time: Date, done: boolean): string {
    const offset = utcOffsetMinutes(time);
    const { directory, nesting } = this.#config;
    const parts = [directory, captureDirectory(nesting, time, offset)];
    parts.push(captureFileName({ version, aggregation, time, utcOffsetMinutes: offset, done }));
    return parts.filter((part) => part !== "").join("/");
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
