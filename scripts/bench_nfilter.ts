/**
 * Times `flowtools nfilter` against `flow-nfilter` on one file, in turns, and prints the ratio of
 * their best times. Start-up counts: both are processes.
 *
 * deno run -A scripts/bench_nfilter.ts FILE [ROUNDS] [REFERENCE]
 *
 * @module
 */
import { installedProgram } from "./installed_program.ts";

const ROOT = new URL("..", import.meta.url);
const CONFIG = new URL("fixtures/cli/filter/nf.cfg", ROOT).pathname;
const DEFINITIONS = ["web-out", "either", "notex", "syn"];

const [file, rounds = "5", reference = "flow-nfilter"] = Deno.args;
if (file === undefined) {
  console.error("usage: bench_nfilter.ts FILE [ROUNDS] [REFERENCE]");
  Deno.exit(2);
}

await using flowtools = await installedProgram();
const OURS = [...flowtools.call, "nfilter"];

/** Milliseconds that a program takes to filter the file into nothing. */
async function time(program: readonly string[], definition: string): Promise<number> {
  const start = performance.now();
  const script = '"$@" < "$0" > /dev/null';
  const { success } = await new Deno.Command("bash", {
    args: ["-c", script, file, ...program, "-f", CONFIG, "-F", definition],
    env: { TZ: "UTC", LC_ALL: "C" },
  }).output();
  if (!success) throw new Error(`Cannot time ${program[0]}: it failed`);
  return performance.now() - start;
}

for (const definition of DEFINITIONS) {
  let ours = Infinity;
  let theirs = Infinity;
  for (let round = 0; round < Number(rounds); round++) {
    ours = Math.min(ours, await time(OURS, definition));
    theirs = Math.min(theirs, await time([reference], definition));
  }
  console.log(
    `${definition.padEnd(8)} flowtools ${ours.toFixed(0)} ms, reference ${theirs.toFixed(0)} ms, ` +
      `ratio ${(ours / theirs).toFixed(2)}`,
  );
}
