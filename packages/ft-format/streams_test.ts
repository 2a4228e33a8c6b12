import { assert, assertEquals, assertRejects } from "@std/assert";
import { createFtStream, findFtLayout, FtFormatError, readFtStream } from "./mod.ts";
import { cut, readChunks, sampleRecords, writeFile } from "./testdata/support.ts";

const V5 = findFtLayout(5)!;

/** A stream of chunks that notes how it ended. */
function streamOf(chunks: Iterable<Uint8Array>): {
  stream: ReadableStream<Uint8Array>;
  cancelled: () => boolean;
} {
  const iterator = chunks[Symbol.iterator]();
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { value, done } = iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel() {
      cancelled = true;
    },
  });
  return { stream, cancelled: () => cancelled };
}

Deno.test("readFtStream() reads chunks of any size", async () => {
  const file = writeFile(sampleRecords(V5, 100), { version: 5, compressionLevel: 6 });
  for (const size of [1, 50, 100_000]) {
    const reader = await readFtStream(streamOf(cut(file, [size])).stream);
    assertEquals(reader.layout, V5);
    let flows = 0;
    for await (const { count } of reader.blocks()) flows += count;
    assertEquals(flows, 100);
  }
});

Deno.test("readFtStream() throws on a bad header and cancels the stream", async () => {
  const { stream, cancelled } = streamOf([new Uint8Array([1, 2, 3, 4]), new Uint8Array(9)]);
  const error = await assertRejects(() => readFtStream(stream, { source: "s" }), FtFormatError);
  assertEquals(error.code, "bad-magic");
  assert(cancelled());
  const nothing = await assertRejects(() => readFtStream(streamOf([]).stream), FtFormatError);
  assertEquals(nothing.code, "empty");
});

Deno.test("readFtStream() delivers whole records, then the error", async () => {
  const file = writeFile(sampleRecords(V5, 3), { version: 5 });
  const reader = await readFtStream(streamOf(cut(file.slice(0, -1), [70])).stream);
  let flows = 0;
  const error = await assertRejects(async () => {
    for await (const { count } of reader.blocks()) flows += count;
  }, FtFormatError);
  assertEquals([flows, error.code], [2, "truncated-record"]);
});

Deno.test("readFtStream() cancels the stream when the loop is left", async () => {
  const file = writeFile(sampleRecords(V5, 50), { version: 5 });
  const { stream, cancelled } = streamOf(cut(file, [200]));
  for await (const _ of (await readFtStream(stream)).blocks()) break;
  assert(cancelled());
});

Deno.test("createFtStream() writes large chunks that stay as they were written", async () => {
  const chunks: Uint8Array[] = [];
  let closed = 0;
  const writer = {
    write(chunk: Uint8Array) {
      chunks.push(chunk);
      return Promise.resolve();
    },
    close() {
      closed++;
      return Promise.resolve();
    },
  };
  const stream = createFtStream(writer, { version: 5 });
  const records = sampleRecords(V5, 100);
  const view = new DataView(records.buffer);
  for (let i = 0; i < 40; i++) {
    const littleEndian = i % 2 === 0;
    await stream.writeBlock({ layout: V5, view, offset: 0, count: 100, littleEndian });
  }
  assert(chunks.length > 0 && chunks.every(({ length }) => length > 50_000));
  await stream.flush();
  await stream.close();
  assertEquals(closed, 1);
  assertEquals(stream.flowCount, 4000);
  const { bytes, errors } = readChunks(chunks);
  assertEquals(errors, []);
  assertEquals(bytes.slice(0, 6400), records);
  assertEquals(bytes.slice(12_800, 19_200), records);
});
