import type { HeaderRow } from "../header_layout.ts";
import {
  defineTemplateCodec,
  type TemplateCodec,
  type TemplateCodecOptions,
} from "../templates/define_codec.ts";

/** The header of NetFlow v9, 20 bytes. Source: RFC 3954, section 5.1. */
export const V9_HEADER_ROWS = [
  { name: "version", width: 2, doc: "Export version, 9" },
  { name: "count", width: 2, doc: "Records in the packet, those of templates included" },
  { name: "sysUpTime", width: 4 },
  { name: "unix_secs", width: 4 },
  { name: "sequence", width: 4, doc: "Packets sent before by the source, modulo 2^32" },
  { name: "source_id", width: 4, doc: "Source of the flows within the exporter" },
] as const satisfies readonly HeaderRow[];

/**
 * Makes a codec for NetFlow v9 (RFC 3954, and what vendors send under its name).
 *
 * @param options Bounds, and elements beyond those built in
 * @returns The codec
 *
 * @example
 * ```ts
 * import { createPduRegistry, createV9Codec, decodePdu } from "@flowtools/netflow-pdu";
 * import { FlowBatch } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * const codec = createV9Codec({ limits: { templates: 100 } });
 * const registry = createPduRegistry([codec]);
 * const session = codec.createSession();
 * const header = [0, 9, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4];
 *
 * // Template 256: source address (8) and packets (2), four octets each. Then a record of it.
 * const template = [...header, 0, 0, 0, 16, 1, 0, 0, 2, 0, 8, 0, 4, 0, 2, 0, 4];
 * const data = [...header, 1, 0, 0, 12, 192, 0, 2, 1, 0, 0, 0, 7];
 *
 * const batch = new FlowBatch();
 * for (const octets of [template, data]) {
 *   decodePdu(registry, Uint8Array.from(octets), batch, { session });
 * }
 * assertEquals(batch.flow(0).srcaddr, "192.0.2.1");
 * assertEquals(batch.flow(0).dPkts, 7);
 * ```
 */
export function createV9Codec(options: TemplateCodecOptions = {}): TemplateCodec {
  return defineTemplateCodec({
    version: 9,
    title: "NetFlow v9",
    reference: "RFC 3954",
    sequenceUnit: "packets",
    headerRows: V9_HEADER_ROWS,
    headerSize: 20,
    lacking: ["unix_nsecs"],
  }, options);
}

/** NetFlow v9 with the usual bounds. */
export const V9_CODEC: TemplateCodec = createV9Codec();
