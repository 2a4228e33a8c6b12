import type { ElementTable } from "../element.ts";

/**
 * Elements of CACE Technologies: the process behind a flow, on the host that exports it.
 */
export const CACE_ELEMENTS: ElementTable = {
  enterprise: 32622,
  owner: "CACE",
  elements: [
    [0, "localIPv4Address", "ipv4Address"],
    [1, "remoteIPv4Address", "ipv4Address"],
    [2, "localIPv6Address", "ipv6Address"],
    [3, "remoteIPv6Address", "ipv6Address"],
    [4, "localTransportPort", "unsigned16"],
    [5, "remoteTransportPort", "unsigned16"],
    [6, "localIPv4Id", "unsigned16"],
    [7, "localIcmpId", "unsigned16"],
    [8, "localUid", "unsigned32"],
    [9, "localPid", "unsigned32"],
    [10, "localUsername", "string"],
    [11, "localCommand", "string"],
  ],
};
