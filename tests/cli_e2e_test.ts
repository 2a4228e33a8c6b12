/** The command line as its users have it: real processes, with the permissions of its task. */
import { concat } from "@std/bytes";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { FLOW_ATTRIBUTE_NAMES } from "@flowtools/flow-model";
import { COMMANDS } from "../apps/cli/commands.ts";
import { COMMON_FLAGS } from "@flowtools/common/flags";
import { readText, ROOT } from "./files.ts";
import {
  bash,
  flowtools,
  flowtoolsCommand,
  lines,
  namesOf,
  readAllText,
  temporaryDirectory,
} from "./programs.ts";

const FT = namesOf("fixtures/ft").filter((name) => name.endsWith(".ft"));
const PDU = namesOf("fixtures/pdu").filter((name) => name.endsWith(".dat"));
const CLI = namesOf("fixtures/cli");

/** Flows of one file of `fixtures/ft`. */
const FLOWS = 53;

type Json = Record<string, unknown>;

function bytesOf(path: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(path, ROOT));
}

function jsonOf<Value>(path: string): Value {
  return JSON.parse(readText(path));
}

function parseLines(text: string): Json[] {
  return lines(text).map((line) => JSON.parse(line));
}

function expectedFlows(label: string): Json[] {
  return jsonOf(`fixtures/ft-expected/${label}.json`);
}

/** The golden files of a version, in every encoding. */
const FILES_BY_LABEL = Map.groupBy(FT, (name) => name.replace(".ft", "").split("-")[0]);

// print

Deno.test("print --format ndjson gives the golden flows of every file", async (t) => {
  assert(FT.length >= 74, `${FT.length} files`);
  const paths = FT.map((name) => `fixtures/ft/${name}`);
  const { code, stdout, stderr } = await flowtools(["print", "--format", "ndjson", ...paths]);
  assertEquals([code, stderr], [0, ""]);
  const flows = parseLines(stdout);
  assertEquals(flows.length, FT.length * FLOWS);
  for (const [index, name] of FT.entries()) {
    await t.step(name, () => {
      const ours = flows.slice(index * FLOWS, (index + 1) * FLOWS);
      assertEquals(ours, expectedFlows(name.replace(".ft", "").split("-")[0]));
    });
  }
});

Deno.test("print --format json gives one array", async () => {
  const { code, stdout } = await flowtools(["print", "--format=json", "fixtures/ft/v5-le.ft"]);
  assertEquals(code, 0);
  assertEquals(JSON.parse(stdout), expectedFlows("v5"));
});

Deno.test("print --format json of no flows is an empty array", async () => {
  const { bytes } = await flowtools(["gen", "-n", "0"]);
  const { code, stdout } = await flowtools(["print", "--format", "json"], { stdin: bytes });
  assertEquals([code, stdout], [0, "[]\n"]);
});

Deno.test("print --format csv has a line of names and the values in their order", async () => {
  const { code, stdout } = await flowtools(["print", "--format", "csv", "fixtures/ft/v7-be.ft"]);
  assertEquals(code, 0);
  const [head, ...rows] = lines(stdout).map((line) => line.split(","));
  const golden = expectedFlows("v7");
  assertEquals(rows, golden.map((flow) => head.map((name) => String(flow[name]))));
  const expectedNames = Object.keys(golden[0]).filter((name) => !name.endsWith("_raw"));
  assertEquals(head.toSorted(), expectedNames.toSorted());
});

Deno.test("print --fields chooses fields and their order, in every format", async () => {
  const fields = ["dOctets", "srcaddr", "first_raw"];
  const picked = expectedFlows("v5").map((flow) => fields.map((name) => flow[name]));
  const print = async (format: string) => {
    const args = ["print", "--format", format, "--fields", fields.join(), "fixtures/ft/v5-le-z.ft"];
    const { code, stdout } = await flowtools(args);
    assertEquals(code, 0);
    return stdout;
  };
  const [ndjson, json, csv, table] = await Promise.all(
    ["ndjson", "json", "csv", "table"].map(print),
  );
  assertEquals(lines(ndjson).map((line) => Object.entries(JSON.parse(line))).map(unzip), picked);
  assertEquals(JSON.parse(json).map((flow: Json) => unzip(Object.entries(flow))), picked);
  const rows = picked.map((values) => values.map(String));
  assertEquals(lines(csv).map((line) => line.split(",")), [fields, ...rows]);
  assertEquals(lines(table).map((line) => line.trim().split(/ +/)), [fields, ...rows]);

  /** The values of entries, whose names must be the fields asked for. */
  function unzip(entries: [string, unknown][]): unknown[] {
    assertEquals(entries.map(([name]) => name), fields);
    return entries.map(([, value]) => value);
  }
});

