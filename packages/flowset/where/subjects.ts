import type { FlowFieldName } from "@flowtools/flow-model";
import type { ElementType, NamedKind } from "@flowtools/netflow-pdu";
import { labelKeys } from "../packets/flow_labels.ts";
import {
  clockSource,
  DURATION_SOURCE,
  FLOWS_SOURCE,
  type NumberSource,
  PACKET_SIZE_SOURCE,
  rateSource,
} from "./number_sources.ts";
import { DSCP_NAMES, PROTOCOL_NAMES } from "./subject_names.ts";
import { TIMES } from "./time_values.ts";
import { DURATIONS, type NumberValues, SIZES_REAL, SIZES_WHOLE, wholeNumbers } from "./values.ts";

/** Which of two a condition is about. */
export type Side = "src" | "dst" | "in" | "out";

/** A number of flows, and how it is written. */
export interface NumberEnd {
  readonly side?: Side;
  readonly source: NumberSource;
  /** What records must have; default the fields of the source. */
  readonly needs?: readonly string[];
}

/** An address of flows. */
export interface AddressEnd {
  readonly side?: Side;
  readonly field: FlowFieldName;
}

/** Elements that refer to something that exporters name; the first that a record has counts. */
export interface NamedEnd {
  readonly side?: Side;
  readonly elements: readonly string[];
}

/** What conditions can be about: a row of the language. */
export type Subject =
  & {
    /** How it can be called; spaces, dashes and underscores may be left out. */
    readonly words: readonly string[];
    /** What it is, for the documentation. */
    readonly doc: string;
  }
  & (
    | {
      readonly kind: "number";
      readonly values: NumberValues;
      readonly ends: readonly NumberEnd[];
      /** What exporters tell names of for these numbers. */
      readonly named?: NamedKind;
    }
    /** What exporters name, of flows that have it as an element. */
    | { readonly kind: "named"; readonly named: NamedKind; readonly ends: readonly NamedEnd[] }
    | { readonly kind: "element"; readonly element: string; readonly type: ElementType }
    | { readonly kind: "address"; readonly ends: readonly AddressEnd[] }
    | { readonly kind: "flags" }
    | { readonly kind: "version" }
    | { readonly kind: "icmp"; readonly values: NumberValues; readonly shift: number }
    | { readonly kind: "bytes"; readonly element: string }
    | { readonly kind: "filter" }
    /** Whole conditions. */
    | { readonly kind: "any" | "ipv4" | "ipv6" }
    | { readonly kind: "protocol"; readonly protocol: number }
  );

/** The largest number of each kind of column. */
export const NUMBER_MAX: Readonly<Record<string, number>> = {
  u8: 0xff,
  u16: 0xffff,
  u32: 0xffffffff,
};

const field = (name: FlowFieldName): NumberSource => ({ kind: "field", field: name });

function pair(
  [one, first]: readonly [Side, FlowFieldName],
  [other, second]: readonly [Side, FlowFieldName],
): NumberEnd[] {
  return [{ side: one, source: field(first) }, { side: other, source: field(second) }];
}

/** A worked-out number that every record has. */
const always = (source: NumberSource): NumberEnd => ({ source, needs: [] });

const bits = (name: FlowFieldName, shift: number, mask: number): NumberSource => ({
  kind: "field",
  field: name,
  bits: { shift, mask },
});

