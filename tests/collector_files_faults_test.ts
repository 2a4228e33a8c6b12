/** What goes wrong with disks, threads and processes: no flow is lost without being counted. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { findFtLayout, FT_FLAGS, FtStreamEncoder } from "@flowtools/ft-format";
import { NATIVE_ZLIB } from "@flowtools/ft-format/deno";
import { recoverCaptures } from "../apps/collector/sinks/files/recover.ts";
import {
  assertBalanced,
  numberedBatch,
  pathsBelow,
  readCapture,
  type RunningSink,
  startSink,
} from "./collector_files.ts";
import { bash, lines, ROOT_PATH, temporaryDirectory } from "./programs.ts";

const V5 = findFtLayout(5)!;
const TMP_NAME = "tmp-v05.2024-03-05.101500+0000";
const FT_NAME = TMP_NAME.replace("tmp-", "ft-");

/** Far more than the pause before the disk is tried again. */
const LATER_MS = 60_000;

/** Waits until something is so; the test's own time limit is the bound. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

function numbersTo(count: number, from: number = 0): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

/** A file that is not ended, as a killed collector leaves it. */
function unfinished(records: Uint8Array, level: number, flushEach: number): Uint8Array {
  const encoder = new FtStreamEncoder({
    version: 5,
    compressionLevel: level,
    zlib: NATIVE_ZLIB,
    captureStart: 1_709_633_700,
    hostname: "before",
  });
  const pieces = [encoder.header()];
  for (let at = 0; at < records.length; at += flushEach * V5.size) {
    const bytes = records.subarray(at, at + flushEach * V5.size);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const count = bytes.length / V5.size;
    const block = { layout: V5, view, offset: 0, count, littleEndian: true };
    for (const piece of encoder.encodeBlock(block)) pieces.push(piece.slice());
    pieces.push(encoder.flush().slice());
  }
  encoder.close();
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function numberedRecords(count: number): Uint8Array {
  const bytes = new Uint8Array(count * V5.size);
  numberedBatch([5, count]).storeRecords(V5, 0, count, new DataView(bytes.buffer), 0, true);
  return bytes;
}

/** Recovers the files of a directory; returns what is told of them. */
function recover(directory: string): string[] {
  const told: string[] = [];
  const name = (path: string) => path.slice(path.lastIndexOf("/") + 1);
  recoverCaptures({ directory, nesting: 0 }, {
    finished: (path, flows) => told.push(`finished ${name(path)} ${flows}`),
    removed: (path) => told.push(`removed ${name(path)}`),
    left: (path, why) => told.push(`left ${name(path)}: ${why}`),
  });
  return told;
}

/** A file that recovery completed: whole, with a header that says so. */
async function assertComplete(path: string): Promise<number[]> {
  const { header, numbers, whole } = await readCapture(path);
  assert(whole, path);
  assertEquals(header.flowCount, numbers.length, path);
  assertEquals(header.flags & FT_FLAGS.DONE, FT_FLAGS.DONE, path);
  return numbers;
}

/** One life of a collector that is killed; returns how many flows it had said were safe. */
async function liveAndDie(directory: string, level: number): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-check", `${ROOT_PATH}/tests/collector_files_runner.ts`],
      ...["-w", directory, "-N0", "-n0", `-z${level}`],
    ],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const kill = (afterMs: number) => setTimeout(() => child.kill("SIGKILL"), afterMs);
  // Most while flows come; some at the start, when what the one before left is completed.
  const early = Math.random() < 0.15;
  if (early) kill(150 + 250 * Math.random());
  let said = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    if (!early && said === "") kill(100 * Math.random());
    said += text;
  }
  const { signal } = await child.status;
  assertEquals(signal, "SIGKILL");
  const safe = lines(said).findLast((line) => line.startsWith("safe "));
  return safe === undefined ? 0 : Number(safe.split(" ")[1]);
}

