/**
 * What the fan-out puts on the wire, against what others make of it: the reference program,
 * Wireshark's dissector, the kernel; and datagrams that pass as they came.
 */
import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { FlowBatch } from "@flowtools/flow-model";
import { AllowList } from "../apps/collector/allow_list.ts";
import { ManualSource, MemoryLog, senderAt } from "../apps/collector/_doubles.ts";
import { Collector } from "../apps/collector/collector.ts";
import { writeUdpIpHeaders } from "../apps/collector/relay/ip_header.ts";
import { packet } from "./collector_process.ts";
import { bash, temporaryDirectory } from "./programs.ts";
import {
  assertBalanced,
  batchOf,
  closeAll,
  decodeInto,
  findReference,
  freePort,
  listening,
  openFanout,
  range,
  Receiver,
  REGISTRY,
  v5Packet,
} from "./relay_tools.ts";

const FANOUT = findReference("flow-fanout");
const TSHARK = findReference("tshark");
const ROOT_USER = Deno.build.os === "linux" && Deno.uid() === 0;

/** What Wireshark says of a checksum that is right. */
const GOOD = "1";

/** A running flow-fanout. */
async function startReference(
  program: string,
  args: readonly string[],
): Promise<{ readonly port: number } & AsyncDisposable> {
  const port = freePort();
  const [target, ...flags] = args.toReversed();
  const child = new Deno.Command(program, {
    args: ["-D", "-p", "-", ...flags.toReversed(), `127.0.0.1/0/${port}`, target],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await listening(port);
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

/** What both are given: packets of one version from one exporter, each with its own clock. */
function inputs(version: string): Uint8Array[] {
  if (version !== "5") return range(1, 4).map((number) => packet(`v${version}-${number}`));
  return range(0, 6).map((number) =>
    v5Packet({
      flows: range(number * 30, number * 30 + 30 - number),
      header: { sysUpTime: 200_000 + number, engine_id: number % 2 },
    })
  );
}

for (
  const [version, flags] of [
    ["1", []],
    ["1", ["-V", "5"]],
    ["1", ["-V", "5", "-A", "64999"]],
    ["5", []],
    ["5", ["-V", "1"]],
    ["5", ["-V", "6"]],
    ["5", ["-V", "7"]],
    ["5", ["-A", "64999"]],
    ["5", ["-m", "255.255.0.0"]],
    ["5", ["-m", "255.255.255.0", "-V", "7", "-A", "1"]],
    ["6", ["-V", "5"]],
    ["7", []],
    ["7", ["-V", "1"]],
    ["8.1", []],
    ["8.14", []],
  ] as const
) {
  Deno.test({
    name: `fanout ${flags.join(" ")} of v${version} is byte for byte what flow-fanout sends` +
      (FANOUT === undefined ? " (ignored: no flow-fanout on PATH)" : ""),
    ignore: FANOUT === undefined,
    fn: async () => {
      await using theirs = new Receiver();
      await using ours = new Receiver();
      await using reference = await startReference(FANOUT!, [
        ...flags,
        `0/127.0.0.1/${theirs.port}`,
      ]);
      const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
      const { sinks: [sink] } = await openFanout([...flags, ours.name]);
      const batch = new FlowBatch();
      for (const bytes of inputs(version)) {
        await socket.send(bytes, {
          transport: "udp",
          hostname: "127.0.0.1",
          port: reference.port,
        });
        decodeInto(batch, "127.0.0.1", bytes);
      }
      socket.close();
      sink.write(batch);
      await sink.flush(0);
      const expected = await theirs.take(batch.length);
      const got = await ours.take(batch.length);
      // Packets that are not full may wait, so those of several engines may change places.
      assertEquals(
        got.map(({ bytes }) => withQuirks(bytes, version)).toSorted(),
        expected.map(({ bytes }) => withQuirks(bytes, version)).toSorted(),
      );
      assertGreater(expected.length, 0);
      await closeAll([sink]);
    },
  });
}

/**
 * A packet as hexadecimal digits, without what the reference gets wrong (fixtures/QUIRKS.md): the
 * engine of other versions than 5, and the output interface of version 1 that is to be version 5.
 */
function withQuirks(bytes: Uint8Array, from: string): string {
  const copy = bytes.slice();
  const version = copy[1];
  if (from !== "5" && version !== 1) copy.fill(0, 20, 22);
  if (from === "1" && version === 5) {
    for (let record = 24; record < copy.length; record += 48) {
      copy.fill(0, record + 14, record + 16);
    }
  }
  return copy.toHex();
}

Deno.test("fanout counts v8 flows that were to be v5, and sends nothing", async () => {
  await using receiver = new Receiver();
  const { sinks: [sink] } = await openFanout(["-V", "5", receiver.name]);
  const batch = new FlowBatch();
  decodeInto(batch, "10.0.0.1", packet("v8.3-2"));
  const refused = batch.length;
  decodeInto(batch, "10.0.0.1", packet("v5-2"));
  sink.write(batch);
  await sink.flush(0);
  assertEquals((await receiver.take(batch.length - refused))[0].header.version, 5);
  await closeAll([sink]);
  assertEquals({ ...sink.counters.dropped }, { "no-conversion": refused });
});

Deno.test({
  name: "Wireshark sees no gap in the sequences of two exporters that went through one fanout" +
    (TSHARK === undefined ? " (ignored: no tshark on PATH)" : ""),
  ignore: TSHARK === undefined,
  fn: async () => {
    await using folder = temporaryDirectory();
    await using receiver = new Receiver();
    const { sinks: [sink] } = await openFanout(["-V", "7", receiver.name]);
    for (let round = 0; round < 8; round++) {
      const header = { sysUpTime: 5000 + round };
      sink.write(batchOf(
        { exporter: "10.0.0.1", flows: range(0, 11), header },
        { exporter: "10.0.0.2", flows: range(0, 23), header },
      ));
    }
    await sink.flush(0);
    const arrivals = await receiver.take(8 * 34);
    await closeAll([sink]);
    const capture = `${folder.path}/relayed.pcap`;
    await Deno.writeFile(capture, pcap(arrivals));
    const fields =
      "-e udp.checksum.status -e udp.srcport -e cflow.version -e cflow.count -e cflow.sequence";
    const { stdout } = await bash(
      `tshark -o udp.check_checksum:TRUE -r ${capture} -d udp.port==2055,cflow -T fields ${fields} 2>/dev/null`,
    );
    const next: Record<string, number> = {};
    for (const line of stdout.trim().split("\n")) {
      const [checksum, port, version, count, sequence] = line.split("\t");
      assertEquals([checksum, version, Number(sequence)], [GOOD, "7", next[port] ?? 0]);
      next[port] = Number(sequence) + Number(count);
    }
    assertEquals(Object.values(next).toSorted((a, b) => a - b), [8 * 11, 8 * 23]);
  },
});

/** A capture of raw IPv4, as tcpdump makes it; ports and payloads are those that arrived. */
function pcap(arrivals: readonly { port: number; bytes: Uint8Array }[]): Uint8Array {
  const parts = [Uint32Array.of(0xa1b2c3d4, 0x00040002, 0, 0, 65535, 101)].map((words) =>
    new Uint8Array(words.buffer)
  );
  for (const { port, bytes } of arrivals) {
    const datagram = new Uint8Array(28 + bytes.length);
    datagram.set(bytes, 28);
    writeUdpIpHeaders(datagram, {
      source: 0x7f000001,
      sourcePort: port,
      destination: 0x7f000001,
      destinationPort: 2055,
    });
    const { length } = datagram;
    parts.push(new Uint8Array(Uint32Array.of(1_700_000_000, 0, length, length).buffer), datagram);
  }
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

Deno.test("the headers of a spoofed datagram are those of RFC 791 and RFC 768", () => {
  // The UDP checksum is worked out by hand:
  // c0a8 0001 c0a8 00c7 0011 000b (pseudo header) + 1f3f 270f 000b + 6162 6300 is 28cef, folded
  // 8cf1, its complement 730e.
  const datagram = new Uint8Array(28 + 3);
  datagram.set([0x61, 0x62, 0x63], 28);
  writeUdpIpHeaders(datagram, {
    source: 0xc0a80001,
    sourcePort: 7999,
    destination: 0xc0a800c7,
    destinationPort: 9999,
  });
  assertEquals(
    datagram.toHex(),
    "4500001f00000000" + "ff110000" + "c0a80001c0a800c7" + "1f3f270f000b" + "730e" + "616263",
  );
});

Deno.test({
  name: "fanout -s sends from the exporter's address, or from LOCALIP" +
    (ROOT_USER ? "" : " (ignored: raw sockets need root on Linux)"),
  ignore: !ROOT_USER,
  fn: async () => {
    await using receiver = new Receiver();
    await using local = new Receiver();
    const { sinks } = await openFanout([
      ...["-s", receiver.name],
      `127.0.0.9/127.0.0.1/${local.port}`,
    ]);
    for (const exporter of ["127.0.0.77", "192.0.2.7"]) {
      // An odd number of bytes in all would not be a packet; 1 and 2 flows differ in their sums.
      for (const count of [1, 2]) {
        const header = { sysUpTime: count };
        const batch = batchOf({ exporter, flows: range(0, count), header });
        for (const sink of sinks) sink.write(batch);
      }
    }
    for (const sink of sinks) await sink.flush(0);
    const spoofed = await receiver.take(6);
    assertEquals(spoofed.map(({ address, port }) => `${address}:${port}`).toSorted(), [
      "127.0.0.77:7999",
      "127.0.0.77:7999",
      "192.0.2.7:7999",
      "192.0.2.7:7999",
    ]);
    const placed = await local.take(6);
    assertEquals(new Set(placed.map(({ address }) => address)), new Set(["127.0.0.9"]));
    // Those that are given one address are told apart by their ports.
    assertEquals(new Set(placed.map(({ port }) => port)).size, 2);
    sinks[0].write(batchOf({ exporter: "2001:db8::1", flows: [1] }));
    await closeAll(sinks);
    assertEquals(sinks[0].counters.dropped, { "send-failed": 1 });
  },
});

/** Runs a collector that passes on what it is given. */
async function relay(
  targets: readonly string[],
  work: (source: ManualSource) => Promise<void> | void,
): Promise<ReturnType<Collector["snapshot"]>> {
  const source = new ManualSource();
  const log = new MemoryLog();
  const { sinks, forwarders } = await openFanout(targets, log);
  const allow = new AllowList(["10.0.0.0/8", "2001:db8::/32"]);
  const collector = new Collector({
    sources: [source],
    registry: REGISTRY,
    sinks,
    forwarders,
    log,
    allow,
  });
  const running = collector.run();
  await work(source);
  collector.stop();
  await running;
  return collector.snapshot();
}

Deno.test("fanout --raw passes on datagrams as they came, whatever they hold", async () => {
  await using raw = new Receiver();
  await using decoded = new Receiver();
  const payloads = [
    packet("v5-1"),
    new TextEncoder().encode("this is no export packet"),
    packet("v8.1-1").slice(0, 40),
    // Version 9, which has templates: nobody here need know it.
    Uint8Array.of(0, 9, 0, 1, ...new Uint8Array(16)),
    new Uint8Array(0),
    new Uint8Array(65_507).fill(7),
  ];
  const snapshot = await relay([`${raw.name},raw`, decoded.name], async (source) => {
    const senders = [
      senderAt("10.0.0.1", 4000),
      senderAt("10.0.0.1", 4001),
      senderAt("2001:db8::1"),
    ];
    for (const sender of senders) for (const bytes of payloads) source.give(bytes, sender);
    // Who is not let in is not passed on either.
    source.give(packet("v5-1"), senderAt("192.0.2.1"));
    const arrived = await raw.datagrams(senders.length * payloads.length);
    const byPort = Map.groupBy(arrived, ({ port }) => port);
    assertEquals(byPort.size, senders.length);
    for (const datagrams of byPort.values()) {
      assertEquals(datagrams.map(({ bytes }) => bytes), payloads);
    }
  });
  const [forwarder] = snapshot.forwarders!;
  assertEquals(forwarder, {
    name: `fanout ${raw.name}`,
    given: 18,
    done: 18,
    queued: 0,
    filtered: 0,
    dropped: {},
    errors: {},
  });
  assertEquals([snapshot.packets, snapshot.notAllowed], [19, 1]);
  // The other target got flows.
  assertEquals(snapshot.sinks.map(({ done }) => done), [snapshot.flows]);
  assertGreater(snapshot.flows, 0);
  assertEquals(raw.left, 0);
});

Deno.test("fanout --raw asks who reads a file to wait for a slow target", async () => {
  await using slow = new Receiver();
  const targets = ["--drain-seconds", "0", `${slow.name},raw,delay=3600000000`];
  let room: Promise<void> | undefined;
  await relay(targets, (source) => {
    const give = (count: number) => {
      for (let i = 0; i < count; i++) source.give(new Uint8Array(100), senderAt("10.0.0.1"));
    };
    give(100);
    assertEquals(source.receiver.room?.(), undefined);
    give(20_000);
    room = source.receiver.room?.();
  });
  // It is kept when nothing waits any more, here since the target is given up.
  assert(room !== undefined);
  await room;
});

Deno.test("fanout --raw drops and counts what a slow target does not take", async () => {
  await using slow = new Receiver();
  const targets = ["--queue-size", "128K", "--drain-seconds", "0"];
  const snapshot = await relay([...targets, `${slow.name},raw,delay=3600000000`], (source) => {
    for (let i = 0; i < 1000; i++) source.give(new Uint8Array(1000), senderAt("10.0.0.1"));
  });
  const [forwarder] = snapshot.forwarders!;
  assertEquals(forwarder.given, 1000);
  assertBalanced({ counters: forwarder });
  // Two chunks of 65 datagrams, and the one that is being filled.
  assertGreater(forwarder.dropped["queue-full"], 800);
  assertGreater(forwarder.dropped.closed, 100);
});

Deno.test({
  name: "fanout --raw -s keeps address and port of the exporter" +
    (ROOT_USER ? "" : " (ignored: raw sockets need root on Linux)"),
  ignore: !ROOT_USER,
  fn: async () => {
    await using receiver = new Receiver();
    const odd = Uint8Array.of(1, 2, 3);
    await relay([`${receiver.name},raw,spoof`], async (source) => {
      source.give(odd, senderAt("10.1.2.3", 50_123));
      source.give(new Uint8Array(1000).fill(0xff), senderAt("10.1.2.4", 50_124));
      const [first, second] = await receiver.datagrams(2);
      assertEquals([first.address, first.port, first.bytes], ["10.1.2.3", 50_123, odd]);
      assertEquals([second.address, second.port], ["10.1.2.4", 50_124]);
    });
  },
});

Deno.test({
  name: "fanout -s says what it needs" +
    (ROOT_USER ? "" : " (ignored: root can give up its right to raw sockets, others have none)"),
  ignore: !ROOT_USER,
  fn: async () => {
    await using folder = temporaryDirectory();
    const path = `${folder.path}/spoof.ts`;
    await Deno.writeTextFile(
      path,
      `import { openFanout } from "${new URL("relay_tools.ts", import.meta.url)}";
       await openFanout(["-s", "127.0.0.1:9"]).catch((error) => console.log(error.message));
       Deno.exit(0);`,
    );
    const { stdout } = await bash(
      `setpriv --bounding-set -net_raw --inh-caps -net_raw "${Deno.execPath()}" run -A ` +
        `--unstable-net --config deno.json ${path}`,
    );
    assertMatch(stdout, /Cannot send to 127\.0\.0\.1:9 from the addresses of others: a raw socket/);
  },
});
