/**
 * The part of this package that sums flows up as the classic programs do: reports and their
 * configuration.
 *
 * ```ts
 * import { REPORTS, ReportRun } from "@flowtools/flowset/reports";
 * ```
 *
 * @module
 */
export * from "./report/mod.ts";
export * from "./report_config/definition_run.ts";
export {
  REPORT_FIELDS,
  REPORT_OPTIONS,
  type ReportField,
  type ReportFieldName,
  type ReportOption,
} from "./report_config/fields.ts";
export type {
  AddressDisplay,
  ConfigName,
  ConfiguredReport,
  ReportDefinition,
  ReportIncludes,
  ReportOutput,
  ReportTime,
} from "./report_config/model.ts";
export * from "./report_config/report_config.ts";
