import { formatIPv4 } from "@flowtools/flow-model";
import { FtFormatError } from "./errors.ts";
import { decodeText, encodeText, untilNul } from "./text.ts";

/** A header field as it is stored: a type and the bytes of its value. */
export interface RawTlv {
  /** The type, 0 to 65535. */
  readonly type: number;
  /** The value, at most 65,535 bytes. */
  readonly value: Uint8Array;
}

/** The name of an interface of an exporter. */
export interface IfName {
  /** Address of the exporter, as a number. */
  readonly address: number;
  /** SNMP index of the interface. */
  readonly ifIndex: number;
  /** Its name. */
  readonly name: string;
  /** The file has the damaged layout: one half of the address is unknown, and 0 here. */
  readonly damaged?: true;
}

/** One name for several interfaces of an exporter. */
export interface IfAlias {
  /** Address of the exporter, as a number. */
  readonly address: number;
  /** SNMP indexes of the interfaces. */
  readonly ifIndexes: readonly number[];
  /** The name they share. */
  readonly name: string;
  /** The file has the damaged layout: one half of the address is unknown, and 0 here. */
  readonly damaged?: true;
}

/** How the value of a header field is stored. */
export type TlvKind = "padding" | "u8" | "u16" | "u32" | "address" | "text" | "ifName" | "ifAlias";

/** One row of {@linkcode FT_TLVS}: everything that is known of a header field. */
export interface TlvRow {
  /** The type as it is stored. */
  readonly type: number;
  /** The member of the header that holds it. */
  readonly name: string;
  /** How the value is stored. */
  readonly kind: TlvKind;
  /** What it means. */
  readonly doc: string;
}

/**
 * Every header field of stream version 3, once, in the order in which flow-tools writes them.
 *
 * Source: flow-tools `ftlib.h` (types), `ftio.c` (order).
 */
export const FT_TLVS = [
  { type: 0x00, name: "padding", kind: "padding", doc: "Nothing" },
  { type: 0x01, name: "vendor", kind: "u8", doc: "Vendor of the exporter; 1 is Cisco" },
  { type: 0x02, name: "exportVersion", kind: "u16", doc: "Export version of the flows" },
  { type: 0x03, name: "aggregationVersion", kind: "u8", doc: "Version of the aggregation, 2" },
  { type: 0x04, name: "aggregation", kind: "u8", doc: "Aggregation method, 1 to 14" },
  { type: 0x05, name: "exporterAddress", kind: "address", doc: "Address of the exporter" },
  { type: 0x06, name: "captureStart", kind: "u32", doc: "When the capture began, Unix seconds" },
  { type: 0x07, name: "captureEnd", kind: "u32", doc: "When the capture ended, Unix seconds" },
  { type: 0x08, name: "flags", kind: "u32", doc: "Flags of the file" },
  { type: 0x09, name: "rotation", kind: "u32", doc: "Rotation schedule" },
  { type: 0x0a, name: "flowCount", kind: "u32", doc: "Flows in the file" },
  { type: 0x0b, name: "lost", kind: "u32", doc: "Flows that never arrived, by sequence numbers" },
  { type: 0x0c, name: "misordered", kind: "u32", doc: "Flows that arrived out of order" },
  { type: 0x0d, name: "corrupt", kind: "u32", doc: "Packets that could not be decoded" },
  { type: 0x0e, name: "sequenceResets", kind: "u32", doc: "Times that the sequence began anew" },
  { type: 0x0f, name: "hostname", kind: "text", doc: "Host name of the collector" },
  { type: 0x10, name: "comments", kind: "text", doc: "Comments" },
  { type: 0x11, name: "ifNames", kind: "ifName", doc: "Name of an interface" },
  { type: 0x12, name: "ifAliases", kind: "ifAlias", doc: "Name that several interfaces share" },
  { type: 0x13, name: "interrupt", kind: "u8", doc: "Interrupt code" },
] as const satisfies readonly TlvRow[];

