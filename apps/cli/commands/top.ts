import { type Flag, type ParsedArguments, UsageError } from "@flowtools/common/flags";
import { findGroupCounter, type GroupCounter } from "@flowtools/flowset/groups";
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
  BY_FLAG,
  COUNTER_NAMES,
  DATA_FORMAT_FLAG,
  dataFormatOf,
  LOOK_FLAGS,
  lookFromFlags,
  wordsOf,
  zoneOf,
} from "../modern_flags.ts";
import { writeDataSet } from "../render/data_set.ts";
import { topDataSet, type TopView } from "../render/top_view.ts";
import { rowOrderOf } from "../row_choice.ts";
import { FIELDS_FLAG } from "../shared_flags.ts";
import { ValueNames } from "../value_names.ts";
import { withWhere } from "../where_selection.ts";

const ROWS_DEFAULT = 20;

/** What is shown of a share. */
const PERCENT = "percent";

/** The flags that say which groups lead. */
export const TOP_FLAGS: readonly Flag[] = [
  { ...BY_FLAG, doc: `${BY_FLAG.doc} (default: srcaddr); srcaddr/24 groups by network` },
  {
    name: "order",
    value: "COUNTER",
    choices: COUNTER_NAMES,
    doc: "The counter that decides who leads (default: octets)",
  },
  {
    name: "limit",
    letter: "n",
    value: "N",
    range: [0, 1e9],
    doc: `How many, 0 for all (default: ${ROWS_DEFAULT})`,
  },
  { name: "least", doc: "Those with the least first" },
  {
    name: "bidir",
    letter: "B",
    doc: "Both directions of a conversation are one: --by srcaddr,dstaddr is then a pair of hosts",
  },
];

/** The leading groups of flows. */
export const topCommand: CommandBody = {
  operands: "[FILE…]",
  flags: withWhere([
    ...TOP_FLAGS,
    {
      name: "sort",
      value: "COLUMN",
      doc: "Order of the rows shown, -COLUMN for greatest first (default: as they lead)",
    },
    {
      ...FIELDS_FLAG,
      group: "output",
      doc: "Columns to show, comma separated: keys, counters, percent",
    },
    ...GROUP_FLAGS,
    DATA_FORMAT_FLAG,
    ...NAME_FLAGS,
    ...LOOK_FLAGS,
  ]),
  examples: [
    ["flowtools top flows/", "The sources with the most octets"],
    [
      "flowtools top --by srcaddr,dstport --order packets -n 10 --since 2023-11-14T22:00 flows/",
      "Who sends most packets to which port, since some hour; -1h is the last one",
    ],
    ["flowtools top --by srcaddr/24 --order flows --format json <file.ft", "Networks, as JSON"],
    ["flowtools top --by addr,app --names flows/", "Hosts at either end, by application"],
    ["flowtools top --by srcaddr,dstaddr --bidir flows/", "Conversations"],
  ],
  run: async (args) => {
    const query = topQuery(args);
    const view = viewOf(args, query);
    const { result, inputs, faults, labels } = await runGroupQuery(args, query);
    const names = await ValueNames.load(args, result.keys.map(({ spec }) => spec), labels);
    const look = lookFromFlags(args);
    const answer = { query, result, names, zone: zoneOf(args), inputs, faults };
    const data = await topDataSet(answer, view, look);
    writeOutput(args, (output) => writeDataSet(output, data, dataFormatOf(args), look));
    return faults > 0 || result.size === 0 ? 1 : 0;
  },
};

/** The query that the flags of a call ask for. */
export function topQuery(args: ParsedArguments): GroupQuery {
  if (args.value("by")?.trim() === "") {
    throw new UsageError('--by is "", expected keys such as srcaddr,dstport');
  }
  const shown = args.value("fields")?.split(",") ?? [];
  const counters = [args.value("order") ?? "octets", ...shown, args.value("sort") ?? ""];
  return groupQuery(args, {
    by: args.value("by") ?? "srcaddr",
    bidirectional: args.on("bidir"),
    timed: counters.some((name) => findGroupCounter(name.replace(/^-/, ""))?.timed),
  });
}

/** What is to be seen of the answer. */
export function viewOf(args: ParsedArguments, query: GroupQuery): TopView {
  const order = findGroupCounter(args.value("order") ?? "octets")!;
  const limit = args.number("limit") ?? ROWS_DEFAULT;
  const labels = queryKeys(query).map(({ label }) => label);
  const known = [...labels, ...COUNTER_NAMES, PERCENT];
  const columns = wordsOf(args, "fields", known) ?? [...labels, ...usualCounters(order)];
  const sort = rowOrderOf(args, known);
  if (sort !== undefined && !columns.includes(sort.name)) {
    throw new UsageError(
      `--sort is "${args.value("sort")}", expected one of ${columns.join(", ")}`,
    );
  }
  return {
    columns,
    chosen: args.value("fields") !== undefined,
    order,
    least: args.on("least"),
    limit: limit === 0 ? Infinity : limit,
    sort,
  };
}

function usualCounters(order: GroupCounter): string[] {
  const counters = ["flows", "packets", "octets"];
  if (!counters.includes(order.name)) counters.push(order.name);
  return order.additive ? [...counters, PERCENT] : counters;
}
