/**
 * The collectors that are measured beside each other: how each is started, and how its files are
 * counted by a program other than itself.
 *
 * @module
 */
import { FlowSet } from "@flowtools/flowset";

/** How the files are to be compressed. */
export type Compression = "plain" | "zlib-1" | "zlib-6" | "lzo";

/** A collector. */
export interface Receiver {
  /** Its name in the table. */
  readonly name: string;
  /** The letters of the jobs in which it is compared. */
  readonly jobs: string;
  /** What is called to see whether it is there. */
  readonly program: string;
  /** How its files can be compressed. */
  readonly compressions: readonly Compression[];
  /** The call that stores in a directory what comes to a port of 127.0.0.1. */
  readonly command: (directory: string, port: number, compression: Compression) => string[];
  /** Flows in its files. */
  readonly count: (directory: string) => Promise<number>;
}

const MAIN = new URL("../../apps/collector/main.ts", import.meta.url).pathname;

/** The receive buffer that rivals ask for: what most systems allow at most. */
const RIVAL_BUFFER_BYTES = 4 << 20;

const ZLIB_LEVEL: Readonly<Record<Compression, string>> = {
  plain: "0",
  "zlib-1": "1",
  "zlib-6": "6",
  lzo: "",
};

function ours(
  name: string,
  jobs: string,
  flags: (directory: string) => readonly string[],
): Receiver {
  return {
    name,
    jobs,
    program: Deno.execPath(),
    compressions: ["plain", "zlib-1", "zlib-6"],
    command: (directory, port, compression) => [
      Deno.execPath(),
      "run",
      "--unstable-net",
      "--allow-net",
      "--allow-read",
      "--allow-write",
      "--allow-env",
      "--allow-ffi",
      "--allow-sys=hostname,uid",
      MAIN,
      ...["-w", directory, "-n", "0", "-N", "0", "-z", ZLIB_LEVEL[compression]],
      ...flags(directory),
      `127.0.0.1:${port}`,
    ],
    count: countFlowTools,
  };
}

/** The collectors, ours first. */
export const RECEIVERS: readonly Receiver[] = [
  ours("flowtools", "abcd", () => ["--http", "off"]),
  ours("flowtools, with its page", "abcd", () => ["--http", "127.0.0.1:0"]),
  ours("flowtools, 4 MiB buffer", "ac", () => ["--http", "off", "--receive-buffer", "4M"]),
  ours("flowtools, portable source", "c", () => ["--http", "off", "--source", "portable"]),
  ours("flowtools, IPFIX files, too", "d", (directory) => {
    return ["--http", "off", "--ipfix", directory];
  }),
  {
    name: "nfcapd",
    jobs: "abcd",
    program: "nfcapd",
    compressions: ["plain", "lzo"],
    command: (directory, port, compression) => [
      "nfcapd",
      ...["-w", directory, "-b", "127.0.0.1", "-p", String(port), "-t", "86400"],
      ...["-B", String(RIVAL_BUFFER_BYTES)],
      ...compression === "lzo" ? ["-z"] : [],
    ],
    count: countNfdump,
  },
  {
    name: "flow-capture",
    jobs: "abc",
    program: "flow-capture",
    compressions: ["plain", "zlib-1", "zlib-6"],
    command: (directory, port, compression) => [
      "flow-capture",
      ...["-D", "-w", directory, "-n", "0", "-N", "0", "-z", ZLIB_LEVEL[compression]],
      `0/0/${port}`,
    ],
    count: countFlowTools,
  },
];

/** flow-tools gives zlib the length of a whole file in 32 bits: of longer ones it reads the rest of 4 GiB. */
const REFERENCE_FILE_BYTES_MAX = 2 ** 32 - 1;

/** Counts with flow-tools where it is there and can, record by record; else with our reader. */
async function countFlowTools(directory: string): Promise<number> {
  const paths = [...Deno.readDirSync(directory)].map(({ name }) => name)
    .filter((name) => name.startsWith("ft-") && !name.endsWith(".ipfix")).map((name) =>
      `${directory}/${name}`
    );
  if (paths.length === 0) return 0;
  const readable = paths.every((path) => Deno.statSync(path).size <= REFERENCE_FILE_BYTES_MAX);
  if (readable && await isInstalled("flow-stat")) {
    const text = await outputOf(["sh", "-c", 'flow-cat "$@" | flow-stat -f0', "sh", ...paths]);
    return Number(text.match(/Total Flows\s*:\s*(\d+)/i)?.[1] ?? NaN);
  }
  let flows = 0;
  for (const path of paths) {
    await using set = await FlowSet.open(path);
    for await (const batch of set.batches({ columns: [] })) flows += batch.length;
  }
  return flows;
}

/** Counts with nfdump, which reads every record for it. */
async function countNfdump(directory: string): Promise<number> {
  const text = await outputOf(["nfdump", "-R", directory, "-s", "proto", "-n", "1"]);
  return Number(text.match(/total flows: (\d+)/)?.[1] ?? NaN);
}

async function outputOf([program, ...args]: readonly string[]): Promise<string> {
  const { stdout } = await new Deno.Command(program, { args, stderr: "null" }).output();
  return new TextDecoder().decode(stdout);
}

/** Whether a program is there. */
export async function isInstalled(program: string): Promise<boolean> {
  const { success } = await new Deno.Command("sh", {
    args: ["-c", 'command -v "$1"', "sh", program],
    stdout: "null",
  }).output();
  return success;
}