Deno.test("print leaves out, or marks as missing, what a version lacks", async () => {
  const args = ["--fields", "src_tag,dPkts", "fixtures/ft/v5-le.ft"];
  const [{ dPkts }] = expectedFlows("v5");
  const [ndjson, csv, table] = await Promise.all(
    ["ndjson", "csv", "table"].map((format) => flowtools(["print", "--format", format, ...args])),
  );
  assertEquals(lines(ndjson.stdout)[0], `{"dPkts":${dPkts}}`);
  assertEquals(lines(csv.stdout)[1], `,${dPkts}`);
  assertMatch(lines(table.stdout)[1], new RegExp(`^ *- +${dPkts}$`));
});

Deno.test("print --format table has a head for each version", async () => {
  const paths = ["fixtures/ft/v5-le.ft", "fixtures/ft/v5-be.ft", "fixtures/ft/v8.1-le.ft"];
  const { code, stdout, stderr } = await flowtools(["print", "--format", "table", ...paths]);
  assertEquals([code, stderr], [0, ""]);
  const rows = lines(stdout);
  const heads = rows.filter((line) => line.startsWith("first"));
  assertEquals(heads.length, 2);
  assertStringIncludes(heads[0], "srcaddr");
  assertStringIncludes(heads[1], "dFlows");
  assertEquals(rows.length, 3 * FLOWS + 2 + 1);
  const times = new RegExp(`^${timeText(expectedFlows("v5")[0].first)}  `);
  assertMatch(rows[1], times, "times are UTC");
  // Columns are aligned: every row ends where its head ends.
  const first = rows.slice(0, 2 * FLOWS + 1);
  assertEquals(new Set(first.map((line) => line.length)).size, 1);
});

/** Unix seconds as the table shows them. */
function timeText(unixSecs: unknown): string {
  return new Date(Math.round(Number(unixSecs) * 1000)).toISOString().replace("T", " ").slice(0, -1);
}

Deno.test("print -o writes to a file", async () => {
  await using folder = temporaryDirectory();
  const out = `${folder.path}/flows.csv`;
  const args = ["print", "--format", "csv", "-o", out, "fixtures/ft/v1-le.ft"];
  const { code, stdout } = await flowtools(args);
  assertEquals([code, stdout], [0, ""]);
  assertEquals(lines(Deno.readTextFileSync(out)).length, FLOWS + 1);
});

// decode

/** What the golden packets say, and not more: captures and files have names of their own. */
function assertGoldenPacket(ours: Json, golden: Json): void {
  const { flows, ...header } = golden;
  for (const [name, value] of Object.entries(header)) assertEquals(ours[name], value, name);
  assertEquals(ours.flows, flows);
  assertEquals(ours.problem, undefined);
}

Deno.test("decode gives the golden values of every packet", async () => {
  const { code, stdout, stderr } = await flowtools(
    ["decode", "--exporter", "192.0.2.9", ...PDU.map((name) => `fixtures/pdu/${name}`)],
  );
  assertEquals([code, stderr], [0, ""]);
  const packets = parseLines(stdout);
  assertEquals(packets.length, PDU.length);
  for (const [index, name] of PDU.entries()) {
    assertGoldenPacket(packets[index], jsonOf(`fixtures/pdu/${name.replace(".dat", ".json")}`));
    assertEquals(packets[index].exporter, "192.0.2.9");
    assertEquals(packets[index].file, `fixtures/pdu/${name}`);
  }
});

/** A pcap file of Ethernet frames with UDP from 198.51.100.7 port 2056 to port 9991. */
function pcapOf(payloads: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const numbers = (width: 2 | 4, little: boolean, ...values: number[]) => {
    const view = new DataView(new ArrayBuffer(width * values.length));
    for (const [index, value] of values.entries()) {
      if (width === 2) view.setUint16(2 * index, value, little);
      else view.setUint32(4 * index, value, little);
    }
    return new Uint8Array(view.buffer);
  };
  const file = [
    numbers(4, true, 0xa1b2c3d4),
    numbers(2, true, 2, 4),
    numbers(4, true, 0, 0, 65535, 1),
  ];
  for (const [index, payload] of payloads.entries()) {
    const frame = concat([
      Uint8Array.of(2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00),
      Uint8Array.of(0x45, 0),
      numbers(2, false, 20 + 8 + payload.length, index, 0),
      Uint8Array.of(64, 17, 0, 0, 198, 51, 100, 7, 192, 0, 2, 1),
      numbers(2, false, 2056, 9991, 8 + payload.length, 0),
      payload,
    ]);
    file.push(numbers(4, true, 1_700_000_000 + index, 0, frame.length, frame.length), frame);
  }
  return concat(file);
}

