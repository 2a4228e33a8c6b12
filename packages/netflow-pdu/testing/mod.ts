/**
 * What helps to write and test codecs: a small complete one to copy from.
 *
 * ```ts
 * import { createPduRegistry, describePdu } from "@flowtools/netflow-pdu";
 * import { TOY_CODEC } from "@flowtools/netflow-pdu/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const registry = createPduRegistry([TOY_CODEC]);
 * const [version] = describePdu(registry, new Uint8Array([0x7f, 0x01, 0, 0]));
 * assertEquals(version.value, TOY_CODEC.version);
 * ```
 *
 * @module
 */
export * from "./toy_codec.ts";
