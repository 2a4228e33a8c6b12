/**
 * What a flow is: the table of fields, batches of columns, flows as lazy views, layouts of records,
 * time and addresses. No I/O, no dependencies; runs wherever JavaScript does.
 *
 * ```ts
 * import { FlowBatch, FlowSchema } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * const schema = new FlowSchema({ version: 5, fields: ["srcaddr", "dstaddr", "dOctets"] });
 * const batch = new FlowBatch();
 * batch.append(schema, { srcaddr: "10.0.0.1", dstaddr: "10.0.0.2", dOctets: 1500 });
 *
 * for (const flow of batch) assertEquals(flow.srcaddr, "10.0.0.1");
 * ```
 *
 * @module
 */
export * from "./address.ts";
export * from "./batch_options.ts";
export * from "./batch_pool.ts";
export { type Fill, fillLoop, type NumberColumn, type Store, storeLoop } from "./columns.ts";
export { countLost } from "./count_lost.ts";
export * from "./errors.ts";
export * from "./flow.ts";
export type { Column, ColumnHolders } from "./column_holders.ts";
export * from "./flow_batch.ts";
export * from "./flow_fields.ts";
export type * from "./inflater.ts";
export * from "./layout.ts";
export * from "./limits.ts";
export * from "./record_value.ts";
export * from "./row_octets.ts";
export * from "./sampling_column.ts";
export * from "./schema.ts";
export * from "./time.ts";
