import type { CollectorSnapshot, ExporterSnapshot } from "./snapshot.ts";

/**
 * The programs that tell statistics: what each tells beside the counters of a stream, and how the
 * names of the sinks begin whose filters are the program's. Others may leave out flows, too, as the
 * page does with those that it does not look at.
 */
const PROGRAM_COUNTERS = {
  "flow-capture": { names: ["filter_drops"], filtering: "files" },
  "flow-receive": { names: [], filtering: "" },
  "flow-fanout": { names: ["filter_drops", "send_nobufs"], filtering: "fanout" },
} as const;

/** A classic program that tells statistics. */
export type StatProgram = keyof typeof PROGRAM_COUNTERS;

/** An error of sinks: the kernel had no room for a packet to be sent. */
const NO_BUFFERS = "ENOBUFS";

/** What is summed over the ports and engines of an exporter, which the line does not tell apart. */
interface StatStream {
  readonly address: string;
  readonly version: number;
  packets: number;
  flows: number;
  lost: number;
  reset: number;
}

/**
 * The `STAT:` lines of flow-capture, flow-receive and flow-fanout: one for each exporter and
 * version, with counts since the start. The drops of filters and of sending are counted for the
 * whole process, and stand in each line.
 *
 * @param local The address that is listened on, `0.0.0.0` for all
 */
export function statLines(
  snapshot: CollectorSnapshot,
  program: StatProgram,
  local: string,
): string[] {
  const now = Math.floor(snapshot.at / 1000);
  const startup = Math.floor(snapshot.startedAt / 1000);
  const { names, filtering } = PROGRAM_COUNTERS[program];
  const filters = snapshot.sinks.filter(({ name }) => name.startsWith(filtering));
  const senders = [...snapshot.sinks, ...snapshot.forwarders ?? []];
  const drops: Record<string, number> = {
    filter_drops: sum(filters.map(({ filtered }) => filtered)),
    send_nobufs: sum(senders.map(({ errors }) => errors?.[NO_BUFFERS] ?? 0)),
  };
  const tail = names.map((name) => ` ${name}=${drops[name]}`).join("");
  return statStreams(snapshot.exporters).map((stream) =>
    `STAT: now=${now} startup=${startup} src_ip=${stream.address} dst_ip=${local} ` +
    `d_ver=${stream.version} pkts=${stream.packets} flows=${stream.flows} ` +
    // Late packets may have taken back more than one stream lost.
    `lost=${Math.max(0, stream.lost)} reset=${stream.reset}${tail}`
  );
}

function statStreams(exporters: readonly ExporterSnapshot[]): StatStream[] {
  const streams = new Map<string, StatStream>();
  for (const exporter of exporters) {
    // The aggregations of version 8 are one version here.
    const version = versionNumber(exporter.version);
    const key = `${exporter.address} ${version}`;
    const stream = streams.get(key) ??
      { address: exporter.address, version, packets: 0, flows: 0, lost: 0, reset: 0 };
    streams.set(key, stream);
    stream.packets += exporter.packets;
    stream.flows += exporter.flows;
    stream.lost += exporter.sequence.lost;
    stream.reset += exporter.sequence.reset;
  }
  return [...streams.values()];
}

/** Says when STAT lines are due: at the start, then at whole multiples of minutes of the hour. */
export class StatSchedule {
  readonly #minutes: number;
  /** The minute, since 1970 in local time, in which the next lines are due. */
  #next = -Infinity;

  /**
   * Makes a schedule.
   *
   * @param minutes Minutes from one to the next, as `-S` takes them: 0 for never, 60 at most
   */
  constructor(minutes: number) {
    this.#minutes = minutes;
  }

  /**
   * Whether lines are due. It says so once for each time that they are.
   *
   * @param now Unix ms
   */
  due(now: number): boolean {
    if (this.#minutes === 0) return false;
    const minute = Math.floor(now / 60_000) - new Date(now).getTimezoneOffset();
    // A clock that was set back does not silence the lines until it has caught up.
    if (minute < this.#next && this.#next - minute <= this.#minutes) return false;
    const ofHour = ((minute % 60) + 60) % 60;
    // Past the hour it begins anew, as `-S 7` of the reference does at minute 3 and not at 0.
    this.#next = minute - ofHour + nextMinute(ofHour, this.#minutes);
    return true;
  }
}

function nextMinute(minute: number, step: number): number {
  return minute + (step - minute % step);
}

/** The number of a version; 0 for sFlow, which has none of its own, and where nobody knows it. */
function versionNumber(version: string): number {
  return Math.trunc(Number(version)) || 0;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
