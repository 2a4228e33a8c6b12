import type { FlowSchema, RecordReader, RecordValue } from "@flowtools/flow-model";
import { readElementValue } from "../elements/value.ts";
import { RecordFields, type Template } from "./template.ts";

/**
 * Reads the fields of records of a template out of their octets.
 *
 * @param template The shape of the records
 * @param reverse Whether rows are what goes back, and the row before has the same record
 * @returns The reader
 *
 * @example
 * ```ts
 * import { readerOf, Template } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * const field = { enterprise: 9, id: 1, length: 2, scope: false, element: undefined, name: "9.1" };
 * const reader = readerOf(new Template(256, [field]));
 * assertEquals(reader.read(Uint8Array.of(1, 2), "9.1"), Uint8Array.of(1, 2));
 * ```
 */
export function readerOf(template: Template, reverse = false): RecordReader {
  return new TemplateReader(template, reverse);
}

/** A shape of records, as a schema knows it. */
export interface SchemaTemplate {
  /** The shape. */
  readonly template: Template;
  /** Whether rows are what goes back, and the row before has the same record. */
  readonly reverse: boolean;
}

/**
 * The template that rows of a schema came from.
 *
 * @param schema The schema
 * @returns The template; `undefined` where the rows came without one
 *
 * @example
 * ```ts
 * import { templateOf, V5_CODEC } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(templateOf(V5_CODEC.layouts.record.schema), undefined);
 * ```
 */
export function templateOf({ reader }: FlowSchema): SchemaTemplate | undefined {
  return reader instanceof TemplateReader ? reader : undefined;
}

/** Where the fields of the record lie that is read: one object for all readers. */
const FIELDS = new RecordFields();

class TemplateReader implements RecordReader, SchemaTemplate {
  readonly names: readonly string[];

  constructor(readonly template: Template, readonly reverse: boolean) {
    this.names = template.fields.map(({ name }) => name);
  }

  read(octets: Uint8Array, name: string): RecordValue | undefined {
    const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
    const fields = FIELDS;
    if (fields.locate(this.template, view, 0, octets.length) < 0) return undefined;
    const index = this.names.indexOf(name);
    return index < 0 ? undefined : readField(this.template, index, view, fields);
  }

  readAll(octets: Uint8Array): ReadonlyMap<string, RecordValue> {
    const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
    const fields = FIELDS;
    const values = new Map<string, RecordValue>();
    if (fields.locate(this.template, view, 0, octets.length) < 0) return values;
    for (const [index, name] of this.names.entries()) {
      if (!values.has(name)) values.set(name, readField(this.template, index, view, fields));
    }
    return values;
  }
}

/**
 * Reads the value of one field of a located record.
 *
 * @returns The value; octets where nothing is known of the element
 */
export function readField(
  { fields }: Template,
  index: number,
  view: DataView,
  located: RecordFields,
): RecordValue {
  const type = fields[index].element?.type ?? "octetArray";
  return readElementValue(type, view, located.offsets[index], located.lengths[index]);
}
