/** Runs a target: input after input, with an eye on time and memory. */
import { Random } from "../random.ts";
import { Mutator } from "./mutate.ts";
import type { FuzzSubject, FuzzTarget } from "./target.ts";

/** A run that takes longer is a hang: inputs are small, and honest runs take microseconds. */
const HANG_MS = 1000;

/** Growth of the process between warm-up and end at most; garbage waits to be collected. */
const GROWTH_BYTES_MAX = 150e6;

/** The share of the runs that is warm-up: compiled code, pools and heaps have their size then. */
const WARM_UP_SHARE = 0.1;

/** What to run. */
export interface FuzzOptions {
  /** The same seed gives the same inputs. */
  readonly seed: number;
  /** Inputs to try. */
  readonly runs: number;
  /** Number of the first run; default 0. Each run depends on the seed and its number alone. */
  readonly first?: number;
  /** Milliseconds that a run may take; default 1000. */
  readonly hangMs?: number;
  /** Bytes that the process may grow after the warm-up; default 150 million. */
  readonly growthBytesMax?: number;
  /** Told now and then how many runs are done. */
  readonly onProgress?: (done: number) => void;
}

/** What went wrong. */
export interface FuzzFailure {
  /** Number of the run. */
  readonly run: number;
  /** What was thrown, or what took too much. */
  readonly error: Error;
  /** The input; not there where no single input is to blame. */
  readonly input?: Uint8Array;
}

/** What came of a target. */
export interface FuzzReport {
  /** The target. */
  readonly target: FuzzTarget;
  /** The seed. */
  readonly seed: number;
  /** Inputs tried. */
  readonly runs: number;
  /** How long it took. */
  readonly seconds: number;
  /** The longest run. */
  readonly longestMs: number;
  /** Memory of the process at the start, after the warm-up and at the end, bytes. */
  readonly rss: readonly [start: number, warm: number, end: number];
  /** What the inputs came to, by reason. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** The first failure, which ends the runs. */
  readonly failure?: FuzzFailure;
}

/**
 * Tries mutated inputs on a target until one fails, or all are tried.
 *
 * @param target The target
 * @param options Seed and number of runs
 * @returns What came of it
 */
export function fuzz(target: FuzzTarget, options: FuzzOptions): FuzzReport {
  const { seed, runs, first = 0, hangMs = HANG_MS, growthBytesMax = GROWTH_BYTES_MAX } = options;
  const subject = target.prepare();
  const mutator = new Mutator(subject.corpus);
  const warm = Math.ceil(runs * WARM_UP_SHARE);
  const rssAtStart = Deno.memoryUsage().rss;
  let rssWarm = rssAtStart;
  let rssAtEnd = rssAtStart;
  let longestMs = 0;
  let failure: FuzzFailure | undefined;
  let done = 0;
  const start = performance.now();
  while (done < runs && failure === undefined) {
    const run = first + done;
    const random = new Random(seed, run);
    const input = mutator.next(random);
    let { ms, error } = timed(subject, input, random);
    // A busy machine can stall any run; only a slow input is slow twice.
    if (ms > hangMs && error === undefined) ({ ms, error } = timed(subject, input, random));
    if (ms > hangMs) error ??= new Error(`hang: the run took ${Math.round(ms)} ms`);
    if (error !== undefined) failure = { run, error, input };
    longestMs = Math.max(longestMs, ms);
    done++;
    if (done % warm !== 0 && done < runs) continue;
    rssAtEnd = Deno.memoryUsage().rss;
    if (done === warm) rssWarm = rssAtEnd;
    const growth = rssAtEnd - rssWarm;
    if (growth > growthBytesMax) {
      const error = new Error(`memory: ${Math.round(growth / 1e6)} MB more than after the warm-up`);
      failure ??= { run, error };
    }
    options.onProgress?.(done);
  }
  const seconds = (performance.now() - start) / 1000;
  const { outcomes } = subject;
  const rss = [rssAtStart, rssWarm, rssAtEnd] as const;
  return { target, seed, runs: done, seconds, longestMs, rss, outcomes, failure };
}

function timed(
  subject: FuzzSubject,
  input: Uint8Array,
  random: Random,
): { ms: number; error: Error | undefined } {
  const start = performance.now();
  let error: Error | undefined;
  try {
    subject.check(input, random);
  } catch (caught) {
    error = caught instanceof Error ? caught : new Error(`thrown: ${caught}`);
  }
  return { ms: performance.now() - start, error };
}

/** Whether a target did what it should: nothing, or, as a canary, fail the way it is made to. */
export function isRight({ target, failure }: FuzzReport): boolean {
  return target.canary === undefined
    ? failure === undefined
    : failure?.error.message.startsWith(target.canary) ?? false;
}