type KnownTlv = (typeof FT_TLVS)[number];

/** Members of the header that hold numbers. */
export type FtNumberName = Extract<KnownTlv, { kind: "u8" | "u16" | "u32" | "address" }>["name"];

/** Members of the header that hold text. */
export type FtTextName = Extract<KnownTlv, { kind: "text" }>["name"];

/** Header members by name, as they come out of the fields and go into them. */
export interface TlvMembers {
  /** Members that hold numbers. */
  readonly numbers: { [Name in FtNumberName]?: number };
  /** Members that hold text. */
  readonly texts: { [Name in FtTextName]?: string };
  /** Interface names. */
  readonly ifNames: IfName[];
  /** Interface aliases. */
  readonly ifAliases: IfAlias[];
  /** Fields of types that are not in {@linkcode FT_TLVS}. */
  readonly unknown: RawTlv[];
}

/** Bytes of a value of each kind of number. */
const NUMBER_BYTES = { u8: 1, u16: 2, u32: 4, address: 4 } as const;

/** Type and length before each value. */
const PREFIX_BYTES = 4;

const VALUE_BYTES_MAX = 0xffff;

const ROW_BY_TYPE: ReadonlyMap<number, KnownTlv> = new Map(FT_TLVS.map((row) => [row.type, row]));

/**
 * Splits the fields of a header.
 *
 * @param header The whole header
 * @param start Where the first field starts
 * @param littleEndian Byte order of the header
 * @param source The file, for messages
 * @returns The fields in stored order; up to three bytes of padding at the end are none
 * @throws {FtFormatError} A field overruns the header
 */
export function splitTlvs(
  header: Uint8Array,
  start: number,
  littleEndian: boolean,
  source?: string,
): RawTlv[] {
  // One copy for all values: memory of its own for each would make a million tiny fields slow.
  const bytes = header.slice();
  const view = viewOf(bytes);
  const tlvs: RawTlv[] = [];
  let at = start;
  while (header.length - at >= PREFIX_BYTES) {
    const type = view.getUint16(at, littleEndian);
    const length = view.getUint16(at + 2, littleEndian);
    const room = header.length - at - PREFIX_BYTES;
    if (length > room) {
      throw new FtFormatError({
        code: "bad-tlv-length",
        state: `header field of type ${type} at byte ${at} has ${length} bytes, ` +
          `expected at most ${room}`,
        offset: at,
        expected: room,
        got: length,
      }, source);
    }
    at += PREFIX_BYTES;
    tlvs.push({ type, value: bytes.subarray(at, at + length) });
    at += length;
  }
  return tlvs;
}

/**
 * Decodes the fields of a header. Of a field that stands twice the last one counts, as in the
 * reference, except for interface names and aliases, which are lists.
 *
 * @param tlvs The fields, from {@linkcode splitTlvs}
 * @param start Where the first field starts, for messages
 * @param littleEndian Byte order of the header
 * @param source The file, for messages
 * @returns The members of the header
 * @throws {FtFormatError} A field is shorter than its type
 */
export function decodeTlvs(
  tlvs: readonly RawTlv[],
  start: number,
  littleEndian: boolean,
  source?: string,
): TlvMembers {
  const members: TlvMembers = { numbers: {}, texts: {}, ifNames: [], ifAliases: [], unknown: [] };
  let offset = start;
  for (const tlv of tlvs) {
    decodeTlv(tlv, offset, littleEndian, members, source);
    offset += PREFIX_BYTES + tlv.value.length;
  }
  return members;
}

