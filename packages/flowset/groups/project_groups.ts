import { GROUP_TABLE_BYTES_MAX } from "../limits.ts";
import { GroupTable } from "../report/group_table.ts";

/** Groups that are looked up at a time. */
const ROWS = 8192;

/** Words of groups, of which some are to make coarser groups. */
export interface GroupWords {
  /** Groups. */
  readonly size: number;
  /** Words of a group. */
  readonly stride: number;
  /** The words, group after group. */
  readonly words: Uint32Array;
}

/** Coarser groups. */
export interface CoarserGroups {
  /** Groups. */
  readonly size: number;
  /** Their words, group after group. */
  readonly words: Uint32Array;
  /** The coarser group of each group. */
  readonly groupOf: Uint32Array<ArrayBuffer>;
}

/**
 * Groups by some of the words of groups.
 *
 * @param from The groups
 * @param offsets Which words
 */
export function projectGroups(from: GroupWords, offsets: readonly number[]): CoarserGroups {
  const { size, stride, words } = from;
  // Without any word all groups are one.
  if (offsets.length === 0) {
    return { size: Math.min(1, size), words: new Uint32Array(0), groupOf: new Uint32Array(size) };
  }
  const table = new GroupTable({
    words: offsets.length,
    counters: 0,
    bytesMax: GROUP_TABLE_BYTES_MAX,
    title: "groups of groups",
  });
  const groupOf = new Uint32Array(size);
  const columns = offsets.map(() => new Uint32Array(ROWS));
  for (let start = 0; start < size; start += ROWS) {
    const rows = Math.min(ROWS, size - start);
    for (const [column, offset] of offsets.entries()) {
      const out = columns[column];
      for (let row = 0; row < rows; row++) out[row] = words[(start + row) * stride + offset];
    }
    table.find(columns, rows, groupOf.subarray(start, start + rows));
  }
  return { size: table.size, words: table.keys, groupOf };
}
