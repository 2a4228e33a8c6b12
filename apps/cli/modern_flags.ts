import { type Flag, type ParsedArguments, UsageError } from "@flowtools/common/flags";
import { expectedWords } from "@flowtools/common/suggest";
import { FlowToolsError } from "@flowtools/flow-model";
import { GROUP_COUNTERS, GROUP_KEYS, parseMoment, TimeZone } from "@flowtools/flowset/groups";
import type { FlowSelectionInit } from "./flow_selection.ts";
import { wantsProgress } from "./progress.ts";
import { whereInit } from "./where_selection.ts";
import { type Look, lookOf } from "./render/look.ts";
import { DATA_FORMATS, type DataFormat } from "./render/data_set.ts";

/** Flags that the modern commands share. */

export const DATA_FORMAT_FLAG: Flag = {
  name: "format",
  value: "NAME",
  group: "output",
  choices: DATA_FORMATS,
  meanings: [
    ["table", "For people"],
    ["json", "One document, with a schema"],
    ["ndjson", "An object a line"],
    ["csv", "A line of names, then values"],
  ],
  doc: "How to print (default: table)",
};

export const BY_FLAG: Flag = {
  name: "by",
  value: "KEYS",
  list: true,
  words: GROUP_KEYS.map(({ name }) => name),
  doc: "What to group by, comma separated; flowtools help keys has all",
};

export const COUNTER_NAMES: readonly string[] = GROUP_COUNTERS.map(({ name }) => name);

const SINCE_FLAG: Flag = {
  name: "since",
  value: "TIME",
  group: "selection",
  doc:
    "Flows that ended at this time or later: 2024-05-01T12:00, Unix seconds, -1h, today; files " +
    "that were captured before are not opened",
};

const UNTIL_FLAG: Flag = {
  name: "until",
  value: "TIME",
  group: "selection",
  doc: "Flows that ended before this time; files whose capture began then or later are not opened",
};

export const TZ_FLAG: Flag = {
  name: "tz",
  value: "ZONE",
  group: "output",
  words: ["local", "UTC"],
  doc: "Time zone of times given and shown: local, UTC, +02:00, Europe/Berlin (default: local)",
};

/** The same of commands that take no times. */
export const TABLE_ZONE_FLAG: Flag = {
  ...TZ_FLAG,
  doc: "Time zone of tables: local, UTC, +02:00, Europe/Berlin (default: local)",
};

export const AT_FLAG: Flag = {
  name: "at",
  value: "END",
  choices: ["first", "last"],
  doc:
    "Which time of a flow counts for spans, hours and days: its begin or its end (default: first)",
};

/** Threads at most: beyond that the disk is what takes time, and each hands groups to all others. */
export const THREADS_MAX = 16;

export const THREADS_FLAG: Flag = {
  name: "threads",
  value: "N",
  range: [1, THREADS_MAX],
  doc: "Threads that read at most (default: one for each core where there is enough to read)",
};

export const UNITS_FLAG: Flag = {
  name: "units",
  value: "NAME",
  group: "output",
  choices: ["exact", "human"],
  doc: "Numbers of tables: exact, or as 1.2M (default: human on terminals, else exact)",
};

const ASCII_FLAG: Flag = {
  name: "ascii",
  group: "output",
  doc: "Bars of ASCII characters (default: by the locale)",
};

/** The flags that say which flows of which files count, and how times are meant. */
export const WINDOW_FLAGS: readonly Flag[] = [SINCE_FLAG, UNTIL_FLAG, TZ_FLAG];

/** The flags that say how text is laid out. */
export const LOOK_FLAGS: readonly Flag[] = [UNITS_FLAG, ASCII_FLAG];

/** The format of {@linkcode DATA_FORMAT_FLAG}. */
export function dataFormatOf(args: ParsedArguments): DataFormat {
  return DATA_FORMATS.find((name) => name === args.value("format")) ?? "table";
}

/** How text is to be laid out. */
export function lookFromFlags(args: ParsedArguments): Look {
  const output = args.value("output");
  return lookOf({
    ascii: args.on("ascii"),
    file: output !== undefined && output !== "-",
    units: args.value("units") as "exact" | "human" | undefined,
  });
}

/** The time zone of a call. */
export function zoneOf(args: ParsedArguments): TimeZone {
  return asUsage("tz", () => new TimeZone(args.value("tz") ?? "local"));
}

/** Which flows count. */
export function selectionOf(args: ParsedArguments, nowMs: number): FlowSelectionInit {
  const zone = zoneOf(args).name;
  const moment = (name: string) => {
    const text = args.value(name);
    return text === undefined ? undefined : asUsage(name, () => parseMoment(text, { zone, nowMs }));
  };
  const since = moment("since");
  const until = moment("until");
  if (since !== undefined && until !== undefined && since >= until) {
    throw new UsageError("--since is not before --until: there is no time between");
  }
  return { since, until, where: whereInit(args) };
}

/** What the flags of inputs say of reading them, where nothing is written before all are read. */
export function readOptionsOf(
  args: ParsedArguments,
): { readonly threads?: number; readonly progress: boolean } {
  return { threads: args.number("threads"), progress: wantsProgress(args, true) };
}

/** Turns what a library says of a value into what is wrong with the call. */
export function asUsage<Result>(name: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof FlowToolsError || error instanceof RangeError)) throw error;
    throw new UsageError(`--${name}: ${error.message}`);
  }
}

/** The words of a list, which are all to be known. */
export function wordsOf(
  args: ParsedArguments,
  name: string,
  known: readonly string[],
): readonly string[] | undefined {
  const words = args.value(name)?.split(",").map((word) => word.trim());
  const unknown = words?.find((word) => !known.includes(word));
  if (unknown === undefined) return words;
  throw new UsageError(`--${name}: there is no "${unknown}", ${expectedWords(unknown, known)}`);
}
