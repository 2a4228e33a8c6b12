/**
 * `--strict-compat`: each fault of the reference that it keeps, against what the reference programs
 * did (recorded here), against the programs themselves where they are on PATH, and against what is
 * done without it, which has to differ.
 */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { concat } from "@std/bytes";
import { decodeFtHeader, FtStreamEncoder } from "@flowtools/ft-format";
import { referenceProgram } from "../scripts/compare_programs.ts";
import { readText, ROOT } from "./files.ts";
import { flowtools, type Outcome, temporaryDirectory } from "./programs.ts";

/** One call, and what the reference program does with it. */
interface StrictCase {
  /** How the first cell of its row in `fixtures/QUIRKS.md` begins. */
  readonly row: string;
  /** The command and its arguments; files are in the folder where it runs. */
  readonly call: readonly string[];
  /** Given to standard input. */
  readonly stdin?: Uint8Array<ArrayBuffer> | string;
  /** Files in that folder. */
  readonly files?: Readonly<Record<string, Uint8Array | string>>;
  /** What to look at: standard output, the records or the header times of a stream, or nothing. */
  readonly look: "text" | "records" | "times" | "messages" | "nothing";
  /** The exit code of the reference. */
  readonly code: number;
  /** What is seen of the reference: short texts as they are, else the digest. */
  readonly seen: string;
}

const bytesOf = (path: string) => Deno.readFileSync(new URL(`fixtures/${path}`, ROOT));

const DENYING = "ip access-list standard one permit 0.0.0.0 127.255.255.255\n" +
  "ip access-list standard one permit nobody\n" +
  "ip access-list standard one permit any\n";
const MASKS = "mask-definition d\n  prefix 10/8 16\n";
const TAGS = "tag-action A\n  type any\n  match any set-source 7\ntag-definition d\n  term\n" +
  "    action A\n";
const INTERPOLATED = "stat-report r\n  type linear-interpolated-flows-octets-packets\n  output\n" +
  "    options -header,-xheader,+totals\nstat-definition d\n  report r\n";

/** A flow that began 10 s before the uptime wrapped, and was exported 5 s after. */
function wrappedFlow(): Uint8Array<ArrayBuffer> {
  const encoder = new FtStreamEncoder({ version: 5, byteOrder: "little", hostname: "c" });
  const { layout } = encoder;
  const bytes = new Uint8Array(layout.size);
  const view = new DataView(bytes.buffer);
  const values: Readonly<Record<string, number>> = {
    unix_secs: 1_700_000_000,
    sysUpTime: 5_000,
    first: 2 ** 32 - 10_000,
    last: 4_000,
    dPkts: 3,
    dOctets: 120,
  };
  for (const { name, offset, width } of layout.rows) {
    if (width === 4) view.setUint32(offset, values[name] ?? 0, true);
  }
  const block = { layout, view, offset: 0, count: 1, littleEndian: true };
  const chunks = [encoder.header().slice()];
  chunks.push(...encoder.encodeBlock(block).map((chunk) => chunk.slice()));
  chunks.push(encoder.finish().slice());
  return concat(chunks);
}

/** The bytes that the command line exports of a file, which have tests of their own. */
async function exported(file: string, ...flags: string[]): Promise<Uint8Array<ArrayBuffer>> {
  return (await flowtools(["export", ...flags], { stdin: bytesOf(`cli/${file}`) })).bytes;
}

