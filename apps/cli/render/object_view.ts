import type { TimeZone } from "@flowtools/flowset/groups";
import type { Output } from "../output.ts";
import { type DataColumn, type DataFormat, type DataRow, DataSetWriter } from "./data_set.ts";
import type { Look } from "./look.ts";
import { JsonObjects, picked } from "./json_objects.ts";
import { type RowChoice, RowSieve } from "./row_sieve.ts";

/** An object that is shown: a value by the name of its column. */
export type ShownObject = Readonly<Record<string, unknown>>;

/** How a call asks for objects to be shown. */
export interface ObjectViewOptions {
  readonly format: DataFormat;
  readonly choice: RowChoice;
  /** The time zone of tables. */
  readonly zone: TimeZone;
  readonly look: Look;
}

/** How objects of one kind are rows. */
export interface ObjectRows {
  /** The columns of tables and CSV. */
  readonly columns: readonly DataColumn[];
  /** What a table shows in place of a value; nothing for the value. */
  readonly text: (object: ShownObject, name: string, zone: TimeZone) => string | undefined;
  /** What rows tell beside what is in an object; JSON does where columns or an order are chosen. */
  readonly added?: (object: ShownObject) => ShownObject;
  /** See {@linkcode DataSetOptions.partRows}. */
  readonly partRows?: number;
}

/** Shows objects in the formats of rows: JSON has everything, tables and CSV have columns. */
export class ObjectView {
  readonly #sieve: RowSieve<ShownObject>;
  readonly #endDocument: () => void;
  readonly #added: ObjectRows["added"];

  /**
   * Begins.
   *
   * @param output Where objects go
   * @param options How
   * @param rows How they are rows
   */
  constructor(output: Output, options: ObjectViewOptions, rows: ObjectRows) {
    const { format, choice, zone, look } = options;
    const { columns, text, added, partRows } = rows;
    const { fields, sort } = choice;
    let write: (object: ShownObject) => void;
    if (format === "json" || format === "ndjson") {
      const objects = new JsonObjects(format);
      this.#added = fields === undefined && sort === undefined ? undefined : added;
      this.#endDocument = () => output.text(objects.end());
      write = (object) => output.text(objects.next(picked(object, fields)));
    } else {
      const writer = new DataSetWriter(output, { columns }, format, look, { partRows });
      this.#added = added;
      this.#endDocument = () => writer.end();
      write = (object) =>
        writer.row({
          values: columns.map(({ name }) => cellValue(object[name])),
          texts: columns.map(({ name }) => text(object, name, zone)),
        });
    }
    this.#sieve = new RowSieve(choice, (object, name) => object[name], write);
  }

  /** Whether no further object can be shown. */
  get full(): boolean {
    return this.#sieve.full;
  }

  /** Shows an object. */
  add(object: ShownObject): void {
    const added = this.#added;
    this.#sieve.add(added === undefined ? object : { ...object, ...added(object) });
  }

  /** Ends the document. */
  end(): void {
    this.#sieve.end();
    this.#endDocument();
  }
}

/** A value of an object as a cell has it: lists of words with blanks between, others as JSON. */
function cellValue(value: unknown): DataRow["values"][number] {
  if (value === undefined || value === null) return null;
  if (typeof value === "number" || typeof value === "string") return value;
  const words = Array.isArray(value) && value.every((word) => typeof word === "string");
  return words ? value.join(" ") : JSON.stringify(value);
}
