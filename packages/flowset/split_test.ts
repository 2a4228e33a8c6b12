import { assertEquals, assertThrows } from "@std/assert";
import { FlowBatch } from "@flowtools/flow-model";
import { findFtLayout, type RecordBlock } from "@flowtools/ft-format";
import { FlowSplitter, type SplitOptions, type SplitPart } from "./split.ts";

const LAYOUT = findFtLayout(1005)!;

/** A block of flows of these seconds and source tags. */
function blockOf(flows: readonly (readonly [secs: number, tag?: number])[]): RecordBlock {
  const batch = new FlowBatch();
  for (const [unix_secs, src_tag = 0] of flows) {
    batch.append(LAYOUT.schema, { unix_secs, src_tag });
  }
  const view = new DataView(new ArrayBuffer(flows.length * LAYOUT.size));
  batch.storeRecords(LAYOUT, 0, flows.length, view, 0, true);
  return { layout: LAYOUT, view, offset: 0, count: flows.length, littleEndian: true };
}

/** What the sink was told, as lines. */
function splitUp(options: SplitOptions, ...blocks: RecordBlock[]): string[] {
  const events: string[] = [];
  const name = ({ tag, index }: SplitPart) => tag === undefined ? `${index}` : `${tag}.${index}`;
  const splitter = new FlowSplitter(options, {
    open: (part) => events.push(`open ${name(part)}`),
    write: (part, { count }) => events.push(`write ${name(part)} ${count}`),
    close: (part) =>
      events.push(`close ${name(part)} ${part.flows} ${part.captureStart}-${part.captureEnd}`),
  });
  for (const block of blocks) splitter.add(block);
  splitter.finish();
  return events;
}

Deno.test("FlowSplitter by count carries on across blocks", () => {
  const blocks = [blockOf([[10], [11], [12]]), blockOf([[13], [14]])];
  assertEquals(splitUp({ maxFlows: 2 }, ...blocks), [
    "open 0",
    "write 0 2",
    "close 0 2 10-11",
    "open 1",
    "write 1 1",
    "write 1 1",
    "close 1 2 12-13",
    "open 2",
    "write 2 1",
    "close 2 1 14-14",
  ]);
});

Deno.test("FlowSplitter by time ends a part with the flow that is too late, and dates it so", () => {
  assertEquals(splitUp({ maxSeconds: 5 }, blockOf([[10], [15], [16], [17], [12]])), [
    "open 0",
    "write 0 3",
    "close 0 3 16-16",
    "open 1",
    "write 1 2",
    "close 1 2 17-12",
  ]);
});

Deno.test("FlowSplitter by tag keeps a part for each, with numbers of their own", () => {
  const block = blockOf([[10, 7], [11, 7], [12, 9], [13, 7], [14, 9]]);
  assertEquals(splitUp({ by: "src_tag", maxFlows: 2 }, block), [
    "open 7.0",
    "write 7.0 2",
    "open 9.0",
    "write 9.0 1",
    "close 7.0 2 10-11",
    "open 7.1",
    "write 7.1 1",
    "write 9.0 1",
    "close 7.1 1 13-13",
    "close 9.0 2 12-14",
  ]);
});

Deno.test("FlowSplitter without limits gives one part, of no flows none", () => {
  assertEquals(splitUp({}, blockOf([[10], [2_000_000_000]])), [
    "open 0",
    "write 0 2",
    "close 0 2 10-2000000000",
  ]);
  assertEquals(splitUp({}), []);
});

Deno.test("FlowSplitter by tag refuses records without tags", () => {
  const layout = findFtLayout(5)!;
  const view = new DataView(new ArrayBuffer(layout.size));
  const block = { layout, view, offset: 0, count: 1, littleEndian: true };
  assertThrows(() => splitUp({ by: "dst_tag" }, block), RangeError, "missing dst_tag");
});
