/**
 * Wire NetFlow packets: export datagrams (PDUs) into flows and back, each NetFlow version a codec
 * plugin made from tables. Pure: bytes in, flows out; no I/O.
 *
 * ```ts
 * import { createPduRegistry, decodePdu, PDU_CODECS, pduMessage } from "@flowtools/netflow-pdu";
 * import { FlowBatch } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * const registry = createPduRegistry(PDU_CODECS);
 * const batch = new FlowBatch();
 *
 * // A v5 packet of one flow, as a socket would give it.
 * const datagram = new Uint8Array(72);
 * datagram.set([0, 5, 0, 1]);
 * datagram.set([192, 0, 2, 1, 192, 0, 2, 2], 24);
 *
 * const result = decodePdu(registry, datagram, batch, { exporter: "10.0.0.1" });
 * assertEquals(pduMessage(result), "");
 * for (const flow of batch) assertEquals(flow.srcaddr, "192.0.2.1");
 * ```
 *
 * @module
 */
export * from "./classic_codec.ts";
export * from "./codec.ts";
export * from "./codecs/mod.ts";
export * from "./decode_pdu.ts";
export * from "./describe_pdu.ts";
export { formatDump, type PduFieldDump } from "./dump.ts";
export * from "./elements/mod.ts";
export * from "./encode_pdu.ts";
export * from "./encode_runs.ts";
export * from "./errors.ts";
export * from "./exporter.ts";
export * from "./header_layout.ts";
export * from "./limits.ts";
export * from "./reasons.ts";
export * from "./registry.ts";
export * from "./sequence.ts";
export * from "./sequence_stream.ts";
export * from "./sflow/mod.ts";
export * from "./templates/mod.ts";
export * from "./use_order.ts";
