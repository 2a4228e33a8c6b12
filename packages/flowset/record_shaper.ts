import { FlowBatch, type RecordLayout } from "@flowtools/flow-model";
import { canConvert, findFtLayout, FtStreamEncoder, type RecordBlock } from "@flowtools/ft-format";
import { FlowConversionError } from "./errors.ts";
import { LostColumns } from "./packets/lost_columns.ts";
import { type RecordLoss, valueLosses } from "./packets/packet_records.ts";
import { loseConverted, type ReferenceFaultOptions } from "./reference_faults.ts";

/** The shape that a {@linkcode RecordShaper} gives to records. */
export interface RecordShape extends ReferenceFaultOptions {
  /** Export version: 1, 5, 6, 7, 8 or 1005. */
  readonly version: number;
  /** Aggregation method of version 8. */
  readonly aggregation?: number;
  /** Byte order; default little. */
  readonly byteOrder?: "little" | "big";
  /** What the records are for, in messages; default `output`. */
  readonly target?: string;
}

/**
 * Gives records one shape, so that blocks of several files can be joined: records that have it pass
 * through untouched, others are swapped or converted, where flow-tools has a conversion.
 *
 * @example
 * ```ts
 * import { FlowSet, RecordShaper } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * const shaper = new RecordShaper({ version: 5, byteOrder: "big" });
 * await using set = await FlowSet.open("fixtures/ft/v7-le.ft");
 * for await (const block of set.blocks()) {
 *   const shaped = shaper.shape(block);
 *   assertEquals([shaped.layout.size, shaped.littleEndian], [64, false]);
 * }
 * ```
 */
export class RecordShaper {
  /** What the shaped records look like. */
  readonly layout: RecordLayout;
  /** Their byte order. */
  readonly littleEndian: boolean;
  readonly #target: string;
  readonly #referenceFaults: boolean;
  readonly #encoder: FtStreamEncoder;
  readonly #lost: LostColumns;
  #batch: FlowBatch | undefined;

  /**
   * Makes a shaper.
   *
   * @param shape Version and byte order to give
   * @throws {RangeError} There is no layout for the version
   */
  constructor(shape: RecordShape) {
    const { version, aggregation, byteOrder = "little", target = "output" } = shape;
    this.#encoder = new FtStreamEncoder({ version, aggregation, byteOrder });
    this.layout = this.#encoder.layout;
    this.#lost = new LostColumns(this.layout.schema);
    this.littleEndian = byteOrder === "little";
    this.#target = target;
    this.#referenceFaults = shape.referenceFaults ?? false;
  }

  /**
   * Shapes records.
   *
   * @param block The records
   * @returns The block itself where it has the shape, else one that is alive until the next call
   * @throws {FlowConversionError} There is no conversion
   */
  shape(block: RecordBlock): RecordBlock {
    if (block.layout === this.layout && block.littleEndian === this.littleEndian) return block;
    const [bytes] = block.layout === this.layout
      ? this.#encoder.encodeBlock(block)
      : this.#encoder.encodeBatch(this.#convert(block));
    return {
      layout: this.layout,
      view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      offset: 0,
      count: block.count,
      littleEndian: this.littleEndian,
    };
  }

  /**
   * What records lost that were converted.
   *
   * @returns Each kind of loss
   */
  losses(): RecordLoss[] {
    return valueLosses(this.layout.schema.label, this.#lost.flows, this.#encoder.misfits);
  }

  #convert(block: RecordBlock): FlowBatch {
    const { layout, view, offset, count, littleEndian } = block;
    if (!canConvert(layout.schema, this.layout.schema)) {
      throw new FlowConversionError(this.#target, layout.schema, this.layout.schema);
    }
    if (this.#batch === undefined || this.#batch.capacity < count) {
      this.#batch = new FlowBatch({ capacity: count });
    }
    this.#batch.reset();
    this.#batch.appendRecords(layout, view, offset, count, littleEndian);
    this.#lost.add(layout.schema, count);
    if (this.#referenceFaults) loseConverted(this.#batch, layout.schema, this.layout.schema, 0);
    return this.#batch;
  }
}

/**
 * A part of a block.
 *
 * @param block The records
 * @param from The first of the part
 * @param to The one behind its last
 * @returns A view, alive as long as the block
 */
export function subBlock(block: RecordBlock, from: number, to: number): RecordBlock {
  return { ...block, offset: block.offset + from * block.layout.size, count: to - from };
}

/**
 * Where a field stands in the records of a layout.
 *
 * @param layout The layout
 * @param name The field
 * @returns Bytes from the start of the record
 * @throws {RangeError} The records lack the field
 */
export function fieldOffset(layout: RecordLayout, name: string): number {
  const row = layout.rows.find((candidate) => candidate.name === name);
  if (row === undefined) {
    throw new RangeError(`Flow record missing ${name}: it is a ${layout.title}`);
  }
  return row.offset;
}

/**
 * The layout in which records are written: stream version 1, which is read only, becomes 3.
 *
 * @param layout The layout of the records
 * @returns The layout of stream version 3 for the same export version
 */
export function writtenLayout(layout: RecordLayout): RecordLayout {
  const { version, aggregation } = layout.schema;
  return findFtLayout(version, aggregation) ?? layout;
}
