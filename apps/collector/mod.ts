/**
 * The programs that receive exports: each runs until it is told to end, and gives its exit code.
 *
 * @module
 */
import { commandText } from "@flowtools/common/command_text";
import {
  COMMON_FLAGS,
  type ParsedArguments,
  parseFlags,
  UsageError,
} from "@flowtools/common/flags";
import { captureProgram } from "./capture.ts";
import config from "./deno.json" with { type: "json" };
import { fanoutProgram } from "./fanout.ts";
import { type Program, runProgram } from "./program.ts";
import { receiveProgram } from "./receive.ts";
import { SINK_KINDS } from "./relay/sink_kinds.ts";
import type { SinkKind } from "./sinks/sink_kind.ts";

export { type Flag, type ParsedArguments, UsageError } from "@flowtools/common/flags";
export type { Log } from "./log.ts";
export { SINK_KINDS } from "./relay/sink_kinds.ts";
export type { Forwarder } from "./sinks/forwarder.ts";
export type { LossCounts, Sink, SinkCounters } from "./sinks/sink.ts";
export type { OpenSinks, SinkContext, SinkKind } from "./sinks/sink_kind.ts";
export type { Sender } from "./sources/source.ts";

/** Stores flows in rotated files and shows them on a page. */
export const capture: (args: ParsedArguments) => Promise<number> = runner(
  captureProgram(SINK_KINDS),
);

/**
 * The same as a program of its own, with the sinks that one wants; `docs/SINKS.md` shows how to
 * write one.
 *
 * @param args The words of the call
 * @param kinds The sinks that it can ask for, such as `[...SINK_KINDS, mine]`
 * @returns The exit code; 2 where the call is wrong, which standard error is told
 */
export async function captureWith(
  args: readonly string[],
  kinds: readonly SinkKind[],
): Promise<number> {
  const program = captureProgram(kinds);
  const { description } = program;
  try {
    const parsed = parseFlags(args, [...description.flags, ...COMMON_FLAGS]);
    if (!parsed.on("help")) return await runProgram(program, parsed, config.version);
    console.log(commandText(description, "collector"));
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`collector: ${error.message}\nTry "collector --help".`);
    return 2;
  }
}

/** Writes flows to standard output or a file. */
export const receive: (args: ParsedArguments) => Promise<number> = runner(receiveProgram);

/** Sends flows on to others. */
export const fanout: (args: ParsedArguments) => Promise<number> = runner(fanoutProgram);

function runner(program: Program): (args: ParsedArguments) => Promise<number> {
  return (args) => runProgram(program, args, config.version);
}
