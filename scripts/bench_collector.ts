/**
 * Measures the collector beside nfcapd and flow-capture, each as a process of its own, sender and
 * receiver on the same machine, and prints one table. It takes some twenty minutes.
 *
 *     deno run -A --unstable-net scripts/bench_collector.ts [--quick] [--jobs abc] [--directory DIR]
 *
 * The jobs are (a) 300,000 packets of 30 flows as fast as the sender can, (b) 50,000 packets a
 * second for a minute to compressed files, (c) the highest rate at which nothing is lost, (d) 40,000
 * IPFIX packets of 24 records of 20 fields a second for a minute. What was lost is not what a receiver says: the kernel tells its drops, and the files are read back.
 *
 * @module
 */
import { type Flag, parseFlags, UsageError } from "@flowtools/common/flags";
import type { LoadReport } from "./load/generator.ts";
import { type ProcessFacts, processFacts, socketFacts } from "./load/process_facts.ts";
import { type Compression, isInstalled, type Receiver, RECEIVERS } from "./load/receivers.ts";

const FLAGS: readonly Flag[] = [
  { name: "quick", doc: "A few seconds a job: shows that everything works, measures nothing" },
  { name: "directory", value: "DIR", doc: "Where files go (default: the system's for such)" },
  { name: "jobs", value: "LETTERS", doc: "Which of a, b, c and d (default: abcd)" },
  { name: "only", value: "NAMES", doc: "Receivers whose names begin so, separated by commas" },
];

const SEND = new URL("./load/send.ts", import.meta.url).pathname;

/** How long a receiver may take to open its socket, and to end. */
const START_MS = 15_000;
const END_MS = 120_000;

/** How long a socket must have been empty before its receiver is told to end. */
const IDLE_MS = 1000;

/** What a receiver gets first where its highest rate is looked for: nobody starts at that. */
const WARM_UP: Load = { packets: 3000, rate: 1000 };

/** A rate that the sender misses by more than this was not tried. */
const RATE_TOLERANCE = 0.03;

/** The highest lossless rate is found to within this share. */
const RATE_STEP = 1.05;
/** Rates tried at first: each so much more than the one before. */
const RATE_STRIDE = 1.3;

/** How large the jobs are. */
interface Sizes {
  readonly burstPackets: number;
  readonly rounds: number;
  readonly steadySeconds: number;
  readonly rateSeconds: number;
  readonly rateFirst: number;
  readonly rateStride: number;
  readonly rateStep: number;
}

const FULL: Sizes = {
  burstPackets: 300_000,
  rounds: 3,
  steadySeconds: 60,
  rateSeconds: 5,
  rateFirst: 50_000,
  rateStride: RATE_STRIDE,
  rateStep: RATE_STEP,
};

const QUICK: Sizes = {
  burstPackets: 30_000,
  rounds: 1,
  steadySeconds: 2,
  rateSeconds: 1,
  rateFirst: 50_000,
  rateStride: 2,
  rateStep: 1.5,
};

/** What is sent. */
interface Load {
  readonly packets: number;
  /** Packets a second; 0 for as many as possible. */
  readonly rate: number;
  /** What the packets are; default v5. */
  readonly versions?: "v5" | "ipfix";
}

/** One receiver under loads, one after the other. */
interface Trial {
  /** What was sent; the last is what matters. */
  readonly reports: readonly LoadReport[];
  /** Packets that the kernel dropped. */
  readonly drops: number;
  /** Flows in the files. */
  readonly stored: number;
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
}

/** Packets a second that were really sent. */
function rateOf({ reports }: Trial): number {
  const { packets, seconds } = reports.at(-1)!;
  return packets / seconds;
}

function sentOf({ reports }: Trial, what: "packets" | "flows"): number {
  return reports.reduce((sum, report) => sum + report[what], 0);
}

