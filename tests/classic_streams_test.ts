/**
 * The programs that move, join, cut and convert streams, against what the reference programs made
 * of the same input, and against the programs themselves where they are on PATH.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { concat } from "@std/bytes";
import { decodeFtHeader, FT_FLAGS } from "@flowtools/ft-format";
import { FlowSet } from "@flowtools/flowset";
import { readText, ROOT } from "./files.ts";
import { flowtools, lines, namesOf, ROOT_PATH, temporaryDirectory } from "./programs.ts";

const INPUTS = namesOf("fixtures/cli").filter((name) => /^in-.*\.ft$/.test(name));
const EXPORTS = namesOf("fixtures/cli/misc").filter((name) => name.startsWith("export-"));

const bytesOf = (path: string) => Deno.readFileSync(new URL(path, ROOT));
const inputOf = (version: string) => `fixtures/cli/in-${version}.ft`;

/** What the golden exports were made with beside `-f`. */
const MASK = "unix_secs,doctets,srcaddr,dstaddr";

/** Header and records of a stream, inflated. */
async function plain(stream: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const { size, flags } = decodeFtHeader(stream);
  if ((flags & FT_FLAGS.COMPRESS) === 0) return stream;
  const body = new Blob([stream.slice(size)]).stream()
    .pipeThrough(new DecompressionStream("deflate"));
  return concat([stream.slice(0, size), await new Response(body).bytes()]);
}

async function flowCount(source: string | Uint8Array): Promise<number> {
  await using set = await FlowSet.open(source);
  let flows = 0;
  for await (const block of set.blocks()) flows += block.count;
  return flows;
}

// export

Deno.test("export gives the golden bytes, and tells how many records", async () => {
  assert(EXPORTS.length >= 12);
  await Promise.all(EXPORTS.map(async (name) => {
    const [, version, format, mask] = /^export-([^-]+)-(f\d)(-m)?\./.exec(name)!;
    const args = ["export", `-${format}`, ...(mask === undefined ? [] : ["-m", MASK])];
    const input = inputOf(version);
    const { code, bytes, stderr } = await flowtools(args, { stdin: bytesOf(input) });
    assertEquals(bytes, bytesOf(`fixtures/cli/misc/${name}`), name);
    const flows = await flowCount(`${ROOT_PATH}/${input}`);
    assertEquals([code, stderr], [0, `flow-export: Exported ${flows} records\n`]);
  }));
});

Deno.test("export tells what a version lacks, and what is no mask", async () => {
  const pcap = await flowtools(["export", "-f1", inputOf("v8.1")]);
  assertEquals(pcap.code, 1);
  assertStringIncludes(pcap.stderr, "Flow record missing required field for format");
  const mask = await flowtools(["export", "-f2", "-m", "srcaddr,nope", inputOf("v5")]);
  assertEquals([mask.code, mask.stdout], [2, ""]);
  assertStringIncludes(mask.stderr, 'Unrecognized field "nope"');
  const uri = await flowtools(["export", "-f3", "-u", "a:b:c", inputOf("v5")]);
  assertStringIncludes(uri.stderr, "expected user:password:host:port:name:table");
});

