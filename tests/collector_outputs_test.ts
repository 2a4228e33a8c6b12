/** The sinks of one output: flows as JSON and as a flow-tools stream, to files, pipes, readers. */
import {
  assert,
  assertEquals,
  assertGreater,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { FlowBatch, FlowSchema } from "@flowtools/flow-model";
import { FlowSet } from "@flowtools/flowset";
import { parseFlags, UsageError } from "@flowtools/common/flags";
import { OPERATION_OPTIONS } from "../apps/collector/operation_options.ts";
import { checkReceiveSink, createReceiveSink } from "../apps/collector/relay/mod.ts";
import { RECEIVE_OPTIONS } from "../apps/collector/relay/options.ts";
import type { Sink } from "../apps/collector/sinks/sink.ts";
import { goldenPacket, packet } from "./collector_process.ts";
import { bash, lines, namesOf, temporaryDirectory } from "./programs.ts";
import { batchOf, closeAll, decodeInto, findReference, range, TestLog } from "./relay_tools.ts";

const FLOW_PRINT = findReference("flow-print");
const FLOW_HEADER = findReference("flow-header");

const parse = (args: readonly string[]) =>
  parseFlags(args, [...RECEIVE_OPTIONS, ...OPERATION_OPTIONS]);

/** The sink that a call of `receive` makes, and what its output is told to be when it ends early. */
async function openReceive(
  args: readonly string[],
  log = new TestLog(),
): Promise<{ readonly sink: Sink; readonly ended: Promise<string | undefined> }> {
  const { promise: ended, resolve } = Promise.withResolvers<string | undefined>();
  return { sink: await createReceiveSink(parse(args), log, { ended: resolve }), ended };
}

/** The packets of the fixtures. */
const FIXTURES = namesOf("fixtures/pdu").filter((name) => name.endsWith(".dat"))
  .map((name) => name.slice(0, -4));

/** Every packet of the fixtures, decoded. */
function fixtures(): FlowBatch {
  const batch = new FlowBatch();
  for (const name of FIXTURES) {
    decodeInto(batch, name.startsWith("v5") ? "2001:db8::5" : "192.0.2.99", packet(name));
  }
  return batch;
}

/** What `JSON.stringify` makes of the flows, parsed. */
const asJson = (batch: FlowBatch) => [...batch].map((flow) => JSON.parse(JSON.stringify(flow)));

Deno.test("ndjson writes what JSON.stringify makes of each flow, of every version", async () => {
  await using folder = temporaryDirectory();
  const path = `${folder.path}/flows.ndjson`;
  const { sink } = await openReceive(["--format", "ndjson", "-o", path]);
  const batch = fixtures();
  // Values at the edges of what columns hold, and columns that no classic version has.
  const wide = new FlowSchema({
    version: 10,
    fields: ["srcaddr", "dstaddr", "dOctets", "dPkts", "first", "last", "srcport"],
    extras: ["flowEndReason", "applicationName", "8741.1"],
  });
  batch.addColumn({ name: "flowEndReason", kind: "u8" });
  batch.addColumn({ name: "applicationName", kind: "bytes" });
  batch.addColumn({ name: "8741.1", kind: "counter" });
  for (const dOctets of [0, 9, 10, 99, 100, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]) {
    batch.append(wide, {
      srcaddr: "2001:db8::1:0:0:1",
      dstaddr: "255.255.255.255",
      dOctets,
      dPkts: 1,
      first: 1,
      last: 2 ** 32 - 1,
      srcport: 65535,
      flowEndReason: 3,
      "8741.1": 0.5,
      ...dOctets > 50 ? { applicationName: Uint8Array.of(0, 34, 92, 255) } : {},
    });
  }
  const expected = asJson(batch);
  assertGreater(expected.length, 500);
  sink.write(batch);
  batch.reset();
  await closeAll([sink]);
  const text = await Deno.readTextFile(path);
  assertEquals(lines(text).map((line) => JSON.parse(line)), expected);
  assertEquals(sink.counters.done, expected.length);
});

Deno.test("ndjson says of every flow what its packet says, by the fixtures' account", async () => {
  await using folder = temporaryDirectory();
  const path = `${folder.path}/flows.ndjson`;
  const { sink } = await openReceive(["--format", "ndjson", "-o", path]);
  const expected = [];
  for (const name of FIXTURES) {
    const batch = new FlowBatch();
    decodeInto(batch, "192.0.2.99", packet(name));
    sink.write(batch);
    expected.push(...goldenPacket(name).flows);
  }
  await closeAll([sink]);
  const written = lines(await Deno.readTextFile(path)).map((line) => JSON.parse(line));
  assertEquals(written.length, expected.length);
  for (const [index, flow] of expected.entries()) {
    const told = Object.fromEntries(Object.keys(flow).map((name) => [name, written[index][name]]));
    assertEquals(told, flow);
    assertEquals(written[index].exaddr, "192.0.2.99");
  }
});

Deno.test("ndjson writes some attributes of some flows", async () => {
  await using folder = temporaryDirectory();
  const path = `${folder.path}/flows.ndjson`;
  const filter = `${folder.path}/filter.cfg`;
  await Deno.writeTextFile(
    filter,
    "filter-primitive udp\n type ip-protocol\n permit udp\n" +
      "filter-definition default\n match ip-protocol udp\n",
  );
  const { sink } = await openReceive([
    ...[
      "--format",
      "ndjson",
      "-o",
      path,
      "--fields",
      "dOctets,srcaddr_raw,dOctets,prot",
      "-f",
      filter,
    ],
  ]);
  const batch = batchOf({ exporter: "10.0.0.1", flows: range(0, 30) });
  sink.write(batch);
  // Aggregations by AS have no protocol to filter by.
  const others = new FlowBatch();
  decodeInto(others, "10.0.0.1", packet("v8.1-1"));
  sink.write(others);
  await closeAll([sink]);
  assertEquals(
    lines(await Deno.readTextFile(path)),
    range(0, 30).filter((index) => index % 2 === 1).map((index) =>
      `{"dOctets":${1000 + index},"srcaddr_raw":${0x0a010000 + index},"prot":17}`
    ),
  );
  const { given, done, filtered, dropped } = sink.counters;
  assertEquals([given, done, filtered], [30 + others.length, 15, 15]);
  assertEquals(dropped, { "filter-field": others.length });
});

for (const format of ["ndjson", "ft"]) {
  Deno.test({
    name: `a slow reader of ${format} loses flows, which are counted, and holds up nothing`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      await using folder = temporaryDirectory();
      const pipe = `${folder.path}/pipe`;
      await bash(`mkfifo ${pipe}`);
      // Open for both, so that neither end waits for the other; nobody reads yet.
      using reader = Deno.openSync(pipe, { read: true, write: true });
      const { sink } = await openReceive([
        ...["--format", format, "-o", pipe, "--queue-size", "1M"],
      ]);
      const batch = batchOf({ exporter: "10.0.0.1", flows: range(0, 30) });
      const rounds = 2000;
      for (let round = 0; round < rounds; round++) sink.write(batch);
      assertEquals(sink.counters.given, rounds * 30);
      assertGreater(sink.counters.dropped["queue-full"], rounds * 30 / 4);
      // Somebody reads: what waited arrives whole.
      const closing = sink.close();
      const chunks: Uint8Array[] = [];
      const buffer = new Uint8Array(1 << 16);
      const reading = (async () => {
        for (;;) {
          const count = await reader.read(buffer);
          const bytes = buffer.slice(0, count ?? 0);
          chunks.push(bytes);
          if (bytes.at(-1) === 0) return;
        }
      })();
      await closing;
      // The reader holds the pipe open itself, so it is told where the end is.
      using writer = Deno.openSync(pipe, { write: true });
      writer.writeSync(Uint8Array.of(0));
      await reading;
      await closeAll([sink]);
      assertEquals(sink.counters.queued, 0);
      const bytes = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
      const flows = format === "ft"
        ? await countFlows(bytes.subarray(0, -1))
        : lines(new TextDecoder().decode(bytes.subarray(0, -1))).length;
      assertEquals(flows, sink.counters.done);
      assertGreater(flows, 0);
    },
  });
}

