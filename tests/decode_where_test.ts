/** `decode --where`: of packets those flows that pass, and nothing else. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ethernet, ipv4, pcap, udp } from "../packages/netflow-pdu/capture/_builders.ts";
import * as sflow from "../packages/netflow-pdu/sflow/_builders.ts";
import {
  type Field,
  message,
  octets,
  optionsTemplate,
  set,
  template,
} from "../packages/netflow-pdu/templates/_builders.ts";
import { flowtools, lines, namesOf, temporaryDirectory } from "./programs.ts";

interface Packet {
  readonly frame: number;
  readonly problem?: string;
  readonly flows?: readonly Readonly<Record<string, unknown>>[];
  readonly samples?: unknown;
  readonly sets?: readonly PacketSet[];
  readonly resumed?: readonly PacketSet[];
}

interface PacketSet {
  readonly kind: string;
  readonly records?: readonly Readonly<Record<string, unknown>>[];
}

const capture = (...payloads: readonly Uint8Array[]) =>
  pcap(payloads.map((payload) => ethernet(ipv4(udp(payload)))));

/** Runs a command on a capture. */
async function run(bytes: Uint8Array, ...args: readonly string[]) {
  await using folder = temporaryDirectory();
  await Deno.writeFile(`${folder.path}/x.pcap`, bytes);
  return await flowtools([...args, "x.pcap"], { cwd: folder.path });
}

async function decode(bytes: Uint8Array, ...args: readonly string[]): Promise<Packet[]> {
  const { stdout } = await run(bytes, "decode", ...args);
  return lines(stdout).map((line) => JSON.parse(line));
}

/** Where each shown record has what a test tells records by: packet, in order. */
function shown(packets: readonly Packet[], name: string): unknown[] {
  return packets.flatMap(({ frame, flows, sets = [], resumed = [] }) =>
    [
      ...flows ?? [],
      ...[...sets, ...resumed].flatMap(({ records }) => records ?? []),
    ].map((record) => [frame, record[name]])
  );
}

/** Destination port, octets, incoming interface. */
const FIELDS: readonly Field[] = [[11, 2], [1, 4], [10, 4]];
const flow = (port: number, size: number, input = 3) => [
  ...octets(port, 2),
  ...octets(size, 4),
  ...octets(input, 4),
];

/** The same, behind a note of variable length. */
const NOTED: readonly Field[] = [[83, 65_535], ...FIELDS];
const noted = (note: string, port: number, size: number) => [
  note.length,
  ...new TextEncoder().encode(note),
  ...flow(port, size),
];

/** The name of an interface, as options data tell it. */
const NAMED: readonly Field[] = [[10, 4], [82, 6]];
const named = (input: number, name: string) => [
  ...octets(input, 4),
  ...new TextEncoder().encode(name.padEnd(6, "\0")),
];

const IPFIX = capture(
  // Records of 257 come before their template: they wait until frame 3.
  message({}, set(257, noted("early", 80, 5000), noted("early", 53, 70))),
  message(
    { sequence: 2 },
    set(2, template(256, FIELDS)),
    set(3, optionsTemplate(258, 1, NAMED)),
    set(258, named(3, "uplink"), named(4, "lan")),
    set(256, flow(80, 100), flow(53, 60), flow(80, 9000, 4)),
    set(256, flow(22, 2000)),
  ),
  message({ sequence: 8 }, set(2, template(257, NOTED)), set(257, noted("", 443, 1500))),
  // Nothing of this is a flow.
  message({ sequence: 9 }, set(2, template(259, FIELDS))),
);

Deno.test("decode --where shows records that pass, of sets that wait too, and no templates", async () => {
  const ports = async (where: string, ...args: string[]) =>
    shown(await decode(IPFIX, "--where", where, ...args), "destinationTransportPort");
  assertEquals(await ports("dst port 80"), [[2, 80], [2, 80], [3, 80]]);
  assertEquals(await ports("octets > 1k"), [[2, 80], [2, 22], [3, 443], [3, 80]]);
  assertEquals(await ports("octets < 80"), [[2, 53], [3, 53]]);
  assertEquals(await ports('in if "uplink" and dst port 80'), [[2, 80], [3, 80]]);
  assertEquals(await ports("octets > 1k", "--limit", "1"), [[2, 80], [2, 22]]);
  const packets = await decode(IPFIX, "--where", "dst port 80 and octets > 1k");
  assertEquals(packets.map(({ frame }) => frame), [2, 3]);
  assertEquals(packets.map(({ sets }) => sets!.map(({ kind }) => kind)), [["data"], []]);
  assertEquals(packets[1].resumed!.map(({ records }) => records!.length), [1]);
  const every = await decode(IPFIX, "--where", "any");
  assertEquals(shown(every, "destinationTransportPort").length, 7);
  assertEquals(every.map(({ frame }) => frame), [2, 3]);
  const csv = await run(
    IPFIX,
    ...["decode", "--where", "octets > 1k", "--format", "csv", "--fields", "frame,records"],
  );
  assertEquals(lines(csv.stdout), ["frame,records", "2,2", "3,2"]);
});

