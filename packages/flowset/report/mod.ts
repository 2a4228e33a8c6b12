/** Reports: flows grouped by keys, with their sums. */
export { type CounterName, COUNTERS, RATE_COUNTERS } from "./accumulate.ts";
export * from "./errors.ts";
export { type AddressFormat, type KeyKind, type KeyName, KEYS, type KeySpec } from "./keys.ts";
export * from "./reports.ts";
export * from "./result.ts";
export * from "./run_report.ts";
export {
  FLOW_OCTETS_BOUNDS,
  FLOW_PACKETS_BOUNDS,
  FLOW_TIME_BOUNDS,
  PACKET_SIZE_BOUNDS,
  type SummaryDetail,
} from "./summary.ts";
export type { WideAddresses } from "./wide_addresses.ts";
