import { type Flag, UsageError } from "@flowtools/common/flags";
import { parse, TomlError } from "smol-toml";
import { expectedKind, expectedNames, type Setting, type SettingSource } from "./config_source.ts";

/** Bytes of a configuration file at most; a real one has some hundreds. */
const FILE_BYTES_MAX = 1 << 20;

/**
 * Reads the settings of a TOML file: its keys are the long names of the flags.
 *
 * @param path The file, as messages name it
 * @param flags What may be set
 * @throws {UsageError} There is no such file, or it cannot be read
 */
export function readTomlFile(path: string, flags: readonly Flag[]): SettingSource {
  let text: string;
  try {
    const { size } = Deno.statSync(path);
    if (size > FILE_BYTES_MAX) {
      throw new RangeError(`it has ${size} bytes, expected at most ${FILE_BYTES_MAX}`);
    }
    text = Deno.readTextFileSync(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`cannot read the configuration "${path}": ${reason}`);
  }
  return parseSettings(text, path, flags);
}

/** The settings in the text of a TOML file. */
export function parseSettings(text: string, path: string, flags: readonly Flag[]): SettingSource {
  let table: Record<string, unknown>;
  try {
    table = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The first line says what is wrong; those after it draw the place.
    const [what] = error.message.replace(/^Invalid TOML document: /, "").split("\n");
    return { settings: [], faults: [`${path}:${error.line}: no TOML: ${what}`] };
  }
  const settings: Setting[] = [];
  const faults: string[] = [];
  for (const [name, value] of Object.entries(table)) {
    const origin = `${path}:${lineOf(text, name)}`;
    const flag = flags.find((candidate) => candidate.name === name);
    if (flag === undefined) {
      const expected = expectedNames(name, flags.map((candidate) => candidate.name));
      faults.push(`${origin}: ${name} is no setting, expected ${expected}`);
      continue;
    }
    const values = valuesOf(flag, value);
    if (values === undefined) {
      faults.push(`${origin}: ${name} is ${described(value)}, expected ${expectedKind(flag)}`);
    } else {
      settings.push({ flag, values, origin });
    }
  }
  return { settings, faults };
}

/** The values of a key as text; `undefined` where they are of the wrong type. */
function valuesOf(flag: Flag, value: unknown): string[] | undefined {
  if (flag.value === undefined) return typeof value === "boolean" ? [String(value)] : undefined;
  if (flag.repeated !== true) return isPlain(value) ? [String(value)] : undefined;
  const values = Array.isArray(value) ? value : [value];
  return values.every(isPlain) ? values.map(String) : undefined;
}

function isPlain(value: unknown): value is string | number {
  return typeof value === "string" || typeof value === "number";
}

function described(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (value instanceof Date) return "a date";
  return typeof value === "object" ? "a table" : JSON.stringify(value);
}

/** The line where a key of the top level is set, from 1; the parser does not tell it. */
function lineOf(text: string, name: string): number {
  const key = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const pattern = new RegExp(`^\\s*(?:\\[+\\s*)?["']?${key}["']?\\s*[=.\\]]`);
  return text.split("\n").findIndex((line) => pattern.test(line)) + 1;
}
