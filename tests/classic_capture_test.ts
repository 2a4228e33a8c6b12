/**
 * `flowtools capture` beside the reference's flow-capture: the same packets to both, and what they
 * make of them compared with the reference's own readers. Nothing of it is tested where the reference
 * programs are not on PATH.
 */
import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes";
import { decodeFtHeader, encodeFtHeader } from "@flowtools/ft-format";
import {
  compareRuns,
  freePort,
  hasReference,
  type Result,
  runOurs,
  runReference,
  until,
  waiting,
} from "./capture_reference.ts";
import {
  CollectorProcess,
  filesBelow,
  goldenPacket,
  packet,
  withSequence,
} from "./collector_process.ts";
import { bash, flowtools, lines, namesOf, temporaryDirectory } from "./programs.ts";

/** Tests beside the reference. */
function compare(name: string, fn: () => Promise<void>): void {
  const reason = hasReference ? "" : " (flow-capture is not on PATH)";
  Deno.test({ name: `capture: ${name}${reason}`, ignore: !hasReference, fn });
}

const V5 = [withSequence("v5-2", 1000), withSequence("v5-3", 1000 + goldenPacket("v5-2").count)];

compare("directories of every nesting", async () => {
  for (const nesting of ["-3", "-2", "-1", "0", "1", "2", "3", undefined]) {
    const args = nesting === undefined ? [] : ["-N", nesting];
    const { ours } = await compareRuns({ args, packets: [[packet("v5-2")]] });
    assertEquals(ours.names.length, 1);
  }
});

compare("files of every version", async () => {
  const names = namesOf("fixtures/pdu").filter((name) => name.endsWith("-2.dat"));
  assert(names.length >= 18);
  for (const name of names.map((name) => name.replace(".dat", ""))) {
    const { ours } = await compareRuns({ args: ["-N0"], packets: [[packet(name)]] });
    assert(ours.flows[0].split("\n").length > goldenPacket(name).count, name);
  }
});

compare("conversion to every version", async () => {
  for (const version of ["1", "5", "6", "7", "1005"]) {
    await compareRuns({ args: ["-N0", "-V", version], packets: [V5] });
  }
});

compare("byte order, compression, comment", async () => {
  await compareRuns({ args: ["-N0", "-b", "big", "-z0", "-C", "two words"], packets: [V5] });
  await compareRuns({ args: ["-N0", "-blittle", "-z9"], packets: [V5] });
});

compare("SIGQUIT and SIGTERM end it, SIGHUP begins another file", async () => {
  await compareRuns({ args: ["-N0"], packets: [V5], end: "SIGQUIT" });
  await compareRuns({ args: ["-N0"], end: "SIGQUIT" });
  const hup = { args: ["-N0"], packets: [[V5[0]], [V5[1]]], between: "SIGHUP" } as const;
  const { ours } = await compareRuns(hup);
  assertEquals(ours.names.length, 2);
});

compare("losses in the header", async () => {
  const { count } = goldenPacket("v5-2");
  const gap = [withSequence("v5-2", 0), withSequence("v5-2", count + 45)];
  const malformed = [packet("v5-1").slice(0, 30), new TextEncoder().encode("no export packet")];
  await compareRuns({ args: ["-N0"], packets: [[...gap, ...malformed]] });
  const restart = [withSequence("v5-2", 1_000_000), withSequence("v5-2", 0)];
  await compareRuns({ args: ["-N0"], packets: [restart] });
});

