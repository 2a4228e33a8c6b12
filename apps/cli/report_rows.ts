import {
  DefinitionRun,
  type ReportDefinition,
  type ReportInterval,
  type ReportResult,
} from "@flowtools/flowset/reports";
import type { Output } from "./output.ts";
import type { DataFormat } from "./render/data_set.ts";
import type { Look } from "./render/look.ts";
import { ReportDocuments } from "./render/report_documents.ts";
import { orderLines } from "./render/report_lines.ts";
import type { RowChoice } from "./render/row_sieve.ts";
import { reportColumns, reportDataSet, sortedGroups } from "./render/stat_rows.ts";

/** How the rows of reports are shown. */
export interface ReportRowsOptions {
  /** Whether octets and packets were multiplied by rates of sampling. */
  readonly scaled: boolean;
  /** Which rows of each report, and what of them. */
  readonly choice: RowChoice;
}

/**
 * The columns that the reports of a definition have.
 *
 * @param definition The definition
 * @param scaled Whether octets and packets are multiplied by rates of sampling
 * @returns Their names, each once
 */
export function definitionColumns(definition: ReportDefinition, scaled: boolean): string[] {
  // Reports of no flows have all of their columns.
  const { results } = new DefinitionRun(definition).finish();
  const names = results.flatMap((result) => reportColumns(result, scaled).map(({ name }) => name));
  return [...new Set(names)];
}

/**
 * Writes the reports of a definition to one output, in a format for programs or as tables: the
 * rows of every report in the order and number that its first output asks for, and of these those
 * that the call chooses. A report that has none of the columns of the call has no rows.
 */
export class ReportRows {
  readonly #definition: ReportDefinition;
  readonly #documents: ReportDocuments;
  readonly #options: ReportRowsOptions;

  /**
   * Begins.
   *
   * @param definition What is reported
   * @param output Where it goes
   * @param format How
   * @param look How tables look
   * @param options Which rows
   */
  constructor(
    definition: ReportDefinition,
    output: Output,
    format: DataFormat,
    look: Look,
    options: ReportRowsOptions,
  ) {
    this.#definition = definition;
    this.#documents = new ReportDocuments(output, format, look);
    this.#options = options;
  }

  /** Writes the reports of an interval. */
  write(interval: ReportInterval): void {
    for (const [index, { name, outputs }] of this.#definition.reports.entries()) {
      const result = interval.results[index];
      const [first] = outputs;
      const line = first === undefined ? undefined : orderLines(result, first, undefined);
      const order = line?.groups.slice() ?? result.order();
      if (line?.reversed) order.reverse();
      const groups = order.subarray(0, first?.records || undefined);
      this.#writeReport(name, interval.number, result, groups);
    }
  }

  /** Ends the document. */
  end(): void {
    this.#documents.end();
  }

  #writeReport(
    report: string,
    interval: number,
    result: ReportResult,
    groups: Uint32Array<ArrayBuffer>,
  ): void {
    const { scaled, choice: { fields, sort, limit } } = this.#options;
    // A report without the column stays as it is.
    const order = (sort && sortedGroups(result, sort, groups)) ?? groups;
    const { rates: _rates, ...totals } = result.totals;
    const about = { report, type: result.report.name, interval, totals };
    const data = reportDataSet(result, { order, scaled });
    const known = fields === undefined || data.columns.some(({ name }) => fields.includes(name));
    this.#documents.write(
      { report, line: { report, interval }, about },
      known ? data : { columns: [], rows: [] },
      { fields, limit },
    );
  }
}