Deno.test("killed at 50 moments: what was flushed is readable, and the next start ends it", async () => {
  await Promise.all([0, 1, 6].map(async (level, chain) => {
    await using folder = temporaryDirectory();
    /** Flows that each file must have at least, by name without its beginning. */
    const safeOf = new Map<string, number>();
    for (let life = 0; life < [16, 17, 17][chain]; life++) {
      const safe = await liveAndDie(folder.path, level);
      for (const name of pathsBelow(folder.path)) {
        if (name.endsWith(".part")) continue;
        const known = name.replace(/^(tmp|ft)-/, "");
        if (safeOf.has(known)) continue;
        safeOf.set(known, safe);
        // Right after the death, before anybody completes anything.
        const { size } = Deno.statSync(`${folder.path}/${name}`);
        const numbers = size === 0 ? [] : (await readCapture(`${folder.path}/${name}`)).numbers;
        assert(numbers.length >= safe, `${name} has ${numbers.length} flows, ${safe} were safe`);
        assertEquals(numbers, numbersTo(numbers.length));
      }
    }
    const { sink } = await startSink(folder.path, ["-N0"]);
    await sink.recovered;
    await sink.close();
    let flows = 0;
    let safe = 0;
    for (const name of pathsBelow(folder.path)) {
      assertMatch(name, /^ft-/);
      const numbers = await assertComplete(`${folder.path}/${name}`);
      assertEquals(numbers, numbersTo(numbers.length));
      assert(numbers.length >= safeOf.get(name.replace(/^ft-/, ""))!, name);
      flows += numbers.length;
    }
    for (const count of safeOf.values()) safe += count;
    assert(flows >= safe && safe > 0, `${flows} flows, ${safe} were safe`);
  }));
});

Deno.test("recovery: cut anywhere, all whole records stay", async () => {
  await using folder = temporaryDirectory();
  const records = numberedRecords(2000);
  for (const level of [0, 1, 6]) {
    const bytes = unfinished(records, level, 150);
    for (let trial = 0; trial < 60; trial++) {
      const path = `${folder.path}/${TMP_NAME}`;
      const length = trial === 0 ? bytes.length : Math.floor(Math.random() * bytes.length);
      // Every third has garbage behind the cut, as a crash of the system may leave.
      const garbage = crypto.getRandomValues(new Uint8Array(trial % 3 === 2 ? 500 : 0));
      const cut = new Uint8Array([...bytes.subarray(0, length), ...garbage]);
      Deno.writeFileSync(path, cut);
      const before = length < 200 ? [] : (await readCapture(path)).numbers;
      const [told, ...more] = recover(folder.path);
      assertEquals(more, []);
      const names = pathsBelow(folder.path);
      if (length < 200) {
        // Hardly a header: no record, or such as garbage looks like.
        for (const name of names) Deno.removeSync(`${folder.path}/${name}`);
      } else if (before.length === 0) {
        assertEquals([told, names], [`removed ${TMP_NAME}`, []]);
      } else {
        const state = `level ${level}, ${length} of ${bytes.length} bytes`;
        assertEquals(told, `finished ${FT_NAME} ${before.length}`, state);
        assertEquals(names, [FT_NAME]);
        assertEquals(await assertComplete(`${folder.path}/${FT_NAME}`), before, state);
        Deno.removeSync(`${folder.path}/${FT_NAME}`);
      }
    }
  }
});

Deno.test("recovery: data that looks like a flush, or much behind the last, is written anew", async () => {
  await using folder = temporaryDirectory();
  const path = `${folder.path}/${TMP_NAME}`;
  // Stored as they are: each record ends with the four bytes of a sync flush.
  const marked = numberedRecords(3000);
  for (let end = V5.size; end <= marked.length; end += V5.size) {
    marked.set([0, 0, 0xff, 0xff], end - 4);
  }
  const encoder = new FtStreamEncoder({ version: 5, compressionLevel: 6, zlib: NATIVE_ZLIB });
  const held = encoder.setCompressionLevel(0).slice();
  const view = new DataView(marked.buffer);
  const block = { layout: V5, view, offset: 0, count: 3000, littleEndian: true };
  const stored = encoder.encodeBlock(block).map((piece) => piece.slice());
  Deno.writeFileSync(path, encoder.header());
  for (const piece of [held, ...stored]) Deno.writeFileSync(path, piece, { append: true });
  encoder.close();
  // Behind a record, and amid what was stored as one.
  Deno.truncateSync(path, Deno.statSync(path).size - 100 * V5.size);
  const before = await readCapture(path);
  assertEquals([before.flows, before.whole], [2900, false]);
  assertEquals(recover(folder.path), [`finished ${FT_NAME} ${before.flows}`]);
  assertEquals(pathsBelow(folder.path), [FT_NAME]);
  assertEquals(await assertComplete(`${folder.path}/${FT_NAME}`), before.numbers);
  Deno.removeSync(`${folder.path}/${FT_NAME}`);
  // 77 MB without a flush; another run was killed while it wrote them anew.
  Deno.writeFileSync(path, unfinished(new Uint8Array(1_200_000 * V5.size), 1, 1_200_000));
  Deno.truncateSync(path, Deno.statSync(path).size - 9);
  Deno.writeTextFileSync(`${path}.part`, "rest");
  const [told] = recover(folder.path);
  const flows = Number(told.split(" ")[2]);
  assert(flows > 1_150_000, told);
  assertEquals(pathsBelow(folder.path), [FT_NAME]);
  assertEquals((await assertComplete(`${folder.path}/${FT_NAME}`)).length, flows);
});

