/** The collector as its users have it: a real process, real UDP, real signals, files on disk. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { captureDirectory, FT_FLAGS, type FtHeader } from "@flowtools/ft-format";
import { FlowSet } from "@flowtools/flowset";
import {
  CollectorProcess,
  filesBelow,
  goldenPacket,
  packet,
  withSequence,
} from "./collector_process.ts";
import {
  flowtools,
  lines,
  namesOf,
  ROOT_PATH,
  taskArguments,
  temporaryDirectory,
} from "./programs.ts";

type Json = Record<string, unknown>;

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

/** The page is tested elsewhere: without it a collector is up sooner. */
const NO_PAGE = ["--http", "off"];

const STOP_SIGNALS = [
  ["SIGTERM"],
  ["SIGINT"],
  ["SIGQUIT"],
  ["SIGTERM", "SIGTERM", "SIGINT"],
] as const;

for (const signals of STOP_SIGNALS) {
  Deno.test({
    name: `the collector stores what comes, and finishes on ${signals.join(", ")}`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      await using folder = temporaryDirectory();
      const directory = folder.path;
      // One file a day, so that no rotation falls into the test.
      const args = ["-w", directory, "-n", "0", "-C", "a test", ...NO_PAGE, "127.0.0.1:0"];
      await using collector = await CollectorProcess.start(args);
      const full = goldenPacket("v5-2");
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
      const trouble = await collector.waitForMessage(/no codec is registered for version 29800/);
      assertEquals([trouble.level, trouble.reason], ["warn", "unknown-version"]);
      assertEquals(await collector.stop(...signals), 0);

      const paths = filesBelow(directory);
      const labels = ["v05", ...OTHERS.map(fileLabel)].toSorted();
      const stored = await readStored(directory, paths);
      assertEquals([...stored.keys()].toSorted(), labels);
      for (const name of OTHERS) assertFlows(stored.get(fileLabel(name)), goldenPacket(name).flows);
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
      const { time, level, message, ...facts } = collector.lines.at(-1)!;
      assertEquals([level, message], ["info", "stopped"]);
      assertMatch(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assertEquals(facts, {
        packets: OTHERS.length + 4,
        flows,
        lost,
        "malformed-short-datagram": 1,
        "malformed-unknown-version": 1,
        "files-done": flows,
      });
      const complete = collector.lines.filter((line) => line.message === "file complete");
      assertEquals(
        complete.map(({ path, flows, bytes }) => ({ path, flows, bytes }))
          .toSorted((a, b) => String(a.path) < String(b.path) ? -1 : 1),
        paths.map((path) => ({
          path: `${directory}/${path}`,
          flows: stored.get(path.match(/ft-(v[^.]+)/)![1])!.flows.length,
          bytes: Deno.statSync(`${directory}/${path}`).size,
        })),
      );
      const stopping = collector.lines.filter((line) => line.message.startsWith("stopping: "));
      // Which of several signals comes first is up to the kernel.
      assertEquals(stopping.length, 1);
      assert(
        (signals as readonly string[]).includes(stopping[0].message.slice("stopping: ".length)),
      );
    },
  });
}

Deno.test({
  name: "the collector ends at once where it is told a second time",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = temporaryDirectory();
    // The program that is run for the file takes longer than the test.
    const slow = `${folder.path}/slow`;
    await Deno.writeTextFile(slow, "#!/bin/sh\nexec sleep 20 2>/dev/null\n");
    await Deno.chmod(slow, 0o755);
    await Deno.mkdir(`${folder.path}/flows`);
    const args = ["-w", `${folder.path}/flows`, "-N0", "-R", slow, "--drain-seconds", "60"];
    const task = taskArguments("collector");
    // Deno lets one program be named only where nothing like LD_LIBRARY_PATH is set.
    const program = [...task.slice(0, -1), "--allow-run", task.at(-1)!];
    await using collector = await CollectorProcess.start(
      [...args, ...NO_PAGE, "127.0.0.1:0"],
      { program },
    );
    await collector.send([packet("v5-1"), Uint8Array.of(0, 5)]);
    await collector.waitForMessage(/2 bytes/);
    collector.kill("SIGTERM");
    await collector.waitForMessage(/^file complete$/);
    // Within half a second a further signal is taken for the same request.
    await new Promise((resolve) => setTimeout(resolve, 600));
    assertEquals(await collector.stop("SIGTERM"), 1);
    const { level, message, flows } = collector.lines.at(-1)!;
    assertEquals([level, message], ["warn", "SIGTERM came again: ending at once"]);
    assertEquals(flows, goldenPacket("v5-1").count);
    assertEquals(filesBelow(`${folder.path}/flows`).length, 1);
  },
});

