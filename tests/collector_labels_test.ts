/** What exporters tell of themselves in options, from their packets to the page's thread. */
import { assert, assertEquals } from "@std/assert";
import { createIpfixCodec, createV9Codec, type TemplateCodec } from "@flowtools/netflow-pdu";
import {
  inputOf,
  message,
  octets,
  optionsTemplate,
  optionsTemplate9,
  packet9,
  set,
  template,
} from "../packages/netflow-pdu/templates/_builders.ts";
import type { KnownSession } from "../apps/collector/exporters.ts";
import { LabelFeed } from "../apps/collector/label_feed.ts";
import { LABELS_AT_ONCE } from "../apps/collector/limits.ts";
import { LabelStore } from "../apps/collector/web/live/label_store.ts";
import { FlowBatch } from "@flowtools/flow-model";
import { CollectorProcess, filesBelow } from "./collector_process.ts";
import { until } from "./collector_web_feeder.ts";
import { flowtools, lines } from "./programs.ts";
import { v5Packet } from "./relay_tools.ts";

/** A text of so many octets. */
const text = (value: string, width: number) => [
  ...new TextEncoder().encode(value),
  ...Array.from({ length: width - value.length }, () => 0),
];

/** Interfaces by number: name, description. */
const INTERFACES = optionsTemplate(300, 1, [[10, 4], [82, 16], [83, 16]]);
const interfaceName = (index: number, name: string, description = "") => [
  ...octets(index, 4),
  ...text(name, 16),
  ...text(description, 16),
];

/** Samplers: one packet is taken, so many are left out. */
const SAMPLERS = optionsTemplate(301, 1, [[302, 4], [335, 8], [305, 4], [306, 4]]);
const sampler = (id: number, name: string, left: number) => [
  ...octets(id, 4),
  ...text(name, 8),
  ...octets(1, 4),
  ...octets(left, 4),
];

/** The memory of an exporter that has sent some packets. */
class Exporter implements KnownSession {
  readonly version: string;
  readonly session;
  readonly #codec: TemplateCodec;

  constructor(readonly address: string, readonly port = 4739, codec = createIpfixCodec()) {
    this.version = String(codec.version);
    this.#codec = codec;
    this.session = codec.createSession();
  }

  send(bytes: Uint8Array): this {
    const result = this.#codec.decode(inputOf(bytes), new FlowBatch(), this.session);
    assertEquals(result.reason, undefined);
    return this;
  }

  tell(domain: number, ...interfaces: readonly (readonly number[])[]): this {
    return this.send(message({ domain }, set(3, INTERFACES), set(300, ...interfaces)));
  }
}

Deno.test("names are told once, again when they change, and gone with their exporter", () => {
  const [one, two] = [new Exporter("192.0.2.1"), new Exporter("192.0.2.2")];
  one.tell(0, interfaceName(7, "Gi0/7", "to Berlin"), interfaceName(8, "", "to Paris"));
  two.tell(5, interfaceName(7, "ge-0/0/7"));
  const feed = new LabelFeed();
  const store = new LabelStore();
  const step = (...known: Exporter[]) => {
    const changes = feed.changes(known);
    store.update(changes);
    return [changes.changed.length, changes.gone.length];
  };
  assertEquals(step(one, two), [2, 0]);
  assertEquals(store.nameOf("interfaces", "7", "192.0.2.1"), "Gi0/7");
  assertEquals(store.nameOf("interfaces", "8", "192.0.2.1"), "to Paris");
  assertEquals(store.nameOf("interfaces", "7", "192.0.2.2"), "ge-0/0/7");
  assertEquals(store.nameOf("interfaces", "8", "192.0.2.2"), undefined);
  // The same again is nothing new.
  one.tell(0, interfaceName(7, "Gi0/7", "to Berlin"));
  assertEquals(step(one, two), [0, 0]);
  one.tell(0, interfaceName(7, "Te0/7", "to Berlin"));
  assertEquals(step(one, two), [1, 0]);
  assertEquals(store.nameOf("interfaces", "7", "192.0.2.1"), "Te0/7");
  // Another domain of the same exporter knows the interface by another name.
  one.tell(9, interfaceName(7, "Te0/7"), interfaceName(8, "Te0/8"));
  assertEquals(step(one, two), [1, 0]);
  assertEquals(store.nameOf("interfaces", "7", "192.0.2.1"), "Te0/7");
  assertEquals(store.nameOf("interfaces", "8", "192.0.2.1"), "to Paris / Te0/8");
  assertEquals(
    [...store.rows("interfaces", "192.0.2.1")].map(({ source, key, name }) => {
      return [source, key, name];
    }),
    [[0, "8", ""], [0, "7", "Te0/7"], [9, "7", "Te0/7"], [9, "8", "Te0/8"]],
  );
  // An exporter that is forgotten takes its names with it; one that comes anew brings its own.
  assertEquals(step(two), [0, 2]);
  assertEquals(store.nameOf("interfaces", "7", "192.0.2.1"), undefined);
  assertEquals([...store.rows("interfaces")].length, 1);
  assertEquals(step(two, new Exporter("192.0.2.1").tell(0, interfaceName(7, "new"))), [1, 0]);
  assertEquals(store.nameOf("interfaces", "7", "192.0.2.1"), "new");
  // A thread that is new is told everything.
  feed.reset();
  assertEquals(step(two), [1, 0]);
});

