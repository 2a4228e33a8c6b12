import { type XdrField, xdrSize } from "./xdr.ts";

/** A structure of the sFlow specifications that has a format number. */
export interface SflowStructure {
  /** Who defined it: 0 for sFlow.org, else a private enterprise number. */
  readonly enterprise: number;
  /** Its number among those of the enterprise and the kind. */
  readonly format: number;
  /** Its name in the specification. */
  readonly name: string;
  /** Its fields in wire order. */
  readonly fields: readonly XdrField[];
  /** Its octets; `undefined` where they depend on the values. */
  readonly size: number | undefined;
}

/** Bits of a data format below the enterprise. */
const FORMAT_BITS = 12;

/**
 * A data format as it stands on the wire.
 *
 * @param enterprise Who defined it
 * @param format Its number
 * @returns 20 bits of enterprise, 12 of format
 */
export function dataFormat(enterprise: number, format: number): number {
  return ((enterprise << FORMAT_BITS) | format) >>> 0;
}

/** The enterprise of a data format. */
export function enterpriseOf(tag: number): number {
  return tag >>> FORMAT_BITS;
}

/** The format number of a data format. */
export function formatOf(tag: number): number {
  return tag & 0xfff;
}

/**
 * Makes a structure.
 *
 * @param format Its number; one of an enterprise as `[enterprise, format]`
 * @param name Its name
 * @param fields Its fields
 * @returns The structure
 */
export function structure(
  format: number | readonly [enterprise: number, format: number],
  name: string,
  fields: readonly XdrField[],
): SflowStructure {
  const [enterprise, number] = typeof format === "number" ? [0, format] : format;
  return { enterprise, format: number, name, fields, size: xdrSize(fields) };
}

/**
 * Structures by their data formats.
 *
 * @param structures Structures of one kind
 * @returns The table
 * @throws {RangeError} Two have the same data format
 */
export function byDataFormat(
  structures: readonly SflowStructure[],
): ReadonlyMap<number, SflowStructure> {
  const table = new Map<number, SflowStructure>();
  for (const row of structures) {
    const tag = dataFormat(row.enterprise, row.format);
    if (table.has(tag)) {
      throw new RangeError(`Cannot list structure ${row.name}: ${table.get(tag)?.name} is there`);
    }
    table.set(tag, row);
  }
  return table;
}
