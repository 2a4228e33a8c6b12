import type { ElementTable } from "../element.ts";

/**
 * Elements of Sophos (once Astaro) firewalls: the classified application.
 */
export const SOPHOS_ELEMENTS: ElementTable = {
  enterprise: 9789,
  owner: "Sophos",
  elements: [
    [1, "afcProtocol", "unsigned16"],
    [2, "afcProtocolName", "string"],
    [4, "flowDirection", "unsigned8"],
  ],
};
