import type { SymbolKind, SymbolTable } from "@flowtools/flowset/select";
import { COLUMN_SYMBOLS } from "./render/report_table_numbers.ts";
import { ReportTableError } from "./render/report_table_input.ts";
import { fileName, type SeriesSpec, type SeriesStore } from "./rrd_store.ts";

/** What to keep of a report. */
export interface ReportSeriesOptions {
  /** Keys to keep; `total_flows` and the like are the totals. */
  readonly keys: readonly string[];
  /** Columns to keep. */
  readonly fields: readonly string[];
  /** Directory of the files. */
  readonly path: string;
  /** What stands behind the key in the name of a file. */
  readonly postfix: string;
  /** Values kept of 5 minutes, 30 minutes, 2 hours, a day; empty or 0 for none. */
  readonly storage: readonly string[];
  /** Loads names of keys, where keys have names. */
  readonly symbols?: (kind: SymbolKind) => Promise<SymbolTable>;
}

/** Steps of 5 minutes that one value of each archive stands for. */
const ARCHIVE_STEPS = [1, 6, 24, 288];

const TOTAL = "total_";
const TOTALS_LINE = "# rec1: records,ignores,flows,octets,packets,duration";
const FIRST_FLOW = "# first-flow:";
const ROWS_LINE = "# recn";
/** Where names begin in these lines. */
const NAMES_AT = 8;

/** A column of the report that is kept. */
interface KeptColumn {
  readonly at: number;
  readonly name: string;
}

/** Adds the values of a report, all of the time of its first flow, to series named by key. */
export class ReportSeries {
  readonly #options: ReportSeriesOptions;
  readonly #store: SeriesStore;
  readonly #missing: Set<string>;
  readonly #totals: ReadonlySet<string>;
  readonly #archives: readonly string[];
  #time: number | undefined;
  #keyColumns: { readonly at: number; readonly symbols: SymbolTable | undefined }[] | undefined;
  #kept: KeptColumn[] = [];

  constructor(options: ReportSeriesOptions, store: SeriesStore) {
    this.#options = options;
    this.#store = store;
    this.#totals = new Set(options.keys.filter((key) => key.startsWith(TOTAL)));
    this.#missing = new Set(options.keys.filter((key) => !key.startsWith(TOTAL)));
    this.#archives = ARCHIVE_STEPS.flatMap((steps, at) => {
      const rows = options.storage[at];
      return Number(rows) > 0
        ? [`RRA:AVERAGE:0.5:${steps}:${rows}`, `RRA:MAX:0.5:${steps}:${rows}`]
        : [];
    });
  }

  /** Reads a report; keys that it lacks get zeros. */
  async add(lines: AsyncIterable<string>): Promise<void> {
    let totals: KeptColumn[] | undefined;
    for await (const raw of lines) {
      const line = raw.trim();
      if (totals !== undefined) {
        this.#update("totals", line.split(","), totals);
        totals = undefined;
      } else if (this.#keyColumns !== undefined) {
        if (this.#missing.size === 0) break;
        if (line !== "" && !line.startsWith("#")) this.#row(line.split(","));
      } else if (line.startsWith(FIRST_FLOW)) {
        this.#time = Number(line.slice(FIRST_FLOW.length).trim().split(/\s+/)[0]);
      } else if (line.startsWith(TOTALS_LINE)) {
        totals = this.#keep(line.slice(NAMES_AT), (name) => this.#totals.has(TOTAL + name));
      } else if (line.startsWith(ROWS_LINE)) {
        await this.#columns(line.slice(NAMES_AT));
      }
    }
    for (const key of this.#missing) this.#update(key, undefined, this.#kept);
  }

  #keep(names: string, wanted: (name: string) => boolean): KeptColumn[] {
    return names.split(",").map((name, at) => ({ name, at })).filter(({ name }) => wanted(name));
  }

  async #columns(text: string): Promise<void> {
    const { fields, symbols } = this.#options;
    this.#kept = this.#keep(text.replaceAll("*", ""), (name) => fields.includes(name));
    this.#keyColumns = [];
    for (const [at, name] of text.split(",").entries()) {
      if (!name.endsWith("*")) continue;
      const kind = COLUMN_SYMBOLS[name.slice(0, -1).toLowerCase()];
      const table = kind === undefined ? undefined : await symbols?.(kind);
      this.#keyColumns.push({ at, symbols: table });
    }
  }

  #row(cells: readonly string[]): void {
    const key = this.#keyColumns!.map(({ at, symbols }) => {
      const text = cells[at] ?? "";
      return (/^\d+$/.test(text) && symbols?.name(Number(text))) || text;
    }).join("-");
    if (this.#missing.delete(key)) this.#update(key, cells, this.#kept);
  }

  #update(key: string, cells: readonly string[] | undefined, kept: readonly KeptColumn[]): void {
    if (kept.length === 0) return;
    const { path, postfix } = this.#options;
    if (!this.#time) {
      throw new ReportTableError(
        "no-time",
        `Cannot store report: it has no line "${FIRST_FLOW}", expected the option +header`,
      );
    }
    const spec: SeriesSpec = {
      path: `${path}/${fileName(key + postfix)}`,
      sources: kept.map(({ name }) => name),
      kind: "ABSOLUTE",
      archives: this.#archives,
    };
    const values = kept.map(({ at }) => cells === undefined ? "0" : cells[at]);
    if (values.some((value) => value === undefined || !/^\d+(\.\d+)?$/.test(value))) {
      throw new ReportTableError(
        "bad-report",
        `Cannot store report: the values of "${key}" are ${values.join(", ")}, expected numbers`,
      );
    }
    this.#store.update(spec, this.#time, values);
  }
}
