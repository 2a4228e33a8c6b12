import type { TimeZone } from "@flowtools/flowset/groups";
import { openFtFile } from "@flowtools/ft-format/deno";
import type { CommandBody } from "../command.ts";
import { reportInputFault } from "../each_input.ts";
import { UsageError } from "@flowtools/common/flags";
import { listInputs } from "../inputs.ts";
import {
  DATA_FORMAT_FLAG,
  lookFromFlags,
  TABLE_ZONE_FLAG,
  UNITS_FLAG,
  zoneOf,
} from "../modern_flags.ts";
import { Output } from "../output.ts";
import {
  DATA_FORMATS,
  type DataColumn,
  type DataHead,
  type DataRow,
  DataSetWriter,
} from "../render/data_set.ts";
import { rowChoiceOf, rowFlags, rowFormatOf } from "../row_choice.ts";
import { parseSize } from "@flowtools/common/parse_size";
import { type CaptureEntry, planExpiry } from "@flowtools/common/plan_expiry";

/** How the names of capture files begin; nothing else is ever removed. */
const PREFIXES = ["ft", "cf", "tmp"];

/** What is told of a file that is removed. */
const COLUMNS: readonly DataColumn[] = [
  { name: "file", title: "file" },
  { name: "captureStart", title: "capture start", detail: 1 },
  { name: "bytes", title: "bytes", right: true, quantity: "octets" },
  { name: "removed", title: "removed" },
];

const COLUMN_NAMES: readonly string[] = COLUMNS.map(({ name }) => name);

/** A capture file, and when its capture began. */
interface Capture extends CaptureEntry {
  readonly start: number;
}

/** Removes the oldest capture files. */
export const expireCommand: CommandBody = {
  operands: "",
  flags: [
    { name: "directory", letter: "w", value: "DIR", doc: "Where the files are (default: .)" },
    {
      name: "files",
      letter: "e",
      value: "N",
      range: [0, 2 ** 32 - 1],
      doc: "Files to keep at most, 0 for any number (default: 0)",
    },
    {
      name: "size",
      letter: "E",
      value: "SIZE",
      doc: "Bytes to keep at most: a number and b (512 bytes), K, M or G; 0 for any (default: 0)",
    },
    {
      name: "debug",
      letter: "d",
      value: "LEVEL",
      range: [0, 99],
      doc: "Above 0, tell what would be removed, and remove nothing (default: 0)",
    },
    {
      ...DATA_FORMAT_FLAG,
      choices: ["classic", ...DATA_FORMATS],
      doc: "How to print the files that are removed (default: classic, which prints none, or " +
        "table where rows are chosen)",
    },
    ...rowFlags(COLUMN_NAMES),
    TABLE_ZONE_FLAG,
    UNITS_FLAG,
  ],
  examples: [
    ["flowtools expire -w flows -E 100G", "Keep the last hundred gigabytes"],
    ["flowtools expire -w flows -e 2016", "Keep a week of files of five minutes"],
    ["flowtools expire -w flows -E 100G -d1 --format table", "What that would remove"],
  ],
  run: async (args) => {
    if (args.operands.length > 0) {
      throw new UsageError(`expire takes no files, but -w DIR: "${args.operands[0]}" is extra`);
    }
    const directory = args.value("directory") ?? ".";
    const size = args.value("size");
    const limits = {
      maxFiles: args.number("files") ?? 0,
      maxBytes: size === undefined ? 0 : parseSize("size", size),
    };
    const dry = (args.number("debug") ?? 0) > 0;
    const format = rowFormatOf(args);
    const choice = rowChoiceOf(args, COLUMN_NAMES);
    const captures = await listCaptures(directory);
    const zone = zoneOf(args);
    const output = Output.open(undefined);
    const head = expiryHead({ directory, dry, limits, captures });
    const removals = format &&
      new DataSetWriter(output, head, format, lookFromFlags(args), { choice });
    if (dry && removals === undefined) {
      for (const { path, bytes, start } of captures) tell(dumpLine(path, bytes, start));
    }
    let failures = 0;
    for (const capture of planExpiry(captures, limits)) {
      const { path } = capture;
      let removed = false;
      if (dry) {
        if (removals === undefined) tell(`remove ${path}`);
      } else {
        try {
          Deno.removeSync(path);
          removed = true;
        } catch (error) {
          reportInputFault(path, error);
          failures++;
        }
      }
      removals?.row(removalRow(capture, removed, zone));
    }
    removals?.end();
    output.close();
    return failures > 0 ? 1 : 0;
  },
};

/** What is told of the files that are removed. */
function expiryHead({ directory, dry, limits, captures }: {
  readonly directory: string;
  readonly dry: boolean;
  readonly limits: { readonly maxFiles: number; readonly maxBytes: number };
  readonly captures: readonly Capture[];
}): DataHead {
  const bytes = captures.reduce((sum, capture) => sum + capture.bytes, 0);
  return {
    schema: "flowtools/expire/1",
    about: {
      directory,
      dryRun: dry,
      // A limit of 0 is none.
      keep: { files: limits.maxFiles || null, bytes: limits.maxBytes || null },
      found: { files: captures.length, bytes },
    },
    columns: COLUMNS,
  };
}

function removalRow({ path, bytes, start }: Capture, removed: boolean, zone: TimeZone): DataRow {
  // A start of 0 is not known.
  const time = start === 0 ? null : start;
  const text = time === null ? undefined : zone.text(time * 1000);
  return { values: [path, time, bytes, removed], texts: [undefined, text] };
}

function tell(message: string): void {
  console.error(`flow-expire: ${message}`);
}

function dumpLine(path: string, bytes: number, start: number): string {
  return `name=${path}  size=${bytes}  time=${start}`;
}

/** The capture files below a directory, oldest first; other files are left alone, and told. */
async function listCaptures(directory: string): Promise<Capture[]> {
  // Asked first, so that a directory that is not there is an error and not an empty one.
  if (!Deno.statSync(directory).isDirectory) {
    throw new UsageError(`--directory is "${directory}", which is no directory`);
  }
  const captures: Capture[] = [];
  for (const path of listInputs([directory], { includeTmp: true })) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (!PREFIXES.some((prefix) => name.startsWith(prefix))) continue;
    try {
      const { isFile, size } = Deno.statSync(path);
      if (!isFile) continue;
      using file = await openFtFile(path);
      captures.push({ path, bytes: size, start: file.header.captureStart ?? 0 });
    } catch (error) {
      reportInputFault(path, error);
    }
  }
  return captures.toSorted((a, b) => a.start - b.start);
}
