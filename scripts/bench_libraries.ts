/**
 * Measures the libraries on realistic v5 flows, rivals in the same run:
 *
 *     deno run -A scripts/bench_libraries.ts [FLOWS] [ROUNDS]
 *
 * Each measurement is a process of its own, so that memory is its own; the rounds go through all
 * of them in turn, so that a machine that slows down slows all of them down. The figures are
 * medians. pyflowtools takes part where `python3` can import `flowtools`.
 *
 * @module
 */
import { FlowBatch } from "@flowtools/flow-model";
import { findFtLayout } from "@flowtools/ft-format";
import { NATIVE_ZLIB, openFtFile } from "@flowtools/ft-format/deno";
import { FlowSet } from "@flowtools/flowset";
import { createPduRegistry, decodePduAt, PDU_CODECS, V5_CODEC } from "@flowtools/netflow-pdu";
import { makeWorkload } from "./make_workload.ts";
import { median } from "./timing.ts";
import { Workload } from "./workload.ts";

/** What a measurement says of itself, as one line of JSON. */
interface Figure {
  readonly flows: number;
  readonly seconds: number;
  readonly peakMegabytes: number;
}

const COLUMNS = ["srcaddr", "dOctets", "dPkts"] as const;
const BUFFER_BYTES = 1 << 18;

/** The measurements, by name; each returns the flows that it went through. */
const CASES: Readonly<Record<string, (plain: string, zlib: string) => Promise<number>>> = {
  "batches, plain": (plain) => readBatches(plain),
  "batches, zlib": (_, zlib) => readBatches(zlib),
  "bare inflate": (_, zlib) => bareInflate(zlib),
  "flows one by one": (plain) => readFlows(plain),
};

async function readBatches(path: string): Promise<number> {
  let flows = 0;
  let total = 0;
  await using set = await FlowSet.open(path);
  for await (const batch of set.batches({ columns: COLUMNS })) {
    const octets = batch.column("dOctets");
    for (let row = 0; row < batch.length; row++) total += octets[row];
    flows += batch.length;
  }
  if (total === 0) throw new Error("no octets: the file was not read");
  return flows;
}

async function readFlows(path: string): Promise<number> {
  let flows = 0;
  let total = 0;
  await using set = await FlowSet.open(path);
  for await (const flow of set) {
    total += flow.dOctets! + flow.srcaddr!.length + flow.dstaddr!.length;
    flows++;
  }
  if (total === 0) throw new Error("no octets: the file was not read");
  return flows;
}

/** What inflating costs when nothing is done with the bytes. */
async function bareInflate(path: string): Promise<number> {
  const headerSize = await (async () => {
    await using reader = await openFtFile(path);
    return reader.header.size;
  })();
  using file = Deno.openSync(path);
  file.seekSync(headerSize, Deno.SeekMode.Start);
  const inflater = NATIVE_ZLIB.createInflater();
  const input = new Uint8Array(BUFFER_BYTES);
  const output = new Uint8Array(BUFFER_BYTES);
  let bytes = 0;
  for (let length = file.readSync(input); length !== null; length = file.readSync(input)) {
    for (let read = 0, idle = false; read < length || !idle;) {
      const step = inflater.step(input, read, length - read, output, 0, output.length);
      read += step.read;
      bytes += step.written;
      idle = step.written < output.length;
      if (step.read === 0 && step.written === 0) break;
    }
  }
  inflater.close();
  return bytes / findFtLayout(5)!.size;
}

/** v5 packets of 30 flows into a pooled batch of eight columns. */
function decodePackets(flows: number): number {
  const registry = createPduRegistry(PDU_CODECS);
  const source = new FlowBatch({ capacity: 30 });
  const workload = new Workload();
  const inputs = Array.from({ length: 256 }, () => {
    source.reset();
    workload.fill(source, V5_CODEC.layouts.record.schema, 30);
    const packet = V5_CODEC.encode(source, 0, 30, {});
    const view = new DataView(packet.buffer);
    return { view, offset: 0, length: packet.length, exporter: 0x0a000001 };
  });
  const batch = new FlowBatch({
    columns: ["srcaddr", "dstaddr", "srcport", "dstport", "prot", "dPkts", "dOctets", "first"],
  });
  let decoded = 0;
  while (decoded < flows) {
    batch.reset();
    for (const input of inputs) decoded += decodePduAt(registry, input, batch).rows;
  }
  return decoded;
}

