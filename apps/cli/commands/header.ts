import { FlowSet } from "@flowtools/flowset/select";
import type { CommandBody } from "../command.ts";
import { eachInput } from "../each_input.ts";
import { lookFromFlags, TABLE_ZONE_FLAG, UNITS_FLAG, zoneOf } from "../modern_flags.ts";
import { Output } from "../output.ts";
import { DATA_FORMATS } from "../render/data_set.ts";
import { headerText } from "../render/header_text.ts";
import { HEADER_NAMES, headerObject, headerView } from "../render/header_view.ts";
import { rowChoiceOf, rowFlags, rowFormatOf } from "../row_choice.ts";
import { OUTPUT_FLAG, SILENT_DEBUG_FLAG, TMP_FLAG } from "../shared_flags.ts";

/** Shows the headers of flow-tools files. */
export const headerCommand: CommandBody = {
  operands: "[FILE…]",
  flags: [
    {
      name: "format",
      group: "output",
      value: "NAME",
      choices: ["classic", ...DATA_FORMATS],
      doc: "How to print (default: classic, as flow-header, or table where that cannot do it)",
    },
    ...rowFlags(HEADER_NAMES),
    TABLE_ZONE_FLAG,
    UNITS_FLAG,
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
    ["flowtools header --fields file,lost --sort -lost --limit 5 flows/", "Where most was lost"],
  ],
  run: async (args) => {
    const format = rowFormatOf(args);
    const choice = rowChoiceOf(args, HEADER_NAMES);
    const [zone, look] = [zoneOf(args), lookFromFlags(args)];
    const output = Output.open(args.value("output"));
    const view = format && headerView(output, { format, choice, zone, look });
    const code = await eachInput(args, async (path) => {
      if (view?.full) return;
      await using set = await FlowSet.open(path);
      if (view !== undefined) view.add(headerObject(path, set.header));
      else output.text(headerText(set.header, args.value("comment-char")?.[0]));
    });
    view?.end();
    output.close();
    return code;
  },
};
