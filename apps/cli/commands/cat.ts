import { parseDate, writtenLayout } from "@flowtools/flowset/select";
import type { CommandBody } from "../command.ts";
import type { RecordLayout } from "@flowtools/flow-model";
import { reportInputFault } from "../each_input.ts";
import { type ParsedArguments, UsageError } from "@flowtools/common/flags";
import { listFlowFiles } from "../flow_files.ts";
import { preloadHeaders, type TimeWindow } from "../preload_header.ts";
import { RecordInputs } from "../record_inputs.ts";
import { RunProfile } from "../run_profile.ts";
import {
  BYTE_ORDER_FLAG,
  COMMENT_FLAG,
  COMPRESS_FLAG,
  DEBUG_FLAG,
  GLOBAL_SORT_FLAG,
  NO_MMAP_FLAG,
  NO_PROGRESS_FLAG,
  OUTPUT_FLAG,
  TMP_FLAG,
} from "../shared_flags.ts";
import { NO_CAPTURE_START, type StreamHeader, StreamOutput } from "../stream_output.ts";
import { strictCompat, VersionChange } from "../strict_compat.ts";
import { WhereSelection, withWhere } from "../where_selection.ts";

/** Concatenates flow-tools files. */
export const catCommand: CommandBody = {
  operands: "[FILE…]",
  flags: withWhere([
    TMP_FLAG,
    GLOBAL_SORT_FLAG,
    {
      name: "preload",
      letter: "p",
      doc: "Read the headers of all files first, so that the header of a stream tells their sum",
    },
    {
      name: "start",
      group: "selection",
      letter: "t",
      value: "DATE",
      doc: "With -T: files whose capture starts between the two; alone: starts by then",
    },
    {
      name: "end",
      group: "selection",
      letter: "T",
      value: "DATE",
      doc: "With -t: files whose capture starts between the two; alone: ends then or later",
    },
    BYTE_ORDER_FLAG,
    COMMENT_FLAG,
    COMPRESS_FLAG,
    OUTPUT_FLAG,
    NO_PROGRESS_FLAG,
    NO_MMAP_FLAG,
    DEBUG_FLAG,
  ]),
  examples: [
    ["flowtools cat flows/2023 | flowtools print", "All flows of a year"],
    ["flowtools cat -z 9 -o day.ft flows/2023/2023-11/2023-11-14", "One compressed file of a day"],
    ["flowtools cat -T 2020-01-01 flows", "The captures that ended in 2020 or later"],
  ],
  run: async (args) => {
    const profile = new RunProfile("cat");
    const window = timeWindow(args);
    const preload = args.on("preload") || window !== undefined;
    const selection = await WhereSelection.fromArgs(args);
    const output = StreamOutput.fromFlags(args);
    try {
      const listed = await listFlowFiles(args, preload);
      const { files, faults, header } = preload
        ? await preloadHeaders(listed, window)
        : { ...listed, header: {} };
      const comments = args.value("comment");
      const outcome = await concatenate(
        args,
        files.map((file) => file.path),
        output,
        {
          ...firstFields(output),
          ...(comments === undefined ? {} : { comments }),
          ...header,
          // Nobody knows how many flows will pass before they are read.
          ...(selection.where === undefined || output.rewritable ? {} : { flowCount: undefined }),
        },
        selection,
      );
      profile.report(args.number("debug"), output.flowCount);
      return selection.exitCode(
        faults > 0 || outcome.faults > 0 || outcome.streams === 0 ? 1 : 0,
      );
    } catch (error) {
      output.abort();
      throw error;
    }
  },
};

/** What a header has room for from the start, where it is rewritten at the end. */
function firstFields(output: StreamOutput): StreamHeader {
  return output.rewritable
    ? { captureStart: NO_CAPTURE_START, captureEnd: 0, flowCount: 0, lost: 0, corrupt: 0 }
    : {};
}

async function concatenate(
  args: ParsedArguments,
  paths: readonly string[],
  output: StreamOutput,
  header: StreamHeader,
  selection: WhereSelection,
): Promise<{ streams: number; faults: number }> {
  let streams = 0;
  let faults = 0;
  let first: RecordLayout | undefined;
  let captureStart = NO_CAPTURE_START;
  let captureEnd = 0;
  const strict = strictCompat(args);
  using inputs = new RecordInputs(args);
  for (const path of paths) {
    try {
      await using input = await inputs.open(path, selection);
      streams++;
      captureStart = Math.min(captureStart, input.header.captureStart ?? 0);
      captureEnd = Math.max(captureEnd, input.header.captureEnd ?? 0);
      const layout = writtenLayout(input.layout);
      first ??= layout;
      if (strict && layout !== first) throw new VersionChange(path, first, layout);
      if (!output.begun) output.begin(layout, header);
      for await (const block of input.blocks()) await output.write(block);
    } catch (error) {
      reportInputFault(path, error);
      faults++;
    }
  }
  await output.close({ captureStart, captureEnd });
  return { streams, faults };
}

function timeWindow(args: ParsedArguments): TimeWindow | undefined {
  const [from, to] = ["start", "end"].map((name) => {
    const text = args.value(name);
    const time = text === undefined ? 0 : parseDate(text);
    if (time === undefined) {
      throw new UsageError(
        `--${name} is "${text}", expected a date such as "2023-11-14 22:13:20" or "2 hours ago"`,
      );
    }
    return time;
  });
  return args.value("start") === undefined && args.value("end") === undefined
    ? undefined
    : { from, to };
}
