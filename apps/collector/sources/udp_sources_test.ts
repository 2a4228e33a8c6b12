/** Both UDP sources on real sockets. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { parseFlags } from "@flowtools/common/flags";
import { Burst, BurstSocket, loadBurstSockets } from "../../../scripts/load/burst_socket.ts";
import type { Log } from "../log.ts";
import { hasLibc, loadLibc } from "./libc.ts";
import { parseListener } from "./listeners.ts";
import { openSources, SourceError } from "./open_sources.ts";
import { readSourceSettings, SOURCE_OPTIONS } from "./options.ts";
import { RecvmmsgSource } from "./recvmmsg.ts";
import type { DatagramSource, Sender } from "./source.ts";

// They stay loaded, so they must not be loaded within a test that looks for leaks.
const libc = hasLibc() ? loadLibc() : undefined;
if (libc !== undefined) loadBurstSockets();
const KINDS = libc === undefined ? ["portable"] : ["portable", "recvmmsg"];

class TestLog implements Log {
  readonly lines: string[] = [];
  info(message: string): void {
    this.lines.push(message);
  }
  warn(reason: string, message: string): void {
    this.lines.push(`${reason}: ${message}`);
  }
}

interface Received {
  readonly text: string;
  readonly sender: Sender;
}

async function open(kind: string, listener: string, ...flags: string[]): Promise<DatagramSource> {
  const args = parseFlags(["--source", kind, ...flags, listener], SOURCE_OPTIONS);
  const [source] = await openSources(readSourceSettings(args), new TestLog());
  return source;
}

/** Runs a source until so many datagrams have come, or until `send` is done where none are awaited. */
async function receive(
  source: DatagramSource,
  count: number,
  send: (port: number) => Promise<unknown>,
): Promise<Received[]> {
  const received: Received[] = [];
  let enough = () => {};
  const all = new Promise<void>((resolve) => enough = resolve);
  const running = source.run({
    datagram(view, offset, length, sender) {
      const bytes = new Uint8Array(view.buffer, view.byteOffset + offset, length);
      received.push({ text: new TextDecoder().decode(bytes), sender });
      if (received.length === count) enough();
    },
  });
  await send(source.port!);
  if (count > 0) await all;
  source.close();
  await running;
  return received;
}

async function sendTexts(
  texts: readonly string[],
  hostname: string,
  port: number,
  from = hostname,
): Promise<number> {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: from, port: 0 });
  for (const text of texts) {
    await socket.send(new TextEncoder().encode(text), { transport: "udp", hostname, port });
  }
  const bound = (socket.addr as Deno.NetAddr).port;
  socket.close();
  return bound;
}

const HERE = "127.0.0.1";

