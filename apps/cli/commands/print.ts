import type { Flow, FlowBatch } from "@flowtools/flow-model";
import { type CounterScaling, FlowSet } from "@flowtools/flowset/select";
import type { TimeZone } from "@flowtools/flowset/groups";
import type { CommandBody } from "../command.ts";
import { type Flag, type ParsedArguments, UsageError } from "@flowtools/common/flags";
import { eachPath } from "../each_input.ts";
import { FieldNames } from "../field_names.ts";
import { FlowNames } from "../flow_names.ts";
import { FlowPrinter } from "../flow_printer.ts";
import { type FlowSelection, loadSelection } from "../flow_selection.ts";
import { FlowSorter } from "../flow_sorter.ts";
import { groupTableBytes, MEMORY_FLAG } from "../group_memory.ts";
import { inputProgress } from "../input_progress.ts";
import { windowInputs } from "../input_window.ts";
import { lookFromFlags, selectionOf, UNITS_FLAG, WINDOW_FLAGS, zoneOf } from "../modern_flags.ts";
import { parseSortOrder, SORT_NAMES } from "../sort_values.ts";
import { AS_NAMES_FLAG, namesWanted, VALUE_NAMES_FLAG } from "../value_names.ts";
import { SYMBOLS_FLAG } from "@flowtools/common/load_symbols";
import { Output } from "../output.ts";
import { PacketWarnings } from "../packet_warnings.ts";
import { PRINT_FORMATS } from "../render/classic_print_formats.ts";
import { CsvRenderer } from "../render/csv.ts";
import { JsonRenderer } from "../render/json.ts";
import { LabelledFlows } from "../render/labelled_flow.ts";
import type { Look } from "../render/look.ts";
import type { Renderer } from "../render/renderer.ts";
import { TableRenderer } from "../render/table.ts";
import { ROW_LIMIT_FLAG } from "../row_choice.ts";
import {
  DEBUG_FLAG,
  FIELDS_FLAG,
  NO_PROGRESS_FLAG,
  OUTPUT_FLAG,
  SCALED_FLAG,
  TMP_FLAG,
} from "../shared_flags.ts";
import { printClassic } from "./print_classic.ts";
import { WhereSelection, withWhere } from "../where_selection.ts";
import { noteEmptyWindow } from "../window_note.ts";

/** Makes what writes flows in a format. */
type CreateRenderer = (
  fields: readonly string[] | undefined,
  added: readonly string[],
  names: FlowNames | undefined,
  zone: TimeZone,
  look: Look,
) => Renderer;

/** The renderers by the name of their format. */
const RENDERERS: Readonly<Record<string, CreateRenderer>> = {
  table: (...options) => new TableRenderer(...options),
  ndjson: (fields, _, names) => new JsonRenderer("ndjson", fields, names),
  json: (fields, _, names) => new JsonRenderer("json", fields, names),
  csv: (fields, added, names) => new CsvRenderer(fields, added, names),
};

/** What the formats are, the classic ones by their numbers. */
const FORMAT_MEANINGS: readonly (readonly [name: string, meaning: string])[] = [
  ["table", "For people"],
  ["ndjson", "An object a line"],
  ["json", "One array of objects"],
  ["csv", "A line of names, then values"],
  ["classic", "The format of flow-print that suits the records"],
  ...PRINT_FORMATS.map(({ title }, number) => [`${number}`, title] as const),
];

/** What only the formats of this program know, not the classic ones. */
const MODERN_FLAGS: readonly Flag[] = [
  {
    name: "sort",
    value: "FIELD",
    words: SORT_NAMES.flatMap((name) => [name, `-${name}`]),
    group: "output",
    doc: "Order of the flows: a field, octets, packets, duration, bps, pps or bpp, least first; " +
      "with a minus sign before it greatest first",
  },
  { ...ROW_LIMIT_FLAG, doc: "Flows to print at most" },
  {
    ...MEMORY_FLAG,
    group: "output",
    doc: "Memory for flows to be sorted at most, with K, M or G behind it (default: 1G)",
  },
  ...WINDOW_FLAGS,
  UNITS_FLAG,
  NO_PROGRESS_FLAG,
];