const CASES: readonly StrictCase[] = [
  {
    row: "decoding PDUs v6–v8",
    call: ["import", "-f4", "-V7"],
    stdin: bytesOf("pdu/v7-2.dat"),
    look: "records",
    code: 255,
    seen: "6c6aca654d02395f",
  },
  {
    row: "decoding v6 PDUs",
    call: ["import", "-f4", "-V6"],
    stdin: bytesOf("pdu/v6-2.dat"),
    look: "records",
    code: 255,
    seen: "d9c6c566f54f8272",
  },
  {
    row: "encoding v8.10 PDUs",
    call: ["export", "-f4"],
    stdin: bytesOf("cli/in-v8.10.ft"),
    look: "text",
    code: 0,
    seen: "2439106b4e60cec1",
  },
  {
    row: "encoding v8.8 PDUs",
    call: ["export", "-f4"],
    stdin: bytesOf("cli/in-v8.8.ft"),
    look: "text",
    code: 0,
    seen: "b71c60198f04b424",
  },
  {
    row: "converting 1 → 5",
    call: ["xlate", "-n", "-V7"],
    stdin: bytesOf("cli/in-v1.ft"),
    look: "records",
    code: 0,
    seen: "c75f4aac259e416c",
  },
  {
    row: "converting 1 → 5",
    call: ["import", "-f4", "-V5"],
    stdin: bytesOf("pdu/v1-2.dat"),
    look: "records",
    code: 255,
    seen: "160599a16f311a85",
  },
  {
    row: "`flow-print`, times of a flow",
    call: ["print", "-f5"],
    stdin: wrappedFlow(),
    look: "text",
    code: 0,
    seen: "a113271bcc0a2600",
  },
  {
    row: "`flow-report`, linear-interpolated-flows-octets-packets across",
    call: ["report", "-s", "cfg", "-S", "d"],
    stdin: wrappedFlow(),
    files: { cfg: INTERPOLATED },
    look: "text",
    code: 0,
    seen: "ba03fe32704ece53",
  },
  {
    row: "`flow-filter`, wrong lines",
    call: ["filter", "-f", "acl", "-S", "one"],
    stdin: bytesOf("cli/in-v5.ft"),
    files: { acl: DENYING },
    look: "records",
    code: 0,
    seen: "365a8eb6036ff3b3",
  },
  {
    row: "`flow-filter`, `flow-nfilter` when no flow passes",
    call: ["filter", "-r", "250"],
    stdin: bytesOf("cli/in-v5.ft"),
    look: "records",
    code: 0,
    seen: "",
  },
  {
    row: "a call that is wrong",
    call: ["print", "-Q"],
    look: "nothing",
    code: 0,
    seen: "",
  },
  {
    row: "a call that is wrong",
    call: ["cat", "-Q"],
    look: "nothing",
    code: 1,
    seen: "",
  },
  {
    row: "`flow-cat`, a file named",
    call: ["cat", "tmp-a", "b"],
    files: { "tmp-a": bytesOf("cli/in-v5.ft"), b: bytesOf("ft/v5-le.ft") },
    look: "records",
    code: 0,
    seen: "c6fe20e83e706308",
  },
  {
    row: "`flow-cat`, `flow-merge`, files of another version",
    call: ["cat", "a", "b"],
    files: { a: bytesOf("ft/v5-le.ft"), b: bytesOf("ft/v7-le.ft") },
    look: "nothing",
    code: 1,
    seen: "",
  },
  {
    row: "`flow-cat`, `flow-merge`, files of another version",
    call: ["merge", "a", "b"],
    files: { a: bytesOf("ft/v5-le.ft"), b: bytesOf("ft/v7-le.ft") },
    look: "nothing",
    code: 1,
    seen: "",
  },
  {
    row: "`flow-export -f0 -m` with names of times",
    call: ["export", "-f0", "-m", "unix_secs,unix_nsecs,sysuptime,first"],
    stdin: bytesOf("cli/in-v5.ft"),
    look: "text",
    code: 1,
    seen: "",
  },
  {
    row: "`flow-import -f0`, `-f3`, `-f4`",
    call: ["import", "-f0", "-V5"],
    stdin: bytesOf("cli/misc/export-v5-f0.cflowd"),
    look: "records",
    code: 255,
    seen: "ba896686b144ac06",
  },
  {
    row: "`flow-import -f0` of 8.1",
    call: ["import", "-f0", "-V8.1"],
    stdin: await exported("in-v8.1.ft", "-f0"),
    look: "records",
    code: 255,
    seen: "e9bc0300751ee91b",
  },
  {
    row: "`flow-import -f2`, empty lines",
    call: ["import", "-f2", "-V5"],
    stdin: "#:srcaddr,dstaddr\n10.0.0.1,10.0.0.2\n\n10.0.0.3,10.0.0.4\n",
    look: "records",
    code: 0,
    seen: "93c747d64e048508",
  },
  {
    row: "`flow-import -f2 -V6`",
    call: ["import", "-f2", "-V6"],
    stdin: bytesOf("cli/misc/export-v6-f2.csv"),
    look: "records",
    code: 255,
    seen: "",
  },
  {
    row: "`flow-import -f3 -V8.14`",
    call: ["import", "-f3", "-V8.14"],
    stdin: "x|FORMAT A|AGGREGATION CallRecord|a|b|c|d|e|f\n" +
      "10.0.0.1|10.0.0.2|1024|80|6|32|5|500|1|100|200|0\n",
    look: "records",
    code: 1,
    seen:
      "000000000000000000000000000000000100000005000000f401000064000000c80000000100000a0200000a00045000000000000000000020000000",
  },
  {
    row: "`flow-import -f4` of v8 packets",
    call: ["import", "-f4", "-V8.1"],
    stdin: bytesOf("pdu/v8.1-2.dat"),
    look: "records",
    code: 255,
    seen: "",
  },
  {
    row: "`flow-import -f4 -b big`",
    call: ["import", "-f4", "-V5", "-b", "big"],
    stdin: bytesOf("pdu/v5-2.dat"),
    look: "records",
    code: 255,
    seen: "1694f84a5f227904",
  },
  {
    row: "`flow-dscan` of v1005",
    call: ["dscan", "-b"],
    stdin: bytesOf("ft/v1005-le.ft"),
    files: { "dscan.suppress.src": "", "dscan.suppress.dst": "" },
    look: "messages",
    code: 1,
    seen:
      "flow-dscan: load_suppress 0\nflow-dscan: load_suppress 1\nflow-dscan: Export version 1005 not supported by format\nflow-dscan: Unsupported export version\n",
  },
  {
    row: "`flow-dscan` suppress files that are missing",
    call: ["dscan", "-b"],
    stdin: bytesOf("ft/v5-le.ft"),
    look: "nothing",
    code: 1,
    seen: "",
  },
  {
    row: "`flow-tag`, `flow-xlate`, `flow-mask` headers",
    call: ["mask", "-m", "cfg", "-M", "d", "-k"],
    stdin: bytesOf("ft/v5-le.ft"),
    files: { cfg: MASKS },
    look: "times",
    code: 0,
    seen: "0 0",
  },
  {
    row: "`flow-tag`, `flow-xlate`, `flow-mask` headers",
    call: ["tag", "-t", "cfg", "-T", "d", "-k"],
    stdin: bytesOf("ft/v5-le.ft"),
    files: { cfg: TAGS },
    look: "times",
    code: 0,
    seen: "0 0",
  },
  {
    row: "`flow-stat`, a field is missing",
    call: ["stat", "-f19"],
    stdin: bytesOf("cli/in-v1.ft"),
    look: "nothing",
    code: 0,
    seen: "",
  },
];