compare("filter, tags and translation, with variables", async () => {
  await using folder = temporaryDirectory();
  const path = `${folder.path}/all.cfg`;
  const [flow] = goldenPacket("v5-2").flows;
  await Deno.writeTextFile(
    path,
    `filter-primitive protocol
  type ip-protocol
  deny @PROTOCOL
  default permit
filter-definition some
  match ip-protocol protocol
tag-action everything
  type any
  match any set-source 17
  match any set-destination 0x100
tag-definition some
  term
    action everything
xlate-action mask
  type ip-address-privacy-mask
  mask 255.255.0.0 255.255.255.0
xlate-definition some
  term
    action mask
`,
  );
  // The reference reads only its own kind of blocks of a file.
  const blocks = (await Deno.readTextFile(path)).split(/^(?=(?:filter-p|tag-a|xlate-a))/m);
  const [filter, tag, xlate] = await Promise.all(
    blocks.map(async (text, at) => {
      await Deno.writeTextFile(`${path}.${at}`, text);
      return `${path}.${at}`;
    }),
  );
  const filtering = ["-N0", "-f", filter, "-F", "some", "-v", `PROTOCOL=${flow.prot}`];
  const { ours } = await compareRuns({ args: filtering, packets: [V5] });
  assert(
    !ours.headers[0].includes("# capture flows:        45\n"),
    "the filter left something out",
  );
  await compareRuns({ args: ["-N0", "-t", tag, "-T", "some"], packets: [V5] });
  await compareRuns({ args: ["-N0", "-x", xlate, "-X", "some"], packets: [V5] });
  const all = [...filtering, "-t", tag, "-T", "some", "-V1005", "-x", xlate, "-X", "some"];
  await compareRuns({ args: all, packets: [V5] });
});

compare("expiry by count and by size", async () => {
  const days = ["10", "11", "12", "13"];
  const prepare = async (directory: string) => {
    for (const day of days) {
      const { bytes } = await bash("flow-gen -n1000 -V5");
      const header = decodeFtHeader(bytes);
      // The reference goes by the times of the headers, which flow-gen does not set.
      const captureStart = Date.parse(`2026-01-${day}T00:00:00Z`) / 1000;
      const times = { captureStart, captureEnd: captureStart + 900 };
      await Deno.writeFile(
        `${directory}/ft-v05.2026-01-${day}.000000+0000`,
        concat([encodeFtHeader({ ...header, ...times }), bytes.slice(header.size)]),
      );
    }
  };
  for (const limit of [["-e", "2"], ["-E", "100K"], ["-e", "3", "-d", "1"]]) {
    const { ours } = await compareRuns({ args: ["-N0", ...limit], packets: [], prepare });
    assertEquals(ours.names.length, limit.includes("-d") ? 4 : limit[0] === "-e" ? 2 : 1);
  }
});

compare("the program that is run for each file", async () => {
  await using folder = temporaryDirectory();
  const program = `${folder.path}/program`;
  // Each tells what it is given, and whether that leads to the file.
  await Deno.writeTextFile(
    program,
    '#!/bin/sh\necho "$#" "$1" $(test -s "$1" && echo there) >>said\n',
  );
  await Deno.chmod(program, 0o755);
  const treatment = { args: ["-N2", "-R", program], packets: [V5], between: "SIGHUP" } as const;
  const said: string[] = [];
  const hear = async ({ directory }: Result) => {
    const text = await Deno.readTextFile(`${directory}/said`);
    said.push(text.split("\n")[0].replace(/\d{6}(?=[+-]\d{4})/, "999999"));
    await Deno.remove(directory, { recursive: true });
  };
  await Promise.all([runReference(treatment).then(hear), runOurs(treatment).then(hear)]);
  assertEquals(said[0], said[1]);
  const year = new Date().getUTCFullYear();
  assert(said[0].startsWith(`1 ${year}/${year}-`) && said[0].endsWith(" there"), said[0]);
});

compare("the name of the file with the process number", async () => {
  await using folder = temporaryDirectory();
  for (const name of ["reference", "ours"]) await Deno.mkdir(`${folder.path}/${name}`);
  const port = freePort();
  const pidFile = (name: string) => `${folder.path}/${name}/collector.pid`;
  // Only the reference that detaches itself writes one.
  const { code } = await bash(
    `flow-capture -w "${folder.path}/reference" -p "${pidFile("reference")}" 127.0.0.1/0/${port}`,
  );
  assertEquals(code, 0);
  await until("flow-capture listens", () => waiting(port) !== undefined);
  const path = `${pidFile("reference")}.${port}`;
  await until("the file is there", () => filesBelow(folder.path).length > 0);
  const text = await Deno.readTextFile(path);
  Deno.kill(Number(text), "SIGTERM");
  await until("flow-capture ends", () => waiting(port) === undefined);

  const args = ["-w", `${folder.path}/ours`, "-p", pidFile("ours"), "--http", "off"];
  await using collector = await CollectorProcess.start([...args, "127.0.0.1/0/0"]);
  await until("the file is there", () => filesBelow(`${folder.path}/ours`).length > 0);
  const ours = await Deno.readTextFile(`${pidFile("ours")}.${collector.port}`);
  assertEquals([ours, /^\d+\n$/.test(text)], [`${collector.pid}\n`, true]);
  assertEquals(await collector.stop("SIGTERM"), 0);
  assertEquals(filesBelow(folder.path), []);
});

