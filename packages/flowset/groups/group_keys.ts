import type { FlowFieldName } from "@flowtools/flow-model";
import type { NamedKind } from "@flowtools/netflow-pdu";
import { labelKeys } from "../packets/flow_labels.ts";

/**
 * What the words of a key mean.
 *
 * | kind | words |
 * | --- | --- |
 * | `number` | a whole number below 2^32 |
 * | `small` | the same, mostly below 65536: a port, an interface, an AS |
 * | `address` | an IPv4 address, or once IPv6 was seen the family and four words of address |
 * | `network` | an address, and the length of its prefix |
 * | `application` | protocol × 65536 + server port |
 * | `time` | the Unix second at which a span of time begins |
 * | `class` | the index of a class of values |
 * | `element` | the number of a value of an information element, 0 where the record has none |
 * | `origin` | the number of an observation domain of an exporter, 0 where there is no template |
 */
export type GroupKeyKind =
  | "number"
  | "small"
  | "address"
  | "network"
  | "application"
  | "time"
  | "class"
  | "element"
  | "origin";

/** Which names the values of a key may be shown by. */
export type GroupKeyNames = "ip-prot" | "tcp-port" | "asn" | "tag" | "dns" | NamedKind;

/** One key that flows can be grouped by: everything that is known of it. */
export interface GroupKeySpec {
  /** Its name; where a flow has such an attribute it is the attribute's. */
  readonly name: string;
  /** What it may be called besides. */
  readonly aliases: readonly string[];
  /** What its words mean. */
  readonly kind: GroupKeyKind;
  /** The fields that it is made from. */
  readonly fields: readonly FlowFieldName[];
  /** The elements that it is made from, of which the first that a record has counts. */
  readonly elements?: readonly string[];
  /** The key of the other direction; nothing where both directions have the same value. */
  readonly opposite?: string;
  /** The two keys that a flow counts under, where it counts under either end. */
  readonly ends?: readonly [string, string];
  /** Seconds of a span, where the key is a time of fixed length. */
  readonly every?: number;
  /** What names its values have. */
  readonly names?: GroupKeyNames;
  /** What it means. */
  readonly doc: string;
}

/**
 * Every key that flows can be grouped by, once.
 *
 * @example
 * ```ts
 * import { GROUP_KEYS } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(GROUP_KEYS.find(({ name }) => name === "srcaddr")?.opposite, "dstaddr");
 * ```
 */