/** The language: what conditions can be about. Names of fields are added below. */
export const WHERE_SUBJECTS: readonly Subject[] = [
  { words: ["any"], doc: "All flows", kind: "any" },
  {
    words: ["ip", "host", "net", "addr", "address"],
    doc: "Source or destination address",
    kind: "address",
    ends: [{ side: "src", field: "srcaddr" }, { side: "dst", field: "dstaddr" }],
  },
  {
    words: ["next hop", "next", "next ip"],
    doc: "Address of the next hop router",
    kind: "address",
    ends: [{ field: "nexthop" }],
  },
  {
    words: ["peer next hop"],
    doc: "Address of the next hop within the peer",
    kind: "address",
    ends: [{ field: "peer_nexthop" }],
  },
  {
    words: ["exporter", "exporter ip", "router", "router ip"],
    doc: "Address of the exporter",
    kind: "address",
    ends: [{ field: "exaddr" }],
  },
  {
    words: ["shortcut"],
    doc: "Address of the router that the switch bypasses",
    kind: "address",
    ends: [{ field: "router_sc" }],
  },
  { words: ["ipv4", "inet"], doc: "Flows with IPv4 addresses", kind: "ipv4" },
  { words: ["ipv6", "inet6"], doc: "Flows with IPv6 addresses", kind: "ipv6" },
  {
    words: ["port"],
    doc: "Source or destination port",
    kind: "number",
    values: wholeNumbers("port", NUMBER_MAX.u16, { table: "port" }),
    ends: pair(["src", "srcport"], ["dst", "dstport"]),
  },
  {
    words: ["proto", "protocol"],
    doc: "IP protocol",
    kind: "number",
    values: wholeNumbers("protocol", NUMBER_MAX.u8, { table: "protocol", list: PROTOCOL_NAMES }),
    ends: [{ source: field("prot") }],
  },
  ...["tcp", "udp", "icmp", "icmp6"].map((word): Subject => ({
    words: [word],
    doc: `Flows of protocol ${word}`,
    kind: "protocol",
    protocol: PROTOCOL_NAMES[word],
  })),
  { words: ["flags", "tcp flags"], doc: "TCP flags; flows of TCP only", kind: "flags" },
  {
    words: ["icmp type"],
    doc: "Type of ICMP messages; flows of ICMP only",
    kind: "icmp",
    values: wholeNumbers("ICMP type", NUMBER_MAX.u8),
    shift: 8,
  },
  {
    words: ["icmp code"],
    doc: "Code of ICMP messages; flows of ICMP only",
    kind: "icmp",
    values: wholeNumbers("ICMP code", NUMBER_MAX.u8),
    shift: 0,
  },
  {
    words: ["if", "interface"],
    doc: "Input (in) or output (out) interface, by number or name",
    kind: "number",
    values: wholeNumbers("ifIndex", NUMBER_MAX.u32),
    ends: pair(["in", "input"], ["out", "output"]),
    named: "interfaces",
  },
  {
    words: ["vrf"],
    doc: "Routing instance at input or output, by number or name",
    kind: "named",
    named: "vrfs",
    ends: [
      { side: "in", elements: labelKeys("ingressVRFName") },
      { side: "out", elements: labelKeys("egressVRFName") },
    ],
  },
  {
    words: ["app", "application"],
    doc: "Application that the exporter found out, by name or octets",
    kind: "named",
    named: "applications",
    ends: [{ elements: labelKeys("applicationName") }],
  },
  {
    words: ["sampler"],
    doc: "Sampler, by number or name",
    kind: "named",
    named: "samplers",
    ends: [{ elements: labelKeys("samplerName") }],
  },
  {
    words: ["as"],
    doc: "Source or destination AS",
    kind: "number",
    values: wholeNumbers("AS", NUMBER_MAX.u32, { table: "as" }),
    ends: pair(["src", "src_as"], ["dst", "dst_as"]),
  },
  {
    words: ["mask"],
    doc: "Length of the source or destination prefix",
    kind: "number",
    values: wholeNumbers("prefix length", 128),
    ends: pair(["src", "src_mask"], ["dst", "dst_mask"]),
  },
  {
    words: ["tag"],
    doc: "Source or destination tag",
    kind: "number",
    values: wholeNumbers("tag", NUMBER_MAX.u32, { table: "tag" }),
    ends: pair(["src", "src_tag"], ["dst", "dst_tag"]),
  },
  {
    words: ["tos"],
    doc: "IP type of service, all eight bits",
    kind: "number",
    values: wholeNumbers("type of service", NUMBER_MAX.u8),
    ends: [{ source: field("tos") }],
  },
  {
    words: ["dscp"],
    doc: "Differentiated services: the upper six bits of the type of service",
    kind: "number",
    values: wholeNumbers("DSCP", 63, { list: DSCP_NAMES }),
    ends: [{ source: bits("tos", 2, 0x3f) }],
  },
  {
    words: ["ecn"],
    doc: "Congestion: the lower two bits of the type of service",
    kind: "number",
    values: wholeNumbers("ECN", 3),
    ends: [{ source: bits("tos", 0, 3) }],
  },
  {
    words: ["engine", "engine id"],
    doc: "Number of the switching engine",
    kind: "number",
    values: wholeNumbers("engine", NUMBER_MAX.u8),
    ends: [{ source: field("engine_id") }],
  },
  {
    words: ["engine type"],
    doc: "Type of the switching engine",
    kind: "number",
    values: wholeNumbers("engine type", NUMBER_MAX.u8),
    ends: [{ source: field("engine_type") }],
  },
  {
    words: ["packets", "pkts"],
    doc: "Packets",
    kind: "number",
    values: SIZES_WHOLE,
    ends: [{ source: field("dPkts") }],
  },
  {
    words: ["octets", "bytes"],
    doc: "Octets",
    kind: "number",
    values: SIZES_WHOLE,
    ends: [{ source: field("dOctets") }],
  },
  {
    words: ["flows"],
    doc: "Flows that the record stands for: 1, unless it is aggregated",
    kind: "number",
    values: SIZES_WHOLE,
    ends: [always(FLOWS_SOURCE)],
  },
  {
    words: ["duration"],
    doc: "Length in milliseconds, or with a unit",
    kind: "number",
    values: DURATIONS,
    ends: [{ source: DURATION_SOURCE }],
  },
  {
    words: ["bps"],
    doc: "Bits a second; 0 where the flow took no time",
    kind: "number",
    values: SIZES_REAL,
    ends: [{ source: rateSource("dOctets", 8) }],
  },
  {
    words: ["pps"],
    doc: "Packets a second; 0 where the flow took no time",
    kind: "number",
    values: SIZES_REAL,
    ends: [{ source: rateSource("dPkts", 1) }],
  },
  {
    words: ["bpp"],
    doc: "Octets a packet",
    kind: "number",
    values: SIZES_REAL,
    ends: [{ source: PACKET_SIZE_SOURCE }],
  },
  {
    words: ["first", "start"],
    doc: "Time of the first packet",
    kind: "number",
    values: TIMES,
    ends: [{ source: clockSource("first") }],
  },
  {
    words: ["last", "end"],
    doc: "Time of the last packet",
    kind: "number",
    values: TIMES,
    ends: [{ source: clockSource("last") }],
  },
  { words: ["version"], doc: "Export version of the record, such as 5 or 8.1", kind: "version" },
  { words: ["filter"], doc: "A definition of an nfilter configuration, by name", kind: "filter" },
  {
    words: ["first_raw"],
    doc: "Uptime of the exporter at the first packet, ms",
    kind: "number",
    values: wholeNumbers("uptime", NUMBER_MAX.u32),
    ends: [{ source: field("first") }],
  },
  {
    words: ["last_raw"],
    doc: "Uptime of the exporter at the last packet, ms",
    kind: "number",
    values: wholeNumbers("uptime", NUMBER_MAX.u32),
    ends: [{ source: field("last") }],
  },
];
