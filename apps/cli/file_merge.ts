import type { RecordLayout } from "@flowtools/flow-model";
import { NO_FLAGS, type ParsedArguments } from "@flowtools/common/flags";
import { canConvert, type RecordBlock } from "@flowtools/ft-format";
import {
  FlowConversionError,
  mergeBlocks,
  type RecordSource,
  writtenLayout,
} from "@flowtools/flowset/select";
import { reportInputFault } from "./each_input.ts";
import { RecordInputs } from "./record_inputs.ts";
import { NO_CAPTURE_START, StreamOutput } from "./stream_output.ts";
import { VersionChange } from "./strict_compat.ts";
import type { WhereSelection } from "./where_selection.ts";

/**
 * Files merged at once: more are merged in groups of so many into temporary files first, so that
 * open files and memory stay bounded. The outcome is the same, since the first of a group is the
 * first of its files.
 */
const FILES_AT_ONCE = 64;

/** How to merge. */
export interface FileMergeOptions {
  /** Files merged at once; default 64. */
  readonly atOnce?: number;
  /** The flags of the call: what decodes packets, whether there is a bar; default none. */
  readonly args?: ParsedArguments;
  /** Files of another version than the first end it; default they are converted. */
  readonly oneVersion?: boolean;
  /** Which flows are merged; default all. */
  readonly selection?: WhereSelection;
}

/** Merges any number of files, and notes what their headers tell. */
export class FileMerge implements Disposable {
  /** The layout of the output: that of the first file. */
  layout: RecordLayout | undefined;
  /** The earliest start of the files. */
  captureStart = NO_CAPTURE_START;
  /** The latest end of the files. */
  captureEnd = 0;
  /** Files that could not be read, or not to their end. */
  faults = 0;
  readonly #byteOrder: "little" | "big";
  readonly #atOnce: number;
  readonly #inputs: RecordInputs;
  readonly #oneVersion: boolean;
  readonly #selection: WhereSelection | undefined;
  readonly #readers: RecordSource[] = [];
  readonly #temporary: string[] = [];

  constructor(
    byteOrder: "little" | "big",
    { atOnce = FILES_AT_ONCE, oneVersion = false, selection, args = NO_FLAGS }: FileMergeOptions =
      {},
  ) {
    this.#inputs = new RecordInputs(args);
    this.#byteOrder = byteOrder;
    this.#atOnce = atOnce;
    this.#oneVersion = oneVersion;
    this.#selection = selection;
  }

  /** Opens the files; the layout and the times are known then. */
  async open(paths: readonly string[]): Promise<AsyncIterable<RecordBlock>> {
    if (paths.length <= this.#atOnce) return await this.#merge(paths, true);
    let level: string[] = [];
    for (const group of groupsOf(paths, this.#atOnce)) {
      level.push(await this.#mergeToFile(group, true));
    }
    while (level.length > this.#atOnce) {
      const next: string[] = [];
      for (const group of groupsOf(level, this.#atOnce)) {
        next.push(await this.#mergeToFile(group, false));
        for (const path of group) Deno.removeSync(path);
      }
      level = next;
    }
    return await this.#merge(level, false);
  }

  /** Closes the files, and removes the temporary ones. */
  [Symbol.dispose](): void {
    this.#closeReaders();
    this.#inputs[Symbol.dispose]();
    for (const path of this.#temporary) {
      try {
        Deno.removeSync(path);
      } catch {
        // It is gone already.
      }
    }
  }

  async #merge(paths: readonly string[], note: boolean): Promise<AsyncIterable<RecordBlock>> {
    const sources: AsyncIterable<RecordBlock>[] = [];
    for (const path of paths) {
      try {
        // Temporary files have been selected from when they were made.
        const reader = await this.#inputs.open(path, note ? this.#selection : undefined);
        this.#readers.push(reader);
        const layout = writtenLayout(reader.layout);
        this.layout ??= layout;
        if (this.#oneVersion && layout !== this.layout) {
          throw new VersionChange(path, this.layout, layout);
        }
        if (!canConvert(layout.schema, this.layout.schema)) {
          throw new FlowConversionError("output", layout.schema, this.layout.schema);
        }
        if (note) this.#note(reader);
        sources.push(this.#blocks(path, reader));
      } catch (error) {
        reportInputFault(path, error);
        this.faults++;
      }
    }
    if (this.layout === undefined) return mergeBlocks([]);
    const { version, aggregation } = this.layout.schema;
    return mergeBlocks(sources, { version, aggregation, byteOrder: this.#byteOrder });
  }

  async #mergeToFile(paths: readonly string[], note: boolean): Promise<string> {
    const path = Deno.makeTempFileSync({ prefix: "flowtools-merge-" });
    this.#temporary.push(path);
    const output = StreamOutput.open({ path, byteOrder: this.#byteOrder, level: 0 });
    try {
      const blocks = await this.#merge(paths, note);
      if (this.layout !== undefined) output.begin(this.layout, { flowCount: 0 });
      for await (const block of blocks) await output.write(block);
      await output.close();
    } catch (error) {
      output.abort();
      throw error;
    } finally {
      this.#closeReaders();
    }
    return path;
  }

  /** The records of a file; damage ends them, and is reported. */
  async *#blocks(path: string, reader: RecordSource): AsyncGenerator<RecordBlock, void, undefined> {
    try {
      yield* reader.blocks();
    } catch (error) {
      reportInputFault(path, error);
      this.faults++;
    }
  }

  #note({ header }: RecordSource): void {
    this.captureStart = Math.min(this.captureStart, header.captureStart ?? 0);
    this.captureEnd = Math.max(this.captureEnd, header.captureEnd ?? 0);
  }

  #closeReaders(): void {
    for (const reader of this.#readers) void reader[Symbol.asyncDispose]();
    this.#readers.length = 0;
  }
}

function* groupsOf<Item>(items: readonly Item[], size: number): Generator<Item[]> {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size);
}
