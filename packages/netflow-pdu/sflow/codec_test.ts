/** What becomes of samples made by hand: flows, and faults. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  FlowBatch,
  type FlowBatchOptions,
  SFLOW_VERSION,
  versionLabel,
} from "@flowtools/flow-model";
import {
  createPduRegistry,
  decodePdu,
  decodePduAt,
  type DecodePduOptions,
  defineSflowCodec,
  describePdu,
  encodePdu,
  formatDump,
  PDU_CODECS,
  PDU_REASONS,
  PduEncodeError,
  pduMessage,
  type PduResult,
  SequenceTracker,
  SFLOW5_CODEC,
} from "../mod.ts";
import {
  datagram,
  ethernet,
  flowSample,
  hex,
  ipv4,
  ipv6,
  octets,
  sampledHeader,
  tagged,
  TCP,
  udp,
} from "./_builders.ts";
import { SFLOW_COLUMNS } from "./further_columns.ts";

const registry = createPduRegistry(PDU_CODECS);

function decode(bytes: Uint8Array, options: DecodePduOptions = {}, of: FlowBatchOptions = {}) {
  const batch = new FlowBatch(of);
  const result = decodePdu(registry, bytes, batch, options);
  assertEquals(batch.length, result.rows);
  return { batch, result };
}

const PLAIN = flowSample(sampledHeader(ethernet(0x0800, ipv4(6, TCP))));
const COUNTERS = tagged(2, 1, 3, 1, tagged(1005, 4, 0x65746830));
/** Type, index, drops, input, output, reason, records. */
const DISCARDED = tagged(
  5,
  9,
  0,
  3,
  1,
  3,
  0,
  258,
  1,
  sampledHeader(ethernet(0x0800, ipv4(6, TCP))),
);

Deno.test("a flow sample becomes a flow of one packet with its sampling rate", () => {
  const { batch, result } = decode(datagram(PLAIN), {
    exporter: "192.0.2.200",
    receivedAt: 1_700_000_000_250,
  });
  assertEquals(result, {
    codec: SFLOW5_CODEC,
    header: {
      version: SFLOW_VERSION,
      count: 1,
      sysUpTime: 60_000,
      unix_secs: 1_700_000_000,
      unix_nsecs: 250_000_000,
      sequence: 42,
      source_id: 7,
    },
    agent: 0x0a000001,
    unknownParts: 0,
    rows: 1,
  });
  assertEquals(batch.flow(0).toObject(), {
    unix_secs: 1_700_000_000,
    unix_nsecs: 250_000_000,
    sysUpTime: 60_000,
    exaddr: "192.0.2.200",
    exaddr_raw: 0xc00002c8,
    dPkts: 1,
    dOctets: 1500,
    first: 1_700_000_000.25,
    first_raw: 60_000,
    last: 1_700_000_000.25,
    last_raw: 60_000,
    srcaddr: "192.0.2.1",
    srcaddr_raw: 0xc0000201,
    dstaddr: "198.51.100.2",
    dstaddr_raw: 0xc6336402,
    input: 3,
    output: 4,
    srcport: 443,
    dstport: 50000,
    prot: 6,
    tos: 8,
    tcp_flags: 0x118,
    samplingRate: 400,
  });
  assertEquals(batch.flow(0).schema.label, "sflow5");
  assertEquals(versionLabel(result.header!.version), "sflow5");
});

Deno.test("without a time of arrival sFlow has no clock", () => {
  const { batch } = decode(datagram(PLAIN));
  assertEquals([batch.flow(0).unix_secs, batch.flow(0).first_raw], [0, 60_000]);
});

