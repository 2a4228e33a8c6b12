/** What commands make of sampled flows, names and templates of NetFlow v9, IPFIX and sFlow. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ethernet, ipv4, pcap, udp } from "../packages/netflow-pdu/capture/_builders.ts";
import * as sflow from "../packages/netflow-pdu/sflow/_builders.ts";
import {
  message,
  octets,
  optionsTemplate,
  optionsTemplate9,
  packet9,
  SENT_SECS,
  set,
  template,
} from "../packages/netflow-pdu/templates/_builders.ts";
import { flowtools, flowtoolsCommand, lines, temporaryDirectory } from "./programs.ts";

const capture = (...payloads: readonly Uint8Array[]) =>
  pcap(payloads.map((payload) => ethernet(ipv4(udp(payload)))));
const text = (value: string, width: number) => [
  ...new TextEncoder().encode(value.padEnd(width, "\0")),
];
const jsonLines = (stdout: string) => lines(stdout).map((line) => JSON.parse(line));

/** Runs a command on files of these contents, which are there in the order of their names. */
async function run(args: readonly string[], files: Readonly<Record<string, Uint8Array | string>>) {
  await using folder = temporaryDirectory();
  for (const [name, content] of Object.entries(files)) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(`${folder.path}/${name}`, bytes);
  }
  const inputs = Object.keys(files).filter((name) => !name.endsWith(".cfg"));
  return await flowtools([...args, ...inputs], { cwd: folder.path });
}

/** Source address, octets, packets. */
const COUNTED: [number, number][] = [[8, 4], [1, 4], [2, 4]];

/** Sampler 5 takes one packet in 20 at random; its flow has 7 packets with 700 octets. */
const V9_SAMPLED = capture(packet9(
  {},
  set(1, optionsTemplate9(300, 1, [[1, 4], [48, 1], [49, 1], [50, 4]]), [0, 0]),
  set(300, octets(1, 4), [5], [2], octets(20, 4), [0, 0]),
  set(0, template(256, [...COUNTED, [48, 1]])),
  set(256, [192, 0, 2, 1], octets(700, 4), octets(7, 4), [5], [0, 0, 0]),
));

/** The record itself tells: one packet in 30. 2 packets with 90 octets. */
const IPFIX_SAMPLED = capture(message(
  {},
  set(2, template(256, [...COUNTED, [34, 4]])),
  set(256, [192, 0, 2, 2], octets(90, 4), octets(2, 4), octets(30, 4)),
));

/** One packet in 400 was sampled; it has an IP header that says 1500 octets. From 192.0.2.1. */
const SFLOW_SAMPLED = capture(sflow.datagram(sflow.flowSample(
  sflow.sampledHeader(sflow.ethernet(0x0800, sflow.ipv4(17, sflow.udp(53)))),
)));

/** Version 5, whose header says one packet in 100. 3 packets with 4000 octets. */
const V5_SAMPLED = (() => {
  const payload = new Uint8Array(72);
  payload.set([0, 5, 0, 1]);
  payload.set([0x40, 100], 22);
  payload.set([192, 0, 2, 3, 198, 51, 100, 1], 24);
  payload.set([...octets(3, 4), ...octets(4000, 4)], 40);
  return capture(payload);
})();

/** Each input, its source, and what its counters are times the rate. */
const SAMPLED: readonly (readonly [
  name: string,
  file: Uint8Array,
  source: string,
  packets: number,
  octets: number,
  rate: number,
])[] = [
  ["NetFlow v9", V9_SAMPLED, "192.0.2.1", 7, 700, 20],
  ["IPFIX", IPFIX_SAMPLED, "192.0.2.2", 2, 90, 30],
  ["sFlow", SFLOW_SAMPLED, "192.0.2.1", 1, 1500, 400],
  ["NetFlow v5", V5_SAMPLED, "192.0.2.3", 3, 4000, 100],
];

const REPORT = `stat-report r
 type ip-source-address
 output
  options +header
stat-definition d
 report r
`;

