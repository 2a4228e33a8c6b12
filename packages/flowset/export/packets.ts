import { FlowBatch, type FlowFieldName, type RecordLayout } from "@flowtools/flow-model";
import type { RecordBlock } from "@flowtools/ft-format";
import { type ClassicPduCodec, createPduRegistry, PDU_CODECS } from "@flowtools/netflow-pdu";
import { EXPORT_BATCH_ROWS, EXPORT_BUFFER_BYTES } from "../limits.ts";
import { loseEncoded, type ReferenceFaultOptions } from "../reference_faults.ts";
import type { ByteSink, FlowExporter } from "./exporter.ts";
import { ExportError } from "./pcap.ts";

/** The codecs of the versions that flow-tools files hold. */
const REGISTRY = createPduRegistry(PDU_CODECS);

/** Fields that all flows of a packet share, since its header holds them. */
const SHARED: readonly FlowFieldName[] = [
  "sysUpTime",
  "unix_secs",
  "unix_nsecs",
  "engine_type",
  "engine_id",
];

/** The only version of the aggregation formats there ever was. */
const AGGREGATION_VERSION = 2;

/** Words of records that are copied one by one: for more a copy at once is faster. */
const SHORT_COPY_WORDS = 64;

/** How packets are made. */
export interface PacketExportOptions extends ReferenceFaultOptions {
  /** Hand on many packets at once, one behind the other, which is faster; default each alone. */
  readonly joined?: boolean;
}

/** A number of the packet header that the first flow of the packet has. */
interface Copied {
  readonly offset: number;
  readonly width: number;
  readonly column: ArrayLike<number>;
}

/**
 * Turns flows back into export packets: flows in a row that share what the header of a packet
 * holds share a packet, as many as it takes. Each engine has a sequence of its own, from 0.
 *
 * Source: flow-tools `ftencode.c`.
 *
 * @example
 * ```ts
 * import { FlowSet, PacketExporter } from "@flowtools/flowset";
 * import { findFtLayout } from "@flowtools/ft-format";
 * import { assertEquals } from "@std/assert";
 *
 * let flows = 0;
 * const packets = new PacketExporter(findFtLayout(5)!);
 * const count = (packet: Uint8Array) => void (flows += packet[3]);
 * await using set = await FlowSet.open("fixtures/ft/v5-le.ft");
 * for await (const block of set.blocks()) packets.add(block, count);
 * packets.end(count);
 * assertEquals(flows, 53);
 * ```
 */
export class PacketExporter implements FlowExporter {
  readonly #codec: ClassicPduCodec;
  readonly #layout: RecordLayout;
  readonly #referenceFaults: boolean;
  readonly #batch: FlowBatch;
  /** Columns that all flows of a packet share, and what of them the header holds. */
  readonly #shared: readonly Uint32Array[];
  readonly #copied: readonly Copied[];
  readonly #countAt: number;
  readonly #sequenceAt: number | undefined;
  readonly #engines: { readonly types: Uint8Array; readonly ids: Uint8Array } | undefined;
  readonly #sequences = new Uint32Array(1 << 16);
  /** The records of the batch as they are in packets; all their sizes are multiples of a word. */
  readonly #records: DataView<ArrayBuffer>;
  readonly #recordWords: Uint32Array;
  /** A header with what is the same in all. */
  readonly #header: Uint32Array;
  /** Packets that are not handed on yet, and room for one more. */
  readonly #out: DataView<ArrayBuffer>;
  readonly #outWords: Uint32Array;
  readonly #packetBytesMax: number;
  readonly #joined: boolean;
  #used = 0;

