/** The collector as its users have it: a real process, real UDP, real signals, files on disk. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { captureDirectory, FT_FLAGS, type FtHeader } from "@flowtools/ft-format";
import { FlowSet } from "@flowtools/flowset";
import { readText, ROOT } from "./files.ts";
import {
  flowtools,
  lines,
  namesOf,
  ROOT_PATH,
  taskArguments,
  temporaryDirectory,
} from "./programs.ts";

type Json = Record<string, unknown>;

interface Golden {
  readonly count: number;
  readonly flows: Json[];
}

const golden = (name: string): Golden => JSON.parse(readText(`fixtures/pdu/${name}.json`));
const packet = (name: string): Uint8Array<ArrayBuffer> =>
  Deno.readFileSync(new URL(`fixtures/pdu/${name}.dat`, ROOT));

/** A packet with another sequence number; all versions but 1 have it at the same place. */
function withSequence(name: string, sequence: number): Uint8Array<ArrayBuffer> {
  const bytes = packet(name);
  new DataView(bytes.buffer).setUint32(16, sequence);
  return bytes;
}

/** A running collector. */
class CollectorProcess implements AsyncDisposable {
  readonly log: string[] = [];
  #port = 0;
  readonly #child: Deno.ChildProcess;
  readonly #stderr: ReadableStreamDefaultReader<string>;
  readonly #socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  #rest = "";