Deno.test("export writes scripts for both databases, the table from -u", async () => {
  for (const format of ["3", "5"]) {
    const args = ["export", "-f", format, "-u", "me:secret:db:1:netflow:flows", inputOf("v5")];
    const { code, stdout } = await flowtools(args);
    assertEquals(code, 0);
    assertMatch(stdout, /^CREATE TABLE IF NOT EXISTS [`"]flows[`"] \(\n/);
    assertEquals(lines(stdout).filter((line) => line.startsWith("(")).length, 400);
    assert(!stdout.includes("secret"));
  }
});

// import

Deno.test("import reads what export wrote, in every format", async () => {
  for (const [version, format] of [["5", "2"], ["6", "2"], ["8.14", "2"], ["7", "4"], ["5", "0"]]) {
    const out = await flowtools(["export", "-f", format, inputOf(`v${version}`)]);
    const args = ["import", "-f", format, "-V", version];
    const { code, bytes, stderr } = await flowtools(args, { stdin: out.bytes });
    assertMatch(stderr, /^flow-import: Imported \d+ records\.\n$/);
    assertEquals(code, 0);
    const header = decodeFtHeader(bytes);
    assertEquals([header.hostname, header.comments], ["flow-import", "flow-import"]);
    assertEquals(await flowCount(bytes), await flowCount(`${ROOT_PATH}/${inputOf(`v${version}`)}`));
    const again = await flowtools(["export", "-f", format], { stdin: bytes });
    if (format !== "0") assertEquals(again.bytes, out.bytes);
  }
});

Deno.test("import reads NFCollector's text, and says which lines it left out", async () => {
  const text = "x|FORMAT A|AGGREGATION HostMatrix|a|b|c|d|e|f\n" +
    "10.0.0.1|10.0.0.2|5|600|2\nbroken|line\n10.0.0.3|10.0.0.4|6|700|1\n";
  const { code, bytes, stderr } = await flowtools(["import", "-f3", "-V8.5"], { stdin: text });
  assertEquals(code, 0);
  assertEquals(lines(stderr), [
    "flow-import: Broken record at line 3 (not output)",
    "flow-import: Imported 2 records.",
  ]);
  await using set = await FlowSet.open(bytes);
  const flows = [];
  for await (const { srcaddr, dOctets, dFlows } of set) flows.push([srcaddr, dOctets, dFlows]);
  assertEquals(flows, [["10.0.0.1", 600, 2], ["10.0.0.3", 700, 1]]);
});

Deno.test("import wants a version", async () => {
  const { code, stderr } = await flowtools(["import", "-f2"], { stdin: "" });
  assertEquals(code, 2);
  assertStringIncludes(stderr, "--export-version (-V) is missing");
});

// cat

Deno.test("cat -o rewrites the header: times of all inputs, flows, no mark of a stream", async () => {
  await using folder = temporaryDirectory();
  const out = `${folder.path}/out.ft`;
  const inputs = ["v6-le.ft", "v6-be-z.ft"].map((name) => `fixtures/ft/${name}`);
  for (const level of ["0", "6"]) {
    const { code } = await flowtools(["cat", "-z", level, "-o", out, ...inputs]);
    assertEquals(code, 0);
    const headers = inputs.map((path) => decodeFtHeader(bytesOf(path)));
    const header = decodeFtHeader(Deno.readFileSync(out));
    const { captureStart, captureEnd, flowCount: flows, lost, corrupt, flags } = header;
    assertEquals(captureStart, Math.min(...headers.map((input) => input.captureStart!)));
    assertEquals(captureEnd, Math.max(...headers.map((input) => input.captureEnd!)));
    assertEquals([flows, lost, corrupt], [106, 0, 0]);
    assertEquals(flags, FT_FLAGS.DONE | (level === "0" ? 0 : FT_FLAGS.COMPRESS));
    assertEquals(await flowCount(out), 106);
  }
});

Deno.test("cat -p tells the sums of all headers in that of the stream", async () => {
  const inputs = ["v6-le.ft", "v6-be-z.ft"].map((name) => `fixtures/ft/${name}`);
  const { bytes } = await flowtools(["cat", "-p", "-C", "mine", ...inputs]);
  const headers = inputs.map((path) => decodeFtHeader(bytesOf(path)));
  const header = decodeFtHeader(bytes);
  assertEquals(header.flags, FT_FLAGS.STREAMING | FT_FLAGS.PRELOADED);
  assertEquals(header.flowCount, 106);
  assertEquals(header.lost, headers[0].lost! + headers[1].lost!);
  assertEquals(header.comments, headers[1].comments, "that of the last input, before -C");
  assertEquals(header.hostname, headers[1].hostname);
});

Deno.test("cat picks captures by time, and orders those of a directory by it", async () => {
  await using folder = temporaryDirectory();
  const start = 1_700_000_000;
  for (const [name, minutes] of [["c", 0], ["a", 10], ["b", 5]] as const) {
    const captureStart = start + minutes * 60;
    await using set = await FlowSet.create(`${folder.path}/ft-${name}`, {
      version: 5,
      captureStart,
      captureEnd: captureStart + 299,
    });
    await using source = await FlowSet.open(`${ROOT_PATH}/${inputOf("v5")}`);
    for await (const flow of source) {
      await set.write(flow);
      if (set.report.flows > minutes) break;
    }
  }
  const count = async (...args: string[]) => {
    const { code, bytes } = await flowtools(["cat", ...args, folder.path]);
    return code === 1 ? 0 : await flowCount(bytes);
  };
  assertEquals(await count(), 1 + 6 + 11);
  assertEquals(await count("-t", "2023-11-14 22:18:20 UTC"), 1 + 6, "started by then");
  assertEquals(await count("-T", "2023-11-14 22:23:20 UTC"), 11, "ended then or later");
  const both = ["-t", "2023-11-14 22:18:00 UTC", "-T", "2023-11-14 22:19:00 UTC"];
  assertEquals(await count(...both), 6, "started between");
  assertEquals(await count("-t", "1 january 1990"), 0);
  const wrong = await flowtools(["cat", "-t", "noon", folder.path]);
  assertEquals(wrong.code, 2);
  assertStringIncludes(wrong.stderr, '--start is "noon", expected a date');
});

Deno.test("cat of nothing that can be read writes nothing, and exits with 1", async () => {
  const { code, bytes } = await flowtools(["cat", "no/such/file"]);
  assertEquals([code, bytes.length], [1, 0]);
});

// merge and split

Deno.test("merge puts together what split took apart", async () => {
  await using folder = temporaryDirectory();
  const input = `${ROOT_PATH}/${inputOf("v5")}`;
  const split = await flowtools(["split", "-N", "50", "-o", "part", "-C", "cut", input], {
    cwd: folder.path,
  });
  assertEquals([split.code, split.stderr], [0, ""]);
  const parts = [...Deno.readDirSync(folder.path)].map(({ name }) => name).toSorted();
  assertEquals(parts, Array.from({ length: 8 }, (_, index) => `part.${index}`));
  const last = decodeFtHeader(Deno.readFileSync(`${folder.path}/part.7`));
  assertEquals([last.flowCount, last.comments], [50, "cut"]);
  assertEquals(last.flags, FT_FLAGS.DONE | FT_FLAGS.COMPRESS);
  const joined = await flowtools(["cat", ...parts.map((name) => `${folder.path}/${name}`)]);
  const { size } = decodeFtHeader(bytesOf(inputOf("v5")));
  assertEquals(joined.bytes.slice(-400 * 64), bytesOf(inputOf("v5")).slice(size).slice(-400 * 64));
  const merged = await flowtools(["merge", ...parts.map((name) => `${folder.path}/${name}`)]);
  assertEquals(await flowCount(merged.bytes), 400);
  const records = (stream: Uint8Array) =>
    Array.from({ length: 400 }, (_, index) => stream.slice(-64 * (index + 1)).slice(0, 64).toHex());
  assertEquals(records(merged.bytes).toSorted(), records(joined.bytes).toSorted());
});

Deno.test("merge of the reference's pieces prints as the golden text", async () => {
  await using folder = temporaryDirectory();
  const input = `${ROOT_PATH}/${inputOf("v5")}`;
  await flowtools(["split", "-N", "500", "-o", "s", input], { cwd: folder.path });
  const { bytes } = await flowtools(["merge", folder.path]);
  const { stdout } = await flowtools(["print", "-f5"], { stdin: bytes });
  assertEquals(stdout, readText("fixtures/cli/misc/merge.txt"));
  // cat-z9.md5 and split-N500.txt are the digest of the same text.
  const zipped = await flowtools(["cat", "-z9", input]);
  const printed = await flowtools(["print", "-f5"], { stdin: zipped.bytes });
  assertEquals(printed.stdout, stdout);
});

Deno.test("split by tag makes a file for each, by name where it has one", async () => {
  await using folder = temporaryDirectory();
  await using set = await FlowSet.open(`${ROOT_PATH}/${inputOf("v1005")}`);
  const tags = new Set<number>();
  for await (const flow of set) tags.add(flow.src_tag!);
  const [named] = tags;
  Deno.writeTextFileSync(`${folder.path}/tag.sym`, `${named} customer\n`);
  const args = ["split", "-g", "-n", "--symbols", folder.path, "-o", `${folder.path}/t`];
  const { code, stderr } = await flowtools([...args, inputOf("v1005")]);
  assertEquals([code, stderr], [0, ""]);
  const names = [...Deno.readDirSync(folder.path)].map(({ name }) => name)
    .filter((name) => name.startsWith("t."));
  assertEquals(
    names.toSorted(),
    [...tags].map((tag) => `t.${tag}.0`).map((name) =>
      name === `t.${named}.0` ? "t.customer.0" : name
    ).toSorted(),
  );
  const missing = await flowtools(["split", "-G", "-o", `${folder.path}/u`, inputOf("v5")]);
  assertEquals(missing.code, 2);
  assertStringIncludes(missing.stderr, "Flow record missing dst_tag");
});

// expire

Deno.test("expire removes the oldest captures by their headers, and nothing else", async () => {
  await using folder = temporaryDirectory();
  Deno.mkdirSync(`${folder.path}/day`);
  for (let index = 0; index < 5; index++) {
    const path = `${folder.path}/day/ft-${"cabed"[index]}`;
    await using _ = await FlowSet.create(path, { version: 5, captureStart: 1000 + index });
  }
  Deno.copyFileSync(`${folder.path}/day/ft-c`, `${folder.path}/keep.ft`);
  const left = () => [...Deno.readDirSync(`${folder.path}/day`)].map(({ name }) => name).toSorted();
  const dry = await flowtools(["expire", "-w", folder.path, "-e", "2", "-d", "1"]);
  assertEquals(lines(dry.stderr).filter((line) => line.includes("remove")).length, 3);
  assertEquals(left().length, 5);
  const { code, stderr } = await flowtools(["expire", "-w", folder.path, "-e", "2"]);
  assertEquals([code, stderr, left()], [0, "", ["ft-d", "ft-e"]]);
  await flowtools(["expire", "-w", folder.path, "-E", "1b"]);
  assertEquals(left().length, 2, "two headers are below 512 bytes");
  await flowtools(["expire", "-w", folder.path, "-E", "100"]);
  assertEquals(left().length, 1);
  assert(Deno.statSync(`${folder.path}/keep.ft`).isFile);
});

// send

Deno.test("send gives the packets that export writes, one datagram each", async () => {
  const expected = await flowtools(["export", "-f4", inputOf("v7")]);
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = socket.addr as Deno.NetAddr;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--unstable-net", "--allow-net", "--allow-read", "apps/cli/main.ts"],
      ...["send", "--rate", "5000", `0/127.0.0.1/${port}`, inputOf("v7")],
    ],
    cwd: ROOT_PATH,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).output();
  const packets: Uint8Array[] = [];
  for (let length = 0; length < expected.bytes.length;) {
    const [packet] = await socket.receive();
    packets.push(packet.slice());
    length += packet.length;
  }
  assertEquals(concat(packets), expected.bytes);
  socket.close();
  const { code, stderr } = await child;
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
});

