import { assertEquals, assertStringIncludes } from "@std/assert";
import { type LifeCycleOptions, live, type Subject } from "./life_cycle.ts";
import { type LogEntry, SampledLog } from "./sampled_log.ts";
import type { SignalHandlers } from "./signals.ts";
import type { CollectorSnapshot } from "./snapshot.ts";

const SNAPSHOT: CollectorSnapshot = {
  at: 1_700_000_000_000,
  startedAt: 1_699_999_000_000,
  sources: [{ description: "udp", kernelDrops: 4, truncated: 0, errors: 0 }],
  packets: 12,
  bytes: 0,
  flows: 340,
  octets: 0,
  flowPackets: 0,
  notAllowed: 2,
  malformed: { "short-datagram": 3 },
  sequence: { lost: 30, reordered: 0, duplicate: 1, reset: 0 },
  exporters: [],
  exportersForgotten: 0,
  exportersExpired: 0,
  sinks: [{
    name: "files",
    given: 340,
    done: 300,
    queued: 0,
    filtered: 20,
    dropped: { "queue-full": 20 },
  }],
};

/** What `SNAPSHOT` is in the last line of a log. */
const FACTS = {
  packets: 12,
  flows: 340,
  lost: 30,
  duplicate: 1,
  "kernel-drops": 4,
  "not-allowed": 2,
  "malformed-short-datagram": 3,
  "files-done": 300,
  "files-filtered": 20,
  "files-dropped-queue-full": 20,
};

/** A program that lives until it is told to stop, and what it did. */
class Life implements Subject {
  readonly entries: LogEntry[] = [];
  readonly exits: number[] = [];
  readonly log = new SampledLog((entry) => this.entries.push(entry));
  stops = 0;
  signals!: SignalHandlers;
  readonly #end = Promise.withResolvers<void>();
  readonly #stubborn: boolean;

  /** @param stubborn Goes on when it is told to stop */
  constructor(stubborn: boolean = false) {
    this.#stubborn = stubborn;
  }

  start(options: Partial<LifeCycleOptions> = {}): Promise<number> {
    return live(this, {
      log: this.log,
      program: "flow-capture",
      statMinutes: 0,
      localAddress: "127.0.0.1",
      drainSeconds: 10,
      signals: { handle: (handlers) => this.signals = handlers },
      exit: (code) => this.exits.push(code),
      ...options,
    });
  }

  run(): Promise<void> {
    return this.#end.promise;
  }

  stop(): void {
    this.stops++;
    if (!this.#stubborn) this.#end.resolve();
  }

  fail(error: Error): void {
    this.#end.reject(error);
  }

  snapshot(): CollectorSnapshot {
    return SNAPSHOT;
  }

  get messages(): string[] {
    return this.entries.map(({ message }) => message);
  }
}

Deno.test("live() ends on a signal, and its last line is a summary of everything", async () => {
  const life = new Life();
  const ended = life.start();
  for (let at = 0; at < 5; at++) life.log.warn("malformed", `packet ${at}`);
  life.signals.stop("SIGTERM");
  assertEquals(await ended, 0);
  assertEquals(life.messages.slice(3), [
    "stopping: SIGTERM",
    '2 more of "malformed" were not logged',
    "stopped",
  ]);
  assertEquals(life.entries.at(-1)?.facts, FACTS);
});

Deno.test("live() exits at once on a further signal", async () => {
  const life = new Life(true);
  void life.start({ drainSeconds: 0 });
  life.signals.stop("SIGTERM");
  life.signals.abort("SIGINT");
  assertEquals(life.exits, [1]);
  assertEquals(life.messages.at(-1), "SIGINT came again: ending at once");
  assertEquals(life.entries.at(-1)?.facts, FACTS);
  // The doubled exit does not end this process, the bound of the drain does end the life.
  await new Promise((resolve) => setTimeout(resolve, 1100));
});

Deno.test("live() does not wait for the queues beyond the bound, and says so by its code", async () => {
  const life = new Life(true);
  const ended = life.start({ drainSeconds: 0 });
  life.signals.stop("SIGTERM");
  assertEquals(await ended, 1);
  assertEquals(life.messages.at(-1), "stopped after 0 s with work left undone");
  assertEquals(life.entries.at(-1)?.facts, FACTS);
});

Deno.test("live() gives 1 where the program fails, 0 where it ends by itself", async () => {
  const failing = new Life();
  const failed = failing.start();
  failing.fail(new Error("the socket is gone"));
  assertEquals(await failed, 1);
  assertEquals(failing.messages, ["cannot go on: the socket is gone", "stopped"]);
  const ending = new Life();
  const ended = ending.start();
  ending.stop();
  assertEquals(await ended, 0);
});

Deno.test("live() ends with its output: in peace where nobody reads it, with 1 where it fails", async () => {
  const left = new Life();
  assertEquals(await left.start({ outputEnd: Promise.resolve(undefined) }), 0);
  assertEquals(left.messages[0], "stopping: the output has come to its end");
  const full = new Life();
  assertEquals(await full.start({ outputEnd: Promise.resolve("the disk is full") }), 1);
  assertEquals(full.messages[0], "the disk is full");
});

Deno.test("live() does on SIGHUP what there is to do, and goes on where that fails", async () => {
  const life = new Life();
  let hangups = 0;
  const ended = life.start({
    hangup: () => ++hangups === 1 ? Promise.resolve() : Promise.reject(new Error("no such file")),
  });
  life.signals.hangup();
  life.signals.hangup();
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals([hangups, life.stops], [2, 0]);
  assertEquals(life.messages, ["SIGHUP", "SIGHUP", "SIGHUP: no such file"]);
  life.signals.stop("SIGQUIT");
  assertEquals(await ended, 0);
  const without = new Life();
  const hungUp = without.start();
  without.signals.hangup();
  assertEquals(await hungUp, 0);
  assertEquals(without.messages[0], "stopping: SIGHUP");
});

Deno.test("live() publishes a snapshot each second", async () => {
  const life = new Life();
  let published = 0;
  const ended = life.start({
    publish: (snapshot) => {
      assertEquals(snapshot, SNAPSHOT);
      if (++published === 2) life.signals.stop("SIGTERM");
    },
  });
  assertEquals(await ended, 0);
  assertEquals(published, 2);
});

Deno.test({
  name: "live() tells the service manager how it is, from the start to the end",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/notify`;
    const manager = Deno.listenDatagram({ transport: "unixpacket", path });
    const heard: string[] = [];
    const hear = async (count: number) => {
      while (heard.length < count) {
        heard.push(new TextDecoder().decode((await manager.receive())[0]));
      }
    };
    Deno.env.set("NOTIFY_SOCKET", path);
    Deno.env.set("WATCHDOG_USEC", "400000");
    try {
      const life = new Life();
      const ended = life.start();
      // It is ready, alive after 200 ms and after 400.
      await hear(3);
      life.signals.stop("SIGTERM");
      assertEquals(await ended, 0);
      await hear(4);
    } finally {
      Deno.env.delete("NOTIFY_SOCKET");
      Deno.env.delete("WATCHDOG_USEC");
      manager.close();
      await Deno.remove(folder, { recursive: true });
    }
    assertEquals(heard.slice(0, 3), ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]);
    assertStringIncludes(heard.slice(3).join("\n"), "STOPPING=1");
  },
});
