/**
 * The hot loops: one field of a block of records into, or out of, one column.
 *
 * Every function is a loop over one pair of types, so that each compiles to straight machine code;
 * a loop that is handed several kinds of typed array runs several times slower. So does, once V8 has
 * optimized it, a loop that looks at the byte order for each value: each order has a loop. The tables
 * at the end pick the loop by column kind and bytes on the wire, once per layout and batch.
 *
 * @module
 */
import type { ColumnKind } from "./flow_fields.ts";

/** Reads `count` values, `stride` bytes apart, into the rows from `at` on. */
export type Fill<Column> = (
  column: Column,
  at: number,
  view: DataView,
  offset: number,
  stride: number,
  count: number,
  littleEndian: boolean,
) => void;

/** The reverse of {@linkcode Fill}; returns how many values did not fit and were replaced. */
export type Store<Column> = (
  column: Column,
  at: number,
  view: DataView,
  offset: number,
  stride: number,
  count: number,
  littleEndian: boolean,
  substitute: number,
) => number;

const fillU8From8: Fill<Uint8Array> = (column, at, view, offset, stride, count) => {
  for (let row = at; row < at + count; row++, offset += stride) column[row] = view.getUint8(offset);
};

const fillU16From8: Fill<Uint16Array> = (column, at, view, offset, stride, count) => {
  for (let row = at; row < at + count; row++, offset += stride) column[row] = view.getUint8(offset);
};

const fillU16From16: Fill<Uint16Array> = (column, at, view, offset, stride, count, le) => {
  const end = at + count;
  if (le) {
    for (let row = at; row < end; row++, offset += stride) {
      column[row] = view.getUint16(offset, true);
    }
  } else {
    for (let row = at; row < end; row++, offset += stride) {
      column[row] = view.getUint16(offset, false);
    }
  }
};

const fillU32From16: Fill<Uint32Array> = (column, at, view, offset, stride, count, le) => {
  const end = at + count;
  if (le) {
    for (let row = at; row < end; row++, offset += stride) {
      column[row] = view.getUint16(offset, true);
    }
  } else {
    for (let row = at; row < end; row++, offset += stride) {
      column[row] = view.getUint16(offset, false);
    }
  }
};

const fillU32From32: Fill<Uint32Array> = (column, at, view, offset, stride, count, le) => {
  const end = at + count;
  if (le) {
    for (let row = at; row < end; row++, offset += stride) {
      column[row] = view.getUint32(offset, true);
    }
  } else {
    for (let row = at; row < end; row++, offset += stride) {
      column[row] = view.getUint32(offset, false);
    }
  }
};

const fillCounterFrom32: Fill<Float64Array> = (column, at, view, offset, stride, count, le) => {
  const end = at + count;
  if (le) {
    for (let row = at; row < end; row++, offset += stride) {
      column[row] = view.getUint32(offset, true);
    }
  } else {
    for (let row = at; row < end; row++, offset += stride) {
      column[row] = view.getUint32(offset, false);
    }
  }
};

/** Values above 2^53 − 1 lose their low bits. */
const fillCounterFrom64: Fill<Float64Array> = (column, at, view, offset, stride, count, le) => {
  const high = le ? 4 : 0;
  const low = 4 - high;
  for (let row = at; row < at + count; row++, offset += stride) {
    column[row] = view.getUint32(offset + high, le) * 2 ** 32 + view.getUint32(offset + low, le);
  }
};

const storeU8To8: Store<Uint8Array> = (column, at, view, offset, stride, count) => {
  for (let row = at; row < at + count; row++, offset += stride) view.setUint8(offset, column[row]);
  return 0;
};

/** Keeps the low eight bits: it is TCP flags that are stored so, and those are the classic ones. */
const storeU16To8: Store<Uint16Array> = (column, at, view, offset, stride, count) => {
  let misfits = 0;
  for (let row = at; row < at + count; row++, offset += stride) {
    if (column[row] > 0xff) misfits++;
    view.setUint8(offset, column[row] & 0xff);
  }
  return misfits;
};

const storeU16To16: Store<Uint16Array> = (column, at, view, offset, stride, count, le) => {
  for (let row = at; row < at + count; row++, offset += stride) {
    view.setUint16(offset, column[row], le);
  }
  return 0;
};

/** What does not fit becomes `substitute`: AS_TRANS for AS numbers, 65535 for interfaces. */
const storeU32To16: Store<Uint32Array> = (
  column,
  at,
  view,
  offset,
  stride,
  count,
  le,
  substitute,
) => {
  let misfits = 0;
  for (let row = at; row < at + count; row++, offset += stride) {
    const value = column[row];
    if (value > 0xffff) misfits++;
    view.setUint16(offset, value > 0xffff ? substitute : value, le);
  }
  return misfits;
};

