import type { FlowBatch } from "@flowtools/flow-model";
import type { PduInput, PduResult, PduSession } from "./codec.ts";
import { parseExporter } from "./exporter.ts";
import type { PduRegistry } from "./registry.ts";

/** What {@linkcode decodePdu} may be told. */
export interface DecodePduOptions {
  /** Who sent the datagram; default 0.0.0.0. It becomes `exaddr` of the flows. */
  readonly exporter?: number | string | Uint8Array;
  /** The exporter's session, for codecs that have them. */
  readonly session?: PduSession;
  /** When the datagram came, Unix milliseconds. */
  readonly receivedAt?: number;
}

/**
 * Appends the flows of a datagram to a batch.
 *
 * Bytes never make it throw. What is wrong with a datagram stands in `reason`; the records that
 * are whole are delivered all the same, and no others:
 *
 * | datagram | reason | rows |
 * | --- | --- | --- |
 * | faultless | none | count |
 * | ends before the last record does | `short-datagram` | whole records |
 * | goes on behind the last record | `trailing-bytes` | count |
 * | count is above the version's maximum | `count-over-maximum` | whole records, at most count |
 * | count is 0 | `count-zero` | 0 |
 * | header incomplete, or of no known version or aggregation | see `PDU_REASONS` | 0 |
 * | a set of v9 or IPFIX is damaged, or a template too large | `bad-…`, `template-limit` | those of all other sets |
 * | a template is not known, and its records cannot be kept | `unknown-template` | those of all other sets |
 * | the batch lacks room for all its records | `batch-full` | 0: empty the batch, call again |
 *
 * With a session, records of v9 and IPFIX that come before their template wait in it: they are rows of
 * the call that brings the template, and come first. An empty batch that is too small for a packet
 * takes what it can, and the session holds the rest for the next call (`PduSession.appendHeld` where
 * there is none). Without a session, a batch that is empty and still too small stays so: give it more
 * capacity (the default is enough for any datagram of v1 to v8).
 *
 * @param registry The codecs
 * @param bytes The datagram
 * @param batch Where the flows go; without one the datagram is only checked, and `rows` is 0
 * @param options Exporter and session
 * @returns What became of it
 * @throws {RangeError} The exporter given is no address
 *
 * @example
 * ```ts
 * import { createPduRegistry, decodePdu, encodePdu, PDU_CODECS } from "@flowtools/netflow-pdu";
 * import { FlowBatch, FlowSchema } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * const registry = createPduRegistry(PDU_CODECS);
 * const sent = new FlowBatch();
 * sent.append(new FlowSchema({ version: 5, fields: ["srcaddr"] }), { srcaddr: "192.0.2.7" });
 * const packet = encodePdu(registry.find(5)!, sent, 0, 1, { sequence: 1 });
 *
 * const batch = new FlowBatch();
 * const result = decodePdu(registry, packet, batch, { exporter: "10.0.0.1" });
 * assertEquals(result.reason, undefined);
 * assertEquals(result.header?.sequence, 1);
 * assertEquals(batch.flow(0).srcaddr, "192.0.2.7");
 * assertEquals(batch.flow(0).exaddr, "10.0.0.1");
 *
 * assertEquals(decodePdu(registry, packet.subarray(0, 70), batch).reason, "short-datagram");
 * ```
 */
export function decodePdu(
  registry: PduRegistry,
  bytes: Uint8Array,
  batch?: FlowBatch,
  options: DecodePduOptions = {},
): PduResult {
  const input: PduInput = {
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    offset: 0,
    length: bytes.byteLength,
    exporter: parseExporter(options.exporter ?? 0),
    receivedAt: options.receivedAt,
  };
  return registry.decode(input, batch, options.session);
}

/**
 * {@linkcode decodePdu} for code that runs once a packet: it takes the datagram where it lies, so
 * that one view can serve a buffer of many datagrams.
 *
 * @param registry The codecs
 * @param input The datagram
 * @param batch Where the flows go; without one the datagram is only checked, and `rows` is 0
 * @param session The exporter's, for codecs that have sessions
 * @returns What became of it
 *
 * @example
 * ```ts
 * import { createPduRegistry, decodePduAt, PDU_CODECS } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * const received = new Uint8Array(65536);
 * const input = { view: new DataView(received.buffer), offset: 100, length: 3, exporter: 0 };
 * const result = decodePduAt(createPduRegistry(PDU_CODECS), input, undefined);
 * assertEquals(result.reason, "short-header");
 * ```
 */
export function decodePduAt(
  registry: PduRegistry,
  input: PduInput,
  batch: FlowBatch | undefined,
  session?: PduSession,
): PduResult {
  return registry.decode(input, batch, session);
}