compare("a TCP client gets the stream from when it came", async () => {
  const streams = new Map<"reference" | "ours", Promise<Uint8Array>>();
  const connect = async (name: "reference" | "ours", port: number) => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    streams.set(name, new Response(connection.readable).bytes());
    // The reference sees a client when it has waited for packets, a second at most.
    await new Promise((resolve) => setTimeout(resolve, 1200));
  };
  // The reference gives clients what fills its buffer, and not the rest.
  const { count } = goldenPacket("v5-2");
  const many = Array.from({ length: 100 }, (_, at) => withSequence("v5-2", (at + 1) * count));
  const run = (name: "reference" | "ours") => ({
    args: ["-N0", "-c", "2"],
    packets: [[withSequence("v5-2", 0)], many],
    after: (port: number, group: number) => group === 0 ? connect(name, port) : Promise.resolve(),
  });
  const results = await Promise.all([runReference(run("reference")), runOurs(run("ours"))]);
  for (const { directory } of results) await Deno.remove(directory, { recursive: true });
  await using folder = temporaryDirectory();
  const read = async (name: "reference" | "ours", program: string) => {
    await Deno.writeFile(`${folder.path}/${name}`, await streams.get(name)!);
    return lines((await bash(`${program} < "${folder.path}/${name}"`)).stdout);
  };
  const facts = /^# (byte order|compress|stream version|export version):/;
  const headers = [await read("ours", "flow-header"), await read("reference", "flow-header")]
    .map((header) => header.filter((line) => facts.test(line)));
  assertEquals(headers[0], headers[1]);
  assertEquals(headers[0].length, 4);
  const ours = await read("ours", "flow-print -f5");
  const theirs = await read("reference", "flow-print -f5");
  assert(theirs.length > 200, `${theirs.length} lines`);
  assertEquals(ours.slice(0, theirs.length), theirs);
  assertEquals(ours.filter((line) => /^\d{4}\./.test(line)).length, many.length * count);
});

compare("STAT lines each minute, which log2rrd reads", async () => {
  const { count } = goldenPacket("v5-2");
  // In order, a gap, and a restart.
  const sequences = [1_000_000, 1_000_000 + count, 1_000_045 + 2 * count, 0];
  const packets = [[...sequences.map((at) => withSequence("v5-2", at)), packet("v1-2")]];
  // It takes a minute: the lines come where one begins.
  const after = () =>
    new Promise<void>((resolve) => setTimeout(resolve, 61_500 - Date.now() % 60_000));
  const treatment = { args: ["-N0", "-V5", "-S1"], packets, after };
  const [reference, ours] = await Promise.all([runReference(treatment), runOurs(treatment)]);
  const [theirs, own] = [reference, ours].map(({ log }) =>
    [...log.matchAll(/\bSTAT: .*/g)]
      .map(([line]) => line.replace(/(now|startup)=\d{10} /g, "$1=(time) ")).toSorted()
  );
  assertEquals(own, theirs);
  assertEquals(own.length, 2);
  await using folder = temporaryDirectory();
  const stdin = ours.log;
  const { code, stderr } = await flowtools(["log2rrd", "--format", "csv", "-p", folder.path], {
    stdin,
  });
  assertEquals([code, stderr], [0, ""]);
  const host = Deno.hostname();
  assertEquals(
    filesBelow(folder.path),
    [1, 5].map((version) => `capture.${host}.127.0.0.1.127.0.0.1.${version}.csv`),
  );
  for (const { directory } of [reference, ours]) await Deno.remove(directory, { recursive: true });
});