Deno.test("decode reads captures, and takes the exporter from them", async () => {
  const names = ["v5-3", "v8.14-1", "v5-1"];
  const capture = pcapOf(names.map((name) => bytesOf(`fixtures/pdu/${name}.dat`)));
  await using folder = temporaryDirectory();
  const path = `${folder.path}/export.pcap`;
  Deno.writeFileSync(path, capture);
  const [named, piped] = await Promise.all([
    flowtools(["decode", path]),
    flowtools(["decode", "--exporter", "10.0.0.1"], { stdin: capture }),
  ]);
  for (const [file, { code, stdout, stderr }] of [[path, named], ["-", piped]] as const) {
    assertEquals([code, stderr], [0, ""]);
    const packets = parseLines(stdout);
    assertEquals(packets.length, names.length);
    for (const [index, name] of names.entries()) {
      assertGoldenPacket(packets[index], jsonOf(`fixtures/pdu/${name}.json`));
      assertEquals(packets[index].exporter, "198.51.100.7");
      assertEquals(packets[index].exporter_port, 2056);
      assertEquals(packets[index].file, file);
    }
  }
});

Deno.test("decode of a cut capture gives the packets before the cut, and says so", async () => {
  const capture = pcapOf([bytesOf("fixtures/pdu/v5-1.dat"), bytesOf("fixtures/pdu/v5-2.dat")]);
  const { code, stdout, stderr } = await flowtools(["decode"], { stdin: capture.slice(0, -100) });
  assertEquals(code, 1);
  assertEquals(parseLines(stdout).length, 1);
  assertMatch(stderr, /^flowtools: .*byte \d+/);
});

Deno.test("decode shows what is left of a packet that lies, and exits with 1", async () => {
  await using folder = temporaryDirectory();
  const cut = `${folder.path}/cut.dat`;
  const alien = `${folder.path}/alien.dat`;
  Deno.writeFileSync(cut, bytesOf("fixtures/pdu/v5-2.dat").slice(0, 24 + 48 * 7 + 10));
  Deno.writeTextFileSync(alien, "no packet at all");
  const { code, stdout } = await flowtools(["decode", cut, alien, "fixtures/pdu/v5-1.dat"]);
  assertEquals(code, 1);
  const [first, second, third] = parseLines(stdout);
  const golden = jsonOf<{ flows: Json[] }>("fixtures/pdu/v5-2.json");
  assertEquals(first.problem, "short-datagram");
  assertEquals(first.flows, golden.flows.slice(0, 7));
  assertEquals(second.problem, "unknown-version");
  assertEquals(second.flows, []);
  assertEquals(third.problem, undefined);
});

Deno.test("decode --format dump explains every byte of a packet", async () => {
  for (const name of ["v1-1", "v5-1", "v7-1", "v8.5-1"]) {
    const path = `fixtures/pdu/${name}.dat`;
    const { code, stdout } = await flowtools(["decode", "--format", "dump", path]);
    assertEquals(code, 0);
    const golden = jsonOf<{ version: number; flows: Json[] }>(`fixtures/pdu/${name}.json`);
    const [head, ...rows] = lines(stdout);
    assertEquals(head, `# exporter=0.0.0.0 file=${path}`);
    for (const field of Object.keys(golden.flows[0]).filter((key) => !key.endsWith("_raw"))) {
      assert(rows.some((row) => row.includes(field)), `the dump of ${name} lacks ${field}`);
    }
  }
});

Deno.test("decode refuses what is too long for a packet", async () => {
  const { code, stdout, stderr } = await flowtools(["decode"], { stdin: "x".repeat(70_000) });
  assertEquals([code, stdout], [1, ""]);
  assertStringIncludes(stderr, "neither a capture nor a UDP payload");
});

// header

for (const name of CLI.filter((name) => name.startsWith("header-"))) {
  const path = `fixtures/cli/${name.replace("header-", "in-").replace(".txt", ".ft")}`;
  Deno.test(`header prints what flow-header prints: ${name}`, async () => {
    const golden = readText(`fixtures/cli/${name}`);
    const [named, piped] = await Promise.all([
      flowtools(["header", path]),
      flowtools(["header"], { stdin: bytesOf(path) }),
    ]);
    assertEquals([named.code, named.stdout, named.stderr], [0, golden, ""]);
    assertEquals([piped.code, piped.stdout, piped.stderr], [0, golden, ""]);
  });
}

Deno.test("header shows local time with its offset, and another comment character", async () => {
  const path = "fixtures/cli/in-v7.ft";
  const { stdout } = await flowtools(["header", "-c", "%", path], { env: { TZ: "Asia/Kolkata" } });
  assertStringIncludes(stdout, "capture start:        Wed, 15 Nov 2023 03:43:20 +0530");
  assertEquals(lines(stdout).every((line) => line.startsWith("%")), true);
});