const hasIPv6 = (() => {
  try {
    Deno.listenDatagram({ transport: "udp", hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
})();

for (const kind of KINDS) {
  Deno.test(`${kind}: datagrams come whole, in order, with their sender`, async () => {
    const source = await open(kind, "127.0.0.1:0");
    assertStringIncludes(source.description, `udp 127.0.0.1:${source.port} (${kind}`);
    const texts = ["one", "", "x".repeat(9000), "last"];
    let from = 0;
    const received = await receive(source, texts.length, async (port) => {
      from = await sendTexts(texts, HERE, port);
    });
    assertEquals(received.map(({ text }) => text), texts);
    for (const { sender } of received) {
      assertEquals(sender, { address: 0x7f000001, port: from, name: HERE });
      assert(sender === received[0].sender, "the same sender is the same object");
    }
    assertEquals(source.counters().truncated, 0);
    assertEquals(source.counters().errors, 0);
  });

  Deno.test({
    name: `${kind}: IPv6`,
    ignore: !hasIPv6,
    fn: async () => {
      const source = await open(kind, "[::1]:0");
      const received = await receive(source, 1, (port) => sendTexts(["six"], "::1", port));
      assertEquals(received[0].sender.name, "::1");
      assertEquals(received[0].sender.address, Uint8Array.of(...Array(15).fill(0), 1));
    },
  });

  Deno.test({
    name: `${kind}: a listener on any address takes both families, and IPv4 as IPv4`,
    ignore: !hasIPv6,
    fn: async () => {
      const source = await open(kind, ":0");
      const received = await receive(source, 2, async (port) => {
        await sendTexts(["four"], HERE, port);
        await sendTexts(["six"], "::1", port);
      });
      const names = received.map(({ text, sender }) => `${text} ${sender.name}`).toSorted();
      assertEquals(names, ["four 127.0.0.1", "six ::1"]);
      assert(received.some(({ sender }) => sender.address === 0x7f000001));
    },
  });

  Deno.test(`${kind}: close() gives what has arrived before, and ends the run`, async () => {
    const source = await open(kind, "127.0.0.1:0");
    // Sent before the run starts, and closed right behind its start.
    await sendTexts(Array(20).fill("early"), HERE, source.port!);
    const received = await receive(source, 0, () => Promise.resolve());
    assertEquals(received.length, 20);
    source.close();
  });

  Deno.test(`${kind}: a source that never ran can be closed`, async () => {
    const source = await open(kind, "127.0.0.1:0");
    source.close();
    source.close();
    assertEquals(source.counters().errors, 0);
  });

  Deno.test(`${kind}: the notation LOCALIP/REMOTEIP/PORT names the only sender`, async () => {
    const source = await open(kind, "127.0.0.1/127.0.0.9/0");
    assertEquals(source.only, 0x7f000009);
    source.close();
  });

  Deno.test(`${kind}: a port that is taken is a clear error, and nothing stays open`, async () => {
    const taken = Deno.listenDatagram({ transport: "udp", hostname: HERE, port: 0 });
    const { port } = taken.addr as Deno.NetAddr;
    const args = parseFlags(
      ["--source", kind, "127.0.0.1:0", `127.0.0.1:${port}`],
      SOURCE_OPTIONS,
    );
    await assertRejects(
      () => openSources(readSourceSettings(args), new TestLog()),
      SourceError,
      `Cannot listen on udp 127.0.0.1:${port}: `,
    );
    taken.close();
  });

  Deno.test(`${kind}: an address of another machine is a clear error`, async () => {
    await assertRejects(
      () => open(kind, "192.0.2.77:0"),
      SourceError,
      "Cannot listen on udp 192.0.2.77:0: ",
    );
  });
}

Deno.test({
  name: "recvmmsg: what the kernel drops is counted exactly",
  ignore: libc === undefined,
  fn: async () => {
    const source = await open("recvmmsg", "127.0.0.1:0", "--receive-buffer", "4K");
    const sent = 2000;
    // Nobody receives yet, so most do not fit.
    await sendTexts(Array(sent).fill("y".repeat(500)), HERE, source.port!);
    const received = await receive(source, 0, () => Promise.resolve());
    const { kernelDrops } = source.counters();
    assert(kernelDrops !== undefined && kernelDrops > 0);
    assertEquals(received.length + kernelDrops, sent);
  },
});

Deno.test({
  name: "recvmmsg: a flood that never ends keeps no timer waiting, and close() ends it",
  ignore: libc === undefined,
  fn: async () => {
    const source = await open("recvmmsg", "127.0.0.1:0", "--receive-buffer", "1M");
    const socket = new BurstSocket(HERE, HERE, source.port!);
    // As many as one call receives; each is sent again when it comes, so there are always more.
    const count = 256;
    const burst = new Burst(Array.from({ length: count }, () => new Uint8Array(100)));
    for (let sent = 0; sent < count;) sent += socket.send(burst, sent, count - sent);
    const sentMax = 1_000_000;
    let sent = count;
    let received = 0;
    let closed = false;
    await source.run({
      datagram() {
        if (received++ === 0) {
          setTimeout(() => {
            source.close();
            closed = true;
          }, 0);
        }
        if (!closed && sent < sentMax) sent += socket.send(burst, 0, 1);
      },
    });
    socket.close();
    assert(closed && sent < sentMax, `${sent} datagrams came before the timer had its turn`);
    assertEquals(received, sent);
  },
});

Deno.test({
  name: "recvmmsg: a datagram that is too long is given cut, and counted",
  ignore: libc === undefined,
  fn: async () => {
    const settings = { receiveBuffer: 1 << 20, reusePort: false, datagramBytes: 100 };
    const source = new RecvmmsgSource(libc!, parseListener("127.0.0.1:0"), settings, new TestLog());
    const texts = ["a".repeat(100), "b".repeat(101), "c"];
    const received = await receive(source, 3, (port) => sendTexts(texts, HERE, port));
    assertEquals(received.map(({ text }) => text), [texts[0], "b".repeat(100), "c"]);
    assertEquals(source.counters().truncated, 1);
  },
});

Deno.test({
  name: "recvmmsg: memory that only C structures point to survives garbage collection",
  ignore: libc === undefined,
  fn: async () => {
    const source = await open("recvmmsg", "127.0.0.1:0");
    const texts = Array.from({ length: 600 }, (_, index) => `${index} `.repeat(50));
    const received = await receive(source, texts.length, async (port) => {
      for (let at = 0; at < texts.length; at += 60) {
        await sendTexts(texts.slice(at, at + 60), HERE, port);
        // Garbage enough that the collector of it runs, old generation included.
        for (let i = 0; i < 40; i++) new Uint8Array(1 << 20).fill(i);
      }
    });
    assertEquals(received.map(({ text }) => text), texts);
  },
});

Deno.test({
  name: "recvmmsg: two sockets share a port with --reuse-port, and every datagram comes once",
  ignore: libc === undefined,
  fn: async () => {
    const first = await open("recvmmsg", "127.0.0.1:0", "--reuse-port");
    const second = await open("recvmmsg", `127.0.0.1:${first.port}`, "--reuse-port");
    for (let i = 0; i < 50; i++) await sendTexts([String(i)], HERE, first.port!);
    const received = [
      ...await receive(first, 0, () => Promise.resolve()),
      ...await receive(second, 0, () => Promise.resolve()),
    ];
    assertEquals(
      received.map(({ text }) => Number(text)).toSorted((a, b) => a - b),
      [...Array(50).keys()],
    );
  },
});

for (const kind of KINDS) {
  const group = "239.77.7.7";
  // Linux sends to a group through the interface that has the address of the sender.
  Deno.test({
    name: `${kind}: multicast on the loopback interface`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      const source = await open(kind, `${group}%lo:0`);
      const received = await receive(source, 1, (port) => sendTexts(["group"], group, port, HERE));
      assertEquals(received.map(({ text }) => text), ["group"]);
      assertEquals(received[0].sender.name, HERE);
    },
  });
}

Deno.test({
  name: "recvmmsg: a group and its sender are joined source-specific",
  ignore: libc === undefined,
  fn: async () => {
    const group = "232.7.7.7";
    const source = await open("recvmmsg", `${HERE}/${group}%lo/0`);
    assertEquals(source.only, 0x7f000001);
    const received = await receive(source, 1, async (port) => {
      await sendTexts(["another sender"], group, port, "127.0.0.5");
      await sendTexts(["the sender"], group, port, HERE);
    });
    assertEquals(received.map(({ text }) => text), ["the sender"]);
  },
});

Deno.test("openSources() says which source it chose, and why", async () => {
  const log = new TestLog();
  const args = parseFlags(["127.0.0.1:0"], SOURCE_OPTIONS);
  const [source] = await openSources(readSourceSettings(args), log);
  const kind = libc === undefined ? "portable" : "recvmmsg";
  assert(log.lines.includes(`listening on ${source.description}`));
  assertStringIncludes(source.description, `(${kind}`);
  source.close();
});
