import { formatIPv4 } from "@flowtools/flow-model";
import { FT_FLAGS, type FtHeader } from "@flowtools/ft-format";
import { FlowSet } from "@flowtools/flowset";
import type { Command } from "../command.ts";
import { eachInput } from "../each_input.ts";
import { Output } from "../output.ts";
import { headerText } from "../render/header_text.ts";
import { OUTPUT_FLAG, SILENT_DEBUG_FLAG, TMP_FLAG } from "../shared_flags.ts";

/** Shows the headers of flow-tools files. */
export const headerCommand: Command = {
  name: "header",
  summary: "Show the header of flow-tools files",
  operands: "[FILE…]",
  flags: [
    {
      name: "format",
      value: "NAME",
      choices: ["classic", "ndjson"],
      doc: "How to print (default: classic, as flow-header)",
    },
    {
      name: "comment-char",
      letter: "c",
      value: "CHAR",
      doc: "First character of each line (default: #)",
    },
    OUTPUT_FLAG,
    TMP_FLAG,
    SILENT_DEBUG_FLAG,
  ],
  examples: [
    ["flowtools header <ft-v05.2023-11-14.221320+0000", "What flow-header shows"],
    ["flowtools header --format ndjson flows/", "One JSON object for each file of a directory"],
  ],
  run: async (args) => {
    const ndjson = args.value("format") === "ndjson";
    const output = Output.open(args.value("output"));
    const code = await eachInput(args, async (path) => {
      await using set = await FlowSet.open(path);
      output.text(
        ndjson
          ? JSON.stringify(headerObject(path, set.header)) + "\n"
          : headerText(set.header, args.value("comment-char")?.[0]),
      );
    });
    output.close();
    return code;
  },
};

/** The header for programs: addresses as text, flags by name. */
function headerObject(path: string, header: FtHeader): Record<string, unknown> {
  const { tlvs: _tlvs, unknown, exporterAddress, ifNames, ifAliases, ...rest } = header;
  const names = Object.entries(FT_FLAGS).filter(([, bit]) => (header.flags & bit) !== 0);
  const withText = <Entry extends { readonly address: number }>(entry: Entry) => ({
    ...entry,
    address: formatIPv4(entry.address),
  });
  return {
    file: path,
    ...rest,
    flags: names.map(([name]) => name),
    exporterAddress: exporterAddress === undefined ? undefined : formatIPv4(exporterAddress),
    ifNames: ifNames.map(withText),
    ifAliases: ifAliases.map(withText),
    unknown: unknown.map(({ type, value }) => ({ type, hex: value.toHex() })),
  };
}
