/**
 * Measures `flowtools print` against flow-print, to a file and to /dev/null, in turn:
 *
 *     deno run -A scripts/bench_print.ts [FLOW-PRINT] [FILE] [ROUNDS]
 *
 * Without a file, 5 million realistic v5 flows are made. Every call is a process of its own that
 * reads the file from standard input, and the text of both is compared. Figures are medians.
 *
 * @module
 */
import { installedProgram } from "./installed_program.ts";
import { makeWorkload } from "./make_workload.ts";
import { median } from "./timing.ts";

const [program = "flow-print", given, rounds = "3"] = Deno.args;
await using flowtools = await installedProgram();
const FLOWS = 5_000_000;
const FORMATS = ["-f5", "-f3"];

/** The rivals; each reads standard input and writes standard output. */
const RIVALS: Readonly<Record<string, readonly string[]>> = {
  "flow-print": [program],
  "flowtools print": [...flowtools.call, "print"],
};

/** Seconds that a call takes. */
async function time(command: readonly string[], input: string, output: string): Promise<number> {
  const started = performance.now();
  const { code } = await new Deno.Command("sh", {
    args: ["-c", 'input=$1 output=$2; shift 2; "$@" <"$input" >"$output"', "sh", input, output]
      .concat(command),
    env: { TZ: "UTC", LC_ALL: "C" },
  }).output();
  if (code !== 0) throw new Error(`${command.join(" ")} failed with code ${code}`);
  return (performance.now() - started) / 1000;
}

const folder = await Deno.makeTempDir();
try {
  const input = given ?? `${folder}/flows.ft`;
  if (given === undefined) await makeWorkload(input, FLOWS);
  for (const format of FORMATS) {
    const texts = Object.keys(RIVALS).map((_, index) => `${folder}/${index}.txt`);
    for (const toFile of [true, false]) {
      const seconds = new Map<string, number[]>();
      for (let round = 0; round < Number(rounds); round++) {
        for (const [index, [name, command]] of Object.entries(RIVALS).entries()) {
          const output = toFile ? texts[index] : "/dev/null";
          const taken = await time([...command, format], input, output);
          seconds.set(name, [...seconds.get(name) ?? [], taken]);
        }
      }
      const [theirs, ours] = [...seconds.values()].map(median);
      console.log(
        `${format} to ${toFile ? "a file" : "/dev/null"}: flow-print ${theirs.toFixed(2)} s, ` +
          `flowtools ${ours.toFixed(2)} s, ratio ${(ours / theirs).toFixed(3)}`,
      );
    }
    const { code } = await new Deno.Command("cmp", { args: texts }).output();
    console.log(`${format}: ${code === 0 ? "the same text" : "DIFFERENT TEXT"}`);
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
