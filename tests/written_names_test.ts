/** Names that exporters told: in IPFIX files, in files of the collector, in what is sent on. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { FlowBatch } from "@flowtools/flow-model";
import { createIpfixCodec, createV9Codec } from "@flowtools/netflow-pdu";
import { parseFlags } from "@flowtools/common/flags";
import { CaptureDecoder } from "@flowtools/netflow-pdu/capture";
import { ethernet, ipv4, pcap, u32, udp } from "../packages/netflow-pdu/capture/_builders.ts";
import {
  inputOf,
  message,
  octets,
  optionsTemplate,
  set,
  template,
} from "../packages/netflow-pdu/templates/_builders.ts";
import { CAPTURE } from "../apps/collector/options.ts";
import { createIpfixSink } from "../apps/collector/sinks/ipfix/ipfix_sink.ts";
import { ipfixSettings } from "../apps/collector/sinks/ipfix/options.ts";
import { assertBalanced, pathsBelow, TestLog } from "./collector_files.ts";
import { CollectorProcess } from "./collector_process.ts";
import { flowtools, lines, temporaryDirectory } from "./programs.ts";
import { openFanout, Receiver } from "./relay_tools.ts";

const text = (value: string, width: number) => [
  ...new TextEncoder().encode(value.padEnd(width, "\0")),
];

/** Enterprise 32473 is for examples (RFC 5612). */
const ENTERPRISE = 32_473;

/** A message of a router: what it calls interface 3, VRF 5, application 13:80, and element 7. */
const options = (name: string) =>
  message(
    { domain: 7 },
    set(
      3,
      optionsTemplate(300, 1, [[10, 4], [82, 8], [83, 8]]),
      optionsTemplate(301, 1, [[234, 4], [236, 8]]),
      optionsTemplate(302, 1, [[95, 4], [96, 8], [94, 8]]),
      optionsTemplate(303, 2, [[346, 4], [303, 2], [339, 1], [341, 8]]),
    ),
    set(300, octets(3, 4), text(`if-${name}`, 8), text(`to ${name}`, 8)),
    set(301, octets(5, 4), text(`vrf-${name}`, 8)),
    set(302, [13, 0, 0, 80], text(`app-${name}`, 8), text("web", 8)),
    set(303, octets(ENTERPRISE, 4), octets(7, 2), [2], text("rackId", 8)),
  );

/** A message with one flow of it. */
const flow = (rack: number) =>
  message(
    { domain: 7 },
    set(2, template(256, [[10, 4], [234, 4], [95, 4], [1, 4], [7, 2, ENTERPRISE]])),
    set(256, octets(3, 4), octets(5, 4), [13, 0, 0, 80], octets(1000, 4), octets(rack, 2)),
  );

/** A packet from an address of 192.0.2.0/24, as a capture has it. */
function packetFrom(host: number, payload: Uint8Array): Uint8Array {
  const packet = ethernet(ipv4(udp(payload)));
  // Behind the Ethernet header, the source address stands at octet 12.
  packet.set(u32(0xc000_0200 + host), 14 + 12);
  return packet;
}

/** Two routers whose flows and names have the same numbers, in turn. */
const ROUTERS = [["one", 1], ["two", 2]] as const;
const CAPTURED = pcap([
  ...ROUTERS.map(([name, host]) => packetFrom(host, options(name))),
  ...[10, 20].flatMap((rack) => ROUTERS.map(([, host]) => packetFrom(host, flow(rack + host)))),
]);

const EXPECTED = [["one", 11], ["two", 12], ["one", 21], ["two", 22]].map(([name, rack]) => ({
  inputName: `if-${name}`,
  ingressVRFName: `vrf-${name}`,
  applicationName: `app-${name}`,
  rackId: rack,
}));

/** What `print --names` shows of a file. */
async function namesIn(path: string) {
  const { code, stdout, stderr } = await flowtools([
    "print",
    "--format",
    "ndjson",
    "--names",
    path,
  ]);
  assertEquals([code, stderr], [0, ""]);
  return lines(stdout).map((line) => {
    const { inputName, ingressVRFName, applicationName, rackId } = JSON.parse(line);
    return { inputName, ingressVRFName, applicationName, rackId };
  });
}

