import {
  Flow,
  FlowBatch,
  type FlowFieldName,
  type FlowSchema,
  FlowToolsError,
  type RecordLayout,
} from "@flowtools/flow-model";
import {
  canConvert,
  createFtStream,
  decodeFtHeader,
  type FtHeader,
  type FtWriteOptions,
  type FtWriter,
  lostFields,
  type RecordBlock,
} from "@flowtools/ft-format";
import { FlowConversionError, FlowSetError } from "./errors.ts";
import { FlowPDU } from "./flow_pdu.ts";
import { isForeign, PacketRecords } from "./packets/packet_records.ts";
import { loadPlatform, loadZlib } from "./platform.ts";

/** Where flows are written to: a path, `"-"` for standard output, or a stream. */
export type FlowTarget = string | WritableStream<Uint8Array>;

/**
 * How to write: everything of `FtWriteOptions`, but the version may be left to the first flow.
 *
 * A file has the time of its creation and of its closing as capture times unless others are given.
 */
export interface FlowWriteOptions extends Omit<FtWriteOptions, "version" | "streaming"> {
  /** Export version: 1, 5, 6, 7, 8 or 1005; default that of the first flow written. */
  readonly version?: number;
}

/** What can be written. */
export type FlowItem = FlowPDU | FlowBatch | Flow | RecordBlock;

/** What writing lost, because the version written has no place for it. */
export interface WriteReport {
  /** Flows written. */
  readonly flows: number;
  /** For each field or element that the version written lacks, how many flows had it. */
  readonly lostFields: ReadonlyMap<string, number>;
  /** For each field, how many values did not fit and were replaced. */
  readonly misfits: ReadonlyMap<FlowFieldName, number>;
  /** Flows that were not written: those between IPv6 addresses. */
  readonly leftOut: number;
}

/** Header fields that are known at the end. */
export interface FinalCounters {
  /** Flows that never arrived. */
  readonly lost?: number;
  /** Packets that could not be decoded. */
  readonly corrupt?: number;
  /** Times that the sequence began anew. */
  readonly sequenceResets?: number;
  /** When the capture ended, Unix seconds. */
  readonly captureEnd?: number;
}

/** The version of a set into which nothing was ever written, as pyflowtools has it. */
const VERSION_DEFAULT = 5;

/** Writes flows, converting versions where the reference's matrix allows. */
export class FlowWriter {
  readonly #target: FlowTarget;
  readonly #name: string;
  readonly #options: FlowWriteOptions;
  readonly #createdSecs = unixSecs();
  readonly #lostFields = new Map<string, number>();
  #writer: FtWriter | undefined;
  /** Makes records of flows that flow-tools never stored. */
  #foreign: PacketRecords | undefined;
  #captureEnd: number | undefined;
  /** Set when a write failed: what follows would only fail again, and hide why. */
  #failed = false;
  #closed = false;

  private constructor(target: FlowTarget, options: FlowWriteOptions) {
    this.#target = target;
    this.#name = typeof target === "string" ? `"${target}"` : "stream";
    this.#options = options;
  }

  /** Creates the target, at once where the version is known. */
  static async create(target: FlowTarget, options: FlowWriteOptions): Promise<FlowWriter> {
    const writer = new FlowWriter(target, options);
    if (options.version !== undefined) await writer.#begin(options.version, options.aggregation);
    return writer;
  }