Deno.test("header --format ndjson is one object a file", async () => {
  const names = FILES_BY_LABEL.get("v8.3")!;
  const { code, stdout } = await flowtools(
    ["header", "--format", "ndjson", ...names.map((name) => `fixtures/ft/${name}`)],
  );
  assertEquals(code, 0);
  const headers = parseLines(stdout);
  assertEquals(headers.map(({ file }) => file), names.map((name) => `fixtures/ft/${name}`));
  for (const header of headers) {
    assertEquals(header.exportVersion, 8);
    assertEquals(header.aggregation, 3);
    assertEquals(header.flowCount, FLOWS);
    assertEquals(header.exporterAddress, "192.0.2.1");
    const compressed = String(header.file).endsWith("-z.ft");
    assertEquals(header.flags, compressed ? ["DONE", "COMPRESS"] : ["DONE"]);
  }
});

// gen

for (const name of CLI.filter((name) => name.startsWith("gen-"))) {
  Deno.test(`gen makes the bytes of flow-gen: ${name}`, async () => {
    const version = name.slice("gen-v".length, -".ft".length);
    const golden = bytesOf(`fixtures/cli/${name}`);
    // The golden files have 100 flows of v5 and 50 of others.
    const count = version === "5" ? "100" : "50";
    const { code, bytes } = await flowtools(["gen", `-n${count}`, `-V${version}`]);
    assertEquals(code, 0);
    assertEquals(bytes, golden);
  });
}

Deno.test("gen of every version is readable, big endian and compressed too", async () => {
  await using folder = temporaryDirectory();
  const labels = [...FILES_BY_LABEL.keys()];
  const count = 20;
  for (const label of labels) {
    const encoding = ["-b", "big", "-z", "9", "-o", `${folder.path}/${label}.ft`];
    const { code } = await flowtools(["gen", `-n${count}`, "-V", label.slice(1), ...encoding]);
    assertEquals(code, 0);
  }
  const { code, stdout, stderr } = await flowtools(["print", "--format", "ndjson", folder.path]);
  assertEquals([code, stderr], [0, ""]);
  const flows = parseLines(stdout);
  assertEquals(flows.length, labels.length * count);
  for (const [index, { dPkts, dOctets }] of flows.entries()) {
    assertEquals([dPkts, dOctets], [index % count + 1, index % count + 1]);
  }
});

// cat

/** The flows of a stream. */
async function flowsOf(stream: Uint8Array): Promise<Json[]> {
  const args = ["print", "--format", "ndjson"];
  const { code, stdout, stderr } = await flowtools(args, { stdin: stream });
  assertEquals([code, stderr], [0, ""]);
  return parseLines(stdout);
}

async function headerOf(stream: Uint8Array): Promise<Json> {
  const args = ["header", "--format", "ndjson"];
  const { code, stdout } = await flowtools(args, { stdin: stream });
  assertEquals(code, 0);
  return parseLines(stdout)[0];
}

Deno.test("cat joins files of either byte order, plain or compressed", async () => {
  const golden = expectedFlows("v6");
  const paths = FILES_BY_LABEL.get("v6")!.map((name) => `fixtures/ft/${name}`);
  for (
    const [args, byteOrder, compressed] of [
      [[], "little", false],
      [["-b", "big"], "big", false],
      [["-z9"], "little", true],
      [["-z", "1", "-b", "big"], "big", true],
    ] as const
  ) {
    const { code, bytes, stderr } = await flowtools(["cat", ...args, ...paths]);
    assertEquals([code, stderr], [0, ""]);
    assertEquals(await flowsOf(bytes), paths.flatMap(() => golden));
    const header = await headerOf(bytes);
    assertEquals(header.byteOrder, byteOrder);
    assertEquals((header.flags as string[]).includes("COMPRESS"), compressed);
  }
});

Deno.test("cat reads standard input among files, and writes files with full headers", async () => {
  await using folder = temporaryDirectory();
  const out = `${folder.path}/out.ft`;
  const { code, stdout, stderr } = await flowtools(
    ["cat", "-o", out, "-C", "two of them", "fixtures/ft/v7-le.ft", "-"],
    { stdin: bytesOf("fixtures/ft/v7-be-z.ft") },
  );
  assertEquals([code, stdout, stderr], [0, "", ""]);
  const written = Deno.readFileSync(out);
  assertEquals(await flowsOf(written), [...expectedFlows("v7"), ...expectedFlows("v7")]);
  const header = await headerOf(written);
  assertEquals(header.flowCount, 2 * FLOWS);
  assertEquals(header.comments, "two of them");
  assertEquals(header.flags, ["DONE"]);
});

