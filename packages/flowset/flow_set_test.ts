import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { equals } from "@std/bytes";
import { type Flow, FlowBatch, FlowSchema } from "@flowtools/flow-model";
import { findFtLayout, FT_FLAGS, FT_LAYOUTS } from "@flowtools/ft-format";
import {
  FlowAttributeError,
  FlowConversionError,
  FlowPDU,
  FlowSet,
  FlowSetError,
  type FlowSource,
  FtFormatError,
} from "./mod.ts";

const FIXTURES = new URL("../../fixtures/", import.meta.url);

function fixture(name: string): string {
  return new URL(name, FIXTURES).pathname;
}

function expected(version: string): Record<string, unknown>[] {
  return JSON.parse(Deno.readTextFileSync(fixture(`ft-expected/${version}.json`)));
}

async function readAll(source: FlowSource | FlowSource[]): Promise<Record<string, unknown>[]> {
  await using set = await FlowSet.open(source);
  const flows: Record<string, unknown>[] = [];
  for await (const flow of set) flows.push(flow.toObject());
  return flows;
}

/** Runs with a path that is removed afterwards. */
async function withPath(work: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ prefix: "flowset-" });
  try {
    await work(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("FlowSet.open() reads the same flows from a path, bytes, a stream and an iterable", async () => {
  const path = fixture("ft/v5-le-z.ft");
  const bytes = await Deno.readFile(path);
  const pieces = [bytes.subarray(0, 7), bytes.subarray(7, 1000), bytes.subarray(1000)];
  async function* iterable() {
    yield* pieces;
  }
  for (const source of [path, bytes, ReadableStream.from(pieces), iterable()]) {
    assertEquals(await readAll(source), expected("v5"));
  }
});

Deno.test("FlowSet.open() reads several sources as one set, of different versions too", async () => {
  const flows = await readAll([
    fixture("ft/v5-le.ft"),
    await Deno.readFile(fixture("ft/v7-be-z.ft")),
    fixture("ft/v8.1-be.ft"),
  ]);
  assertEquals(flows, [...expected("v5"), ...expected("v7"), ...expected("v8.1")]);
  await assertRejects(() => FlowSet.open([]), FlowSetError, "no source");
});

Deno.test("FlowSet flows stay valid when they are kept", async () => {
  await using set = await FlowSet.open([fixture("ft/v5-le.ft"), fixture("ft/v5-be.ft")]);
  const kept: Flow[] = [];
  for await (const flow of set) kept.push(flow);
  assertEquals(kept.map((flow) => flow.toObject()), [...expected("v5"), ...expected("v5")]);
});

Deno.test("FlowSet iteration goes on where a loop was left", async () => {
  await using set = await FlowSet.open(fixture("ft/v5-le.ft"));
  const seen: unknown[] = [];
  for await (const flow of set) {
    seen.push(flow.toObject());
    if (seen.length === 10) break;
  }
  for await (const flow of set) seen.push(flow.toObject());
  assertEquals(seen, expected("v5"));
});

Deno.test("FlowSet is read once: a second reading is refused, not silently empty", async () => {
  await using set = await FlowSet.open(fixture("ft/v5-le.ft"));
  for await (const _ of set.batches()) { /* read to the end */ }
  await assertRejects(() => set.batches().next(), FlowSetError, "twice");
});

Deno.test("FlowSet.batches() fills the columns asked for, in batches of the size asked for", async () => {
  await using set = await FlowSet.open([fixture("ft/v5-le.ft"), fixture("ft/v5-le-z.ft")]);
  const lengths: number[] = [];
  const octets: number[] = [];
  for await (const batch of set.batches({ columns: ["dOctets"], capacity: 50 })) {
    lengths.push(batch.length);
    octets.push(...batch.column("dOctets").subarray(0, batch.length));
    assertThrows(() => batch.column("srcaddr"), FlowAttributeError);
  }
  assertEquals(octets, [...expected("v5"), ...expected("v5")].map((flow) => flow.dOctets));
  assert(lengths.every((length) => length <= 50));
});

Deno.test("FlowSet delivers the whole records before damage, then one error with file and offset", async () => {
  const bytes = await Deno.readFile(fixture("ft/v5-le.ft"));
  const cut = bytes.subarray(0, bytes.length - 10);
  for (const read of ["flows", "batches"] as const) {
    await using set = await FlowSet.open(cut, { name: "cut.ft" });
    let flows = 0;
    const error = await assertRejects(async () => {
      if (read === "flows") { for await (const _ of set) flows++; }
      else for await (const batch of set.batches()) flows += batch.length;
    }, FtFormatError);
    assertEquals([flows, error.code, error.source], [52, "truncated-record", "cut.ft"]);
    assertEquals(error.offset, set.header.size + 52 * 64);
  }
});

Deno.test("FlowSet.open() refuses what is no flow file", async () => {
  const none = new TextEncoder().encode("this is no flow file at all");
  const error = await assertRejects(() => FlowSet.open(none, { name: "x" }), FtFormatError);
  assertEquals([error.code, error.offset], ["bad-magic", 0]);
  await assertRejects(() => FlowSet.open(new Uint8Array(0)), FtFormatError, "it is empty");
  await assertRejects(() => FlowSet.open("/no/such/file.ft"), Deno.errors.NotFound);
});

Deno.test("FlowSet closed early releases its file and its stream", async () => {
  const file = await FlowSet.open(fixture("ft/v5-le.ft"));
  await file.close();
  await file.close();
  let cancelled = false;
  const bytes = await Deno.readFile(fixture("ft/v5-le.ft"));
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(bytes),
    cancel: () => {
      cancelled = true;
    },
  });
  const set = await FlowSet.open(stream);
  for await (const _ of set) break;
  await set.close();
  assert(cancelled);
});

