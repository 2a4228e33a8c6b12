import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { concat } from "@std/bytes";
import { FlowBatch } from "@flowtools/flow-model";
import { ethernet, ipv4, pcap, udp } from "../../netflow-pdu/capture/_builders.ts";
import {
  message,
  octets,
  packet9,
  SENT_SECS,
  set,
  template,
} from "../../netflow-pdu/templates/_builders.ts";
import {
  FlowConversionError,
  FlowPDU,
  FlowSet,
  FlowSetError,
  openRecords,
  PACKET_SESSIONS_MAX,
  PacketFlows,
  packetFormat,
  PacketSessions,
  readPackets,
  type ReadPacketsOptions,
} from "../mod.ts";

/** sourceIPv4Address, packetDeltaCount, octetDeltaCount, applicationId. */
const TEMPLATE = template(256, [[8, 4], [2, 4], [1, 8], [95, 4]]);
const record = (host: number, packets: number) => [
  ...[192, 0, 2, host],
  ...octets(packets, 4),
  ...octets(packets * 100, 8),
  ...octets(0x0d000001, 4),
];
/** sourceIPv6Address, packetDeltaCount. */
const WIDE_TEMPLATE = template(257, [[27, 16], [2, 4]]);
const wideRecord = [0x20, 1, 0x0d, 0xb8, ...Array(11).fill(0), 1, ...octets(7, 4)];

const TEMPLATES9 = packet9({}, set(0, TEMPLATE));
const DATA9 = packet9({ sequence: 1 }, set(256, record(1, 10), record(2, 20)));
const MESSAGES = [
  message({}, set(2, TEMPLATE)),
  message({}, set(256, record(1, 10))),
  message({ sequence: 1 }, set(256, record(2, 20), record(3, 30))),
];

const capture = (...payloads: readonly Uint8Array[]) =>
  pcap(payloads.map((payload) => ethernet(ipv4(udp(payload)))));

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.slice(at, at + size));
  }
}

async function packetsOf(
  bytes: Uint8Array,
  size: number,
  options?: ReadPacketsOptions,
): Promise<{ frame?: number; exporter: string; port: number; payload: number[] }[]> {
  const found = [];
  for await (const packets of readPackets(chunksOf(bytes, size), options)) {
    for (const { frame, exporter, port, payload } of packets) {
      found.push({ frame, exporter, port, payload: [...payload] });
    }
  }
  return found;
}

async function hostsOf(set: FlowSet): Promise<(string | undefined)[]> {
  const hosts = [];
  for await (const batch of set.batches({ capacity: 2 })) {
    for (const flow of batch) hosts.push(flow.srcaddr);
  }
  return hosts;
}

Deno.test("packetFormat() knows captures and IPFIX files, and nothing else", () => {
  assertEquals(packetFormat(capture(DATA9)), "capture");
  assertEquals(packetFormat(MESSAGES[0]), "ipfix");
  assertEquals(packetFormat(new Uint8Array([0x1f, 0x8b, 8, 0])), "ipfix");
  assertEquals(packetFormat(new Uint8Array([0x78, 0x9c, 0, 0])), "ipfix");
  assertEquals(packetFormat(DATA9), undefined);
  assertEquals(packetFormat(new Uint8Array([0xcf, 0x10, 1, 3])), undefined);
  assertEquals(packetFormat(new Uint8Array([0, 10])), undefined);
  // A message has at least its header.
  assertEquals(packetFormat(new Uint8Array([0, 10, 0, 15])), undefined);
});

Deno.test("readPackets() finds the same packets in chunks of any size", async () => {
  const file = concat(MESSAGES);
  const messages = MESSAGES.map((payload, index) => ({
    frame: index + 1,
    exporter: "198.51.100.9",
    port: 0,
    payload: [...payload],
  }));
  const captured = [TEMPLATES9, DATA9].map((payload, index) => ({
    frame: index + 1,
    exporter: "192.0.2.1",
    port: 1234,
    payload: [...payload],
  }));
  for (const size of [1, 3, 17, 10_000]) {
    assertEquals(await packetsOf(file, size, { exporter: "198.51.100.9" }), messages);
    assertEquals(await packetsOf(capture(TEMPLATES9, DATA9), size), captured);
  }
});

