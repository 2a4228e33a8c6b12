/** What a {@linkcode captureFileName} is made from. */
export interface CaptureFile {
  /** Export version. */
  readonly version: number;
  /** Aggregation method of version 8. */
  readonly aggregation?: number;
  /** When the file was begun. */
  readonly time: Date;
  /** Local time minus UTC, minutes. */
  readonly utcOffsetMinutes: number;
  /** Whether the file is complete; one that is still written is named `tmp-…`. */
  readonly done: boolean;
}

/** How deep, and how, capture directories nest: what flow-capture's `-N` takes. */
export type Nesting = -3 | -2 | -1 | 0 | 1 | 2 | 3;

const two = (value: number) => String(value).padStart(2, "0");

interface LocalTime {
  readonly year: string;
  readonly month: string;
  readonly day: string;
  readonly clock: string;
}

function localTime(time: Date, utcOffsetMinutes: number): LocalTime {
  const local = new Date(time.getTime() + utcOffsetMinutes * 60_000);
  return {
    year: String(local.getUTCFullYear()).padStart(4, "0"),
    month: two(local.getUTCMonth() + 1),
    day: two(local.getUTCDate()),
    clock: two(local.getUTCHours()) + two(local.getUTCMinutes()) + two(local.getUTCSeconds()),
  };
}

/**
 * The name of a capture file, as flow-capture names it: version, local time and its UTC offset.
 *
 * Source: flow-tools `ftfile.c`.
 *
 * @param file What the file holds, when it was begun and whether it is complete
 * @returns A name without directories
 *
 * @example
 * ```ts
 * import { captureFileName } from "@flowtools/ft-format";
 * import { assertEquals } from "@std/assert";
 *
 * const time = new Date("2023-11-14T22:13:20Z");
 * assertEquals(
 *   captureFileName({ version: 5, time, utcOffsetMinutes: -300, done: true }),
 *   "ft-v05.2023-11-14.171320-0500",
 * );
 * assertEquals(
 *   captureFileName({ version: 8, aggregation: 14, time, utcOffsetMinutes: 0, done: false }),
 *   "tmp-v08m14.2023-11-14.221320+0000",
 * );
 * ```
 */
export function captureFileName(file: CaptureFile): string {
  const { version, aggregation, time, utcOffsetMinutes, done } = file;
  const { year, month, day, clock } = localTime(time, utcOffsetMinutes);
  const method = version === 8 ? `m${two(aggregation ?? 0)}` : "";
  const minutes = Math.abs(utcOffsetMinutes);
  const offset = (utcOffsetMinutes < 0 ? "-" : "+") + two(Math.floor(minutes / 60)) +
    two(Math.floor(minutes % 60));
  const prefix = done ? "ft" : "tmp";
  return `${prefix}-v${two(version)}${method}.${year}-${month}-${day}.${clock}${offset}`;
}

/**
 * The directory of a capture file below the working directory.
 *
 * | nesting | directory |
 * | --- | --- |
 * | 0 | none |
 * | 1 | `YYYY` |
 * | 2 | `YYYY/YYYY-MM` |
 * | 3, -3 | `YYYY/YYYY-MM/YYYY-MM-DD` |
 * | -2 | `YYYY-MM/YYYY-MM-DD` |
 * | -1 | `YYYY-MM-DD` |
 *
 * Source: flow-tools `ftfile.c`.
 *
 * @param nesting How deep, -3 to 3
 * @param time When the file was begun
 * @param utcOffsetMinutes Local time minus UTC, minutes
 * @returns A relative path with `/`, or the empty string
 * @throws {RangeError} The nesting is not between -3 and 3
 *
 * @example
 * ```ts
 * import { captureDirectory } from "@flowtools/ft-format";
 * import { assertEquals } from "@std/assert";
 *
 * const time = new Date("2023-11-14T22:13:20Z");
 * assertEquals(captureDirectory(3, time, 0), "2023/2023-11/2023-11-14");
 * assertEquals(captureDirectory(-1, time, 120), "2023-11-15");
 * assertEquals(captureDirectory(0, time, 0), "");
 * ```
 */
export function captureDirectory(nesting: Nesting, time: Date, utcOffsetMinutes: number): string {
  const { year, month, day } = localTime(time, utcOffsetMinutes);
  const levels = [year, `${year}-${month}`, `${year}-${month}-${day}`];
  switch (nesting) {
    case 0:
      return "";
    case 1:
    case 2:
    case 3:
      return levels.slice(0, nesting).join("/");
    case -1:
    case -2:
    case -3:
      return levels.slice(nesting).join("/");
    default:
      throw new RangeError(
        `Cannot name capture directory: nesting is ${nesting}, expected -3 to 3`,
      );
  }
}
