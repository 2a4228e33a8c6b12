import { assertEquals, assertStringIncludes } from "@std/assert";
import { openNotifier } from "./notify.ts";
import { type LogEntry, SampledLog } from "./sampled_log.ts";

/** Runs with variables of the environment, and gives what was logged. */
async function withVariables(
  variables: Record<string, string>,
  work: (log: SampledLog) => Promise<void> | void,
): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  try {
    await work(new SampledLog((entry) => entries.push(entry)));
  } finally {
    for (const name of Object.keys(variables)) Deno.env.delete(name);
  }
  return entries;
}

Deno.test({
  name: "openNotifier() sends to a Unix datagram socket",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/notify`;
    const manager = Deno.listenDatagram({ transport: "unixpacket", path });
    const variables = { NOTIFY_SOCKET: path, WATCHDOG_USEC: "30000000" };
    try {
      const logged = await withVariables(variables, async (log) => {
        const notifier = openNotifier(log)!;
        assertEquals(notifier.watchdogMs, 15_000);
        notifier.send("READY=1");
        const [bytes] = await manager.receive();
        assertEquals(new TextDecoder().decode(bytes), "READY=1");
        notifier.close();
      });
      assertEquals(logged, []);
    } finally {
      manager.close();
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "openNotifier() reaches an abstract socket",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    // Only another language's sockets can be abstract here.
    const name = `flowtools-test-${crypto.randomUUID()}`;
    const script = `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("\\0${name}")
print("ready", flush=True)
print(s.recv(99).decode(), flush=True)`;
    let python: Deno.ChildProcess;
    try {
      python = new Deno.Command("python3", { args: ["-c", script], stdout: "piped" }).spawn();
    } catch {
      console.log("skipped: there is no python3 to listen with");
      return;
    }
    const output = python.stdout.pipeThrough(new TextDecoderStream()).getReader();
    // A line may come in pieces.
    const line = async () => {
      let text = "";
      while (!text.endsWith("\n")) {
        const { value, done } = await output.read();
        if (done) break;
        text += value;
      }
      return text;
    };
    assertEquals(await line(), "ready\n");
    const logged = await withVariables({ NOTIFY_SOCKET: `@${name}` }, (log) => {
      const notifier = openNotifier(log)!;
      assertEquals(notifier.watchdogMs, undefined);
      notifier.send("STOPPING=1");
      notifier.close();
    });
    assertEquals(await line(), "STOPPING=1\n");
    assertEquals(logged, []);
    await output.cancel();
    await python.status;
  },
});

Deno.test("openNotifier() is silent where nobody asks", async () => {
  const logged = await withVariables({}, (log) => assertEquals(openNotifier(log), undefined));
  assertEquals(logged, []);
});

Deno.test({
  name: "openNotifier() logs what is no socket, and goes on",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const [wrong] = await withVariables({ NOTIFY_SOCKET: "vsock:2:1" }, (log) => {
      assertEquals(openNotifier(log), undefined);
    });
    assertStringIncludes(wrong.message, 'NOTIFY_SOCKET is "vsock:2:1"');
    const variables = { NOTIFY_SOCKET: "/nowhere/notify", WATCHDOG_USEC: "10", WATCHDOG_PID: "1" };
    const [gone] = await withVariables(variables, (log) => {
      const notifier = openNotifier(log)!;
      // The watchdog is for another process.
      assertEquals(notifier.watchdogMs, undefined);
      notifier.send("READY=1");
      notifier.close();
    });
    assertEquals(gone.message, "cannot send READY=1 to the service manager");
  },
});
