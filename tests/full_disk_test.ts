/** What the command line leaves behind where its output cannot be written: a message, and nothing else. */
import { assertEquals, assertMatch } from "@std/assert";
import { ROOT } from "./files.ts";
import { bash, taskArguments, temporaryDirectory } from "./programs.ts";

const INPUT = `"${ROOT.pathname}fixtures/cli/in-v5.ft"`;
const CONFIGS = `${ROOT.pathname}fixtures/cli/examples`;

/** Commands with an output of their own, called with something to write. */
const CALLS = [
  `cat -z0 ${INPUT}`,
  `cat -z6 ${INPUT}`,
  `merge ${INPUT}`,
  `export -f2 ${INPUT}`,
  `print -f5 ${INPUT}`,
  `print --format ndjson ${INPUT}`,
  `stat -f10 ${INPUT}`,
  `report -s "${CONFIGS}/stat.cfg" -v TYPE=ip-source/destination-address ${INPUT}`,
  `xlate -n -V7 ${INPUT}`,
  `tag -t "${CONFIGS}/tag.cfg" -T customers ${INPUT}`,
  `nfilter -f "${CONFIGS}/nf.cfg" -F host -v ADDR=10.0.0.1 ${INPUT} ${INPUT} ${INPUT} ${INPUT}`,
  `gen -n 2000`,
];

function script(lines: string): string {
  const call = [Deno.execPath(), ...taskArguments("flowtools")].map((word) => `"${word}"`);
  return `flowtools() { ${call.join(" ")} "$@"; }\n${lines}`;
}

for (const call of CALLS) {
  const name = call.split(" ").slice(0, 2).join(" ");

  Deno.test({
    name: `a full disk behind standard output is an error of ${name}, without a stack`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      const { code, stderr } = await bash(script(`flowtools ${call} >/dev/full`));
      assertEquals(code, 2, stderr);
      assertMatch(stderr, /^(flow-\w+: .*\n)?flowtools: .*No space left on device.*\n$/);
    },
  });

  Deno.test({
    name: `an output file of ${name} that cannot be completed leaves the former one`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      await using folder = temporaryDirectory();
      Deno.writeTextFileSync(`${folder.path}/output`, "former");
      const limited = `trap '' XFSZ; ulimit -f 0; flowtools ${call} -o output`;
      const { code, stderr } = await bash(script(limited), { cwd: folder.path });
      assertEquals(code, 2, stderr);
      assertMatch(stderr, /File too large/);
      assertEquals([...Deno.readDirSync(folder.path)].map((entry) => entry.name), ["output"]);
      assertEquals(Deno.readTextFileSync(`${folder.path}/output`), "former");
    },
  });
}

Deno.test("an output file keeps its permissions, and a link stays a link", async () => {
  await using folder = temporaryDirectory();
  Deno.writeTextFileSync(`${folder.path}/real`, "former", { mode: 0o600 });
  Deno.symlinkSync("real", `${folder.path}/output`);
  const { code } = await bash(script(`flowtools cat -o output ${INPUT}`), { cwd: folder.path });
  assertEquals(code, 0);
  assertEquals(Deno.readLinkSync(`${folder.path}/output`), "real");
  assertEquals(Deno.statSync(`${folder.path}/real`).mode! & 0o777, 0o600);
  assertEquals(Deno.readFileSync(`${folder.path}/output`).length, 64 + 400 * 64);
});
