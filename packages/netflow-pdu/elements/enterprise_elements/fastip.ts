import type { ElementTable } from "../element.ts";

/**
 * Elements of FastIP meters (Pacific Trade & Technology).
 *
 * NetFlow v9, which has no enterprises, sends each of them as its id + 33610.
 */
export const FASTIP_ELEMENTS: ElementTable = {
  enterprise: 8111,
  owner: "FastIP",
  elements: [
    [0, "meterVersion", "string"],
    [1, "meterOsSysname", "string"],
    [2, "meterOsNodename", "string"],
    [3, "meterOsRelease", "string"],
    [4, "meterOsVersion", "string"],
    [5, "meterOsMachine", "string"],
    [6, "tcpFlags", "unsigned8"],
    [13, "epochSecond", "unsigned32"],
    [14, "nicName", "string"],
    [15, "nicId", "unsigned16"],
    [16, "nicMac", "macAddress"],
    [17, "nicIp", "ipv4Address"],
    [18, "collisions", "unsigned32"],
    [19, "errors", "unsigned32"],
    [20, "nicDriverName", "string"],
    [21, "nicDriverVersion", "string"],
    [22, "nicFirmwareVersion", "string"],
    [23, "meterOsDistributionName", "string"],
    [24, "bondInterfaceMode", "unsigned8"],
    [25, "bondInterfacePhysicalNicCount", "unsigned8"],
    [26, "bondInterfaceId", "unsigned32"],
    [200, "tcpHandshakeRttUsec", "unsigned32"],
    [201, "appRttUsec", "unsigned32"],
  ],
};
