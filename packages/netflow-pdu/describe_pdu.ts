import { compileTable } from "@flowtools/flow-model";
import type { PduInput, PduSession } from "./codec.ts";
import { dumpRecord, dumpRest, type PduFieldDump } from "./dump.ts";
import type { PduRegistry } from "./registry.ts";

/** What can be read of a packet that no codec knows. */
const UNKNOWN_PDU = compileTable("PDU of an unknown version", 2, [
  { name: "version", width: 2, doc: "Export version; no codec is registered for this one" },
]);

/**
 * Lists the fields of a datagram with place, value and meaning, as far as it goes: damaged
 * datagrams are what it is for.
 *
 * @param registry The codecs
 * @param bytes The datagram
 * @param session The exporter's, where the codec has sessions; without one only records are taken
 * apart whose templates the datagram brings
 * @returns The fields in wire order; `formatDump` makes text of them
 *
 * @example
 * ```ts
 * import { createPduRegistry, describePdu, PDU_CODECS } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * const registry = createPduRegistry(PDU_CODECS);
 * const [version, count, sysUpTime] = describePdu(registry, new Uint8Array([0, 1, 0, 2, 0, 0]));
 * assertEquals(version.value, 1);
 * assertEquals(count.value, 2);
 * assertEquals(sysUpTime.value, "cut short: 2 of 4 bytes");
 * ```
 */
export function describePdu(
  registry: PduRegistry,
  bytes: Uint8Array,
  session?: PduSession,
): PduFieldDump[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const input: PduInput = { view, offset: 0, length: bytes.byteLength, exporter: 0 };
  const { codec } = registry.decode(input, undefined);
  if (codec !== undefined) return codec.describe(input, session);
  const version = bytes.byteLength < 2 ? undefined : view.getUint16(0);
  const likely = registry.codecs.find((codec) => codec.version === version);
  if (likely !== undefined) {
    // Of the right version but without a known aggregation: the header alone can be read.
    const headerSize = likely.layouts?.header.size ?? bytes.byteLength;
    const length = Math.min(headerSize, bytes.byteLength);
    const header = likely.describe({ ...input, length });
    const source = { view, start: 0, end: bytes.byteLength };
    return header.concat(
      dumpRest(source, headerSize, "records", "Records of an unknown aggregation method"),
    );
  }
  const source = { view, start: 0, end: bytes.byteLength };
  const fields = dumpRecord(source, UNKNOWN_PDU.rows, 0, 0).map(({ record: _, ...dump }) => dump);
  return [...fields, ...dumpRest(source, UNKNOWN_PDU.size, "payload", "Not taken apart")];
}
