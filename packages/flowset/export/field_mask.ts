import { FLOW_FIELDS, FlowToolsError } from "@flowtools/flow-model";
import { oneOf } from "../config/one_of.ts";
import type { ReferenceFaultOptions } from "../reference_faults.ts";

/** A mask of fields is none. */
export class FieldMaskError extends FlowToolsError {}

/** Every bit there is. */
export const ALL_FIELDS: bigint = 2n ** 64n - 1n;

/**
 * Reads a mask of fields: names as flow-tools spells them (`unix_secs,doctets,srcaddr`, in upper or
 * lower case, in the order of the fields), or a number, hexadecimal after `0x`, octal after `0`.
 *
 * The header line of a v6 export names the peer's next hop `nexthop` for a second time, and is
 * read as it was meant.
 *
 * Source: flow-tools `ftxfield.c`.
 *
 * @param text The mask
 * @param options Whether a second `nexthop` is refused, as flow-tools does
 * @returns The bits of the fields, see `FLOW_FIELDS`
 * @throws {FieldMaskError} A name is unknown, stands twice or out of order, or the number is none
 *
 * @example
 * ```ts
 * import { parseFieldMask } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseFieldMask("unix_secs,dPkts"), 0x21n);
 * assertEquals(parseFieldMask("0x21"), 0x21n);
 * ```
 */
export function parseFieldMask(
  text: string,
  { referenceFaults = false }: ReferenceFaultOptions = {},
): bigint {
  if (!/^[a-z]/i.test(text)) return parseNumber(text);
  let mask = 0n;
  for (const name of text.split(",")) {
    const field = FLOW_FIELDS.find((row) => row.name.toLowerCase() === name.trim().toLowerCase());
    if (field === undefined) {
      const known = FLOW_FIELDS.map((row) => row.name.toLowerCase());
      const state = `Unrecognized field "${name}", expected ${oneOf(name.trim(), known)}`;
      throw new FieldMaskError("unknown-field", state);
    }
    const again = field.name === "nexthop" && (mask & field.xfield) !== 0n;
    const bit = again && !referenceFaults ? PEER_NEXTHOP : field.xfield;
    if ((mask & bit) !== 0n) {
      throw new FieldMaskError(
        "duplicate-field",
        `Duplicate field "${name}" in the mask "${text}"`,
      );
    }
    if (bit < mask) {
      throw new FieldMaskError("field-order", `Out of order field "${name}" in the mask "${text}"`);
    }
    mask |= bit;
  }
  return mask;
}

const PEER_NEXTHOP = FLOW_FIELDS.find((row) => row.name === "peer_nexthop")!.xfield;

function parseNumber(text: string): bigint {
  const octal = /^0[0-7]+$/.test(text);
  if (!octal && !/^(0x[0-9a-f]+|\d+)$/i.test(text)) {
    throw new FieldMaskError("bad-mask", `"${text}" is no mask, expected names or a number`);
  }
  return BigInt(octal ? `0o${text.slice(1)}` : text);
}
