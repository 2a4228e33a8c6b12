import { assert, assertEquals } from "@std/assert";
import { FlowBatch } from "@flowtools/flow-model";
import { findFtLayout, FT_FLAGS } from "@flowtools/ft-format";
import { openFtFile } from "@flowtools/ft-format/deno";
import { FileSink, type FileSinkConfig } from "./file.ts";

const NOTHING_LOST = { lost: 0, corrupt: 0, resets: 0 };

/** Runs with a sink in a temporary directory; `done` has the finished files and their flows. */
async function withSink(
  work: (sink: FileSink, done: Map<string, number>, directory: string) => Promise<void>,
  settings: Partial<FileSinkConfig> = {},
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "flowtools-test-" });
  const done = new Map<string, number>();
  const config: FileSinkConfig = {
    directory,
    rotations: 0,
    nesting: 0,
    compressionLevel: 0,
    byteOrder: "little",
    ...settings,
  };
  try {
    const sink = new FileSink(config, (path, flows) => done.set(path, flows));
    await work(sink, done, directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A batch of so many flows of each version. */
function batchOf(...counts: [version: number, count: number][]): FlowBatch {
  const batch = new FlowBatch();
  for (const [version, count] of counts) {
    const { schema } = findFtLayout(version)!;
    for (let i = 0; i < count; i++) batch.append(schema, { srcaddr: i });
  }
  return batch;
}

const names = (directory: string): string[] =>
  [...Deno.readDirSync(directory)].map(({ name }) => name).toSorted();

Deno.test("FileSink writes a file for each version, under a temporary name at first", async () => {
  await withSink(async (sink, done, directory) => {
    await sink.write(batchOf([5, 3], [7, 2], [5, 1]));
    await sink.flush(0);
    assertEquals(names(directory).map((name) => name.split(".")[0]), ["tmp-v05", "tmp-v07"]);
    assertEquals(done.size, 0);
    await sink.close();
    assertEquals(names(directory).map((name) => name.split(".")[0]), ["ft-v05", "ft-v07"]);
    assertEquals([...done.values()], [4, 2]);
  });
});

Deno.test("FileSink has on disk what was flushed, before the file is done", async () => {
  for (const compressionLevel of [0, 6]) {
    await withSink(async (sink, _done, directory) => {
      await sink.write(batchOf([5, 10]));
      await sink.flush(0);
      const [name] = names(directory);
      using reader = await openFtFile(`${directory}/${name}`);
      assertEquals(reader.header.flags & FT_FLAGS.DONE, 0);
      let flows = 0;
      try {
        for await (const { count } of reader.blocks()) flows += count;
      } catch {
        // The zlib stream has no end yet.
      }
      assertEquals(flows, 10);
      await sink.close();
    }, { compressionLevel });
  }
});

Deno.test("FileSink ends a file when its time has come, and begins another", async () => {
  await withSink(async (sink, done, directory) => {
    await sink.write(batchOf([5, 1]));
    await sink.flush(Date.now() + 86_400_000);
    assertEquals([...done.values()], [1]);
    await sink.write(batchOf([5, 2]));
    await sink.close();
    // Both were begun in one second; the second took the name of the next.
    assertEquals([...done.values()], [1, 2]);
    assertEquals(names(directory).length, 2);
  });
});

Deno.test("FileSink tells losses in every file that is open", async () => {
  await withSink(async (sink, done) => {
    await sink.write(batchOf([5, 1], [7, 1]));
    sink.countLosses({ lost: 30, corrupt: 2, resets: 1 });
    // A late packet takes back what was lost.
    sink.countLosses({ lost: -10, corrupt: 1, resets: 0 });
    await sink.close();
    assertEquals(done.size, 2);
    for (const path of done.keys()) {
      using reader = await openFtFile(path);
      const { lost, corrupt, sequenceResets, captureStart, captureEnd } = reader.header;
      assertEquals({ lost, corrupt, sequenceResets }, { lost: 20, corrupt: 3, sequenceResets: 1 });
      assert(captureStart! <= captureEnd!);
    }
  });
});

Deno.test("FileSink keeps losses for the next file while none is open", async () => {
  await withSink(async (sink, done) => {
    sink.countLosses({ lost: 7, corrupt: 2, resets: 0 });
    sink.countLosses({ lost: 0, corrupt: 1, resets: 1 });
    await sink.write(batchOf([5, 1]));
    sink.countLosses(NOTHING_LOST);
    sink.countLosses(NOTHING_LOST);
    await sink.close();
    const [path] = done.keys();
    using reader = await openFtFile(path);
    const { lost, corrupt, sequenceResets } = reader.header;
    assertEquals({ lost, corrupt, sequenceResets }, { lost: 7, corrupt: 3, sequenceResets: 1 });
  });
});