for (const [name, file, source, packets, bytes, rate] of SAMPLED) {
  Deno.test(`print, stat and report --scaled multiply sampled ${name} by its rate`, async () => {
    const calls = (...more: string[]) => [
      run(["print", "--format", "ndjson", ...more], { "x.pcap": file }),
      run(["stat", "-f9", "--format", "ndjson", ...more], { "x.pcap": file }),
      run(["stat", "-f9", ...more], { "x.pcap": file }),
      run(["report", "-s", "r.cfg", "-S", "d", ...more], { "r.cfg": REPORT, "x.pcap": file }),
    ];
    for (const scaled of [false, true]) {
      const factor = scaled ? rate : 1;
      const outcomes = await Promise.all(calls(...(scaled ? ["--scaled"] : [])));
      assertEquals(outcomes.map(({ code, stderr }) => [code, stderr]), outcomes.map(() => [0, ""]));
      const [printed, rows, classic, reported] = outcomes.map(({ stdout }) => stdout);
      const [flow] = jsonLines(printed);
      assertEquals(
        [flow.srcaddr, flow.dPkts, flow.dOctets, flow.scaledBy],
        [source, packets * factor, bytes * factor, scaled ? rate : undefined],
      );
      // Flows of version 5 have the attributes of pyflowtools and no more.
      assertEquals(flow.samplingRate, name === "NetFlow v5" ? undefined : rate);
      const [row] = jsonLines(rows);
      assertEquals([row.octets, row.packets], [bytes * factor, packets * factor]);
      const cells = classic.split("\n").map((line) => line.trim().split(/\s+/));
      assertEquals(
        cells.find(([address]) => address === source),
        [source, "1", String(bytes * factor), String(packets * factor)],
      );
      assertStringIncludes(reported, `${source},1,${bytes * factor},${packets * factor}`);
      // Who reads numbers that were multiplied is told so.
      assertEquals([classic, reported].map((text) => /scaled/i.test(text)), [scaled, scaled]);
    }
  });
}

/** A socket of loopback that takes what a command sends. */
class Receiver implements Disposable {
  readonly #socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });

  get target(): string {
    return `0/127.0.0.1/${(this.#socket.addr as Deno.NetAddr).port}`;
  }