function peakMegabytes(): number {
  const status = Deno.readTextFileSync("/proc/self/status");
  return Number(status.match(/VmHWM:\s+(\d+)/)![1]) / 1024;
}

async function measureHere(name: string, plain: string, zlib: string): Promise<void> {
  const start = performance.now();
  const flows = name === "PDU decode" ? decodePackets(20_000_000) : await CASES[name](plain, zlib);
  const seconds = (performance.now() - start) / 1000;
  const figure: Figure = { flows, seconds, peakMegabytes: peakMegabytes() };
  console.log(JSON.stringify(figure));
}

const PYTHON = `
import json, resource, sys, time, flowtools
start = time.time()
flows = total = 0
for flow in flowtools.FlowSet(sys.argv[1]):
    total += flow.dOctets + len(flow.srcaddr) + len(flow.dstaddr)
    flows += 1
print(json.dumps({"flows": flows, "seconds": time.time() - start,
    "peakMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
`;

async function run(command: string, args: string[]): Promise<Figure | undefined> {
  const process = new Deno.Command(command, { args, stdout: "piped", stderr: "null" });
  const { success, stdout } = await process.output().catch(() => ({
    success: false,
    stdout: null,
  }));
  return success && stdout !== null ? JSON.parse(new TextDecoder().decode(stdout)) : undefined;
}

async function main(flows: number, rounds: number): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "flowtools-bench-" });
  const plain = `${folder}/plain.ft`;
  const zlib = `${folder}/zlib.ft`;
  await makeWorkload(plain, flows);
  await makeWorkload(zlib, flows, 1, 6);
  const self = new URL(import.meta.url).pathname;
  const here = (name: string) => () =>
    run(Deno.execPath(), ["run", "-A", self, "--case", name, plain, zlib]);
  const subjects = new Map<string, () => Promise<Figure | undefined>>([
    ...[...Object.keys(CASES), "PDU decode"].map((name) => [name, here(name)] as const),
    ["pyflowtools, flows one by one", () => run("python3", ["-c", PYTHON, plain])],
  ]);
  const figures = new Map<string, Figure[]>();
  for (let round = 0; round <= rounds; round++) {
    for (const [name, measure] of subjects) {
      const figure = await measure();
      // The first round fills the page cache.
      if (figure !== undefined && round > 0) {
        figures.set(name, [...(figures.get(name) ?? []), figure]);
      }
    }
  }
  console.log("| measurement | M flows/s (median) | seconds | min–max | peak memory |");
  console.log("| --- | --- | --- | --- | --- |");
  for (const [name, list] of figures) {
    const seconds = list.map((figure) => figure.seconds);
    const rate = median(list.map((figure) => figure.flows / figure.seconds / 1e6));
    const range = `${Math.min(...seconds).toFixed(2)}–${Math.max(...seconds).toFixed(2)}`;
    const peak = Math.max(...list.map((figure) => figure.peakMegabytes)).toFixed(0);
    console.log(
      `| ${name} | ${rate.toFixed(2)} | ${median(seconds).toFixed(2)} | ${range} | ${peak} MB |`,
    );
  }
  const seconds = (name: string) =>
    median(figures.get(name)?.map((figure) => figure.seconds) ?? []);
  const ratio = (a: string, b: string) => (seconds(a) / seconds(b)).toFixed(2);
  console.log(`\nzlib batches / bare inflate: ${ratio("batches, zlib", "bare inflate")}`);
  if (figures.has("pyflowtools, flows one by one")) {
    const times = ratio("pyflowtools, flows one by one", "flows one by one");
    console.log(`flows one by one, times pyflowtools' speed: ${times}`);
  } else {
    console.log("pyflowtools is not installed: no comparison");
  }
  await Deno.remove(folder, { recursive: true });
}

if (import.meta.main) {
  const [first, second, third, fourth] = Deno.args;
  if (first === "--case") await measureHere(second, third, fourth);
  else await main(Number(first ?? 5_000_000), Number(second ?? 5));
}
