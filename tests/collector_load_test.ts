/**
 * The collector under load and under fire: whatever comes, each datagram and each flow is in
 * exactly one counter, and `received = stored + each named loss`.
 *
 * `COLLECTOR_DATAGRAMS=1000000` throws a million damaged datagrams instead of a few thousand, and
 * `COLLECTOR_SEED` chooses others.
 */
import { assert, assertEquals } from "@std/assert";
import { FlowBatch } from "@flowtools/flow-model";
import { createPduRegistry, decodePdu, PDU_CODECS } from "@flowtools/netflow-pdu";
import { FlowSet } from "@flowtools/flowset";
import { AllowList } from "../apps/collector/allow_list.ts";
import { Collector, type CollectorOptions } from "../apps/collector/collector.ts";
import { ManualSource, MemoryLog, senderAt } from "../apps/collector/_doubles.ts";
import type { CollectorSnapshot } from "../apps/collector/snapshot.ts";
import { hasLibc, loadLibc } from "../apps/collector/sources/libc.ts";
import { parseListener } from "../apps/collector/sources/listeners.ts";
import { openSources } from "../apps/collector/sources/open_sources.ts";
import type {
  DatagramReceiver,
  DatagramSource,
  SourceCounters,
} from "../apps/collector/sources/source.ts";
import { Mutator } from "../scripts/fuzz/mutate.ts";
import { PDU_TARGET } from "../scripts/fuzz/pdu.ts";
import { loadBurstSockets } from "../scripts/load/burst_socket.ts";
import { CountingSink } from "../scripts/load/counting_sink.ts";
import { type LoadReport, LoadSender } from "../scripts/load/generator.ts";
import { makePattern, PATTERN_PACKETS, type PatternPacket } from "../scripts/load/pattern.ts";
import { Random } from "../scripts/random.ts";
import { CollectorProcess, filesBelow } from "./collector_process.ts";
import { settingsOf, startSink } from "./collector_files.ts";
import { ROOT_PATH, temporaryDirectory } from "./programs.ts";

// They stay loaded, which is no leak of the test that needs them first.
if (hasLibc()) {
  loadLibc();
  loadBurstSockets();
}

const REGISTRY = createPduRegistry(PDU_CODECS);

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

/** What must be true of every collector at every moment. */
function assertExact(collector: Collector): CollectorSnapshot {
  const snapshot = collector.snapshot();
  const { packets, notAllowed, malformed, flows, octets, exporters, sinks } = snapshot;
  assertEquals(packets, collector.decoded + sum(malformed) + notAllowed);
  for (const { name, given, done, queued, filtered, dropped } of sinks) {
    assertEquals(given, flows, `${name} was not given each flow`);
    assertEquals(given, done + queued + filtered + sum(dropped), `${name} lost track`);
  }
  if (snapshot.exportersForgotten > 0) return snapshot;
  const total = (name: "packets" | "flows" | "octets" | "malformed") =>
    exporters.reduce((all, row) => all + row[name], 0);
  assertEquals(total("packets"), packets - notAllowed);
  assertEquals(total("malformed"), sum(malformed));
  assertEquals([total("flows"), total("octets")], [flows, octets]);
  for (const name of ["lost", "reordered", "duplicate", "reset"] as const) {
    const all = exporters.reduce((count, { sequence }) => count + sequence[name], 0);
    assertEquals(all, snapshot.sequence[name], name);
  }
  return snapshot;
}

/** Exporters enough that none is forgotten or left out of a snapshot. */
const ROOMY = { exporters: 100_000, snapshotExporters: 100_000 };

/** Runs a collector on datagrams from the hand of a test, to its end. */
async function collect(
  work: (source: ManualSource, collector: Collector) => void | Promise<void>,
  options: Partial<CollectorOptions> = {},
): Promise<{ snapshot: CollectorSnapshot; collector: Collector; sink: CountingSink }> {
  const source = new ManualSource();
  const sink = new CountingSink();
  const collector = new Collector({
    sources: [source],
    registry: REGISTRY,
    sinks: [sink],
    log: new MemoryLog(),
    limits: ROOMY,
    ...options,
  });
  const running = collector.run();
  await work(source, collector);
  collector.stop();
  await running;
  return { snapshot: assertExact(collector), collector, sink };
}

/** A source that counts what another one gives. */
class CountedSource implements DatagramSource {
  readonly description: string;
  readonly port: number | undefined;
  given = 0;

