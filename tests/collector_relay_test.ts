/** The fan-out over real sockets: what arrives, with which sequence numbers, and what is counted. */
import {
  assert,
  assertEquals,
  assertGreater,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { formatIPv4, parseIPv4 } from "@flowtools/flow-model";
import { UsageError } from "@flowtools/common/flags";
import { SourceRuns } from "../apps/collector/relay/source_runs.ts";
import { PacketPacker } from "../apps/collector/relay/packet_packer.ts";
import { V5_CODEC } from "@flowtools/netflow-pdu";
import { bash, lines, temporaryDirectory } from "./programs.ts";
import {
  batchOf,
  checkSequences,
  closeAll,
  flowValues,
  freePort,
  openFanout,
  range,
  Receiver,
  TestLog,
} from "./relay_tools.ts";

Deno.test("fanout sends flows as they came, with the times of their own header", async () => {
  await using receiver = new Receiver();
  const { sinks: [sink] } = await openFanout([receiver.name]);
  const batch = batchOf({ exporter: "10.0.0.1", flows: range(0, 30) });
  const expected = [...batch].map((flow) => flow.toObject());
  sink.write(batch);
  batch.reset();
  const [arrival] = await receiver.take(30);
  assertEquals(arrival.header, {
    version: 5,
    count: 30,
    sysUpTime: 200_000,
    unix_secs: 1_700_000_000,
    unix_nsecs: 5_000_000,
    sequence: 0,
    engine_type: 1,
    engine_id: 2,
    sampling_mode: 0,
    sampling_interval: 0,
  });
  const here = { exaddr: "127.0.0.1", exaddr_raw: 0x7f000001 };
  assertEquals(arrival.flows, expected.map((flow) => ({ ...flow, ...here })));
  await closeAll([sink]);
  assertEquals(sink.counters.done, 30);
});

Deno.test("fanout counts sequences by source and engine, whatever order they come in", async () => {
  await using receiver = new Receiver();
  const { sinks: [sink] } = await openFanout([receiver.name]);
  const exporters = ["10.0.0.1", "10.0.0.2", "2001:db8::7"];
  const arrivals = [];
  for (let round = 0; round < 20; round++) {
    const packets = exporters.flatMap((exporter, index) =>
      range(0, index + 1).map((engine_id) => ({
        exporter,
        flows: range(0, 7 * (index + 1) + round % 3),
        header: { engine_type: index, engine_id, sysUpTime: 200_000 + round },
      }))
    );
    // Exporters take turns within a batch, too.
    const batch = batchOf(...packets, ...packets.toReversed());
    sink.write(batch);
    await sink.flush(0);
    arrivals.push(...await receiver.take(batch.length));
  }
  const streams = checkSequences(
    arrivals,
    ({ port, header }) => `${port} ${header.engine_type}/${header.engine_id}`,
  );
  // One stream for each of 1 + 2 + 3 engines; one port for each of three exporters.
  assertEquals(Object.keys(streams).length, 6);
  const ports = new Map(arrivals.map(({ header, port }) => [header.engine_type, port]));
  assertEquals(new Set(ports.values()).size, 3);
  for (const { header, port } of arrivals) assertEquals(port, ports.get(header.engine_type));
  await closeAll([sink]);
});

Deno.test("fanout with one sequence for the target counts all sources together", async () => {
  await using receiver = new Receiver();
  const { sinks: [sink] } = await openFanout(["--sequence", "target", receiver.name]);
  sink.write(batchOf(
    { exporter: "10.0.0.1", flows: range(0, 20) },
    { exporter: "10.0.0.2", flows: range(0, 25) },
    { exporter: "10.0.0.1", flows: range(20, 30), header: { sysUpTime: 200_001 } },
  ));
  await sink.flush(0);
  const streams = checkSequences(await receiver.take(55));
  assertEquals(Object.values(streams), [55]);
  await closeAll([sink]);
});

const FILTERS = `
filter-primitive tcp
  type ip-protocol
  permit tcp
filter-primitive udp
  type ip-protocol
  permit udp
filter-definition tcp
  match ip-protocol tcp
filter-definition udp
  match ip-protocol udp
`;

Deno.test("fanout filters by target, and the sequence goes on over what is left out", async () => {
  await using folder = temporaryDirectory();
  const file = `${folder.path}/filter.cfg`;
  await Deno.writeTextFile(file, FILTERS);
  await using all = new Receiver();
  await using tcp = new Receiver();
  const { sinks, hangup } = await openFanout([
    ...["-f", file, all.name],
    `${tcp.name},filter-definition=tcp`,
  ]);
  for (let round = 0; round < 5; round++) {
    for (const exporter of ["10.0.0.1", "10.0.0.2"]) {
      const batch = batchOf({ exporter, flows: range(0, 29), header: { sysUpTime: 300 + round } });
      for (const sink of sinks) sink.write(batch);
    }
  }
  for (const sink of sinks) await sink.flush(0);
  // Of 29 flows those with even numbers, 15, are TCP.
  const arrivals = await tcp.take(150);
  assertEquals(Object.values(checkSequences(arrivals)), [75, 75]);
  assert(arrivals.every(({ flows }) => flows.every(({ prot }) => prot === 6)));
  assertEquals(Object.values(checkSequences(await all.take(290))), [145, 145]);

  // SIGHUP reads the filters again; where that fails the old one stays.
  await Deno.writeTextFile(file, FILTERS.replace("permit tcp", "permit udp"));
  await hangup();
  sinks[1].write(batchOf({ exporter: "10.0.0.1", flows: [0, 1, 2] }));
  await sinks[1].flush(0);
  const [{ flows: [flow] }] = await tcp.take(1);
  assertEquals(flow.srcport, 1024 + 1);
  await Deno.writeTextFile(file, "no filter");
  await assertRejects(hangup);
  sinks[1].write(batchOf({ exporter: "10.0.0.1", flows: [3] }));
  await closeAll(sinks);
  const [everything, some] = sinks.map(({ counters }) => counters);
  assertEquals({ ...everything }, { given: 290, done: 290, queued: 0, filtered: 0, dropped: {} });
  assertEquals({ ...some }, { given: 294, done: 152, queued: 0, filtered: 142, dropped: {} });
});

Deno.test("fanout --where filters by target; a target's own filter goes before it", async () => {
  await using some = new Receiver();
  await using tcp = new Receiver();
  const { sinks } = await openFanout([
    ...["--where", "src port in [1025-1029]", some.name],
    `${tcp.name},where=proto tcp and src port < 1027`,
  ]);
  const batch = batchOf({ exporter: "10.0.0.1", flows: range(0, 29) });
  for (const sink of sinks) sink.write(batch);
  await closeAll(sinks);
  const ports = async (receiver: Receiver, count: number) =>
    (await receiver.take(count)).flatMap(({ flows }) => flows.map(({ srcport }) => srcport));
  assertEquals(await ports(some, 5), [1025, 1026, 1027, 1028, 1029]);
  assertEquals(await ports(tcp, 2), [1024, 1026]);
  assertEquals(sinks.map(({ counters }) => counters.filtered), [24, 27]);
  const wrong = await assertRejects(() => openFanout(["--where", "src prt 1", some.name]));
  assertStringIncludes((wrong as Error).message, 'did you mean "port"');
  assertStringIncludes((wrong as Error).message, "\n  src prt 1\n      ^^^");
});

Deno.test("fanout masks addresses and replaces AS 0 for one target, not for the next", async () => {
  await using changed = new Receiver();
  await using plain = new Receiver();
  const { sinks } = await openFanout([
    `${changed.name},privacy-mask=255.255.255.0,replace-as=64999`,
    plain.name,
  ]);
  const batch = batchOf({ exporter: "10.0.0.1", flows: range(0, 10) });
  for (const sink of sinks) sink.write(batch);
  for (const sink of sinks) await sink.flush(0);
  const [{ flows }] = await changed.take(10);
  for (const [index, flow] of flows.entries()) {
    const { srcaddr, dstaddr } = flowValues(index);
    // A flow to a multicast group keeps both of its addresses.
    const multicast = dstaddr === "224.0.0.5";
    assertEquals([flow.srcaddr, flow.dstaddr, flow.src_as, flow.dst_as], [
      multicast ? srcaddr : formatIPv4(parseIPv4(String(srcaddr))! & 0xffffff00),
      multicast ? dstaddr : "192.0.2.0",
      64999,
      65001,
    ]);
  }
  const [{ flows: others }] = await plain.take(10);
  assertEquals(others.map(({ src_as }) => src_as), range(0, 10).map(() => 0));
  assertEquals(others[3].srcaddr, "10.1.0.3");
  await closeAll(sinks);
});

Deno.test("fanout packs flows of one header together, and holds none longer than a flush", async () => {
  await using receiver = new Receiver();
  const { sinks: [sink] } = await openFanout([receiver.name]);
  for (let at = 0; at < 35; at += 5) {
    sink.write(batchOf({ exporter: "10.0.0.1", flows: range(at, at + 5) }));
  }
  assertEquals((await receiver.take(30)).map(({ flows }) => flows.length), [30]);
  assertEquals(sink.counters.queued, 5 + 30 - sink.counters.done);
  await sink.flush(0);
  const [last] = await receiver.take(5);
  assertEquals(last.flows.map(({ srcport }) => srcport), range(1024 + 30, 1024 + 35));
  assertEquals(last.header.sequence, 30);
  await closeAll([sink]);
});

Deno.test({
  name: "fanout to IPv6, and from a local address",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using wide = new Receiver("::1");
    await using narrow = new Receiver();
    const { sinks } = await openFanout([wide.name, `127.0.0.3/127.0.0.1/${narrow.port}`]);
    const batch = batchOf({ exporter: "10.0.0.1", flows: range(0, 3) });
    for (const sink of sinks) sink.write(batch);
    for (const sink of sinks) await sink.flush(0);
    assertEquals((await wide.take(3)).map(({ address }) => address), ["::1"]);
    assertEquals((await narrow.take(3)).map(({ address }) => address), ["127.0.0.3"]);
    await closeAll(sinks);
  },
});