Deno.test("samplers have their rates, and names where they were told", () => {
  const exporter = new Exporter("192.0.2.1");
  exporter.send(message(
    { domain: 3 },
    set(3, INTERFACES, SAMPLERS),
    set(300, interfaceName(1, "a")),
    set(301, sampler(1, "core", 99), sampler(2, "", 999)),
  ));
  const store = new LabelStore();
  store.update(new LabelFeed().changes([exporter]));
  const stream = { address: "192.0.2.1", port: 4739, version: "10", source: 3 };
  const summary = store.summary(stream)!;
  assertEquals(summary.names.interfaces, 1);
  assertEquals(summary.samplers, [{ id: 1, name: "core", rate: 100 }, { id: 2, rate: 1_000 }]);
  assertEquals(store.summary({ ...stream, source: 4 }), undefined);
  assertEquals(store.summary({ ...stream, port: 1 }), undefined);
});

Deno.test("more names than go at once take more than one second, and all come", () => {
  const exporters = Array.from({ length: 9 }, (_, index) => {
    const exporter = new Exporter(`192.0.2.${index}`);
    // A message has room for some 1,700.
    for (let from = 0; from < 4_000; from += 1_000) {
      exporter.tell(
        0,
        ...Array.from({ length: 1_000 }, (_, at) => interfaceName(from + at + 1, `if${at}`)),
      );
    }
    return exporter;
  });
  const feed = new LabelFeed();
  const rounds: number[] = [];
  for (let left = 9; left > 0; left -= rounds.at(-1)!) {
    rounds.push(feed.changes(exporters).changed.length);
    assert(rounds.at(-1)! > 0, "the rest does not come");
  }
  assertEquals(rounds[0], Math.ceil(LABELS_AT_ONCE / 4_000));
  assertEquals(rounds.reduce((sum, count) => sum + count, 0), 9);
  assertEquals(feed.changes(exporters).changed, []);
});

/** Source, destination, interfaces, packets, octets, and the sampler. */
const FLOWS = template(256, [[8, 4], [12, 4], [10, 4], [14, 4], [2, 4], [1, 4], [48, 1]]);

const flow9 = (input: number, bytes: number, by: number) => [
  ...octets(0x0a000001, 4),
  ...octets(0xc0000201, 4),
  ...octets(input, 4),
  ...octets(99, 4),
  ...octets(3, 4),
  ...octets(bytes, 4),
  by,
];

