/** The collector on NetFlow v9, IPFIX and sFlow: what it counts, remembers, stores and sends on. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  createIpfixCodec,
  createPduRegistry,
  createV9Codec,
  PDU_CODECS,
  type PduRegistry,
  type TemplateCodecOptions,
} from "@flowtools/netflow-pdu";
import {
  octets,
  packet9,
  SENT_SECS,
  set,
  template,
} from "../packages/netflow-pdu/templates/_builders.ts";
import { CountingSink } from "../scripts/load/counting_sink.ts";
import { Collector, type CollectorOptions } from "../apps/collector/collector.ts";
import { ManualSource, MemoryLog, senderAt } from "../apps/collector/_doubles.ts";
import { SessionFile } from "../apps/collector/session_file.ts";
import type { CollectorSnapshot } from "../apps/collector/snapshot.ts";
import { countLosses } from "../apps/collector/web/losses.ts";
import { formatMetrics } from "../apps/collector/web/metrics.ts";
import { datagramsOf, flowsExpected } from "./collector_captures.ts";
import { temporaryDirectory } from "./programs.ts";
import { captureGroups } from "./template_captures.ts";

/** All codecs, with new ones of NetFlow v9 and IPFIX: those that all share count for all. */
function registryOf(options: TemplateCodecOptions = {}): PduRegistry {
  const classic = PDU_CODECS.filter(({ version }) => version !== 9 && version !== 10);
  return createPduRegistry([...classic, createV9Codec(options), createIpfixCodec(options)]);
}

interface Setup {
  readonly source: ManualSource;
  readonly sink: CountingSink;
  readonly log: MemoryLog;
  readonly collector: Collector;
}

/** Runs a collector; returns what it tells of itself at the end. */
async function collect(
  work: (setup: Setup) => void | Promise<void>,
  options: Partial<CollectorOptions> = {},
): Promise<CollectorSnapshot & Setup> {
  const source = new ManualSource();
  const sink = new CountingSink();
  const log = new MemoryLog();
  const registry = registryOf();
  const collector = new Collector({ sources: [source], registry, sinks: [sink], log, ...options });
  const running = collector.run();
  await work({ source, sink, log, collector });
  collector.stop();
  await running;
  return { ...collector.snapshot(), source, sink, log, collector };
}

/** Addresses, ports, protocol, packets and octets. */
const SHAPE = template(256, [[8, 4], [12, 4], [7, 2], [11, 2], [4, 1], [2, 4], [1, 4]]);
/** Octets of each flow. */
const FLOW_OCTETS = 1500;

function flow(number: number): number[] {
  return [
    ...octets(0x0a000000 + number, 4),
    ...octets(0xc0000201, 4),
    ...octets(1024, 2),
    ...octets(53, 2),
    17,
    ...octets(2, 4),
    ...octets(FLOW_OCTETS, 4),
  ];
}

const templatePacket = (sequence: number) => packet9({ sequence }, set(0, SHAPE));
const dataPacket = (sequence: number, flows = 3) =>
  packet9({ sequence }, set(256, ...Array.from({ length: flows }, (_, index) => flow(index))));

const ONE = senderAt("192.0.2.1");

/** Groups whose flows are others than the independent decoder counts, and why. */
const DIFFERENT: Readonly<Record<string, readonly [flows: number, why: string]>> = {
  "akvorado/data-then-templates": [21, "the first set waits for its template"],
  "python-netflow/PACKET_V9_TEMPLATE_MIXED": [8, "the only set waits for its template"],
  "tcpdump/sflow_print-segv": [0, "the UDP header says 8 octets: no header of sFlow"],
  "gopacket/SFlowTestPacket8": [0, "the sample is cut within a record"],
};

const GROUPS = captureGroups();

Deno.test({
  name: "Collector finds in every capture the flows that an independent decoder finds",
  ignore: GROUPS.length === 0,
  async fn() {
    const differences: Record<string, number> = {};
    for (const group of GROUPS) {
      const { flows, sink, packets } = await collect(({ source }) => {
        for (const { address, port, payload } of datagramsOf(group)) {
          source.give(payload, senderAt(address, port));
        }
      });
      assert(packets > 0);
      assertEquals(sink.counters.given, flows);
      if (flows !== flowsExpected(group)) differences[`${group.source}/${group.group}`] = flows;
    }
    const known = Object.entries(DIFFERENT).map(([name, [flows]]) => [name, flows] as const);
    assertEquals(differences, Object.fromEntries(known));
    assert(GROUPS.length > 100);
  },
});

