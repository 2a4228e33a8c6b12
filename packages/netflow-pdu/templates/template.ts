import { type InformationElement, isListType } from "../elements/element.ts";

/** The length that says: each record tells it (RFC 7011, section 7). */
export const VARIABLE_LENGTH = 0xffff;

/** One field of a template. */
export interface TemplateField {
  /** Who defined the element: 0 for IANA, else a private enterprise number. */
  readonly enterprise: number;
  /** Number of the element; in scopes of NetFlow v9, the kind of scope. */
  readonly id: number;
  /** Octets in a record, or `VARIABLE_LENGTH`. */
  readonly length: number;
  /** Whether it says what the other fields are about. */
  readonly scope: boolean;
  /** What is known of it. */
  readonly element: InformationElement | undefined;
  /** The name of the element, or `enterprise.id` in decimal where it has none. */
  readonly name: string;
}

/**
 * The shape of the records of a data set, as the exporter told it.
 *
 * @example
 * ```ts
 * import { Template } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * const port = { enterprise: 0, id: 7, length: 2, scope: false, element: undefined, name: "0.7" };
 * const template = new Template(256, [port, { ...port, id: 11, name: "0.11" }]);
 * assertEquals([template.minOctets, template.fixed, template.options], [4, true, false]);
 * ```
 */
export class Template {
  /** Number of the template; that of the data sets that hold its records. */
  readonly id: number;
  /** The fields in wire order. */
  readonly fields: readonly TemplateField[];
  /** How many of the fields, from the first, are scope; 0 unless it is an options template. */
  readonly scopeCount: number;
  /** Whether records tell something about the exporter, not about flows. */
  readonly options: boolean;
  /** Octets of each record, or of the shortest where some field has no fixed length. */
  readonly minOctets: number;
  /** Whether the fields of each record are in the same places. */
  readonly fixed: boolean;
  /** For each field, octets from the start of the record; right only where it is `fixed`. */
  readonly offsets: Int32Array;
  /** For each field, its octets, or `VARIABLE_LENGTH`. */
  readonly lengths: Int32Array;
  /** How many of the fields have no octets. */
  readonly emptyFields: number;
  /** Whether values of some field are lists, which may refer to other templates. */
  readonly hasLists: boolean;

  /**
   * Makes a template.
   *
   * @param id Number of the template, 256 to 65535
   * @param fields The fields in wire order
   * @param scopeCount How many of them are scope; `undefined` where it is no options template
   */
  constructor(id: number, fields: readonly TemplateField[], scopeCount?: number) {
    this.id = id;
    this.fields = fields;
    this.options = scopeCount !== undefined;
    this.scopeCount = scopeCount ?? 0;
    this.offsets = new Int32Array(fields.length);
    this.lengths = new Int32Array(fields.length);
    let octets = 0;
    let empty = 0;
    let fixed = true;
    for (const [index, { length }] of fields.entries()) {
      this.offsets[index] = octets;
      this.lengths[index] = length;
      if (length === 0) empty++;
      // A field of variable length has one octet at least: that of its length.
      octets += length === VARIABLE_LENGTH ? 1 : length;
      if (length === VARIABLE_LENGTH) fixed = false;
    }
    this.minOctets = octets;
    this.emptyFields = empty;
    this.fixed = fixed;
    this.hasLists = fields.some(({ element }) => isListType(element?.type));
  }

  /**
   * Whether another template says the same.
   *
   * @param other The other one
   * @returns Whether number, kind and fields are the same; what is known of the fields does not count
   */
  equals(other: Template): boolean {
    return this.id === other.id && this.options === other.options &&
      this.scopeCount === other.scopeCount && this.fields.length === other.fields.length &&
      this.fields.every(({ enterprise, id, length }, index) => {
        const field = other.fields[index];
        return enterprise === field.enterprise && id === field.id && length === field.length;
      });
  }
}

/**
 * Counts the records of a set.
 *
 * @param template Their shape
 * @param view Octets that hold them
 * @param from Where the first starts
 * @param to Where the set ends
 * @param fields Finds the fields of records of variable length
 * @returns The whole records, and where the first octet lies that belongs to none
 */
export function countRecords(
  template: Template,
  view: DataView,
  from: number,
  to: number,
  fields: RecordFields,
): { records: number; end: number } {
  const { minOctets, fixed } = template;
  if (fixed) {
    const records = Math.floor((to - from) / minOctets);
    return { records, end: from + records * minOctets };
  }
  let records = 0;
  let end = from;
  while (to - end >= minOctets) {
    const next = fields.locate(template, view, end, to);
    if (next < 0) break;
    records++;
    end = next;
  }
  return { records, end };
}

/**
 * Where the fields of one record lie: one object is used for record after record.
 *
 * @example
 * ```ts
 * import { RecordFields, Template, VARIABLE_LENGTH } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * const name = { enterprise: 0, id: 96, scope: false, element: undefined, name: "0.96" };
 * const template = new Template(256, [{ ...name, length: VARIABLE_LENGTH }]);
 * const view = new DataView(new Uint8Array([3, 97, 98, 99]).buffer);
 * const fields = new RecordFields();
 * assertEquals(fields.locate(template, view, 0, 4), 4);
 * assertEquals([fields.offsets[0], fields.lengths[0]], [1, 3]);
 * assertEquals(fields.locate(template, view, 0, 3), -1);
 * ```
 */
export class RecordFields {
  /** For each field, where its octets start in the view. */
  offsets: Int32Array;
  /** For each field, its octets. */
  lengths: Int32Array;

  /**
   * Makes room for the fields of records; it grows when it must.
   *
   * @param fields Fields that there is room for from the start
   */
  constructor(fields = 64) {
    this.offsets = new Int32Array(fields);
    this.lengths = new Int32Array(fields);
  }

  /**
   * Finds the fields of a record.
   *
   * @param template Its shape
   * @param view Octets that hold it
   * @param offset Where it starts
   * @param end Where the set ends
   * @returns Where the record ends, or -1 where the set ends within it
   */
  locate(template: Template, view: DataView, offset: number, end: number): number {
    const { fields } = template;
    if (this.offsets.length < fields.length) {
      this.offsets = new Int32Array(fields.length);
      this.lengths = new Int32Array(fields.length);
    }
    const { lengths } = template;
    for (let index = 0; index < fields.length; index++) {
      let length = lengths[index];
      if (length === VARIABLE_LENGTH) {
        if (offset + 1 > end) return -1;
        length = view.getUint8(offset++);
        if (length === LONG_LENGTH) {
          if (offset + 2 > end) return -1;
          length = view.getUint16(offset);
          offset += 2;
        }
      }
      this.offsets[index] = offset;
      this.lengths[index] = length;
      offset += length;
      if (offset > end) return -1;
    }
    return offset;
  }
}

/** The first octet of a length of three octets (RFC 7011, section 7). */
const LONG_LENGTH = 0xff;
