/**
 * Questions over flows: `FlowSet` reads and writes flow-tools files, `FlowPDU` is one export
 * packet. It is pyflowtools' API in TypeScript.
 *
 * ```ts
 * import { FlowPDU, FlowSet } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * const pdu = new FlowPDU("192.0.2.1", await Deno.readFile("fixtures/pdu/v5-2.dat"));
 * const path = await Deno.makeTempFile();
 * {
 *   await using set = await FlowSet.create(path, { compressionLevel: 6 });
 *   await set.write(pdu);
 * }
 * await using set = await FlowSet.open(path);
 * for await (const flow of set) assertEquals(flow.exaddr, "192.0.2.1");
 * await Deno.remove(path);
 * ```
 *
 * @module
 */
export { Flow, FlowAttributeError, FlowBatch, FlowToolsError } from "@flowtools/flow-model";
export { FtFormatError } from "@flowtools/ft-format";
export { PduError } from "@flowtools/netflow-pdu";
export * from "./flow_pdu.ts";
export type { FinalCounters } from "./flow_writer.ts";
export * from "./limits.ts";
export * from "./packets/export_packet.ts";
export * from "./packets/packet_flows.ts";
export { PacketSessions } from "./packets/packet_sessions.ts";
export * from "./packets/lost_columns.ts";
export type { LossKind, RecordLoss } from "./packets/packet_records.ts";
export * from "./packets/packet_source.ts";
export { type NumberList, type NumberRange, parseNumberList } from "./config/numbers.ts";
export * from "./groups/mod.ts";
export * from "./reports.ts";
export * from "./select.ts";
export * from "./filter/acl.ts";
export * from "./filter/list_filter.ts";
export type { MaskLine } from "./filter/narrow_set.ts";
export * from "./cflowd_rows.ts";
export * from "./export/cflowd.ts";
export * from "./export/csv.ts";
export * from "./export/exporter.ts";
export * from "./export/field_mask.ts";
export * from "./export/packets.ts";
export * from "./export/pcap.ts";
export * from "./export/sql.ts";
export * from "./export/template_exporter.ts";
export type { AgerSink } from "./scan/ager.ts";
export type { HostTableCounts, HostTableLimits } from "./scan/host_table.ts";
export * from "./scan/scan_detector.ts";
export type { ScanFilterOptions } from "./scan/scan_filter.ts";
export { ScanStateError } from "./scan/scan_state.ts";
export { type SuppressEntry, SuppressList } from "./scan/suppress_list.ts";
export * from "./import/cflowd.ts";
export * from "./import/csv.ts";
export * from "./import/importer.ts";
export * from "./import/nfcollector.ts";
export * from "./import/packets.ts";
export type { BlockSink } from "./import/record_builder.ts";
export * from "./transform.ts";
export { nearestWords } from "./where/nearest.ts";
