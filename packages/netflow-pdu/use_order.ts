/** Something that stands in a {@linkcode UseOrder}, linked to those used before and after it. */
export interface InUseOrder<Self> {
  /** The one used next after it; the order sets it. */
  newer: Self | undefined;
  /** The one used last before it; the order sets it. */
  older: Self | undefined;
}

/**
 * Things in the order of their last use, as a list that is linked through the things themselves: a
 * use costs no allocation.
 *
 * @example
 * ```ts
 * import { type InUseOrder, UseOrder } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * interface Named extends InUseOrder<Named> {
 *   readonly name: string;
 * }
 * const named = (name: string): Named => ({ name, newer: undefined, older: undefined });
 * const [a, b] = [named("a"), named("b")];
 * const order = new UseOrder<Named>();
 * order.add(a);
 * order.add(b);
 * order.touch(a);
 * assertEquals([order.newest?.name, order.oldest?.name], ["a", "b"]);
 * ```
 */
export class UseOrder<Item extends InUseOrder<Item>> {
  #newest: Item | undefined;
  #oldest: Item | undefined;

  /** The one used last. */
  get newest(): Item | undefined {
    return this.#newest;
  }

  /** The one not used for longest. */
  get oldest(): Item | undefined {
    return this.#oldest;
  }

  /**
   * Takes in something that is not there yet; it is the newest.
   *
   * @param item The thing
   */
  add(item: Item): void {
    item.newer = undefined;
    item.older = this.#newest;
    if (this.#newest !== undefined) this.#newest.newer = item;
    this.#newest = item;
    this.#oldest ??= item;
  }

  /**
   * Notes that something is used: it becomes the newest.
   *
   * @param item The thing, which is there
   */
  touch(item: Item): void {
    if (item === this.#newest) return;
    this.remove(item);
    this.add(item);
  }

  /**
   * Takes something out.
   *
   * @param item The thing, which is there
   */
  remove(item: Item): void {
    if (item.newer === undefined) this.#newest = item.older;
    else item.newer.older = item.older;
    if (item.older === undefined) this.#oldest = item.newer;
    else item.older.newer = item.newer;
  }
}
