/** `--where` on the commands, as processes: against the classic filters and against each other. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { FlowBatch } from "@flowtools/flow-model";
import { findFtLayout } from "@flowtools/ft-format";
import { FlowSet } from "@flowtools/flowset";
import { COMMANDS } from "../apps/cli/commands.ts";
import { Workload } from "../scripts/workload.ts";
import { flowtools, lines, type Outcome, temporaryDirectory } from "./programs.ts";

const NF_CFG = "fixtures/cli/filter/nf.cfg";

/** Some of the flows, but not most, of the workload and of the golden files. */
const SOME = "octets > 10k and not proto udp or src port in [1-1023]";

/** Those that receive flows: their settings hold for all that comes, whatever its time zone. */
const RECEIVERS = ["capture", "receive", "fanout"];

/** Commands that read flows out of files; the others make, describe or forget them. */
const READERS = [
  "print",
  "decode",
  "stat",
  "report",
  "dscan",
  "nfilter",
  "filter",
  "tag",
  "xlate",
  "mask",
  "cat",
  "merge",
  "split",
  "export",
  "import",
  "send",
  "top",
  "series",
  "hist",
  "plot",
];

Deno.test("every command that reads flows has --where and what belongs to it", () => {
  for (const name of READERS) {
    const { flags } = COMMANDS.find((command) => command.name === name)!;
    for (const flag of ["where", "filter-file", "tz", "variable", "symbols"]) {
      assertEquals(flags.filter((row) => row.name === flag).length, 1, `--${flag} of ${name}`);
    }
  }
  for (const name of RECEIVERS) {
    const { flags } = COMMANDS.find((command) => command.name === name)!;
    for (const flag of ["where", "filter-file", "variable", "symbols"]) {
      assertEquals(flags.filter((row) => row.name === flag).length, 1, `--${flag} of ${name}`);
    }
  }
});

Deno.test("every command draws what is wrong with an expression, and does nothing", async () => {
  await using folder = temporaryDirectory();
  for (const name of [...READERS, ...RECEIVERS]) {
    const operands = name === "fanout"
      ? ["127.0.0.1:0", "127.0.0.1:9"]
      : name === "send"
      ? ["0/127.0.0.1/9", "no-such-file"]
      : RECEIVERS.includes(name)
      ? ["127.0.0.1:0"]
      : ["no-such-file"];
    const examples = "fixtures/cli/examples";
    const needed: Readonly<Record<string, readonly string[]>> = {
      capture: ["-w", folder.path],
      import: ["-f2", "-V5"],
      nfilter: ["-f", `${examples}/nf.cfg`, "-F", "web-out"],
      tag: ["-t", `${examples}/tag.cfg`, "-T", "customers"],
      mask: ["-m", `${examples}/mask.cfg`, "-M", "customers"],
      xlate: ["-n"],
    };
    const { code, stdout, stderr } = await flowtools(
      [name, ...needed[name] ?? [], "--where", "src prt 80", ...operands],
    );
    assertEquals([code, stdout], [2, ""], name);
    assertStringIncludes(stderr, 'did you mean "port"', name);
    assertStringIncludes(stderr, "\n  src prt 80\n      ^^^\n", name);
    assertEquals(stderr.includes("no-such-file"), false, stderr);
  }
  assertEquals([...Deno.readDirSync(folder.path)], []);
});

/** Flows as users have them, in a file. */
async function writeWorkload(path: string, flows: number): Promise<void> {
  const { schema } = findFtLayout(5)!;
  const batch = new FlowBatch({ capacity: flows });
  new Workload(3).fill(batch, schema, flows);
  const set = await FlowSet.create(path, { version: 5 });
  await set.write(batch);
  await set.close();
}

/** Runs a command that has to succeed. */
async function run(args: readonly string[], stdin?: Uint8Array): Promise<Outcome> {
  const outcome = await flowtools(args, { stdin });
  assertEquals(outcome.code, 0, `${args.join(" ")}: ${outcome.stderr}`);
  return outcome;
}

