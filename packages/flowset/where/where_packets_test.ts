/** `where` on packets with templates: names that exporters tell, and elements by name. */
import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { createElementRegistry } from "@flowtools/netflow-pdu";
import { FlowBatch } from "@flowtools/flow-model";
import { ethernet, ipv4, pcap, udp } from "../../netflow-pdu/capture/_builders.ts";
import {
  message,
  octets,
  optionsTemplate,
  optionsTemplate9,
  packet9,
  set,
  template,
} from "../../netflow-pdu/templates/_builders.ts";
import { compileWhere, FlowSet, PacketSessions, WhereError, WhereFieldError } from "../mod.ts";

const text = (value: string, width: number) => [
  ...new TextEncoder().encode(value.padEnd(width, "\0")),
];
const variable = (value: string) => [value.length, ...new TextEncoder().encode(value)];

/** Where the address of the sender is, behind Ethernet's header. */
const SENDER_OFFSET = 26;

/** A frame of an exporter. */
function frame(payload: Uint8Array, exporter: readonly number[]): Uint8Array {
  const bytes = ethernet(ipv4(udp(payload)));
  bytes.set(exporter, SENDER_OFFSET);
  return bytes;
}

const ONE = [192, 0, 2, 1];
const TWO = [198, 51, 100, 2];

/** Source, input, output, octets, packets, ingressVRFID, applicationId; NetFlow v9. */
const FLOWS9 = template(256, [[8, 4], [10, 4], [14, 4], [1, 4], [2, 4], [234, 4], [95, 4]]);
const flow9 = (host: number, input: number, output: number, vrf: number, app: number[]) => [
  ...[10, 0, 0, host, ...octets(input, 4), ...octets(output, 4)],
  ...[...octets(host * 100, 4), ...octets(host, 4), ...octets(vrf, 4), ...app],
];
const NAMES9 = [
  optionsTemplate9(300, 1, [[2, 4], [82, 8], [83, 20]]),
  optionsTemplate9(301, 1, [[1, 4], [234, 4], [236, 12]]),
  optionsTemplate9(302, 1, [[1, 4], [95, 4], [96, 8]]),
];
const SSH = [13, 0, 0, 22];
const WEB = [3, 0, 0, 80];

/** Names of interfaces 3 and 4, VRF 5, two applications; flows 1 to 3. */
const EXPORTER_ONE = packet9(
  {},
  set(0, FLOWS9),
  set(1, ...NAMES9),
  set(300, [...octets(3, 4), ...text("Gi0/3", 8), ...text("GigabitEthernet0/3", 20)], [
    ...octets(4, 4),
    ...text("uplink", 8),
    ...text("to the world", 20),
  ]),
  set(301, [...octets(0, 4), ...octets(5, 4), ...text("CUSTOMER-A", 12)]),
  set(302, [...octets(0, 4), ...SSH, ...text("ssh", 8)], [
    ...octets(0, 4),
    ...WEB,
    ...text("web app", 8),
  ]),
  set(256, flow9(1, 3, 4, 5, SSH), flow9(2, 4, 3, 0, WEB), flow9(3, 7, 7, 5, WEB)),
);

/**
 * Source, input, output, octets, packets, egressVRFID, postNATSourceIPv4Address, sourceMacAddress,
 * flowStartMilliseconds, httpRequestHost, a signed one, one that nobody knows; IPFIX.
 */
const FLOWS10 = template(256, [
  ...[[8, 4], [10, 4], [14, 4], [1, 4], [2, 4], [235, 4], [225, 4], [56, 6], [152, 8]] as const,
  ...[[460, 65535], [434, 4], [7, 2, 64512]] as const,
]);
const MOMENT = Date.UTC(2024, 4, 1, 12);
const flow10 = (host: number, input: number, output: number, vrf: number, url: string) => [
  ...[10, 0, 1, host, ...octets(input, 4), ...octets(output, 4)],
  ...[...octets(host * 100, 4), ...octets(host, 4), ...octets(vrf, 4)],
  ...[203, 0, 113, host, 0, 0, 0x5e, 0, 0x53, host],
  ...[...octets(MOMENT + host * 1000, 8), ...variable(url)],
  ...[...octets((-host) >>> 0, 4), 0xca, host],
];

