import { LOST_NAMES_MAX } from "./limits.ts";

/** Stands for all fields beyond those that are counted by name. */
const OTHERS = "others";

/**
 * Counts values that could not be held, those of fields beyond a bound as `others`.
 *
 * @param lost Values by field, which is added to
 * @param name The field
 * @param count Values
 * @param max The bound: fields that are counted by name
 *
 * @example
 * ```ts
 * import { countLost } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * const lost = new Map([["vlanId", 2]]);
 * countLost(lost, "vlanId", 3);
 * assertEquals(lost.get("vlanId"), 5);
 * ```
 */
export function countLost(
  lost: Map<string, number>,
  name: string,
  count: number,
  max: number = LOST_NAMES_MAX,
): void {
  if (count <= 0) return;
  const key = lost.has(name) || lost.size < max ? name : OTHERS;
  lost.set(key, (lost.get(key) ?? 0) + count);
}
