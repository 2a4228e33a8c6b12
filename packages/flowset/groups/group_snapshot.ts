import { addGroup } from "./counters.ts";
import { groupWords } from "./key_words.ts";
import type { GroupKey } from "./parse_keys.ts";
import { widenKeys } from "./widen_keys.ts";

/** The groups of a run as typed arrays, which may be longer than the groups need. */
export interface GroupSnapshot<Memory extends ArrayBufferLike = ArrayBuffer> {
  /** Groups. */
  readonly size: number;
  /** Words of their keys, group after group. */
  readonly keys: Uint32Array<Memory>;
  /** Their sums, group after group. */
  readonly sums: Float64Array<Memory>;
  /** Sums of all flows; there are as many for a group. */
  readonly totals: Float64Array<ArrayBuffer>;
  /** Whether addresses have the words of IPv6. */
  readonly wide: boolean;
}

/** Rows of one batch, or of groups: the words of their keys, and what they add to the sums. */
export interface GroupRows {
  /** Rows. */
  readonly count: number;
  /** For each word of the keys, those of the rows. */
  readonly keys: readonly Uint32Array[];
  /** From the word of a row to that of the next. */
  readonly keyStep: number;
  /** For each sum of a group, what the rows add to it. */
  readonly sums: readonly Float64Array[];
  /** From the number of a row to that of the next. */
  readonly sumStep: number;
  /** Whether addresses have the words of IPv6. */
  readonly wide: boolean;
}

/**
 * Puts groups behind each other of which none is in two runs.
 *
 * @param keys What flows are grouped by
 * @param runs The groups of each run; the first has the words of IPv6 where any has
 * @returns Those of the first where it is the only one, else in memory of their own
 */
export function joinGroups(
  keys: readonly GroupKey[],
  runs: readonly GroupSnapshot[],
): GroupSnapshot {
  const [first] = runs;
  if (runs.length === 1) return first;
  const size = runs.reduce((sum, run) => sum + run.size, 0);
  const words = groupWords(keys, first.wide);
  const stride = first.totals.length;
  const joined = {
    size,
    keys: new Uint32Array(size * words),
    sums: new Float64Array(size * stride),
    totals: new Float64Array(stride),
    wide: first.wide,
  };
  let at = 0;
  for (const run of runs) {
    const told = run.wide === first.wide ? run.keys : widenKeys(keys, run.keys, run.size);
    joined.keys.set(told.subarray(0, run.size * words), at * words);
    joined.sums.set(run.sums.subarray(0, run.size * stride), at * stride);
    addGroup(joined.totals, 0, run.totals, 0, stride);
    at += run.size;
  }
  return joined;
}
