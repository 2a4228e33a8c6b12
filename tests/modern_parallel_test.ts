/** Inputs of a time window, and inputs on several cores. */
import { assert, assertEquals } from "@std/assert";
import { FlowSet, type GroupResult } from "@flowtools/flowset";
import { FlowBatch } from "@flowtools/flow-model";
import { captureFileName, findFtLayout } from "@flowtools/ft-format";
import { planPieces } from "../apps/cli/flow_pieces.ts";
import { captureStart, windowInputs } from "../apps/cli/input_window.ts";
import { groupInputs } from "../apps/cli/parallel_groups.ts";
import { Progress, progressText } from "../apps/cli/progress.ts";
import { flowtools, flowtoolsCommand, lines, temporaryDirectory } from "./programs.ts";

const DAY = "fixtures/cli/in-v5.ft";
/** Its header; records of 64 bytes follow. */
const HEADER_BYTES = 48;
const START = Date.UTC(2024, 4, 1, 10);
const MINUTE = 60_000;

/** A file of one flow that began and ended a minute after the file did. */
async function writeCapture(folder: string, time: number, minutes: number): Promise<string> {
  const name = captureFileName({
    version: 5,
    time: new Date(time),
    utcOffsetMinutes: 120,
    done: true,
  });
  const path = `${folder}/${name}`;
  const header = { captureStart: time / 1000, captureEnd: time / 1000 + minutes * 60 };
  await using set = await FlowSet.create(path, { version: 5, ...header });
  const batch = new FlowBatch({ capacity: 1 });
  batch.append(findFtLayout(5)!.schema, {
    unix_secs: time / 1000 + 70,
    sysUpTime: 1_000_000,
    first: 980_000,
    last: 990_000,
    srcaddr: `10.0.0.${(time - START) / MINUTE / minutes % 250}`,
    dOctets: 100,
    dPkts: 1,
  });
  await set.write(batch);
  set.setCounters(header);
  return path;
}

/** The paths below a folder that something opens. */
async function opened<Result>(
  folder: string,
  work: () => Promise<Result>,
): Promise<[paths: string[], result: Result]> {
  const paths: string[] = [];
  const open = Deno.open;
  Deno.open = (path, options) => {
    if (String(path).startsWith(folder)) paths.push(String(path));
    return open(path, options);
  };
  try {
    return [paths, await work()];
  } finally {
    Deno.open = open;
  }
}

Deno.test("captureStart() reads the time of capture names, whatever their offset", () => {
  const time = new Date("2023-11-14T22:13:20Z");
  for (const utcOffsetMinutes of [0, -300, 330]) {
    for (const version of [5, 8]) {
      const name = captureFileName({
        version,
        aggregation: 3,
        time,
        utcOffsetMinutes,
        done: false,
      });
      assertEquals(captureStart(`flows/2023/${name}`), time.getTime());
    }
  }
  for (const name of ["flows.ft", "ft-v05.2023-11-14", "ft-v05.2023-11-14.221320+0000.gz"]) {
    assertEquals(captureStart(name), undefined);
  }
});

Deno.test("of a time window only the files in it are opened", async () => {
  await using folder = temporaryDirectory();
  const days = ["2024-05-01", "2024-05-09"];
  for (const day of days) {
    await Deno.mkdir(`${folder.path}/2024/2024-05/${day}`, { recursive: true });
  }
  const paths: string[] = [];
  for (let at = 0; at < 12; at++) {
    const day = `${folder.path}/2024/2024-05/${days[0]}`;
    paths.push(await writeCapture(day, START + at * 5 * MINUTE, 5));
  }
  const far = `${folder.path}/2024/2024-05/${days[1]}`;
  await writeCapture(far, START + 8 * 1440 * MINUTE, 5);

  const window = { since: START + 20 * MINUTE, until: START + 30 * MINUTE };
  const [looked, found] = await opened(folder.path, () => windowInputs([folder.path], window));
  assertEquals(found.paths, paths.slice(4, 6));
  // The headers of the files before it tell that they ended before; names tell of all others.
  assertEquals(looked, paths.slice(0, 4));
  assertEquals([found.headers, found.byHeader, found.byName], [4, 4, 6]);

  const query = { by: "srcaddr", zone: "UTC", selection: window };
  const [read, { result }] = await opened(folder.path, () => groupInputs(found.paths, query));
  assertEquals(new Set(read), new Set(found.paths));
  assertEquals(result.total("flows"), 2);

  // Its end is that of the flows, to the millisecond: the one of 10:20 ended at 10:21:00.
  const inside = async (since: number, until: number) => {
    const { paths } = await windowInputs([folder.path], { since, until });
    const selection = { since, until };
    return (await groupInputs(paths, { ...query, selection })).result.total("flows");
  };
  const end = START + 21 * MINUTE;
  assertEquals(await inside(end, end + 1), 1);
  assertEquals(await inside(end + 1, end + 2), 0);
  assertEquals(await inside(end - 1, end), 0);

  const all = await windowInputs([folder.path], {});
  assertEquals([all.paths.length, all.headers], [13, 0]);
  const open = await windowInputs([folder.path], { since: START + 30 * MINUTE });
  assertEquals(open.paths.length, 7);
});

