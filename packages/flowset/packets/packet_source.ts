import {
  FLOW_FIELD_NAMES,
  type FlowBatch,
  type FlowBatchOptions,
  type RecordLayout,
} from "@flowtools/flow-model";
import { findFtLayout, FT_FLAGS, type FtHeader, type RecordBlock } from "@flowtools/ft-format";
import { type ExportPacket, readPackets, type ReadPacketsOptions } from "./export_packet.ts";
import { PacketFlows } from "./packet_flows.ts";
import { type LossKind, PacketRecords } from "./packet_records.ts";
import type { PacketSessions } from "./packet_sessions.ts";
import { packetBatch, RecordFlows } from "./record_flows.ts";
import type { Where } from "../where/compile_where.ts";
import type { SelectedListener } from "../where/select_records.ts";

/** How a file of packets is read. */
export interface PacketSourceOptions extends ReadPacketsOptions {
  /** What is remembered of exporters from other files. */
  readonly sessions?: PacketSessions;
  /** Whether the bytes come as somebody sends them, so that flows are handed on as they come. */
  readonly live?: boolean;
  /** Told what flows lost as they became records. */
  readonly lost?: (message: string, kind: LossKind) => void;
  /** Only flows that pass this are there. Flows with templates that lack what it asks for do not. */
  readonly where?: Where;
  /** Told of each batch how many flows passed. */
  readonly onSelected?: SelectedListener;
}

/** The version that flows are stored as where flow-tools files have no place for their own. */
const STORED_VERSION = 5;

const AGGREGATED_VERSION = 8;
/** Where packets of version 8 tell their method. */
const AGGREGATION_OFFSET = 22;

/**
 * A file of export packets as a source of flows: a capture, or an IPFIX file.
 *
 * Its header is one made up, of a file that would store the flows: of the version of the first
 * packet, or of version 5 where flow-tools files have no place for that.
 */
export class PacketSource {
  /** The header. */
  readonly header: FtHeader;
  /** What the records of `blocks()` look like. */
  readonly layout: RecordLayout;
  readonly #groups: AsyncGenerator<Iterable<ExportPacket>, void, undefined>;
  readonly #options: PacketSourceOptions;
  readonly #flows: PacketFlows;
  /** Packets that were looked at for the header and not decoded yet. */
  #first: Iterable<ExportPacket> | undefined;
  /** Whether there were flows that may answer what is asked for. */
  #answers = false;
  /** The rows of a batch that are asked for. */
  #rows = new Uint32Array(0);

  private constructor(
    groups: AsyncGenerator<Iterable<ExportPacket>, void, undefined>,
    first: { packets?: Iterable<ExportPacket>; packet?: ExportPacket },
    options: PacketSourceOptions,
  ) {
    this.#groups = groups;
    this.#first = first.packets;
    this.#options = options;
    this.#flows = new PacketFlows(options.sessions);
    this.layout = layoutOf(first.packet);
    this.header = headerOf(this.layout, first.packet);
  }

  /**
   * Opens a file and finds its first packet.
   *
   * @param chunks The bytes of the file; each chunk must stay as it is until the next is asked for
   * @param options Name, memory, exporter
   * @returns The source
   * @throws {CaptureError} The capture is damaged before its first packet
   * @throws {FlowSetError} There are no packets in the file
   */
  static async open(
    chunks: AsyncIterable<Uint8Array>,
    options: PacketSourceOptions = {},
  ): Promise<PacketSource> {
    const groups = readPackets(chunks, options);
    for (let next; !(next = await groups.next()).done;) {
      const packets = next.value[Symbol.iterator]();
      const { value: packet, done } = packets.next();
      if (done) continue;
      return new PacketSource(groups, { packet, packets: again(packet, packets) }, options);
    }
    return new PacketSource(groups, {}, options);
  }

  /**
   * The flows as columns. The batch is the same each time: valid until the next is asked for.
   *
   * @param options The columns to fill, rows of a batch, whether to keep records
   * @returns The batches
   * @throws {CaptureError} The capture is damaged; after all flows before the damage
   * @throws {FlowSetError} The IPFIX file is damaged, likewise
   * @throws {WhereFieldError} Packets cannot answer `where`, and none that can came before
   */
  async *batches(options: FlowBatchOptions): AsyncGenerator<FlowBatch, void, undefined> {
    const { columns = FLOW_FIELD_NAMES } = options;
    const { where } = this.#options;
    const batch = packetBatch({
      ...options,
      columns: [...new Set([...columns, ...where?.fields ?? []])],
      octets: options.octets === true || where?.octets === true,
    });
    for await (const filled of this.#fill(batch)) {
      yield filled;
      filled.reset();
    }
  }

