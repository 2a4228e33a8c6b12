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
import { Collector } from "../apps/collector/collector.ts";
import { SampledLog } from "../apps/collector/sampled_log.ts";
import { FileSink } from "../apps/collector/sinks/file.ts";
import { listenUdp } from "../apps/collector/sources/udp.ts";
import { Workload } from "./workload.ts";

const FLOWS = 30_000;
const TOP = 10;

/** Packets sent before the receiver is let go on: a fraction of the usual receive buffer. */
const BURST = 20;

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

const directory = Deno.args[0] ?? "flows";
const written: string[] = [];
const source = listenUdp("127.0.0.1", 0);
console.log(`Collector listens on ${source.name}, files go to ${directory}/`);
const collector = new Collector({
  source,
  registry,
  log: new SampledLog(console.error),
  sinks: [
    new FileSink(
      { directory, rotations: 95, nesting: 0, compressionLevel: 6, byteOrder: "little" },
      (path) => written.push(path),
    ),
  ],
});
const running = collector.run();
const packets = await sendFlows(source.port);
console.log(`Sent ${FLOWS} flows in ${packets} NetFlow v5 packets over UDP`);
// What the socket still holds is received before it is closed.
for (let idle = 0, seen = -1; idle < 3 && collector.stats.packets < packets; idle++) {
  if (collector.stats.packets !== seen) idle = 0;
  seen = collector.stats.packets;
  await new Promise((resolve) => setTimeout(resolve, 100));
}
source.close();
await running;
console.log(
  `Received ${collector.stats.packets} packets, ${collector.stats.flows} flows; ` +
    `${collector.sequences.totals.lost} flows lost on the way`,
);
for (const path of written) {
  const flows = await printTopTalkers(path);
  console.log(`\n${flows} flows are in ${path}. Look at them with:\n`);
  console.log(`  npx -y deno@2.9.6 task flowtools print ${path}`);
}