  constructor(args: readonly string[]) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [...taskArguments("collector"), ...args],
      cwd: ROOT_PATH,
      env: { NO_COLOR: "1", TZ: "UTC" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#stderr = this.#child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  }

  static async start(args: readonly string[]): Promise<CollectorProcess> {
    const collector = new CollectorProcess(args);
    const line = await collector.waitFor(/listening on udp/);
    const [, port] = line.match(/listening on udp 127\.0\.0\.1:(\d+)$/) ?? [];
    collector.#port = Number(port);
    return collector;
  }

  /** Sends datagrams one by one, over the loopback, which keeps their order. */
  async send(payloads: readonly Uint8Array[]): Promise<void> {
    for (const payload of payloads) {
      const to = { transport: "udp", hostname: "127.0.0.1", port: this.#port } as const;
      await this.#socket.send(payload, to);
    }
  }

  /** Reads the log until a line matches. */
  async waitFor(pattern: RegExp): Promise<string> {
    for (;;) {
      const line = await this.#nextLine();
      if (line === undefined) throw new Error(`no line ${pattern} in:\n${this.log.join("\n")}`);
      if (pattern.test(line)) return line;
    }
  }

  /** Signals it to end, reads the log to its end, and returns the exit code. */
  async stop(...signals: Deno.Signal[]): Promise<number> {
    for (const signal of signals) this.#child.kill(signal);
    while (await this.#nextLine() !== undefined);
    const { code, signal } = await this.#child.status;
    assertEquals(signal, null, this.log.join("\n"));
    return code;
  }

  async #nextLine(): Promise<string | undefined> {
    while (!this.#rest.includes("\n")) {
      const { value, done } = await this.#stderr.read();
      if (done) return undefined;
      this.#rest += value;
    }
    const end = this.#rest.indexOf("\n");
    const line = this.#rest.slice(0, end);
    this.#rest = this.#rest.slice(end + 1);
    this.log.push(line);
    return line;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended, as it should.
    }
    await this.#stderr.cancel();
    await this.#child.status;
  }
}

/** Every file below a directory, relative to it, sorted. */
function filesBelow(directory: string, prefix = ""): string[] {
  return [...Deno.readDirSync(directory)].flatMap((entry) =>
    entry.isDirectory
      ? filesBelow(`${directory}/${entry.name}`, `${prefix}${entry.name}/`)
      : [prefix + entry.name]
  ).toSorted();
}

interface Stored {
  readonly header: FtHeader;
  readonly flows: Json[];
}

/** The stored flows by version, as the names of the files tell it. */
async function readStored(directory: string, paths: string[]): Promise<Map<string, Stored>> {
  const stored = new Map<string, Stored>();
  for (const path of paths) {
    const match = path.match(
      /^(.*)\/ft-(v\d\d(?:m\d\d)?)\.(\d{4}-\d\d-\d\d)\.(\d\d)(\d\d)(\d\d)\+0000$/,
    );
    assert(match !== null, `${path} is no name of flow-capture's`);
    const [, folder, label, day, hours, minutes, seconds] = match;
    const time = new Date(`${day}T${hours}:${minutes}:${seconds}Z`);
    assertEquals(folder, captureDirectory(3, time, 0));
    await using set = await FlowSet.open(`${directory}/${path}`);
    assertEquals(set.header.captureStart, time.getTime() / 1000);
    const flows: Json[] = [];
    for await (const flow of set) flows.push({ ...flow.toObject() });
    assert(!stored.has(label), `two files of ${label}`);
    stored.set(label, { header: set.header, flows });
  }
  return stored;
}

/** The stored flows must say what the golden flows say, in their order. */
function assertFlows(stored: Stored | undefined, expected: readonly Json[]): void {
  assert(stored !== undefined);
  assertEquals(stored.flows.length, expected.length);
  for (const [index, flow] of stored.flows.entries()) {
    for (const [name, value] of Object.entries(expected[index])) {
      // Files of 8.10 store the interfaces but do not list them: see fixtures/QUIRKS.md.
      if (name in flow || !["input", "output"].includes(name)) {
        assertEquals(flow[name], value, name);
      }
    }
    assertEquals(flow.exaddr, "127.0.0.1");
  }
}

/** `v8.14-2` is stored in files of `v08m14`. */
function fileLabel(name: string): string {
  const [version, method] = name.slice(1).split("-")[0].split(".");
  return `v${version.padStart(2, "0")}` +
    (method === undefined ? "" : `m${method.padStart(2, "0")}`);
}

/** Packets whose versions are not tested for loss: one or more of every version but 5. */
const OTHERS = namesOf("fixtures/pdu").filter((name) => name.endsWith(".dat"))
  .map((name) => name.replace(".dat", ""))
  .filter((name) => !name.startsWith("v5-") && name.endsWith("-1"));

for (const signals of [["SIGTERM"], ["SIGINT"], ["SIGTERM", "SIGTERM", "SIGINT"]] as const) {
  Deno.test({
    name: `the collector stores what comes, and finishes on ${signals.join(", ")}`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      await using folder = temporaryDirectory();
      const directory = `${folder.path}/flows`;
      // One file a day, so that no rotation falls into the test.
      const args = ["-w", directory, "-n", "0", "-C", "a test", "127.0.0.1:0"];
      await using collector = await CollectorProcess.start(args);
      const full = golden("v5-2");
      const lost = 45;
      const kept = 7;
      await collector.send([
        withSequence("v5-2", 1000),
        withSequence("v5-2", 1000 + full.count + lost),
        ...OTHERS.map(packet),
        withSequence("v5-2", 1000 + 2 * full.count + lost).slice(0, 24 + 48 * kept + 5),
        new TextEncoder().encode("this is no export packet"),
      ]);
      // The last packet is logged, so all before it have come.
      await collector.waitFor(/no codec is registered for version 29800/);
      assertEquals(await collector.stop(...signals), 0);

      const paths = filesBelow(directory);
      const labels = ["v05", ...OTHERS.map(fileLabel)].toSorted();
      const stored = await readStored(directory, paths);
      assertEquals([...stored.keys()].toSorted(), labels);
      for (const name of OTHERS) assertFlows(stored.get(fileLabel(name)), golden(name).flows);
      const v5 = stored.get("v05");
      assertFlows(v5, [...full.flows, ...full.flows, ...full.flows.slice(0, kept)]);

      for (const { header, flows } of stored.values()) {
        assertEquals(header.hostname, Deno.hostname());
        assertEquals(header.comments, "a test");
        assertEquals(header.flags, FT_FLAGS.DONE | FT_FLAGS.COMPRESS);
        assertEquals(header.flowCount, flows.length);
        assertEquals(header.corrupt, 2);
        assert(header.captureStart! <= header.captureEnd!);
      }
      assertEquals(v5?.header.lost, lost);

      const flows = [...stored.values()].reduce((sum, file) => sum + file.flows.length, 0);
      const last = collector.log.at(-1)!;
      assertMatch(last, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z stopped: /);
      assertStringIncludes(last, ` packets=${OTHERS.length + 4} flows=${flows} failed=0 `);
      assertStringIncludes(last, ` lost=${lost} `);
      assertStringIncludes(last, " short-datagram=1 unknown-version=1");
      for (const path of paths) {
        const line = collector.log.find((line) => line.includes(`wrote ${directory}/${path}: `));
        assertMatch(line ?? "", /: \d+ flows$/);
      }
    },
  });
}

