/**
 * Throws damaged bytes at the decoders, from a seed:
 *
 *     deno run -A scripts/fuzz.ts pdu --seed 7 --runs 1000000
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { Random } from "./random.ts";
import { fuzz, type FuzzReport, isRight } from "./fuzz/run.ts";
import type { FuzzTarget } from "./fuzz/target.ts";
import { FUZZ_TARGETS } from "./fuzz/targets.ts";

/** Bytes of a failing input that are shown; all of them are in the file. */
const DUMP_BYTES = 256;

const HELP = `Throws damaged bytes at the decoders.

Usage: deno run -A scripts/fuzz.ts <target> [options]

Targets:
${
  FUZZ_TARGETS.map(({ name, runs, doc }) => `  ${name.padEnd(12)} ${doc} (${runs} runs)`).join("\n")
}
  all          every target

Options:
  --seed N     the same seed gives the same inputs; default 1
  --runs N     inputs for each target that is no canary; default as above
  --from N     number of the first run; default 0
  --input FILE try the bytes of a file instead
  --help       this text

Exit code: 0 when nothing failed and every canary was caught, 1 otherwise, 2 for wrong usage.

Examples:
  deno run -A scripts/fuzz.ts all
  deno run -A scripts/fuzz.ts file --seed 42 --from 1234 --runs 1
`;

function count(number: number): string {
  return Math.round(number).toLocaleString("en");
}

function summary(report: FuzzReport): string {
  const { target, seed, runs, seconds, longestMs, rss, outcomes, failure } = report;
  const verdict = !isRight(report)
    ? (target.canary === undefined ? "FAILED" : "NOT CAUGHT")
    : (failure === undefined ? "ok" : `caught (${failure.error.message})`);
  const memory = rss.map((bytes) => count(bytes / 1e6)).join(" → ");
  const line = `${target.name.padEnd(12)} seed ${seed}: ${count(runs)} runs in ` +
    `${seconds.toFixed(1)} s (${count(runs / seconds)}/s), longest ${longestMs.toFixed(1)} ms, ` +
    `memory ${memory} MB: ${verdict}`;
  const met = [...outcomes].toSorted((a, b) => b[1] - a[1])
    .map(([name, times]) => `${name} ${count(times)}`).join(", ");
  return met === "" ? line : `${line}\n${" ".repeat(13)}${met}`;
}

function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, DUMP_BYTES); at += 16) {
    const hex = Array.from(
      bytes.subarray(at, at + 16),
      (byte) => byte.toString(16).padStart(2, "0"),
    );
    lines.push(`  ${at.toString(16).padStart(4, "0")}  ${hex.join(" ")}`);
  }
  if (bytes.length > DUMP_BYTES) lines.push(`  … ${bytes.length} bytes in all`);
  return lines.join("\n");
}

/** Tells how to see a failure again. */
function explain({ target, seed, failure }: FuzzReport): void {
  if (failure === undefined) return;
  const { run, error, input } = failure;
  console.error(`\n${target.name}: run ${run} of seed ${seed}: ${error.stack}`);
  const again = `deno run -A scripts/fuzz.ts ${target.name}`;
  console.error(`again: ${again} --seed ${seed} --from ${run} --runs 1`);
  if (input === undefined) return;
  const path = Deno.makeTempFileSync({ prefix: `fuzz-${target.name}-`, suffix: ".bin" });
  Deno.writeFileSync(path, input);
  console.error(`input: ${again} --input ${path}\n${hexDump(input)}\n`);
}

/** Fuzzes targets one after the other; returns whether all is well. */
function fuzzAll(
  targets: readonly FuzzTarget[],
  seed: number,
  first: number,
  runs: number | undefined,
): boolean {
  let right = true;
  for (const target of targets) {
    const report = fuzz(target, {
      seed,
      first,
      // A canary that leaks must not be given a million runs.
      runs: target.canary === undefined ? runs ?? target.runs : target.runs,
      onProgress: (done) =>
        console.error(
          `${target.name}: ${count(done)} runs, ${count(Deno.memoryUsage().rss / 1e6)} MB`,
        ),
    });
    console.log(summary(report));
    if (isRight(report)) continue;
    explain(report);
    right = false;
  }
  return right;
}

/** The value of an option: a whole number, or nothing where it is not given. */
function wholeNumber(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  console.error(`fuzz: "${value}" is no whole number`);
  Deno.exit(2);
}

if (import.meta.main) {
  const args = parseArgs(Deno.args, {
    string: ["seed", "runs", "from", "input"],
    boolean: ["help"],
    unknown: (arg, key) => {
      if (key === undefined) return true;
      console.error(`fuzz: unknown option ${arg}`);
      Deno.exit(2);
    },
  });
  const [name] = args._;
  const targets = FUZZ_TARGETS.filter((target) => name === "all" || target.name === name);
  if (args.help) {
    console.log(HELP);
  } else if (targets.length === 0 || args._.length > 1) {
    console.error(HELP);
    Deno.exit(2);
  } else if (typeof args.input === "string") {
    const input = Deno.readFileSync(args.input);
    for (const target of targets) target.prepare().check(input, new Random(1));
  } else {
    const seed = wholeNumber(args.seed) ?? 1;
    const first = wholeNumber(args.from) ?? 0;
    Deno.exit(fuzzAll(targets, seed, first, wholeNumber(args.runs)) ? 0 : 1);
  }
}
