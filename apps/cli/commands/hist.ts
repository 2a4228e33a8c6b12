import { type ParsedArguments, UsageError } from "@flowtools/common/flags";
import { type MeasureName, MEASURES, type ScaleName } from "@flowtools/flowset/groups";
import type { CommandBody } from "../command.ts";
import { GROUP_FLAGS, groupQuery, runGroupQuery, writeOutput } from "../group_command.ts";
import type { GroupQuery } from "../group_query.ts";
import {
  AT_FLAG,
  DATA_FORMAT_FLAG,
  dataFormatOf,
  LOOK_FLAGS,
  lookFromFlags,
} from "../modern_flags.ts";
import { writeDataSet } from "../render/data_set.ts";
import { withWhere } from "../where_selection.ts";
import { HIST_COUNTERS, HIST_NAMES, type HistAnswer, histDataSet } from "../render/hist_view.ts";
import { rowChoiceOf, rowFlags } from "../row_choice.ts";

const SCALES: readonly ScaleName[] = ["log2", "log10", "linear"];

/** The flags that say what a distribution is of. */
export const HIST_FLAGS = [
  {
    name: "of",
    value: "MEASURE",
    choices: MEASURES,
    meanings: [
      ["octets", "of a flow"],
      ["packets", "of a flow"],
      ["duration", "of a flow, in milliseconds"],
      ["bpp", "octets a packet"],
      ["bps", "bits a second of a flow, 0 where it has no duration"],
      ["pps", "packets a second of a flow"],
    ],
    doc: "What of a flow is measured (default: octets)",
  },
  {
    name: "scale",
    value: "NAME",
    choices: SCALES,
    meanings: [
      ["log2", "0, 1, 2, 4, 8, …"],
      ["log10", "0, 1, 2, 5, 10, 20, …"],
      ["linear", "classes of --width"],
    ],
    doc: "Where classes begin (default: log2, with --width linear)",
  },
  { name: "width", value: "N", range: [1, 1e12], doc: "Width of the classes of a linear scale" },
  {
    name: "order",
    value: "COUNTER",
    choices: HIST_COUNTERS,
    doc: "What bars and percents show (default: flows)",
  },
] as const;

/** Classes have no times. */
const HIST_GROUP_FLAGS = GROUP_FLAGS.filter(({ name }) => name !== AT_FLAG.name);

/** How flows are distributed by something measured. */
export const histCommand: CommandBody = {
  operands: "[FILE…]",
  flags: withWhere([
    ...HIST_FLAGS,
    ...HIST_GROUP_FLAGS,
    DATA_FORMAT_FLAG,
    ...rowFlags(HIST_NAMES),
    ...LOOK_FLAGS,
  ]),
  examples: [
    ["flowtools hist flows/", "How many flows have how many octets"],
    [
      'flowtools hist --of duration --scale log10 --where "octets > 1k" flows/',
      "How long flows last",
    ],
    [
      "flowtools hist --of bpp --width 100 --order octets --format csv <file.ft",
      "Octets by the size of packets, in steps of 100",
    ],
  ],
  run: async (args) => {
    const choice = rowChoiceOf(args, HIST_NAMES);
    const answer = await histAnswer(args);
    const look = lookFromFlags(args);
    const data = histDataSet(answer, look);
    writeOutput(args, (output) => writeDataSet(output, data, dataFormatOf(args), look, { choice }));
    return answer.faults > 0 || answer.result.size === 0 ? 1 : 0;
  },
};

/** What the inputs of a call answer. */
export async function histAnswer(args: ParsedArguments): Promise<HistAnswer> {
  const query = histQuery(args);
  const { result, inputs, faults } = await runGroupQuery(args, query);
  const order = HIST_COUNTERS.find((name) => name === args.value("order")) ?? "flows";
  return { query, result, order, inputs, faults };
}

function histQuery(args: ParsedArguments): GroupQuery {
  const of = MEASURES.find((name) => name === args.value("of")) ?? "octets" satisfies MeasureName;
  const width = args.number("width");
  const usual = width === undefined ? "log2" : "linear";
  const scale = SCALES.find((name) => name === args.value("scale")) ?? usual;
  if ((scale === "linear") !== (width !== undefined)) {
    throw new UsageError(
      scale === "linear"
        ? "--scale linear needs a --width"
        : `--width goes with --scale linear, not with ${scale}`,
    );
  }
  return groupQuery(args, { by: "", measure: { of, scale, width } });
}
