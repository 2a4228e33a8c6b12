import type { ElementTable } from "../element.ts";

/**
 * Elements of NetGauze (Swisscom): what its aggregation and enrichment add.
 */
export const NETGAUZE_ELEMENTS: ElementTable = {
  enterprise: 3746,
  owner: "Swisscom",
  elements: [
    [1, "windowStart", "dateTimeSeconds"],
    [2, "windowEnd", "dateTimeSeconds"],
    [3, "originalTemplateId", "unsigned16"],
    [4, "originalExporterTransportPort", "unsigned16"],
    [5, "nodeId", "string"],
    [6, "platformId", "string"],
    [7, "dataCollectionManifestName", "string"],
    [8, "ingressInterfaceName", "string"],
    [9, "egressInterfaceName", "string"],
    [10, "ingressInterfaceDescription", "string"],
    [11, "egressInterfaceDescription", "string"],
    [12, "ingressVRFname", "string"],
    [13, "egressVRFname", "string"],
    [14, "ingressMplsVpnRouteDistinguisher", "octetArray"],
    [15, "egressMplsVpnRouteDistinguisher", "octetArray"],
    [16, "isRenormalized", "boolean"],
  ],
};
