/** The collector's files: real directories and threads, read back with FlowSet and flow-tools. */
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { UsageError } from "@flowtools/common/flags";
import { FT_FLAGS } from "@flowtools/ft-format";
import { fileSettings } from "../apps/collector/sinks/files/mod.ts";
import {
  argumentsOf,
  assertBalanced,
  numberedBatch,
  pathsBelow,
  readCapture,
  settingsOf,
  startSink,
} from "./collector_files.ts";
import { bash, lines, temporaryDirectory } from "./programs.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

/** A moment at the start of a file of 15 minutes in every time zone of whole quarter hours. */
const QUARTER = Date.parse("2024-03-05T10:15:00Z");

const { code } = await bash("command -v flow-print flow-header flow-export");
const hasFlowTools = code === 0;

/** Runs with another time zone; the process has one for all. */
async function inZone(zone: string, work: () => Promise<void>): Promise<void> {
  const before = Deno.env.get("TZ");
  Deno.env.set("TZ", zone);
  try {
    await work();
  } finally {
    if (before === undefined) Deno.env.delete("TZ");
    else Deno.env.set("TZ", before);
  }
}

Deno.test("files: one for each version, under a temporary name until it is whole", async () => {
  await using folder = temporaryDirectory();
  const { sink, files } = await startSink(folder.path, ["-N0", "-z0", "-n0"]);
  sink.write(numberedBatch([5, 3], [7, 2], [5, 1], [8, 4, 0, 3], [8, 5, 0, 14]));
  await sink.flush(Date.now());
  const prefixes = () => pathsBelow(folder.path).map((name) => name.split(".")[0]);
  assertEquals(prefixes(), ["tmp-v05", "tmp-v07", "tmp-v08m03", "tmp-v08m14"]);
  assertEquals(sink.counters, { given: 15, done: 15, queued: 0, filtered: 0, dropped: {} });
  assertEquals(files, []);
  await sink.close();
  assertEquals(prefixes(), ["ft-v05", "ft-v07", "ft-v08m03", "ft-v08m14"]);
  assertEquals(files.map(({ flows }) => flows).toSorted(), [2, 4, 4, 5]);
  for (const { path, flows, bytes } of files) {
    const { header, flows: found, whole } = await readCapture(path);
    assertEquals([found, whole, header.flowCount], [flows, true, flows]);
    assertEquals(bytes, Deno.statSync(path).size);
    assertEquals(header.flags & FT_FLAGS.DONE, FT_FLAGS.DONE);
    assert(header.captureStart! <= header.captureEnd!);
  }
});

Deno.test("files: what was flushed is readable before the file is done", async () => {
  for (const level of [0, 1, 6, 9]) {
    await using folder = temporaryDirectory();
    const { sink } = await startSink(folder.path, ["-N0", `-z${level}`]);
    for (const [flows, from] of [[10, 0], [20, 10]]) {
      sink.write(numberedBatch([5, flows, from]));
      await sink.flush(Date.now());
    }
    const [name] = pathsBelow(folder.path);
    const { numbers, header } = await readCapture(`${folder.path}/${name}`);
    assertEquals(numbers, Array.from({ length: 30 }, (_, number) => number));
    assertEquals(header.flags & FT_FLAGS.DONE, 0);
    await sink.close();
    assertBalanced(sink);
  }
});

Deno.test("files: nesting is that of flow-capture, named in local time", async () => {
  const directories: readonly [nesting: string, directory: string][] = [
    ["-3", "2024/2024-03/2024-03-05/"],
    ["-2", "2024-03/2024-03-05/"],
    ["-1", "2024-03-05/"],
    ["0", ""],
    ["1", "2024/"],
    ["2", "2024/2024-03/"],
    ["3", "2024/2024-03/2024-03-05/"],
  ];
  await inZone("Asia/Kolkata", async () => {
    for (const [nesting, directory] of directories) {
      await using folder = temporaryDirectory();
      const { sink } = await startSink(folder.path, [`-N${nesting}`], { now: () => QUARTER });
      sink.write(numberedBatch([5, 1]));
      await sink.close();
      assertEquals(pathsBelow(folder.path), [`${directory}ft-v05.2024-03-05.154500+0530`]);
    }
  });
});

