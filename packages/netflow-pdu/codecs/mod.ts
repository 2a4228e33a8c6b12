/**
 * The built-in codecs, each made from the tables of its version.
 *
 * ```ts
 * import { PDU_CODECS, V5_CODEC } from "@flowtools/netflow-pdu/codecs";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(PDU_CODECS.length, 21);
 * assertEquals(V5_CODEC.layouts.record.size, 48);
 * ```
 *
 * @module
 */
import type { PduCodec } from "../codec.ts";
import { IPFIX_CODEC } from "./ipfix.ts";
import { SFLOW5_CODEC } from "./sflow5.ts";
import { V1_CODEC } from "./v1.ts";
import { V5_CODEC } from "./v5.ts";
import { V6_CODEC } from "./v6.ts";
import { V7_CODEC } from "./v7.ts";
import { V8_CODECS } from "./v8.ts";
import { V9_CODEC } from "./v9.ts";

export * from "./header_rows.ts";
export * from "./ipfix.ts";
export * from "./sflow5.ts";
export * from "./v1.ts";
export * from "./v5.ts";
export * from "./v6.ts";
export * from "./v7.ts";
export * from "./v8.ts";
export * from "./v9.ts";

/** Every built-in codec: v1, v5, v6, v7, the 14 aggregation methods of v8, v9, IPFIX, sFlow v5. */
export const PDU_CODECS: readonly PduCodec[] = [
  V1_CODEC,
  V5_CODEC,
  V6_CODEC,
  V7_CODEC,
  ...V8_CODECS,
  V9_CODEC,
  IPFIX_CODEC,
  SFLOW5_CODEC,
];
