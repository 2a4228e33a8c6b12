import {
  SEQUENCE_GAP_MAX,
  SEQUENCE_RANGES_MAX,
  SEQUENCE_RESTART_RUN,
  SEQUENCE_WINDOW,
} from "./limits.ts";

/**
 * What a sequence number told about its packet.
 *
 * | event | meaning |
 * | --- | --- |
 * | `first` | the sequence was not known before |
 * | `in-order` | what was expected |
 * | `lost` | it jumped ahead: the units between are missing |
 * | `reordered` | a packet that was missing came late |
 * | `duplicate` | a packet that was not missing came again |
 * | `reset` | too far off in either direction: the exporter started anew |
 */
export type SequenceEvent = "first" | "in-order" | "lost" | "reordered" | "duplicate" | "reset";

/** What one packet changed. */
export interface SequenceResult {
  /** What happened. */
  readonly event: SequenceEvent;
  /** Units newly missing; negative where a late packet takes its units back out of the loss. */
  readonly lost: number;
}

/** Running totals. The share lost is `lost / (lost + received)`. */
export interface SequenceTotals {
  /** Units missing. */
  lost: number;
  /** Units that came, duplicates not counted. */
  received: number;
  /** Packets that came late. */
  reordered: number;
  /** Packets that came again. */
  duplicate: number;
  /** Times that the sequence started anew. */
  reset: number;
}

/** Bounds of one {@linkcode SequenceStream}; the defaults stand in `limits.ts`. */
export interface SequenceStreamOptions {
  /** Units that a sequence may jump ahead and still count as lost. */
  readonly gapMax?: number;
  /** Units that a packet may be late. */
  readonly window?: number;
  /** Late packets in a row, each continuing the one before, that mean a reset. */
  readonly restartRun?: number;
  /** Missing ranges remembered per sequence. */
  readonly rangesMax?: number;
}

/** A stretch of a sequence that never came. */
interface MissingRange {
  readonly start: number;
  readonly length: number;
}

const HALF_SEQUENCE = 2 ** 31;

const LIMITS: Required<SequenceStreamOptions> = {
  gapMax: SEQUENCE_GAP_MAX,
  window: SEQUENCE_WINDOW,
  restartRun: SEQUENCE_RESTART_RUN,
  rangesMax: SEQUENCE_RANGES_MAX,
};

/**
 * Tells from the numbers of one sequence what was lost on the way: for programs that know by
 * themselves which packets belong together. {@linkcode SequenceTracker} keeps many.
 *
 * Numbers are modulo 2^32, and a wrap is in order. The memory is bounded: beyond the limit the
 * oldest missing range is forgotten, and its units stay lost.
 *
 * @example
 * ```ts
 * import { SequenceStream } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * const stream = new SequenceStream();
 * assertEquals(stream.update(1000, 30).event, "first");
 * assertEquals(stream.update(1060, 30), { event: "lost", lost: 30 });
 * assertEquals(stream.update(1030, 30), { event: "reordered", lost: -30 });
 * assertEquals(stream.totals.lost, 0);
 * ```
 */
export class SequenceStream {
  /** Totals of the sequence. */
  readonly totals: Readonly<SequenceTotals>;
  readonly #totals = zeroSequenceTotals();
  readonly #limits: Required<SequenceStreamOptions>;
  #started = false;
  #next = 0;
  /** Whether the next number may be anything from `#next` on without a loss. */
  #open = false;
  #missing: MissingRange[] = [];
  /** Where the last late packet ended, and how many came so in a row. */
  #lateNext = 0;
  #lateRun = 0;

  /**
   * Makes a sequence without packets.
   *
   * @param options Bounds other than the usual
   */
  constructor(options?: SequenceStreamOptions) {
    this.totals = this.#totals;
    this.#limits = options === undefined ? LIMITS : { ...LIMITS, ...options };
  }

  /**
   * Notes a packet.
   *
   * @param sequence Its sequence number
   * @param units What the next packet's number should be ahead by: flows, or 1 for packets; -1 where
   * that is not known, after which the next packet's number is taken as it is
   * @returns What the number tells
   */
  update(sequence: number, units: number): SequenceResult {
    const result = this.#note(sequence, units);
    if (units < 0 && result.event !== "reordered" && result.event !== "duplicate") {
      this.forgetNext();
    }
    return result;
  }

