/**
 * Octets and meaning of each abstract data type of IPFIX, in the order of the numbers that IANA
 * gave them.
 *
 * Source: RFC 7012, section 3.1; RFC 6313; RFC 9740, section 8.3.1.
 */
export const ELEMENT_TYPES = {
  octetArray: { octets: undefined, doc: "Octets without further meaning" },
  unsigned8: { octets: 1, doc: "Integer 0 to 2^8 - 1" },
  unsigned16: { octets: 2, doc: "Integer 0 to 2^16 - 1" },
  unsigned32: { octets: 4, doc: "Integer 0 to 2^32 - 1" },
  unsigned64: { octets: 8, doc: "Integer 0 to 2^64 - 1" },
  signed8: { octets: 1, doc: "Integer -2^7 to 2^7 - 1" },
  signed16: { octets: 2, doc: "Integer -2^15 to 2^15 - 1" },
  signed32: { octets: 4, doc: "Integer -2^31 to 2^31 - 1" },
  signed64: { octets: 8, doc: "Integer -2^63 to 2^63 - 1" },
  float32: { octets: 4, doc: "IEEE 754 single" },
  float64: { octets: 8, doc: "IEEE 754 double, or a single where it is four octets" },
  boolean: { octets: 1, doc: "1 for true, 2 for false" },
  macAddress: { octets: 6, doc: "IEEE 802 address" },
  string: { octets: undefined, doc: "UTF-8 text" },
  dateTimeSeconds: { octets: 4, doc: "Seconds since 1970-01-01 UTC" },
  dateTimeMilliseconds: { octets: 8, doc: "Milliseconds since 1970-01-01 UTC" },
  dateTimeMicroseconds: { octets: 8, doc: "NTP timestamp, the lowest 11 bits of no account" },
  dateTimeNanoseconds: { octets: 8, doc: "NTP timestamp" },
  ipv4Address: { octets: 4, doc: "IPv4 address" },
  ipv6Address: { octets: 16, doc: "IPv6 address" },
  basicList: { octets: undefined, doc: "List of values of one element (RFC 6313)" },
  subTemplateList: { octets: undefined, doc: "List of records of one template (RFC 6313)" },
  subTemplateMultiList: { octets: undefined, doc: "List of records of templates (RFC 6313)" },
  unsigned256: { octets: 32, doc: "Integer 0 to 2^256 - 1 (RFC 9740)" },
} as const;

/** The name of an abstract data type. */
export type ElementType = keyof typeof ELEMENT_TYPES;

/** The abstract data types whose values are several (RFC 6313). */
export const LIST_TYPES = [
  "basicList",
  "subTemplateList",
  "subTemplateMultiList",
] as const satisfies readonly ElementType[];

/** An abstract data type whose values are several. */
export type ListType = typeof LIST_TYPES[number];

/**
 * Whether values of an element are lists.
 *
 * @param type Its abstract data type, where that is known
 * @returns Whether it is one of `LIST_TYPES`
 */
export function isListType(type: ElementType | undefined): type is ListType {
  return (LIST_TYPES as readonly (ElementType | undefined)[]).includes(type);
}

/**
 * The abstract data types by the number that `informationElementDataType` (RFC 5610) gives them:
 * the first is number 0.
 */
export const ELEMENT_TYPE_NAMES: readonly ElementType[] = Object.keys(
  ELEMENT_TYPES,
) as ElementType[];

/** What is known of a field that templates can name. */
export interface InformationElement {
  /** Who defined it: 0 for IANA, else a private enterprise number. */
  readonly enterprise: number;
  /** Its number among those of the enterprise, 0 to 32767; up to 65535 in NetFlow v9. */
  readonly id: number;
  /** Its name, such as `octetDeltaCount`. */
  readonly name: string;
  /** How its values are to be read. */
  readonly type: ElementType;
}

/** One element as a row of data. */
export type ElementRow = readonly [id: number, name: string, type: ElementType];

/** The elements of one enterprise, as a table of data. */
export interface ElementTable {
  /** Who defined them: 0 for IANA, else a private enterprise number. */
  readonly enterprise: number;
  /** Who that is, such as `Cisco`. */
  readonly owner: string;
  /** Rows of id, name, type; no id twice. */
  readonly elements: readonly ElementRow[];
  /** The bit of an id that marks the reverse of the element without it, where they have one. */
  readonly reverseBit?: number;
}

/** The enterprise number under which an element counts what goes back (RFC 5103). */
export const REVERSE_ENTERPRISE = 29305;
