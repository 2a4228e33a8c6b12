import { parseTagConfig } from "@flowtools/flowset/transform";
import type { CommandBody } from "../command.ts";
import { readConfigFile, VARIABLE_FLAG, variablesOf } from "@flowtools/common/config_file";
import { STREAM_FLAGS } from "../filter_streams.ts";
import { UsageError } from "@flowtools/common/flags";
import { OUTPUT_FLAG } from "../shared_flags.ts";
import { withWhere } from "../where_selection.ts";
import { transformStreams } from "../transform_streams.ts";

/** Tags flows. */
export const tagCommand: CommandBody = {
  operands: "[FILE…]",
  flags: withWhere([
    {
      name: "tag-file",
      letter: "t",
      value: "FILE",
      doc: "Tag configuration (default: cfg/tag.cfg in FLOWTOOLS_CONFIG_DIR or /etc/flow-tools)",
    },
    {
      name: "definition",
      letter: "T",
      value: "NAME",
      doc: "The definition to tag by; there is no default",
    },
    VARIABLE_FLAG,
    ...STREAM_FLAGS,
    OUTPUT_FLAG,
  ]),
  examples: [
    [
      "flowtools tag -t tag.cfg -T customers <day.ft | flowtools print -f9",
      "Flows with the tags of the definition customers",
    ],
    [
      "flowtools tag -t tag.cfg -T customers -v SITE=0x200 -z 6 -o tagged.ft day.ft",
      "A file of version 1005, with a variable for the configuration",
    ],
  ],
  run: async (args) => {
    const { path, text } = await readConfigFile(args.value("tag-file"), "tag");
    const config = parseTagConfig(text, { file: path, variables: variablesOf(args) });
    const definition = args.value("definition");
    if (definition === undefined) {
      throw new UsageError(`-T is missing, expected one of ${config.names.join(", ")}`);
    }
    return await transformStreams(args, {
      name: "tag",
      transform: config.transform(definition),
      version: { version: 1005 },
      missing: "Flow record missing required field for tagging.",
    });
  },
};
