import { FLOW_ATTRIBUTE_NAMES } from "@flowtools/flow-model";
import { type ElementRegistry, SAMPLING_COLUMN } from "@flowtools/netflow-pdu";
import { FlowSet } from "@flowtools/flowset";
import { knownElements } from "@flowtools/common/decode_registry";
import type { Command } from "../command.ts";
import { type ParsedArguments, UsageError } from "@flowtools/common/flags";
import { eachInput } from "../each_input.ts";
import { SYMBOLS_FLAG } from "@flowtools/common/load_symbols";
import { Output } from "../output.ts";
import { PacketWarnings } from "../packet_warnings.ts";
import { PRINT_FORMATS } from "../render/classic_print_formats.ts";
import { CsvRenderer } from "../render/csv.ts";
import { JsonRenderer, NdjsonRenderer } from "../render/json.ts";
import { ADDED_NAMES, LabelledFlows } from "../render/labelled_flow.ts";
import type { Renderer } from "../render/renderer.ts";
import { TableRenderer } from "../render/table.ts";
import { DEBUG_FLAG, FIELDS_FLAG, OUTPUT_FLAG, SCALED_FLAG, TMP_FLAG } from "../shared_flags.ts";
import { printClassic } from "./print_classic.ts";

/** Makes a renderer: the attributes to show, and those to be added where none were asked for. */
type MakeRenderer = (fields: readonly string[] | undefined, added: readonly string[]) => Renderer;

/** The renderers by the name of their format. */
const RENDERERS: Readonly<Record<string, MakeRenderer>> = {
  table: (fields, added) => new TableRenderer(fields, added),
  ndjson: (fields) => new NdjsonRenderer(fields),
  json: (fields) => new JsonRenderer(fields),
  csv: (fields, added) => new CsvRenderer(fields, added),
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
    {
      name: "names",
      letter: "n",
      doc: "Names of protocols, ports, AS, tags (classic formats); of interfaces, VRFs, " +
        "applications, samplers, where packets tell them (table, ndjson, json, csv)",
    },
    SCALED_FLAG,
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
      "flowtools print --format ndjson export.pcap",
      "Flows of a capture of NetFlow, IPFIX or sFlow, as rich as they are",
    ],
    [
      "flowtools print --format table --names --scaled export.pcap",
      "The same with names of interfaces and estimates of what was sampled",
    ],
    [
      "flowtools print --format csv --fields srcaddr,dstaddr,dOctets <file.ft",
      "Three columns as CSV",
    ],
  ],
  run: async (args) => {
    const fields = args.value("fields")?.split(",");
    const elements = knownElements(args);
    const unknown = fields?.find((name) => !isFieldName(name, elements));
    if (unknown !== undefined) {
      throw new UsageError(
        `no field is named "${unknown}", expected one of ${FLOW_ATTRIBUTE_NAMES.join(", ")}, ` +
          "or the name of an IPFIX element",
      );
    }
    const format = args.value("format") ?? (fields === undefined ? "classic" : "table");
    const create = RENDERERS[format];
    if (create !== undefined) return await printModern(args, create, fields);
    if (args.on(SCALED_FLAG.name)) {
      throw new UsageError(
        `--scaled does not go with --format ${format}, expected one of ` +
          Object.keys(RENDERERS).join(", "),
      );
    }
    if (fields === undefined) return await printClassic(args);
    throw new UsageError(
      `--fields does not go with --format ${format}, expected one of ` +
        Object.keys(RENDERERS).join(", "),
    );
  },
};

/** An attribute of flows, or what packets with templates tell beyond those. */
function isFieldName(name: string, elements: ElementRegistry): boolean {
  return (FLOW_ATTRIBUTE_NAMES as readonly string[]).includes(name) || name === SAMPLING_COLUMN ||
    ADDED_NAMES.includes(name) ||
    /^\d+\.\d+$/.test(name) || elements.findName(name)?.name === name;
}

async function printModern(
  args: ParsedArguments,
  create: MakeRenderer,
  fields: readonly string[] | undefined,
): Promise<number> {
  const output = Output.open(args.value("output"));
  const packets = new PacketWarnings(args);
  const { scaling, sessions } = packets;
  const labelled = new LabelledFlows({
    scaled: scaling !== undefined,
    ...(args.on("names") ? { sessions } : {}),
  });
  const renderer = create(fields, labelled.names);
  const code = await eachInput(args, async (path) => {
    await using set = await FlowSet.open(path, packets.optionsOf(path));
    for await (const batch of set.batches({ octets: true, scaling })) {
      let schema;
      for (const flow of batch) {
        if (flow.schema !== schema) {
          schema = flow.schema;
          output.text(renderer.begin(schema));
        }
        output.text(renderer.flow(labelled.of(flow)));
      }
      // What is read from a live stream is shown at once.
      if (path === "-") output.flush();
    }
  });
  output.text(renderer.end());
  output.close();
  return packets.finish() || code;
}
