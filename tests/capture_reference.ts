/** Runs flow-capture of the reference and the collector beside each other, on the same packets. */
import { assertEquals } from "@std/assert";
import { CollectorProcess, filesBelow } from "./collector_process.ts";
import { bash, taskArguments } from "./programs.ts";

const PROGRAMS = ["flow-capture", "flow-header", "flow-print", "flow-gen"];

/** Whether the reference programs are on PATH. */
export const hasReference: boolean = Deno.build.os === "linux" &&
  (await bash(`command -v ${PROGRAMS.join(" ")}`)).code === 0;

/** What both are told, and how they are treated. */
export interface Treatment {
  /** Flags that both have; `DIR` stands for the directory that each has of its own. */
  readonly args?: readonly string[];
  /** Packets, in groups between which both are idle. */
  readonly packets?: readonly (readonly Uint8Array[])[];
  /** Does something with each of them when it has taken a group. */
  readonly after?: (port: number, group: number) => Promise<void>;
  /** What is done after each group; the file that is open then is of that group. */
  readonly between?: Deno.Signal;
  readonly end?: Deno.Signal;
  /** Puts something into a directory before it is used. */
  readonly prepare?: (directory: string) => Promise<void>;
  /** Which address is let in, as the peer notation has it. */
  readonly remote?: string;
}

/** What one of them made. */
export interface Result {
  readonly code: number;
  /** Paths, with 9 for every digit of a time. */
  readonly names: readonly string[];
  /** What the reference's readers say of each file. */
  readonly headers: readonly string[];
  readonly flows: readonly string[];
  readonly log: string;
  readonly directory: string;
}

/** A UDP port that nobody has. */
export function freePort(): number {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = socket.addr as Deno.NetAddr;
  socket.close();
  return port;
}

/** Bytes that wait in the socket of a port; `undefined` where nobody listens. */
export function waiting(port: number): number | undefined {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")} `;
  for (const line of Deno.readTextFileSync("/proc/net/udp").split("\n")) {
    if (!line.includes(local) || !/^\s*\d+: [0-9A-F]{8}:/.test(line)) continue;
    const [, address, , , queues] = line.trim().split(/\s+/);
    if (address.endsWith(local.trim())) return Number.parseInt(queues.split(":")[1], 16);
  }
  return undefined;
}

/** Waits until something is so. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  for (let looks = 0; looks < 500; looks++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${what} did not happen`);
}

/** Runs flow-capture of the reference, in the foreground. */
export async function runReference(treatment: Treatment): Promise<Result> {
  const { packets = [], end = "SIGTERM", between, remote = "0" } = treatment;
  const directory = await Deno.makeTempDir({ prefix: "flowtools-reference-" });
  await treatment.prepare?.(directory);
  const port = freePort();
  const args = (treatment.args ?? []).map((arg) => arg.replace("DIR", directory));
  const child = new Deno.Command("flow-capture", {
    args: ["-D", "-w", directory, ...args, `127.0.0.1/${remote}/${port}`],
    env: { TZ: "UTC" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  try {
    await until("flow-capture listens", () => waiting(port) !== undefined);
    for (const [index, group] of packets.entries()) {
      for (const bytes of group) {
        await socket.send(bytes, { transport: "udp", hostname: "127.0.0.1", port });
      }
      await until("flow-capture takes all", () => waiting(port) === 0);
      // It takes one packet after the other: the last is stored soon.
      await new Promise((resolve) => setTimeout(resolve, 100));
      await treatment.after?.(port, index);
      if (between !== undefined) {
        child.kill(between);
        // It looks at its signals once a second where nothing comes.
        await new Promise((resolve) => setTimeout(resolve, 1100));
      }
    }
  } finally {
    socket.close();
    child.kill(end);
  }
  const { code, stderr } = await child.output();
  return await resultOf(directory, code, new TextDecoder().decode(stderr));
}

/** Runs the collector of this repository with the same flags. */
export async function runOurs(treatment: Treatment): Promise<Result> {
  const { packets = [], end = "SIGTERM", between, remote = "0" } = treatment;
  const directory = await Deno.makeTempDir({ prefix: "flowtools-ours-" });
  await treatment.prepare?.(directory);
  const args = (treatment.args ?? []).map((arg) => arg.replace("DIR", directory));
  const own = ["--http", "off", "--log-format", "text"];
  const task = taskArguments("collector");
  const program = treatment.args?.includes("-R") ? task.toSpliced(1, 0, "--allow-run") : task;
  await using collector = await CollectorProcess.start(
    ["-D", "-w", directory, ...args, ...own, `127.0.0.1/${remote}/0`],
    { program },
  );
  for (const [index, group] of packets.entries()) {
    await collector.send(group);
    await until("the collector takes all", () => waiting(collector.port) === 0);
    // Flows are held back for a quarter of a second at most.
    await new Promise((resolve) => setTimeout(resolve, 400));
    await treatment.after?.(collector.port, index);
    if (between !== undefined) {
      collector.kill(between);
      await new Promise((resolve) => setTimeout(resolve, 700));
    }
  }
  const code = await collector.stop(end);
  return await resultOf(directory, code, collector.log.join("\n"));
}

async function resultOf(directory: string, code: number, log: string): Promise<Result> {
  const paths = filesBelow(directory).filter((path) => /(^|\/)(ft|tmp)-v/.test(path));
  const read = async (program: string, path: string, ...args: string[]) => {
    const { stdout, stderr } = await bash(`${program} ${args.join(" ")} < "${directory}/${path}"`);
    return stdout + stderr;
  };
  return {
    code,
    names: paths.map((path) => path.replace(/\d{6}(?=[+-]\d{4}$)/, "999999")),
    headers: await Promise.all(
      paths.map(async (path) =>
        (await read("flow-header", path)).replace(
          /(capture (?:start|end|period): +).*/g,
          "$1(time)",
        )
      ),
    ),
    flows: await Promise.all(paths.map((path) => read("flow-print", path, formatFor(path)))),
    log,
    directory,
  };
}

/** The format of flow-print that shows most of a version. */
function formatFor(path: string): string {
  const [, version, method] = path.match(/-v(\d+)(?:m(\d+))?\./)!;
  if (method !== undefined) return `-f${9 + Number(method)}`;
  return version === "1005" ? "-f9" : "-f5";
}

/** The reference begins the next file at once, though no flow may come; we begin it with a flow. */
function withoutEmptyFiles(result: Result): Result {
  const kept = result.headers.map((header) => !/^# capture flows: +0$/m.test(header));
  const { names, headers, flows } = result;
  return {
    ...result,
    names: names.filter((_, at) => kept[at]),
    headers: headers.filter((_, at) => kept[at]),
    flows: flows.filter((_, at) => kept[at]),
  };
}

/** Runs both, and compares all that they made. */
export async function compareRuns(
  treatment: Treatment,
): Promise<{ reference: Result; ours: Result }> {
  const [made, ours] = await Promise.all([runReference(treatment), runOurs(treatment)]);
  const reference = withoutEmptyFiles(made);
  try {
    assertEquals(ours.code, reference.code, ours.log);
    assertEquals(ours.names, reference.names, ours.log);
    assertEquals(ours.headers, reference.headers);
    assertEquals(ours.flows, reference.flows);
    return { reference, ours };
  } finally {
    for (const { directory } of [reference, ours]) {
      await Deno.remove(directory, { recursive: true });
    }
  }
}
