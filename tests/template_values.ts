/**
 * What the fields of captured packets mean, read without the code under test: by the IANA table, and
 * by what tshark shows.
 */
import { ROOT } from "./files.ts";

/** A value in JSON. */
export type Json = number | string | boolean | null | readonly Json[] | {
  readonly [name: string]: Json;
};

/** An information element of the IANA table. */
interface TableElement {
  readonly name: string;
  readonly type: string;
}

let table: ReadonlyMap<number, TableElement> | undefined;

/** The element of IANA with a number. */
export function ianaElement(id: number): TableElement | undefined {
  table ??= new Map(
    Deno.readTextFileSync(new URL("../shared/iana-ipfix.tsv", ROOT)).split("\n")
      .filter((line) => /^[1-9]/.test(line))
      .map((line) => line.split("\t"))
      .map(([id, name, type]) => [Number(id), { name, type }]),
  );
  return table.get(id);
}

const INTEGER = /^(un)?signed\d+$/;

/**
 * Whether a value of the output is what octets mean.
 *
 * @param type Abstract data type; `undefined` where none is known independently
 * @param hex The octets
 * @param value What the output says
 */
export function isValueOf(type: string | undefined, hex: string, value: Json): boolean {
  if (type === undefined) return TYPES.some((candidate) => isValueOf(candidate, hex, value));
  const octets = Uint8Array.fromHex(hex);
  const { length } = octets;
  if (INTEGER.test(type) && length <= 8) {
    const unsigned = length === 0 ? 0n : BigInt(`0x${hex}`);
    const signed = type.startsWith("signed");
    return value === integer(signed ? BigInt.asIntN(8 * length, unsigned) : unsigned);
  }
  const view = new DataView(octets.buffer);
  switch (type) {
    case "dateTimeSeconds":
    case "dateTimeMilliseconds":
      if (length <= 8 && length > 0) return value === integer(BigInt(`0x${hex}`));
      break;
    case "dateTimeMicroseconds":
      if (length === 8) return Math.abs(Number(value) - Number(ntpNanoseconds(view)) / 1e3) <= 1;
      break;
    case "dateTimeNanoseconds":
      if (length === 8) {
        return typeof value === "string" &&
          Math.abs(Number(BigInt(value) - ntpNanoseconds(view))) <= 1;
      }
      break;
    case "float32":
    case "float64": {
      const float = length === 8
        ? view.getFloat64(0)
        : length === 4
        ? view.getFloat32(0)
        : undefined;
      if (float !== undefined) return value === (Number.isFinite(float) ? float : String(float));
      break;
    }
    case "boolean":
      if (length === 1) return value === (hex === "01" ? true : hex === "02" ? false : octets[0]);
      break;
    case "macAddress":
      if (length === 6) return value === hex.match(/../g)!.join(":");
      break;
    case "ipv4Address":
      if (length === 4) return value === octets.join(".");
      break;
    case "ipv6Address":
      if (length === 16) return typeof value === "string" && sameAddress(value, hex);
      break;
    case "string":
      return value === new TextDecoder().decode(octets).replace(/\0+$/, "");
    case "basicList":
    case "subTemplateList":
    case "subTemplateMultiList":
      if (typeof value === "object") return true;
      break;
  }
  return value === hex;
}

/** The ways in which octets of an element can be read that the IANA table does not have. */
const TYPES: readonly string[] = [
  "octetArray",
  "unsigned64",
  "signed64",
  "string",
  "ipv4Address",
  "ipv6Address",
  "macAddress",
  "boolean",
  "float64",
  "dateTimeMicroseconds",
  "dateTimeNanoseconds",
  "basicList",
];

