import type { ElementTable } from "./element.ts";
import { IANA_ROWS_TO_127 } from "./iana_rows/to_127.ts";
import { IANA_ROWS_TO_433 } from "./iana_rows/to_433.ts";
import { IANA_ROWS_FROM_434 } from "./iana_rows/from_434.ts";

/**
 * The elements that IANA registered. Those to 127 are field types of NetFlow v9, too.
 *
 * Source: the registry "IPFIX Information Elements" (RFC 7012), made from its XML by
 * `scripts/make_elements.ts`.
 */
export const IANA_ELEMENTS: ElementTable = {
  enterprise: 0,
  owner: "IANA",
  elements: [...IANA_ROWS_TO_127, ...IANA_ROWS_TO_433, ...IANA_ROWS_FROM_434],
};
