/** Threads of the collector that end by themselves: they are replaced, and what they had is counted. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { parseFlags } from "@flowtools/common/flags";
import { FlowSet } from "@flowtools/flowset";
import { CAPTURE, FANOUT, RECEIVE } from "../apps/collector/options.ts";
import { createFanout, fanoutSettings } from "../apps/collector/relay/mod.ts";
import { createNdjsonSink } from "../apps/collector/relay/ndjson_sink.ts";
import { ndjsonSinkSettings } from "../apps/collector/relay/ndjson_settings.ts";
import { createStreamSink } from "../apps/collector/relay/stream_sink.ts";
import type { SinkCounters } from "../apps/collector/sinks/sink.ts";
import { createIpfixSink } from "../apps/collector/sinks/ipfix/ipfix_sink.ts";
import { ipfixSettings } from "../apps/collector/sinks/ipfix/options.ts";
import { SupervisedThread } from "../apps/collector/supervised_thread.ts";
import { QueryQueue } from "../apps/collector/web/query/query_queue.ts";
import { startWeb } from "../apps/collector/web/mod.ts";
import { numberedBatch, pathsBelow, startSink, TestLog } from "./collector_files.ts";
import { batchOf, flow, MemoryLog, settings, snapshot, until } from "./collector_web_feeder.ts";
import { lines, temporaryDirectory } from "./programs.ts";
import { Receiver } from "./relay_tools.ts";

/** Starts the threads of a part, and remembers the last one. */
class Starter {
  worker: Worker | undefined;
  started = 0;
  readonly #url: string;

  constructor(path: string) {
    this.#url = import.meta.resolve(`../apps/collector/${path}`);
  }

