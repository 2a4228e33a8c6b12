import { FlowBatch, type FlowFieldName, type RecordLayout } from "@flowtools/flow-model";
import { canConvert, type RecordBlock } from "@flowtools/ft-format";
import { FlowConversionError } from "../errors.ts";
import { writtenLayout } from "../record_shaper.ts";
import { loseConverted, type ReferenceFaultOptions } from "../reference_faults.ts";
import type { FlowTransform } from "./flow_transform.ts";

/** A field that changes: its column, and its place in the records. */
interface Patch {
  readonly column: ArrayLike<number>;
  readonly offset: number;
  readonly width: number;
  readonly alwaysLittleEndian: boolean;
}

/**
 * Transforms records as they are stored. Where they keep their layout only the fields that change
 * are written, and everything else, reserved bytes too, stays as it was.
 *
 * @example
 * ```ts
 * import { findFtLayout } from "@flowtools/ft-format";
 * import { FlowSet, parseTagConfig, RecordTransform } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * const config = parseTagConfig(`
 * tag-action ALL
 *   type any
 *   match any set-source 7
 * tag-definition all
 *   term
 *     action ALL
 * `);
 * const tagger = new RecordTransform(config.transform("all"), findFtLayout(1005));
 * await using set = await FlowSet.open("fixtures/ft/v5-le.ft");
 * for await (const block of set.blocks()) {
 *   const { layout, view, offset } = tagger.apply(block);
 *   assertEquals([layout.size, view.getUint32(offset + 64, true)], [72, 7]);
 * }
 * ```
 */
export class RecordTransform {
  readonly #transform: FlowTransform;
  readonly #target: RecordLayout | undefined;
  readonly #referenceFaults: boolean;
  #layout: RecordLayout | undefined;
  #batch: FlowBatch | undefined;
  #bytes = new Uint8Array(0);
  #patches: readonly Patch[] = [];

  /**
   * Makes a transform of records.
   *
   * @param transform What to do; the records must have its fields
   * @param target The layout to give the records; default the one that they have
   * @param options How to convert
   */
  constructor(
    transform: FlowTransform,
    target?: RecordLayout,
    { referenceFaults = false }: ReferenceFaultOptions = {},
  ) {
    this.#transform = transform;
    this.#target = target;
    this.#referenceFaults = referenceFaults;
  }

  /**
   * Transforms the records of a block.
   *
   * @param block The records
   * @returns Records of the same byte order, alive until the next call
   * @throws {FlowConversionError} There is no conversion to the target layout
   */
  apply(block: RecordBlock): RecordBlock {
    const { layout, view, offset, count, littleEndian } = block;
    const target = this.#target ?? writtenLayout(layout);
    this.#prepare(layout, target, count);
    const batch = this.#batch!;
    const bytes = this.#bytes;
    const out = new DataView(bytes.buffer);
    batch.reset();
    batch.appendRecords(layout, view, offset, count, littleEndian);
    this.#transform.apply(batch);
    if (layout === target) {
      const { size } = layout;
      bytes.set(new Uint8Array(view.buffer, view.byteOffset + offset, count * size));
      for (const patch of this.#patches) store(patch, out, size, count, littleEndian);
    } else {
      if (this.#referenceFaults) loseConverted(batch, layout.schema, target.schema, 0);
      batch.storeRecords(target, 0, count, out, 0, littleEndian);
    }
    return { layout: target, view: out, offset: 0, count, littleEndian };
  }

  #prepare(layout: RecordLayout, target: RecordLayout, count: number): void {
    const changed = layout !== this.#layout;
    if (changed && !canConvert(layout.schema, target.schema)) {
      throw new FlowConversionError("output", layout.schema, target.schema);
    }
    if (this.#bytes.length < count * target.size) {
      this.#bytes = new Uint8Array(count * target.size);
    }
    if (!changed && this.#batch !== undefined && count <= this.#batch.capacity) return;
    const stored = layout === target
      ? []
      : target.rows.filter(({ field }) => field >= 0).map(({ name }) => name as FlowFieldName);
    const columns = [...new Set([...this.#transform.columns, ...stored])];
    const batch = new FlowBatch({ capacity: count, columns });
    this.#patches = layout.rows.filter(({ name }) =>
      (this.#transform.writes as readonly string[]).includes(name)
    ).map(({ name, offset, width, alwaysLittleEndian = false }) => ({
      column: batch.column(name as FlowFieldName) as ArrayLike<number>,
      offset,
      width,
      alwaysLittleEndian,
    }));
    this.#layout = layout;
    this.#batch = batch;
  }
}

/** Writes one field of all records. */
function store(
  { column, offset, width, alwaysLittleEndian }: Patch,
  view: DataView,
  stride: number,
  count: number,
  littleEndian: boolean,
): void {
  const little = littleEndian || alwaysLittleEndian;
  if (width === 4) store32(column, view, offset, stride, count, little);
  else if (width === 2) store16(column, view, offset, stride, count, little);
  else store8(column, view, offset, stride, count);
}

function store32(
  column: ArrayLike<number>,
  view: DataView,
  offset: number,
  stride: number,
  count: number,
  little: boolean,
): void {
  for (let row = 0, at = offset; row < count; row++, at += stride) {
    view.setUint32(at, column[row], little);
  }
}

function store16(
  column: ArrayLike<number>,
  view: DataView,
  offset: number,
  stride: number,
  count: number,
  little: boolean,
): void {
  for (let row = 0, at = offset; row < count; row++, at += stride) {
    view.setUint16(at, column[row], little);
  }
}

function store8(
  column: ArrayLike<number>,
  view: DataView,
  offset: number,
  stride: number,
  count: number,
): void {
  for (let row = 0, at = offset; row < count; row++, at += stride) view.setUint8(at, column[row]);
}
