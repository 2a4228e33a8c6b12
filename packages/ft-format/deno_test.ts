import { FlowBatch, FlowToolsError } from "@flowtools/flow-model";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createFtFile, type FtFileReader, openFtFile } from "./deno.ts";
import { findFtLayout, FT_FLAGS, FtFormatError, recordBytes } from "./mod.ts";
import { join, readChunks, sampleRecords, writeFile } from "./testdata/support.ts";

const V5 = findFtLayout(5)!;

/** Runs a test with the path of a file that is removed afterwards. */
async function withPath(test: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".ft" });
  try {
    await test(path);
  } finally {
    await Deno.remove(path);
  }
}

async function readRecords(file: FtFileReader): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const block of file.blocks()) parts.push(recordBytes(block).slice());
  return join(parts);
}

for (const compressionLevel of [0, 1]) {
  Deno.test(`createFtFile() and openFtFile() at level ${compressionLevel}`, () =>
    withPath(async (path) => {
      const records = sampleRecords(V5, 40_000);
      const view = new DataView(records.buffer);
      const batch = new FlowBatch({ capacity: 40_000 });
      batch.appendRecords(V5, view, 0, 40_000, true);
      const writer = await createFtFile(path, { version: 5, compressionLevel, captureStart: 1 });
      for (let row = 0; row < 30_000; row += 1000) writer.writeBatch(batch, row, row + 1000);
      writer.writeBatch(batch, 30_000);
      writer.encoder.captureEnd = 2;
      writer.close();
      writer.close();
      assertEquals(writer.flowCount, 40_000);

      await using file = await openFtFile(path);
      assertEquals([file.header.flowCount, file.header.captureEnd], [40_000, 2]);
      assertEquals(file.header.flags & FT_FLAGS.DONE, FT_FLAGS.DONE);
      assertEquals(file.recordCount, compressionLevel === 0 ? 40_000 : undefined);
      const read = await readRecords(file);
      assertEquals(read.length, records.length);
      batch.reset();
      batch.appendRecords(V5, new DataView(read.buffer), 0, 40_000, true);
      assertEquals(
        batch.flow(39_999).toObject(),
        readChunks([
          writeFile(records.slice(-64), { version: 5 }),
        ]).flows[0],
      );
      assertEquals(file.recordsRead, 40_000);
      assertEquals(await readRecords(file), new Uint8Array(0));
    }));

  Deno.test(`FtFileWriter.flush() at level ${compressionLevel} survives the process`, () =>
    withPath(async (path) => {
      const records = sampleRecords(V5, 100);
      const writer = await createFtFile(path, { version: 5, compressionLevel });
      {
        await using empty = await openFtFile(path);
        assertEquals(empty.header.flowCount, 0);
      }
      const view = new DataView(records.buffer);
      writer.writeBlock({ layout: V5, view, offset: 0, count: 100, littleEndian: true });
      writer.flush();
      const { bytes, errors } = readChunks([await Deno.readFile(path)]);
      assertEquals(bytes, records);
      assertEquals(errors.length, compressionLevel);
      assertEquals(writer.bytesWritten, (await Deno.stat(path)).size);
      writer.close();
    }));
}

Deno.test("FtFileReader.seekRecord() goes anywhere in a plain file", () =>
  withPath(async (path) => {
    const layout = findFtLayout(8, 13)!;
    const records = sampleRecords(layout, 50_000);
    await Deno.writeFile(path, writeFile(records, { version: 8, aggregation: 13 }));
    using file = await openFtFile(path);
    for (const record of [49_999, 0, 17_476, 50_000, 3]) {
      file.seekRecord(record);
      assertEquals(await readRecords(file), records.slice(record * layout.size));
    }
    assertThrows(() => file.seekRecord(50_001), RangeError, "the file has 50000");
    assertThrows(() => file.seekRecord(-1), RangeError);
  }));

Deno.test("FtFileReader.seekRecord() refuses compressed files", () =>
  withPath(async (path) => {
    const file = writeFile(sampleRecords(V5, 10), { version: 5, compressionLevel: 6 });
    await Deno.writeFile(path, file);
    using reader = await openFtFile(path);
    assertThrows(() => reader.seekRecord(1), FlowToolsError, "it is compressed");
  }));

Deno.test("openFtFile() names the file in its errors", () =>
  withPath(async (path) => {
    const empty = await assertRejects(() => openFtFile(path), FtFormatError);
    assertEquals(empty.code, "empty");
    assert(empty.message.startsWith(`Cannot read flow file "${path}": it is empty`));
    await Deno.writeFile(path, writeFile(sampleRecords(V5, 2), { version: 5 }).slice(0, -5));
    using reader = await openFtFile(path);
    assertEquals(reader.recordCount, 1);
    let flows = 0;
    const error = await assertRejects(async () => {
      for await (const { count } of reader.blocks()) flows += count;
    }, FtFormatError);
    assertEquals([flows, error.code, error.source], [1, "truncated-record", path]);
    await assertRejects(() => openFtFile(path + ".none"), Deno.errors.NotFound);
  }));

Deno.test("openFtFile() reads pipes", async () => {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/pipe`;
  try {
    const { success } = await new Deno.Command("mkfifo", { args: [path] }).output();
    if (!success) return;
    const records = sampleRecords(V5, 5000);
    const writing = Deno.writeFile(path, writeFile(records, { version: 5 }));
    await using reader = await openFtFile(path);
    assertEquals(reader.recordCount, undefined);
    assertEquals(await readRecords(reader), records);
    await writing;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

const flowPrint = await findProgram("flow-print");

Deno.test({
  name: "flow-print reads every layout that we write (skipped where it is not on PATH)",
  ignore: flowPrint === undefined,
  fn: () =>
    withPath(async (path) => {
      for (const byteOrder of ["little", "big"] as const) {
        for (const compressionLevel of [0, 6]) {
          const batch = new FlowBatch();
          batch.append(V5.schema, { srcaddr: "192.0.2.1", dstaddr: "192.0.2.2", dPkts: 7 });
          const writer = await createFtFile(path, { version: 5, byteOrder, compressionLevel });
          writer.writeBatch(batch);
          writer.close();
          const input = (await Deno.open(path)).readable;
          const child = new Deno.Command(flowPrint!, { stdin: "piped", stdout: "piped" }).spawn();
          await input.pipeTo(child.stdin);
          const { stdout } = await child.output();
          const [, line] = new TextDecoder().decode(stdout).split("\n");
          assertEquals(line.trim().split(/\s+/), [
            "192.0.2.1",
            "192.0.2.2",
            "0",
            "0",
            "0",
            "0",
            "7",
          ]);
        }
      }
    }),
});

async function findProgram(name: string): Promise<string | undefined> {
  for (const directory of (Deno.env.get("PATH") ?? "").split(":")) {
    try {
      const path = `${directory}/${name}`;
      if ((await Deno.stat(path)).isFile) return path;
    } catch {
      // Not in this directory.
    }
  }
  return undefined;
}
