import { type FlowBatch, formatIPv4 } from "@flowtools/flow-model";
import { headerClockMs } from "@flowtools/flowset/select";
import type { ScanSink } from "@flowtools/flowset";

/** Takes one line of the log, without its line end. */
export type LogLine = (line: string) => void;

/** What was found, for the formats that are none of flow-dscan's. */
export interface ScanFinding {
  /** What it is. */
  readonly type: "host-scan" | "port-scan" | "heavy-flow";
  /** Begin of the flow that gave it away, Unix seconds. */
  readonly start: number;
  /** End of a heavy flow, Unix seconds. */
  readonly end?: number;
  readonly srcaddr: string;
  /** The host whose ports were tried, or the other end of a heavy flow. */
  readonly dstaddr?: string;
  readonly srcport?: number;
  readonly dstport?: number;
  readonly prot?: number;
  readonly dPkts?: number;
  readonly dOctets?: number;
}

/** How a {@linkcode ScanLog} shows what was found. */
export interface ScanLogOptions {
  /** Takes the lines of flow-dscan. */
  readonly log: LogLine;
  /** Takes findings, which are not shown as lines then. */
  readonly find?: (finding: ScanFinding) => void;
  /** Show the right time behind `start=`, not that of flow-dscan. */
  readonly rightTimes: boolean;
  /** Level of debugging. */
  readonly debug: number;
}

const HEAVY_HEAD = "Start             End                Sif SrcIPaddress      SrcP  DIf " +
  "DstIPaddress      DstP   P Fl       Pkts     Octets";

/** Levels of debugging from which the ager tells of its runs, and of each thing it removes. */
const DEBUG_RUNS = 3;
const DEBUG_REMOVALS = 6;

/** Shows the findings of a scan detector as flow-dscan does. */
export class ScanLog implements ScanSink {
  readonly #options: ScanLogOptions;
  #headShown = false;
  /** What `-d 3` shows of the detector's memory. */
  statistics: () => string[] = () => [];

  constructor(options: ScanLogOptions) {
    this.#options = options;
  }

  /** A source talks to too many destinations. */
  hostScan(batch: FlowBatch, row: number): void {
    const srcaddr = formatIPv4(batch.column("srcaddr")[row]);
    const ms = unixMs(batch, row, "first");
    if (this.#find({ type: "host-scan", srcaddr, start: ms / 1000 })) return;
    this.#options.log(`host scan: ip=${srcaddr} ${this.#times(ms)}`);
  }

  /** A source tries too many ports. */
  portScan(batch: FlowBatch, row: number): void {
    const srcaddr = formatIPv4(batch.column("srcaddr")[row]);
    const dstaddr = formatIPv4(batch.column("dstaddr")[row]);
    const ms = unixMs(batch, row, "first");
    if (this.#find({ type: "port-scan", srcaddr, dstaddr, start: ms / 1000 })) return;
    this.#options.log(`port scan: src=${srcaddr} dst=${dstaddr} ${this.#times(ms)}`);
  }

  /** A flow is above a trigger. */
  heavyFlow(batch: FlowBatch, row: number): void {
    const [first, last] = [unixMs(batch, row, "first"), unixMs(batch, row, "last")];
    const number = (name: "input" | "output" | "srcport" | "dstport" | "prot" | "dPkts") =>
      batch.column(name)[row];
    const srcaddr = formatIPv4(batch.column("srcaddr")[row]);
    const dstaddr = formatIPv4(batch.column("dstaddr")[row]);
    const dOctets = batch.column("dOctets")[row];
    const finding: ScanFinding = {
      type: "heavy-flow",
      srcaddr,
      dstaddr,
      srcport: number("srcport"),
      dstport: number("dstport"),
      prot: number("prot"),
      dPkts: number("dPkts"),
      dOctets,
      start: first / 1000,
      end: last / 1000,
    };
    if (this.#find(finding)) return;
    const { log } = this.#options;
    if (!this.#headShown) log(HEAVY_HEAD);
    this.#headShown = true;
    log(this.#clock(first));
    log(this.#clock(last));
    const cells = [
      pad(number("input"), 4),
      srcaddr.padEnd(15),
      pad(number("srcport"), 6),
      pad(number("output"), 4),
      dstaddr.padEnd(15),
      pad(number("dstport"), 6),
      pad(number("prot"), 3),
      pad(batch.column("tcp_flags")[row] & 7, 2),
      pad(number("dPkts"), 10),
      pad(dOctets, 10),
    ];
    log(cells.join(" "));
  }

  /** All buckets are done. */
  agerDone(): void {
    const { find, debug, log } = this.#options;
    // Formats of today say no more than what they are asked for.
    if (find === undefined || debug > 0) log("ager: reset hash run");
  }

  /** A run is over. */
  agerPaused(work: number): void {
    if (this.#options.debug < DEBUG_RUNS) return;
    const [first, ...more] = this.statistics();
    this.#options.log(`ager: work=${work} ${first}`);
    for (const line of more) this.#options.log(`ager: ${line}`);
  }

  /** A destination was forgotten. */
  destinationAged(age: number, timeout: number): void {
    if (this.#options.debug < DEBUG_REMOVALS) return;
    this.#options.log(`ager: remove max=${timeout} i32=${age}`);
  }

  /** A source was forgotten. */
  hostAged(): void {
    if (this.#options.debug >= DEBUG_REMOVALS) this.#options.log("ager: remove record");
  }

  #find(finding: ScanFinding): boolean {
    this.#options.find?.(finding);
    return this.#options.find !== undefined;
  }

  #times(ms: number): string {
    return `ts=${Math.floor(ms / 1000)} start=${this.#clock(ms)}`;
  }

  /**
   * Local time, `MMDD.hh:mm:ss.m`. flow-dscan takes seconds and milliseconds together for one
   * number of 64 bits where that is the size of a time, and so shows another day.
   */
  #clock(ms: number): string {
    const secs = Math.floor(ms / 1000);
    const msecs = ms % 1000;
    const date = new Date((this.#options.rightTimes ? secs : secs + msecs * 2 ** 32) * 1000);
    const [month, day, hour, minute, second] = [
      date.getMonth() + 1,
      date.getDate(),
      date.getHours(),
      date.getMinutes(),
      date.getSeconds(),
    ].map((number) => String(number).padStart(2, "0"));
    return `${month}${day}.${hour}:${minute}:${second}.${String(msecs).padEnd(3)} `;
  }
}

function unixMs(batch: FlowBatch, row: number, stamp: "first" | "last"): number {
  return headerClockMs(
    batch.column("unix_secs")[row],
    batch.column("unix_nsecs")[row],
    batch.column("sysUpTime")[row],
    batch.column(stamp)[row],
  );
}

function pad(number: number, width: number): string {
  return String(number).padStart(width);
}
