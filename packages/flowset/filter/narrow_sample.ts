import type { FlowFieldName } from "@flowtools/flow-model";
import type { RowTest } from "./narrow.ts";

/** Passes one flow in so many, or all but these, as chance has it. */
export class SampleTest implements RowTest {
  readonly fields: readonly FlowFieldName[] = [];
  readonly #threshold: number;
  readonly #hitPasses: 0 | 1;
  readonly #random: () => number;

  constructor(rate: number, hitPasses: boolean, random: () => number) {
    this.#threshold = 1 / Math.abs(rate);
    this.#hitPasses = hitPasses ? 1 : 0;
    this.#random = random;
  }

  narrow(_batch: unknown, rows: Uint32Array, count: number): number {
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const hit = this.#random() < this.#threshold ? 1 : 0;
      rows[kept] = rows[i];
      kept += hit === this.#hitPasses ? 1 : 0;
    }
    return kept;
  }
}

/**
 * Random numbers from 0 up to 1 that are the same for the same seed (mulberry32).
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
