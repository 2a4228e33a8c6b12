/** What the fields of records become: times, numbers, rates, names. */
import { assertEquals, assertThrows } from "@std/assert";
import { FlowBatch } from "@flowtools/flow-model";
import { createIpfixCodec } from "../codecs/ipfix.ts";
import { createV9Codec } from "../codecs/v9.ts";
import { createElementRegistry } from "../elements/registry.ts";

import {
  type Field,
  flowsOf,
  inputOf,
  message,
  octets,
  optionsTemplate,
  optionsTemplate9,
  packet9,
  pick,
  SENT_SECS,
  set,
  template,
} from "./_builders.ts";
import { VARIABLE_LENGTH } from "./template.ts";

/** An options message that describes elements (RFC 5610). */
function describeElements(
  ...elements: readonly [enterprise: number, id: number, type: number, name: string][]
): Uint8Array {
  const body = elements.map(([enterprise, id, type, name]) => {
    const text = [...new TextEncoder().encode(name)];
    return [...octets(enterprise, 4), ...octets(id, 2), type, 4, text.length, ...text];
  });
  return message(
    {},
    set(
      3,
      optionsTemplate(400, 2, [[346, 4], [303, 2], [339, 1], [344, 1], [341, VARIABLE_LENGTH]]),
    ),
    set(400, ...body),
  );
}

Deno.test("exporters describe their elements, and later templates have the names (RFC 5610)", () => {
  const codec = createIpfixCodec();
  const session = codec.createSession();
  const batch = new FlowBatch({ octets: true });
  const own: readonly Field[] = [[7, 2], [5, 4, 64512], [6, 3, 64512], [7, 1, 64512]];
  const teach = message({}, set(2, template(256, own)));
  const tell = message({}, set(256, octets(80, 2), [10, 0, 0, 9], [97, 98, 99], [3]));
  const hear = (bytes: Uint8Array) => codec.decode(inputOf(bytes), batch, session);
  hear(teach);
  hear(tell);
  assertEquals(batch.flow(0).get("64512.5"), new Uint8Array([10, 0, 0, 9]));
  hear(describeElements([64512, 5, 18, "rackAddress"], [64512, 6, 13, "rackName"]));
  hear(teach);
  hear(tell);
  assertEquals(batch.flow(1).get("rackAddress"), "10.0.0.9");
  assertEquals(batch.flow(1).get("rackName"), "abc");
  assertEquals(JSON.stringify(batch.flow(1)).includes('"64512.7":"03"'), true);
  assertEquals(codec.store.counters.changed, 0, "the shape is the same");
  // The other exporters of the codec know nothing of it.
  const other = codec.createSession();
  codec.decode(inputOf(teach), batch, other);
  codec.decode(inputOf(tell), batch, other);
  assertEquals(batch.flow(2).has("rackName"), false);
});

Deno.test("descriptions that cannot be are refused and counted, and known elements stay", () => {
  const codec = createIpfixCodec({ limits: { elements: 2 } });
  const session = codec.createSession();
  codec.decode(
    inputOf(describeElements(
      [64512, 1, 200, "noSuchType"],
      [64512, 2, 1, "no name"],
      [64512, 3, 1, "srcaddr"],
      [64512, 4, 1, "first1"],
      [64512, 5, 1, "second"],
      [64512, 6, 1, "third"],
      [64512, 5, 2, "secondAgain"],
    )),
    undefined,
    session,
  );
  assertEquals(codec.store.counters.elementsRefused, 4);
  assertEquals([...session.elements].map(({ name }) => name), ["first1", "secondAgain"]);
  codec.decode(inputOf(describeElements([0, 1, 13, "mine"])), undefined, session);
  assertEquals(session.dialect.findElement(0, 1)?.name, "octetDeltaCount");
});

Deno.test("elements of users have names and types (ElementRegistry)", () => {
  const elements = createElementRegistry().with([
    { enterprise: 64512, owner: "Us", elements: [[1, "rackId", "unsigned16"]] },
  ]);
  const fields: readonly Field[] = [[7, 2], [1, 2, 64512]];
  const [flow] = flowsOf(
    fields,
    [...octets(80, 2), ...octets(19, 2)],
    createIpfixCodec({ elements }),
  );
  assertEquals(flow.rackId, 19);
  const [unknown] = flowsOf(fields, [...octets(80, 2), ...octets(19, 2)]);
  assertEquals(unknown["64512.1"], new Uint8Array([0, 19]));
});

