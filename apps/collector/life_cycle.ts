import type { Log } from "./log.ts";
import { openNotifier } from "./notify.ts";
import type { SignalHandlers } from "./signals.ts";
import type { CollectorSnapshot } from "./snapshot.ts";
import { statLines, type StatProgram, StatSchedule } from "./stat_line.ts";
import { summaryFacts } from "./summary.ts";

const TICK_MS = 1000;
/** What the sinks, which keep the bound themselves, get beyond it to count what they give up. */
const DRAIN_GRACE_MS = 1000;
/** How often the service manager is told how much comes, ticks. */
const STATUS_TICKS = 10;

/** What is kept alive. */
export interface Subject {
  /** Works until it is told to stop, or has nothing left to do; finishes everything. */
  run(): Promise<void>;
  /** Lets `run` come to its end. */
  stop(): void;
  /** How it is. */
  snapshot(): CollectorSnapshot;
}

/** A log that holds lines back, which it tells at the end. */
export interface HeldLog extends Log {
  /** Tells of what was held back. */
  end(): void;
}

/** How a program lives. */
export interface LifeCycleOptions {
  /** Its last line is the summary. */
  readonly log: HeldLog;
  /** The classic program that STAT lines are of. */
  readonly program: StatProgram;
  /** Minutes between STAT lines, 0 for none. */
  readonly statMinutes: number;
  /** The address that is listened on, for STAT lines. */
  readonly localAddress: string;
  /** Seconds that queues may take to empty at the end. */
  readonly drainSeconds: number;
  /** Takes a snapshot each second, where somebody wants it. */
  readonly publish?: (snapshot: CollectorSnapshot) => void;
  /** What SIGHUP asks for; without it SIGHUP ends the program. */
  readonly hangup?: () => Promise<void>;
  /** Kept when there is nobody to give flows to any more, with what is wrong if something is. */
  readonly outputEnd?: Promise<string | undefined>;
  /** Where signals come from. */
  readonly signals: { handle(handlers: SignalHandlers): void };
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
}

/**
 * Runs a program until it ends by itself or by a signal, and tells the log, the service manager and
 * the page of it.
 *
 * @returns The exit code: 0, or 1 where a source failed or the queues did not empty in time
 */
export async function live(subject: Subject, options: LifeCycleOptions): Promise<number> {
  const { log } = options;
  const notifier = openNotifier(log);
  const stats = new StatSchedule(options.statMinutes);
  const drained = new DrainBound(options.drainSeconds);
  const stop = (why: string) => {
    log.info(`stopping: ${why}`, { "drain-seconds": options.drainSeconds });
    notifier?.send("STOPPING=1");
    drained.begin();
    subject.stop();
  };
  let outputFault: string | undefined;
  options.outputEnd?.then((fault) => {
    outputFault = fault;
    if (fault !== undefined) log.warn("output", fault);
    stop("the output has come to its end");
  });
  const running = ended(subject, log);
  notifier?.send("READY=1");
  options.signals.handle({
    stop,
    abort: (signal) => {
      log.warn("aborted", `${signal} came again: ending at once`, summaryFacts(subject.snapshot()));
      options.exit(1);
    },
    hangup: () => {
      if (options.hangup === undefined) return stop("SIGHUP");
      log.info("SIGHUP");
      options.hangup().catch((error) => log.warn("hangup", `SIGHUP: ${messageOf(error)}`));
    },
  });
  // The lines that are due at the start would tell of nobody.
  stats.due(Date.now());
  const ticker = new Ticker((tick) => {
    const due = stats.due(Date.now());
    const tell = notifier !== undefined && tick % STATUS_TICKS === 0;
    if (!due && !tell && options.publish === undefined) return;
    const snapshot = subject.snapshot();
    options.publish?.(snapshot);
    if (due) {
      for (const line of statLines(snapshot, options.program, options.localAddress)) log.info(line);
    }
    if (tell) notifier.send(`STATUS=${statusText(snapshot)}`);
  });
  const { watchdogMs } = notifier ?? {};
  const watchdog = watchdogMs === undefined
    ? undefined
    : setInterval(() => notifier?.send("WATCHDOG=1"), watchdogMs);
  try {
    const end = await Promise.race([running, drained.over]);
    log.end();
    const facts = summaryFacts(subject.snapshot());
    if (end === "late") {
      log.warn("drain", `stopped after ${options.drainSeconds} s with work left undone`, facts);
    } else {
      log.info("stopped", facts);
    }
    return end === "done" && outputFault === undefined ? 0 : 1;
  } finally {
    ticker.end();
    drained.end();
    clearInterval(watchdog);
    notifier?.close();
  }
}

/** How a program came to its end. */
type End = "done" | "failed" | "late";

async function ended(subject: Subject, log: Log): Promise<End> {
  try {
    await subject.run();
    return "done";
  } catch (error) {
    log.warn("failed", `cannot go on: ${messageOf(error)}`);
    return "failed";
  }
}

/** How long the end may take. */
class DrainBound {
  readonly #seconds: number;
  readonly #over = Promise.withResolvers<End>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  /** Kept when the time is over. */
  get over(): Promise<End> {
    return this.#over.promise;
  }

  begin(): void {
    const ms = this.#seconds * 1000 + DRAIN_GRACE_MS;
    this.#timer ??= setTimeout(() => this.#over.resolve("late"), ms);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/** Does something each second. */
class Ticker {
  readonly #timer: ReturnType<typeof setInterval>;
  #ticks = 0;

  constructor(work: (tick: number) => void) {
    this.#timer = setInterval(() => work(this.#ticks++), TICK_MS);
  }

  end(): void {
    clearInterval(this.#timer);
  }
}

function statusText({ packets, flows, exporters, sequence }: CollectorSnapshot): string {
  return `${packets} packets, ${flows} flows, ${exporters.length} exporters, ` +
    `${sequence.lost} flows lost on the way`;
}

/** What an error says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
