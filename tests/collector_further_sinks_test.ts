/** What `capture` does with flows beside storing them, as a process; and `receive` in a pipeline. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ipv4, pcap, udp } from "../packages/netflow-pdu/capture/_builders.ts";
import { CollectorProcess, filesBelow, packet } from "./collector_process.ts";
import { bash, flowtools, lines, taskArguments, temporaryDirectory } from "./programs.ts";
import { freePort, listening, range, Receiver, v5Packet } from "./relay_tools.ts";

/** Linktype of packets that start with their IP header. */
const RAW_IP = 101;

const FILE_A_DAY = ["-n", "0"];
const NO_PAGE = ["--http", "off"];

/** What is done, by sink. */
type Done = Readonly<Record<string, number>>;

/** Asks the API until it says what is expected; it is as of the last second. */
async function untilStatus(
  url: string,
  expected: { readonly sinks: Done; readonly forwarders: Done },
): Promise<void> {
  const doneOf = (rows: { name: string; done: number }[]) =>
    Object.fromEntries(rows.map(({ name, done }) => [name, done]));
  for (let asked = 0;; asked++) {
    const status = await (await fetch(new URL("/api/v1/status", url))).json();
    const got = { sinks: doneOf(status.sinks), forwarders: doneOf(status.forwarders) };
    if (asked === 100 || JSON.stringify(got) === JSON.stringify(expected)) {
      return assertEquals(got, expected);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

Deno.test("capture stores flows, writes them as JSON and sends them on, all at once", async () => {
  await using folder = temporaryDirectory();
  await using decoded = new Receiver();
  await using raw = new Receiver();
  const json = `${folder.path}/flows.ndjson`;
  await Deno.mkdir(`${folder.path}/flows`);
  await using collector = await CollectorProcess.start([
    ...["-w", `${folder.path}/flows`, ...FILE_A_DAY, "-V", "1", "--ndjson", json],
    ...["--http", "127.0.0.1:0"],
    ...["--fanout", `${decoded.name},export-version=7,replace-as=64999`],
    ...["--fanout", `${raw.name},raw`, "127.0.0.1:0"],
  ]);
  const { url } = await collector.waitForMessage(/^The web page is ready$/);
  const packets = range(0, 4).map((number) =>
    v5Packet({ flows: range(number * 10, number * 10 + 10) })
  );
  await collector.send(packets);
  // What is set for the files says nothing of the other sinks: the files get version 1.
  const arrivals = await decoded.take(40);
  assertEquals(new Set(arrivals.map(({ header }) => header.version)), new Set([7]));
  const ports = arrivals.flatMap(({ flows }) => flows.map(({ srcport }) => srcport));
  assertEquals(ports, range(1024, 1024 + 40));
  assert(arrivals.every(({ flows }) => flows.every(({ src_as }) => src_as === 64999)));
  assertEquals((await raw.datagrams(4)).map(({ bytes }) => bytes), packets);
  await untilStatus(`${url}`, {
    sinks: { files: 40, ndjson: 40, [`fanout ${decoded.name}`]: 40, live: 40 },
    forwarders: { [`fanout ${raw.name}`]: 4 },
  });
  assertEquals(await collector.stop("SIGTERM"), 0);

  const rows = lines(await Deno.readTextFile(json)).map((line) => JSON.parse(line));
  assertEquals(rows.map(({ srcport }) => srcport), range(1024, 1024 + 40));
  assertEquals(new Set(rows.map(({ dst_as }) => dst_as)), new Set([65001]));
  const [path] = filesBelow(`${folder.path}/flows`);
  assertStringIncludes(path, "ft-v01.");
  const { stdout } = await flowtools(["print", "--format", "ndjson", `${folder.path}/flows`]);
  assertEquals(lines(stdout).map((line) => JSON.parse(line).srcport), range(1024, 1024 + 40));
});

Deno.test({
  name: "capture goes on when nobody reads its JSON any more",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = temporaryDirectory();
    const pipe = `${folder.path}/pipe`;
    await bash(`mkfifo ${pipe}; mkdir ${folder.path}/flows`);
    const reader = Deno.openSync(pipe, { read: true, write: true });
    await using collector = await CollectorProcess.start([
      ...["-w", `${folder.path}/flows`, ...FILE_A_DAY, ...NO_PAGE, "--ndjson", pipe, "127.0.0.1:0"],
    ]);
    await collector.send([packet("v5-1")]);
    assert(await reader.read(new Uint8Array(1)) === 1);
    reader.close();
    await collector.send([packet("v5-1")]);
    await collector.waitFor(/no more flows are written as JSON: nobody reads them/);
    await collector.send([packet("v5-2")]);
    await collector.send([new TextEncoder().encode("this is no export packet")]);
    await collector.waitFor(/no codec/);
    assertEquals(await collector.stop("SIGTERM"), 0);
    assertEquals(filesBelow(`${folder.path}/flows`).length, 1);
  },
});

Deno.test("fanout sends what a packet capture holds, without a listener", async () => {
  await using folder = temporaryDirectory();
  await using receiver = new Receiver();
  const path = `${folder.path}/trace.pcap`;
  const packets = range(0, 3).map((number) => v5Packet({ flows: [number] }));
  await Deno.writeFile(path, pcap(packets.map((bytes) => ipv4(udp(bytes))), { linkType: RAW_IP }));
  const { code, stderr } = await flowtools(["fanout", "--source", path, "--raw", receiver.name]);
  assertEquals(code, 0, stderr);
  assertEquals((await receiver.datagrams(3)).map(({ bytes }) => bytes), packets);
  const none = await flowtools(["fanout", "--source", path]);
  assertEquals(none.code, 2);
  assertStringIncludes(none.stderr, "target is missing");
});

Deno.test("capture is told what is wrong with its further sinks before anything starts", async () => {
  await using folder = temporaryDirectory();
  const config = `${folder.path}/c.toml`;
  await Deno.writeTextFile(
    config,
    `directory = "${folder.path}"\nfanout = ["10.0.0.1:9995,export-version=7", "10.0.0.1"]\n`,
  );
  const [wrong, right] = await Promise.all([
    flowtools(["capture", "--config", config, "--check-config"]),
    flowtools(["capture", "--config", config, "--check-config", "--fanout", "10.0.0.1:9995,raw"], {
      env: { FLOWTOOLS_COLLECTOR_NDJSON: "-" },
    }),
  ]);
  assertEquals([wrong.code, right.code], [2, 0]);
  assertStringIncludes(wrong.stderr, 'target is "10.0.0.1", expected localip/remoteip/port');
  assertStringIncludes(right.stdout, 'fanout = ["10.0.0.1:9995,raw"]  # --fanout\n');
  assertStringIncludes(right.stdout, 'ndjson = "-"  # FLOWTOOLS_COLLECTOR_NDJSON\n');
});

Deno.test({
  name: "receive ends quietly when the program behind it in a pipeline has seen enough",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const port = freePort();
    const receive = `"${Deno.execPath()}" ${taskArguments("flowtools").join(" ")} receive`;
    const pipeline = bash(
      `(${receive} --format ndjson 127.0.0.1:${port}; echo "exit code $?" >&2) | head -n 3`,
    );
    await listening(port);
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    let over = false;
    const outcome = pipeline.finally(() => over = true);
    // A pipe is found to be closed by who writes to it.
    while (!over) {
      await socket.send(packet("v5-1"), { transport: "udp", hostname: "127.0.0.1", port });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    socket.close();
    const { stdout, stderr } = await outcome;
    assertEquals(lines(stdout).length, 3);
    assertStringIncludes(stderr, "exit code 0\n");
    assertEquals(stderr.includes("warn"), false, stderr);
  },
});