Deno.test("times: uptimes of NetFlow v9, moments, lengths, and what none tells", () => {
  const times = (fields: readonly Field[], body: number[], codec = createIpfixCodec()) => {
    const [flow] = flowsOf(fields, body, codec);
    return [flow.first, flow.last].map((time) => Math.round((Number(time) - SENT_SECS) * 1000));
  };
  const sent = SENT_SECS * 1000;
  const v9 = createV9Codec();
  assertEquals(times([[22, 4], [21, 4]], [...octets(999_000, 4), ...octets(999_500, 4)], v9), [
    -1000,
    -500,
  ]);
  assertEquals(times([[152, 8], [153, 8]], [...octets(sent - 3000, 8), ...octets(sent + 20, 8)]), [
    -3000,
    20,
  ]);
  assertEquals(
    times([[150, 4], [151, 4]], [...octets(SENT_SECS - 9, 4), ...octets(SENT_SECS, 4)]),
    [
      -9000,
      0,
    ],
  );
  const ntp = (ms: number) => [
    ...octets(SENT_SECS + 2_208_988_800 + Math.floor(ms / 1000), 4),
    ...octets(Math.ceil((ms % 1000) / 1000 * 2 ** 32), 4),
  ];
  assertEquals(times([[154, 8], [157, 8]], [...ntp(1250), ...ntp(2500)]), [1250, 2500]);
  assertEquals(times([[158, 4], [159, 4]], [...octets(2_000_000, 4), ...octets(1000, 4)]), [
    -2000,
    -1,
  ]);
  assertEquals(times([[152, 8], [161, 4]], [...octets(sent - 3000, 8), ...octets(700, 4)]), [
    -3000,
    -2300,
  ]);
  assertEquals(
    times([[161, 4], [152, 8]], [...octets(700, 4), ...octets(sent - 3000, 8)]),
    [-3000, -2300],
    "in whatever order",
  );
  // An uptime of IPFIX counts from the start of the exporter where the record has it.
  assertEquals(
    times([[22, 4], [21, 4], [160, 8]], [
      ...octets(5000, 4),
      ...octets(6000, 4),
      ...octets(sent - 10_000, 8),
    ]),
    [-5000, -4000],
  );
  // Without it, no flow ends after its packet was sent.
  assertEquals(times([[22, 4], [21, 4]], [...octets(5000, 4), ...octets(6000, 4)]), [-1000, 0]);
  // 0 is no moment, and a moment of another age cannot be told: both are that of the packet.
  assertEquals(times([[152, 8], [153, 8]], [...octets(0, 8), ...octets(99, 8)]), [0, 0]);
});

Deno.test("the end of a flow is right where a batch keeps it and not the start", () => {
  const codec = createIpfixCodec();
  const batch = new FlowBatch({ columns: ["unix_secs", "unix_nsecs", "sysUpTime", "last"] });
  const bytes = message(
    {},
    set(2, template(256, [[152, 8], [161, 4]])),
    set(256, octets(SENT_SECS * 1000 - 3000, 8), octets(700, 4)),
  );
  codec.decode(inputOf(bytes), batch, codec.createSession());
  assertEquals(batch.flow(0).last, SENT_SECS - 2.3);
});

Deno.test("moments of NetFlow v9 are right where the packet tells no uptime", () => {
  const codec = createV9Codec();
  const batch = new FlowBatch();
  const bytes = packet9(
    { uptime: 0 },
    set(0, template(256, [[152, 8]])),
    set(256, octets(SENT_SECS * 1000 - 5000, 8)),
  );
  codec.decode(inputOf(bytes), batch, codec.createSession());
  assertEquals(batch.flow(0).first, SENT_SECS - 5);
});