export const GROUP_KEYS: readonly GroupKeySpec[] = [
  {
    name: "srcaddr",
    aliases: ["src", "srcip", "sa"],
    kind: "address",
    fields: ["srcaddr"],
    opposite: "dstaddr",
    names: "dns",
    doc: "Source address; srcaddr/24 its IPv4 network (IPv6 /64), srcaddr/24/48 with both lengths",
  },
  {
    name: "dstaddr",
    aliases: ["dst", "dstip", "da"],
    kind: "address",
    fields: ["dstaddr"],
    opposite: "srcaddr",
    names: "dns",
    doc: "Destination address; lengths as with srcaddr",
  },
  {
    name: "addr",
    aliases: ["ip", "host", "address"],
    kind: "address",
    fields: ["srcaddr", "dstaddr"],
    ends: ["srcaddr", "dstaddr"],
    names: "dns",
    doc: "Address at either end: a flow counts for both; lengths as with srcaddr",
  },
  {
    name: "srcnet",
    aliases: [],
    kind: "network",
    fields: ["srcaddr", "src_mask"],
    opposite: "dstnet",
    doc: "Source network, by the prefix length that the exporter tells",
  },
  {
    name: "dstnet",
    aliases: [],
    kind: "network",
    fields: ["dstaddr", "dst_mask"],
    opposite: "srcnet",
    doc: "Destination network, by the prefix length that the exporter tells",
  },
  {
    name: "nexthop",
    aliases: ["nh"],
    kind: "address",
    fields: ["nexthop"],
    names: "dns",
    doc: "Next hop router",
  },
  {
    name: "exaddr",
    aliases: ["exporter", "router"],
    kind: "address",
    fields: ["exaddr"],
    names: "dns",
    doc: "Exporter",
  },
  {
    name: "srcport",
    aliases: ["sp"],
    kind: "small",
    fields: ["srcport"],
    opposite: "dstport",
    names: "tcp-port",
    doc: "Source port",
  },
  {
    name: "dstport",
    aliases: ["dp"],
    kind: "small",
    fields: ["dstport"],
    opposite: "srcport",
    names: "tcp-port",
    doc: "Destination port (ICMP: type × 256 + code)",
  },
  {
    name: "port",
    aliases: [],
    kind: "small",
    fields: ["srcport", "dstport"],
    ends: ["srcport", "dstport"],
    names: "tcp-port",
    doc: "Port at either end: a flow counts for both",
  },
  {
    name: "app",
    aliases: ["service"],
    kind: "application",
    fields: ["prot", "srcport", "dstport"],
    doc: "Protocol and server port, which is the lower one of TCP, UDP, DCCP, SCTP and UDP-Lite",
  },
  {
    name: "prot",
    aliases: ["proto", "protocol"],
    kind: "small",
    fields: ["prot"],
    names: "ip-prot",
    doc: "Protocol",
  },
  { name: "tos", aliases: [], kind: "small", fields: ["tos"], doc: "Type of service" },
  {
    name: "dscp",
    aliases: [],
    kind: "small",
    fields: ["tos"],
    doc: "Differentiated services code point: the upper six bits of the type of service",
  },
  {
    name: "tcp_flags",
    aliases: ["flags"],
    kind: "small",
    fields: ["tcp_flags"],
    doc: "TCP flags seen",
  },
  {
    name: "src_as",
    aliases: ["srcas"],
    kind: "small",
    fields: ["src_as"],
    opposite: "dst_as",
    names: "asn",
    doc: "Source AS",
  },
  {
    name: "dst_as",
    aliases: ["dstas"],
    kind: "small",
    fields: ["dst_as"],
    opposite: "src_as",
    names: "asn",
    doc: "Destination AS",
  },
  {
    name: "as",
    aliases: ["asn"],
    kind: "small",
    fields: ["src_as", "dst_as"],
    ends: ["src_as", "dst_as"],
    names: "asn",
    doc: "AS at either end: a flow counts for both",
  },
  {
    name: "input",
    aliases: ["inif", "in_if", "in-if"],
    kind: "small",
    fields: ["input"],
    opposite: "output",
    names: "interfaces",
    doc: "Input interface",
  },
  {
    name: "output",
    aliases: ["outif", "out_if", "out-if"],
    kind: "small",
    fields: ["output"],
    opposite: "input",
    names: "interfaces",
    doc: "Output interface",
  },
  {
    name: "interface",
    aliases: ["if"],
    kind: "small",
    fields: ["input", "output"],
    ends: ["input", "output"],
    names: "interfaces",
    doc: "Interface, in or out: a flow counts for both",
  },
  {
    name: "in_vrf",
    aliases: ["in-vrf", "invrf"],
    kind: "element",
    fields: [],
    elements: labelKeys("ingressVRFName"),
    opposite: "out_vrf",
    names: "vrfs",
    doc: "Routing instance at input: ingressVRFID of packets with templates",
  },
  {
    name: "out_vrf",
    aliases: ["out-vrf", "outvrf"],
    kind: "element",
    fields: [],
    elements: labelKeys("egressVRFName"),
    opposite: "in_vrf",
    names: "vrfs",
    doc: "Routing instance at output: egressVRFID of packets with templates",
  },
  {
    name: "vrf",
    aliases: [],
    kind: "element",
    fields: [],
    elements: [...labelKeys("ingressVRFName"), ...labelKeys("egressVRFName")],
    names: "vrfs",
    doc: "Routing instance: that at input, or at output where records tell no other",
  },
  {
    name: "application",
    aliases: [],
    kind: "element",
    fields: [],
    elements: labelKeys("applicationName"),
    names: "applications",
    doc: "Application that the exporter found out: applicationId of packets with templates",
  },
  {
    name: "sampler",
    aliases: [],
    kind: "element",
    fields: [],
    elements: labelKeys("samplerName"),
    names: "samplers",
    doc: "Sampler: selectorId or samplerId of packets with templates",
  },
  {
    name: "src_mask",
    aliases: [],
    kind: "small",
    fields: ["src_mask"],
    opposite: "dst_mask",
    doc: "Source prefix length",
  },
  {
    name: "dst_mask",
    aliases: [],
    kind: "small",
    fields: ["dst_mask"],
    opposite: "src_mask",
    doc: "Destination prefix length",
  },
  {
    name: "src_tag",
    aliases: [],
    kind: "number",
    fields: ["src_tag"],
    opposite: "dst_tag",
    names: "tag",
    doc: "Source tag",
  },
  {
    name: "dst_tag",
    aliases: ["tag"],
    kind: "number",
    fields: ["dst_tag"],
    opposite: "src_tag",
    names: "tag",
    doc: "Destination tag",
  },
  {
    name: "engine_type",
    aliases: [],
    kind: "small",
    fields: ["engine_type"],
    doc: "Type of the switching engine",
  },
  {
    name: "engine_id",
    aliases: ["engine"],
    kind: "small",
    fields: ["engine_id"],
    doc: "Slot of the switching engine",
  },
  {
    name: "peer_nexthop",
    aliases: [],
    kind: "address",
    fields: ["peer_nexthop"],
    names: "dns",
    doc: "Next hop router within the peer",
  },
  {
    name: "router_sc",
    aliases: [],
    kind: "address",
    fields: ["router_sc"],
    names: "dns",
    doc: "Router that the switch bypasses",
  },
  {
    name: "time",
    aliases: [],
    kind: "time",
    fields: [],
    doc: "When the flow began, in spans of the length that follows: time/5m",
  },
  {
    name: "minute",
    aliases: [],
    kind: "time",
    fields: [],
    every: 60,
    doc: "Minute in which the flow began",
  },
  {
    name: "hour",
    aliases: [],
    kind: "time",
    fields: [],
    every: 3600,
    doc: "Hour in which the flow began",
  },
  {
    name: "day",
    aliases: ["date"],
    kind: "time",
    fields: [],
    every: 86_400,
    doc: "Day on which the flow began",
  },
];

/** A key by its name, or by another that it has. */
export function findGroupKey(name: string): GroupKeySpec | undefined {
  return GROUP_KEYS.find((key) => key.name === name || key.aliases.includes(name));
}

/** The key of where templates came from; nobody asks for it by name. */
export const ORIGIN_KEY: GroupKeySpec = {
  name: "origin",
  aliases: [],
  kind: "origin",
  fields: [],
  doc: "Exporter and observation domain of the flow's template",
};
