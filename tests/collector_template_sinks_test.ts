/** Where flows of NetFlow v9, IPFIX and sFlow go: records, IPFIX files, JSON, packets. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { FlowBatch } from "@flowtools/flow-model";
import { PORTABLE_ZLIB } from "@flowtools/ft-format";
import { createIpfixCodec, createV9Codec } from "@flowtools/netflow-pdu";
import { IpfixFileDecoder } from "@flowtools/netflow-pdu/ipfix-file";
import { parseFlags } from "@flowtools/common/flags";
import {
  inputOf,
  message,
  octets,
  packet9,
  set,
  template,
} from "../packages/netflow-pdu/templates/_builders.ts";
import { MemoryLog } from "../apps/collector/_doubles.ts";
import { CAPTURE } from "../apps/collector/options.ts";
import { createIpfixSink } from "../apps/collector/sinks/ipfix/ipfix_sink.ts";
import { ipfixSettings } from "../apps/collector/sinks/ipfix/options.ts";
import { assertBalanced, pathsBelow, startSink, TestLog } from "./collector_files.ts";
import { CollectorProcess } from "./collector_process.ts";
import { datagramsOf, flowsExpected } from "./collector_captures.ts";
import { flowtools, lines, temporaryDirectory } from "./programs.ts";
import { assertBalanced as assertCounters, openFanout, Receiver } from "./relay_tools.ts";
import { captureGroups } from "./template_captures.ts";

/** IPv4 and IPv6 flows with a field that no column has: `paddingOctets` would not count. */
const NARROW = template(256, [[8, 4], [12, 4], [7, 2], [1, 8], [95, 4]]);
const WIDE = template(257, [[27, 16], [28, 16], [7, 2], [1, 8], [95, 4]]);

const narrowFlow = (number: number) => [
  ...octets(0x0a000000 + number, 4),
  ...octets(0xc0000201, 4),
  ...octets(number, 2),
  ...octets(2 ** 40 + number, 8),
  ...octets(7000 + number, 4),
];
const wideFlow = (number: number) => [
  ...octets((0x20010db8n << 96n) + BigInt(number), 16),
  ...octets((0x20010db8n << 96n) + 1n, 16),
  ...octets(number, 2),
  ...octets(500, 8),
  ...octets(9000 + number, 4),
];

const NUMBERS = [1, 2, 3, 4, 5];

/** A batch of five flows of IPv4 and five of IPv6, in turn. */
function mixedBatch(version: 9 | 10): FlowBatch {
  const batch = new FlowBatch({ octets: true });
  const data = NUMBERS.flatMap((number) => [
    set(256, narrowFlow(number)),
    set(257, wideFlow(number)),
  ]);
  const bytes = version === 9
    ? packet9({}, set(0, NARROW, WIDE), ...data)
    : message({}, set(2, NARROW, WIDE), ...data);
  const codec = version === 9 ? createV9Codec() : createIpfixCodec();
  const result = codec.decode(inputOf(bytes), batch, codec.createSession());
  assertEquals([result.reason, result.rows], [undefined, 10]);
  return batch;
}

/** The flows of an IPFIX file, and what is wrong with it. */
function readIpfix(path: string): { flows: Record<string, unknown>[]; faults: number } {
  const decoder = new IpfixFileDecoder({ zlib: PORTABLE_ZLIB });
  const codec = createIpfixCodec();
  const session = codec.createSession();
  const flows: Record<string, unknown>[] = [];
  decoder.push(Deno.readFileSync(path));
  decoder.finish();
  for (let found = decoder.readMessage(); found !== undefined; found = decoder.readMessage()) {
    const batch = new FlowBatch({ octets: true });
    const { reason } = codec.decode(inputOf(found.octets), batch, session);
    assertEquals(reason, undefined);
    flows.push(...Array.from(batch, (flow) => flow.toObject()));
  }
  return { flows, faults: decoder.faults.length };
}

const applications = (flows: readonly Record<string, unknown>[]) =>
  flows.map(({ applicationId }) => (applicationId as Uint8Array).join("."));

const APPLICATIONS = NUMBERS.flatMap((number) => [
  octets(7000 + number, 4).join("."),
  octets(9000 + number, 4).join("."),
]);

