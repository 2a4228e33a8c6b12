import { findFtLayout, type FtHeader } from "@flowtools/ft-format";
import { ConfigError, type FlowFilter, FlowSet, headerClockMs } from "@flowtools/flowset/select";
import {
  type ConfigName,
  DefinitionRun,
  parseReportConfig,
  type ReportConfig,
  type ReportDefinition,
  ReportError,
  type ReportInterval,
  REPORTS,
} from "@flowtools/flowset/reports";
import { type FlowTransform, parseMaskConfig, parseTagConfig } from "@flowtools/flowset/transform";
import type { CommandBody } from "../command.ts";
import { readConfigFile, VARIABLE_FLAG, variablesOf } from "@flowtools/common/config_file";
import { eachPath } from "../each_input.ts";
import type { ParsedArguments } from "@flowtools/common/flags";
import { loadFilterConfig } from "@flowtools/common/load_filter";
import { SYMBOLS_FLAG } from "@flowtools/common/load_symbols";
import { groupTableBytes, MEMORY_FLAG, withMemoryHint } from "../group_memory.ts";
import { oneOfWords } from "@flowtools/common/suggest";
import { inputProgress } from "../input_progress.ts";
import { listInputs } from "../inputs.ts";
import { LOOK_FLAGS, lookFromFlags } from "../modern_flags.ts";
import { Output } from "../output.ts";
import { PacketWarnings } from "../packet_warnings.ts";
import { DATA_FORMATS } from "../render/data_set.ts";
import { ReportWriter } from "../report_output_writer.ts";
import { definitionColumns, ReportRows } from "../report_rows.ts";
import { rowChoiceOf, rowFlags, rowFormatOf } from "../row_choice.ts";
import { RunProfile } from "../run_profile.ts";
import { WhereSelection, withWhere } from "../where_selection.ts";
import {
  DEBUG_FLAG,
  NO_PROGRESS_FLAG,
  OUTPUT_FLAG,
  SCALED_FLAG,
  TMP_FLAG,
} from "../shared_flags.ts";
import { strictCompat } from "../strict_compat.ts";

const TYPES: readonly string[] = REPORTS.filter(({ type }) => type !== undefined)
  .map(({ name }) => name);

/** What `-hh` adds to the help, as flow-report lists it. */
const TYPES_TEXT = `Available reports:\n\n${TYPES.map((type) => `  ${type}\n`).join("")}`;

/** Makes the reports of a configuration, as flow-report. */
export const reportCommand: CommandBody = {
  operands: "[FILE…]",
  flags: withWhere([
    {
      name: "report-file",
      letter: "s",
      value: "FILE",
      doc:
        "Report configuration (default: cfg/stat.cfg in FLOWTOOLS_CONFIG_DIR or /etc/flow-tools)",
    },
    {
      name: "definition",
      letter: "S",
      value: "NAME",
      doc: "The definition whose reports to make (default: default)",
    },
    VARIABLE_FLAG,
    SCALED_FLAG,
    {
      name: "format",
      value: "NAME",
      group: "output",
      choices: ["classic", ...DATA_FORMATS],
      doc:
        "How to print; those other than classic write all reports to one output, whatever their " +
        "own say (default: classic, as flow-report, or table where that cannot do it)",
    },
    ...rowFlags(),
    ...LOOK_FLAGS,
    NO_PROGRESS_FLAG,
    MEMORY_FLAG,
    DEBUG_FLAG,
    {
      name: "types",
      doc: "List the types of reports, and do nothing else",
    },
    SYMBOLS_FLAG,
    OUTPUT_FLAG,
    TMP_FLAG,
  ]),
  examples: [
    ["flowtools report -s stat.cfg -S talkers flows/", "The reports that talkers lists"],
    [
      "flowtools report -s stat.cfg -v TYPE=ip-destination-port -v SORT=+packets <file.ft",
      "A configuration whose reports variables choose",
    ],
    ["flowtools report --types", "What reports there are"],
  ],
  details: TYPES_TEXT,
  run: async (args) => {
    if (!args.on("types")) return await report(args);
    const output = Output.open(args.value("output"));
    for (const type of TYPES) output.text(`  ${type}\n`);
    output.close();
    return 0;
  },
};

