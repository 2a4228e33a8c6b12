/** Clients of the live stream: real connections, read with FtReader and the reference's flow-cat. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { UsageError } from "@flowtools/common/flags";
import { FlowBatch } from "@flowtools/flow-model";
import { FT_FLAGS, type FtReader, readFtStream } from "@flowtools/ft-format";
import { CLIENT_BUFFER_BYTES } from "../apps/collector/sinks/files/limits.ts";
import { createClientSink } from "../apps/collector/sinks/files/mod.ts";
import { assertBalanced, numberedBatch, settingsOf, TestLog } from "./collector_files.ts";
import { bash, lines } from "./programs.ts";

type ClientSink = Awaited<ReturnType<typeof createClientSink>>;

const { code } = await bash("command -v flow-print");
const hasFlowTools = code === 0;

/** Starts a sink on a free port. */
async function start(...args: string[]): Promise<{ sink: ClientSink; log: TestLog }> {
  const log = new TestLog();
  const settings = { ...settingsOf("unused", ...args), drainMs: 500 };
  return { sink: await createClientSink(settings, log, 0, "127.0.0.1"), log };
}

/** Connects, and waits until the sink knows. */
async function connect(sink: ClientSink, log: TestLog): Promise<Deno.TcpConn> {
  const before = log.about("client ").length;
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: sink.port });
  await until(() => log.about("client ").length > before);
  return conn;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** The numbers of the flows that come, until the stream ends; added to a list. */
async function numbersOf(reader: FtReader, numbers: number[] = []): Promise<number[]> {
  for await (const { layout, view, offset, count, littleEndian } of reader.blocks()) {
    const batch = new FlowBatch({ capacity: count, columns: ["srcaddr"] });
    batch.appendRecords(layout, view, offset, count, littleEndian);
    numbers.push(...batch.column("srcaddr").subarray(0, count));
  }
  return numbers;
}

function numbersTo(count: number, from: number = 0): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

Deno.test("clients get the flows that come while they are connected", async () => {
  for (const order of ["little", "big"] as const) {
    const { sink, log } = await start("-c2", "-b", order, "-C", "live");
    sink.write(numberedBatch([5, 10]));
    assertEquals(sink.counters.given, 0);
    const first = readFtStream((await connect(sink, log)).readable);
    sink.write(numberedBatch([5, 10, 10]));
    const second = readFtStream((await connect(sink, log)).readable);
    sink.write(numberedBatch([5, 10, 20]));
    const { header } = await first;
    assertEquals([header.exportVersion, header.byteOrder, header.comments], [5, order, "live"]);
    assertEquals(header.hostname, Deno.hostname());
    assertEquals(header.flags & FT_FLAGS.STREAMING, FT_FLAGS.STREAMING);
    const reading = Promise.all([
      first.then((reader) => numbersOf(reader)),
      second.then((reader) => numbersOf(reader)),
    ]);
    await sink.close();
    assertEquals(await reading, [numbersTo(20, 10), numbersTo(10, 20)]);
    assertBalanced(sink);
    const { given, done, queued } = sink.counters;
    assertEquals([given, done, queued], [30, 30, 0]);
  }
});

Deno.test({
  name: `clients: flow-print reads the stream${hasFlowTools ? "" : " (flow-print is not on PATH)"}`,
  ignore: !hasFlowTools || Deno.build.os === "windows",
  fn: async () => {
    const { sink, log } = await start("-c1", "-V5");
    const printing = bash(`exec 3<>/dev/tcp/127.0.0.1/${sink.port}; flow-print -f3 <&3`);
    await until(() => log.about("client connected").length === 1);
    sink.write(numberedBatch([7, 14]));
    await sink.close();
    const { stdout } = await printing;
    assertEquals(
      lines(stdout).at(-1)!.trim().split(/\s+/),
      ["0.0.0.13", "192.168.0.13", "17", "1037", "443", "53", "7"],
    );
    assertEquals(lines(stdout).length, 15);
  },
});

Deno.test("clients: one version, that of -V or of the first flow; others are counted", async () => {
  const { sink, log } = await start("-c1");
  const conn = await connect(sink, log);
  const reading = readFtStream(conn.readable);
  sink.write(numberedBatch([8, 2, 0, 3], [5, 4], [8, 1, 0, 1], [8, 1, 0, 3]));
  await sink.close();
  const reader = await reading;
  assertEquals([reader.header.exportVersion, reader.header.aggregation], [8, 3]);
  assertEquals((await numbersOf(reader)).length, 3);
  assertEquals(sink.counters.dropped, { "no-conversion": 5 });
  assertBalanced(sink);
});

Deno.test("clients: more than allowed are sent away, and places become free", async () => {
  const { sink, log } = await start("-c1");
  const first = await connect(sink, log);
  using refused = await Deno.connect({ hostname: "127.0.0.1", port: sink.port });
  assertEquals(await refused.read(new Uint8Array(1)).catch(() => null), null);
  assertMatch(log.about("client-refused")[0], /is refused: there are 1 already$/);
  first.close();
  await until(() => log.about("client ended").length === 1);
  const again = await connect(sink, log);
  assertEquals(log.about("client connected").length, 2);
  // What is on its way when a client goes is counted.
  again.close();
  sink.write(numberedBatch([5, 1000]));
  await until(() => log.about("client ended").length === 2);
  assertBalanced(sink);
  await sink.close();
  assertEquals(sink.counters.queued, 0);
});

Deno.test("clients: one that stalls is let go and counted, the other gets everything", async () => {
  const { sink, log } = await start("-c2");
  const stalled = await connect(sink, log);
  const good = await connect(sink, log);
  const numbers: number[] = [];
  const reading = readFtStream(good.readable).then((reader) => numbersOf(reader, numbers));
  // The buffers of the kernel, its own, and then some.
  const bytes = CLIENT_BUFFER_BYTES + 40 * 2 ** 20;
  let flows = 0;
  for (; flows * 64 < bytes; flows += 20_000) {
    sink.write(numberedBatch([5, 20_000, flows]));
    // The one that reads keeps up.
    await until(() => numbers.length >= flows);
  }
  await until(() => log.about("client ended").length === 1);
  assertMatch(log.about("client ended")[0], /reason=client-slow lost=\d+$/);
  sink.write(numberedBatch([5, 10, flows]));
  await sink.close();
  await reading;
  assertEquals(numbers.length, flows + 10);
  assertEquals(numbers.at(-1), flows + 9);
  assertBalanced(sink);
  assert(sink.counters.dropped["client-slow"] > 0);
  assertEquals(Object.keys(sink.counters.dropped), ["client-slow"]);
  stalled.close();
});

Deno.test("clients: one that stalls does not hold up the end", async () => {
  const { sink, log } = await start("-c1");
  const conn = await connect(sink, log);
  // More than the kernel takes, less than makes it slow.
  for (let flows = 0; flows * 64 < CLIENT_BUFFER_BYTES - 2 ** 21; flows += 20_000) {
    sink.write(numberedBatch([5, 20_000, flows]));
  }
  await sink.close();
  assertBalanced(sink);
  assertEquals(sink.counters.queued, 0);
  assert(sink.counters.dropped["client-gone"] > 0);
  conn.close();
});

Deno.test("clients: a port that is taken is told", async () => {
  const { sink } = await start("-c1");
  const settings = settingsOf("unused", "-c1");
  await assertRejects(
    () => createClientSink(settings, new TestLog(), sink.port, "127.0.0.1"),
    UsageError,
    `cannot listen for clients on tcp 127.0.0.1:${sink.port}`,
  );
  await sink.close();
});
