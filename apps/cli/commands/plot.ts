import {
  expectedInstead,
  type Flag,
  type ParsedArguments,
  UsageError,
} from "@flowtools/common/flags";
import type { CommandBody } from "../command.ts";
import { GROUP_FLAGS, NAME_FLAGS, runGroupQuery, writeOutput } from "../group_command.ts";
import { zoneOf } from "../modern_flags.ts";
import { plotHtml } from "../render/plot_html.ts";
import { histPlot, type PlotModel, seriesPlot, topPlot } from "../render/plot_model.ts";
import { type PictureSize, plotSvg } from "../render/plot_svg.ts";
import { ValueNames } from "../value_names.ts";
import { withWhere } from "../where_selection.ts";
import { HIST_FLAGS, histAnswer } from "./hist.ts";
import { SERIES_FLAGS, seriesAnswer, seriesQuery } from "./series.ts";
import { TOP_FLAGS, topQuery, viewOf } from "./top.ts";

const CHARTS = ["series", "top", "hist"] as const;
type ChartName = (typeof CHARTS)[number];

const SIZE_DEFAULT: PictureSize = { width: 1100, height: 480 };
const SIZE_MIN = 200;
const SIZE_MAX = 10_000;

/** The flags that say what is in each chart. */
const CHART_FLAGS: Readonly<Record<ChartName, readonly Flag[]>> = {
  series: SERIES_FLAGS,
  top: TOP_FLAGS,
  hist: HIST_FLAGS,
};

/** What flags do that mean something else in each chart. */
const CHART_DOCS: Readonly<Record<string, string>> = {
  order: "What it shows (default: octets, of hist flows)",
  limit: "How many groups, 0 for all: bars of top (default: 20), with --by lines of series, " +
    "beside one of all others (default: 5)",
};

/** A picture of what it found, and in how many inputs. */
interface Found {
  readonly model: PlotModel;
  readonly inputs: number;
  readonly faults: number;
}

/** Charts of flows, to be kept or shown to others. */
export const plotCommand: CommandBody = {
  operands: "[FILE…]",
  flags: withWhere([
    {
      name: "chart",
      value: "NAME",
      choices: CHARTS,
      meanings: [
        ["series", "lines over time"],
        ["top", "bars of the leading groups"],
        ["hist", "a distribution"],
      ],
      doc: "What it shows, with the flags of that command (default: series)",
    },
    ...allChartFlags(),
    { name: "title", value: "TEXT", doc: "Title of the chart" },
    ...GROUP_FLAGS,
    {
      name: "format",
      value: "NAME",
      group: "output",
      choices: ["svg", "html"],
      doc: "A picture or a page (default: by the name of the output file, else svg)",
    },
    {
      name: "size",
      value: "PIXELS",
      group: "output",
      doc: `Width and height of a picture (default: ${SIZE_DEFAULT.width}x${SIZE_DEFAULT.height})`,
    },
    ...NAME_FLAGS,
  ]),
  examples: [
    [
      "flowtools plot --every 5m --by prot -o day.html --since 2023-11-14 flows/",
      "Since a day, by protocol",
    ],
    ["flowtools plot --chart top --by dstport --names -o ports.svg flows/", "Ports as bars"],
    ["flowtools plot --chart hist --of duration --scale log10 <file.ft >times.svg", "Durations"],
  ],
  run: async (args) => {
    const chart = CHARTS.find((name) => name === args.value("chart")) ?? "series";
    checkChartFlags(args, chart);
    const format = formatOf(args);
    const size = sizeOf(args);
    const { model, inputs, faults } = await CHART_MAKERS[chart](args);
    const note = `flowtools plot, ${inputs} ${inputs === 1 ? "input" : "inputs"}, times in ` +
      `${zoneOf(args).name} time`;
    const text = format === "html" ? plotHtml(model, note) : plotSvg(model, size);
    writeOutput(args, (output) => output.text(text));
    const empty = model.kind === "series" ? model.times.length === 0 : model.bars.length === 0;
    if (empty) console.error("flowtools: no flows, so that the chart is empty");
    return faults > 0 || empty ? 1 : 0;
  },
};

