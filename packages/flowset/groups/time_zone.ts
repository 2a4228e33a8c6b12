import { WallClock } from "../where/wall_clock.ts";

/** Offsets change at full quarters of an hour only, so each is asked for once. */
const QUARTER_MS = 15 * 60_000;

/** Quarters of an hour whose offset is remembered at most: ten years of them. */
const QUARTERS_MAX = 350_000;

/**
 * A time zone: `UTC`, `local`, an offset such as `+02:00`, or a name such as `Europe/Berlin`.
 *
 * @example
 * ```ts
 * import { TimeZone } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * const berlin = new TimeZone("Europe/Berlin");
 * assertEquals(berlin.text(Date.UTC(2024, 6, 1, 12)), "2024-07-01 14:00:00");
 * assertEquals(berlin.startOf(Date.UTC(2024, 6, 1, 12), 86_400_000), Date.UTC(2024, 5, 30, 22));
 * ```
 */
export class TimeZone {
  /** As it was given. */
  readonly name: string;
  readonly #clock: WallClock;
  readonly #offsets = new Map<number, number>();

  /**
   * Finds a time zone.
   *
   * @param name Its name
   * @throws {RangeError} There is no such zone
   */
  constructor(name = "UTC") {
    this.name = name;
    this.#clock = new WallClock(name);
  }

  /** Local time minus UTC at a moment, in milliseconds. */
  offset(ms: number): number {
    const quarter = Math.floor(ms / QUARTER_MS);
    let offset = this.#offsets.get(quarter);
    if (offset === undefined) {
      const start = quarter * QUARTER_MS;
      offset = this.#clock.show(start) - start;
      if (this.#offsets.size >= QUARTERS_MAX) this.#offsets.clear();
      this.#offsets.set(quarter, offset);
    }
    return offset;
  }

  /**
   * The beginning of the span of time that holds a moment; spans are counted from local midnight
   * of 1970-01-01, so that days, hours and minutes begin where people expect it.
   *
   * @param ms The moment, Unix milliseconds
   * @param every Length of a span, ms
   * @returns Unix milliseconds
   */
  startOf(ms: number, every: number): number {
    const local = Math.floor((ms + this.offset(ms)) / every) * every;
    // Where clocks change within the span, its beginning has another offset than the moment.
    const guess = local - this.offset(ms);
    return local - this.offset(guess);
  }

  /**
   * A moment as local date and time.
   *
   * @param ms Unix milliseconds
   * @param digits Digits of the fraction of a second, 0 to 3
   * @returns `2024-07-01 14:00:00`
   */
  text(ms: number, digits = 0): string {
    const shown = ms + this.offset(ms);
    if (!(Math.abs(shown) <= 8.64e15)) return "-";
    const [seconds, fraction] = new Date(shown).toISOString().slice(0, -1).split(".");
    const end = digits === 0 ? "" : `.${fraction.slice(0, digits)}`;
    return seconds.replace("T", " ") + end;
  }
}