Deno.test("--where selects what the classic filters select, byte for byte", async (t) => {
  await using folder = temporaryDirectory();
  const file = `${folder.path}/flows.ft`;
  await writeWorkload(file, 3_000);
  const table: readonly (readonly [string, readonly string[]])[] = [
    [
      "src net 10.0.0.0/16 and dst port in [80 443] and tcp",
      ["nfilter", "-f", NF_CFG, "-F", "web-out"],
    ],
    [
      "src port http,https or dst port in [http https] and octets > 10k",
      ["nfilter", "-f", NF_CFG, "-F", "either"],
    ],
    ["exporter not in [10.0.0.1 10.0.0.3]", ["nfilter", "-f", NF_CFG, "-F", "notex"]],
    ["filter ifs", ["nfilter", "-f", NF_CFG, "-F", "ifs"]],
    ["filter notex and not filter web-out", ["nfilter", "-f", NF_CFG, "-F", "notex"]],
    ["proto 17 and dst port in [53, 123]", ["filter", "-r", "17", "-P", "53,123"]],
    ["in if 1-3 or out if 1-3", ["filter", "-o", "-i", "1-3", "-I", "1-3"]],
    ["exporter 10.0.0.2", ["filter", "-e", "10.0.0.2"]],
  ];
  for (const [where, classic] of table) {
    await t.step(where, async () => {
      // What cat writes of streams has another header; the records are compared by nfilter's own.
      const ours = await run(["filter", "--where", where, "--filter-file", NF_CFG, file]);
      const theirs = await run([...classic, file]);
      if (where.includes("not filter web-out")) {
        const rest = await run(["nfilter", "-f", NF_CFG, "-F", "web-out"], theirs.bytes);
        assertEquals(ours.bytes.length + rest.bytes.length - 24, theirs.bytes.length);
      } else {
        assert(ours.bytes.length > 24 + 64 * 5 && ours.bytes.length < 64 * 2_900);
        assertEquals(ours.bytes, theirs.bytes);
      }
    });
  }
});

Deno.test("every command answers --where as it answers a file of these flows", async (t) => {
  await using folder = temporaryDirectory();
  const all = `${folder.path}/all.ft`;
  const some = `${folder.path}/some.ft`;
  await writeWorkload(all, 2_000);
  await run(["cat", "--where", SOME, "-o", some, all]);
  const kept = lines((await run(["print", "--format", "ndjson", some])).stdout).length;
  assert(kept > 100 && kept < 1_900, `${kept} flows`);
  const tag = `${folder.path}/tag.cfg`;
  await Deno.writeTextFile(
    tag,
    "tag-action A\n type source-prefix\n match 10.0.0.0/8 set-src 7\n" +
      "tag-definition d\n term\n action A\n",
  );
  const mask = `${folder.path}/mask.cfg`;
  await Deno.writeTextFile(mask, "mask-definition default\n prefix 10.0.0.0/8 9\n");
  const stat = `${folder.path}/stat.cfg`;
  await Deno.writeTextFile(
    stat,
    "stat-report p\n type ip-protocol\n output\n  path /dev/stdout\n" +
      "stat-definition default\n report p\n",
  );
  const calls: readonly (readonly string[])[] = [
    ["print", "-f5"],
    ["print"],
    ["print", "--format", "csv"],
    ["print", "--format", "json", "--fields", "srcaddr,dOctets,first"],
    ["stat", "-f9", "-S2", "--format", "csv"],
    ["stat", "-f0", "--format", "ndjson"],
    ["report", "-s", stat],
    ["nfilter", "-f", NF_CFG, "-F", "either"],
    ["filter", "-r", "6"],
    ["tag", "-t", tag, "-T", "d"],
    ["xlate", "-n", "-V", "7"],
    ["mask", "-m", mask],
    ["merge"],
    ["export", "-f2"],
    ["export", "-f4"],
    ["dscan", "--format", "ndjson", "-O", "500000"],
  ];
  for (const call of calls) {
    await t.step(call.join(" "), async () => {
      const [name, ...flags] = call;
      const ours = await flowtools([name, "--where", SOME, ...flags, all]);
      const theirs = await flowtools([name, ...flags, some]);
      assertEquals([ours.code, theirs.code], [0, 0], ours.stderr + theirs.stderr);
      assertEquals(ours.bytes, theirs.bytes);
      assertEquals(ours.bytes.length > 60, true, `${ours.bytes.length} bytes`);
    });
  }
  await t.step("import", async () => {
    const csv = `${folder.path}/all.csv`;
    await run(["export", "-f2", "-o", csv, all]);
    const ours = await run(["import", "-f2", "-V5", "--where", SOME, csv]);
    const theirs = await run(["print", "--format", "ndjson", some]);
    const flows = await run(["print", "--format", "ndjson"], ours.bytes);
    assertEquals(flows.stdout, theirs.stdout);
    const v1 = await flowtools(["import", "-f2", "-V1", "--where", "src as 1", csv]);
    assertEquals(v1.code, 2);
    assertStringIncludes(v1.stderr, "which v1 records lack");
  });
  await t.step("split", async () => {
    const flags = ["-N", "150", "-z", "0"];
    await run(["split", "--where", SOME, ...flags, "-o", `${folder.path}/ours`, all]);
    await run(["split", ...flags, "-o", `${folder.path}/theirs`, some]);
    const names = [...Deno.readDirSync(folder.path)].map(({ name }) => name);
    const parts = names.filter((name) => name.startsWith("ours."));
    assertEquals(parts.length, Math.ceil(kept / 150));
    for (const part of parts) {
      const other = part.replace("ours", "theirs");
      assertEquals(
        Deno.readFileSync(`${folder.path}/${part}`),
        Deno.readFileSync(`${folder.path}/${other}`),
      );
    }
  });
});

