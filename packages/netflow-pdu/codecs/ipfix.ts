import type { HeaderRow } from "../header_layout.ts";
import {
  defineTemplateCodec,
  type TemplateCodec,
  type TemplateCodecOptions,
} from "../templates/define_codec.ts";

/** The header of an IPFIX message, 16 bytes. Source: RFC 7011, section 3.1. */
export const IPFIX_HEADER_ROWS = [
  { name: "version", width: 2, doc: "Export version, 10" },
  { name: "length", width: 2, doc: "Octets of the message, this header included" },
  { name: "unix_secs", width: 4 },
  { name: "sequence", width: 4, doc: "Data records sent before by the domain, modulo 2^32" },
  { name: "source_id", width: 4, doc: "Observation domain" },
] as const satisfies readonly HeaderRow[];

/**
 * Makes a codec for IPFIX (RFC 7011).
 *
 * @param options Bounds, and elements beyond those built in
 * @returns The codec
 *
 * @example What waits for its template, and elements of one's own
 * ```ts
 * import { createElementRegistry, createIpfixCodec } from "@flowtools/netflow-pdu";
 * import { FlowBatch } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * const elements = createElementRegistry().with([
 *   { enterprise: 64512, owner: "Us", elements: [[1, "rackId", "unsigned16"]] },
 * ]);
 * const codec = createIpfixCodec({ elements });
 * const session = codec.createSession();
 * const batch = new FlowBatch({ octets: true });
 * const decode = (sets: number[]) => {
 *   const header = [0, 10, 0, 16 + sets.length, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
 *   const view = new DataView(Uint8Array.from([...header, ...sets]).buffer);
 *   return codec.decode({ view, offset: 0, length: view.byteLength, exporter: 0 }, batch, session);
 * };
 *
 * assertEquals(decode([1, 0, 0, 6, 0, 19]).units, -1);
 * assertEquals(session.waiting, 1);
 * assertEquals(decode([0, 2, 0, 16, 1, 0, 0, 1, 0x80, 1, 0, 2, 0, 0, 0xfc, 0]).rows, 1);
 * assertEquals(batch.flow(0).get("rackId"), 19);
 * ```
 */
export function createIpfixCodec(options: TemplateCodecOptions = {}): TemplateCodec {
  return defineTemplateCodec({
    version: 10,
    title: "IPFIX",
    reference: "RFC 7011",
    sequenceUnit: "flows",
    headerRows: IPFIX_HEADER_ROWS,
    headerSize: 16,
    lacking: ["count", "sysUpTime", "unix_nsecs"],
  }, options);
}

/** IPFIX with the usual bounds. */
export const IPFIX_CODEC: TemplateCodec = createIpfixCodec();
