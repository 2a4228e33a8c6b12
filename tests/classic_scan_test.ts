/** dscan, rptfmt, log2rrd and rpt2rrd against what the reference programs print and write. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readText } from "./files.ts";
import {
  bash,
  flowtools,
  flowtoolsCommand,
  lines,
  namesOf,
  readAllText,
  ROOT_PATH,
  temporaryDirectory,
} from "./programs.ts";

const FOLDER = "fixtures/cli/scan";
const FLOWS = `${FOLDER}/scan.ft`;

/** How the goldens `dscan-<name>.txt` were called. */
const DSCAN_CALLS: Readonly<Record<string, readonly string[]>> = {
  default: [],
  touchy: ["-D", "20", "-S", "5"],
  aged: ["-D", "12", "-S", "8", "-t", "1000"],
  "one-port": ["-D", "5", "-S", "1", "-t", "200"],
  deep: ["-D", "300"],
  filters: ["-mwW", "-D15"],
  interfaces: ["-i", "1-5,7,0x10", "-I", "!3,9-20", "-D", "3"],
  heavy: ["-O", "99000", "-P", "1990", "-T", "899000"],
  suppress: ["-D", "20", "-S", "5", "-L", `${FOLDER}/suppress`],
  loaded: ["-l", "-D", "25"],
};

async function sha256(path: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", Deno.readFileSync(path));
  return new Uint8Array(digest).toHex() + "\n";
}

Deno.test("dscan finds and remembers what flow-dscan does", async (t) => {
  await using folder = temporaryDirectory();
  const state = `${folder.path}/state`;
  for (const [name, args] of Object.entries(DSCAN_CALLS)) {
    await t.step(name, async () => {
      if (args.includes("-l")) {
        Deno.copyFileSync(`${ROOT_PATH}/${FOLDER}/dscan-one-port.state`, state);
      }
      const { code, stdout, stderr } = await flowtools(
        ["dscan", "-b", "-p", "-s", state, ...args, FLOWS],
      );
      assertEquals([code, stdout], [0, ""]);
      assertEquals(stderr, readText(`${FOLDER}/dscan-${name}.txt`));
      assertEquals(await sha256(state), readText(`${FOLDER}/dscan-${name}.state.sha256`));
    });
  }
});

Deno.test("dscan writes the state file of flow-dscan", async () => {
  await using folder = temporaryDirectory();
  const state = `${folder.path}/state`;
  await flowtools(["dscan", ...DSCAN_CALLS["one-port"], "-p", "-s", state, FLOWS]);
  assertEquals(Deno.readTextFileSync(state), readText(`${FOLDER}/dscan-one-port.state`));
});

Deno.test("dscan --format ndjson has the same findings with the right times", async () => {
  const args = ["dscan", "-D", "20", "-S", "5", FLOWS];
  const { code, stdout } = await flowtools([...args, "--format", "ndjson"]);
  assertEquals(code, 0);
  const found = lines(stdout).map((line) => JSON.parse(line));
  const golden = lines(readText(`${FOLDER}/dscan-touchy.txt`)).slice(2);
  const texts = found.map(({ type, srcaddr, dstaddr, start }) =>
    type === "host-scan"
      ? `flow-dscan: host scan: ip=${srcaddr} ts=${Math.floor(start)}`
      : `flow-dscan: port scan: src=${srcaddr} dst=${dstaddr} ts=${Math.floor(start)}`
  );
  assertEquals(texts, golden.map((line) => line.replace(/ start=.*/, "")));
});

Deno.test("dscan --documented counts ports and destinations of suppress lists, shows times", async () => {
  const args = ["dscan", "-D", "20", "-S", "5", "-L", `${FOLDER}/suppress`];
  const { stderr } = await flowtools([...args, "--documented", FLOWS]);
  // The list silences only one port of 11.0.0.3, which flow-dscan takes for all of it.
  assertStringIncludes(stderr, "host scan: ip=11.0.0.3 ");
  assertMatch(stderr, /ts=1699999\d+ start=1114\.22:/);
});

