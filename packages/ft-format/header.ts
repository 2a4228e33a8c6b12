import { FtFormatError } from "./errors.ts";
import { decodeHeader1, HEADER_1_BYTES } from "./header_v1.ts";
import { type FtLimits, HEADER_BYTES_MAX } from "./limits.ts";
import {
  decodeTlvs,
  encodeTlvs,
  foreignTexts,
  type IfAlias,
  type IfName,
  joinTlvs,
  type RawTlv,
  splitTlvs,
} from "./tlv.ts";

/** The bits of a header's `flags`. */
export const FT_FLAGS = {
  /** The file is complete and its counters are right. */
  DONE: 0x01,
  /** The records are one zlib stream. */
  COMPRESS: 0x02,
  /** Several kinds of packets; never used. */
  MULT_PDU: 0x04,
  /** A stream whose header could not be rewritten at its end. */
  STREAMING: 0x08,
  /** Translated from stream version 1. */
  XLATE: 0x10,
  /** A stream whose header was filled from the headers of its inputs. */
  PRELOADED: 0x20,
} as const;

/** What a header tells, all but where it came from. A member that is `undefined` is not there. */
export interface FtHeaderFields {
  /** Byte order of the header and the records. */
  readonly byteOrder: "little" | "big";
  /** Export version: 1, 5, 6, 7, 8 or 1005. */
  readonly exportVersion: number;
  /** Aggregation method, 1 to 14, of version 8. */
  readonly aggregation?: number;
  /** Version of the aggregation; always 2. */
  readonly aggregationVersion?: number;
  /** Vendor of the exporter; 1 is Cisco. */
  readonly vendor?: number;
  /** Address of the exporter, as a number. */
  readonly exporterAddress?: number;
  /** When the capture began, Unix seconds. */
  readonly captureStart?: number;
  /** When the capture ended, Unix seconds; 0 while it goes on. */
  readonly captureEnd?: number;
  /** Bits of {@linkcode FT_FLAGS}. */
  readonly flags: number;
  /** Rotation schedule. */
  readonly rotation?: number;
  /** Flows in the file. */
  readonly flowCount?: number;
  /** Flows that never arrived, by sequence numbers. */
  readonly lost?: number;
  /** Flows that arrived out of order. */
  readonly misordered?: number;
  /** Packets that could not be decoded. */
  readonly corrupt?: number;
  /** Times that the sequence began anew. */
  readonly sequenceResets?: number;
  /** Host name of the collector. */
  readonly hostname?: string;
  /** Comments. */
  readonly comments?: string;
  /** Names of interfaces, in stored order. */
  readonly ifNames: readonly IfName[];
  /** Names that several interfaces share, in stored order. */
  readonly ifAliases: readonly IfAlias[];
  /** Interrupt code. */
  readonly interrupt?: number;
  /** Fields of unknown types, in stored order; they are written after the known ones. */
  readonly unknown: readonly RawTlv[];
  /** All fields as they are stored; their bytes are kept for texts that are no UTF-8. */
  readonly tlvs?: readonly RawTlv[];
}

/**
 * The header of a flow file.
 *
 * Texts are UTF-8; bytes that are no valid UTF-8 are read as Latin-1, and are written as they were
 * when the header is written again.
 */
export interface FtHeader extends FtHeaderFields {
  /** Version of the file format. */
  readonly streamVersion: 1 | 3;
  /** All fields as they are stored; none in stream version 1. */
  readonly tlvs: readonly RawTlv[];
  /** Bytes of the header; the records follow. */
  readonly size: number;
}

/** Options of {@linkcode decodeFtHeader}. */
export interface FtHeaderOptions {
  /** Name of the file, for messages. */
  readonly source?: string;
  /** Bounds. */
  readonly limits?: FtLimits;
}

const MAGIC = [0xcf, 0x10] as const;
const LITTLE_ENDIAN = 1;
const BIG_ENDIAN = 2;

/** Magic, byte order, stream version. */
const START_BYTES = 4;

/** The start, and the header size of stream version 3. */
const HEADER_3_START_BYTES = 8;

/** Headers are padded with zeros to a multiple of this. */
const HEADER_ALIGNMENT = 4;