Deno.test("recovery: it touches no file that lives, is complete, or is not a collector's", async () => {
  await using folder = temporaryDirectory();
  const { sink } = await startSink(folder.path, ["-N0"]);
  sink.write(numberedBatch([5, 10]));
  await sink.flush(Date.now());
  const [open] = pathsBelow(folder.path);
  const others = ["tmp-notes", "tmp-v05.2024-03-05", "ft-v05.2024-03-05.101500+0000"];
  for (const name of others) Deno.writeTextFileSync(`${folder.path}/${name}`, "mine");
  Deno.symlinkSync(`${folder.path}/tmp-notes`, `${folder.path}/tmp-v07.2024-03-05.101500+0000`);
  const unknown = "tmp-v05.2024-03-05.111500+0000";
  const bytes = unfinished(numberedRecords(5), 0, 5);
  bytes[1] ^= 0x55;
  Deno.writeFileSync(`${folder.path}/${unknown}`, bytes);
  const told = recover(folder.path).toSorted();
  assertEquals(told.length, 2, told.join("\n"));
  assertEquals(told.filter((line) => line === `left ${open}: somebody is writing it`).length, 1);
  assertEquals(told.filter((line) => line.startsWith(`left ${unknown}: `)).length, 1);
  for (const name of others) {
    assertEquals(Deno.readTextFileSync(`${folder.path}/${name}`), "mine");
  }
  assertEquals(Deno.readFileSync(`${folder.path}/${unknown}`), bytes);
  sink.write(numberedBatch([5, 10, 10]));
  await sink.close();
  assertEquals(
    await assertComplete(`${folder.path}/${open.replace("tmp-", "ft-")}`),
    numbersTo(20),
  );
});

Deno.test("recovery: the start tells of it, runs -R and keeps names that are taken", async () => {
  await using folder = temporaryDirectory();
  Deno.writeFileSync(`${folder.path}/${TMP_NAME}`, unfinished(numberedRecords(50), 6, 50));
  Deno.writeTextFileSync(`${folder.path}/${FT_NAME}`, "taken");
  Deno.writeFileSync(`${folder.path}/tmp-v07.2024-03-05.101500+0000`, new Uint8Array(0));
  const { sink, files, log } = await startSink(folder.path, ["-N0"]);
  await sink.recovered;
  await sink.close();
  assertEquals(files.length, 1);
  assertEquals(await assertComplete(files[0].path), numbersTo(50));
  assertEquals(Deno.readTextFileSync(`${folder.path}/${FT_NAME}`), "taken");
  assertEquals(pathsBelow(folder.path).length, 2);
  assertMatch(log.about("completed a file of an earlier run")[0], /flows=50$/);
  assertEquals(log.about("removed a file of an earlier run that held no flow").length, 1);
});

/** Writes flows until so many chunks are on their way, with a flush after each. */
async function write(
  { sink }: RunningSink,
  numbers: readonly [from: number, to: number],
  clock: { now: number },
): Promise<void> {
  for (let from = numbers[0]; from < numbers[1]; from += 5000) {
    sink.write(numberedBatch([5, Math.min(5000, numbers[1] - from), from]));
    clock.now += 1000;
    await sink.flush(clock.now);
  }
}

const isRoot = Deno.build.os === "linux" && Deno.uid() === 0;
const mounts = isRoot && await bash(
  `folder=$(mktemp -d); trap 'rmdir "$folder"' EXIT
   mount -t tmpfs -o size=64k none "$folder" && umount "$folder"`,
).then(({ code }) => code === 0);
const WHY_NOT = mounts ? "" : " (needs the right to mount)";

