/** Lists in records (RFC 6313) through the programs: shown by commands, stored, sent on. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { FlowBatch } from "@flowtools/flow-model";
import { createIpfixCodec } from "@flowtools/netflow-pdu";
import { parseFlags } from "@flowtools/common/flags";
import { ethernet, ipv4, pcap, udp } from "../packages/netflow-pdu/capture/_builders.ts";
import {
  type Field,
  inputOf,
  message,
  octets,
  set,
  template,
} from "../packages/netflow-pdu/templates/_builders.ts";
import { CAPTURE } from "../apps/collector/options.ts";
import { createIpfixSink } from "../apps/collector/sinks/ipfix/ipfix_sink.ts";
import { ipfixSettings } from "../apps/collector/sinks/ipfix/options.ts";
import { datagramsOf } from "./collector_captures.ts";
import { assertBalanced, pathsBelow, TestLog } from "./collector_files.ts";
import { CollectorProcess } from "./collector_process.ts";
import { bash, flowtools, lines, temporaryDirectory } from "./programs.ts";
import { findReference, Receiver } from "./relay_tools.ts";
import { captureGroups } from "./template_captures.ts";

const VARIABLE = 65_535;
const FLOW: readonly Field[] = [[8, 4], [291, VARIABLE], [292, VARIABLE], [293, VARIABLE]];

const variable = (...value: readonly number[]) => [255, ...octets(value.length, 2), ...value];

/** Numbers of the templates of lists. */
interface Numbers {
  readonly port: number;
  readonly service: number;
}

/** A flow: all of two protocols, ports in order, and one of a service and a port. */
const flow = (last: number, { port, service }: Numbers) => [
  ...[10, 0, 0, last],
  ...variable(3, ...octets(4, 2), ...octets(1, 2), 6, 17),
  ...variable(4, ...octets(port, 2), 0, 80, 1, 187),
  ...variable(1, ...octets(service, 2), 0, 7, 6, 0, last, ...octets(port, 2), 0, 6, 0, 53),
];

/** What the lists of the flow say. */
const flowLists = (last: number, { port, service }: Numbers) => ({
  basicList: { semantic: "allOf", element: "protocolIdentifier", values: [6, 17] },
  subTemplateList: {
    semantic: "ordered",
    template: port,
    records: [{ sourceTransportPort: 80 }, { sourceTransportPort: 443 }],
  },
  subTemplateMultiList: {
    semantic: "exactlyOneOf",
    lists: [
      {
        semantic: "exactlyOneOf",
        template: service,
        records: [{ protocolIdentifier: 6, destinationTransportPort: last }],
      },
      { semantic: "exactlyOneOf", template: port, records: [{ sourceTransportPort: 53 }] },
    ],
  },
});

/** What an exporter sends: its templates, then a flow. */
const exporter = (last: number, numbers: Numbers): Uint8Array[] => [
  message(
    {},
    set(
      2,
      template(256, FLOW),
      template(numbers.port, [[7, 2]]),
      template(numbers.service, [[4, 1], [11, 2]]),
    ),
  ),
  message({ sequence: 0 }, set(256, flow(last, numbers))),
];

/** Two exporters whose numbers mean each other's. */
const ONE: Numbers = { port: 300, service: 301 };
const OTHER: Numbers = { port: 301, service: 300 };
const EXPORTERS = [exporter(1, ONE), exporter(2, OTHER)];

/** What YAF sent, where it is there: templates first. */
const YAF = captureGroups().filter(({ group }) => group.includes("yaf"))
  .map((group) => datagramsOf(group).map(({ payload }) => payload));

const capture = (payloads: readonly Uint8Array[]) =>
  pcap(payloads.map((payload) => ethernet(ipv4(udp(payload)))));

type Json = Readonly<Record<string, unknown>>;
const LIST_NAMES = ["basicList", "subTemplateList", "subTemplateMultiList"];

