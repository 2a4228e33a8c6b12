import type { ParsedArguments } from "@flowtools/common/flags";
import { parseSpanSeconds } from "@flowtools/flowset/groups";
import type { CommandBody } from "../command.ts";
import {
  GROUP_FLAGS,
  groupQuery,
  NAME_FLAGS,
  runGroupQuery,
  writeOutput,
} from "../group_command.ts";
import { type GroupQuery, queryKeys } from "../group_query.ts";
import {
  asUsage,
  BY_FLAG,
  DATA_FORMAT_FLAG,
  dataFormatOf,
  LOOK_FLAGS,
  lookFromFlags,
  zoneOf,
} from "../modern_flags.ts";
import { writeDataSet } from "../render/data_set.ts";
import { type SeriesAnswer, seriesDataSet, seriesNames } from "../render/series_view.ts";
import { ROW_LIMIT_FLAG, rowChoiceOf, rowFlags } from "../row_choice.ts";
import { countedBy, makeSeries, SERIES_COUNTERS, type SeriesCounter } from "../series.ts";
import { ValueNames } from "../value_names.ts";
import { withWhere } from "../where_selection.ts";

const LINES_DEFAULT = 5;
/** Lines that a chart has at most: more are not to be told apart, and cost memory for each span. */
const LINES_MAX = 1000;

/** The flags that say what a series is of. */
export const SERIES_FLAGS = [
  {
    name: "every",
    value: "SPAN",
    words: ["1m", "5m", "1h", "1d"],
    doc: "Length of a span: 30s, 5m, 1h, 1d (default: 5m)",
  },
  { ...BY_FLAG, doc: `${BY_FLAG.doc} (default: nothing, one line of all flows)` },
  {
    name: "limit",
    letter: "n",
    value: "N",
    range: [0, LINES_MAX],
    doc:
      `With --by: lines of how many groups, beside one of all others (default: ${LINES_DEFAULT}); ` +
      "without: rows at most, 0 for all (default: 0)",
  },
  { name: "top", value: "N", range: [0, LINES_MAX], doc: "As --limit, with --by" },
  {
    name: "order",
    value: "COUNTER",
    choices: SERIES_COUNTERS,
    doc: "What lines show, and which groups lead by (default: octets)",
  },
] as const;

/** Flows over time. */
export const seriesCommand: CommandBody = {
  operands: "[FILE…]",
  flags: withWhere([
    ...SERIES_FLAGS,
    ...GROUP_FLAGS,
    DATA_FORMAT_FLAG,
    ...rowFlags().filter(({ name }) => name !== ROW_LIMIT_FLAG.name),
    ...NAME_FLAGS,
    ...LOOK_FLAGS,
  ]),
  examples: [
    ["flowtools series --every 1h --since 2023-11-14 flows/", "Octets of each hour since a day"],
    [
      "flowtools series --every 5m --by prot --limit 5 --order bps flows/",
      "A sparkline for each of the first five protocols, and the others",
    ],
    ["flowtools series --sort -octets -n 3 flows/", "The busiest five minutes"],
    [
      "flowtools series --every 1d --by src_as --format csv flows/2023 >as.csv",
      "Days of the first source AS, for a spreadsheet",
    ],
  ],
  run: async (args) => {
    const query = seriesQuery(args);
    const format = dataFormatOf(args);
    const [, ...keys] = queryKeys(query).map(({ label }) => label);
    const { fields, sort, limit } = rowChoiceOf(args, seriesNames(keys));
    // Of groups the limit is one of lines.
    const choice = { fields, sort, limit: keys.length > 0 ? Infinity : limit || Infinity };
    const answer = await seriesAnswer(args, query);
    const look = lookFromFlags(args);
    // Columns that are chosen are those of spans.
    const byLine = format === "table" && fields === undefined && sort === undefined;
    const data = await seriesDataSet(answer, look, byLine);
    writeOutput(args, (output) => writeDataSet(output, data, format, look, { choice }));
    return answer.faults > 0 || answer.series.times.length === 0 ? 1 : 0;
  },
};

/** The query that the flags of a call ask for. */
export function seriesQuery(args: ParsedArguments): GroupQuery {
  const every = asUsage("every", () => parseSpanSeconds(args.value("every") ?? "5m"));
  return groupQuery(args, { by: args.value("by") ?? "", every });
}

/** What the inputs of a call answer. */
export async function seriesAnswer(
  args: ParsedArguments,
  query: GroupQuery,
): Promise<SeriesAnswer> {
  const { result, inputs, faults, labels } = await runGroupQuery(args, query);
  const zone = zoneOf(args);
  const order = SERIES_COUNTERS.find((name) => name === args.value("order")) ?? "octets";
  const series = makeSeries(
    result,
    zone,
    countedBy(order),
    args.number("limit") ?? args.number("top") ?? LINES_DEFAULT,
  );
  const names = await ValueNames.load(args, series.groups.keys.map(({ spec }) => spec), labels);
  return { query, series, order: order satisfies SeriesCounter, names, zone, inputs, faults };
}
