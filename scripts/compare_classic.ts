/**
 * Compares the classic commands with the reference programs on PATH, over random calls:
 *
 *     deno run -A scripts/compare_classic.ts [--seed N] [--calls N] [PROGRAM…]
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { referenceProgram } from "./compare_programs.ts";
import { CLASSIC_PROGRAMS, randomCall } from "./differential/calls.ts";
import { compareCall } from "./differential/compare.ts";
import { Random } from "./random.ts";

const MAIN = decodeURIComponent(new URL("../apps/cli/main.ts", import.meta.url).pathname);

const options = parseArgs(Deno.args, { string: ["seed", "calls"] });
const seed = Number(options.seed ?? 1);
const calls = Number(options.calls ?? 100);
const programs = options._.length === 0 ? CLASSIC_PROGRAMS : options._.map(String);

let different = 0;
for (const program of programs) {
  let equal = 0;
  let refusals = 0;
  const path = referenceProgram(`flow-${program}`);
  if (path === undefined) {
    console.log(`${program}: no flow-${program} on PATH`);
    continue;
  }
  for (let index = 0; index < calls; index++) {
    const call = randomCall(program, new Random(seed, index));
    const { difference, refused } = await compareCall(call, seed + index, {
      ours: (name) => [Deno.execPath(), "run", "-A", "--no-check", MAIN, name, "--strict-compat"],
      theirs: (name) => [`flow-${name}`],
    });
    if (difference === undefined) {
      equal++;
      if (refused) refusals++;
      continue;
    }
    different++;
    console.log(
      `--- ${index}: ${program} ${call.args.join(" ")} < ${JSON.stringify(call.streams)}`,
    );
    console.log(Object.values(call.files).join(""));
    console.log(difference);
  }
  console.log(`${program}: ${equal} of ${calls} equal, ${refusals} of them refused by both`);
}
Deno.exit(different === 0 ? 0 : 1);
