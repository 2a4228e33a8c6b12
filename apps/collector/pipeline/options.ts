import { VARIABLE_FLAG, variablesOf } from "@flowtools/common/config_file";
import { type Flag, type ParsedArguments, UsageError } from "@flowtools/common/flags";
import { SYMBOLS_FLAG } from "@flowtools/common/load_symbols";
import { type ExportVersion, parseVersion } from "@flowtools/common/parse_version";
import type { ConfigVariables } from "@flowtools/flowset";

/** Options of the steps between decoding and storing, with flow-capture's letters. */
export const PIPELINE_OPTIONS: readonly Flag[] = [
  {
    name: "export-version",
    letter: "V",
    value: "VERSION",
    doc:
      "Store as 1, 5, 6, 7, 8.1 to 8.14 or 1005 (default: as received, a file for each version; " +
      "NetFlow v9, IPFIX and sFlow as 5, IPv4 only)",
  },
  {
    name: "where",
    value: "EXPR",
    doc: 'Store only flows that pass, such as "src net 10.0.0.0/8 and dst port in [80 443]"; ' +
      '"filter NAME" is a definition of --filter-file',
  },
  { name: "filter-file", letter: "f", value: "FILE", doc: "Filter configuration" },
  {
    name: "filter-definition",
    letter: "F",
    value: "NAME",
    doc: "Store only flows that pass this filter (default with -f: default)",
  },
  { name: "tag-file", letter: "t", value: "FILE", doc: "Tag configuration" },
  {
    name: "tag-definition",
    letter: "T",
    value: "NAME",
    doc: "Tag flows by this definition; they are stored as version 1005",
  },
  { name: "xlate-file", letter: "x", value: "FILE", doc: "Translation configuration" },
  {
    name: "xlate-definition",
    letter: "X",
    value: "NAME",
    doc: "Translate flows by this definition (default with -x: default)",
  },
  VARIABLE_FLAG,
  SYMBOLS_FLAG,
];

/** A definition of a configuration file. */
export interface NamedDefinition {
  /** The file; the usual one where not given. */
  readonly file?: string;
  /** The definition in it. */
  readonly definition: string;
}

/** Which flows pass: a definition of a configuration file, or an expression. */
export interface FilterSettings {
  /** The configuration, also that of definitions that the expression names; the usual one where not given. */
  readonly file?: string;
  /** The definition; where not given, there is an expression. */
  readonly definition?: string;
  /** The expression. */
  readonly where?: string;
}

/** What happens to flows between decoding and storing. */
export interface PipelineSettings {
  /** What they are stored as; where not given, as they come. */
  readonly exportVersion?: ExportVersion;
  /** Which are stored. */
  readonly filter?: FilterSettings;
  /** How they are tagged. */
  readonly tag?: NamedDefinition;
  /** How they are translated. */
  readonly xlate?: NamedDefinition;
  /** Variables of the configurations. */
  readonly variables?: ConfigVariables;
  /** Directory of symbol files. */
  readonly symbols?: string;
}

/** The version that tagged flows have. */
const TAGGED: ExportVersion = { version: 1005 };

/**
 * The settings that the arguments ask for.
 *
 * @throws {UsageError} A value is not allowed, or two contradict each other
 */
export function pipelineSettings(args: ParsedArguments): PipelineSettings {
  const version = args.value("export-version");
  const given = version === undefined ? undefined : parseVersion(version);
  const tag = definitionOf(args, "tag");
  if (tag !== undefined && given !== undefined && given.version !== TAGGED.version) {
    throw new UsageError(
      `--export-version is "${version}" but flows are tagged, expected ${TAGGED.version}`,
    );
  }
  return {
    exportVersion: tag === undefined ? given : TAGGED,
    filter: filterOf(args.value, "default"),
    tag,
    xlate: definitionOf(args, "xlate", "default"),
    variables: variablesOf(args),
    symbols: args.value(SYMBOLS_FLAG.name),
  };
}

/**
 * Which flows pass.
 *
 * @param value The value of a flag
 * @param absent The definition where only the file of a configuration is named; default none
 * @returns Nothing where all do
 * @throws {UsageError} There are an expression and a definition
 */
export function filterOf(
  value: ParsedArguments["value"],
  absent?: string,
): FilterSettings | undefined {
  const file = value("filter-file");
  const where = value("where");
  const named = value("filter-definition");
  if (where !== undefined) {
    if (named === undefined) return { file, where };
    throw new UsageError(
      `--where does not go with --filter-definition, expected "filter ${named}" in --where`,
    );
  }
  const definition = named ?? (file === undefined ? undefined : absent);
  return definition === undefined ? undefined : { file, definition };
}

function definitionOf(
  args: ParsedArguments,
  kind: "tag" | "xlate",
  absent?: string,
): NamedDefinition | undefined {
  const file = args.value(`${kind}-file`);
  const definition = args.value(`${kind}-definition`) ?? (file === undefined ? undefined : absent);
  if (definition !== undefined) return { file, definition };
  if (file === undefined) return undefined;
  throw new UsageError(`--${kind}-definition is missing, expected a definition of "${file}"`);
}
