import { formatIPv4, formatIPv6 } from "@flowtools/flow-model";
import { hexOctets } from "../dump.ts";
import { padded } from "./cursor.ts";
import { FLOW_STRUCTURE_BY_FORMAT } from "./flow_structures.ts";
import { SFLOW_NESTING_MAX } from "./limits.ts";
import { enterpriseOf, formatOf } from "./structure.ts";
import type { XdrField, XdrPlainType } from "./xdr.ts";

/**
 * A value of a structure, as JSON has them: numbers, as text where they are above 2^53 − 1 or not
 * finite; addresses, MAC addresses and strings as text; opaque octets as hexadecimal text; an
 * address of unknown type as `null`.
 */
export type SflowValue =
  | number
  | string
  | null
  | readonly SflowValue[]
  | { readonly [name: string]: SflowValue };

/** Fields by their names in the specification, in wire order. */
export type SflowFields = Record<string, SflowValue>;

/** Told of each value that is not made of others: its path, its place and what it is. */
export type LeafVisitor = (
  name: string,
  offset: number,
  width: number,
  value: number | string | null,
) => void;

const UTF8 = new TextDecoder();

/** Reads values one behind the other, as far as the bytes go. */
export class ValueReader {
  /** Where the next value starts. */
  at: number;
  /** Whether the bytes ended before the values did. */
  short = false;
  readonly #view: DataView;
  readonly #end: number;
  readonly #visit: LeafVisitor | undefined;
  readonly #depth: number;

  /**
   * Makes a reader.
   *
   * @param view Bytes
   * @param at Where the first value starts
   * @param end Where the bytes end
   * @param visit Told of each value
   * @param depth Records that the values are within
   */
  constructor(view: DataView, at: number, end: number, visit?: LeafVisitor, depth = 0) {
    this.#view = view;
    this.at = at;
    this.#end = end;
    this.#visit = visit;
    this.#depth = depth;
  }

  /**
   * Reads the fields of a structure.
   *
   * @param fields The fields
   * @param path What to put before their names when the visitor is told of them
   * @returns Those that are whole; a list has the values that are
   */
  fields(fields: readonly XdrField[], path = ""): SflowFields {
    const values: SflowFields = {};
    for (const { name, type, list } of fields) {
      if (this.short) break;
      const value = list ? this.#list(type, path + name) : this.#value(type, path + name);
      if (value !== undefined) values[name] = value;
    }
    return values;
  }

