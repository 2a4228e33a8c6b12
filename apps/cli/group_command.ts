import type { Flag, ParsedArguments } from "@flowtools/common/flags";
import { SYMBOLS_FLAG } from "@flowtools/common/load_symbols";
import { groupTableBytes, MEMORY_FLAG } from "./group_memory.ts";
import { type GroupQuery, queryKeys } from "./group_query.ts";
import { windowInputs } from "./input_window.ts";
import {
  asUsage,
  AT_FLAG,
  readOptionsOf,
  selectionOf,
  THREADS_FLAG,
  WINDOW_FLAGS,
  zoneOf,
} from "./modern_flags.ts";
import { Output } from "./output.ts";
import { type GroupedInputs, groupInputs } from "./parallel_groups.ts";
import { NO_PROGRESS_FLAG, OUTPUT_FLAG, TMP_FLAG } from "./shared_flags.ts";
import { AS_NAMES_FLAG, namesWanted, VALUE_NAMES_FLAG } from "./value_names.ts";
import { noteEmptyWindow } from "./window_note.ts";

/** The flags of every command that groups: which flows, how times are meant, how it is read. */
export const GROUP_FLAGS: readonly Flag[] = [
  AT_FLAG,
  ...WINDOW_FLAGS,
  TMP_FLAG,
  THREADS_FLAG,
  MEMORY_FLAG,
  NO_PROGRESS_FLAG,
  OUTPUT_FLAG,
];

/** The flags of names. */
export const NAME_FLAGS: readonly Flag[] = [VALUE_NAMES_FLAG, AS_NAMES_FLAG, SYMBOLS_FLAG];

/** The part of a query that all commands read from the same flags. */
export function groupQuery(
  args: ParsedArguments,
  own: Pick<GroupQuery, "by" | "every" | "measure" | "bidirectional" | "timed">,
): GroupQuery {
  const query: GroupQuery = {
    ...own,
    zone: zoneOf(args).name,
    atEnd: args.value("at") === "last",
    groupTableBytesMax: groupTableBytes(args),
    selection: selectionOf(args, Date.now()),
  };
  // What cannot be grouped is a wrong call, whatever the inputs are.
  asUsage("by", () => queryKeys(query));
  return query;
}

/** What a query found, and in how many inputs. */
export interface GroupedCall extends GroupedInputs {
  /** Inputs that were read. */
  readonly inputs: number;
}

/** Groups the flows of the inputs that a call names. */
export async function runGroupQuery(
  args: ParsedArguments,
  query: GroupQuery,
): Promise<GroupedCall> {
  // Nobody waits for an answer to hear that names are not there.
  for (const { name } of [AS_NAMES_FLAG, SYMBOLS_FLAG]) {
    const path = args.value(name);
    if (path !== undefined) await Deno.stat(path);
  }
  const options = { includeTmp: args.on("all") };
  const found = await windowInputs(args.operands, query.selection, options);
  const reading = {
    ...readOptionsOf(args),
    args,
    names: namesWanted(args).local,
  };
  const grouped = await groupInputs(found.paths, query, reading);
  if (grouped.result.size === 0) noteEmptyWindow(query.selection, zoneOf(args), found);
  return { ...grouped, inputs: found.paths.length };
}

/** Writes to the output of a call; a file appears when it is complete. */
export function writeOutput(args: ParsedArguments, write: (output: Output) => void): void {
  const output = Output.open(args.value("output"));
  write(output);
  output.close();
}
