import type { FlowBatch, FlowFieldName } from "@flowtools/flow-model";
import type { RowTest } from "./narrow.ts";

/** Values of a table of the columns that hold up to 16 bits, and of the first of wider ones. */
export const TABLE_16 = 65_536;
/** Values of a table of the columns that hold 8 bits. */
export const TABLE_8 = 256;

/** Passes the rows whose small number has a 1 in a table. */
export class TableTest implements RowTest {
  readonly fields: readonly [FlowFieldName];
  /** One entry a value that the column can have, as far as 16 bits go: 1 passes. */
  readonly #passes: Uint8Array;
  /** What numbers do that are larger than the table. */
  readonly #beyond: 0 | 1;

  constructor(field: FlowFieldName, passes: Uint8Array, beyond: 0 | 1) {
    this.fields = [field];
    this.#passes = passes;
    this.#beyond = beyond;
  }

  narrow(batch: FlowBatch, rows: Uint32Array, count: number): number {
    const column = batch.column(this.fields[0]);
    if (column instanceof Uint8Array) return narrow8(column, this.#passes, rows, count);
    if (column instanceof Uint16Array) return narrow16(column, this.#passes, rows, count);
    return narrow32(column as Uint32Array, this.#passes, this.#beyond, rows, count);
  }
}

/*
 * One loop for each width: a loop that is handed several kinds of typed array runs several times
 * slower. None of them branches on whether a row passes: nobody can predict that.
 */

function narrow8(column: Uint8Array, passes: Uint8Array, rows: Uint32Array, count: number): number {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i];
    rows[kept] = row;
    kept += passes[column[row]];
  }
  return kept;
}

function narrow16(
  column: Uint16Array,
  passes: Uint8Array,
  rows: Uint32Array,
  count: number,
): number {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i];
    rows[kept] = row;
    kept += passes[column[row]];
  }
  return kept;
}

function narrow32(
  column: Uint32Array,
  passes: Uint8Array,
  beyond: 0 | 1,
  rows: Uint32Array,
  count: number,
): number {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i];
    const value = column[row];
    rows[kept] = row;
    kept += value < TABLE_16 ? passes[value] : beyond;
  }
  return kept;
}

const TCP = 6;

/**
 * Passes TCP flows by a table of their flags, and all others or none: `flow-filter -T` says nothing
 * of protocols that have no flags.
 */
export class TcpFlagsTest implements RowTest {
  readonly fields: readonly FlowFieldName[] = ["tcp_flags", "prot"];
  readonly #passes: Uint8Array;
  readonly #others: 0 | 1;

  constructor(passes: Uint8Array, others: 0 | 1) {
    this.#passes = passes;
    this.#others = others;
  }

  narrow(batch: FlowBatch, rows: Uint32Array, count: number): number {
    const flags = batch.column("tcp_flags");
    const protocols = batch.column("prot");
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const row = rows[i];
      rows[kept] = row;
      kept += protocols[row] === TCP ? this.#passes[flags[row]] : this.#others;
    }
    return kept;
  }
}
