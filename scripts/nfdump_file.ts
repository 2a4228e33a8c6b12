/**
 * Gives nfdump the flows of a flow-tools file: they are sent to an nfcapd as v5 packets over
 * loopback, and counted. The benchmarks compare with it.
 *
 * @module
 */
import { FlowSet } from "@flowtools/flowset";
import { encodePdu, V5_CODEC } from "@flowtools/netflow-pdu";

const PORT = 29955;
/** Packets sent before a pause. */
const BURST = 50;
/** Bursts a second: nfcapd keeps up with far more. */
const BURSTS_PER_SECOND = 200;
/** Flows of a packet at most. */
const PACKET_FLOWS = V5_CODEC.maxRecords;

/** Waits. */
function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Sends all flows of a file to a port of this machine, at a bounded rate. */
async function replay(path: string): Promise<number> {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const to: Deno.NetAddr = { transport: "udp", hostname: "127.0.0.1", port: PORT };
  await using set = await FlowSet.open(path);
  let sequence = 0;
  let packets = 0;
  const started = performance.now();
  for await (const batch of set.batches()) {
    for (let row = 0; row < batch.length; row += PACKET_FLOWS) {
      const count = Math.min(PACKET_FLOWS, batch.length - row);
      await socket.send(encodePdu(V5_CODEC, batch, row, count, { sequence }), to);
      sequence += count;
      if (++packets % BURST !== 0) continue;
      const due = packets / BURST / BURSTS_PER_SECOND * 1000;
      const ahead = due - (performance.now() - started);
      if (ahead > 0) await sleep(ahead);
    }
  }
  socket.close();
  return sequence;
}

/**
 * Makes nfdump's file of the flows of a flow-tools file, with nfdump's own collector, and prints
 * how many flows it has.
 *
 * @param path The flow-tools file
 * @param folder Where the file is written to
 * @returns Its path; nothing where nfcapd is not installed
 */
export async function makeNfdumpFile(path: string, folder: string): Promise<string | undefined> {
  const options = { stdout: "null", stderr: "null" } as const;
  let collector: Deno.ChildProcess;
  try {
    const args = ["-w", folder, "-b", "127.0.0.1", "-p", String(PORT), "-B", "8388608"];
    collector = new Deno.Command("nfcapd", { args: [...args, "-t", "86400"], ...options }).spawn();
  } catch {
    return undefined;
  }
  await sleep(1000);
  const sent = await replay(path);
  await sleep(2000);
  collector.kill("SIGTERM");
  await collector.status;
  const name = [...Deno.readDirSync(folder)].map((entry) => entry.name)
    .find((entry) => entry.startsWith("nfcapd."));
  if (name === undefined) throw new Error("nfcapd left no file");
  const { stdout } = await new Deno.Command("nfdump", { args: ["-r", `${folder}/${name}`, "-I"] })
    .output();
  const stored = Number(new TextDecoder().decode(stdout).match(/^Flows: (\d+)$/m)?.[1]);
  console.log(`nfdump's file: ${stored} of ${sent} flows`);
  return `${folder}/${name}`;
}
