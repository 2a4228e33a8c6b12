import { type Column, createHolder } from "./column_holders.ts";
import { fillColumn, type FillStep, fillStep, type StoreStep, storeStep } from "./column_steps.ts";
import type { NumberColumn } from "./columns.ts";
import type { FlowBatch } from "./flow_batch.ts";
import { fieldIndex, FLOW_FIELD_NAMES, FLOW_FIELDS } from "./flow_fields.ts";
import type { PlacedRow, RecordLayout } from "./layout.ts";

/** Where the records of a batch lie. */
export interface PlacedRecords {
  readonly layout: RecordLayout;
  readonly view: DataView;
  readonly offset: number;
  readonly littleEndian: boolean;
}

/**
 * How the columns of a batch are filled from records of one layout.
 *
 * @param batch The batch
 * @param layout The layout
 */
export function planFill(batch: FlowBatch, layout: RecordLayout): FillStep[] {
  const rows = new Map<number, PlacedRow>(layout.rows.map((row) => [row.field, row]));
  return batch.columns.map((name): FillStep => {
    const field = fieldIndex(name);
    return fillStep(field, batch.column(name), rows.get(field), layout.schema.has(name));
  });
}

/**
 * How records of one layout are written from the columns of a batch.
 *
 * @param batch The batch
 * @param layout The layout
 * @throws {FlowAttributeError} The batch does not keep a column that the layout needs
 */
export function planStore(batch: FlowBatch, layout: RecordLayout): StoreStep[] {
  return layout.rows.filter((row) => row.field >= 0)
    .map((row) => storeStep(layout, row, batch.column(FLOW_FIELD_NAMES[row.field])));
}

/**
 * The column of one field of records.
 *
 * @param field Index in `FLOW_FIELDS`
 * @param records The records
 * @param count How many
 * @returns `undefined` where the records lack the field
 */
export function columnOfRecords(
  field: number,
  { layout, view, offset, littleEndian }: PlacedRecords,
  count: number,
): Column | undefined {
  const row = layout.rows.find((candidate) => candidate.field === field);
  if (row === undefined) return undefined;
  const column = createHolder(FLOW_FIELDS[field].kind, count);
  const step = fillStep(field, column as NumberColumn, row, true);
  fillColumn(step, 0, view, offset, layout.size, count, littleEndian);
  return column;
}