Deno.test("readPackets() takes a file for a payload where it may, or surely is one", async () => {
  const file = concat(MESSAGES);
  const frames = async (bytes: Uint8Array, payload: "maybe" | "surely") =>
    (await packetsOf(bytes, 1000, { payload })).map((
      { frame, payload },
    ) => [frame, payload.length]);
  assertEquals(await frames(file, "maybe"), MESSAGES.map(({ length }, at) => [at + 1, length]));
  assertEquals(await frames(file, "surely"), [[undefined, file.length]]);
  assertEquals(await frames(DATA9, "maybe"), [[undefined, DATA9.length]]);
  // One message, with something behind it that is none.
  const trailing = concat([MESSAGES[0], new Uint8Array(5)]);
  assertEquals(await frames(trailing, "maybe"), [[undefined, trailing.length]]);
  assertEquals(await frames(new Uint8Array(0), "maybe"), [[undefined, 0]]);
  await assertRejects(() => frames(new Uint8Array(65_536), "maybe"), FlowSetError, "UDP payload");
  await assertRejects(() => packetsOf(DATA9, 10), FlowSetError, "neither a capture nor an IPFIX");
});

Deno.test("readPackets() passes over what is no message, and then says so", async () => {
  const file = concat([MESSAGES[0], new Uint8Array(7), MESSAGES[1], MESSAGES[2].subarray(0, 20)]);
  const lengths: number[] = [];
  await assertRejects(
    async () => {
      for await (const packets of readPackets(chunksOf(file, 50), { source: "x.ipfix" })) {
        for (const { payload } of packets) lengths.push(payload.length);
      }
    },
    FlowSetError,
    'Cannot read all of IPFIX file "x.ipfix": 27 octets were passed over',
  );
  assertEquals(lengths, [MESSAGES[0].length, MESSAGES[1].length]);
});

Deno.test("PacketSessions keeps exporters, ports and versions apart", () => {
  const sessions = new PacketSessions();
  const session = sessions.of(DATA9, "10.0.0.1", 1);
  assert(session !== undefined);
  assertEquals(sessions.of(TEMPLATES9, "10.0.0.1", 1), session);
  const others = [
    sessions.of(DATA9, "10.0.0.2", 1),
    sessions.of(DATA9, "10.0.0.1", 2),
    sessions.of(MESSAGES[0], "10.0.0.1", 1),
  ];
  assertEquals(new Set([session, ...others]).size, 4);
  assertEquals(sessions.of(new Uint8Array([0, 5, 0, 1]), "10.0.0.1", 1), undefined);
  assertEquals(sessions.of(new Uint8Array(1), "10.0.0.1", 1), undefined);
});

