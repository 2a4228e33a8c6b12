import type { FlowBatchOptions } from "./batch_options.ts";
import { FlowBatch } from "./flow_batch.ts";

/**
 * Batches of one kind, used again and again: typed arrays are dear to make and cheap to refill.
 *
 * @example
 * ```ts
 * import { BatchPool } from "@flowtools/flow-model";
 * import { assertStrictEquals } from "@std/assert";
 *
 * const pool = new BatchPool({ columns: ["srcaddr", "dOctets"] });
 * const batch = pool.acquire();
 * pool.release(batch);
 * assertStrictEquals(pool.acquire(), batch);
 * ```
 */
export class BatchPool {
  readonly #options: FlowBatchOptions;
  readonly #idle: FlowBatch[] = [];

  /**
   * Makes an empty pool.
   *
   * @param options How each batch is made
   */
  constructor(options: FlowBatchOptions = {}) {
    this.#options = options;
  }

  /**
   * Takes a batch out of the pool, or makes one.
   *
   * @returns An empty batch
   */
  acquire(): FlowBatch {
    return this.#idle.pop() ?? new FlowBatch(this.#options);
  }

  /**
   * Empties a batch and gives it back. The flows made from it are dead from here on.
   *
   * @param batch A batch that `acquire()` gave
   */
  release(batch: FlowBatch): void {
    batch.reset();
    this.#idle.push(batch);
  }
}