Deno.test("Data before its template waits, and is counted with the packet that brings it", async () => {
  const { flows, sink, templates, sequence, exporters, malformed } = await collect(({ source }) => {
    source.give(dataPacket(0), ONE);
    source.give(dataPacket(1, 4), ONE);
    source.give(templatePacket(2), ONE);
    source.give(dataPacket(3, 1), ONE);
  });
  assertEquals([flows, sink.counters.given, sink.octets], [8, 8, 8 * FLOW_OCTETS]);
  assertEquals([templates?.[9].waited, templates?.[9].resumed], [2, 2]);
  assertEquals([templates?.[9].overdue, sequence.lost], [0, 0]);
  assertEquals([exporters[0].packets, exporters[0].flows, exporters[0].version], [4, 8, "9"]);
  assertEquals(malformed, {});
});

Deno.test("Data whose template never comes is a loss, at the end at the latest", async () => {
  const result = await collect(({ source, collector }) => {
    source.give(dataPacket(0), ONE);
    source.give(dataPacket(1), ONE);
    assertEquals(collector.snapshot().templates?.[9].overdue, 0);
  });
  const losses = countLosses(result).filter(({ cause }) => cause === "template-overdue");
  assertEquals(losses.map(({ where, unit, severity, count }) => [where, unit, severity, count]), [
    ["v9", "sets", "loss", 2],
    ["v10", "sets", "loss", 0],
  ]);
  const counts = { liveClients: 0, requests: new Map(), queries: new Map(), liveScale: 1 };
  const metrics = formatMetrics(result, counts);
  assertStringIncludes(
    metrics,
    'flowtools_collector_template_sets_overdue_total{version="9"} 2\n',
  );
  assertStringIncludes(
    metrics,
    "# TYPE flowtools_collector_template_waiting_bytes gauge\n" +
      'flowtools_collector_template_waiting_bytes{version="9"} 0\n',
  );
});

Deno.test("With an exporter goes what waits of it, and the room that it took", async () => {
  await collect(({ source, collector }) => {
    source.give(dataPacket(0), ONE);
    const { waitingOctets = 0 } = collector.snapshot().templates?.[9] ?? {};
    assert(waitingOctets > 0);
    source.give(templatePacket(0), senderAt("192.0.2.2"));
    const { templates, exportersForgotten } = collector.snapshot();
    assertEquals(exportersForgotten, 1);
    const { overdue, waitingOctets: left, templates: known } = templates![9];
    assertEquals([overdue, left, known], [1, 0, 1]);
  }, { limits: { exporters: 1 } });
});

Deno.test("What waited and has no room in a batch is taken, too, and counted once", async () => {
  const packets = 400;
  const flowsEach = 50;
  const { flows, sink, templates } = await collect(({ source }) => {
    for (let i = 0; i < packets; i++) source.give(dataPacket(i, flowsEach), ONE);
    source.give(templatePacket(packets), ONE);
  }, { registry: registryOf({ limits: { waitingOctets: 1 << 22 } }) });
  assertEquals([templates?.[9].waited, templates?.[9].resumed], [packets, packets]);
  assertEquals([flows, sink.counters.given], [packets * flowsEach, packets * flowsEach]);
  assertEquals(sink.octets, packets * flowsEach * FLOW_OCTETS);
});

/** An sFlow datagram without samples, as the specification has it. */
function sflow(agent: number, subAgent: number, sequence: number): Uint8Array {
  return Uint8Array.from([5, 1, agent, subAgent, sequence, 5000, 0].flatMap((it) => octets(it, 4)));
}

Deno.test("Agents of sFlow behind one sender have sequences of their own", async () => {
  const { exporters, sequence } = await collect(({ source }) => {
    for (const number of [1, 2, 3]) {
      source.give(sflow(0x0a000001, 0, number), ONE);
      source.give(sflow(0x0a000002, 0, number + 500), ONE);
    }
    source.give(sflow(0x0a000002, 0, 505), ONE);
  });
  assertEquals(sequence.lost, 1);
  const rows = exporters.map(({ version, agent, packets, sequence: { lost } }) => {
    return [version, agent, packets, lost];
  });
  assertEquals(rows, [["sflow5", "10.0.0.2", 4, 1], ["sflow5", "10.0.0.1", 3, 0]]);
});

