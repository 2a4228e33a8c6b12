import type { CommandBody } from "../command.ts";
import { readConfigFile, VARIABLE_FLAG, variablesOf } from "@flowtools/common/config_file";
import { filterStreams, STREAM_FLAGS } from "../filter_streams.ts";
import { loadFilterConfig } from "@flowtools/common/load_filter";
import { SYMBOLS_FLAG } from "@flowtools/common/load_symbols";
import { OUTPUT_FLAG } from "../shared_flags.ts";
import { withWhere } from "../where_selection.ts";

/** Filters flows by a configuration. */
export const nfilterCommand: CommandBody = {
  operands: "[FILE…]",
  flags: withWhere([
    {
      name: "filter-file",
      letter: "f",
      value: "FILE",
      doc: "Filter configuration (default: cfg/filter.cfg in FLOWTOOLS_CONFIG_DIR or " +
        "/etc/flow-tools)",
    },
    {
      name: "definition",
      letter: "F",
      value: "NAME",
      doc: "The definition to filter by (default: default)",
    },
    VARIABLE_FLAG,
    {
      name: "seed",
      value: "N",
      range: [0, 2 ** 32 - 1],
      doc: "Seed of random-sample, for samples that can be repeated",
    },
    SYMBOLS_FLAG,
    ...STREAM_FLAGS,
    OUTPUT_FLAG,
  ]),
  examples: [
    [
      "flowtools nfilter -f nf.cfg -F web-out day.ft | flowtools print",
      "The flows that web-out permits",
    ],
    [
      "flowtools nfilter -f nf.cfg -F host -v ADDR=10.0.0.1 <day.ft >host.ft",
      "One host, by a variable",
    ],
  ],
  run: async (args) => {
    const file = await readConfigFile(args.value("filter-file"), "filter");
    const config = await loadFilterConfig(file, {
      variables: variablesOf(args),
      seed: args.number("seed"),
      warn: (message) => console.error(`flowtools: ${message}`),
    }, args.value("symbols"));
    return await filterStreams(args, {
      name: "nfilter",
      filter: config.filter(args.value("definition") ?? "default"),
      missing: "Filter references a field not in flow.",
    });
  },
};