Deno.test({
  name: "fanout: a target that is slow and one that is not there leave the others alone",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using good = new Receiver();
    await using slow = new Receiver();
    // Nobody listens there: it was closed.
    const gone = new Receiver();
    await gone[Symbol.asyncDispose]();
    const log = new TestLog();
    const { sinks } = await openFanout([
      ...["--queue-size", "128K", good.name],
      `${slow.name},delay=3600000000`,
      gone.name,
    ], log);
    const rounds = 400;
    for (let round = 0; round < rounds; round++) {
      const header = { sysUpTime: 1000 + round };
      const batch = batchOf({ exporter: "10.0.0.1", flows: range(0, 30), header });
      for (const sink of sinks) sink.write(batch);
      assertEquals((await good.take(30)).length, 1);
    }
    const [kept, stalled, refused] = sinks;
    // Its one packet an hour is on its way; the queue holds a bit of the rest.
    assertEquals(stalled.counters.given, rounds * 30);
    assertGreater(stalled.counters.dropped["queue-full"], rounds * 30 / 2);
    assertGreater(stalled.counters.queued, 0);
    await kept.close();
    await refused.close();
    assertEquals(kept.counters.done, rounds * 30);
    const { refused: unheard, "queue-full": late = 0, ...others } = refused.counters.dropped;
    assertEquals([refused.counters.done, unheard + late, others], [0, rounds * 30, {}]);
    assertGreater(refused.errors.ECONNREFUSED, 0);
    assert(log.warnings.some((line) => line === `send: cannot send to ${gone.name}: ECONNREFUSED`));
    assertEquals(log.warnings.some((line) => line.includes(good.name)), false);
  },
});

