/** The chart of traffic over time: stacked areas, with a legend that is a table. */
import UPlot from "./uplot.js";
import { byId, element, headCell, numberCell, row, setRows, setText } from "./dom.js";
import { rate, time } from "./format.js";

const HEIGHT = 300;
/** As many as `base.css` has. */
const COLORS = 8;
const UNITS = { bits: "Bits", packets: "Packets", flows: "Flows" };
/** Steps between the ticks of time, seconds: shorter ones would have the same text. */
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800];
const OTHER = "Everything else";

/** A chart in the element `chart`, and its legend in the table `legend`. */
export class Chart {
  #target = byId("chart");
  #plot;
  /** What the plot was made for: with another shape it is made anew. */
  #shape = "";
  #answer;
  /** The colour of each name: it keeps it as long as it is shown. */
  #colors = new Map();

  constructor() {
    new ResizeObserver(() => {
      const width = this.#target.clientWidth;
      if (this.#plot !== undefined && width > 0) this.#plot.setSize({ width, height: HEIGHT });
    }).observe(this.#target);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.#shape = "";
      if (this.#answer !== undefined) this.show(this.#answer);
    });
  }

  /** Shows a time series. */
  show(answer) {
    this.#answer = answer;
    const layers = this.#layers();
    const shape = JSON.stringify([answer.unit, layers.map(({ name, color }) => [name, color])]);
    const data = [answer.times.map((at) => at / 1000), ...stacked(layers).reverse()];
    if (shape === this.#shape) {
      this.#plot.setData(data);
    } else {
      this.#shape = shape;
      this.#plot?.destroy();
      const options = plotOptions(this.#target.clientWidth, answer.unit, layers, (index) => {
        this.#legend(index);
      });
      this.#plot = new UPlot(options, data, this.#target);
    }
    this.#legend(this.#plot.cursor.idx ?? undefined);
    this.#describe();
  }

  /** What is stacked, the lowest first, with its colour. */
  #layers() {
    const { series, other } = this.#answer;
    const names = series.map(nameOf);
    for (const name of this.#colors.keys()) if (!names.includes(name)) this.#colors.delete(name);
    const used = new Set(this.#colors.values());
    for (const name of names) {
      if (this.#colors.has(name)) continue;
      let color = 1;
      while (used.has(color) && color < COLORS) color++;
      used.add(color);
      this.#colors.set(name, color);
    }
    const layers = series.map((one) => {
      const name = nameOf(one);
      return { name, values: one.values, color: `--series-${this.#colors.get(name)}` };
    });
    if (other.some((value) => value > 0.5)) {
      layers.push({ name: OTHER, values: other, color: "--series-other" });
    }
    return layers;
  }

  /** Shows the values at a moment, or the last ones. */
  #legend(index) {
    const { times, total, unit } = this.#answer;
    const at = index ?? times.length - 1;
    setText("legend-now", index === undefined || times.length === 0 ? "Now" : time(times[at]));
    const line = (name, values, marks, attributes = {}) =>
      row([
        headCell(...marks, name),
        numberCell(values.length === 0 ? "–" : rate(values[at] ?? 0, unit)),
        extraCell(values.length === 0 ? "–" : rate(mean(values), unit)),
        numberCell(values.length === 0 ? "–" : rate(highest(values), unit)),
      ], attributes);
    const lines = this.#layers().map(({ name, values, color }) => {
      const mark = element("span", { class: "mark", "aria-hidden": "true" });
      mark.style.setProperty("background", `var(${color})`);
      return line(name, values, [mark]);
    });
    setRows("legend", "tbody", [...lines, line("Total", total, [], { class: "sum" })]);
  }

  #describe() {
    const { times, total, unit } = this.#answer;
    const text = times.length === 0
      ? "no data yet"
      : `now ${rate(total.at(-1), unit)}, at most ${rate(highest(total), unit)} since ` +
        time(times[0]);
    this.#target.setAttribute("aria-label", `${UNITS[unit]} over time: ${text}`);
  }
}

/** What a layer is called: its key, and before it what its exporter calls it. */
function nameOf({ key, label }) {
  return label === undefined ? key : `${label} (${key})`;
}

/** A cell for which there is no place on a phone. */
function extraCell(text) {
  const made = numberCell(text);
  made.classList.add("extra");
  return made;
}

/** Each layer on top of those below it. */
function stacked(layers) {
  let below;
  return layers.map(({ values }) => {
    below = below === undefined ? values : values.map((value, index) => value + below[index]);
    return below;
  });
}

function plotOptions(width, unit, layers, onCursor) {
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: color("--muted"),
    font: "12px system-ui, sans-serif",
    grid: { stroke: color("--grid"), width: 1 },
    ticks: { stroke: color("--grid"), width: 1, size: 4 },
  };
  return {
    width: Math.max(100, width),
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: { y: { range: (_, __, most) => [0, most > 0 ? most * 1.08 : 1] } },
    axes: [
      { ...axis, space: 70, size: 32, incrs: TIME_STEPS, values: clockTexts },
      { ...axis, size: 76, values: (_, values) => values.map((value) => rate(value, unit)) },
    ],
    // The highest is drawn first, and the lower ones over it.
    series: [
      {},
      ...layers.toReversed().map(({ name, color: own }) => ({
        label: name,
        stroke: color("--panel"),
        width: 1,
        fill: color(own),
        points: { show: false },
      })),
    ],
    hooks: { setCursor: [({ cursor }) => onCursor(cursor.idx ?? undefined)] },
  };
}

/** Times of the day in 24 hours, with seconds where ticks are closer than a minute. */
function clockTexts(_, seconds) {
  const close = seconds.length > 1 && seconds[1] - seconds[0] < 60;
  return seconds.map((second) => {
    const text = new Date(second * 1000).toLocaleTimeString("en-GB", { hour12: false });
    return close ? text : text.slice(0, 5);
  });
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function highest(values) {
  return values.reduce((most, value) => Math.max(most, value), 0);
}
