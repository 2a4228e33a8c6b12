/** `flowtools print` against what flow-print printed, and against flow-print where it is there. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { comparePrint, printHere } from "../scripts/compare_print.ts";
import { readText, ROOT } from "./files.ts";
import { flowtools, lines, namesOf, ROOT_PATH, temporaryDirectory } from "./programs.ts";

const GOLDEN = namesOf("fixtures/cli/print").filter((name) => name.endsWith(".txt"));
const INPUTS = namesOf("fixtures/cli").filter((name) => /^in-.*\.ft$/.test(name));

/** Times are local: the golden ones were made in UTC. */
async function inUtc<Value>(work: () => Promise<Value>): Promise<Value> {
  const before = Deno.env.get("TZ");
  Deno.env.set("TZ", "UTC");
  try {
    return await work();
  } finally {
    if (before === undefined) Deno.env.delete("TZ");
    else Deno.env.set("TZ", before);
  }
}

/** `v5-f3-n.txt` is what flow-print -f3 -n made of in-v5.ft; in-edge.ft lies beside its texts. */
function callOf(name: string): { readonly path: string; readonly args: string[] } {
  const [version, ...flags] = name.replace(".txt", "").split("-");
  return {
    path: `${ROOT_PATH}/fixtures/cli/${version === "edge" ? "print/" : ""}in-${version}.ft`,
    args: flags.filter((flag) => flag !== "default").map((flag) => `-${flag}`),
  };
}

Deno.test("print gives the golden text of every version, format and flag", async () => {
  assert(GOLDEN.length > 100);
  await inUtc(async () => {
    for (const name of GOLDEN) {
      const { path, args } = callOf(name);
      const { code, text } = await printHere(args, path);
      assertEquals(new TextDecoder().decode(text), readText(`fixtures/cli/print/${name}`), name);
      assertEquals(code, 0, name);
    }
  });
});

/** Where flow-print is, if it is installed. */
function findReference(): string | undefined {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return folders.map((folder) => `${folder}/flow-print`).find((path) => {
    try {
      // A link of that name may be this program.
      return Deno.statSync(path).isFile && !Deno.realPathSync(path).endsWith("flowtools");
    } catch {
      return false;
    }
  });
}

const reference = findReference();

Deno.test({
  name: `print gives what flow-print gives of every input, format and flag` +
    (reference === undefined ? " (ignored: no flow-print on PATH)" : ""),
  ignore: reference === undefined,
  fn: async () => {
    const paths = [...INPUTS, "print/in-edge.ft"].map((name) =>
      `${ROOT_PATH}/fixtures/cli/${name}`
    );
    const { equal, different } = await inUtc(() => comparePrint(reference!, paths));
    assertEquals(different, []);
    assert(equal > 400);
  },
});

Deno.test("print reads standard input, as flow-print does", async () => {
  const stdin = Deno.readFileSync(new URL("fixtures/cli/in-v7.ft", ROOT));
  const { code, stdout, stderr } = await flowtools(["print"], { stdin });
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout, readText("fixtures/cli/print/v7-default.txt"));
});

Deno.test("print refuses records that lack a field of the format, prints the others", async () => {
  const args = ["print", "-f24", "fixtures/cli/in-v5.ft", "fixtures/cli/in-v7.ft"];
  const { code, stdout, stderr } = await flowtools(args);
  assertEquals(code, 255);
  assertEquals(stdout, readText("fixtures/cli/print/v7-f24.txt"));
  assertStringIncludes(stderr, "Flow record missing required field for format.");
  assertStringIncludes(stderr, "format 24 needs router_sc, which v5 records of fixtures/cli/in-v5");
});

Deno.test("print has one heading for several files of one version", async () => {
  const path = "fixtures/cli/in-v5.ft";
  const { stdout } = await flowtools(["print", "-f3", path, path]);
  const [heading, ...rows] = lines(readText("fixtures/cli/print/v5-f3.txt"));
  assertEquals(lines(stdout), [heading, ...rows, ...rows]);
});

Deno.test("print shows local time", async () => {
  const args = ["print", "-f5", "fixtures/cli/in-v5.ft"];
  const { stdout } = await flowtools(args, { env: { TZ: "America/New_York" } });
  const hour = (text: string) => Number(lines(text)[2].slice(5, 7));
  const utc = hour(readText("fixtures/cli/print/v5-f5.txt"));
  assertEquals((utc - hour(stdout) + 24) % 24, 5);
});

Deno.test("print -n reads symbol files from a directory, and takes what is built in else", async () => {
  await using folder = temporaryDirectory();
  await Deno.writeTextFile(`${folder.path}/ip-prot.sym`, "# mine\n6 TCPROTOCOL\n17\tu\n");
  const args = ["print", "-f3", "-n", "--symbols", folder.path, "fixtures/cli/in-v5.ft"];
  const { code, stdout } = await flowtools(args);
  assertEquals(code, 0);
  const words = (row: string) => row.split(/ +/);
  const golden = lines(readText("fixtures/cli/print/v5-f3-n.txt")).map(words);
  const mine: Record<string, string> = { tcp: "TCPR", udp: "u", icmp: "1" };
  assertEquals(
    lines(stdout).map(words),
    golden.map(([src, dst, prot, ...rest]) => [src, dst, mine[prot] ?? prot, ...rest]),
  );
});

Deno.test("print -d tells how many flows there were, and how fast", async () => {
  const { code, stderr } = await flowtools(["print", "-d1", "fixtures/cli/in-v5.ft"]);
  assertEquals(code, 0);
  assertStringIncludes(stderr, "flow-print: processed 400 flows\n");
});
