import type { FlowBatch } from "@flowtools/flow-model";
import { LIVE_FLOWS_PER_SECOND, LIVE_ROW_NS, LIVE_SHARE } from "./limits.ts";

/** The time over which rates are taken, ms. */
const RATE_MS = 1_000;

/** How much the cost of the last message counts in the mean. */
const COST_WEIGHT = 0.1;

/** Rows, and how many flows each of them stands for. */
export interface Sample {
  /** Indices of the rows; `undefined` where it is all of them. */
  readonly rows: Uint32Array<ArrayBuffer> | undefined;
  /** For each of them 1 divided by how likely it was taken; nothing of use where all were. */
  readonly weights: Float64Array<ArrayBuffer>;
  /** How many. */
  readonly count: number;
}

/**
 * Chooses the flows that live tables look at, so that they cost a bounded share of a core however
 * many flows come.
 *
 * Where more come than that, each flow is taken with a chance of its own, and counts as many times
 * as the chance is small, so that every sum is right on average. Half of the rows go to flows of
 * any size, all with one chance; the other half to flows by their octets, so that none of the large
 * ones is missed.
 */
export class LiveSampler {
  readonly #flowsPerSecond: number;
  #rowNs = LIVE_ROW_NS;
  #secondStart = -Infinity;
  #flows = 0;
  #octets = 0;
  #flowsBefore = 0;
  #octetsBefore = 0;
  #rows: Uint32Array<ArrayBuffer> = new Uint32Array(0);
  #weights: Float64Array<ArrayBuffer> = new Float64Array(0);
  /** State of a xorshift generator: senders cannot know it, so they cannot hide from it. */
  #random = crypto.getRandomValues(new Uint32Array(1))[0] | 1;

  /**
   * Makes a sampler.
   *
   * @param flowsPerSecond Flows a second to take at most
   */
  constructor(flowsPerSecond: number = LIVE_FLOWS_PER_SECOND) {
    this.#flowsPerSecond = flowsPerSecond;
  }

  /** Flows a second that are taken at most, as long as each costs what it costs now. */
  get budget(): number {
    return Math.min(this.#flowsPerSecond, LIVE_SHARE * 1e9 / this.#rowNs);
  }

  /**
   * Learns what rows cost.
   *
   * @param rows How many
   * @param ms How long they took
   */
  learn(rows: number, ms: number): void {
    if (rows > 0) this.#rowNs += COST_WEIGHT * (ms * 1e6 / rows - this.#rowNs);
  }

  /**
   * Chooses rows of a batch.
   *
   * @param batch The flows
   * @param octets The sum of their octets
   * @param at Unix ms
   * @param free How much of the queue is free, 0 to 1: the fuller it is, the fewer are taken
   * @returns The rows; the memory is used again in the next call
   */
  choose(batch: FlowBatch, octets: number, at: number, free: number): Sample {
    this.#count(batch.length, octets, at);
    const budget = this.budget * free;
    const flowRate = Math.max(this.#flows, this.#flowsBefore);
    if (flowRate <= budget) {
      return { rows: undefined, weights: this.#weights, count: batch.length };
    }
    if (this.#rows.length < batch.length) {
      this.#rows = new Uint32Array(batch.capacity);
      this.#weights = new Float64Array(batch.capacity);
    }
    const count = this.#draw(
      batch.column("dOctets"),
      batch.length,
      budget / 2 / flowRate,
      budget / 2 / Math.max(1, this.#octets, this.#octetsBefore),
    );
    return { rows: this.#rows, weights: this.#weights, count };
  }

  #draw(octets: Float64Array, length: number, chance: number, chanceOfOctet: number): number {
    const rows = this.#rows;
    const weights = this.#weights;
    let random = this.#random;
    let count = 0;
    for (let row = 0; row < length; row++) {
      const taken = Math.min(1, chance + octets[row] * chanceOfOctet);
      random ^= random << 13;
      random ^= random >>> 17;
      random ^= random << 5;
      if ((random >>> 0) >= taken * 2 ** 32) continue;
      rows[count] = row;
      weights[count++] = 1 / taken;
    }
    this.#random = random;
    return count;
  }

  #count(flows: number, octets: number, at: number): void {
    const elapsed = at - this.#secondStart;
    if (elapsed >= RATE_MS || elapsed < 0) {
      const recent = elapsed < 2 * RATE_MS;
      this.#flowsBefore = recent ? this.#flows : 0;
      this.#octetsBefore = recent ? this.#octets : 0;
      this.#flows = 0;
      this.#octets = 0;
      this.#secondStart = at;
    }
    this.#flows += flows;
    this.#octets += octets;
  }
}
