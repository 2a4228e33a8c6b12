import { environment } from "@flowtools/common/environment";
import type { Flag } from "@flowtools/common/flags";
import { expectedKind, expectedNames, type Setting, type SettingSource } from "./config_source.ts";

/** What the names of the variables begin with. */
export const ENVIRONMENT_PREFIX = "FLOWTOOLS_COLLECTOR_";

/** How switches are turned on and off. */
const SWITCHES: Readonly<Record<string, string>> = {
  "1": "true",
  true: "true",
  yes: "true",
  on: "true",
  "0": "false",
  false: "false",
  no: "false",
  off: "false",
};

/** The variable of a flag: `FLOWTOOLS_COLLECTOR_STAT_MINUTES`. */
export function variableOf(flag: Flag): string {
  return ENVIRONMENT_PREFIX + flag.name.toUpperCase().replaceAll("-", "_");
}

/**
 * The settings that the environment makes. Several values of one setting stand in its variable
 * with spaces between them; an empty variable is as none.
 *
 * @param known Variables of the prefix that are not for this program, but no mistake
 */
export function readEnvironment(
  flags: readonly Flag[],
  known: readonly Flag[] = [],
): SettingSource {
  const settings: Setting[] = [];
  const faults: string[] = [];
  for (const flag of flags) {
    const origin = variableOf(flag);
    const text = environment(origin) ?? "";
    if (text === "") continue;
    if (flag.value === undefined) {
      const value = SWITCHES[text.toLowerCase()];
      if (value === undefined) {
        faults.push(`${origin} is "${text}", expected ${expectedKind(flag)}`);
      } else {
        settings.push({ flag, values: [value], origin });
      }
    } else {
      const values = flag.repeated === true ? text.trim().split(/\s+/) : [text];
      settings.push({ flag, values, origin });
    }
  }
  const names = [...flags, ...known].map(variableOf);
  for (const name of variables()) {
    if (names.includes(name)) continue;
    faults.push(`${name} is no setting, expected ${expectedNames(name, flags.map(variableOf))}`);
  }
  return { settings, faults };
}

/** The names of the variables with the prefix, where the program may look at all of them. */
function variables(): string[] {
  if (Deno.permissions.querySync({ name: "env" }).state !== "granted") return [];
  return Object.keys(Deno.env.toObject()).filter((name) => name.startsWith(ENVIRONMENT_PREFIX));
}
