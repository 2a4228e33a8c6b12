/**
 * Random calls of every classic program, from a seed: the reference programs on PATH and the
 * command line have to make the same of the same input. `scripts/compare_classic.ts` runs more.
 */
import { assertEquals } from "@std/assert";
import { referenceProgram } from "../scripts/compare_programs.ts";
import { CLASSIC_PROGRAMS, randomCall } from "../scripts/differential/calls.ts";
import { compareCall } from "../scripts/differential/compare.ts";
import { Random } from "../scripts/random.ts";
import { taskArguments } from "./programs.ts";

const SEED = 20_251;

/** Calls of each program: all of them together take some seconds. */
const CALLS = 6;

const PROGRAMS = {
  ours: (
    name: string,
  ) => [Deno.execPath(), ...taskArguments("flowtools"), name, "--strict-compat"],
  theirs: (name: string) => [`flow-${name}`],
};

for (const program of CLASSIC_PROGRAMS) {
  const missing = [`flow-${program}`, "flow-export"].find((name) => !referenceProgram(name));
  Deno.test({
    name: `${program} does with random calls what flow-${program} does` +
      (missing === undefined ? "" : ` (no ${missing} on PATH)`),
    ignore: missing !== undefined,
    fn: async () => {
      for (let index = 0; index < CALLS; index++) {
        const call = randomCall(program, new Random(SEED, index));
        const { difference } = await compareCall(call, SEED + index, PROGRAMS);
        const shown = `${program} ${call.args.join(" ")}, seed ${SEED}, call ${index}`;
        assertEquals(difference, undefined, shown);
      }
    },
  });
}
