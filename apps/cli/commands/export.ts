import { FLOW_FIELDS, type RecordLayout } from "@flowtools/flow-model";
import { IPFIX_CODEC } from "@flowtools/netflow-pdu";
import {
  ALL_FIELDS,
  type ByteSink,
  CflowdExporter,
  cflowdMask,
  CsvExporter,
  type FlowExporter,
  PacketExporter,
  parseFieldMask,
  PcapExporter,
  type SqlDialect,
  SqlExporter,
  type TemplateExporterOptions,
} from "@flowtools/flowset";
import { RecordShaper, type ReferenceFaultOptions } from "@flowtools/flowset/select";
import type { CommandBody } from "../command.ts";
import { eachInput } from "../each_input.ts";
import { inputProgress } from "../input_progress.ts";
import { listInputs } from "../inputs.ts";
import { RecordInputs, tellConverted } from "../record_inputs.ts";
import { type ParsedArguments, UsageError } from "@flowtools/common/flags";
import {
  type ExportVersion,
  parseTemplateVersion,
  parseVersion,
  TEMPLATE_VERSIONS,
} from "@flowtools/common/parse_version";
import { Output } from "../output.ts";
import { RunProfile } from "../run_profile.ts";
import { strictCompat } from "../strict_compat.ts";
import { WhereSelection, withWhere } from "../where_selection.ts";
import { DEBUG_FLAG, NO_PROGRESS_FLAG, OUTPUT_FLAG, TMP_FLAG } from "../shared_flags.ts";
import {
  refuseTemplateFlags,
  TEMPLATE_FLAGS,
  templateOptions,
  TemplateRun,
} from "../template_packets.ts";

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
const FORMATS: readonly (readonly [
  names: readonly string[],
  make: MakeExporter,
  meaning: string,
])[] = [
  [
    ["0", "cflowd"],
    (layout, options) => new CflowdExporter(layout, cflowdIndex(options)),
    "Records of cflowd",
  ],
  [
    ["1"],
    (layout) => new PcapExporter(layout, "wide"),
    "Captures as flow-export writes them, with 64-bit fields",
  ],
  [
    ["pcap"],
    (layout) => new PcapExporter(layout, "standard"),
    "Captures that all programs read",
  ],
  [
    ["2", "csv"],
    (layout, { mask }) => new CsvExporter(layout, fieldsOf(mask)),
    "Lines of values with commas between them",
  ],
  [["3", "mysql"], sql("mysql"), "A script for MySQL"],
  [
    ["4", "pdu"],
    (layout, { referenceFaults }) => new PacketExporter(layout, { referenceFaults, joined: true }),
    "Export packets",
  ],
  [["5", "postgresql"], sql("postgresql"), "A script for PostgreSQL"],
];

/** The format of IPFIX files; those of `FORMATS` are made of flow-tools records. */
const IPFIX_FORMAT = "ipfix";

/** Exports flows to other formats. */
export const exportCommand: CommandBody = {
  operands: "[FILE…]",
  flags: withWhere([
    {
      name: "format",
      letter: "f",
      value: "FORMAT",
      choices: [...FORMATS.flatMap(([names]) => names), IPFIX_FORMAT],
      meanings: [
        ...FORMATS.flatMap(([names, , meaning]) => names.map((name) => [name, meaning] as const)),
        [IPFIX_FORMAT, "An IPFIX file, which holds all that flows tell"],
      ],
      group: "output",
      doc: "The format to export to (default: 0)",
    },
    {
      name: "export-version",
      letter: "V",
      value: "VERSION",
      doc: "With 4: version of the packets: 1, 5, 6, 7, 8.1 to 8.14, 9, 10 (or ipfix) " +
        "(default: that of the flows; 5 for captures of 9, 10 and sFlow)",
    },
    ...TEMPLATE_FLAGS,
    {
      name: "mask",
      letter: "m",
      value: "FIELDS",
      words: FLOW_FIELDS.map(({ name }) => name.toLowerCase()),
      list: true,
      group: "output",
      doc: "Fields to export: names, comma separated, or a number (0x…); cflowd has its own bits",
    },
    {
      name: "database",
      letter: "u",
      value: "URI",
      doc: "Given as user:password:host:port:name:table; scripts use the table (default: raw)",
    },
    OUTPUT_FLAG,
    NO_PROGRESS_FLAG,
    TMP_FLAG,
    DEBUG_FLAG,
  ]),
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
    ["flowtools export -f ipfix -o flows.ipfix export.pcap", "A capture of packets as IPFIX file"],
  ],
  run: async (args) => {
    const profile = new RunProfile("export");
    const selection = await WhereSelection.fromArgs(args);
    const run = plan(args, selection);
    const output = Output.open(args.value("output"));
    const { code, flows } = await run((bytes) => output.bytes(bytes));
    output.close();
    profile.report(args.number("debug"), flows);
    console.error(`flow-export: Exported ${flows} records`);
    return selection.exitCode(code);
  },
};