  constructor(readonly inner: DatagramSource) {
    this.description = inner.description;
    this.port = inner.port;
  }

  run(receiver: DatagramReceiver): Promise<void> {
    return this.inner.run({
      datagram: (view, offset, length, sender) => {
        this.given++;
        receiver.datagram(view, offset, length, sender);
      },
    });
  }

  counters(): SourceCounters {
    return this.inner.counters();
  }

  close(): void {
    this.inner.close();
  }
}

/** What a stream of one exporter must show that sent the pattern once, by version. */
function expectedStreams(pattern: readonly PatternPacket[]): Map<string, number[]> {
  const streams = new Map<string, number[]>();
  for (const { version, flows, reason } of pattern) {
    const row = streams.get(version) ?? [0, 0, 0];
    streams.set(version, [row[0] + 1, row[1] + flows, row[2] + (reason === undefined ? 0 : 1)]);
  }
  return streams;
}

/** Sum of the octets of v5 records, read where Cisco says they are. */
function v5Octets(pattern: readonly PatternPacket[]): number {
  let octets = 0;
  for (const { bytes, version, flows } of pattern) {
    if (version !== "5") continue;
    const view = new DataView(bytes.buffer);
    for (let flow = 0; flow < flows; flow++) octets += view.getUint32(24 + 48 * flow + 20);
  }
  return octets;
}