Deno.test("pipes of the shell carry flows through several commands", async () => {
  const program =
    `"${Deno.execPath()}" run --allow-read --allow-write --allow-sys apps/cli/main.ts`;
  const { code, stdout, stderr } = await bash(
    `flowtools() { ${program} "$@"; }
     flowtools gen -n 70000 -z 1 | flowtools cat -b big | flowtools cat - |
       flowtools print --format csv --fields srcaddr | tail -n 1`,
  );
  assertEquals([code, stdout, stderr], [0, "0.1.17.111\n", ""]);
});

Deno.test("directories are walked in order of name; tmp files only with -a", async () => {
  await using folder = temporaryDirectory();
  const day = `${folder.path}/2023/2023-11`;
  Deno.mkdirSync(day, { recursive: true });
  const put = async (name: string, count: number) => {
    const { code } = await flowtools(["gen", "-n", `${count}`, "-o", `${day}/${name}`]);
    assertEquals(code, 0);
  };
  await put("ft-v05.2", 2);
  await put("ft-v05.1", 3);
  await put("tmp-v05.3", 5);
  const count = async (args: string[]) => {
    const { code, stdout, stderr } = await flowtools(args);
    assertEquals([code, stderr], [0, ""]);
    return lines(stdout).length;
  };
  const print = ["print", "--format", "ndjson"];
  assertEquals(await count([...print, folder.path]), 5);
  assertEquals(await count([...print, "-a", folder.path]), 10);
  assertEquals(await count([...print, `${day}/tmp-v05.3`]), 5, "a file that is named is read");
  const { stdout } = await flowtools(["header", "--format", "ndjson", "--all", folder.path]);
  assertEquals(parseLines(stdout).map(({ flowCount }) => flowCount), [3, 2, 5]);
  const cat = await flowtools(["cat", folder.path]);
  assertEquals((await flowsOf(cat.bytes)).length, 5);
});

Deno.test("cat converts versions to that of the first file where there is a conversion", async () => {
  const { code, bytes, stderr } = await flowtools(
    ["cat", "fixtures/ft/v5-le.ft", "fixtures/ft/v7-be.ft", "fixtures/ft/v1-le-z.ft"],
  );
  assertEquals([code, stderr], [
    0,
    "flowtools: v5 records have no place for router_sc of 53 flows\n",
  ]);
  const flows = await flowsOf(bytes);
  assertEquals(flows.length, 3 * FLOWS);
  const golden = [...expectedFlows("v5"), ...expectedFlows("v7"), ...expectedFlows("v1")];
  const names = Object.keys(flows[0]);
  for (const [index, flow] of flows.entries()) {
    assertEquals(Object.keys(flow), names, "all are v5 now");
    for (const name of names.filter((name) => name in golden[index])) {
      assertEquals(flow[name], golden[index][name], name);
    }
  }
});

Deno.test("cat names both versions where there is no conversion, and goes on", async () => {
  const paths = ["fixtures/ft/v5-le.ft", "fixtures/ft/v8.1-le.ft", "fixtures/ft/v5-be.ft"];
  const { code, bytes, stderr } = await flowtools(["cat", ...paths]);
  assertEquals(code, 1);
  assertEquals(lines(stderr).length, 1);
  assertStringIncludes(stderr, "fixtures/ft/v8.1-le.ft");
  assertStringIncludes(stderr, "no conversion from v8.1 to v5");
  assertEquals((await flowsOf(bytes)).length, 2 * FLOWS);
});

// The reference, where it is installed

/** Runs a program of flow-tools on a stream; `undefined` where it is not installed. */
async function reference(program: string, stdin: Uint8Array): Promise<string | undefined> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, {
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
      env: { TZ: "UTC", LC_ALL: "C" },
    }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.log(`skipped: ${program} of flow-tools is not on the PATH`);
    return undefined;
  }
  const writing = (async () => {
    const writer = child.stdin.getWriter();
    await writer.write(stdin);
    await writer.close();
  })();
  const { code, stdout } = await child.output();
  await writing;
  assertEquals(code, 0, program);
  return new TextDecoder().decode(stdout);
}

Deno.test("flow-tools reads what cat and gen write as it reads its own files", async () => {
  for (const label of ["v1", "v5", "v6", "v7", "v8.1", "v8.14", "v1005"]) {
    const golden = bytesOf(`fixtures/ft/${label}-le.ft`);
    const expected = await reference("flow-print", golden);
    if (expected === undefined) return;
    for (const args of [[], ["-z", "9"]]) {
      const { bytes } = await flowtools(["cat", ...args], { stdin: golden });
      assertEquals(await reference("flow-print", bytes), expected, label);
      const { stdout } = await flowtools(["header"], { stdin: bytes });
      assertEquals(await reference("flow-header", bytes), stdout, label);
    }
  }
});

