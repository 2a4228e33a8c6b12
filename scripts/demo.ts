/**
 * The main job in one go: starts the collector on loopback, sends it generated NetFlow v5 as real
 * UDP, finishes the file, and prints the top talkers read back from it.
 *
 *     deno task demo
 *
 * @module
 */
import { FlowBatch, formatIPv4 } from "@flowtools/flow-model";
import { findFtLayout } from "@flowtools/ft-format";
import { FlowSet } from "@flowtools/flowset";
import { createPduRegistry, PDU_CODECS } from "@flowtools/netflow-pdu";
import { parseFlags } from "@flowtools/common/flags";
import { Collector } from "../apps/collector/collector.ts";
import { openLog } from "../apps/collector/log_output.ts";
import { createFileSink, FILE_OPTIONS, fileSettings } from "../apps/collector/sinks/files/mod.ts";
import { openSources } from "../apps/collector/sources/open_sources.ts";
import { readSourceSettings, SOURCE_OPTIONS } from "../apps/collector/sources/options.ts";
import { Workload } from "./workload.ts";

const FLOWS = 30_000;
const TOP = 10;

/** Packets sent before the receiver is let go on: a fraction of the usual receive buffer. */
const BURST = 20;

/** How often it is looked whether all has come, and after how many looks nothing more does. */
const LOOK_MS = 50;
const IDLE_LOOKS_MAX = 10;

const registry = createPduRegistry(PDU_CODECS);

/** Sends flows as v5 packets and returns how many packets that took. */
async function sendFlows(port: number): Promise<number> {
  const codec = registry.find(5)!;
  const batch = new FlowBatch({ capacity: codec.maxRecords });
  const workload = new Workload();
  const schema = findFtLayout(5)!.schema;
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  let packets = 0;
  for (let sequence = 0; sequence < FLOWS; packets++) {
    batch.reset();
    const count = workload.fill(batch, schema, FLOWS - sequence);
    // One exporter has one engine; the generator's flows come from several.
    const packet = codec.encode(batch, 0, count, { sequence, engine_id: 0 });
    await socket.send(packet, { transport: "udp", hostname: "127.0.0.1", port });
    sequence += count;
    if (packets % BURST === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  socket.close();
  return packets;
}

/** Prints who sent most octets. */
async function printTopTalkers(path: string): Promise<number> {
  const octetsBySource = new Map<number, number>();
  let flows = 0;
  await using set = await FlowSet.open(path);
  for await (const batch of set.batches({ columns: ["srcaddr", "dOctets"] })) {
    const sources = batch.column("srcaddr");
    const octets = batch.column("dOctets");
    for (let row = 0; row < batch.length; row++) {
      octetsBySource.set(sources[row], (octetsBySource.get(sources[row]) ?? 0) + octets[row]);
    }
    flows += batch.length;
  }
  const top = [...octetsBySource].toSorted((a, b) => b[1] - a[1]).slice(0, TOP);
  console.log(`\nTop ${TOP} of ${octetsBySource.size} sources, by octets:\n`);
  for (const [source, octets] of top) {
    console.log(`  ${formatIPv4(source).padEnd(15)}  ${octets.toLocaleString("en").padStart(14)}`);
  }
  return flows;
}

/** Waits until the collector has what was sent, or nothing more comes. */
async function received(collector: Collector, packets: number): Promise<void> {
  for (let idle = 0, seen = 0; idle < IDLE_LOOKS_MAX && seen < packets; idle++) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const now = collector.snapshot().packets;
    if (now !== seen) idle = 0;
    seen = now;
  }
}

const directory = Deno.args[0] ?? "flows";
await Deno.mkdir(directory, { recursive: true });
const log = openLog({ format: "text", level: "warn", program: "flow-capture" });
const settings = parseFlags(["-w", directory, "-N0", "127.0.0.1:0"], [
  ...FILE_OPTIONS,
  ...SOURCE_OPTIONS,
]);
const written: string[] = [];
const files = await createFileSink(fileSettings(settings), log, {
  onFile: ({ path }) => written.push(path),
});
const sources = await openSources(readSourceSettings(settings), log);
const [{ description, port }] = sources;
console.log(`Collector listens on ${description}, files go to ${directory}/`);
const collector = new Collector({ sources, registry, sinks: [files], log });
const running = collector.run();
const sent = await sendFlows(port!);
console.log(`Sent ${FLOWS} flows in ${sent} NetFlow v5 packets over UDP`);
await received(collector, sent);
collector.stop();
await running;
log.end();
const { packets, flows, sequence } = collector.snapshot();
console.log(
  `Received ${packets} packets, ${flows} flows; ${sequence.lost} flows lost on the way`,
);
for (const path of written) {
  const stored = await printTopTalkers(path);
  console.log(`\n${stored} flows are in ${path}. Look at them with:\n`);
  console.log(`  npx -y deno@2.9.6 task flowtools print ${path}`);
}
