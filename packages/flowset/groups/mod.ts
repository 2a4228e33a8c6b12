/**
 * Groups of flows by any keys, IPv6 included, for one thread or several. Programs that start often
 * load this in a fraction of the time of the whole package.
 *
 * @module
 */
export { GroupTableLimitError, MissingFieldError } from "../report/errors.ts";
export { GROUP_TABLE_BYTES_MAX, READ_BATCH_ROWS } from "../limits.ts";
export {
  type CounterUnit,
  findGroupCounter,
  GROUP_COUNTERS,
  type GroupCounter,
} from "./counters.ts";
export * from "./errors.ts";
export {
  findGroupKey,
  GROUP_KEYS,
  type GroupKeyKind,
  type GroupKeyNames,
  type GroupKeySpec,
  ORIGIN_KEY,
} from "./group_keys.ts";
export type { ElementText } from "./element_words.ts";
export type { FlowOrigins, OriginLookup } from "./flow_origins.ts";
export { hasToldNames, isExporterKey, ToldLabels } from "./told_labels.ts";
export * from "./group_exchange.ts";
export * from "./group_result.ts";
export * from "./group_run.ts";
export { PORT_PROTOCOLS } from "./key_words.ts";
export type { LackingListener } from "./lacking_flows.ts";
export type { GroupRows, GroupSnapshot } from "./group_snapshot.ts";
export * from "./moment.ts";
export { type GroupKey, parseGroupKeys, parseSpanSeconds } from "./parse_keys.ts";
export * from "./time_zone.ts";
export {
  classRange,
  createScale,
  type MeasureName,
  MEASURES,
  type ScaleName,
  type ValueScale,
} from "./value_scale.ts";