function decodeTlv(
  tlv: RawTlv,
  offset: number,
  littleEndian: boolean,
  members: TlvMembers,
  source?: string,
): void {
  const row = ROW_BY_TYPE.get(tlv.type);
  if (row === undefined) {
    members.unknown.push(tlv);
    return;
  }
  switch (row.kind) {
    case "padding":
      break;
    case "text":
      members.texts[row.name] = decodeText(untilNul(tlv.value));
      break;
    case "ifName": {
      const ifName = decodeIfName(tlv.value, littleEndian);
      if (ifName === undefined) members.unknown.push(tlv);
      else members.ifNames.push(ifName);
      break;
    }
    case "ifAlias": {
      const ifAlias = decodeIfAlias(tlv.value, littleEndian);
      if (ifAlias === undefined) members.unknown.push(tlv);
      else members.ifAliases.push(ifAlias);
      break;
    }
    default: {
      const expected = NUMBER_BYTES[row.kind];
      const got = tlv.value.length;
      if (got < expected) {
        const state = `header field "${row.name}" at byte ${offset} has ${got} bytes, ` +
          `expected ${expected}`;
        throw new FtFormatError({ code: "bad-tlv-length", state, offset, expected, got }, source);
      }
      members.numbers[row.name] = readNumber(tlv.value, 0, expected, littleEndian);
    }
  }
}

/**
 * Encodes the members of a header as fields, in the order of {@linkcode FT_TLVS} and then the
 * unknown ones.
 *
 * @param members The members; what is not there gives no field
 * @param littleEndian Byte order of the header
 * @param originals Bytes of texts that were read from a file and were no UTF-8
 * @returns The fields
 * @throws {RangeError} A number does not fit its field
 */
export function encodeTlvs(
  members: TlvMembers,
  littleEndian: boolean,
  originals: ReadonlyMap<string, Uint8Array>,
): RawTlv[] {
  const textBytes = (text: string) => originals.get(text) ?? encodeText(text);
  const tlvs: RawTlv[] = [];
  for (const row of FT_TLVS) {
    const { type } = row;
    switch (row.kind) {
      case "padding":
        break;
      case "text": {
        const text = members.texts[row.name];
        if (text !== undefined) tlvs.push({ type, value: pack([], textBytes(text), littleEndian) });
        break;
      }
      case "ifName":
        for (const { address, ifIndex, name } of members.ifNames) {
          const numbers = [[4, address], [2, ifIndex]] as const;
          tlvs.push({ type, value: pack(numbers, textBytes(name), littleEndian) });
        }
        break;
      case "ifAlias":
        for (const { address, ifIndexes, name } of members.ifAliases) {
          const indexes = ifIndexes.map((ifIndex) => [2, ifIndex] as const);
          const numbers = [[4, address], [2, ifIndexes.length], ...indexes] as const;
          tlvs.push({ type, value: pack(numbers, textBytes(name), littleEndian) });
        }
        break;
      default: {
        const value = members.numbers[row.name];
        if (value === undefined) break;
        const width = NUMBER_BYTES[row.kind];
        if (!Number.isInteger(value) || value < 0 || value >= 2 ** (8 * width)) {
          throw new RangeError(
            `Cannot encode flow file header: ${row.name} is ${value}, ` +
              `expected an integer from 0 to ${2 ** (8 * width) - 1}`,
          );
        }
        tlvs.push({ type, value: pack([[width, value]], undefined, littleEndian) });
      }
    }
  }
  return [...tlvs, ...members.unknown];
}

/**
 * Joins fields.
 *
 * @param tlvs The fields
 * @param littleEndian Byte order of the header
 * @returns Their bytes, without padding
 * @throws {RangeError} A value is longer than its length field can tell
 */
export function joinTlvs(tlvs: readonly RawTlv[], littleEndian: boolean): Uint8Array {
  const size = tlvs.reduce((sum, { value }) => sum + PREFIX_BYTES + value.length, 0);
  const bytes = new Uint8Array(size);
  const view = viewOf(bytes);
  let at = 0;
  for (const { type, value } of tlvs) {
    if (value.length > VALUE_BYTES_MAX) {
      throw new RangeError(
        `Cannot encode flow file header: field of type ${type} has ${value.length} bytes, ` +
          `expected at most ${VALUE_BYTES_MAX}`,
      );
    }
    view.setUint16(at, type, littleEndian);
    view.setUint16(at + 2, value.length, littleEndian);
    bytes.set(value, at + PREFIX_BYTES);
    at += PREFIX_BYTES + value.length;
  }
  return bytes;
}

