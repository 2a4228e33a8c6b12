/** Datagrams of real agents against what another decoder (tshark) and a structural one found. */
import { assert, assertEquals, assertExists } from "@std/assert";
import { FlowBatch } from "@flowtools/flow-model";
import { createPduRegistry, decodePdu, describePdu, PDU_CODECS, readSflow } from "../mod.ts";
import { readCapture } from "../capture/mod.ts";
import type { SflowRecord, SflowSample, SflowValue } from "./mod.ts";

const CAPTURES = new URL("../../../../shared/captures/", import.meta.url);

type Shown = Readonly<Record<string, string | string[]>>;

interface ExpectedSample {
  readonly title?: string;
  readonly format: number;
  readonly fields?: Shown;
  readonly records?: readonly {
    readonly title: string;
    readonly fields: Shown;
    readonly header?: Readonly<Record<string, string | string[]>>;
    readonly headerHex?: string;
  }[];
  readonly raw: readonly {
    readonly format: number;
    readonly length: number;
    readonly hex: string;
  }[];
}

interface ExpectedPacket {
  readonly file: string;
  readonly frame: number;
  readonly agent?: string;
  readonly subAgentId?: number;
  readonly sequence?: number;
  readonly sysUptime?: number;
  readonly count?: number;
  readonly payloadLength: number;
  readonly samples?: readonly ExpectedSample[];
}

/** tshark's name of a sample's field, and where ours is. */
const SAMPLE_FIELDS: Readonly<Record<string, string>> = {
  "sflow.flow_sample.sequence_number": "sequence_number",
  "sflow.flow_sample.source_id_class": "source_id.source_id_type",
  "sflow.flow_sample.source_id_type": "source_id.source_id_type",
  "sflow.flow_sample.index": "source_id.source_id_index",
  "sflow.flow_sample.source_id_index": "source_id.source_id_index",
  "sflow.flow_sample.sampling_rate": "sampling_rate",
  "sflow.flow_sample.sample_pool": "sample_pool",
  "sflow.flow_sample.dropped_packets": "drops",
  "sflow.flow_sample.input_interface": "input.value",
  "sflow.flow_sample.input_interface_format": "input.format",
  "sflow.flow_sample.input_interface_value": "input.value",
  "sflow.flow_sample.output_interface_format": "output.format",
  "sflow.flow_sample.output_interface.format": "output.format",
  "sflow.flow_sample.output_interface_value": "output.value",
  "sflow.counters_sample.sequence_number": "sequence_number",
  "sflow.counters_sample.source_id_type": "source_id.source_id_type",
  "sflow.counters_sample.source_id_index": "source_id.source_id_index",
};

