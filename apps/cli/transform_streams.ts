import type { RecordLayout } from "@flowtools/flow-model";
import { findFtLayout, FT_FLAGS, type FtHeader } from "@flowtools/ft-format";
import { FlowConversionError, writtenLayout } from "@flowtools/flowset/select";
import {
  type FlowTransform,
  RecordTransform,
  TransformFieldError,
} from "@flowtools/flowset/transform";
import { reportInputFault } from "./each_input.ts";
import { KEEP_TIME_FLAG } from "./filter_streams.ts";
import type { ParsedArguments } from "@flowtools/common/flags";
import { listInputs } from "./inputs.ts";
import { RecordInputs } from "./record_inputs.ts";
import type { ExportVersion } from "@flowtools/common/parse_version";
import { RunProfile } from "./run_profile.ts";
import { type StreamHeader, StreamOutput } from "./stream_output.ts";
import { strictCompat } from "./strict_compat.ts";
import { WhereSelection } from "./where_selection.ts";

/** What a transforming program is. */
export interface TransformProgram {
  readonly name: string;
  readonly transform: FlowTransform;
  /** The version to write; default that of the first input. */
  readonly version?: ExportVersion;
  /** What it says where the flows lack a field. */
  readonly missing: string;
}

/**
 * Writes the flows of all inputs as a transform makes them.
 *
 * @returns 0, or 1 where an input had a fault
 */
export async function transformStreams(
  args: ParsedArguments,
  { name, transform, version, missing }: TransformProgram,
): Promise<number> {
  const profile = new RunProfile(name);
  const selection = await WhereSelection.fromArgs(args);
  let target: RecordLayout | undefined = version &&
    findFtLayout(version.version, version.aggregation);
  let records: RecordTransform | undefined;
  let output: StreamOutput | undefined;
  let faults = 0;
  try {
    using inputs = new RecordInputs(args);
    for (const path of listInputs(args.operands)) {
      try {
        await using input = await inputs.open(path, selection);
        const { layout, header } = input;
        const fields = transform.missing(layout.schema);
        if (fields.length > 0) throw new TransformFieldError(missing, layout.schema, fields);
        target ??= writtenLayout(layout);
        records ??= new RecordTransform(transform, target, {
          referenceFaults: strictCompat(args),
        });
        output ??= StreamOutput.fromFlags(args);
        for await (const block of input.blocks()) {
          const transformed = records.apply(block);
          if (!output.begun) output.begin(target, firstHeader(args, header));
          await output.write(transformed);
        }
        if (!output.begun) output.begin(target, firstHeader(args, header));
      } catch (error) {
        if (error instanceof TransformFieldError || error instanceof FlowConversionError) {
          throw error;
        }
        reportInputFault(path, error);
        faults++;
      }
    }
    await output?.close();
  } catch (error) {
    output?.abort();
    throw error;
  }
  profile.report(args.number("debug"), output?.flowCount ?? 0);
  return selection.exitCode(faults > 0 ? 1 : 0);
}

/** The header of the output: without `-k` its times are there, but say nothing. */
function firstHeader(
  args: ParsedArguments,
  { captureStart = 0, captureEnd = 0 }: FtHeader,
): StreamHeader {
  const comments = args.value("comment");
  // The classic programs lose the times that they should keep.
  const keep = args.on(KEEP_TIME_FLAG.name) && !strictCompat(args) && captureStart !== 0 &&
    captureEnd !== 0;
  return {
    ...(comments === undefined ? {} : { comments }),
    ...(keep
      ? { captureStart, captureEnd, flags: FT_FLAGS.PRELOADED }
      : { captureStart: 0, captureEnd: 0 }),
    flowCount: 0,
  };
}
