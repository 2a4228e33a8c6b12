/**
 * Times programs against each other, in turn, so that a machine that slows down slows all of them
 * down; what they write is read and thrown away.
 *
 * @module
 */
import { median } from "./timing.ts";

/** A program and its arguments. */
export interface TimedCall {
  /** What it is called in the table. */
  readonly name: string;
  readonly command: readonly string[];
  /** Read from this file on standard input. */
  readonly input?: string;
}

/** What a call took. */
export interface CallFigure {
  readonly name: string;
  /** Median over the rounds. */
  readonly seconds: number;
  readonly bytes: number;
  /** Largest over the rounds. */
  readonly peakMegabytes: number;
}

/** Runs every call once a round. */
export async function timeCalls(
  calls: readonly TimedCall[],
  rounds: number,
): Promise<CallFigure[]> {
  const seconds = calls.map((): number[] => []);
  const bytes = calls.map(() => 0);
  const peaks = calls.map(() => 0);
  for (let round = 0; round < rounds; round++) {
    for (const [index, call] of calls.entries()) {
      const figure = await timeCall(call);
      seconds[index].push(figure.seconds);
      bytes[index] = figure.bytes;
      peaks[index] = Math.max(peaks[index], figure.peakMegabytes);
    }
  }
  return calls.map(({ name }, index) => ({
    name,
    seconds: median(seconds[index]),
    bytes: bytes[index],
    peakMegabytes: peaks[index],
  }));
}

async function timeCall({ command, input }: TimedCall): Promise<Omit<CallFigure, "name">> {
  const [program, ...args] = command;
  const start = performance.now();
  // The shell opens the input, so that the program reads a file and not a pipe from here.
  const child = new Deno.Command("sh", {
    args: ["-c", 'exec <"$0" && exec "$@"', input ?? "/dev/null", program, ...args],
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let peak = 0;
  const watch = setInterval(() => peak = Math.max(peak, residentMegabytes(child.pid)), 50);
  let bytes = 0;
  for await (const chunk of child.stdout) bytes += chunk.length;
  const { code } = await child.status;
  clearInterval(watch);
  if (code !== 0) throw new Error(`${command.join(" ")} exited with ${code}`);
  return { seconds: (performance.now() - start) / 1000, bytes, peakMegabytes: peak };
}

function residentMegabytes(pid: number): number {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** A table of the figures, with the ratio to the first of them. */
export function figureTable(figures: readonly CallFigure[]): string {
  const width = Math.max(...figures.map(({ name }) => name.length));
  return figures.map(({ name, seconds, bytes, peakMegabytes }) =>
    `${name.padEnd(width)}  ${seconds.toFixed(2).padStart(7)} s  ` +
    `${(seconds / figures[0].seconds).toFixed(2)}×  ` +
    `${(bytes / 1e6).toFixed(1).padStart(8)} MB out  ${peakMegabytes.toFixed(0)} MB memory`
  ).join("\n");
}

/** Where a program of the reference is. */
export function referenceProgram(name: string): string | undefined {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return folders.map((folder) => `${folder}/${name}`).find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}
