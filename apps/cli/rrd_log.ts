import { fileName, type SeriesSpec } from "./rrd_store.ts";

/** What logs: the start of its name behind `flow-`, and its values by name in the log. */
interface LogProgram {
  readonly name: string;
  readonly sources: readonly (readonly [source: string, key: string])[];
}

const COUNTERS: LogProgram["sources"] = [["flows", "flows"], ["pkts", "pkts"], ["lost", "lost"]];

const PROGRAMS: readonly LogProgram[] = [
  { name: "fanout", sources: [...COUNTERS, ["nobufs", "send_nobufs"]] },
  { name: "capture", sources: COUNTERS },
];

/** A week of values each 5 minutes, a year of values each day. */
const ARCHIVES: readonly string[] = ["RRA:AVERAGE:0.5:1:2016", "RRA:AVERAGE:0.5:288:365"];

/** Where the words of a syslog line stand: `Nov 14 22:13:20 host flow-capture[7]: STAT: …`. */
const HOST = 3;
const PROGRAM = 4;
const MARK = 5;

/** What a `STAT:` line says. */
export interface StatLine {
  readonly spec: SeriesSpec;
  readonly time: number;
  readonly values: readonly string[];
}

/**
 * Reads a line of the log of flow-capture or flow-fanout.
 *
 * @returns What it says, why it cannot be used, or `undefined` where it is no `STAT:` line
 */
export function parseStatLine(line: string, path: string): StatLine | string | undefined {
  const words = line.trim().split(/\s+/);
  if (words[MARK] !== "STAT:") return undefined;
  const program = PROGRAMS.find(({ name }) => words[PROGRAM].startsWith(name, "flow-".length));
  if (program === undefined) {
    return `Expecting flow-capture or flow-fanout logs, got ${words[PROGRAM]}`;
  }
  const pairs = new Map<string, string>();
  for (const word of words) {
    const [key, value, ...more] = word.split("=");
    if (value !== undefined && more.length === 0) pairs.set(key, value);
  }
  const values = program.sources.map(([, key]) => pairs.get(key));
  const names = ["src_ip", "dst_ip", "d_ver"].map((key) => pairs.get(key));
  const now = pairs.get("now") ?? "";
  if (!/^\d+$/.test(now)) return `now= is "${now}", expected Unix seconds`;
  const bad = program.sources.find((_, at) => !/^\d+$/.test(values[at] ?? ""));
  if (bad !== undefined) return `${bad[1]}= is missing or no number`;
  if (names.includes(undefined)) return "src_ip=, dst_ip= or d_ver= is missing";
  const file = [program.name, words[HOST], ...names].join(".");
  return {
    spec: {
      path: `${path}/${fileName(file)}`,
      sources: program.sources.map(([source]) => source),
      kind: "COUNTER",
      archives: ARCHIVES,
    },
    time: Number(now),
    values: values as string[],
  };
}
