import { type ParsedArguments, UsageError } from "@flowtools/common/flags";
import type { Log } from "../log.ts";
import { pipelineSettings } from "../pipeline/options.ts";
import type { Sink } from "../sinks/sink.ts";
import { createNdjsonSink } from "./ndjson_sink.ts";
import { ndjsonSettings } from "./ndjson_settings.ts";
import { outputQueueBytes } from "./options.ts";
import type { OutputHooks } from "./output_thread.ts";
import { createStreamSink } from "./stream_sink.ts";

/**
 * Looks at the settings of `receive` without doing anything.
 *
 * @param args `RECEIVE_OPTIONS`
 * @throws {UsageError} An option is wrong
 */
export function checkReceiveSink(args: ParsedArguments): void {
  if (args.value("format") === "ndjson") {
    ndjsonSettings(args);
    return;
  }
  if (args.value("fields") !== undefined) {
    throw new UsageError("--fields is for JSON, it can do nothing with a flow-tools stream");
  }
  pipelineSettings(args);
  outputQueueBytes(args);
}

/**
 * Makes the sink of `receive`: a flow-tools stream, or JSON where `--format` says so.
 *
 * @param args `RECEIVE_OPTIONS`
 * @param log Told of trouble
 * @param hooks Told when the output has come to its end
 * @returns The sink
 * @throws {UsageError} An option is wrong
 * @throws {ConfigError} A configuration is wrong
 * @throws {Error} The output cannot be opened
 */
export function createReceiveSink(
  args: ParsedArguments,
  log: Log,
  hooks: OutputHooks,
): Promise<Sink> {
  checkReceiveSink(args);
  return args.value("format") === "ndjson"
    ? createNdjsonSink(ndjsonSettings(args), log, hooks)
    : createStreamSink(args, log, hooks);
}
