/**
 * IPFIX files (RFC 5655): messages back to back, plain or compressed. Pure: bytes in, bytes out.
 *
 * ```ts
 * import { IpfixFileDecoder, IpfixFileEncoder } from "@flowtools/netflow-pdu/ipfix-file";
 * import { createIpfixCodec, V5_CODEC } from "@flowtools/netflow-pdu";
 * import { FlowBatch } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * const flows = new FlowBatch();
 * flows.append(V5_CODEC.layouts.record.schema, { dOctets: 2 ** 40, unix_secs: 1_700_000_000 });
 * const encoder = new IpfixFileEncoder({ domain: 3 });
 * const messages = [...encoder.encode(flows, 0, flows.length, Date.now()), ...encoder.flush()];
 *
 * const decoder = new IpfixFileDecoder();
 * const codec = createIpfixCodec();
 * const session = codec.createSession();
 * const batch = new FlowBatch();
 * for (const chunk of messages) {
 *   decoder.push(chunk);
 *   for (let found = decoder.readMessage(); found; found = decoder.readMessage()) {
 *     const { buffer, byteOffset, length } = found.octets;
 *     const view = new DataView(buffer, byteOffset, length);
 *     codec.decode({ view, offset: 0, length, exporter: 0 }, batch, session);
 *   }
 * }
 * assertEquals(batch.flow(0).dOctets, 2 ** 40);
 * ```
 *
 * @module
 */
export { Crc32 } from "./crc32.ts";
export * from "./decode_file.ts";
export * from "./encode_file.ts";
export * from "./faults.ts";
export type { Inflater, InflaterProvider, ZlibRange, ZlibStep } from "@flowtools/flow-model";
export * from "./limits.ts";
