/** Elements that users bring, both directions of a flow, tunnels in sFlow: by option, everywhere. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { ethernet, ipv4, pcap, udp } from "../packages/netflow-pdu/capture/_builders.ts";
import * as sflow from "../packages/netflow-pdu/sflow/_builders.ts";
import { message, octets, set, template } from "../packages/netflow-pdu/templates/_builders.ts";
import { COMMANDS } from "../apps/cli/commands.ts";
import { CollectorProcess } from "./collector_process.ts";
import { flowtools, lines, temporaryDirectory } from "./programs.ts";

const capture = (...payloads: readonly Uint8Array[]) =>
  pcap(payloads.map((payload) => ethernet(ipv4(udp(payload)))));
const jsonLines = (stdout: string) => lines(stdout).map((line) => JSON.parse(line));

/** Runs a command on a capture, beside a file of elements. */
async function run(
  args: readonly string[],
  bytes: Uint8Array,
  elements = "64512,7,rackId,unsigned16\n",
) {
  await using folder = temporaryDirectory();
  await Deno.writeFile(`${folder.path}/x.pcap`, bytes);
  await Deno.writeTextFile(`${folder.path}/own.csv`, elements);
  return await flowtools([...args, "x.pcap"], { cwd: folder.path });
}

/** Element 7 of enterprise 64512, and octets that went there and came back. */
const PRIVATE: [number, number, number] = [7, 2, 64_512];
const BOTH_WAYS = message(
  {},
  set(
    2,
    template(256, [[8, 4], [12, 4], [7, 2], [11, 2], [1, 4], [1, 4, 29_305], PRIVATE]),
  ),
  set(256, [
    ...[192, 0, 2, 1, 198, 51, 100, 7],
    ...octets(40_000, 2),
    ...octets(443, 2),
    ...octets(100, 4),
    ...octets(9000, 4),
    ...[0, 19],
  ]),
);

/** GRE in IPv4: the packet within is one from 192.0.2.1 to 198.51.100.2, of 1500 octets, UDP 5000 to 53. */
const TUNNEL = sflow.datagram(
  sflow.flowSample(sflow.sampledHeader(sflow.ethernet(
    0x0800,
    // An outer header of 1524 octets, protocol 47, from 10.0.0.1 to 10.0.0.2.
    sflow.octets(0x450005f4, 0, 0x402f0000, 0x0a000001, 0x0a000002),
    sflow.octets(0x00000800),
    sflow.ipv4(17, sflow.udp(53)),
  ))),
);

Deno.test("--elements brings names and types, for flows and for packets", async () => {
  const file = capture(BOTH_WAYS);
  const own = ["--elements", "own.csv"];
  const shown = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(args, file);
    assertEquals([code, stderr], [0, ""]);
    return jsonLines(stdout)[0];
  };
  const print = ["print", "--format", "ndjson"];
  const plain = await shown(...print);
  assertEquals([plain.rackId, plain["64512.7"]], [undefined, "0013"]);
  assertEquals((await shown(...print, ...own)).rackId, 19);
  const { sets: [, { records: [record] }] } = await shown("decode", ...own);
  assertEquals(record.rackId, 19);
  const csv = await run(["print", "--format", "csv", "--fields", "srcaddr,rackId", ...own], file);
  assertEquals(lines(csv.stdout), ["srcaddr,rackId", "192.0.2.1,19"]);
  // What is lost is told by the name, too.
  assertStringIncludes((await run(["cat", ...own], file)).stderr, "rackId of 1 flow");
});

Deno.test("A table of elements that is wrong is told of with its place, and nothing is done", async () => {
  for (
    const [table, fault] of [
      ["64512,7,rackId,u16\n", "own.csv:1: expected a type"],
      ["enterprise,id,name,type\n64512,7\n", "own.csv:2: expected 4 columns"],
    ]
  ) {
    const outcome = await run(
      ["print", "--format", "csv", "--elements", "own.csv"],
      capture(BOTH_WAYS),
      table,
    );
    assertEquals([outcome.code, outcome.stdout], [2, ""]);
    assertStringIncludes(outcome.stderr, fault);
  }
  const missing = await run(["stat", "--elements", "no.csv"], capture(BOTH_WAYS));
  assertEquals(missing.code, 2);
  assertStringIncludes(missing.stderr, "--elements cannot be read");
});

