/**
 * Lets the collector run for long under a load of many exporters, mixed versions and damaged packets,
 * with visitors on its page, and watches its memory:
 *
 *     deno run -A --unstable-net scripts/soak_collector.ts --minutes 30 --rate 3000 --plot docs/soak.svg
 *
 * Prints what was sent, stored and lost, and draws the memory over time.
 *
 * @module
 */
import { type Flag, parseFlags } from "@flowtools/common/flags";
import { FlowSet } from "@flowtools/flowset";
import { processFacts, socketFacts } from "./load/process_facts.ts";

const FLAGS: readonly Flag[] = [
  { name: "minutes", value: "N", range: [1, 10_000], doc: "How long (default: 30)" },
  { name: "rate", value: "N", range: [1, 1e6], doc: "Packets a second (default: 3000)" },
  { name: "plot", value: "FILE", doc: "Where to draw the memory as SVG (default: nowhere)" },
];

/** Requests that visitors make in turn, one each second. */
const REQUESTS = [
  "/api/v1/status",
  "/api/v1/top?by=source&minutes=5",
  "/api/v1/series?unit=bits&range=10m&stack=protocol",
  "/api/v1/exporters?limit=100",
  "/api/v1/files?limit=100",
  "/metrics",
];

const SAMPLE_MS = 5000;
const ROOT = new URL("../", import.meta.url).pathname;

interface Sample {
  readonly minutes: number;
  readonly megabytes: number;
}

function spawn(args: readonly string[], stdout: "piped" | "null"): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    stdin: "null",
    stdout,
    stderr: stdout === "piped" ? "inherit" : "piped",
  }).spawn();
}

/** Reads lines of a log until one has a match. */
async function waitFor(lines: AsyncIterator<string>, pattern: RegExp): Promise<RegExpMatchArray> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done) throw new Error(`The log has no ${pattern}`);
    const match = value.match(pattern);
    if (match !== null) return match;
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