/** Texts longer than this are recorded as digests. */
const SHOWN_LENGTH = 80;

async function lookAt({ look }: StrictCase, { bytes, stderr }: Outcome): Promise<string> {
  if (look === "nothing") return "";
  if (look === "messages") return stderr;
  if (look === "text") return await digest(bytes);
  if (bytes.length === 0) return "";
  const { size, captureStart = 0, captureEnd = 0 } = decodeFtHeader(bytes);
  return look === "times" ? `${captureStart} ${captureEnd}` : await digest(bytes.slice(size));
}

async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (bytes.length <= SHOWN_LENGTH) return bytes.toHex();
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex().slice(0, 16);
}

async function inFolder(
  { files = {} }: StrictCase,
  run: (folder: string) => Promise<Outcome>,
): Promise<Outcome> {
  await using folder = temporaryDirectory();
  for (const [name, content] of Object.entries(files)) {
    const path = `${folder.path}/${name}`;
    if (typeof content === "string") Deno.writeTextFileSync(path, content);
    else Deno.writeFileSync(path, content);
  }
  return await run(folder.path);
}

async function ours(one: StrictCase, ...flags: readonly string[]): Promise<readonly unknown[]> {
  const [command, ...args] = one.call;
  const outcome = await inFolder(
    one,
    (cwd) => flowtools([command, ...flags, ...args], { cwd, stdin: one.stdin ?? "" }),
  );
  return [outcome.code, await lookAt(one, outcome)];
}

