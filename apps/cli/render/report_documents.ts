import type { JsonValue } from "@flowtools/flow-model";
import type { Output } from "../output.ts";
import { type DataFormat, type DataSet, writeDataSet } from "./data_set.ts";
import { type Look, styled } from "./look.ts";
import { ALL_ROWS, type RowChoice } from "./row_sieve.ts";

/** What is told of a report beside its rows. */
export interface ReportHead {
  /** Its name; null where nobody tells it. */
  readonly report: string | null;
  /** What lines of NDJSON say of the report whose rows they are. */
  readonly line: Readonly<Record<string, JsonValue>>;
  /** What the JSON document says of it. */
  readonly about: Readonly<Record<string, JsonValue>>;
}

/** Writes reports one after the other, in the formats that all commands have. */
export class ReportDocuments {
  readonly #output: Output;
  readonly #format: DataFormat;
  readonly #look: Look;
  #reports = 0;

  /**
   * Begins.
   *
   * @param output Where reports go
   * @param format How
   * @param look How tables look
   */
  constructor(output: Output, format: DataFormat, look: Look) {
    this.#output = output;
    this.#format = format;
    this.#look = look;
  }

  /**
   * Writes a report.
   *
   * @param head What is told of it
   * @param data Its rows
   * @param choice Which rows and columns
   */
  write({ report, line, about }: ReportHead, data: DataSet, choice: RowChoice = ALL_ROWS): void {
    // In an array it has its place, elsewhere there is nothing to show.
    if (data.columns.length === 0 && this.#format !== "json") return;
    const first = this.#reports++ === 0;
    const output = this.#output;
    if (this.#format === "json") {
      output.text(`${first ? "[" : ","}\n${JSON.stringify(about).slice(0, -1)},"rows":`);
    } else if (!first && this.#format !== "ndjson") output.text("\n");
    if (this.#format === "table" && report !== null) {
      output.text(`${styled(this.#look, "bold", report)}\n`);
    }
    writeDataSet(output, data, this.#format, this.#look, { choice, line });
    if (this.#format === "json") output.text("}");
  }

  /** Ends the document. */
  end(): void {
    if (this.#format === "json") this.#output.text(this.#reports === 0 ? "[]\n" : "\n]\n");
  }
}
