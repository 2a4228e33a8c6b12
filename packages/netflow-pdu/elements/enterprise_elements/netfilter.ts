import type { ElementTable } from "../element.ts";

/**
 * Elements of netfilter, as ulogd exports them.
 */
export const NETFILTER_ELEMENTS: ElementTable = {
  enterprise: 21373,
  owner: "netfilter",
  elements: [
    [4, "mark", "unsigned32"],
    [6, "conntrackId", "unsigned32"],
  ],
};
