/** Captures and IPFIX files of NetFlow v9, IPFIX and sFlow as input of commands. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { concat } from "@std/bytes";
import { ethernet, ipv4, pcap, udp } from "../packages/netflow-pdu/capture/_builders.ts";
import {
  message,
  octets,
  optionsTemplate,
  packet9,
  SENT_SECS,
  set,
  template,
} from "../packages/netflow-pdu/templates/_builders.ts";
import { flowtools, lines, temporaryDirectory } from "./programs.ts";

const text = (value: string) => [...new TextEncoder().encode(value)];

/** sourceIPv4Address, destinationIPv4Address, protocolIdentifier, octetDeltaCount, packetDeltaCount. */
const TEMPLATE = template(256, [[8, 4], [12, 4], [4, 1], [1, 4], [2, 4], [95, 4]]);
const flow = (host: number, prot: number, dOctets: number) => [
  ...[192, 0, 2, host],
  ...[198, 51, 100, 7],
  prot,
  ...octets(dOctets, 4),
  ...octets(3, 4),
  ...octets(0x0d000001, 4),
];
/** sourceIPv6Address, destinationIPv6Address, octetDeltaCount, packetDeltaCount. */
const WIDE = template(257, [[27, 16], [28, 16], [1, 4], [2, 4]]);
const address6 = (last: number) => [0x20, 1, 0x0d, 0xb8, ...Array(11).fill(0), last];
const wideFlow = [...address6(1), ...address6(2), ...octets(900, 4), ...octets(9, 4)];

const TEMPLATES = packet9({}, set(0, TEMPLATE, WIDE));
const DATA = packet9(
  { sequence: 1 },
  set(256, flow(1, 6, 100), flow(2, 17, 200)),
  set(257, wideFlow),
);

const capture = (...payloads: readonly Uint8Array[]) =>
  pcap(payloads.map((payload) => ethernet(ipv4(udp(payload)))));

/** Runs a command on files of these contents. */
async function run(
  args: readonly string[],
  files: Readonly<Record<string, Uint8Array>>,
): Promise<{ code: number; stdout: string; stderr: string }> {
  await using folder = temporaryDirectory();
  for (const [name, bytes] of Object.entries(files)) {
    await Deno.writeFile(`${folder.path}/${name}`, bytes);
  }
  return await flowtools([...args, ...Object.keys(files)], { cwd: folder.path });
}

const jsonLines = (stdout: string) => lines(stdout).map((line) => JSON.parse(line));

Deno.test("decode shows the header fields that a version has, by the same names", async () => {
  // A datagram of agent 10.0.0.1 with one counter sample: the name of interface 3.
  const words = [5, 1, 0x0a000001, 0, 7, 60_000, 1, 2, 28, 1, 3, 1, 1005, 8, 4, 0x65746830];
  const { code, stdout } = await run(["decode"], {
    "v9.dat": packet9({ sequence: 7, domain: 5, uptime: 9000 }),
    "ipfix.dat": message({ sequence: 8, domain: 6 }),
    "sflow.dat": Uint8Array.from(words.flatMap((word) => octets(word, 4))),
  });
  const [v9, ipfix, sflow] = jsonLines(stdout);
  assertEquals(code, 0);
  const exporter = "0.0.0.0";
  assertEquals(v9, {
    ...{ version: 9, count: 0, sysUpTime: 9000, unix_secs: SENT_SECS, sequence: 7, source_id: 5 },
    ...{ exporter, file: "v9.dat", sets: [] },
  });
  assertEquals(ipfix, {
    ...{ version: 10, length: 16, unix_secs: SENT_SECS, sequence: 8, source_id: 6 },
    ...{ exporter, file: "ipfix.dat", sets: [] },
  });
  const { samples, ...head } = sflow;
  assertEquals(head, {
    ...{ protocol: "sFlow", version: 5, count: 1, sysUpTime: 60_000, sequence: 7, source_id: 0 },
    ...{ agent: "10.0.0.1", exporter, file: "sflow.dat", flows: [] },
  });
  assertEquals(samples[0].records[0].fields, { name: "eth0" });
});