// What goes wrong

Deno.test("wrong usage exits with 2, and says what would be right", async () => {
  const commands = COMMANDS.map(({ name }) => name);
  const cases: [args: string[], message: string][] = [
    [["prnt"], 'unknown command "prnt", did you mean "print"'],
    [["nothing"], `unknown command "nothing", expected one of ${commands.join(", ")}`],
    [["help", "prnt"], 'unknown command "prnt", did you mean "print"'],
    [["--wide", "print"], 'unknown command "--wide", the command goes before the flags'],
    [
      ["README.md"],
      'unknown command "README.md", for what is in a file: flowtools print README.md',
    ],
    [["print", "--feilds=prot"], "unknown flag --feilds, did you mean --fields?"],
    [["print", "--out", "x"], "unknown flag --out, did you mean --output?"],
    [["print", "--count", "5"], "unknown flag --count, which is a flag of gen, not of print"],
    [["print", "--format", "ndjsn"], '; did you mean "ndjson"?'],
    [["print", "--colour"], "unknown flag --colour, expected one of -f/--format -n/--names"],
    [["print", "-f25"], '--format is "25", expected one of'],
    [["print", "-f5", "--fields", "prot"], "--fields does not go with --format 5"],
    [["print", "-P"], "unknown flag -P, did you mean -p/--header? (-P is a flag of "],
    [["print", "--format", "xml"], '--format is "xml", expected one of table, ndjson, json, csv'],
    [["print", "--format"], "--format needs a value: NAME"],
    [["print", "--fields", "srcadr"], 'no field is named "srcadr", did you mean "srcaddr"?'],
    [["print", "--fields", "srcaddr,nope"], 'no field is named "nope", expected one of'],
    [["cat", "-z", "10"], '--compress is "10", expected a whole number 0 to 9'],
    [["cat", "-b", "middle"], '--byte-order is "middle", expected one of little, big'],
    [["gen", "-n", "-1"], '--count is "-1", expected a whole number 0 to 4294967295'],
    [["gen", "-V", "9"], 'export version is "9", expected one of 1, 5, 6, 7, 1005, 8.1'],
    [["decode", "--exporter", "router"], '--exporter is "router", expected an IPv4 or IPv6'],
    [["header", "-c"], "-c needs a value: CHAR"],
  ];
  await Promise.all(cases.map(async ([args, message]) => {
    const { code, stdout, stderr } = await flowtools(args);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assert(stderr.startsWith("flowtools: "), stderr);
    assertStringIncludes(stderr, message);
    const [command] = args;
    // Of a command that there is, there is more to say.
    assertEquals(
      lines(stderr).slice(1).map((line) => line.split(" [")[0]),
      commands.includes(command)
        ? [`Usage: flowtools ${command}`, `Try "flowtools help ${command}".`]
        : ['Try "flowtools help".'],
    );
  }));
});

Deno.test("an unknown field is answered with all that there are", async () => {
  const { stderr } = await flowtools(["print", "--fields", "nope"]);
  for (const name of FLOW_ATTRIBUTE_NAMES) assertStringIncludes(stderr, name);
});

Deno.test("an input that cannot be read is reported, the others are still read", async () => {
  await using folder = temporaryDirectory();
  const text = `${folder.path}/text.ft`;
  Deno.writeTextFileSync(text, "this is no flow file");
  Deno.symlinkSync("nowhere", `${folder.path}/dangling.ft`);
  const good = "fixtures/ft/v5-le.ft";
  const bad = [`${folder.path}/missing.ft`, text, `${text}/below`, `${folder.path}/dangling.ft`];
  for (const command of [["print", "--format", "ndjson"], ["header", "--format", "ndjson"]]) {
    const { code, stdout, stderr } = await flowtools([...command, good, ...bad, good]);
    assertEquals(code, 1);
    assertEquals(lines(stdout).length, command[0] === "print" ? 2 * FLOWS : 2);
    const messages = lines(stderr);
    assertEquals(messages.length, bad.length);
    for (const [index, path] of bad.entries()) assertStringIncludes(messages[index], path);
    assertStringIncludes(messages[1], "expected cf 10");
  }
  const cat = await flowtools(["cat", ...bad, good]);
  assertEquals([cat.code, lines(cat.stderr).length], [1, bad.length]);
  assertEquals(await flowsOf(cat.bytes), expectedFlows("v5"));
  const decode = await flowtools(["decode", bad[0], "fixtures/pdu/v5-1.dat"]);
  assertEquals([decode.code, lines(decode.stdout).length], [1, 1]);
});