  /** Runs a command that sends here; gives the packets, in their order. */
  async packetsOf(args: readonly string[]): Promise<{ packets: Uint8Array[]; stderr: string }> {
    const packets: Uint8Array[] = [];
    const receive = async () => {
      for (;;) {
        const [packet] = await this.#socket.receive();
        if (packet.length === 0) return;
        packets.push(packet);
      }
    };
    const [{ code, stderr }] = await Promise.all([this.#run(args), receive()]);
    const told = new TextDecoder().decode(stderr);
    assertEquals([code, told.includes("rror")], [0, false], told);
    return { packets, stderr: told };
  }

  async #run(args: readonly string[]): Promise<Deno.CommandOutput> {
    const output = await flowtoolsCommand(args).output();
    // An empty datagram comes behind all others.
    await this.#socket.send(new Uint8Array(0), this.#socket.addr);
    return output;
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

/** How many sets of (options) templates each packet has; sets are walked by their lengths. */
function templateSets(packets: readonly Uint8Array[]): number[] {
  return packets.map((packet) => {
    const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
    let sets = 0;
    for (
      let at = packet[1] === 9 ? 20 : 16;
      at + 4 <= packet.length;
      at += view.getUint16(at + 2)
    ) {
      if (view.getUint16(at) < 256) sets++;
    }
    return sets;
  });
}

for (const version of ["9", "10"]) {
  Deno.test(`send -V ${version} sends templates again after --resend-packets`, async () => {
    await using folder = temporaryDirectory();
    const file = `${folder.path}/a.ft`;
    await flowtools(["gen", "-n", "500", "-o", file]);
    using receiver = new Receiver();
    const call = ["send", "-V", version, "--rate", "2000", "--resend-seconds", "86400"];
    const { packets } = await receiver.packetsOf(
      [...call, "--resend-packets", "5", receiver.target, file],
    );
    assert(packets.length > 15, `${packets.length} packets`);
    assertEquals(templateSets(packets), packets.map((_, index) => index % 5 === 0 ? 1 : 0));
  });

  Deno.test(`send -V ${version} sends templates again after --resend-seconds`, async () => {
    await using folder = temporaryDirectory();
    const file = `${folder.path}/a.ft`;
    await flowtools(["gen", "-n", "1200", "-o", file]);
    using receiver = new Receiver();
    const sum = (numbers: readonly number[]) => numbers.reduce((all, number) => all + number, 0);
    // At so many packets a second, sending takes two seconds at least.
    for (const [seconds, rate, again] of [["1", "20", true], ["86400", "2000", false]] as const) {
      const call = ["send", "-V", version, "--rate", rate, "--resend-packets", "1000000"];
      const { packets } = await receiver.packetsOf(
        [...call, "--resend-seconds", seconds, receiver.target, file],
      );
      assert(packets.length > 40, `${packets.length} packets`);
      const sent = sum(templateSets(packets));
      assertEquals([sent > 1, sent < packets.length / 2], [again, true], `${sent} times`);
    }
  });
}

/** Addresses of IPv4, an application, octets. */
const NARROW = template(256, [[8, 4], [12, 4], [95, 4], [1, 4]]);
const narrow = (source: number, destination: number) => [
  ...octets(source, 4),
  ...octets(destination, 4),
  ...[13, 0, 0, 80],
  ...octets(100, 4),
];
const WIDE = template(257, [[27, 16], [28, 16], [1, 4]]);
const wide = [...octets(1n << 125n, 16), ...octets((1n << 125n) + 1n, 16), ...octets(100, 4)];

Deno.test("send -V 9 --speed keeps the clock of each packet of NetFlow v9", async () => {
  await using folder = temporaryDirectory();
  const file = `${folder.path}/x.pcap`;
  const packet = (after: number, host: number) =>
    packet9(
      { sequence: after, secs: SENT_SECS + after, uptime: 1_000_000 + 1000 * after },
      set(0, NARROW),
      set(256, narrow(0x0a000000 + host, 0x0a000009)),
    );
  await Deno.writeFile(file, capture(packet(0, 1), packet(2, 2), packet(7, 3)));
  using receiver = new Receiver();
  const clocksOf = (packets: readonly Uint8Array[]) =>
    packets.map((packet) => {
      const view = new DataView(packet.buffer, packet.byteOffset);
      return [view.getUint32(4) - 1_000_000, view.getUint32(8) - SENT_SECS];
    });
  const replayed = await receiver.packetsOf(
    ["send", "-V", "9", "--speed", "100", receiver.target, file],
  );
  assertEquals(clocksOf(replayed.packets), [[0, 0], [2000, 2], [7000, 7]]);
  const joined = await receiver.packetsOf(["send", "-V", "9", receiver.target, file]);
  assertEquals(clocksOf(joined.packets), [[0, 0]]);
});

Deno.test("send -V 9 -m masks addresses, sends no octets that have them, and tells what stays", async () => {
  await using folder = temporaryDirectory();
  const file = `${folder.path}/x.pcap`;
  const flows = [narrow(0x0a010203, 0xc0a80a0b), narrow(0x0a010203, 0xe0000005)];
  const data = packet9({}, set(0, NARROW, WIDE), set(256, ...flows), set(257, wide));
  await Deno.writeFile(file, capture(data));
  using receiver = new Receiver();
  const { packets, stderr } = await receiver.packetsOf(
    ["send", "-V", "9", "-m", "255.255.0.0", receiver.target, file],
  );
  const back = await run(["print", "--format", "ndjson"], { "y.pcap": capture(...packets) });
  assertEquals(
    jsonLines(back.stdout).map(({ srcaddr, dstaddr, dOctets }) => [srcaddr, dstaddr, dOctets]),
    [["10.1.0.0", "192.168.0.0", 100], ["10.1.2.3", "224.0.0.5", 100]],
  );
  assertStringIncludes(stderr, "1 flows left out: --privacy-mask masks no IPv6 addresses");
  assertMatch(stderr, /have no place for values of flows: applicationId \(2\)/);
});

/** Options data of a version: VRF 9, application 13:80, sampler 5, interface 7, then a flow. */
function namedPacket(version: 9 | 10, interfaceName: string): Uint8Array {
  const options = version === 9 ? optionsTemplate9 : optionsTemplate;
  // Scopes of NetFlow v9 are kinds of things: 1 is the system.
  const scope: [number, number] = version === 9 ? [1, 4] : [149, 4];
  const names: readonly (readonly [id: number, key: number, width: number, name: number])[] = [
    [300, 234, 4, 236],
    [301, 95, 4, 96],
    [302, 48, 1, 84],
    [303, 10, 4, 82],
  ];
  const templates = names.map(([id, key, width, name]) =>
    options(id, 1, [scope, [key, width], [name, 8]])
  );
  const data = [
    set(300, octets(1, 4), octets(9, 4), text("red", 8)),
    set(301, octets(1, 4), [13, 0, 0, 80], text("http", 8)),
    set(302, octets(1, 4), [5], text("one", 8)),
    set(303, octets(1, 4), octets(7, 4), text(interfaceName, 8)),
  ];
  const flow = template(256, [[8, 4], [10, 4], [234, 4], [235, 4], [95, 4], [48, 1]]);
  const record = [...octets(0x0a000001, 4), ...octets(7, 4), ...octets(9, 4), ...octets(8, 4)];
  const sets = [
    set(version === 9 ? 1 : 3, ...templates),
    ...data,
    set(version === 9 ? 0 : 2, flow),
    set(256, [...record, 13, 0, 0, 80, 5]),
  ];
  return version === 9 ? packet9({}, ...sets) : message({}, ...sets);
}

for (const version of [9, 10] as const) {
  Deno.test(`print --names shows what exporters of version ${version} call things, each its own`, async () => {
    // Another port is another exporter: its interface 7 is another one.
    const file = pcap([["eth0", 1001], ["xe-0/1", 1002]].map(([name, port]) => {
      const datagram = udp(namedPacket(version, String(name)));
      new DataView(datagram.buffer, datagram.byteOffset).setUint16(0, Number(port));
      return ethernet(ipv4(datagram));
    }));
    const { stdout, stderr } = await run(["print", "--format", "ndjson", "--names"], {
      "x.pcap": file,
    });
    assertEquals(stderr, "");
    const named = jsonLines(stdout).map((flow) => [
      ...[flow.inputName, flow.ingressVRFName, flow.egressVRFName],
      ...[flow.applicationName, flow.samplerName],
    ]);
    assertEquals(named, [
      ["eth0", "red", undefined, "http", "one"],
      ["xe-0/1", "red", undefined, "http", "one"],
    ]);
    const table = await run(["print", "--fields", "srcaddr,ingressVRFName", "--names"], {
      "x.pcap": file,
    });
    assertMatch(table.stdout, /10\.0\.0\.1 +red/);
  });
}

Deno.test("What thinning IPFIX to flow-tools records loses is told by element", async () => {
  // What nobody knows, reverse octets, padding (which says nothing), and a rate of sampling.
  const shape = template(256, [
    ...[[8, 4], [12, 4], [1, 4], [95, 4]] as [number, number][],
    ...[[1, 4, 29_305], [77, 2, 64_512]] as [number, number, number][],
    ...[[210, 2], [34, 4]] as [number, number][],
  ]);
  const record = (rate: number) => [
    ...narrow(0x0a000001, 0x0a000002).slice(0, 8),
    ...octets(100, 4),
    ...[13, 0, 0, 80],
    ...octets(50, 4),
    ...[1, 2, 0, 0],
    ...octets(rate, 4),
  ];
  const file = capture(message({}, set(2, shape), set(256, record(10), record(10), record(1))));
  const told = /no place for (.*)\n/;
  const expected = [
    "64512.77 of 3 flows",
    "applicationId of 3 flows",
    "reverseOctetDeltaCount of 3 flows",
    "samplingInterval of 3 flows",
    "samplingRate of 2 flows",
  ];
  using receiver = new Receiver();
  const calls = [
    ["cat"],
    ["filter", "-p", "0"],
    ["export", "-f2"],
    ["export", "-f4", "-V", "7"],
    ["send", "-V", "5", receiver.target],
  ];
  for (const call of calls) {
    const { code, stderr } = await run(call, { "x.pcap": file });
    assertEquals([code, told.exec(stderr)?.[1].split(", ").toSorted()], [0, expected], stderr);
  }
  // What makes no records loses nothing.
  for (const call of [["print", "--format", "ndjson"], ["stat", "-f9"]]) {
    assertEquals((await run(call, { "x.pcap": file })).stderr, "");
  }
  const whole = await run(["export", "-f", "ipfix"], { "x.pcap": file });
  assertEquals(whole.stderr, "flow-export: Exported 3 records\n");
});

Deno.test("Lists within records survive export and send: decode takes them apart again", async () => {
  // basicList: all of two protocols; sub-template list of two addresses, by template 302.
  const basic = [3, ...octets(4, 2), ...octets(1, 2), 6, 17];
  const nested = [0, ...octets(302, 2), 10, 0, 0, 1, 10, 0, 0, 2];
  const file = capture(message(
    {},
    set(2, template(302, [[8, 4]]), template(303, [[12, 4], [291, 65_535], [292, 65_535]])),
    set(303, [10, 0, 0, 9, basic.length, ...basic, nested.length, ...nested]),
  ));
  /** The only record that `decode` shows, and whether the template of its list came before it. */
  const recordOf = async (
    files: Readonly<Record<string, Uint8Array>>,
  ): Promise<Record<string, unknown>> => {
    const { code, stdout } = await run(["decode"], files);
    assertEquals(code, 0);
    const sets: {
      kind: string;
      records?: Record<string, { template?: number }>[];
      templates?: { id: number }[];
    }[] = jsonLines(stdout).flatMap((packet) => packet.sets);
    const at = sets.findIndex(({ records }) => records?.length === 1);
    const record = sets[at].records![0];
    const { template } = record.subTemplateList;
    const announced = sets.slice(0, at).flatMap(({ templates = [] }) => templates);
    assert(announced.some(({ id }) => id === template), `template ${template} did not come`);
    return { ...record, subTemplateList: { ...record.subTemplateList, template: undefined } };
  };
  const original = await recordOf({ "x.pcap": file });
  // Who passes flows on says whose they are.
  const passedOn = { ...original, exporterIPv4Address: "192.0.2.1" };
  assertEquals(original, {
    destinationIPv4Address: "10.0.0.9",
    basicList: { semantic: "allOf", element: "protocolIdentifier", values: [6, 17] },
    subTemplateList: {
      semantic: "noneOf",
      template: undefined,
      records: [{ sourceIPv4Address: "10.0.0.1" }, { sourceIPv4Address: "10.0.0.2" }],
    },
  });
  const exported = await run(["export", "-f", "ipfix"], { "x.pcap": file });
  assertEquals(await recordOf({ "y.ipfix": exported.bytes }), passedOn);
  await using folder = temporaryDirectory();
  await Deno.writeFile(`${folder.path}/x.pcap`, file);
  using receiver = new Receiver();
  const { packets } = await receiver.packetsOf(
    ["send", "-V", "10", receiver.target, `${folder.path}/x.pcap`],
  );
  assertEquals(await recordOf({ "z.pcap": capture(...packets) }), passedOn);
});
