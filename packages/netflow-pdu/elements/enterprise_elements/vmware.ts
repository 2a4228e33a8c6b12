import type { ElementTable } from "../element.ts";

/**
 * Elements of VMware NSX: what VXLAN and other tunnels carry, and the distributed firewall.
 *
 * Source: VMware's "NSX-T Data Center Administration Guide".
 */
export const VMWARE_ELEMENTS: ElementTable = {
  enterprise: 6876,
  owner: "VMware",
  elements: [
    [880, "tenantProtocol", "unsigned8"],
    [881, "tenantSourceIPv4", "ipv4Address"],
    [882, "tenantDestIPv4", "ipv4Address"],
    [883, "tenantSourceIPv6", "ipv6Address"],
    [884, "tenantDestIPv6", "ipv6Address"],
    [886, "tenantSourcePort", "unsigned16"],
    [887, "tenantDestPort", "unsigned16"],
    [888, "egressInterfaceAttr", "unsigned16"],
    [889, "vxlanExportRole", "unsigned8"],
    [890, "ingressInterfaceAttr", "unsigned16"],
    [891, "tunnelType", "unsigned8"],
    [892, "tunnelKey", "octetArray"],
    [893, "tunnelSourceIPv4Address", "ipv4Address"],
    [894, "tunnelDestinationIPv4Address", "ipv4Address"],
    [895, "tunnelProtocolIdentifier", "unsigned8"],
    [896, "tunnelSourceTransportPort", "unsigned16"],
    [897, "tunnelDestinationTransportPort", "unsigned16"],
    [898, "virtualObsID", "string"],
    [950, "ruleId", "unsigned32"],
    [951, "vmUuid", "string"],
    [952, "vnicIndex", "unsigned32"],
    [953, "sessionFlags", "unsigned8"],
    [954, "flowDirection", "unsigned8"],
    [955, "algControlFlowId", "unsigned64"],
    [956, "algType", "unsigned8"],
    [957, "algFlowType", "unsigned8"],
    [958, "averageLatency", "unsigned32"],
    [959, "retransmissionCount", "unsigned32"],
    [960, "vifUuid", "octetArray"],
    [961, "vifId", "string"],
  ],
};
