/**
 * The part of this package that reads flows, picks some and passes them on: sets, expressions,
 * filters, symbols, the shape of records. What decodes packets is loaded when packets are met, so
 * programs that start often load this in half the time of the whole.
 *
 * ```ts
 * import { compileWhere, selectRecords } from "@flowtools/flowset/select";
 * import { openFtFile } from "@flowtools/ft-format/deno";
 *
 * using file = await openFtFile("fixtures/ft/v5-le.ft");
 * const where = compileWhere("tcp and octets > 1M");
 * for await (const block of selectRecords(file, where)) console.log(block.count);
 * ```
 *
 * @module
 */
export type { BatchReadOptions } from "./flow_reader.ts";
export * from "./flow_set.ts";
export type { FlowItem, FlowTarget, FlowWriteOptions, WriteReport } from "./flow_writer.ts";
export * from "./header_clock.ts";
export { FILE_TEMPLATE_LIMITS } from "./limits.ts";
export * from "./merge.ts";
export {
  type FlowReadOptions,
  type FlowSource,
  openRecords,
  type RecordSource,
} from "./open_source.ts";
export * from "./packets/counter_scaling.ts";
export * from "./packets/flow_labels.ts";
export { PACKET_MAGIC_BYTES, type PacketFormat, packetFormat } from "./packets/packet_format.ts";
export type { PacketSessions } from "./packets/packet_sessions.ts";
export * from "./packets/sessions_on_demand.ts";
export * from "./record_shaper.ts";
export type { ReferenceFaultOptions } from "./reference_faults.ts";
export * from "./split.ts";
export * from "./symbols.ts";
export * from "./config/date.ts";
export * from "./config/error.ts";
export * from "./errors.ts";
export type { SymbolLookup } from "./config/numbers.ts";
export { type ConfigVariables, parseVariables } from "./config/variables.ts";
export * from "./filter/filter_config.ts";
export * from "./filter/flow_filter.ts";
export type { RowTest } from "./filter/narrow.ts";
export * from "./filter/record_filter.ts";
export * from "./where/compile_where.ts";
export * from "./where/select_records.ts";
export type { WhereElement, WhereElementNames } from "./where/subject_table.ts";
export type { ToldFacts, ToldNames } from "./where/told_names.ts";
export type { WhereNames, WhereSymbols } from "./where/values.ts";
export * from "./where/where_error.ts";
export * from "./where/where_fields.ts";