Deno.test("files: they rotate by the clock, and each flow is in the file of its time", async () => {
  await using folder = temporaryDirectory();
  let now = QUARTER + 3 * SECOND_MS;
  await inZone("UTC", async () => {
    const { sink, files } = await startSink(folder.path, ["-N0"], { now: () => now });
    sink.write(numberedBatch([5, 10, 0]));
    // Nothing comes for a while: the file ends all the same.
    now = QUARTER + 15 * MINUTE_MS;
    await sink.flush(now);
    assertEquals(files.map(({ flows }) => flows), [10]);
    await sink.flush(now);
    assertEquals(pathsBelow(folder.path), ["ft-v05.2024-03-05.101503+0000"]);
    // And two periods later, by a flow and without a flush.
    now = QUARTER + 59 * MINUTE_MS;
    sink.write(numberedBatch([5, 20, 10]));
    await sink.flush(now);
    now = QUARTER + 61 * MINUTE_MS;
    sink.write(numberedBatch([5, 30, 30]));
    await sink.close();
  });
  const expected = [
    ["ft-v05.2024-03-05.101503+0000", 0, 10],
    ["ft-v05.2024-03-05.111400+0000", 10, 20],
    ["ft-v05.2024-03-05.111600+0000", 30, 30],
  ] as const;
  assertEquals(pathsBelow(folder.path), expected.map(([name]) => name));
  for (const [name, from, count] of expected) {
    const { numbers, header } = await readCapture(`${folder.path}/${name}`);
    assertEquals(numbers, Array.from({ length: count }, (_, index) => from + index));
    // Names and headers tell the same moment.
    const [, day, time] = /\.(\S{10})\.(\d{6})/.exec(name)!;
    const [hour, minute, second] = time.match(/../g)!;
    assertEquals(header.captureStart, Date.parse(`${day}T${hour}:${minute}:${second}Z`) / 1000);
  }
});

Deno.test("files: a clock that is set back or forth ends the file", async () => {
  await using folder = temporaryDirectory();
  let now = QUARTER + MINUTE_MS;
  await inZone("UTC", async () => {
    const { sink } = await startSink(folder.path, ["-N0"], { now: () => now });
    sink.write(numberedBatch([5, 10]));
    await sink.flush(now);
    now -= 3 * 60 * MINUTE_MS;
    sink.write(numberedBatch([5, 20]));
    await sink.flush(now);
    now += 3 * 60 * MINUTE_MS;
    sink.write(numberedBatch([5, 30]));
    await sink.close();
  });
  const files = pathsBelow(folder.path);
  assertEquals(files, [
    "ft-v05.2024-03-05.071600+0000",
    "ft-v05.2024-03-05.101600+0000",
    "ft-v05.2024-03-05.101601+0000",
  ]);
  const flows = files.map((name) => readCapture(`${folder.path}/${name}`));
  assertEquals((await Promise.all(flows)).map(({ flows }) => flows), [20, 10, 30]);
});

Deno.test("files: a name that is taken stays what it is, the next second is used", async () => {
  await using folder = temporaryDirectory();
  await inZone("UTC", async () => {
    Deno.writeTextFileSync(`${folder.path}/ft-v05.2024-03-05.101500+0000`, "done before");
    Deno.writeTextFileSync(`${folder.path}/tmp-v07.2024-03-05.101501+0000`, "not mine");
    const { sink } = await startSink(folder.path, ["-N0"], { now: () => QUARTER });
    sink.write(numberedBatch([5, 1]));
    await sink.flush(QUARTER);
    // Somebody takes the name while the file is open.
    Deno.writeTextFileSync(`${folder.path}/ft-v05.2024-03-05.101501+0000`, "done meanwhile");
    await sink.rotate();
    sink.write(numberedBatch([5, 2]));
    await sink.close();
  });
  const read = (name: string) => Deno.readTextFileSync(`${folder.path}/${name}`);
  assertEquals(read("ft-v05.2024-03-05.101500+0000"), "done before");
  assertEquals(read("ft-v05.2024-03-05.101501+0000"), "done meanwhile");
  assertEquals(
    pathsBelow(folder.path).filter((name) => name.startsWith("ft-v05")).slice(2),
    ["ft-v05.2024-03-05.101502+0000", "ft-v05.2024-03-05.101503+0000"],
  );
});