/** tshark's names of fields of records, by the title of ours. Others are the same but for the prefix. */
const RECORD_FIELDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  sampled_header: {
    "sflow_245.header_protocol": "protocol",
    "sflow_245.header.frame_length": "frame_length",
    "sflow_245.header.payload_stripped": "stripped",
  },
  sampled_ethernet: {
    "sflow_245.ethernet.length": "length",
    "sflow_245.ethernet.source_mac_address": "src_mac",
    "sflow_245.ethernet.destination_mac_address": "dst_mac",
    "sflow_245.ethernet.packet_type": "type",
  },
  sampled_ipv4: {
    "sflow_245.ip.length": "length",
    "sflow.ip_protocol": "protocol",
    "sflow_245.ipv4_src": "src_ip",
    "sflow_245.ipv4_dst": "dst_ip",
    "sflow_245.ip.source_port": "src_port",
    "sflow.ip.destination_port": "dst_port",
  },
  extended_switch: {
    "sflow_245.vlan.in": "src_vlan",
    "sflow_245.pri.in": "src_priority",
    "sflow_245.vlan.out": "dst_vlan",
    "sflow_245.pri.out": "dst_priority",
  },
  extended_router: {
    "sflow_245.nexthop": "nexthop",
    "sflow_245.nexthop.v6": "nexthop",
    "sflow_245.nexthop.src_mask": "src_mask_len",
    "sflow_245.nexthop.dst_mask": "dst_mask_len",
  },
  extended_gateway: {
    "sflow_245.nexthop": "nexthop",
    "sflow_245.as": "as",
    "sflow_245.srcAS": "src_as",
    "sflow_245.peerAS": "src_peer_as",
    "sflow_245.localpref": "localpref",
  },
  if_counters: {
    "sflow_245.ifindex": "ifIndex",
    "sflow_245.iftype": "ifType",
    "sflow_245.ifspeed": "ifSpeed",
    "sflow_245.ifdirection": "ifDirection",
    "sflow_245.ifinoct": "ifInOctets",
    "sflow_245.ifinpkt": "ifInUcastPkts",
    "sflow_245.ifinmcast": "ifInMulticastPkts",
    "sflow_245.ifinbcast": "ifInBroadcastPkts",
    "sflow_245.ifindisc": "ifInDiscards",
    "sflow_245.ifinerr": "ifInErrors",
    "sflow_245.ifinunk": "ifInUnknownProtos",
    "sflow_245.ifoutoct": "ifOutOctets",
    "sflow_245.ifoutpkt": "ifOutUcastPkts",
    "sflow_245.ifoutmcast": "ifOutMulticastPkts",
    "sflow_245.ifoutbcast": "ifOutBroadcastPkts",
    "sflow_245.ifoutdisc": "ifOutDiscards",
    "sflow_245.ifouterr": "ifOutErrors",
    "sflow_245.ifpromisc": "ifPromiscuousMode",
  },
  lag_port_stats: {
    "sflow.lag_port.actor_system_id": "dot3adAggPortActorSystemID",
    "sflow.lag_port.partner_oper_system_id": "dot3adAggPortPartnerOperSystemID",
    "sflow.lag_port.attached_agg_id": "dot3adAggPortAttachedAggID",
    "sflow.lag_port.lacpdus.rx": "dot3adAggPortStatsLACPDUsRx",
    "sflow.lag_port.marker_pdus.rx": "dot3adAggPortStatsMarkerPDUsRx",
    "sflow.lag_port.marker_response_pdus.rx": "dot3adAggPortStatsMarkerResponsePDUsRx",
    "sflow.lag_port.unknown.rx": "dot3adAggPortStatsUnknownRx",
    "sflow.lag_port.illegal.rx": "dot3adAggPortStatsIllegalRx",
    "sflow.lag_port.lacpdus.tx": "dot3adAggPortStatsLACPDUsTx",
    "sflow.lag_port.marker_pdus.tx": "dot3adAggPortStatsMarkerPDUsTx",
    "sflow.lag_port.marker_response_pdus.tx": "dot3adAggPortStatsMarkerResponsePDUsTx",
  },
  processor: {
    "sflow_5.cpu_5s": "5s_cpu",
    "sflow_5.cpu_1m": "1m_cpu",
    "sflow_5.cpu_5m": "5m_cpu",
    "sflow_5.total_memory": "total_memory",
    "sflow_5.free_memory": "free_memory",
  },
};

/** tshark's names of what it found in the octets of a packet, and where ours is. */
const PACKET_FIELDS: Readonly<Record<string, string>> = {
  "eth.src": "src_mac",
  "eth.dst": "dst_mac",
  "ip.src": "srcaddr",
  "ip.dst": "dstaddr",
  "ip.len": "ip_length",
  "ip.dsfield": "tos",
  "ip.ttl": "ttl",
  "ip.proto": "prot",
  "ipv6.src": "srcaddr",
  "ipv6.dst": "dstaddr",
  "ipv6.tclass": "tos",
  "ipv6.flow": "flow_label",
  "ipv6.hlim": "ttl",
  "tcp.srcport": "srcport",
  "tcp.dstport": "dstport",
  "tcp.flags": "tcp_flags",
  "udp.srcport": "srcport",
  "udp.dstport": "dstport",
};