async function report(args: ParsedArguments): Promise<number> {
  const profile = new RunProfile("report");
  const selection = await WhereSelection.fromArgs(args);
  const { path, text } = await readConfigFile(args.value("report-file"), "stat");
  const config = parseReportConfig(text, { file: path, variables: variablesOf(args) });
  const definition = config.definition(args.value("definition") ?? "default");
  const packets = new PacketWarnings(args);
  const { scaling } = packets;
  const scaled = scaling !== undefined;
  const format = rowFormatOf(args);
  const choice = rowChoiceOf(args, definitionColumns(definition, scaled));
  const run = await startRun(args, config, definition);
  const output = Output.open(args.value("output"));
  // What was reported before a fault stays.
  using _closing = { [Symbol.dispose]: () => output.close() };
  const writer = new ReportWriter(definition, output, {
    symbols: args.value("symbols"),
    scaled,
  });
  const rows = format &&
    new ReportRows(definition, output, format, lookFromFlags(args), { scaled, choice });
  let first: FtHeader | undefined;
  let flows = 0;
  const write = async (interval: ReportInterval) =>
    rows === undefined ? await writer.write(interval, first!) : rows.write(interval);
  // A fault of a report is no fault of an input, which others would make good.
  let fatal: unknown;
  const paths = [...listInputs(args.operands, { includeTmp: args.on("all") })];
  using progress = inputProgress(paths, args, true);
  const code = await eachPath(paths, async (input) => {
    if (fatal !== undefined) return;
    const options = { ...packets.optionsOf(input, selection), onRead: progress.onRead };
    await using set = await FlowSet.open(input, options);
    try {
      checkFields(run, set.header);
      first ??= set.header;
    } catch (error) {
      fatal = error;
      return;
    }
    for await (const batch of set.batches({ columns: run.columns, asRecords: true, scaling })) {
      flows += batch.length;
      try {
        for (const interval of run.add(batch)) await write(interval);
      } catch (error) {
        fatal = error;
        return;
      }
    }
  });
  progress.end();
  if (fatal !== undefined) throw withMemoryHint(fatal);
  if (first === undefined) {
    rows?.end();
    return code;
  }
  await write(run.finish());
  rows?.end();
  profile.report(args.number("debug"), flows);
  return writer.failed ? 1 : selection.exitCode(packets.finish() || code);
}

function checkFields(run: DefinitionRun, header: FtHeader): void {
  const { exportVersion, aggregation, streamVersion } = header;
  const schema = findFtLayout(exportVersion, aggregation, streamVersion)?.schema;
  const missing = schema === undefined ? [] : run.missingFields(schema);
  if (missing.length === 0) return;
  throw new ReportError(
    "missing-field",
    "Report definition references a field not in flow. " +
      `(${schema!.label} records have no ${missing.join(", ")})`,
  );
}

/** Begins the reports with the filters, tags and masks that the definition names. */
async function startRun(
  args: ParsedArguments,
  { includes }: ReportConfig,
  definition: ReportDefinition,
): Promise<DefinitionRun> {
  const variables = variablesOf(args);
  const { reports } = definition;
  let findFilter: (name: ConfigName | undefined) => FlowFilter | undefined = () => undefined;
  if ([definition, ...reports].some(({ filter }) => filter !== undefined)) {
    const file = await readConfigFile(includes.filter, "filter");
    const warn = (message: string) => console.error(`flowtools: ${message}`);
    const config = await loadFilterConfig(file, { variables, warn }, args.value("symbols"));
    findFilter = (name) => name && config.filter(known(name, config.names, "filter"));
  }
  return new DefinitionRun(definition, {
    mask: await transform(definition.mask, includes.mask, "mask", parseMaskConfig),
    tag: await transform(
      definition.tag,
      includes.tag,
      "tag",
      (text, { file }) => parseTagConfig(text, { file, variables }),
    ),
    filter: findFilter(definition.filter),
    reportFilters: reports.map(({ filter }) => findFilter(filter)),
    groupTableBytesMax: groupTableBytes(args),
    clock: strictCompat(args) ? headerClockMs : undefined,
  });
}

async function transform(
  name: ConfigName | undefined,
  include: string | undefined,
  kind: "mask" | "tag",
  parse: (text: string, options: { file: string }) => {
    readonly names: readonly string[];
    transform(name: string): FlowTransform;
  },
): Promise<FlowTransform | undefined> {
  if (name === undefined) return undefined;
  const { path, text } = await readConfigFile(include, kind);
  const config = parse(text, { file: path });
  return config.transform(known(name, config.names, kind));
}

/** Makes sure that there is a definition of a name; where not, the place that names it is wrong. */
function known(name: ConfigName, names: readonly string[], kind: string): string {
  const wanted = name.text.toLowerCase();
  if (names.some((candidate) => candidate.toLowerCase() === wanted)) return name.text;
  const expected = names.length === 0 ? "its definition" : oneOfWords(name.text, names);
  throw new ConfigError(name, `there is no ${kind}-definition "${name.text}"`, expected);
}