/** The lists of records that `decode` shows of files, read in that order; sorted. */
async function decodedLists(...paths: readonly string[]): Promise<string[]> {
  const { code, stdout, stderr } = await flowtools(["decode", ...paths]);
  assertEquals([code, stderr], [0, ""]);
  const packets = lines(stdout).map((line) =>
    JSON.parse(line) as { sets: Json[]; resumed?: Json[] }
  );
  return packets.flatMap(({ sets, resumed = [] }) => [...sets, ...resumed])
    .flatMap(({ records = [] }) => records as Json[])
    .filter((record) => LIST_NAMES.some((name) => name in record))
    .map((record) => listsOf(record)).toSorted();
}

/** The lists of a record, without the numbers of templates, which may be others than they were. */
function listsOf(record: Json): string {
  const lists = LIST_NAMES.filter((name) => name in record).map((name) => [name, record[name]]);
  return JSON.stringify(
    Object.fromEntries(lists),
    (name, value) => name === "template" ? undefined : value,
  );
}

/** What the exporters said, as `decode` shows it. */
async function sentLists(folder: string, sources: readonly (readonly Uint8Array[])[]) {
  const found: string[] = [];
  for (const [index, payloads] of sources.entries()) {
    const path = `${folder}/sent-${index}.pcap`;
    await Deno.writeFile(path, capture(payloads));
    found.push(...await decodedLists(path));
  }
  return found.toSorted();
}

Deno.test("print shows what is in lists, as JSON and in text", async () => {
  await using folder = temporaryDirectory();
  const path = `${folder.path}/x.pcap`;
  await Deno.writeFile(path, capture(EXPORTERS[0]));
  const expected = flowLists(1, ONE);
  const ndjson = await flowtools(["print", "--format", "ndjson", path]);
  const [shown] = lines(ndjson.stdout).map((line) => JSON.parse(line));
  assertEquals(Object.fromEntries(LIST_NAMES.map((name) => [name, shown[name]])), expected);
  const fields = ["--fields", "srcaddr,subTemplateList"];
  const json = await flowtools(["print", "--format", "json", ...fields, path]);
  const { subTemplateList } = expected;
  assertEquals(JSON.parse(json.stdout), [{ srcaddr: "10.0.0.1", subTemplateList }]);
  const text = JSON.stringify(subTemplateList);
  const csv = await flowtools(["print", "--format", "csv", ...fields, path]);
  assertEquals(csv.stdout.split("\n")[1], `10.0.0.1,"${text.replaceAll('"', '""')}"`);
  const table = await flowtools(["print", "--format", "table", ...fields, path]);
  assertStringIncludes(table.stdout, ` ${text}\n`);
  const dump = await flowtools(["decode", "--format", "dump", path]);
  assertStringIncludes(dump.stdout, ` ${text} `);
});

Deno.test("export -f ipfix keeps what is in lists of several exporters", async () => {
  await using folder = temporaryDirectory();
  const sources = [...EXPORTERS, ...YAF];
  const expected = await sentLists(folder.path, sources);
  assert(expected.length >= 2 && expected.every((text) => text.length > 2));
  const inputs = sources.map((_, index) => `${folder.path}/sent-${index}.pcap`);
  const output = `${folder.path}/x.ipfix`;
  const { code, stderr } = await flowtools(["export", "-f", "ipfix", "-o", output, ...inputs]);
  assertEquals([code, stderr], [0, `flow-export: Exported ${expected.length} records\n`]);
  assertEquals(await decodedLists(output), expected);
});

Deno.test("IPFIX files of the collector have the templates of lists, each file its own", async () => {
  await using folder = temporaryDirectory();
  const call = ["-w", folder.path, "--ipfix", folder.path, "-N", "0", "-z", "0"];
  const settings = ipfixSettings(parseFlags(call, CAPTURE.flags), 10);
  const sink = await createIpfixSink(settings, new TestLog());
  const codec = createIpfixCodec();
  for (const payloads of EXPORTERS) {
    const batch = new FlowBatch({ octets: true });
    const session = codec.createSession();
    for (const payload of payloads) codec.decode(inputOf(payload), batch, session);
    sink.write(batch);
    await sink.rotate();
    sink.write(batch);
  }
  await sink.close();
  assertBalanced(sink);
  const paths = pathsBelow(folder.path).map((name) => `${folder.path}/${name}`);
  const [one, other] = [listsOf(flowLists(1, ONE)), listsOf(flowLists(2, OTHER))];
  const found = [];
  for (const path of paths) found.push(await decodedLists(path));
  assertEquals(found, [[one], [one, other], [other]]);
});

