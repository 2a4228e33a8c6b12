import type { InformationElement } from "../elements/element.ts";
import { Template, type TemplateField } from "./template.ts";

/** How the versions with templates differ on the wire. */
export interface TemplateDialect {
  /** Export version. */
  readonly version: 9 | 10;
  /** Finds what is known of an element. */
  readonly findElement: (enterprise: number, id: number) => InformationElement | undefined;
}

/** The set numbers and rules of NetFlow v9 (RFC 3954) and IPFIX (RFC 7011). */
export const SET_NUMBERS = { 9: { template: 0, options: 1 }, 10: { template: 2, options: 3 } };

/** The first set number of data. */
export const DATA_SET_MIN = 256;

/** Names of the scopes of NetFlow v9, which has numbers of its own for them (RFC 3954, 6.1). */
const V9_SCOPES: Readonly<Record<number, string>> = {
  1: "scopeSystem",
  2: "scopeInterface",
  3: "scopeLineCard",
  4: "scopeCache",
  5: "scopeTemplate",
};

/** The bit that says that the number of an enterprise follows. */
const ENTERPRISE_BIT = 0x8000;

/** What is wrong in a set of templates. */
export interface TemplateFault {
  /** Where, in the view. */
  readonly offset: number;
  readonly expected: number;
  readonly got: number;
}

/** What takes the templates of a set, in wire order. */
export interface TemplateReceiver {
  /** A template. */
  template(template: Template): void;
  /** A template that is no more; the number of its kind of set for all of that kind. */
  withdraw(id: number, options: boolean): void;
}

/**
 * Reads the templates of a set.
 *
 * Source: RFC 3954 sections 5.2 and 6.1, RFC 7011 section 3.4.
 *
 * @param dialect The version
 * @param options Whether they are options templates
 * @param view Octets that hold the set
 * @param from Where its first template starts
 * @param to Where the set ends
 * @param receiver What takes them
 * @returns What is wrong; templates before it were taken
 */
export function readTemplates(
  dialect: TemplateDialect,
  options: boolean,
  view: DataView,
  from: number,
  to: number,
  receiver: TemplateReceiver,
): TemplateFault | undefined {
  let offset = from;
  // Fewer octets than a template has at least are padding.
  while (to - offset >= HEAD_OCTETS) {
    const id = view.getUint16(offset);
    if (id === 0 && isZero(view, offset, to)) return undefined;
    const head = options ? readOptionsHead(dialect, view, offset, to) : {
      scopes: undefined,
      fields: view.getUint16(offset + 2),
      octets: HEAD_OCTETS,
    };
    if (head === undefined) {
      return { offset, expected: OPTIONS_HEAD_OCTETS, got: to - offset };
    }
    if (head.fields === 0 && dialect.version === 10) {
      receiver.withdraw(id, options);
      offset += HEAD_OCTETS;
      continue;
    }
    const all = { count: head.fields, scopes: head.scopes ?? 0 };
    const start = offset + head.octets;
    const fields = readFields(dialect, view, start, to, all);
    if (fields === undefined) {
      return { offset, expected: head.fields * FIELD_OCTETS, got: to - start };
    }
    if (id < DATA_SET_MIN || (head.scopes ?? 0) > head.fields) {
      return { offset, expected: DATA_SET_MIN, got: id };
    }
    receiver.template(new Template(id, fields.fields, head.scopes));
    offset = fields.end;
  }
  return undefined;
}

/** Octets of the head of a template, of an options template, and of a field at least. */
const HEAD_OCTETS = 4;
const OPTIONS_HEAD_OCTETS = 6;
const FIELD_OCTETS = 4;

function readOptionsHead(
  { version }: TemplateDialect,
  view: DataView,
  offset: number,
  to: number,
): { scopes: number | undefined; fields: number; octets: number } | undefined {
  const second = view.getUint16(offset + 2);
  // An IPFIX withdrawal ends behind the count of fields, which is 0.
  if (version === 10 && second === 0) return { scopes: 0, fields: 0, octets: HEAD_OCTETS };
  if (to - offset < OPTIONS_HEAD_OCTETS) return undefined;
  const third = view.getUint16(offset + 4);
  return version === 10
    ? { scopes: third, fields: second, octets: OPTIONS_HEAD_OCTETS }
    // NetFlow v9 counts octets, first those of scopes, then those of the rest.
    : {
      scopes: Math.floor(second / FIELD_OCTETS),
      fields: Math.floor(second / FIELD_OCTETS) + Math.floor(third / FIELD_OCTETS),
      octets: OPTIONS_HEAD_OCTETS,
    };
}

function readFields(
  dialect: TemplateDialect,
  view: DataView,
  from: number,
  to: number,
  { count, scopes }: { count: number; scopes: number },
): { fields: TemplateField[]; end: number } | undefined {
  if (to - from < count * FIELD_OCTETS) return undefined;
  const fields: TemplateField[] = [];
  let offset = from;
  for (let index = 0; index < count; index++) {
    if (to - offset < FIELD_OCTETS) return undefined;
    let id = view.getUint16(offset);
    const length = view.getUint16(offset + 2);
    let enterprise = 0;
    offset += FIELD_OCTETS;
    if (dialect.version === 10 && (id & ENTERPRISE_BIT) !== 0) {
      if (to - offset < 4) return undefined;
      id &= ~ENTERPRISE_BIT;
      enterprise = view.getUint32(offset);
      offset += 4;
    }
    fields.push(describeField(dialect, { enterprise, id, length, scope: index < scopes }));
  }
  return { fields, end: offset };
}

/** Finds the name of a field. */
export function describeField(
  { version, findElement }: TemplateDialect,
  field: Pick<TemplateField, "enterprise" | "id" | "length" | "scope">,
): TemplateField {
  const { enterprise, id, scope } = field;
  if (scope && version === 9) {
    return { ...field, element: undefined, name: V9_SCOPES[id] ?? `scope${id}` };
  }
  const element = findElement(enterprise, id);
  return { ...field, element, name: element?.name ?? `${enterprise}.${id}` };
}

function isZero(view: DataView, from: number, to: number): boolean {
  for (let offset = from; offset < to; offset++) if (view.getUint8(offset) !== 0) return false;
  return true;
}