/** Integers above 2^53 − 1 are text. */
function integer(value: bigint): Json {
  return value >= -BigInt(Number.MAX_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : String(value);
}

/** Seconds from 1900, where NTP counts from, to 1970. */
const NTP_SECONDS_TO_1970 = 2_208_988_800n;

function ntpNanoseconds(view: DataView): bigint {
  // All octets zero: no time (RFC 5905, section 6).
  if (view.getBigUint64(0) === 0n) return 0n;
  const seconds = view.getUint32(0);
  // Seconds began anew in 2036: those of the first half are of the new era (RFC 4330, section 3).
  const era = seconds < 2 ** 31 ? 2n ** 32n : 0n;
  const sinceEpoch = BigInt(seconds) + era - NTP_SECONDS_TO_1970;
  return sinceEpoch * 1_000_000_000n + ((BigInt(view.getUint32(4)) * 1_000_000_000n) >> 32n);
}

function sameAddress(text: string, hex: string): boolean {
  const host = (address: string) => new URL(`http://[${address}]/`).hostname;
  return /^[\da-f:.]+$/.test(text) && host(text) === host(hex.match(/..../g)!.join(":"));
}

/** tshark's field names, and the elements that it shows under them. */
export const TSHARK_NAMES: Readonly<Record<string, readonly string[]>> = {
  aaa_username: ["userName", "aaaUsername"],
  abstimeend: [
    "flowEndSeconds",
    "flowEndMilliseconds",
    "flowEndMicroseconds",
    "flowEndNanoseconds",
  ],
  abstimestart: [
    "flowStartSeconds",
    "flowStartMilliseconds",
    "flowStartMicroseconds",
    "flowStartNanoseconds",
  ],
  appl_desc: ["applicationDescription"],
  appl_name: ["applicationName"],
  bgpnexthop: ["bgpNextHopIPv4Address"],
  bgpnexthopv6: ["bgpNextHopIPv6Address"],
  biflow_direction: ["biflowDirection"],
  connection_sum_duration_seconds: ["connectionSumDurationSeconds"],
  data_link_frame_section: ["dataLinkFrameSection"],
  data_link_frame_size: ["dataLinkFrameSize"],
  delta_octets_squared: ["octetDeltaSumOfSquares"],
  direction: ["flowDirection"],
  dot1q_customer_vlan_id: ["dot1qCustomerVlanId"],
  dot1q_priority: ["dot1qPriority"],
  dot1q_vlan_id: ["dot1qVlanId"],
  drop_total_packets: ["droppedPacketTotalCount"],
  dstaddr: ["destinationIPv4Address"],
  dstaddrv6: ["destinationIPv6Address"],
  dstas: ["bgpDestinationAsNumber"],
  dstmac: ["destinationMacAddress"],
  dstmask: ["destinationIPv4PrefixLength"],
  dstmaskv6: ["destinationIPv6PrefixLength"],
  dstport: ["destinationTransportPort"],
  egress_physical_interface: ["egressPhysicalInterface"],
  egress_vrfid: ["egressVRFID"],
  engine_id: ["engineId"],
  engine_type: ["engineType"],
  ethernet_type: ["ethernetType"],
  export_protocol_version: ["exportProtocolVersion"],
  exporter_addr: ["exporterIPv4Address"],
  exporter_addr_v6: ["exporterIPv6Address"],
  exporter_protocol: ["exportTransportProtocol"],
  firewall_event: ["firewallEvent"],
  flow_active_timeout: ["flowActiveTimeout"],
  flow_class: ["classId"],
  flow_end_reason: ["flowEndReason"],
  flow_id: ["flowId"],
  flow_inactive_timeout: ["flowIdleTimeout"],
  flows: ["deltaFlowCount"],
  flowsexp: ["exportedFlowRecordTotalCount"],
  icmp_ipv4_code: ["icmpCodeIPv4"],
  icmp_ipv4_type: ["icmpTypeIPv4"],
  icmp_ipv6_code: ["icmpCodeIPv6"],
  icmp_ipv6_type: ["icmpTypeIPv6"],
  icmp_type_code_ipv4: ["icmpTypeCodeIPv4"],
  if_descr: ["interfaceDescription"],
  if_name: ["interfaceName"],
  ignore_packets: ["ignoredPacketTotalCount"],
  ingress_physical_interface: ["ingressPhysicalInterface"],
  ingress_vrfid: ["ingressVRFID"],
  initiator_octets: ["initiatorOctets"],
  initiator_packets: ["initiatorPackets"],
  inputint: ["ingressInterface"],
  ip_dscp: ["ipDiffServCodePoint"],
  ip_ttl: ["ipTTL"],
  ip_version: ["ipVersion"],
  ipv6_exthdr: ["ipv6ExtensionHeaders"],
  ipv6_next_hdr: ["nextHeaderIPv6"],
  ipv6flowlabel: ["flowLabelIPv6"],
  layer2_segment_id: ["layer2SegmentId"],
  length_max: ["maximumIpTotalLength"],
  length_min: ["minimumIpTotalLength"],
  mpls_label_length: ["mplsLabelStackLength"],
  mpls_top_label_prefix_length: ["mplsTopLabelPrefixLength"],
  mpls_vpn_rd: ["mplsVpnRouteDistinguisher"],
  new_connection_delta_count: ["newConnectionDeltaCount"],
  nexthop: ["ipNextHopIPv4Address"],
  nexthopv6: ["ipNextHopIPv6Address"],
  notsent_packets: ["notSentPacketTotalCount"],
  observation_point_id: ["observationPointId"],
  observation_time_milliseconds: ["observationTimeMilliseconds"],
  octets: ["octetDeltaCount"],
  octetsexp: ["exportedOctetTotalCount"],
  od_id: ["observationDomainId"],
  outputint: ["egressInterface"],
  packets: ["packetDeltaCount"],
  packetsexp: ["exportedMessageTotalCount"],
  peer_dstas: ["bgpNextAdjacentAsNumber"],
  peer_srcas: ["bgpPrevAdjacentAsNumber"],
  permanent_octets: ["octetTotalCount"],
  permanent_packets: ["packetTotalCount"],
  post_dot1q_customer_vlan_id: ["postDot1qCustomerVlanId"],
  post_dot1q_vlan_id: ["postDot1qVlanId"],
  post_dstmac: ["postDestinationMacAddress"],
  post_ip_diff_serv_code_point: ["postIpDiffServCodePoint"],
  post_naptdestination_transport_port: ["postNAPTDestinationTransportPort"],
  post_naptsource_transport_port: ["postNAPTSourceTransportPort"],
  post_natdestination_ipv4_address: ["postNATDestinationIPv4Address"],
  post_natsource_ipv4_address: ["postNATSourceIPv4Address"],
  post_octets: ["postOctetDeltaCount"],
  post_packets: ["postPacketDeltaCount"],
  post_srcmac: ["postSourceMacAddress"],
  post_tos: ["postIpClassOfService"],
  post_vlanid: ["postVlanId"],
  private_enterprise_number: ["privateEnterpriseNumber"],
  protocol: ["protocolIdentifier"],
  responder_octets: ["responderOctets"],
  responder_packets: ["responderPackets"],
  sampler_id: ["samplerId"],
  sampler_mode: ["samplerMode"],
  sampler_name: ["samplerName"],
  sampler_random_interval: ["samplerRandomInterval"],
  sampling_algorithm: ["samplingAlgorithm"],
  sampling_interval: ["samplingInterval"],
  sampling_packet_interval: ["samplingPacketInterval"],
  sampling_packet_space: ["samplingPacketSpace"],
  sampling_population: ["samplingPopulation"],
  sampling_size: ["samplingSize"],
  selector_algorithm: ["selectorAlgorithm"],
  selector_id: ["selectorId"],
  selector_name: ["selectorName"],
  srcaddr: ["sourceIPv4Address"],
  srcaddrv6: ["sourceIPv6Address"],
  srcas: ["bgpSourceAsNumber"],
  srcmac: ["sourceMacAddress"],
  srcmask: ["sourceIPv4PrefixLength"],
  srcmaskv6: ["sourceIPv6PrefixLength"],
  srcport: ["sourceTransportPort"],
  sta_ipv4_address: ["staIPv4Address"],
  sta_mac_address: ["staMacAddress"],
  sys_init_time: ["systemInitTimeMilliseconds"],
  tcp_seq_num: ["tcpSequenceNumber"],
  tcpflags: ["tcpControlBits"],
  template_id: ["templateId"],
  timeend: ["flowEndSysUpTime"],
  timestart: ["flowStartSysUpTime"],
  toplabeladdr: ["mplsTopLabelIPv4Address"],
  toplabeladdr_v6: ["mplsTopLabelIPv6Address"],
  toplabeltype: ["mplsTopLabelType"],
  tos: ["ipClassOfService"],
  ttl_max: ["maximumTTL"],
  ttl_min: ["minimumTTL"],
  vlanid: ["vlanId"],
  vrfname: ["VRFname"],
  wlan_ssid: ["wlanSSID"],
  wtp_mac_address: ["wtpMacAddress"],
};

const NAMES_BY_ELEMENT: ReadonlyMap<string, string> = new Map(
  Object.entries(TSHARK_NAMES).flatMap(([shown, elements]) =>
    elements.flatMap((name) => [[name, shown], [reverseOf(name), shown]] as const)
  ),
);

/** tshark's name of an element; reverse elements (RFC 5103) have that of the forward one. */
export function tsharkName(element: string): string | undefined {
  return NAMES_BY_ELEMENT.get(element);
}

function reverseOf(name: string): string {
  return `reverse${name[0].toUpperCase()}${name.slice(1)}`;
}

/** tshark shows an uptime of 0 as a date. */
const EPOCH = "Jan  1, 1970 00:00:00.000000000 UTC";
const ofUptime = (value: Json) => value === 0 ? EPOCH : undefined;

/** What tshark works out of an element that has another meaning. */
const DERIVED: Readonly<
  Record<string, readonly [element: string, text: (value: Json) => string | undefined]>
> = {
  abstimeend: ["flowEndSysUpTime", ofUptime],
  abstimestart: ["flowStartSysUpTime", ofUptime],
  icmp_ipv6_code: ["icmpTypeCodeIPv6", (value) => String(Number(value) & 0xff)],
  icmp_ipv6_type: ["icmpTypeCodeIPv6", (value) => String(Number(value) >> 8)],
};

/** What tshark shows and is not compared, with the reason. */
export const NOT_COMPARED: readonly (readonly [name: RegExp, reason: string])[] = [
  [/^timedelta$/, "worked out of two times"],
  [/^(appl_id|mpls|forwarding_status)/, "parts of an element"],
  [/^pie\./, "elements of enterprises, under names of tshark's own"],
  [/^(enterprise_private_entry|unknown_field_type|padding)$/, "octets of several elements"],
  [/^scope_/, "scopes of NetFlow v9, under names of tshark's own"],
  [/^(ingress_acl_id|egress_acl_id|fw_ext_event|mp_id|flow_exporter)$/, "names of one vendor"],
  [/^(tcp_option_map|ip_precedence)$/, "in a byte order or scale of tshark's own"],
];

/**
 * What tshark works out of an element under a name of its own.
 *
 * @param name tshark's name
 * @param element Name of the element
 * @param value What the output says
 * @returns What tshark shows; `undefined` where it works nothing out
 */
export function workedOut(name: string, element: string, value: Json): string | undefined {
  const derived = DERIVED[name];
  return derived?.[0] === element ? derived[1](value) : undefined;
}

const UNITS: readonly (readonly [ending: string, perSecond: bigint])[] = [
  ["Seconds", 1n],
  ["Milliseconds", 1000n],
  ["Microseconds", 1_000_000n],
  ["Nanoseconds", 1_000_000_000n],
];

/**
 * Whether a value of the output is what tshark shows.
 *
 * @param name Name of the element
 * @param value What the output says
 * @param shown What tshark shows
 */
export function isShownAs(name: string, value: Json, shown: string): boolean {
  const date = /^(\w+ +\d+, \d+ [\d:]+)\.(\d{9}) UTC$/.exec(shown);
  if (date !== null) {
    const [, perSecond] = UNITS.find(([ending]) => name.endsWith(ending))!;
    const nanoseconds = BigInt(Date.parse(`${date[1]} UTC`)) * 1_000_000n + BigInt(date[2]);
    const units = nanoseconds * perSecond / 1_000_000_000n;
    const difference = BigInt(value as string | number) - units;
    return difference >= -1n && difference <= 1n;
  }
  if (name.endsWith("SysUpTime")) return value === Math.round(Number(shown) * 1000);
  if (typeof value === "number") {
    const digits = shown.includes(":") ? `0x${shown.replaceAll(":", "")}` : shown;
    return Number(digits) === value;
  }
  if (value === shown || value === shown.replaceAll(":", "")) return true;
  return typeof value === "string" && shown.includes(":") && shown.length > 4 &&
    /^[\da-f:.]+$/.test(value) && value.includes(":") && new URL(`http://[${value}]/`).hostname ===
      new URL(`http://[${shown}]/`).hostname;
}
