import type { ElementTable } from "./element.ts";
import { CISCO_ELEMENTS } from "./enterprise_elements/cisco.ts";
import { FASTIP_ELEMENTS } from "./enterprise_elements/fastip.ts";
import { NTOP_ELEMENTS } from "./enterprise_elements/ntop.ts";

/** Field types have 16 bits. */
const ID_MAX = 0xffff;

/**
 * Field types of NetFlow v9 that IANA did not take over and that are no enterprise's elements at a
 * distance: 65 to 69, NBAR, Ekinops, StreamCore, Ericsson's NAT logs, Riverbed, Palo Alto Networks
 * (56701, 56702).
 *
 * NetFlow v9 has no enterprises; what vendors add stands among the ids of enterprise 0.
 *
 * Source: RFC 3954, section 8; Cisco's "AVC Field Definition Guide" (97, 109, 110); libfds, Wireshark,
 * logstash-codec-netflow and ElastiFlow for what vendors add.
 */
export const NETFLOW9_ELEMENTS: ElementTable = {
  enterprise: 0,
  owner: "NetFlow v9",
  elements: [
    [0, "reserved", "octetArray"],
    [65, "vendorProprietary65", "octetArray"],
    [66, "vendorProprietary66", "octetArray"],
    [67, "vendorProprietary67", "octetArray"],
    [68, "vendorProprietary68", "octetArray"],
    [69, "vendorProprietary69", "octetArray"],
    [97, "subApplicationTag", "unsigned32"],
    [105, "applicationVersion", "unsigned8"],
    [106, "applicationVersionName", "string"],
    [107, "applicationVendor", "string"],
    [109, "subApplicationName", "string"],
    [110, "subApplicationDescription", "string"],
    [6660, "ekinopsTcpConnectionSetupTime", "unsigned32"],
    [6661, "ekinopsTcpServerResponseTime", "unsigned32"],
    [6662, "ekinopsTcpMeanRtt", "unsigned32"],
    [6663, "ekinopsTcpRetransmissions", "unsigned32"],
    [6664, "ekinopsTcpGoodputBytes", "unsigned32"],
    [6665, "ekinopsTcpConnectionInitiator", "unsigned8"],
    [6670, "ekinopsHttpHost", "string"],
    [6671, "ekinopsTicAppId", "unsigned32"],
    [6680, "ekinopsRtpPayloadType", "unsigned8"],
    [6681, "ekinopsRtpPacketLoss", "unsigned32"],
    [6682, "ekinopsRtpJitter", "unsigned16"],
    [6683, "ekinopsRtpRFactor", "unsigned8"],
    [6690, "ekinopsReporterId", "string"],
    [6691, "ekinopsUplinkBandwidth", "unsigned32"],
    [6692, "ekinopsDownlinkBandwidth", "unsigned32"],
    [6693, "ekinopsTimezoneOffset", "unsigned32"],
    [6694, "ekinopsTimezoneName", "string"],
    [6695, "ekinopsDaylightSavingStart", "unsigned32"],
    [6696, "ekinopsDaylightSavingEnd", "unsigned32"],
    [6697, "ekinopsMacAddress", "macAddress"],
    [6698, "ekinopsDpiVersion", "string"],
    [6699, "ekinopsQosCfgFingerprint", "string"],
    [6800, "ekinopsNetControlCfgFingerprint", "string"],
    [8192, "streamcoreWanRtt", "unsigned32"],
    [8193, "streamcoreNetAppRespTime", "unsigned32"],
    [8194, "streamcoreTotalAppRespTime", "unsigned32"],
    [8195, "streamcoreTcpRetransRate", "unsigned16"],
    [8196, "streamcoreCallDirection", "unsigned8"],
    [8256, "streamcoreHostname", "string"],
    [8257, "streamcoreUrl", "string"],
    [8258, "streamcoreSslCn", "string"],
    [8259, "streamcoreSslOrg", "string"],
    [8320, "streamcoreMosLq", "unsigned16"],
    [8321, "streamcoreNetDelay", "unsigned16"],
    [8322, "streamcoreNetLoss", "unsigned16"],
    [8323, "streamcoreNetJitter", "unsigned16"],
    [8324, "streamcoreNetDiscard", "unsigned16"],
    [8325, "streamcoreRtpClockrateIn", "unsigned8"],
    [8326, "streamcoreRtpClockrateOut", "unsigned8"],
    [8327, "streamcoreCodecIn", "unsigned8"],
    [8328, "streamcoreCodecOut", "unsigned8"],
    [8384, "streamcoreIdRule1", "unsigned32"],
    [8385, "streamcoreIdRule2", "unsigned32"],
    [8386, "streamcoreIdRule3", "unsigned32"],
    [8387, "streamcoreIdRule4", "unsigned32"],
    [8388, "streamcoreIdRule5", "unsigned32"],
    [8389, "streamcoreIdRule6", "unsigned32"],
    [8390, "streamcoreIdRule7", "unsigned32"],
    [8391, "streamcoreIdRule8", "unsigned32"],
    [8392, "streamcoreIdRule9", "unsigned32"],
    [8393, "streamcoreIdRule10", "unsigned32"],
    [16386, "etaInitialDataPacketOld", "octetArray"],
    [16387, "etaSequenceOfPacketLengthsAndTimesOld", "octetArray"],
    [20000, "wlanId", "unsigned16"],
    [24628, "natLogContextId", "unsigned32"],
    [24629, "natLogContextName", "string"],
    [24630, "natLogAssignTimestampSeconds", "dateTimeSeconds"],
    [24631, "natLogUnassignTimestampSeconds", "dateTimeSeconds"],
    [24632, "natLogInternalIPv4Address", "ipv4Address"],
    [24633, "natLogExternalIPv4Address", "ipv4Address"],
    [24634, "natLogExternalPortFirst", "unsigned16"],
    [24635, "natLogExternalPortLast", "unsigned16"],
    [51100, "riverbedPassthroughReason", "unsigned8"],
    [51101, "riverbedWanVisibility", "unsigned8"],
    [51102, "riverbedClientInPathAddress", "ipv4Address"],
    [51103, "riverbedServerInPathAddress", "ipv4Address"],
    [51104, "riverbedClientInPathPort", "unsigned16"],
    [51105, "riverbedServerInPathPort", "unsigned16"],
    [51106, "riverbedOuterInPathAddress", "ipv4Address"],
    [51107, "riverbedOuterPort", "unsigned16"],
    [51108, "riverbedRetransmittedPackets", "unsigned32"],
    [51109, "riverbedRetransmittedBytes", "unsigned32"],
    [51110, "riverbedConnectionRoundTripTime", "unsigned32"],
    [51111, "riverbedApplianceType", "unsigned8"],
    [56701, "appId", "string"],
    [56702, "userId", "string"],
  ],
};

/**
 * Enterprises whose elements NetFlow v9 sends as field types above 32767: what is added to the id.
 */
const DISTANCES: readonly (readonly [table: ElementTable, distance: number])[] = [
  [CISCO_ELEMENTS, 32768],
  [FASTIP_ELEMENTS, 33610],
  [NTOP_ELEMENTS, 57472],
];

/** What NetFlow v9, which has no enterprises, adds to the ids of some of them, by their number. */
export const NETFLOW9_DISTANCES: ReadonlyMap<number, number> = new Map(
  DISTANCES.map(([{ enterprise }, distance]) => [enterprise, distance]),
);

/** All field types of NetFlow v9 that are not IANA's. */
export const NETFLOW9_TABLES: readonly ElementTable[] = [
  NETFLOW9_ELEMENTS,
  ...DISTANCES.map(([table, distance]) => atDistance(table, distance)),
];

/** The elements of an enterprise as NetFlow v9 numbers them. */
function atDistance({ owner, elements }: ElementTable, distance: number): ElementTable {
  return {
    enterprise: 0,
    owner: `${owner} (NetFlow v9)`,
    elements: elements
      .filter(([id]) => id + distance <= ID_MAX)
      .map(([id, name, type]) => [id + distance, name, type] as const),
  };
}