  /** The header as it would be if the target were closed now. */
  get header(): FtHeader {
    if (this.#writer === undefined) {
      throw new FlowSetError(
        "no-header",
        "Cannot get header: the version is not known until the first flow is written",
      );
    }
    return decodeFtHeader(this.#writer.encoder.finalHeader());
  }

  get report(): WriteReport {
    return {
      flows: this.#writer?.flowCount ?? 0,
      lostFields: sumOf(this.#lostFields, this.#foreign?.lostFields),
      misfits: sumOf(this.#writer?.encoder.misfits, this.#foreign?.misfits),
      leftOut: this.#foreign?.leftOut ?? 0,
    };
  }

  setCounters(counters: FinalCounters): void {
    this.#captureEnd = counters.captureEnd ?? this.#captureEnd;
    const encoder = this.#writer?.encoder;
    if (encoder === undefined) {
      throw new FlowSetError("no-header", "Cannot set counters: nothing was written yet");
    }
    const { lost, corrupt, sequenceResets } = counters;
    if (lost !== undefined) encoder.lost = lost;
    if (corrupt !== undefined) encoder.corrupt = corrupt;
    if (sequenceResets !== undefined) encoder.sequenceResets = sequenceResets;
  }

  async write(item: FlowItem): Promise<void> {
    if (this.#closed) {
      throw new FlowSetError("closed", `Cannot write flows to ${this.#name}: it is closed`);
    }
    try {
      if (item instanceof FlowBatch) await this.#writeRows(item, 0, item.length);
      else if (item instanceof FlowPDU) await this.#writeRows(item.batch, 0, item.batch.length);
      else if (item instanceof Flow) await this.#writeFlow(item);
      else await this.#writeBlock(item);
    } catch (error) {
      // What is refused before it is written leaves the target as it was.
      this.#failed = !(error instanceof FlowToolsError || error instanceof RangeError);
      throw error;
    }
  }

  /** Makes everything written so far readable for others. */
  async flush(): Promise<void> {
    await this.#writer?.flush();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#failed) {
      await this.#writer?.abort();
      return;
    }
    const writer = this.#writer ?? await this.#begin(VERSION_DEFAULT, undefined);
    if (writer.encoder.captureEnd !== undefined && this.#options.captureEnd === undefined) {
      writer.encoder.captureEnd = this.#captureEnd ?? unixSecs();
    }
    await writer.close();
  }

  async #writeFlow(flow: Flow): Promise<void> {
    // Asking for the schema makes sure that the flow is alive.
    if (flow.schema !== undefined) await this.#writeRows(flow.batch, flow.row, flow.row + 1);
  }

  /** Writes rows, run by run of one schema. */
  async #writeRows(batch: FlowBatch, start: number, end: number): Promise<void> {
    const { schemas, schemaOf } = batch;
    for (let from = start, to = start; from < end; from = to) {
      while (to < end && schemaOf[to] === schemaOf[from]) to++;
      const schema = schemas[schemaOf[from]];
      if (isForeign(schema)) {
        await this.#writeForeign(batch, from, to);
        continue;
      }
      const writer = this.#writer ?? await this.#begin(schema.version, schema.aggregation);
      this.#convert(schema, writer.encoder.layout, to - from);
      await writer.writeBatch(batch, from, to);
    }
  }

  /** Writes rows of a version that flow-tools never stored, as far as records can hold them. */
  async #writeForeign(batch: FlowBatch, from: number, to: number): Promise<void> {
    const writer = this.#writer ?? await this.#begin(VERSION_DEFAULT, undefined);
    const { layout } = writer.encoder;
    const schema = batch.schemas[batch.schemaOf[from]];
    if (layout.schema.aggregation !== undefined) {
      throw new FlowConversionError(this.#name, schema, layout.schema);
    }
    this.#foreign ??= new PacketRecords(layout);
    for (const block of this.#foreign.convert(batch, from, to)) await writer.writeBlock(block);
  }

  /** Passes records through, or converts them where their layout is another. */
  async #writeBlock(block: RecordBlock): Promise<void> {
    const { schema } = block.layout;
    const writer = this.#writer ?? await this.#begin(schema.version, schema.aggregation);
    if (block.layout === writer.encoder.layout) {
      await writer.writeBlock(block);
      return;
    }
    const { layout, view, offset, count, littleEndian } = block;
    const batch = new FlowBatch({ capacity: count });
    batch.appendRecords(layout, view, offset, count, littleEndian);
    await this.#writeRows(batch, 0, count);
  }

  #convert(from: FlowSchema, { schema: to }: RecordLayout, flows: number): void {
    if (from === to) return;
    if (!canConvert(from, to)) throw new FlowConversionError(this.#name, from, to);
    for (const name of lostFields(from, to)) {
      this.#lostFields.set(name, (this.#lostFields.get(name) ?? 0) + flows);
    }
  }

  async #begin(version: number, aggregation: number | undefined): Promise<FtWriter> {
    this.#writer = await this.#create({ ...this.#options, version, aggregation });
    return this.#writer;
  }

  async #create(options: FtWriteOptions): Promise<FtWriter> {
    const target = this.#target;
    if (typeof target !== "string") {
      return createFtStream(target.getWriter(), { zlib: await loadZlib(), ...options });
    }
    const { createFtFile, standardOutput, NATIVE_ZLIB } = await loadPlatform();
    if (target === "-") return createFtStream(standardOutput(), { zlib: NATIVE_ZLIB, ...options });
    return await createFtFile(target, { captureStart: this.#createdSecs, ...options });
  }
}

/** Counts by field, added up. */
function sumOf<Name extends string>(
  ...counts: readonly (ReadonlyMap<Name, number> | undefined)[]
): Map<Name, number> {
  const sum = new Map<Name, number>();
  for (const [name, count] of counts.flatMap((map) => [...map ?? []])) {
    sum.set(name, (sum.get(name) ?? 0) + count);
  }
  return sum;
}

function unixSecs(): number {
  return Math.floor(Date.now() / 1000);
}
