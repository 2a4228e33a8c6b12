/**
 * How a column holds its values.
 *
 * | kind | holder | values |
 * | --- | --- | --- |
 * | `u8` `u16` `u32` | unsigned typed array of that width | integers |
 * | `counter` | `Float64Array` | integers, exact to 2^53 − 1 |
 * | `address` | `Uint32Array`, and 16-byte rows beside it once an IPv6 address is stored | IP addresses |
 * | `bytes` | an array of `Uint8Array` | octets as they were on the wire |
 */
export type ColumnKind = "u8" | "u16" | "u32" | "counter" | "address" | "bytes";

/** One row of {@linkcode FLOW_FIELDS}: everything that is known of a canonical field. */
export interface FlowField {
  /** The name as pyflowtools spells it; it is also the name of the column. */
  readonly name: string;
  /** How a column holds the values. */
  readonly kind: ColumnKind;
  /** Unit of the raw value; the empty string where it has none. */
  readonly unit: string;
  /** What the value means. */
  readonly doc: string;
  /** The bit of the field in flow-tools' xfield masks (`flow-export -m`). */
  readonly xfield: bigint;
  /** The IPFIX information elements (IANA ids) that carry the same fact. */
  readonly informationElements: readonly number[];
}

/**
 * Every canonical field of a flow, once: the 33 fields of flow-tools.
 *
 * Columns hold raw values: `first` and `last` are router uptime in milliseconds, addresses are
 * numbers. The {@linkcode Flow} attributes of the same name turn them into Unix time and text.
 *
 * Source: flow-tools `ftlib.h` (names, xfield bits), the IANA registry of IPFIX information
 * elements.
 *
 * @example
 * ```ts
 * import { FLOW_FIELDS } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * const octets = FLOW_FIELDS.find((field) => field.name === "dOctets");
 * assertEquals(octets?.xfield, 0x40n);
 * assertEquals(octets?.informationElements, [1, 85]);
 * ```
 */
