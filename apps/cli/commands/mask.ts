import { parseMaskConfig } from "@flowtools/flowset/transform";
import type { CommandBody } from "../command.ts";
import { readConfigFile } from "@flowtools/common/config_file";
import { STREAM_FLAGS } from "../filter_streams.ts";
import { OUTPUT_FLAG } from "../shared_flags.ts";
import { withWhere } from "../where_selection.ts";
import { transformStreams } from "../transform_streams.ts";

/** Sets the mask lengths of flows by their addresses. */
export const maskCommand: CommandBody = {
  operands: "[FILE…]",
  flags: withWhere([
    {
      name: "mask-file",
      letter: "m",
      value: "FILE",
      doc: "Mask configuration (default: cfg/mask.cfg in FLOWTOOLS_CONFIG_DIR or /etc/flow-tools)",
    },
    {
      name: "definition",
      letter: "M",
      value: "NAME",
      doc: "The definition to mask by (default: default)",
    },
    ...STREAM_FLAGS,
    OUTPUT_FLAG,
  ]),
  examples: [
    [
      "flowtools mask -m mask.cfg -M customers <day.ft | flowtools print -f4",
      "Flows with the masks of the definition customers",
    ],
  ],
  run: async (args) => {
    const { path, text } = await readConfigFile(args.value("mask-file"), "mask");
    const config = parseMaskConfig(text, { file: path });
    return await transformStreams(args, {
      name: "mask",
      transform: config.transform(args.value("definition") ?? "default"),
      missing: "Flow record missing required field for masking.",
    });
  },
};
