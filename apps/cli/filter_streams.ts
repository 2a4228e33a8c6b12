import type { FtHeader } from "@flowtools/ft-format";
import { FT_FLAGS } from "@flowtools/ft-format";
import {
  FilterFieldError,
  type FlowFilter,
  RecordFilter,
  writtenLayout,
} from "@flowtools/flowset/select";
import { reportInputFault } from "./each_input.ts";
import type { Flag, ParsedArguments } from "@flowtools/common/flags";
import { listInputs } from "./inputs.ts";
import { RecordInputs } from "./record_inputs.ts";
import { RunProfile } from "./run_profile.ts";
import {
  BYTE_ORDER_FLAG,
  COMMENT_FLAG,
  COMPRESS_FLAG,
  DEBUG_FLAG,
  NO_PROGRESS_FLAG,
} from "./shared_flags.ts";
import { type StreamHeader, StreamOutput } from "./stream_output.ts";
import { strictCompat } from "./strict_compat.ts";
import { WhereSelection } from "./where_selection.ts";

export const KEEP_TIME_FLAG: Flag = {
  name: "keep-time",
  letter: "k",
  group: "output",
  doc: "Keep the time of the capture from the header of the input",
};

/** The flags of every program that reads streams and writes one. */
export const STREAM_FLAGS: readonly Flag[] = [
  KEEP_TIME_FLAG,
  BYTE_ORDER_FLAG,
  COMMENT_FLAG,
  COMPRESS_FLAG,
  NO_PROGRESS_FLAG,
  DEBUG_FLAG,
];

/** What a filtering program is. */
export interface FilterProgram {
  readonly name: string;
  readonly filter: FlowFilter;
  /** What it says where the flows lack a field. */
  readonly missing: string;
}

/**
 * Writes the flows of all inputs that pass a filter.
 *
 * @returns 0, or 1 where no flow passed or an input had a fault
 */
export async function filterStreams(
  args: ParsedArguments,
  { name, filter, missing }: FilterProgram,
): Promise<number> {
  const profile = new RunProfile(name);
  const selection = await WhereSelection.fromArgs(args);
  const records = new RecordFilter(filter);
  const run = { flows: 0, faults: 0 };
  let output: StreamOutput | undefined;
  try {
    using inputs = new RecordInputs(args);
    for (const path of listInputs(args.operands)) {
      try {
        await using input = await inputs.open(path, selection);
        const { layout, header } = input;
        const fields = filter.missing(layout.schema);
        if (fields.length > 0) throw new FilterFieldError(missing, layout.schema, fields);
        output ??= StreamOutput.fromFlags(args);
        if (!output.begun) output.begin(writtenLayout(layout), firstHeader(args, header, output));
        for await (const block of input.blocks()) {
          run.flows += block.count;
          const passed = records.select(block);
          if (passed !== undefined) await output.write(passed);
        }
      } catch (error) {
        if (error instanceof FilterFieldError) throw error;
        reportInputFault(path, error);
        run.faults++;
      }
    }
    await output?.close();
  } catch (error) {
    output?.abort();
    throw error;
  }
  profile.report(args.number("debug"), run.flows);
  // The classic programs succeed where nothing passes.
  const passed = strictCompat(args) || (output?.flowCount ?? 0) > 0;
  return run.faults > 0 || !passed ? 1 : 0;
}

/** The header of the output: the time of the capture is that of the first input. */
function firstHeader(
  args: ParsedArguments,
  { captureStart = 0, captureEnd = 0 }: FtHeader,
  output: StreamOutput,
): StreamHeader {
  const comments = args.value("comment");
  const keep = args.on("keep-time") && captureStart !== 0 && captureEnd !== 0;
  return {
    ...(comments === undefined ? {} : { comments }),
    ...(keep ? { captureStart, captureEnd, flags: FT_FLAGS.PRELOADED } : {}),
    ...(output.rewritable ? { flowCount: 0 } : {}),
  };
}
