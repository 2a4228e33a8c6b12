/** `flowtools tag`, `xlate` and `mask` against what flow-tag, flow-xlate and flow-mask make. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { decodeFtHeader } from "@flowtools/ft-format";
import { type Flow, FlowSet } from "@flowtools/flowset";
import { readText, ROOT } from "./files.ts";
import { bash, flowtools, namesOf, ROOT_PATH, temporaryDirectory } from "./programs.ts";

const FOLDER = "fixtures/cli/transform";
const INPUT = "fixtures/cli/in-v5.ft";

const config = (name: string) => `${FOLDER}/${name}.cfg`;

/** The call that makes the flows of each golden file, and the format in which they are printed. */
const GOLDEN: Readonly<Record<string, readonly [call: readonly string[], format: string]>> = {
  "tag-t1": [["tag", "-t", config("tag"), "-T", "t1"], "-f9"],
  "mask-m1": [["mask", "-m", config("mask"), "-M", "m1"], "-f4"],
  "xlate-anon": [["xlate", "-x", config("x"), "-X", "anon"], "-f5"],
  "xlate-priv": [["xlate", "-x", config("x"), "-X", "priv"], "-f5"],
  "xlate-V1": [["xlate", "-n", "-V1"], "-f3"],
  "xlate-V1005": [["xlate", "-n", "-V1005"], "-f9"],
  "xlate-V7": [["xlate", "-n", "-V", "7"], "-f7"],
};

async function flowsOf(stream: Uint8Array): Promise<Flow[]> {
  await using set = await FlowSet.open(stream);
  return await Array.fromAsync(set);
}

for (const name of namesOf(FOLDER).filter((name) => name.endsWith(".txt"))) {
  Deno.test(`${name} is what the reference makes of the flows`, async () => {
    const [call, format] = GOLDEN[name.replace(".txt", "")];
    const { bytes, code, stderr } = await flowtools([...call, INPUT]);
    assertEquals([code, stderr], [0, ""]);
    const printed = await flowtools(["print", format], { stdin: bytes });
    assertEquals(printed.stdout, readText(`${FOLDER}/${name}`));
  });
}

Deno.test("the header is that of the reference: times that say nothing, unless -k keeps them", async () => {
  const input = Deno.readFileSync(new URL("fixtures/ft/v5-le.ft", ROOT));
  const from = decodeFtHeader(input);
  const mask = ["mask", "-m", config("mask"), "-M", "M1"];
  const plain = decodeFtHeader((await flowtools(mask, { stdin: input })).bytes);
  assertEquals([plain.captureStart, plain.captureEnd, plain.flowCount], [0, 0, 0]);
  assertEquals([plain.size, plain.comments], [48, undefined]);
  const kept = decodeFtHeader(
    (await flowtools([...mask, "-k", "-C", "mine", "-z1"], { stdin: input })).bytes,
  );
  assertEquals([kept.captureStart, kept.captureEnd], [from.captureStart, from.captureEnd]);
  assertEquals(kept.comments, "mine");
});

Deno.test("xlate -n gives records back as they were, in either byte order", async () => {
  const input = Deno.readFileSync(new URL("fixtures/ft/v6-le.ft", ROOT));
  const from = decodeFtHeader(input);
  const big = (await flowtools(["xlate", "-n", "-b", "big"], { stdin: input })).bytes;
  assertEquals(decodeFtHeader(big).byteOrder, "big");
  const little = (await flowtools(["xlate", "-n"], { stdin: big })).bytes;
  assertEquals(little.subarray(decodeFtHeader(little).size), input.subarray(from.size));
});

Deno.test("files of several versions become one, fields that are missing stop the run", async () => {
  const run = (...args: string[]) => flowtools(args);
  const tagged = await run(
    ...["tag", "-t", config("tag"), "-T", "t1"],
    ...["v5-le", "v6-be", "v7-le-z", "v1005-le"].map((name) => `fixtures/ft/${name}.ft`),
  );
  assertEquals([tagged.code, (await flowsOf(tagged.bytes)).length], [0, 4 * 53]);
  const v1 = await run("tag", "-t", config("tag"), "-T", "t1", "fixtures/ft/v1-le.ft");
  assertEquals([v1.code, v1.stdout], [2, ""]);
  assertStringIncludes(v1.stderr, "Flow record missing required field for tagging.");
  const prefixes = await run("xlate", "-x", config("x"), "-X", "anon", "fixtures/ft/v8.1-le.ft");
  assertEquals([prefixes.code, prefixes.stdout], [2, ""]);
  assertStringIncludes(prefixes.stderr, "Xlate references a field not in flow.");
  const conversion = await run("xlate", "-n", "-V5", "fixtures/ft/v8.1-le.ft");
  assertEquals([conversion.code, conversion.stdout], [2, ""]);
  assertStringIncludes(conversion.stderr, "no conversion from v8.1 to v5");
});

