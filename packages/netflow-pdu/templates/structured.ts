import type { InformationElement } from "../elements/element.ts";
import { readElementValue } from "../elements/value.ts";
import { DATA_SET_MIN, describeField, type TemplateDialect } from "./read_templates.ts";
import { LIST_DEPTH_MAX } from "./limits.ts";
import { RecordFields, Template } from "./template.ts";

/** A value of a record, lists taken apart. */
export type FieldValue =
  | ReturnType<typeof readElementValue>
  | BasicList
  | TemplateList
  | MultiList;

/** Values of one element (RFC 6313, section 4.5.1). */
export interface BasicList {
  /** How the values belong together. */
  readonly semantic: ListSemantic;
  /** The name of the element. */
  readonly element: string;
  /** The values in wire order. */
  readonly values: readonly FieldValue[];
}

/** Records of several templates (RFC 6313, section 4.5.3). */
export interface MultiList {
  /** How the records belong together. */
  readonly semantic: ListSemantic;
  /** The records of one template after those of the other. */
  readonly lists: readonly TemplateList[];
}

/** Records of one template (RFC 6313, section 4.5.2). */
export interface TemplateList {
  /** How the records belong together; that of the whole where it is part of a list of several. */
  readonly semantic: ListSemantic;
  /** The template's number. */
  readonly template: number;
  /** The records; not there where the template is not known. */
  readonly records?: readonly FieldValues[];
}

/** The fields of a record in wire order: a name may stand more than once. */
export type FieldValues = readonly (readonly [name: string, value: FieldValue])[];

/** How the members of a list belong together (RFC 6313, section 4.4). */
export type ListSemantic =
  | "noneOf"
  | "exactlyOneOf"
  | "oneOrMoreOf"
  | "allOf"
  | "ordered"
  | "undefined";

const SEMANTICS: readonly ListSemantic[] = [
  "noneOf",
  "exactlyOneOf",
  "oneOrMoreOf",
  "allOf",
  "ordered",
];

/** What lists need to be taken apart. */
export interface ListContext {
  /** The version. */
  readonly dialect: TemplateDialect;
  /** Finds a template of the observation domain. */
  readonly findTemplate: (id: number) => Template | undefined;
}

/**
 * Reads all fields of a record, lists taken apart.
 *
 * Source: RFC 6313.
 *
 * @param template Its shape
 * @param view Octets that hold it
 * @param located Where its fields are
 * @param context Templates and elements
 * @param depth Lists that it lies in
 * @returns The fields in wire order; lists that contradict themselves are octets
 *
 * @example A list of two ports
 * ```ts
 * import { IPFIX_CODEC, readFields, Template } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * const { dialect } = IPFIX_CODEC;
 * const element = dialect.findElement(0, 291);
 * const field = { enterprise: 0, id: 291, length: 9, scope: false, element, name: "basicList" };
 * const view = new DataView(new Uint8Array([3, 0, 7, 0, 2, 0, 80, 1, 187]).buffer);
 * const located = { offsets: new Int32Array([0]), lengths: new Int32Array([9]) };
 * const context = { dialect, findTemplate: () => undefined };
 * assertEquals(readFields(new Template(256, [field]), view, located, context), [
 *   ["basicList", { semantic: "allOf", element: "sourceTransportPort", values: [80, 443] }],
 * ]);
 * ```
 */
export function readFields(
  template: Template,
  view: DataView,
  located: { readonly offsets: Int32Array; readonly lengths: Int32Array },
  context: ListContext,
  depth = 0,
): FieldValues {
  return template.fields.map(({ name, element }, index) => {
    const { offsets, lengths } = located;
    const at = { view, offset: offsets[index], length: lengths[index] };
    return [name, readValue(element, at, context, depth)] as const;
  });
}

/** Where a value lies. */
interface Octets {
  readonly view: DataView;
  readonly offset: number;
  readonly length: number;
}

function readValue(
  element: InformationElement | undefined,
  at: Octets,
  context: ListContext,
  depth: number,
): FieldValue {
  const type = element?.type ?? "octetArray";
  const { view, offset, length } = at;
  if (depth < LIST_DEPTH_MAX) {
    const list = readList(type, at, context, depth + 1);
    if (list !== undefined) return list;
  }
  return readElementValue(type, view, offset, length);
}

