import type { FlowSchema, RecordReader, RecordValue, SingleValue } from "@flowtools/flow-model";
import { type ElementValue, readElementValue } from "../elements/value.ts";
import type { FactOrigin } from "./fact_origin.ts";
import { type ListContext, ListReader } from "./structured.ts";
import { RecordFields, type Template } from "./template.ts";

/**
 * Reads the fields of records of a template out of their octets.
 *
 * @param template The shape of the records
 * @param reverse Whether rows are what goes back, and the row before has the same record
 * @param lists Templates and elements that lists of records are taken apart with; without them lists
 * are octets
 * @param origin What knows the names that go with the records
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
export function readerOf(
  template: Template,
  reverse = false,
  lists?: ListContext,
  origin?: FactOrigin,
): RecordReader {
  return new TemplateReader(template, reverse, lists, origin);
}

/** A shape of records, as a schema knows it. */
export interface SchemaTemplate {
  /** The shape. */
  readonly template: Template;
  /** Whether rows are what goes back, and the row before has the same record. */
  readonly reverse: boolean;
  /** Templates and elements that lists refer to; only where records have lists. */
  readonly lists: ListContext | undefined;
  /** What knows the names that go with the records; not there where that was told by nobody. */
  readonly origin: FactOrigin | undefined;
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
  readonly template: Template;
  readonly reverse: boolean;
  readonly lists: ListContext | undefined;
  readonly origin: FactOrigin | undefined;
  /** Whether a name stands more than once. */
  readonly #repeats: boolean;

  constructor(
    template: Template,
    reverse: boolean,
    lists: ListContext | undefined,
    origin: FactOrigin | undefined,
  ) {
    this.names = template.fields.map(({ name }) => name);
    this.#repeats = new Set(this.names).size < this.names.length;
    this.template = template;
    this.origin = origin;
    this.reverse = reverse;
    this.lists = template.hasLists ? lists : undefined;
  }

  read(octets: Uint8Array, name: string): RecordValue | undefined {
    const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
    const fields = FIELDS;
    if (fields.locate(this.template, view, 0, octets.length) < 0) return undefined;
    const first = this.names.indexOf(name);
    if (first < 0) return undefined;
    const read = this.#readerOf(view);
    if (!this.#repeats) return read(first);
    const values: SingleValue[] = [];
    for (let index = first; index >= 0; index = this.names.indexOf(name, index + 1)) {
      values.push(read(index));
    }
    return values.length === 1 ? values[0] : values;
  }

  readAll(octets: Uint8Array): ReadonlyMap<string, RecordValue> {
    const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
    const fields = FIELDS;
    const values = new Map<string, RecordValue>();
    if (fields.locate(this.template, view, 0, octets.length) < 0) return values;
    const read = this.#readerOf(view);
    const repeated = new Map<string, SingleValue[]>();
    for (const [index, name] of this.names.entries()) {
      const value = read(index);
      const others = this.#repeats ? repeated.get(name) : undefined;
      if (others !== undefined) {
        others.push(value);
        values.set(name, others);
      } else {
        values.set(name, value);
        if (this.#repeats) repeated.set(name, [value]);
      }
    }
    return values;
  }

  /** Reads fields of the record that was located. */
  #readerOf(view: DataView): (index: number) => SingleValue {
    const { template, lists } = this;
    if (lists === undefined) return (index) => readField(template, index, view, FIELDS);
    const reader = new ListReader(view, lists);
    return (index) => reader.field(template, index, FIELDS);
  }
}

/**
 * Reads the value of one field of a located record.
 *
 * @returns The value; octets where it is a list or nothing is known of the element
 */
export function readField(
  { fields }: Template,
  index: number,
  view: DataView,
  located: RecordFields,
): ElementValue {
  const type = fields[index].element?.type ?? "octetArray";
  return readElementValue(type, view, located.offsets[index], located.lengths[index]);
}
