import { findFtLayout, type FtHeader } from "@flowtools/ft-format";
import {
  findReport,
  ReportError,
  type ReportResult,
  ReportRun,
  STAT_RULES,
} from "@flowtools/flowset/reports";
import { FlowSet, type SymbolTable } from "@flowtools/flowset/select";
import type { CommandBody } from "../command.ts";
import { eachPath } from "../each_input.ts";
import { type ParsedArguments, UsageError } from "@flowtools/common/flags";
import { loadSymbols, SYMBOLS_FLAG } from "@flowtools/common/load_symbols";
import { groupTableBytes, MEMORY_FLAG, withMemoryHint } from "../group_memory.ts";
import { inputProgress } from "../input_progress.ts";
import { listInputs } from "../inputs.ts";
import { LOOK_FLAGS, lookFromFlags } from "../modern_flags.ts";
import { Output } from "../output.ts";
import { PacketWarnings } from "../packet_warnings.ts";
import { headerText } from "../render/header_text.ts";
import { STAT, STAT_FORMATS } from "../render/stat_formats.ts";
import { printGroups, type StatSort } from "../render/stat_groups.ts";
import { STAT_PLOTS, StatPlot } from "../render/stat_plot.ts";
import { KEY_SYMBOLS } from "../render/report_columns.ts";
import { preambleText } from "../render/stat_preamble.ts";
import { DATA_FORMATS, type DataFormat, writeDataSet } from "../render/data_set.ts";
import type { RowChoice } from "../render/row_sieve.ts";
import { namedColumns, reportColumns, reportDataSet, sortedGroups } from "../render/stat_rows.ts";
import { summaryText, totalsText } from "../render/stat_summary.ts";
import { StatText } from "../render/stat_text.ts";
import { rowChoiceOf, rowFlags, rowFormatOf } from "../row_choice.ts";
import { RunProfile } from "../run_profile.ts";
import {
  DEBUG_FLAG,
  NO_PROGRESS_FLAG,
  OUTPUT_FLAG,
  SCALED_FLAG,
  TMP_FLAG,
} from "../shared_flags.ts";
import { statCall } from "../stat_call.ts";
import { strictCompat } from "../strict_compat.ts";
import { WhereSelection, withWhere } from "../where_selection.ts";

/** Statistics of flows, as flow-stat. */
export const statCommand: CommandBody = {
  operands: "[FILE…]",
  flags: withWhere([
    {
      name: "report",
      letter: "f",
      value: "NUMBER",
      range: [0, STAT_FORMATS.length - 1],
      meanings: STAT_FORMATS.map(({ title }, number) => [String(number), title]),
      doc: "What to report (default: 0)",
    },
    {
      name: "format",
      group: "output",
      value: "NAME",
      choices: ["classic", ...DATA_FORMATS],
      doc: "How to print (default: classic, as flow-stat, or table where that cannot do it)",
    },
    { name: "names", letter: "n", doc: "Names of protocols, ports, AS, tags" },
    { name: "percent", letter: "P", doc: "Percent of the total in place of numbers" },
    { name: "wide", letter: "w", doc: "Durations too" },
    { name: "header", letter: "p", group: "classic", doc: "Print the header of the file first" },
    {
      name: "ascending",
      letter: "s",
      value: "FIELD",
      doc: "Sort by a field, least first: keys from 0, then flows, octets, packets, duration",
    },
    {
      name: "descending",
      letter: "S",
      value: "FIELD",
      doc: "Sort by a field, greatest first",
    },
    {
      name: "tally",
      letter: "t",
      value: "LINES",
      doc: "With -P, in tables of ports, AS, …: a subtotal each LINES lines",
    },
    { name: "title", letter: "T", value: "TEXT", doc: "Title of the report" },
    {
      name: "comment-char",
      group: "classic",
      letter: "c",
      value: "CHAR",
      doc: "First character of lines that are no data (default: #)",
    },
    SCALED_FLAG,
    ...rowFlags(),
    ...LOOK_FLAGS,
    NO_PROGRESS_FLAG,
    MEMORY_FLAG,
    DEBUG_FLAG,
    SYMBOLS_FLAG,
    OUTPUT_FLAG,
    TMP_FLAG,
  ]),
  examples: [
    ["flowtools stat -f9 -S2 <ft-v05.2023-11-14.221320+0000", "Sources by octets"],
    ["flowtools stat -f12 -n -P flows/2023", "Shares of protocols in a year, by name"],
    ["flowtools stat -f10 --format ndjson flows/", "Pairs of addresses, one JSON object each"],
    ["flowtools stat -f9 --sort -octets --limit 10 flows/", "The first ten sources, as a table"],
  ],
  run: async (args) => await new StatCall(args, await WhereSelection.fromArgs(args)).run(),
};

