/** What live traffic is asked, and what it answers. */
import { MINUTE_MS, SECOND_MS, TEN_MS } from "./dimension_tables.ts";
import { type SumName, SUMS } from "./top_table.ts";

/** The time series, finest first: how long each moment is, and how many are kept. */
export const SERIES_RANGES = {
  "10m": { step: SECOND_MS, kept: 600 },
  "2h": { step: TEN_MS, kept: 720 },
  "24h": { step: MINUTE_MS, kept: 1_440 },
} as const;

/** The name of a time series. */
export type SeriesRange = keyof typeof SERIES_RANGES;

/** What can decide the order of a top table. */
export const SORT_NAMES = ["octets", "packets", "flows"] as const;

/** One of {@linkcode SORT_NAMES}. */
export type SortName = (typeof SORT_NAMES)[number];

/** Sums of octets, packets and flows. */
export type Sums = Record<SortName, number>;

/** The sums that stand for octets, packets and flows. */
export type ShownSums = Readonly<Record<SortName, SumName>>;

/** Which of the sums are shown, of counters as they were sent and of those that are scaled. */
export const SHOWN: Readonly<Record<"raw" | "scaled", ShownSums>> = {
  raw: { octets: "octets", packets: "packets", flows: "flows" },
  scaled: { octets: "scaledOctets", packets: "scaledPackets", flows: "flows" },
};

/** What a top table is asked for. */
export interface TopQuestion {
  /** The dimension. */
  readonly by: string;
  /** How far back it goes: 1, 5 or 60. */
  readonly minutes: number;
  /** What decides the order. */
  readonly sort: SortName;
  /** Rows at most. */
  readonly limit: number;
  /** Whether octets and packets are multiplied by the rate of sampling. */
  readonly scaled?: boolean;
}

/** What a time series is asked for. */
export interface SeriesQuestion {
  readonly range: SeriesRange;
  /** The dimension to stack by. */
  readonly stack: string;
  /** What is shown. */
  readonly unit: "bits" | "packets" | "flows";
  /** Groups at most; the others are one. */
  readonly limit: number;
  /** As of {@linkcode TopQuestion}. */
  readonly scaled?: boolean;
}

/** What a group is called: its key, and the name that its exporter told for it. */
export interface GroupName {
  readonly key: string;
  readonly label?: string;
}

/** A top table. */
export interface TopAnswer {
  readonly from: number;
  readonly to: number;
  readonly rows: readonly (GroupName & Sums)[];
  /** Everything that is in no row. */
  readonly other: Sums;
  readonly total: Sums;
}

/** A time series, stacked. Values are a second. */
export interface SeriesAnswer {
  /** ms from one moment to the next. */
  readonly step: number;
  /** When each moment began, Unix ms. */
  readonly times: readonly number[];
  readonly series: readonly (GroupName & { readonly values: readonly number[] })[];
  readonly other: readonly number[];
  readonly total: readonly number[];
}

/**
 * Sums by their names, rounded.
 *
 * @param values The sums, in the order of `SUMS`
 * @param shown Which of them
 */
export function namedSums(values: Float64Array, shown: ShownSums): Sums {
  const value = (name: SortName): number => Math.round(values[SUMS.indexOf(shown[name])]);
  return { octets: value("octets"), packets: value("packets"), flows: value("flows") };
}
