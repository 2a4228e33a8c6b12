import { countLost } from "@flowtools/flow-model";
import { setMilliseconds } from "./encode_columns.ts";
import { ADDED_ELEMENTS } from "./encode_fields.ts";
import { defineTemplate, type Definition } from "./encode_shape.ts";

const OBSERVATION_DOMAIN_ID = 149;

/** The options template by which IPFIX tells when the exporter started, from which uptimes count. */
export const BOOT_DEFINITION: Definition = defineTemplate([
  { enterprise: 0, id: OBSERVATION_DOMAIN_ID, length: 4 },
  { enterprise: 0, id: ADDED_ELEMENTS.systemInitTimeMilliseconds, length: 8 },
], { scopeCount: 1 });

/** Octets of the record of that template. */
export const BOOT_RECORD_OCTETS = 12;

/**
 * Writes when the exporter started.
 *
 * @param domain Observation domain
 * @param bootMs Unix milliseconds
 * @param view Where the record goes
 * @param offset Where it starts
 * @param lost Told of a time before 1970
 */
export function writeBoot(
  domain: number,
  bootMs: number,
  view: DataView,
  offset: number,
  lost: Map<string, number>,
): void {
  if (bootMs < 0) countLost(lost, "sysUpTime", 1);
  view.setUint32(offset, domain);
  setMilliseconds(view, offset + 4, Math.max(0, bootMs));
}
