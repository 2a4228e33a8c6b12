import { parseIPv4, parseIPv6 } from "@flowtools/flow-model";
import { ELEMENT_TYPES, type ElementType } from "./element.ts";
import { microsecondsToNtp, nanosecondsToNtp, type NtpTime } from "./ntp_time.ts";
import type { ElementValue } from "./value.ts";

const UTF8 = new TextEncoder();

/**
 * How many octets a value takes where a template leaves that to each record (variable length), and
 * at most where it does not: text and octets as many as they have, other values as many as their
 * type says.
 *
 * @param type The type of the element
 * @param value The value
 * @returns Octets
 *
 * @example
 * ```ts
 * import { elementOctets } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(elementOctets("string", "Köln"), 5);
 * assertEquals(elementOctets("unsigned32", 7), 4);
 * ```
 */
export function elementOctets(type: ElementType, value: ElementValue): number {
  if (typeof value === "object") return value.length;
  if (type === "string" && typeof value === "string") return UTF8.encode(value).length;
  return ELEMENT_TYPES[type].octets ?? 0;
}

/**
 * Writes a value: the inverse of `readElementValue`. All octets of the field are written: what text
 * leaves over is NULs, and a value that does not fit leaves all of them 0, except that text which
 * is too long is cut between characters.
 *
 * A value fits where `readElementValue` would give it back (floats may lose digits); octets of just
 * the length of the field do for every type.
 *
 * Source: RFC 7011, sections 6.1 and 6.2.
 *
 * @param type How the value is to be written
 * @param value The value
 * @param view Where it goes
 * @param offset Where it starts in the view
 * @param length Octets of the field
 * @returns Whether it fits
 * @throws {RangeError} The view ends before the field does
 *
 * @example
 * ```ts
 * import { writeElementValue } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * const octets = new Uint8Array(4);
 * const view = new DataView(octets.buffer);
 * assertEquals(writeElementValue("ipv4Address", "192.0.2.1", view, 0, 4), true);
 * assertEquals(octets, new Uint8Array([192, 0, 2, 1]));
 * assertEquals(writeElementValue("unsigned64", 65536, view, 0, 2), false);
 * ```
 */
export function writeElementValue(
  type: ElementType,
  value: ElementValue,
  view: DataView,
  offset: number,
  length: number,
): boolean {
  if (offset + length > view.byteLength) {
    throw new RangeError(
      `Cannot write element value: it takes bytes ${offset} to ${offset + length}, ` +
        `the view has ${view.byteLength}`,
    );
  }
  const octets = new Uint8Array(view.buffer, view.byteOffset + offset, length);
  octets.fill(0);
  if (typeof value === "object") return writeOctets(value, octets);
  switch (type) {
    case "unsigned8":
    case "unsigned16":
    case "unsigned32":
    case "unsigned64":
      return length <= 8 && writeInteger(value, octets, false);
    case "unsigned256":
      return length <= ELEMENT_TYPES.unsigned256.octets && writeInteger(value, octets, false);
    case "signed8":
    case "signed16":
    case "signed32":
    case "signed64":
      return length <= 8 && writeInteger(value, octets, true);
    case "dateTimeSeconds":
    case "dateTimeMilliseconds":
      return length >= 1 && length <= 8 && writeInteger(value, octets, false);
    case "boolean": {
      const number = value === true ? 1 : value === false ? 2 : value;
      return length >= 1 && length <= 8 && writeInteger(number, octets, false);
    }
    case "float32":
    case "float64":
      return typeof value === "number" && writeFloat(value, view, offset, length);
    case "dateTimeMicroseconds": {
      const integer = toInteger(value);
      return length === 8 && integer !== undefined &&
        writeNtp(microsecondsToNtp(Number(integer)), view, offset);
    }
    case "dateTimeNanoseconds": {
      const integer = toInteger(value);
      return length === 8 && integer !== undefined &&
        writeNtp(nanosecondsToNtp(integer), view, offset);
    }
    case "ipv4Address": {
      const address = typeof value === "string" ? parseIPv4(value) : undefined;
      return address !== undefined && length === 4 && writeInteger(address, octets, false);
    }
    case "ipv6Address": {
      const address = typeof value === "string" ? parseIPv6(value) : undefined;
      return address !== undefined && writeOctets(address, octets);
    }
    case "macAddress":
      return typeof value === "string" && writeMac(value, octets);
    case "string":
      return typeof value === "string" && writeText(value, octets);
    case "octetArray":
    case "basicList":
    case "subTemplateList":
    case "subTemplateMultiList":
      return false;
  }
}

function writeOctets(value: Uint8Array, octets: Uint8Array): boolean {
  if (value.length !== octets.length) return false;
  octets.set(value);
  return true;
}

/** Writes an integer of as many octets as there are, in two's complement where it is signed. */
function writeInteger(value: ElementValue, octets: Uint8Array, signed: boolean): boolean {
  const { length } = octets;
  if (typeof value === "number" && value >= 0 && length <= 6) {
    // Up to 48 bits, arithmetic on numbers is exact and several times as fast.
    if (!Number.isInteger(value) || value >= 2 ** (8 * length - (signed ? 1 : 0))) {
      return false;
    }
    let rest = value;
    for (let i = length - 1; i >= 0; i--) {
      octets[i] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    return true;
  }
  const integer = toInteger(value);
  if (integer === undefined) return false;
  const bits = 8 * length;
  const fits = signed ? BigInt.asIntN(bits, integer) : BigInt.asUintN(bits, integer);
  if (fits !== integer) return false;
  let rest = BigInt.asUintN(bits, integer);
  for (let i = length - 1; i >= 0; i--) {
    octets[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return true;
}

function toInteger(value: ElementValue): bigint | undefined {
  if (typeof value === "bigint") return value;
  return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : undefined;
}

function writeFloat(value: number, view: DataView, offset: number, length: number): boolean {
  if (length === 8) {
    view.setFloat64(offset, value);
    return true;
  }
  if (length !== 4 || (Number.isFinite(value) && !Number.isFinite(Math.fround(value)))) {
    return false;
  }
  view.setFloat32(offset, value);
  return true;
}

function writeNtp(time: NtpTime | undefined, view: DataView, offset: number): boolean {
  if (time === undefined) return false;
  view.setUint32(offset, time.seconds);
  view.setUint32(offset + 4, time.fraction);
  return true;
}

function writeMac(text: string, octets: Uint8Array): boolean {
  if (octets.length !== 6 || !/^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$/.test(text)) return false;
  for (let i = 0; i < 6; i++) octets[i] = parseInt(text.slice(3 * i, 3 * i + 2), 16);
  return true;
}

function writeText(text: string, octets: Uint8Array): boolean {
  const { read } = UTF8.encodeInto(text, octets);
  return read === text.length && text.isWellFormed() && !text.endsWith("\0");
}
