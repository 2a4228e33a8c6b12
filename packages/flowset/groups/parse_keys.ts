import { didYouMean } from "../where/nearest.ts";
import { meantSpan, parseSpan } from "../where/values.ts";
import { findGroupCounter } from "./counters.ts";
import { GroupError } from "./errors.ts";
import { findGroupKey, GROUP_KEYS, type GroupKeySpec } from "./group_keys.ts";
import type { TimeZone } from "./time_zone.ts";
import type { MeasureName, ValueScale } from "./value_scale.ts";

/** Keys of a group at most: more tell nothing, and make rows that no screen is wide enough for. */
const KEYS_MAX = 12;

/** Prefix length of IPv6 addresses where only that of IPv4 ones is given. */
const IPV6_LENGTH_DEFAULT = 64;

/** A span is ten years at most. */
const SPAN_SECONDS_MAX = 10 * 366 * 86_400;

/** A key that flows are grouped by. */
export interface GroupKey {
  /** As it is shown: `srcaddr/24`. */
  readonly label: string;
  /** What is known of it. */
  readonly spec: GroupKeySpec;
  /** Bits of IPv4 and of IPv6 addresses that count. */
  readonly lengths?: readonly [number, number];
  /** Seconds of the spans of a time. */
  readonly every?: number;
  /** Where days begin, for a time. */
  readonly zone?: TimeZone;
  /** A flow that began before this counts as begun then: Unix milliseconds. */
  readonly notBefore?: number;
  /** Whether a time is that of the flow's end, not of its beginning. */
  readonly atEnd?: boolean;
  /** What is measured, and the classes, for a class of values. */
  readonly measure?: { readonly of: MeasureName; readonly scale: ValueScale };
}

/**
 * Reads a length of time in whole seconds, written as in a `where` expression.
 *
 * @param text Such as `30s`, `5m`, `1h30m`, `1d`
 * @returns Seconds
 * @throws {GroupError} It is none, or not between a second and ten years
 *
 * @example
 * ```ts
 * import { parseSpanSeconds } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseSpanSeconds("5m"), 300);
 * ```
 */
export function parseSpanSeconds(text: string): number {
  const seconds = (parseSpan(text) ?? 0) / 1000;
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > SPAN_SECONDS_MAX) {
    const meant = meantSpan(text);
    throw new GroupError(
      "bad-span",
      `"${text}" is no length of time, expected such as 30s, 5m, 1h, 1d: whole seconds, one at ` +
        `least${meant === undefined || meant === text ? "" : `; did you mean "${meant}"?`}`,
    );
  }
  return seconds;
}

/**
 * Reads the keys that flows are to be grouped by.
 *
 * @param text Names of keys with commas between: `srcaddr/24,dstport`
 * @param zone Where days begin
 * @returns The keys, in that order
 * @throws {GroupError} A key is unknown or named twice, or has a length that cannot be
 *
 * @example
 * ```ts
 * import { parseGroupKeys } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * const [network, port] = parseGroupKeys("src/24,dstport");
 * assertEquals([network.label, network.lengths, port.label], ["srcaddr/24", [24, 64], "dstport"]);
 * ```
 */
export function parseGroupKeys(text: string, zone?: TimeZone): GroupKey[] {
  const keys = text.split(",").map((word) => parseGroupKey(word.trim(), zone));
  if (keys.length > KEYS_MAX) {
    throw new GroupError("bad-key", `Cannot group by ${keys.length} keys: at most ${KEYS_MAX}`);
  }
  const twice = keys.find((key, index) => keys.findIndex((k) => k.label === key.label) < index);
  if (twice !== undefined) {
    throw new GroupError("bad-key", `Cannot group by ${text}: ${twice.label} is named twice`);
  }
  return keys;
}

function parseGroupKey(word: string, zone: TimeZone | undefined): GroupKey {
  const [name, ...parameters] = word.split("/");
  const spec = findGroupKey(name.toLowerCase());
  if (spec === undefined) {
    const names = GROUP_KEYS.flatMap((key) => [key.name, ...key.aliases]);
    const counter = findGroupCounter(name.toLowerCase())?.name;
    const state = counter === undefined
      ? "there is no such key"
      : `${counter} is a counter, not a key`;
    const hint = counter === undefined ? didYouMean(name, names) : undefined;
    throw new GroupError(
      "bad-key",
      `Cannot group by "${name}": ` +
        (hint ?? `${state}, expected ${GROUP_KEYS.map((key) => key.name).join(", ")}`),
    );
  }
  if (spec.kind === "time") return timeKey(word, spec, parameters, zone);
  if (parameters.length === 0) return { label: spec.name, spec };
  if (spec.kind !== "address" || parameters.length > 2) {
    throw new GroupError("bad-key", `Cannot group by "${word}": ${spec.name} has no length`);
  }
  const [narrow, wide = IPV6_LENGTH_DEFAULT] = parameters.map((length, index) => {
    const highest = index === 0 ? 32 : 128;
    if (/^\d{1,3}$/.test(length) && Number(length) <= highest) return Number(length);
    throw new GroupError(
      "bad-key",
      `Cannot group by "${word}": prefix length is "${length}", expected 0 to ${highest}` +
        (index === 0 && Number(length) <= 128
          ? ` for IPv4; ${spec.name}/32/${length} is IPv6`
          : ""),
    );
  });
  return { label: [spec.name, ...parameters].join("/"), spec, lengths: [narrow, wide] };
}

function timeKey(
  word: string,
  spec: GroupKeySpec,
  parameters: readonly string[],
  zone: TimeZone | undefined,
): GroupKey {
  const wanted = spec.every === undefined ? 1 : 0;
  if (parameters.length !== wanted) {
    const expected = wanted === 1 ? "a span of time behind it, such as time/5m" : "nothing behind";
    throw new GroupError("bad-key", `Cannot group by "${word}": expected ${expected}`);
  }
  return { label: word, spec, every: spec.every ?? parseSpanSeconds(parameters[0]), zone };
}

/** The same key of the other direction; the key itself where both have the same value. */
export function oppositeKey(key: GroupKey): GroupKey {
  return key.spec.opposite === undefined ? key : endKey(key, key.spec.opposite);
}

/** The key of one end, where a flow counts under either. */
export function endKeys(key: GroupKey): readonly [GroupKey, GroupKey] {
  const { ends } = key.spec;
  return ends === undefined ? [key, key] : [endKey(key, ends[0]), endKey(key, ends[1])];
}

function endKey(key: GroupKey, name: string): GroupKey {
  return { ...key, spec: findGroupKey(name)! };
}
