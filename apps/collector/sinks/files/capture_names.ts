import type { FlowSchema } from "@flowtools/flow-model";
import { captureDirectory, captureFileName, type Nesting } from "@flowtools/ft-format";
import { utcOffsetMinutes } from "../../rotate.ts";

/** Where capture files go. */
export interface CaptureNaming {
  /** The directory below which they are. */
  readonly directory: string;
  /** How directories nest below it. */
  readonly nesting: Nesting;
  /** What names end in, such as `.ipfix`; nothing for flow-tools files. */
  readonly suffix?: string;
}

/** What names a capture file beside the moment at which it was begun. */
export type CaptureVersion = Pick<FlowSchema, "version" | "aggregation">;

/** A capture file as a name tells it. */
export interface NamedCapture extends CaptureVersion {
  /** Whether it is complete. */
  readonly done: boolean;
  /** When it was begun, Unix ms. */
  readonly begun: number;
}

/** Below a year there is a month, below that a day: no directory of captures is deeper. */
const DEPTH_MAX = 3;

/** The path of a capture file that was begun at a moment. */
export function capturePath(
  { directory, nesting, suffix = "" }: CaptureNaming,
  { version, aggregation }: CaptureVersion,
  time: Date,
  done: boolean,
): string {
  const offset = utcOffsetMinutes(time);
  const parts = [directory, captureDirectory(nesting, time, offset)];
  const name = captureFileName({ version, aggregation, time, utcOffsetMinutes: offset, done });
  parts.push(name + suffix);
  return parts.filter((part) => part !== "").join("/");
}

/** The moment, or the next second after it under whose names there is no file yet. */
export function freeMoment(naming: CaptureNaming, version: CaptureVersion, time: Date): Date {
  for (let at = time.getTime();; at += 1000) {
    const moment = new Date(at);
    const taken = exists(capturePath(naming, version, moment, true)) ||
      exists(capturePath(naming, version, moment, false));
    if (!taken) return moment;
  }
}

/**
 * What the name of a capture file tells; `undefined` for names that are no such.
 *
 * @param name The name, without directories
 * @param suffix What it must end in
 */
export function parseCaptureName(name: string, suffix: string = ""): NamedCapture | undefined {
  if (!name.endsWith(suffix)) return undefined;
  const pattern =
    /^(ft|tmp)-v(\d{2,4})(?:m(\d\d))?\.(\d{4}-\d\d-\d\d)\.(\d\d)(\d\d)(\d\d)([+-]\d\d)(\d\d)$/;
  const match = pattern.exec(name.slice(0, name.length - suffix.length));
  if (match === null) return undefined;
  const [, prefix, version, method, day, hour, minute, second, zoneHours, zoneMinutes] = match;
  const begun = Date.parse(`${day}T${hour}:${minute}:${second}${zoneHours}:${zoneMinutes}`);
  if (Number.isNaN(begun)) return undefined;
  return {
    done: prefix === "ft",
    version: Number(version),
    aggregation: method === undefined ? undefined : Number(method),
    begun,
  };
}

/** A capture file that was found. */
export interface FoundCapture extends NamedCapture {
  /** Where it is. */
  readonly path: string;
}

/**
 * The capture files below a directory. Files and directories of other names are not looked at, and
 * links are not followed.
 *
 * @param report Told of directories that cannot be read
 * @param suffix What names end in
 */
export function* findCaptures(
  directory: string,
  report: (path: string, error: unknown) => void,
  suffix: string = "",
  depth: number = 0,
): Generator<FoundCapture, void, undefined> {
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(directory)];
  } catch (error) {
    report(directory, error);
    return;
  }
  for (const { name, isFile, isDirectory } of entries) {
    const path = `${directory}/${name}`;
    if (isDirectory && depth < DEPTH_MAX && /^\d{4}(-\d\d){0,2}$/.test(name)) {
      yield* findCaptures(path, report, suffix, depth + 1);
    }
    const named = isFile ? parseCaptureName(name, suffix) : undefined;
    if (named !== undefined) yield { ...named, path };
  }
}

/** Whether there is something of this name; a link that leads nowhere counts. */
export function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
