/**
 * Measures `flowtools top` and `series` against nfdump, and two cores against one:
 *
 *     deno run -A --unstable-net scripts/bench_modern.ts [FILE] [ROUNDS]
 *
 * Without a file, 5 million realistic v5 flows are made; nfdump gets the same, over loopback. The
 * flows are also read from 20 files, plain and compressed, by one thread and by two, and so are many
 * times as many: the files are named several times. Every call is a process of its own whose text is
 * thrown away, in turn with its rival; the first round fills the page cache. Figures are medians.
 *
 * @module
 */
import { FlowSet } from "@flowtools/flowset";
import { installedProgram } from "./installed_program.ts";
import { makeWorkload } from "./make_workload.ts";
import { makeNfdumpFile } from "./nfdump_file.ts";
import { medianSeconds } from "./timing.ts";

const FLOWS = 5_000_000;
const FILES = 20;

/** How often files of a level of compression are named, for calls that take a second and several. */
const TIMES: readonly (readonly [level: number, times: readonly number[]])[] = [
  [0, [1, 20]],
  [6, [1, 4]],
];

const [given, rounds = "5"] = Deno.args;
await using flowtools = await installedProgram();

/** Writes the flows of a file to several files of the same size. */
async function splitInto(folder: string, path: string, compressionLevel: number): Promise<void> {
  await Deno.mkdir(folder);
  await using source = await FlowSet.open(path);
  let target: FlowSet | undefined;
  let written = 0;
  let number = 0;
  for await (const block of source.blocks()) {
    if (target === undefined || written >= FLOWS / FILES) {
      await target?.close();
      const name = `${folder}/${String(number++).padStart(2, "0")}.ft`;
      target = await FlowSet.create(name, { version: 5, compressionLevel });
      written = 0;
    }
    await target.write(block);
    written += block.count;
  }
  await target?.close();
}

/** When the spans of a series begin, Unix seconds. */
async function spanTimes(series: readonly string[]): Promise<number[]> {
  const args = [...series.slice(1), "--format", "csv"];
  const { stdout } = await new Deno.Command(series[0], { args }).output();
  const rows = new TextDecoder().decode(stdout).trim().split("\n").slice(1);
  return [...new Set(rows.map((row) => Date.parse(row.split(",")[0]) / 1000))];
}

/** A script that has nfdump, its first words, sum protocols of one span after the other. */
function nfdumpSpans(times: readonly number[]): string {
  const text = (seconds: number) => {
    const date = new Date((seconds - new Date(seconds * 1000).getTimezoneOffset() * 60) * 1000);
    return date.toISOString().slice(0, 19).replaceAll("-", "/").replace("T", ".");
  };
  const [first, second = first + 300] = times;
  const last = second - first - 1;
  return times.map((time) => `"$@" -t ${text(time)}-${text(time + last)} -s proto`).join("\n");
}

/** Measures two calls in turn, and prints the ratio of the first to the second. */
async function compare(
  title: string,
  ours: readonly string[],
  theirs: readonly string[],
): Promise<void> {
  const [a, b] = await medianSeconds([ours, theirs], Number(rounds));
  console.log(`${title}: ${a.toFixed(2)} s and ${b.toFixed(2)} s, ratio ${(a / b).toFixed(2)}`);
}

const folder = await Deno.makeTempDir({ prefix: "flowtools-bench-" });
try {
  const input = given ?? `${folder}/flows.ft`;
  if (given === undefined) await makeWorkload(input, FLOWS);
  await Deno.mkdir(`${folder}/nfdump`);
  const nfdump = await makeNfdumpFile(input, `${folder}/nfdump`);
  if (nfdump === undefined) console.log("nfdump is not installed: no comparison");
  else {
    const rival = ["nfdump", "-r", nfdump];
    const top = [...flowtools.call, "top", input];
    await compare("top sources, nfdump -s srcip", top, [...rival, "-s", "srcip"]);
    const ports = [...top, "--by", "srcaddr,dstport", "--order", "flows"];
    await compare("top by two keys, nfdump -A srcip,dstport", ports, [
      ...[...rival, "-A", "srcip,dstport", "-O", "flows", "-n", "20"],
    ]);
    const pairs = [...top, "--by", "srcaddr,dstaddr"];
    await compare("top pairs, nfdump -A srcip,dstip", pairs, [...rival, "-A", "srcip,dstip"]);
    const series = [...flowtools.call, "series", "--by", "prot", input];
    await compare("series by protocol, nfdump -s proto", series, [...rival, "-s", "proto"]);
    const spans = ["sh", "-c", nfdumpSpans(await spanTimes(series)), "sh", ...rival];
    await compare("series by protocol, nfdump -s proto of each span", series, spans);
  }
  for (const [level, times] of TIMES) {
    const files = `${folder}/files-${level}`;
    await splitInto(files, input, level);
    for (
      const command of [["top"], ["top", "--by", "srcaddr,dstaddr"], ["series", "--by", "prot"]]
    ) {
      for (const count of times) {
        const call = [...flowtools.call, ...command, ...Array<string>(count).fill(files)];
        const title = `${command.join(" ")}, ${count * FLOWS / 1e6} M flows in ${FILES} files, ` +
          `zlib level ${level}, one thread and two`;
        await compare(title, [...call, "--threads", "1"], [...call, "--threads", "2"]);
      }
    }
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
