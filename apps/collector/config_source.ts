import { expectedInstead, type Flag } from "@flowtools/common/flags";
import { suggestedWords } from "@flowtools/common/suggest";

/** A setting, and who made it. */
export interface Setting {
  readonly flag: Flag;
  /** The values as text; `true` or `false` of a switch. */
  readonly values: readonly string[];
  /** Where it was made, such as `--compress`, `FLOWTOOLS_COLLECTOR_COMPRESS` or `c.toml:3`. */
  readonly origin: string;
}

/** What one source of settings says. */
export interface SettingSource {
  readonly settings: readonly Setting[];
  /** What is wrong in it: where, what, what was expected. */
  readonly faults: readonly string[];
}

/** What a flag takes, in words. */
export function expectedKind(flag: Flag): string {
  if (flag.value === undefined) return "true or false";
  if (flag.choices !== undefined) return `one of ${flag.choices.join(", ")}`;
  if (flag.range !== undefined) return `a whole number ${flag.range[0]} to ${flag.range[1]}`;
  return flag.repeated === true ? `a list of ${flag.value}` : flag.value;
}

/** What is wrong with the values of a setting, each with what was expected instead. */
export function settingFaults({ flag, values, origin }: Setting): string[] {
  if (flag.value === undefined) return [];
  return values.flatMap((value) => {
    const expected = expectedInstead(flag, value);
    return expected === undefined
      ? []
      : [`${origin}: ${flag.name} is "${value}", expected ${expected}`];
  });
}

/** The known names that a wrong one is likely to mean, or all of them. */
export function expectedNames(name: string, known: readonly string[]): string {
  const near = suggestedWords(name, known);
  return near.length > 0 ? near.join(" or ") : `one of ${known.toSorted().join(", ")}`;
}
