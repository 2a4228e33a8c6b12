import type { JsonValue } from "@flowtools/flow-model";
import {
  findGroupCounter,
  type GroupCounter,
  type GroupResult,
  type TimeZone,
} from "@flowtools/flowset/groups";
import type { GroupQuery } from "../group_query.ts";
import { isElasticKey, isoText, isTextKey, KeyLabels, windowJson } from "../key_labels.ts";
import type { ValueNames } from "../value_names.ts";
import type { DataColumn, DataRow, DataSet } from "./data_set.ts";
import type { Look } from "./look.ts";
import type { RowOrder } from "./row_sieve.ts";

/** The name and version of the JSON document. */
const TOP_SCHEMA = "flowtools/top/1";

/** Counters that the sums of an answer tell. */
const SUMS = ["flows", "packets", "octets"] as const;

/** What was found. */
export interface TopAnswer {
  readonly query: GroupQuery;
  readonly result: GroupResult;
  readonly names: ValueNames;
  readonly zone: TimeZone;
  /** Inputs that were read. */
  readonly inputs: number;
  /** Inputs with faults. */
  readonly faults: number;
}

/** What is to be seen of it. */
export interface TopView {
  /** Labels of keys, names of counters, `percent`. */
  readonly columns: readonly string[];
  /** Whether somebody asked for these columns: then all are shown, however narrow a terminal is. */
  readonly chosen: boolean;
  /** The counter that decides. */
  readonly order: GroupCounter;
  /** Whether those with the least lead. */
  readonly least: boolean;
  /** Rows at most. */
  readonly limit: number;
  /** The order of the rows, where it is not that of the counter. */
  readonly sort?: RowOrder;
}

/** The leading groups as rows, with the others and the total. */
export async function topDataSet(answer: TopAnswer, view: TopView, look: Look): Promise<DataSet> {
  const { query, result } = answer;
  const groups = result.top(view.order.name, view.limit, view.least);
  const labels = new KeyLabels(result, answer.names, answer.zone);
  await labels.lookUp(groups);
  const rows = new TopRows(answer, view, labels, groups);
  const others = result.size - groups.length;
  return {
    schema: TOP_SCHEMA,
    about: {
      by: result.keys.map(({ label }) => label),
      order: view.order.name,
      least: view.least,
      bidirectional: query.bidirectional ?? false,
      ...windowJson(query.selection),
      zone: query.zone,
      inputs: answer.inputs,
      faults: answer.faults,
      groups: result.size,
      total: rows.sums(rows.total),
      other: rows.other === undefined ? null : { groups: others, ...rows.sums(rows.other) },
    },
    columns: view.columns.map((name, at) => ({
      ...columnOf(name, result, answer.zone, look),
      detail: detailOf(name, view),
      // Without any key rows are nameless, and chosen columns stay.
      spare: at > 0 && !view.chosen && result.keys.some(({ label }) => label === name),
    })),
    named: answer.names.wanted ? rows.namedKeys() : [],
    rows: rows.all(),
    notes: result.size === 0 ? { below: ["no flows"] } : undefined,
  };
}

/** What is left out where many keys leave little room, the last first. */
const DETAILS: readonly string[] = ["octets", "percent", "packets", "flows"];

function detailOf(name: string, { chosen, order, sort }: TopView): number | undefined {
  const detail = DETAILS.indexOf(name);
  const needed = chosen || detail < 0 || name === order.name || name === sort?.name;
  return needed ? undefined : detail;
}

function columnOf(name: string, result: GroupResult, zone: TimeZone, look: Look): DataColumn {
  const key = result.keys.find(({ label }) => label === name);
  if (key !== undefined) {
    const right = !isTextKey(key.spec);
    return { name, title: name, right, quantity: "id", elastic: isElasticKey(key.spec) };
  }
  if (name === "percent") return { name, title: "%", right: true, quantity: "percent" };
  const { unit } = findGroupCounter(name)!;
  if (unit === "time") return { name, title: `${name} (${zone.name})` };
  const title = unit === "ms" && !look.human ? `${name} ms` : name;
  return { name, title, right: true, quantity: unit };
}

/** The value of a counter, of a group or of several. */
type CounterOf = (name: string) => number;

/** The rows of an answer. */
class TopRows {
  /** The counters of all flows. */
  readonly total: CounterOf;
  /** Those of the groups that are not shown; nothing where all are, or where groups overlap. */
  readonly other: CounterOf | undefined;
  readonly #answer: TopAnswer;
  readonly #view: TopView;
  readonly #labels: KeyLabels;
  readonly #groups: Uint32Array;