Deno.test("send --where sends only these flows", async () => {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = socket.addr as Deno.NetAddr;
  try {
    const [wanted, whole] = await Promise.all(
      [["--where", "octets > 2G"], []].map(async (flags) =>
        lines((await run(["print", "--format", "csv", ...flags, "fixtures/ft/v5-le.ft"])).stdout)
          .length - 1
      ),
    );
    assert(wanted > 0 && wanted < whole);
    const args = ["send", "--where", "octets > 2G", `0/127.0.0.1/${port}`, "fixtures/ft/v5-le.ft"];
    await run(args);
    let flows = 0;
    while (flows < wanted) {
      const [packet] = await socket.receive();
      flows += new DataView(packet.buffer, packet.byteOffset).getUint16(2);
    }
    assertEquals(flows, wanted);
  } finally {
    socket.close();
  }
});

Deno.test("cat --where counts what passed, in the header of a file and of a stream", async () => {
  await using folder = temporaryDirectory();
  const file = `${folder.path}/some.ft`;
  await run(["cat", "--where", "octets > 2G", "-o", file, "fixtures/ft/v5-le.ft"]);
  const flows = lines((await run(["print", "--format", "ndjson", file])).stdout).length;
  assertMatch((await run(["header", file])).stdout, new RegExp(`# capture flows: +${flows}\n`));
  const stream = await run(["cat", "-p", "--where", "octets > 2G", "fixtures/ft/v5-le.ft"]);
  const header = await run(["header"], stream.bytes);
  assertEquals(/capture flows/.test(header.stdout), false, header.stdout);
});

Deno.test("merge --where selects once, however many files there are", async () => {
  await using folder = temporaryDirectory();
  const paths = [];
  for (let index = 0; index < 70; index++) {
    paths.push(`${folder.path}/${index}.ft`);
    await Deno.copyFile("fixtures/ft/v5-le.ft", paths[index]);
  }
  const count = async (flags: readonly string[], inputs: readonly string[]) => {
    const { bytes } = await run(["merge", ...flags, ...inputs]);
    return lines((await run(["print", "--format", "csv"], bytes)).stdout).length - 1;
  };
  const flags = ["--where", "octets > 2G"];
  const one = await count(flags, [paths[0]]);
  assert(one > 0 && one < 53);
  assertEquals(await count(flags, paths), 70 * one);
});

Deno.test("no flow that passes is exit code 1, as with grep", async () => {
  const none = ["--where", "octets > 1T"];
  for (const call of [["print", "--format", "csv"], ["stat"], ["cat"], ["xlate", "-n"]]) {
    const { code, stderr } = await flowtools([...call, ...none, "fixtures/ft/v5-le.ft"]);
    assertEquals([code, stderr], [1, ""], call.join(" "));
  }
});