/** Prints flows. */
export const printCommand: CommandBody = {
  operands: "[FILE…]",
  flags: withWhere([
    {
      name: "format",
      letter: "f",
      value: "NAME",
      group: "output",
      choices: [...Object.keys(RENDERERS), "classic", ...PRINT_FORMATS.keys().map(String)],
      meanings: FORMAT_MEANINGS,
      doc: "How to print (default: classic, or table where classic formats cannot do it)",
    },
    {
      ...VALUE_NAMES_FLAG,
      letter: "n",
      doc:
        "Names of protocols, ports, AS, tags; of interfaces, VRFs, applications, samplers, where " +
        "packets tell them (table, ndjson, json, csv); with dns those of addresses too, asked for " +
        "in reverse DNS (likewise)",
    },
    { name: "wide", letter: "w", group: "classic", doc: "Classic formats: wider columns" },
    {
      name: "header",
      letter: "p",
      group: "classic",
      doc: "Classic formats: print the header of the file first",
    },
    SCALED_FLAG,
    {
      name: "comment-char",
      group: "classic",
      letter: "c",
      value: "CHAR",
      doc: "First character of the lines of -p (default: #)",
    },
    {
      name: "unbuffered",
      group: "classic",
      letter: "l",
      doc: "Classic formats: write flows as soon as they are read",
    },
    DEBUG_FLAG,
    SYMBOLS_FLAG,
    AS_NAMES_FLAG,
    FIELDS_FLAG,
    ...MODERN_FLAGS,
    OUTPUT_FLAG,
    TMP_FLAG,
  ]),
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
    ["flowtools print --limit 20 --names dns flows/", "The first flows, hosts by their names"],
    [
      "flowtools print --format csv --fields srcaddr,dstaddr,dOctets <file.ft",
      "Three columns as CSV",
    ],
  ],
  run: async (args) => {
    const fields = args.value("fields")?.split(",");
    const format = args.value("format") ?? (tableFlag(args) === undefined ? "classic" : "table");
    const create = RENDERERS[format];
    if (create !== undefined) {
      const names = await FlowNames.load(args);
      const [zone, look] = [zoneOf(args), lookFromFlags(args)];
      return await printModern(args, names, (added) => create(fields, added, names, zone, look));
    }
    const modern = tableFlag(args) ?? (args.on(SCALED_FLAG.name) ? SCALED_FLAG.name : undefined);
    if (modern === undefined) return await printClassic(args);
    throw new UsageError(
      `--${modern} does not go with --format ${format}, expected one of ` +
        Object.keys(RENDERERS).join(", "),
    );
  },
};

/** Flags with a value that the classic formats do not go with. */
const TABLE_FLAGS = ["fields", "sort", "limit", "since", "until", "as-names", "units"] as const;

/** What the classic formats cannot do asks for the table, where no format is named. */
function tableFlag(args: ParsedArguments): string | undefined {
  const flag = TABLE_FLAGS.find((name) => args.value(name) !== undefined);
  if (flag !== undefined) return flag;
  if (namesWanted(args).dns) return `${VALUE_NAMES_FLAG.name} dns`;
  // With an expression it may be the zone of times in that.
  return args.value("tz") !== undefined && args.value("where") === undefined ? "tz" : undefined;
}

async function printModern(
  args: ParsedArguments,
  names: FlowNames | undefined,
  create: (added: readonly string[]) => Renderer,
): Promise<number> {
  const selection = await WhereSelection.fromArgs(args);
  const window = selectionOf(args, Date.now());
  const found = await windowInputs(args.operands, window, { includeTmp: args.on("all") });
  const { paths } = found;
  const fields = await FieldNames.load(args, paths);
  // The expression is asked of each input by whoever opens it.
  const inWindow = await loadSelection({ since: window.since, until: window.until });
  using progress = inputProgress(paths, args, args.value("sort") !== undefined);
  const output = Output.open(args.value("output"));
  const packets = new PacketWarnings(args);
  const { scaling, sessions } = packets;
  const labelled = new LabelledFlows({
    scaled: scaling !== undefined,
    ...(names === undefined ? {} : { sessions }),
  });
  const renderer = create(labelled.names);
  const printer = new FlowPrinter({ renderer, labelled, names, fields, output });
  const limit = args.number("limit") ?? Infinity;
  const sort = args.value("sort");
  const { onRead } = progress;
  const open = (path: string) =>
    FlowSet.open(path, { ...packets.optionsOf(path, selection), onRead });
  const code = sort === undefined
    ? await eachPath(paths, async (path) => {
      if (printer.printed >= limit) return;
      await using set = await open(path);
      for await (const batch of set.batches({ octets: true, scaling })) {
        const rows = inWindow.select(batch);
        const count = Math.min(rows?.length ?? batch.length, limit - printer.printed);
        await printer.print(flowsOf(batch, rows, count));
        // What is read from a live stream is shown at once.
        if (path === "-") printer.flush();
        if (printer.printed >= limit) break;
      }
    })
    : await printSorted(paths, open, sorterOf(args, sort), scaling, inWindow, printer);
  printer.end();
  output.close();
  const outcome = selection.exitCode(packets.finish() || code);
  const missed = printer.printed === 0 && noteEmptyWindow(window, zoneOf(args), found);
  const { fault } = fields;
  if (fault !== undefined) console.error(`flowtools: ${fault}`);
  return missed || fault !== undefined ? Math.max(outcome, 1) : outcome;
}

/** Some flows of a batch. */
function* flowsOf(batch: FlowBatch, rows: Uint32Array | undefined, count: number): Generator<Flow> {
  for (let at = 0; at < count; at++) yield batch.flow(rows?.[at] ?? at);
}

function* sortedFlows(sorter: FlowSorter): Generator<Flow> {
  for (const { batch, row } of sorter.flows()) yield batch.flow(row);
}

function sorterOf(args: ParsedArguments, sort: string): FlowSorter {
  return new FlowSorter({
    order: parseSortOrder(sort),
    limit: args.number("limit"),
    bytesMax: groupTableBytes(args),
  });
}

async function printSorted(
  paths: readonly string[],
  open: (path: string) => Promise<FlowSet>,
  sorter: FlowSorter,
  scaling: CounterScaling | undefined,
  inWindow: FlowSelection,
  printer: FlowPrinter,
): Promise<number> {
  const code = await eachPath(paths, async (path) => {
    await using set = await open(path);
    for await (const batch of set.batches({ octets: true, scaling })) {
      sorter.add(batch, inWindow.select(batch));
    }
  });
  await printer.print(sortedFlows(sorter));
  return code;
}
