import type { GroupKey, GroupResult, TimeZone } from "@flowtools/flowset/groups";
import { KeyLabels, timeText } from "../key_labels.ts";
import { lineValues } from "../series.ts";
import { type HistAnswer, histClasses } from "./hist_view.ts";
import { type Quantity, quantityText } from "./quantity.ts";
import type { SeriesAnswer } from "./series_view.ts";
import type { TopAnswer, TopView } from "./top_view.ts";

/** Lines over time. */
export interface SeriesPlot {
  readonly kind: "series";
  readonly title: string;
  /** What the numbers are. */
  readonly quantity: Quantity;
  /** The name of what is shown. */
  readonly unit: string;
  /** When each span begins: Unix milliseconds. */
  readonly times: readonly number[];
  /** The same as text. */
  readonly timeTexts: readonly string[];
  readonly zone: TimeZone;
  readonly lines: readonly { readonly label: string; readonly values: readonly number[] }[];
}

/** Bars that stand beside each other. */
export interface BarsPlot {
  /** `bars` from the left with a label each, `classes` from below in the order of values. */
  readonly kind: "bars" | "classes";
  readonly title: string;
  readonly quantity: Quantity;
  readonly unit: string;
  readonly bars: readonly { readonly label: string; readonly value: number }[];
}

/** Everything that a picture shows. */
export type PlotModel = SeriesPlot | BarsPlot;

/** A picture of flows over time. */
export async function seriesPlot(answer: SeriesAnswer, title?: string): Promise<SeriesPlot> {
  const { series, names, zone, order } = answer;
  const labels = new KeyLabels(series.groups, names, zone);
  await labels.lookUp(series.lines.flatMap(({ group }) => group ?? []));
  const keys = series.groups.keys;
  const by = keys.length === 0 ? "" : ` by ${keys.map(({ label }) => label).join(", ")}`;
  return {
    kind: "series",
    title: title ?? `${order}${by}`,
    quantity: order === "bps" ? "bit/s" : order === "pps" ? "packets/s" : order,
    unit: order,
    times: series.times,
    timeTexts: series.times.map((time) => timeText(zone, time, series.every)),
    zone,
    lines: series.lines.map((line) => ({
      label: line.group === undefined ? "other" : groupLabel(labels, keys, line.group) || order,
      values: [...lineValues(line, order, series.every)],
    })),
  };
}

/** A picture of the leading groups, and of all others together. */
export async function topPlot(
  answer: TopAnswer,
  view: TopView,
  title?: string,
): Promise<BarsPlot> {
  const { result, names, zone } = answer;
  const { order } = view;
  const groups = result.top(order.name, view.limit, view.least);
  const labels = new KeyLabels(result, names, zone);
  await labels.lookUp(groups);
  const bars = [...groups].map((group) => ({
    label: groupLabel(labels, result.keys, group),
    value: result.value(order.name, group),
  }));
  const rest = othersBar(result, groups, order.name, order.additive);
  return {
    kind: "bars",
    title: title ?? `${order.name} by ${result.keys.map(({ label }) => label).join(", ")}`,
    quantity: order.unit === "time" ? "count" : order.unit,
    unit: order.name,
    bars: rest === undefined ? bars : [...bars, rest],
  };
}

function othersBar(
  result: GroupResult,
  groups: Uint32Array,
  order: string,
  additive: boolean,
): { label: string; value: number } | undefined {
  const count = result.size - groups.length;
  if (count === 0 || result.overlapping || !additive) return undefined;
  return { label: `other (${count})`, value: result.total(order) - result.sumOf(groups)(order) };
}

/** A picture of a distribution. */
export function histPlot(answer: HistAnswer, title?: string): BarsPlot {
  const { of } = answer.query.measure!;
  const at = ["flows", "packets", "octets"].indexOf(answer.order);
  const quantity: Quantity = of === "duration" ? "ms" : "count";
  return {
    kind: "classes",
    title: title ?? `${answer.order} by ${of}`,
    quantity: answer.order,
    unit: answer.order,
    bars: histClasses(answer).map(({ from, below, sums }) => ({
      label: below === Infinity
        ? `≥ ${quantityText(from, quantity, true)}`
        : `${quantityText(from, quantity, true)} – ${quantityText(below, quantity, true)}`,
      value: sums[at],
    })),
  };
}

function groupLabel(labels: KeyLabels, keys: readonly GroupKey[], group: number): string {
  return keys.map((_, key) => labels.shown(key, group) ?? labels.value(key, group)).join(" ");
}
