import { compileTable, type TableLayout } from "@flowtools/flow-model";
import { decodeText, untilNul } from "./text.ts";

/**
 * The numbers at the start of a header of stream version 1. Two NUL-padded texts follow.
 *
 * Source: flow-tools `ftlib.h`, struct fts1header.
 */
const FIXED: TableLayout = compileTable("flow-tools stream version 1 header", 36, [
  { name: "magic", width: 2, reserved: true },
  { name: "byteOrder", width: 1, reserved: true },
  { name: "streamVersion", width: 1, reserved: true },
  { name: "exportVersion", width: 2, doc: "Export version, 1 or 5; 65535 stands for 1" },
  { name: "pad", width: 2, reserved: true },
  { name: "captureStart", width: 4, doc: "When the capture began, Unix seconds" },
  { name: "captureEnd", width: 4, doc: "When the capture ended, Unix seconds" },
  { name: "flags", width: 4, doc: "Flags of the file" },
  { name: "rotation", width: 4, doc: "Rotation schedule" },
  { name: "flowCount", width: 4, doc: "Flows in the file" },
  { name: "lost", width: 4, doc: "Packets that never arrived" },
  { name: "misordered", width: 4, doc: "Packets that arrived out of order" },
]);

const HOSTNAME_BYTES = 68;
const COMMENTS_BYTES = 256;

/** Bytes of a header of stream version 1. */
export const HEADER_1_BYTES: number = FIXED.size + HOSTNAME_BYTES + COMMENTS_BYTES;

/** Export version of files whose writer did not know it; all of them hold v1 flows. */
const VERSION_UNSET = 65535;

/** What a header of stream version 1 tells. */
export interface Header1 {
  /** Numbers by the name of the header member. */
  readonly numbers: Readonly<Record<string, number>>;
  /** Host name of the collector. */
  readonly hostname?: string;
  /** Comments. */
  readonly comments?: string;
}

/**
 * Decodes a header of stream version 1.
 *
 * @param bytes All 360 bytes of it
 * @param littleEndian Byte order of the header
 * @returns What it tells
 */
export function decodeHeader1(bytes: Uint8Array, littleEndian: boolean): Header1 {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const numbers: Record<string, number> = {};
  for (const { name, width, offset, reserved } of FIXED.rows) {
    if (reserved) continue;
    numbers[name] = width === 2
      ? view.getUint16(offset, littleEndian)
      : view.getUint32(offset, littleEndian);
  }
  if (numbers.exportVersion === VERSION_UNSET) numbers.exportVersion = 1;
  const commentsAt = FIXED.size + HOSTNAME_BYTES;
  const hostname = decodeText(untilNul(bytes.subarray(FIXED.size, commentsAt)));
  const comments = decodeText(untilNul(bytes.subarray(commentsAt, HEADER_1_BYTES)));
  return {
    numbers,
    ...(hostname === "" ? undefined : { hostname }),
    ...(comments === "" ? undefined : { comments }),
  };
}