function readList(
  type: InformationElement["type"],
  at: Octets,
  context: ListContext,
  depth: number,
): FieldValue | undefined {
  switch (type) {
    case "basicList":
      return readBasicList(at, context, depth);
    case "subTemplateList":
      return readTemplateList(at, context, depth);
    case "subTemplateMultiList":
      return readMultiList(at, context, depth);
    default:
      return undefined;
  }
}

const semanticOf = (octet: number): ListSemantic => SEMANTICS[octet] ?? "undefined";

const BASIC_HEAD = 5;
const ENTERPRISE_BIT = 0x8000;

function readBasicList(
  { view, offset, length }: Octets,
  context: ListContext,
  depth: number,
): BasicList | undefined {
  if (length < BASIC_HEAD) return undefined;
  const end = offset + length;
  const semantic = semanticOf(view.getUint8(offset));
  const number = view.getUint16(offset + 1);
  const octets = view.getUint16(offset + 3);
  let start = offset + BASIC_HEAD;
  let enterprise = 0;
  if ((number & ENTERPRISE_BIT) !== 0) {
    if (length < BASIC_HEAD + 4) return undefined;
    enterprise = view.getUint32(start);
    start += 4;
  }
  const id = number & ~ENTERPRISE_BIT;
  const { name, element } = describeField(context.dialect, {
    enterprise,
    id,
    length: octets,
    scope: false,
  });
  // Values of no octets would be without end.
  if (octets === 0) return start === end ? { semantic, element: name, values: [] } : undefined;
  const values: FieldValue[] = [];
  const one = singleField(name, octets);
  const located = new RecordFields(1);
  for (let next = start; next < end;) {
    const behind = located.locate(one, view, next, end);
    if (behind < 0) return undefined;
    const at = { view, offset: located.offsets[0], length: located.lengths[0] };
    values.push(readValue(element, at, context, depth));
    next = behind;
  }
  return { semantic, element: name, values };
}

/** A template of one field: its values are found as those of records. */
function singleField(name: string, length: number): Template {
  const field = { enterprise: 0, id: 0, length, scope: false, element: undefined, name };
  return new Template(DATA_SET_MIN, [field]);
}

function readTemplateList(
  { view, offset, length }: Octets,
  context: ListContext,
  depth: number,
): TemplateList | undefined {
  if (length < 3) return undefined;
  const semantic = semanticOf(view.getUint8(offset));
  const id = view.getUint16(offset + 1);
  return readRecords(
    { view, offset: offset + 3, length: length - 3 },
    id,
    semantic,
    context,
    depth,
  );
}

const MULTI_HEAD = 4;

function readMultiList(
  { view, offset, length }: Octets,
  context: ListContext,
  depth: number,
): MultiList | undefined {
  if (length < 1) return undefined;
  const semantic = semanticOf(view.getUint8(offset));
  const end = offset + length;
  const lists: TemplateList[] = [];
  for (let next = offset + 1; next < end;) {
    if (end - next < MULTI_HEAD) return undefined;
    const id = view.getUint16(next);
    const octets = view.getUint16(next + 2);
    if (octets < MULTI_HEAD || next + octets > end) return undefined;
    const at = { view, offset: next + MULTI_HEAD, length: octets - MULTI_HEAD };
    const list = readRecords(at, id, semantic, context, depth);
    if (list === undefined) return undefined;
    lists.push(list);
    next += octets;
  }
  return { semantic, lists };
}

function readRecords(
  { view, offset, length }: Octets,
  id: number,
  semantic: ListSemantic,
  context: ListContext,
  depth: number,
): TemplateList | undefined {
  const template = context.findTemplate(id);
  if (template === undefined) return { semantic, template: id };
  const records: FieldValues[] = [];
  const located = new RecordFields(template.fields.length);
  const end = offset + length;
  for (let next = offset; next < end;) {
    const behind = located.locate(template, view, next, end);
    if (behind <= next) return undefined;
    records.push(readFields(template, view, located, context, depth));
    next = behind;
  }
  return { semantic, template: id, records };
}