async function countFlows(bytes: Uint8Array): Promise<number> {
  await using set = await FlowSet.open(bytes);
  let flows = 0;
  for await (const batch of set.batches({ columns: [] })) flows += batch.length;
  return flows;
}

for (const format of ["ndjson", "ft"]) {
  Deno.test({
    name: `nobody reads ${format} any more: it is told, and is no fault`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      await using folder = temporaryDirectory();
      const pipe = `${folder.path}/pipe`;
      await bash(`mkfifo ${pipe}`);
      const reader = Deno.openSync(pipe, { read: true, write: true });
      const { sink, ended } = await openReceive(["--format", format, "-o", pipe]);
      reader.close();
      const batch = batchOf({ exporter: "10.0.0.1", flows: [1, 2, 3] });
      sink.write(batch);
      assertEquals(await ended, undefined);
      sink.write(batch);
      await closeAll([sink]);
      assertEquals(sink.counters.dropped, { "output-ended": 6 });
    },
  });
}

Deno.test({
  name: "a full disk ends the output, and says so",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const { sink, ended } = await openReceive(["--format", "ndjson", "-o", "/dev/full"]);
    sink.write(batchOf({ exporter: "10.0.0.1", flows: [1, 2, 3] }));
    assertStringIncludes(await ended ?? "", "No space left on device");
    await closeAll([sink]);
    assertEquals(sink.counters.dropped, { "output-ended": 3 });
  },
});

