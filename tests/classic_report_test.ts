/** `flowtools report` against what flow-report of flow-tools 0.68.5 prints. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readText, ROOT } from "./files.ts";
import {
  bash,
  namesOf,
  type Outcome,
  ROOT_PATH,
  taskArguments,
  temporaryDirectory,
} from "./programs.ts";

const GOLDEN = "fixtures/cli/report";
const INPUT = `${ROOT_PATH}/fixtures/cli/in-v5.ft`;

/** Runs the command with all permissions: reports may go to commands. */
async function report(
  directory: string,
  config: string,
  args: readonly string[] = [],
): Promise<Outcome> {
  const path = `${directory}/stat.cfg`;
  await Deno.writeTextFile(path, config);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", `${ROOT_PATH}/apps/cli/main.ts`, "report", "-s", path, "-S", "d", ...args],
    cwd: directory,
    env: { NO_COLOR: "1", TZ: "UTC" },
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  return { code, bytes: stdout, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** What differs from call to call, and names the program. */
function comparable(text: string): string {
  return text.replace(/^# (now|build-version):.*\n/gm, "").replace(/^(# name: +r)\d+$/m, "$1");
}

Deno.test("every type of report prints what flow-report prints", async () => {
  await using directory = temporaryDirectory();
  const names = namesOf(GOLDEN);
  assertEquals(names.length, 70);
  const reports = names.map((name, index) =>
    `stat-report r${index}\n type ${name.replace(/\.txt$/, "").replaceAll("~", "/")}\n` +
    ` output\n  format ascii\n  options +header,+totals\n  path ${directory.path}/out/${name}\n`
  );
  const definition = names.map((_, index) => ` report r${index}\n`).join("");
  const config = `${reports.join("")}stat-definition d\n${definition}`;
  const { code, stderr } = await report(directory.path, config, [INPUT]);
  assertEquals([code, stderr], [0, ""]);
  for (const name of names) {
    const text = await Deno.readTextFile(`${directory.path}/out/${name}`);
    assertStringIncludes(text, "# build-version:        flowtools ");
    assertEquals(comparable(text), readText(`${GOLDEN}/${name}`), name);
  }
});

Deno.test("lines are sorted, cut, tallied and shared as flow-report does", async () => {
  await using directory = temporaryDirectory();
  const config = `
stat-report r
 type ip-protocol
 scale 10
 output
  sort +octets
  records 2
  tally 1
  fields +index,-duration,+avg-pps
  options +names,+percent-total,+header
 output
  fields -octets,-packets,-duration
stat-definition d
 report r
`;
  const { code, stdout } = await report(directory.path, config, [INPUT]);
  assertEquals(code, 0);
  assertEquals(
    comparable(stdout),
    `#  --- ---- ---- Report Information --- --- ---
# name:                 r
# type:                 ip-protocol
# scale:                10
# options:              +percent-total,+names,+header
# sort_field:           +octets
# fields:               +key,+flows,+octets,+packets,+avg-pps,+other
# tally:                1
# records:              3
# records_shown:      2
# first-flow:           1700000000 Tue Nov 14 22:13:20 2023
# last-flow:            1700000000 Tue Nov 14 22:13:20 2023
# recn: index,ip-protocol*,flows,octets,packets,avg-pps
0,tcp,73.750000,55.464461,62.671546,112.999877
#TALLY %recs=33.333 %flows=73.750 %octets=55.464 %packets=62.672 %avg-bps=115.235 %avg-pps=113.000
1,udp,22.250000,43.166372,35.394066,71.701856
# stop, hit record limit.
# recn: ip-protocol*,flows
1,16
17,89
6,295
`,
  );
});

Deno.test("filters and variables choose flows; a wrong name is reported with its place", async () => {
  await using directory = temporaryDirectory();
  await Deno.writeTextFile(
    `${directory.path}/filter.cfg`,
    "filter-primitive TCP\n type ip-protocol\n permit tcp\n" +
      "filter-definition tcp\n match ip-protocol TCP\n",
  );
  const config = (filter: string) => `
include-filter ${directory.path}/filter.cfg
stat-report r
 type @{TYPE:-octets}
 filter ${filter}
 output
  options +totals
stat-definition d
 report r
`;
  const good = await report(directory.path, config("TCP"), ["-v", "TYPE=summary-counters", INPUT]);
  assertEquals(good.stdout.split("\n")[1].split(",")[2], "295");
  const bad = await report(directory.path, config("udp"), [INPUT]);
  assertEquals(bad.code, 2);
  assertMatch(
    bad.stderr,
    /stat\.cfg:5:9: there is no filter-definition "udp", expected one of tcp/,
  );
});

Deno.test("a report goes to a command, and a command that fails is told of", async () => {
  await using directory = temporaryDirectory();
  const config = (command: string) =>
    `stat-report r\n type ip-protocol\n output\n  path |${command}\nstat-definition d\n report r\n`;
  const good = await report(directory.path, config("wc -l > %Y.txt"), [INPUT]);
  assertEquals([good.code, good.stderr], [0, ""]);
  assertEquals((await Deno.readTextFile(`${directory.path}/2023.txt`)).trim(), "4");
  const bad = await report(directory.path, config("exit 3"), [INPUT]);
  assertEquals(bad.code, 1);
  assertStringIncludes(bad.stderr, "failed with exit code 3");
});

Deno.test("a time series has a header once, and all its intervals in one file", async () => {
  await using directory = temporaryDirectory();
  const config = `stat-report r
 type summary-counters
 output
  options +header,+totals
  path ${directory.path}/a/b/series.txt
stat-definition d
 time-series 5
 report r
`;
  const random = new URL("fixtures/cli/in-v1.ft", ROOT).pathname;
  const { code } = await report(directory.path, config, [random]);
  assertEquals(code, 0);
  const text = await Deno.readTextFile(`${directory.path}/a/b/series.txt`);
  assertEquals(text.match(/Report Information/g)?.length, 1);
  const intervals = [...text.matchAll(/^# time-series: {10}5 seconds \/ interval (\d+)$/gm)];
  assert(intervals.length > 1);
  assertEquals(intervals.map(([, number]) => Number(number)), intervals.map((_, index) => index));
});

Deno.test("the types are listed from the table", async () => {
  await using directory = temporaryDirectory();
  const { stdout } = await report(directory.path, "", ["--types"]);
  assertEquals(stdout.trimEnd().split("\n").length, 78);
  assertStringIncludes(stdout, "\n  ip-source/destination-address/ip-protocol/ip-tos\n");
});

Deno.test("-hh lists the types below the help, as flow-report does", async () => {
  await using directory = temporaryDirectory();
  const once = await report(directory.path, "", ["-h"]);
  assertEquals([once.code, once.stdout.includes("Available reports:")], [0, false]);
  const types = (await report(directory.path, "", ["--types"])).stdout;
  for (const twice of [["-hh"], ["-h", "-h"], ["--help", "-h"]]) {
    const { code, stdout } = await report(directory.path, "", twice);
    assertEquals([code, stdout], [0, `${once.stdout}\nAvailable reports:\n\n${types}`]);
  }
});

Deno.test("a report to /dev/stdout goes to standard output, which stays as it was", async () => {
  await using directory = temporaryDirectory();
  const configOf = (path: string) =>
    `stat-report r\n type ip-protocol\n output\n  ${path}\nstat-definition d\n report r\n`;
  const plain = await report(directory.path, configOf("options -header"), [INPUT]);
  await Deno.writeTextFile(
    `${directory.path}/device.cfg`,
    configOf("options -header\n  path /dev/stdout"),
  );
  // The permissions are those of the task, and standard output is a file with something in it.
  const words = taskArguments("flowtools").join(" ");
  const { code, stderr } = await bash(
    `echo before >out; "${Deno.execPath()}" ${words} report -s device.cfg -S d ${INPUT} >>out`,
    { cwd: directory.path },
  );
  assertEquals([code, stderr], [0, ""]);
  const written = await Deno.readTextFile(`${directory.path}/out`);
  assertEquals(written, `before\n${plain.stdout}`);
});

Deno.test("flows that lack a field of a report are refused", async () => {
  await using directory = temporaryDirectory();
  const config = "stat-report r\n type source-tag\n output\nstat-definition d\n report r\n";
  const { code, stdout, stderr } = await report(directory.path, config, [INPUT]);
  assertEquals([code, stdout], [2, ""]);
  assertStringIncludes(stderr, "Report definition references a field not in flow.");
  assertStringIncludes(stderr, "v5 records have no src_tag");
});
