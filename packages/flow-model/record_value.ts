/** A value that a record has beyond the canonical fields. */
export type RecordValue = SingleValue | RepeatedValue;

/** What one field of a record holds. */
export type SingleValue = number | bigint | string | boolean | Uint8Array | RecordList;

/** The values of an element that a record has more than once, in wire order. */
export type RepeatedValue = readonly SingleValue[];

/** A value of several (RFC 6313), taken apart. */
export type RecordList = BasicList | TemplateList | MultiList;

/** How the members of a list belong together (RFC 6313, section 4.4). */
export type ListSemantic =
  | "noneOf"
  | "exactlyOneOf"
  | "oneOrMoreOf"
  | "allOf"
  | "ordered"
  | "undefined";

/** Values of one element (RFC 6313, section 4.5.1). */
export interface BasicList {
  /** How the values belong together. */
  readonly semantic: ListSemantic;
  /** The name of the element. */
  readonly element: string;
  /** The values in wire order. */
  readonly values: readonly SingleValue[];
}

/** Records of one template (RFC 6313, section 4.5.2). */
export interface TemplateList {
  /** How the records belong together; that of the whole where it is part of a list of several. */
  readonly semantic: ListSemantic;
  /** The template's number. */
  readonly template: number;
  /** The records; not there where the template is not known. */
  readonly records?: readonly RecordValues[];
}

/** Records of several templates (RFC 6313, section 4.5.3). */
export interface MultiList {
  /** How the records belong together. */
  readonly semantic: ListSemantic;
  /** The records of one template after those of the other. */
  readonly lists: readonly TemplateList[];
}

/** The fields of a record in wire order: a name may stand more than once. */
export type RecordValues = readonly (readonly [name: string, value: SingleValue])[];

/** What JSON can hold. */
export type JsonValue = number | string | boolean | null | readonly JsonValue[] | {
  readonly [name: string]: JsonValue;
};

/**
 * A value as JSON has it: numbers, text and truth as they are; integers that are `bigint` in
 * decimal, numbers that JSON lacks (`NaN`, `Infinity`) by name, octets in hexadecimal, all as text;
 * lists as objects.
 *
 * @param value The value
 * @returns What `JSON.stringify` keeps as it is
 *
 * @example
 * ```ts
 * import { valueJson } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(valueJson(80), 80);
 * assertEquals(valueJson(2n ** 64n - 1n), "18446744073709551615");
 * assertEquals(valueJson(new Uint8Array([0xca, 0xfe])), "cafe");
 * const ports = { semantic: "allOf", element: "port", values: [80, 2n ** 64n] } as const;
 * assertEquals(valueJson(ports), { ...ports, values: [80, "18446744073709551616"] });
 * ```
 */
export function valueJson(
  value: Exclude<SingleValue, RecordList>,
): number | string | boolean;
/**
 * A value that may be a list, or several, as JSON has it.
 *
 * @param value The value
 * @returns What `JSON.stringify` keeps as it is
 */
export function valueJson(value: RecordValue): JsonValue;
export function valueJson(value: RecordValue): JsonValue {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value !== "object") return value;
  if (value instanceof Uint8Array) return toHex(value);
  return isRepeated(value) ? value.map((each) => valueJson(each)) : listJson(value);
}

function isRepeated(value: RecordList | RepeatedValue): value is RepeatedValue {
  return Array.isArray(value);
}

function listJson(list: RecordList): JsonValue {
  const { semantic } = list;
  if ("values" in list) {
    return {
      semantic,
      element: list.element,
      values: list.values.map((value) => valueJson(value)),
    };
  }
  if ("lists" in list) return { semantic, lists: list.lists.map(listJson) };
  const { template, records } = list;
  return { semantic, template, ...(records && { records: records.map(recordJson) }) };
}

/**
 * A record as JSON has it: values by name; a name that stands more than once has an array of its
 * values, in wire order.
 *
 * @param values The fields of the record
 * @returns An object
 *
 * @example
 * ```ts
 * import { recordJson } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(recordJson([["port", 80], ["label", 16], ["label", 17]]), {
 *   port: 80,
 *   label: [16, 17],
 * });
 * ```
 */
export function recordJson(values: RecordValues): Record<string, JsonValue> {
  const found = new Map<string, JsonValue[]>();
  for (const [name, value] of values) {
    const shown = valueJson(value);
    const others = found.get(name);
    if (others === undefined) found.set(name, [shown]);
    else others.push(shown);
  }
  // Exporters name elements as they like: this keeps `__proto__`, too.
  return Object.fromEntries(
    [...found].map(([name, shown]) => [name, shown.length === 1 ? shown[0] : shown]),
  );
}

/**
 * A value as text of one line: octets in hexadecimal, lists and several values as JSON, the rest as
 * `String` has it.
 *
 * @param value The value
 * @returns The text
 *
 * @example
 * ```ts
 * import { valueText } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(valueText(new Uint8Array([0xca, 0xfe])), "cafe");
 * assertEquals(
 *   valueText({ semantic: "allOf", element: "port", values: [80] }),
 *   '{"semantic":"allOf","element":"port","values":[80]}',
 * );
 * ```
 */
export function valueText(value: RecordValue): string {
  if (typeof value !== "object") return String(value);
  return value instanceof Uint8Array ? toHex(value) : JSON.stringify(valueJson(value));
}

/** Octets in hexadecimal; not every runtime of this package has `Uint8Array.prototype.toHex`. */
function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
