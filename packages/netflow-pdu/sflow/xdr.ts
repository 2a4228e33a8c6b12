/**
 * The notation in which the tables of this folder write structures down, after that of the
 * specification (XDR, RFC 4506), and what follows from it without looking at any bytes.
 *
 * @module
 */

/** Octets that a value of each plain type takes; `undefined` where it says so itself. */
export const XDR_TYPES = {
  /** Unsigned integer. */
  u32: 4,
  /** Signed integer. */
  i32: 4,
  /** Unsigned hyper. */
  u64: 8,
  /** IEEE 754 single. */
  float: 4,
  /** MAC address, filled up to a multiple of four. */
  mac: 8,
  ipv4: 4,
  ipv6: 16,
  /** Four octets, each of a meaning of its own. */
  octets4: 4,
  /** Identifier of 16 octets, as InfiniBand has them. */
  octets16: 16,
  /** Address with its type before it: 0 none, 1 IPv4, 2 IPv6. */
  address: undefined,
  /** Text with its length before it. */
  string: undefined,
  /** Octets with their length before them. */
  opaque: undefined,
  /** A compact sFlowDataSource: type in the highest octet, index in the others. */
  source: 4,
  /** A compact interface: format in the highest two bits, value in the others. */
  interface: 4,
  /** A flow record with format and length. */
  flow_record: undefined,
} as const;

/** A type that is not made of others. */
export type XdrPlainType = keyof typeof XDR_TYPES;

/** One field of a structure. */
export interface XdrField {
  /** Its name in the specification. */
  readonly name: string;
  /** What one value is: of a plain type, or a structure. */
  readonly type: XdrPlainType | readonly XdrField[];
  /** Whether any number of values stand there, their count before them. */
  readonly list: boolean;
}

/** Structures that others hold. */
export type XdrNames = Readonly<Record<string, readonly XdrField[]>>;

/**
 * Reads the notation: `type name name …; type name …`. A type may be one of {@linkcode XDR_TYPES}
 * or a structure by its name, and `[]` behind it makes it a list.
 *
 * @param text The fields in wire order
 * @param names Structures that the text may name
 * @returns The fields
 * @throws {RangeError} A type is unknown, or a name stands twice
 */
export function xdr(text: string, names: XdrNames = {}): readonly XdrField[] {
  const fields: XdrField[] = [];
  for (const group of text.split(";")) {
    const [word, ...rest] = group.trim().split(/\s+/);
    if (word === "") continue;
    const list = word.endsWith("[]");
    const name = list ? word.slice(0, -2) : word;
    const plain = Object.hasOwn(XDR_TYPES, name) ? name as XdrPlainType : undefined;
    const type = Object.hasOwn(names, name) ? names[name] : plain;
    if (type === undefined) throw new RangeError(`Cannot read structure: no type is "${name}"`);
    for (const name of rest) {
      if (fields.some((field) => field.name === name)) {
        throw new RangeError(`Cannot read structure: field "${name}" stands twice`);
      }
      fields.push({ name, type, list });
    }
  }
  return fields;
}

/**
 * Octets of a structure.
 *
 * @param fields Its fields
 * @returns The octets; `undefined` where they depend on the values
 */
export function xdrSize(fields: readonly XdrField[]): number | undefined {
  let size = 0;
  for (const { type, list } of fields) {
    const one = typeof type === "string" ? XDR_TYPES[type] : xdrSize(type);
    if (one === undefined || list) return undefined;
    size += one;
  }
  return size;
}

/**
 * Where the fields of a structure start, as far as that does not depend on values.
 *
 * @param fields Its fields
 * @returns Octets from the start of the structure, by name
 */
export function xdrOffsets(fields: readonly XdrField[]): Readonly<Record<string, number>> {
  const offsets: Record<string, number> = {};
  let offset = 0;
  for (const field of fields) {
    offsets[field.name] = offset;
    const size = xdrSize([field]);
    if (size === undefined) break;
    offset += size;
  }
  return offsets;
}
