import type { uptimeToUnixMs } from "@flowtools/flow-model";

/** Reckons the Unix time of an uptime stamp: `uptimeToUnixMs`, or {@linkcode headerClockMs}. */
export type FlowClock = typeof uptimeToUnixMs;

/**
 * The Unix time of an uptime stamp as flow-tools reckons it: plain arithmetic that knows no wrap of
 * the uptime, in 64 unsigned bits of which the seconds keep 32. What has to come out in the order,
 * or with the bytes, of the reference uses this; everything else `uptimeToUnixMs`.
 *
 * Source: flow-tools `ftio.c` (`ftltime`).
 *
 * @param unixSecs Unix time of the packet header, seconds
 * @param unixNsecs Nanoseconds past `unixSecs`
 * @param sysUpTime Uptime of the packet header, ms
 * @param uptime The stamp, ms of uptime
 * @returns Milliseconds, below 2^32 seconds
 *
 * @example
 * ```ts
 * import { headerClockMs } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(headerClockMs(1_700_000_000, 5_000_000, 9_000, 8_000), 1_699_999_999_005);
 * ```
 */
export function headerClockMs(
  unixSecs: number,
  unixNsecs: number,
  sysUpTime: number,
  uptime: number,
): number {
  const ms = unixSecs * 1000 + Math.floor(unixNsecs / 1_000_000) - sysUpTime + uptime;
  if (ms >= 0 && ms < CLOCK_END_MS) return ms;
  const wrapped = BigInt.asUintN(64, BigInt(ms));
  return Number(BigInt.asUintN(32, wrapped / 1000n)) * 1000 + Number(wrapped % 1000n);
}

/** Seconds are 32 bits. */
const CLOCK_END_MS = 2 ** 32 * 1000;
