import type { PduReason } from "../reasons.ts";

/** The first thing that is wrong with a datagram. */
export class SflowFault {
  /** What it is; `undefined` where nothing is. */
  reason: PduReason | undefined;
  /** Where it is in the view. */
  at = 0;
  /** What would be right; `undefined` where nobody knows. */
  expected: number | undefined;
  /** What is there. */
  got = 0;

  /** Forgets it. */
  clear(): void {
    this.reason = undefined;
  }

  /** Notes a fault, unless one is known. */
  note(reason: PduReason, at: number, expected: number | undefined, got: number): void {
    if (this.reason !== undefined) return;
    this.reason = reason;
    this.at = at;
    this.expected = expected;
    this.got = got;
  }
}
