import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  createPduRegistry,
  decodePdu,
  encodePdu,
  PDU_CODECS,
  SEQUENCE_GAP_MAX,
  SEQUENCE_RESTART_RUN,
  SEQUENCE_WINDOW,
  SequenceTracker,
  V1_CODEC,
  V5_CODEC,
} from "./mod.ts";
import { FlowBatch } from "@flowtools/flow-model";

const EXPORTER = 0x0a000001;

/** Feeds v5 packets of one exporter: `[sequence, units]` each. */
function feed(tracker: SequenceTracker, packets: readonly (readonly [number, number])[]): string[] {
  return packets.map(([sequence, units]) => {
    const { event, lost } = tracker.update(EXPORTER, 5, 0, sequence, units);
    return lost === 0 ? event : `${event} ${lost}`;
  });
}

Deno.test("SequenceTracker counts packets in order", () => {
  const tracker = new SequenceTracker();
  assertEquals(feed(tracker, [[7, 30], [37, 30], [67, 1], [68, 30]]), [
    "first",
    "in-order",
    "in-order",
    "in-order",
  ]);
  assertEquals(tracker.totals, { lost: 0, received: 91, reordered: 0, duplicate: 0, reset: 0 });
});

Deno.test("SequenceTracker wraps at 2^32 exactly", () => {
  const tracker = new SequenceTracker();
  const last = 2 ** 32 - 30;
  assertEquals(feed(tracker, [[last, 30], [0, 30], [30, 30]]), ["first", "in-order", "in-order"]);
  assertEquals(feed(new SequenceTracker(), [[last, 29], [2 ** 32 - 1, 2], [1, 1]]), [
    "first",
    "in-order",
    "in-order",
  ]);
  assertEquals(feed(new SequenceTracker(), [[last, 30], [1, 30]]), ["first", "lost 1"]);
  assertEquals(feed(new SequenceTracker(), [[last, 20], [5, 30]]), ["first", "lost 15"]);
});

Deno.test("SequenceTracker takes a late packet back out of the loss, across the wrap too", () => {
  for (const start of [1000, 2 ** 32 - 45]) {
    const at = (offset: number) => (start + offset) % 2 ** 32;
    const tracker = new SequenceTracker();
    assertEquals(
      feed(tracker, [[at(0), 30], [at(90), 30], [at(60), 30], [at(30), 30], [at(30), 30]]),
      ["first", "lost 60", "reordered -30", "reordered -30", "duplicate"],
    );
    assertEquals(tracker.totals, { lost: 0, received: 120, reordered: 2, duplicate: 1, reset: 0 });
  }
});

Deno.test("SequenceTracker finds a late packet in the middle of a missing range", () => {
  const tracker = new SequenceTracker();
  assertEquals(feed(tracker, [[0, 10], [100, 10], [50, 10], [50, 10], [10, 40], [60, 40]]), [
    "first",
    "lost 90",
    "reordered -10",
    "duplicate",
    "reordered -40",
    "reordered -40",
  ]);
  assertEquals(tracker.totals.lost, 0);
});

Deno.test("SequenceTracker does not take a packet that fits a missing range in part", () => {
  const tracker = new SequenceTracker();
  assertEquals(feed(tracker, [[0, 10], [20, 10], [15, 10]]), ["first", "lost 10", "duplicate"]);
  assertEquals(tracker.totals.lost, 10);
});

Deno.test("SequenceTracker tells duplicates without moving on", () => {
  const tracker = new SequenceTracker();
  assertEquals(feed(tracker, [[0, 30], [0, 30], [30, 30], [30, 30], [60, 30]]), [
    "first",
    "duplicate",
    "in-order",
    "duplicate",
    "in-order",
  ]);
  assertEquals(tracker.totals.received, 90);
});

