import { assertEquals } from "@std/assert";
import { type SignalHandlers, SignalListener } from "./signals.ts";

/** Handlers that note what they are asked for. */
function noting(): SignalHandlers & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    stop: (signal) => asked.push(`stop ${signal}`),
    abort: (signal) => asked.push(`abort ${signal}`),
    hangup: () => asked.push("hangup"),
  };
}

async function signal(...signals: Deno.Signal[]): Promise<void> {
  for (const it of signals) Deno.kill(Deno.pid, it);
  await new Promise((resolve) => setTimeout(resolve, 100));
}

const ignore = Deno.build.os === "windows";

Deno.test({
  name: "SignalListener keeps the signals of a start until somebody handles them",
  ignore,
  fn: async () => {
    const exits: number[] = [];
    using listener = new SignalListener((code) => exits.push(code));
    await signal("SIGHUP", "SIGQUIT");
    const handlers = noting();
    listener.handle(handlers);
    assertEquals(handlers.asked, ["hangup", "stop SIGQUIT"]);
    assertEquals(exits, []);
  },
});

Deno.test({
  name: "SignalListener takes signals that come together for one request, a later one for another",
  ignore,
  fn: async () => {
    using listener = new SignalListener(() => {});
    const handlers = noting();
    listener.handle(handlers);
    await signal("SIGHUP");
    await signal("SIGHUP");
    await signal("SIGTERM");
    await signal("SIGTERM");
    assertEquals(handlers.asked, ["hangup", "hangup", "stop SIGTERM"]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await signal("SIGQUIT");
    assertEquals(handlers.asked.at(-1), "abort SIGQUIT");
  },
});

Deno.test({
  name: "SignalListener ends a start that hangs when it is asked for the second time",
  ignore,
  fn: async () => {
    const exits: number[] = [];
    using _listener = new SignalListener((code) => exits.push(code));
    await signal("SIGTERM");
    await new Promise((resolve) => setTimeout(resolve, 500));
    assertEquals(exits, []);
    await signal("SIGTERM");
    assertEquals(exits, [1]);
  },
});
