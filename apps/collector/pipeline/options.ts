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

/** What happens to flows between decoding and storing. */
export interface PipelineSettings {
  /** What they are stored as; where not given, as they come. */
  readonly exportVersion?: ExportVersion;
  /** Which are stored. */
  readonly filter?: NamedDefinition;
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
    filter: definitionOf(args, "filter", "default"),
    tag,
    xlate: definitionOf(args, "xlate", "default"),
    variables: variablesOf(args),
    symbols: args.value(SYMBOLS_FLAG.name),
  };
}

function definitionOf(
  args: ParsedArguments,
  kind: "filter" | "tag" | "xlate",
  absent?: string,
): NamedDefinition | undefined {
  const file = args.value(`${kind}-file`);
  const definition = args.value(`${kind}-definition`) ?? (file === undefined ? undefined : absent);
  if (definition !== undefined) return { file, definition };
  if (file === undefined) return undefined;
  throw new UsageError(`--${kind}-definition is missing, expected a definition of "${file}"`);
}