  constructor(answer: TopAnswer, view: TopView, labels: KeyLabels, groups: Uint32Array) {
    const { result } = answer;
    this.#answer = answer;
    this.#view = view;
    this.#labels = labels;
    this.#groups = groups;
    this.total = (name) => result.total(name);
    if (groups.length < result.size && !result.overlapping) {
      const shown = result.sumOf(groups);
      // Sums are whole numbers, so that the difference is exact.
      this.other = (name) => result.total(name) - shown(name);
    }
  }

  /** The sums that every answer tells. */
  sums(counter: CounterOf): Record<string, JsonValue> {
    return Object.fromEntries(SUMS.map((name) => [name, counter(name)]));
  }

  /** The labels of shown keys that some row has a name for. */
  namedKeys(): string[] {
    return this.#answer.result.keys.filter(({ label, spec }) =>
      this.#view.columns.includes(label) &&
      (spec.names !== undefined || spec.kind === "application")
    ).map(({ label }) => label);
  }

  *all(): Generator<DataRow, void, undefined> {
    if (this.#view.sort === undefined) {
      for (const group of this.#groups) yield this.#row(group);
    } else yield* this.#sorted(this.#view.sort);
    if (this.#answer.result.size === 0) return;
    const others = this.#answer.result.size - this.#groups.length;
    if (this.other !== undefined) yield this.#sumRow(`other (${others})`, this.other);
    yield this.#sumRow("total", this.total);
  }

  #sorted({ name: column, descending }: RowOrder): DataRow[] {
    const at = this.#view.columns.indexOf(column);
    const key = this.#answer.result.keys.some(({ label }) => label === column);
    // Addresses are sorted as numbers, not as text.
    const rank = new Map(key ? [...this.#answer.result.byKeys()].map((g, i) => [g, i]) : []);
    const rows = [...this.#groups].map((group) => ({ group, row: this.#row(group) }));
    rows.sort((a, b) => {
      const [x, y] = key
        ? [rank.get(a.group)!, rank.get(b.group)!]
        : [a.row.values[at], b.row.values[at]];
      const order = x === y ? 0 : (x ?? -Infinity) < (y ?? -Infinity) ? -1 : 1;
      return descending ? -order : order;
    });
    return rows.map(({ row }) => row);
  }

  #row(group: number): DataRow {
    const { result } = this.#answer;
    const { columns, order } = this.#view;
    const texts: (string | undefined)[] = [];
    const names: Record<string, string> = {};
    const values = columns.map((name, at) => {
      const key = result.keys.findIndex(({ label }) => label === name);
      if (key < 0) return this.#counter(name, (counter) => result.value(counter, group), texts, at);
      texts[at] = this.#labels.shown(key, group);
      const text = this.#labels.name(key, group);
      if (text !== undefined) names[name] = text;
      return this.#labels.value(key, group);
    });
    const most = result.value(
      order.name,
      this.#groups[this.#view.least ? this.#groups.length - 1 : 0],
    );
    const share = most === 0 ? 0 : result.value(order.name, group) / most;
    return { values, texts, share, ...(this.#answer.names.wanted ? { names } : {}) };
  }

  #sumRow(title: string, counter: CounterOf): DataRow {
    const texts: (string | undefined)[] = [];
    let titled = false;
    const values = this.#view.columns.map((name, at) => {
      if (this.#answer.result.keys.some(({ label }) => label === name)) {
        const text = titled ? null : title;
        titled = true;
        return text;
      }
      const known = findGroupCounter(name);
      // What is no sum is that of all flows only.
      if (known !== undefined && !known.additive && title !== "total") return null;
      return this.#counter(name, counter, texts, at);
    });
    return { values, texts, quiet: true };
  }

  #counter(
    name: string,
    counter: CounterOf,
    texts: (string | undefined)[],
    at: number,
  ): number | string | null {
    if (name === "percent") {
      const { order } = this.#view;
      if (!order.additive) return null;
      const total = this.total(order.name);
      return total === 0 ? 0 : rounded(counter(order.name) * 100 / total);
    }
    const value = counter(name);
    const { unit } = findGroupCounter(name)!;
    if (unit !== "time") return Number.isInteger(value) ? value : rounded(value);
    texts[at] = this.#answer.zone.text(value);
    return isoText(value);
  }
}

/** Ratios are not exact anyway: four digits behind the point are enough to tell them apart. */
function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