/** A file system of its own for a directory. */
async function smallDisk(path: string, size: string): Promise<AsyncDisposable> {
  assertEquals((await bash(`mount -t tmpfs -o size=${size} none "${path}"`)).code, 0);
  return {
    [Symbol.asyncDispose]: async () => {
      assertEquals((await bash(`umount -l "${path}"`)).code, 0);
    },
  };
}

for (const level of [0, 6]) {
  Deno.test({
    name: `full disk, level ${level}: flows wait, and go on when there is space again${WHY_NOT}`,
    ignore: !mounts,
    fn: async () => {
      await using folder = temporaryDirectory();
      await using _disk = await smallDisk(folder.path, "2m");
      const clock = { now: Date.now() };
      const running = await startSink(
        folder.path,
        ["-N0", "-n0", `-z${level}`, "--queue-size", "8M"],
        { now: () => clock.now },
      );
      const { sink, log, files } = running;
      const filler = `${folder.path}/filler`;
      Deno.writeFileSync(filler, new Uint8Array(1 << 20));
      // Plain they take 6.4 MB, compressed some 2 MB.
      await write(running, [0, 100_000], clock);
      assertBalanced(sink);
      const { done, queued } = sink.counters;
      assert(done > 0 && queued > 0, JSON.stringify(sink.counters));
      assertMatch(
        log.about("disk")[0],
        /^disk: cannot write flows: .*[Nn]o space left.*; they wait$/,
      );
      // What was flushed is readable, and nothing but whole records is there.
      const name = pathsBelow(folder.path).find((path) => path.startsWith("tmp-"))!;
      const { numbers } = await readCapture(`${folder.path}/${name}`);
      assertEquals(numbers, numbersTo(numbers.length));
      assert(numbers.length >= done, `${numbers.length} in the file, ${done} done`);
      if (level === 0) {
        const { header } = await readCapture(`${folder.path}/${name}`);
        const { size } = Deno.statSync(`${folder.path}/${name}`);
        assertEquals((size - header.size) % V5.size, 0);
      }
      // More than the queue takes: the rest is dropped, and the reason is the disk.
      await write(running, [100_000, 300_000], clock);
      assertBalanced(sink);
      const dropped = sink.counters.dropped["disk"];
      assert(dropped > 0);
      assertEquals(Object.keys(sink.counters.dropped), ["disk"]);
      // Space returns; nobody has to do anything.
      Deno.removeSync(filler);
      await bash(`mount -o remount,size=64m "${folder.path}"`);
      clock.now += LATER_MS;
      await sink.flush(clock.now);
      await write(running, [300_000, 310_000], clock);
      assertEquals(sink.counters.queued, 0);
      assertBalanced(sink);
      assertEquals(log.about("writing again").length, 1);
      await sink.close();
      const stored = await assertComplete(files[0].path);
      assertEquals(stored.length, 310_000 - dropped);
      assertEquals(stored.length, sink.counters.done);
      assertEquals(stored.slice(-10_000), numbersTo(10_000, 300_000));
      assertEquals(stored, stored.toSorted((a, b) => a - b));
    },
  });
}

Deno.test({
  name: "full disk at the end: what cannot be stored is counted, the file can be completed" +
    WHY_NOT,
  ignore: !mounts,
  fn: async () => {
    for (const level of [0, 6]) {
      await using folder = temporaryDirectory();
      await using _disk = await smallDisk(folder.path, "1m");
      const clock = { now: Date.now() };
      const args = ["-N0", "-n0", `-z${level}`];
      const running = await startSink(folder.path, args, { now: () => clock.now });
      const { sink, log } = running;
      await sink.recovered;
      await write(running, [0, 100_000], clock);
      const { done } = sink.counters;
      await sink.close();
      assertBalanced(sink);
      assertEquals([sink.counters.queued, sink.counters.done], [0, done]);
      assertEquals(sink.counters.dropped, { disk: 100_000 - done });
      assertEquals(log.about("file-unfinished").length, 1);
      await bash(`mount -o remount,size=8m "${folder.path}"`);
      const [told] = recover(folder.path);
      assertMatch(told, new RegExp(`^finished ft-.* ${done}$`));
      const [name] = pathsBelow(folder.path);
      assertEquals(await assertComplete(`${folder.path}/${name}`), numbersTo(done));
    }
  },
});

