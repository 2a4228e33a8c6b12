const UPTIME_WRAP_MS = 2 ** 32;
const HALF_WRAP_MS = 2 ** 31;

/**
 * The Unix time of an uptime stamp, in whole milliseconds.
 *
 * A router stamps flows with its uptime, a 32-bit count of milliseconds that wraps after 49.7
 * days. The packet header ties one uptime (`sysUpTime`) to one moment of Unix time; the stamp is
 * as far from the one as the answer is from the other. Three cases:
 *
 * - `uptime <= sysUpTime`: the stamp lies in the past, `sysUpTime - uptime` ms ago.
 * - `uptime` is ahead by 2^31 ms or more: the counter wrapped in between (the flow began before
 *   the wrap), so the stamp lies `sysUpTime + 2^32 - uptime` ms ago.
 * - `uptime` is ahead by less: the exporter stamped ahead of its own header (some do by a few
 *   milliseconds); the stamp lies in the future by that much.
 *
 * A `sysUpTime` of 0 says that the Unix time is that of boot (flow-tools stream version 1
 * stores it so): nothing can have wrapped, and the stamp is added as it is.
 *
 * Source: flow-tools `ftltime()`, which knows the first and third case only.
 *
 * @param unixSecs Unix time of the packet header, seconds
 * @param unixNsecs Nanoseconds past `unixSecs`; whole milliseconds of it count
 * @param sysUpTime Uptime of the packet header, ms
 * @param uptime The stamp, ms of uptime
 * @returns Milliseconds since 1970-01-01 UTC, an exact integer
 *
 * @example A flow that began two seconds before the packet, across the wrap
 * ```ts
 * import { uptimeToUnixMs } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(uptimeToUnixMs(1_700_000_000, 0, 5_000, 3_000), 1_699_999_998_000);
 * assertEquals(uptimeToUnixMs(1_700_000_000, 0, 500, 2 ** 32 - 1_500), 1_699_999_998_000);
 * ```
 */
export function uptimeToUnixMs(
  unixSecs: number,
  unixNsecs: number,
  sysUpTime: number,
  uptime: number,
): number {
  let sinceHeader = uptime - sysUpTime;
  if (sinceHeader >= HALF_WRAP_MS && sysUpTime !== 0) sinceHeader -= UPTIME_WRAP_MS;
  return unixSecs * 1000 + Math.floor(unixNsecs / 1_000_000) + sinceHeader;
}

/**
 * The length of a flow, from its two uptime stamps, right across a wrap of the uptime.
 *
 * @param first Uptime at the first packet, ms
 * @param last Uptime at the last packet, ms
 * @returns Milliseconds; negative where `last` is before `first` without a wrap
 *
 * @example
 * ```ts
 * import { flowDurationMs } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(flowDurationMs(1_000, 4_000), 3_000);
 * assertEquals(flowDurationMs(2 ** 32 - 1_000, 2_000), 3_000);
 * ```
 */
export function flowDurationMs(first: number, last: number): number {
  const duration = last - first;
  return duration < -HALF_WRAP_MS ? duration + UPTIME_WRAP_MS : duration;
}
