import { FlowToolsError } from "@flowtools/flow-model";

/** A report is none, or cannot be shown as asked for. */
export class ReportTableError extends FlowToolsError {}

/** Bytes of a report's rows at most, roughly: all of them are kept, for sorting and sums. */
const REPORT_CHARS_MAX = 2 ** 29;

/** A report as flow-report prints it. */
export interface ReportTable {
  /** Lines above the data, without those that name columns. */
  readonly header: string[];
  /** Names of the columns, in lower case. */
  readonly names: string[];
  /** Columns that are keys. */
  readonly keys: Set<number>;
  /** Width of each column. */
  readonly widths: number[];
  /** The cells, row by row. */
  rows: string[][];
  /** The columns to show. */
  shown: number[];
  /** The totals, by name. */
  totals: ReadonlyMap<string, string> | undefined;
  /** What a summary-detail report has in place of rows. */
  detail: { readonly names: readonly string[]; readonly values: readonly string[] } | undefined;
}

/** Where column names begin in a line such as `# recn: ip-protocol*,flows`. */
const NAMES_AT = 8;

/**
 * Reads a report.
 *
 * @param lines Its lines
 * @param source What it is read from, for messages
 * @param rowsMax Rows after which nothing more is read; 0 for all. It decides the widths, too
 */
export async function readReport(
  lines: AsyncIterable<string>,
  source: string,
  rowsMax: number,
): Promise<ReportTable> {
  const reader = new ReportReader(source, rowsMax);
  for await (const line of lines) if (!reader.line(line.trim())) break;
  return reader.finish();
}

/** Line by line. */
class ReportReader {
  readonly #table: ReportTable = {
    header: [],
    names: [],
    keys: new Set(),
    widths: [],
    rows: [],
    shown: [],
    totals: undefined,
    detail: undefined,
  };
  readonly #source: string;
  readonly #rowsMax: number;
  #number = 0;
  #chars = 0;
  #inData = false;
  /** Takes the line of values that follows a line of names. */
  #values: ((line: string) => void) | undefined;

  constructor(source: string, rowsMax: number) {
    this.#source = source;
    this.#rowsMax = rowsMax;
  }

  /** Takes a line; returns whether more is wanted. */
  line(line: string): boolean {
    this.#number++;
    const values = this.#values;
    if (values !== undefined) {
      this.#values = undefined;
      values(line);
      return true;
    }
    if (!this.#inData) {
      this.#headerLine(line);
      return true;
    }
    if (line === "" || line.startsWith("#")) return true;
    this.#row(line);
    return this.#table.rows.length !== this.#rowsMax;
  }

  finish(): ReportTable {
    const table = this.#table;
    if (this.#values !== undefined) this.#fail("the report ends before the values of its totals");
    table.shown = table.names.map((_, column) => column);
    return table;
  }

  #headerLine(line: string): void {
    if (!line.startsWith("# rec") || line.startsWith("# records")) {
      this.#table.header.push(line);
      return;
    }
    const names = line.slice(NAMES_AT).split(",");
    if (line.startsWith("# rec1")) {
      this.#values = (values) => {
        const cells = this.#cells(values, names.length);
        this.#table.totals = new Map(names.map((name, at) => [name, cells[at]]));
      };
    } else if (line.startsWith("# rec2")) {
      this.#values = (values) => {
        this.#table.detail = { names, values: this.#cells(values, names.length) };
      };
    } else {
      this.#inData = line.startsWith("# recn");
      for (const name of names) this.#column(name);
    }
  }

  #column(name: string): void {
    const { names, keys, widths } = this.#table;
    if (name.endsWith("*")) keys.add(names.length);
    const plain = name.replace(/\*$/, "").toLowerCase();
    names.push(plain);
    widths.push(plain.length);
  }

  #row(line: string): void {
    const { rows, widths, names } = this.#table;
    this.#chars += line.length;
    if (this.#chars > REPORT_CHARS_MAX) {
      this.#fail(`the report is longer than REPORT_CHARS_MAX (${REPORT_CHARS_MAX})`);
    }
    const cells = this.#cells(line, names.length);
    for (let column = 0; column < names.length; column++) {
      if (cells[column].length > widths[column]) widths[column] = cells[column].length;
    }
    rows.push(cells);
  }

  #cells(line: string, count: number): string[] {
    const cells = line.split(",");
    if (cells.length < count) {
      this.#fail(`line ${this.#number} has ${cells.length} fields, expected ${count}`);
    }
    return cells;
  }

  #fail(reason: string): never {
    throw new ReportTableError("bad-report", `Cannot read report ${this.#source}: ${reason}`);
  }
}