Deno.test("decode --where shows what print --where shows", async () => {
  for (
    const where of ["dst port in [22 53]", "octets <= 1500 and not dst port 53", "in if 4", "any"]
  ) {
    const print = await run(IPFIX, "print", "--format", "ndjson", "--where", where);
    const flows = lines(print.stdout).map((line) => JSON.parse(line));
    const records = shown(await decode(IPFIX, "--where", where), "destinationTransportPort");
    assertEquals(
      records.map((record) => (record as unknown[])[1]).toSorted(),
      flows.map(({ dstport }) => dstport).toSorted(),
      where,
    );
  }
});

Deno.test("decode --where knows fixed records and sFlow", async () => {
  const v5 = await Deno.readFile("fixtures/pdu/v5-2.dat");
  const sampled = sflow.datagram(
    ...[53, 123].map((port) =>
      sflow.flowSample(sflow.sampledHeader(sflow.ethernet(0x0800, sflow.ipv4(17, sflow.udp(port)))))
    ),
  );
  const bytes = capture(v5, sampled);
  const [whole, sample] = await decode(bytes);
  assert(sample.samples !== undefined && whole.flows!.length > 4);
  const sizes = whole.flows!.map(({ dOctets }) => Number(dOctets)).toSorted((a, b) => a - b);
  const middle = sizes[sizes.length >> 1];
  const large = whole.flows!.filter(({ dOctets }) => Number(dOctets) > middle);
  assert(large.length > 0);
  const packets = await decode(bytes, "--where", `octets > ${middle}`);
  assertEquals(packets.find(({ frame }) => frame === 1)!.flows, large);
  const [dns, ...others] = await decode(bytes, "--where", "dst port 53 and src port 5000");
  assertEquals([dns.frame, dns.samples, others], [2, undefined, []]);
  assertEquals(dns.flows, [sample.flows![0]]);
});

Deno.test("decode --where finds a record by either direction where directions are split", async () => {
  // Source port 40000, destination port 443, 100 octets; 9000 came back.
  const fields: readonly Field[] = [[7, 2], [11, 2], [1, 4], [1, 4, 29_305]];
  const record = [...octets(40_000, 2), ...octets(443, 2), ...octets(100, 4), ...octets(9000, 4)];
  const bytes = capture(message({}, set(2, template(256, fields)), set(256, record)));
  const count = async (...args: string[]) =>
    shown(await decode(bytes, "--where", "src port 443", ...args), "octetDeltaCount").length;
  assertEquals([await count(), await count("--biflow", "split")], [0, 1]);
});

Deno.test("decode --where tells what cannot be answered, what is wrong, and of packets with faults", async () => {
  await using folder = temporaryDirectory();
  const wrong = await flowtools(
    ["decode", "--where", "src prt 80", "-o", `${folder.path}/out`, "fixtures/pdu/v5-1.dat"],
  );
  assertEquals([wrong.code, wrong.stdout, namesOf(folder.path)], [2, "", []]);
  assertStringIncludes(wrong.stderr, 'did you mean "port"');
  assertStringIncludes(wrong.stderr, "\n  src prt 80\n      ^^^");
  const lacking = await flowtools(
    ["decode", "--where", "dst as >= 0", "fixtures/pdu/v1-2.dat", "fixtures/pdu/v5-2.dat"],
  );
  assertEquals(lacking.code, 1);
  assertStringIncludes(lacking.stderr, "v1-2.dat: ");
  assertStringIncludes(lacking.stderr, "which v1 records lack");
  assertEquals(lines(lacking.stdout).length, 1);
  const none = await flowtools(["decode", "--where", "octets > 1T", "fixtures/pdu/v5-2.dat"]);
  assertEquals([none.code, none.stdout, none.stderr], [1, "", ""]);
  const v5 = await Deno.readFile("fixtures/pdu/v5-2.dat");
  const cut = await run(capture(v5, v5.subarray(0, 20)), "decode", "--where", "any");
  assertEquals([cut.code, lines(cut.stdout).length], [1, 1]);
  assertStringIncludes(cut.stderr, "short-header: 1 packets, the first is packet 2: ");
  const untold = await run(IPFIX, "decode", "--where", "in if uplnk");
  assertEquals([untold.code, untold.stdout], [1, ""]);
  assertStringIncludes(untold.stderr, 'did you mean "uplink"');
});

Deno.test("decode --where --format dump shows packets with such flows whole", async () => {
  const dump = await run(IPFIX, "decode", "--where", "dst port 443", "--format", "dump");
  const heads = lines(dump.stdout).filter((line) => line.startsWith("# exporter="));
  assertEquals(heads.map((line) => line.split("frame=")[1]), ["3"]);
  assertStringIncludes(dump.stdout, "destinationTransportPort");
});
