import { timeMarks, valueMarks } from "./plot_axis.ts";
import type { BarsPlot, PlotModel, SeriesPlot } from "./plot_model.ts";
import { quantityText } from "./quantity.ts";

/** Colours that people with colour blindness can tell apart (Okabe and Ito); grey for the others. */
export const PLOT_COLORS: readonly string[] = [
  "#0072b2",
  "#e69f00",
  "#009e73",
  "#d55e00",
  "#cc79a7",
  "#56b4e9",
  "#b8a800",
];
const OTHER_COLOR = "#8a8a8a";

/** Room around what is drawn, in pixels. */
const MARGIN = { top: 44, right: 36, bottom: 44, left: 72 } as const;
const ROW_HEIGHT = 22;
const LABEL_WIDTH_MAX = 320;
/** Pixels of a letter of the labels, about. */
const LETTER_WIDTH = 7.2;

/** Pixels of a picture. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** The colour of a line or a bar. */
export function plotColor(label: string, index: number): string {
  return label.startsWith("other") ? OTHER_COLOR : PLOT_COLORS[index % PLOT_COLORS.length];
}

/**
 * A picture as SVG, which needs nothing beside it.
 *
 * @param model What it shows
 * @param size Its pixels; bars from the left make their own height
 * @param headed Whether its title is written in it
 */
export function plotSvg(model: PlotModel, size: PictureSize, headed = true): string {
  const picture = model.kind === "series"
    ? seriesPicture(model, size)
    : model.kind === "bars"
    ? barsPicture(model, size.width)
    : classesPicture(model, size);
  return pictureSvg(picture, model.title, headed);
}

/** Text that stands in XML as it is. */
export function xmlText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    // deno-lint-ignore no-control-regex -- XML has no such characters, not even escaped
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "\ufffd");
}

/** What is drawn, and how large it is. */
interface Picture extends PictureSize {
  readonly parts: readonly string[];
}

function pictureSvg({ width, height, parts }: Picture, title: string, headed: boolean): string {
  const name = xmlText(title);
  const heading = `<text x="16" y="22" font-size="15" font-weight="600">${name}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ` +
    `width="${width}" height="${height}" role="img" aria-label="${name}" ` +
    `font-family="system-ui, sans-serif" font-size="12" fill="currentColor">
<style>
  svg { color: #222; background: #fff; }
  .grid { stroke: currentColor; stroke-opacity: 0.15; }
  .axis { stroke: currentColor; stroke-opacity: 0.5; }
  .quiet { fill-opacity: 0.7; }
  @media (prefers-color-scheme: dark) { svg { color: #ddd; background: #16181d; } }
</style>
<title>${name}</title>
${headed ? `${heading}\n` : ""}${parts.join("\n")}
</svg>
`;
}

/** Lines across the picture at the marks of its values. */
function valueGrid(
  model: PlotModel,
  marks: readonly number[],
  width: number,
  y: (value: number) => number,
): string[] {
  return marks.flatMap((mark) => {
    const at = pixel(y(mark));
    return [
      `<line class="grid" x1="${MARGIN.left}" x2="${width - MARGIN.right}" y1="${at}" y2="${at}"/>`,
      `<text class="quiet" x="${MARGIN.left - 8}" y="${pixel(y(mark) + 4)}" text-anchor="end">` +
      `${quantityText(mark, model.quantity, true)}</text>`,
    ];
  });
}

function seriesPicture(model: SeriesPlot, { width, height }: PictureSize): Picture {
  const { times, lines, zone } = model;
  const legendRows = Math.ceil(lines.length / 3);
  const bottom = height - MARGIN.bottom - (lines.length > 1 ? legendRows * 18 : 0);
  const most = lines.reduce((high, { values }) => values.reduce((a, b) => Math.max(a, b), high), 0);
  const marks = valueMarks(most);
  const top = marks[marks.length - 1];
  const from = times[0] ?? 0;
  const to = Math.max(times[times.length - 1] ?? 1, from + 1);
  const right = width - MARGIN.right;
  const x = (time: number) => MARGIN.left + (time - from) / (to - from) * (right - MARGIN.left);
  const y = (value: number) => bottom - value / top * (bottom - MARGIN.top);
  const parts = valueGrid(model, marks, width, y);
  for (const { at, text } of timeMarks(from, to, zone, Math.floor(width / 130))) {
    const left = pixel(x(at));
    parts.push(`<line class="grid" x1="${left}" x2="${left}" y1="${MARGIN.top}" y2="${bottom}"/>`);
    parts.push(
      `<text class="quiet" x="${left}" y="${bottom + 18}" text-anchor="middle">${text}</text>`,
    );
  }
  parts.push(
    `<line class="axis" x1="${MARGIN.left}" x2="${right}" y1="${bottom}" y2="${bottom}"/>`,
  );
  for (const [index, { label, values }] of lines.entries()) {
    const color = plotColor(label, index);
    const points = values.map((value, at) => `${pixel(x(times[at]))},${pixel(y(value))}`).join(" ");
    if (lines.length === 1) {
      parts.push(
        `<polygon fill="${color}" fill-opacity="0.15" points="${MARGIN.left},${bottom} ` +
          `${points} ${pixel(x(times[times.length - 1] ?? to))},${bottom}"/>`,
      );
    }
    parts.push(`<polyline fill="none" stroke="${color}" stroke-width="2" points="${points}"/>`);
    // A single span has no length: it is a point.
    if (values.length === 1) {
      parts.push(
        `<circle fill="${color}" r="4" cx="${pixel(x(from))}" cy="${pixel(y(values[0]))}"/>`,
      );
    }
  }
  if (lines.length > 1) parts.push(...legend(lines.map(({ label }) => label), width, bottom + 30));
  return { width, height, parts };
}

