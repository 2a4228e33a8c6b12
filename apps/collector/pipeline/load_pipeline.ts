import { readConfigFile } from "@flowtools/common/config_file";
import { UsageError } from "@flowtools/common/flags";
import { loadFilterConfig } from "@flowtools/common/load_filter";
import { loadWhere } from "@flowtools/common/load_where";
import { loadXlateConfig } from "@flowtools/common/load_xlate";
import { findFtLayout } from "@flowtools/ft-format";
import { parseTagConfig } from "@flowtools/flowset";
import type { Log } from "../log.ts";
import type { PipelineSettings } from "./options.ts";
import { type PipelineStages, RecordPipeline } from "./record_pipeline.ts";

/**
 * Reads the configurations that a pipeline needs, and makes it.
 *
 * @param settings What is to happen to flows
 * @param byteOrder Byte order of the records
 * @param log Where warnings of the configurations go
 * @throws {UsageError} A configuration is not there, or asks for fields that the version lacks
 * @throws {ConfigError} A configuration has a mistake, or no such definition
 */
export async function loadPipeline(
  settings: PipelineSettings,
  byteOrder: "little" | "big",
  log: Log,
): Promise<RecordPipeline> {
  const { exportVersion } = settings;
  const layout = exportVersion === undefined
    ? undefined
    : findFtLayout(exportVersion.version, exportVersion.aggregation);
  const stages: PipelineStages = {
    layout,
    tag: await loadTag(settings),
    filter: await loadFilter(settings, log),
    xlate: await loadXlate(settings, log),
  };
  const pipeline = new RecordPipeline(
    stages,
    byteOrder === "little",
    (message) => log.warn("record-fields", message),
  );
  const route = layout === undefined ? undefined : pipeline.route(layout.schema);
  if (route?.refusal !== undefined) {
    throw new UsageError(`flows are stored as ${layout?.schema.label}: ${route.refusal.message}`);
  }
  return pipeline;
}

async function loadTag({ tag, variables }: PipelineSettings): Promise<PipelineStages["tag"]> {
  if (tag === undefined) return undefined;
  const { path, text } = await readConfigFile(tag.file, "tag");
  const config = parseTagConfig(text, { file: path, variables });
  // Asked now, so that a definition that is not there is an error at the start.
  config.transform(tag.definition);
  return () => config.transform(tag.definition);
}

/**
 * Reads the configuration of a filter, or its expression.
 *
 * @param settings Which filter, if any
 * @param log Where warnings of the configuration go
 * @returns Gives the filter; `undefined` where there is none
 * @throws {UsageError} The configuration is not there
 * @throws {ConfigError} It has a mistake, or no such definition
 * @throws {WhereError} The expression is none
 */
export async function loadFilter(
  { filter, variables, symbols }: Pick<PipelineSettings, "filter" | "variables" | "symbols">,
  log: Log,
): Promise<PipelineStages["filter"]> {
  if (filter === undefined) return undefined;
  const { definition, where } = filter;
  if (definition === undefined) {
    const options = { filterFile: filter.file, variables, symbols, nowMs: Date.now() };
    // Filters are asked of flows without what exporters told beside them.
    const passes = await loadWhere({ ...options, expression: where ?? "", fieldsOnly: true });
    return () => passes.filter;
  }
  const file = await readConfigFile(filter.file, "filter");
  const warn = (message: string) => log.warn("filter-config", message);
  const config = await loadFilterConfig(file, { variables, warn }, symbols);
  config.filter(definition);
  return () => config.filter(definition);
}

async function loadXlate(
  { xlate, variables, symbols }: PipelineSettings,
  log: Log,
): Promise<PipelineStages["xlate"]> {
  if (xlate === undefined) return undefined;
  const file = await readConfigFile(xlate.file, "xlate");
  const warn = (message: string) => log.warn("xlate-config", message);
  const config = await loadXlateConfig(file, { variables, warn }, symbols);
  config.transform(xlate.definition);
  return () => config.transform(xlate.definition);
}