Deno.test({
  name: `read-only directory: flows wait until it can be written${isRoot ? WHY_NOT : ""}`,
  ignore: isRoot ? !mounts : Deno.build.os === "windows",
  fn: async () => {
    await using folder = temporaryDirectory();
    // Modes mean nothing to root.
    await using _disk = isRoot ? await smallDisk(folder.path, "8m") : undefined;
    const writable = async (yes: boolean) => {
      if (!isRoot) return Deno.chmodSync(folder.path, yes ? 0o755 : 0o555);
      const outcome = await bash(`mount -o remount,${yes ? "rw" : "ro"} "${folder.path}"`);
      assertEquals(outcome.code, 0, outcome.stderr);
    };
    const clock = { now: Date.now() };
    await writable(false);
    const running = await startSink(folder.path, ["-n0"], { now: () => clock.now });
    const { sink, files, log } = running;
    await write(running, [0, 20_000], clock);
    assertEquals([sink.counters.done, sink.counters.queued], [0, 20_000]);
    assertMatch(log.about("disk")[0], /cannot write flows: .*(ead-only|ermission)/);
    await writable(true);
    clock.now += LATER_MS;
    await write(running, [20_000, 25_000], clock);
    assertEquals([sink.counters.done, sink.counters.queued], [25_000, 0]);
    await sink.close();
    assertEquals(await assertComplete(files[0].path), numbersTo(25_000));
    assertEquals(sink.counters.dropped, {});
  },
});

Deno.test("a directory that disappears: the open file is written anew", async () => {
  for (const level of [0, 6]) {
    await using folder = temporaryDirectory();
    const directory = `${folder.path}/flows`;
    Deno.mkdirSync(directory);
    const clock = { now: Date.now() };
    const running = await startSink(directory, ["-n0", `-z${level}`], { now: () => clock.now });
    const { sink, files, log } = running;
    await write(running, [0, 10_000], clock);
    Deno.removeSync(directory, { recursive: true });
    await write(running, [10_000, 15_000], clock);
    assertEquals(log.about("file-vanished").length, 1);
    assertEquals(sink.counters.done, 15_000);
    const [name] = pathsBelow(directory);
    assertEquals((await readCapture(`${directory}/${name}`)).flows, 15_000);
    await sink.close();
    assertEquals(await assertComplete(files[0].path), numbersTo(15_000));
  }
});

Deno.test("a file whose name somebody else takes goes on under another", async () => {
  await using folder = temporaryDirectory();
  const clock = { now: Date.now() };
  const running = await startSink(folder.path, ["-N0", "-n0"], { now: () => clock.now });
  const { sink, files, log } = running;
  await write(running, [0, 10_000], clock);
  const [name] = pathsBelow(folder.path);
  Deno.removeSync(`${folder.path}/${name}`);
  Deno.writeTextFileSync(`${folder.path}/${name}`, "taken");
  await write(running, [10_000, 15_000], clock);
  assertEquals(log.about("file-vanished").length, 1);
  await sink.close();
  assertEquals(Deno.readTextFileSync(`${folder.path}/${name}`), "taken");
  assertEquals(await assertComplete(files[0].path), numbersTo(15_000));
});

Deno.test("a directory that is none for a while: flows wait, the end does not", async () => {
  await using folder = temporaryDirectory();
  const directory = `${folder.path}/flows`;
  const aside = `${folder.path}/aside`;
  Deno.mkdirSync(directory);
  const clock = { now: Date.now() };
  const running = await startSink(directory, ["-N0", "-n0"], { now: () => clock.now });
  const { sink, files, log } = running;
  await write(running, [0, 10_000], clock);
  const away = () => {
    Deno.renameSync(directory, aside);
    Deno.writeTextFileSync(directory, "in the way");
  };
  away();
  await write(running, [10_000, 20_000], clock);
  assertEquals([sink.counters.done, sink.counters.queued], [10_000, 10_000]);
  assertMatch(log.about("disk")[0], /cannot write flows/);
  Deno.removeSync(directory);
  Deno.renameSync(aside, directory);
  // Somebody sets the clock back, of all times.
  clock.now -= LATER_MS;
  await write(running, [20_000, 30_000], clock);
  assertEquals([sink.counters.done, sink.counters.queued], [30_000, 0]);
  await sink.rotate();
  assertEquals(await assertComplete(files[0].path), numbersTo(30_000));
  away();
  await write(running, [0, 10_000], clock);
  await sink.close();
  assertEquals(sink.counters.dropped, { disk: 10_000 });
  assertBalanced(sink);
});