Deno.test("files without a capture name are left out by their header, or read", async () => {
  await using folder = temporaryDirectory();
  const path = `${folder.path}/a.ft`;
  await Deno.rename(await writeCapture(folder.path, START, 5), path);
  await Deno.copyFile("fixtures/ft/v5-le.ft", `${folder.path}/b.ft`);
  await Deno.writeTextFile(`${folder.path}/c.ft`, "no flows");
  const names = async (since?: number, until?: number) =>
    (await windowInputs([folder.path], { since, until })).paths.map((p) => p.slice(-4, -3)).join(
      "",
    );
  assertEquals(await names(START + 10 * MINUTE), "c");
  assertEquals(await names(START, START + MINUTE), "ac");
  assertEquals(await names(undefined, START - 1), "bc");
});

/** What a result tells: its size, its sums, and many of its groups in order. */
function told(result: GroupResult): unknown {
  const counters = ["flows", "packets", "octets", "duration", "start", "end"];
  const rows = [...result.top("octets", 5000)].map((group) =>
    [
      ...result.keys.map((_, key) => result.keyText(key, group)),
      ...counters.map((name) => result.value(name, group)),
    ].join(" ")
  );
  return [result.size, ...counters.map((name) => result.total(name)), rows.join("\n")];
}

Deno.test("several cores answer the same as one, from many files and from pieces of one", async () => {
  await using folder = temporaryDirectory();
  const big = `${folder.path}/big.ft`;
  assertEquals((await flowtools(["gen", "-n", "550000", "-o", big])).code, 0);
  const small = `${folder.path}/small.ft`;
  assertEquals((await flowtools(["gen", "-n", "100000", "-z", "1", "-o", small])).code, 0);
  const cut = `${folder.path}/cut.ft`;
  await Deno.writeFile(cut, (await Deno.readFile(big)).subarray(0, 34_000_001));
  const pieces = await planPieces([big, small, cut]);
  assert(pieces.length >= 5, `${pieces.length} pieces`);

  let workers = 0;
  const { Worker } = globalThis;
  globalThis.Worker = class extends Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      workers++;
      super(...args);
    }
  };
  const error = console.error;
  const messages: string[] = [];
  console.error = (message: string) => void messages.push(message);
  try {
    for (const by of ["srcaddr", "srcaddr,dstport,hour", "addr"]) {
      const query = { by, zone: "UTC", timed: true, selection: { since: 1 } };
      const answers = [];
      for (const threads of [1, 2, 3]) {
        const before = workers;
        const { result, faults } = await groupInputs([big, small, cut, DAY], query, { threads });
        assertEquals(workers - before, threads - 1);
        assertEquals(faults, 1);
        answers.push(told(result));
      }
      assertEquals(answers[1], answers[0], by);
      assertEquals(answers[2], answers[0], by);
    }
  } finally {
    globalThis.Worker = Worker;
    console.error = error;
  }
  assertEquals(new Set(messages).size, 1);
  assertEquals(messages.length, 9, "the cut file is reported once each time");
  assert(messages[0].includes(cut));
});

Deno.test("too many groups end the call on any number of threads", async () => {
  await using folder = temporaryDirectory();
  const paths = [];
  for (let at = 0; at < 3; at++) {
    const path = `${folder.path}/${at}.ft`;
    assertEquals((await flowtools(["gen", "-n", "200000", "-o", path])).code, 0);
    paths.push(path);
  }
  for (const threads of ["1", "2"]) {
    const { code, stdout, stderr } = await flowtools([
      ...["top", "--by", "srcaddr,dstaddr,srcport", "--threads", threads, "--memory", "1M"],
      ...paths,
    ]);
    assertEquals([code, stdout], [2, ""]);
    assert(stderr.includes("--memory allows more"), stderr);
    assertEquals(lines(stderr).length, 1);
  }
});