function legend(labels: readonly string[], width: number, top: number): string[] {
  const column = (width - MARGIN.left - MARGIN.right) / 3;
  return labels.flatMap((label, index) => {
    const x = MARGIN.left + (index % 3) * column;
    const y = top + Math.floor(index / 3) * 18;
    return [
      `<rect x="${pixel(x)}" y="${y}" width="12" height="12" rx="2" ` +
      `fill="${plotColor(label, index)}"/>`,
      `<text x="${pixel(x + 18)}" y="${y + 11}">${xmlText(shortened(label, column - 24))}</text>`,
    ];
  });
}

function barsPicture(model: BarsPlot, width: number): Picture {
  const { bars, quantity } = model;
  const height = MARGIN.top + bars.length * ROW_HEIGHT + 16;
  const longest = bars.reduce((most, { label }) => Math.max(most, label.length), 0);
  const labelWidth = Math.min(LABEL_WIDTH_MAX, width / 2, longest * LETTER_WIDTH + 8);
  const left = 16 + labelWidth;
  const room = width - left - 90;
  const most = bars.reduce((high, { value }) => Math.max(high, value), 0);
  const parts = bars.flatMap(({ label, value }, index) => {
    const y = MARGIN.top + index * ROW_HEIGHT;
    const length = most === 0 ? 0 : value / most * room;
    const color = label.startsWith("other") ? OTHER_COLOR : PLOT_COLORS[0];
    return [
      `<text x="${pixel(left - 8)}" y="${y + 13}" text-anchor="end">` +
      `${xmlText(shortened(label, labelWidth))}</text>`,
      `<rect x="${pixel(left)}" y="${y + 2}" width="${pixel(length)}" height="${ROW_HEIGHT - 6}" ` +
      `rx="2" fill="${color}"><title>${xmlText(label)}: ${value}</title></rect>`,
      `<text class="quiet" x="${pixel(left + length + 6)}" y="${y + 13}">` +
      `${quantityText(value, quantity, true)}</text>`,
    ];
  });
  return { width, height, parts };
}

function classesPicture(model: BarsPlot, { width, height }: PictureSize): Picture {
  const { bars } = model;
  // Labels stand upright where there are too many of them to lie.
  const bottom = height - 110;
  const marks = valueMarks(bars.reduce((high, { value }) => Math.max(high, value), 0));
  const top = marks[marks.length - 1];
  const y = (value: number) => bottom - value / top * (bottom - MARGIN.top);
  const step = (width - MARGIN.left - MARGIN.right) / Math.max(1, bars.length);
  const every = Math.ceil(16 / step);
  const parts = valueGrid(model, marks, width, y);
  for (const [index, { label, value }] of bars.entries()) {
    const x = MARGIN.left + index * step;
    const gap = step > 4 ? 1 : 0;
    parts.push(
      `<rect x="${pixel(x + gap)}" y="${pixel(y(value))}" width="${pixel(step - 2 * gap)}" ` +
        `height="${pixel(bottom - y(value))}" fill="${PLOT_COLORS[0]}">` +
        `<title>${xmlText(label)}: ${value}</title></rect>`,
    );
    if (index % every !== 0) continue;
    const [left, below] = [pixel(x + step / 2 + 4), bottom + 10];
    parts.push(
      `<text class="quiet" x="${left}" y="${below}" text-anchor="end" ` +
        `transform="rotate(-60 ${left} ${below})">${xmlText(label)}</text>`,
    );
  }
  return { width, height, parts };
}

function shortened(label: string, room: number): string {
  const letters = Math.max(4, Math.floor(room / LETTER_WIDTH));
  return label.length <= letters ? label : `${label.slice(0, letters - 1)}…`;
}

/** A tenth of a pixel is more than anybody sees. */
function pixel(value: number): number {
  return Math.round(value * 10) / 10;
}
