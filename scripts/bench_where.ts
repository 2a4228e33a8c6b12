/**
 * Measures `flowtools cat --where` against nfdump's filter, in turn: the same questions, the flows
 * that pass written to a file.
 *
 *     deno run -A --unstable-net scripts/bench_where.ts [FILE] [ROUNDS] [NFDUMP-FILE]
 *
 * Without a file, 5 million realistic v5 flows are made; without nfdump's file, they are sent to an
 * nfcapd. Every call is a process of its own; the first round fills the page cache. Figures are
 * medians.
 *
 * @module
 */
import { installedProgram } from "./installed_program.ts";
import { makeWorkload } from "./make_workload.ts";
import { makeNfdumpFile } from "./nfdump_file.ts";
import { removeIfThere } from "./remove_if_there.ts";
import { medianSeconds } from "./timing.ts";

const FLOWS = 5_000_000;

/** Questions that both understand, from few flows that pass to many. */
const QUESTIONS = [
  "src ip 10.0.0.1",
  "src net 10.0.0.0/8 and dst port in [ 80 443 ] and bytes > 10k and not proto icmp",
  "port 53",
  "flags S and not flags AF",
  "proto tcp and bps > 1m",
  "src net 10.0.0.0/8",
];

const [given, rounds = "5", givenNfdump] = Deno.args;
await using flowtools = await installedProgram();

const folder = await Deno.makeTempDir({ prefix: "flowtools-bench-" });
try {
  const input = given ?? `${folder}/flows.ft`;
  if (given === undefined) await makeWorkload(input, FLOWS);
  const nfdump = givenNfdump ?? await makeNfdumpFile(input, folder);
  if (nfdump === undefined) throw new Error("Cannot compare: nfdump is not installed");
  const [ourFile, theirFile] = [`${folder}/ours.ft`, `${folder}/theirs.nf`];
  for (const question of QUESTIONS) {
    const cat = [...flowtools.call, "cat", "--where", question, "-o", ourFile, input];
    const calls = [cat, ["nfdump", "-r", nfdump, "-w", theirFile, question]];
    // Each call writes a file that is not there: to free one takes as long as a part of it.
    const prepare = async () => {
      for (const file of [ourFile, theirFile]) await removeIfThere(file);
    };
    const [ours, theirs] = await medianSeconds(calls, Number(rounds), prepare);
    console.log(
      `${question}: flowtools ${ours.toFixed(2)} s, nfdump ${theirs.toFixed(2)} s, ` +
        `ratio ${(ours / theirs).toFixed(2)}`,
    );
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