const hasTshark = (() => {
  try {
    return new Deno.Command("tshark", { args: ["--version"] }).outputSync().success;
  } catch {
    return false;
  }
})();

Deno.test("names of two exporters with the same numbers survive export -f ipfix, twice", async () => {
  await using folder = temporaryDirectory();
  const capture = `${folder.path}/x.pcap`;
  await Deno.writeFile(capture, CAPTURED);
  assertEquals(await namesIn(capture), EXPECTED);
  const file = `${folder.path}/x.ipfix`;
  await flowtools(["export", "-f", "ipfix", "-o", file, capture]);
  assertEquals(await namesIn(file), EXPECTED);
  // Once more, out of the file, under another domain.
  const again = `${folder.path}/y.ipfix`;
  await flowtools(["export", "-f", "ipfix", "--domain", "99", "-o", again, file]);
  assertEquals(await namesIn(again), EXPECTED);
  // The learned name is a field of the call, and of the ones that are not others are refused.
  const fields = (name: string, path = file) =>
    flowtools(["print", "--format", "csv", "--fields", `input,${name}`, path]);
  assertEquals(lines((await fields("rackId")).stdout), [
    "input,rackId",
    "3,11",
    "3,12",
    "3,21",
    "3,22",
  ]);
  const unknown = await fields("rackID");
  assertEquals(unknown.code, 1);
  assertStringIncludes(unknown.stderr, 'no field is named "rackID", expected one of');
  await flowtools(["gen", "-n", "1", "-o", `${folder.path}/a.ft`]);
  assertEquals((await fields("rackId", `${folder.path}/a.ft`)).code, 2);
});

Deno.test({
  name: "tshark reads the names that export -f ipfix writes, and finds nothing wrong",
  ignore: !hasTshark,
  async fn() {
    await using folder = temporaryDirectory();
    await Deno.writeFile(`${folder.path}/x.pcap`, CAPTURED);
    const { bytes } = await flowtools(["export", "-f", "ipfix", `${folder.path}/x.pcap`]);
    const messages: Uint8Array[] = [];
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at < bytes.length; at += view.getUint16(at + 2)) {
      messages.push(bytes.subarray(at, at + view.getUint16(at + 2)));
    }
    const sent = `${folder.path}/sent.pcap`;
    await Deno.writeFile(sent, pcap(messages.map((bytes) => ethernet(ipv4(udp(bytes))))));
    const shown = (...fields: string[]) => {
      const asked = fields.flatMap((field) => ["-e", field]);
      const { stdout } = new Deno.Command("tshark", {
        args: ["-r", sent, "-d", "udp.port==2055,cflow", "-T", "fields", ...asked],
        stderr: "null",
      }).outputSync();
      return new TextDecoder().decode(stdout).split("\n").map((line) => line.trim())
        .filter((line) => line !== "");
    };
    assertEquals(shown("_ws.expert.message"), []);
    assertEquals(shown("cflow.if_name"), ["if-one", "if-two"]);
    assertEquals(shown("cflow.if_descr"), ["to one", "to two"]);
    assertEquals(shown("cflow.appl_name"), ["app-one", "app-two"]);
    assertEquals(shown("cflow.vrfname"), ["vrf-one", "vrf-two"]);
    assertEquals(shown("cflow.information_element_name"), ["rackId", "rackId"]);
    assertEquals(shown("cflow.od_id").map(Number), [7, 8, 7, 8]);
  },
});

/** Flows of both routers as the collector decodes them, options included. */
class Routers {
  readonly #codec = createIpfixCodec();
  readonly #sessions = ROUTERS.map(() => this.#codec.createSession());