Deno.test("a wrong expression is drawn with its place, exit code 2, and no output is begun", async () => {
  await using folder = temporaryDirectory();
  const output = `${folder.path}/out.ft`;
  const { code, stdout, stderr } = await flowtools(
    ["cat", "--where", "src ip 10.0.0.1 and prt 80", "-o", output, "fixtures/ft/v5-le.ft"],
  );
  assertEquals([code, stdout], [2, ""]);
  assertStringIncludes(stderr, 'did you mean "port"');
  assertStringIncludes(
    stderr,
    "\n  src ip 10.0.0.1 and prt 80\n                      ^^^\n",
  );
  assertEquals([...Deno.readDirSync(folder.path)], []);
});

Deno.test("names of ports and AS come from the symbol files, near ones are offered", async () => {
  await using folder = temporaryDirectory();
  const { code, stderr } = await flowtools(
    ["print", "--where", "port htps", "fixtures/ft/v5-le.ft"],
  );
  assertEquals(code, 2);
  assertMatch(stderr, /there is no port "htps".*did you mean .*"https"/);
  await Deno.writeTextFile(`${folder.path}/tcp-port.sym`, "443 webs\n");
  const file = `${folder.path}/flows.ft`;
  await writeWorkload(file, 300);
  const print = ["print", "--format", "csv", "--fields", "dstport"];
  const symbols = ["--symbols", folder.path, "--where", "dst port webs"];
  const { stdout } = await run([...print, ...symbols, file]);
  assertEquals([...new Set(lines(stdout).slice(1))], ["443"]);
});

Deno.test("inputs that cannot answer are reported once each, the others are answered", async () => {
  const inputs = ["v1-le.ft", "v5-le.ft", "v1-be.ft", "none.ft"].map((name) =>
    `fixtures/ft/${name}`
  );
  const { code, stdout, stderr } = await flowtools(
    ["print", "--format", "csv", "--where", "dst as >= 0", ...inputs],
  );
  assertEquals(code, 1);
  assertEquals(lines(stdout).length, 1 + 53);
  const messages = lines(stderr);
  assertEquals(messages.length, 3, stderr);
  assertMatch(messages[0], /v1-le\.ft.*"dst as >= 0" needs dst_as, which v1 records lack.*v5, v6/);
  assertMatch(messages[1], /v1-be\.ft/);
  assertMatch(messages[2], /none\.ft/);
});

Deno.test("definitions of nfilter take variables, and a missing configuration is told", async () => {
  await using folder = temporaryDirectory();
  const config = `${folder.path}/nf.cfg`;
  await Deno.writeTextFile(
    config,
    "filter-primitive P\n type ip-port\n permit @PORT\n" +
      "filter-definition one\n match ip-destination-port P\n",
  );
  const file = `${folder.path}/flows.ft`;
  await writeWorkload(file, 300);
  const print = ["print", "--format", "csv", "--fields", "dstport", "--where", "filter one"];
  const { stdout } = await run([...print, "--filter-file", config, "--variable", "PORT=53", file]);
  assertEquals([...new Set(lines(stdout).slice(1))], ["53"]);
  const { code, stderr } = await flowtools([...print, "--filter-file", `${config}.not`, file]);
  assertEquals(code, 2);
  assertStringIncludes(stderr, `there is no filter configuration "${config}.not"`);
});

Deno.test("times are local, by TZ, unless --tz says otherwise", async () => {
  await using folder = temporaryDirectory();
  const file = `${folder.path}/flows.ft`;
  await writeWorkload(file, 2_000);
  const count = async (where: string, tz: string, flags: readonly string[] = []) => {
    const args = ["print", "--format", "csv", "--fields", "last", "--where", where, ...flags, file];
    const { stdout } = await flowtools(args, { env: { TZ: tz } });
    return Math.max(0, lines(stdout).length - 1);
  };
  // The workload begins at 2023-11-14T22:13:20Z, and lasts one second and a third.
  const utc = await count("last < 2023-11-14T22:13:21", "UTC");
  assert(utc > 100 && utc < 1_900, `${utc} flows`);
  assertEquals(await count("last < 2023-11-14T23:13:21", "Europe/Berlin"), utc);
  assertEquals(await count("last < 2023-11-14T22:13:21", "Europe/Berlin"), 0);
  assertEquals(await count("last < 2023-11-14T22:13:21", "Europe/Berlin", ["--tz", "UTC"]), utc);
  assertEquals(await count("last < 2023-11-15T07:13:21", "UTC", ["--tz", "Asia/Tokyo"]), utc);
  assertEquals(await count("last < 1700000001", "Asia/Tokyo"), utc);
});
