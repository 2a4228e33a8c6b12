import { FlowTransform } from "@flowtools/flowset/transform";
import type { CommandBody } from "../command.ts";
import { readConfigFile, VARIABLE_FLAG, variablesOf } from "@flowtools/common/config_file";
import { STREAM_FLAGS } from "../filter_streams.ts";
import type { ParsedArguments } from "@flowtools/common/flags";
import { SYMBOLS_FLAG } from "@flowtools/common/load_symbols";
import { loadXlateConfig } from "@flowtools/common/load_xlate";
import { EXPORT_VERSIONS, parseVersion } from "@flowtools/common/parse_version";
import { OUTPUT_FLAG } from "../shared_flags.ts";
import { withWhere } from "../where_selection.ts";
import { transformStreams } from "../transform_streams.ts";

/** Rewrites fields of flows, and their version. */
export const xlateCommand: CommandBody = {
  operands: "[FILE…]",
  flags: withWhere([
    {
      name: "xlate-file",
      letter: "x",
      value: "FILE",
      doc: "Configuration (default: cfg/xlate.cfg in FLOWTOOLS_CONFIG_DIR or /etc/flow-tools)",
    },
    {
      name: "definition",
      letter: "X",
      value: "NAME",
      doc: "The definition to translate by (default: default)",
    },
    {
      name: "export-version",
      letter: "V",
      value: "VERSION",
      words: EXPORT_VERSIONS,
      doc: "Export version of the output: 1, 5, 6, 7, 8.1 to 8.14 or 1005 (default: the input's)",
    },
    { name: "no-config", letter: "n", doc: "Read no configuration: convert the version only" },
    VARIABLE_FLAG,
    SYMBOLS_FLAG,
    ...STREAM_FLAGS,
    OUTPUT_FLAG,
  ]),
  examples: [
    [
      "flowtools xlate -x x.cfg -X anon <day.ft >anonymous.ft",
      "Flows as the definition anon has them",
    ],
    ["flowtools xlate -n -V 7 day.ft | flowtools print -f7", "Flows of version 5 as version 7"],
  ],
  run: async (args) => {
    const version = args.value("export-version");
    return await transformStreams(args, {
      name: "xlate",
      transform: args.on("no-config") ? new FlowTransform([], []) : await loadTransform(args),
      version: version === undefined ? undefined : parseVersion(version),
      missing: "Xlate references a field not in flow.",
    });
  },
};

async function loadTransform(args: ParsedArguments): Promise<FlowTransform> {
  const file = await readConfigFile(args.value("xlate-file"), "xlate");
  const config = await loadXlateConfig(file, {
    variables: variablesOf(args),
    warn: (message) => console.error(`flowtools: ${message}`),
  }, args.value("symbols"));
  return config.transform(args.value("definition") ?? "default");
}
