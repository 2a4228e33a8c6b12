import { FlowToolsError } from "@flowtools/flow-model";

/**
 * What can be wrong with a flow file.
 *
 * | code | what |
 * | --- | --- |
 * | `empty` | there are no bytes at all |
 * | `bad-magic` | it does not start with CF 10 |
 * | `bad-byte-order` | the byte-order byte is neither 1 nor 2 |
 * | `bad-stream-version` | the stream version is neither 1 nor 3 |
 * | `short-header` | the bytes end inside the header |
 * | `bad-header-size` | the header says that it is shorter than its fixed part |
 * | `header-too-large` | the header says that it is longer than the limit |
 * | `bad-tlv-length` | a header field overruns the header, or is shorter than its type |
 * | `missing-version` | the header does not say the export version |
 * | `unknown-version` | no record layout is known for the version |
 * | `truncated-record` | the bytes end inside a record |
 * | `bad-zlib` | the compressed data is damaged |
 * | `truncated-zlib` | the bytes end inside the compressed data |
 * | `trailing-bytes` | bytes follow the end of the compressed data |
 * | `inflated-too-large` | the data inflates to more than the limit |
 */
export type FtReason =
  | "empty"
  | "bad-magic"
  | "bad-byte-order"
  | "bad-stream-version"
  | "short-header"
  | "bad-header-size"
  | "header-too-large"
  | "bad-tlv-length"
  | "missing-version"
  | "unknown-version"
  | "truncated-record"
  | "bad-zlib"
  | "truncated-zlib"
  | "trailing-bytes"
  | "inflated-too-large";

/** What a {@linkcode FtFormatError} is made from. */
export interface FtFault {
  /** The kind of fault. */
  readonly code: FtReason;
  /** The end of the sentence: the state that prevents reading. */
  readonly state: string;
  /** Bytes from the start of the file to the fault. */
  readonly offset: number;
  /** What would be right, where there is a short answer. */
  readonly expected?: string | number;
  /** What is there instead. */
  readonly got?: string | number;
}

/**
 * The bytes of a flow file are not what they should be.
 *
 * @example
 * ```ts
 * import { decodeFtHeader, FtFormatError } from "@flowtools/ft-format";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const error = assertThrows(
 *   () => decodeFtHeader(new Uint8Array([1, 2, 3, 4]), { source: "x.ft" }),
 *   FtFormatError,
 * );
 * assertEquals(error.code, "bad-magic");
 * assertEquals(error.offset, 0);
 * assertEquals(error.message, 'Cannot read flow file "x.ft": it starts with 01 02, expected cf 10');
 * ```
 */
export class FtFormatError extends FlowToolsError {
  /** The kind of fault. */
  declare readonly code: FtReason;
  /** The file, where it has a name. */
  readonly source: string | undefined;
  /** Bytes from the start of the file (as it is stored) to the fault. */
  readonly offset: number;
  /** What would be right, where there is a short answer. */
  readonly expected: string | number | undefined;
  /** What is there instead. */
  readonly got: string | number | undefined;

  /**
   * Makes an error.
   *
   * @param fault What is wrong and where
   * @param source The file, where it has a name
   */
  constructor(fault: FtFault, source?: string) {
    const subject = source === undefined ? "flow data" : `flow file "${source}"`;
    super(fault.code, `Cannot read ${subject}: ${fault.state}`);
    this.source = source;
    this.offset = fault.offset;
    this.expected = fault.expected;
    this.got = fault.got;
  }
}

/**
 * A count of records as people write it.
 *
 * @param count Whole records
 * @returns The end of a sentence
 */
export function afterRecords(count: number): string {
  return `after ${count} whole ${count === 1 ? "record" : "records"}`;
}
