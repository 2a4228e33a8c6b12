import type { ElementTable } from "../element.ts";

/**
 * Elements of Barracuda firewalls.
 */
export const BARRACUDA_ELEMENTS: ElementTable = {
  enterprise: 10704,
  owner: "Barracuda",
  elements: [
    [1, "timestamp", "dateTimeSeconds"],
    [2, "logOp", "unsigned8"],
    [3, "trafficType", "unsigned8"],
    [4, "fwRule", "string"],
    [5, "serviceName", "string"],
    [6, "reason", "unsigned32"],
    [7, "reasonText", "string"],
    [8, "bindIPv4Address", "ipv4Address"],
    [9, "bindTransportPort", "unsigned16"],
    [10, "connIPv4Address", "ipv4Address"],
    [11, "connTransportPort", "unsigned16"],
    [12, "auditCounter", "unsigned32"],
  ],
};
