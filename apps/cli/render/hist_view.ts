import { classRange, type GroupResult } from "@flowtools/flowset/groups";
import type { GroupQuery } from "../group_query.ts";
import { windowJson } from "../key_labels.ts";
import type { DataRow, DataSet } from "./data_set.ts";
import type { Look } from "./look.ts";
import type { Quantity } from "./quantity.ts";

/** The name and version of the JSON document. */
const HIST_SCHEMA = "flowtools/hist/1";

/** What the bars of a distribution may show. */
export const HIST_COUNTERS = ["flows", "packets", "octets"] as const;

/** The columns of a distribution. */
export const HIST_NAMES: readonly string[] = ["at_least", "below", ...HIST_COUNTERS, "percent"];

/** What was found. */
export interface HistAnswer {
  readonly query: GroupQuery;
  /** Groups whose one key is a class. */
  readonly result: GroupResult;
  /** What bars show. */
  readonly order: (typeof HIST_COUNTERS)[number];
  /** Inputs that were read. */
  readonly inputs: number;
  /** Inputs with faults. */
  readonly faults: number;
}

/** What the numbers of each measure are. */
const QUANTITIES: Readonly<Record<string, Quantity>> = {
  octets: "octets",
  packets: "packets",
  duration: "ms",
  bpp: "octets",
  bps: "bit/s",
  pps: "packets/s",
};

/** What headings call measures whose names do not say their unit. */
const TITLES: Readonly<Record<string, string>> = {
  bpp: "octets/packet",
  bps: "bit/s",
  pps: "packets/s",
};

/** A class of values, with the sums of its flows. */
export interface HistClass {
  /** Where it begins. */
  readonly from: number;
  /** Where the next one begins; Infinity for the last. */
  readonly below: number;
  /** Flows, packets, octets. */
  readonly sums: readonly number[];
}

/** The classes from the first to the last that has flows, those between without flows too. */
export function histClasses({ result }: HistAnswer): HistClass[] {
  const { measure } = result.keys[0];
  const groups = new Map<number, number>();
  for (let group = 0; group < result.size; group++) groups.set(result.keyWord(0, group), group);
  const indices = [...groups.keys()].toSorted((a, b) => a - b);
  if (indices.length === 0) return [];
  const classes: HistClass[] = [];
  for (let index = indices[0]; index <= indices[indices.length - 1]; index++) {
    const [from, below] = classRange(measure!.scale, index);
    const group = groups.get(index);
    const sums = HIST_COUNTERS.map((name) => group === undefined ? 0 : result.value(name, group));
    classes.push({ from, below, sums });
  }
  return classes;
}

/**
 * A distribution as rows, least first.
 *
 * @param answer What was found
 * @param look How tables look
 */
export function histDataSet(answer: HistAnswer, look: Look): DataSet {
  const { query, result, order } = answer;
  const { of, scale, width } = query.measure!;
  const classes = histClasses(answer);
  const at = HIST_COUNTERS.indexOf(order);
  const total = result.total(order);
  const most = classes.reduce((high, { sums }) => Math.max(high, sums[at]), 0);
  const rows = classes.map(({ from, below, sums }): DataRow => ({
    values: [
      from,
      below === Infinity ? null : below,
      ...sums,
      total === 0 ? 0 : Math.round(sums[at] * 1e6 / total) / 1e4,
    ],
    share: most === 0 ? 0 : sums[at] / most,
  }));
  const quantity = QUANTITIES[of];
  // Short durations have their unit with them.
  const title = of === "duration" && !look.human ? "duration ms" : TITLES[of] ?? of;
  return {
    schema: HIST_SCHEMA,
    about: {
      of,
      scale,
      width: width ?? null,
      order,
      ...windowJson(query.selection),
      zone: query.zone,
      inputs: answer.inputs,
      faults: answer.faults,
      total: Object.fromEntries(HIST_COUNTERS.map((name) => [name, result.total(name)])),
    },
    columns: [
      { name: "at_least", title: `${title} from`, right: true, quantity },
      { name: "below", title: "below", right: true, quantity },
      ...HIST_COUNTERS.map((name) => ({ name, title: name, right: true, quantity: name } as const)),
      { name: "percent", title: "%", right: true, quantity: "percent" },
    ],
    rows,
    notes: rows.length === 0 ? { below: ["no flows"] } : undefined,
  };
}