  /** Decodes a message of each into a batch. */
  batch(messageOf: (router: number) => Uint8Array): FlowBatch {
    const batch = new FlowBatch({ octets: true });
    for (const [at, session] of this.#sessions.entries()) {
      const [, host] = ROUTERS[at];
      const input = { ...inputOf(messageOf(at)), exporter: 0xc000_0200 + host };
      assertEquals(this.#codec.decode(input, batch, session).reason, undefined);
    }
    return batch;
  }
}

Deno.test("each IPFIX file of the collector has the names of its flows", async () => {
  await using folder = temporaryDirectory();
  const call = ["-w", folder.path, "--ipfix", folder.path, "-N", "0"];
  const sink = await createIpfixSink(
    ipfixSettings(parseFlags(call, CAPTURE.flags), 10),
    new TestLog(),
  );
  const routers = new Routers();
  sink.write(routers.batch((at) => options(ROUTERS[at][0])));
  for (const rack of [10, 20]) {
    sink.write(routers.batch((at) => flow(rack + ROUTERS[at][1])));
    await sink.flush(Date.now());
    await sink.rotate();
  }
  await sink.close();
  assertBalanced(sink);
  const names = pathsBelow(folder.path);
  assertEquals(names.length, 2);
  const files = await Promise.all(names.map((name) => namesIn(`${folder.path}/${name}`)));
  assertEquals(files, [EXPECTED.slice(0, 2), EXPECTED.slice(2)]);
});

Deno.test("fan-out passes names on, as IPFIX and as NetFlow v9", async () => {
  for (const [version, sharing] of [[9, ""], [10, ""], [10, ",sequence=target"]] as const) {
    await using receiver = new Receiver();
    const { sinks } = await openFanout([`${receiver.name},export-version=${version}${sharing}`]);
    const routers = new Routers();
    sinks[0].write(routers.batch((at) => options(ROUTERS[at][0])));
    sinks[0].write(routers.batch((at) => flow(10 + ROUTERS[at][1])));
    await sinks[0].flush(Date.now());
    const codec = version === 9 ? createV9Codec() : createIpfixCodec();
    // By socket, as collectors tell exporters apart.
    const sessions = new Map<number, ReturnType<typeof codec.createSession>>();
    const found: string[][] = [];
    while (found.length < ROUTERS.length) {
      const [{ bytes, port }] = await receiver.datagrams(1);
      const session = sessions.get(port) ?? codec.createSession();
      sessions.set(port, session);
      const batch = new FlowBatch({ octets: true });
      const { reason, header } = codec.decode(inputOf(bytes), batch, session);
      assertEquals(reason, undefined);
      const facts = session.facts(header!.source_id!)!;
      for (const { exaddr } of batch) {
        const named = (["interfaces", "vrfs"] as const).map((kind) => {
          return facts.name(kind, kind === "vrfs" ? 5 : 3)!.name;
        });
        found.push([exaddr!, ...named, facts.name("applications", "0d000050")!.name]);
      }
    }
    await sinks[0].close();
    assertEquals(
      found.toSorted(),
      ROUTERS.map((
        [name, host],
      ) => [`192.0.2.${host}`, `if-${name}`, `vrf-${name}`, `app-${name}`]),
    );
  }
});

Deno.test("capture --ipfix of what comes over UDP has the names", async () => {
  await using folder = temporaryDirectory();
  const call = ["-w", folder.path, "--ipfix", folder.path, "-N", "0", "-n", "0", "--http", "off"];
  await using collector = await CollectorProcess.start([...call, "127.0.0.1:0"]);
  const decoder = new CaptureDecoder();
  decoder.push(CAPTURED);
  decoder.finish();
  const sockets = new Map<string, Deno.DatagramConn>();
  for (let packet = decoder.read(); packet !== undefined; packet = decoder.read()) {
    const socket = sockets.get(packet.source) ??
      Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    sockets.set(packet.source, socket);
    const to = { transport: "udp", hostname: "127.0.0.1", port: collector.port } as const;
    await socket.send(packet.payload, to);
  }
  for (const socket of sockets.values()) socket.close();
  assertEquals(await collector.stop("SIGTERM"), 0);
  const name = pathsBelow(folder.path).find((path) => path.endsWith(".ipfix"))!;
  assertMatch(name, /^ft-v10\./);
  // Two sockets of one address: their flows come in an order that the kernel makes.
  const found = await namesIn(`${folder.path}/${name}`);
  const byRack = (one: { rackId?: unknown }, other: { rackId?: unknown }) =>
    Number(one.rackId) - Number(other.rackId);
  assertEquals(found.toSorted(byRack), EXPECTED.toSorted(byRack));
});
