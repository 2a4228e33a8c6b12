import type { FlowBatch, FlowFieldName } from "@flowtools/flow-model";
import { headerClockMs } from "../header_clock.ts";
import type { RowTest } from "./narrow.ts";

/** The comparisons that configurations know. */
export type Comparison = "lt" | "gt" | "eq" | "ne" | "ge" | "le";

/** How each compares. */
export const COMPARISONS: Readonly<
  Record<Comparison, (value: number, limit: number) => boolean>
> = {
  lt: (value, limit) => value < limit,
  gt: (value, limit) => value > limit,
  eq: (value, limit) => value === limit,
  ne: (value, limit) => value !== limit,
  ge: (value, limit) => value >= limit,
  le: (value, limit) => value <= limit,
};

/** One line: whether a number passes that compares so. */
export interface ComparisonLine {
  readonly comparison: Comparison;
  readonly limit: number;
  readonly passes: boolean;
}

/**
 * A function of a number that is 0 or 1: comparisons, of which the first that holds decides, melted
 * into the limits at which the answer can change.
 */
export class Steps {
  readonly #limits: Float64Array;
  /** Below the first limit, at it, between it and the second, and so on. */
  readonly #passes: Uint8Array;

  constructor(lines: readonly ComparisonLine[], others: boolean) {
    const limits = [...new Set(lines.map(({ limit }) => limit))].toSorted((a, b) => a - b);
    const decide = (value: number): number => {
      const line = lines.find(({ comparison, limit }) => COMPARISONS[comparison](value, limit));
      return (line?.passes ?? others) ? 1 : 0;
    };
    this.#limits = Float64Array.from(limits);
    const between = (index: number) => {
      if (limits.length === 0) return 0;
      if (index === 0) return -Infinity;
      if (index === limits.length) return Infinity;
      return (limits[index - 1] + limits[index]) / 2;
    };
    const passes = [decide(between(0))];
    for (const [index, limit] of limits.entries()) {
      passes.push(decide(limit), decide(between(index + 1)));
    }
    this.#passes = Uint8Array.from(passes);
  }

  /** Narrows a selection by the values that belong to its rows, in order. */
  narrow(values: Float64Array, rows: Uint32Array, count: number): number {
    const limits = this.#limits;
    const passes = this.#passes;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const value = values[i];
      let step = 0;
      while (step < limits.length && limits[step] < value) step++;
      const at = step < limits.length && limits[step] === value ? 1 : 0;
      rows[kept] = rows[i];
      kept += passes[2 * step + at];
    }
    return kept;
  }
}

/** A number of each flow that is compared: a column, or what is worked out from several. */
export interface FlowNumber {
  readonly fields: readonly FlowFieldName[];
  /** Writes the numbers of the rows of a selection. */
  readonly read: (batch: FlowBatch, rows: Uint32Array, count: number, values: Float64Array) => void;
}

/** Passes the rows by comparing a number. */
export class StepTest implements RowTest {
  readonly fields: readonly FlowFieldName[];
  readonly #number: FlowNumber;
  readonly #steps: Steps;
  #values = new Float64Array(0);

  constructor(number: FlowNumber, steps: Steps) {
    this.fields = number.fields;
    this.#number = number;
    this.#steps = steps;
  }

  narrow(batch: FlowBatch, rows: Uint32Array, count: number): number {
    if (this.#values.length < count) this.#values = new Float64Array(batch.capacity);
    this.#number.read(batch, rows, count, this.#values);
    return this.#steps.narrow(this.#values, rows, count);
  }
}

/** A counter as it is. */
export function counterNumber(field: "dFlows" | "dPkts" | "dOctets" | "extra_pkts"): FlowNumber {
  return {
    fields: [field],
    read: (batch, rows, count, values) => {
      const column = batch.column(field);
      for (let i = 0; i < count; i++) values[i] = column[rows[i]];
    },
  };
}

/** How long the flow lasted, ms; the uptime may wrap in between. */
export const DURATION: FlowNumber = {
  fields: ["first", "last"],
  read: (batch, rows, count, values) => {
    const first = batch.column("first");
    const last = batch.column("last");
    for (let i = 0; i < count; i++) values[i] = (last[rows[i]] - first[rows[i]]) >>> 0;
  },
};

/** A counter a second, times a factor; 0 where the flow took no time. */
export function rateNumber(field: "dPkts" | "dOctets", factor: number): FlowNumber {
  return {
    fields: [field, ...DURATION.fields],
    read: (batch, rows, count, values) => {
      DURATION.read(batch, rows, count, values);
      const column = batch.column(field);
      for (let i = 0; i < count; i++) {
        const duration = values[i];
        values[i] = duration === 0 ? 0 : column[rows[i]] * factor / (duration / 1000);
      }
    },
  };
}

/** The Unix time of one of the flow's stamps, whole seconds. */
export function clockNumber(stamp: "first" | "last"): FlowNumber {
  return {
    fields: [stamp, "unix_secs", "unix_nsecs", "sysUpTime"],
    read: (batch, rows, count, values) => {
      const uptimes = batch.column(stamp);
      const secs = batch.column("unix_secs");
      const nsecs = batch.column("unix_nsecs");
      const bases = batch.column("sysUpTime");
      for (let i = 0; i < count; i++) {
        const row = rows[i];
        const ms = headerClockMs(secs[row], nsecs[row], bases[row], uptimes[row]);
        values[i] = Math.floor(ms / 1000);
      }
    },
  };
}

const DAY_SECS = 86_400;

/** Within such a stretch of Unix time no clock of the world is changed but at its ends. */
const QUARTER_SECS = 900;

/** The local time of day of one of the flow's stamps, seconds since midnight. */
export function timeOfDayNumber(stamp: "first" | "last"): FlowNumber {
  const clock = clockNumber(stamp);
  return {
    fields: clock.fields,
    read: (batch, rows, count, values) => {
      clock.read(batch, rows, count, values);
      let quarter = -1;
      let offsetSecs = 0;
      for (let i = 0; i < count; i++) {
        const current = Math.floor(values[i] / QUARTER_SECS);
        if (current !== quarter) {
          quarter = current;
          offsetSecs = new Date(quarter * QUARTER_SECS * 1000).getTimezoneOffset() * 60;
        }
        const local = (values[i] - offsetSecs) % DAY_SECS;
        values[i] = local < 0 ? local + DAY_SECS : local;
      }
    },
  };
}