  /** Each value takes four bytes at least, so a count that lies ends with the bytes. */
  #list(type: XdrPlainType | readonly XdrField[], path: string): SflowValue[] | undefined {
    const count = this.#number(`${path}.count`, "u32");
    if (typeof count !== "number") return undefined;
    const values: SflowValue[] = [];
    for (let i = 0; i < count && !this.short; i++) {
      const value = this.#value(type, `${path}[${i}]`);
      if (value !== undefined) values.push(value);
    }
    return values;
  }

  #value(type: XdrPlainType | readonly XdrField[], path: string): SflowValue | undefined {
    if (typeof type !== "string") return this.fields(type, `${path}.`);
    switch (type) {
      case "string":
      case "opaque":
        return this.#octets(path, type);
      case "address":
        return this.#address(path);
      case "source":
        return this.#split(path, 24, "source_id_type", "source_id_index");
      case "interface":
        return this.#split(path, 30, "format", "value");
      case "flow_record":
        return this.#record(path);
      default:
        return this.#number(path, type);
    }
  }

  /** A value of fixed size. */
  #number(
    path: string,
    type: Exclude<
      XdrPlainType,
      "string" | "opaque" | "address" | "source" | "interface" | "flow_record"
    >,
  ): number | string | undefined {
    switch (type) {
      case "u32":
        return this.#leaf(path, 4, (view, at) => view.getUint32(at));
      case "i32":
        return this.#leaf(path, 4, (view, at) => view.getInt32(at));
      case "u64":
        return this.#leaf(path, 8, readUint64);
      case "float":
        return this.#leaf(path, 4, readFloat);
      case "mac":
        return this.#leaf(path, 8, formatMac);
      case "ipv4":
        return this.#leaf(path, 4, readIPv4);
      case "ipv6":
        return this.#leaf(path, 16, readIPv6);
      case "octets4":
        return this.#leaf(path, 4, (view, at) => hexOctets(view, at, 4));
      case "octets16":
        return this.#leaf(path, 16, (view, at) => hexOctets(view, at, 16));
    }
  }

  #address(path: string): string | null | undefined {
    const type = this.#number(`${path}.type`, "u32");
    switch (type) {
      case 0:
        return null;
      case 1:
        return this.#leaf(path, 4, readIPv4);
      case 2:
        return this.#leaf(path, 16, readIPv6);
      default:
        // How long an address of another type is, nobody knows.
        this.short = true;
        return undefined;
    }
  }

  #octets(path: string, type: "string" | "opaque"): string | undefined {
    const length = this.#number(`${path}.length`, "u32");
    if (typeof length !== "number") return undefined;
    const value = this.#leaf(path, length, (view, at) => {
      if (type === "opaque") return hexOctets(view, at, length);
      return UTF8.decode(new Uint8Array(view.buffer, view.byteOffset + at, length));
    });
    if (value !== undefined) this.at = Math.min(this.at - length + padded(length), this.#end);
    return value;
  }

  #split(path: string, bits: number, upper: string, lower: string): SflowValue | undefined {
    const both = this.#leaf(path, 4, (view, at) => view.getUint32(at));
    if (both === undefined) return undefined;
    return { [upper]: both >>> bits, [lower]: both & (2 ** bits - 1) };
  }

  #record(path: string): SflowValue | undefined {
    const tag = this.#number(`${path}.flow_format`, "u32");
    const length = this.#number(`${path}.flow_data_length`, "u32");
    if (typeof tag !== "number" || typeof length !== "number") return undefined;
    if (length > this.#end - this.at) {
      this.short = true;
      return undefined;
    }
    const start = this.at;
    const end = start + length;
    this.at = Math.min(start + padded(length), this.#end);
    const known = this.#depth < SFLOW_NESTING_MAX ? FLOW_STRUCTURE_BY_FORMAT.get(tag) : undefined;
    const inner = new ValueReader(this.#view, start, end, this.#visit, this.#depth + 1);
    const values = inner.fields(known?.fields ?? [], `${path}.`);
    return {
      title: known?.name ?? "unknown",
      enterprise: enterpriseOf(tag),
      format: formatOf(tag),
      fields: values,
      ...(inner.at < end && { hex: hexOctets(this.#view, inner.at, end - inner.at) }),
    };
  }

  #leaf<Value extends number | string>(
    path: string,
    width: number,
    read: (view: DataView, at: number) => Value,
  ): Value | undefined {
    if (width > this.#end - this.at) {
      this.short = true;
      return undefined;
    }
    const value = read(this.#view, this.at);
    this.#visit?.(path, this.at, width, value);
    this.at += width;
    return value;
  }
}

function readUint64(view: DataView, at: number): number | string {
  const value = view.getBigUint64(at);
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : String(value);
}

function readFloat(view: DataView, at: number): number | string {
  const value = view.getFloat32(at);
  return Number.isFinite(value) ? value : String(value);
}

function readIPv4(view: DataView, at: number): string {
  return formatIPv4(view.getUint32(at));
}

function readIPv6(view: DataView, at: number): string {
  return formatIPv6(new Uint8Array(view.buffer, view.byteOffset + at, 16));
}

/**
 * A MAC address as text.
 *
 * @param view Bytes
 * @param at Where it starts
 * @returns Hexadecimal octets between colons
 */
export function formatMac(view: DataView, at: number): string {
  return hexOctets(view, at, 6).replace(/..\B/g, "$&:");
}
