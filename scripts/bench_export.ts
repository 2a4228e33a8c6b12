/**
 * Measures `flowtools export` against `flow-export`, in the same run: CSV, and packets.
 *
 *     PATH=…/flow-tools/bin:$PATH deno run -A scripts/bench_export.ts [FILE] [ROUNDS]
 *
 * Without a file, a million realistic v5 flows are made.
 *
 * @module
 */
import { figureTable, referenceProgram, timeCalls } from "./compare_programs.ts";
import { installedProgram } from "./installed_program.ts";
import { makeWorkload } from "./make_workload.ts";

const [given, rounds = "5"] = Deno.args;
await using flowtools = await installedProgram();
const path = given ?? await makeFile();
const reference = referenceProgram("flow-export");
if (reference === undefined) console.log("flow-export is not on PATH: no ratio to the reference");

for (const format of ["-f2", "-f4"]) {
  console.log(`export ${format}`);
  const figures = await timeCalls([
    ...(reference === undefined
      ? []
      : [{ name: "flow-export", command: [reference, format], input: path }]),
    { name: "flowtools export", command: [...flowtools.call, "export", format], input: path },
  ], Number(rounds));
  console.log(figureTable(figures));
}
if (given === undefined) await Deno.remove(path);

async function makeFile(): Promise<string> {
  const made = await Deno.makeTempFile({ suffix: ".ft" });
  await makeWorkload(made, 1_000_000);
  return made;
}