for (const { schema } of FT_LAYOUTS.filter(({ title }) => !title.includes("stream version 1"))) {
  for (const byteOrder of ["little", "big"] as const) {
    for (const compressionLevel of [0, 6]) {
      const title = `${schema.label}, ${byteOrder}, level ${compressionLevel}`;
      Deno.test(`FlowSet writes what it reads: ${title}`, async () => {
        await withPath(async (path) => {
          const { version, aggregation } = schema;
          const source = fixture(`ft/${schema.label}-le.ft`);
          {
            await using from = await FlowSet.open(source);
            await using to = await FlowSet.create(path, {
              version,
              aggregation,
              byteOrder,
              compressionLevel,
            });
            for await (const flow of from) await to.write(flow);
          }
          assertEquals(await readAll(path), expected(schema.label));
        });
      });
    }
  }
}

Deno.test("FlowSet.create() completes the header when it is closed", async () => {
  await withPath(async (path) => {
    const before = Math.floor(Date.now() / 1000);
    const set = await FlowSet.create(path, {
      version: 5,
      comments: "a comment",
      hostname: "collector",
      exporterAddress: 0x0a000001,
    });
    await set.write(new FlowPDU("10.0.0.1", await Deno.readFile(fixture("pdu/v5-2.dat"))));
    set.setCounters({ lost: 3, corrupt: 2, sequenceResets: 1 });
    await set.close();
    await assertRejects(
      () => set.write(new FlowBatch({ capacity: 1 })),
      FlowSetError,
      "it is closed",
    );

    await using back = await FlowSet.open(path);
    const { header } = back;
    assertEquals(
      [header.flowCount, header.lost, header.corrupt, header.sequenceResets],
      [30, 3, 2, 1],
    );
    assertEquals([header.comments, header.hostname], ["a comment", "collector"]);
    assertEquals(header.flags & FT_FLAGS.DONE, FT_FLAGS.DONE);
    assertEquals(header.flags & FT_FLAGS.STREAMING, 0);
    assert(header.captureStart! >= before && header.captureEnd! >= header.captureStart!);
  });
});

Deno.test("FlowSet.create() on a stream says so in the header", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const flows = readAll(readable);
  const set = await FlowSet.create(writable, { compressionLevel: 1 });
  await set.write(new FlowPDU(0, await Deno.readFile(fixture("pdu/v7-2.dat"))));
  assertEquals(set.header.exportVersion, 7);
  assertThrows(() => set.setCounters({ lost: 1 }), RangeError, "no room");
  await set.close();
  assertEquals((await flows).length, 27);
});

Deno.test("FlowSet.create() without a version takes that of the first flow", async () => {
  await withPath(async (path) => {
    {
      await using set = await FlowSet.create(path);
      assertThrows(() => set.header, FlowSetError, "not known");
      await set.write(new FlowPDU(0, await Deno.readFile(fixture("pdu/v8.14-1.dat"))));
    }
    await using back = await FlowSet.open(path);
    assertEquals([back.header.exportVersion, back.header.aggregation], [8, 14]);
    await (await FlowSet.create(path)).close();
    await using empty = await FlowSet.open(path);
    assertEquals([empty.header.exportVersion, empty.header.flowCount], [5, 0]);
  });
});

/** The reference's matrix: what can become what. */
const MATRIX: Readonly<Record<number, readonly number[]>> = {
  1: [1, 5, 6, 7, 1005],
  5: [1, 5, 6, 7, 1005],
  6: [1, 5, 6, 7, 1005],
  7: [1, 5, 6, 7, 1005],
  1005: [5, 1005],
};