export const FLOW_FIELDS = [
  {
    name: "unix_secs",
    kind: "u32",
    unit: "s",
    doc: "Exporter's clock when the packet was sent: seconds since 1970-01-01 UTC",
    xfield: 0x1n,
    informationElements: [322],
  },
  {
    name: "unix_nsecs",
    kind: "u32",
    unit: "ns",
    doc: "Exporter's clock when the packet was sent: nanoseconds past unix_secs",
    xfield: 0x2n,
    informationElements: [325],
  },
  {
    name: "sysUpTime",
    kind: "u32",
    unit: "ms",
    doc: "Exporter's uptime when the packet was sent; 0 means that unix_secs is the time of boot",
    xfield: 0x4n,
    informationElements: [160],
  },
  {
    name: "exaddr",
    kind: "address",
    unit: "",
    doc: "Address of the exporter",
    xfield: 0x8n,
    informationElements: [130, 131],
  },
  {
    name: "dFlows",
    kind: "counter",
    unit: "flows",
    doc: "Flows that an aggregated record stands for",
    xfield: 0x10n,
    informationElements: [3],
  },
  {
    name: "dPkts",
    kind: "counter",
    unit: "packets",
    doc: "Packets of the flow",
    xfield: 0x20n,
    informationElements: [2, 86],
  },
  {
    name: "dOctets",
    kind: "counter",
    unit: "octets",
    doc: "Octets of the flow, IP headers included",
    xfield: 0x40n,
    informationElements: [1, 85],
  },
  {
    name: "first",
    kind: "u32",
    unit: "ms",
    doc: "Exporter's uptime at the first packet of the flow",
    xfield: 0x80n,
    informationElements: [22],
  },
  {
    name: "last",
    kind: "u32",
    unit: "ms",
    doc: "Exporter's uptime at the last packet of the flow",
    xfield: 0x100n,
    informationElements: [21],
  },
  {
    name: "engine_type",
    kind: "u8",
    unit: "",
    doc: "Type of the flow switching engine",
    xfield: 0x200n,
    informationElements: [38],
  },
  {
    name: "engine_id",
    kind: "u8",
    unit: "",
    doc: "Slot number of the flow switching engine",
    xfield: 0x400n,
    informationElements: [39],
  },
  {
    name: "srcaddr",
    kind: "address",
    unit: "",
    doc: "Source address, or source prefix in aggregated records",
    xfield: 0x1000n,
    informationElements: [8, 27, 44, 170],
  },
  {
    name: "dstaddr",
    kind: "address",
    unit: "",
    doc: "Destination address, or destination prefix in aggregated records",
    xfield: 0x2000n,
    informationElements: [12, 28, 45, 169],
  },
  {
    name: "nexthop",
    kind: "address",
    unit: "",
    doc: "Address of the next hop router",
    xfield: 0x10000n,
    informationElements: [15, 62],
  },
  {
    name: "input",
    kind: "u32",
    unit: "",
    doc: "ifIndex of the input interface",
    xfield: 0x20000n,
    informationElements: [10],
  },
  {
    name: "output",
    kind: "u32",
    unit: "",
    doc: "ifIndex of the output interface",
    xfield: 0x40000n,
    informationElements: [14],
  },
  {
    name: "srcport",
    kind: "u16",
    unit: "",
    doc: "TCP/UDP source port, or its equivalent",
    xfield: 0x80000n,
    informationElements: [7, 180, 182],
  },
  {
    name: "dstport",
    kind: "u16",
    unit: "",
    doc: "TCP/UDP destination port, or its equivalent (ICMP type × 256 + code)",
    xfield: 0x100000n,
    informationElements: [11, 181, 183],
  },
  {
    name: "prot",
    kind: "u8",
    unit: "",
    doc: "IP protocol number",
    xfield: 0x200000n,
    informationElements: [4],
  },
  {
    name: "tos",
    kind: "u8",
    unit: "",
    doc: "IP type of service (DSCP and ECN bits)",
    xfield: 0x400000n,
    informationElements: [5],
  },
  {
    name: "tcp_flags",
    kind: "u16",
    unit: "",
    doc: "Bitwise OR of the TCP control bits seen",
    xfield: 0x800000n,
    informationElements: [6],
  },
  {
    name: "src_mask",
    kind: "u8",
    unit: "bits",
    doc: "Length of the source prefix",
    xfield: 0x1000000n,
    informationElements: [9, 29],
  },
  {
    name: "dst_mask",
    kind: "u8",
    unit: "bits",
    doc: "Length of the destination prefix",
    xfield: 0x2000000n,
    informationElements: [13, 30],
  },
  {
    name: "src_as",
    kind: "u32",
    unit: "",
    doc: "Autonomous system of the source, origin or peer as the exporter is set up",
    xfield: 0x4000000n,
    informationElements: [16, 129],
  },
  {
    name: "dst_as",
    kind: "u32",
    unit: "",
    doc: "Autonomous system of the destination, origin or peer as the exporter is set up",
    xfield: 0x8000000n,
    informationElements: [17, 128],
  },
  {
    name: "in_encaps",
    kind: "u8",
    unit: "octets",
    doc: "Size of the input encapsulation",
    xfield: 0x10000000n,
    informationElements: [],
  },
  {
    name: "out_encaps",
    kind: "u8",
    unit: "octets",
    doc: "Size of the output encapsulation",
    xfield: 0x20000000n,
    informationElements: [],
  },
  {
    name: "peer_nexthop",
    kind: "address",
    unit: "",
    doc: "Address of the next hop within the peer",
    xfield: 0x40000000n,
    informationElements: [18, 63],
  },
  {
    name: "router_sc",
    kind: "u32",
    unit: "",
    doc: "Address of the router that the switch bypasses (shortcut), as a number",
    xfield: 0x80000000n,
    informationElements: [],
  },
  {
    name: "extra_pkts",
    kind: "counter",
    unit: "packets",
    doc: "Packets that exceeded the traffic contract",
    xfield: 0x100000000n,
    informationElements: [],
  },
  {
    name: "marked_tos",
    kind: "u8",
    unit: "",
    doc: "Type of service of the packets that exceeded the traffic contract",
    xfield: 0x200000000n,
    informationElements: [],
  },
  {
    name: "src_tag",
    kind: "u32",
    unit: "",
    doc: "Source tag, as flow-tag sets it",
    xfield: 0x400000000n,
    informationElements: [],
  },
  {
    name: "dst_tag",
    kind: "u32",
    unit: "",
    doc: "Destination tag, as flow-tag sets it",
    xfield: 0x800000000n,
    informationElements: [],
  },
] as const satisfies readonly FlowField[];

/** The name of a canonical field. */
export type FlowFieldName = (typeof FLOW_FIELDS)[number]["name"];

/** The kind of column that holds a canonical field. */
export type FieldKind<Name extends FlowFieldName> = Extract<
  (typeof FLOW_FIELDS)[number],
  { name: Name }
>["kind"];

/** The names of all canonical fields, in the order of {@linkcode FLOW_FIELDS}. */
export const FLOW_FIELD_NAMES: readonly FlowFieldName[] = FLOW_FIELDS.map((field) => field.name);

const INDEX_BY_NAME: ReadonlyMap<string, number> = new Map(
  FLOW_FIELDS.map((field, index) => [field.name, index]),
);

/**
 * The place of a field in {@linkcode FLOW_FIELDS}.
 *
 * @param name A name, canonical or not
 * @returns The index, or -1 where no canonical field has that name
 *
 * @example
 * ```ts
 * import { fieldIndex } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(fieldIndex("unix_secs"), 0);
 * assertEquals(fieldIndex("colour"), -1);
 * ```
 */
export function fieldIndex(name: string): number {
  return INDEX_BY_NAME.get(name) ?? -1;
}