for (const flags of [[], ["-z", "6"], ["-b", "big"], ["-b", "big", "-z", "9", "-V", "7"]]) {
  Deno.test(`receive ${flags.join(" ")} writes a stream of all flows`, async () => {
    await using folder = temporaryDirectory();
    const path = `${folder.path}/flows.ft`;
    const { sink } = await openReceive([...flags, "-C", "a test", "-o", path]);
    const batch = new FlowBatch();
    for (const number of [1, 2, 3]) decodeInto(batch, "10.0.0.1", packet(`v5-${number}`));
    const flows = [...batch].map((flow) => flow.toObject());
    for (let part = 0; part < 5; part++) {
      sink.write(batch);
      await sink.flush(0);
    }
    sink.countLosses({ lost: 7, corrupt: 2, resets: 1 });
    sink.countLosses({ lost: 1, corrupt: 0, resets: 0 });
    await closeAll([sink]);

    await using set = await FlowSet.open(path);
    const stored = [];
    for await (const flow of set) stored.push(flow.toObject());
    const version = flags.includes("-V") ? 7 : 5;
    assertEquals(stored.length, 5 * flows.length);
    for (const [index, flow] of stored.entries()) {
      const { srcaddr, dOctets, srcport, first, src_as } = flows[index % flows.length];
      assertEquals(
        [flow.srcaddr, flow.dOctets, flow.srcport, flow.first, flow.src_as],
        [srcaddr, dOctets, srcport, first, src_as],
      );
    }
    const { header } = set;
    assertEquals(header.exportVersion, version);
    assertEquals(header.byteOrder, flags.includes("big") ? "big" : "little");
    assertEquals([header.comments, header.hostname], ["a test", Deno.hostname()]);
    assertEquals([header.lost, header.corrupt, header.sequenceResets], [8, 2, 1]);
    assertEquals(header.flowCount, stored.length);
  });
}

Deno.test({
  name: "flow-print and flow-header of the reference read the stream of receive" +
    (FLOW_PRINT === undefined ? " (ignored: no flow-print on PATH)" : ""),
  ignore: FLOW_PRINT === undefined || FLOW_HEADER === undefined,
  fn: async () => {
    await using folder = temporaryDirectory();
    const path = `${folder.path}/flows.ft`;
    const { sink } = await openReceive(["-o", path, "-z", "1"]);
    const batch = batchOf({ exporter: "10.0.0.1", flows: range(0, 30) });
    sink.write(batch);
    await closeAll([sink]);
    const { stdout } = await bash(`${FLOW_PRINT} -f5 < ${path}; ${FLOW_HEADER} < ${path}`);
    const printed = lines(stdout).filter((line) => line.includes(" 10.1.0."));
    assertEquals(
      printed.map((line) => line.trim().split(/\s+/).slice(2)),
      range(0, 30).map((index) => [
        ...["3", `10.1.0.${index}`, `${1024 + index}`, "4"],
        ...[index % 5 === 0 ? "224.0.0.5" : "192.0.2.1", "80", index % 2 === 0 ? "6" : "17", "3"],
        ...[`${index + 1}`, `${1000 + index}`],
      ]),
    );
    assertStringIncludes(stdout, "capture flows:        30\n");
    assertStringIncludes(stdout, "compress:             on\n");
  },
});

