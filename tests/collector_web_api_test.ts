/** The API of the collector: its answers against its own document, and against what was fed. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Schema, Validator } from "@cfworker/json-schema";
import { FlowSchema } from "@flowtools/flow-model";
import { FlowSet } from "@flowtools/flowset";
import { createIpfixCodec } from "@flowtools/netflow-pdu";
import type { KnownSession } from "../apps/collector/exporters.ts";
import type { CollectorSnapshot } from "../apps/collector/snapshot.ts";
import { loadQueryWhere, WHERE_EXAMPLES } from "../apps/collector/web/query/where.ts";
import { QUERY_KEYS } from "../apps/collector/web/query/query.ts";
import {
  batchOf,
  exporter,
  type Fed,
  feed,
  flow,
  snapshot,
  until,
} from "./collector_web_feeder.ts";
import { parseExposition } from "./exposition_format.ts";
import { flowtools } from "./programs.ts";

/** A snapshot in which every number is another one. */
const BUSY: CollectorSnapshot = snapshot({
  packets: 1_001,
  bytes: 1_002,
  flows: 1_003,
  octets: 1_004,
  flowPackets: 1_005,
  notAllowed: 1_006,
  malformed: { "short-packet": 1_007, "no-codec": 1_008 },
  sequence: { lost: 1_009, reordered: 1_010, duplicate: 1_011, reset: 1_012 },
  exportersForgotten: 1_013,
  exportersExpired: 0,
  sources: [
    { description: "recvmmsg 127.0.0.1:9991", kernelDrops: 1_014, truncated: 1_015, errors: 1_016 },
    { description: 'a "strange"\\name\n', kernelDrops: null, truncated: 1_017, errors: 1_018 },
  ],
  sinks: [
    {
      name: "files",
      given: 1_019,
      done: 1_020,
      queued: 1_021,
      filtered: 1_022,
      dropped: { disk: 1_023, "queue-full": 1_024 },
      errors: { ENOSPC: 1_037 },
    },
  ],
  forwarders: [
    {
      name: "198.51.100.9:9995",
      given: 1_038,
      done: 1_039,
      queued: 1_040,
      filtered: 1_041,
      dropped: { "queue-full": 1_042 },
      errors: { ENOBUFS: 1_043 },
    },
  ],
  exporters: [
    exporter({
      address: "2001:db8::7",
      packets: 1_025,
      flows: 1_026,
      octets: 1_027,
      malformed: 1_028,
      sequence: { lost: 1_029, reordered: 1_030, duplicate: 1_031, reset: 1_032 },
      sampling: 1_033,
      packetRate: 1_034,
      flowRate: 1_035,
      source: 1_036,
      lastSeen: Date.now(),
    }),
    exporter({ version: "8.1", lastSeen: Date.now() - 3_600_000 }),
  ],
});

/** Every number from 1001 to 1043 but the ones given. */
function busyNumbers(...without: number[]): number[] {
  return Array.from({ length: 43 }, (_, index) => 1_001 + index)
    .filter((number) => !without.includes(number));
}

/** A directory with two files of flow-capture's names, one of them compressed. */
class FlowDirectory implements AsyncDisposable {
  readonly path = Deno.makeTempDirSync();
  readonly flows = Array.from({ length: 400 }, (_, index) =>
    flow({
      unix_secs: 1_767_268_800 + index,
      srcaddr: `10.0.0.${index % 10}`,
      dstaddr: `192.0.2.${index % 3}`,
      dstport: index % 4 === 0 ? 53 : 443,
      prot: index % 4 === 0 ? 17 : 6,
      dOctets: 100 + index,
      dPkts: 1 + index % 7,
    }));
  readonly names = [
    "2026/2026-01/2026-01-01/ft-v05.2026-01-01.120000+0000",
    "2026/2026-01/2026-01-01/ft-v05.2026-01-01.120320+0000",
  ];