/**
 * The texts of a header whose bytes are no UTF-8, so that a rewritten header has the same bytes.
 *
 * @param tlvs The fields as they were read
 * @param littleEndian Byte order of the header
 * @returns Bytes by text
 */
export function foreignTexts(
  tlvs: readonly RawTlv[],
  littleEndian: boolean,
): Map<string, Uint8Array> {
  const originals = new Map<string, Uint8Array>();
  for (const { type, value } of tlvs) {
    const kind = ROW_BY_TYPE.get(type)?.kind;
    const start = kind === "text"
      ? 0
      : kind === "ifName"
      ? locateIfName(value)?.nameAt
      : kind === "ifAlias"
      ? locateIfAlias(value, littleEndian)?.nameAt
      : undefined;
    if (start === undefined) continue;
    const bytes = untilNul(value.subarray(start));
    const text = decodeText(bytes);
    if (encodeText(text).length !== bytes.length) originals.set(text, bytes);
  }
  return originals;
}

/** A header field in words. */
export interface TlvDescription {
  /** Bytes from the start of the header to the field. */
  readonly offset: number;
  /** The type as it is stored. */
  readonly type: number;
  /** Bytes of the value. */
  readonly length: number;
  /** The member of the header that holds it, or `unknown`. */
  readonly name: string;
  /** What it means. */
  readonly doc: string;
  /** The value as text; unknown ones in hexadecimal. */
  readonly value: string;
}

/**
 * Describes the fields of a header one by one, as they are stored.
 *
 * @param tlvs The fields, `tlvs` of a header of stream version 3
 * @param byteOrder Byte order of the header
 * @returns A line for each field
 *
 * @example
 * ```ts
 * import { describeTlvs } from "@flowtools/ft-format";
 * import { assertEquals } from "@std/assert";
 *
 * const [line] = describeTlvs([{ type: 2, value: new Uint8Array([5, 0]) }], "little");
 * assertEquals(line.name, "exportVersion");
 * assertEquals(line.value, "5");
 * ```
 */
export function describeTlvs(
  tlvs: readonly RawTlv[],
  byteOrder: "little" | "big",
): TlvDescription[] {
  let offset = 8;
  return tlvs.map((tlv): TlvDescription => {
    const row = ROW_BY_TYPE.get(tlv.type);
    const line = {
      offset,
      type: tlv.type,
      length: tlv.value.length,
      name: row?.name ?? "unknown",
      doc: row?.doc ?? "No known field",
      value: describeValue(tlv.value, row?.kind, byteOrder === "little"),
    };
    offset += PREFIX_BYTES + tlv.value.length;
    return line;
  });
}

function describeValue(value: Uint8Array, kind: TlvKind | undefined, little: boolean): string {
  const hex = () => Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("");
  switch (kind) {
    case undefined:
    case "padding":
      return hex();
    case "text":
      return decodeText(untilNul(value));
    case "ifName": {
      const found = decodeIfName(value, little);
      return found === undefined
        ? hex()
        : `${formatIPv4(found.address)} ${found.ifIndex} ${found.name}`;
    }
    case "ifAlias": {
      const found = decodeIfAlias(value, little);
      return found === undefined
        ? hex()
        : `${formatIPv4(found.address)} ${found.ifIndexes.join(" ")} ${found.name}`;
    }
    default: {
      if (value.length < NUMBER_BYTES[kind]) return hex();
      const number = readNumber(value, 0, NUMBER_BYTES[kind], little);
      return kind === "address" ? formatIPv4(number) : String(number);
    }
  }
}

// Interface names and aliases. The reference advances two bytes after the four of the address, so
// that what follows overwrites its second half, and the value ends in two stray NULs; its reader
// expects the layout that was meant. Where the name's first NUL stands tells the two apart.