/**
 * How many bytes the header has, as far as its beginning tells.
 *
 * @param bytes The file's first bytes, few or many
 * @param options Name of the file, bounds
 * @returns Bytes of the header, or, where `bytes` are fewer than its fixed part, how many of them
 * are needed to tell more
 * @throws {FtFormatError} The bytes are no header
 */
export function ftHeaderSize(bytes: Uint8Array, options: FtHeaderOptions = {}): number {
  const { source, limits } = options;
  const hex = (part: Iterable<number>) =>
    Array.from(part, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const magic = bytes.subarray(0, MAGIC.length);
  if (magic.some((byte, index) => byte !== MAGIC[index])) {
    const [got, expected] = [hex(magic), hex(MAGIC)];
    const state = `it starts with ${got}, expected ${expected}`;
    throw new FtFormatError({ code: "bad-magic", state, offset: 0, expected, got }, source);
  }
  if (bytes.length < START_BYTES) return START_BYTES;
  const [, , order, streamVersion] = bytes;
  if (order !== LITTLE_ENDIAN && order !== BIG_ENDIAN) {
    throw new FtFormatError({
      code: "bad-byte-order",
      state: `byte order is ${order}, expected 1 (little endian) or 2 (big endian)`,
      offset: 2,
      expected: "1 or 2",
      got: order,
    }, source);
  }
  if (streamVersion === 1) return HEADER_1_BYTES;
  if (streamVersion !== 3) {
    throw new FtFormatError({
      code: "bad-stream-version",
      state: `stream version is ${streamVersion}, expected 1 or 3`,
      offset: 3,
      expected: "1 or 3",
      got: streamVersion,
    }, source);
  }
  if (bytes.length < HEADER_3_START_BYTES) return HEADER_3_START_BYTES;
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_3_START_BYTES);
  const size = view.getUint32(START_BYTES, order === LITTLE_ENDIAN);
  const sizeMax = limits?.headerBytesMax ?? HEADER_BYTES_MAX;
  if (size < HEADER_3_START_BYTES) {
    throw new FtFormatError({
      code: "bad-header-size",
      state: `header says that it has ${size} bytes, expected ${HEADER_3_START_BYTES} at least`,
      offset: START_BYTES,
      expected: HEADER_3_START_BYTES,
      got: size,
    }, source);
  }
  if (size > sizeMax) {
    throw new FtFormatError({
      code: "header-too-large",
      state: `header says that it has ${size} bytes, expected at most ${sizeMax}`,
      offset: START_BYTES,
      expected: sizeMax,
      got: size,
    }, source);
  }
  return size;
}

/**
 * Decodes the header of a flow file.
 *
 * Source: flow-tools `ftio.c` (`ftiheader_read`).
 *
 * @param bytes The file's first bytes: the whole header, and maybe more
 * @param options Name of the file, bounds
 * @returns The header
 * @throws {FtFormatError} The bytes are no header, or not all of one
 *
 * @example
 * ```ts
 * import { decodeFtHeader, encodeFtHeader, FT_FLAGS } from "@flowtools/ft-format";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = encodeFtHeader({
 *   byteOrder: "little",
 *   exportVersion: 5,
 *   flags: FT_FLAGS.STREAMING,
 *   comments: "from the lab",
 *   ifNames: [],
 *   ifAliases: [],
 *   unknown: [],
 * });
 * const header = decodeFtHeader(bytes);
 * assertEquals(header.exportVersion, 5);
 * assertEquals(header.comments, "from the lab");
 * assertEquals(header.size, bytes.length);
 * ```
 */
