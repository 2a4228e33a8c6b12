import type { RecordLayout } from "@flowtools/flow-model";

/**
 * Whole records as they are stored: a view of bytes that somebody else owns.
 *
 * A block is alive until its reader is asked for the next one. Its members are the arguments of
 * `FlowBatch.appendRecords`, and of what passes records on without decoding them.
 */
export interface RecordBlock {
  /** What each record looks like. */
  readonly layout: RecordLayout;
  /** The bytes, and more around them. */
  readonly view: DataView;
  /** Where in `view` the first record starts. */
  readonly offset: number;
  /** Records, one at least. */
  readonly count: number;
  /** Byte order of the records. */
  readonly littleEndian: boolean;
}

/**
 * The bytes of a block, not copied.
 *
 * @param block The block
 * @returns A view of exactly its records
 *
 * @example
 * ```ts
 * import { findFtLayout, recordBytes } from "@flowtools/ft-format";
 * import { assertEquals } from "@std/assert";
 *
 * const layout = findFtLayout(5)!;
 * const view = new DataView(new ArrayBuffer(1000));
 * assertEquals(recordBytes({ layout, view, offset: 8, count: 3, littleEndian: true }).length, 192);
 * ```
 */
export function recordBytes(block: RecordBlock): Uint8Array {
  const { view, offset, count, layout } = block;
  return new Uint8Array(view.buffer, view.byteOffset + offset, count * layout.size);
}

/**
 * Copies records in the other byte order, reserved bytes and all.
 *
 * @param block The records to copy
 * @param target Where to write them, from the first byte
 */
export function swapRecords(block: RecordBlock, target: DataView): void {
  const { layout, view, count, littleEndian } = block;
  for (const row of layout.rows) {
    let from = block.offset + row.offset;
    let to = row.offset;
    // Nobody knows what reserved bytes are, so they are copied as they are.
    const fixed = row.reserved === true || row.alwaysLittleEndian === true;
    const little = littleEndian || fixed;
    const swapped = !littleEndian || fixed;
    for (let record = 0; record < count; record++) {
      if (row.width === 4) target.setUint32(to, view.getUint32(from, little), swapped);
      else if (row.width === 2) target.setUint16(to, view.getUint16(from, little), swapped);
      else if (row.width === 1) target.setUint8(to, view.getUint8(from));
      else target.setBigUint64(to, view.getBigUint64(from, little), swapped);
      from += layout.size;
      to += layout.size;
    }
  }
}
