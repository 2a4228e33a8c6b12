import { isListType } from "../elements/element.ts";
import type { ElementRegistry } from "../elements/registry.ts";
import {
  ipfixNumber,
  MOMENT_FIELDS,
  momentField,
  v9Number,
  type WireField,
} from "./encode_fields.ts";
import { V9_TEXT_OCTETS_MAX } from "./encode_limits.ts";
import { type Template, type TemplateField, VARIABLE_LENGTH } from "./template.ts";

/** How a field of a record becomes one of a record of another version. */
export interface FieldTranslation {
  /** The field of the record. */
  readonly index: number;
  /** Its name. */
  readonly name: string;
  /**
   * What becomes of its octets: they are copied as they are; they are text of variable length that
   * gets NULs behind it; they get a template for their length; they are uptimes that are written
   * anew, since they count from the packet; they are left out.
   */
  readonly kind: "copy" | "text" | "exact" | "moment" | "none";
  /** The field to be sent; its length holds for `copy` and `moment` alone. */
  readonly field: WireField | undefined;
  /** Index in `FLOW_FIELDS` of the column that a `moment` is in. */
  readonly column?: number;
}

/**
 * Translates the fields of a template.
 *
 * @param template The template
 * @param from Export version that it came in
 * @param to Export version to write
 * @param elements Known elements
 * @returns For each field, what becomes of it
 */
export function translateFields(
  template: Template,
  from: 9 | 10,
  to: 9 | 10,
  elements: ElementRegistry,
): FieldTranslation[] {
  return template.fields.map((field, index): FieldTranslation => {
    const { name, enterprise, id, length } = field;
    if (from === to) return { index, name, kind: "copy", field: { enterprise, id, length } };
    if (to === 10) {
      const wire = { ...ipfixNumber(id, elements), length };
      return { index, name, kind: "copy", field: wire };
    }
    return { index, name, ...toV9(field) };
  });
}

function toV9(
  { enterprise, id, length, element }: TemplateField,
): Pick<FieldTranslation, "kind" | "field" | "column"> {
  const moment = enterprise === 0 && length > 0
    ? MOMENT_FIELDS.find((column) => momentField(column, 9).id === id)
    : undefined;
  if (moment !== undefined) {
    return { kind: "moment", field: momentField(moment, 9), column: moment };
  }
  const number = v9Number(enterprise, id);
  // NetFlow v9 has no lists.
  if (number === undefined || isListType(element?.type)) return { kind: "none", field: undefined };
  const field = { enterprise: 0, id: number, length };
  if (length !== VARIABLE_LENGTH) return { kind: "copy", field };
  return { kind: element?.type === "string" ? "text" : "exact", field };
}

/** The shortest text field, octets; longer ones are twice as long, and twice that, and so on. */
const TEXT_OCTETS_MIN = 8;

/**
 * The octets of the NetFlow v9 field for text of variable length: few widths, since each is a
 * template.
 *
 * @param length Octets of the text
 */
export function textOctets(length: number): number {
  let octets = TEXT_OCTETS_MIN;
  while (octets < length && octets < V9_TEXT_OCTETS_MAX) octets *= 2;
  return octets;
}
