import { fieldIndex, type FlowFieldName, type RecordLayout } from "@flowtools/flow-model";
import { CFLOWD_MASKS, CFLOWD_ROWS } from "../cflowd_rows.ts";
import type { ReferenceFaultOptions } from "../reference_faults.ts";
import { type FlowImporter, ImportError } from "./importer.ts";
import { type BlockSink, RecordBuilder } from "./record_builder.ts";

const INDEX_BYTES = 4;
const START_BIT = bitOf("first");
const UNIX_SECS = fieldIndex("unix_secs");
const LAST = fieldIndex("last");

/** A row with the index of its field. */
const ROWS = CFLOWD_ROWS.map((row) => ({ ...row, field: fieldIndex(row.name) }));

/** All bits that mean something. */
const KNOWN = ROWS.reduce((mask, { bit }) => mask | bit, 0);

/**
 * Reads cflowd's raw flow files. Its times have no uptime behind them, so that the start of a flow
 * becomes its header's clock with an uptime of 0.
 *
 * Source: flow-tools `flow-import.c`, `cflowd.h`.
 */
export class CflowdImporter implements FlowImporter {
  readonly #builder: RecordBuilder;
  readonly #mask: number;
  /** Bytes of a record that is not complete. */
  #rest = new Uint8Array(0);
  #offset = 0;
  #records = 0;

  /**
   * Makes an importer.
   *
   * @param layout The layout of the records to make
   * @param options What to lose
   */
  constructor(layout: RecordLayout, { referenceFaults = false }: ReferenceFaultOptions = {}) {
    this.#builder = new RecordBuilder(layout);
    const mask = CFLOWD_MASKS[layout.schema.label];
    // flow-import asks for the destination where it means the interface.
    const lost = referenceFaults && (mask & bitOf("dstaddr")) === 0 ? bitOf("input") : 0;
    this.#mask = mask & ~lost;
  }

  /** Records so far. */
  get records(): number {
    return this.#records;
  }

  /**
   * Takes a piece of the file.
   *
   * @param bytes The piece
   * @param sink Takes the records
   */
  async add(bytes: Uint8Array, sink: BlockSink): Promise<void> {
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    const view = new DataView(all.buffer);
    let at = 0;
    while (all.length - at >= INDEX_BYTES) {
      const index = view.getUint32(at);
      if ((index & ~KNOWN) !== 0) {
        throw new ImportError(
          "bad-cflowd-index",
          `Cannot import cflowd file: byte ${this.#offset + at} begins a record with the index ` +
            `0x${index.toString(16)}, of which only 0x${KNOWN.toString(16)} is known`,
        );
      }
      const size = sizeOf(index);
      if (all.length - at < size) break;
      this.#readRecord(view, at, index);
      at += size;
      if (this.#builder.full) await sink(this.#builder.take()!);
    }
    this.#offset += at;
    this.#rest = all.slice(at);
  }

  /**
   * Takes the end of the file.
   *
   * @param sink Takes the records
   */
  async end(sink: BlockSink): Promise<void> {
    const block = this.#builder.take();
    if (block !== undefined) await sink(block);
    if (this.#rest.length > 0) {
      throw new ImportError(
        "truncated",
        `Cannot import all of cflowd file: the record at byte ${this.#offset} is cut ` +
          `after ${this.#rest.length} bytes`,
      );
    }
  }

  #readRecord(view: DataView, start: number, index: number): void {
    const builder = this.#builder;
    builder.begin();
    let at = start + INDEX_BYTES;
    let flowStart = 0;
    for (const { bit, width, field, time } of ROWS) {
      if ((index & bit) === 0) continue;
      const value = width === 4
        ? view.getUint32(at)
        : width === 2
        ? view.getUint16(at)
        : view.getUint8(at);
      at += width;
      const wanted = (this.#mask & bit) !== 0;
      if (bit === START_BIT) flowStart = value;
      if (!wanted) continue;
      if (!time) builder.set(field, value);
      else if (bit === START_BIT || flowStart === 0) builder.set(UNIX_SECS, value);
      else builder.set(LAST, (value - flowStart) * 1000);
    }
    builder.keep();
    this.#records++;
  }
}

function bitOf(wanted: FlowFieldName): number {
  return CFLOWD_ROWS.find(({ name }) => name === wanted)!.bit;
}

function sizeOf(index: number): number {
  let size = INDEX_BYTES;
  for (const { bit, width } of ROWS) if ((index & bit) !== 0) size += width;
  return size;
}