Deno.test("--biflow split makes a flow of each direction, in every command", async () => {
  const file = capture(BOTH_WAYS);
  const flows = async (...args: string[]) => {
    const { stdout } = await run(["print", "--format", "ndjson", ...args], file);
    return jsonLines(stdout).map(({ srcaddr, dstaddr, srcport, dstport, dOctets }) => [
      ...[srcaddr, srcport, dstaddr, dstport, dOctets],
    ]);
  };
  const there = ["192.0.2.1", 40_000, "198.51.100.7", 443, 100];
  const back = ["198.51.100.7", 443, "192.0.2.1", 40_000, 9000];
  assertEquals(await flows(), [there]);
  assertEquals(await flows("--biflow", "record"), [there]);
  assertEquals(await flows("--biflow", "split"), [there, back]);
  const stat = await run(["stat", "-f9", "--format", "ndjson", "--biflow", "split"], file);
  assertEquals(jsonLines(stat.stdout).map(({ octets }) => octets).toSorted(), [100, 9000]);
  const records = await run(["cat", "--biflow", "split"], file);
  const back5 = await flowtools(["print", "--format", "ndjson"], { stdin: records.bytes });
  assertEquals(jsonLines(back5.stdout).map(({ dOctets }) => dOctets), [100, 9000]);
  assertEquals((await run(["print", "--biflow", "both"], file)).code, 2);
});

Deno.test("--sflow-inner makes flows of the packets in tunnels", async () => {
  const flow = async (...args: string[]) => {
    const { stdout } = await run(["print", "--format", "ndjson", ...args], capture(TUNNEL));
    const [{ srcaddr, prot, dstport, dOctets }] = jsonLines(stdout);
    return [srcaddr, prot, dstport, dOctets];
  };
  assertEquals(await flow(), ["10.0.0.1", 47, undefined, 1524]);
  assertEquals(await flow("--sflow-inner"), ["192.0.2.1", 17, 53, 1500]);
});

Deno.test("--sflow-discarded makes flows of notices of discarded packets", async () => {
  // sequence, source class and index, drops, input, output, reason 289 (ACL), one record.
  const notice = sflow.tagged(
    5,
    ...[11, 0, 3, 0, 3, 0, 289, 1],
    sflow.sampledHeader(sflow.ethernet(0x0800, sflow.ipv4(17, sflow.udp(53)))),
  );
  const file = capture(sflow.datagram(notice));
  const sources = async (...args: string[]) => {
    const { stdout } = await run(["print", "--format", "ndjson", ...args], file);
    return jsonLines(stdout).map(({ srcaddr }) => srcaddr);
  };
  assertEquals(await sources(), []);
  assertEquals(await sources("--sflow-discarded"), ["192.0.2.1"]);
});

Deno.test("Every command that reads captures has the options of decoding", () => {
  const having = COMMANDS.filter(({ flags }) => flags.some(({ name }) => name === "elements"))
    .map(({ name }) => name);
  const reading = [
    ...["top", "series", "hist", "plot"],
    ...["print", "decode", "cat", "merge", "split", "export", "send", "stat", "report"],
    ...["nfilter", "filter", "tag", "xlate", "mask", "dscan", "capture", "receive", "fanout"],
  ];
  assertEquals(having.toSorted(), reading.toSorted());
});

Deno.test("The collector decodes with elements of users, and splits directions, by its settings", async () => {
  await using folder = temporaryDirectory();
  const elements = `${folder.path}/own.csv`;
  await Deno.writeTextFile(elements, "64512\t7\trackId\tunsigned16\n");
  const json = `${folder.path}/flows.ndjson`;
  const config = `${folder.path}/collector.toml`;
  await Deno.writeTextFile(config, `elements = ["${elements}"]\nbiflow = "split"\n`);
  const call = ["-w", folder.path, "--ndjson", json, "-N", "0", "-n", "0", "--http", "off"];
  {
    await using collector = await CollectorProcess.start(
      [...call, "--config", config, "127.0.0.1:0"],
    );
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const to = { transport: "udp", hostname: "127.0.0.1", port: collector.port } as const;
    await socket.send(BOTH_WAYS, to);
    socket.close();
    assertEquals(await collector.stop("SIGTERM"), 0);
    assertEquals(collector.lines.at(-1)!.flows, 2);
  }
  const flows = jsonLines(await Deno.readTextFile(json));
  assertEquals(flows.map(({ dOctets, rackId }) => [dOctets, rackId]), [[100, 19], [9000, 19]]);
  const wrong = await flowtools(["capture", ...call, "--elements", "/no/such", "127.0.0.1:0"]);
  assertEquals(wrong.code, 2);
  assertStringIncludes(wrong.stderr, "--elements cannot be read");
});
