import type {
  BasicList,
  ListSemantic,
  MultiList,
  RecordList,
  RecordValues,
  SingleValue,
  TemplateList,
} from "@flowtools/flow-model";
import { type InformationElement, isListType, type ListType } from "../elements/element.ts";
import { readElementValue } from "../elements/value.ts";
import { LIST_DEPTH_MAX, LIST_VALUES_MAX } from "./limits.ts";
import { DATA_SET_MIN, describeField, type TemplateDialect } from "./read_templates.ts";
import { RecordFields, Template } from "./template.ts";

const SEMANTICS: readonly ListSemantic[] = [
  "noneOf",
  "exactlyOneOf",
  "oneOrMoreOf",
  "allOf",
  "ordered",
];

/** What lists need to be taken apart. */
export interface ListContext {
  /** The version, and the elements. */
  readonly dialect: TemplateDialect;
  /** Finds a template of the observation domain. */
  readonly findTemplate: (id: number) => Template | undefined;
}

/** Where the fields of a record lie: for each, its offset in a view, and its octets. */
export interface FieldPlaces {
  /** For each field, where its octets start in the view. */
  readonly offsets: Int32Array;
  /** For each field, its octets. */
  readonly lengths: Int32Array;
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
 * @returns The fields in wire order; lists that contradict themselves are octets,
 * as are those within more than 8 others, or in records of more than 65,536 values
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
  located: FieldPlaces,
  context: ListContext,
): RecordValues {
  return new ListReader(view, context).fields(template, located);
}

/**
 * Finds the numbers of templates that the lists of a record tell, those of lists within lists
 * included: all those that `readFields` asks for, so that with other numbers for the same templates it
 * comes as far, in lists that contradict themselves as well.
 *
 * @param template The shape of the record
 * @param view Octets that hold it
 * @param located Where its fields are
 * @param context Templates and elements
 * @returns For each number, its offset in the view; the same number may stand more than once
 */
export function findListNumbers(
  template: Template,
  view: DataView,
  located: FieldPlaces,
  context: ListContext,
): readonly number[] {
  const numbers: number[] = [];
  const reader = new ListReader(view, context, numbers);
  for (const [index, { element }] of template.fields.entries()) {
    if (isListType(element?.type)) reader.field(template, index, located);
  }
  return numbers;
}

/** Where a value lies. */
interface Place {
  readonly offset: number;
  readonly length: number;
}

const BASIC_HEAD = 5;
const ENTERPRISE_BIT = 0x8000;
const LIST_HEAD = 3;
const MULTI_HEAD = 4;

/** Reads the fields of one record, lists taken apart. */
export class ListReader {
  readonly #view: DataView;
  readonly #context: ListContext;
  readonly #numbers: number[] | undefined;
  /** Values that lists may still have. */
  #left = LIST_VALUES_MAX;
  /** Lists that what is read lies in. */
  #depth = 0;

  /**
   * @param view Octets that hold the record
   * @param context Templates and elements
   * @param numbers Takes where lists tell numbers of templates; values are not read then
   */
  constructor(view: DataView, context: ListContext, numbers?: number[]) {
    this.#view = view;
    this.#context = context;
    this.#numbers = numbers;
  }

  /** All fields of a record that was located. */
  fields(template: Template, located: FieldPlaces): RecordValues {
    return template.fields.map(({ name }, index) =>
      [name, this.field(template, index, located)] as const
    );
  }

  /** One field of a record that was located. */
  field({ fields }: Template, index: number, { offsets, lengths }: FieldPlaces): SingleValue {
    return this.#value(fields[index].element, { offset: offsets[index], length: lengths[index] });
  }

  #value(element: InformationElement | undefined, at: Place): SingleValue {
    const type = element?.type ?? "octetArray";
    if (isListType(type)) {
      const list = this.#list(type, at);
      if (list !== undefined) return list;
    }
    if (this.#numbers !== undefined) return 0;
    return readElementValue(type, this.#view, at.offset, at.length);
  }

  /** A list; `undefined` where it contradicts itself, or a bound is reached. */
  #list(type: ListType, at: Place): RecordList | undefined {
    if (this.#depth >= LIST_DEPTH_MAX) return undefined;
    this.#depth++;
    const list = this.#listOf(type, at);
    this.#depth--;
    return list;
  }

  #listOf(type: ListType, at: Place): RecordList | undefined {
    switch (type) {
      case "basicList":
        return this.#basicList(at);
      case "subTemplateList":
        return this.#templateList(at);
      case "subTemplateMultiList":
        return this.#multiList(at);
    }
  }

  #basicList({ offset, length }: Place): BasicList | undefined {
    if (length < BASIC_HEAD) return undefined;
    const view = this.#view;
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
    const { name, element } = describeField(this.#context.dialect, {
      enterprise,
      id,
      length: octets,
      scope: false,
    });
    // Values of no octets would be without end.
    if (octets === 0) return start === end ? { semantic, element: name, values: [] } : undefined;
    const values: SingleValue[] = [];
    const one = singleField(name, octets);
    const located = new RecordFields(1);
    for (let next = start; next < end;) {
      const behind = located.locate(one, view, next, end);
      if (behind < 0 || --this.#left < 0) return undefined;
      values.push(
        this.#value(element, { offset: located.offsets[0], length: located.lengths[0] }),
      );
      next = behind;
    }
    return { semantic, element: name, values };
  }

  #templateList({ offset, length }: Place): TemplateList | undefined {
    if (length < LIST_HEAD) return undefined;
    const semantic = semanticOf(this.#view.getUint8(offset));
    const at = { offset: offset + LIST_HEAD, length: length - LIST_HEAD };
    return this.#records(at, offset + 1, semantic);
  }

  #multiList({ offset, length }: Place): MultiList | undefined {
    if (length < 1) return undefined;
    const view = this.#view;
    const semantic = semanticOf(view.getUint8(offset));
    const end = offset + length;
    const lists: TemplateList[] = [];
    for (let next = offset + 1; next < end;) {
      if (end - next < MULTI_HEAD) return undefined;
      const octets = view.getUint16(next + 2);
      if (octets < MULTI_HEAD || next + octets > end || --this.#left < 0) return undefined;
      const at = { offset: next + MULTI_HEAD, length: octets - MULTI_HEAD };
      const list = this.#records(at, next, semantic);
      if (list === undefined) return undefined;
      lists.push(list);
      next += octets;
    }
    return { semantic, lists };
  }

  #records(
    { offset, length }: Place,
    numberAt: number,
    semantic: ListSemantic,
  ): TemplateList | undefined {
    const view = this.#view;
    const id = view.getUint16(numberAt);
    const template = this.#context.findTemplate(id);
    this.#numbers?.push(numberAt);
    if (template === undefined) return { semantic, template: id };
    const records: RecordValues[] = [];
    const located = new RecordFields(template.fields.length);
    const end = offset + length;
    for (let next = offset; next < end;) {
      const behind = located.locate(template, view, next, end);
      this.#left -= template.fields.length;
      if (behind <= next || this.#left < 0) return undefined;
      records.push(this.fields(template, located));
      next = behind;
    }
    return { semantic, template: id, records };
  }
}

const semanticOf = (octet: number): ListSemantic => SEMANTICS[octet] ?? "undefined";

/** A template of one field: its values are found as those of records. */
function singleField(name: string, length: number): Template {
  const field = { enterprise: 0, id: 0, length, scope: false, element: undefined, name };
  return new Template(DATA_SET_MIN, [field]);
}
