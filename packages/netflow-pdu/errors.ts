import { FlowToolsError } from "@flowtools/flow-model";
import type { PduResult } from "./codec.ts";
import { PDU_REASONS, type PduReason } from "./reasons.ts";

/**
 * A datagram was not a faultless PDU. Decoders return a reason and do not throw; this is for code
 * that wants an error of it.
 *
 * @example
 * ```ts
 * import { createPduRegistry, decodePdu, PDU_CODECS, PduError } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * const result = decodePdu(createPduRegistry(PDU_CODECS), new Uint8Array([0, 77, 0, 1]));
 * const error = new PduError(result, "10.0.0.1");
 * assertEquals(error.reason, "unknown-version");
 * assertEquals(
 *   error.message,
 *   "Cannot decode NetFlow PDU from 10.0.0.1: no codec is registered for version 77",
 * );
 * ```
 */
export class PduError extends FlowToolsError {
  /** Who sent the datagram, as text. */
  readonly exporter: string | undefined;
  /** What is wrong with it. */
  readonly reason: PduReason;
  /** Bytes from the start of the datagram to the fault. */
  readonly offset: number;
  /** What would be right: bytes, records, rows or a version, as the reason goes. */
  readonly expected: number | undefined;
  /** What was there instead, in the same unit. */
  readonly got: number | undefined;

  /**
   * Makes an error of a result.
   *
   * @param result What a decoder returned, with a reason
   * @param exporter Who sent the datagram, as text
   * @throws {TypeError} The result has no reason: the datagram was faultless
   */
  constructor(result: PduResult, exporter?: string) {
    if (result.reason === undefined) {
      throw new TypeError("Cannot make PduError: the result has no reason");
    }
    super(result.reason, pduMessage(result, exporter));
    this.exporter = exporter;
    this.reason = result.reason;
    this.offset = result.offset ?? 0;
    this.expected = result.expected;
    this.got = result.got;
  }
}

/**
 * The sentence that says what is wrong with a datagram.
 *
 * @param result What a decoder returned
 * @param exporter Who sent the datagram, as text
 * @returns The sentence; the empty string where the datagram was faultless
 *
 * @example
 * ```ts
 * import { createPduRegistry, decodePdu, PDU_CODECS, pduMessage } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * const datagram = new Uint8Array(1200);
 * datagram.set([0, 5, 0, 30]);
 * assertEquals(
 *   pduMessage(decodePdu(createPduRegistry(PDU_CODECS), datagram), "10.0.0.1"),
 *   "Cannot decode NetFlow v5 PDU from 10.0.0.1: " +
 *     "header says 30 records (1464 bytes), datagram has 1200 bytes",
 * );
 * ```
 */
export function pduMessage(result: PduResult, exporter?: string): string {
  if (result.reason === undefined) return "";
  const title = result.codec?.title ?? "NetFlow";
  const from = exporter === undefined ? "" : ` from ${exporter}`;
  return `Cannot decode ${title} PDU${from}: ${explain(result, result.reason)}`;
}

function explain(result: PduResult, reason: PduReason): string {
  const { expected, got } = result;
  switch (reason) {
    case "short-header":
      return `datagram has ${got} bytes, the header takes ${expected}`;
    case "unknown-version":
      return expected === undefined
        ? `no codec is registered for version ${got}`
        : `its version of sFlow is ${got}, expected ${expected}`;
    case "unknown-aggregation":
      return `no codec is registered for aggregation method ${got}`;
    case "unknown-aggregation-version":
      return `aggregation version is ${got}, expected ${expected}`;
    case "count-zero":
      return `header says 0 records, datagram has room for ${expected}`;
    case "count-over-maximum":
      return `header says ${got} records, expected at most ${expected}`;
    case "short-datagram":
    case "trailing-bytes":
      return `header says ${result.header?.count} records (${expected} bytes), ` +
        `datagram has ${got} bytes`;
    case "bad-set":
    case "bad-template":
    case "template-limit":
    case "bad-record":
    case "message-length":
      return `${PDU_REASONS[reason]}: at byte ${result.offset}, expected ${expected}, got ${got}`;
    case "unknown-template":
      return `${PDU_REASONS[reason]}: at byte ${result.offset}, set ${got}`;
    case "no-room":
      return `${PDU_REASONS[reason]}: at byte ${result.offset}, ${expected} records were dropped`;
    case "unknown-agent-address":
      return `type of the agent address is ${got}, expected 1 (IPv4), 2 (IPv6) or 0 (none)`;
    case "short-sample":
    case "short-record":
      return `${PDU_REASONS[reason]}: at byte ${result.offset}, expected ${expected} bytes, ` +
        `got ${got}`;
    case "batch-full":
      return `datagram has ${expected} records, batch has room for ${got}`;
  }
}

/**
 * A protocol is only read: nobody but its agents has a use for its packets.
 *
 * @example
 * ```ts
 * import { encodePdu, PduEncodeError, SFLOW5_CODEC } from "@flowtools/netflow-pdu";
 * import { FlowBatch } from "@flowtools/flow-model";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => encodePdu(SFLOW5_CODEC, new FlowBatch(), 0, 0), PduEncodeError, "sFlow v5");
 * ```
 */
export class PduEncodeError extends FlowToolsError {
  /**
   * Makes an error.
   *
   * @param title The name of the protocol
   * @param reason Why its packets are not written
   */
  constructor(title: string, reason: string) {
    super("not-encodable", `Cannot encode ${title} PDU: ${reason}`);
  }
}
