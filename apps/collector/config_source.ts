import { expectedInstead, type Flag } from "@flowtools/common/flags";

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

/** The known name that a wrong one is likely to mean, or all of them. */
export function expectedNames(name: string, known: readonly string[]): string {
  const near = known.filter((candidate) => distance(name, candidate) <= 2);
  return near.length > 0 ? near.join(" or ") : `one of ${known.toSorted().join(", ")}`;
}

/** How many characters must be inserted, removed or changed to make one of the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}
