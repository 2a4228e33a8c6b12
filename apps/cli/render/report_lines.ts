import type { ConfiguredReport, ReportOutput, ReportResult } from "@flowtools/flowset/reports";
import type { ReportColumn } from "./report_columns.ts";
import { fixed, type StatText } from "./stat_text.ts";

/** Bytes that the reference has for a name, the last of which ends it. */
const NAME_BYTES = 63;
const COMMA = new TextEncoder().encode(",");

/** Groups in the order of their lines, and the order that the next output begins with. */
export interface LineOrder {
  /** The groups in ascending order. */
  readonly groups: Uint32Array<ArrayBuffer>;
  /** Lines begin with the last. */
  readonly reversed: boolean;
}

/**
 * The order of an output's lines. The reference keeps the order of the output before: reports with
 * a table of all keys sort it further, and the others keep it where an output has no order.
 */
export function orderLines(
  result: ReportResult,
  { sort }: ReportOutput,
  before: LineOrder | undefined,
): LineOrder {
  const table = result.report.order === "key";
  if (sort === undefined) {
    const groups = before?.groups ?? result.order();
    return { groups, reversed: !table && (before?.reversed ?? false) };
  }
  const { field, sign } = sort;
  const reversed = sign === "+";
  const key = /^key(\d?)$/.exec(field);
  if (table) {
    const base = before?.groups ?? result.order();
    // Keys are in order from the start.
    const groups = key !== null ? base : result.sorted(counterName(field), false, base);
    return { groups, reversed };
  }
  const by = key === null ? counterName(field) : Math.max(Number(key[1]), 1) - 1;
  return { groups: result.sorted(by), reversed };
}

type Counter = Parameters<ReportResult["sorted"]>[0];

function counterName(field: string): Counter {
  return field === "count" ? "distinct" : field as Counter;
}

/** The lines of an output, printed some at a time. */
export class ReportLines {
  readonly #text: StatText;
  readonly #output: ReportOutput;
  readonly #result: ReportResult;
  readonly #columns: readonly ReportColumn[];
  readonly #order: LineOrder;
  /** Whether subtotals have rates. */
  readonly #rates: boolean;
  readonly #interpolated: boolean;
  /** Groups that reports with a table of all keys show: all that have flows. */
  readonly #shownOnly: boolean;
  readonly #tallied: number;
  readonly #encoder = new TextEncoder();
  #at = 0;
  /** The number of the next line among all outputs of the report. */
  #index: number;
  /** Sums over the lines so far. */
  #shown = 0;
  #flows = 0;
  #octets = 0;
  #packets = 0;
  #records = 0;
  #bps = 0;
  #pps = 0;

  constructor(
    text: StatText,
    report: ConfiguredReport,
    output: ReportOutput,
    result: ReportResult,
    options: {
      readonly columns: readonly ReportColumn[];
      readonly order: LineOrder;
      readonly rates: boolean;
      readonly index: number;
    },
  ) {
    this.#text = text;
    this.#output = output;
    this.#result = result;
    this.#columns = options.columns;
    this.#order = options.order;
    this.#rates = options.rates;
    this.#index = options.index;
    this.#interpolated = report.spec.interpolate === true;
    this.#shownOnly = report.spec.order === "key";
    this.#tallied = this.#countShown();
  }

  /** The number of the line after the last. */
  get index(): number {
    return this.#index;
  }

  /**
   * Prints lines.
   *
   * @param count How many at most
   * @returns Whether there are more
   */
  print(count: number): boolean {
    const { groups, reversed } = this.#order;
    const { sums, counters } = this.#result;
    const { tally, records } = this.#output;
    for (let left = count; left > 0 && this.#at < groups.length; left--) {
      const group = groups[reversed ? groups.length - 1 - this.#at : this.#at];
      this.#at++;
      if (this.#shownOnly && sums[group * counters.length] === 0) continue;
      if (this.#interpolated) {
        this.#line(group);
        continue;
      }
      if (tally > 0 && this.#shown > 0 && this.#shown % tally === 0) this.#subtotal();
      this.#add(group);
      this.#line(group);
      if (records > 0 && this.#shown === records) {
        this.#text.text("# stop, hit record limit.\n");
        return false;
      }
    }
    return this.#at < groups.length;
  }

  #countShown(): number {
    const { sums, counters, size } = this.#result;
    if (!this.#shownOnly) return size;
    let shown = 0;
    for (let group = 0; group < size; group++) if (sums[group * counters.length] !== 0) shown++;
    return shown;
  }

  #add(group: number): void {
    const { sums, counters } = this.#result;
    const at = group * counters.length;
    this.#shown++;
    this.#flows += sums[at];
    this.#octets += sums[at + 1];
    this.#packets += sums[at + 2];
    if (!this.#rates) return;
    const records = sums[at + counters.indexOf("records")];
    this.#records += records;
    this.#bps += sums[at + counters.indexOf("avg-bps")] * records;
    this.#pps += sums[at + counters.indexOf("avg-pps")] * records;
  }

  #subtotal(): void {
    const { totals } = this.#result;
    const share = (name: string, part: number) => ` %${name}=${fixed(part * 100, 3)}`;
    let line = "#TALLY" + share("recs", this.#shown / this.#tallied) +
      share("flows", this.#flows / totals.flows) + share("octets", this.#octets / totals.octets) +
      share("packets", this.#packets / totals.packets);
    if (this.#rates) {
      const rate = (name: "avg-bps" | "avg-pps") => totals.rates.get(name) ?? 0;
      line += share("avg-bps", this.#bps / this.#records / rate("avg-bps")) +
        share("avg-pps", this.#pps / this.#records / rate("avg-pps"));
    }
    this.#text.text(`${line}\n`);
  }

  #line(group: number): void {
    const text = this.#text;
    const { keyWords, keyStride, sums, counters, distinct } = this.#result;
    const columns = this.#columns;
    const keyAt = group * keyStride;
    const sumAt = group * counters.length;
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i];
      if (i > 0) text.padded(COMMA, 1);
      switch (column.kind) {
        case "index":
          text.integer(this.#index++, 0);
          break;
        case "constant":
          text.integer(column.extra!, 0);
          break;
        case "number":
          this.#named(keyWords[keyAt + column.offset], column);
          break;
        case "counter": {
          const at = keyAt + column.offset;
          text.integer(keyWords[at] * 2 ** 32 + keyWords[at + 1], 0);
          break;
        }
        case "address":
          text.address(keyWords[keyAt + column.offset], 0, this.#wide(column, group));
          break;
        case "prefix": {
          const length = column.extra === undefined ? 0 : keyWords[keyAt + column.extra];
          const wide = this.#wide(column, group);
          text.prefix(keyWords[keyAt + column.offset], length, 0, wide);
          break;
        }
        case "count":
          this.#number(distinct![group], column);
          break;
        case "sum":
        case "real":
          this.#number(sums[sumAt + column.offset], column);
      }
    }
    text.endLine();
  }

  #wide({ key }: ReportColumn, group: number): string | undefined {
    return this.#result.wideAddress(key, group);
  }

  #number(value: number, { kind, total }: ReportColumn): void {
    if (total !== undefined) this.#text.text(fixed(value / total * 100, 6));
    else if (kind === "real") this.#text.text(fixed(value, 6));
    else this.#text.integer(value, 0);
  }

  #named(value: number, { names }: ReportColumn): void {
    const name = names?.name(value);
    if (name === undefined) return this.#text.integer(value, 0);
    const bytes = this.#encoder.encode(name);
    this.#text.padded(bytes, Math.min(bytes.length, NAME_BYTES));
  }
}
