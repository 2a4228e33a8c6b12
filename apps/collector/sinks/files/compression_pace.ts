import { LEVEL_PAUSE_TICKS } from "./limits.ts";

/** Levels to which compression goes down, and from which share of a full queue on. */
const EASE: readonly { readonly level: number; readonly queueShare: number }[] = [
  { level: 1, queueShare: 1 / 16 },
  // Within the zlib stream, but as they are: some ten times as fast as level 1.
  { level: 0, queueShare: 1 / 4 },
];

/**
 * Pieces that a faster level gets to show what it can before the next one, unless more than this
 * share of the queue waits: it may have been one burst.
 */
const PIECES_TO_SHOW = 32;
const URGENT_QUEUE_SHARE = 1 / 2;

/** What remains of the time of before with each piece. */
const KEPT = 0.8;

/** Told when the level changes. */
export type LevelChange = (from: number, to: number, waitingBytes: number) => void;

/**
 * Chooses the compression level: the one that was asked for as long as there is time for it, a
 * faster one when records come faster than they can be deflated, so that they need not be dropped.
 *
 * Only deflating is made quicker by that: where records wait for a slow disk, more bytes would make
 * it slower still, so the level stays.
 */
export class CompressionPace {
  readonly #steps: readonly { readonly level: number; readonly fromBytes: number }[];
  readonly #urgentBytes: number;
  readonly #changed: LevelChange;
  #step = 0;
  /** Pieces since the last change. */
  #pieces = 0;
  /** Quiet ticks before it goes back to a step, by step. */
  readonly #pauses: number[];
  /** Ticks since the last change, and those of them in a row in which little waited. */
  #ticks = 0;
  #quietTicks = 0;
  /** What the time of late was spent on; older time counts less and less. */
  #deflateMs = 0;
  #diskMs = 0;

  /**
   * @param level The level that was asked for, 0 for no compression at all
   * @param queueBytes Bytes of records that may wait
   */
  constructor(level: number, queueBytes: number, changed: LevelChange) {
    const faster = EASE.filter((step) => step.level < level)
      .map((step) => ({ level: step.level, fromBytes: queueBytes * step.queueShare }));
    this.#steps = [{ level, fromBytes: 0 }, ...faster];
    this.#urgentBytes = queueBytes * URGENT_QUEUE_SHARE;
    this.#pauses = this.#steps.map(() => LEVEL_PAUSE_TICKS.first);
    this.#changed = changed;
  }

  /** The level for what is compressed next. */
  get level(): number {
    return this.#steps[this.#step].level;
  }

  /** Whether it is not the level that was asked for. */
  get eased(): boolean {
    return this.#step > 0;
  }

  /** Takes note of the time that deflating a piece took. */
  deflated(ms: number): void {
    this.#pieces++;
    this.#deflateMs = KEPT * this.#deflateMs + ms;
    this.#diskMs *= KEPT;
  }

  /** Takes note of time that the disk took. */
  wrote(ms: number): void {
    this.#diskMs += ms;
  }

  /** Looks at what waits, and makes haste where it is much. To be called after each piece. */
  hurry(waitingBytes: number): void {
    const next = this.#steps[this.#step + 1];
    if (next === undefined || waitingBytes < next.fromBytes) return;
    const unshown = this.eased && this.#pieces < PIECES_TO_SHOW;
    if (unshown && waitingBytes < this.#urgentBytes) return;
    if (this.#deflateMs < 2 * this.#diskMs) return;
    // Where it was too early to go back, the next time is later.
    const { first, highest, lasting } = LEVEL_PAUSE_TICKS;
    const pause = this.#pauses[this.#step];
    this.#pauses[this.#step] = this.#ticks < lasting ? Math.min(2 * pause, highest) : first;
    this.#go(this.#step + 1, waitingBytes);
  }

  /** Goes back a step when little has waited for a while. To be called each second. */
  tick(waitingBytes: number): void {
    this.#ticks++;
    if (this.#step === 0) return;
    const quiet = waitingBytes <= this.#steps[1].fromBytes / 4;
    this.#quietTicks = quiet ? this.#quietTicks + 1 : 0;
    if (this.#quietTicks >= this.#pauses[this.#step - 1]) this.#go(this.#step - 1, waitingBytes);
  }

  #go(step: number, waitingBytes: number): void {
    const from = this.level;
    this.#step = step;
    this.#pieces = 0;
    this.#ticks = 0;
    this.#quietTicks = 0;
    this.#changed(from, this.level, waitingBytes);
  }
}