/** One call of the command. */
class StatCall {
  readonly #args: ParsedArguments;
  readonly #selection: WhereSelection;
  readonly #number: number;
  readonly #comment: string;
  readonly #sortOrder: number;
  readonly #tally: number;
  readonly #call: readonly string[];
  readonly #output: Output;
  readonly #text: StatText;
  readonly #run: ReportRun;
  readonly #packets: PacketWarnings;
  /** Nothing for the classic format. */
  readonly #format: DataFormat | undefined;
  readonly #choice: RowChoice;
  #plot: StatPlot | undefined;
  #begun = false;
  #missing = false;
  #flows = 0;
  /** What ends the call: no other input can change it. */
  #fatal: ReportError | undefined;

  constructor(args: ParsedArguments, selection: WhereSelection) {
    this.#args = args;
    this.#selection = selection;
    this.#packets = new PacketWarnings(args);
    this.#number = args.number("report") ?? 0;
    this.#comment = args.value("comment-char")?.[0] ?? "#";
    const { words, last } = statCall(Deno.args, statCommand.flags);
    this.#call = words;
    this.#sortOrder = last("s", "S", (letter, value) => {
      const field = wholeNumber(letter === "s" ? "ascending" : "descending", value);
      return letter === "s" ? -(field + 1) : field + 1;
    }) ?? 0;
    this.#tally = wholeNumber("tally", args.value("tally") ?? "1");
    this.#format = rowFormatOf(args);
    const report = findReport(this.#number);
    // A report of no flows has all of its columns.
    const empty = new ReportRun(report, { rules: STAT_RULES }).finish();
    const columns = reportColumns(empty, this.#packets.scaling !== undefined);
    this.#choice = rowChoiceOf(args, columns.map(({ name }) => name));
    if (this.#choice.sort !== undefined && this.#sortOrder !== 0) {
      throw new UsageError("--sort does not go with -s and -S, expected one of them");
    }
    if (this.#tally === 0) throw new UsageError('--tally is "0", expected another number of lines');
    this.#run = new ReportRun(report, {
      rules: STAT_RULES,
      groupTableBytesMax: groupTableBytes(args),
    });
    this.#output = Output.open(args.value("output"));
    this.#text = new StatText((bytes) => this.#output.bytes(bytes));
  }

  async run(): Promise<number> {
    const profile = new RunProfile("stat");
    const paths = [...listInputs(this.#args.operands, { includeTmp: this.#args.on("all") })];
    using progress = inputProgress(paths, this.#args, !this.#plots);
    const read = await eachPath(paths, (path) => this.#read(path, progress.onRead));
    progress.end();
    const code = Math.max(read, this.#packets.finish());
    if (this.#fatal !== undefined) throw withMemoryHint(this.#fatal);
    if (this.#begun && (!this.#missing || this.#flows > 0)) await this.#finish();
    this.#text.flush();
    this.#output.close();
    if (!this.#missing) profile.report(this.#args.number("debug"), this.#flows);
    // flow-stat has done its job where it has said what is missing.
    if (this.#missing) return strictCompat(this.#args) ? 0 : 1;
    return this.#selection.exitCode(code);
  }

  get #classic(): boolean {
    return this.#format === undefined;
  }

  /** Whether lines are written while flows are read. */
  get #plots(): boolean {
    return this.#classic && STAT_PLOTS.has(this.#number);
  }

  async #read(path: string, onRead: (bytes: number) => void): Promise<void> {
    if (this.#fatal !== undefined) return;
    const options = { ...this.#packets.optionsOf(path, this.#selection), onRead };
    await using set = await FlowSet.open(path, options);
    if (!this.#begun) this.#begin(set.header);
    if (this.#classic && this.#number === STAT.bandwidth) return;
    if (this.#lacksFields(path, set.header)) return;
    const kind = this.#classic ? STAT_PLOTS.get(this.#number) : undefined;
    if (kind !== undefined) this.#plot ??= new StatPlot(this.#text, kind, this.#comment);
    const { columns } = this.#run;
    const { scaling } = this.#packets;
    for await (const batch of set.batches({ columns, asRecords: true, scaling })) {
      this.#flows += batch.length;
      if (this.#plot !== undefined) {
        this.#plot.add(batch);
        if (path === "-") this.#text.flush();
        continue;
      }
      const ignored = this.#run.ignored;
      try {
        this.#run.add(batch);
      } catch (error) {
        if (!(error instanceof ReportError)) throw error;
        this.#fatal = error;
        return;
      }
      sayIgnored(this.#run.ignored - ignored);
    }
  }

  /** What stands above the report, with the header of the first input. */
  #begin(header: FtHeader): void {
    this.#begun = true;
    if (!this.#classic) return;
    const args = this.#args;
    this.#text.text(preambleText({
      comment: this.#comment,
      title: args.value("title"),
      percent: args.on("percent"),
      names: args.on("names"),
      scaled: this.#packets.scaling !== undefined,
      sortOrder: this.#sortOrder,
      format: STAT_FORMATS[this.#number],
      call: this.#call,
    }));
    if (args.on("header")) this.#text.text(headerText(header, this.#comment));
    if (this.#number === STAT.bandwidth) this.#text.text("Not implemented.\n");
  }

  /** Says, as flow-stat does, that records lack fields, and then which. */
  #lacksFields(path: string, header: FtHeader): boolean {
    const { exportVersion, aggregation, streamVersion } = header;
    const schema = findFtLayout(exportVersion, aggregation, streamVersion)?.schema;
    const fields = schema === undefined ? [] : this.#run.missingFields(schema);
    if (fields.length === 0) return false;
    this.#missing = true;
    const file = path === "-" ? "standard input" : path;
    console.error("flow-stat: Flow record missing required field for format.");
    console.error(
      `flowtools: report ${this.#number} needs ${fields.join(", ")}, ` +
        `which ${schema!.label} records of ${file} lack`,
    );
    return true;
  }

  async #finish(): Promise<void> {
    if (this.#plot !== undefined) return this.#plot.end();
    if (this.#classic && this.#number === STAT.bandwidth) return;
    const result = this.#run.finish();
    if (this.#format !== undefined) return await this.#writeRows(result, this.#format);
    const { lines } = STAT_FORMATS[this.#number];
    if (this.#number === STAT.summary) return this.#text.text(summaryText(result));
    if (this.#number === STAT.totals) return this.#text.text(totalsText(result, this.#comment));
    const printed = printGroups(this.#text, result, lines!, {
      comment: this.#comment,
      percent: this.#args.on("percent"),
      wide: this.#args.on("wide"),
      names: await this.#names(),
      tally: this.#args.value("tally") === undefined ? 0 : Math.abs(this.#tally),
      sort: this.#sort,
    });
    if (!printed) console.error(`${this.#comment} can't sort on field ${this.#sortOrder}.`);
  }

  async #writeRows(result: ReportResult, format: DataFormat): Promise<void> {
    const data = reportDataSet(result, {
      order: this.#orderOf(result),
      names: this.#args.on("names") ? await this.#columnNames(result) : undefined,
      scaled: this.#packets.scaling !== undefined,
    });
    const { fields, limit } = this.#choice;
    // They are in order already.
    const choice = { fields, limit };
    writeDataSet(this.#output, data, format, lookFromFlags(this.#args), { choice });
  }

  /** The groups in the order of their rows. */
  #orderOf(result: ReportResult): Uint32Array {
    const order = result.order();
    const { sort } = this.#choice;
    if (sort !== undefined) return sortedGroups(result, sort, order) ?? order;
    const classic = this.#sort;
    if (classic === undefined) return order;
    const { field, descending } = classic;
    const keys = result.keys.length;
    if (field >= keys + result.counters.length) {
      throw new UsageError(`there is no field ${field} to sort by`);
    }
    return result.sorted(field < keys ? field : result.counters[field - keys], descending);
  }

  async #columnNames(result: ReportResult): Promise<ReadonlyMap<string, SymbolTable>> {
    const names = new Map<string, SymbolTable>();
    for (const name of namedColumns(result)) {
      names.set(name, await loadSymbols(KEY_SYMBOLS[name], this.#args.value("symbols")));
    }
    return names;
  }

  get #sort(): StatSort | undefined {
    if (this.#sortOrder === 0) return undefined;
    return { field: Math.abs(this.#sortOrder) - 1, descending: this.#sortOrder > 0 };
  }

  async #names(): Promise<SymbolTable | undefined> {
    const symbols = STAT_FORMATS[this.#number].lines?.symbols;
    if (symbols === undefined || !this.#args.on("names")) return undefined;
    return await loadSymbols(symbols, this.#args.value("symbols"));
  }
}

function wholeNumber(name: string, value: string): number {
  if (/^-?\d{1,9}$/.test(value)) return Number(value);
  throw new UsageError(`--${name} is "${value}", expected a whole number`);
}

/** What flow-stat says of each flow that it leaves out. */
function sayIgnored(flows: number): void {
  if (flows > 0) console.error("Ignoring bogus flow dPkts=0\n".repeat(flows).trimEnd());
}
