import type { FtHeader } from "@flowtools/ft-format";
import {
  type ConfiguredReport,
  type ReportDefinition,
  type ReportInterval,
  type ReportOutput,
  showsRates,
} from "@flowtools/flowset/reports";
import type { SymbolKind, SymbolTable } from "@flowtools/flowset/select";
import { loadSymbols } from "@flowtools/common/load_symbols";
import type { Output } from "./output.ts";
import { columnLine, KEY_SYMBOLS, reportColumns } from "./render/report_columns.ts";
import { reportHeader, reportTotals } from "./render/report_header.ts";
import { type LineOrder, orderLines, ReportLines } from "./render/report_lines.ts";
import { reportSummary } from "./render/report_summary.ts";
import { StatText } from "./render/stat_text.ts";
import { openSink, outputTime } from "./report_output.ts";

/** Lines that are printed before the output may catch up. */
const LINES_AT_ONCE = 65_536;

/** How reports are shown. */
export interface ReportWriterOptions {
  /** The directory of symbol files, where a flag names one. */
  readonly symbols: string | undefined;
  /** Whether octets and packets were multiplied by rates of sampling. */
  readonly scaled: boolean;
}

/** Writes the reports of a definition to their outputs, interval after interval. */
export class ReportWriter {
  /** Whether a command failed that a report was written to. */
  failed = false;
  readonly #definition: ReportDefinition;
  readonly #stdout: Output;
  readonly #symbols: string | undefined;
  readonly #scaled: boolean;
  /** The number of the next line of each report: outputs and intervals go on counting. */
  readonly #indexes: number[];

  /**
   * Begins to write.
   *
   * @param stdout Where reports without a path go
   * @param options How they are shown
   */
  constructor(
    definition: ReportDefinition,
    stdout: Output,
    { symbols, scaled }: ReportWriterOptions,
  ) {
    this.#definition = definition;
    this.#stdout = stdout;
    this.#symbols = symbols;
    this.#scaled = scaled;
    this.#indexes = definition.reports.map(() => 0);
  }

  /** Writes the reports of an interval. */
  async write(interval: ReportInterval, header: FtHeader): Promise<void> {
    for (const [index, report] of this.#definition.reports.entries()) {
      let order: LineOrder | undefined;
      for (const output of report.outputs) {
        order = await this.#writeOutput({ index, report, output, interval, header }, order);
      }
    }
  }

  async #writeOutput(
    { index, report, output, interval, header }: {
      readonly index: number;
      readonly report: ConfiguredReport;
      readonly output: ReportOutput;
      readonly interval: ReportInterval;
      readonly header: FtHeader;
    },
    before: LineOrder | undefined,
  ): Promise<LineOrder | undefined> {
    const result = interval.results[index];
    const { timeStart, timeEnd } = result.totals;
    const time = outputTime(output, timeStart, timeEnd);
    const sink = openSink(output.path, time, interval.number > 0, this.#stdout);
    const text = new StatText((bytes) => sink.write(bytes));
    const rates = showsRates(report);
    let order = before;
    const definition = this.#definition;
    const scaled = this.#scaled;
    text.text(reportHeader({ definition, report, output, interval, result, header, scaled }));
    if (output.options.has("totals")) text.text(reportTotals(result, rates));
    if (report.spec.detail) text.text(reportSummary(result));
    else if (report.spec.keys.length > 0) {
      text.text(columnLine(report, output));
      const columns = reportColumns(report, output, result, await this.#tables(report, output));
      order = orderLines(result, output, before);
      const lines = new ReportLines(text, report, output, result, {
        columns,
        order,
        rates,
        index: this.#indexes[index],
      });
      while (lines.print(LINES_AT_ONCE)) await sink.drain();
      this.#indexes[index] = lines.index;
    }
    text.flush();
    if (!await sink.close()) this.failed = true;
    return order;
  }

  async #tables(
    { spec }: ConfiguredReport,
    { options }: ReportOutput,
  ): Promise<ReadonlyMap<SymbolKind, SymbolTable>> {
    const tables = new Map<SymbolKind, SymbolTable>();
    if (!options.has("names")) return tables;
    const kinds = spec.keys.map((key) => KEY_SYMBOLS[key]).filter((kind) => kind !== undefined);
    for (const kind of new Set(kinds)) tables.set(kind, await loadSymbols(kind, this.#symbols));
    return tables;
  }
}
