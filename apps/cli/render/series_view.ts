import type { TimeZone } from "@flowtools/flowset/groups";
import type { GroupQuery } from "../group_query.ts";
import {
  isElasticKey,
  isoText,
  isTextKey,
  KeyLabels,
  timeText,
  windowJson,
} from "../key_labels.ts";
import {
  countedBy,
  lineValues,
  type Series,
  SERIES_COUNTERS,
  type SeriesCounter,
  type SeriesLine,
} from "../series.ts";
import type { ValueNames } from "../value_names.ts";
import { sparkText } from "./bars.ts";
import type { DataColumn, DataRow, DataSet } from "./data_set.ts";
import { type Look, styled } from "./look.ts";
import { type Quantity, quantityText, spanText } from "./quantity.ts";

/** The name and version of the JSON document. */
const SERIES_SCHEMA = "flowtools/series/1";

/** Columns of a sparkline at least. */
const SPARK_COLUMNS_MIN = 10;
const SPARK_COLUMNS_MAX = 120;

/** What was found. */
export interface SeriesAnswer {
  readonly query: GroupQuery;
  readonly series: Series;
  /** What lines show. */
  readonly order: SeriesCounter;
  readonly names: ValueNames;
  readonly zone: TimeZone;
  /** Inputs that were read. */
  readonly inputs: number;
  /** Inputs with faults. */
  readonly faults: number;
}

/** What the numbers of each counter are. */
const QUANTITIES: Readonly<Record<SeriesCounter, Quantity>> = {
  octets: "octets",
  packets: "packets",
  flows: "flows",
  bps: "bit/s",
  pps: "packets/s",
};

/**
 * The columns of spans.
 *
 * @param keys The keys of groups
 */
export function seriesNames(keys: readonly string[]): readonly string[] {
  return ["time", ...keys, ...keys.length === 0 ? [] : ["other"], ...SERIES_COUNTERS];
}

/** Flows over time as rows: for people by line where there are several, else by span. */
export async function seriesDataSet(
  answer: SeriesAnswer,
  look: Look,
  people: boolean,
): Promise<DataSet> {
  const { series, query, names } = answer;
  const labels = new KeyLabels(series.groups, names, answer.zone);
  await labels.lookUp(series.lines.flatMap(({ group }) => group ?? []));
  const about = {
    by: series.groups.keys.map(({ label }) => label),
    every: series.every,
    order: answer.order,
    at: query.atEnd ? "last" : "first",
    ...windowJson(query.selection),
    zone: query.zone,
    inputs: answer.inputs,
    faults: answer.faults,
    groups: series.groups.keys.length === 0 ? 0 : series.groups.size,
    total: {
      flows: series.groups.total("flows"),
      packets: series.groups.total("packets"),
      octets: series.groups.total("octets"),
    },
  };
  const view = new SeriesView(answer, labels, look);
  const several = people && series.groups.keys.length > 0;
  return {
    schema: SERIES_SCHEMA,
    about,
    columns: several ? view.lineColumns() : view.spanColumns(),
    named: names.wanted ? series.groups.keys.map(({ label }) => label) : [],
    rows: several ? view.lineRows() : view.spanRows(),
    notes: series.times.length === 0
      ? { below: ["no flows"] }
      : { above: several ? [view.caption()] : [] },
  };
}

class SeriesView {
  readonly #answer: SeriesAnswer;
  readonly #labels: KeyLabels;
  readonly #look: Look;

  constructor(answer: SeriesAnswer, labels: KeyLabels, look: Look) {
    this.#answer = answer;
    this.#labels = labels;
    this.#look = look;
  }

