/** What the collector's web part lets in, and what it does not: strangers, faults, crowds. */
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { parseFlags, UsageError } from "@flowtools/common/flags";
import { PIPELINE_OPTIONS } from "../apps/collector/pipeline/options.ts";
import { LIVE_MESSAGES_MAX, URL_LENGTH_MAX } from "../apps/collector/web/limits.ts";
import { startWeb, WEB_OPTIONS, webSettings } from "../apps/collector/web/mod.ts";
import {
  batchOf,
  type Fed,
  feed,
  flow,
  MemoryLog,
  settings,
  snapshot,
  until,
} from "./collector_web_feeder.ts";

const TOKEN = "a-token-that-is-long-enough";

function read(...args: string[]) {
  return webSettings(parseFlags(args, WEB_OPTIONS), { directory: undefined, version: "0.0.0" });
}

/** A file that is gone at the end. */
class TokenFile implements Disposable {
  readonly path = Deno.makeTempFileSync();
  constructor(text: string) {
    Deno.writeTextFileSync(this.path, text);
  }
  [Symbol.dispose](): void {
    Deno.removeSync(this.path);
  }
}

/** Sends bytes as they are. Gives what comes back until the other end closes. */
async function raw(web: Fed, request: string): Promise<string> {
  using connection = await connect(web);
  await writeAll(connection, request);
  return await new Response(connection.readable).text();
}

async function connect(web: Fed): Promise<Deno.TcpConn> {
  const { hostname, port } = new URL(web.url);
  return await Deno.connect({ hostname, port: Number(port) });
}

async function writeAll(connection: Deno.TcpConn, text: string): Promise<void> {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(await connection.write(bytes));
}

async function statusOf(response: Promise<Response>): Promise<number> {
  const { status, body } = await response;
  await body?.cancel();
  return status;
}

Deno.test("addresses of --http", () => {
  const place = (...args: string[]) => {
    const { hostname, port, loopback } = read(...args)!;
    return [hostname, port, loopback];
  };
  assertEquals(place(), ["127.0.0.1", 9990, true]);
  assertEquals(place("--http", "9000"), ["127.0.0.1", 9000, true]);
  assertEquals(place("--http", ":9000"), ["127.0.0.1", 9000, true]);
  assertEquals(place("--http", "[::1]:80"), ["::1", 80, true]);
  assertEquals(place("--http", "localhost:1"), ["localhost", 1, true]);
  assertEquals(place("--http", "127.9.9.9:1"), ["127.9.9.9", 1, true]);
  assertEquals(place("--http", "0.0.0.0:1", "--http-insecure"), ["0.0.0.0", 1, false]);
  assertEquals(read("--http", "off"), undefined);
  for (const wrong of ["host", "host:", "::1:80", "host:65536", "host:80:90", "a b:80", "[x]:1"]) {
    assertThrows(() => read("--http", wrong), UsageError, `--http is "${wrong}", expected`);
  }
});

Deno.test("words in filters of queries mean what they mean in the collector's own", () => {
  const flags = [...WEB_OPTIONS, ...PIPELINE_OPTIONS];
  const files = (...args: string[]) =>
    webSettings(parseFlags(args, flags), { directory: undefined, version: "" })!.whereFiles;
  const none = { filterFile: undefined, variables: new Map(), symbols: undefined };
  assertEquals(read()!.whereFiles, none);
  assertEquals(files("-f", "-"), none);
  assertEquals(files("-f", "a.cfg", "--variable", "NET=10/8", "--symbols", "sym"), {
    filterFile: "a.cfg",
    variables: new Map([["NET", "10/8"]]),
    symbols: "sym",
  });
});