  /**
   * Makes an exporter.
   *
   * @param layout The layout of the records; they are exported as their version
   * @param options What to lose, and whether to join packets
   * @throws {ExportError} No packets of that version exist
   */
  constructor(
    layout: RecordLayout,
    { referenceFaults = false, joined = false }: PacketExportOptions = {},
  ) {
    const { schema } = layout;
    const codec = REGISTRY.find(schema.version, schema.aggregation);
    if (codec?.layouts === undefined) {
      throw new ExportError(
        "no-packets",
        `Cannot export ${schema.label} flows as packets: there is no such export version, ` +
          "convert them first",
      );
    }
    this.#codec = codec as ClassicPduCodec;
    this.#layout = layout;
    this.#referenceFaults = referenceFaults;
    this.#batch = new FlowBatch({ capacity: EXPORT_BATCH_ROWS });
    const shared = SHARED.filter((name) => schema.has(name));
    this.#shared = shared.map((name) => this.#batch.column(name) as Uint32Array);
    const { header, record } = codec.layouts;
    const constants: Readonly<Record<string, number | undefined>> = {
      version: schema.version,
      aggregation: schema.aggregation,
      agg_version: AGGREGATION_VERSION,
    };
    const common = header.rows.flatMap(({ name, offset, width }) => {
      const value = constants[name];
      return value === undefined ? [] : [{ offset, width, value }];
    });
    this.#copied = header.rows.filter(({ name }) => (shared as string[]).includes(name))
      .map(({ name, offset, width }) => ({
        offset,
        width,
        column: this.#batch.column(name as FlowFieldName) as ArrayLike<number>,
      }));
    const offsetOf = (name: string) => header.rows.find((row) => row.name === name)?.offset;
    this.#countAt = offsetOf("count") ?? 0;
    this.#sequenceAt = offsetOf("sequence");
    this.#engines = schema.has("engine_id")
      ? { types: this.#batch.column("engine_type"), ids: this.#batch.column("engine_id") }
      : undefined;
    this.#records = new DataView(new ArrayBuffer(EXPORT_BATCH_ROWS * record.size));
    this.#recordWords = new Uint32Array(this.#records.buffer);
    this.#header = new Uint32Array(header.size / Uint32Array.BYTES_PER_ELEMENT);
    const view = new DataView(this.#header.buffer);
    for (const { offset, width, value } of common) putNumber(view, offset, width, value);
    this.#packetBytesMax = header.size + codec.maxRecords * record.size;
    this.#joined = joined;
    const room = this.#packetBytesMax + (joined ? EXPORT_BUFFER_BYTES : 0);
    this.#out = new DataView(new ArrayBuffer(room & -Uint32Array.BYTES_PER_ELEMENT));
    this.#outWords = new Uint32Array(this.#out.buffer);
  }

  /** Writes nothing. */
  begin(): void {}

  /**
   * Writes the packets that are full.
   *
   * @param block The flows
   * @param sink Takes each packet, or many where they are joined
   */
  add(block: RecordBlock, sink: ByteSink): void {
    const { layout, view, offset, count, littleEndian } = block;
    const batch = this.#batch;
    for (let taken = 0; taken < count;) {
      const from = offset + taken * layout.size;
      const rows = batch.length;
      taken += batch.appendRecords(layout, view, from, count - taken, littleEndian);
      if (this.#referenceFaults) loseEncoded(batch, layout.schema, rows);
      if (batch.room === 0) this.#emit(sink, false);
    }
  }

  /**
   * Writes the packets that are left.
   *
   * @param sink Takes each packet, or many where they are joined
   */
  end(sink: ByteSink): void {
    this.#emit(sink, true);
  }

  /** Writes the batch as packets; flows whose packet may grow are kept for the next. */
  #emit(sink: ByteSink, all: boolean): void {
    const batch = this.#batch;
    batch.storeRecords(this.#codec.layouts.record, 0, batch.length, this.#records, 0, false);
    let from = 0;
    while (from < batch.length) {
      const to = this.#packetEnd(from);
      if (to === batch.length && to - from < this.#codec.maxRecords && !all) break;
      this.#encode(from, to);
      if (!this.#joined || this.#used + this.#packetBytesMax > this.#out.byteLength) {
        this.#handOn(sink);
      }
      from = to;
    }
    if (this.#used > 0) this.#handOn(sink);
    this.#keep(from);
  }

  /** Keeps the rows from this one on. */
  #keep(from: number): void {
    const batch = this.#batch;
    const count = batch.length - from;
    const view = new DataView(new ArrayBuffer(count * this.#layout.size));
    if (count > 0) batch.storeRecords(this.#layout, from, count, view, 0, true);
    batch.reset();
    if (count > 0) batch.appendRecords(this.#layout, view, 0, count, true);
  }

  /** The row behind the last that shares a packet with this one. */
  #packetEnd(from: number): number {
    let to = Math.min(this.#batch.length, from + this.#codec.maxRecords);
    for (const column of this.#shared) {
      const value = column[from];
      for (let row = from + 1; row < to; row++) if (column[row] !== value) to = row;
    }
    return to;
  }

  #handOn(sink: ByteSink): void {
    sink(new Uint8Array(this.#out.buffer, 0, this.#used));
    this.#used = 0;
  }

  /** Appends a packet to those that are not handed on yet. */
  #encode(from: number, to: number): void {
    const view = this.#out;
    const start = this.#used;
    const words = this.#outWords;
    let at = start / Uint32Array.BYTES_PER_ELEMENT;
    for (let i = 0; i < this.#header.length; i++) words[at++] = this.#header[i];
    putNumber(view, start + this.#countAt, 2, to - from);
    for (const { offset, width, column } of this.#copied) {
      putNumber(view, start + offset, width, column[from]);
    }
    if (this.#sequenceAt !== undefined) {
      const engines = this.#engines;
      const engine = engines === undefined ? 0 : (engines.ids[from] << 8) | engines.types[from];
      view.setUint32(start + this.#sequenceAt, this.#sequences[engine]);
      this.#sequences[engine] += to - from;
    }
    const recordWords = this.#codec.layouts.record.size / Uint32Array.BYTES_PER_ELEMENT;
    const source = this.#recordWords;
    const end = to * recordWords;
    if (end - from * recordWords > SHORT_COPY_WORDS) {
      words.set(source.subarray(from * recordWords, end), at);
      at += end - from * recordWords;
    } else {
      for (let i = from * recordWords; i < end; i++) words[at++] = source[i];
    }
    this.#used = at * Uint32Array.BYTES_PER_ELEMENT;
  }
}

function putNumber(view: DataView, offset: number, width: number, value: number): void {
  if (width === 4) view.setUint32(offset, value);
  else if (width === 2) view.setUint16(offset, value);
  else view.setUint8(offset, value);
}
