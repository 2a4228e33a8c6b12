import type { FtHeader } from "@flowtools/ft-format";
import { openFtFile } from "@flowtools/ft-format/deno";
import { type InputOptions, listInputs } from "./inputs.ts";

/** Hours that a capture file may last: flow-capture begins a new one every day at least. */
const CAPTURE_HOURS_MAX = 25;
const HOUR_MS = 3_600_000;

/** A span of time that flows ended in: Unix milliseconds, the end not included. */
export interface TimeWindow {
  /** Its beginning; nothing where it has none. */
  readonly since?: number;
  /** Its end; nothing where it has none. */
  readonly until?: number;
}

/** The inputs that can have flows of a window, and what it took to find them. */
export interface WindowInputs {
  /** What is to be read. */
  readonly paths: readonly string[];
  /** Files left out by their name alone. */
  readonly byName: number;
  /** Files left out by their header. */
  readonly byHeader: number;
  /** Headers that were looked at. */
  readonly headers: number;
}

/**
 * The inputs that operands name, less the files that cannot have flows of a window: by the time in
 * their name, and where that does not tell by the times in their header. A file whose header
 * cannot be read stays, so that the fault is reported once, when it is read.
 *
 * @param operands Files, directories, `-`
 * @param window The window
 * @param options Which files of a directory count
 */
export async function windowInputs(
  operands: readonly string[],
  window: TimeWindow,
  options: InputOptions = {},
): Promise<WindowInputs> {
  const { since = -Infinity, until = Infinity } = window;
  if (since === -Infinity && until === Infinity) {
    return { paths: [...listInputs(operands, options)], byName: 0, byHeader: 0, headers: 0 };
  }
  const paths: string[] = [];
  const counts = { byName: 0, byHeader: 0, headers: 0 };
  const inWindow = (path: string) => {
    const day = dayOfDirectory(path);
    return day === undefined || (day.from < until && day.to >= since);
  };
  for (const path of listInputs(operands, { ...options, enter: inWindow })) {
    const start = path === "-" ? undefined : captureStart(path);
    if (start !== undefined) {
      if (start >= until || start + CAPTURE_HOURS_MAX * HOUR_MS < since) {
        counts.byName++;
        continue;
      }
      // It began in the window, so that it has flows of it whenever it ended.
      if (start >= since) {
        paths.push(path);
        continue;
      }
    }
    if (path === "-") {
      paths.push(path);
      continue;
    }
    counts.headers++;
    const header = await readHeader(path);
    if (header !== undefined && isOutside(header, since, until)) counts.byHeader++;
    else paths.push(path);
  }
  return { paths, ...counts };
}

/**
 * When the capture of a file began, by its name.
 *
 * @param path Its path
 * @returns Unix milliseconds; nothing where the name is not flow-capture's
 */
export function captureStart(path: string): number | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const match =
    /^(?:ft|tmp)-v\d\d(?:m\d\d)?\.(\d{4})-(\d\d)-(\d\d)\.(\d\d)(\d\d)(\d\d)([+-])(\d\d)(\d\d)$/
      .exec(name);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number);
  const offset = (Number(match[8]) * 60 + Number(match[9])) * 60_000;
  const local = Date.UTC(year, month - 1, day, hour, minute, second);
  return match[7] === "-" ? local + offset : local - offset;
}

/** What a directory of a day, a month or a year can hold: any zone, and a file of a day at its end. */
function dayOfDirectory(path: string): { from: number; to: number } | undefined {
  const match = /(?:^|\/)(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/.exec(path);
  if (match === null) return undefined;
  const [year, month, day] = match.slice(1).map((part) =>
    part === undefined ? undefined : Number(part)
  );
  const from = Date.UTC(year!, (month ?? 1) - 1, day ?? 1);
  const to = day !== undefined
    ? Date.UTC(year!, month! - 1, day + 1)
    : month !== undefined
    ? Date.UTC(year!, month, 1)
    : Date.UTC(year! + 1, 0, 1);
  return { from: from - 14 * HOUR_MS, to: to + (14 + CAPTURE_HOURS_MAX) * HOUR_MS };
}

async function readHeader(path: string): Promise<FtHeader | undefined> {
  try {
    // A pipe would lose the header to this look at it.
    if (!Deno.statSync(path).isFile) return undefined;
    using file = await openFtFile(path);
    return file.header;
  } catch {
    return undefined;
  }
}

/** Times of 0 are not known. */
function isOutside(header: FtHeader, since: number, until: number): boolean {
  const { captureStart = 0, captureEnd = 0 } = header;
  if (captureStart !== 0 && captureStart * 1000 >= until) return true;
  return captureEnd !== 0 && captureEnd * 1000 <= since;
}