Deno.test({
  name: "fanout finds out that nobody listened to its only packet",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const { sinks: [sink] } = await openFanout([`127.0.0.1:${freePort()}`]);
    sink.write(batchOf({ exporter: "10.0.0.1", flows: range(0, 30) }));
    await closeAll([sink]);
    assertEquals([sink.counters.done, sink.counters.dropped], [0, { refused: 30 }]);
    assertEquals(sink.errors, { ECONNREFUSED: 1 });
  },
});

Deno.test("fanout gives up what is left of a queue when its time to close is over", async () => {
  await using slow = new Receiver();
  const { sinks: [sink] } = await openFanout([
    ...["--drain-seconds", "1", `${slow.name},delay=3600000000`],
  ]);
  for (let round = 0; round < 3; round++) {
    sink.write(
      batchOf({ exporter: "10.0.0.1", flows: range(0, 30), header: { sysUpTime: round } }),
    );
  }
  assertEquals((await slow.take(30)).length, 1);
  await closeAll([sink]);
  assertEquals({ ...sink.counters }, {
    given: 90,
    done: 30,
    queued: 0,
    filtered: 0,
    dropped: { closed: 60 },
  });
});

Deno.test({
  name: "fanout sends without FFI, too, but for the addresses of others",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using receivers = new AsyncDisposableStack();
    const narrow = receivers.use(new Receiver());
    const wide = receivers.use(new Receiver("::1"));
    await using folder = temporaryDirectory();
    const path = `${folder.path}/portable.ts`;
    const targets = JSON.stringify([`127.0.0.4/127.0.0.1/${narrow.port}`, wide.name]);
    await Deno.writeTextFile(
      path,
      `import { batchOf, openFanout } from "${new URL("relay_tools.ts", import.meta.url)}";
     const { sinks } = await openFanout(${targets});
     for (const exporter of ["10.0.0.1", "10.0.0.2"]) {
       const batch = batchOf({ exporter, flows: [1, 2, 3] });
       for (const sink of sinks) sink.write(batch);
     }
     for (const sink of sinks) await sink.close();
     console.log(JSON.stringify(sinks.map(({ counters }) => counters.done)));
     await openFanout(["-s", "127.0.0.1:9"]).catch(({ message }) => console.log(message));
     Deno.exit(0);`,
    );
    const { stdout, stderr } = await bash(
      `"${Deno.execPath()}" run --unstable-net --allow-net --allow-read --allow-env ` +
        `--config deno.json ${path}`,
    );
    assertEquals(lines(stdout), [
      "[6,6]",
      "Cannot send to 127.0.0.1:9 from the addresses of others: that needs Linux and --allow-ffi",
    ], stderr);
    const arrivals = await narrow.take(6);
    assertEquals(arrivals.map(({ address }) => address), ["127.0.0.4", "127.0.0.4"]);
    assertEquals(Object.values(checkSequences(arrivals)), [3, 3]);
    assertEquals(Object.values(checkSequences(await wide.take(6))), [3, 3]);
  },
});

