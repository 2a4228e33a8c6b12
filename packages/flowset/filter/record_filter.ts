import { FlowBatch } from "@flowtools/flow-model";
import type { RecordBlock } from "@flowtools/ft-format";
import type { FlowFilter } from "./flow_filter.ts";

/**
 * Filters records as they are stored: those that pass are copied, byte for byte.
 *
 * @example
 * ```ts
 * import { FlowSet, parseFilterConfig, RecordFilter } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * const config = parseFilterConfig(`
 * filter-primitive LARGE
 *   type counter
 *   permit ge 0x80000000
 * filter-definition large
 *   match octets LARGE
 * `);
 * const filter = new RecordFilter(config.filter("large"));
 * const out = await Deno.makeTempFile();
 * await using source = await FlowSet.open("fixtures/ft/v5-le.ft");
 * await using target = await FlowSet.create(out, { version: 5 });
 * for await (const block of source.blocks()) {
 *   const passed = filter.select(block);
 *   if (passed !== undefined) await target.write(passed);
 * }
 * assertEquals(target.report.flows < 53, true);
 * await Deno.remove(out);
 * ```
 */
export class RecordFilter {
  readonly #filter: FlowFilter;
  #batch: FlowBatch | undefined;
  #selection = new Uint32Array(0);
  /** Records that passed. */
  #bytes = new Uint8Array(0);

  /**
   * Makes a filter of records.
   *
   * @param filter What passes; the records must have its fields
   */
  constructor(filter: FlowFilter) {
    this.#filter = filter;
  }

  /**
   * Takes the records that pass out of a block.
   *
   * @param block The records
   * @returns Those that pass, alive until the next call: the block itself where all do, `undefined`
   * where none does
   */
  select(block: RecordBlock): RecordBlock | undefined {
    const { layout, view, offset, count, littleEndian } = block;
    const batch = this.#emptyBatch(count);
    batch.appendRecords(layout, view, offset, count, littleEndian);
    const kept = this.#filter.select(batch, this.#selection);
    if (kept === count) return block;
    if (kept === 0) return undefined;
    return { layout, view: this.#copy(block, kept), offset: 0, count: kept, littleEndian };
  }

  #emptyBatch(rows: number): FlowBatch {
    if (this.#batch === undefined || this.#batch.capacity < rows) {
      this.#batch = new FlowBatch({ capacity: rows, columns: this.#filter.columns });
      this.#selection = new Uint32Array(rows);
    }
    this.#batch.reset();
    return this.#batch;
  }

  /** Copies the records of the selection one behind the other. */
  #copy({ layout: { size }, view, offset, count }: RecordBlock, kept: number): DataView {
    const bytes = count * size;
    if (this.#bytes.length < bytes) this.#bytes = new Uint8Array(bytes);
    const target = this.#bytes.buffer;
    const start = view.byteOffset + offset;
    const rows = this.#selection;
    if (start % 4 === 0 && size % 4 === 0) {
      const from = new Uint32Array(view.buffer, start, bytes / 4);
      copyWords(from, rows, kept, size / 4, new Uint32Array(target, 0, bytes / 4));
    } else {
      const from = new Uint8Array(view.buffer, start, bytes);
      for (let i = 0; i < kept; i++) {
        this.#bytes.set(from.subarray(rows[i] * size, (rows[i] + 1) * size), i * size);
      }
    }
    return new DataView(target, 0, kept * size);
  }
}

/**
 * Word by word is several times faster than a call of the runtime for each record, and four at a time
 * twice as fast as one. Big integers would be faster still where they are fully compiled, and are
 * much slower where they are not.
 */
function copyWords(
  from: Uint32Array,
  rows: Uint32Array,
  count: number,
  words: number,
  to: Uint32Array,
): void {
  const quads = words & ~3;
  let target = 0;
  for (let i = 0; i < count; i++) {
    let source = rows[i] * words;
    for (const end = source + quads; source < end; source += 4, target += 4) {
      to[target] = from[source];
      to[target + 1] = from[source + 1];
      to[target + 2] = from[source + 2];
      to[target + 3] = from[source + 3];
    }
    for (let word = quads; word < words; word++) to[target++] = from[source++];
  }
}