// The reference itself, where it is installed

/** Where a program of the reference is. */
function findReference(name: string): string | undefined {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return folders.map((folder) => `${folder}/flow-${name}`).find((path) => {
    try {
      // A link of that name may be this program.
      return Deno.statSync(path).isFile && !Deno.realPathSync(path).endsWith("flowtools");
    } catch {
      return false;
    }
  });
}

async function runReference(
  path: string,
  args: string[],
  stdin: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const child = new Deno.Command(path, {
    args,
    cwd: ROOT_PATH,
    env: { TZ: "UTC", LC_ALL: "C" },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const output = child.output();
  const writer = child.stdin.getWriter();
  await writer.write(stdin).then(() => writer.close()).catch(() => {});
  return (await output).stdout;
}

/** Calls of each program on every input; `IN` is the path of the input. */
const CALLS: Readonly<Record<string, readonly string[][]>> = {
  cat: [["IN", "IN"], ["-p", "IN"], ["-b", "big", "IN"], ["-m", "-z6", "IN"], ["-C", "text", "-"]],
  merge: [["IN", "IN"], ["-b", "big", "IN", "-"], ["-m", "-z6", "IN"]],
  export: [["-f2"], ["-f0"], ["-f4"], ["-f2", "-m0x3107f"]],
};

/** Versions of which the reference writes something wrong: see fixtures/QUIRKS.md. */
const WRONG: Readonly<Record<string, RegExp>> = {
  "-b": /v1005/,
  "-f4": /v1005|v8\.8|v8\.10/,
};

for (const [name, calls] of Object.entries(CALLS)) {
  const reference = findReference(name);
  const why = reference === undefined ? ` (ignored: no flow-${name} on PATH)` : "";
  Deno.test({
    name: `${name} gives what flow-${name} gives of every input${why}`,
    ignore: reference === undefined,
    fn: async () => {
      for (const input of INPUTS) {
        const path = `fixtures/cli/${input}`;
        const stdin = bytesOf(path);
        for (const call of calls.filter(([flag]) => !WRONG[flag]?.test(input))) {
          const args = call.map((word) => word === "IN" ? path : word);
          const expected = await runReference(reference!, args, stdin);
          const { bytes } = await flowtools([name, ...args], { stdin });
          const label = `${name} ${args.join(" ")} <${path}`;
          if (name === "export") assertEquals(bytes, expected, label);
          else assertEquals(await plain(bytes), await plain(expected), label);
        }
      }
    },
  });
}
