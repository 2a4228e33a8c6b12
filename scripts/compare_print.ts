/**
 * Compares `flowtools print` with flow-print, byte for byte, over files × formats × flags:
 *
 *     TZ=UTC deno run -A scripts/compare_print.ts /usr/bin/flow-print fixtures/ft/*.ft
 */
import { printCommand } from "../apps/cli/commands/print.ts";
import { COMMON_FLAGS, parseFlags } from "@flowtools/common/flags";
import { PRINT_FORMATS } from "../apps/cli/render/classic_print_formats.ts";

/** The flags that change the text. */
const FLAG_SETS: readonly (readonly string[])[] = [[], ["-n"], ["-w"], ["-nw"], ["-p", "-c%"]];

/** What a comparison found. */
export interface PrintComparison {
  /** Calls that gave the same text. */
  equal: number;
  /** Formats that both refuse, for records that lack a field. */
  refused: number;
  /** The calls that gave something else. */
  readonly different: string[];
}

/** What one call gave. */
interface Printed {
  readonly code: number;
  readonly text: Uint8Array;
}

/** Prints a file with the command line's code, without a process of its own. */
export async function printHere(args: readonly string[], path: string): Promise<Printed> {
  const target = await Deno.makeTempFile();
  const silenced = console.error;
  console.error = () => {};
  try {
    const call = [...args, "-o", target, path];
    const code = await printCommand.run(
      parseFlags(call, [...printCommand.flags, ...COMMON_FLAGS]),
    );
    return { code, text: await Deno.readFile(target) };
  } finally {
    console.error = silenced;
    await Deno.remove(target);
  }
}

/** Prints a file with the reference, which reads standard input. */
async function printThere(
  program: string,
  args: readonly string[],
  path: string,
): Promise<Printed> {
  // Through a pipe, since its reader of mapped files loses records of compressed ones.
  const { code, stdout } = await new Deno.Command("sh", {
    args: ["-c", 'cat "$1" | { shift; exec "$@"; }', "sh", path, program, ...args],
    env: { LC_ALL: "C" },
    stderr: "null",
  }).output();
  return { code, text: stdout };
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** Compares the texts of every format and flag for some files. */
export async function comparePrint(
  program: string,
  paths: readonly string[],
): Promise<PrintComparison> {
  const result: PrintComparison = { equal: 0, refused: 0, different: [] };
  for (const path of paths) {
    for (const format of [undefined, ...PRINT_FORMATS.keys()]) {
      for (const flags of FLAG_SETS) {
        const args = format === undefined ? flags : [`-f${format}`, ...flags];
        const [ours, theirs] = await Promise.all([
          printHere(args, path),
          printThere(program, args, path),
        ]);
        if (ours.code !== theirs.code || !sameBytes(ours.text, theirs.text)) {
          result.different.push(`${[...args, path].join(" ")} (${ours.code}, ${theirs.code})`);
        } else if (ours.code === 0) result.equal++;
        else {
          // What a format refuses, it refuses with every flag.
          result.refused++;
          break;
        }
      }
    }
  }
  return result;
}

if (import.meta.main) {
  const [program, ...paths] = Deno.args;
  const { equal, refused, different } = await comparePrint(program, paths);
  for (const call of different) console.log(`different: ${call}`);
  console.log(`${equal} equal, ${refused} refused by both, ${different.length} different`);
  Deno.exit(different.length === 0 ? 0 : 1);
}