Deno.test("decode shows templates, records in wire order, and what nobody knows in hex", async () => {
  const fields = template(300, [[4, 1], [4, 1], [7, 2, 64_512], [999, 3], [82, 65_535]]);
  const scoped = optionsTemplate(301, 1, [[149, 4], [82, 4]]);
  const payload = message(
    {},
    set(2, fields),
    set(3, scoped),
    set(300, [6, 17, 0xca, 0xfe, 1, 2, 3, 4, ...text("eth0")]),
    set(301, octets(1, 4), text("lo\0\0")),
    set(2, octets(300, 2), octets(0, 2)),
  );
  const { code, stdout } = await run(["decode"], { "x.dat": payload });
  assertEquals(code, 0);
  const [{ sets }] = jsonLines(stdout);
  const field = (name: string, id: number, length: number, enterprise = 0, scope = {}) => ({
    ...{ name, enterprise, id, length },
    ...scope,
  });
  assertEquals(sets, [
    {
      id: 2,
      kind: "template",
      templates: [{
        id: 300,
        fields: [
          field("protocolIdentifier", 4, 1),
          field("protocolIdentifier", 4, 1),
          field("64512.7", 7, 2, 64_512),
          field("0.999", 999, 3),
          field("interfaceName", 82, 65_535),
        ],
      }],
    },
    {
      id: 3,
      kind: "options-template",
      templates: [{
        id: 301,
        scope_count: 1,
        fields: [
          field("observationDomainId", 149, 4, 0, { scope: true }),
          field("interfaceName", 82, 4),
        ],
      }],
    },
    {
      id: 300,
      kind: "data",
      records: [{
        protocolIdentifier: [6, 17],
        "64512.7": "cafe",
        "0.999": "010203",
        interfaceName: "eth0",
      }],
    },
    { id: 301, kind: "data", records: [{ observationDomainId: 1, interfaceName: "lo" }] },
    { id: 2, kind: "template", templates: [], withdrawn: [300] },
  ]);
});

Deno.test("decode shows values as JSON has them", async () => {
  // NTP counts from 1900, and a half second is 2^31 parts of 2^32.
  const ntp = [...octets(SENT_SECS + 2_208_988_800, 4), ...octets(2 ** 31, 4)];
  const rows: readonly (readonly [id: number, value: readonly number[], shown: unknown])[] = [
    [1, octets(2n ** 53n - 1n, 8), 2 ** 53 - 1],
    [2, octets(2n ** 53n, 8), "9007199254740992"],
    [56, [2, 0, 0, 0, 0, 1], "02:00:00:00:00:01"],
    [8, [192, 0, 2, 1], "192.0.2.1"],
    [27, address6(1), "2001:db8::1"],
    [150, octets(SENT_SECS, 4), SENT_SECS],
    [152, octets(SENT_SECS * 1000 + 5, 8), SENT_SECS * 1000 + 5],
    [154, ntp, SENT_SECS * 1e6 + 500_000],
    [156, ntp, `${SENT_SECS}500000000`],
    [276, [1], true],
    [320, [0x3f, 0xf8, 0, 0, 0, 0, 0, 0], 1.5],
    [313, [0xde, 0xad], "dead"],
    [434, octets(-5n & 0xffff_ffffn, 4), -5],
  ];
  // basicList: all of two protocols, then a sub-template list of one record.
  const basic = [3, ...octets(4, 2), ...octets(1, 2), 6, 17];
  const nested = [0, ...octets(302, 2), 10, 0, 0, 1];
  const payload = message(
    {},
    set(
      2,
      template(302, [[8, 4]]),
      template(303, [...rows.map(([id, { length }]) => [id, length] as const), [291, 7], [
        292,
        65_535,
      ]]),
    ),
    set(303, ...rows.map(([, value]) => value), basic, [nested.length, ...nested]),
  );
  const { stdout } = await run(["decode"], { "x.dat": payload });
  const [{ sets: [, { records: [record] }] }] = jsonLines(stdout);
  assertEquals(Object.values(record), [
    ...rows.map(([, , shown]) => shown),
    { semantic: "allOf", element: "protocolIdentifier", values: [6, 17] },
    { semantic: "noneOf", template: 302, records: [{ sourceIPv4Address: "10.0.0.1" }] },
  ]);
});

Deno.test("decode takes several files for one session, and shows sets that waited", async () => {
  const late = await run(["decode"], { "1.dat": DATA, "2.dat": TEMPLATES, "3.dat": DATA });
  const [first, second, third] = jsonLines(late.stdout);
  assertEquals(late.code, 0);
  assertEquals(first.sets, [
    { id: 256, kind: "data", waiting: true },
    { id: 257, kind: "data", waiting: true },
  ]);
  assertEquals(second.resumed, third.sets);
  assertEquals(third.sets[1].records[0].sourceIPv6Address, "2001:db8::1");
  const missing = await run(["decode"], { "1.dat": DATA });
  assertStringIncludes(missing.stderr, "2 sets of records left out: their templates did not come");
});

Deno.test("decode reads IPFIX files message by message, and says what is none", async () => {
  const file = concat([
    message({}, set(2, template(256, [[4, 1]]))),
    message({}, set(256, [6])),
    new Uint8Array(3),
    message({ sequence: 1 }, set(256, [17])),
  ]);
  const { code, stdout, stderr } = await run(["decode", "--exporter", "10.0.0.9"], {
    "x.ipfix": file,
  });
  assertEquals(code, 1);
  assertEquals(
    jsonLines(stdout).map(({ exporter, frame, sequence }) => [exporter, frame, sequence]),
    [["10.0.0.9", 1, 0], ["10.0.0.9", 2, 0], ["10.0.0.9", 3, 1]],
  );
  assertStringIncludes(stderr, "3 octets were passed over (1 bad-message)");
});

