import {
  fieldOffset,
  FlowSplitter,
  RecordShaper,
  type SplitOptions,
  type SplitPart,
} from "@flowtools/flowset/select";
import type { CommandBody } from "../command.ts";
import { eachInput } from "../each_input.ts";
import { RecordInputs } from "../record_inputs.ts";
import { type ParsedArguments, UsageError } from "@flowtools/common/flags";
import { loadSymbols, SYMBOLS_FLAG } from "@flowtools/common/load_symbols";
import { RunProfile } from "../run_profile.ts";
import {
  BYTE_ORDER_FLAG,
  byteOrderOf,
  COMMENT_FLAG,
  COMPRESS_FLAG,
  DEBUG_FLAG,
  NO_PROGRESS_FLAG,
  TMP_FLAG,
} from "../shared_flags.ts";
import { SplitFiles } from "../split_files.ts";
import { WhereSelection, withWhere } from "../where_selection.ts";

/** What zlib takes as a compromise; parts are compressed unless told otherwise. */
const LEVEL_DEFAULT = 6;

const U32_MAX = 2 ** 32 - 1;

/** Splits flows into files. */
export const splitCommand: CommandBody = {
  operands: "[FILE…]",
  flags: withWhere([
    {
      name: "flows",
      letter: "N",
      value: "N",
      range: [0, U32_MAX],
      doc: "Begin a new file after N flows",
    },
    {
      name: "seconds",
      letter: "T",
      value: "N",
      range: [0, U32_MAX],
      doc: "Begin a new file after N seconds",
    },
    { name: "source-tag", letter: "g", doc: "Begin a file for each source tag" },
    { name: "destination-tag", letter: "G", doc: "Begin a file for each destination tag" },
    { name: "names", letter: "n", doc: "Name files by the names of tags" },
    SYMBOLS_FLAG,
    {
      name: "output",
      letter: "o",
      value: "BASE",
      doc: "Files are named BASE.N or BASE.TAG.N (default: split)",
    },
    TMP_FLAG,
    NO_PROGRESS_FLAG,
    BYTE_ORDER_FLAG,
    COMMENT_FLAG,
    { ...COMPRESS_FLAG, doc: `Level of zlib compression, 0 for none (default: ${LEVEL_DEFAULT})` },
    DEBUG_FLAG,
  ]),
  examples: [
    ["flowtools split -N 20 -o part file.ft", "Files of twenty flows: part.0, part.1, …"],
    ["flowtools split -T 3600 -z 0 -o hour file.ft", "A plain file for each hour"],
    ["flowtools gen -n 9 -V 1005 | flowtools split -g -o customer", "A file for each source tag"],
  ],
  run: async (args) => {
    const profile = new RunProfile("split");
    const selection = await WhereSelection.fromArgs(args);
    const options = splitOptions(args);
    const nameOf = await partNames(args, options);
    let run: SplitRun | undefined;
    let flows = 0;
    try {
      using inputs = new RecordInputs(args);
      const code = await eachInput(args, async (path) => {
        await using input = await inputs.open(path, selection);
        if (options.by !== undefined) fieldOffset(input.layout, options.by);
        run ??= beginRun(args, input.header.exportVersion, input.header.aggregation, nameOf);
        for await (const block of input.blocks()) {
          run.splitter.add(run.shaper.shape(block));
          flows += block.count;
        }
      });
      run?.splitter.finish();
      profile.report(args.number("debug"), flows);
      return selection.exitCode(code);
    } finally {
      run?.files.abort();
    }
  },
};

/** What is made when the first input tells the version. */
interface SplitRun {
  readonly shaper: RecordShaper;
  readonly files: SplitFiles;
  readonly splitter: FlowSplitter;
}

function beginRun(
  args: ParsedArguments,
  version: number,
  aggregation: number | undefined,
  nameOf: (part: SplitPart) => string,
): SplitRun {
  const byteOrder = byteOrderOf(args);
  const shaper = new RecordShaper({ version, aggregation, byteOrder });
  const files = new SplitFiles({
    layout: shaper.layout,
    byteOrder,
    level: args.number("compress") ?? LEVEL_DEFAULT,
    comments: args.value("comment"),
    nameOf,
  });
  return { shaper, files, splitter: new FlowSplitter(splitOptions(args), files) };
}

function splitOptions(args: ParsedArguments): SplitOptions {
  const [source, destination] = [args.on("source-tag"), args.on("destination-tag")];
  if (source && destination) {
    throw new UsageError("-g and -G exclude each other: split by source tag or by destination tag");
  }
  return {
    maxFlows: args.number("flows"),
    maxSeconds: args.number("seconds"),
    by: source ? "src_tag" : destination ? "dst_tag" : undefined,
  };
}

async function partNames(
  args: ParsedArguments,
  options: SplitOptions,
): Promise<(part: SplitPart) => string> {
  const base = args.value("output") ?? "split";
  if (options.by === undefined) return ({ index }) => `${base}.${index}`;
  const names = args.on("names") ? await loadSymbols("tag", args.value("symbols")) : undefined;
  return ({ tag = 0, index }) => `${base}.${names?.name(tag) ?? tag}.${index}`;
}
