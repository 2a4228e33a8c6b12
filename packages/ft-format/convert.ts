import type { FlowFieldName, FlowSchema } from "@flowtools/flow-model";

const CLASSIC_VERSIONS: readonly number[] = [1, 5, 6, 7];

/**
 * The export versions that flows of each version can be rewritten as. Version 8 is not here: its
 * aggregated records can only stay what they are.
 *
 * Source: flow-tools `ftrec.c`.
 */
export const FT_CONVERSIONS: ReadonlyMap<number, readonly number[]> = new Map<
  number,
  readonly number[]
>([
  ...CLASSIC_VERSIONS.map((version) => [version, [...CLASSIC_VERSIONS, 1005]] as const),
  [1005, [5, 1005]],
]);

/**
 * Whether flow-tools can rewrite flows of one shape as records of another.
 *
 * @param from Shape of the flows
 * @param to Shape of the records
 * @returns Whether it can
 *
 * @example
 * ```ts
 * import { canConvert, findFtLayout } from "@flowtools/ft-format";
 * import { assertEquals } from "@std/assert";
 *
 * const v5 = findFtLayout(5)!.schema;
 * const v7 = findFtLayout(7)!.schema;
 * const v8as = findFtLayout(8, 1)!.schema;
 * assertEquals(canConvert(v5, v7), true);
 * assertEquals(canConvert(v8as, v8as), true);
 * assertEquals(canConvert(v8as, v5), false);
 * ```
 */
export function canConvert(from: FlowSchema, to: FlowSchema): boolean {
  if (from.version === to.version && from.aggregation === to.aggregation) return true;
  return FT_CONVERSIONS.get(from.version)?.includes(to.version) ?? false;
}

/**
 * The fields that a conversion drops.
 *
 * @param from Shape of the flows
 * @param to Shape of the records
 * @returns Fields of `from` that `to` lacks
 *
 * @example
 * ```ts
 * import { findFtLayout, lostFields } from "@flowtools/ft-format";
 * import { assertEquals } from "@std/assert";
 *
 * const v5 = findFtLayout(5)!.schema;
 * const v7 = findFtLayout(7)!.schema;
 * assertEquals(lostFields(v7, v5), ["router_sc"]);
 * assertEquals(lostFields(v5, v7), []);
 * ```
 */
export function lostFields(from: FlowSchema, to: FlowSchema): FlowFieldName[] {
  return from.fields.filter((name) => !to.has(name));
}