Deno.test("an address that others can reach is refused without a token", () => {
  for (const address of ["0.0.0.0:9990", "[::]:9990", "192.0.2.1:1", "localhost.example:1"]) {
    assertThrows(() => read("--http", address), UsageError, "which others can reach");
    assertThrows(() => read("--http", address), UsageError, "--http-token-file FILE");
  }
  using file = new TokenFile(`${TOKEN}\n`);
  assertEquals(read("--http", "0.0.0.0:1", "--http-token-file", file.path)?.token, TOKEN);
  using short = new TokenFile("short");
  assertThrows(() => read("--http-token-file", short.path), UsageError, "expected at least 16");
  using lines = new TokenFile("a token of several words, though long");
  assertThrows(() => read("--http-token-file", lines.path), UsageError, "without spaces");
  assertThrows(() => read("--http-token-file", "/nowhere"), UsageError, "cannot be read");
});

Deno.test("an address that is taken is said", async () => {
  await using first = await feed();
  const port = Number(new URL(first.url).port);
  let message = "";
  try {
    await startWeb(settings({ port }), new MemoryLog());
  } catch (error) {
    message = error instanceof Error ? error.message : "";
  }
  assertEquals(
    message,
    `Cannot serve the web page on 127.0.0.1 port ${port}: somebody else listens there`,
  );
});

Deno.test("every answer forbids what it can, and nothing of another site is let in", async () => {
  await using web = await feed();
  for (const path of ["/", "/assets/app.js", "/api/v1/status", "/metrics", "/nothing", "/login"]) {
    const { headers, body } = await web.get(path, { headers: { origin: "http://evil.example" } });
    await body?.cancel();
    const policy = headers.get("content-security-policy") ?? "";
    assertStringIncludes(policy, "default-src 'self'");
    assertStringIncludes(policy, "frame-ancestors 'none'");
    assert(!policy.includes("unsafe"));
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    assertEquals(headers.get("referrer-policy"), "no-referrer");
    assertEquals(headers.get("access-control-allow-origin"), null);
  }
  const page = await (await web.get("/")).text();
  assertEquals(/<script(?![^>]*src=)|<style|\son\w+=|\sstyle=|javascript:/.exec(page), null);
  const from = (site: string, mode: string) =>
    statusOf(
      web.get("/api/v1/status", { headers: { "sec-fetch-site": site, "sec-fetch-mode": mode } }),
    );
  assertEquals(await from("cross-site", "no-cors"), 403);
  assertEquals(await from("same-site", "cors"), 403);
  assertEquals(await from("same-origin", "cors"), 200);
  assertEquals(await from("cross-site", "navigate"), 200);
});

Deno.test("on loopback only the names of this host are answered to", async () => {
  await using web = await feed();
  const { port } = new URL(web.url);
  const status = async (host: string) => {
    const answer = await raw(
      web,
      `GET /api/v1/status HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`,
    );
    return Number(/^HTTP\/1.1 (\d+)/.exec(answer)?.[1]);
  };
  for (const host of [`127.0.0.1:${port}`, "127.0.0.1", `localhost:${port}`, `[::1]:${port}`]) {
    assertEquals(await status(host), 200, host);
  }
  for (
    const host of ["evil.example", `evil.example:${port}`, "127.0.0.1.evil.example", "10.0.0.1"]
  ) {
    assertEquals(await status(host), 421, host);
  }
});