function lostOf(trial: Trial): number {
  return sentOf(trial, "flows") - trial.stored;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Runs receivers, each time with a directory of its own. */
class Bench {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Runs a receiver while loads are sent, ends it, and counts what it stored. */
  async trial(
    receiver: Receiver,
    compression: Compression,
    ...loads: readonly Load[]
  ): Promise<Trial> {
    const directory = await Deno.makeTempDir({ dir: this.#directory, prefix: "bench-" });
    const port = freePort();
    const [program, ...args] = receiver.command(directory, port, compression);
    const quiet = { stdin: "null", stdout: "null", stderr: "null" } as const;
    const child = new Deno.Command(program, { args, ...quiet }).spawn();
    try {
      await until(() => socketFacts(port).open, START_MS, `${receiver.name} opens its socket`);
      // What it does at its start is no part of the measurement.
      await sleep(IDLE_MS);
      const before = processFacts(child.pid);
      const reports: LoadReport[] = [];
      for (const load of loads) reports.push(await send(load, port));
      await untilIdle(port);
      const { drops } = socketFacts(port);
      const facts = processFacts(child.pid);
      child.kill("SIGTERM");
      const { cpuSeconds, peakMegabytes } = await factsUntilEnd(child, facts);
      const stored = await receiver.count(directory);
      return {
        reports,
        drops,
        stored,
        cpuSeconds: cpuSeconds - before.cpuSeconds,
        peakMegabytes,
      };
    } catch (error) {
      child.kill("SIGKILL");
      await child.status;
      throw error;
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  }

  /** The highest rate at which nothing is lost, and whether it is the sender that has no more. */
  async highestRate(receiver: Receiver, sizes: Sizes): Promise<{ best?: Trial; limit: boolean }> {
    let best: Trial | undefined;
    let low = 0;
    let high = Infinity;
    for (let rate = sizes.rateFirst; high / low > sizes.rateStep;) {
      const load = { packets: rate * sizes.rateSeconds, rate };
      const trial = await this.trial(receiver, "plain", WARM_UP, load);
      const lossless = lostOf(trial) === 0;
      note(`${receiver.name} at ${thousands(rateOf(trial))}/s: ${lostOf(trial)} flows lost`);
      if (lossless) best = trial;
      const reached = rateOf(trial) >= rate * (1 - RATE_TOLERANCE);
      if (lossless && !reached) return { best, limit: true };
      if (lossless) low = rate;
      else high = rate;
      // Down to a packet a second, but never on and on.
      if (low === 0 && rate < 100) return { limit: false };
      rate = Math.round(
        high === Infinity
          ? low * sizes.rateStride
          : low === 0
          ? high / sizes.rateStride
          : Math.sqrt(low * high),
      );
    }
    return { best, limit: false };
  }
}

/** A UDP port of this machine that nobody uses at the moment. */
function freePort(): number {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = socket.addr as Deno.NetAddr;
  socket.close();
  return port;
}

/** Sends a load with a process of its own. */
async function send(
  { packets, rate, versions = "v5" }: Load,
  port: number,
): Promise<LoadReport> {
  const load = ["--packets", String(packets), "--rate", String(rate), "--versions", versions];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", SEND, ...load, `127.0.0.1:${port}`],
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`the sender failed: ${decoder.decode(stderr)}`);
  return JSON.parse(decoder.decode(stdout));
}

async function until(holds: () => boolean, ms: number, what: string): Promise<void> {
  const latest = performance.now() + ms;
  while (!holds()) {
    if (performance.now() > latest) throw new Error(`waited ${ms} ms in vain: ${what}`);
    await sleep(50);
  }
}

/** Waits until a socket has been empty for a while. */
async function untilIdle(port: number): Promise<void> {
  let emptySince = performance.now();
  await until(
    () => {
      if (socketFacts(port).waiting > 0) emptySince = performance.now();
      return performance.now() - emptySince >= IDLE_MS;
    },
    END_MS,
    "the receiver takes what has arrived",
  );
}

/** Looks at a process that was told to end until it has: the last look counts. */
async function factsUntilEnd(child: Deno.ChildProcess, first: ProcessFacts): Promise<ProcessFacts> {
  const kill = setTimeout(() => child.kill("SIGKILL"), END_MS);
  let ended = false;
  child.status.then(() => ended = true);
  let facts = first;
  while (!ended) {
    const now = processFacts(child.pid);
    // One that has ended, but was not waited for, has no memory any more; then there is nothing.
    if (now.peakMegabytes > 0) facts = now;
    await sleep(20);
  }
  clearTimeout(kill);
  return facts;
}

const COLUMNS = [
  "job",
  "collector",
  "packets/s",
  "packets sent",
  "dropped by the kernel",
  "flows stored",
  "flows lost",
  "lost elsewhere",
  "CPU",
  "memory",
] as const;

function row(job: string, name: string, trials: readonly Trial[], rate?: string): string[] {
  const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];
  const total = (of: (trial: Trial) => number) => trials.reduce((sum, trial) => sum + of(trial), 0);
  const drops = total((trial) => trial.drops);
  const lost = total(lostOf);
  const sent = total((trial) => sentOf(trial, "packets"));
  const packetFlows = total((trial) => sentOf(trial, "flows")) / sent;
  return [
    job,
    name,
    rate ?? thousands(median(trials.map(rateOf))),
    thousands(sent),
    thousands(drops),
    thousands(total(({ stored }) => stored)),
    thousands(lost),
    // Lost behind the socket: neither did the kernel drop it nor does a file have it.
    thousands(lost - drops * packetFlows),
    `${median(trials.map(({ cpuSeconds }) => cpuSeconds)).toFixed(2)} s`,
    `${Math.round(Math.max(...trials.map(({ peakMegabytes }) => peakMegabytes)))} MB`,
  ];
}

function thousands(count: number): string {
  return Math.round(count).toLocaleString("en");
}

/** Tells on standard error how far it is; the table is all that standard output gets. */
function note(text: string): void {
  console.error(text);
}

async function runJobs(
  bench: Bench,
  receivers: readonly Receiver[],
  jobs: string,
  sizes: Sizes,
): Promise<string[][]> {
  const rows: string[][] = [];
  if (jobs.includes("a")) {
    const title = `(a) ${thousands(sizes.burstPackets)} packets at once`;
    const compared = receivers.filter((receiver) => receiver.jobs.includes("a"));
    const trials = compared.map((): Trial[] => []);
    // In turn, so that a machine that slows down slows all of them down.
    for (let round = 0; round < sizes.rounds; round++) {
      for (const [index, receiver] of compared.entries()) {
        note(`${title}: ${receiver.name}`);
        const load = { packets: sizes.burstPackets, rate: 0 };
        trials[index].push(await bench.trial(receiver, "plain", load));
      }
    }
    rows.push(...compared.map(({ name }, index) => row(title, name, trials[index])));
  }
  if (jobs.includes("b")) {
    const rate = 50_000;
    const title = `(b) ${thousands(rate)}/s for ${sizes.steadySeconds} s`;
    for (const receiver of receivers.filter((receiver) => receiver.jobs.includes("b"))) {
      for (const compression of receiver.compressions.filter((name) => name !== "plain")) {
        note(`${title}: ${receiver.name}, ${compression}`);
        const load = { packets: rate * sizes.steadySeconds, rate };
        const trial = await bench.trial(receiver, compression, load);
        rows.push(row(title, `${receiver.name}, ${compression}`, [trial]));
      }
    }
  }
  if (jobs.includes("c")) {
    const title = `(c) highest rate without loss, ${sizes.rateSeconds} s`;
    for (const receiver of receivers.filter((receiver) => receiver.jobs.includes("c"))) {
      const { best, limit } = await bench.highestRate(receiver, sizes);
      if (best === undefined) rows.push([title, receiver.name, "none", "", "", "", "", "", "", ""]);
      else {
        const rate = `${limit ? "≥ " : ""}${thousands(rateOf(best))}`;
        rows.push(row(title, receiver.name, [best], rate));
      }
    }
  }
  if (jobs.includes("d")) {
    const rate = 40_000;
    const title = `(d) ${thousands(rate)}/s of IPFIX for ${sizes.steadySeconds} s`;
    for (const receiver of receivers.filter((receiver) => receiver.jobs.includes("d"))) {
      note(`${title}: ${receiver.name}`);
      const load = { packets: rate * sizes.steadySeconds, rate, versions: "ipfix" } as const;
      rows.push(row(title, receiver.name, [await bench.trial(receiver, "plain", load)]));
    }
  }
  return rows;
}

function table(rows: readonly (readonly string[])[]): string {
  const all = [COLUMNS, ...rows];
  const widths = COLUMNS.map((_, column) => Math.max(...all.map((cells) => cells[column].length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
  const rule = line(widths.map((width) => "-".repeat(width)));
  return [line(COLUMNS), rule, ...rows.map(line)].join("\n");
}

async function main(): Promise<void> {
  const args = parseFlags(Deno.args, FLAGS);
  const names = args.value("only")?.split(",");
  const receivers: Receiver[] = [];
  for (const receiver of RECEIVERS) {
    if (names !== undefined && !names.some((name) => receiver.name.startsWith(name))) continue;
    if (await isInstalled(receiver.program)) receivers.push(receiver);
    else note(`${receiver.program} is not installed: no comparison`);
  }
  const directory = await Deno.makeTempDir({ dir: args.value("directory"), prefix: "flowtools-" });
  try {
    const [busy] = Deno.loadavg();
    if (busy > 0.3) note(`the machine is busy (load ${busy.toFixed(1)}): figures will be too low`);
    const sizes = args.on("quick") ? QUICK : FULL;
    const rows = await runJobs(
      new Bench(directory),
      receivers,
      args.value("jobs") ?? "abcd",
      sizes,
    );
    console.log(table(rows));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`bench_collector: ${error.message}`);
    Deno.exit(2);
  }
}
