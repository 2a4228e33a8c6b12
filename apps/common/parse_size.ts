import { UsageError } from "./flags.ts";

/** Bytes of each unit that may stand behind a size. */
const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 512,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
};

/**
 * Reads a size as the classic programs do: a number and `b` (512 bytes), `K`, `M` or `G`.
 *
 * @throws {UsageError} The text is no size
 */
export function parseSize(flag: string, text: string): number {
  const match = /^(\d+|0x[0-9a-f]+)([bKMG]?)$/i.exec(text);
  const unit = match === null ? undefined : UNITS[match[2]];
  if (match === null || unit === undefined) {
    throw new UsageError(
      `--${flag} is "${text}", expected bytes with b (512), K, M or G behind them`,
    );
  }
  return Number(match[1]) * unit;
}
