/**
 * Writes the tables of docs/API.md from the tables of the code.
 *
 *     deno run --allow-read --allow-env --allow-write=docs/API.md scripts/make_api_doc.ts
 *
 * @module
 */
import type { Flag } from "@flowtools/common/flags";
import { ENDPOINTS } from "../apps/collector/web/endpoints.ts";
import {
  BODY_BYTES_MAX,
  DOWNLOADS_MAX,
  FILES_MAX,
  FLOW_RING_ROWS,
  QUERIES_WAITING_MAX,
  QUERY_FILES_MAX,
  QUERY_TABLE_BYTES_MAX,
  TOP_GROUPS_KEPT,
  TOP_GROUPS_MAX,
  URL_LENGTH_MAX,
} from "../apps/collector/web/limits.ts";
import { DIMENSIONS } from "../apps/collector/web/live/dimensions.ts";
import { METRIC_DOCS } from "../apps/collector/web/metrics.ts";
import { WEB_OPTIONS } from "../apps/collector/web/options.ts";
import type { Parameter } from "../apps/collector/web/parameters.ts";
import { QUERY_KEYS } from "../apps/collector/web/query/query.ts";
import { WHERE_EXAMPLES } from "../apps/collector/web/query/where.ts";
import { fillTables, table } from "./document_tables.ts";

const DOCUMENT = new URL("../docs/API.md", import.meta.url);

function flagName({ name, value }: Flag): string {
  return `\`--${name}${value === undefined ? "" : ` ${value}`}\``;
}

function valuesOf({ name, choices, range, lengthMax }: Parameter): string {
  if (name === "keys") return "keys, see below";
  if (name === "where") return "a filter, see below";
  if (choices !== undefined) return choices.map((choice) => `\`${choice}\``).join(", ");
  return range === undefined ? `text of ${lengthMax} characters` : `${range[0]} to ${range[1]}`;
}

function endpointTables(): string {
  return ENDPOINTS.map(({ path, doc, parameters }) => {
    const rows = parameters.map((parameter) => [
      `\`${parameter.name}\``,
      valuesOf(parameter),
      parameter.fallback === "" ? "" : `\`${parameter.fallback}\``,
    ]);
    const text = `### GET ${path}\n\n${doc}.`;
    return rows.length === 0
      ? text
      : `${text}\n\n${table(["parameter", "values", "default"], rows)}`;
  }).join("\n\n");
}

const TABLES: Readonly<Record<string, () => string>> = {
  options: () => table(["option", "meaning"], WEB_OPTIONS.map((row) => [flagName(row), row.doc])),
  endpoints: endpointTables,
  dimensions: () =>
    table(
      ["name", "on the page", "time series stacked by it"],
      DIMENSIONS.map(({ id, title, stack }) => [`\`${id}\``, title, stack ? "yes" : ""]),
    ),
  examples: () =>
    table(
      ["filter", "flows"],
      WHERE_EXAMPLES.map(([expression, meaning]) => [`\`${expression}\``, meaning]),
    ),
  keys: () => table(["key"], QUERY_KEYS.map((key) => [`\`${key}\``])),
  metrics: () =>
    table(
      ["metric", "type", "meaning"],
      METRIC_DOCS.map(({ name, type, help }) => [`\`${name}\``, type, help]),
    ),
  limits: () =>
    table(
      ["what", "bound"],
      [
        ["characters of an address", URL_LENGTH_MAX],
        ["bytes of the login form", BODY_BYTES_MAX],
        ["downloads at the same time", DOWNLOADS_MAX],
        ["files listed, the newest", FILES_MAX],
        ["queries that wait while one runs", QUERIES_WAITING_MAX],
        ["files of a query", QUERY_FILES_MAX],
        ["bytes of the groups of a query", QUERY_TABLE_BYTES_MAX],
        ["last flows kept", FLOW_RING_ROWS],
        ["groups of a live table in ten seconds", TOP_GROUPS_MAX],
        ["groups kept of ten seconds that are over", TOP_GROUPS_KEPT],
      ].map(([what, bound]) => [String(what), bound.toLocaleString("en")]),
    ),
};

/**
 * Puts the tables between the markers of docs/API.md.
 *
 * @param document The text with markers
 * @returns The text with up-to-date tables
 * @throws {RangeError} A marker names no table, or a table has no marker
 */
export function withApiTables(document: string): string {
  return fillTables(document, TABLES);
}

if (import.meta.main) {
  const before = await Deno.readTextFile(DOCUMENT);
  await Deno.writeTextFile(DOCUMENT, withApiTables(before));
}