export function decodeFtHeader(bytes: Uint8Array, options: FtHeaderOptions = {}): FtHeader {
  const { source } = options;
  const size = ftHeaderSize(bytes, options);
  if (bytes.length < size) throw shortHeader(bytes.length, size, source);
  const byteOrder = bytes[2] === LITTLE_ENDIAN ? "little" : "big";
  const littleEndian = byteOrder === "little";
  if (bytes[3] === 1) {
    const { numbers, hostname, comments } = decodeHeader1(bytes, littleEndian);
    return {
      streamVersion: 1,
      byteOrder,
      ...numbers,
      exportVersion: numbers.exportVersion,
      flags: (numbers.flags | FT_FLAGS.XLATE) >>> 0,
      hostname,
      comments,
      ifNames: [],
      ifAliases: [],
      unknown: [],
      tlvs: [],
      size,
    };
  }
  const tlvs = splitTlvs(bytes.subarray(0, size), HEADER_3_START_BYTES, littleEndian, source);
  const { numbers, texts, ifNames, ifAliases, unknown } = decodeTlvs(
    tlvs,
    HEADER_3_START_BYTES,
    littleEndian,
    source,
  );
  const { exportVersion, flags = 0 } = numbers;
  if (exportVersion === undefined) {
    const state = "header does not say the export version";
    throw new FtFormatError({ code: "missing-version", state, offset: START_BYTES }, source);
  }
  return {
    streamVersion: 3,
    byteOrder,
    ...numbers,
    ...texts,
    exportVersion,
    flags,
    ifNames,
    ifAliases,
    unknown,
    tlvs,
    size,
  };
}

/**
 * The error for a header that ends too early.
 *
 * @param got Bytes that are there
 * @param expected Bytes that are needed
 * @param source The file
 * @returns The error
 */
export function shortHeader(got: number, expected: number, source?: string): FtFormatError {
  if (got === 0) {
    const state = `it is empty, expected a header of at least ${HEADER_3_START_BYTES} bytes`;
    return new FtFormatError(
      { code: "empty", state, offset: 0, expected: HEADER_3_START_BYTES, got },
      source,
    );
  }
  const state = `header is cut at byte ${got}, expected ${expected} bytes`;
  return new FtFormatError({ code: "short-header", state, offset: got, expected, got }, source);
}

/**
 * Encodes a header of stream version 3: the same bytes as flow-tools, except that interface names
 * and aliases get the layout that its reader expects.
 *
 * Source: flow-tools `ftio.c` (`ftio_write_header`).
 *
 * @param header What the header tells
 * @param size Bytes that the header must have, where one is rewritten in place; room that is left
 * is filled with zeros
 * @returns The bytes
 * @throws {RangeError} The header needs more than `size` bytes, or a value does not fit its field
 *
 * @example A header rewritten in place
 * ```ts
 * import { decodeFtHeader, encodeFtHeader, FT_FLAGS } from "@flowtools/ft-format";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const first = encodeFtHeader({
 *   byteOrder: "big", exportVersion: 7, flags: 0, flowCount: 0,
 *   ifNames: [], ifAliases: [], unknown: [],
 * });
 * const header = decodeFtHeader(first);
 * const last = encodeFtHeader({ ...header, flags: FT_FLAGS.DONE, flowCount: 12 }, header.size);
 * assertEquals(last.length, first.length);
 * assertThrows(() => encodeFtHeader({ ...header, comments: "more" }, header.size), RangeError);
 * ```
 */
export function encodeFtHeader(header: FtHeaderFields, size?: number): Uint8Array {
  const littleEndian = header.byteOrder === "little";
  const { ifNames, ifAliases, unknown, tlvs = [] } = header;
  const members = {
    numbers: header,
    texts: header,
    ifNames: [...ifNames],
    ifAliases: [...ifAliases],
    unknown: [...unknown],
  };
  const originals = foreignTexts(tlvs, littleEndian);
  const fields = joinTlvs(encodeTlvs(members, littleEndian, originals), littleEndian);
  const needed = HEADER_3_START_BYTES + fields.length;
  if (size !== undefined && needed > size) {
    throw new RangeError(
      `Cannot rewrite flow file header: it needs ${needed} bytes, the file has room for ${size}`,
    );
  }
  const total = size ?? Math.ceil(needed / HEADER_ALIGNMENT) * HEADER_ALIGNMENT;
  const bytes = new Uint8Array(total);
  bytes.set([...MAGIC, littleEndian ? LITTLE_ENDIAN : BIG_ENDIAN, 3]);
  new DataView(bytes.buffer).setUint32(START_BYTES, total, littleEndian);
  bytes.set(fields, HEADER_3_START_BYTES);
  return bytes;
}