for (const kind of ["recvmmsg", "portable"] as const) {
  Deno.test({
    name: `load, ${kind}: 1,000 exporters of mixed versions, 5 % malformed: counters are exact`,
    // The sender needs Linux, too.
    ignore: !hasLibc(),
    async fn() {
      const exporters = 1000;
      const load = { versions: "mixed", malformedPercent: 5 } as const;
      const settings = {
        kind,
        capture: undefined,
        listeners: [parseListener("127.0.0.1:0")],
        receiveBuffer: 4 << 20,
        reusePort: false,
        allow: new AllowList([]),
      };
      const [opened] = await openSources(settings, new MemoryLog());
      const source = new CountedSource(opened);
      const sink = new CountingSink();
      const collector = new Collector({
        sources: [source],
        registry: REGISTRY,
        sinks: [sink],
        log: new MemoryLog(),
        limits: ROOMY,
      });
      const running = collector.run();
      const sender = new LoadSender({ ...load, exporters, host: "127.0.0.1", port: source.port! });
      const { report } = sender;
      // Half of the pattern at a time is less than the smallest buffer of a socket.
      for (let turn = 0; turn < 2 * exporters; turn++) {
        sender.send(PATTERN_PACKETS / 2);
        while (source.given < report.packets) {
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
      sender.close();
      collector.stop();
      await running;

      const snapshot = assertExact(collector);
      assertEquals([report.packets, report.refused], [exporters * PATTERN_PACKETS, 0]);
      assertEquals([snapshot.packets, snapshot.bytes], [report.packets, report.bytes]);
      assertEquals(snapshot.malformed, report.malformed);
      assertEquals(sum(snapshot.malformed), exporters * 5);
      assertEquals([snapshot.flows, sink.counters.done], [report.flows, report.flows]);
      assertEquals(snapshot.sequence, { lost: 0, reordered: 0, duplicate: 0, reset: 0 });
      const pattern = makePattern(load);
      const expected = expectedStreams(pattern);
      assertEquals(snapshot.exporters.length, exporters * expected.size);
      assertEquals(new Set(snapshot.exporters.map(({ address }) => address)).size, exporters);
      const octets = v5Octets(pattern);
      for (const row of snapshot.exporters) {
        assertEquals([row.packets, row.flows, row.malformed], expected.get(row.version));
        if (row.version === "5") assertEquals(row.octets, octets);
      }
    },
  });
}

Deno.test("load: 300,000 datagrams of 100,000 forged senders need no more memory than a few", async () => {
  // Half of what the state of so many would take, and enough for everything else.
  const flags = ["--v8-flags=--max-old-space-size=48", "--allow-sys", "--allow-read"];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, `${ROOT_PATH}/tests/collector_forged_runner.ts`],
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals(code, 0, text(stderr));
  const { senders, ...counts } = JSON.parse(text(stdout));
  assertEquals(counts, {
    packets: 300_000,
    decoded: 300_000,
    flows: 9_000_000,
    // The limit of a snapshot, and what is beyond that of streams, which is 10,000.
    listed: 1000,
    forgotten: 290_000,
  });
  assert(senders <= 2 * 16_384);
});

Deno.test("load: forged senders beyond the list of allowed ones leave nothing at all", async () => {
  const [packet] = makePattern({ versions: "v5", malformedPercent: 0 });
  const { snapshot } = await collect((source) => {
    for (let datagram = 0; datagram < 50_000; datagram++) {
      const address = datagram % 10 === 0 ? 0xc0000201 : 0x0a000000 + datagram;
      source.give(packet.bytes, { address, port: datagram, name: "forged" });
    }
  }, { allow: new AllowList(["192.0.2.1"]) });
  assertEquals([snapshot.packets, snapshot.notAllowed], [50_000, 45_000]);
  assertEquals([snapshot.flows, snapshot.exporters.length], [150_000, 5000]);
});

const DATAGRAMS = Number(Deno.env.get("COLLECTOR_DATAGRAMS") ?? 60_000);
const SEED = Number(Deno.env.get("COLLECTOR_SEED") ?? 4);

Deno.test(`load: ${DATAGRAMS.toLocaleString("en")} random and mutated datagrams, seed ${SEED}`, async () => {
  const random = new Random(SEED);
  const pattern = makePattern({ versions: "mixed", malformedPercent: 5 });
  const corpus = [...PDU_TARGET.prepare().corpus, ...pattern.map(({ bytes }) => bytes)];
  const mutator = new Mutator(corpus);
  const next = (): Uint8Array<ArrayBuffer> => {
    if (!random.oneIn(4)) return mutator.next(random);
    const bytes = new Uint8Array(random.int(random.oneIn(8) ? 65_507 : 1500));
    for (let at = 0; at < bytes.length; at++) bytes[at] = random.int(256);
    // Noise alone has no version that anybody knows.
    if (bytes.length >= 4 && !random.oneIn(4)) bytes.set([0, random.pick([1, 5, 6, 7, 8]), 0]);
    return bytes;
  };
  // Counted apart from the collector, each datagram by itself.
  const alone = new FlowBatch();
  const expected = { faultless: 0, flows: 0, bytes: 0, malformed: new Map<string, number>() };
  const { snapshot, collector, sink } = await collect(async (source) => {
    for (let datagram = 0; datagram < DATAGRAMS; datagram++) {
      const bytes = next();
      source.give(bytes, senderAt(random.oneIn(8) ? "2001:db8::1" : "192.0.2.1", random.int(50)));
      alone.reset();
      const { rows, reason } = decodePdu(REGISTRY, bytes, alone);
      expected.flows += rows;
      expected.bytes += bytes.length;
      if (reason === undefined) expected.faultless++;
      else expected.malformed.set(reason, (expected.malformed.get(reason) ?? 0) + 1);
      // Timers have their turn.
      if (datagram % 20_000 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    }
  });
  assertEquals(snapshot.packets, DATAGRAMS);
  assertEquals(snapshot.bytes, expected.bytes);
  assertEquals(collector.decoded, expected.faultless);
  assertEquals(snapshot.malformed, Object.fromEntries(expected.malformed));
  assertEquals([snapshot.flows, sink.counters.done], [expected.flows, expected.flows]);
  assertEquals(snapshot.malformed["codec-error"], undefined);
  // The damage reaches every check, and not all is damage.
  for (const reason of ["short-header", "short-datagram", "trailing-bytes", "count-zero"]) {
    assert(snapshot.malformed[reason] > 0, reason);
  }
  for (const reason of ["count-over-maximum", "unknown-version", "unknown-aggregation"]) {
    assert(snapshot.malformed[reason] > 0, reason);
  }
  assert(collector.decoded > DATAGRAMS / 10);
});

/** A v5 packet of 30 flows that are all 0. */
function numbered(sequence: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(24 + 30 * 48);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 5);
  view.setUint16(2, 30);
  view.setUint32(16, sequence);
  return bytes;
}

/** What a network does to the packets of an exporter that starts anew now and then. */
function disturbed(random: Random, starts: readonly number[]): { run: number; index: number }[] {
  const arrivals: { run: number; index: number }[] = [];
  for (let run = 0; run < starts.length; run++) {
    // Where each packet stands in the queue: some fall behind a few others.
    const queue: { at: number; index: number }[] = [];
    for (let index = 0; index < 400; index++) {
      // The first and the last come in their place, so that a new start is seen as one.
      const edge = index < 1 || index > 390;
      if (!edge && random.oneIn(30)) continue;
      const late = !edge && random.oneIn(20) ? 1.5 + random.int(6) : 0;
      queue.push({ at: index + late, index });
      if (!edge && random.oneIn(25)) queue.push({ at: index + late + 0.1 + random.int(4), index });
    }
    queue.sort((a, b) => a.at - b.at);
    arrivals.push(...queue.map(({ index }) => ({ run, index })));
  }
  return arrivals;
}

Deno.test("load: loss, reorder, duplicates and restarts of many exporters are told exactly", async () => {
  const random = new Random(21);
  // The numbers wrap in the second run; each start is far from where the run before ended.
  const starts = [1_000_000, 2 ** 32 - 6000, 50_000_000, 0];
  const exporters = Array.from({ length: 20 }, (_, number) => ({
    sender: senderAt(`192.0.2.${number + 1}`),
    arrivals: disturbed(random, starts),
    next: 0,
  }));
  // What is true of the arrivals, by the meaning of the words.
  const expected = new Map(exporters.map(({ sender, arrivals }) => {
    const counts = { lost: 0, reordered: 0, duplicate: 0, reset: starts.length - 1 };
    for (let run = 0; run < starts.length; run++) {
      const seen = new Set<number>();
      let highest = -1;
      for (const { index } of arrivals.filter((arrival) => arrival.run === run)) {
        if (seen.has(index)) counts.duplicate++;
        else if (index < highest) counts.reordered++;
        seen.add(index);
        highest = Math.max(highest, index);
      }
      counts.lost += 30 * (highest + 1 - seen.size);
    }
    return [sender.name, counts];
  }));
  const { snapshot, sink } = await collect((source) => {
    let left = [...exporters];
    while (left.length > 0) {
      const exporter = random.pick(left);
      const { run, index } = exporter.arrivals[exporter.next++];
      source.give(numbered((starts[run] + 30 * index) >>> 0), exporter.sender);
      left = left.filter(({ next, arrivals }) => next < arrivals.length);
    }
  });
  const told = snapshot.exporters.map(({ address, sequence }) => [address, sequence] as const);
  assertEquals(new Map(told), expected);
  const arrived = exporters.reduce((total, { arrivals }) => total + arrivals.length, 0);
  assertEquals([snapshot.packets, snapshot.flows], [arrived, 30 * arrived]);
  assert(snapshot.sequence.lost > 0 && snapshot.sequence.reordered > 0);
  assert(snapshot.sequence.duplicate > 0);
  assertEquals(sink.losses, { lost: snapshot.sequence.lost, corrupt: 0, resets: 60 });
});

Deno.test("load: steps of the wall clock cost no flow, and every file is whole", async () => {
  await using directory = temporaryDirectory();
  const { sink: files } = await startSink(directory.path, ["-z", "1", "-n", "23"]);
  const realNow = Date.now;
  let step = 0;
  Date.now = () => realNow() + step;
  try {
    const { snapshot } = await collect(async (source) => {
      for (const [turn, hours] of [0, -48, 96, 0].entries()) {
        step = hours * 3_600_000;
        for (let packet = 0; packet < 100; packet++) {
          source.give(numbered(30 * (100 * turn + packet)), senderAt("192.0.2.1"));
        }
        // Until they are safe, which is when a second's flush has had its turn.
        while (files.counters.done < 3000 * (turn + 1)) {
          await new Promise((done) => setTimeout(done, 10));
        }
      }
    }, { sinks: [files] });
    assertEquals(snapshot.flows, 12_000);
    assertEquals(snapshot.sequence, { lost: 0, reordered: 0, duplicate: 0, reset: 0 });
    assertEquals([files.counters.done, files.counters.dropped], [12_000, {}]);
  } finally {
    Date.now = realNow;
  }
  const names = filesBelow(directory.path).map((path) => path.split("/").at(-1)!);
  assertEquals(names.filter((name) => !name.startsWith("ft-v05.")), []);
  assertEquals(await storedFlows(directory.path), 12_000);
});

/** A thread for the file sink that does nothing until it is told to; then it is the real one. */
function sleepingWorker(channel: string): Worker {
  const real = new URL("../apps/collector/sinks/files/file_worker.ts", import.meta.url).href;
  const code = `
    const held = [];
    globalThis.onmessage = (event) => held.push(event);
    const alarm = new BroadcastChannel(${JSON.stringify(channel)});
    alarm.onmessage = async () => {
      alarm.close();
      await import(${JSON.stringify(real)});
      for (const event of held) globalThis.onmessage(event);
    };
    postMessage({ kind: "ready" });`;
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  worker.addEventListener("message", () => URL.revokeObjectURL(url), { once: true });
  return worker;
}

async function storedFlows(directory: string): Promise<number> {
  let flows = 0;
  for (const path of filesBelow(directory)) {
    await using set = await FlowSet.open(`${directory}/${path}`);
    for await (const batch of set.batches({ columns: [] })) flows += batch.length;
  }
  return flows;
}

Deno.test("load: a disk that stalls costs what its queue cannot hold, and nobody else anything", async () => {
  await using directory = temporaryDirectory();
  const channel = `disk ${crypto.randomUUID()}`;
  const { sink: files } = await startSink(directory.path, ["-z", "0", "--queue-size", "8M"], {
    startWorker: () => sleepingWorker(channel),
  });
  const given = 300_000;
  // A megabyte is 16,384 records of 64 bytes.
  const held = 8 * 16_384;
  const counting = new CountingSink();
  const [{ bytes }] = makePattern({ versions: "v5", malformedPercent: 0 });
  const give = (source: ManualSource, packets: number) => {
    for (let packet = 0; packet < packets; packet++) source.give(bytes, senderAt("192.0.2.1"));
  };
  const { snapshot } = await collect(async (source, collector) => {
    give(source, 10_000);
    const stalled = assertExact(collector).sinks.find(({ name }) => name === "files");
    assertEquals(stalled?.queued, held);
    assertEquals(stalled?.dropped, { "queue-full": given - held });
    const alarm = new BroadcastChannel(channel);
    alarm.postMessage("wake up");
    while (files.counters.queued > 0) await new Promise((done) => setTimeout(done, 10));
    alarm.close();
    give(source, 300);
  }, { sinks: [files, counting] });
  assertEquals(snapshot.flows, given + 9000);
  assertEquals(counting.counters.done, given + 9000);
  assertEquals(files.counters.done, held + 9000);
  assertEquals(files.counters.dropped, { "queue-full": given - held });
  assertEquals(await storedFlows(directory.path), held + 9000);
});

Deno.test("load: a disk that never wakes up does not keep the collector from ending", async () => {
  await using directory = temporaryDirectory();
  const changes = { ...settingsOf(directory.path, "-z", "0"), drainMs: 50 };
  const { sink: files } = await startSink(directory.path, [], {
    startWorker: () => sleepingWorker("never"),
  }, changes);
  const [{ bytes }] = makePattern({ versions: "v5", malformedPercent: 0 });
  const counting = new CountingSink();
  const { snapshot } = await collect((source) => {
    for (let packet = 0; packet < 1000; packet++) source.give(bytes, senderAt("192.0.2.1"));
  }, { sinks: [files, counting] });
  assertEquals(files.counters.dropped, { shutdown: 30_000 });
  assertEquals([snapshot.flows, counting.counters.done], [30_000, 30_000]);
  assertEquals(await storedFlows(directory.path), 0);
});

Deno.test({
  name: "load: a process under a flood from 1,000 exporters: what is not stored has a name",
  ignore: !hasLibc(),
  async fn() {
    await using directory = temporaryDirectory();
    const flags = ["-w", directory.path, "--http", "off", "127.0.0.1:0"];
    await using collector = await CollectorProcess.start(["--log-format", "json", ...flags]);
    const load = ["--packets", "50000", "--exporters", "1000", "--versions", "mixed"];
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", `${ROOT_PATH}/scripts/load/send.ts`, ...load, "--malformed", "5"]
        .concat(`127.0.0.1:${collector.port}`),
    }).output();
    const sent: LoadReport = JSON.parse(new TextDecoder().decode(stdout));
    assertEquals([sent.packets, sent.refused], [50_000, 0]);
    assertEquals(await collector.stop("SIGTERM"), 0);
    const told = collector.lines.at(-1)!;
    const number = (name: string) => Number(told[name] ?? 0);
    assertEquals(told.message, "stopped");
    assertEquals(number("packets") + number("kernel-drops"), sent.packets);
    const stored = await storedFlows(directory.path);
    assertEquals(stored, number("files-done"));
    assertEquals(number("flows"), stored);
    // A machine that lets the receive buffer be as large as it is asked for drops nothing.
    if (number("kernel-drops") === 0) assertEquals(stored, sent.flows);
    else console.log(`the kernel dropped ${number("kernel-drops")} packets`);
  },
});