Deno.test("what a sample does not tell is undefined in the flow and 0 in the columns", () => {
  const arp = flowSample(sampledHeader(ethernet(0x0806, hex("0001")), 1, 64));
  const { batch } = decode(datagram(PLAIN, arp));
  const flow = batch.flow(1);
  assertEquals([flow.srcaddr, flow.prot, flow.tcp_flags, flow.src_as], [
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  assertEquals([flow.dOctets, flow.input], [64, 3], "the frame, where there is no IP");
  for (const name of batch.columns) {
    if (["dPkts", "dOctets", "input", "output", "sysUpTime", "first", "last"].includes(name)) {
      continue;
    }
    assertEquals(batch.column(name)[1], 0, name);
  }
});

Deno.test("an IP packet that does not say its length has that of the frame without the rest", () => {
  const packet = ethernet(0x0800, ipv4(6, TCP));
  packet.fill(0, 16, 18);
  const { batch } = decode(datagram(flowSample(sampledHeader(packet, 1, 9018))));
  assertEquals(batch.flow(0).dOctets, 9018 - 4 - 14);
});

Deno.test("only the columns that a batch keeps are filled", () => {
  const { batch } = decode(datagram(PLAIN), {}, { columns: ["dstaddr", "dOctets"] });
  assertEquals(batch.flow(0).toObject(), {
    dOctets: 1500,
    dstaddr: "198.51.100.2",
    dstaddr_raw: 0xc6336402,
    samplingRate: 400,
  });
});

Deno.test("input and output are the one interface, or 0", () => {
  const compact = (input: number, output: number) => tagged(1, 1, 3, 400, 1, 0, input, output, 0);
  const expanded = (...interfaces: readonly number[]) =>
    tagged(3, 1, 0, 3, 400, 1, 0, ...interfaces, 0);
  const { batch, result } = decode(
    datagram(
      compact(1, 2),
      compact(0x3fffffff, 2),
      compact(1, 0x3fffffff),
      compact(1, 0x40000102),
      compact(1, 0x80000007),
      compact(0, 0),
      expanded(0, 0xfffffff0, 0, 0x3ffffffe),
      expanded(0, 0xffffffff, 0, 0xffffffff),
      expanded(0, 1, 1, 257),
      expanded(0, 1, 2, 3),
    ),
    {},
    {
      extras: [{ name: "forwardingStatus", kind: "u8" }, { name: "drop_reason", kind: "u32" }],
    },
  );
  assertEquals(result.reason, undefined);
  const found = Array.from(batch, (flow) => [
    flow.input,
    flow.output,
    flow.get("forwardingStatus"),
    flow.has("drop_reason") ? flow.get("drop_reason") : undefined,
  ]);
  assertEquals(found, [
    [1, 2, 64, undefined],
    [0, 2, 64, undefined],
    [1, 0, 195, undefined],
    [1, 0, 130, 258],
    [1, 0, 64, undefined],
    [0, 0, 0, undefined],
    [0xfffffff0, 0x3ffffffe, 64, undefined],
    [0, 0, 195, undefined],
    [1, 0, 137, 257],
    [1, 0, 64, undefined],
  ]);
});

Deno.test("sampled_ipv4 and sampled_ipv6 fill a flow where there are no octets", () => {
  const four = tagged(3, 1400, 17, 0xc0000205, 0xc0000206, 53, 5353, 0xff, 0x20);
  const six = tagged(
    4,
    1300,
    6,
    hex("20010db8000000000000000000000005 20010db8000000000000000000000006"),
    80,
    1024,
    0x12,
    0x48,
  );
  const link = tagged(2, 1444, hex("020000000003 0000 020000000004 0000"), 0x0800);
  const octets6 = sampledHeader(ethernet(0x86dd, ipv6(6, TCP)));
  const { batch } = decode(datagram(
    flowSample(link, four),
    flowSample(six),
    flowSample(four, octets6),
    flowSample(octets6, four),
    flowSample(link),
  ));
  const rows = Array.from(batch, (flow) => [
    flow.srcaddr,
    flow.dstaddr,
    flow.prot,
    flow.srcport,
    flow.dstport,
    flow.tcp_flags,
    flow.tos,
    flow.dOctets,
  ]);
  const ofOctets = ["2001:db8::1", "2001:db8::2", 6, 443, 50000, 0x118, 0x28, 1500];
  assertEquals(rows, [
    ["192.0.2.5", "192.0.2.6", 17, 53, 5353, undefined, 0x20, 1400],
    ["2001:db8::5", "2001:db8::6", 6, 80, 1024, 0x12, 0x48, 1300],
    ofOctets,
    ofOctets,
    [undefined, undefined, undefined, undefined, undefined, undefined, undefined, 1444],
  ]);
});

Deno.test("a batch that is used again forgets the families of its rows", () => {
  const six = flowSample(
    sampledHeader(ethernet(0x86dd, ipv6(6, TCP))),
    tagged(1002, 2, hex("20010db800000000000000000000000a"), 64, 48),
  );
  const four = flowSample(
    sampledHeader(ethernet(0x0800, ipv4(6, TCP))),
    tagged(1002, 1, 0x0a000002, 24, 16),
  );
  const batch = new FlowBatch();
  for (const [sample, exporter] of [[six, "2001:db8::9"], [four, "192.0.2.9"]] as const) {
    batch.reset();
    decodePdu(registry, datagram(sample), batch, { exporter });
  }
  const { srcaddr, nexthop, exaddr } = batch.flow(0);
  assertEquals([srcaddr, nexthop, exaddr], ["192.0.2.1", "10.0.0.2", "192.0.2.9"]);
});

Deno.test("rows of both families follow one another in one batch", () => {
  const six = flowSample(sampledHeader(ethernet(0x86dd, ipv6(6, TCP))));
  const batch = new FlowBatch();
  for (const exporter of ["2001:db8::9", "192.0.2.9"]) {
    decodePdu(registry, datagram(PLAIN, six, PLAIN), batch, { exporter });
  }
  assertEquals(
    Array.from(batch, (flow) => `${flow.exaddr} ${flow.srcaddr}`),
    ["2001:db8::9", "192.0.2.9"].flatMap((exporter) =>
      ["192.0.2.1", "2001:db8::1", "192.0.2.1"].map((source) => `${exporter} ${source}`)
    ),
  );
});

/** A gateway record of router 64500 behind next hop 10.0.0.3. */
function gateway(source: number, ...path: readonly number[]): Uint8Array {
  return tagged(1003, 1, 0x0a000003, 64500, source, 64502, ...path, 2, 0xfc000001, 0xfc000002, 100);
}

Deno.test("routes become masks, next hops and AS numbers", () => {
  const router = tagged(1002, 1, 0x0a000002, 24, 16);
  const wideRouter = tagged(1002, 2, hex("20010db800000000000000000000000a"), 64, 48);
  const { batch, result } = decode(datagram(
    flowSample(router, gateway(64501, 1, 2, 3, 64503, 64504, 4_200_000_001)),
    // A sequence, then a set.
    flowSample(wideRouter, gateway(0, 2, 2, 1, 64503, 1, 2, 64505, 64506)),
    // No path: the destination is in the AS of the router.
    flowSample(tagged(1002, 0, 8, 9), gateway(64501, 0)),
    flowSample(gateway(64501, 1, 2, 0)),
  ));
  assertEquals(result.reason, undefined);
  const found = Array.from(batch, (flow) => [
    flow.nexthop,
    flow.src_mask,
    flow.dst_mask,
    flow.peer_nexthop,
    flow.src_as,
    flow.dst_as,
  ]);
  assertEquals(found, [
    ["10.0.0.2", 24, 16, "10.0.0.3", 64501, 4_200_000_001],
    ["2001:db8::a", 64, 48, "10.0.0.3", 64500, 64506],
    ["0.0.0.0", 8, 9, "10.0.0.3", 64501, 64500],
    [undefined, undefined, undefined, "10.0.0.3", 64501, 64500],
  ]);
});

const FACTS_SAMPLE = tagged(
  3,
  ...[11, 1, 99, 400, 4400, 2, 0, 3, 1, 258, 6],
  sampledHeader(
    ethernet(0x88a8, hex("2064 8100 40c8 8847"), hex("000640ff 000c81ff"), ipv6(6, TCP)),
  ),
  tagged(1001, 300, 0, 301, 0),
  gateway(64501, 1, 2, 2, 64503, 64504),
  tagged(1007, 1, 0xc6336407, 2, hex("20010db80000000000000000000000ff")),
  tagged(1020, 1111, 2222),
  tagged(1002, 1, 0, 24, 16),
);

/** What the sample above must give in further columns. */
const FACTS: Readonly<Record<string, number | Uint8Array>> = {
  samplingRate: 400,
  layer2OctetDeltaCount: 1518,
  sample_pool: 4400,
  drops: 2,
  source_id_type: 1,
  source_id_index: 99,
  forwardingStatus: 130,
  drop_reason: 258,
  sourceMacAddress: hex("020000000001"),
  destinationMacAddress: hex("020000000002"),
  vlanId: 300,
  postVlanId: 301,
  dot1qVlanId: 100,
  dot1qCustomerVlanId: 200,
  ipTTL: 64,
  flowLabelIPv6: 0x12345,
  mplsLabelStackSection: hex("000640ff 000c81ff"),
  bgpNextAdjacentAsNumber: 64503,
  bgpPrevAdjacentAsNumber: 64502,
  dst_as_path: octets(64503, 64504),
  communities: octets(0xfc000001, 0xfc000002),
  postNATSourceIPv4Address: 0xc6336407,
  postNATDestinationIPv6Address: hex("20010db80000000000000000000000ff"),
  postNAPTSourceTransportPort: 1111,
  postNAPTDestinationTransportPort: 2222,
};

/** The addresses of the family that the sample does not have. */
const NO_FACTS = ["postNATSourceIPv6Address", "postNATDestinationIPv4Address"];

Deno.test("every further column is filled where the batch has it", () => {
  assertEquals(
    SFLOW_COLUMNS.map(({ name }) => name).sort(),
    [...Object.keys(FACTS), ...NO_FACTS].sort(),
  );
  const extras = SFLOW_COLUMNS.map(({ name, kind }) => ({ name, kind }));
  const { batch, result } = decode(datagram(PLAIN, FACTS_SAMPLE), {}, { extras });
  assertEquals(result.reason, undefined);
  const flow = batch.flow(1);
  for (const [name, value] of Object.entries(FACTS)) assertEquals(flow.get(name), value, name);
  for (
    const name of ["vlanId", "dst_as_path", "mplsLabelStackSection", "postNATSourceIPv4Address"]
  ) {
    assertEquals(batch.flow(0).has(name), false, name);
  }
  assertEquals(batch.flow(0).get("drops"), 2);
});

Deno.test("every further fact can be read from a batch that keeps octets", () => {
  const { batch } = decode(datagram(PLAIN, FACTS_SAMPLE), {}, { octets: true });
  const flow = batch.flow(1);
  for (const [name, value] of Object.entries(FACTS)) assertEquals(flow.get(name), value, name);
  for (const name of NO_FACTS) assertEquals(flow.has(name), false);
});

Deno.test("a column of the same name and another kind is left alone", () => {
  const extras = [{ name: "sourceMacAddress", kind: "u32" }, {
    name: "drops",
    kind: "bytes",
  }] as const;
  const { batch } = decode(datagram(FACTS_SAMPLE), {}, { extras });
  assertEquals(batch.extra("sourceMacAddress")?.[0], 0);
  assertEquals(batch.extra("drops")?.[0], undefined);
});

Deno.test("innerHeaders makes flows of the packets in tunnels, down to the last with IP", () => {
  const inner = createPduRegistry([defineSflowCodec({ innerHeaders: true })]);
  const frame = ethernet(0x86dd, ipv6(6, TCP));
  const samples = [
    ipv4(17, udp(4789, hex("0800000000123400"), frame)),
    ipv4(47, hex("0000 0800"), ipv4(17, udp(4789, hex("0800000000123400"), frame))),
    // What is tunnelled has no IP: the packet that carries it counts.
    ipv4(17, udp(4789, hex("0800000000123400"), ethernet(0x0806))),
    ipv4(47, hex("0000 0800")),
  ].map((packet) => flowSample(sampledHeader(ethernet(0x0800, packet))));
  const sources = (codecs: typeof registry) => {
    const batch = new FlowBatch({ extras: [{ name: "sourceMacAddress", kind: "bytes" }] });
    assertEquals(decodePdu(codecs, datagram(...samples), batch).reason, undefined);
    for (const flow of batch) assertEquals(flow.get("sourceMacAddress"), hex("020000000001"));
    return Array.from(batch, (flow) => flow.srcaddr);
  };
  assertEquals(sources(registry), ["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.1"]);
  assertEquals(sources(inner), ["2001:db8::1", "2001:db8::1", "192.0.2.1", "192.0.2.1"]);
});

Deno.test("counters and notices of discarded packets are no flows unless asked for", () => {
  const bytes = datagram(COUNTERS, DISCARDED, PLAIN);
  const { result } = decode(bytes);
  assertEquals([result.rows, result.reason, result.unknownParts], [1, undefined, 0]);
  const all = createPduRegistry([defineSflowCodec({ discardedPackets: true })]);
  const batch = new FlowBatch({ extras: [{ name: "drop_reason", kind: "u32" }] });
  assertEquals(decodePdu(all, bytes, batch).rows, 2);
  const [notice] = batch;
  assertEquals([notice.srcaddr, notice.input, notice.get("samplingRate")], ["192.0.2.1", 3, 0]);
  assertEquals(notice.get("drop_reason"), 258);
});

Deno.test("samples and records of unknown format are passed over and counted", () => {
  const { batch, result } = decode(datagram(
    tagged(4300 << 12 | 1002, 1, 2, 3),
    flowSample(
      tagged(0xabc, 7),
      tagged(4413 << 12 | 99),
      sampledHeader(ethernet(0x0800, ipv4(6, TCP))),
    ),
    tagged(2, 1, 3, 2, tagged(999, 1), tagged(1, 1)),
    tagged(6),
  ));
  assertEquals([result.rows, result.reason, result.unknownParts], [1, undefined, 5]);
  assertEquals(batch.flow(0).srcaddr, "192.0.2.1");
  assertEquals(decode(datagram(PLAIN)).result.unknownParts, 0, "and do not stay");
});

Deno.test("data without padding at the end of a sample are taken as they are", () => {
  const sample = tagged(1, 11, 3, 400, 4400, 2, 3, 4, 1, octets(1038, 10, 6), hex("666f6f626172"));
  const { result } = decode(
    octets(5, 1, 0x0a000001, 7, 42, 60_000, 1, sample.subarray(0, sample.length - 2)),
  );
  assertEquals([result.rows, result.reason], [1, undefined]);
});

Deno.test("agents have addresses of both families, or none", () => {
  const rest = [7, 42, 60_000, 1] as const;
  const agent = hex("20010db8000000000000000000000005");
  const six = decode(octets(5, 2, agent, ...rest, PLAIN));
  assertEquals([six.result.agent, six.result.rows], [agent, 1]);
  const none = decode(octets(5, 0, ...rest, PLAIN));
  assertEquals([none.result.agent, none.result.rows], [undefined, 1]);
  const odd = decode(octets(5, 3, 0, ...rest, PLAIN)).result;
  assertEquals([odd.reason, odd.offset, odd.expected, odd.got], ["unknown-agent-address", 4, 1, 3]);
});

Deno.test("other versions of sFlow have no codec, and what is no sFlow is of version 0", () => {
  for (const version of [2, 4]) {
    const { result } = decode(octets(version, 1, 0x0a000001, 42, 60_000, 0));
    assertEquals(result, {
      rows: 0,
      reason: "unknown-version",
      offset: 0,
      expected: 5,
      got: version,
    });
    assert(pduMessage(result).endsWith(`its version of sFlow is ${version}, expected 5`));
  }
  for (const version of [0, 6, 30]) {
    const { result } = decode(octets(version, 1, 0x0a000001, 42, 60_000, 0));
    assertEquals(result, { rows: 0, reason: "unknown-version", offset: 0, got: 0 });
    assert(pduMessage(result).endsWith("no codec is registered for version 0"));
  }
});

Deno.test("the sequence belongs to agent and sub agent, whoever relays them", () => {
  const tracker = new SequenceTracker();
  const events: string[] = [];
  const send = (agent: number, subAgent: number, sequence: number) => {
    const bytes = octets(5, 1, agent, subAgent, sequence, 0, 1, PLAIN);
    const result = decodePdu(registry, bytes);
    const seen = tracker.observe(0xc0000201, result);
    events.push(`${seen?.event} ${seen?.lost}`);
  };
  send(1, 0, 10);
  send(2, 0, 500);
  send(1, 9, 7);
  send(1, 0, 11);
  send(2, 0, 503);
  send(1, 9, 8);
  assertEquals(events, [
    "first 0",
    "first 0",
    "first 0",
    "in-order 0",
    "lost 2",
    "in-order 0",
  ]);
});

Deno.test("encode() refuses", () => {
  const { batch } = decode(datagram(PLAIN));
  assertThrows(
    () => encodePdu(SFLOW5_CODEC, batch, 0, 1),
    PduEncodeError,
    "Cannot encode sFlow v5",
  );
});

/** No decode of any damage may break these. */
function assertSane(result: PduResult, batch: FlowBatch, bytes: Uint8Array): void {
  assertEquals(batch.length, result.rows);
  const message = pduMessage(result, "10.0.0.1");
  assertEquals(message === "", result.reason === undefined);
  assert(!/undefined|NaN/.test(message), message);
  if (result.reason === undefined) return;
  assert(result.reason in PDU_REASONS);
  const { offset = -1 } = result;
  assert(offset >= 0 && offset <= bytes.length, `${result.reason} at ${offset} of ${bytes.length}`);
  assert((result.expected ?? 0) >= 0 && (result.got ?? -1) >= 0);
}

Deno.test("truncated at every byte, whole samples are delivered", () => {
  const six = flowSample(sampledHeader(ethernet(0x86dd, ipv6(6, TCP))), gateway(1, 1, 2, 1, 5));
  const samples = [PLAIN, COUNTERS, six, DISCARDED, FACTS_SAMPLE];
  const full = datagram(...samples);
  const ends = samples.map((_, i) => datagram(...samples.slice(0, i + 1)).length);
  const flows = [0, 2, 4].map((i) => ends[i]);
  for (let length = 0; length < full.length; length++) {
    const bytes = full.subarray(0, length);
    const { batch, result } = decode(bytes);
    assertSane(result, batch, bytes);
    assertEquals(result.reason, length < 28 ? "short-header" : "short-datagram");
    assertEquals(result.rows, flows.filter((end) => end <= length).length);
    if (length < 28) continue;
    assertEquals(result.offset, [28, ...ends].findLast((end) => end <= length));
    assertEquals(result.got, length);
    const next = ends.find((end) => end > length)!;
    assertEquals(result.expected, length - result.offset! < 8 ? result.offset! + 8 : next);
  }
});

Deno.test("counts that lie never make phantom rows", () => {
  const lie = (count: number) => {
    const bytes = datagram(PLAIN, PLAIN);
    new DataView(bytes.buffer).setUint32(24, count);
    const { batch, result } = decode(bytes);
    assertSane(result, batch, bytes);
    return [result.reason, result.rows];
  };
  assertEquals(lie(0), ["count-zero", 0]);
  assertEquals(lie(1), ["trailing-bytes", 1]);
  assertEquals(lie(3), ["short-datagram", 2]);
  assertEquals(lie(0xffffffff), ["short-datagram", 2]);
});

Deno.test("a damaged sample costs itself, those around it are delivered", () => {
  // Where the fault is in the sample's data, the bytes that the data should have, the bytes they have.
  const samples: readonly (readonly [at: number, expected: number, got: number, Uint8Array])[] = [
    [0, 32, 0, tagged(1)],
    [0, 32, 28, tagged(1, 11, 3, 400, 4400, 2, 3, 4)],
    [32, 40, 32, tagged(1, 11, 3, 400, 4400, 2, 3, 4, 1)],
    [32, 40, 32, tagged(1, 11, 3, 400, 4400, 2, 3, 4, 0xffffffff)],
    [32, 57, 56, tagged(1, 11, 3, 400, 4400, 2, 3, 4, 1, 1001, 17, 1, 2, 3, 4)],
    [32, 0x100000020, 56, tagged(1, 11, 3, 400, 4400, 2, 3, 4, 1, 1001, 0xfffffff8, 1, 2, 3, 4)],
    [0, 44, 40, tagged(3, 11, 0, 3, 400, 4400, 2, 0, 3, 0, 4)],
    [0, 12, 8, tagged(2, 1, 3)],
    [12, 20, 12, tagged(2, 1, 3, 2)],
    [0, 16, 12, tagged(4, 1, 0, 3)],
    [0, 32, 28, tagged(5, 1, 0, 3, 0, 1, 2, 256)],
  ];
  for (const [at, expected, got, sample] of samples) {
    const bytes = datagram(PLAIN, sample, PLAIN);
    const { batch, result } = decode(bytes);
    assertSane(result, batch, bytes);
    assertEquals(
      [result.reason, result.offset, result.expected, result.got, result.rows],
      ["short-sample", 28 + PLAIN.length + 8 + at, expected, got, 2],
    );
  }
});

Deno.test("a record that is too short costs what it would tell, not the flow", () => {
  const header = sampledHeader(ethernet(0x0800, ipv4(6, TCP)));
  const records = [
    tagged(1, 1, 1518, 4),
    tagged(2, 1518),
    tagged(3, 1400, 17),
    tagged(4, 1400, 17),
    tagged(1001, 1, 2, 3),
    tagged(1002, 1, 0x0a000002, 24),
    tagged(1002),
    tagged(1002, 9, 1, 2, 3),
    tagged(1003, 1, 0x0a000003, 1, 2, 3),
    // More segments, ASs, communities than there are.
    tagged(1003, 1, 0x0a000003, 1, 2, 3, 0xffffffff, 2, 1, 5),
    tagged(1003, 1, 0x0a000003, 1, 2, 3, 1, 2, 0xffffffff, 5),
    tagged(1003, 1, 0x0a000003, 1, 2, 3, 0, 0x40000000, 5),
    tagged(1003, 1, 0x0a000003, 1, 2, 3, 0, 0),
    tagged(1007, 1, 0x0a000003, 2, 1),
    tagged(1020, 1),
  ];
  for (const record of records) {
    const bytes = datagram(flowSample(record, header));
    const { batch, result } = decode(bytes);
    assertSane(result, batch, bytes);
    assertEquals([result.reason, result.offset, result.rows], ["short-record", 28 + 8 + 32 + 8, 1]);
    assert(result.expected! > result.got!);
    const flow = batch.flow(0);
    assertEquals([flow.srcaddr, flow.nexthop, flow.src_as], ["192.0.2.1", undefined, undefined]);
  }
});

Deno.test("a raw header that says more octets than its record has gives those that are there", () => {
  const record = sampledHeader(ethernet(0x0800, ipv4(6, TCP)));
  new DataView(record.buffer).setUint32(8 + 12, 0x7fffffff);
  const { batch, result } = decode(datagram(flowSample(record)));
  assertEquals([result.reason, result.rows], ["short-record", 1]);
  assertEquals(batch.flow(0).dstport, 50000);
});

Deno.test("a batch without room for all flows takes none", () => {
  const batch = new FlowBatch({ capacity: 3 });
  const bytes = datagram(PLAIN, COUNTERS, PLAIN, DISCARDED);
  assertEquals(decodePdu(registry, bytes, batch).rows, 2, "counters need no room");
  const result = decodePdu(registry, bytes, batch);
  assertEquals([result.reason, result.expected, result.got, result.rows], ["batch-full", 2, 1, 0]);
  assertEquals(batch.length, 2);
  assertEquals(new SequenceTracker().observe(1, result), undefined, "it will come again");
  batch.reset();
  assertEquals(decodePdu(registry, bytes, batch).rows, 2);
});

Deno.test("without a batch a datagram is only checked", () => {
  assertEquals(decodePdu(registry, datagram(PLAIN)).rows, 0);
  assertEquals(decodePdu(registry, datagram(PLAIN).subarray(0, -4)).reason, "short-datagram");
});

Deno.test("a datagram inside a larger buffer ends where it is said to", () => {
  const full = datagram(FACTS_SAMPLE, PLAIN);
  const buffer = new Uint8Array(full.length + 200).fill(0xee);
  buffer.set(full, 33);
  const view = new DataView(buffer.buffer, 10);
  const input = { view, offset: 23, length: full.length, exporter: 0 };
  const there = new FlowBatch();
  assertEquals(decodePduAt(registry, input, there).reason, undefined);
  const { batch: here } = decode(full);
  assertEquals(
    Array.from(there, (flow) => flow.toObject()),
    Array.from(here, (flow) => flow.toObject()),
  );
  const short = decodePduAt(registry, { ...input, length: full.length - 1 }, there);
  assertEquals([short.reason, short.offset], ["short-datagram", 28 + FACTS_SAMPLE.length]);
});

Deno.test("describePdu() shows every byte once, damaged or not", () => {
  const full = datagram(PLAIN, COUNTERS, tagged(4300 << 12 | 1, 1), FACTS_SAMPLE, DISCARDED);
  for (let length = 0; length <= full.length; length += 3) {
    const bytes = full.subarray(0, length);
    const dumps = describePdu(registry, bytes);
    let at = 0;
    for (const dump of dumps) {
      assertEquals(dump.offset, at);
      assertEquals(dump.hex.length, 2 * dump.width);
      at += dump.width;
    }
    assertEquals(at, length);
    assertEquals(formatDump(dumps).includes("undefined"), false);
  }
  const names = describePdu(registry, full).map(({ name, value }) => `${name} ${value}`);
  for (
    const line of [
      "sampling_rate 400",
      "sample format 4300:1",
      "name eth0",
      "dst_as_path[0].as_numbers[1] 64504",
    ]
  ) {
    assert(names.includes(line), line);
  }
});
