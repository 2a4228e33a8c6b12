import type { ReportDefinition, ReportInterval, ReportResult } from "@flowtools/flowset/reports";
import type { Output } from "./output.ts";
import { DATA_FORMATS, type DataFormat } from "./render/data_set.ts";
import { type Look, styled } from "./render/look.ts";
import { orderLines } from "./render/report_lines.ts";
import { ROW_FORMATS, writeRows, writeRowTable } from "./render/stat_rows.ts";

/** The formats of reports beside the classic one. */
export const REPORT_FORMATS: readonly DataFormat[] = DATA_FORMATS;

/**
 * Writes the reports of a definition to one output, in a format for programs or as tables: the
 * rows of every report in the order and number that its first output asks for.
 */
export class ReportRows {
  readonly #definition: ReportDefinition;
  readonly #output: Output;
  readonly #format: DataFormat;
  readonly #look: Look;
  readonly #scaled: boolean;
  #reports = 0;

  /**
   * Begins.
   *
   * @param definition What is reported
   * @param output Where it goes
   * @param format How
   * @param look How tables look
   * @param scaled Whether octets and packets were multiplied by rates of sampling
   */
  constructor(
    definition: ReportDefinition,
    output: Output,
    format: DataFormat,
    look: Look,
    scaled: boolean,
  ) {
    this.#scaled = scaled;
    this.#definition = definition;
    this.#output = output;
    this.#format = format;
    this.#look = look;
  }

  /** Writes the reports of an interval. */
  write(interval: ReportInterval): void {
    for (const [index, { name, outputs }] of this.#definition.reports.entries()) {
      const result = interval.results[index];
      const [first] = outputs;
      const line = first === undefined ? undefined : orderLines(result, first, undefined);
      const order = line?.groups.slice() ?? result.order();
      if (line?.reversed) order.reverse();
      this.#writeReport(
        name,
        interval.number,
        result,
        order.subarray(0, first?.records || undefined),
      );
    }
  }

  /** Ends the document. */
  end(): void {
    if (this.#format === "json") this.#text(this.#reports === 0 ? "[]\n" : "\n]\n");
  }

  #writeReport(name: string, interval: number, result: ReportResult, order: Uint32Array): void {
    const first = this.#reports++ === 0;
    const options = { order, names: undefined, scaled: this.#scaled };
    switch (this.#format) {
      case "json": {
        const { rates: _rates, ...totals } = result.totals;
        const head = { report: name, type: result.report.name, interval, totals };
        this.#text(`${first ? "[" : ","}\n${JSON.stringify(head).slice(0, -1)},"rows":`);
        const pieces: string[] = [];
        writeRows((text) => pieces.push(text), ROW_FORMATS.json, result, options);
        this.#text(`${pieces.join("").trimEnd()}}`);
        return;
      }
      case "ndjson": {
        const head = JSON.stringify({ report: name, interval }).slice(0, -1);
        const row = (text: string) => this.#text(text === "" ? "" : `${head},${text.slice(1)}`);
        return writeRows(row, ROW_FORMATS.ndjson, result, options);
      }
      case "csv":
        if (!first) this.#text("\n");
        return writeRows((text) => this.#text(text), ROW_FORMATS.csv, result, options);
      case "table":
        this.#text(`${first ? "" : "\n"}${styled(this.#look, "bold", name)}\n`);
        return writeRowTable((text) => this.#text(text), this.#look, result, options);
    }
  }

  #text(text: string): void {
    this.#output.text(text);
  }
}
