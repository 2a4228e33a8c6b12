import { formatIPv4, formatIPv6 } from "@flowtools/flow-model";
import { ELEMENT_TYPES, type ElementType } from "./element.ts";
import { ntpToMicroseconds, ntpToNanoseconds } from "./ntp_time.ts";

/** A value of an information element. */
export type ElementValue = number | bigint | string | boolean | Uint8Array;

const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });
const HEX: readonly string[] = Array.from(
  { length: 256 },
  (_, octet) => octet.toString(16).padStart(2, "0"),
);
/** Octets of an integer that a machine word holds. */
const WORD_OCTETS = 8;

/**
 * Reads a value out of its octets.
 *
 * | type | value |
 * | --- | --- |
 * | `unsigned…`, `signed…` of 0 to 8 octets, whatever the type says | `number`, or `bigint` where that is not exact |
 * | `unsigned256` of 0 to 32 octets | likewise |
 * | `float32`, `float64` of 4 or 8 octets | `number` |
 * | `boolean` of 1 to 8 octets | `true` for 1, `false` for 2, else the number |
 * | `macAddress` | `aa:bb:cc:dd:ee:ff` |
 * | `string` | text without NULs at its end; what is no UTF-8 becomes U+FFFD |
 * | `ipv4Address`, `ipv6Address` | text, as `formatIPv4` and `formatIPv6` write it |
 * | `dateTimeSeconds`, `dateTimeMilliseconds` of 1 to 8 octets | seconds, milliseconds since 1970-01-01 UTC, as `unsigned…` |
 * | `dateTimeMicroseconds` | microseconds since 1970-01-01 UTC, `number`; 0 where all octets are 0 |
 * | `dateTimeNanoseconds` | nanoseconds since 1970-01-01 UTC, `bigint`; 0 where all octets are 0 |
 * | `octetArray`, lists, whatever has a length that its type cannot have | a copy of the octets |
 *
 * Lists need templates and are taken apart elsewhere.
 *
 * Source: RFC 7011, sections 6.1 and 6.2.
 *
 * @param type How the octets are to be read
 * @param view Where they are
 * @param offset Where they start in the view
 * @param length How many they are
 * @returns The value
 * @throws {RangeError} The view ends before the value does
 *
 * @example
 * ```ts
 * import { readElementValue } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * const view = new DataView(new Uint8Array([0xc0, 0, 2, 1]).buffer);
 * assertEquals(readElementValue("unsigned64", view, 0, 4), 3221225985);
 * assertEquals(readElementValue("signed64", view, 0, 1), -64);
 * assertEquals(readElementValue("ipv4Address", view, 0, 4), "192.0.2.1");
 * assertEquals(readElementValue("ipv4Address", view, 0, 3), new Uint8Array([0xc0, 0, 2]));
 * ```
 */
export function readElementValue(
  type: ElementType,
  view: DataView,
  offset: number,
  length: number,
): ElementValue {
  switch (type) {
    case "unsigned8":
    case "unsigned16":
    case "unsigned32":
    case "unsigned64":
      if (length <= WORD_OCTETS) return readUnsigned(view, offset, length);
      break;
    case "signed8":
    case "signed16":
    case "signed32":
    case "signed64":
      if (length <= WORD_OCTETS) return readSigned(view, offset, length);
      break;
    case "unsigned256":
      if (length <= WORD_OCTETS) return readUnsigned(view, offset, length);
      if (length <= ELEMENT_TYPES.unsigned256.octets) return readWide(view, offset, length);
      break;
    case "float32":
    case "float64":
      if (length === 8) return view.getFloat64(offset);
      if (length === 4) return view.getFloat32(offset);
      break;
    case "boolean":
      if (length >= 1 && length <= WORD_OCTETS) {
        const value = readUnsigned(view, offset, length);
        return value === 1 ? true : value === 2 ? false : value;
      }
      break;
    case "dateTimeSeconds":
    case "dateTimeMilliseconds":
      if (length >= 1 && length <= WORD_OCTETS) return readUnsigned(view, offset, length);
      break;
    case "dateTimeMicroseconds":
      if (length === 8) {
        return ntpToMicroseconds(view.getUint32(offset), view.getUint32(offset + 4));
      }
      break;
    case "dateTimeNanoseconds":
      if (length === 8) return ntpToNanoseconds(view.getUint32(offset), view.getUint32(offset + 4));
      break;
    case "ipv4Address":
      if (length === 4) return formatIPv4(view.getUint32(offset));
      break;
    case "ipv6Address":
      if (length === 16) return formatIPv6(octetsOf(view, offset, 16));
      break;
    case "macAddress":
      if (length === 6) return joinHex(octetsOf(view, offset, 6), ":");
      break;
    case "string": {
      const octets = octetsOf(view, offset, length);
      let end = length;
      while (end > 0 && octets[end - 1] === 0) end--;
      return UTF8.decode(octets.subarray(0, end));
    }
    case "octetArray":
    case "basicList":
    case "subTemplateList":
    case "subTemplateMultiList":
      break;
  }
  return octetsOf(view, offset, length).slice();
}

/** The octets where they lie. */
function octetsOf(view: DataView, offset: number, length: number): Uint8Array {
  if (offset + length > view.byteLength) {
    throw new RangeError(
      `Cannot read element value: it takes bytes ${offset} to ${offset + length}, ` +
        `the view has ${view.byteLength}`,
    );
  }
  return new Uint8Array(view.buffer, view.byteOffset + offset, length);
}

function joinHex(octets: Uint8Array, separator: string): string {
  let text = "";
  for (let i = 0; i < octets.length; i++) {
    text += i === 0 ? HEX[octets[i]] : separator + HEX[octets[i]];
  }
  return text;
}

/** An unsigned integer of up to 8 octets; exact. */
function readUnsigned(view: DataView, offset: number, length: number): number | bigint {
  if (length <= 4) return readSmall(view, offset, length);
  const upper = readSmall(view, offset, length - 4);
  const lower = view.getUint32(offset + length - 4);
  if (upper <= 0x1f_ffff) return upper * 2 ** 32 + lower;
  return (BigInt(upper) << 32n) | BigInt(lower);
}

/** An unsigned integer of up to 4 octets. */
function readSmall(view: DataView, offset: number, length: number): number {
  switch (length) {
    case 0:
      return 0;
    case 1:
      return view.getUint8(offset);
    case 2:
      return view.getUint16(offset);
    case 3:
      return view.getUint16(offset) * 256 + view.getUint8(offset + 2);
    default:
      return view.getUint32(offset);
  }
}

/** A signed integer of up to 8 octets in two's complement; exact. */
function readSigned(view: DataView, offset: number, length: number): number | bigint {
  const value = readUnsigned(view, offset, length);
  if (length <= 6) {
    const bits = 8 * length;
    return length > 0 && Number(value) >= 2 ** (bits - 1)
      ? Number(value) - 2 ** bits
      : Number(value);
  }
  return narrow(BigInt.asIntN(8 * length, BigInt(value)));
}

/** An unsigned integer of any length. */
function readWide(view: DataView, offset: number, length: number): number | bigint {
  let value = 0n;
  for (let i = 0; i < length; i++) value = (value << 8n) | BigInt(view.getUint8(offset + i));
  return narrow(value);
}

/** A number where it is exact. */
function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