Deno.test("PacketFlows loses nothing where the batch is small or templates come late", () => {
  for (const capacity of [1, 2, 3, 100]) {
    const flows = new PacketFlows();
    const batch = new FlowBatch({ capacity });
    const hosts: (string | undefined)[] = [];
    const empty = () => {
      for (const flow of batch) hosts.push(flow.srcaddr);
      batch.reset();
    };
    const more = packet9({ sequence: 2 }, set(256, record(3, 1), record(4, 1)));
    for (const payload of [DATA9, TEMPLATES9, more]) {
      while (!flows.add({ payload, exporter: "10.0.0.1", port: 1 }, batch)) empty();
    }
    empty();
    assertEquals(hosts, ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"]);
    assertEquals([flows.packets, flows.problems.size, flows.sessions.waiting], [3, 0, 0]);
  }
});

Deno.test("PacketFlows counts packets that are not faultless", () => {
  const flows = new PacketFlows();
  const batch = new FlowBatch();
  const cut = DATA9.subarray(0, 10);
  for (const [index, payload] of [cut, cut, new Uint8Array([0, 99, 0, 0])].entries()) {
    assert(flows.add({ payload, exporter: "10.0.0.1", port: 1, frame: index + 1 }, batch));
  }
  assertEquals([...flows.problems.keys()], ["short-header", "unknown-version"]);
  const { packets, first } = flows.problems.get("short-header")!;
  assertEquals(packets, 2);
  assertStringIncludes(first, "packet 1: Cannot decode NetFlow v9 PDU from 10.0.0.1");
});

Deno.test("FlowPDU decodes by templates of earlier packets, and flows that waited", () => {
  const sessions = new PacketSessions();
  const hosts = (payload: Uint8Array) => {
    const session = sessions.of(payload, "10.0.0.1", 1);
    return [...new FlowPDU("10.0.0.1", payload, { session })].map((flow) => flow.srcaddr);
  };
  assertEquals(hosts(DATA9), []);
  assertEquals(hosts(TEMPLATES9), ["192.0.2.1", "192.0.2.2"]);
  assertEquals(hosts(DATA9), ["192.0.2.1", "192.0.2.2"]);
});

Deno.test("FlowPDU.isNext() counts packets of v9, data records of IPFIX, each domain apart", () => {
  const pdu = (payload: Uint8Array) => new FlowPDU("10.0.0.1", payload);
  const own = set(0, TEMPLATE);
  const [first, second] = [0, 1].map((sequence) =>
    pdu(packet9({ sequence, domain: 1 }, own, set(256, record(1, 1), record(2, 1))))
  );
  assertEquals([first.isNext(second), second.isNext(first)], [true, false]);
  assertEquals(first.isNext(pdu(packet9({ sequence: 1, domain: 2 }))), false);
  const messages = [7, 9].map((sequence) =>
    pdu(message({ sequence }, set(2, TEMPLATE), set(256, record(1, 1), record(2, 1))))
  );
  assertEquals(messages[0].isNext(messages[1]), true);
  assertEquals(pdu(message({ sequence: 7 }, set(256, record(1, 1)))).isNext(messages[1]), false);
});

Deno.test("FlowPDU without a session goes by the templates of the packet", () => {
  const own = message({}, set(2, TEMPLATE), set(256, record(1, 10), record(2, 20)));
  const pdu = new FlowPDU("10.0.0.1", own);
  assertEquals([pdu.problem, pdu.length], [undefined, 2]);
  const [flow] = pdu;
  assertEquals([flow.dPkts, flow.dOctets, flow.exaddr], [10, 1000, "10.0.0.1"]);
  assertEquals(flow.get("applicationId"), new Uint8Array([13, 0, 0, 1]));
  assertEquals(flow.toJSON().applicationId, "0d000001");
  assertEquals(new FlowPDU("10.0.0.1", MESSAGES[1]).problem, "unknown-template");
});

Deno.test("FlowSet reads captures and IPFIX files as it reads flow-tools files", async () => {
  for (const file of [capture(TEMPLATES9, DATA9), concat(MESSAGES.slice(0, 2))]) {
    for (const source of [file, chunksOf(file, 11)]) {
      await using set = await FlowSet.open(source);
      assertEquals(set.header.exportVersion, 5);
      const hosts = await hostsOf(set);
      assertEquals(hosts, file.length > 200 ? ["192.0.2.1", "192.0.2.2"] : ["192.0.2.1"]);
    }
  }
  await using set = await FlowSet.open(capture(TEMPLATES9, DATA9));
  const flows = [];
  for await (const flow of set) flows.push(flow);
  // Flows stay valid as long as they are kept, with all that the packet tells.
  assertEquals(flows.map((flow) => flow.toJSON().applicationId), ["0d000001", "0d000001"]);
});

Deno.test("FlowSet: the templates of one file decode the packets of the next", async () => {
  const [templates, data] = [capture(TEMPLATES9), capture(DATA9)];
  const told: string[] = [];
  const warn = (line: string) => told.push(line);
  {
    await using set = await FlowSet.open([templates, data], { warn });
    assertEquals(await hostsOf(set), ["192.0.2.1", "192.0.2.2"]);
  }
  {
    await using set = await FlowSet.open([data, templates], { warn });
    assertEquals(await hostsOf(set), ["192.0.2.1", "192.0.2.2"]);
  }
  assertEquals(told, []);
  const sessions = new PacketSessions();
  for (const file of [data, templates]) {
    await using set = await FlowSet.open(file, { sessions, warn });
    assertEquals(await hostsOf(set), file === data ? [] : ["192.0.2.1", "192.0.2.2"]);
  }
  assertEquals([told, sessions.waiting], [[], 0]);
  {
    await using set = await FlowSet.open(data, { warn });
    assertEquals(await hostsOf(set), []);
  }
  assertEquals(told, ["1 set of records left out: their templates did not come"]);
});

Deno.test("FlowSet delivers the flows before a fault of a capture", async () => {
  const file = capture(TEMPLATES9, DATA9, DATA9);
  await using set = await FlowSet.open(file.subarray(0, file.length - 5));
  const hosts: (string | undefined)[] = [];
  await assertRejects(async () => {
    for await (const batch of set.batches()) {
      for (const flow of batch) hosts.push(flow.srcaddr);
    }
  });
  assertEquals(hosts, ["192.0.2.1", "192.0.2.2"]);
});

Deno.test("openRecords() makes version 5 of what has no records, and tells what that costs", async () => {
  const told: string[] = [];
  const wide = packet9({}, set(0, WIDE_TEMPLATE), set(257, wideRecord));
  const next = template(258, [[8, 4], [10, 4], [62, 16], [18, 4]]);
  const odd = packet9(
    {},
    set(0, next),
    set(258, [...octets(0xc0000209, 4), ...octets(70_000, 4), ...Array(15).fill(0), 1, 9, 9, 9, 9]),
  );
  const file = capture(TEMPLATES9, DATA9, wide, odd);
  await using source = await openRecords(file, { lost: (line) => void told.push(line) });
  assertEquals(source.layout.schema.version, 5);
  const batch = new FlowBatch();
  for await (const { layout, view, offset, count, littleEndian } of source.blocks()) {
    batch.appendRecords(layout, view, offset, count, littleEndian);
  }
  assertEquals(
    [...batch].map(({ srcaddr, dPkts, dOctets, unix_secs, input }) => [
      srcaddr,
      dPkts,
      dOctets,
      unix_secs,
      input,
    ]),
    [
      ["192.0.2.1", 10, 1000, SENT_SECS, 0],
      ["192.0.2.2", 20, 2000, SENT_SECS, 0],
      ["192.0.2.9", 0, 0, SENT_SECS, 65_535],
    ],
  );
  assertEquals(told, [
    "1 flow left out: v5 records hold no IPv6 addresses",
    "v5 records have no place for applicationId of 2 flows, peer_nexthop of 1 flow",
    "values that v5 records cannot hold: nexthop of 1 flow, input of 1 flow",
  ]);
});

Deno.test("openRecords() keeps the version of packets that flow-tools files store", async () => {
  const v7 = new Uint8Array(24 + 52);
  v7.set([0, 7, 0, 1]);
  v7.set([192, 0, 2, 1], 24);
  await using source = await openRecords(capture(v7));
  assertEquals(source.header.exportVersion, 7);
  let count = 0;
  for await (const block of source.blocks()) count += block.count;
  assertEquals(count, 1);
});

Deno.test("FlowSet writes flows of v9 as far as records hold them, and reports the rest", async () => {
  const wide = packet9({}, set(0, WIDE_TEMPLATE), set(257, wideRecord));
  const own = packet9({}, set(0, TEMPLATE), set(256, record(1, 10), record(2, 20)));
  const v5 = new Uint8Array(72);
  v5.set([0, 5, 0, 1]);
  for (const version of [undefined, 5, 7, 1005]) {
    const path = await Deno.makeTempFile();
    const written = await FlowSet.create(path, { version });
    for (const payload of [own, wide, v5]) await written.write(new FlowPDU("10.0.0.1", payload));
    await written.close();
    const { flows, leftOut, lostFields, misfits } = written.report;
    assertEquals([flows, leftOut, misfits.size], [3, 1, 0]);
    assertEquals([...lostFields], [["applicationId", 2]]);
    await using read = await FlowSet.open(path);
    assertEquals(read.header.exportVersion, version ?? 5);
    assertEquals(await hostsOf(read), ["192.0.2.1", "192.0.2.2", "0.0.0.0"]);
    await Deno.remove(path);
  }
  const path = await Deno.makeTempFile();
  await using aggregated = await FlowSet.create(path, { version: 8, aggregation: 1 });
  await assertRejects(
    () => aggregated.write(new FlowPDU("10.0.0.1", own)),
    FlowConversionError,
    "no conversion from v9 to v8.1",
  );
  await aggregated.close();
  await Deno.remove(path);
});

Deno.test("PacketSessions forgets the exporter unheard of for longest, and counts it", () => {
  const sessions = new PacketSessions();
  const header = packet9({});
  const sessionOf = (number: number) =>
    sessions.of(header, `10.${number >> 16}.${number >> 8 & 255}.${number & 255}`, 2055);
  const first = sessionOf(0);
  const second = sessionOf(1);
  for (let number = 2; number < PACKET_SESSIONS_MAX; number++) sessionOf(number);
  assertEquals([sessions.forgotten, sessionOf(0) === first], [0, true]);
  sessionOf(PACKET_SESSIONS_MAX);
  assertEquals([sessions.forgotten, sessionOf(0) === first], [1, true]);
  assertEquals([sessionOf(1) === second, sessions.forgotten], [false, 2]);
});