Deno.test({
  name: `files: flow-tools reads them${hasFlowTools ? "" : " (flow-print is not on PATH)"}`,
  ignore: !hasFlowTools,
  fn: async () => {
    for (const order of ["little", "big"]) {
      for (const level of [0, 1, 6]) {
        await using folder = temporaryDirectory();
        const args = ["-N0", `-z${level}`, "-b", order, "-C", "a comment"];
        const { sink, files } = await startSink(folder.path, args);
        sink.write(numberedBatch([1, 100], [5, 100], [6, 100], [7, 100], [8, 100, 0, 5]));
        sink.countLosses({ lost: 7, corrupt: 3, resets: 2 });
        await sink.close();
        assertEquals(files.length, 5);
        for (const { path } of files) {
          const { stdout } = await bash(`flow-header < "${path}"`);
          const shown = new Map(
            lines(stdout).map((line) => /^#\s*([\w ]+):\s*(.*)$/.exec(line) ?? [])
              .map(([, name, value]) => [name, value]),
          );
          assertEquals(shown.get("mode"), "normal", stdout);
          assertEquals(shown.get("capture hostname"), Deno.hostname());
          assertEquals(shown.get("compress"), level === 0 ? "off" : "on");
          assertEquals(shown.get("byte order"), order);
          assertEquals(shown.get("capture flows"), "100");
          assertEquals(shown.get("lost flows"), "7");
          assertEquals(shown.get("corrupt packets"), "3");
          assertEquals(shown.get("sequencer resets"), "2");
          assertEquals(shown.get("comments"), "a comment");
        }
        const v5 = files.find(({ path }) => path.includes("ft-v05"))!.path;
        const { stdout } = await bash(`flow-print -f3 < "${v5}"`);
        assertEquals(lines(stdout).length, 101);
        // Flow 13: by numberedBatch() 0.0.0.13 to 192.168.0.13, protocol 17, 53 octets, 7 packets.
        assertEquals(
          lines(stdout)[14].trim().split(/\s+/),
          ["0.0.0.13", "192.168.0.13", "17", "1037", "443", "53", "7"],
        );
      }
    }
  },
});

Deno.test("files: losses are in the header of every file that was open, and none is told twice", async () => {
  await using folder = temporaryDirectory();
  const { sink, files } = await startSink(folder.path, ["-N0", "-n0"]);
  // Before the first file: it tells them.
  sink.countLosses({ lost: 10, corrupt: 1, resets: 0 });
  await sink.flush(Date.now());
  sink.write(numberedBatch([5, 1]));
  await sink.flush(Date.now());
  sink.countLosses({ lost: 5, corrupt: 0, resets: 1 });
  await sink.rotate();
  sink.write(numberedBatch([5, 1], [7, 1]));
  await sink.flush(Date.now());
  sink.countLosses({ lost: 100, corrupt: 2, resets: 0 });
  await sink.flush(Date.now());
  // A late packet takes flows back.
  sink.countLosses({ lost: -30, corrupt: 0, resets: 0 });
  await sink.close();
  const told = await Promise.all(files.map(async ({ path }) => {
    const { header: { lost, corrupt, sequenceResets } } = await readCapture(path);
    return [lost, corrupt, sequenceResets];
  }));
  assertEquals(told, [[15, 1, 1], [70, 2, 0], [70, 2, 0]]);
});

Deno.test("files: old ones go by count, oldest first, at the start and after each file", async () => {
  await using folder = temporaryDirectory();
  await inZone("UTC", async () => {
    const before = ["100000", "100100", "100200", "100300", "100400"]
      .map((time) => `ft-v05.2024-03-05.${time}+0000`);
    Deno.mkdirSync(`${folder.path}/2024/2024-03/2024-03-05`, { recursive: true });
    // Nested otherwise than now, and by name the oldest; others are none of ours.
    before[0] = `2024/2024-03/2024-03-05/${before[0]}`;
    const others = ["readme.txt", "ft-v05.2024-03-05.100000+0000.bak", "ft-v05"];
    for (const name of [...before, ...others]) {
      Deno.writeTextFileSync(`${folder.path}/${name}`, "x".repeat(100));
    }
    let now = QUARTER;
    const hooks = { now: () => now };
    const { sink, log } = await startSink(folder.path, ["-N0", "-e3"], hooks);
    assertEquals(pathsBelow(folder.path), [...others, ...before.slice(2)].toSorted());
    for (let file = 0; file < 2; file++) {
      now += MINUTE_MS;
      sink.write(numberedBatch([5, 1]));
      // The file that is open does not count.
      await sink.flush(now);
      await sink.rotate();
    }
    await sink.close();
    assertEquals(
      pathsBelow(folder.path),
      [
        ...others,
        before[4],
        "ft-v05.2024-03-05.101600+0000",
        "ft-v05.2024-03-05.101700+0000",
      ].toSorted(),
    );
    assertEquals(log.about("removed old file").length, 4);
  });
});

Deno.test("files: old ones go by size; -d tells which would go, and removes none", async () => {
  await using folder = temporaryDirectory();
  const names = ["100000", "100100", "100200"].map((time) => `ft-v05.2024-03-05.${time}+0000`);
  for (const name of names) Deno.writeFileSync(`${folder.path}/${name}`, new Uint8Array(1000));
  const dry = await startSink(folder.path, ["-E2K", "-d1"]);
  await dry.sink.close();
  assertEquals(pathsBelow(folder.path), names);
  assertEquals(dry.log.about("removed").length, 0);
  assertEquals(dry.log.about("would remove old file").length, 1);
  const { sink, log } = await startSink(folder.path, ["-E2K"]);
  await sink.close();
  assertEquals(pathsBelow(folder.path), names.slice(1));
  assertEquals(log.about("removed old file").length, 1);
});

Deno.test("files: the file that is open counts for the size, and stays", async () => {
  await using folder = temporaryDirectory();
  const old = `${folder.path}/ft-v05.2024-03-05.100000+0000`;
  Deno.writeFileSync(old, new Uint8Array(100_000));
  // 200 of b are 102,400 bytes.
  const { sink, files } = await startSink(folder.path, ["-N0", "-z0", "-n0", "-E200b"]);
  sink.write(numberedBatch([5, 10_000]));
  await sink.flush(Date.now());
  assertEquals(pathsBelow(folder.path).length, 1);
  await sink.close();
  assertEquals(files.length, 1);
});

Deno.test({
  name: "files: the program of -R gets each file that is complete",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = temporaryDirectory();
    const program = `${folder.path}/program`;
    const data = `${folder.path}/data`;
    Deno.mkdirSync(data);
    Deno.writeTextFileSync(
      program,
      `#!/bin/sh\nprintf '%s|%s|%s\\n' "$#" "$1" "$(wc -c < "$1")" >> "${folder.path}/said"\n` +
        `case $1 in *v07*) exit 3;; esac\n`,
      { mode: 0o755 },
    );
    const { sink, files, log } = await startSink(data, ["-N3", "-n0", "-R", program]);
    sink.write(numberedBatch([5, 10], [7, 20]));
    await sink.rotate();
    sink.write(numberedBatch([5, 30]));
    await sink.close();
    assertEquals(files.length, 3);
    assertEquals(
      lines(Deno.readTextFileSync(`${folder.path}/said`)).toSorted(),
      files.map(({ path, bytes }) => `1|${path.slice(data.length + 1)}|${bytes}`).toSorted(),
    );
    const seven = files.find(({ path }) => path.includes("v07"))!;
    assertEquals(log.about("program-failed"), [
      `program-failed: "${program}" ended with exit code 3 for "${seven.path}"`,
    ]);
    Deno.removeSync(program);
    const gone = await startSink(data, ["-N0", "-R", program]);
    gone.sink.write(numberedBatch([5, 1]));
    await gone.sink.close();
    assertEquals(gone.log.about("program-failed").length, 1);
    assertMatch(gone.log.about("program-failed")[0], /cannot run/);
  },
});

