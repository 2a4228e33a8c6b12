import { ConfigError } from "../config/error.ts";
import { NamedEntries, readSections } from "../config/sections.ts";
import type { ConfigVariables } from "../config/variables.ts";
import type { AddressFormat } from "../report/keys.ts";
import { REPORT_KEYWORDS } from "./keywords.ts";
import type {
  AddressDisplay,
  ConfiguredReport,
  ReportDefinition,
  ReportDraft,
  ReportIncludes,
  ReportState,
} from "./model.ts";

/** How to read a report configuration. */
export interface ReportConfigOptions {
  /** Name of the file, for messages; default `report configuration`. */
  readonly file?: string;
  /** What `@NAME` stands for. */
  readonly variables?: ConfigVariables;
}

/** The reports that a configuration defines; {@linkcode parseReportConfig} makes it. */
export class ReportConfig {
  /** The files of filters, tags and masks that it names. */
  readonly includes: ReportIncludes;
  readonly #file: string;
  readonly #definitions: NamedEntries<ReportDefinition>;

  /**
   * Makes a configuration.
   *
   * @param file Its name, for messages
   * @param includes The files that it names
   * @param definitions The definitions
   * @ignore
   */
  constructor(
    file: string,
    includes: ReportIncludes,
    definitions: NamedEntries<ReportDefinition>,
  ) {
    this.#file = file;
    this.includes = includes;
    this.#definitions = definitions;
  }

  /** The names of the definitions, in order. */
  get names(): readonly string[] {
    return this.#definitions.names;
  }

  /**
   * Finds a definition.
   *
   * @param name Its name, in upper or lower case
   * @returns The definition
   * @throws {ConfigError} There is none
   */
  definition(name: string): ReportDefinition {
    return this.#definitions.resolve({ text: name, file: this.#file, line: 1, column: 1 });
  }
}

/**
 * Reads a report configuration as `flow-report` does: reports with their outputs, and definitions
 * that say which reports are made together.
 *
 * Source: flow-tools `ftstat.c`.
 *
 * @param text What the file says
 * @param options Name of the file, variables
 * @returns The definitions
 * @throws {ConfigError} The text is no report configuration, with place and what was expected
 *
 * @example
 * ```ts
 * import { parseReportConfig } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * const config = parseReportConfig(`
 * stat-report TALKERS
 *   type ip-source-address
 *   output
 *     sort +octets
 *     records 10
 *     fields -packets,+index
 * stat-definition top
 *   report TALKERS
 * `);
 * const [{ spec, outputs }] = config.definition("top").reports;
 * assertEquals(spec.type, 15);
 * assertEquals(outputs[0].sort, { field: "octets", sign: "+" });
 * assertEquals(outputs[0].fields.has("packets"), false);
 * ```
 */
export function parseReportConfig(text: string, options: ReportConfigOptions = {}): ReportConfig {
  const { file = "report configuration", variables = new Map() } = options;
  const state: ReportState = {
    includes: {},
    reports: new NamedEntries("stat-report"),
    definitions: new NamedEntries("stat-definition"),
  };
  readSections({ file, text, variables }, REPORT_KEYWORDS, state);
  const definitions = new NamedEntries<ReportDefinition>("stat-definition");
  for (const { name, reports, ...rest } of state.definitions.values) {
    definitions.define(name, {
      ...rest,
      name: name.text,
      reports: reports.map((word) => finished(state.reports.resolve(word))),
    });
  }
  return new ReportConfig(file, state.includes, definitions);
}

function finished({ name, spec, ...rest }: ReportDraft): ConfiguredReport {
  if (spec === undefined) {
    throw new ConfigError(name, `stat-report "${name.text}" has no type`, 'a line "type" in it');
  }
  return { ...rest, name: name.text, spec };
}

/**
 * How addresses become keys where they are shown in some way.
 *
 * @param display How they are shown
 * @returns The format of the key
 */
export function addressFormat({ lengths, networks }: AddressDisplay): AddressFormat {
  return networks ? "prefix-mask" : lengths ? "prefix-len" : "address";
}