Deno.test("the API of a running collector has labels beside numbers, and scaled counters", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await using collector = await CollectorProcess.start([
      ...["-w", directory, "-n", "0", "--ipfix", directory],
      ...["--http", "127.0.0.1:0", "127.0.0.1:0"],
    ]);
    const { url } = await collector.waitForMessage(/^The web page is ready$/);
    const json = async (path: string) => await (await fetch(new URL(path, `${url}`))).json();
    const names = optionsTemplate9(300, 1, [[2, 4], [82, 16]]);
    const samplers = optionsTemplate9(301, 1, [[1, 4], [48, 1], [50, 4]]);
    await collector.send([
      packet9(
        { sequence: 0, domain: 4 },
        set(1, names, samplers),
        set(300, [...octets(7, 4), ...text("Gi0/7", 16)], [...octets(8, 4), ...text("<b>8", 16)]),
        set(301, [...octets(0, 4), 1, ...octets(100, 4)], [...octets(0, 4), 2, ...octets(10, 4)]),
      ),
      packet9(
        { sequence: 1, domain: 4 },
        set(0, FLOWS),
        set(256, flow9(7, 500, 1), flow9(8, 900, 2), flow9(9, 50, 3)),
      ),
      v5Packet({ flows: [0], header: { sampling_mode: 1, sampling_interval: 1000 } }),
    ]);
    await until("the flows are there", async () => (await json("/api/v1/flows")).kept === 4);
    await until("the names are there", async () => (await json("/api/v1/labels")).total === 2);
    const top = async (query: string) => {
      const { rows } = await json(`/api/v1/top?by=input-interface&${query}`);
      return rows.filter(({ key }: { key: string }) => /if [789]$/.test(key));
    };
    // The second one's sampler takes one of 10, the third one's was never told of.
    assertEquals(await top(""), [
      { key: "127.0.0.1 if 8", label: "<b>8", octets: 900, packets: 3, flows: 1 },
      { key: "127.0.0.1 if 7", label: "Gi0/7", octets: 500, packets: 3, flows: 1 },
      { key: "127.0.0.1 if 9", octets: 50, packets: 3, flows: 1 },
    ]);
    assertEquals(await top("scaled=true"), [
      { key: "127.0.0.1 if 7", label: "Gi0/7", octets: 50_000, packets: 300, flows: 1 },
      { key: "127.0.0.1 if 8", label: "<b>8", octets: 9_000, packets: 30, flows: 1 },
      { key: "127.0.0.1 if 9", octets: 50, packets: 3, flows: 1 },
    ]);
    const { exporters } = await json("/api/v1/exporters");
    const byVersion = (version: string) =>
      exporters.find((exporter: { version: string }) => exporter.version === version);
    assertEquals(byVersion("9").labels, {
      names: { interfaces: 2, vrfs: 0, applications: 0, samplers: 0 },
      samplers: [{ id: 1, rate: 100 }, { id: 2, rate: 10 }],
    });
    assertEquals([byVersion("5").labels, byVersion("5").sampling], [undefined, 1000]);
    const { flows } = await json("/api/v1/flows");
    // The flows of version 5 are scaled by what their header tells.
    const sent = flows.find((flow: { tos?: number }) => flow.tos !== undefined);
    assertEquals(sent.samplingRate, 1000);
    const [raw, scaled] = [await json("/api/v1/top"), await json("/api/v1/top?scaled=true")];
    assertEquals(raw.total.octets, 1_450 + sent.dOctets);
    assertEquals(scaled.total.octets, 50_000 + 9_000 + 50 + 1000 * sent.dOctets);
    assertEquals(scaled.total.flows, 4);
    const named = flows.find((flow: { input: number }) => flow.input === 7);
    assertEquals([named.inputName, named.outputName, named.dOctets], ["Gi0/7", undefined, 500]);
    assertEquals(await collector.stop("SIGTERM"), 0);
    // IPFIX files keep the rates, those of headers too.
    const name = filesBelow(directory).find((path) => path.endsWith(".ipfix"))!;
    const print = ["print", "--format", "ndjson", "--scaled", `${directory}/${name}`];
    const stored = lines((await flowtools(print)).stdout).map((line) => JSON.parse(line));
    assertEquals(stored.map(({ dOctets }) => dOctets), [50_000, 9_000, 50, 1000 * sent.dOctets]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("live tables tell VRFs and applications of routers apart, by the names that they told", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await using collector = await CollectorProcess.start([
      ...["-w", directory, "-n", "0", "--ipfix", directory],
      ...["--http", "127.0.0.1:0", "127.0.0.1:0"],
    ]);
    const { url } = await collector.waitForMessage(/^The web page is ready$/);
    const json = async (path: string) => await (await fetch(new URL(path, `${url}`))).json();
    // Octets, VRF at input and at output, application; one without VRF at input; one with neither.
    const both = template(256, [[1, 4], [234, 4], [235, 4], [95, 4]]);
    const output = template(257, [[1, 4], [235, 2], [95, 9]]);
    const plain = template(258, [[1, 4], [10, 4]]);
    const record = (bytes: number, input: number, output: number, engine: number, id: number) => [
      ...[...octets(bytes, 4), ...octets(input, 4), ...octets(output, 4)],
      ...[engine, ...octets(id, 3)],
    ];
    const vrfNames = optionsTemplate(300, 1, [[234, 4], [236, 8]]);
    const applicationNames = optionsTemplate(301, 1, [[95, 4], [96, 8], [94, 16]]);
    await collector.send([
      message({ domain: 4 }, set(2, both, output, plain)),
      message(
        { domain: 4 },
        set(3, vrfNames, applicationNames),
        set(300, [...octets(3, 4), ...text("blue", 8)], [...octets(4, 4), ...text("<b>red", 8)]),
        set(301, [3, ...octets(80, 3), ...text("http", 8), ...text("World Wide Web", 16)]),
      ),
      message(
        { domain: 4 },
        set(256, record(500, 3, 4, 3, 80), record(70, 4, 3, 13, 453), record(9, 3, 3, 0, 0)),
        set(257, [...octets(1_000, 4), ...octets(4, 2), ...text("too long!", 9)]),
        set(258, [...octets(2, 4), ...octets(5, 4)]),
      ),
      v5Packet({ flows: [0] }),
    ]);
    await until("the flows are there", async () => (await json("/api/v1/flows")).kept === 6);
    await until(
      "the names are there",
      async () => (await json("/api/v1/labels?kind=applications")).total === 1,
    );
    const top = async (by: string) => {
      const { rows } = await json(`/api/v1/top?by=${by}`);
      return rows.map(({ key, label, octets }: Record<string, unknown>) => [key, label, octets]);
    };
    assertEquals(await top("vrf"), [
      // The VRF at output, where records do not tell the other.
      ["127.0.0.1 VRF 4", "<b>red", 1_070],
      ["127.0.0.1 VRF 3", "blue", 509],
    ]);
    assertEquals(await top("application-id"), [
      ["unknown", undefined, 1_009],
      ["0x03000050", "http", 500],
      ["0x0d0001c5", undefined, 70],
    ]);
    const { flows } = await json("/api/v1/flows");
    const extras = flows.map((
      flow: Record<string, unknown>,
    ) => [flow.dOctets, flow.vrf, flow.vrfName, flow.applicationId, flow.applicationName]);
    assertEquals(extras.slice(1), [
      [2, undefined, undefined, undefined, undefined],
      [1_000, 4, "<b>red", "00000000", undefined],
      [9, 3, "blue", "00000000", undefined],
      [70, 4, "<b>red", "0d0001c5", undefined],
      [500, 3, "blue", "03000050", "http"],
    ]);
    assertEquals(await collector.stop("SIGTERM"), 0);
    // Files have what records have, as before: the live columns are nobody else's.
    const name = filesBelow(directory).find((path) => path.endsWith(".ipfix"))!;
    const print = await flowtools(["print", "--format", "ndjson", `${directory}/${name}`]);
    const [first] = lines(print.stdout).map((line) => JSON.parse(line));
    assertEquals([first.dOctets, first.ingressVRFID, first.egressVRFID], [500, 3, 4]);
    assertEquals(first.applicationId, "03000050");
    assertEquals(print.stdout.includes("live "), false);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("names of NetFlow v9 have v9 sessions of their own", () => {
  const exporter = new Exporter("2001:db8::1", 2055, createV9Codec());
  exporter.send(packet9(
    { domain: 1 },
    set(1, optionsTemplate9(300, 1, [[2, 4], [82, 16]])),
    set(300, [...octets(7, 4), ...text("Gi0/7", 16)]),
  ));
  const { changed } = new LabelFeed().changes([exporter]);
  assertEquals(changed.map(({ version, source }) => [version, source]), [["9", 1]]);
});
