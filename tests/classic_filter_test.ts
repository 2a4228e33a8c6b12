/** `flowtools nfilter` and `flowtools filter` against what flow-nfilter and flow-filter select. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { decodeFtHeader } from "@flowtools/ft-format";
import { FlowSet } from "@flowtools/flowset";
import { readText, ROOT } from "./files.ts";
import { bash, flowtools, lines, namesOf, ROOT_PATH, temporaryDirectory } from "./programs.ts";

const INPUT = "fixtures/cli/in-v5.ft";
const CONFIG = "fixtures/cli/filter/nf.cfg";

/** The columns of `flow-print -f5` behind the times. */
async function printedRows(stream: Uint8Array): Promise<string[]> {
  const rows: string[] = [];
  await using set = await FlowSet.open(stream);
  for await (const flow of set) {
    const { input, srcaddr, srcport, output, dstaddr, dstport, prot, tcp_flags } = flow;
    const ends = [input, srcaddr, srcport, output, dstaddr, dstport, prot, tcp_flags! & 7];
    rows.push([...ends, flow.dPkts, flow.dOctets].join(" "));
  }
  return rows;
}

function goldenRows(name: string): string[] {
  return lines(readText(`fixtures/cli/filter/${name}`)).slice(2)
    .map((line) => line.trim().split(/\s+/).slice(2).join(" "));
}

/** The call behind each golden file. */
const CALLS: Readonly<Record<string, readonly string[]>> = {
  "filter-P443-r6.txt": ["filter", "-P443", "-r6"],
  "filter-i-a.txt": ["filter", "-i1,3", "-a64512-64515"],
};

for (const name of namesOf("fixtures/cli/filter").filter((name) => name.endsWith(".txt"))) {
  Deno.test(`${name} holds the flows that the reference selects`, async () => {
    const definition = /^nfilter-(.*)\.txt$/.exec(name)?.[1];
    const call = CALLS[name] ?? ["nfilter", "-f", CONFIG, "-F", definition!];
    const { bytes, code, stderr } = await flowtools([...call, INPUT]);
    assertEquals([code, stderr], [0, ""]);
    assertEquals(await printedRows(bytes), goldenRows(name));
  });
}

Deno.test("filter writes the records, and the header, that flow-filter writes", async () => {
  const input = Deno.readFileSync(new URL("fixtures/ft/v5-le.ft", ROOT));
  const { bytes } = await flowtools(["filter", "-k", "-C", "kept"], { stdin: input });
  const { size, captureStart, captureEnd, comments } = decodeFtHeader(bytes);
  const from = decodeFtHeader(input);
  assertEquals([captureStart, captureEnd], [from.captureStart, from.captureEnd]);
  assertEquals(comments, "kept");
  assertEquals(bytes.subarray(size), input.subarray(from.size));
});

Deno.test("files of other versions are converted, or refused by name", async () => {
  const files = ["v5-le", "v7-be-z", "v8.1-le"].map((name) => `fixtures/ft/${name}.ft`);
  const { bytes, code, stderr } = await flowtools(["filter", "-z", "3", "-b", "big", ...files]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "no conversion from v8.1 to v5");
  assertEquals((await printedRows(bytes)).length, 2 * 53);
  assertEquals(decodeFtHeader(bytes).byteOrder, "big");
});

Deno.test("a field that the flows lack stops the filter before it writes", async () => {
  const nfilter = await flowtools(["nfilter", "-f", CONFIG, "-F", "syn", "fixtures/ft/v8.1-le.ft"]);
  assertEquals([nfilter.code, nfilter.stdout], [2, ""]);
  assertStringIncludes(nfilter.stderr, "Filter references a field not in flow.");
  assertStringIncludes(nfilter.stderr, "v8.1 records have no tcp_flags");
  const filter = await flowtools(["filter", "-p80", "fixtures/ft/v8.1-le.ft"]);
  assertEquals([filter.code, filter.stdout], [2, ""]);
  assertStringIncludes(filter.stderr, "Flow record missing required field for format.");
});

Deno.test("a filter that no flow passes gives an empty stream, and 1", async () => {
  const { bytes, code, stderr } = await flowtools(["filter", "-e", "203.0.113.9", INPUT]);
  assertEquals([code, stderr], [1, ""]);
  assertEquals(await printedRows(bytes), []);
});

Deno.test("variables, the default definition, and faults of the configuration", async () => {
  await using directory = temporaryDirectory();
  const path = `${directory.path}/x.cfg`;
  Deno.writeTextFileSync(
    path,
    "filter-primitive P\n  type ip-port\n  permit @{PORT:-0},@B\nfilter-definition default\n" +
      "  match ip-destination-port P\n",
  );
  const run = (...args: string[]) => flowtools(["nfilter", "-f", path, ...args, INPUT]);
  const { bytes } = await run("-v", "PORT=https", "-vB=25");
  const rows = await printedRows(bytes);
  assertEquals(
    rows.length > 0 && rows.every((row) => / (443|25) \d+ \d+ \d+ \d+$/.test(row)),
    true,
  );
  const unknown = await run("-vPORT=nothing");
  assertEquals(unknown.code, 2);
  assertStringIncludes(unknown.stderr, `${path}:3:10: there is no symbol "nothing"`);
  assertEquals((await run("-v", "PORT")).code, 2);
  assertStringIncludes((await run("-F", "other")).stderr, 'filter-definition "other"');
});

Deno.test("access lists come from a file", async () => {
  await using directory = temporaryDirectory();
  const path = `${directory.path}/flow.acl`;
  Deno.writeTextFileSync(path, "ip access-list standard inside permit 10.0.0.0 0.255.255.255\n");
  const inside = (await flowtools(["filter", "-f", path, "-S", "inside", INPUT])).bytes;
  const rows = await printedRows(inside);
  assertEquals(rows.length > 0 && rows.every((row) => row.split(" ")[1].startsWith("10.")), true);
  const missing = await flowtools(["filter", "-f", path, "-S", "outside", INPUT]);
  assertEquals(missing.code, 2);
  assertStringIncludes(missing.stderr, 'no standard list "outside"');
});

/** Calls that both programs take, for inputs of each version. */
const DIFFERENTIAL: readonly (readonly [program: "nfilter" | "filter", args: string])[] = [
  ...["web-out", "either", "notex", "ifs", "syn"].map((name) =>
    ["nfilter", `-f ${CONFIG} -F ${name}`] as const
  ),
  ["filter", "-r 6 -P !80,443"],
  ["filter", "-o -i 1-9 -t 0x20/0xe0 -T 2/0x2"],
  ["filter", "-A 1-30000 -k -C text -b big"],
];

Deno.test({
  name: "flow-nfilter and flow-filter select the same records",
  ignore: !(await bash("command -v flow-nfilter flow-filter || true")).stdout.includes(
    "flow-filter",
  ),
  fn: async () => {
    for (const file of namesOf("fixtures/ft").filter((name) => name.endsWith("-le.ft"))) {
      const path = `${ROOT_PATH}/fixtures/ft/${file}`;
      for (const [program, args] of DIFFERENTIAL) {
        // What the reference writes then is wrong, see fixtures/QUIRKS.md.
        if (file.startsWith("v1005") && args.includes("big")) continue;
        const reference = await bash(`flow-${program} ${args} < ${path} || true`);
        const ours = await flowtools([program, ...args.split(" "), path]);
        const records = ({ bytes }: { bytes: Uint8Array }) =>
          bytes.length === 0 ? undefined : bytes.subarray(decodeFtHeader(bytes).size);
        assertEquals(records(ours), records(reference), `${program} ${args} of ${file}`);
      }
    }
  },
});