/** Takes datagrams of IPFIX until so many flows have come. */
async function sentOn(receiver: Receiver, flows: number): Promise<Uint8Array[]> {
  const codec = createIpfixCodec();
  const session = codec.createSession();
  const batch = new FlowBatch();
  const sent: Uint8Array[] = [];
  while (batch.length < flows) {
    const [{ bytes }] = await receiver.datagrams(1);
    assertEquals(codec.decode(inputOf(bytes), batch, session).reason, undefined);
    sent.push(bytes);
  }
  return sent;
}

const TSHARK = findReference("tshark");

/** The members of sub-template lists as tshark shows them. */
async function tsharkLists(path: string, port: number): Promise<string[]> {
  const ports = port > 0 ? `-d udp.port==${port},cflow` : "";
  const { stdout } = await bash(`tshark -r ${path} -V ${ports} 2>/dev/null`);
  const text = stdout.split("\n").map((line) => line.trim());
  return text.flatMap((line, index) => {
    const list = line.match(/^SubTemplate List \(semantic = (\d+), subtemplate-id = \d+\)$/);
    if (list === null) return [];
    const members = text.slice(index + 1, index + 20);
    const end = members.findIndex((line) => line.startsWith("String_len_short"));
    const ports = members.slice(0, end).flatMap((line) =>
      line.match(/^SrcPort: (\d+)$/)?.[1] ?? []
    );
    return [`${list[1]}: ${ports}`];
  });
}

Deno.test("A collector stores, writes and sends on what is in lists of several exporters", async () => {
  await using folder = temporaryDirectory();
  for (const name of ["ft", "ipfix"]) await Deno.mkdir(`${folder.path}/${name}`);
  await using receiver = new Receiver();
  const json = `${folder.path}/flows.ndjson`;
  const call = ["-w", `${folder.path}/ft`, "--ipfix", `${folder.path}/ipfix`, "--ndjson", json];
  const files = ["-N", "0", "-n", "0", "-z", "0", "--fanout", receiver.name];
  const sources = [...EXPORTERS, ...YAF];
  const expected = await sentLists(folder.path, sources);
  let flows = 0;
  {
    await using collector = await CollectorProcess.start(
      [...call, ...files, "--http", "off", "127.0.0.1:0"],
    );
    const to = { transport: "udp", hostname: "127.0.0.1", port: collector.port } as const;
    const sockets = sources.map(() =>
      Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 })
    );
    for (const [index, payloads] of sources.entries()) {
      for (const payload of payloads) await sockets[index].send(payload, to);
    }
    for (const socket of sockets) socket.close();
    assertEquals(await collector.stop("SIGTERM"), 0);
    const facts = collector.lines.at(-1)!;
    flows = Number(facts.flows);
    assertEquals([facts["ndjson-done"], facts["ipfix-done"]], [flows, flows]);
  }
  const written = lines(await Deno.readTextFile(json)).map((line) => JSON.parse(line) as Json);
  const withLists = written.filter((flow) => LIST_NAMES.some((name) => name in flow));
  assertEquals(withLists.map(listsOf).toSorted(), expected);
  const [name] = pathsBelow(`${folder.path}/ipfix`);
  const file = `${folder.path}/ipfix/${name}`;
  assertEquals(await decodedLists(file), expected);
  const passed = `${folder.path}/passed.pcap`;
  await Deno.writeFile(passed, capture(await sentOn(receiver, flows)));
  assertEquals(await decodedLists(passed), expected);
  if (TSHARK === undefined) {
    console.log("no tshark on PATH: what it shows of the packets was not compared");
    return;
  }
  // YAF has no lists of one template.
  for (const [path, port] of [[file, 0], [passed, 2055]] as const) {
    assertEquals(await tsharkLists(path, port), ["4: 80,443", "4: 80,443"]);
  }
});