Deno.test("with a token only those who have it see anything", async () => {
  await using web = await feed({ token: TOKEN, loopback: false });
  web.publish(snapshot());
  const guarded = [
    "/api/v1/status",
    "/api/v1/live",
    "/metrics",
    "/api/v1/openapi.json",
    "/nothing",
  ];
  for (const path of guarded) {
    assertEquals(await statusOf(web.get(path)), 401, path);
    for (const token of ["", "x", `${TOKEN}x`, TOKEN.slice(1), TOKEN.toUpperCase()]) {
      const headers = { authorization: `Bearer ${token}` };
      assertEquals(await statusOf(web.get(path, { headers })), 401, path);
    }
    assertEquals(await statusOf(web.get(`${path}?token=${TOKEN}`)), 401, path);
    if (path === "/nothing") continue;
    const headers = { authorization: `Bearer ${TOKEN}` };
    assertEquals(await statusOf(web.get(path, { headers })), 200, path);
  }
  for (const path of ["/healthz", "/readyz"]) {
    await until(path, async () => await statusOf(web.get(path)) === 200);
  }
  const page = await web.get("/", { redirect: "manual" });
  await page.body?.cancel();
  assertEquals([page.status, page.headers.get("location")], [303, "/login"]);

  const login = (token: string, headers: Record<string, string> = {}) =>
    web.get("/login", {
      method: "POST",
      body: new URLSearchParams({ token }),
      headers,
      redirect: "manual",
    });
  const wrong = await login("wrong");
  assertEquals([wrong.status, wrong.headers.get("set-cookie")], [401, null]);
  assertStringIncludes(await wrong.text(), "not the right one");
  assertEquals(await statusOf(login(TOKEN, { "sec-fetch-site": "cross-site" })), 403);
  const right = await login(TOKEN);
  await right.body?.cancel();
  assertEquals([right.status, right.headers.get("location")], [303, "/"]);
  const cookie = right.headers.get("set-cookie") ?? "";
  assertMatch(cookie, /; HttpOnly; SameSite=Strict$/);
  assert(!cookie.includes(TOKEN));
  const [pair] = cookie.split(";");
  assertEquals(await statusOf(web.get("/", { headers: { cookie: pair } })), 200);
  for (const cookie of [`${pair}0`, pair.slice(0, -1), "flowtools_session="]) {
    assertEquals(await statusOf(web.get("/metrics", { headers: { cookie } })), 401);
  }
  assert(!web.log.lines.join("\n").includes(TOKEN));
});

Deno.test("other methods, long addresses and large bodies are refused", async () => {
  await using web = await feed({ token: TOKEN });
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
    const response = await web.get("/api/v1/status", { method });
    await response.body?.cancel();
    assertEquals([response.status, response.headers.get("allow")], [405, "GET, HEAD"]);
  }
  const head = await web.get("/", { method: "HEAD", redirect: "manual" });
  assertEquals([head.status, await head.text()], [303, ""]);
  assertEquals(await statusOf(web.get(`/${"x".repeat(URL_LENGTH_MAX)}`)), 414);
  const body = `token=${"x".repeat(100_000)}`;
  assertEquals(await statusOf(web.get("/login", { method: "POST", body })), 413);
});

