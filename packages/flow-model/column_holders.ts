import type { ColumnKind } from "./flow_fields.ts";

/** What holds the values of a column of each kind. */
export interface ColumnHolders {
  /** Integers of 8 bits. */
  u8: Uint8Array<ArrayBuffer>;
  /** Integers of 16 bits. */
  u16: Uint16Array<ArrayBuffer>;
  /** Integers of 32 bits. */
  u32: Uint32Array<ArrayBuffer>;
  /** Integers exact to 2^53 − 1. */
  counter: Float64Array<ArrayBuffer>;
  /** IPv4 addresses as numbers; 0 in rows whose address is IPv6, which `wide()` holds. */
  address: Uint32Array<ArrayBuffer>;
  /** Octet strings. */
  bytes: (Uint8Array | undefined)[];
}

/** Any column. */
export type Column = ColumnHolders[ColumnKind];

/**
 * Moves rows to the front; they are ascending, so that none is overwritten before it was moved.
 *
 * @param column The column
 * @param rows The rows, ascending
 */
export function moveRows(column: Column, rows: Uint32Array): void {
  for (let to = 0; to < rows.length; to++) column[to] = column[rows[to]];
}

/**
 * Makes an empty column.
 *
 * @param kind How it holds its values
 * @param capacity Rows
 */
export function createHolder(kind: ColumnKind, capacity: number): Column {
  switch (kind) {
    case "u8":
      return new Uint8Array(capacity);
    case "u16":
      return new Uint16Array(capacity);
    case "u32":
    case "address":
      return new Uint32Array(capacity);
    case "counter":
      return new Float64Array(capacity);
    case "bytes":
      return new Array(capacity).fill(undefined);
  }
}