Deno.test("a thread that crashes is replaced, and its loss counted", async () => {
  await using folder = temporaryDirectory();
  const url = import.meta.resolve("../apps/collector/sinks/files/file_worker.ts");
  let worker: Worker | undefined;
  const startWorker = () => worker = new Worker(url, { type: "module" });
  const { sink, files, log } = await startSink(folder.path, ["-N0", "-n0"], { startWorker });
  sink.write(numberedBatch([5, 100]));
  await sink.flush(Date.now());
  const first = worker!;
  sink.write(numberedBatch([5, 50, 100]));
  const flushing = sink.flush(Date.now());
  // No such order exists: it throws.
  first.postMessage({ kind: "records" });
  await flushing;
  await until(() => sink.crashes === 1);
  assertEquals(log.about("file-worker: the thread that writes files ended").length, 1);
  assertBalanced(sink);
  await sink.recovered;
  sink.write(numberedBatch([5, 30]));
  await until(() => worker !== first || sink.crashes > 1 || (sink.flush(Date.now()), false));
  sink.write(numberedBatch([5, 20, 30]));
  await sink.close();
  assertBalanced(sink);
  const { given, done, queued, dropped } = sink.counters;
  assertEquals([given, queued], [200, 0]);
  assertEquals(Object.keys(dropped).filter((reason) => reason !== "worker"), []);
  let stored = 0;
  for (const { path, flows } of files) {
    assertEquals((await assertComplete(path)).length, flows);
    stored += flows;
  }
  assert(stored >= done, `${stored} stored, ${done} done`);
  assertEquals(pathsBelow(folder.path).filter((name) => !name.startsWith("ft-")), []);
});

Deno.test("a thread that cannot start is an error of the start", async () => {
  await using folder = temporaryDirectory();
  const url = URL.createObjectURL(new Blob(["throw new Error('no memory')"]));
  const startWorker = () => new Worker(url, { type: "module" });
  await assertRejects(
    () => startSink(folder.path, ["-N0"], { startWorker }),
    Error,
    "Cannot start the thread that writes files",
  );
  URL.revokeObjectURL(url);
});

Deno.test("a queue that is full: what does not fit is counted", async () => {
  await using folder = temporaryDirectory();
  const { sink, files, log } = await startSink(folder.path, ["-N0", "-z0", "--queue-size", "8M"]);
  // No turn of the event loop in between: nothing comes back from the thread.
  for (let from = 0; from < 200_000; from += 50_000) sink.write(numberedBatch([5, 50_000, from]));
  assertBalanced(sink);
  const fits = Math.floor((1 << 19) / V5.size) * 16;
  assertEquals(sink.counters.dropped, { "queue-full": 200_000 - fits });
  assertEquals(log.about("queue-full").length > 0, true);
  await sink.close();
  assertEquals(sink.counters.done, fits);
  assertEquals(await assertComplete(files[0].path), numbersTo(fits));
});

Deno.test("flows that come faster than they compress are compressed less, not lost", async () => {
  await using folder = temporaryDirectory();
  const { sink, files, log } = await startSink(folder.path, ["-N0", "-z9", "--queue-size", "32M"]);
  for (let from = 0; from < 400_000; from += 50_000) sink.write(numberedBatch([5, 50_000, from]));
  await sink.close();
  assertEquals([sink.counters.done, sink.counters.dropped], [400_000, {}]);
  assert(sink.easedFlows > 0);
  assertMatch(
    log.about("compression")[0],
    /^compression: flows come faster than level 9 compresses them: \d+ MiB wait, level 1 from now/,
  );
  assertEquals(await assertComplete(files[0].path), numbersTo(400_000));
});

Deno.test("a thread that hangs does not hold up the end", async () => {
  await using folder = temporaryDirectory();
  const source =
    `onmessage = ({ data }) => data.kind === "begin" && postMessage({ kind: "ready" })`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const startWorker = () => new Worker(url, { type: "module" });
  const { sink } = await startSink(folder.path, ["-N0"], { startWorker }, { drainMs: 100 });
  sink.write(numberedBatch([5, 100]));
  await sink.close();
  URL.revokeObjectURL(url);
  assertEquals(sink.counters.dropped, { shutdown: 100 });
  assertBalanced(sink);
});
