import { ROOT } from "./bundle_program.ts";

/** No step takes longer than this, the first start on a slow disk included. */
const STEP_MS_MAX = 30_000;
/** Starts at the same time, when nothing is unpacked yet. */
const STARTS = 4;
const PACKETS = 5;
/** A file of this repository, and a packet with so many flows. */
const SAMPLE_FILE = `${ROOT}/fixtures/ft/v5-le-z.ft`;
const SAMPLE_PACKET = `${ROOT}/fixtures/pdu/v5-2.dat`;
const COUNT_OFFSET = 2;

/**
 * Tries an executable out as somebody has it who has nothing else: without PATH and HOME, and with
 * every way to the network but the loopback shut.
 *
 * @param executable The file
 * @returns What was tried, step by step
 * @throws {Error} A step fails
 */
export async function* smokeTest(executable: string): AsyncGenerator<string, void, undefined> {
  const folder = await Deno.makeTempDir({ prefix: "flowtools-smoke-" });
  try {
    const path = await Deno.realPath(executable);
    const first = await timed(() => run(path, ["--version"], folder));
    expect(first.text, /^flowtools \d+\.\d+\.\d+\n$/, "--version");
    const next = await timed(() => run(path, ["--version"], folder));
    yield `--version: ${first.ms} ms at the first start, ${next.ms} ms at the next`;

    const fresh = await Deno.makeTempDir({ dir: folder });
    const starts = await Promise.all(
      Array.from({ length: STARTS }, () => run(path, ["--version"], fresh)),
    );
    for (const text of starts) expect(text, /^flowtools /, "starts at the same time");
    yield `${STARTS} first starts at the same time`;

    yield* tryHelp(path, folder);

    const rows = (await run(path, ["print", "--format", "csv", SAMPLE_FILE], folder)).split("\n");
    const flows = rows.length - 2;
    const link = `${folder}/flow-print`;
    await Deno.symlink(path, link);
    const classic = await run(link, ["-f", "5", SAMPLE_FILE], folder);
    expect(classic, /SrcIPaddress/, "a link named flow-print");
    yield `print of a file: ${flows} flows; a link named flow-print`;

    yield* tryGroups(path, folder, flows);
    yield* tryCollector(path, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What is made from the table of flags. */
async function* tryHelp(path: string, folder: string): AsyncGenerator<string, void> {
  expect(await run(path, ["help"], folder), /^Usage: flowtools COMMAND /m, "help");
  expect(await run(path, ["help", "top"], folder), /^ +--order COUNTER/m, "help top");
  expect(await run(path, ["man", "top"], folder), /^\.TH "FLOWTOOLS\\-TOP" /, "man top");
  for (const shell of ["bash", "zsh", "fish"]) {
    const script = await run(path, ["completions", shell], folder);
    expect(script, /\brptfmt\b/, `completions ${shell}`);
  }
  yield "help, a man page, and completions of 3 shells";
}

/** What reads on several threads, and what draws. */
async function* tryGroups(
  path: string,
  folder: string,
  flows: number,
): AsyncGenerator<string, void> {
  const inputs = [SAMPLE_FILE, SAMPLE_FILE];
  const call = ["top", "--by", "prot", "--threads", "2", "--format", "json", ...inputs];
  const { total } = JSON.parse(await run(path, call, folder));
  if (total.flows !== flows * inputs.length) {
    throw new Error(`Two threads found ${total.flows} flows, expected ${flows * inputs.length}`);
  }
  const page = `${folder}/chart.html`;
  await run(path, ["plot", "--every", "1m", "-o", page, SAMPLE_FILE], folder);
  const html = await Deno.readTextFile(page);
  expect(html, /<style>[^]*\.uplot\b[^]*<\/style>/, "the style of a chart");
  expect(html, /<script[^>]*>[^]*uPlot[^]*<\/script>/, "the library of a chart");
  yield `top of ${total.flows} flows on 2 threads, a chart of ${html.length} bytes`;
}

async function* tryCollector(path: string, folder: string): AsyncGenerator<string, void> {
  const directory = `${folder}/flows`;
  await Deno.mkdir(directory);
  await using collector = new RunningCollector(path, directory, folder);
  const { port } = await collector.line(/"listening on /, /listening on udp \S+:(?<port>\d+) /);
  const { url } = await collector.line(/"url":/, /"url":"(?<url>[^"]+)"/);
  yield `the collector listens on port ${port}, its page is ${url}`;

  const packet = await Deno.readFile(SAMPLE_PACKET);
  const flows = PACKETS * new DataView(packet.buffer).getUint16(COUNT_OFFSET);
  using socket = closing(Deno.listenDatagram({
    transport: "udp",
    hostname: "127.0.0.1",
    port: 0,
  }));
  for (let at = 0; at < PACKETS; at++) {
    await socket.conn.send(packet, { transport: "udp", hostname: "127.0.0.1", port: Number(port) });
  }
  const page = await (await fetch(url)).text();
  expect(page, /<title>/, "the page");
  await until(async () => {
    const metrics = await (await fetch(new URL("/metrics", url))).text();
    return new RegExp(`^flowtools\\S*flows\\S*total\\S* ${flows}$`, "m").test(metrics);
  }, `the metrics never told of ${flows} flows`);
  yield `the page was read, and metrics of ${flows} flows`;

  const assets = [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, asset]) => asset);
  for (const asset of assets) {
    const response = await fetch(new URL(asset, url));
    const { length } = await response.text();
    if (response.status !== 200 || length === 0) throw new Error(`The page lacks ${asset}`);
  }
  if (assets.length === 0) throw new Error("The page has neither a script nor a style");
  await until(async () => {
    const answer = await fetch(new URL("/api/v1/query?keys=ip-protocol&source=files", url));
    const text = await answer.text();
    return answer.status === 200 && JSON.parse(text).total.flows === flows;
  }, `no query of the files ever found ${flows} flows`);
  yield `the ${assets.length} parts of the page are there, and a query found the flows in the file`;

  const code = await collector.stop();
  if (code !== 0) throw new Error(`The collector ended with ${code}:\n${collector.log.join("\n")}`);
  const stored = (await run(path, ["print", "--format", "ndjson", directory], folder))
    .trim().split("\n");
  if (stored.length !== flows) {
    throw new Error(`The file has ${stored.length} flows, expected ${flows}`);
  }
  yield `SIGTERM ended it, and ${flows} flows were read back from its file`;
}

/** What the environment of somebody who has nothing is; proxies that lead nowhere shut the network. */
function environment(cache: string): Record<string, string> {
  const nowhere = "http://127.0.0.1:9";
  return { TMPDIR: cache, NO_COLOR: "1", TZ: "UTC", HTTP_PROXY: nowhere, HTTPS_PROXY: nowhere };
}

function command(
  path: string,
  args: readonly string[],
  cache: string,
  options: Deno.CommandOptions,
): Deno.Command {
  return new Deno.Command(path, {
    args: [...args],
    cwd: cache,
    clearEnv: true,
    env: environment(cache),
    stdin: "null",
    stderr: "piped",
    ...options,
  });
}

/** Runs the executable to its end, and gives what it writes. */
async function run(path: string, args: readonly string[], cache: string): Promise<string> {
  const signal = AbortSignal.timeout(STEP_MS_MAX);
  const { code, stdout, stderr } = await command(path, args, cache, { stdout: "piped", signal })
    .output();
  const decoder = new TextDecoder();
  if (code !== 0) {
    throw new Error(`"${args.join(" ")}" ended with ${code}: ${decoder.decode(stderr)}`);
  }
  return decoder.decode(stdout);
}

/** The collector of the executable, at work. */
class RunningCollector implements AsyncDisposable {
  /** The lines of its log that were read. */
  readonly log: string[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #rest = "";

  constructor(path: string, directory: string, cache: string) {
    const args = ["capture", "-w", directory, "-N0", "--log-format", "json"];
    this.#child = command(path, [...args, "--http", "127.0.0.1:0", "127.0.0.1:0"], cache, {
      stdout: "null",
      signal: AbortSignal.timeout(STEP_MS_MAX),
    }).spawn();
    this.#lines = this.#child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Reads the log until a line matches, and gives what stands in it. */
  async line(pattern: RegExp, parts: RegExp): Promise<Record<string, string>> {
    for (;;) {
      const line = this.log.find((line) => pattern.test(line)) ?? await this.#next();
      if (line === undefined) throw new Error(`No line ${pattern} in:\n${this.log.join("\n")}`);
      const groups = pattern.test(line) ? line.match(parts)?.groups : undefined;
      if (groups !== undefined) return groups;
    }
  }

  /** Asks it to end, and gives its exit code. */
  async stop(): Promise<number> {
    this.#child.kill("SIGTERM");
    while (await this.#next() !== undefined);
    return (await this.#child.status).code;
  }

  async #next(): Promise<string | undefined> {
    while (!this.#rest.includes("\n")) {
      const { value, done } = await this.#lines.read();
      if (done) return undefined;
      this.#rest += value;
    }
    const end = this.#rest.indexOf("\n");
    this.log.push(this.#rest.slice(0, end));
    this.#rest = this.#rest.slice(end + 1);
    return this.log.at(-1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lines.cancel();
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended, as it should.
    }
    await this.#child.status;
  }
}

function closing(conn: Deno.DatagramConn): { readonly conn: Deno.DatagramConn } & Disposable {
  return { conn, [Symbol.dispose]: () => conn.close() };
}

async function until(done: () => Promise<boolean>, failure: string): Promise<void> {
  const end = performance.now() + STEP_MS_MAX;
  while (!(await done())) {
    if (performance.now() > end) throw new Error(failure);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function expect(text: string, pattern: RegExp, what: string): void {
  if (!pattern.test(text)) throw new Error(`${what}: got ${JSON.stringify(text.slice(0, 200))}`);
}

async function timed(work: () => Promise<string>): Promise<{ text: string; ms: number }> {
  const start = performance.now();
  const text = await work();
  return { text, ms: Math.round(performance.now() - start) };
}