/** What an export came to. */
interface Exported {
  readonly flows: number;
  readonly code: number;
}

type RunExport = (sink: ByteSink) => Promise<Exported>;

/** What the flags ask for; what is wrong with them is told before anything is read or written. */
function plan(args: ParsedArguments, selection: WhereSelection): RunExport {
  const format = args.value("format") ?? "0";
  const version = args.value("export-version");
  if (format === IPFIX_FORMAT) {
    if (version !== undefined && parseTemplateVersion(version) !== IPFIX_CODEC) {
      throw new UsageError(`--export-version is "${version}", IPFIX files hold version 10`);
    }
    const { domain } = templateOptions(args);
    return (sink) =>
      exportTemplates(
        args,
        selection,
        { codec: IPFIX_CODEC, file: true, encoder: { domain } },
        sink,
      );
  }
  if (version !== undefined && !["4", "pdu"].includes(format)) {
    throw new UsageError("--export-version goes with --format 4 only: the others are no packets");
  }
  const codec = version === undefined ? undefined : parseTemplateVersion(version);
  if (codec !== undefined) {
    return (sink) =>
      exportTemplates(args, selection, { codec, encoder: templateOptions(args) }, sink);
  }
  refuseTemplateFlags(args);
  const shape = version === undefined ? undefined : parseVersion(version, TEMPLATE_VERSIONS);
  const options = {
    mask: args.value("mask"),
    table: tableOf(args),
    referenceFaults: strictCompat(args),
  };
  if (options.mask !== undefined) parseFieldMask(options.mask);
  const make = FORMATS.find(([names]) => names.includes(format))![1];
  return (sink) => exportRecords(args, selection, make, options, shape, sink);
}

/** Exports flows as flow-tools records have them. */
async function exportRecords(
  args: ParsedArguments,
  selection: WhereSelection,
  make: MakeExporter,
  options: ExportOptions,
  shape: ExportVersion | undefined,
  sink: ByteSink,
): Promise<Exported> {
  let run: { exporter: FlowExporter; shaper: RecordShaper } | undefined;
  let flows = 0;
  using inputs = new RecordInputs(args);
  const code = await eachInput(args, async (path) => {
    await using input = await inputs.open(path, selection);
    if (run === undefined) {
      const { exportVersion: version, aggregation, byteOrder } = input.header;
      const shaper = new RecordShaper({ ...(shape ?? { version, aggregation }), byteOrder });
      run = { shaper, exporter: make(shaper.layout, options) };
      run.exporter.begin(sink);
    }
    for await (const block of input.blocks()) {
      run.exporter.add(run.shaper.shape(block), sink);
      flows += block.count;
    }
  });
  run?.exporter.end(sink);
  if (run !== undefined) tellConverted(run.shaper);
  return { flows, code };
}

/** Exports all that flows tell as packets of NetFlow v9 or IPFIX, back to back. */
async function exportTemplates(
  args: ParsedArguments,
  selection: WhereSelection,
  options: Omit<TemplateExporterOptions, "sessions">,
  sink: ByteSink,
): Promise<Exported> {
  const run = new TemplateRun(args, options, (packets) => packets.forEach(sink));
  const paths = listInputs(args.operands, { includeTmp: args.on("all") });
  using progress = inputProgress(paths, args);
  const code = await eachInput(args, (path) => run.add(path, selection, progress.onRead));
  progress.end();
  return { code: Math.max(code, await run.finish()), flows: run.flows };
}

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
