import { FlowToolsError } from "@flowtools/flow-model";

/** What can be wrong with a capture file, as a word for programs. */
export type CaptureErrorCode =
  | "not-a-capture"
  | "unsupported-version"
  | "truncated"
  | "packet-too-long"
  | "bad-packet-length"
  | "bad-block-length"
  | "bad-byte-order"
  | "bad-option"
  | "unknown-interface"
  | "too-many-interfaces"
  | "already-finished";

/** What a {@linkcode CaptureError} is made from. */
export interface CaptureFault {
  /** What is wrong, as a word for programs. */
  readonly code: CaptureErrorCode;
  /** The name of the capture, where it has one. */
  readonly source?: string;
  /** The byte of the capture where the faulty part starts. */
  readonly offset: number;
  /** What would be right. */
  readonly expected: string;
  /** What the capture has instead. */
  readonly got: string;
  /** The end of the sentence that starts with `Cannot read capture:`. */
  readonly state: string;
}

/**
 * A capture file is damaged, cut short, or no capture at all.
 *
 * @example
 * ```ts
 * import { CaptureError, readCapture } from "@flowtools/netflow-pdu/capture";
 * import { assertThrows } from "@std/assert";
 *
 * const text = new TextEncoder().encode("not a capture");
 * assertThrows(
 *   () => [...readCapture(text, { source: "x.pcap" })],
 *   CaptureError,
 *   'Cannot read capture "x.pcap": it starts with 6e6f7420',
 * );
 * ```
 */
export class CaptureError extends FlowToolsError {
  /** What is wrong, as a word for programs. */
  declare readonly code: CaptureErrorCode;
  /** The name of the capture, where the reader was given one. */
  readonly source?: string;
  /** The byte of the capture where the faulty part starts. */
  readonly offset: number;
  /** What would be right. */
  readonly expected: string;
  /** What the capture has instead. */
  readonly got: string;

  /**
   * Makes an error.
   *
   * @param fault What is wrong, where, and what would be right
   */
  constructor(fault: CaptureFault) {
    const name = fault.source === undefined ? "" : ` "${fault.source}"`;
    super(fault.code, `Cannot read capture${name}: ${fault.state}`);
    this.source = fault.source;
    this.offset = fault.offset;
    this.expected = fault.expected;
    this.got = fault.got;
  }
}
