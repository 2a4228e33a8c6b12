import { formatIPv4, formatIPv6, parseIPv4, parseIPv6 } from "@flowtools/flow-model";

/**
 * Who sent a PDU: an IPv4 address as a number, or the 16 bytes of an IPv6 address.
 */
export type ExporterAddress = number | Uint8Array;

/**
 * The address of an exporter in the form that decoders take. An IPv4 address in IPv6 clothes
 * (`::ffff:10.0.0.1`, as dual-stack sockets give it) becomes IPv4.
 *
 * @param address A number or text for IPv4, 16 bytes or text for IPv6
 * @returns A number for IPv4, 16 bytes for IPv6
 * @throws {RangeError} The text is no address, or the bytes are not 16
 *
 * @example
 * ```ts
 * import { parseExporter } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseExporter("10.0.0.1"), 0x0a000001);
 * assertEquals(parseExporter("::ffff:10.0.0.1"), 0x0a000001);
 * ```
 */
export function parseExporter(address: number | string | Uint8Array): ExporterAddress {
  if (typeof address === "number") return address >>> 0;
  const parsed = typeof address === "string" ? parseIPv4(address) ?? parseIPv6(address) : address;
  if (parsed === undefined || (typeof parsed === "object" && parsed.length !== 16)) {
    throw new RangeError(`Cannot use exporter "${address}": it is no IPv4 or IPv6 address`);
  }
  if (typeof parsed === "number") return parsed;
  const view = new DataView(parsed.buffer, parsed.byteOffset, parsed.byteLength);
  const mapped = view.getBigUint64(0) === 0n && view.getUint32(8) === 0xffff;
  return mapped ? view.getUint32(12) : parsed;
}

/**
 * The address of an exporter as text.
 *
 * @param exporter A number for IPv4, 16 bytes for IPv6
 * @returns Dotted decimal text, or the canonical IPv6 form
 *
 * @example
 * ```ts
 * import { formatExporter } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatExporter(0x0a000001), "10.0.0.1");
 * ```
 */
export function formatExporter(exporter: ExporterAddress): string {
  return typeof exporter === "number" ? formatIPv4(exporter) : formatIPv6(exporter);
}