Deno.test("a cut file gives its whole records, and the place of the cut", async () => {
  const plain = bytesOf("fixtures/ft/v5-le.ft");
  const { size } = await headerOf(plain) as { size: number };
  const cutAt = size + 10 * 64 + 17;
  const { code, stdout, stderr } = await flowtools(["print", "--format", "ndjson"], {
    stdin: plain.slice(0, cutAt),
  });
  assertEquals(code, 1);
  assertEquals(parseLines(stdout), expectedFlows("v5").slice(0, 10));
  assertEquals(lines(stderr), [
    'flowtools: Cannot read flow file "standard input": last record at byte ' +
    `${size + 10 * 64} has 17 of 64 bytes after 10 whole records`,
  ]);
});

Deno.test("a damaged compressed file gives the records before the damage", async () => {
  await using folder = temporaryDirectory();
  const golden = expectedFlows("v5");
  for (
    const [name, damage] of [
      ["cut", (bytes: Uint8Array) => bytes.slice(0, -200)],
      ["flipped", (bytes: Uint8Array) => bytes.fill(0xff, bytes.length - 200)],
    ] as const
  ) {
    const path = `${folder.path}/${name}.ft`;
    Deno.writeFileSync(path, damage(bytesOf("fixtures/ft/v5-le-z.ft")));
    const { code, stdout, stderr } = await flowtools(["print", "--format", "ndjson", path]);
    assertEquals(code, 1);
    const flows = parseLines(stdout);
    assert(flows.length > 0 && flows.length < golden.length, `${flows.length} flows`);
    assertEquals(flows, golden.slice(0, flows.length));
    assertMatch(stderr, new RegExp(`"${path}".* at byte \\d+ after ${flows.length} whole records`));
  }
});

Deno.test("a header that is cut is told with its place", async () => {
  const start = bytesOf("fixtures/ft/v5-le.ft").slice(0, 30);
  const { code, stdout, stderr } = await flowtools(["print"], { stdin: start });
  assertEquals([code, stdout], [1, ""]);
  assertMatch(stderr, /header is cut at byte 30, expected \d+ bytes/);
});

Deno.test("an output that cannot be written is fatal", async () => {
  await using folder = temporaryDirectory();
  const out = `${folder.path}/no/such/folder/out`;
  const input = "fixtures/ft/v5-le.ft";
  for (
    const args of [
      ["print", "-o", out, input],
      ["cat", "-o", out, input, input],
      ["gen", "-o", out],
      ["header", "-o", out, input],
      ["decode", "-o", out, "fixtures/pdu/v5-1.dat"],
    ]
  ) {
    const { code, stderr } = await flowtools(args);
    assertEquals([code, lines(stderr).length], [2, 1], stderr);
    assertStringIncludes(stderr, out);
  }
});

