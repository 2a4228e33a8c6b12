import { fieldIndex, type FlowFieldName, type RecordLayout } from "@flowtools/flow-model";
import type { RecordBlock } from "@flowtools/ft-format";
import { IMPORT_BLOCK_ROWS } from "../limits.ts";

/** Takes blocks of records; each is alive during the call. */
export type BlockSink = (block: RecordBlock) => void | Promise<void>;

/** Builds records of one layout, field by field. Fields that the layout lacks are dropped. */
export class RecordBuilder {
  /** What the records look like. */
  readonly layout: RecordLayout;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** Where each field of `FLOW_FIELDS` stands, or -1, and its bytes. */
  readonly #offsets: Int32Array;
  readonly #widths: Uint8Array;
  #count = 0;
  #at = 0;

  constructor(layout: RecordLayout) {
    this.layout = layout;
    this.#bytes = new Uint8Array(IMPORT_BLOCK_ROWS * layout.size);
    this.#view = new DataView(this.#bytes.buffer);
    const fields = layout.rows.filter((row) => row.field >= 0);
    const size = Math.max(...fields.map((row) => row.field), FIELDS) + 1;
    this.#offsets = new Int32Array(size).fill(-1);
    this.#widths = new Uint8Array(size);
    for (const { field, offset, width } of fields) {
      this.#offsets[field] = offset;
      this.#widths[field] = width;
    }
  }

  /** Whether the block must be taken before the next record is begun. */
  get full(): boolean {
    return this.#count === IMPORT_BLOCK_ROWS;
  }

  /** Begins a record whose fields are all 0. */
  begin(): void {
    this.#at = this.#count * this.layout.size;
    this.#bytes.fill(0, this.#at, this.#at + this.layout.size);
  }

  /** Sets a field of the record; what is too large loses its high bits. */
  set(field: number, value: number): void {
    const offset = this.#offsets[field];
    if (offset < 0) return;
    const at = this.#at + offset;
    const width = this.#widths[field];
    if (width === 4) this.#view.setUint32(at, value, true);
    else if (width === 2) this.#view.setUint16(at, value, true);
    else this.#view.setUint8(at, value);
  }

  /** Keeps the record; one that is not kept is begun again. */
  keep(): void {
    this.#count++;
  }

  /** The records kept, which may be built over afterwards; `undefined` where there are none. */
  take(): RecordBlock | undefined {
    const count = this.#count;
    this.#count = 0;
    if (count === 0) return undefined;
    return { layout: this.layout, view: this.#view, offset: 0, count, littleEndian: true };
  }
}

/** The last field that anybody may set. */
const FIELDS = fieldIndex("dst_tag" satisfies FlowFieldName);
