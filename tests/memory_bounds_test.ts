/** Memory does not follow the size of the input: a principle, so it is tested. */
import { assert, assertEquals } from "@std/assert";
import { encodeFtHeader, findFtLayout } from "@flowtools/ft-format";
import { FlowSet } from "@flowtools/flowset";

/** Records of a chunk of the stream. */
const CHUNK_RECORDS = 1024;

/** A batch and a few buffers are some megabytes; the rest is garbage that waits to be collected. */
const GROWTH_BYTES_MAX = 64e6;

/** How often memory is looked at, in flows. */
const LOOK_FLOWS = 1 << 17;

const LAYOUT = findFtLayout(5)!;

/** A flow file of v5 records that is never anywhere as a whole: each is 1 octet of traffic. */
function endless(records: number): ReadableStream<Uint8Array> {
  const header = encodeFtHeader({
    byteOrder: "little",
    exportVersion: 5,
    flags: 0,
    ifNames: [],
    ifAliases: [],
    unknown: [],
  });
  const { size, rows } = LAYOUT;
  const octets = rows.find(({ name }) => name === "dOctets")!;
  // The same chunk each time, so that what the process grows by is not the garbage of the test.
  const chunk = new Uint8Array(CHUNK_RECORDS * size);
  for (let at = octets.offset; at < chunk.length; at += size) chunk[at] = 1;
  let left = records;
  return new ReadableStream({
    start(controller) {
      controller.enqueue(header);
    },
    pull(controller) {
      const count = Math.min(left, CHUNK_RECORDS);
      if (count === 0) return controller.close();
      controller.enqueue(chunk.subarray(0, count * size));
      left -= count;
    },
  });
}

/** The most that the process grew beyond what it had at the start. */
class Growth {
  readonly #start = Deno.memoryUsage().rss;
  #most = 0;

  look(): void {
    this.#most = Math.max(this.#most, Deno.memoryUsage().rss - this.#start);
  }

  check(): void {
    this.look();
    assert(this.#most < GROWTH_BYTES_MAX, `the process grew by ${this.#most} bytes`);
  }
}

Deno.test("batches of a stream of 256 MB need little memory", async () => {
  const records = 4_000_000;
  const growth = new Growth();
  let octets = 0;
  await using set = await FlowSet.open(endless(records));
  for await (const batch of set.batches()) {
    const column = batch.column("dOctets");
    for (let row = 0; row < batch.length; row++) octets += column[row];
    if (octets % LOOK_FLOWS === 0) growth.look();
  }
  assertEquals(octets, records);
  growth.check();
});

Deno.test("flows of a stream of 96 MB need little memory", async () => {
  const records = 1_500_000;
  const growth = new Growth();
  let octets = 0;
  await using set = await FlowSet.open(endless(records));
  for await (const flow of set) {
    octets += flow.get("dOctets");
    if (octets % LOOK_FLOWS === 0) growth.look();
  }
  assertEquals(octets, records);
  growth.check();
});

Deno.test("a stream that is left after one flow is not read on", async () => {
  let cancelled = false;
  const source = endless(1_500_000).pipeThrough(
    new TransformStream({ cancel: () => void (cancelled = true) }),
  );
  await using set = await FlowSet.open(source);
  for await (const flow of set) {
    assertEquals(flow.dOctets, 1);
    break;
  }
  await set.close();
  assert(cancelled);
});