Deno.test("records that report packets tell of them what their headers say (RFC 5477)", () => {
  const udp = [...octets(5353, 2), ...octets(53, 2), ...octets(28, 2), 0, 0];
  const ipv4 = [0x45, 0xb8, 0, 48, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, ...udp];
  const frame = [...new Array(12).fill(2), 0x81, 0, 0, 5, 8, 0, ...ipv4];
  const expected = {
    srcaddr: "10.0.0.1",
    dstaddr: "10.0.0.2",
    srcport: 5353,
    dstport: 53,
    prot: 17,
    tos: 0xb8,
    dPkts: 1,
    dOctets: 48,
  };
  const names = Object.keys(expected);
  const variable = [frame.length, ...frame];
  const [framed] = flowsOf([[10, 4], [312, 2], [315, VARIABLE_LENGTH]], [
    0,
    0,
    0,
    7,
    0,
    70,
    ...variable,
  ]);
  assertEquals(pick(framed, "input", ...names), { input: 7, ...expected });
  const [bare] = flowsOf([[10, 4], [313, ipv4.length]], [0, 0, 0, 7, ...ipv4]);
  assertEquals(pick(bare, ...names), expected);
  const address = [0x20, 1, 0xd, 0xb8, ...new Array(11).fill(0)];
  const ipv6 = [0x60, 0, 0, 0, 0, 20, 6, 64, ...address, 1, ...address, 2];
  const tcp = [
    ...octets(443, 2),
    ...octets(50_000, 2),
    ...octets(0, 8),
    0x50,
    0x12,
    ...octets(0, 6),
  ];
  const [wide] = flowsOf([[315, 74]], [...new Array(12).fill(2), 0x86, 0xdd, ...ipv6, ...tcp]);
  assertEquals(pick(wide, "srcaddr", "dstaddr", "srcport", "tcp_flags", "dOctets"), {
    srcaddr: "2001:db8::1",
    dstaddr: "2001:db8::2",
    srcport: 443,
    tcp_flags: 0x12,
    dOctets: 60,
  });
  const [cut] = flowsOf([[315, 20]], new Array(20).fill(0));
  assertEquals(pick(cut, "srcaddr", "prot", "dPkts"), { srcaddr: "0.0.0.0", prot: 0, dPkts: 1 });
  // What the record itself tells counts.
  const [told] = flowsOf([[2, 4], [313, ipv4.length]], [0, 0, 0, 9, ...ipv4]);
  assertEquals(pick(told, "dPkts", "dOctets"), { dPkts: 9, dOctets: 48 });
});

Deno.test("numbers of any width: reduced, odd, too wide for the column", () => {
  const [flow] = flowsOf([[1, 3], [2, 8], [7, 4], [10, 1], [4, 2]], [
    ...[1, 2, 3],
    ...octets(2 ** 53, 8),
    ...octets(70_000, 4),
    9,
    ...octets(17, 2),
  ]);
  assertEquals(pick(flow, "dOctets", "dPkts", "srcport", "input", "prot"), {
    dOctets: 0x010203,
    dPkts: 2 ** 53,
    srcport: 65_535,
    input: 9,
    prot: 17,
  });
});

Deno.test("an address of a length that no address has is kept, but is no address", () => {
  const [flow] = flowsOf([[8, 3], [12, 4]], [1, 2, 3, 10, 0, 0, 1]);
  assertEquals(flow.srcaddr, undefined);
  assertEquals(flow.sourceIPv4Address, new Uint8Array([1, 2, 3]));
  assertEquals(flow.dstaddr, "10.0.0.1");
});

Deno.test("octets of records: every field by its name, in JSON too", () => {
  const [flow] = flowsOf(
    [[7, 2], [95, 4], [276, 1], [148, 8], [148, 8], [12345, 2]],
    [...octets(80, 2), 13, 0, 1, 197, 1, ...octets(2n ** 64n - 1n, 8), ...octets(5, 8), 0xca, 0xfe],
    createV9Codec(),
  );
  assertEquals(pick(flow, "applicationId", "dataRecordsReliability", "flowId", "0.12345"), {
    applicationId: new Uint8Array([13, 0, 1, 197]),
    dataRecordsReliability: true,
    // It is there twice.
    flowId: [2n ** 64n - 1n, 5],
    "0.12345": new Uint8Array([0xca, 0xfe]),
  });
  const codec = createV9Codec();
  const batch = new FlowBatch({ octets: true });
  const fields: readonly Field[] = [[148, 8], [276, 1], [12345, 2]];
  const bytes = packet9(
    {},
    set(0, template(256, fields)),
    set(256, octets(2n ** 63n, 8), [2], [0, 1]),
  );
  codec.decode(inputOf(bytes), batch, codec.createSession());
  const json = JSON.parse(JSON.stringify(batch.flow(0)));
  assertEquals([json.flowId, json.dataRecordsReliability, json["0.12345"]], [
    "9223372036854775808",
    false,
    "0001",
  ]);
  assertEquals(batch.flow(0).get("flowId"), 2n ** 63n);
  const again = new FlowBatch({ octets: true });
  const twice = packet9({}, set(0, template(256, [[148, 8], [7, 2], [148, 8], [7, 2]])));
  const data = packet9({}, set(256, octets(9, 8), [0, 80], octets(2n ** 63n, 8), [1, 187]));
  const session = codec.createSession();
  for (const packet of [twice, data]) codec.decode(inputOf(packet), again, session);
  const flow2 = again.flow(0);
  assertEquals(flow2.get("flowId"), [9, 2n ** 63n]);
  // The first fills the column.
  assertEquals([flow2.srcport, flow2.get("sourceTransportPort")], [80, [80, 443]]);
  assertEquals(flow2.toJSON().flowId, [9, "9223372036854775808"]);
  assertThrows(() => batch.flow(0).get("applicationId"), Error, "no attribute has that name");
});