interface IfLayout {
  readonly damaged: boolean;
  /** Where the interface number, or the count of them, stands. */
  readonly numberAt: number;
  readonly nameAt: number;
}

/** Bytes of the address that the damaged layout keeps. */
const ADDRESS_BYTES_KEPT = 2;

function locateIfName(value: Uint8Array): IfLayout | undefined {
  if (value.indexOf(0, 6) === value.length - 1 && value.length > 6) {
    return { damaged: false, numberAt: 4, nameAt: 6 };
  }
  return isDamaged(value, 4) ? { damaged: true, numberAt: 2, nameAt: 4 } : undefined;
}

function locateIfAlias(value: Uint8Array, littleEndian: boolean): IfLayout | undefined {
  if (value.length < 7) return undefined;
  const nameAt = 6 + 2 * readNumber(value, 4, 2, littleEndian);
  if (nameAt < value.length && value.indexOf(0, nameAt) === value.length - 1) {
    return { damaged: false, numberAt: 4, nameAt };
  }
  const damagedNameAt = 4 + 2 * readNumber(value, 2, 2, littleEndian);
  if (!isDamaged(value, damagedNameAt)) return undefined;
  return { damaged: true, numberAt: 2, nameAt: damagedNameAt };
}

function isDamaged(value: Uint8Array, nameAt: number): boolean {
  return value.length >= nameAt + 3 && value.indexOf(0, nameAt) === value.length - 3;
}

function decodeIfName(value: Uint8Array, littleEndian: boolean): IfName | undefined {
  const layout = locateIfName(value);
  if (layout === undefined) return undefined;
  return {
    address: readIfAddress(value, layout, littleEndian),
    ifIndex: readNumber(value, layout.numberAt, 2, littleEndian),
    name: decodeText(untilNul(value.subarray(layout.nameAt))),
    ...(layout.damaged ? { damaged: true } : undefined),
  };
}

function decodeIfAlias(value: Uint8Array, littleEndian: boolean): IfAlias | undefined {
  const layout = locateIfAlias(value, littleEndian);
  if (layout === undefined) return undefined;
  const ifIndexes: number[] = [];
  for (let at = layout.numberAt + 2; at < layout.nameAt; at += 2) {
    ifIndexes.push(readNumber(value, at, 2, littleEndian));
  }
  return {
    address: readIfAddress(value, layout, littleEndian),
    ifIndexes,
    name: decodeText(untilNul(value.subarray(layout.nameAt))),
    ...(layout.damaged ? { damaged: true } : undefined),
  };
}

/** Of a damaged address the first two bytes are left: its low half if little endian, else high. */
function readIfAddress(value: Uint8Array, layout: IfLayout, littleEndian: boolean): number {
  const bytes = value.slice(0, 4);
  if (layout.damaged) bytes.fill(0, ADDRESS_BYTES_KEPT);
  return readNumber(bytes, 0, 4, littleEndian);
}

function readNumber(
  bytes: Uint8Array,
  offset: number,
  width: 1 | 2 | 4,
  littleEndian: boolean,
): number {
  const view = viewOf(bytes);
  if (width === 1) return view.getUint8(offset);
  return width === 2 ? view.getUint16(offset, littleEndian) : view.getUint32(offset, littleEndian);
}

/** Numbers, and then text with its NUL where there is text. */
function pack(
  numbers: readonly (readonly [width: 1 | 2 | 4, value: number])[],
  text: Uint8Array | undefined,
  littleEndian: boolean,
): Uint8Array {
  const textAt = numbers.reduce((sum, [width]) => sum + width, 0);
  const bytes = new Uint8Array(textAt + (text === undefined ? 0 : text.length + 1));
  const view = viewOf(bytes);
  let at = 0;
  for (const [width, value] of numbers) {
    if (width === 1) view.setUint8(at, value);
    else if (width === 2) view.setUint16(at, value, littleEndian);
    else view.setUint32(at, value, littleEndian);
    at += width;
  }
  if (text !== undefined) bytes.set(text, textAt);
  return bytes;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