  get #keyColumns(): DataColumn[] {
    return this.#answer.series.groups.keys.map(({ label, spec }) => ({
      name: label,
      title: label,
      right: !isTextKey(spec),
      quantity: "id",
      elastic: isElasticKey(spec),
    }));
  }

  /** From when to when, in what steps. */
  caption(): string {
    const { series, zone, order } = this.#answer;
    const [first] = series.times;
    const last = series.times[series.times.length - 1];
    const [from, to] = [first, last].map((time) => timeText(zone, time, series.every));
    const text = `${order} from ${from} to ${to}, every ${spanText(series.every)}`;
    return styled(this.#look, "dim", text);
  }

  /** The columns where each row is a span of a line. */
  spanColumns(): DataColumn[] {
    const lines = this.#keyColumns.length === 0 ? [] : [
      ...this.#keyColumns,
      { name: "other", title: "other" },
    ];
    const counters = SERIES_COUNTERS.map((name): DataColumn => ({
      name,
      title: name,
      right: true,
      quantity: QUANTITIES[name],
    }));
    return [{ name: "time", title: `time (${this.#answer.zone.name})` }, ...lines, ...counters];
  }

  *spanRows(): Generator<DataRow, void, undefined> {
    const { series, order, zone } = this.#answer;
    const lines = series.lines.map((line) => ({
      ...this.#lineHead(line),
      counters: SERIES_COUNTERS.map((name) => lineValues(line, name, series.every)),
      shown: lineValues(line, order, series.every),
    }));
    const most = lines.reduce((high, { shown }) => Math.max(high, greatest(shown)), 0);
    for (const [span, time] of series.times.entries()) {
      for (const { values, texts, names, counters, shown } of lines) {
        yield {
          values: [isoText(time), ...values, ...counters.map((column) => rounded(column[span]))],
          texts: [timeText(zone, time, series.every), ...texts],
          names,
          share: most === 0 ? 0 : shown[span] / most,
        };
      }
    }
  }

  /** The columns where each row is a line. */
  lineColumns(): DataColumn[] {
    const { order } = this.#answer;
    const quantity = QUANTITIES[order];
    return [
      ...this.#keyColumns,
      { name: "total", title: countedBy(order), right: true, quantity: countedBy(order) },
      { name: "percent", title: "%", right: true, quantity: "percent" },
      { name: "peak", title: `peak ${order}`, right: true, quantity },
      { name: "line", title: "" },
    ];
  }

  *lineRows(): Generator<DataRow, void, undefined> {
    const { series, order } = this.#answer;
    const counter = countedBy(order);
    const total = series.groups.total(counter);
    const rows = series.lines.map((line) => {
      const shown = lineValues(line, order, series.every);
      const sum = line.sums[counter].reduce((all, value) => all + value, 0);
      const head = this.#lineHead(line);
      const cells = [sum, total === 0 ? 0 : rounded(sum * 100 / total), rounded(greatest(shown))];
      return { head, cells, shown };
    });
    const columns = this.#sparkColumns(rows.map(({ head, cells }) => [head.texts, cells]));
    for (const { head, cells, shown } of rows) {
      const line = sparkText([...shown], columns, this.#look.unicode);
      const keys = head.values.slice(0, -1);
      yield { values: [...keys, ...cells, styled(this.#look, "bar", line)], texts: head.texts };
    }
  }

  /** Columns that are left for sparklines. */
  #sparkColumns(
    rows: readonly (readonly [texts: readonly string[], cells: readonly number[]])[],
  ): number {
    const columns = this.lineColumns();
    const width = columns.reduce((sum, { title, quantity = "count" }, at) => {
      const texts = rows.map(([texts, cells]) => {
        const number = cells[at - texts.length];
        return at < texts.length
          ? texts[at]
          : number === undefined
          ? ""
          : quantityText(number, quantity, this.#look.human);
      });
      return sum + 2 + texts.reduce((most, text) => Math.max(most, text.length), title.length);
    }, 0);
    const room = this.#look.columns - width - 1;
    return Math.max(SPARK_COLUMNS_MIN, Math.min(SPARK_COLUMNS_MAX, room));
  }

  /** What a line is of: keys, and whether it is that of the others. */
  #lineHead({ group }: SeriesLine): {
    readonly values: (string | number | boolean | null)[];
    readonly texts: string[];
    readonly names: Record<string, string> | undefined;
  } {
    const { groups } = this.#answer.series;
    if (groups.keys.length === 0) return { values: [], texts: [], names: undefined };
    if (group === undefined) {
      const values = [...groups.keys.map(() => null), true];
      return {
        values,
        texts: groups.keys.map((_, key) => key === 0 ? "other" : ""),
        names: undefined,
      };
    }
    const names: Record<string, string> = {};
    const values = groups.keys.map(({ label }, key) => {
      const name = this.#labels.name(key, group);
      if (name !== undefined) names[label] = name;
      return this.#labels.value(key, group);
    });
    const texts = values.map((value, key) => this.#labels.shown(key, group) ?? String(value));
    return {
      values: [...values, false],
      texts,
      names: this.#answer.names.wanted ? names : undefined,
    };
  }
}

function greatest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

/** Rates have more digits than they are exact to. */
function rounded(value: number): number {
  return Number.isInteger(value) ? value : Math.round(value * 1e4) / 1e4;
}