async function theirs(one: StrictCase): Promise<readonly unknown[]> {
  const [command, ...args] = one.call;
  const outcome = await inFolder(one, async (cwd) => {
    const child = new Deno.Command(`flow-${command}`, {
      args: [...args],
      cwd,
      env: { TZ: "UTC", LC_ALL: "C" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    const { stdin = "" } = one;
    // A program that fails early does not read to the end.
    await writer.write(typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin)
      .catch(() => {});
    await writer.close().catch(() => {});
    const { code, stdout, stderr } = await child.output();
    const decoder = new TextDecoder();
    return { code, bytes: stdout, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  });
  return [outcome.code, await lookAt(one, outcome)];
}

for (const one of CASES) {
  const name = `${one.row}: ${one.call.join(" ")}`;
  Deno.test(`--strict-compat keeps ${name}`, async () => {
    const recorded = [one.code, one.seen];
    assertEquals(await ours(one, "--strict-compat"), recorded);
    assertNotEquals(await ours(one), recorded, "the same without the flag: it changes nothing");
  });
  const program = `flow-${one.call[0]}`;
  const missing = referenceProgram(program) === undefined;
  Deno.test({
    name: `the reference does so: ${name}` + (missing ? ` (no ${program} on PATH)` : ""),
    ignore: missing,
    fn: async () => assertEquals(await theirs(one), [one.code, one.seen]),
  });
}

/** The programs that end with 0 where they do not know a flag; the others end with 1. */
const USAGE_SUCCEEDS = "expire export filter header import print report send stat".split(" ");
const USAGE_FAILS = "cat dscan gen mask merge nfilter split tag xlate".split(" ");

Deno.test("--strict-compat ends with the exit code of each program for a flag that is unknown", async () => {
  for (const program of [...USAGE_SUCCEEDS, ...USAGE_FAILS]) {
    const { code } = await flowtools([program, "--strict-compat", "-Q"], { stdin: "" });
    assertEquals(code, USAGE_SUCCEEDS.includes(program) ? 0 : 1, program);
    if (referenceProgram(`flow-${program}`) === undefined) continue;
    const { code: theirs } = await new Deno.Command(`flow-${program}`, { args: ["-Q"] }).output();
    assertEquals(theirs, code, `flow-${program}`);
  }
});

Deno.test("the variable FLOWTOOLS_STRICT_COMPAT does what the flag does", async () => {
  const stdin = bytesOf("cli/in-v5.ft");
  const code = async (value: string) => {
    const env = { FLOWTOOLS_STRICT_COMPAT: value };
    return (await flowtools(["filter", "-r", "250"], { stdin, env })).code;
  };
  assertEquals([await code("1"), await code("0"), await code("")], [0, 1, 1]);
});

Deno.test("QUIRKS.md says of each row whether --strict-compat keeps it, and each that it keeps has a test", () => {
  const rows = readText("fixtures/QUIRKS.md").split("\n").filter((line) =>
    /^\| (?!---|where)/.test(line)
  )
    .map((line) => line.slice(2, -2).split(" | "));
  assert(rows.length > 90, `${rows.length} rows`);
  for (const [where, , , kept] of rows) {
    assert(["yes", "no", "always"].includes(kept), `${where}: ${kept}`);
    const tested = CASES.some(({ row }) => where.includes(row));
    assertEquals(tested, kept === "yes", where);
  }
});
