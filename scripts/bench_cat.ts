/**
 * Measures `flowtools cat` against `flow-cat`, in the same run, plain and compressed:
 *
 *     PATH=…/flow-tools/bin:$PATH deno run -A scripts/bench_cat.ts [FILE] [ROUNDS]
 *
 * Without a file, a million realistic v5 flows are made.
 *
 * @module
 */
import { figureTable, referenceProgram, timeCalls } from "./compare_programs.ts";
import { installedProgram } from "./installed_program.ts";
import { makeWorkload } from "./make_workload.ts";

const [given, rounds = "3"] = Deno.args;
await using flowtools = await installedProgram();
const path = given ?? await makeFile();
const reference = referenceProgram("flow-cat");
if (reference === undefined) console.log("flow-cat is not on PATH: no ratio to the reference");

for (const args of [["-z", "6"], []]) {
  console.log(`cat ${args.join(" ")}`);
  const figures = await timeCalls([
    ...(reference === undefined ? [] : [{ name: "flow-cat", command: [reference, ...args, path] }]),
    { name: "flowtools cat", command: [...flowtools.call, "cat", ...args, path] },
  ], Number(rounds));
  console.log(figureTable(figures));
}
if (given === undefined) await Deno.remove(path);

async function makeFile(): Promise<string> {
  const made = await Deno.makeTempFile({ suffix: ".ft" });
  await makeWorkload(made, 1_000_000);
  return made;
}
