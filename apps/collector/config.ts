import { type Flag, type ParsedArguments, parseFlags, UsageError } from "@flowtools/common/flags";
import { environment } from "@flowtools/common/environment";
import { CONFIG_FLAG } from "./operation_options.ts";
import { faultsOf, SettingsError } from "./settings_error.ts";
import { readEnvironment, variableOf } from "./config_environment.ts";
import { readTomlFile } from "./config_toml.ts";
import { type Setting, settingFaults, type SettingSource } from "./config_source.ts";

/** What is asked of the program itself rather than set: it is in no file and no variable. */
const CALL_ONLY = ["help", "check-config", CONFIG_FLAG.name];

/** All settings, and where each comes from. */
export interface Configuration {
  /** The settings, as if all of them were flags. */
  readonly settings: ParsedArguments;
  /** What was set, by name; what is not here has its default. */
  readonly set: ReadonlyMap<string, Setting>;
}

/** What may be set, and by what means. */
export interface ConfigurationTable {
  /** The flags of the program. */
  readonly flags: readonly Flag[];
  /** A repeated flag that holds the operands where the call has none, such as `listen`. */
  readonly operandsFlag: string;
}

/**
 * Merges what the call, the environment and the file of settings say, in this order of strength.
 *
 * @param args The call, parsed with the flags of the table
 * @param known Flags of the sister programs: the environment may speak to all of them
 * @throws {SettingsError} Settings are unknown or not allowed: all faults at once
 */
export function readConfiguration(
  args: ParsedArguments,
  { flags, operandsFlag }: ConfigurationTable,
  known: readonly Flag[] = [],
): Configuration {
  const settable = flags.filter(({ name }) => !CALL_ONLY.includes(name));
  const call = callSettings(args, settable, operandsFlag);
  const variables = readEnvironment(settable, [...known, CONFIG_FLAG]);
  const path = args.value(CONFIG_FLAG.name) ?? environment(variableOf(CONFIG_FLAG));
  const file = path === undefined || path === "" ? NOTHING : fileSettings(path, settable);

  const set = new Map<string, Setting>();
  const faults = [...call.faults, ...variables.faults, ...file.faults];
  for (const source of [call, variables, file]) {
    for (const setting of source.settings) {
      // What is wrong is said even where something stronger hides it.
      faults.push(...settingFaults(setting));
      if (!set.has(setting.flag.name)) set.set(setting.flag.name, setting);
    }
  }
  if (faults.length > 0) throw new SettingsError(faults);
  return { settings: merged(set, flags, operandsFlag), set };
}

const NOTHING: SettingSource = { settings: [], faults: [] };

/** What the call sets. */
function callSettings(
  args: ParsedArguments,
  flags: readonly Flag[],
  operandsFlag: string,
): SettingSource {
  const settings = flags.flatMap((flag): Setting[] => {
    const values = callValues(args, flag);
    const operands = flag.name === operandsFlag ? args.operands : [];
    const all = [...values, ...operands];
    const origin = operands.length > 0 ? "operand" : `--${flag.name}`;
    return all.length === 0 ? [] : [{ flag, values: all, origin }];
  });
  return { settings, faults: [] };
}

function callValues(args: ParsedArguments, flag: Flag): readonly string[] {
  if (flag.value === undefined) return args.on(flag.name) ? ["true"] : [];
  if (flag.repeated === true) return args.values(flag.name);
  const value = args.value(flag.name);
  return value === undefined ? [] : [value];
}

function fileSettings(path: string, flags: readonly Flag[]): SettingSource {
  try {
    return readTomlFile(path, flags);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { settings: [], faults: faultsOf(error) };
  }
}

/** The settings as the parts take them: as if all of them had been flags of the call. */
function merged(
  set: ReadonlyMap<string, Setting>,
  flags: readonly Flag[],
  operandsFlag: string,
): ParsedArguments {
  const args: string[] = [];
  const operands: string[] = [];
  for (const { flag, values } of set.values()) {
    if (flag.name === operandsFlag) operands.push(...values);
    else if (flag.value !== undefined) args.push(...values.map((it) => `--${flag.name}=${it}`));
    else if (values[0] === "true") args.push(`--${flag.name}`);
  }
  return parseFlags([...args, "--", ...operands], flags);
}

/**
 * The settings as a TOML file that says where each comes from; what has its default is a comment.
 *
 * @param program What the settings are of
 */
export function configurationText(
  program: string,
  { set }: Configuration,
  flags: readonly Flag[],
): string {
  const lines = flags.filter(({ name }) => !CALL_ONLY.includes(name)).map((flag) => {
    const setting = set.get(flag.name);
    if (setting !== undefined) {
      return `${flag.name} = ${tomlValue(setting)}  # ${setting.origin}`;
    }
    const [, absent = flag.value === undefined ? "false" : "not set"] =
      flag.doc.match(/\(default: ([^)]*)\)/) ?? [];
    return `# ${flag.name}: default, ${absent}`;
  });
  return `# The settings of ${program}, and where each comes from\n${lines.join("\n")}\n`;
}

function tomlValue({ flag, values }: Setting): string {
  if (flag.value === undefined) return values[0];
  if (flag.repeated === true) return `[${values.map((value) => tomlText(value)).join(", ")}]`;
  return flag.range === undefined ? tomlText(values[0]) : values[0];
}

/** A string of TOML; those of JSON are, but for one character that TOML wants escaped. */
function tomlText(text: string): string {
  return JSON.stringify(text).replaceAll("\x7f", "\\u007f");
}
