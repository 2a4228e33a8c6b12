import { DOMAINS_TAKEN_MAX } from "./encode_limits.ts";

const NUMBERS = 2 ** 32;

/**
 * The numbers of observation domains that are in use where packets go, so that no two exporters get
 * the same.
 *
 * @example
 * ```ts
 * import { DomainNumbers } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * const numbers = new DomainNumbers();
 * assertEquals([numbers.take(7), numbers.take(7), numbers.take(0)], [7, 8, 0]);
 * ```
 */
export class DomainNumbers {
  readonly #taken = new Set<number>();

  /**
   * Takes a number.
   *
   * @param preferred The number to take where it is free
   * @returns That number, or the next one that is free
   */
  take(preferred: number): number {
    // Who was told of so many before has forgotten the first ones.
    for (const oldest of this.#taken) {
      if (this.#taken.size < DOMAINS_TAKEN_MAX) break;
      this.#taken.delete(oldest);
    }
    let number = preferred;
    while (this.#taken.has(number)) number = (number + 1) % NUMBERS;
    this.#taken.add(number);
    return number;
  }
}