Deno.test("SequenceTracker holds its bounds: gap ahead, window behind", () => {
  const next = 10_000_030;
  const after = (sequence: number) =>
    feed(new SequenceTracker(), [[10_000_000, 30], [sequence, 1]])[1];
  assertEquals(after(next + SEQUENCE_GAP_MAX), `lost ${SEQUENCE_GAP_MAX}`);
  assertEquals(after(next + SEQUENCE_GAP_MAX + 1), "reset");
  assertEquals(after(next - SEQUENCE_WINDOW), "duplicate");
  assertEquals(after(next - SEQUENCE_WINDOW - 1), "reset");
  assertEquals(after(next + 2 ** 31), "reset");
});

Deno.test("SequenceTracker goes on from a reset", () => {
  const tracker = new SequenceTracker();
  assertEquals(feed(tracker, [[1_000_000, 30], [0, 30], [30, 30], [90, 30]]), [
    "first",
    "reset",
    "in-order",
    "lost 30",
  ]);
  assertEquals(tracker.totals, { lost: 30, received: 120, reordered: 0, duplicate: 0, reset: 1 });
});

Deno.test("SequenceTracker takes a run of late packets for a restart inside the window", () => {
  const tracker = new SequenceTracker();
  feed(tracker, [[2000, 1]]);
  const run = Array.from({ length: SEQUENCE_RESTART_RUN + 2 }, (_, i) => [i + 1, 1] as const);
  const events = feed(tracker, run);
  assertEquals(events.filter((event) => event === "duplicate").length, SEQUENCE_RESTART_RUN - 1);
  assertEquals(events.slice(-3), ["reset", "in-order", "in-order"]);
});

Deno.test("SequenceTracker keeps sequences apart by exporter, version and source", () => {
  const tracker = new SequenceTracker();
  const wide = new Uint8Array(16).fill(1);
  const first = () =>
    [
      tracker.update(EXPORTER, 5, 0, 1, 1),
      tracker.update(EXPORTER, 5, 1, 50_000_000, 1),
      tracker.update(EXPORTER, 9, 0xffffffff, 9, 1),
      tracker.update(EXPORTER + 1, 5, 0, 7, 1),
      tracker.update(wide, 5, 0, 3, 1),
    ].map((result) => result.event);
  assertEquals(new Set(first()), new Set(["first"]));
  assertEquals(new Set(first()), new Set(["duplicate"]));
  assertEquals(tracker.size, 5);
  assertEquals(tracker.totalsOf(wide.slice(), 5, 0)?.duplicate, 1);
  assertEquals(tracker.totalsOf(EXPORTER, 7, 0), undefined);
});

Deno.test("SequenceTracker forgets the sequence unheard of for longest", () => {
  const tracker = new SequenceTracker({ streamsMax: 3 });
  const hear = (exporter: number) => tracker.update(exporter, 5, 0, 0, 0).event;
  assertEquals([1, 2, 3].map(hear), ["first", "first", "first"]);
  assertEquals(hear(1), "in-order");
  assertEquals(hear(4), "first");
  assertEquals(tracker.size, 3);
  assertEquals(tracker.totalsOf(2, 5, 0), undefined);
  assertEquals([1, 3, 4].map(hear), ["in-order", "in-order", "in-order"]);
  assertEquals([2, 3, 4].map(hear), ["first", "in-order", "in-order"]);
  assertEquals(tracker.totalsOf(1, 5, 0), undefined);
});

Deno.test("SequenceTracker takes the next number as it is behind a packet that was not counted", () => {
  const tracker = new SequenceTracker();
  assertEquals(feed(tracker, [[100, 5], [105, -1], [112, 3], [115, 2], [120, 1]]), [
    "first",
    "in-order",
    "in-order",
    "in-order",
    "lost 3",
  ]);
  assertEquals(tracker.totals, { lost: 3, received: 11, reordered: 0, duplicate: 0, reset: 0 });
});

Deno.test("SequenceTracker tells what was lost before a packet that was not counted", () => {
  assertEquals(feed(new SequenceTracker(), [[100, 5], [108, -1], [120, 1]]), [
    "first",
    "lost 3",
    "in-order",
  ]);
  assertEquals(feed(new SequenceTracker(), [[100, -1], [150, -1], [160, 1], [162, 1]]), [
    "first",
    "in-order",
    "in-order",
    "lost 1",
  ]);
});