Deno.test("fanout forgets the engines unheard of for longest: memory is bounded", () => {
  const packets: { sequence: number; flows: number }[] = [];
  const packer = new PacketPacker({
    codec: V5_CODEC,
    sharedSequence: false,
    streamsMax: 20,
    take: (packet, flows) => {
      const sequence = new DataView(packet.buffer, packet.byteOffset).getUint32(16);
      packets.push({ sequence, flows });
    },
  });
  const runs = new SourceRuns(10);
  let flows = 0;
  // One engine that goes on sending, among forged ones.
  for (let engine = 0; engine < 1000; engine++) {
    for (
      const header of [{ engine_type: 0, engine_id: 0 }, {
        engine_type: engine >> 8,
        engine_id: engine & 255,
      }]
    ) {
      const batch = batchOf({ exporter: "10.0.0.1", flows: [1, 2], header });
      const [run] = runs.of(batch);
      packer.add(batch, run, new Uint8Array(2 * 48), 0, 2);
      flows += 2;
    }
  }
  packer.flush();
  assertEquals(packer.forgotten, 1000 - 20);
  assertEquals(packets.reduce((sum, packet) => sum + packet.flows, 0), flows);
  const last = Math.max(...packets.map(({ sequence }) => sequence));
  assertGreater(last, 1900);
});

for (
  const [args, message] of [
    [[], "target is missing: localip/remoteip/port or host:port"],
    [["10.0.0.1"], 'target is "10.0.0.1", expected localip/remoteip/port, host:port or'],
    [["10.0.0.1:0"], 'target is "10.0.0.1:0", expected localip/remoteip/port'],
    [["0/0/9991"], 'target is "0/0/9991", expected a remote address and a port above 0'],
    [["[::g]:1"], 'target is "[::g]:1", expected localip/remoteip/port'],
    [["no.such.host.invalid:1"], 'no address is known for "no.such.host.invalid"'],
    [["-V", "11", "127.0.0.1:1"], 'export version is "11", expected one of 1, 5, 6, 7'],
    [["127.0.0.1:1,export-version=1005"], "there are no packets of v1005"],
    [["127.0.0.1:1,replace-as=70000"], '--replace-as is "70000", expected a whole number 0 to'],
    [["127.0.0.1:1,colour=red"], 'target "127.0.0.1:1,colour=red": '],
    [["-m", "24", "127.0.0.1:1"], '--privacy-mask is "24", expected a mask such as 255.255.255.0'],
    [["127.0.0.1:1,raw,replace-as=1"], "gets datagrams as they came (--raw), so --replace-as"],
    [["127.0.0.1:1,raw,where=tcp"], "gets datagrams as they came (--raw), so --where can do"],
    [["--where", "tcp", "-F", "x", "127.0.0.1:1"], 'expected "filter x" in --where'],
    [["-V", "5", "--raw", "127.0.0.1:1"], "(--raw), so --export-version can do nothing"],
    [["-s", "[::1]:9"], 'target "[::1]:9" is IPv6, --spoof knows IPv4 only'],
  ] as const
) {
  Deno.test(`fanout is told what is wrong with: ${args.join(" ") || "no target"}`, async () => {
    const error = await assertRejects(() => openFanout(args), UsageError);
    assertStringIncludes(error.message, message);
  });
}
