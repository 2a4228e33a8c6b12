import type { RecordLayout } from "@flowtools/flow-model";
import type { RecordBlock } from "@flowtools/ft-format";
import { RecordFilter } from "../filter/record_filter.ts";
import type { Where } from "./compile_where.ts";

/** Records to select from: a file that is open, or anything like it. */
export interface RecordsToSelect {
  /** The layout of all records. */
  readonly layout: RecordLayout;
  /** The records, each block valid until the next is asked for. */
  blocks(): AsyncIterable<RecordBlock>;
}

/** Told of each block how many records it had, and how many of them passed. */
export type SelectedListener = (read: number, passed: number) => void;

/**
 * Takes the records that pass an expression out of blocks. Only the columns that it names are
 * decoded; records are copied as they are.
 *
 * @param source The records
 * @param where What passes
 * @param onSelected Told of each block
 * @returns Blocks of records that pass, each valid until the next is asked for
 * @throws {WhereFieldError} The records cannot answer a condition
 *
 * @example
 * ```ts
 * import { compileWhere, selectRecords } from "@flowtools/flowset";
 * import { openFtFile } from "@flowtools/ft-format/deno";
 * import { assertEquals } from "@std/assert";
 *
 * using file = await openFtFile("fixtures/ft/v5-le.ft");
 * let flows = 0;
 * for await (const block of selectRecords(file, compileWhere("packets > 2G"))) {
 *   flows += block.count;
 * }
 * assertEquals(flows > 0 && flows < 53, true);
 * ```
 */
export async function* selectRecords(
  source: RecordsToSelect,
  where: Where,
  onSelected?: SelectedListener,
): AsyncGenerator<RecordBlock, void, undefined> {
  where.check(source.layout.schema);
  const filter = new RecordFilter(where.filter);
  for await (const block of source.blocks()) {
    const passed = filter.select(block);
    onSelected?.(block.count, passed?.count ?? 0);
    if (passed !== undefined) yield passed;
  }
}
