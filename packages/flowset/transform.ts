/**
 * The part of this package that changes flows: tags, translation, masks of addresses.
 *
 * ```ts
 * import { parseMaskConfig, parseTagConfig } from "@flowtools/flowset/transform";
 * ```
 *
 * @module
 */
export * from "./transform/cryptopan.ts";
export * from "./transform/flow_transform.ts";
export * from "./transform/mask_config.ts";
export * from "./transform/record_transform.ts";
export type { RowAction } from "./transform/row_action.ts";
export * from "./transform/tag_config.ts";
export { TransformConfig } from "./transform/transform_config.ts";
export * from "./transform/xlate_config.ts";
