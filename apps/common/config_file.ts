import { toText } from "@std/streams/to-text";
import { parseVariables } from "@flowtools/flowset/variables";
import { environment } from "./environment.ts";
import { type Flag, type ParsedArguments, UsageError } from "./flags.ts";

/** Names the directory that has `cfg/`, where configurations are that no flag names. */
const DIRECTORY_VARIABLE = "FLOWTOOLS_CONFIG_DIR";
const DIRECTORY_DEFAULT = "/etc/flow-tools";

/** Binds variables of configuration files. */
export const VARIABLE_FLAG: Flag = {
  name: "variable",
  letter: "v",
  value: "NAME=VALUE",
  repeated: true,
  doc: "What @NAME stands for in the configuration; may be given several times",
};

/** A configuration file that is read. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

/** Where the configuration of a kind is, such as `filter`, unless a flag says otherwise. */
function defaultConfigPath(kind: string): string {
  return `${environment(DIRECTORY_VARIABLE) ?? DIRECTORY_DEFAULT}/cfg/${kind}.cfg`;
}

/** Reads a configuration file: the one that a flag names, or that of the kind. */
export async function readConfigFile(path: string | undefined, kind: string): Promise<ConfigFile> {
  const file = path ?? defaultConfigPath(kind);
  try {
    return { path: file, text: await readText(file) };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    const hint = path === undefined ? `; name one, or set ${DIRECTORY_VARIABLE}` : "";
    throw new UsageError(`there is no ${kind} configuration "${file}"${hint}`);
  }
}

/** The text of a file; of standard input where it is `-`. */
async function readText(path: string): Promise<string> {
  return path === "-" ? await toText(Deno.stdin.readable) : await Deno.readTextFile(path);
}

/** The variables that a call binds. */
export function variablesOf(args: ParsedArguments): Map<string, string> {
  try {
    return parseVariables(args.values(VARIABLE_FLAG.name));
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : error;
  }
}