Deno.test("dscan says what is wrong", async (t) => {
  await using folder = temporaryDirectory();
  const bad = `${folder.path}/bad.state`;
  Deno.writeTextFileSync(bad, "H 1 1\n.\n");
  const cases: readonly (readonly [args: string[], code: number, text: string])[] = [
    [["-i", "70000", FLOWS], 2, "out of range"],
    [["-L", `${folder.path}/none`, FLOWS], 2, "none.src"],
    [["-l", "-s", bad, FLOWS], 2, `bad.state: line 1 is "H 1 1"`],
    [["fixtures/cli/in-v8.1.ft"], 1, "v8.1 flows have no srcaddr"],
  ];
  for (const [args, code, text] of cases) {
    await t.step(text, async () => {
      const outcome = await flowtools(["dscan", ...args]);
      assertEquals(outcome.code, code);
      assertStringIncludes(outcome.stderr, text);
    });
  }
});

Deno.test("dscan dumps its state on SIGUSR1 and reads suppress lists again on SIGHUP", async () => {
  await using folder = temporaryDirectory();
  const state = `${folder.path}/state`;
  const command = flowtoolsCommand(["dscan", "-s", state], { stdin: "piped" });
  const child = command.spawn();
  const [reader, copy] = child.stderr.tee();
  const text = readAllText(copy);
  const started = reader.pipeThrough(new TextDecoderStream()).getReader();
  let log = "";
  const until = async (count: number) => {
    while (log.split("load_suppress").length <= count) {
      const { value, done } = await started.read();
      if (done) throw new Error(`dscan ended early: ${log}`);
      log += value;
    }
  };
  const writer = child.stdin.getWriter();
  await until(2);
  await writer.write(Deno.readFileSync(`${ROOT_PATH}/fixtures/cli/in-v5.ft`));
  child.kill("SIGHUP");
  await until(4);
  child.kill("SIGUSR1");
  while (!namesIn(folder.path).includes("state")) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await writer.close();
  await started.cancel();
  await child.stdout.cancel();
  assertEquals((await child.status).code, 0);
  assertEquals((await text).split("load_suppress").length, 5);
  assertMatch(Deno.readTextFileSync(state), /^(H [^]*)?\.\n$/);
});

function namesIn(path: string): string[] {
  return [...Deno.readDirSync(path)].map(({ name }) => name);
}

/** How the goldens `rptfmt-<report>-<name>.txt` were called. */
const RPTFMT_CALLS: Readonly<Record<string, readonly string[]>> = {
  plain: [],
  bare: ["-H"],
  top: ["-m3", "-s", "-octets"],
  first: ["-m", "2"],
  share: ["-p", "-s+flows", "-m7"],
  html: ["-fhtml"],
  "html-top": ["-f", "html", "-m2", "-H", "-F", "flows,octets", "-s-flows"],
  fields: ["-F", "flows,nosuch,packets", "-s-packets"],
};

Deno.test("rptfmt prints what flow-rptfmt does", async () => {
  const names = namesOf(FOLDER).filter((name) => name.startsWith("rptfmt-"));
  assertEquals(names.length >= 30, true, `${names.length} files`);
  // Every golden has a process of its own; some at a time are quicker than one after the other.
  await Promise.all(names.map(async (name) => {
    const call = Object.keys(RPTFMT_CALLS).toSorted((a, b) => b.length - a.length)
      .find((key) => name.endsWith(`-${key}.txt`))!;
    const report = name.slice("rptfmt-".length, -`-${call}.txt`.length);
    const stdin = readText(`${FOLDER}/report-${report}.txt`);
    const { code, stdout, stderr } = await flowtools(["rptfmt", ...RPTFMT_CALLS[call]], { stdin });
    assertEquals([code, stderr], [0, ""], name);
    assertEquals(stdout, readText(`${FOLDER}/${name}`), name);
  }));
});