for (const [from, targets] of Object.entries(MATRIX)) {
  for (const to of Object.keys(MATRIX).map(Number)) {
    const allowed = targets.includes(to);
    Deno.test(`FlowSet.write() ${allowed ? "converts" : "refuses"} version ${from} to ${to}`, async () => {
      await withPath(async (path) => {
        await using source = await FlowSet.open(fixture(`ft/v${from}-le.ft`));
        const target = await FlowSet.create(path, { version: to });
        const copy = async () => {
          for await (const batch of source.batches()) await target.write(batch);
        };
        if (!allowed) {
          const error = await assertRejects(copy, FlowConversionError);
          assertStringIncludes(error.message, `from v${from} to v${to}`);
          await target.close();
          return;
        }
        await copy();
        await target.close();
        const kept = findFtLayout(to)!.schema;
        const had = findFtLayout(Number(from))!.schema;
        const flows = await readAll(path);
        assertEquals(flows.length, 53);
        for (const [index, before] of expected(`v${from}`).entries()) {
          for (const field of kept.fields) {
            const value = before[field];
            const missing = field.endsWith("addr") || field.endsWith("hop") ? "0.0.0.0" : 0;
            assertEquals(flows[index][field], had.has(field) ? value : missing, field);
          }
        }
        const lost = had.fields.filter((field) => !kept.has(field));
        assertEquals(
          [...target.report.lostFields].toSorted(),
          lost.map((field) => [field, 53] as [typeof field, number]).toSorted(),
        );
      });
    });
  }
}

Deno.test("FlowSet.write() has no conversion to or from version 8", async () => {
  await withPath(async (path) => {
    await using target = await FlowSet.create(path, { version: 8, aggregation: 1 });
    for (const name of ["v5-1", "v8.2-1"]) {
      const pdu = new FlowPDU(0, await Deno.readFile(fixture(`pdu/${name}.dat`)));
      await assertRejects(() => target.write(pdu), FlowConversionError);
    }
    await target.write(new FlowPDU(0, await Deno.readFile(fixture("pdu/v8.1-1.dat"))));
    assertEquals(target.report.flows, 1);
  });
});

Deno.test("FlowSet.write() counts what does not fit a record, IPv6 and 64 bits", async () => {
  await withPath(async (path) => {
    const schema = new FlowSchema({ version: 5, fields: ["srcaddr", "dOctets", "src_as"] });
    const batch = new FlowBatch({ capacity: 2 });
    batch.append(schema, { srcaddr: "2001:db8::1", dOctets: 2 ** 40, src_as: 4_200_000_000 });
    batch.append(schema, { srcaddr: "10.0.0.1", dOctets: 5, src_as: 7 });
    const set = await FlowSet.create(path, { version: 5 });
    await set.write(batch);
    await set.close();
    assertEquals(
      [...set.report.misfits].toSorted(),
      [["dOctets", 1], ["src_as", 1], ["srcaddr", 1]],
    );
    const [first, second] = await readAll(path);
    assertEquals([first.srcaddr, first.dOctets, first.src_as], ["0.0.0.0", 0xffffffff, 23456]);
    assertEquals([second.srcaddr, second.dOctets, second.src_as], ["10.0.0.1", 5, 7]);
  });
});

Deno.test("FlowSet.write() refuses a batch that lacks columns, rather than write zeros", async () => {
  await withPath(async (path) => {
    await using source = await FlowSet.open(fixture("ft/v5-le.ft"));
    await using target = await FlowSet.create(path, { version: 5 });
    for await (const batch of source.batches({ columns: ["srcaddr"] })) {
      await assertRejects(() => target.write(batch), FlowAttributeError, "does not keep");
    }
  });
});

Deno.test("FlowSet.write() passes blocks of the same layout through, reserved bytes and all", async () => {
  await withPath(async (path) => {
    const original = await Deno.readFile(fixture("ft/v8.13-le.ft"));
    await using source = await FlowSet.open(original);
    const target = await FlowSet.create(path);
    for await (const block of source.blocks()) await target.write(block);
    await target.close();
    const copy = await Deno.readFile(path);
    const records = original.subarray(source.header.size);
    assert(equals(copy.subarray(copy.length - records.length), records));
  });
});

Deno.test("FlowSet says when it is used for what it is not open for", async () => {
  await withPath(async (path) => {
    await using reading = await FlowSet.open(fixture("ft/v5-le.ft"));
    await assertRejects(() => reading.write(new FlowBatch()), FlowSetError, "opened for reading");
    assertThrows(() => reading.report, FlowSetError, "opened for reading");
    await using writing = await FlowSet.create(path, { version: 5 });
    assertThrows(() => writing.batches(), FlowSetError, "created for writing");
  });
});

Deno.test("FlowSet.flush() lets others read a file that is not finished", async () => {
  await withPath(async (path) => {
    await using set = await FlowSet.create(path, { version: 5, compressionLevel: 6 });
    await set.write(new FlowPDU(0, await Deno.readFile(fixture("pdu/v5-2.dat"))));
    await set.flush();
    await using other = await FlowSet.open(path);
    let flows = 0;
    const error = await assertRejects(async () => {
      for await (const _ of other) flows++;
    }, FtFormatError);
    assertEquals([flows, error.code], [30, "truncated-zlib"]);
  });
});