  /**
   * The flows as columns, with all fields that records of `layout` have: 0 where a flow does not tell
   * one. Flows that can become no such records are counted, and told at the end.
   *
   * @param options The columns to fill, rows of a batch
   * @returns The batches, of one memory
   * @throws {CaptureError} The capture is damaged; after all flows before the damage
   * @throws {FlowSetError} The IPFIX file is damaged, likewise
   */
  async *recordBatches(options: FlowBatchOptions): AsyncGenerator<FlowBatch, void, undefined> {
    const flows = new RecordFlows(this.layout.schema, options);
    const { lost } = this.#options;
    try {
      for await (const batch of this.batches(options)) {
        const filled = flows.convert(batch);
        if (filled.length > 0) yield filled;
      }
    } finally {
      for (const { message, kind } of flows.losses()) lost?.(message, kind);
    }
  }

  /**
   * The flows as columns, in batches that nobody uses again.
   *
   * @param capacity Rows of a batch
   * @returns The batches
   */
  async *lastingBatches(capacity: number): AsyncGenerator<FlowBatch, void, undefined> {
    const make = () => packetBatch({ capacity, octets: true });
    yield* this.#fill(make(), make);
  }

  /**
   * The flows as records of `layout`. What these have no place for is counted, and told at the end.
   *
   * @returns Blocks, each alive until the next is asked for
   */
  async *blocks(): AsyncGenerator<RecordBlock, void, undefined> {
    const records = new PacketRecords(this.layout);
    const { lost } = this.#options;
    try {
      for await (const batch of this.batches({ columns: this.layout.schema.fields })) {
        yield* records.convert(batch);
      }
    } finally {
      for (const { message, kind } of records.losses()) lost?.(message, kind);
    }
  }

  /** Leaves the file. */
  async close(): Promise<void> {
    await this.#groups.return();
  }

  /** Fills one batch again and again, or a new one each time. */
  async *#fill(
    first: FlowBatch,
    make?: () => FlowBatch,
  ): AsyncGenerator<FlowBatch, void, undefined> {
    let batch = first;
    let fault: { readonly error: unknown } | undefined;
    try {
      for (let packets; (packets = await this.#next()) !== undefined;) {
        for (const packet of packets) {
          while (!this.#flows.add(packet, batch)) {
            if (!this.#select(batch)) continue;
            yield batch;
            batch = make?.() ?? batch;
          }
        }
        if (this.#options.live === true && this.#select(batch)) {
          yield batch;
          batch = make?.() ?? batch;
        }
      }
    } catch (error) {
      // The flows before a fault are delivered before it is thrown.
      fault = { error };
    }
    if (this.#select(batch)) yield batch;
    this.#tellProblems();
    if (fault !== undefined) throw fault.error;
  }

  /**
   * Leaves those flows in a batch that are asked for.
   *
   * @returns Whether there are some; where not, the batch is empty
   */
  #select(batch: FlowBatch): boolean {
    const { where, onSelected } = this.#options;
    if (where === undefined || batch.length === 0) return batch.length > 0;
    this.#answers ||= batch.schemas.some((schema) => where.mayAnswer(schema));
    // Exporters of one file differ, and not all of their flows can have what is asked for.
    if (!this.#answers) { for (const schema of batch.schemas) where.check(schema); }
    if (this.#rows.length < batch.capacity) this.#rows = new Uint32Array(batch.capacity);
    const passed = where.select(batch, this.#rows, this.#flows.sessions);
    onSelected?.(batch.length, passed);
    if (passed > 0) batch.keepRows(this.#rows.subarray(0, passed));
    else batch.reset();
    return passed > 0;
  }

  async #next(): Promise<Iterable<ExportPacket> | undefined> {
    const first = this.#first;
    if (first !== undefined) {
      this.#first = undefined;
      return first;
    }
    const { value, done } = await this.#groups.next();
    return done ? undefined : value;
  }

  #tellProblems(): void {
    const { warn } = this.#options;
    for (const [reason, { packets, first }] of this.#flows.problems) {
      warn?.(`${reason}: ${packets} packets, the first is ${first}`);
    }
  }
}

/** A packet that was looked at, and those behind it. */
function* again(
  packet: ExportPacket,
  others: Iterator<ExportPacket>,
): Generator<ExportPacket, void, undefined> {
  yield packet;
  for (let next; !(next = others.next()).done;) yield next.value;
}

function layoutOf(packet: ExportPacket | undefined): RecordLayout {
  const payload = packet?.payload ?? new Uint8Array(0);
  const version = payload.length < 2 ? STORED_VERSION : payload[0] * 256 + payload[1];
  const aggregation = version === AGGREGATED_VERSION ? payload[AGGREGATION_OFFSET] : undefined;
  return findFtLayout(version, aggregation) ?? findFtLayout(STORED_VERSION)!;
}

function headerOf({ schema }: RecordLayout, packet: ExportPacket | undefined): FtHeader {
  const { version, aggregation } = schema;
  return {
    streamVersion: 3,
    byteOrder: "little",
    exportVersion: version,
    ...(aggregation === undefined ? {} : { aggregation, aggregationVersion: 2 }),
    ...(packet?.timeMs === undefined ? {} : { captureStart: Math.floor(packet.timeMs / 1000) }),
    flags: FT_FLAGS.STREAMING,
    ifNames: [],
    ifAliases: [],
    unknown: [],
    tlvs: [],
    size: 0,
  };
}