  /**
   * Notes that it is not known what the next packet's number should be: nothing is lost then where it
   * is ahead. Units that could not be counted are in no total.
   *
   * @example
   * ```ts
   * import { SequenceStream } from "@flowtools/netflow-pdu";
   * import { assertEquals } from "@std/assert";
   *
   * const stream = new SequenceStream();
   * stream.update(1000, 30);
   * stream.forgetNext();
   * assertEquals(stream.update(1090, 30), { event: "in-order", lost: 0 });
   * assertEquals(stream.update(1150, 30), { event: "lost", lost: 30 });
   * ```
   */
  forgetNext(): void {
    this.#open = true;
  }

  #note(sequence: number, units: number): SequenceResult {
    const counted = Math.max(0, units);
    if (!this.#started) {
      this.#started = true;
      this.#next = (sequence + counted) >>> 0;
      this.#totals.received += counted;
      return { event: "first", lost: 0 };
    }
    const ahead = (sequence - this.#next) >>> 0;
    if (ahead < HALF_SEQUENCE) return this.#goOn(sequence, counted, ahead);
    return this.#comeLate(sequence, units, 2 ** 32 - ahead);
  }

  /** A packet at the expected number, or ahead of it. */
  #goOn(sequence: number, units: number, ahead: number): SequenceResult {
    if (ahead > this.#limits.gapMax) return this.#restart(sequence, units);
    this.#lateRun = 0;
    this.#totals.received += units;
    const lost = this.#open ? 0 : ahead;
    if (lost > 0) {
      this.#totals.lost += lost;
      this.#missing.push({ start: this.#next, length: lost });
      if (this.#missing.length > this.#limits.rangesMax) this.#missing.shift();
    }
    this.#next = (sequence + units) >>> 0;
    this.#open = false;
    return { event: lost > 0 ? "lost" : "in-order", lost };
  }

  /** A packet that starts `behind` units before the expected number. */
  #comeLate(sequence: number, told: number, behind: number): SequenceResult {
    const units = Math.max(0, told);
    if (behind > this.#limits.window) return this.#restart(sequence, units);
    const index = this.#missing.findIndex(({ start, length }) =>
      told !== 0 && ((sequence - start) >>> 0) + Math.max(1, units) <= length
    );
    if (index >= 0) {
      const { start, length } = this.#missing[index];
      const before = (sequence - start) >>> 0;
      // How many came is not always known; then it is all that were missing from there on.
      const found = told > 0 ? told : length - before;
      const after = length - before - found;
      const left: MissingRange[] = [];
      if (before > 0) left.push({ start, length: before });
      if (after > 0) left.push({ start: (sequence + found) >>> 0, length: after });
      this.#missing.splice(index, 1, ...left);
      if (this.#missing.length > this.#limits.rangesMax) this.#missing.shift();
      this.#lateRun = 0;
      this.#totals.received += units;
      this.#totals.lost -= found;
      this.#totals.reordered++;
      return { event: "reordered", lost: -found };
    }
    this.#lateRun = sequence === this.#lateNext ? this.#lateRun + 1 : 1;
    this.#lateNext = (sequence + units) >>> 0;
    if (this.#lateRun >= this.#limits.restartRun) return this.#restart(sequence, units);
    this.#totals.duplicate++;
    return { event: "duplicate", lost: 0 };
  }

  #restart(sequence: number, units: number): SequenceResult {
    this.#next = (sequence + units) >>> 0;
    this.#missing = [];
    this.#open = false;
    this.#lateRun = 0;
    this.#totals.received += units;
    this.#totals.reset++;
    return { event: "reset", lost: 0 };
  }
}

/**
 * Totals of a sequence without packets.
 *
 * @returns New totals, all 0
 */
export function zeroSequenceTotals(): SequenceTotals {
  return { lost: 0, received: 0, reordered: 0, duplicate: 0, reset: 0 };
}

/**
 * Adds what one packet changed to totals of many sequences.
 *
 * @param totals The totals
 * @param result What its sequence said
 * @param units The units of the packet; -1 where they are not known
 */
export function addSequenceResult(
  totals: SequenceTotals,
  result: SequenceResult,
  units: number,
): void {
  totals.lost += result.lost;
  switch (result.event) {
    case "duplicate":
      totals.duplicate++;
      return;
    case "reordered":
      totals.reordered++;
      break;
    case "reset":
      totals.reset++;
      break;
  }
  totals.received += Math.max(0, units);
}