Deno.test("rptfmt shows names, escapes HTML, and gives up in time", async () => {
  const protocols = `${FOLDER}/report-ip-protocol.txt`;
  const named = await flowtools(["rptfmt", "-H", "-n", "-F", "ip-protocol,flows", protocols]);
  assertEquals(lines(named.stdout), [
    "icmp        16   ",
    "tcp         295  ",
    "udp         89   ",
    "",
  ]);
  const stdin = "# name: <b>&\n# recn: source-tag*,flows\n<i>,1\n";
  const { stdout } = await flowtools(["rptfmt", "-f", "html"], { stdin });
  assertStringIncludes(stdout, "# name: &lt;b&gt;&amp;\n");
  assertStringIncludes(stdout, "  <td> &lt;i&gt; </td>\n");
});

Deno.test("rptfmt -a gives up when its input does not end", async () => {
  const child = flowtoolsCommand(["rptfmt", "-a", "1"], { stdin: "piped" }).spawn();
  const { code, stdout } = await child.output();
  assertEquals(code, 0);
  assertStringIncludes(new TextDecoder().decode(stdout), "flow-rptfmt exceeded CPU time");
  await child.stdin.close();
});

Deno.test("rptfmt says what is wrong", async (t) => {
  const protocols = `${FOLDER}/report-ip-protocol.txt`;
  const cases: readonly (readonly [args: string[], stdin: string, code: number, text: string])[] = [
    [["-s", "octets", protocols], "", 1, 'sort by "octets"'],
    [["-F", "nosuch", protocols], "", 1, "the report has ip-protocol, flows"],
    [["-f", "pdf"], "", 2, "expected one of ascii, html"],
    [[], "# recn: a*,flows\n1,2\n3\n", 1, "line 3 has 1 fields, expected 2"],
  ];
  for (const [args, stdin, code, text] of cases) {
    await t.step(text, async () => {
      const outcome = await flowtools(["rptfmt", ...args], { stdin });
      assertEquals(outcome.code, code);
      assertStringIncludes(outcome.stderr, text);
    });
  }
});

Deno.test("log2rrd makes CSV series of a log, once", async () => {
  await using folder = temporaryDirectory();
  const args = ["log2rrd", "--format", "csv", "-p", folder.path, `${FOLDER}/netflow.log`];
  const first = await flowtools(args);
  assertEquals(first.code, 0);
  assertEquals(lines(first.stdout).length, 4);
  const fanout = `${folder.path}/fanout.collector.10.0.0.9.0.0.0.0.7.csv`;
  const series = lines(Deno.readTextFileSync(fanout));
  assertEquals(series.slice(0, 2), ["time,flows,pkts,lost,nobufs", "1700000000,0,0,0,0"]);
  assertEquals(series.length, 41);
  const again = await flowtools(args);
  assertEquals([again.code, again.stdout], [0, ""]);
  assertStringIncludes(again.stderr, "80 values left out");
  assertEquals(lines(Deno.readTextFileSync(fanout)), series);
});

Deno.test("log2rrd skips lines that it cannot use, and says so", async () => {
  await using folder = temporaryDirectory();
  const stdin =
    "Nov 14 22:13:20 host flow-capture[7]: STAT: now=1 src_ip=../../x dst_ip=b d_ver=5 " +
    "flows=1 pkts=2 lost=3\nNov 14 22:13:20 host flow-receive[7]: STAT: now=1\n";
  const { code, stderr } = await flowtools(
    ["log2rrd", "--format", "csv", "-p", folder.path],
    { stdin },
  );
  assertEquals(code, 1);
  assertStringIncludes(stderr, "- line 2: Expecting flow-capture or flow-fanout logs");
  assertEquals(namesIn(folder.path), ["capture.host...-..-x.b.5.csv"]);
});

