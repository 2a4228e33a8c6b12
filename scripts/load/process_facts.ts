/**
 * What the kernel tells of processes and sockets, so that no receiver has to be believed.
 *
 * @module
 */

/** Kernel ticks of a second, as `/proc` counts them on every Linux there is. */
const TICKS_PER_SECOND = 100;

/** How Deno words the error of reading about a process that ends at that moment (ESRCH). */
const NO_SUCH_PROCESS = "(os error 3)";

/** Columns of `/proc/net/udp` behind the first, which is the number of the row. */
const LOCAL = 1;
const QUEUES = 4;
const DROPS = 12;

/** What the kernel knows of the UDP sockets of a port. */
export interface SocketFacts {
  /** Whether there is one. */
  readonly open: boolean;
  /** Bytes that wait to be received. */
  readonly waiting: number;
  /** Datagrams dropped since the buffer was full. */
  readonly drops: number;
}

/** Looks at the UDP sockets that listen on a port. */
export function socketFacts(port: number): SocketFacts {
  const ending = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = ["udp", "udp6"].flatMap((name) => readLines(`/proc/net/${name}`).slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns.length > DROPS && columns[LOCAL].endsWith(ending));
  return {
    open: rows.length > 0,
    waiting: rows.reduce((sum, row) => sum + parseInt(row[QUEUES].split(":")[1], 16), 0),
    drops: rows.reduce((sum, row) => sum + Number(row[DROPS]), 0),
  };
}

/** What a process has used. */
export interface ProcessFacts {
  /** Seconds of processor time, of all its threads. */
  readonly cpuSeconds: number;
  /** Most memory that it had at once, megabytes. */
  readonly peakMegabytes: number;
  /** Memory that it has, megabytes. */
  readonly megabytes: number;
}

/** Looks at a process; one that there is no more has used nothing. */
export function processFacts(pid: number): ProcessFacts {
  const [stat] = readLines(`/proc/${pid}/stat`);
  if (stat === "") return { cpuSeconds: 0, peakMegabytes: 0, megabytes: 0 };
  // The name of the program may have spaces in it; the columns behind it are the third and on.
  const columns = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(columns[11]) + Number(columns[12]);
  const status = readLines(`/proc/${pid}/status`);
  const megabytes = (name: string) => {
    const line = status.find((candidate) => candidate.startsWith(`${name}:`));
    return Number(line?.match(/\d+/)?.[0] ?? 0) / 1024;
  };
  return {
    cpuSeconds: ticks / TICKS_PER_SECOND,
    peakMegabytes: megabytes("VmHWM"),
    megabytes: megabytes("VmRSS"),
  };
}

function readLines(path: string): string[] {
  try {
    return Deno.readTextFileSync(path).split("\n");
  } catch (error) {
    // A machine without IPv6 has no table of it; a process that has ended has none at all.
    const absent = error instanceof Deno.errors.NotFound ||
      (error instanceof Error && error.message.includes(NO_SUCH_PROCESS));
    if (absent) return [""];
    throw error;
  }
}