/** Asks the page for something each second until it is told to stop. */
async function visit(url: string, signal: AbortSignal): Promise<{ asked: number; failed: number }> {
  let asked = 0;
  let failed = 0;
  while (!signal.aborted) {
    try {
      const response = await fetch(new URL(REQUESTS[asked % REQUESTS.length], url));
      await response.body?.cancel();
      if (!response.ok) failed++;
    } catch {
      failed++;
    }
    asked++;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  return { asked, failed };
}

async function countFlows(directory: string): Promise<number> {
  let flows = 0;
  for (const { name } of Deno.readDirSync(directory)) {
    if (!name.startsWith("ft-")) continue;
    await using set = await FlowSet.open(`${directory}/${name}`);
    for await (const batch of set.batches({ columns: [] })) flows += batch.length;
  }
  return flows;
}

function plot(samples: readonly Sample[]): string {
  const [width, height, left, bottom] = [720, 240, 48, 28];
  const highest = Math.ceil(Math.max(...samples.map(({ megabytes }) => megabytes)) / 50) * 50;
  const longest = samples.at(-1)?.minutes ?? 1;
  const x = (minutes: number) => left + minutes / longest * (width - left - 12);
  const y = (megabytes: number) => height - bottom - megabytes / highest * (height - bottom - 12);
  const points = samples.map(({ minutes, megabytes }) =>
    `${x(minutes).toFixed(1)},${y(megabytes).toFixed(1)}`
  );
  const marks = [0, highest / 2, highest].map((value) =>
    `<text x="${left - 6}" y="${y(value) + 4}" text-anchor="end">${value}</text>` +
    `<line x1="${left}" x2="${width - 12}" y1="${y(value)}" y2="${y(value)}" stroke="#ccc"/>`
  );
  const times = [0, 0.25, 0.5, 0.75, 1].map((share) =>
    `<text x="${x(share * longest)}" y="${height - 8}" text-anchor="${
      share === 1 ? "end" : "middle"
    }">` +
    `${Math.round(share * longest)} min</text>`
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ` +
    `font-family="sans-serif" font-size="12"><title>Memory of the collector, MB</title>` +
    `<rect width="100%" height="100%" fill="#fff"/>${marks.join("")}${times.join("")}` +
    `<polyline points="${
      points.join(" ")
    }" fill="none" stroke="#2563eb" stroke-width="1.5"/></svg>\n`;
}

if (import.meta.main) {
  const args = parseFlags(Deno.args, FLAGS);
  const minutes = args.number("minutes") ?? 30;
  const rate = args.number("rate") ?? 3000;
  const directory = await Deno.makeTempDir({ prefix: "flowtools-soak-" });
  const collector = spawn([
    ...["task", "-q", "collector", "-w", directory, "-n", "1439", "-N", "0", "-z", "1"],
    ...["--http", "127.0.0.1:0", "--log-format", "text", "127.0.0.1:0"],
  ], "null");
  const lines = linesOf(collector.stderr);
  const [, port] = await waitFor(lines, /listening on udp 127\.0\.0\.1:(\d+)/);
  const [, url] = await waitFor(lines, /(http:\/\/127\.0\.0\.1:\d+\/)/);
  let last = "";
  const log = (async () => {
    for await (const line of lines) last = line;
  })();
  const done = new AbortController();
  const visits = visit(url, done.signal);
  const sender = spawn([
    ...["run", "-A", "--unstable-net", "scripts/load/send.ts", "--rate", String(rate)],
    ...["--packets", String(rate * 60 * minutes), "--exporters", "200", "--versions", "mixed"],
    ...["--malformed", "1", `127.0.0.1:${port}`],
  ], "piped");
  const samples: Sample[] = [];
  const startedAt = performance.now();
  const { pid } = collector;
  const sampler = setInterval(() => {
    const elapsed = (performance.now() - startedAt) / 60_000;
    samples.push({ minutes: elapsed, megabytes: memoryOf(pid) });
  }, SAMPLE_MS);
  const report = JSON.parse(new TextDecoder().decode((await sender.output()).stdout));
  await new Promise((resolve) => setTimeout(resolve, 3000));
  clearInterval(sampler);
  done.abort();
  const { asked, failed } = await visits;
  const { drops } = socketFacts(Number(port));
  const { cpuSeconds, peakMegabytes } = processFacts(processOf(pid));
  collector.kill("SIGTERM");
  await log;
  await collector.status;
  const stored = await countFlows(directory);
  await Deno.remove(directory, { recursive: true });
  const from = samples.findIndex((sample) => sample.minutes >= minutes / 3);
  const middle = samples.slice(from, Math.ceil(samples.length * 2 / 3));
  const end = samples.slice(Math.ceil(samples.length * 2 / 3));
  const mean = (list: readonly Sample[]) =>
    list.reduce((sum, { megabytes }) => sum + megabytes, 0) / list.length;
  console.log([
    `${minutes} minutes, ${rate} packets/s of 200 exporters, mixed versions, 1 % damaged`,
    `sent ${report.packets} packets with ${report.flows} whole flows`,
    `stored ${stored} flows; the kernel dropped ${drops} packets`,
    `memory: ${mean(middle).toFixed(0)} MB in the second third, ${
      mean(end).toFixed(0)
    } MB in the ` +
    `last, ${peakMegabytes.toFixed(0)} MB at most; ${cpuSeconds.toFixed(0)} s of processor`,
    `${asked} requests to the page, ${failed} failed`,
    `last line of the log: ${last}`,
  ].join("\n"));
  const path = args.value("plot");
  if (path !== undefined) Deno.writeTextFileSync(path, plot(samples));
}

/** The collector itself, where the process started is the task runner. */
function processOf(pid: number): number {
  try {
    const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim();
    return children === "" ? pid : Number(children.split(" ")[0]);
  } catch {
    return pid;
  }
}

function memoryOf(pid: number): number {
  return processFacts(processOf(pid)).megabytes;
}
