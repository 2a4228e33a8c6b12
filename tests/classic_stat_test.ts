/** `flowtools stat` prints what flow-stat prints, byte for byte. */
import { assert, assertEquals } from "@std/assert";
import { ROOT } from "./files.ts";
import { flowtools, lines, namesOf, ROOT_PATH, temporaryDirectory } from "./programs.ts";

const INPUTS = "fixtures/cli";
const GOLDEN = `${INPUTS}/stat`;
/** Processes at a time. */
const WORKERS = 4;

/** Works through a list, some at a time. */
async function inParallel<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  await Promise.all(Array.from({ length: WORKERS }, async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  }));
}

function read(path: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(path, ROOT));
}

/** The arguments that a report says it was called with; one title has spaces. */
function argumentsOf(report: string): string[] {
  const call = report.match(/^# Args: {6}flow-stat (.*) $/m)![1];
  const [flags, title] = call.split(" -T ");
  return [...flags.split(" "), ...(title === undefined ? [] : ["-T", title])];
}

Deno.test("stat prints what flow-stat prints, for every recorded report", async () => {
  const names = namesOf(GOLDEN);
  assertEquals(names.length, 70);
  await inParallel(names, async (name) => {
    const expected = new TextDecoder().decode(read(`${GOLDEN}/${name}`));
    const stdin = read(`${INPUTS}/in-${name.split("-")[0]}.ft`);
    const { stdout } = await flowtools(["stat", ...argumentsOf(expected)], { stdin });
    assertEquals(stdout, expected, name);
  });
});

/** Calls compared with the program itself, where it is installed. */
const CALLS = ["", "-P -w", "-n -S1", "-s2 -p", "-w -S3 -c%"];

Deno.test("stat prints what the installed flow-stat prints, for some versions", async (t) => {
  const versions = ["v1", "v7", "v1005", "v8.5"];
  try {
    await new Deno.Command("flow-stat", { args: ["-h"], stdin: "null", stderr: "null" }).output();
  } catch {
    console.log("skipped: flow-stat is not installed");
    return;
  }
  for (const version of versions) {
    await t.step(version, async () => {
      const input = `${ROOT_PATH}/${INPUTS}/in-${version}.ft`;
      // One call of each format, the options in turn.
      const formats = Array.from({ length: 33 }, (_, format) => format);
      await inParallel(formats, async (format) => {
        const options = CALLS[format % CALLS.length].split(" ").filter((word) => word !== "");
        const args = [`-f${format}`, ...options];
        const script = 'input=$1; shift; exec flow-stat "$@" <"$input"';
        const { stdout } = await new Deno.Command("sh", {
          args: ["-c", script, "sh", input, ...args],
          env: { TZ: "UTC", LC_ALL: "C" },
          stderr: "null",
        }).output();
        const ours = await flowtools(["stat", ...args, input]);
        assertEquals(ours.stdout, new TextDecoder().decode(stdout), `${version} ${args}`);
      });
    });
  }
});

Deno.test("stat says which fields records lack, and prints no report", async () => {
  const { code, stdout, stderr } = await flowtools(["stat", "-f9", `${INPUTS}/in-v8.3.ft`]);
  const { code: tags, stderr: lacking } = await flowtools(["stat", "-f30", `${INPUTS}/in-v5.ft`]);
  assertEquals([code, tags], [0, 1]);
  assert(stdout.includes("# IPaddr"));
  assertEquals(stderr, "");
  assertEquals(lines(lacking), [
    "flow-stat: Flow record missing required field for format.",
    "flowtools: report 30 needs src_tag, which v5 records of fixtures/cli/in-v5.ft lack",
  ]);
});

Deno.test("stat reports of several files as of one", async () => {
  const file = `${INPUTS}/in-v5.ft`;
  const once = lines((await flowtools(["stat", "-f12", file])).stdout).slice(-3);
  const twice = lines((await flowtools(["stat", "-f12", file, file])).stdout).slice(-3);
  const counts = (line: string) => line.trim().split(/ +/).slice(1).map(Number);
  assertEquals(twice.map(counts), once.map((line) => counts(line).map((count) => count * 2)));
});

Deno.test("stat leaves out flows without packets where it divides by them, and says so", async () => {
  await using folder = temporaryDirectory();
  const path = `${folder.path}/empty.ft`;
  await flowtools(["gen", "-n", "2", "-o", path]);
  const bytes = Deno.readFileSync(path);
  // dPkts of the last record, of 64 bytes, is at offset 32.
  new DataView(bytes.buffer).setUint32(bytes.length - 64 + 32, 0, true);
  Deno.writeFileSync(path, bytes);
  const { stdout, stderr } = await flowtools(["stat", "-f1", path]);
  assertEquals(lines(stdout).filter((line) => !line.startsWith("#")).length, 1);
  assertEquals(stderr, "Ignoring bogus flow dPkts=0\n");
});

Deno.test("stat prints rows for programs", async () => {
  const call = ["stat", "-f24", "-S1", `${INPUTS}/in-v5.ft`];
  const { stdout } = await flowtools([...call, "--format", "ndjson"]);
  const [first, second] = lines(stdout).map((line) => JSON.parse(line));
  assert(first.flows >= second.flows);
  assert(/^\d+\.\d+\.\d+\.\d+\/\d+$/.test(first["ip-source-prefix"]));
  const csv = lines((await flowtools([...call, "--format", "csv"])).stdout);
  assertEquals(csv[0], "ip-source-prefix,flows,octets,packets,duration");
  assertEquals(csv[1].split(",")[0], first["ip-source-prefix"]);
  const json = JSON.parse((await flowtools([...call, "--format", "json"])).stdout);
  assertEquals(json[0], first);
});

Deno.test("stat refuses what it does not know", async () => {
  for (const args of [["-f33"], ["-f", "x"], ["-S", "x"], ["-P", "-t0"], ["-x"]]) {
    const { code, stderr } = await flowtools(["stat", ...args], { stdin: "" });
    assertEquals(code, 2, args.join(" "));
    assert(stderr.includes("flowtools: "), stderr);
  }
});