Deno.test({
  name: "SIGHUP ends the file and reads the filter anew",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = temporaryDirectory();
    const { flows } = goldenPacket("v5-2");
    const protocols = [...new Set(flows.map(({ prot }) => Number(prot)))];
    const count = (protocol: number) => flows.filter(({ prot }) => prot === protocol).length;
    assert(protocols.length >= 2, "the packet must tell filters apart");
    const filter = `${folder.path}/filter.cfg`;
    const permit = (protocol: number) =>
      Deno.writeTextFile(
        filter,
        `filter-primitive one\n  type ip-protocol\n  permit ${protocol}\n` +
          "filter-definition one\n  match ip-protocol one\n",
      );
    await permit(protocols[0]);
    const directory = `${folder.path}/flows`;
    await Deno.mkdir(directory);
    const args = ["-w", directory, "-N0", "-n0", "-f", filter, "-F", "one", ...NO_PAGE];
    await using collector = await CollectorProcess.start([...args, "127.0.0.1:0"]);
    await collector.send([withSequence("v5-2", 0), Uint8Array.of(0, 5)]);
    await collector.waitForMessage(/2 bytes/);
    // Flows are held back for a moment: only what the sink has is in the file that ends.
    await untilFiles(directory, 1);
    await permit(protocols[1]);
    collector.kill("SIGHUP");
    const first = await collector.waitForMessage(/^file complete$/);
    assertEquals(first.flows, count(protocols[0]));
    await collector.waitForMessage(/^read filter, tags and translation anew$/);
    await collector.send([withSequence("v5-2", flows.length), Uint8Array.of(0, 5, 0)]);
    await collector.waitForMessage(/3 bytes/);
    await untilFiles(directory, 2);
    // A filter that is wrong leaves the former one in place.
    await Deno.writeTextFile(filter, "filter-definition\n");
    collector.kill("SIGHUP");
    const second = await collector.waitForMessage(/^file complete$/);
    assertEquals(second.flows, count(protocols[1]));
    const stays = await collector.waitForMessage(/^the former filter, tags and translation stay: /);
    assertEquals([stays.level, stays.reason], ["warn", "reload"]);
    assertEquals(await collector.stop("SIGTERM"), 0);
    assertEquals(filesBelow(directory).length, 2);
    const last = collector.lines.at(-1)!;
    assertEquals(last["files-done"], count(protocols[0]) + count(protocols[1]));
    assertEquals(
      last["files-filtered"],
      2 * flows.length - count(protocols[0]) - count(protocols[1]),
    );
  },
});

