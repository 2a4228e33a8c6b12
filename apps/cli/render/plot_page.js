"use strict";
// The script of a plot page: draws the data that stands in the page with the chart library.
(() => {
  const model = JSON.parse(document.getElementById("model").textContent);
  const chart = document.getElementById("chart");
  const steps = ["", "k", "M", "G", "T", "P", "E"];

  function short(value) {
    if (value === null || value === undefined) return "–";
    let step = 0;
    while (Math.abs(value) >= 999.5 && step < steps.length - 1) {
      value /= 1000;
      step++;
    }
    return (step === 0 || Math.abs(value) >= 99.95
      ? Math.round(value * 10) / 10
      : value.toFixed(1)) +
      steps[step];
  }

  const ink = () => getComputedStyle(document.documentElement).getPropertyValue("--ink").trim();
  const line = () => getComputedStyle(document.documentElement).getPropertyValue("--line").trim();
  const axis = (more) => ({
    stroke: ink,
    grid: { stroke: line },
    ticks: { stroke: line },
    ...more,
  });
  const size = () => ({ width: Math.max(320, chart.clientWidth), height: 420 });

  function seriesOptions() {
    const one = model.lines.length === 1;
    return {
      ...size(),
      padding: [null, 36, null, null],
      // Times are shown as the command line has them, so that the browser's zone does not matter.
      scales: { x: { time: true } },
      tzDate: (seconds) =>
        new Date(
          seconds * 1000 + model.offsets[offsetAt(seconds)] +
            new Date(seconds * 1000).getTimezoneOffset() * 60000,
        ),
      series: [
        { label: "time", value: (_, __, ___, at) => at === null ? "–" : model.timeTexts[at] },
        ...model.lines.map(({ label, color }) => ({
          label,
          stroke: color,
          width: 2,
          fill: one ? color + "26" : undefined,
          points: { show: model.times.length < 100 },
          value: (_, value) => short(value),
        })),
      ],
      axes: [
        axis({ values: timeTexts }),
        axis({ size: 70, values: (_, values) => values.map(short) }),
      ],
    };
  }

  // As precise as the marks are apart; the day stands at the first mark of it.
  function timeTexts(_, marks, __, ___, step) {
    let day = "";
    return marks.map((mark) => {
      const shown = new Date(mark * 1000 + model.offsets[offsetAt(mark)]).toISOString();
      const clock = shown.slice(11, step % 60 === 0 ? 16 : 19);
      const date = shown.slice(0, 10);
      const text = step >= 86400 ? date : date === day ? clock : `${clock}\n${date}`;
      day = date;
      return text;
    });
  }

  function offsetAt(seconds) {
    let low = 0;
    let high = model.times.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (model.times[middle] <= seconds) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  function classesOptions() {
    const labels = model.bars.map(({ label }) => label);
    return {
      ...size(),
      scales: { x: { time: false, range: [-0.6, labels.length - 0.4] } },
      series: [
        { label: "class", value: (_, __, ___, at) => at === null ? "–" : labels[at] },
        {
          label: model.unit,
          stroke: model.color,
          fill: model.color,
          paths: uPlot.paths.bars({ size: [0.9, 100] }),
          points: { show: false },
          value: (_, value) => short(value),
        },
      ],
      axes: [
        axis({
          size: 90,
          rotate: -60,
          splits: (_, __, from, to) => {
            const every = Math.ceil((to - from) / 40);
            return labels.map((_, at) => at).filter((at) => at % every === 0);
          },
          values: (_, splits) => splits.map((at) => labels[at]),
        }),
        axis({ size: 70, values: (_, values) => values.map(short) }),
      ],
    };
  }

  // Bars with long labels are better drawn as they are in the picture that stands in the page.
  if (model.kind === "bars") return;
  const [options, data] = model.kind === "series"
    ? [seriesOptions(), [model.times, ...model.lines.map(({ values }) => values)]]
    : [classesOptions(), [model.bars.map((_, at) => at), model.bars.map(({ value }) => value)]];
  chart.replaceChildren();
  const plot = new uPlot(options, data, chart);
  addEventListener("resize", () => plot.setSize(size()));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot.redraw());
})();
