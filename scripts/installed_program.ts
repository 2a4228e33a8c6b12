/** The program as `deno task install` leaves it, for benchmarks: what users run is what is timed. */
import { writeProgram } from "./compile/bundle_program.ts";
import { RUN_FLAGS } from "./compile/runtime_flags.ts";

/** The program in a folder of its own. */
export interface InstalledProgram extends AsyncDisposable {
  /** The words that call it; the command's follow. */
  readonly call: readonly string[];
}

/** Bundles the program; the folder is removed when the program is disposed of. */
export async function installedProgram(): Promise<InstalledProgram> {
  const folder = await Deno.makeTempDir({ prefix: "flowtools-bench-" });
  const main = await writeProgram(`${folder}/program`);
  return {
    call: [Deno.execPath(), "run", ...RUN_FLAGS, main],
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}
