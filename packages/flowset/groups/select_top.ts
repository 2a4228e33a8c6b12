/**
 * The leading items of many, by a heap of as many as are wanted: one comparison an item mostly.
 *
 * @param values The value of each item
 * @param count How many items
 * @param ascending Least first
 * @param compare Orders items of equal value
 * @returns The items, the leading one first
 */
export function selectTop(
  values: Float64Array,
  count: number,
  ascending: boolean,
  compare: (a: number, b: number) => number,
): Uint32Array<ArrayBuffer> {
  const sign = ascending ? 1 : -1;
  /** Below 0 where a goes before b. */
  const order = (a: number, b: number) => sign * (values[a] - values[b]) || compare(a, b);
  /** The last of those that lead so far is the root. */
  const heap: number[] = [];
  for (let item = 0; item < values.length; item++) {
    if (heap.length < count) {
      heap.push(item);
      rise(heap, heap.length - 1, order);
    } else if (
      count > 0 && sign * (values[item] - values[heap[0]]) <= 0 && order(item, heap[0]) < 0
    ) {
      heap[0] = item;
      sink(heap, order);
    }
  }
  return new Uint32Array(heap.toSorted(order));
}

function rise(heap: number[], from: number, order: (a: number, b: number) => number): void {
  for (let at = from; at > 0;) {
    const parent = (at - 1) >>> 1;
    if (order(heap[at], heap[parent]) <= 0) return;
    [heap[at], heap[parent]] = [heap[parent], heap[at]];
    at = parent;
  }
}

function sink(heap: number[], order: (a: number, b: number) => number): void {
  for (let at = 0;;) {
    const left = at * 2 + 1;
    if (left >= heap.length) return;
    const right = left + 1;
    const last = right < heap.length && order(heap[right], heap[left]) > 0 ? right : left;
    if (order(heap[last], heap[at]) <= 0) return;
    [heap[at], heap[last]] = [heap[last], heap[at]];
    at = last;
  }
}