Deno.test({
  name: "files: readable by all, unless the umask is to be kept",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const before = Deno.umask(0o077);
    try {
      for (const [args, mode] of [[[], 0o644], [["-u"], 0o600]] as const) {
        await using folder = temporaryDirectory();
        const { sink, files } = await startSink(folder.path, ["-N1", ...args]);
        sink.write(numberedBatch([5, 1]));
        await sink.close();
        assertEquals(Deno.statSync(files[0].path).mode! & 0o777, mode);
      }
    } finally {
      Deno.umask(before);
    }
  },
});

Deno.test("files: every fsync policy gives the same files", async () => {
  for (const policy of ["never", "rotate", "flush"]) {
    await using folder = temporaryDirectory();
    const { sink, files } = await startSink(folder.path, ["--fsync", policy]);
    sink.write(numberedBatch([5, 100]));
    await sink.flush(Date.now());
    sink.write(numberedBatch([5, 100, 100]));
    await sink.close();
    const { flows, whole } = await readCapture(files[0].path);
    assertEquals([flows, whole, sink.counters.done], [200, true, 200]);
  }
});

Deno.test("files: values that do not fit their records are told", async () => {
  await using folder = temporaryDirectory();
  const { sink, log } = await startSink(folder.path, ["-N0"]);
  const batch = numberedBatch([5, 2]);
  batch.column("src_as")[0] = 70_000;
  sink.write(batch);
  await sink.close();
  assertMatch(log.about("misfit").join(), /src_as 1$/);
});

Deno.test("files: arguments are checked", async () => {
  const wrong = (args: string[], message: string) =>
    assertThrows(() => fileSettings(argumentsOf(...args)), UsageError, message);
  wrong([], "--directory is missing");
  wrong(["-w", "x", "--queue-size", "1K"], "--queue-size");
  wrong(["-w", "x", "-V", "9"], "9");
  wrong(["-w", "x", "-t", "tag.cfg"], "--tag-definition is missing");
  wrong(["-w", "x", "-T", "a", "-V", "5"], "expected 1005");
  assertEquals(settingsOf("/var/flows/").directory, "/var/flows");
  assertEquals(settingsOf("/").directory, "/");
  assertEquals(settingsOf("x", "-E", "3b").expireBytes, 1536);
  const { rotations, nesting, compressionLevel, expireCount } = settingsOf("x");
  assertEquals([rotations, nesting, compressionLevel, expireCount], [95, 3, 6, 0]);
  await assertRejects(
    () => startSink("/there/is/no/such/directory"),
    UsageError,
    `--directory is "/there/is/no/such/directory", which is no directory`,
  );
});
