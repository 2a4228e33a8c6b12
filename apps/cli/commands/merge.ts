import type { CommandBody } from "../command.ts";
import { FileMerge } from "../file_merge.ts";
import { listFlowFiles } from "../flow_files.ts";
import { RunProfile } from "../run_profile.ts";
import {
  BYTE_ORDER_FLAG,
  byteOrderOf,
  COMMENT_FLAG,
  COMPRESS_FLAG,
  DEBUG_FLAG,
  GLOBAL_SORT_FLAG,
  NO_MMAP_FLAG,
  NO_PROGRESS_FLAG,
  OUTPUT_FLAG,
  TMP_FLAG,
} from "../shared_flags.ts";
import { NO_CAPTURE_START, StreamOutput } from "../stream_output.ts";
import { strictCompat } from "../strict_compat.ts";
import { WhereSelection, withWhere } from "../where_selection.ts";

/** Merges flow-tools files by time. */
export const mergeCommand: CommandBody = {
  operands: "[FILE…]",
  flags: withWhere([
    TMP_FLAG,
    GLOBAL_SORT_FLAG,
    BYTE_ORDER_FLAG,
    COMMENT_FLAG,
    COMPRESS_FLAG,
    OUTPUT_FLAG,
    NO_PROGRESS_FLAG,
    NO_MMAP_FLAG,
    DEBUG_FLAG,
  ]),
  examples: [
    ["flowtools merge flows/2023 file.ft | flowtools print", "Two sources in one order of time"],
    ["flowtools merge -z 6 -o all.ft flows", "One compressed file of all below a directory"],
  ],
  run: async (args) => {
    const profile = new RunProfile("merge");
    const selection = await WhereSelection.fromArgs(args);
    const byteOrder = byteOrderOf(args);
    const output = StreamOutput.fromFlags(args);
    using merge = new FileMerge(byteOrder, { oneVersion: strictCompat(args), selection, args });
    try {
      const { files, faults } = await listFlowFiles(args);
      const blocks = await merge.open(files.map((file) => file.path));
      if (merge.layout !== undefined) {
        output.begin(merge.layout, {
          comments: args.value("comment"),
          ...(output.rewritable
            ? { captureStart: NO_CAPTURE_START, captureEnd: 0, flowCount: 0 }
            : {}),
        });
      }
      for await (const block of blocks) await output.write(block);
      const { captureStart, captureEnd } = merge;
      await output.close({ captureStart, captureEnd });
      profile.report(args.number("debug"), output.flowCount);
      return selection.exitCode(faults + merge.faults > 0 ? 1 : 0);
    } catch (error) {
      output.abort();
      throw error;
    }
  },
};