Deno.test("the collector lets in one exporter only, and counts the others", async () => {
  await using folder = temporaryDirectory();
  const args = ["-w", folder.path, "-z0", "-N0", "127.0.0.1/192.0.2.1/0"];
  await using collector = await CollectorProcess.start(args);
  await collector.send(Array.from({ length: 5 }, () => packet("v5-1")));
  // Three of a kind are logged at most; the fourth and fifth are only counted.
  for (let i = 0; i < 3; i++) await collector.waitFor(/127\.0\.0\.1 is not 192\.0\.2\.1/);
  assertEquals(await collector.stop("SIGTERM"), 0);
  assertEquals(filesBelow(folder.path), []);
  assertMatch(collector.log.at(-1)!, /flows=0 failed=0 not-allowed=[345] /);
});

Deno.test("files of the collector are what the command line reads", async () => {
  await using folder = temporaryDirectory();
  const args = ["-w", folder.path, "-n0", "-N-1", "-z0", "-b", "big", "127.0.0.1/127.0.0.1/0"];
  await using collector = await CollectorProcess.start(args);
  await collector.send([packet("v7-2"), Uint8Array.of(0, 5)]);
  await collector.waitFor(/2 bytes/);
  assertEquals(await collector.stop("SIGTERM"), 0);
  const [path] = filesBelow(folder.path);
  assertMatch(path, /^\d{4}-\d\d-\d\d\/ft-v07\.\d{4}-\d\d-\d\d\.\d{6}\+0000$/);
  const { flows } = golden("v7-2");
  const print = await flowtools(["print", "--format", "ndjson", folder.path]);
  assertEquals([print.code, lines(print.stdout).length], [0, flows.length]);
  const header = await flowtools(["header", folder.path]);
  assertStringIncludes(header.stdout, "# byte order:           big\n");
  assertStringIncludes(header.stdout, "# compress:             off\n");
  assertStringIncludes(header.stdout, "# corrupt packets:      1\n");
  assertStringIncludes(header.stdout, `# capture flows:        ${flows.length}\n`);
});

/** Runs the collector to its end, where it ends by itself. */
async function refuse(args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...taskArguments("collector"), ...args],
    cwd: ROOT_PATH,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("the collector exits with 2 when it is called wrongly", async () => {
  await using folder = temporaryDirectory();
  const taken = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  const [missing, unknown, busy, help] = await Promise.all([
    refuse([]),
    refuse(["-w", folder.path, "-x"]),
    refuse(["-w", folder.path, `127.0.0.1:${port}`]),
    refuse(["--help"]),
  ]);
  taken.close();
  assertEquals([missing.code, unknown.code, busy.code, help.code], [2, 2, 2, 0]);
  assertStringIncludes(missing.stderr, "collector: -w DIR is missing\n\nUsage: collector -w DIR");
  assertStringIncludes(unknown.stderr, "collector: unknown flag -x\n");
  assertStringIncludes(busy.stderr, `collector: cannot listen on udp 127.0.0.1:${port}: `);
  assertStringIncludes(help.stdout, "Usage: collector -w DIR");
});
