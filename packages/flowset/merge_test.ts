import { assertEquals, assertRejects } from "@std/assert";
import { FlowBatch } from "@flowtools/flow-model";
import { findFtLayout, type RecordBlock, recordBytes } from "@flowtools/ft-format";
import fc from "fast-check";
import { FlowConversionError } from "./errors.ts";
import { headerClockMs } from "./header_clock.ts";
import { mergeBlocks } from "./merge.ts";
import { subBlock } from "./record_shaper.ts";
import { FlowSplitter, type SplitPart } from "./split.ts";

const V5 = findFtLayout(5)!;

/** A flow of a test: when it ended, and a number to know it by. */
interface TestFlow {
  readonly secs: number;
  readonly id: number;
}

function blockOf(flows: readonly TestFlow[], littleEndian = true, layout = V5): RecordBlock {
  const batch = new FlowBatch({ capacity: flows.length });
  for (const { secs, id } of flows) {
    batch.append(layout.schema, { unix_secs: secs, sysUpTime: 5000, last: 5000, dOctets: id });
  }
  const view = new DataView(new ArrayBuffer(flows.length * layout.size));
  batch.storeRecords(layout, 0, flows.length, view, 0, littleEndian);
  return { layout, view, offset: 0, count: flows.length, littleEndian };
}

/** A source that gives its flows in blocks of so many. */
async function* source(
  flows: readonly TestFlow[],
  size = 3,
  littleEndian = true,
): AsyncGenerator<RecordBlock> {
  for (let from = 0; from < flows.length; from += size) {
    yield await Promise.resolve(blockOf(flows.slice(from, from + size), littleEndian));
  }
}

async function idsOf(blocks: AsyncIterable<RecordBlock>): Promise<number[]> {
  const ids: number[] = [];
  for await (const { layout, view, offset, count, littleEndian } of blocks) {
    const batch = new FlowBatch({ capacity: count, columns: ["dOctets"] });
    batch.appendRecords(layout, view, offset, count, littleEndian);
    ids.push(...batch.column("dOctets"));
  }
  return ids;
}

/** What flow-merge does, as it is told: at every step the earliest of the first records. */
function mergeNaively(sources: readonly (readonly TestFlow[])[]): number[] {
  const next = sources.map(() => 0);
  const ids: number[] = [];
  for (;;) {
    let best = -1;
    for (const [index, flows] of sources.entries()) {
      const flow = flows[next[index]];
      if (flow !== undefined && (best < 0 || flow.secs < sources[best][next[best]].secs)) {
        best = index;
      }
    }
    if (best < 0) return ids;
    ids.push(sources[best][next[best]++].id);
  }
}

const flowLists = fc.array(
  fc.array(fc.integer({ min: 1_700_000_000, max: 1_700_000_020 }), { maxLength: 12 }),
  { maxLength: 9 },
).map((lists) =>
  lists.map((list, index) => list.map((secs, place) => ({ secs, id: index * 100 + place })))
);

Deno.test("mergeBlocks() takes the earliest first record at every step, whatever the order within", async () => {
  await fc.assert(
    fc.asyncProperty(flowLists, fc.integer({ min: 1, max: 5 }), async (lists, size) => {
      const merged = mergeBlocks(lists.map((flows) => source(flows, size)));
      assertEquals(await idsOf(merged), mergeNaively(lists));
    }),
    { seed: 7, numRuns: 200 },
  );
});

Deno.test("mergeBlocks() of what a split by count took apart is the whole again", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 2_000_000_000 }), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 9 }),
      async (times, maxFlows) => {
        const sorted = times.toSorted((a, b) => a - b);
        const whole = blockOf(sorted.map((secs, id) => ({ secs, id })));
        const parts = new Map<SplitPart, RecordBlock[]>();
        const splitter = new FlowSplitter({ maxFlows }, {
          open: (part) => void parts.set(part, []),
          write: (part, block) => void parts.get(part)!.push(block),
          close() {},
        });
        const middle = Math.floor(whole.count / 2);
        if (middle > 0) splitter.add(subBlock(whole, 0, middle));
        splitter.add(subBlock(whole, middle, whole.count));
        splitter.finish();
        const bytes: number[] = [];
        for await (const block of mergeBlocks([...parts.values()].map(iterate))) {
          bytes.push(...recordBytes(block));
        }
        assertEquals(bytes, [...recordBytes(whole)]);
      },
    ),
    { seed: 8, numRuns: 100 },
  );
});

async function* iterate(blocks: readonly RecordBlock[]): AsyncGenerator<RecordBlock> {
  for (const block of blocks) yield await Promise.resolve(block);
}

Deno.test("mergeBlocks() gives one byte order, and converts versions", async () => {
  const flows = [{ secs: 10, id: 1 }, { secs: 30, id: 3 }];
  const late = [{ secs: 20, id: 2 }];
  const merged = mergeBlocks([source(flows), source(late, 3, false)], {
    version: 7,
    byteOrder: "big",
  });
  const blocks = [];
  for await (const block of merged) blocks.push({ ...block });
  assertEquals(blocks.length, 1);
  assertEquals([blocks[0].layout, blocks[0].littleEndian], [findFtLayout(7), false]);
  assertEquals(await idsOf(iterate(blocks)), [1, 2, 3]);
});

Deno.test("mergeBlocks() refuses what has no conversion, and lets go of its sources", async () => {
  let closed = 0;
  async function* watched(layout = V5): AsyncGenerator<RecordBlock> {
    try {
      yield await Promise.resolve(blockOf([{ secs: 1, id: 1 }], true, layout));
    } finally {
      closed++;
    }
  }
  const sources = [watched(), watched(findFtLayout(8, 1))];
  await assertRejects(() => idsOf(mergeBlocks(sources)), FlowConversionError, "v8.1");
  assertEquals(closed, 2);
});

Deno.test("mergeBlocks() of nothing is nothing", async () => {
  assertEquals(await idsOf(mergeBlocks([])), []);
  assertEquals(await idsOf(mergeBlocks([source([]), source([])])), []);
});

Deno.test("headerClockMs() wraps as 64 bits of which the seconds keep 32", () => {
  assertEquals(headerClockMs(0, 0, 1000, 0), 1271310318 * 1000 + 616);
  assertEquals(headerClockMs(2 ** 32 - 1, 0, 0, 1000), 0);
});