Deno.test("decode --format dump takes records apart by templates of earlier packets", async () => {
  const { code, stdout } = await run(["decode", "--format", "dump"], {
    "x.pcap": capture(TEMPLATES, DATA),
  });
  assertEquals(code, 0);
  assertMatch(stdout, /^# exporter=192\.0\.2\.1 exporter_port=1234 file=x\.pcap frame=1$/m);
  assertMatch(stdout, /c0000202 +sourceIPv4Address +192\.0\.2\.2/);
});

Deno.test("print shows flows of captures, as rich as they are", async () => {
  const file = capture(TEMPLATES, DATA);
  const { code, stdout, stderr } = await run(["print", "--format", "ndjson"], { "x.pcap": file });
  assertEquals([code, stderr], [0, ""]);
  const flows = jsonLines(stdout);
  assertEquals(flows.map(({ srcaddr, dOctets }) => [srcaddr, dOctets]), [
    ["192.0.2.1", 100],
    ["192.0.2.2", 200],
    ["2001:db8::1", 900],
  ]);
  const { exaddr, unix_secs, applicationId, samplingRate } = flows[0];
  assertEquals([exaddr, unix_secs, applicationId, samplingRate], [
    "192.0.2.1",
    SENT_SECS,
    "0d000001",
    1,
  ]);
  const piped = await flowtools(["print", "--format", "ndjson"], { stdin: file });
  assertEquals([piped.code, piped.stdout, piped.stderr], [0, stdout, ""]);
});

Deno.test("print takes templates from the files before, and says what is missing", async () => {
  const both = await run(["print", "--format", "csv", "--fields", "srcaddr,applicationId"], {
    "1.pcap": capture(TEMPLATES),
    "2.pcap": capture(DATA),
  });
  assertEquals([both.code, both.stderr], [0, ""]);
  assertEquals(lines(both.stdout), [
    "srcaddr,applicationId",
    "192.0.2.1,0d000001",
    "192.0.2.2,0d000001",
    "2001:db8::1,",
  ]);
  const missing = await run(["print", "--format", "csv"], { "2.pcap": capture(DATA) });
  assertEquals([missing.code, missing.stdout], [1, ""]);
  assertStringIncludes(missing.stderr, "2 sets of records left out: their templates did not come");
  const unknown = await run(["print", "--fields", "applicationid"], { "2.pcap": capture(DATA) });
  assertEquals(unknown.code, 2);
  assertStringIncludes(unknown.stderr, "did you mean applicationId?");
});

Deno.test("CSV of templates with other fields has one head, and quotes what it must", async () => {
  const all = await run(["print", "--format", "csv"], { "x.pcap": capture(TEMPLATES, DATA) });
  assertEquals(lines(all.stdout).length, 4);
  assertMatch(lines(all.stdout)[0], /^unix_secs,.*,dst_tag$/);
  const names = message({}, set(2, template(256, [[82, 5]])), set(256, text('a,"b"')));
  const quoted = await run(["print", "--format", "csv", "--fields", "interfaceName"], {
    "x.ipfix": names,
  });
  assertEquals(lines(quoted.stdout), ["interfaceName", '"a,""b"""']);
});

Deno.test("cat, filter and stat take captures, and tell what records have no place for", async () => {
  const file = capture(TEMPLATES, DATA);
  const filtered = await run(["cat"], { "x.pcap": file });
  assertStringIncludes(
    filtered.stderr,
    "x.pcap: 1 flow left out: v5 records hold no IPv6 addresses",
  );
  await using folder = temporaryDirectory();
  const path = `${folder.path}/x.pcap`;
  await Deno.writeFile(path, file);
  const stored = `${folder.path}/x.ft`;
  assertEquals((await flowtools(["filter", "-r17", path, "--output", stored])).code, 0);
  const back = await flowtools(["print", "--format", "ndjson", stored]);
  assertEquals(
    jsonLines(back.stdout).map(({ srcaddr, prot, dOctets }) => [srcaddr, prot, dOctets]),
    [
      ["192.0.2.2", 17, 200],
    ],
  );
  const stat = await flowtools(["stat", "-f12", "--format", "csv", path]);
  assertEquals([stat.code, stat.stderr], [0, ""]);
  // Who does not tell a protocol has 0.
  assertEquals(lines(stat.stdout).slice(1).map((line) => line.split(",").slice(0, 4).join()), [
    "0,1,900,9",
    "6,1,100,3",
    "17,1,200,3",
  ]);
});
