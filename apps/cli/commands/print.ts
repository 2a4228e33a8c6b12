import { FLOW_ATTRIBUTE_NAMES } from "@flowtools/flow-model";
import { FlowSet } from "@flowtools/flowset";
import type { Command } from "../command.ts";
import { type ParsedArguments, UsageError } from "@flowtools/common/flags";
import { eachInput } from "../each_input.ts";
import { SYMBOLS_FLAG } from "@flowtools/common/load_symbols";
import { Output } from "../output.ts";
import { PRINT_FORMATS } from "../render/classic_print_formats.ts";
import { CsvRenderer } from "../render/csv.ts";
import { JsonRenderer, NdjsonRenderer } from "../render/json.ts";
import type { Renderer } from "../render/renderer.ts";
import { TableRenderer } from "../render/table.ts";
import { DEBUG_FLAG, FIELDS_FLAG, OUTPUT_FLAG, TMP_FLAG } from "../shared_flags.ts";
import { printClassic } from "./print_classic.ts";

/** The renderers by the name of their format. */
const RENDERERS: Readonly<Record<string, (fields?: readonly string[]) => Renderer>> = {
  table: (fields) => new TableRenderer(fields),
  ndjson: (fields) => new NdjsonRenderer(fields),
  json: (fields) => new JsonRenderer(fields),
  csv: (fields) => new CsvRenderer(fields),
};

/** Prints flows. */
export const printCommand: Command = {
  name: "print",
  summary: "Print flows as text",
  operands: "[FILE…]",
  flags: [
    {
      name: "format",
      letter: "f",
      value: "NAME",
      choices: [...Object.keys(RENDERERS), "classic", ...PRINT_FORMATS.keys().map(String)],
      doc: "How to print; classic is the flow-print format that suits the records, a number is " +
        "that one (default: classic, with --fields table)",
    },
    { name: "names", letter: "n", doc: "Classic formats: names of protocols, ports, AS, tags" },
    { name: "wide", letter: "w", doc: "Classic formats: wider columns" },
    { name: "header", letter: "p", doc: "Classic formats: print the header of the file first" },
    {
      name: "comment-char",
      letter: "c",
      value: "CHAR",
      doc: "First character of the lines of -p (default: #)",
    },
    {
      name: "unbuffered",
      letter: "l",
      doc: "Classic formats: write flows as soon as they are read",
    },
    DEBUG_FLAG,
    SYMBOLS_FLAG,
    FIELDS_FLAG,
    OUTPUT_FLAG,
    TMP_FLAG,
  ],
  examples: [
    ["flowtools print <ft-v05.2023-11-14.221320+0000", "What flow-print shows"],
    ["flowtools print -f5 -n flows/", "One line a flow with its times, every file of a directory"],
    [
      "flowtools print --format ndjson flows/ | jq .srcaddr",
      "Every flow below a directory as JSON",
    ],
    [
      "flowtools print --format csv --fields srcaddr,dstaddr,dOctets <file.ft",
      "Three columns as CSV",
    ],
  ],
  run: async (args) => {
    const fields = args.value("fields")?.split(",");
    const unknown = fields?.find((name) => !(FLOW_ATTRIBUTE_NAMES as string[]).includes(name));
    if (unknown !== undefined) {
      throw new UsageError(
        `no field is named "${unknown}", expected one of ${FLOW_ATTRIBUTE_NAMES.join(", ")}`,
      );
    }
    const format = args.value("format") ?? (fields === undefined ? "classic" : "table");
    const create = RENDERERS[format];
    if (create !== undefined) return await printModern(args, create(fields));
    if (fields === undefined) return await printClassic(args);
    throw new UsageError(
      `--fields does not go with --format ${format}, expected one of ` +
        Object.keys(RENDERERS).join(", "),
    );
  },
};

async function printModern(args: ParsedArguments, renderer: Renderer): Promise<number> {
  const output = Output.open(args.value("output"));
  const code = await eachInput(args, async (path) => {
    await using set = await FlowSet.open(path);
    for await (const batch of set.batches()) {
      let schema;
      for (const flow of batch) {
        if (flow.schema !== schema) {
          schema = flow.schema;
          output.text(renderer.begin(schema));
        }
        output.text(renderer.flow(flow));
      }
      // What is read from a live stream is shown at once.
      if (path === "-") output.flush();
    }
  });
  output.text(renderer.end());
  output.close();
  return code;
}
