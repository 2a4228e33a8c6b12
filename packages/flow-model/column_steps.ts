import { type Fill, FILLS, type NumberColumn, type Store, STORES } from "./columns.ts";
import { FLOW_FIELDS } from "./flow_fields.ts";
import type { PlacedRow, RecordLayout } from "./layout.ts";

/** AS_TRANS, the 16-bit stand-in for a 32-bit AS number (RFC 6793). */
const AS_TRANS = 23456;

/** How one column is filled from records of one layout; the loop is chosen once, not per block. */
export interface FillStep {
  readonly field: number;
  readonly column: NumberColumn;
  /** Not there where the records share the value, or have none. */
  readonly fill: Fill<NumberColumn> | undefined;
  /** Whether the shape of the records has the field. */
  readonly present: boolean;
  readonly offset: number;
  readonly scale: number;
  readonly alwaysLittleEndian: boolean;
}

/** How one row of a layout is written from its column. */
export interface StoreStep {
  readonly field: number;
  readonly column: NumberColumn;
  readonly store: Store<NumberColumn>;
  readonly offset: number;
  readonly substitute: number;
  readonly alwaysLittleEndian: boolean;
}

/** Chooses the loop for one column; without a row the records share the value, or have none. */
export function fillStep(
  field: number,
  column: NumberColumn,
  row: PlacedRow | undefined,
  present: boolean,
): FillStep {
  return {
    field,
    column,
    present,
    fill: row === undefined ? undefined : FILLS[`${FLOW_FIELDS[field].kind}:${row.width}`],
    offset: row?.offset ?? 0,
    scale: row?.scale ?? 1,
    alwaysLittleEndian: row?.alwaysLittleEndian ?? false,
  };
}

/** Fills a column from records. */
export function fillColumn(
  step: FillStep,
  at: number,
  view: DataView,
  offset: number,
  stride: number,
  count: number,
  littleEndian: boolean,
): void {
  const { column, fill, scale } = step;
  const little = littleEndian || step.alwaysLittleEndian;
  fill?.(column, at, view, offset + step.offset, stride, count, little);
  if (scale !== 1) { for (let row = at; row < at + count; row++) column[row] *= scale; }
}

/**
 * Chooses the loop that writes one row of a layout.
 *
 * @throws {RangeError} The row can be read only
 */
export function storeStep(
  layout: RecordLayout,
  row: PlacedRow,
  column: NumberColumn,
): StoreStep {
  const { name, kind } = FLOW_FIELDS[row.field];
  if (row.scale !== undefined) {
    throw new RangeError(`Cannot store ${layout.title}: field "${name}" can be read only`);
  }
  return {
    field: row.field,
    column,
    store: STORES[`${kind}:${row.width}`],
    offset: row.offset,
    substitute: name === "src_as" || name === "dst_as" ? AS_TRANS : 0xffff,
    alwaysLittleEndian: row.alwaysLittleEndian ?? false,
  };
}