Deno.test("Records of version 5 take flows of IPv4, and what they cannot hold is counted", async () => {
  for (const version of [9, 10] as const) {
    await using folder = temporaryDirectory();
    const { sink, log } = await startSink(folder.path, ["-N", "0", "-z", "0"]);
    sink.write(mixedBatch(version));
    sink.write(mixedBatch(version));
    await sink.close();
    assertBalanced(sink);
    assertEquals([sink.counters.done, sink.counters.dropped], [10, { ipv6: 10 }]);
    const told = log.about("record-fields");
    assertEquals(told.length, 1);
    assertStringIncludes(told[0], `v${version} flows become records of v5`);
    // Octets of 40 bits do not fit into 32.
    assertEquals(log.about("misfit"), [
      "misfit: values did not fit their records and were replaced: dOctets 10",
    ]);
    assertEquals(log.about("lost-fields"), [
      "lost-fields: files: v5 records have no place for applicationId of 10 flows",
    ]);
    const [name] = pathsBelow(folder.path);
    assertMatch(name, /^ft-v05\./);
    const { stdout } = await flowtools(["print", "--format", "ndjson", `${folder.path}/${name}`]);
    const flows = lines(stdout).map((line) => JSON.parse(line));
    assertEquals(flows.map(({ srcport }) => srcport), [...NUMBERS, ...NUMBERS]);
    assert(flows.every(({ dOctets }) => dOctets === 2 ** 32 - 1));
  }
});

/** The settings of a call of `capture`. */
function settingsOf(directory: string, ...args: string[]) {
  const call = ["-w", directory, "--ipfix", directory, "-N", "0", ...args];
  return ipfixSettings(parseFlags(call, CAPTURE.flags), 10);
}

Deno.test("IPFIX files hold all that flows have, compressed or not", async () => {
  for (const level of ["0", "6"]) {
    await using folder = temporaryDirectory();
    const log = new TestLog();
    const sink = await createIpfixSink(settingsOf(folder.path, "-z", level), log);
    assert(sink.wantsOctets);
    sink.write(mixedBatch(9));
    sink.write(mixedBatch(10));
    await sink.flush(Date.now());
    await sink.rotate();
    sink.write(mixedBatch(10));
    await sink.close();
    assertBalanced(sink);
    assertEquals([sink.counters.done, sink.counters.dropped], [30, {}]);
    const names = pathsBelow(folder.path);
    assertEquals(names.length, 2);
    const files = names.map((name) => {
      assertMatch(name, /^ft-v10\.\d{4}-\d\d-\d\d\.\d{6}[+-]\d{4}\.ipfix$/);
      return readIpfix(`${folder.path}/${name}`);
    });
    // Each file can be read by itself.
    assertEquals(files.map(({ flows, faults }) => [flows.length, faults]), [[20, 0], [10, 0]]);
    for (const { flows } of files) {
      const expected = flows.length === 20 ? [...APPLICATIONS, ...APPLICATIONS] : APPLICATIONS;
      assertEquals(applications(flows), expected);
      assertEquals(flows[0].dOctets, 2 ** 40 + 1);
      assertEquals(flows[1].srcaddr, "2001:db8::1");
    }
    assertEquals(log.about("file complete").length, 2);
  }
});

Deno.test("IPFIX files of a run that was cut are completed up to the last whole message", async () => {
  for (const level of ["0", "6"]) {
    await using folder = temporaryDirectory();
    const first = await createIpfixSink(settingsOf(folder.path, "-z", level), new TestLog());
    first.write(mixedBatch(10));
    await first.flush(Date.now());
    first.write(mixedBatch(10));
    await first.close();
    const [name] = pathsBelow(folder.path);
    const whole = Deno.readFileSync(`${folder.path}/${name}`);
    await Deno.remove(`${folder.path}/${name}`);
    const cut = (second: string, bytes: Uint8Array) =>
      Deno.writeFileSync(`${folder.path}/tmp-v10.2024-01-01.00000${second}+0000.ipfix`, bytes);
    cut("1", whole.subarray(0, whole.length - 1));
    cut("2", whole.subarray(0, 10));
    cut("3", whole);
    const log = new TestLog();
    const sink = await createIpfixSink(settingsOf(folder.path, "-z", level), log);
    await sink.close();
    const left = pathsBelow(folder.path);
    assertEquals(left, [
      "ft-v10.2024-01-01.000001+0000.ipfix",
      "ft-v10.2024-01-01.000003+0000.ipfix",
    ]);
    const found = left.map((path) => readIpfix(`${folder.path}/${path}`));
    assertEquals(found.map(({ flows, faults }) => [flows.length, faults]), [[10, 0], [20, 0]]);
    assertEquals(log.about("removed a file").length, 1);
    assertEquals(log.about("completed a file").length, 2);
  }
});