Deno.test("the bar shows only while work lasts, says rate and time left, and goes away", () => {
  const written: string[] = [];
  let now = 0;
  const target = { write: (text: string) => void written.push(text), now: () => now };
  const progress = new Progress(400 << 20, true, target);
  for (const ms of [100, 900, 999]) {
    now = ms;
    progress.show(ms << 16);
  }
  assertEquals(written, []);
  now = 2000;
  progress.show(100 << 20);
  now = 2050;
  progress.show(110 << 20);
  assertEquals(written, ["\r 25% ▕██████                  ▏ 50 MiB/s  00:06 left\x1b[K"]);
  progress.end();
  assertEquals(written.at(-1), "\r\x1b[K");
  const quiet = new Progress(1 << 30, false, target);
  now = 99_000;
  quiet.show(5);
  quiet.end();
  assertEquals(written.length, 2);
  assertEquals(progressText(0, 3 << 20, 2000), "3 MiB  1.5 MiB/s");
});

Deno.test("where no flow ended in a window, a note says so, and the exit code is that of grep", async () => {
  await using folder = temporaryDirectory();
  for (let at = 0; at < 3; at++) await writeCapture(folder.path, START + at * 5 * MINUTE, 5);
  const note = "flowtools: no flow ended at 2024-05-02 00:00:00 or later and before " +
    "2024-05-03 02:00:00.500 (UTC); 3 files are of other times\n";
  const window = ["--tz", "UTC", "--since", "2024-05-02", "--until", "2024-05-03T02:00:00.5"];
  for (
    const [call, stdout] of [
      [["print", "--format", "ndjson"], ""],
      [["print", "--format", "json", "--sort", "dOctets"], "[]\n"],
      [["top"], "no flows\n"],
      [["series"], "no flows\n"],
      [["hist"], "no flows\n"],
    ] as const
  ) {
    const outcome = await flowtools([...call, ...window, folder.path]);
    assertEquals([outcome.code, outcome.stdout, outcome.stderr], [1, stdout, note], call.join(" "));
  }
  // The file is read, since it does not tell its time; its flows are of another.
  const early = await flowtools(["print", "--until", "2020-01-01", "--tz", "+02:00", DAY]);
  assertEquals(early.code, 1);
  assertEquals(early.stderr, "flowtools: no flow ended before 2020-01-01 00:00:00 (+02:00)\n");
  // What --where leaves out is no window: it is quiet, as grep is.
  const nothing = await flowtools(["print", "--format", "ndjson", "--where", "prot 250", DAY]);
  assertEquals([nothing.code, nothing.stdout, nothing.stderr], [1, "", ""]);
});

/** Calls that write a file, and whether they begin it before they have read their input. */
const WRITERS: readonly (readonly [call: readonly string[], early: boolean])[] = [
  [["print", "--format", "csv"], true],
  [["cat", "-z", "6"], true],
  [["export", "-f", "2"], true],
  [["export", "-f", "ipfix"], true],
  [["plot", "--by", "prot"], false],
  [["top", "--format", "json"], false],
];

for (const [call, early] of WRITERS) {
  Deno.test(`${call.join(" ")} that is ended from outside leaves no half of a file`, async () => {
    const day = await Deno.readFile(DAY);
    for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
      await using folder = temporaryDirectory();
      const out = `${folder.path}/out.html`;
      await Deno.writeTextFile(out, "what was there before");
      const child = flowtoolsCommand([...call, "-o", out, "-"], { stdin: "piped" }).spawn();
      const writer = child.stdin.getWriter();
      await writer.write(day);
      // A pipe holds less than this: it is written when the program has read from it.
      for (let more = 0; more < 16; more++) await writer.write(day.subarray(HEADER_BYTES));
      const names = () => [...Deno.readDirSync(folder.path)].map(({ name }) => name);
      let ended = false;
      void child.status.then(() => ended = true);
      while (early && names().length < 2 && !ended) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      if (!ended) child.kill(signal);
      const status = await child.status;
      await writer.close().catch(() => {});
      await Promise.all([child.stdout.cancel(), child.stderr.cancel()]);
      assertEquals([status.code, names()], [code, ["out.html"]]);
      assertEquals(await Deno.readTextFile(out), "what was there before");
    }
  });
}
