import type { RecordBlock } from "@flowtools/ft-format";
import { fieldOffset, subBlock } from "./record_shaper.ts";

/** By what a {@linkcode FlowSplitter} splits; without any of it, all flows are one part. */
export interface SplitOptions {
  /** Flows of a part at most. */
  readonly maxFlows?: number;
  /** A part ends with the first flow whose `unix_secs` is this much past the start of the part. */
  readonly maxSeconds?: number;
  /** Flows of each tag are parts of their own. */
  readonly by?: "src_tag" | "dst_tag";
}

/** One part of the flows. */
export interface SplitPart {
  /** The tag of its flows, where they are split by tag. */
  readonly tag: number | undefined;
  /** Number of the part, from 0; each tag counts its own. */
  readonly index: number;
  /** Flows so far. */
  readonly flows: number;
  /** Seconds for the header, as flow-split has them. */
  readonly captureStart: number;
  /** `unix_secs` of the last flow. */
  readonly captureEnd: number;
}

/** What takes the parts. */
export interface SplitSink {
  /** Begins a part. */
  open(part: SplitPart): void;
  /** Takes flows of an open part; the block is alive during the call. */
  write(part: SplitPart, block: RecordBlock): void;
  /** Ends a part; its numbers are final. */
  close(part: SplitPart): void;
}

/** A part that is being written, or the last of its tag. */
interface OpenPart {
  tag: number | undefined;
  index: number;
  flows: number;
  captureStart: number;
  captureEnd: number;
  /** The next flow begins a new part. */
  full: boolean;
}

/**
 * Splits flows by count, time or tag, as flow-split does: a part that has become too long ends
 * with the flow that made it so, and a part that ended by time tells the time of that flow as its
 * start.
 *
 * Source: flow-tools `flow-split.c`.
 *
 * @example
 * ```ts
 * import { FlowSet, FlowSplitter } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * const sizes: number[] = [];
 * const splitter = new FlowSplitter({ maxFlows: 20 }, {
 *   open() {},
 *   write() {},
 *   close: (part) => sizes.push(part.flows),
 * });
 * await using set = await FlowSet.open("fixtures/ft/v5-le.ft");
 * for await (const block of set.blocks()) splitter.add(block);
 * splitter.finish();
 * assertEquals(sizes, [20, 20, 13]);
 * ```
 */
export class FlowSplitter {
  readonly #sink: SplitSink;
  readonly #options: SplitOptions;
  readonly #parts = new Map<number | undefined, OpenPart>();

  /**
   * Makes a splitter.
   *
   * @param options By what to split
   * @param sink What takes the parts
   */
  constructor(options: SplitOptions, sink: SplitSink) {
    this.#options = options;
    this.#sink = sink;
  }

  /**
   * Splits further flows.
   *
   * @param block The flows
   * @throws {RangeError} The records lack a field by which to split
   */
  add(block: RecordBlock): void {
    const { maxFlows = 0, maxSeconds = 0, by } = this.#options;
    const { layout, view, offset, count, littleEndian } = block;
    const secsAt = offset + fieldOffset(layout, "unix_secs");
    const tagAt = by === undefined ? -1 : offset + fieldOffset(layout, by);
    let part: OpenPart | undefined;
    let from = 0;
    for (let row = 0, at = 0; row < count; row++, at += layout.size) {
      const secs = view.getUint32(secsAt + at, littleEndian);
      const tag = tagAt < 0 ? undefined : view.getUint32(tagAt + at, littleEndian);
      if (part === undefined || part.full || part.tag !== tag) {
        if (part !== undefined) this.#sink.write(part, subBlock(block, from, row));
        from = row;
        part = this.#parts.get(tag);
        if (part === undefined || part.full) part = this.#begin(tag, secs, part);
      }
      part.flows++;
      if (maxFlows > 0 && part.flows >= maxFlows) part.full = true;
      if (maxSeconds > 0 && secs - part.captureStart > maxSeconds) {
        part.captureStart = secs;
        part.full = true;
      }
      part.captureEnd = secs;
    }
    if (part !== undefined) this.#sink.write(part, subBlock(block, from, count));
  }

  /** Ends all parts. */
  finish(): void {
    for (const part of this.#parts.values()) this.#sink.close(part);
    this.#parts.clear();
  }

  #begin(tag: number | undefined, secs: number, last: OpenPart | undefined): OpenPart {
    if (last !== undefined) this.#sink.close(last);
    const part: OpenPart = {
      tag,
      index: last === undefined ? 0 : last.index + 1,
      flows: 0,
      captureStart: secs,
      captureEnd: 0,
      full: false,
    };
    this.#parts.set(tag, part);
    this.#sink.open(part);
    return part;
  }
}