/** Names of interfaces 3, which is another than that of the first exporter, and 4; flows 11 to 12. */
const EXPORTER_TWO = message(
  {},
  set(2, FLOWS10),
  set(3, optionsTemplate(300, 1, [[10, 4], [82, 8]])),
  set(300, [...octets(3, 4), ...text("xe-0/0/3", 8)], [...octets(4, 4), ...text("UPLINK", 8)]),
  set(256, flow10(11, 3, 4, 5, "www.example.com"), flow10(12, 4, 3, 6, "Example.ORG")),
);

const CAPTURE = pcap([frame(EXPORTER_ONE, ONE), frame(EXPORTER_TWO, TWO)]);
const OPTIONS = {
  exporterNames: true,
  registry: createElementRegistry(),
  timeZone: "UTC",
} as const;

/** The hosts of the flows that pass. */
async function hosts(expression: string, bytes = CAPTURE): Promise<number[]> {
  const where = compileWhere(expression, OPTIONS);
  const found: number[] = [];
  await using flows = await FlowSet.open(bytes, { where });
  // One column, so that what the expression needs is not there by chance.
  for await (const batch of flows.batches({ columns: ["dPkts"] })) {
    found.push(...batch.column("dPkts").subarray(0, batch.length));
  }
  return found;
}

Deno.test("where: interfaces by the names that their own exporter told", async () => {
  const table: readonly (readonly [string, number[]])[] = [
    ["in if Gi0/3", [1]],
    ["in if GigabitEthernet0/3", [1]],
    ['out if "gi0/3"', [2]],
    ["if Gi0/3", [1, 2]],
    ["if xe-0/0/3", [11, 12]],
    ["if uplink", [1, 2, 11, 12]],
    ["src and dst port 1 or in if uplink", [2, 12]],
    ["in and out if uplink", []],
    ["in and out if [uplink Gi0/3]", [1, 2]],
    ['if "to the world"', [1, 2]],
    ["in if [7 xe-0/0/3]", [3, 11]],
    ["in if in [Gi0/3, xe-0/0/3] and octets > 500", [11]],
    ["in if != Gi0/3", [2, 3, 11, 12]],
    ["not if uplink", [3]],
    // Digits in quotes are a name, which nothing here has.
    ['in if "3"', []],
    ["in if 3", [1, 11]],
  ];
  for (const [text, expected] of table) assertEquals(await hosts(text), expected, text);
});

Deno.test("where: VRFs and applications by name, number and octets", async () => {
  const table: readonly (readonly [string, number[]])[] = [
    ["vrf CUSTOMER-A", [1, 3]],
    ["in vrf customer-a", [1, 3]],
    ["out vrf CUSTOMER-A", []],
    ["vrf 5", [1, 3, 11]],
    ["out vrf 5-6", [11, 12]],
    ["vrf > 5", [12]],
    ["vrf [6 CUSTOMER-A]", [1, 3, 12]],
    ["app ssh", [1]],
    ['application "Web App"', [2, 3]],
    ["app in [ssh 0x03000050]", [1, 2, 3]],
    ["not app ssh", [2, 3, 11, 12]],
  ];
  for (const [text, expected] of table) assertEquals(await hosts(text), expected, text);
});

Deno.test("where: elements by name or number, of every type", async () => {
  const table: readonly (readonly [string, number[]])[] = [
    ["ingressVRFID = 5", [1, 3]],
    ["ingressvrfid in 0-4", [2]],
    ["egressVRFID != 5", [1, 2, 3, 12]],
    ["applicationId 0x0d000016", [1]],
    ["applicationId = 0d000016", [1]],
    ["postNATSourceIPv4Address 203.0.113.0/24", [11, 12]],
    ["postNATSourceIPv4Address = 203.0.113.11", [11]],
    ["postNATSourceIPv4Address 203.0.113.12-203.0.113.99", [12]],
    ["postNATSourceIPv4Address 2001:db8::/32", []],
    ["sourceMacAddress 00:00:5e:00:53:0b", [11]],
    ["sourceMacAddress in [00-00-5E-00-53-0C 0000.5e00.5301]", [12]],
    ['httpRequestHost = "WWW.example.com"', [11]],
    ["httpRequestHost in [example.org example.net]", [12]],
    ["httpRequestHost != example.org", [1, 2, 3, 11]],
    ["flowStartMilliseconds > 2024-05-01T12:00:11.500Z", [12]],
    ["flowStartMilliseconds = 2024-05-01T12:00:11", [11]],
    ["0.1 > 1k", [11, 12]],
    // Elements that fill columns are elements, too.
    ["octetDeltaCount = 300", [3]],
    ["sourceIPv4Address 10.0.1.0/24", [11, 12]],
    ["mibObjectValueInteger = -11", [11]],
    ["mibObjectValueInteger < -11", [12]],
    ["mibObjectValueInteger in -11..5", [11]],
    ["64512.7 = 0xca0c", [12]],
    ["64512.7 in [0xca0b 0xca0c] and egressVRFID 5", [11]],
  ];
  for (const [text, expected] of table) assertEquals(await hosts(text), expected, text);
});