Deno.test("rpt2rrd stores chosen keys, totals, and zeros for what is missing", async () => {
  await using folder = temporaryDirectory();
  const report = `${FOLDER}/report-ip-protocol.txt`;
  const args = ["rpt2rrd", "--format", "csv", "-p", folder.path, "-P", "_day", "-n"];
  const { code } = await flowtools([...args, "-k", "tcp,99,total_flows", report]);
  assertEquals(code, 0);
  const read = (name: string) => Deno.readTextFileSync(`${folder.path}/${name}_day.csv`);
  assertEquals(read("tcp"), "time,flows,octets,packets\n1700000000,295,22149865,33565\n");
  assertEquals(read("99"), "time,flows,octets,packets\n1700000000,0,0,0\n");
  assertEquals(read("totals"), "time,flows\n1700000000,400\n");
  assertEquals((await flowtools(["rpt2rrd", report])).code, 2);
});

Deno.test("with rrdtool on the path, series are RRDs as the reference creates them", async () => {
  await using folder = temporaryDirectory();
  const bin = `${folder.path}/bin`;
  Deno.mkdirSync(bin);
  const calls = `${folder.path}/calls`;
  Deno.writeTextFileSync(`${bin}/rrdtool`, `#!/bin/sh\necho "$@" >>${calls}\n`, { mode: 0o755 });
  const main = `${ROOT_PATH}/apps/cli/main.ts`;
  const run = async (args: string) => {
    const { code } = await bash(
      `PATH=${bin}:$PATH ${Deno.execPath()} run -A ${main} ${args}`,
      { cwd: ROOT_PATH },
    );
    assertEquals(code, 0);
  };
  await run(`log2rrd -p ${folder.path} <(head -4 ${FOLDER}/netflow.log)`);
  await run(`rpt2rrd -k 6 -f octets -r 9:8:: -p ${folder.path} ${FOLDER}/report-ip-protocol.txt`);
  const called = lines(Deno.readTextFileSync(calls)).map((call) =>
    call.replaceAll(folder.path, ".")
  );
  assertEquals(called.filter((call) => call !== "--version"), [
    "create ./capture.collector.10.0.0.0.0.0.0.0.5.rrd --start 1699999700 DS:flows:COUNTER:600:U:U " +
    "DS:pkts:COUNTER:600:U:U DS:lost:COUNTER:600:U:U RRA:AVERAGE:0.5:1:2016 RRA:AVERAGE:0.5:288:365",
    "create ./fanout.collector.10.0.0.9.0.0.0.0.7.rrd --start 1699999700 DS:flows:COUNTER:600:U:U " +
    "DS:pkts:COUNTER:600:U:U DS:lost:COUNTER:600:U:U DS:nobufs:COUNTER:600:U:U " +
    "RRA:AVERAGE:0.5:1:2016 RRA:AVERAGE:0.5:288:365",
    "create ./capture.collector.10.0.0.1.0.0.0.0.5.rrd --start 1700000000 DS:flows:COUNTER:600:U:U " +
    "DS:pkts:COUNTER:600:U:U DS:lost:COUNTER:600:U:U RRA:AVERAGE:0.5:1:2016 RRA:AVERAGE:0.5:288:365",
    "update ./capture.collector.10.0.0.0.0.0.0.0.5.rrd --template flows:pkts:lost 1700000000:0:0:0",
    "update ./fanout.collector.10.0.0.9.0.0.0.0.7.rrd --template flows:pkts:lost:nobufs " +
    "1700000000:0:0:0:0",
    "update ./capture.collector.10.0.0.1.0.0.0.0.5.rrd --template flows:pkts:lost " +
    "1700000300:3000:100:0",
    "create ./6.rrd --start 1699999700 DS:octets:ABSOLUTE:600:U:U RRA:AVERAGE:0.5:1:9 " +
    "RRA:MAX:0.5:1:9 RRA:AVERAGE:0.5:6:8 RRA:MAX:0.5:6:8",
    "update ./6.rrd --template octets 1700000000:22149865",
  ]);
});
