import type { RecordLayout } from "@flowtools/flow-model";
import type { RecordBlock } from "@flowtools/ft-format";
import { headerClockMs } from "./header_clock.ts";
import { MERGE_BLOCK_BYTES } from "./limits.ts";
import { fieldOffset, type RecordShape, RecordShaper, writtenLayout } from "./record_shaper.ts";

/** One source of a merge: its current block and how far it is used up. */
interface Head {
  /** Place among the sources: of equal times the first source goes first. */
  readonly order: number;
  readonly blocks: AsyncIterator<RecordBlock>;
  readonly shaper: RecordShaper;
  bytes: Uint8Array;
  keys: Float64Array;
  next: number;
  count: number;
}

/**
 * Merges records by the time of their last packet: at every step the earliest of the sources' next
 * records is taken, of equal ones that of the first source. Sources that are in order of time give
 * one that is; nothing is sorted within a source.
 *
 * Memory is bounded: a block of each source, and the block handed out.
 *
 * Source: flow-tools `flow-merge.c`.
 *
 * @param sources The records, such as `blocks()` of a set
 * @param shape Version and byte order to give; default those of the first block
 * @returns Blocks, each alive until the next is asked for
 * @throws {FlowConversionError} A source has records of another version without a conversion
 *
 * @example
 * ```ts
 * import { FlowSet, mergeBlocks } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * await using little = await FlowSet.open("fixtures/ft/v5-le.ft");
 * await using big = await FlowSet.open("fixtures/ft/v5-be-z.ft");
 * let flows = 0;
 * for await (const block of mergeBlocks([little.blocks(), big.blocks()])) flows += block.count;
 * assertEquals(flows, 106);
 * ```
 */
export async function* mergeBlocks(
  sources: readonly AsyncIterable<RecordBlock>[],
  shape?: RecordShape,
): AsyncGenerator<RecordBlock, void, undefined> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  try {
    yield* mergeHeads(iterators, shape);
  } finally {
    await Promise.all(iterators.map((iterator) => iterator.return?.()));
  }
}

async function* mergeHeads(
  iterators: readonly AsyncIterator<RecordBlock>[],
  given: RecordShape | undefined,
): AsyncGenerator<RecordBlock, void, undefined> {
  let shape = given;
  const heap: Head[] = [];
  for (const [order, blocks] of iterators.entries()) {
    const { value, done } = await blocks.next();
    if (done) continue;
    shape ??= shapeOf(value);
    const head = {
      order,
      blocks,
      shaper: new RecordShaper(shape),
      bytes: NO_BYTES,
      keys: new Float64Array(0),
      next: 0,
      count: 0,
    };
    load(head, value);
    heap.push(head);
    siftUp(heap, heap.length - 1);
  }
  if (heap.length === 0) return;
  const { layout, littleEndian } = heap[0].shaper;
  const { size } = layout;
  const out = new Uint8Array(MERGE_BLOCK_BYTES - MERGE_BLOCK_BYTES % size);
  const view = new DataView(out.buffer);
  let used = 0;
  while (heap.length > 0) {
    const head = heap[0];
    const run = Math.min(runLength(heap), (out.length - used) / size);
    const from = head.next * size;
    out.set(head.bytes.subarray(from, from + run * size), used);
    used += run * size;
    head.next += run;
    if (used === out.length) {
      yield { layout, view, offset: 0, count: used / size, littleEndian };
      used = 0;
    }
    if (head.next === head.count) {
      const { value, done } = await head.blocks.next();
      if (done) heap[0] = heap[heap.length - 1], heap.length--;
      else load(head, value);
    }
    siftDown(heap);
  }
  if (used > 0) yield { layout, view, offset: 0, count: used / size, littleEndian };
}

const NO_BYTES = new Uint8Array(0);

function shapeOf(block: RecordBlock): RecordShape {
  const { version, aggregation } = writtenLayout(block.layout).schema;
  return { version, aggregation, byteOrder: block.littleEndian ? "little" : "big" };
}

function load(head: Head, block: RecordBlock): void {
  const { layout, view, offset, count, littleEndian } = head.shaper.shape(block);
  head.bytes = new Uint8Array(view.buffer, view.byteOffset + offset, count * layout.size);
  head.next = 0;
  head.count = count;
  if (head.keys.length < count) head.keys = new Float64Array(count);
  fillKeys(head.keys, layout, view, offset, count, littleEndian);
}

function fillKeys(
  keys: Float64Array,
  layout: RecordLayout,
  view: DataView,
  offset: number,
  count: number,
  littleEndian: boolean,
): void {
  const secs = offset + fieldOffset(layout, "unix_secs");
  const nsecs = offset + fieldOffset(layout, "unix_nsecs");
  const uptime = offset + fieldOffset(layout, "sysUpTime");
  const last = offset + fieldOffset(layout, "last");
  for (let row = 0, at = 0; row < count; row++, at += layout.size) {
    keys[row] = headerClockMs(
      view.getUint32(secs + at, littleEndian),
      view.getUint32(nsecs + at, littleEndian),
      view.getUint32(uptime + at, littleEndian),
      view.getUint32(last + at, littleEndian),
    );
  }
}

/** How many records of the first source go before the next record of every other. */
function runLength(heap: readonly Head[]): number {
  const { keys, next, count, order } = heap[0];
  if (heap.length === 1) return count - next;
  const rival = heap.length > 2 && isBefore(heap[2], heap[1]) ? heap[2] : heap[1];
  const limit = rival.keys[rival.next];
  const first = order < rival.order;
  let to = next + 1;
  while (to < count && (keys[to] < limit || (first && keys[to] === limit))) to++;
  return to - next;
}

function isBefore(one: Head, other: Head): boolean {
  const a = one.keys[one.next];
  const b = other.keys[other.next];
  return a < b || (a === b && one.order < other.order);
}

function siftUp(heap: Head[], from: number): void {
  for (let at = from; at > 0;) {
    const parent = (at - 1) >> 1;
    if (!isBefore(heap[at], heap[parent])) return;
    [heap[at], heap[parent]] = [heap[parent], heap[at]];
    at = parent;
  }
}

function siftDown(heap: Head[]): void {
  for (let at = 0;;) {
    let least = at;
    const left = 2 * at + 1;
    if (left < heap.length && isBefore(heap[left], heap[least])) least = left;
    if (left + 1 < heap.length && isBefore(heap[left + 1], heap[least])) least = left + 1;
    if (least === at) return;
    [heap[at], heap[least]] = [heap[least], heap[at]];
    at = least;
  }
}