/** What pictures are called that this program does not make. */
const OTHER_PICTURE = /\.(png|pdf|jpe?g|gif|webp|eps)$/i;

/** The format that a call asks for, by the name of its output where it does not tell. */
function formatOf(args: ParsedArguments): string {
  const output = args.value("output") ?? "-";
  if (output === "-" && Deno.stdout.isTerminal()) {
    throw new UsageError("a chart is no text for a terminal, expected -o FILE (.svg or .html)");
  }
  const format = args.value("format");
  if (format !== undefined) return format;
  if (OTHER_PICTURE.test(output)) {
    throw new UsageError(`--output is "${output}", expected a name that ends in .svg or .html`);
  }
  return /\.html?$/i.test(output) ? "html" : "svg";
}

const CHART_MAKERS: Readonly<Record<ChartName, (args: ParsedArguments) => Promise<Found>>> = {
  series: async (args) => {
    const answer = await seriesAnswer(args, seriesQuery(args));
    return { ...answer, model: await seriesPlot(answer, args.value("title")) };
  },
  top: async (args) => {
    const query = topQuery(args);
    const view = viewOf(args, query);
    const found = await runGroupQuery(args, query);
    const names = await ValueNames.load(
      args,
      found.result.keys.map(({ spec }) => spec),
      found.labels,
    );
    const answer = { ...found, query, names, zone: zoneOf(args) };
    return { ...found, model: await topPlot(answer, view, args.value("title")) };
  },
  hist: async (args) => {
    const answer = await histAnswer(args);
    return { ...answer, model: histPlot(answer, args.value("title")) };
  },
};

/** The flags of all charts, each once; where they differ, the choices of all. */
function allChartFlags(): Flag[] {
  const flags = new Map<string, Flag>();
  for (const flag of Object.values(CHART_FLAGS).flat()) {
    const known = flags.get(flag.name);
    const choices = [...new Set([...known?.choices ?? [], ...flag.choices ?? []])];
    const range = widerRange(known?.range, flag.range);
    flags.set(flag.name, {
      ...(known ?? flag),
      ...(flag.choices === undefined ? {} : { choices }),
      ...(range === undefined ? {} : { range }),
    });
  }
  return [...flags.values()].map((flag) => ({ ...flag, doc: CHART_DOCS[flag.name] ?? flag.doc }));
}

function widerRange(one: Flag["range"], other: Flag["range"]): Flag["range"] {
  if (one === undefined || other === undefined) return one ?? other;
  return [Math.min(one[0], other[0]), Math.max(one[1], other[1])];
}

/** What another chart has a flag for is no part of this one. */
function checkChartFlags(args: ParsedArguments, chart: ChartName): void {
  for (const { name } of allChartFlags()) {
    const given = args.value(name) ?? (args.on(name) ? "" : undefined);
    if (given === undefined) continue;
    const flag = CHART_FLAGS[chart].find((candidate) => candidate.name === name);
    if (flag === undefined) throw new UsageError(`--${name} does not go with --chart ${chart}`);
    const expected = expectedInstead(flag, given);
    if (expected !== undefined) {
      throw new UsageError(`--${name} is "${given}", expected ${expected} with --chart ${chart}`);
    }
  }
}

function sizeOf(args: ParsedArguments): PictureSize {
  const text = args.value("size");
  if (text === undefined) return SIZE_DEFAULT;
  const match = /^(\d{1,5})x(\d{1,5})$/i.exec(text);
  const [width, height] = match === null ? [0, 0] : match.slice(1).map(Number);
  if (Math.min(width, height) < SIZE_MIN || Math.max(width, height) > SIZE_MAX) {
    throw new UsageError(
      `--size is "${text}", expected such as 1100x480, ${SIZE_MIN} to ${SIZE_MAX} pixels each`,
    );
  }
  return { width, height };
}
