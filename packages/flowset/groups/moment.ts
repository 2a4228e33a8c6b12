import { TIMES } from "../where/time_values.ts";
import { WallClock } from "../where/wall_clock.ts";
import { GroupError } from "./errors.ts";

/** What times are read against. */
export interface MomentOptions {
  /** The time zone of times without one; default `local`. */
  readonly zone?: string;
  /** What `now`, `today` and `-1h` are reckoned from, Unix milliseconds; default the present. */
  readonly nowMs?: number;
}

/**
 * Reads a moment, written as in a `where` expression.
 *
 * @param text `2024-05-01T12:00`, `2024-05-01`, Unix seconds, `-1h`, `now`, `today`
 * @param options Time zone, present
 * @returns Unix milliseconds, the first of all that the text may mean
 * @throws {GroupError} It is no time, or never was
 * @throws {RangeError} There is no such time zone
 *
 * @example
 * ```ts
 * import { parseMoment } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseMoment("2024-05-01T12:00", { zone: "UTC" }), Date.UTC(2024, 4, 1, 12));
 * assertEquals(parseMoment("-1h", { nowMs: 7_200_000 }), 3_600_000);
 * ```
 */
export function parseMoment(text: string, options: MomentOptions = {}): number {
  const { zone = "local", nowMs = Date.now() } = options;
  const fail = (state: string, expected: string, hint?: string): never => {
    const help = hint === undefined ? "" : `; ${hint}`;
    throw new GroupError("bad-time", `${state}, expected ${expected}${help}`);
  };
  return TIMES.read({ text, fail }, { symbols: {}, nowMs, clock: new WallClock(zone) }).low;
}