Deno.test("IPFIX files expire by the limits of the call, flow-tools files beside them do not", async () => {
  await using folder = temporaryDirectory();
  const names = [1, 2, 3].map((second) => `ft-v10.2024-01-01.00000${second}+0000.ipfix`);
  const other = "ft-v05.2024-01-01.000000+0000";
  for (const name of [...names, other]) await Deno.writeTextFile(`${folder.path}/${name}`, "x");
  const sink = await createIpfixSink(settingsOf(folder.path, "-e", "2"), new TestLog());
  sink.write(mixedBatch(10));
  await sink.close();
  const left = pathsBelow(folder.path);
  assertEquals(left.slice(0, 2), [other, names[2]]);
  assertEquals(left.length, 3);
});

/** Flows as a receiver gets them that keeps the records. */
async function receive(receiver: Receiver, count: number, version: number) {
  const codec = version === 9 ? createV9Codec() : createIpfixCodec();
  const session = codec.createSession();
  const flows: Record<string, unknown>[] = [];
  while (flows.length < count) {
    const [{ bytes }] = await receiver.datagrams(1);
    const batch = new FlowBatch({ octets: true });
    const { reason } = codec.decode(inputOf(bytes), batch, session);
    assertEquals(reason, undefined);
    flows.push(...Array.from(batch, (flow) => flow.toObject()));
  }
  return flows;
}

Deno.test("Fan-out sends NetFlow v9 and IPFIX as they came, or one as the other", async () => {
  const cases = [[9, undefined], [10, undefined], [9, 10], [10, 9]] as const;
  for (const [from, asked] of cases) {
    await using receiver = new Receiver();
    const options = asked === undefined ? "" : `,export-version=${asked}`;
    const { sinks } = await openFanout([`${receiver.name}${options}`]);
    assert(sinks[0].wantsOctets);
    sinks[0].write(mixedBatch(from));
    await sinks[0].flush(Date.now());
    const flows = await receive(receiver, 10, asked ?? from);
    await sinks[0].close();
    assertEquals(applications(flows), APPLICATIONS);
    assertEquals([flows[0].dOctets, flows[1].srcaddr], [2 ** 40 + 1, "2001:db8::1"]);
    assertEquals(sinks[0].counters.done, 10);
    assertCounters(sinks[0]);
  }
});

Deno.test("Fan-out to version 5 drops flows of IPv6, and counts them", async () => {
  await using receiver = new Receiver();
  const log = new MemoryLog();
  const { sinks } = await openFanout([`${receiver.name},export-version=5`], log);
  assertEquals(sinks[0].wantsOctets, false);
  sinks[0].write(mixedBatch(9));
  await sinks[0].flush(Date.now());
  const [{ flows }] = await receiver.take(5);
  await sinks[0].close();
  assertEquals(flows.map(({ srcport }) => srcport), NUMBERS);
  assertEquals(log.warnings.get("lost-fields"), [
    `${sinks[0].name}: v5 records have no place for applicationId of 5 flows`,
  ]);
  assertEquals([sinks[0].counters.done, sinks[0].counters.dropped], [5, { ipv6: 5 }]);
  assertCounters(sinks[0]);
});

Deno.test("A privacy mask holds for NetFlow v9: no octets, and no IPv6, go past it", async () => {
  await using receiver = new Receiver();
  const { sinks } = await openFanout([`${receiver.name},privacy-mask=255.255.255.0`]);
  assertEquals(sinks[0].wantsOctets, false);
  sinks[0].write(mixedBatch(9));
  await sinks[0].flush(Date.now());
  const flows = await receive(receiver, 5, 9);
  await sinks[0].close();
  assertEquals(new Set(flows.map(({ srcaddr }) => srcaddr)), new Set(["10.0.0.0"]));
  assertEquals(sinks[0].counters.dropped, { "ipv6-mask": 5 });
  assertCounters(sinks[0]);
});

/** Where captures are. */
const SHARED = new URL("../../shared/", import.meta.url);