/**
 * Records that tshark reads wrongly, as the README of the captures says: it takes the formats of
 * hosts and OpenFlow for unknown and goes astray behind them. Our values are checked by their octets.
 */
const TSHARK_ASTRAY = ["100 Base VG interface counters"];

function captures(): { name: string; packets: readonly ExpectedPacket[] }[] {
  let table: string;
  try {
    table = Deno.readTextFileSync(new URL("GROUPS.tsv", CAPTURES));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return table.trim().split("\n").slice(1).map((line) => line.split("\t")).flatMap(
    ([source, group]) => {
      const url = new URL(`expected/${source}/${group}.json`, CAPTURES);
      const { packets = [] }: { packets?: ExpectedPacket[] } = JSON.parse(
        Deno.readTextFileSync(url),
      );
      const name = `${source}/${group}`;
      return packets.some(({ samples }) => samples !== undefined) ? [{ name, packets }] : [];
    },
  );
}

/** Headers of the file and of its first packet, Ethernet, IPv4, UDP. */
const PCAP_TO_UDP = 24 + 16 + 14 + 20 + 8;

function payloadOf({ file, frame, payloadLength }: ExpectedPacket): Uint8Array {
  const bytes = Deno.readFileSync(new URL(`raw/${file}`, CAPTURES));
  if (!file.endsWith(".pcap")) return bytes;
  const found = [...readCapture(bytes)].find((datagram) => datagram.frame === frame);
  assertExists(found);
  // A fuzzed UDP header says 8 octets; the expected values are those of the whole IP packet.
  if (found.payload.length < payloadLength) {
    return bytes.subarray(PCAP_TO_UDP).subarray(0, payloadLength);
  }
  return found.payload;
}

function inputOf(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { view, offset: 0, length: bytes.byteLength, exporter: 0 };
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A value by its path, such as `input.value`. */
function at(fields: unknown, path: string): SflowValue | undefined {
  return path.split(".").reduce<unknown>(
    (value, name) => (value as Record<string, unknown> | undefined)?.[name],
    fields,
  ) as SflowValue | undefined;
}

/** Whether a value of ours is what tshark shows: in decimal, in hexadecimal, or as text. */
function assertShown(ours: SflowValue | undefined, shown: string, what: string): void {
  if (typeof ours === "number") assertEquals(BigInt(ours), BigInt(shown), what);
  else assertEquals(ours, shown, what);
}

const registry = createPduRegistry(PDU_CODECS);
const groups = captures();
if (groups.length === 0) console.log(`skipped: no captures at ${CAPTURES.pathname}`);

/** Compares a record with what tshark shows of it; returns how many values agreed. */
function compareRecord(record: SflowRecord, shown: Shown): number {
  const names = RECORD_FIELDS[record.title] ?? {};
  let compared = 0;
  for (const [theirs, text] of Object.entries(shown)) {
    const ours = names[theirs] ?? theirs.replace(/^sflow_245\./, "");
    if (typeof text !== "string" || !(ours in record.fields)) continue;
    assertShown(record.fields[ours], text, `${theirs} of ${record.title}`);
    compared++;
  }
  return compared;
}

/** tshark shows path and communities under one name. */
function compareRoute({ fields }: SflowRecord, shown: Shown): void {
  const path = (fields.dst_as_path as readonly { as_numbers: readonly number[] }[])
    .flatMap((segment) => segment.as_numbers);
  const communities = fields.communities as readonly number[];
  const both = [shown["sflow_245.dstAS"] ?? []].flat().map(Number);
  assertEquals([...path, ...communities], both);
  assertEquals(communities.length, Number(shown["sflow_245.communityEntries"]));
}

function comparePacket(record: SflowRecord, header: Shown): number {
  const { packet } = record;
  assertExists(packet);
  let compared = 0;
  for (const [theirs, ours] of Object.entries(PACKET_FIELDS)) {
    const text = header[theirs];
    if (typeof text !== "string") continue;
    assertShown(at(packet, ours), text, theirs);
    compared++;
  }
  if (header["ipv6.plen"] !== undefined) {
    assertEquals(packet.ip_length, Number(header["ipv6.plen"]) + 40);
  }
  const types = ["icmp", "icmpv6"].filter((name) => header[`${name}.type`] !== undefined);
  for (const name of types) {
    // Where an error quotes a packet, that of the error stands first.
    const [type] = [header[`${name}.type`]].flat();
    const [code] = [header[`${name}.code`]].flat();
    assertEquals(packet.dstport, Number(type) * 256 + Number(code), name);
  }
  if (header["vlan.id"] !== undefined) {
    assertEquals(packet.vlans, [header["vlan.id"]].flat().map(Number));
  }
  return compared;
}

function compareSample(sample: SflowSample, expected: ExpectedSample, bytes: Uint8Array): number {
  assertEquals(sample.enterprise * 4096 + sample.format, expected.format);
  let compared = 0;
  for (const [theirs, text] of Object.entries(expected.fields ?? {})) {
    const ours = SAMPLE_FIELDS[theirs];
    if (ours === undefined || typeof text !== "string") continue;
    assertShown(at(sample.fields, ours), text, theirs);
    compared++;
  }
  // Record boundaries and octets, as the structural decoder found them.
  assertEquals(
    sample.records.map(({ enterprise, format, offset, length }) => ({
      format: enterprise * 4096 + format,
      length,
      hex: hexOf(bytes.subarray(offset, offset + length)),
    })),
    expected.raw.map(({ format, length, hex }) => ({ format, length, hex })),
  );
  for (const record of sample.records) {
    assert(record.title !== "unknown", `format ${record.format} is unknown`);
    assertEquals(record.hex, undefined, "the fields cover all octets");
  }
  for (const [index, shown] of (expected.records ?? []).entries()) {
    const record = sample.records[index];
    if (record === undefined || TSHARK_ASTRAY.includes(shown.title)) continue;
    compared += compareRecord(record, shown.fields);
    if (record.title === "extended_gateway") compareRoute(record, shown.fields);
    // tshark shows the padding as well.
    const { header } = record.fields;
    if (shown.headerHex !== undefined && typeof header === "string") {
      assert(shown.headerHex.startsWith(header) && shown.headerHex.length - header.length < 8);
    }
    if (shown.header !== undefined) compared += comparePacket(record, shown.header);
  }
  return compared;
}

for (const { name, packets } of groups) {
  Deno.test(`readSflow() agrees with other decoders on ${name}`, () => {
    let compared = 0;
    let samples = 0;
    for (const packet of packets) {
      const bytes = payloadOf(packet);
      const datagram = readSflow(inputOf(bytes));
      assertExists(datagram);
      assertEquals(datagram.version, 5);
      if (packet.agent !== undefined) {
        assertEquals(datagram.agent_address, packet.agent);
        assertEquals(datagram.sub_agent_id, packet.subAgentId);
        assertEquals(datagram.sequence_number, packet.sequence);
        assertEquals(datagram.uptime, packet.sysUptime);
        assertEquals(datagram.count, packet.count);
      }
      assertEquals(datagram.samples.length, packet.samples?.length);
      for (const [index, expected] of (packet.samples ?? []).entries()) {
        compared += compareSample(datagram.samples[index], expected, bytes);
        samples++;
      }
      JSON.stringify(datagram);
      assertEquals(
        describePdu(registry, bytes).map(({ hex }) => hex).join(""),
        hexOf(bytes),
        "the description has every byte once",
      );
    }
    // tshark shows nothing of discarded packets and of the fuzzed one.
    const silent = packets.every(({ samples }) =>
      samples?.every(({ fields }) =>
        fields === undefined || !("sflow.enterprise" in fields) ||
        fields["sflow_245.sampletype"] === "5"
      )
    );
    assert(compared > 0 || silent);
    assert(samples > 0);
  });

  Deno.test(`the sFlow codec makes flows of ${name} that agree with other decoders`, () => {
    for (const packet of packets) {
      const bytes = payloadOf(packet);
      const batch = new FlowBatch();
      const { rows } = decodePdu(registry, bytes, batch, { exporter: "192.0.2.9" });
      const flows = (packet.samples ?? []).filter(({ format, raw }) =>
        (format === 1 || format === 3) && raw.length > 0
      );
      assertEquals(rows, flows.length);
      for (const [row, sample] of flows.entries()) {
        const flow = batch.flow(row);
        assertEquals(flow.schema.label, "sflow5");
        assertEquals(flow.exaddr, "192.0.2.9");
        assertEquals(flow.dPkts, 1);
        assertEquals(flow.sysUpTime, packet.sysUptime);
        assertEquals(flow.first_raw, packet.sysUptime);
        const { fields = {}, records = [] } = sample;
        const shown = (name: string) => Number(fields[name]);
        assertEquals(flow.get("samplingRate"), shown("sflow.flow_sample.sampling_rate"));
        const single = shown("sflow.flow_sample.output_interface_format") === 0 ||
          shown("sflow.flow_sample.output_interface.format") === 0;
        const output = shown("sflow.flow_sample.output_interface_value");
        assertEquals(flow.output, single && output !== 0x3fffffff ? output : 0);
        const header = records.find((record) => record.header !== undefined)?.header;
        if (header === undefined) continue;
        const length = header["ip.len"] ?? Number(header["ipv6.plen"]) + 40;
        assertEquals(flow.dOctets, Number(length));
        assertEquals(flow.srcaddr, header["ip.src"] ?? header["ipv6.src"]);
        assertEquals(flow.dstaddr, header["ip.dst"] ?? header["ipv6.dst"]);
        for (const protocol of ["tcp", "udp"]) {
          if (header[`${protocol}.srcport`] === undefined) continue;
          assertEquals(flow.srcport, Number(header[`${protocol}.srcport`]));
          assertEquals(flow.dstport, Number(header[`${protocol}.dstport`]));
        }
        assertEquals(flow.tcp_flags, header["tcp.flags"] && Number(header["tcp.flags"]));
        const gateway = records.find(({ title }) => title === "Extended gateway data")?.fields;
        assertEquals(flow.src_as === undefined, gateway === undefined);
        const router = records.find(({ title }) => title === "Extended router data")?.fields;
        const nexthop = router?.["sflow_245.nexthop"] ?? router?.["sflow_245.nexthop.v6"];
        assertEquals(flow.nexthop, nexthop);
        assertEquals(flow.src_mask, router && Number(router["sflow_245.nexthop.src_mask"]));
      }
    }
  });
}

/** Rows and reasons of damaged captures: what is wrong was found by hand. */
const DAMAGED: Readonly<Record<string, readonly [reason: string, rows: number, offset: number]>> = {
  "akvorado/sflow-data-local-interface": ["trailing-bytes", 1, 244],
  "goflow2/TestExpandedSFlowDecode": ["trailing-bytes", 5, 1168],
  "gopacket/SFlowTestPacket8": ["short-sample", 0, 68],
  "gopacket/SFlowTestPacket11": ["short-datagram", 0, 28],
  "cistern-sflow/flow_samples_2": ["trailing-bytes", 2, 352],
  "tcpdump/sflow_print-segv": ["short-sample", 0, 68],
};

Deno.test({
  name: "the sFlow codec gives a reason for the damaged captures, and for no others",
  ignore: groups.length === 0,
  fn() {
    for (const { name, packets } of groups) {
      for (const packet of packets) {
        const { reason, rows, offset } = decodePdu(registry, payloadOf(packet), new FlowBatch());
        if (name in DAMAGED) assertEquals([reason, rows, offset], [...DAMAGED[name]], name);
        else assertEquals(reason, undefined, name);
      }
    }
  },
});