Deno.test("requests that are broken, cut off or too large do no harm", async () => {
  await using web = await feed({ token: TOKEN });
  const { host } = new URL(web.url);
  const answers = await Promise.all([
    raw(web, "GARBAGE\r\n\r\n"),
    raw(web, "GET / HTTP/9.9\r\n\r\n"),
    raw(web, "\0\0\0\0\r\n\r\n"),
    raw(web, `GET /\x01 HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`),
    raw(
      web,
      `GET /%zz/api/v1/files/%zz HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`,
    ),
    // Headers of a megabyte.
    raw(web, `GET / HTTP/1.1\r\nhost: ${host}\r\nx: ${"y".repeat(1 << 20)}\r\n\r\n`).catch(String),
    // More headers than anybody has.
    raw(web, `GET / HTTP/1.1\r\nhost: ${host}\r\n${"a: b\r\n".repeat(5_000)}\r\n`).catch(String),
  ]);
  for (const answer of answers) assert(!answer.startsWith("HTTP/1.1 200"), answer.slice(0, 100));
  // Cut off in the middle of the address, of a header, of a body, of chunks.
  for (
    const request of [
      "GET /api/v1/sta",
      `GET / HTTP/1.1\r\nhost: ${host}\r\nx-half`,
      `POST /login HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 1000\r\n\r\ntoken=abc`,
      `POST /login HTTP/1.1\r\nhost: ${host}\r\ntransfer-encoding: chunked\r\n\r\n5\r\ntok`,
    ]
  ) {
    using connection = await connect(web);
    await writeAll(connection, request);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assertEquals(await statusOf(web.get("/healthz")), 200);
});

Deno.test("500 slow clients keep nobody from receiving, or from the page", async () => {
  await using web = await feed({ liveClients: 20 });
  const { host } = new URL(web.url);
  const crowd: Deno.TcpConn[] = [];
  try {
    for (let index = 0; index < 500; index++) {
      const connection = await connect(web);
      crowd.push(connection);
      // Some never finish their request, some never read the answer, some listen for ever.
      const requests = [
        `GET /api/v1/status HTTP/1.1\r\nhost: ${host}\r\nx-slow: `,
        `GET /api/v1/openapi.json HTTP/1.1\r\nhost: ${host}\r\n\r\n`.repeat(50),
        `GET /api/v1/live HTTP/1.1\r\nhost: ${host}\r\n\r\n`,
        `POST /api/v1/status HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 99999\r\n\r\nx`,
      ];
      await writeAll(connection, requests[index % requests.length]);
    }
    let given = 0;
    for (let round = 0; round < 20; round++) {
      web.sink.write(batchOf(Array.from({ length: 50 }, () => flow({ dOctets: 10 }))));
      given += 50;
      web.publish(snapshot({ packets: round + 1 }));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assertEquals(web.sink.counters.given, given);
    await until("all flows are in the tables", async () => {
      return (await web.json("/api/v1/top?by=protocol&minutes=5")).total.flows === given;
    });
    assertEquals(await statusOf(web.get("/")), 200);
    const { live } = await web.json("/api/v1/status");
    // No more than are let in, of the 125 that wanted to.
    assertEquals(live.clients, 20);
    assertEquals(await statusOf(web.get("/api/v1/live")), 503);
    assert(web.sink.counters.queued <= LIVE_MESSAGES_MAX * 50);
  } finally {
    for (const connection of crowd) connection.close();
  }
  await until("the listeners are forgotten", async () => {
    return (await web.json("/api/v1/status")).live.clients === 0;
  });
});

/** The nice values of the threads of this process, which Linux tells of each. */
function threadsByNiceness(): number[] {
  return [...Deno.readDirSync("/proc/self/task")].map(({ name }) => {
    const stat = Deno.readTextFileSync(`/proc/self/task/${name}/stat`);
    // Field 19; the name of the thread, field 2, stands in parentheses.
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
  });
}

Deno.test({
  name: "the threads of the page and of queries let the others come first",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const nice = () => threadsByNiceness().filter((value) => value === 10).length;
    // Threads of tests before this one may take a moment to end.
    await until("no thread is nice", () => nice() === 0);
    await using web = await feed();
    assertEquals(nice(), 1);
    assertEquals(await statusOf(web.get("/api/v1/query?source=live")), 200);
    assertEquals(nice(), 2);
  },
});

Deno.test("live events tell how the collector is, each second", async () => {
  await using web = await feed();
  web.publish(snapshot({ packets: 3 }));
  await until("it is there", async () => {
    return (await web.json("/api/v1/status")).health.state === "receiving";
  });
  const response = await web.get("/api/v1/live");
  assertMatch(response.headers.get("content-type") ?? "", /^text\/event-stream/);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (text.split("data: ").length < 4) text += (await reader.read()).value;
  await reader.cancel();
  const events = text.split("\n\n").filter((part) => part.startsWith("data: "))
    .map((part) => JSON.parse(part.slice(6)));
  assert(events[2].at > events[0].at);
  assertEquals(events[0].health.state, "receiving");
  const scaled = ["scaledBits", "scaledPackets"];
  assertEquals(Object.keys(events[0].rates), ["bits", "packets", ...scaled, "flows", "datagrams"]);
});