Deno.test("a column of a name of its own has the values of an element, and no flow shows it", () => {
  const codec = createIpfixCodec();
  const session = codec.createSession();
  const batch = new FlowBatch({
    octets: true,
    extras: [
      { name: "mine", kind: "u32", element: "applicationId" },
      { name: "applicationId", kind: "bytes" },
      // What a canonical column has is in no further one.
      { name: "again", kind: "u32", element: "octetDeltaCount" },
    ],
  });
  codec.decode(
    inputOf(message(
      {},
      set(2, template(256, [[1, 4], [95, 4]]), template(257, [[1, 4]])),
      set(256, octets(10, 4), [3, 0, 0, 80]),
      set(257, octets(20, 4)),
      set(256, octets(30, 4), [13, 0, 1, 0xc5]),
    )),
    batch,
    session,
  );
  const column = (name: string) => [...(batch.extra(name) as Uint32Array).subarray(0, 3)];
  assertEquals(column("mine"), [0x03000050, 0, 0x0d0001c5]);
  assertEquals(column("again"), [0, 0, 0]);
  assertEquals(batch.extra("applicationId")![2], Uint8Array.of(13, 0, 1, 0xc5));
  assertEquals(batch.flow(0).has("mine"), false);
  assertEquals(Object.keys(batch.flow(0).toObject()).includes("mine"), false);
  assertEquals(batch.extras.map(({ name }) => name), ["mine", "applicationId", "again"]);
});

Deno.test("sampling: record, sampler, interface, template, domain, in this order", () => {
  const codec = createV9Codec();
  const session = codec.createSession();
  const batch = new FlowBatch({ extras: [{ name: "samplingRate", kind: "u32" }] });
  const hear = (...sets: number[][]) =>
    assertEquals(codec.decode(inputOf(packet9({}, ...sets)), batch, session).reason, undefined);
  hear(
    set(1, optionsTemplate9(300, 1, [[1, 4], [34, 4]])),
    set(1, optionsTemplate9(301, 1, [[2, 4], [34, 4]])),
    set(1, optionsTemplate9(302, 1, [[1, 4], [48, 1], [50, 4]])),
    set(1, optionsTemplate9(303, 1, [[5, 2], [34, 4]])),
    set(300, octets(0, 4), octets(1000, 4)),
    set(301, octets(7, 4), octets(200, 4)),
    set(302, octets(0, 4), [3], octets(50, 4)),
    set(303, octets(259, 2), octets(30, 4)),
  );
  hear(
    set(0, template(256, [[10, 4], [48, 1], [34, 4]])),
    set(0, template(257, [[10, 4], [48, 1]])),
    set(0, template(258, [[10, 4]])),
    set(256, octets(7, 4), [3], octets(10, 4)),
    set(256, octets(7, 4), [3], octets(0, 4)),
    set(257, octets(7, 4), [3]),
    set(257, octets(7, 4), [4]),
    set(258, octets(7, 4)),
    set(258, octets(8, 4)),
    set(0, template(259, [[10, 4]])),
    set(259, octets(7, 4), octets(8, 4)),
  );
  assertEquals([...(batch.extra("samplingRate") as Uint32Array).subarray(0, batch.length)], [
    10,
    50,
    50,
    200,
    200,
    1000,
    200,
    30,
  ]);
});
