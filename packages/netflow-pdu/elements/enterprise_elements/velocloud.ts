import type { ElementTable } from "../element.ts";

/**
 * Elements of VeloCloud (VMware SD-WAN) edges.
 *
 * Source: VMware's "SD-WAN Administration Guide" for 12233 to 12239; the names of the rest are
 * descriptive, their ids and types those of ElastiFlow.
 */
export const VELOCLOUD_ELEMENTS: ElementTable = {
  enterprise: 45346,
  owner: "VeloCloud",
  elements: [
    [12232, "interfaceType", "unsigned8"],
    [12233, "destinationUUID", "octetArray"],
    [12234, "vcPriority", "unsigned8"],
    [12235, "vcRouteType", "unsigned8"],
    [12236, "vcLinkPolicy", "unsigned8"],
    [12237, "vcTrafficType", "unsigned8"],
    [12239, "vcFlowPath", "unsigned8"],
    [12240, "linkUUID", "octetArray"],
    [12241, "replicatedPacketsRxDeltaCount", "unsigned64"],
    [12242, "replicatedPacketsTxDeltaCount", "unsigned64"],
    [12243, "lostPacketsRxDeltaCount", "unsigned64"],
    [12244, "retransmittedPacketsTxDeltaCount", "unsigned64"],
    [12245, "primaryIPv4Address", "ipv4Address"],
    [12290, "jitterTxMilliseconds", "unsigned32"],
    [12292, "latencyTxMilliseconds", "unsigned32"],
    [12293, "jitterRxMilliseconds", "unsigned32"],
    [12295, "latencyRxMilliseconds", "unsigned32"],
    [12299, "siteUUID", "octetArray"],
    [12310, "linkName", "string"],
    [12311, "lostPacketsTxDeltaCount", "unsigned64"],
    [12312, "bizPolicyRuleId", "octetArray"],
    [12313, "firewallRuleId", "octetArray"],
    [12314, "nextHopUUID", "octetArray"],
    [12317, "lossTxPercent", "float32"],
    [12318, "lossRxPercent", "float32"],
  ],
};
