import { FLOW_ATTRIBUTE_NAMES, type FlowAttributeName } from "@flowtools/flow-model";
import { type ParsedArguments, UsageError } from "@flowtools/common/flags";
import { DRAIN_SECONDS } from "../operation_options.ts";
import { type PipelineSettings, pipelineSettings } from "../pipeline/options.ts";
import { OUTPUT_QUEUE_BYTES } from "./limits.ts";
import { NDJSON_SINK_FLAG, outputQueueBytes, STREAM_ONLY } from "./options.ts";

/** How flows are written as JSON. */
export interface NdjsonSettings {
  /** A file; standard output where it is `-` or not given. */
  readonly path: string | undefined;
  /** The attributes to write, in this order; all that flows have where not given. */
  readonly names: readonly FlowAttributeName[] | undefined;
  /** Which flows are written. */
  readonly filter: Pick<PipelineSettings, "filter" | "variables" | "symbols">;
  /** Bytes that may wait for a slow reader. */
  readonly queueBytes: number;
  /** Seconds that closing may take. */
  readonly drainSeconds: number;
}

/**
 * The JSON that a call of `receive --format ndjson` asks for.
 *
 * @param args `RECEIVE_OPTIONS`
 * @throws {UsageError} An attribute is not known, or an option means nothing for JSON
 */
export function ndjsonSettings(args: ParsedArguments): NdjsonSettings {
  const other = STREAM_ONLY.find((name) => args.value(name) !== undefined);
  if (other !== undefined) {
    throw new UsageError(`--${other} is for flow-tools streams, it can do nothing with JSON`);
  }
  const { filter, variables, symbols } = pipelineSettings(args);
  return {
    path: args.value("output"),
    names: namesOf(args),
    filter: { filter, variables, symbols },
    queueBytes: outputQueueBytes(args),
    drainSeconds: args.number("drain-seconds") ?? DRAIN_SECONDS,
  };
}

/**
 * The JSON beside another sink: all flows, as they were received.
 *
 * @param args The call, with `NDJSON_SINK_FLAG`
 */
export function ndjsonSinkSettings(args: ParsedArguments): NdjsonSettings {
  return {
    path: args.value(NDJSON_SINK_FLAG.name),
    names: undefined,
    filter: {},
    queueBytes: OUTPUT_QUEUE_BYTES,
    drainSeconds: args.number("drain-seconds") ?? DRAIN_SECONDS,
  };
}

function namesOf(args: ParsedArguments): readonly FlowAttributeName[] | undefined {
  const text = args.value("fields");
  if (text === undefined) return undefined;
  return [...new Set(text.split(","))].map((wanted) => {
    const name = FLOW_ATTRIBUTE_NAMES.find((candidate) => candidate === wanted);
    if (name !== undefined) return name;
    const expected = FLOW_ATTRIBUTE_NAMES.join(", ");
    throw new UsageError(`--fields has "${wanted}", expected some of ${expected}`);
  });
}