Deno.test("where: times of any unit, truth, fractions, large numbers and small IPv6 addresses", async () => {
  // Seconds since 1900, and half a second.
  const ntp = [...octets(MOMENT / 1000 + 2_208_988_800, 4), 0x80, 0, 0, 0];
  const fields = [[150, 4], [154, 8], [156, 8], [276, 1], [320, 8], [27, 16], [85, 8], [
    2,
    4,
  ]] as const;
  const record = [
    ...[...octets(MOMENT / 1000, 4), ...ntp, ...ntp, 1],
    ...[0x3f, 0xf8, 0, 0, 0, 0, 0, 0, ...Array(15).fill(0), 5],
    ...[...Array(8).fill(0xff), ...octets(7, 4)],
  ];
  const bytes = pcap([frame(message({}, set(2, template(256, fields)), set(256, record)), TWO)]);
  const passing = [
    "flowStartSeconds = 2024-05-01T12:00:00Z",
    "flowStartMicroseconds = 2024-05-01T12:00:00.500Z",
    "flowStartNanoseconds = 2024-05-01T12:00:00.500Z",
    "flowStartNanoseconds < 2024-05-01T12:00:00.501Z",
    "dataRecordsReliability = true",
    "dataRecordsReliability != no",
    "absoluteError = 1.5",
    "absoluteError in 1.4-1.6",
    "octetTotalCount > 9007199254740991",
    "sourceIPv6Address ::5",
    "sourceIPv6Address ::/96",
  ];
  for (const text of passing) assertEquals(await hosts(text, bytes), [7], text);
  const failing = [
    "flowStartSeconds > 2024-05-01T12:00:00Z",
    "flowStartMicroseconds > 2024-05-01T12:00:00.500Z",
    "dataRecordsReliability = false",
    "absoluteError < 1.5",
    // Families do not meet, as with other addresses.
    "sourceIPv6Address 0.0.0.0/0",
    "sourceIPv6Address ::6-::9",
  ];
  for (const text of failing) assertEquals(await hosts(text, bytes), [], text);
});

Deno.test("where: an element that is unknown or hidden is told with near names", () => {
  const message = (text: string) =>
    assertThrows(() => compileWhere(text, OPTIONS), WhereError).message;
  assertStringIncludes(message("ingresVRFID = 5"), 'did you mean "ingressVRFID"');
  // Words of the language are nearer than thousands of elements.
  assertStringIncludes(message("prt 80"), 'did you mean "port" or "prot"?');
  assertStringIncludes(message("10.1 and tcp"), "stands alone");
  assertStringIncludes(message("64512.7 0xca"), "stands alone");
  assertStringIncludes(message("sourceMacAddress 00:00:5e"), "is no MAC address");
  assertStringIncludes(message("sourceMacAddress > 00:00:5e:00:53:0b"), "= or in before it");
  assertStringIncludes(message("httpStatusCode = ok"), "is no number");
  assertStringIncludes(message("applicationId = ssh"), "are no octets");
  assertStringIncludes(message("applicationId = 0x0d0"), "ends within an octet");
  assertStringIncludes(message("app > ssh"), "= or in before it");
  assertStringIncludes(message("in if > Gi0/3"), 'there is no ifIndex "Gi0/3"');
  assertStringIncludes(message("src vrf 5"), 'expected "in vrf" or "out vrf"');
});

Deno.test("where: without the options there are neither names nor elements", () => {
  for (const text of ["in if Gi0/3", "vrf 5", "app ssh", "ingressVRFID = 5", "0.1 = 5"]) {
    const { hint } = assertThrows(() => compileWhere(text), WhereError, undefined, text);
    assertEquals(hint?.includes("vrf") ?? false, false, hint);
  }
});