Deno.test("SequenceTracker tells a restart behind a packet that was not counted", () => {
  const far = 10_000_000 + SEQUENCE_GAP_MAX + 1;
  assertEquals(feed(new SequenceTracker(), [[10_000_000, -1], [far, 1], [far + 1, 1]]), [
    "first",
    "reset",
    "in-order",
  ]);
  assertEquals(feed(new SequenceTracker(), [[10_000_000, -1], [0, 1], [1, 1]]), [
    "first",
    "reset",
    "in-order",
  ]);
});

Deno.test("SequenceTracker finds a late packet that was not counted in a missing range", () => {
  const tracker = new SequenceTracker();
  // It may have been all that was missing: a loss that is none would be worse.
  assertEquals(feed(tracker, [[0, 10], [30, 5], [12, -1], [35, 1], [10, 2]]), [
    "first",
    "lost 20",
    "reordered -18",
    "in-order",
    "reordered -2",
  ]);
  assertEquals(tracker.totals.lost, 0);
});

Deno.test("SequenceTracker leaves a missing range alone when a late packet without units comes", () => {
  assertEquals(feed(new SequenceTracker(), [[0, 10], [30, 5], [12, 0], [10, 20]]), [
    "first",
    "lost 20",
    "duplicate",
    "reordered -20",
  ]);
});

Deno.test("SequenceTracker keeps a bounded number of missing ranges", () => {
  const tracker = new SequenceTracker({ rangesMax: 2 });
  assertEquals(feed(tracker, [[0, 1], [2, 1], [4, 1], [6, 1], [1, 1], [3, 1], [5, 1]]).slice(4), [
    "duplicate",
    "reordered -1",
    "reordered -1",
  ]);
  assertEquals(tracker.totals.lost, 1);
});

Deno.test("SequenceTracker finds nothing lost when everything came, in whatever near order", () => {
  const packets = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 2, maxLength: 60 });
  fc.assert(
    fc.property(packets, fc.integer({ min: 0, max: 2 ** 32 - 1 }), (units, start) => {
      let sequence = start;
      const sent = units.map((count) => {
        const packet = [sequence, count] as const;
        sequence = (sequence + count) >>> 0;
        return packet;
      });
      // Neighbours change places; the first stays, as nothing can be missing before it.
      for (let i = 1; i + 1 < sent.length; i += 2) [sent[i], sent[i + 1]] = [sent[i + 1], sent[i]];
      const tracker = new SequenceTracker();
      feed(tracker, sent);
      assertEquals(tracker.totals.lost, 0);
      assertEquals(tracker.totals.received, units.reduce((sum, count) => sum + count, 0));
      assertEquals(tracker.totals.duplicate + tracker.totals.reset, 0);
    }),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("SequenceTracker.observe() takes units and source from a decoded packet", () => {
  const registry = createPduRegistry(PDU_CODECS);
  const batch = new FlowBatch({ capacity: 4 });
  const { schema } = V5_CODEC.layouts.record;
  for (let row = 0; row < 2; row++) batch.append(schema, {});
  const packet = (sequence: number) => encodePdu(V5_CODEC, batch, 0, 2, { sequence, engine_id: 3 });
  const tracker = new SequenceTracker();
  const hear = (bytes: Uint8Array) => {
    batch.reset();
    return tracker.observe(EXPORTER, decodePdu(registry, bytes, batch));
  };
  const [one, two, four] = [packet(10), packet(12), packet(16)];
  const v1 = encodePdu(V1_CODEC, batch, 0, 1);
  assertEquals(hear(one)?.event, "first");
  assertEquals(hear(two.subarray(0, 72))?.event, "in-order", "short, but sent whole");
  assertEquals(hear(four), { event: "lost", lost: 2 });
  assertEquals(tracker.totalsOf(EXPORTER, 5, 3)?.lost, 2);
  assertEquals(hear(v1), undefined);
  assertEquals(hear(new Uint8Array(3)), undefined);
  const full = new FlowBatch({ capacity: 1 });
  assertEquals(tracker.observe(EXPORTER, decodePdu(registry, four, full)), undefined);
});