Deno.test("a closed pipe is quiet", async () => {
  await using folder = temporaryDirectory();
  const big = `${folder.path}/big.ft`;
  assertEquals((await flowtools(["gen", "-n", "200000", "-o", big])).code, 0);
  for (const args of [["print", big], ["cat", big], ["gen", "-n", "500000"]]) {
    const child = flowtoolsCommand(args, { stdin: "null" }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    await reader.cancel();
    const [{ code }, stderr] = await Promise.all([child.status, readAllText(child.stderr)]);
    assertEquals([code, stderr], [0, ""], args.join(" "));
  }
});

// Help

Deno.test("help, --help and -h show all commands; --version the version", async () => {
  const [help, long, short, none] = await Promise.all(
    [["help"], ["--help"], ["-h"], []].map((args) => flowtools(args)),
  );
  for (const { code, stdout, stderr } of [help, long, short]) {
    assertEquals([code, stdout, stderr], [0, help.stdout, ""]);
  }
  // Called for the first time, it says how to begin.
  assertEquals([none.code, none.stderr], [2, ""]);
  assert(none.stdout.length < help.stdout.length / 2, none.stdout);
  assertStringIncludes(none.stdout, "flowtools help COMMAND");
  for (const { name, summary } of COMMANDS) {
    assertMatch(unwrapped(help.stdout), new RegExp(`\\b${name} ${RegExp.escape(summary)}`));
  }
  const { version } = jsonOf<{ version: string }>("apps/cli/deno.json");
  const { code, stdout } = await flowtools(["--version"]);
  assertEquals([code, stdout], [0, `flowtools ${version}\n`]);
});

for (const { name, summary, flags, examples } of COMMANDS) {
  Deno.test(`help of ${name} has its summary, every flag and every example`, async () => {
    const [help, long, short] = await Promise.all(
      [["help", name], [name, "--help"], [name, "-h"]].map((args) => flowtools(args)),
    );
    for (const { code, stdout, stderr } of [help, long, short]) {
      assertEquals([code, stdout, stderr], [0, help.stdout, ""]);
    }
    const text = unwrapped(help.stdout);
    assertStringIncludes(text, summary);
    for (const flag of [...flags, ...COMMON_FLAGS]) {
      const letter = flag.letter === undefined ? "" : `-${flag.letter}, `;
      const name = flag.bare === undefined ? flag.value : `[${flag.value}]`;
      const value = name === undefined ? "" : ` ${name}`;
      assertStringIncludes(text, `${letter}--${flag.name}${value} ${flag.doc}`);
      for (const choice of flag.choices ?? []) assertStringIncludes(text, choice);
      for (const [, meaning] of flag.meanings ?? []) assertStringIncludes(text, meaning);
    }
    for (const [call, what] of examples) assertStringIncludes(text, `# ${what} ${call}`);
  });

  Deno.test(`flags of ${name} are unique and documented`, () => {
    const all = [...flags, ...COMMON_FLAGS];
    const names = all.map((flag) => flag.name);
    const letters = all.flatMap((flag) => flag.letter ?? []);
    assertEquals(names, [...new Set(names)]);
    assertEquals(letters, [...new Set(letters)]);
    for (const flag of all) {
      assertMatch(flag.name, /^[a-z]+(-[a-z]+)*$/);
      if (flag.letter !== undefined) assertMatch(flag.letter, /^[A-Za-z]$/);
      if (flag.value !== undefined) assertMatch(flag.value, /^[A-Z]+([=:|][A-Z]+)*$/);
      assertMatch(flag.doc, /^[A-Z0-9].*[^.]$/);
      const restricted = flag.choices !== undefined || flag.range !== undefined;
      assert(!restricted || flag.value !== undefined, `--${flag.name} has choices but no value`);
    }
  });

  Deno.test(`examples of ${name} run`, async () => {
    assert(examples.length > 0);
    const endless = flags.some((flag) => flag.name === "check-config");
    await using folder = temporaryDirectory();
    await makeExampleFiles(folder.path);
    const program =
      `"${Deno.execPath()}" run --unstable-net --allow-net --allow-read --allow-write --allow-sys --allow-env --allow-run "${ROOT.pathname}apps/cli/main.ts"`;
    for (const [call, what] of examples) {
      assertMatch(what, /^[A-Z].*[^.]$/);
      // jq may not be installed; what comes before it is ours.
      const ours = endless ? checked(call) : call.split("| jq")[0];
      const script = `flowtools() { ${program} "$@"; }\n${ours}`;
      const { code, stderr } = await bash(script, { cwd: folder.path });
      // What the classic programs tell of their course is no complaint.
      const complaints = stderr.replace(
        /^flow-\w+: (\w+ported \d+ records\.?|load_suppress \d)\n/gm,
        "",
      );
      assertEquals([code, complaints], [0, ""], call);
    }
  });
}

/** Help as it was before it was laid out: the lines joined, also those of a long example. */
function unwrapped(text: string): string {
  return text.replace(/ \\\n/g, " ").replace(/\n +# (?=[a-z])/g, " ").replace(/\s+/g, " ");
}

/** A program that would run until it is told to end looks at its settings only. */
function checked(call: string): string {
  const sample = `"${ROOT.pathname}apps/collector/ops/collector.toml"`;
  const [first] = call.replace("/etc/flowtools/collector.toml", sample).split(" | ");
  return `${first} --check-config`;
}

/** The files that the examples name. */
async function makeExampleFiles(folder: string): Promise<void> {
  const day = `${folder}/flows/2023/2023-11/2023-11-14`;
  await Deno.mkdir(day, { recursive: true });
  const file = "ft-v05.2023-11-14.221320+0000";
  const flows = bytesOf("fixtures/ft/v5-le.ft");
  for (const path of [`${day}/${file}`, `${folder}/${file}`, `${folder}/file.ft`]) {
    Deno.writeFileSync(path, flows);
  }
  Deno.writeFileSync(`${folder}/day.ft`, bytesOf("fixtures/cli/in-v5.ft"));
  const examples = "fixtures/cli/examples";
  for (const name of namesOf(examples)) {
    Deno.copyFileSync(new URL(`${examples}/${name}`, ROOT), `${folder}/${name}`);
  }
  const packet = bytesOf("fixtures/pdu/v5-2.dat");
  Deno.writeFileSync(`${folder}/packet.dat`, packet);
  Deno.writeFileSync(`${folder}/export.pcap`, pcapOf([packet]));
}