const storeU32To32: Store<Uint32Array> = (column, at, view, offset, stride, count, le) => {
  for (let row = at; row < at + count; row++, offset += stride) {
    view.setUint32(offset, column[row], le);
  }
  return 0;
};

/** Counters above 32 bits are stored as the highest value there is. */
const storeCounterTo32: Store<Float64Array> = (column, at, view, offset, stride, count, le) => {
  let misfits = 0;
  for (let row = at; row < at + count; row++, offset += stride) {
    const value = column[row];
    if (value > 0xffffffff) misfits++;
    view.setUint32(offset, value > 0xffffffff ? 0xffffffff : value, le);
  }
  return misfits;
};

const storeCounterTo64: Store<Float64Array> = (column, at, view, offset, stride, count, le) => {
  const high = le ? 4 : 0;
  const low = 4 - high;
  for (let row = at; row < at + count; row++, offset += stride) {
    view.setUint32(offset + high, Math.floor(column[row] / 2 ** 32), le);
    view.setUint32(offset + low, column[row] >>> 0, le);
  }
  return 0;
};

/** A column of numbers, of whichever type. */
export type NumberColumn = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/**
 * The loops that read, by `kind:width`. The caller pairs each with a column of that kind, which
 * the types of a table cannot say.
 */
export const FILLS: Readonly<Record<string, Fill<NumberColumn>>> = {
  "u8:1": fillU8From8 as Fill<NumberColumn>,
  "u16:1": fillU16From8 as Fill<NumberColumn>,
  "u16:2": fillU16From16 as Fill<NumberColumn>,
  "u32:2": fillU32From16 as Fill<NumberColumn>,
  "u32:4": fillU32From32 as Fill<NumberColumn>,
  "address:4": fillU32From32 as Fill<NumberColumn>,
  "counter:4": fillCounterFrom32 as Fill<NumberColumn>,
  "counter:8": fillCounterFrom64 as Fill<NumberColumn>,
};

/**
 * Integers of any width up to eight octets, as templates may have them. What the column cannot hold
 * becomes its highest value.
 */
function fillAnyWidth(width: number, highest: number): Fill<NumberColumn> {
  return (column, at, view, offset, stride, count) => {
    for (let row = at; row < at + count; row++, offset += stride) {
      let value = 0;
      for (let i = 0; i < width; i++) value = value * 256 + view.getUint8(offset + i);
      column[row] = value > highest ? highest : value;
    }
  };
}

const HIGHEST: Readonly<Record<string, number>> = {
  u8: 0xff,
  u16: 0xffff,
  u32: 0xffffffff,
  counter: Number.MAX_SAFE_INTEGER,
  address: 0xffffffff,
};

/** Octets that a number may have on the wire. */
const WIDTH_MAX = 8;

/** Loops of other widths, made when first needed: as many as there are kinds and widths. */
const OTHER_FILLS = new Map<string, Fill<NumberColumn>>();

/**
 * The loop that reads numbers of a width into a column of a kind.
 *
 * @param kind How the column holds its values
 * @param width Octets on the wire
 * @returns The loop, big endian where it is none of the usual ones; `undefined` where no loop can
 */
export function fillLoop(kind: ColumnKind, width: number): Fill<NumberColumn> | undefined {
  const highest = HIGHEST[kind];
  if (highest === undefined || width > WIDTH_MAX) return undefined;
  const key = `${kind}:${width}`;
  let fill = FILLS[key] ?? OTHER_FILLS.get(key);
  if (fill === undefined) OTHER_FILLS.set(key, fill = fillAnyWidth(width, highest));
  return fill;
}

/** The loops that write, by `kind:width`. */
export const STORES: Readonly<Record<string, Store<NumberColumn>>> = {
  "u8:1": storeU8To8 as Store<NumberColumn>,
  "u16:1": storeU16To8 as Store<NumberColumn>,
  "u16:2": storeU16To16 as Store<NumberColumn>,
  "u32:2": storeU32To16 as Store<NumberColumn>,
  "u32:4": storeU32To32 as Store<NumberColumn>,
  "address:4": storeU32To32 as Store<NumberColumn>,
  "counter:4": storeCounterTo32 as Store<NumberColumn>,
  "counter:8": storeCounterTo64 as Store<NumberColumn>,
};

/**
 * The loop that writes numbers of a column of a kind.
 *
 * @param kind How the column holds its values
 * @param width Octets on the wire
 * @returns The loop, big endian unless told otherwise; `undefined` where there is none
 */
export function storeLoop(kind: ColumnKind, width: number): Store<NumberColumn> | undefined {
  return STORES[`${kind}:${width}`];
}
