import libraryScript from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import libraryStyle from "uplot/dist/uPlot.min.css" with { type: "text" };
import pageStyle from "./plot_page.css" with { type: "text" };
import pageScript from "./plot_page.js" with { type: "text" };
import type { PlotModel } from "./plot_model.ts";
import { plotColor, plotSvg, xmlText } from "./plot_svg.ts";

/** Rows of the table below the chart at most: a page of more is slow to open. */
const TABLE_ROWS_MAX = 2000;

/** Pixels of the picture that stands in the page for whoever runs no scripts. */
const STILL = { width: 1100, height: 420 } as const;

/**
 * A page that shows a chart, and the numbers behind it in a table. It needs nothing beside it: the
 * chart library stands in it. Without scripts it shows a picture.
 *
 * @param model What it shows
 * @param note A line below the title: where the numbers are from
 */
export function plotHtml(model: PlotModel, note: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<title>${xmlText(model.title)}</title>
<style>
${libraryStyle}
${pageStyle}</style>
</head>
<body>
<main>
<h1>${xmlText(model.title)}</h1>
<p>${xmlText(note)}</p>
<div id="chart">
${plotSvg(model, STILL, false)}</div>
<div class="scroll" tabindex="0">
${tableHtml(model)}
</div>
</main>
<script type="application/json" id="model">${scriptJson(pageModel(model))}</script>
<script>
${libraryScript}
</script>
<script>
${pageScript}</script>
</body>
</html>
`;
}

/** JSON that ends no script. */
function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

/** What the script of the page needs. */
function pageModel(model: PlotModel): unknown {
  if (model.kind !== "series") return { ...model, color: plotColor("", 0) };
  const { times, zone, lines } = model;
  return {
    kind: model.kind,
    unit: model.unit,
    times: times.map((time) => time / 1000),
    timeTexts: model.timeTexts,
    offsets: times.map((time) => zone.offset(time)),
    lines: lines.map((line, index) => ({ ...line, color: plotColor(line.label, index) })),
  };
}

function tableHtml(model: PlotModel): string {
  const [heads, rows]: readonly [readonly string[], readonly (readonly (string | number)[])[]] =
    model.kind === "series"
      ? [
        ["time", ...model.lines.map(({ label }) => label)],
        model.timeTexts.map((text, at) => [text, ...model.lines.map(({ values }) => values[at])]),
      ]
      : [["", model.unit], model.bars.map(({ label, value }) => [label, value])];
  const cells = (row: readonly (string | number)[], tag: "td" | "th") =>
    `<tr>${row.map((cell) => `<${tag}>${xmlText(cellText(cell))}</${tag}>`).join("")}</tr>`;
  const more = rows.length > TABLE_ROWS_MAX
    ? `\n<p>The first ${TABLE_ROWS_MAX} of ${rows.length} rows.</p>`
    : "";
  return `<table class="data">
<thead>${cells(heads, "th")}</thead>
<tbody>
${rows.slice(0, TABLE_ROWS_MAX).map((row) => cells(row, "td")).join("\n")}
</tbody>
</table>${more}`;
}

function cellText(cell: string | number): string {
  return typeof cell === "string" || Number.isInteger(cell) ? String(cell) : cell.toFixed(1);
}
