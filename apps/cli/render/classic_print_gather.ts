import type { ColumnKind } from "@flowtools/flow-model";

/** A column of numbers, of whichever type. */
export type NumberColumn = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/** Takes the values of chosen rows out of a column. */
type Gather<Source extends NumberColumn> = (
  columns: readonly Source[],
  rows: Uint32Array,
  from: number,
  count: number,
  target: Float64Array,
) => void;

// One loop for each type of column: a loop that meets several runs several times slower. Rows that
// follow each other, which is nearly always so, are copied by the runtime.

const gatherU8: Gather<Uint8Array> = ([column], rows, from, count, target) => {
  if (copyRun(column, rows, from, count, target)) return;
  for (let i = 0; i < count; i++) target[i] = column[rows[from + i]];
};

const gatherU16: Gather<Uint16Array> = ([column], rows, from, count, target) => {
  if (copyRun(column, rows, from, count, target)) return;
  for (let i = 0; i < count; i++) target[i] = column[rows[from + i]];
};

const gatherU32: Gather<Uint32Array> = ([column], rows, from, count, target) => {
  if (copyRun(column, rows, from, count, target)) return;
  for (let i = 0; i < count; i++) target[i] = column[rows[from + i]];
};

const gatherCounter: Gather<Float64Array> = ([column], rows, from, count, target) => {
  if (copyRun(column, rows, from, count, target)) return;
  for (let i = 0; i < count; i++) target[i] = column[rows[from + i]];
};

/** Copies rows where none is left out between the first and the last; they are in order. */
function copyRun(
  column: NumberColumn,
  rows: Uint32Array,
  from: number,
  count: number,
  target: Float64Array,
): boolean {
  const first = rows[from];
  if (rows[from + count - 1] - first !== count - 1) return false;
  target.set(column.subarray(first, first + count));
  return true;
}

const GATHERS: Readonly<Record<Exclude<ColumnKind, "bytes">, Gather<NumberColumn>>> = {
  u8: gatherU8 as Gather<NumberColumn>,
  u16: gatherU16 as Gather<NumberColumn>,
  u32: gatherU32 as Gather<NumberColumn>,
  address: gatherU32 as Gather<NumberColumn>,
  counter: gatherCounter as Gather<NumberColumn>,
};

/** The loop for a kind of column. */
export function gather(kind: Exclude<ColumnKind, "bytes">): Gather<NumberColumn> {
  return GATHERS[kind];
}