/** Runs a collector that keeps its templates in a file. */
async function collectWith(path: string, work: (setup: Setup) => void) {
  const log = new MemoryLog();
  const state = await SessionFile.open(path, log, Date.now());
  const result = await collect(work, { state });
  return { ...result, opened: log };
}

Deno.test("A restart in the middle of a stream loses nothing", async () => {
  await using folder = temporaryDirectory();
  const path = `${folder.path}/state.json`;
  const before = await collectWith(path, ({ source }) => {
    source.give(templatePacket(0), ONE);
    source.give(dataPacket(1), ONE);
  });
  assertEquals(before.flows, 3);
  // The exporter is not heard of in this run, and still remembered after it.
  await collectWith(path, ({ source }) => source.give(templatePacket(0), senderAt("192.0.2.9")));
  const after = await collectWith(path, ({ source }) => {
    source.give(dataPacket(2), ONE);
    source.give(dataPacket(3), senderAt("192.0.2.9"));
    // Another port is another exporter.
    source.give(dataPacket(4), senderAt("192.0.2.1", 9));
  });
  assertEquals([after.flows, after.templates?.[9].waited], [6, 1]);
  assertEquals(after.log.warnings.size, 0);
  assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["state.json"]);
});

Deno.test("A damaged file of templates is told of, and the collector goes on", async () => {
  await using folder = temporaryDirectory();
  const path = `${folder.path}/state.json`;
  const head = { format: 1, savedAt: 0 };
  const session = { address: "192.0.2.1", port: 2055, version: 9, heardAt: Date.now() };
  const faults: readonly (readonly [text: string, told: string])[] = [
    ["{", "is not used, templates must come again"],
    [JSON.stringify({ ...head, format: 2, sessions: [] }), "format is 2, expected 1"],
    [JSON.stringify({ ...head, sessions: {} }), "there is no list of sessions"],
    [JSON.stringify({ ...head, sessions: [session, 7] }), "sessions[1] lacks address"],
    [
      JSON.stringify({ ...head, sessions: [{ ...session, snapshot: { format: 1, version: 10 } }] }),
      "templates of 192.0.2.1:2055 (v9): Cannot restore session",
    ],
  ];
  for (const [text, told] of faults) {
    await Deno.writeTextFile(path, text);
    const { flows, opened } = await collectWith(path, ({ source }) => {
      source.give(templatePacket(0), ONE);
      source.give(dataPacket(1), ONE);
    });
    assertEquals(flows, 3);
    assertStringIncludes(opened.warnings.get("state-file")?.[0] ?? "", told);
    assertEquals(JSON.parse(await Deno.readTextFile(path)).sessions.length, 1);
  }
});

Deno.test("What was not heard of for a day is not restored", async () => {
  await using folder = temporaryDirectory();
  const path = `${folder.path}/state.json`;
  await collectWith(path, ({ source }) => source.give(templatePacket(0), ONE));
  const state = JSON.parse(await Deno.readTextFile(path));
  state.sessions[0].heardAt -= 25 * 3_600_000;
  await Deno.writeTextFile(path, JSON.stringify(state));
  const { templates } = await collectWith(path, ({ source }) => source.give(dataPacket(1), ONE));
  assertEquals([templates?.[9].waited, templates?.[9].overdue], [1, 1]);
});

Deno.test("Templates grow old by the clock of a capture, not by that of the day it is read", async () => {
  await collect(({ source, collector }) => {
    const payload = templatePacket(0);
    const view = new DataView(payload.buffer);
    source.receiver.datagram(view, 0, payload.length, ONE, SENT_SECS * 1000);
    assertEquals(collector.snapshot().templates?.[9].templates, 1);
    // A day later, by the same clock, the template is of another era.
    const data = dataPacket(1);
    const later = (SENT_SECS + 25 * 3600) * 1000;
    source.receiver.datagram(new DataView(data.buffer), 0, data.length, ONE, later);
    assertEquals(collector.snapshot().templates?.[9].expired, 1);
  });
});
