import type { RecordLayout } from "@flowtools/flow-model";
import { openFtFile } from "@flowtools/ft-format/deno";
import {
  ALL_FIELDS,
  CflowdExporter,
  cflowdMask,
  CsvExporter,
  type FlowExporter,
  PacketExporter,
  parseFieldMask,
  PcapExporter,
  RecordShaper,
  type ReferenceFaultOptions,
  type SqlDialect,
  SqlExporter,
} from "@flowtools/flowset";
import type { Command } from "../command.ts";
import { eachInput } from "../each_input.ts";
import { type ParsedArguments, UsageError } from "@flowtools/common/flags";
import { Output } from "../output.ts";
import { RunProfile } from "../run_profile.ts";
import { strictCompat } from "../strict_compat.ts";
import { DEBUG_FLAG, OUTPUT_FLAG, TMP_FLAG } from "../shared_flags.ts";

/** What the flags ask for. */
interface ExportOptions extends ReferenceFaultOptions {
  /** The text of `-m`. */
  readonly mask: string | undefined;
  /** The table that `-u` names. */
  readonly table: string | undefined;
}

type MakeExporter = (layout: RecordLayout, options: ExportOptions) => FlowExporter;

const sql = (dialect: SqlDialect): MakeExporter => (layout, { mask, table }) =>
  new SqlExporter(layout, { dialect, table }, fieldsOf(mask));

/** The formats: those of flow-export by number, and each by name. */
const FORMATS: readonly (readonly [names: readonly string[], make: MakeExporter])[] = [
  [["0", "cflowd"], (layout, options) => new CflowdExporter(layout, cflowdIndex(options))],
  [["1"], (layout) => new PcapExporter(layout, "wide")],
  [["pcap"], (layout) => new PcapExporter(layout, "standard")],
  [["2", "csv"], (layout, { mask }) => new CsvExporter(layout, fieldsOf(mask))],
  [["3", "mysql"], sql("mysql")],
  [
    ["4", "pdu"],
    (layout, { referenceFaults }) => new PacketExporter(layout, { referenceFaults, joined: true }),
  ],
  [["5", "postgresql"], sql("postgresql")],
];

/** Exports flows to other formats. */
export const exportCommand: Command = {
  name: "export",
  summary: "Export flows to other formats",
  operands: "[FILE…]",
  flags: [
    {
      name: "format",
      letter: "f",
      value: "FORMAT",
      choices: FORMATS.flatMap(([names]) => names),
      doc: "0 cflowd, 1 the captures of flow-export (64-bit fields; pcap: those that all read), " +
        "2 CSV, 3 MySQL script, 4 export packets, 5 PostgreSQL script (default: 0)",
    },
    {
      name: "mask",
      letter: "m",
      value: "FIELDS",
      doc: "Fields to export: names, comma separated, or a number (0x…); cflowd has its own bits",
    },
    {
      name: "database",
      letter: "u",
      value: "URI",
      doc: "Given as user:password:host:port:name:table; scripts use the table (default: raw)",
    },
    OUTPUT_FLAG,
    TMP_FLAG,
    DEBUG_FLAG,
  ],
  examples: [
    ["flowtools export -f 2 -m doctets,srcaddr,dstaddr <file.ft", "Three fields as CSV"],
    [
      "flowtools export -f postgresql -o flows.sql file.ft",
      "A script that brings flows into a database",
    ],
    [
      "flowtools export -f pcap -o flows.pcap file.ft",
      "One packet for each flow, for packet filters",
    ],
  ],
  run: async (args) => {
    const profile = new RunProfile("export");
    const format = args.value("format") ?? "0";
    const make = FORMATS.find(([names]) => names.includes(format))![1];
    const options = {
      mask: args.value("mask"),
      table: tableOf(args),
      referenceFaults: strictCompat(args),
    };
    // A wrong mask is told before anything is read.
    if (options.mask !== undefined) parseFieldMask(options.mask);
    const output = Output.open(args.value("output"));
    const sink = (bytes: Uint8Array) => output.bytes(bytes);
    let run: { exporter: FlowExporter; shaper: RecordShaper } | undefined;
    let records = 0;
    const code = await eachInput(args, async (path) => {
      using input = await openFtFile(path);
      if (run === undefined) {
        const { exportVersion: version, aggregation, byteOrder } = input.header;
        const shaper = new RecordShaper({ version, aggregation, byteOrder });
        run = { shaper, exporter: make(shaper.layout, options) };
        run.exporter.begin(sink);
      }
      for await (const block of input.blocks()) {
        run.exporter.add(run.shaper.shape(block), sink);
        records += block.count;
      }
    });
    run?.exporter.end(sink);
    output.close();
    profile.report(args.number("debug"), records);
    console.error(`flow-export: Exported ${records} records`);
    return code;
  },
};

function fieldsOf(mask: string | undefined): bigint {
  return mask === undefined ? ALL_FIELDS : parseFieldMask(mask);
}

/** The index of cflowd: a number is taken as it is, names are looked up. */
function cflowdIndex(options: ExportOptions): number | undefined {
  const { mask } = options;
  if (mask === undefined) return undefined;
  const fields = parseFieldMask(mask);
  return /^[a-z]/i.test(mask) ? cflowdMask(fields, options) : Number(BigInt.asUintN(32, fields));
}

/** Members of a database URI. */
const URI_MEMBERS = 6;

function tableOf(args: ParsedArguments): string | undefined {
  const uri = args.value("database");
  if (uri === undefined) return undefined;
  const members = uri.split(":");
  if (members.length !== URI_MEMBERS) {
    throw new UsageError(
      `--database has ${members.length} members, expected user:password:host:port:name:table`,
    );
  }
  return members[URI_MEMBERS - 1];
}
