/** What a fuzz target is: inputs to damage, and what must hold for any bytes. */
import type { Random } from "../random.ts";

/** A target, listed by name in `targets.ts`. */
export interface FuzzTarget {
  /** The word on the command line. */
  readonly name: string;
  /** What it proves, for `--help`. */
  readonly doc: string;
  /** Runs unless told otherwise: some seconds' worth. */
  readonly runs: number;
  /** Of a target that is broken on purpose and must be caught: how the failure's message starts. */
  readonly canary?: string;
  /** Reads or builds the inputs. */
  prepare(): FuzzSubject;
}

/** A target that is ready to run. */
export interface FuzzSubject {
  /** Whole inputs, to be damaged. */
  readonly corpus: readonly Uint8Array[];
  /** What the inputs came to, by reason: shows that the damage reaches the checks. */
  readonly outcomes: Map<string, number>;
  /**
   * Tries an input.
   *
   * @param input The bytes
   * @param random For what is up to chance besides the bytes
   * @throws {unknown} Anything thrown is a failure
   */
  check(input: Uint8Array, random: Random): void;
}

/** A property that must hold for any bytes does not. */
export class BrokenInvariant extends Error {
  override readonly name = "BrokenInvariant";
}

/** Demands a property. The message is a plain text, since this runs many times for each input. */
export function ensure(holds: boolean, message: string): asserts holds {
  if (!holds) throw new BrokenInvariant(message);
}

/** Adds one to a count. */
export function tally(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** Whether two stretches of bytes are the same. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Cuts bytes at random, each time with another idea of how large a piece is. */
export function* randomChunks(bytes: Uint8Array, random: Random): Generator<Uint8Array> {
  // One buffer for all, filled anew for each piece as a file reader does it, so that a decoder
  // that keeps hold of a piece reads rubbish.
  const largest = random.pick([2, 7, 64, 300, 5000]);
  const buffer = new Uint8Array(largest);
  for (let at = 0; at < bytes.length;) {
    const part = bytes.subarray(at, at + random.int(largest + 1));
    buffer.fill(0xa5);
    buffer.set(part);
    yield buffer.subarray(0, part.length);
    at += part.length;
  }
}