  async write(): Promise<this> {
    Deno.mkdirSync(`${this.path}/2026/2026-01/2026-01-01`, { recursive: true });
    for (const [index, name] of this.names.entries()) {
      const path = `${this.path}/${name}`;
      await using set = await FlowSet.create(path, { version: 5, compressionLevel: 6 * index });
      await set.write(batchOf(this.flows.slice(200 * index, 200 * (index + 1))));
    }
    for (const name of this.names) Deno.utimeSync(`${this.path}/${name}`, 1e9, 1_767_269_300);
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** Sums of flows by a key, in the order of octets. */
function groups(
  flows: readonly Record<string, unknown>[],
  key: (row: Record<string, unknown>) => string,
) {
  const found = new Map<string, { octets: number; packets: number; flows: number }>();
  for (const row of flows) {
    const sums = found.get(key(row)) ?? { octets: 0, packets: 0, flows: 0 };
    sums.octets += Number(row.dOctets);
    sums.packets += Number(row.dPkts);
    sums.flows++;
    found.set(key(row), sums);
  }
  return [...found].sort(([, a], [, b]) => b.octets - a.octets);
}

/** Checks an answer against the schema that the API's document gives for it. */
// deno-lint-ignore no-explicit-any
function assertValid(document: any, path: string, status: string, answer: unknown): void {
  const { schema } = document.paths[path].get.responses[status].content["application/json"];
  // References point into the document.
  const whole = { ...document, ...schema } as Schema;
  const { valid, errors } = new Validator(whole, "2020-12", false).validate(answer);
  assert(valid, `${path}: ${JSON.stringify(errors.slice(0, 5), null, 1)}`);
}

async function fed(web: Fed): Promise<void> {
  web.publish(BUSY);
  web.sink.write(batchOf([
    flow({ dOctets: 1234 }),
    flow({ srcaddr: "2001:db8::1", dstaddr: "2001:db8::2", nexthop: "2001:db8::3" }),
  ]));
  await until("the flows are there", async () => (await web.json("/api/v1/flows")).kept === 2);
  await until("the snapshot is there", async () => {
    return (await web.json("/api/v1/status")).received.packets === 1_001;
  });
}

Deno.test("every answer of the API is as its OpenAPI document says", async () => {
  await using directory = await new FlowDirectory().write();
  await using web = await feed({ directory: directory.path });
  const document = await web.json("/api/v1/openapi.json");
  assertEquals(document.openapi, "3.1.0");
  const jsonPaths = Object.entries(document.paths as Record<string, Schema>).filter(([, { get }]) =>
    get.responses["200"].content["application/json"] !== undefined
  ).map(([path]) => path);
  assertEquals(jsonPaths.length, 8);
  const asked = (path: string) => path.endsWith("query") ? `${path}?keys=ip-protocol` : path;
  // As it is before anything has come, and after.
  for (const path of jsonPaths) {
    assertValid(document, path, "200", await web.json(asked(path)));
  }
  await fed(web);
  for (const path of jsonPaths) {
    const answer = await web.json(asked(path));
    assertValid(document, path, "200", answer);
  }
  for (const by of ["pair", "application", "input-interface", "exporter"]) {
    assertValid(document, "/api/v1/top", "200", await web.json(`/api/v1/top?by=${by}`));
  }
  const wrong = await web.get("/api/v1/top?by=nothing");
  assertEquals(wrong.status, 400);
  assertValid(document, "/api/v1/top", "400", await wrong.json());
  // The check can fail.
  let failed = false;
  try {
    assertValid(document, "/api/v1/flows", "200", { flows: [{ at: "now" }], kept: 1 });
  } catch {
    failed = true;
  }
  assert(failed);
});

Deno.test("the defaults and bounds that the document tells are those that hold", async () => {
  await using web = await feed();
  const { paths } = await web.json("/api/v1/openapi.json");
  for (const [path, { get }] of Object.entries<Schema>(paths)) {
    for (const { name, schema } of get.parameters ?? []) {
      const status = async (value: unknown) => {
        const response = await web.get(`${path}?${new URLSearchParams({ [name]: String(value) })}`);
        await response.body?.cancel();
        return response.status;
      };
      if (schema.maximum !== undefined) {
        assertEquals(await status(schema.maximum + 1), 400, `${path} ${name}`);
        assertEquals(await status(schema.minimum - 1), 400, `${path} ${name}`);
        assertEquals(await status("1.5"), 400, `${path} ${name}`);
      }
      for (const choice of schema.enum ?? []) assertEquals(await status(choice), 200, choice);
      if (schema.maxLength !== undefined) {
        assertEquals(await status("x".repeat(schema.maxLength + 1)), 400, `${path} ${name}`);
      }
    }
    if (!path.includes("{")) {
      const response = await web.get(`${path}?nothing=1`);
      await response.body?.cancel();
      const open = path === "/healthz" || path === "/readyz";
      if (!open) assertEquals(response.status, 400, path);
    }
  }
});

Deno.test("status tells everything that the collector tells of itself", async () => {
  await using web = await feed();
  await fed(web);
  const status = await web.json("/api/v1/status");
  const exporters = await web.json("/api/v1/exporters");
  const text = JSON.stringify([status, exporters]);
  for (const number of busyNumbers()) assertMatch(text, new RegExp(`\\b${number}\\b`));
  const loss = (cause: string, where: string) =>
    status.losses.find((row: Record<string, unknown>) =>
      row.cause === cause && row.where === where
    );
  assertEquals(loss("kernel-drop", "recvmmsg 127.0.0.1:9991"), {
    cause: "kernel-drop",
    where: "recvmmsg 127.0.0.1:9991",
    unit: "packets",
    severity: "loss",
    count: 1_014,
    recent: 1_014,
  });
  assertEquals(loss("malformed", "no-codec").count, 1_008);
  assertEquals(loss("sequence-gap", "network").count, 1_009);
  assertEquals(loss("sink-disk", "files").count, 1_023);
  assertEquals(loss("forward-queue-full", "198.51.100.9:9995").count, 1_042);
  assertEquals(loss("not-allowed", "senders").severity, "note");
  assertEquals(status.health.state, "losing");
  assertEquals(exporters.exporters.map(({ state }: { state: string }) => state), [
    "losing",
    "silent",
  ]);
});

Deno.test("health goes from starting over waiting to receiving, and readyz follows", async () => {
  await using web = await feed();
  const state = async () => (await web.json("/api/v1/status")).health.state;
  const ready = async () => {
    const response = await web.get("/readyz");
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await state(), "starting");
  assertEquals(await ready(), 503);
  assertEquals(await (await web.get("/healthz")).text(), "ok\n");
  web.publish(snapshot());
  await until("it waits", async () => await state() === "waiting");
  assertEquals(await ready(), 200);
  web.publish(snapshot({ packets: 5 }));
  await until("it receives", async () => await state() === "receiving");
  web.publish(snapshot({ packets: 6, malformed: { "short-packet": 1 } }));
  await until("it loses", async () => await state() === "losing");
});

Deno.test("metrics are in the exposition format and tell every number", async () => {
  await using web = await feed();
  await fed(web);
  const response = await web.get("/metrics");
  assertStringIncludes(response.headers.get("content-type") ?? "", "version=0.0.4");
  const families = parseExposition(await response.text());
  const values = new Set(families.flatMap(({ samples }) => samples.map(({ value }) => value)));
  for (const number of busyNumbers(1_036)) assert(values.has(number), `${number} is not told`);
  for (const { name, type } of families) {
    assertMatch(name, /^flowtools_collector_[a-z_]+$/);
    assertEquals(name.endsWith("_total"), type === "counter", name);
  }
  const family = (name: string) =>
    families.find((row) => row.name === `flowtools_collector_${name}`)!.samples;
  assertEquals(family("source_errors_total").map(({ labels }) => labels.source), [
    "recvmmsg 127.0.0.1:9991",
    'a "strange"\\name\n',
  ]);
  // Where nobody tells the drops there is no number, rather than a wrong one.
  assertEquals(family("source_kernel_dropped_packets_total").length, 1);
  assertEquals(family("sink_dropped_flows_total"), [
    { labels: { sink: "files", reason: "disk" }, value: 1_023 },
    { labels: { sink: "files", reason: "queue-full" }, value: 1_024 },
  ]);
  assertEquals(family("exporter_flows_total")[0].labels, {
    exporter: "2001:db8::7",
    port: "50000",
    version: "5",
    source: "1036",
  });
});

Deno.test("flows tells those that came last, the last one first", async () => {
  await using web = await feed();
  await fed(web);
  const { flows } = await web.json("/api/v1/flows?limit=2");
  assertEquals(flows[0].srcaddr, "2001:db8::1");
  assertEquals(flows[0].nexthop, "2001:db8::3");
  const { srcaddr, dstaddr, dOctets, dstport, src_as, first, last } = flows[1];
  assertEquals([srcaddr, dstaddr, dOctets, dstport, src_as], [
    "10.0.0.1",
    "192.0.2.1",
    1234,
    443,
    64_500,
  ]);
  // sysUpTime 600 s, the flow from 590 s to 595 s of it.
  assertEquals(last - first, 5_000);
  assertEquals(flows.length, 2);
});

Deno.test("files are listed and given, and nothing else is", async () => {
  await using directory = await new FlowDirectory().write();
  const { path, names } = directory;
  Deno.writeTextFileSync(`${path}/secret`, "no");
  Deno.writeTextFileSync(`${path}/2026/2026-01/2026-01-01/tmp-v05.2026-01-01.121000+0000`, "x");
  Deno.mkdirSync(`${path}/other`);
  Deno.writeTextFileSync(`${path}/other/ft-v05.2026-01-01.120000+0000`, "no");
  Deno.symlinkSync("/etc/passwd", `${path}/ft-v05.2026-01-01.130000+0000`);
  Deno.symlinkSync("/etc", `${path}/2025`);
  await using web = await feed({ directory: path });
  const { files, total, truncated } = await web.json("/api/v1/files");
  assertEquals(total, 3);
  assertEquals(truncated, false);
  assertEquals(files.map(({ path, complete }: Record<string, unknown>) => [path, complete]), [
    ["2026/2026-01/2026-01-01/tmp-v05.2026-01-01.121000+0000", false],
    [names[1], true],
    [names[0], true],
  ]);
  const { size } = Deno.statSync(`${path}/${names[1]}`);
  assertEquals(files[1], {
    path: names[1],
    size,
    startedAt: Date.UTC(2026, 0, 1, 12, 3, 20),
    modifiedAt: 1_767_269_300_000,
    complete: true,
    version: "v5",
  });
  for (const name of [names[0], encodeURIComponent(names[0])]) {
    const response = await web.get(`/api/v1/files/${name.replaceAll("+", "%2B")}`);
    assertEquals(response.status, 200);
    assertEquals(
      response.headers.get("content-disposition"),
      'attachment; filename="ft-v05.2026-01-01.120000+0000"',
    );
    assertEquals(await response.bytes(), Deno.readFileSync(`${path}/${names[0]}`));
  }
  for (
    const name of [
      "secret",
      "../etc/passwd",
      "%2e%2e/%2e%2e/etc/passwd",
      "..%2f..%2fetc%2fpasswd",
      "/etc/passwd",
      "%2Fetc%2Fpasswd",
      "ft-v05.2026-01-01.130000%2B0000",
      "2025/passwd",
      "other/ft-v05.2026-01-01.120000%2B0000",
      "2026/2026-01/2026-01-01/tmp-v05.2026-01-01.121000%2B0000",
      `./${names[0]}`.replace("+", "%2B").replace("./", "%2E%2F"),
      `${names[0]}%00`,
      "",
    ]
  ) {
    const response = await web.get(`/api/v1/files/${name}`);
    const text = await response.text();
    assertEquals(response.status, 404, name);
    assert(!text.includes(path), text);
  }
});

Deno.test("a query over files gives what adding up gives", async () => {
  await using directory = await new FlowDirectory().write();
  await using web = await feed({ directory: directory.path });
  const ask = (parameters: Record<string, string>) =>
    web.json(`/api/v1/query?${new URLSearchParams(parameters)}`);
  const { flows } = directory;
  const one = await ask({ keys: "ip-source-address" });
  assertEquals(
    one.rows,
    groups(flows, ({ srcaddr }) => String(srcaddr)).map(([key, sums]) => ({ key: [key], ...sums })),
  );
  assertEquals([one.scanned, one.matched, one.files, one.groups], [400, 400, 2, 10]);
  assertEquals(one.skipped, []);

  const where = "udp and src ip in [10.0.0.4 10.0.0.6/31] or octets > 450";
  const chosen = flows.filter(({ prot, srcaddr, dOctets }) =>
    prot === 17 && ["10.0.0.4", "10.0.0.6", "10.0.0.7"].includes(String(srcaddr)) ||
    Number(dOctets) > 450
  );
  const two = await ask({ keys: "ip-destination-port,ip-source-address", where, limit: "3" });
  assertEquals(two.matched, chosen.length);
  assertEquals(
    two.rows,
    groups(chosen, ({ dstport, srcaddr }) => `${dstport} ${srcaddr}`).slice(0, 3)
      .map(([key, sums]) => {
        const [port, address] = key.split(" ");
        return { key: [Number(port), address], ...sums };
      }),
  );
  assertEquals(two.total.octets, chosen.reduce((sum, row) => sum + Number(row.dOctets), 0));

  // The second file only, and of it some flows.
  const from = 1_767_268_800 + 250;
  const three = await ask({ keys: "ip-protocol", from: String(from), to: String(from + 20) });
  assertEquals(three.matched, 20);
});

Deno.test("a query over live data gives what adding up gives", async () => {
  await using web = await feed();
  const flows = Array.from(
    { length: 300 },
    (_, index) =>
      flow({ dstport: 80 + index % 3, dOctets: 10 + index, prot: index % 2 === 0 ? 6 : 17 }),
  );
  const wide = [1, 2, 3].map((index) =>
    flow({
      srcaddr: `2001:db8::${1 + index % 2}`,
      dstaddr: "10.9.9.9",
      exaddr: "2001:db8:ffff::1",
      prot: 17,
      dOctets: 5_000 * index,
    })
  );
  web.sink.write(batchOf([...flows, ...wide]));
  await until("they are there", async () => (await web.json("/api/v1/flows")).kept === 303);
  const ask = (parameters: Record<string, string>) =>
    web.json(`/api/v1/query?${new URLSearchParams({ source: "live", ...parameters })}`);
  const answer = await ask({ keys: "ip-destination-port", where: "tcp" });
  assertEquals(
    answer.rows,
    groups(flows.filter(({ prot }) => prot === 6), ({ dstport }) => String(dstport))
      .map(([key, sums]) => ({ key: [Number(key)], ...sums })),
  );
  const both = await ask({ keys: "ip-source-address,ip-exporter-address" });
  assertEquals(
    both.rows,
    groups([...flows, ...wide], ({ srcaddr, exaddr }) => `${srcaddr} ${exaddr}`)
      .map(([key, sums]) => ({ key: key.split(" "), ...sums })),
  );
  assertEquals([both.groups, both.scanned, both.skipped], [3, 303, []]);
  for (
    const [where, matched] of [
      ["src net 2001:db8::/64", 3],
      ["src ip 2001:db8::2", 2],
      ["ipv6", 3],
      ["not ipv6", 300],
      ["ip 10.9.9.9 and exporter 2001:db8:ffff::1", 3],
      ["exporter 127.0.0.1", 300],
      ["src net 0.0.0.0/0", 300],
      ["version 5", 303],
      ["version 9", 0],
    ] as const
  ) {
    assertEquals((await ask({ where })).matched, matched, where);
  }
});

/** What the times of flows are reckoned from. */
const CLOCK = ["unix_secs", "unix_nsecs", "sysUpTime"] as const;

Deno.test("live flows of every version are told apart, and what is not kept of them is told", async () => {
  await using web = await feed();
  const aggregated = new FlowSchema({
    version: 8,
    aggregation: 1,
    fields: [...CLOCK, "exaddr", "dFlows", "dPkts", "dOctets", "first", "last", "src_as"],
  });
  const ipfix = new FlowSchema({
    version: 10,
    fields: [...CLOCK, "exaddr", "srcaddr", "dPkts", "dOctets", "first", "last"],
  });
  web.sink.write(batchOf([flow()]));
  web.sink.write(batchOf([flow({ dFlows: 7, src_as: 3 }), flow({ dFlows: 2 })], aggregated));
  web.sink.write(batchOf([flow(), flow(), flow()], ipfix));
  await until("they are there", async () => (await web.json("/api/v1/flows")).kept === 6);
  const ask = async (where: string) => {
    const parameters = new URLSearchParams({
      source: "live",
      keys: "ip-exporter-address",
      where,
    });
    const { matched, total, skipped } = await web.json(`/api/v1/query?${parameters}`);
    return [matched, total.flows, skipped.map(({ reason }: { reason: string }) => reason)];
  };
  assertEquals(await ask("version 5"), [1, 1, []]);
  assertEquals(await ask("version 8"), [2, 9, []]);
  assertEquals(await ask("version 8.1 or version v10"), [5, 12, []]);
  assertEquals(await ask("version 8.2"), [0, 0, []]);
  assertEquals(await ask("as 3"), [1, 7, [
    '"as 3" needs src_as or dst_as, which queries of live flows lack (v10)',
  ]]);
  const needs = (version: string) =>
    `"httpStatusCode 404" needs httpStatusCode, which queries of live flows lack (${version})`;
  assertEquals(await ask("httpStatusCode 404"), [0, 0, [needs("v5"), needs("v8.1"), needs("v10")]]);
});

/** The exporter of `flow()`, and one that is IPv6: each calls its interfaces otherwise. */
function* told(): Generator<KnownSession> {
  const codec = createIpfixCodec();
  for (
    const [address, names] of [["127.0.0.1", ["Gi0/1", "Gi0/2"]], ["2001:db8::9", [
      "ge-0",
    ]]] as const
  ) {
    const session = codec.createSession();
    const facts = session.factsToLearn(5);
    for (const [index, name] of names.entries()) {
      facts.setName("interfaces", String(index + 1), { name, description: `link ${index}` });
    }
    facts.setName("vrfs", "1", { name: "blue", description: "" });
    yield { address, port: 50_000, version: "10", session };
  }
}

Deno.test("queries select interfaces by the names that exporters told, live and in files", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const name = "ft-v05.2026-01-01.120000+0000";
    const stored = [
      flow({ input: 1, output: 2 }),
      flow({ input: 2, output: 1 }),
      flow({ input: 1, output: 1 }),
      // An exporter that told nothing.
      flow({ input: 1, output: 2, exaddr: "127.0.0.2" }),
    ];
    {
      await using set = await FlowSet.create(`${directory}/${name}`, { version: 5 });
      await set.write(batchOf(stored));
    }
    await using web = await feed({ directory });
    web.sink.write(batchOf([...stored, flow({ input: 1, output: 9, exaddr: "2001:db8::9" })]));
    web.publish(snapshot(), [...told()]);
    await until("names are there", async () => (await web.json("/api/v1/labels")).total === 3);
    await until("they are there", async () => (await web.json("/api/v1/flows")).kept === 5);
    const ask = (source: string, where: string) =>
      web.json(`/api/v1/query?${new URLSearchParams({ source, where })}`);
    for (
      const [where, files, live] of [
        ["in if Gi0/1", 2, 2],
        ["in if gi0/1 and out if 'GI0/2'", 1, 1],
        ["in and out if Gi0/1", 1, 1],
        ["if [Gi0/1 Gi0/2]", 3, 3],
        ['if "link 0"', 3, 4],
        ["in if ge-0", 0, 1],
        ["not if [Gi0/1 9]", 1, 1],
        ["in if 1", 3, 4],
      ] as const
    ) {
      const answers = [await ask("files", where), await ask("live", where)];
      assertEquals(answers.map(({ matched }) => matched), [files, live], where);
      assertEquals(answers.flatMap(({ notes, skipped }) => [...notes, ...skipped]), [], where);
    }
    // A name that nobody told passes nothing, and that is said.
    const { matched, notes } = await ask("files", "in if Gi0/11");
    assertEquals(matched, 0);
    assertEquals(notes.length, 1);
    assertMatch(notes[0], /^no exporter told of interface "Gi0\/11", .* did you mean "Gi0\/1"/);
    // What records do not have cannot be asked for, by whatever name.
    const vrf = await ask("files", "vrf blue");
    assertEquals([vrf.matched, vrf.skipped[0].source], [0, name]);
    assertStringIncludes(vrf.skipped[0].reason, "needs VRF names, which v5 records lack");
    const element = await ask("files", "httpStatusCode 404");
    assertStringIncludes(element.skipped[0].reason, "needs httpStatusCode, which v5 records lack");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("the filter of queries takes what --where of the command line does", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const file = `${directory}/ft-v05.2026-01-01.120000+0000`;
    {
      await using set = await FlowSet.create(file, { version: 5 });
      await set.write(batchOf([
        flow({ dstport: 8_080, src_as: 64_500 }),
        flow({ dstport: 25, src_as: 64_501 }),
      ]));
    }
    const filters = `${directory}/filters.cfg`;
    Deno.writeTextFileSync(
      filters,
      "filter-primitive web\n type ip-port\n permit @PORT\n" +
        "filter-definition proxy\n match ip-destination-port web\n",
    );
    Deno.writeTextFileSync(`${directory}/asn.sym`, "64501 ACME\n");
    const whereFiles = {
      filterFile: filters,
      variables: new Map([["PORT", "8080"]]),
      symbols: directory,
    };
    await using web = await feed({ directory, whereFiles });
    const ask = async (where: string, tz?: string) => {
      const parameters = new URLSearchParams({ where, ...tz === undefined ? {} : { tz } });
      const response = await web.get(`/api/v1/query?${parameters}`);
      const { error, matched } = await response.json();
      return error ?? matched;
    };
    const flags = ["--filter-file", filters, "--variable", "PORT=8080", "--symbols", directory];
    for (
      const [where, expected] of [
        ["filter proxy", 1],
        ["not filter proxy and src as ACME", 1],
        ["src as ACM", "there is no AS"],
        ["filter prox", 'there is no filter definition "prox"'],
        ["src ip 10.0.0.1 and prt 80", 'did you mean "port"'],
        ["dst prot 6", 'there is no "dst prot"'],
        ["last > yesterdy", "column 8"],
        ["octetDeltaCuont > 5", "octetDeltaCount"],
        ["port 70000", "0 to 65535"],
      ] as const
    ) {
      const answer = await ask(where);
      if (typeof expected === "number") {
        assertEquals(answer, expected, where);
        continue;
      }
      assertEquals(answer.code, "bad-where", where);
      assertStringIncludes(answer.message, expected, where);
      // The line and the place in it are drawn, as on a terminal.
      const lines = answer.message.split("\n");
      assertEquals([lines.length, lines[1]], [3, `  ${where}`]);
      assertMatch(lines[2], /^ +\^+$/);
      const cli = await flowtools(["print", "--where", where, ...flags, file]);
      assertStringIncludes(cli.stderr, answer.message);
    }
    // Noon of that zone is before or after the flow.
    const secs = Math.floor(Date.now() / 1000);
    const clock = new Date((secs - 3600) * 1000).toISOString().slice(0, 19);
    assertEquals(await ask(`last > ${clock}`, "UTC"), 2);
    assertEquals(await ask(`last > ${clock}`, "-05:00"), 0);
    assertEquals((await ask("last > 2026-01-01", "Europe/Berln")).code, "bad-parameter");
    // Nothing is told of where files are.
    Deno.writeTextFileSync(filters, "filter-primitive web\n type nonsense\n");
    const broken = await ask("filter proxy");
    assertEquals(broken.code, "bad-where");
    assertStringIncludes(broken.message, "filters.cfg:2:");
    assertEquals(broken.message.includes(directory), false, broken.message);
    // Root may read everything.
    if (Deno.uid() !== 0) {
      Deno.chmodSync(filters, 0);
      assertStringIncludes((await ask("filter proxy")).message, "may not read");
    }
    Deno.removeSync(filters);
    assertEquals(await ask("filter proxy"), {
      code: "bad-where",
      message: 'Cannot use "filter": the collector has no filter configuration',
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a query that cannot be answered says why", async () => {
  await using directory = await new FlowDirectory().write();
  Deno.writeTextFileSync(`${directory.path}/ft-v05.2026-01-01.110000+0000`, "this is no file");
  await using web = await feed({ directory: directory.path });
  const fault = async (parameters: Record<string, string>) => {
    const response = await web.get(`/api/v1/query?${new URLSearchParams(parameters)}`);
    const { error } = await response.json();
    return [response.status, error.code, error.message];
  };
  for (
    const [where, expected] of [
      ["src ip 10.0.0.0/33", "column 8: prefix length 33 is above 32, expected 0 to 32"],
      ["nothing 1", 'column 1: there is no field "nothing"'],
      ["proto", "column 6: the expression ends, expected a number"],
      ["tcp or", "the expression ends, expected a condition"],
      ["proto tcp proto udp", 'column 11: unexpected "proto", expected "and", "or" or the end'],
      ["dst port 80-70", "the range ends before it begins"],
      ["filter x", "the collector has no filter configuration"],
      ["(".repeat(200), "too many parentheses"],
      ["prot 6\n permit 17", 'line 2, column 2: unexpected "permit"'],
    ]
  ) {
    const [status, code, message] = await fault({ where });
    assertEquals([status, code], [400, "bad-where"], where);
    assertStringIncludes(message, expected);
  }
  for (const [text] of WHERE_EXAMPLES) {
    const where = { text, timeZone: "UTC", files: {} };
    assertEquals((await loadQueryWhere(where, 0, () => {}))?.text, text);
  }
  assertEquals((await fault({ keys: "secret" }))[1], "bad-parameter");
  assertEquals((await fault({ keys: QUERY_KEYS.slice(0, 7).join(",") }))[1], "bad-parameter");
  assertEquals((await fault({ from: "5", to: "5" }))[1], "bad-parameter");
  const { rows, skipped } = await web.json("/api/v1/query?keys=ip-protocol");
  assertEquals(rows.length, 2);
  assertEquals(skipped.length, 1);
  assertEquals(skipped[0].source, "ft-v05.2026-01-01.110000+0000");
  assert(!skipped[0].reason.includes(directory.path), skipped[0].reason);
});

Deno.test("a query that takes too long is ended, and the next one is answered", async () => {
  await using directory = await new FlowDirectory().write();
  await using web = await feed({ directory: directory.path, querySeconds: 0 });
  const response = await web.get("/api/v1/query");
  assertEquals(response.status, 504);
  assertEquals((await response.json()).error.code, "query-late");
  const families = parseExposition(await (await web.get("/metrics")).text());
  const queries = families.find(({ name }) => name.endsWith("web_queries_total"))!.samples;
  assertEquals(queries, [{ labels: { result: "late" }, value: 1 }]);
  await using patient = await feed({ directory: directory.path });
  const answers = await Promise.all(
    Array.from({ length: 12 }, async () => {
      const answer = await patient.get("/api/v1/query");
      await answer.body?.cancel();
      return answer.status;
    }),
  );
  // One runs, eight wait, and the others are told to come again.
  assertEquals(answers.filter((status) => status === 200).length, 9);
  assertEquals(answers.filter((status) => status === 503).length, 3);
});
