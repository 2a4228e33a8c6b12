/**
 * Measures `flowtools stat` against nfdump, and against flow-stat, in turn:
 *
 *     deno run -A --unstable-net scripts/bench_stat.ts [FILE] [ROUNDS] [FLOW-STAT]
 *
 * Without a file, 5 million realistic v5 flows are made. nfdump gets the same flows: they are sent
 * to an nfcapd as v5 packets over loopback, and counted. Every call is a process of its own whose
 * text goes to /dev/null; the first round fills the page cache. Figures are medians.
 *
 * @module
 */
import { installedProgram } from "./installed_program.ts";
import { makeWorkload } from "./make_workload.ts";
import { makeNfdumpFile } from "./nfdump_file.ts";
import { median } from "./timing.ts";

const FLOWS = 5_000_000;

const [given, rounds = "3", flowStat = "flow-stat"] = Deno.args;
await using flowtools = await installedProgram();

/** Seconds that a call takes, its text thrown away. */
async function time(command: readonly string[], input: string): Promise<number> {
  const started = performance.now();
  const { code } = await new Deno.Command("sh", {
    args: ["-c", 'input=$1; shift; "$@" <"$input" >/dev/null 2>&1', "sh", input, ...command],
  }).output();
  if (code !== 0) throw new Error(`${command.join(" ")} failed with code ${code}`);
  return (performance.now() - started) / 1000;
}

async function installed(command: string): Promise<boolean> {
  const { success } = await new Deno.Command("sh", {
    args: ["-c", 'command -v "$1"', "sh", command],
  })
    .output();
  return success;
}

/** Measures calls in turn and prints the ratio to ours, which is the first. */
async function compare(
  title: string,
  input: string,
  calls: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  const seconds = new Map<string, number[]>();
  for (let round = 0; round <= Number(rounds); round++) {
    for (const [name, command] of calls) {
      const taken = await time(command, input);
      if (round > 0) seconds.set(name, [...seconds.get(name) ?? [], taken]);
    }
  }
  const [ours] = [...seconds.values()].map(median);
  for (const [name, list] of seconds) {
    const ratio = (ours / median(list)).toFixed(2);
    const range = `${Math.min(...list).toFixed(2)}–${Math.max(...list).toFixed(2)}`;
    console.log(
      `${title}: ${name} ${median(list).toFixed(2)} s (${range}), ours is ${ratio} of it`,
    );
  }
}

const folder = await Deno.makeTempDir({ prefix: "flowtools-bench-" });
try {
  const input = given ?? `${folder}/flows.ft`;
  if (given === undefined) await makeWorkload(input, FLOWS);
  await Deno.mkdir(`${folder}/nfdump`);
  const nfdump = await makeNfdumpFile(input, `${folder}/nfdump`);
  if (nfdump === undefined) console.log("nfdump is not installed: no comparison");
  const rival = await installed(flowStat);
  if (!rival) console.log("flow-stat is not installed: no comparison");
  const stat = [...flowtools.call, "stat"];
  await compare(
    "sources",
    input,
    new Map([
      ["flowtools stat -f9", [...stat, "-f9"]],
      ...(nfdump ? [["nfdump -s srcip", ["nfdump", "-r", nfdump, "-s", "srcip"]] as const] : []),
      ...(rival ? [["flow-stat -f9", [flowStat, "-f9"]] as const] : []),
    ]),
  );
  await compare(
    "pairs",
    input,
    new Map([
      ["flowtools stat -f10", [...stat, "-f10"]],
      ...(nfdump
        ? [["nfdump -A srcip,dstip", ["nfdump", "-r", nfdump, "-A", "srcip,dstip"]] as const]
        : []),
      ...(rival ? [["flow-stat -f10", [flowStat, "-f10"]] as const] : []),
    ]),
  );
} finally {
  await Deno.remove(folder, { recursive: true });
}
