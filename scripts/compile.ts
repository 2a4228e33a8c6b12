/**
 * Makes one executable, `dist/flowtools`, with the command line and the collector; it needs neither
 * the network nor an installed Deno. Then it tries the executable out.
 *
 *     deno task compile
 *
 * There are two ways. `deno compile` is taken where its base binary can be had; where it cannot, the
 * executable carries the Deno that runs this script. `--back-end` asks for one of them.
 *
 * @module
 */
import { parseFlags, UsageError } from "../apps/common/flags.ts";
import { VERSION } from "../apps/cli/version.ts";
import { bundleProgram, ROOT } from "./compile/bundle_program.ts";
import { carryRuntime } from "./compile/carry_runtime.ts";
import { compileNative } from "./compile/compile_native.ts";
import { noticeFile } from "./compile/notice.ts";
import { smokeTest } from "./compile/smoke_test.ts";

const FLAGS = [
  { name: "output", letter: "o", value: "FILE", doc: "The executable" },
  {
    name: "back-end",
    value: "NAME",
    choices: ["auto", "deno-compile", "carried-runtime"],
    doc: "How it is made",
  },
] as const;

async function main(): Promise<void> {
  const args = parseFlags(Deno.args, FLAGS);
  const output = args.value("output") ?? `${ROOT}/dist/flowtools`;
  const backEnd = args.value("back-end") ?? "auto";
  const folder = output.slice(0, output.lastIndexOf("/") + 1);
  if (folder !== "") await Deno.mkdir(folder, { recursive: true });
  const program = await bundleProgram();
  console.log(`Bundled the program: ${program.length} files`);
  const files = [...program, await noticeFile()];
  console.log(`Back end: ${await make(backEnd)}`);
  const { size } = await Deno.stat(output);
  console.log(`Made ${output}: ${(size / 1e6).toFixed(1)} MB`);
  for await (const step of smokeTest(output)) console.log(`Tried: ${step}`);

  async function make(wanted: string): Promise<string> {
    if (wanted !== "carried-runtime") {
      const failure = await compileNative(files, output);
      if (failure === undefined) return "deno-compile";
      if (wanted === "deno-compile") throw new Error(`deno compile failed: ${failure}`);
      console.log(`deno compile is not possible here: ${failure}`);
    }
    await carryRuntime(files, VERSION, output);
    return "carried-runtime";
  }
}

try {
  await main();
} catch (error) {
  console.error(`compile: ${error instanceof Error ? error.message : error}`);
  Deno.exit(error instanceof UsageError ? 2 : 1);
}