Deno.test("configurations: variables, filters, keys, and faults", async () => {
  await using directory = temporaryDirectory();
  const { path } = directory;
  const write = (name: string, text: string) => Deno.writeTextFileSync(`${path}/${name}`, text);
  write(
    "filter.cfg",
    "filter-primitive W\n type ip-port\n permit @{PORT:-https}\n" +
      "filter-definition w\n match ip-destination-port W\n",
  );
  write("key", "0123456789abcdef0123456789abcdeffedcba98765432100123456789abcdef\n");
  write(
    "xlate.cfg",
    `include-filter ${path}/filter.cfg\nxlate-action AS\n type replace-source-as0\n as @AS\n` +
      `xlate-action PAN\n type ip-address-anonymize\n algorithm cryptopan-aes128\n key-file ${path}/key\n` +
      "xlate-action NONE\n type ip-port-privacy-mask\n mask 0 0\n" +
      "xlate-definition default\n term\n  action PAN\n term\n  filter w\n  action NONE\n",
  );
  const xlate = ["xlate", "-x", `${path}/xlate.cfg`];
  const { bytes, stderr } = await flowtools([...xlate, "-v", "AS=1", INPUT]);
  assertEquals(stderr, "");
  const flows = await flowsOf(bytes);
  assertEquals(flows[0].srcaddr, "227.205.60.130");
  assertEquals(flows.some((flow) => flow.dstport === 443), false);
  assertEquals(flows.some((flow) => flow.dstport === 0), true);

  const fault = async (...args: string[]) => {
    const { code, stderr } = await flowtools([...args, INPUT]);
    assertEquals(code, 2);
    return stderr;
  };
  assertStringIncludes(
    await fault(...xlate, "-vAS=1", "-X", "x"),
    'there is no xlate-definition "x"',
  );
  assertStringIncludes(
    await fault("mask", "-m", `${path}/m`),
    `there is no mask configuration "${path}/m"`,
  );
  write("t.cfg", "tag-action A\n  type @T\n");
  assertStringIncludes(
    await fault("tag", "-t", `${path}/t.cfg`, "-T", "x", "-v", "T=color"),
    `${path}/t.cfg:2:8: unknown type "color", expected one of source-prefix`,
  );
  assertStringIncludes(
    await fault("tag", "-t", config("tag")),
    "-T is missing, expected one of t1",
  );
});

/** Calls that both programs take, with a place for a configuration that needs no OpenSSL. */
const DIFFERENTIAL: readonly string[] = [
  `tag -t ${config("tag")} -T t1`,
  `mask -m ${config("mask")} -M m1 -C text`,
  "xlate -x CONFIG -X net",
  "xlate -x CONFIG",
  "xlate -n",
];

const DIFFERENTIAL_XLATE = `
xlate-action SCALE
 type scale
 scale 65537
xlate-action PRIVACY
 type ip-address-privacy-mask
 mask 0xFFFFFFC0 255.255.0.0
xlate-action NET
 type ip-destination-address-to-network
xlate-definition default
 term
  action SCALE
  action PRIVACY
  stop
xlate-definition net
 term
  action NET
`;

Deno.test({
  name: "flow-tag, flow-xlate and flow-mask write the same bytes",
  ignore: !(await bash("command -v flow-tag flow-xlate flow-mask || true")).stdout.includes(
    "flow-mask",
  ),
  fn: async () => {
    await using directory = temporaryDirectory();
    const path = `${directory.path}/x.cfg`;
    Deno.writeTextFileSync(path, DIFFERENTIAL_XLATE);
    for (const file of namesOf("fixtures/ft").filter((name) => name.endsWith("-le.ft"))) {
      const input = `${ROOT_PATH}/fixtures/ft/${file}`;
      for (const call of DIFFERENTIAL.map((text) => text.replace("CONFIG", path))) {
        const reference = await bash(`flow-${call} < ${input} || true`);
        const ours = await flowtools([...call.split(" "), input]);
        assertEquals(ours.bytes, reference.bytes, `${call} of ${file}`);
      }
    }
  },
});
