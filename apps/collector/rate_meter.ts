/** Seconds after which a measurement counts for a third of what it did at first. */
const WINDOW_SECONDS = 10;

/** A rate over the last ten seconds or so, from a counter that is looked at now and then. */
export class RateMeter {
  #counted = 0;
  #average = 0;
  /** How much of the average is measured: it starts at 0, and so would the rate. */
  #weight = 0;

  /** Counts a second. */
  get rate(): number {
    return this.#weight === 0 ? 0 : this.#average / this.#weight;
  }

  /**
   * Takes note of the counter.
   *
   * @param count What it shows now
   * @param seconds Time since the last look
   */
  update(count: number, seconds: number): void {
    if (!(seconds > 0)) return;
    const share = 1 - Math.exp(-seconds / WINDOW_SECONDS);
    this.#average += share * ((count - this.#counted) / seconds - this.#average);
    this.#weight += share * (1 - this.#weight);
    this.#counted = count;
  }
}