/** Waits until there are so many files: one is begun when its first flows are handed over. */
async function untilFiles(directory: string, count: number): Promise<void> {
  for (let looks = 0; looks < 200; looks++) {
    if (filesBelow(directory).length >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`there are ${filesBelow(directory).length} files, expected ${count}`);
}

Deno.test("the collector lets in one exporter only, and counts the others", async () => {
  await using folder = temporaryDirectory();
  const args = ["-w", folder.path, "-z0", "-N0", "--log-format", "text", ...NO_PAGE];
  await using collector = await CollectorProcess.start([...args, "127.0.0.1/192.0.2.1/0"]);
  await collector.send(Array.from({ length: 5 }, () => packet("v5-1")));
  // Three of a kind are logged at most; the fourth and fifth are only counted.
  for (let i = 0; i < 3; i++) await collector.waitFor(/127\.0\.0\.1 is not 192\.0\.2\.1/);
  assertEquals(await collector.stop("SIGTERM"), 0);
  assertEquals(filesBelow(folder.path), []);
  assertMatch(
    collector.log.at(-1)!,
    /^\d{4}-\d\d-\d\dT[\d:.]+Z stopped packets=5 flows=0 not-allowed=5 files-done=0$/,
  );
});

Deno.test("the collector lets in whom --allow names", async () => {
  await using folder = temporaryDirectory();
  const args = ["-w", folder.path, "-N0", "--allow", "192.0.2.0/24", "--allow", "127.0.0.0/8"];
  await using collector = await CollectorProcess.start([...args, ...NO_PAGE, "127.0.0.1:0"]);
  await collector.send([packet("v5-1"), Uint8Array.of(0, 5)]);
  await collector.waitForMessage(/2 bytes/);
  assertEquals(await collector.stop("SIGTERM"), 0);
  assertEquals(collector.lines.at(-1)?.["files-done"], goldenPacket("v5-1").count);
});

Deno.test("files of the collector are what the command line reads", async () => {
  await using folder = temporaryDirectory();
  const args = ["-w", folder.path, "-n0", "-N-1", "-z0", "-b", "big", ...NO_PAGE];
  await using collector = await CollectorProcess.start([...args, "127.0.0.1/127.0.0.1/0"]);
  await collector.send([packet("v7-2"), Uint8Array.of(0, 5)]);
  await collector.waitFor(/2 bytes/);
  assertEquals(await collector.stop("SIGTERM"), 0);
  const [path] = filesBelow(folder.path);
  assertMatch(path, /^\d{4}-\d\d-\d\d\/ft-v07\.\d{4}-\d\d-\d\d\.\d{6}\+0000$/);
  const { flows } = goldenPacket("v7-2");
  const print = await flowtools(["print", "--format", "ndjson", folder.path]);
  assertEquals([print.code, lines(print.stdout).length], [0, flows.length]);
  const header = await flowtools(["header", folder.path]);
  assertStringIncludes(header.stdout, "# byte order:           big\n");
  assertStringIncludes(header.stdout, "# compress:             off\n");
  assertStringIncludes(header.stdout, "# corrupt packets:      1\n");
  assertStringIncludes(header.stdout, `# capture flows:        ${flows.length}\n`);
});

Deno.test("settings come from a file and variables, the page tells what came", async () => {
  await using folder = temporaryDirectory();
  const config = `${folder.path}/collector.toml`;
  const pidFile = `${folder.path}/collector.pid`;
  await Deno.mkdir(`${folder.path}/flows`);
  await Deno.writeTextFile(
    config,
    `directory = "${folder.path}/flows"\nlisten = ["127.0.0.1:0"]\nnesting = 3\n` +
      `http = "127.0.0.1:0"\npid-file = "${pidFile}"\n`,
  );
  const env = { FLOWTOOLS_COLLECTOR_NESTING: "0", FLOWTOOLS_COLLECTOR_COMMENT: "from a variable" };
  await using collector = await CollectorProcess.start(["--config", config], { env });
  const { url } = await collector.waitForMessage(/^The web page is ready$/);
  await collector.send([packet("v5-1")]);
  const { count } = goldenPacket("v5-1");
  const metrics = await untilMetrics(
    `${url}`,
    new RegExp(`^flowtools_collector_flows_total ${count}$`, "m"),
  );
  assertMatch(metrics, /^flowtools_collector_received_packets_total 1$/m);
  // The port is behind the name, as with flow-capture.
  assertEquals(
    await Deno.readTextFile(`${pidFile}.${collector.port}`),
    `${collector.pid}\n`,
  );
  assertEquals(await collector.stop("SIGTERM"), 0);
  assertEquals(filesBelow(folder.path).filter((path) => path.includes(".pid")), []);
  const [path] = filesBelow(`${folder.path}/flows`);
  assertMatch(path, /^ft-v05\./);
  await using set = await FlowSet.open(`${folder.path}/flows/${path}`);
  assertEquals(set.header.comments, "from a variable");
});

/** Reads the metrics until they say what is expected; they are as of the last second. */
async function untilMetrics(url: string, expected: RegExp): Promise<string> {
  let text = "";
  for (let looks = 0; looks < 100; looks++) {
    const response = await fetch(new URL("/metrics", url));
    text = await response.text();
    if (response.status === 200 && expected.test(text)) return text;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${expected} is not in:\n${text}`);
}

Deno.test("a collector that is told where its page is does not do without", async () => {
  await using folder = temporaryDirectory();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const refused = await refuse(["-w", folder.path, "--http", `127.0.0.1:${port}`, "127.0.0.1:0"]);
  assertEquals(refused.code, 2);
  const what = `\ncollector: Cannot serve the web page on 127.0.0.1 port ${port}: `;
  assertStringIncludes(refused.stderr, what);
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
  const [missing, unknown, busy, all, help, check] = await Promise.all([
    refuse([]),
    refuse(["-w", folder.path, "-Q"]),
    refuse(["-w", folder.path, ...NO_PAGE, `127.0.0.1:${port}`]),
    refuse(["--receive-buffer", "many", "--http", "0.0.0.0:1", "-E", "1T", "300.1.1.1:1"]),
    refuse(["--help"]),
    refuse(["-w", folder.path, "-z", "1", "--check-config", ":9991"]),
  ]);
  taken.close();
  assertEquals([missing.code, unknown.code, busy.code, all.code], [2, 2, 2, 2]);
  assertStringIncludes(missing.stderr, "collector: --directory is missing, expected -w DIR\n");
  assertStringIncludes(
    unknown.stderr,
    "collector: unknown flag -Q, expected one of -w/--directory",
  );
  assertStringIncludes(busy.stderr, `collector: Cannot listen on udp 127.0.0.1:${port}: `);
  for (const part of ["receive-buffer", "--directory is missing", "--http is", "300.1.1.1"]) {
    assertStringIncludes(all.stderr, part);
  }
  assertEquals([help.code, check.code], [0, 0]);
  assertStringIncludes(help.stdout, "\nUsage: collector [FLAGS] [HOST:PORT | ");
  assertStringIncludes(check.stdout, "\ncompress = 1  # --compress\n");
  assertStringIncludes(check.stdout, '\nlisten = [":9991"]  # operand\n');
  assertEquals(filesBelow(folder.path), []);
});