const GROUPS = captureGroups().filter(({ group }) => group !== "sflow_print-segv");

Deno.test({
  name:
    "A collector takes captures of NetFlow v9, IPFIX and sFlow over UDP, and stores all of them",
  ignore: GROUPS.length === 0,
  async fn() {
    await using folder = temporaryDirectory();
    for (const name of ["ft", "ipfix"]) await Deno.mkdir(`${folder.path}/${name}`);
    const json = `${folder.path}/flows.ndjson`;
    const call = ["-w", `${folder.path}/ft`, "--ipfix", `${folder.path}/ipfix`, "--ndjson", json];
    await using collector = await CollectorProcess.start(
      [...call, "-N", "0", "-n", "0", "--http", "off", "127.0.0.1:0"],
    );
    let expected = 0;
    // Data after templates only: how many records wait is another matter.
    const groups = GROUPS.filter((group) =>
      group.packets.every(({ flowsets = [] }) =>
        flowsets.every((set) => set.noTemplate !== true)
      ) &&
      !/SFlowTestPacket8/.test(group.group)
    );
    assert(groups.length > 90);
    for (const group of groups) {
      expected += flowsExpected(group);
      const sockets = new Map<string, Deno.DatagramConn>();
      for (const { address, port, payload } of datagramsOf(group)) {
        const name = `${address} ${port}`;
        const socket = sockets.get(name) ??
          Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
        sockets.set(name, socket);
        const to = { transport: "udp", hostname: "127.0.0.1", port: collector.port } as const;
        await socket.send(payload, to);
      }
      for (const socket of sockets.values()) socket.close();
    }
    assertEquals(await collector.stop("SIGTERM"), 0);
    const { flows, ...facts } = collector.lines.at(-1)!;
    assertEquals(flows, expected);
    assertEquals([facts["ndjson-done"], facts["ipfix-done"]], [expected, expected]);
    assertEquals(Number(facts["files-done"]) + Number(facts["files-dropped-ipv6"]), expected);
    assertEquals(lines(await Deno.readTextFile(json)).length, expected);
    const [name] = pathsBelow(`${folder.path}/ipfix`);
    assertEquals(readIpfix(`${folder.path}/ipfix/${name}`).flows.length, expected);
  },
});

Deno.test({
  name: "capture writes as JSON what print does, fields that no column has included",
  ignore: GROUPS.length === 0,
  async fn() {
    await using folder = temporaryDirectory();
    const group = GROUPS.find(({ group }) => /^502-IPFIXv10-BGP-IPv6/.test(group))!;
    const [file] = group.files;
    const pcap = decodeURIComponent(new URL(`captures/raw/${file}`, SHARED).pathname);
    const json = `${folder.path}/flows.ndjson`;
    const call = ["capture", "-w", folder.path, "--http", "off", "--ndjson", json];
    const { code } = await flowtools([...call, "--source", pcap]);
    assertEquals(code, 0);
    const { stdout } = await flowtools(["print", "--format", "ndjson", pcap]);
    const written = lines(await Deno.readTextFile(json));
    assertEquals(written, lines(stdout));
    assertEquals(written.length, 75);
    // No column has it: it is read from the octets of the record.
    assert(written.some((line) => line.includes('"minimumTTL":254,')));
  },
});

Deno.test("A collector that is started anew knows the templates of before", async () => {
  await using folder = temporaryDirectory();
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  using cleanup = new DisposableStack();
  cleanup.defer(() => socket.close());
  const run = async (payload: Uint8Array, ...args: string[]): Promise<unknown> => {
    const call = ["-w", folder.path, "-N", "0", "-n", "0", "--http", "off", ...args];
    await using collector = await CollectorProcess.start([...call, "127.0.0.1:0"]);
    const to = { transport: "udp", hostname: "127.0.0.1", port: collector.port } as const;
    await socket.send(payload, to);
    assertEquals(await collector.stop("SIGTERM"), 0);
    return collector.lines.at(-1)!.flows;
  };
  const data = packet9({ sequence: 1 }, set(256, narrowFlow(1), narrowFlow(2)));
  assertEquals(await run(packet9({}, set(0, NARROW))), 0);
  assertEquals(await run(data), 2);
  assertEquals(await run(data, "--state-file", "-"), 0);
  assert(pathsBelow(folder.path).includes(".flowtools-templates.json"));
});