Deno.test("where: flow-tools files, and packets without templates, have no names and no elements", async () => {
  const refused = async (text: string, file: string | Uint8Array = "fixtures/ft/v5-le.ft") => {
    const where = compileWhere(text, OPTIONS);
    const { message } = await assertRejects(async () => {
      await using flows = await FlowSet.open(file, { where });
      for await (const _ of flows.batches()) { /* The first batch throws. */ }
    }, WhereFieldError);
    return message;
  };
  assertStringIncludes(
    await refused("in if Gi0/1"),
    '"in if Gi0/1" needs interface names, which v5 records lack, expected records of a version ' +
      "that has it (v9, IPFIX)",
  );
  assertStringIncludes(await refused("vrf A or tcp"), '"vrf A" needs VRF names, which v5');
  assertStringIncludes(await refused("app 0x01"), "needs applicationId, which v5 records lack");
  assertStringIncludes(await refused("octetDeltaCount > 5"), "needs octetDeltaCount, which v5");
  const v5 = new Uint8Array(72);
  v5.set([0, 5, 0, 1]);
  assertStringIncludes(
    await refused("in if Gi0/1", pcap([ethernet(ipv4(udp(v5)))])),
    "needs interface names",
  );
});

Deno.test("where: packets without templates do not pass beside those with templates", async () => {
  const v5 = new Uint8Array(72);
  v5.set([0, 5, 0, 1]);
  // Input interface 3, 90 packets.
  v5.set([0, 3], 24 + 12);
  v5.set([0, 0, 0, 90], 24 + 16);
  const bytes = pcap([frame(v5, TWO), frame(EXPORTER_ONE, ONE)]);
  const table: readonly (readonly [string, number[]])[] = [
    ["in if Gi0/3", [1]],
    ["in if [3 nothing]", [90, 1]],
    ["not in if Gi0/3", [90, 2, 3]],
    ["ingressVRFID = 5", [1, 3]],
    ["vrf != 5", [90, 2]],
  ];
  for (const [text, expected] of table) assertEquals(await hosts(text, bytes), expected, text);
});

Deno.test("where: names that no exporter told are named, those of flows that nothing passed are not", async () => {
  const untold = async (text: string, bytes = CAPTURE) => {
    const where = compileWhere(text, OPTIONS);
    const sessions = new PacketSessions();
    await using flows = await FlowSet.open(bytes, { where, sessions });
    for await (const _ of flows.batches()) { /* Only what was told counts. */ }
    return where.untold(sessions);
  };
  assertEquals(await untold("in if Gi0/3 or vrf customer-a"), []);
  // The second condition is asked of no flow: the first leaves none.
  assertEquals(await untold("octets > 1G and in if Gi0/3"), []);
  assertEquals(await untold("in if [Gi0/3 Gi0/33]"), [
    'no exporter told of interface "Gi0/33", which passes no flow; did you mean "Gi0/3"?',
  ]);
  assertEquals(await untold("sampler x or if 3"), [
    'no exporter told any sampler names, "x" passes no flow',
  ]);
  assertEquals(await untold("vrf CUSTOMER-B", pcap([frame(EXPORTER_TWO, TWO)])), [
    'no exporter told any VRF names, "CUSTOMER-B" passes no flow',
  ]);
});

Deno.test("where: flows keep the names of their template when another has taken its number", async () => {
  const again = packet9({ sequence: 1 }, set(0, template(256, [[8, 4], [10, 4], [2, 4]])));
  const other = packet9({ sequence: 2 }, set(256, [10, 0, 0, 9, ...octets(3, 4), ...octets(9, 4)]));
  const bytes = pcap([EXPORTER_ONE, again, other].map((payload) => frame(payload, ONE)));
  assertEquals(await hosts("in if Gi0/3", bytes), [1, 9]);
});

Deno.test("where: an expression on elements says that it needs octets, and is explained", () => {
  const where = compileWhere("in if [Gi0/3 7] and egressVRFID 5", OPTIONS);
  assertEquals([where.octets, where.fields], [true, ["input"]]);
  assertEquals(
    where.explain(),
    ["and", '  in if = 7, "Gi0/3"', "  egressVRFID = 5", "reads input, egressVRFID"].join("\n"),
  );
  assertEquals(compileWhere("in if Gi0/3", OPTIONS).octets, false);
});

Deno.test("where: a batch that keeps no octets is refused where its records have the element", async () => {
  const where = compileWhere("egressVRFID 5", OPTIONS);
  await using flows = await FlowSet.open(CAPTURE);
  for await (const batch of flows.batches()) {
    assertThrows(() => where.select(batch, new Uint32Array(batch.length)), Error, "octets");
  }
  const empty = new FlowBatch();
  assertEquals(where.select(empty, new Uint32Array(0)), 0);
});