Deno.test("a stream has the version of the first flows; others are converted or counted", async () => {
  await using folder = temporaryDirectory();
  const path = `${folder.path}/flows.ft`;
  const log = new TestLog();
  const { sink } = await openReceive(["-o", path], log);
  const counts = [];
  for (const name of ["v5-1", "v7-2", "v8.1-2", "v1-2"]) {
    const batch = new FlowBatch();
    decodeInto(batch, "10.0.0.1", packet(name));
    counts.push(batch.length);
    sink.write(batch);
  }
  await closeAll([sink]);
  await using set = await FlowSet.open(path);
  let stored = 0;
  for await (const batch of set.batches()) stored += batch.length;
  assertEquals(set.header.exportVersion, 5);
  assertEquals(stored, counts[0] + counts[1] + counts[3]);
  assertEquals(sink.counters.dropped, { "no-conversion": counts[2] });
  assert(log.warnings.includes("no-conversion: v8.1 flows cannot be written as v5"));
});

Deno.test("a stream has only the flows that --where asks for", async () => {
  await using folder = temporaryDirectory();
  const path = `${folder.path}/flows.ft`;
  const { sink } = await openReceive(["--where", "udp and src port < 1030", "-o", path]);
  sink.write(batchOf({ exporter: "10.0.0.1", flows: range(0, 29) }));
  await closeAll([sink]);
  assertEquals([sink.counters.done, sink.counters.filtered], [3, 26]);
  const ports: (number | undefined)[] = [];
  await using set = await FlowSet.open(path);
  for await (const flow of set) ports.push(flow.srcport);
  assertEquals(ports, [1025, 1027, 1029]);
});

Deno.test("a stream has only the flows that its filter lets pass, tagged if need be", async () => {
  await using folder = temporaryDirectory();
  const path = `${folder.path}/flows.ft`;
  const filter = `${folder.path}/filter.cfg`;
  const tag = `${folder.path}/tag.cfg`;
  await Deno.writeTextFile(
    filter,
    "filter-primitive udp\n type ip-protocol\n permit udp\n" +
      "filter-definition udp\n match ip-protocol udp\n",
  );
  await Deno.writeTextFile(
    tag,
    "tag-action web\n type udp-dst-port\n match 80 set-dst 0x5a\n" +
      "tag-definition web\n term\n  action web\n",
  );
  const { sink } = await openReceive([
    ...["-f", filter, "-F", "udp", "-t", tag, "-T", "web", "-o", path],
  ]);
  sink.write(batchOf({ exporter: "10.0.0.1", flows: range(0, 29) }));
  await closeAll([sink]);
  assertEquals([sink.counters.done, sink.counters.filtered], [14, 15]);
  await using set = await FlowSet.open(path);
  const flows = [];
  for await (const flow of set) flows.push(flow.toObject());
  assertEquals(set.header.exportVersion, 1005);
  assertEquals(flows.map(({ srcport }) => srcport), range(0, 14).map((i) => 1024 + 2 * i + 1));
  assertEquals(new Set(flows.map(({ dst_tag }) => dst_tag)), new Set([0x5a]));
});

for (
  const [args, message] of [
    [["--format", "ndjson", "-z", "6"], "--compress is for flow-tools streams"],
    [["--format", "ndjson", "-T", "x", "-t", "y"], "--tag-file is for flow-tools streams"],
    [["--format", "ndjson", "--fields", "srcaddr,colour"], '--fields has "colour", expected some'],
    [["--fields", "srcaddr"], "--fields is for JSON"],
    [["--queue-size", "many"], '"many"'],
    [["-V", "9"], '"9"'],
  ] as const
) {
  Deno.test(`receive is told what is wrong with: ${args.join(" ")}`, async () => {
    const error = await assertRejects(
      () => Promise.resolve().then(() => checkReceiveSink(parse(args))),
      UsageError,
    );
    assertStringIncludes(error.message, message);
  });
}

Deno.test("receive says which output it cannot open", async () => {
  const error = await assertRejects(() => openReceive(["-o", "/no/such/folder/flows.ft"]), Error);
  assertStringIncludes(error.message, "/no/such/folder/flows.ft");
});
