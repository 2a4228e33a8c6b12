/** What the commands need in memory: as processes, by what the system says of them. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { timeCalls } from "../scripts/compare_programs.ts";
import { flowtools, taskArguments, temporaryDirectory } from "./programs.ts";

/** Megabytes by which garbage makes two runs of one command differ. */
const GARBAGE_MEGABYTES = 100;

/** The same where buffers of three hundred files become garbage; kept, they would be 300 MB. */
const BUFFERS_MEGABYTES = 200;

/** Flows of a tiny, a small and a large file: 128 kB, 3 MB and 96 MB. */
const FLOWS = { tiny: 2_000, small: 50_000, large: 1_500_000 };

async function makeFiles(folder: string): Promise<void> {
  for (const [name, flows] of Object.entries(FLOWS)) {
    const { code } = await flowtools(["gen", "-n", `${flows}`, "-o", `${folder}/${name}`]);
    assertEquals(code, 0);
  }
}

async function peakMegabytes(...args: readonly string[]): Promise<number> {
  const command = [Deno.execPath(), ...taskArguments("flowtools"), ...args];
  const [{ peakMegabytes }] = await timeCalls([{ name: args[0], command }], 1);
  assert(peakMegabytes > 20, `${args[0]}: ${peakMegabytes} MB is no memory of a process`);
  return peakMegabytes;
}

const LINUX = Deno.build.os === "linux";
const REASON = LINUX ? "" : " (only Linux tells the memory of a process)";

for (const command of ["cat", "merge"]) {
  Deno.test({
    name: `${command} needs no more memory for 290 MB than for 9 MB${REASON}`,
    ignore: !LINUX,
    fn: async () => {
      await using folder = temporaryDirectory();
      await makeFiles(folder.path);
      const three = (name: string) => Array(3).fill(`${folder.path}/${name}`);
      const small = await peakMegabytes(command, ...three("small"));
      const large = await peakMegabytes(command, ...three("large"));
      assert(large < small + GARBAGE_MEGABYTES, `${small} MB, then ${large} MB`);
    },
  });
}

Deno.test({
  name: `merge of 300 files needs little more memory than one of 60${REASON}`,
  ignore: !LINUX,
  fn: async () => {
    await using folder = temporaryDirectory();
    await makeFiles(folder.path);
    const files = (count: number) => Array(count).fill(`${folder.path}/tiny`);
    const few = await peakMegabytes("merge", ...files(60));
    const many = await peakMegabytes("merge", ...files(300));
    assert(many < few + BUFFERS_MEGABYTES, `${few} MB, then ${many} MB`);
  },
});

Deno.test("stat and report end with a clear error where groups need more than --memory", async () => {
  const { bytes } = await flowtools(["gen", "-n", "20000"]);
  const stat = await flowtools(["stat", "-f9", "--memory", "300K"], { stdin: bytes });
  assertEquals([stat.code, stat.stdout], [2, ""]);
  assertMatch(
    stat.stderr,
    /^flowtools: Cannot report ip-source-address: \d+ groups need a table of \d+ bytes, GROUP_TABLE_BYTES_MAX allows 307200; --memory allows more, a filter makes fewer groups\n$/,
  );
  await using folder = temporaryDirectory();
  Deno.writeTextFileSync(
    `${folder.path}/cfg`,
    "stat-report r\n type ip-source-address\n output\n  path /dev/stdout\n" +
      "stat-definition d\n report r\n",
  );
  const call = ["report", "-s", `${folder.path}/cfg`, "-S", "d"];
  const report = await flowtools([...call, "--memory", "300K"], { stdin: bytes });
  assertEquals([report.code, report.stdout], [2, ""]);
  assertMatch(report.stderr, /Cannot report ip-source-address: .* --memory allows more/);
  const enough = await flowtools([...call, "--memory", "64M"], { stdin: bytes });
  assertEquals([enough.code, enough.stderr], [0, ""]);
  const nonsense = await flowtools(["stat", "--memory", "much"], { stdin: bytes });
  assertEquals(nonsense.code, 2);
  assertMatch(nonsense.stderr, /--memory is "much", expected bytes/);
});
