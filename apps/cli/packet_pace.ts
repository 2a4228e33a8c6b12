/** How fast to send. */
export interface PaceOptions {
  /** Microseconds after each packet. */
  readonly delay?: number;
  /** Packets a second at most. */
  readonly rate?: number;
  /** So many times as fast as the packets were exported. */
  readonly speed?: number;
}

/** Waits shorter than this are made up for later: timers are no finer. */
const WAIT_MIN_MS = 1;

/** Spaces packets out: each is due at a time, and who is late catches up. */
export class PacketPace {
  readonly #options: PaceOptions;
  #start = 0;
  #due = 0;
  #firstExported: number | undefined;

  constructor(options: PaceOptions) {
    this.#options = options;
  }

  /** Waits until the next packet is due; it was exported then, in milliseconds. */
  async next(exportedMs: number): Promise<void> {
    const { delay = 0, rate, speed } = this.#options;
    if (this.#firstExported === undefined) {
      this.#firstExported = exportedMs;
      this.#start = performance.now();
    } else {
      this.#due += Math.max(delay / 1000, rate === undefined ? 0 : 1000 / rate);
    }
    const replayed = speed === undefined ? 0 : (exportedMs - this.#firstExported) / speed;
    const wait = this.#start + Math.max(this.#due, replayed) - performance.now();
    if (wait >= WAIT_MIN_MS) await new Promise((resolve) => setTimeout(resolve, wait));
  }
}
