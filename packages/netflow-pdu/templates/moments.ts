import type { ElementConversion } from "./element_columns.ts";
import { readNumber } from "./number.ts";

/**
 * Milliseconds from the sending of the packet to the moment, negative before it; `NaN` where the
 * record tells no moment.
 */
export type MomentReader = (
  view: DataView,
  offset: number,
  length: number,
  sentMs: number,
) => number;

/** Seconds from 1900, where NTP begins, to 1970. */
const NTP_TO_UNIX = 2_208_988_800;

/** How moments are read, by conversion; 0 is no moment, as exporters send it for what they lack. */
export const MOMENTS: Readonly<Partial<Record<ElementConversion, MomentReader>>> = {
  seconds: (view, offset, length, sentMs) =>
    (readNumber(view, offset, length) || NaN) * 1000 - sentMs,
  milliseconds: (view, offset, length, sentMs) =>
    (readNumber(view, offset, length) || NaN) - sentMs,
  ntp: (view, offset, length, sentMs) => {
    if (length !== 8) return NaN;
    const seconds = view.getUint32(offset);
    if (seconds === 0) return NaN;
    const fraction = Math.floor(view.getUint32(offset + 4) / 2 ** 32 * 1000);
    return (seconds - NTP_TO_UNIX) * 1000 + fraction - sentMs;
  },
  "delta-microseconds": (view, offset, length) =>
    -Math.ceil(readNumber(view, offset, length) / 1000),
};
