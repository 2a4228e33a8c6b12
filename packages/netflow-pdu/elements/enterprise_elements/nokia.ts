import type { ElementTable } from "../element.ts";

/**
 * Elements of Nokia (once Alcatel-Lucent) service routers: logs of carrier-grade NAT.
 */
export const NOKIA_ELEMENTS: ElementTable = {
  enterprise: 637,
  owner: "Nokia",
  elements: [
    [91, "aluInsideServiceId", "unsigned16"],
    [92, "aluOutsideServiceId", "unsigned16"],
    [93, "aluNatSubString", "string"],
  ],
};