  readonly startWorker = (): Worker => {
    this.started++;
    return this.worker = new Worker(this.#url, { type: "module" });
  };

  /** Gives the thread an order that lacks what it must have: it throws, and nobody catches it. */
  kill(order: object): void {
    this.worker!.postMessage(order);
  }
}

const sumOf = (counts: Readonly<Record<string, number>>) =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

function assertEven({ given, done, queued, filtered, dropped }: SinkCounters): void {
  assertEquals(given, done + queued + filtered + sumOf(dropped));
}

/** Flows that were lost with a thread. */
const lostWith = ({ dropped }: SinkCounters) => dropped.worker ?? 0;

Deno.test("files: every flow is stored or lost with the thread, and its file is completed", async () => {
  for (const level of ["0", "6"]) {
    await using folder = temporaryDirectory();
    const starter = new Starter("sinks/files/file_worker.ts");
    const args = ["-N0", "-n0", "-z", level];
    const { sink, files, log } = await startSink(folder.path, args, starter);
    const { counters } = sink;
    sink.write(numberedBatch([5, 100]));
    await sink.flush(Date.now());
    await until("they are safe", () => counters.done === 100);
    starter.kill({ kind: "records" });
    sink.write(numberedBatch([5, 50, 100]));
    await sink.flush(Date.now());
    await until("another thread is there", () => starter.started === 2);
    assertEven(counters);
    assertEquals([counters.done, counters.queued, lostWith(counters)], [100, 0, 50]);
    await sink.recovered;
    sink.write(numberedBatch([5, 30, 150]));
    await sink.flush(Date.now());
    await sink.close();
    assertEven(counters);
    assertEquals([counters.given, counters.done, counters.dropped], [180, 130, { worker: 50 }]);
    assertEquals(log.about("file-worker: the thread that writes files ended").length, 1);
    assertEquals(files.reduce((sum, { flows }) => sum + flows, 0), 130);
    assertEquals(pathsBelow(folder.path).filter((name) => !name.startsWith("ft-")), []);
  }
});

Deno.test("ipfix: every flow is stored or lost with the thread, and its file is completed", async () => {
  for (const level of ["0", "6"]) {
    await using folder = temporaryDirectory();
    const starter = new Starter("sinks/ipfix/ipfix_worker.ts");
    const call = ["-w", folder.path, "--ipfix", folder.path, "-N", "0", "-n", "0", "-z", level];
    const log = new TestLog();
    const set = ipfixSettings(parseFlags(call, CAPTURE.flags), 10);
    const sink = await createIpfixSink(set, log, starter);
    const { counters } = sink;
    sink.write(numberedBatch([5, 100]));
    await sink.flush(Date.now());
    await until("they are safe", () => counters.done === 100);
    starter.kill({ kind: "messages" });
    sink.write(numberedBatch([5, 50, 100]));
    await until("what it had is counted", () => lostWith(counters) === 50);
    // Until there is another thread, flows are lost for the same reason.
    sink.write(numberedBatch([5, 7, 150]));
    assertEquals(lostWith(counters), 57);
    await until("another thread is there", () => starter.started === 2);
    await until("the file is complete", () => {
      return pathsBelow(folder.path).some((name) => name.startsWith("ft-"));
    });
    sink.write(numberedBatch([5, 30, 157]));
    await sink.close();
    assertEven(counters);
    assertEquals([counters.given, counters.done, counters.dropped], [187, 130, { worker: 57 }]);
    assertEquals(log.about("ipfix-worker: the thread that writes IPFIX files ended").length, 1);
    const names = pathsBelow(folder.path);
    assertEquals(names.map((name) => name.slice(0, 3)), ["ft-", "ft-"]);
    let stored = 0;
    for (const name of names) {
      await using file = await FlowSet.open(`${folder.path}/${name}`);
      for await (const _ of file) stored++;
    }
    assertEquals(stored, 130);
  }
});

Deno.test("ndjson: every flow is a line or lost with the thread, and the file is gone on with", async () => {
  await using folder = temporaryDirectory();
  const path = `${folder.path}/flows.ndjson`;
  const starter = new Starter("relay/ndjson_worker.ts");
  const args = parseFlags(["-w", folder.path, "--ndjson", path], CAPTURE.flags);
  const log = new TestLog();
  const ended: unknown[] = [];
  const hooks = { ended: (fault: unknown) => void ended.push(fault) };
  const sink = await createNdjsonSink(ndjsonSinkSettings(args), log, hooks, starter);
  const { counters } = sink;
  sink.write(numberedBatch([5, 100]));
  await until("they are written", () => counters.done === 100);
  starter.kill({ kind: "flows" });
  sink.write(numberedBatch([5, 50, 100]));
  await until("what it had is counted", () => lostWith(counters) === 50);
  await until("another thread is there", () => starter.started === 2);
  let offered = 0;
  await until("it takes flows", () => {
    sink.write(numberedBatch([5, 10, 150]));
    offered += 10;
    return counters.queued > 0 || counters.done > 100;
  });
  await sink.close();
  assertEven(counters);
  assertEquals(counters.given, 150 + offered);
  assertEquals(Object.keys(counters.dropped), ["worker"]);
  assertEquals(ended, []);
  assertEquals(log.about("ndjson-worker: the thread that writes JSON ended").length, 1);
  const rows = lines(await Deno.readTextFile(path)).map((line) => JSON.parse(line));
  assertEquals(rows.length, counters.done);
});

Deno.test("stream: its end is told, and every flow is in it or counted", async () => {
  await using folder = temporaryDirectory();
  const path = `${folder.path}/stream`;
  const starter = new Starter("relay/stream_worker.ts");
  const args = parseFlags(["--output", path, "-z", "0", "0/0/9991"], RECEIVE.flags);
  const ended: unknown[] = [];
  const hooks = { ended: (fault: unknown) => void ended.push(fault) };
  const sink = await createStreamSink(args, new TestLog(), hooks, starter);
  const { counters } = sink;
  sink.write(numberedBatch([5, 100]));
  await until("they are written", () => counters.done === 100);
  starter.kill({ kind: "records" });
  sink.write(numberedBatch([5, 50, 100]));
  await until("the end is told", () => ended.length === 1);
  sink.write(numberedBatch([5, 7, 150]));
  await sink.close();
  assertEven(counters);
  assertEquals([counters.done, counters.dropped], [100, { "output-ended": 57 }]);
  assertMatch(String(ended[0]), /^the thread failed: .*TypeError/);
  assertEquals([ended.length, starter.started], [1, 1]);
  let stored = 0;
  await using file = await FlowSet.open(path);
  for await (const _ of file) stored++;
  assertEquals(stored, 100);
});

Deno.test("fanout: every flow arrives or is lost with the thread", async () => {
  await using receiver = new Receiver();
  const starter = new Starter("relay/send_worker.ts");
  const log = new TestLog();
  const args = parseFlags(["0/0/9991", receiver.name], FANOUT.flags);
  const { sinks: [sink] } = await createFanout(fanoutSettings(args), log, starter);
  const { counters } = sink;
  let arrived = 0;
  sink.write(numberedBatch([5, 90]));
  await sink.flush(0);
  await until("they are sent", () => counters.done === 90);
  for (const { flows } of await receiver.take(90)) arrived += flows.length;
  starter.kill({ kind: "send", chunk: { target: 7 } });
  sink.write(numberedBatch([5, 60, 90]));
  await sink.flush(0);
  await until("what it had is counted", () => lostWith(counters) === 60);
  assertEven(counters);
  await until("another thread is there", () => starter.started === 2);
  let offered = 0;
  await until("it takes flows", () => {
    sink.write(numberedBatch([5, 30, 150]));
    offered += 30;
    return sink.flush(0).then(() => counters.queued > 0 || counters.done > 90);
  });
  await sink.close();
  assertEven(counters);
  assertEquals(counters.given, 150 + offered);
  assertEquals(Object.keys(counters.dropped), ["worker"]);
  for (const { flows } of await receiver.take(counters.done - 90)) arrived += flows.length;
  assertEquals([arrived, receiver.left], [counters.done, 0]);
  assertEquals(log.about("send-worker: the thread that sends packets ended").length, 1);
});

Deno.test("fanout: from its new sockets the templates go first", async () => {
  await using receiver = new Receiver();
  const starter = new Starter("relay/send_worker.ts");
  const args = parseFlags(["--export-version", "10", "0/0/9991", receiver.name], FANOUT.flags);
  const { sinks: [sink] } = await createFanout(fanoutSettings(args), new TestLog(), starter);
  const { counters } = sink;
  const send = (flows: number) => {
    sink.write(numberedBatch([5, flows]));
    return sink.flush(0);
  };
  await send(30);
  await until("they are sent", () => counters.done === 30);
  const [first] = await receiver.datagrams(1);
  starter.kill({ kind: "send", chunk: { target: 7 } });
  await until("another thread is there", () => starter.started === 2);
  await until("it takes flows", () => send(10).then(() => counters.queued > 0));
  await sink.close();
  assertEven(counters);
  let [second] = await receiver.datagrams(1);
  // What is left of the first sockets came before.
  while (second.port === first.port) [second] = await receiver.datagrams(1);
  // IPFIX: the first set of the message is behind 16 octets, and set 2 has templates.
  for (const { bytes } of [first, second]) assertEquals([bytes[16], bytes[17]], [0, 2]);
});

Deno.test("web: the page comes back where it was, and what its tables miss is counted", async () => {
  const starter = new Starter("web/web_worker.ts");
  const log = new MemoryLog();
  const web = await startWeb(settings(), log, starter);
  const answer = async (path: string) => await (await fetch(new URL(path, web.url))).json();
  const kept = async () => (await answer("/api/v1/flows")).kept;
  try {
    const { counters } = web.sink;
    web.sink.write(batchOf([flow(), flow()]));
    await until("they are there", async () => await kept() === 2);
    starter.kill({ kind: "rows" });
    await until("what it does not get is counted", () => {
      web.sink.write(batchOf([flow(), flow(), flow()]));
      return lostWith(counters) > 0;
    });
    assertEven(counters);
    await until("another one is there", () => starter.started === 2);
    await until(
      "it is served again",
      () => log.lines.filter((it) => /is ready/.test(it)).length > 1,
    );
    web.sink.write(batchOf([flow()]));
    await until("its tables begin anew", async () => await kept() === 1);
    web.publish(snapshot({ packets: 3 }));
    await until("it is told how things are", async () => {
      return (await answer("/api/v1/status")).received.packets === 3;
    });
    assertEven(counters);
    assertEquals(Object.keys(counters.dropped), ["worker"]);
    assert(log.lines.some((line) => line.startsWith("web-worker: The web page ended")));
  } finally {
    await web.close();
  }
});

Deno.test("queries: one whose thread ends is told so, and the next one has another thread", async () => {
  const code = `
    const answer = { keys: [], rows: [], groups: 0, scanned: 0, matched: 0, files: 0, skipped: [] };
    onmessage = ({ data: { query: { where } } }) => {
      if (where.text === "now") throw new Error("no luck");
      postMessage({ kind: "outcome", outcome: answer });
      if (where.text === "later") setTimeout(() => { throw new Error("no luck"); });
    };`;
  const url = URL.createObjectURL(new Blob([code]));
  const told: string[] = [];
  let started = 0;
  const startWorker = () => {
    started++;
    return new Worker(url, { type: "module" });
  };
  const warn = (reason: string) => void told.push(reason);
  const queue = new QueryQueue(30, () => [], warn, { startWorker });
  const ask = (text: string) => {
    const where = { text, timeZone: "local", files: {} };
    return queue.ask(() =>
      Promise.resolve({ keys: [], where, from: 0, to: 1, sort: "octets", limit: 1, source: [] })
    );
  };
  await ask("");
  await assertRejects(() => ask("now"), Error, "The query failed; the log says why");
  assertEquals([started, told], [1, ["query"]]);
  // This one ends while nobody asks.
  await ask("later");
  await until("it has ended", () => told.length === 2);
  await ask("");
  assertEquals(started, 3);
  assertEquals(Object.fromEntries(queue.results), { answered: 3, failed: 1 });
  queue.close();
  URL.revokeObjectURL(url);
});

Deno.test("a thread that ends again and again is started ever less often", async () => {
  const url = URL.createObjectURL(new Blob(["throw new Error('no luck')"]));
  const times: number[] = [];
  const told: string[] = [];
  const worker = new SupervisedThread({
    start: () => {
      times.push(performance.now());
      return new Worker(url, { type: "module" });
    },
    hear: () => {},
    begun: () => {},
    crashed: () => void told.push("crashed"),
    settled: () => void told.push("settled"),
  });
  worker.start();
  await until("it was started three times", () => times.length === 3);
  await until("that ended, too", () => told.length >= 6);
  worker.end();
  URL.revokeObjectURL(url);
  assertEquals(told.slice(0, 6), [
    "crashed",
    "settled",
    "crashed",
    "settled",
    "crashed",
    "settled",
  ]);
  // Timers may be late, never early.
  assert(times[1] - times[0] >= 500 && times[2] - times[1] >= 1000, times.join());
  assert(!worker.running && !worker.post({}));
});
