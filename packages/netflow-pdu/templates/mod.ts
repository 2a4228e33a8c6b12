export type { Biflow, ListSource } from "./batch_plan.ts";
export type { TemplateCodec, TemplateCodecOptions } from "./define_codec.ts";
export * from "./domain_facts.ts";
export { DomainNumbers } from "./domain_numbers.ts";
export { ELEMENT_COLUMNS, type ElementColumn, type ElementConversion } from "./element_columns.ts";
export * from "./encoder.ts";
export type { DescribedElements, FactOrigin, FactSource } from "./fact_origin.ts";
export * from "./limits.ts";
export * from "./read_sets.ts";
export { readerOf, type SchemaTemplate, templateOf } from "./record_reader.ts";
export { TemplateSession } from "./session.ts";
export {
  type FactsSnapshot,
  type SessionSnapshot,
  SessionSnapshotError,
  SNAPSHOT_FORMAT,
  type TemplateSnapshot,
} from "./session_snapshot.ts";
export { type FieldPlaces, findListNumbers, type ListContext, readFields } from "./structured.ts";
export { RecordFields, Template, type TemplateField, VARIABLE_LENGTH } from "./template.ts";
export type { TemplateCounters } from "./template_counters.ts";
export type { TemplateStore } from "./template_store.ts";
export type { TemplateDialect } from "./read_templates.ts";
