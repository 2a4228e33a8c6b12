import { didYouMean, nearestWords } from "./nearest.ts";

/** Letters of a word at least for it to be a place that is misspelt. */
const PLACE_LENGTH_MIN = 5;

/** Milliseconds of a day of 24 hours. */
export const DAY_MS = 86_400_000;

/** Zones have had offsets up to 26 hours from each other; this far off, another one may hold. */
const FAR_MS = DAY_MS;

/** What the clocks of a time zone show: text of times becomes Unix time by it. */
export class WallClock {
  /** Milliseconds that the clock is ahead of UTC at a moment. */
  readonly #offset: (unixMs: number) => number;

  /**
   * Makes a clock.
   *
   * @param zone `local`, `UTC`, an offset such as `+02:00`, or a name such as `Europe/Berlin`
   * @throws {RangeError} There is no such zone
   */
  constructor(zone: string) {
    this.#offset = offsetOf(zone);
  }

  /**
   * The moment when the clock shows a time, which is given as if it were UTC; the first of two
   * where the clock was set back.
   *
   * @returns Unix time, ms, or `undefined` where the clock was set forward over that time
   */
  moment(wallMs: number): number | undefined {
    const candidates = [wallMs - FAR_MS, wallMs + FAR_MS]
      .map((near) => wallMs - this.#offset(near))
      .filter((moment) => moment + this.#offset(moment) === wallMs);
    return candidates.length === 0 ? undefined : Math.min(...candidates);
  }

  /** The same; the first moment after, where the clock was set forward over that time. */
  momentOrNext(wallMs: number): number {
    return this.moment(wallMs) ?? wallMs - this.#offset(wallMs - FAR_MS);
  }

  /** What the clock shows at a moment, as if it were UTC. */
  show(unixMs: number): number {
    return unixMs + this.#offset(unixMs);
  }
}

/** Minutes and hours of an offset such as `+02:00`, `-0530` or `+1`, as milliseconds. */
export function parseOffset(text: string): number | undefined {
  const match = /^([+-])(\d{1,2})(?::?(\d{2}))?$/.exec(text);
  if (match === null) return undefined;
  const [hours, minutes] = [Number(match[2]), Number(match[3] ?? 0)];
  if (hours > 14 || minutes > 59) return undefined;
  return (match[1] === "-" ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

function offsetOf(zone: string): (unixMs: number) => number {
  if (zone === "local") return (unixMs) => -new Date(unixMs).getTimezoneOffset() * 60_000;
  if (/^(utc|z)$/i.test(zone)) return () => 0;
  const fixed = parseOffset(zone);
  if (fixed !== undefined) return () => fixed;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const meant = meantZone(zone);
    throw new RangeError(
      `Cannot use time zone "${zone}": there is none of that name, expected local, UTC, ` +
        "an offset such as +02:00, or a name such as Europe/Berlin" +
        (meant === undefined ? "" : `; ${meant}`),
    );
  }
  return (unixMs) => {
    const parts = format.formatToParts(unixMs);
    const [year, month, day, hour, minute, second] = PARTS.map((type) =>
      Number(parts.find((part) => part.type === type)?.value)
    );
    const shown = Date.UTC(year, month - 1, day, hour, minute, second);
    return shown - Math.floor(unixMs / 1000) * 1000;
  };
}

/** A question for the zone that a name is likely to mean: one that is near, or one of a place. */
function meantZone(name: string): string | undefined {
  const zones = Intl.supportedValuesOf("timeZone");
  const meant = didYouMean(name, ["local", "UTC", ...zones]);
  // Short words are near to some place of all the world.
  if (meant !== undefined || name.includes("/") || name.length < PLACE_LENGTH_MIN) return meant;
  const places = new Map(zones.map((zone) => [zone.slice(zone.lastIndexOf("/") + 1), zone]));
  const [place] = nearestWords(name.replaceAll(" ", "_"), places.keys());
  return place === undefined ? undefined : `did you mean "${places.get(place)}"?`;
}

const PARTS = ["year", "month", "day", "hour", "minute", "second"] as const;
