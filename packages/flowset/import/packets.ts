import { FlowBatch } from "@flowtools/flow-model";
import type { RecordLayout } from "@flowtools/flow-model";
import {
  type ClassicPduCodec,
  createPduRegistry,
  PDU_CODECS,
  type PduHeader,
  sequenceSource,
  SequenceTracker,
} from "@flowtools/netflow-pdu";
import { canConvert } from "@flowtools/ft-format";
import { FlowConversionError } from "../errors.ts";
import { loseConverted, loseDecoded, type ReferenceFaultOptions } from "../reference_faults.ts";
import { type FlowImporter, ImportError, type ImportWarning } from "./importer.ts";
import type { BlockSink } from "./record_builder.ts";

/** Enough of a packet to know its version, count and aggregation. */
const START_BYTES = 24;

const AGGREGATED_VERSION = 8;
const AGGREGATION_OFFSET = 22;

const REGISTRY = createPduRegistry(PDU_CODECS);

/**
 * Reads export packets, one behind the other, as `flow-export -f4` writes them. Flows of another
 * version are converted where flow-tools has a conversion.
 *
 * Source: flow-tools `flow-import.c`.
 */
export class PacketImporter implements FlowImporter {
  readonly #layout: RecordLayout;
  readonly #warn: ImportWarning;
  readonly #referenceFaults: boolean;
  readonly #sequences = new SequenceTracker();
  readonly #batch = new FlowBatch();
  #store = new Uint8Array(0);
  #rest = new Uint8Array(0);
  #offset = 0;
  #records = 0;

  /**
   * Makes an importer.
   *
   * @param layout The layout of the records to make
   * @param warn Told of packets that are missing
   * @param options What to lose
   */
  constructor(
    layout: RecordLayout,
    warn: ImportWarning,
    { referenceFaults = false }: ReferenceFaultOptions = {},
  ) {
    this.#layout = layout;
    this.#warn = warn;
    this.#referenceFaults = referenceFaults;
  }

  /** Records so far. */
  get records(): number {
    return this.#records;
  }

  /**
   * Takes bytes of the packets.
   *
   * @param bytes The bytes
   * @param sink Takes the records
   */
  async add(bytes: Uint8Array, sink: BlockSink): Promise<void> {
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    const view = new DataView(all.buffer);
    let at = 0;
    while (all.length - at >= START_BYTES) {
      const codec = this.#codecAt(view, at);
      const { header, record } = codec.layouts;
      const size = header.size + view.getUint16(at + 2) * record.size;
      if (all.length - at < size) break;
      if (this.#batch.room < codec.maxRecords) await this.#flush(sink);
      this.#decode(codec, view, at, size);
      at += size;
    }
    this.#offset += at;
    this.#rest = all.slice(at);
  }

  /**
   * Takes the end.
   *
   * @param sink Takes the records
   */
  async end(sink: BlockSink): Promise<void> {
    await this.#flush(sink);
    if (this.#rest.length > 0) {
      throw new ImportError(
        "truncated",
        `Cannot import all packets: the one at byte ${this.#offset} is cut ` +
          `after ${this.#rest.length} bytes`,
      );
    }
  }

  #codecAt(view: DataView, at: number): ClassicPduCodec {
    const version = view.getUint16(at);
    const aggregation = version === AGGREGATED_VERSION
      ? view.getUint8(at + AGGREGATION_OFFSET)
      : undefined;
    const codec = REGISTRY.find(version, aggregation);
    // flow-import takes the header of aggregations for four bytes less than it has.
    const unread = this.#referenceFaults && version === AGGREGATED_VERSION;
    if (codec?.layouts === undefined || unread) {
      throw new ImportError(
        "unknown-version",
        `Cannot import packets: the one at byte ${this.#offset + at} has the version ${version}` +
          (aggregation === undefined ? "" : `, aggregation ${aggregation}`),
      );
    }
    return codec as ClassicPduCodec;
  }

  #decode(codec: ClassicPduCodec, view: DataView, offset: number, length: number): void {
    const { schema } = codec.layouts.record;
    if (!canConvert(schema, this.#layout.schema)) {
      throw new FlowConversionError("output", schema, this.#layout.schema);
    }
    const rows = this.#batch.length;
    const { header, reason } = codec.decode({ view, offset, length, exporter: 0 }, this.#batch);
    if (this.#referenceFaults) {
      loseDecoded(this.#batch, schema, rows);
      loseConverted(this.#batch, schema, this.#layout.schema, rows);
    }
    if (reason !== undefined) {
      this.#warn(`packet at byte ${this.#offset + offset}: ${reason}`);
    }
    if (header?.sequence !== undefined) this.#checkSequence(codec, header);
  }

  #checkSequence(codec: ClassicPduCodec, header: PduHeader): void {
    const { version, sequence = 0, count } = header;
    const source = sequenceSource(header);
    const { event, lost } = this.#sequences.update(0, version, source, sequence, count);
    if (event !== "first" && event !== "in-order") {
      this.#warn(`${codec.title} packet with sequence ${sequence}: ${event}, lost=${lost}`);
    }
  }

  async #flush(sink: BlockSink): Promise<void> {
    const count = this.#batch.length;
    if (count === 0) return;
    const layout = this.#layout;
    if (this.#store.length < count * layout.size) this.#store = new Uint8Array(count * layout.size);
    const view = new DataView(this.#store.buffer);
    this.#batch.storeRecords(layout, 0, count, view, 0, true);
    this.#batch.reset();
    this.#records += count;
    await sink({ layout, view, offset: 0, count, littleEndian: true });
  }
}
