/** Names that exporters tell, and elements of packets, in the commands: `--where`, `top`, `series`. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { ethernet, ipv4, pcap, udp } from "../packages/netflow-pdu/capture/_builders.ts";
import {
  message,
  octets,
  optionsTemplate,
  optionsTemplate9,
  packet9,
  set,
  template,
} from "../packages/netflow-pdu/templates/_builders.ts";
import { sharedFolder } from "./files.ts";
import { flowtools, lines, temporaryDirectory } from "./programs.ts";

const text = (value: string, width: number) => [
  ...new TextEncoder().encode(value.padEnd(width, "\0")),
];

/** Where the address of the sender is, behind Ethernet's header. */
const SENDER_OFFSET = 26;

function frame(payload: Uint8Array, exporter: readonly number[]): Uint8Array {
  const bytes = ethernet(ipv4(udp(payload)));
  bytes.set(exporter, SENDER_OFFSET);
  return bytes;
}

const ONE = [192, 0, 2, 1];
const TWO = [198, 51, 100, 2];
const SSH = [13, 0, 0, 22];
const WEB = [3, 0, 0, 80];

/** Input, output, octets, packets, ingressVRFID, start and end, applicationId. */
const FLOWS9 = template(256, [
  ...[[10, 4], [14, 4], [1, 4], [2, 4], [234, 4], [22, 4], [21, 4], [95, 4]] as const,
]);
const flow9 = (input: number, output: number, dOctets: number, vrf: number, app: number[]) =>
  [input, output, dOctets, 1, vrf, 1000, 2000].flatMap((value) => octets(value, 4)).concat(app);

/** Flows come before the names of their interfaces. */
const EXPORTER_ONE = [
  packet9(
    {},
    set(0, FLOWS9),
    set(256, flow9(3, 4, 100, 5, SSH), flow9(4, 3, 200, 6, WEB), flow9(7, 4, 400, 5, WEB)),
  ),
  packet9(
    { sequence: 1 },
    set(
      1,
      optionsTemplate9(300, 1, [[2, 4], [82, 8]]),
      optionsTemplate9(301, 1, [[1, 4], [234, 4], [236, 12]]),
      optionsTemplate9(302, 1, [[1, 4], [95, 4], [96, 8]]),
    ),
    set(300, octets(3, 4), text("Gi0/3", 8), octets(4, 4), text("uplink", 8)),
    set(301, octets(0, 4), octets(5, 4), text("CUSTOMER-A", 12)),
    set(302, octets(0, 4), SSH, text("ssh", 8), octets(0, 4), WEB, text("web app", 8)),
  ),
];

/** Input, output, octets, packets, egressVRFID; interface 3 has another name here. */
const EXPORTER_TWO = [message(
  {},
  set(2, template(256, [[10, 4], [14, 4], [1, 4], [2, 4], [235, 4]])),
  set(3, optionsTemplate(300, 1, [[10, 4], [82, 8]])),
  set(300, octets(3, 4), text("xe-0/0/3", 8), octets(4, 4), text("uplink", 8)),
  set(256, [3, 4, 1000, 1, 9].flatMap((value) => octets(value, 4))),
)];

/** A flow of interface 3 to 4 with 5000 octets, of version 5, where there are no names. */
const V5 = (() => {
  const payload = new Uint8Array(72);
  payload.set([0, 5, 0, 1]);
  payload.set([0, 3, 0, 4], 24 + 12);
  payload.set([0, 0, 0, 2, 0, 0, 0x13, 0x88], 24 + 16);
  return payload;
})();

const frames = (packets: readonly Uint8Array[], exporter: readonly number[]) =>
  packets.map((packet) => frame(packet, exporter));
const FILES: Readonly<Record<string, Uint8Array>> = {
  "one.pcap": pcap(frames(EXPORTER_ONE, ONE)),
  "two.pcap": pcap(frames(EXPORTER_TWO, TWO)),
  "mixed.pcap": pcap([frame(V5, [192, 0, 2, 5]), ...frames(EXPORTER_ONE, ONE)]),
  "v5.pcap": pcap(frames([V5], [192, 0, 2, 5])),
};

async function run(files: readonly string[], ...args: readonly string[]) {
  await using folder = temporaryDirectory();
  for (const name of files) await Deno.writeFile(`${folder.path}/${name}`, FILES[name]);
  return await flowtools([...args, ...files], { cwd: folder.path });
}

const jsonLines = (stdout: string) => lines(stdout).map((line) => JSON.parse(line));

/** Some members of the rows that a command shows, with their names. */
async function rows(files: readonly string[], by: string, ...args: readonly string[]) {
  const { code, stdout, stderr } = await run(
    files,
    ...["top", "--by", by, "--names", "--format", "ndjson", ...args],
  );
  assertEquals([code, stderr], [0, ""]);
  const keys = by.split(",");
  return jsonLines(stdout).map((row) => [
    ...keys.map((key) => row[key]),
    row.octets,
    ...keys.map((key) => row.names[key]),
  ]);
}

Deno.test("top --names: interfaces, VRFs and applications by what their exporter calls them", async () => {
  assertEquals(await rows(["one.pcap"], "input"), [
    [7, 400, undefined],
    [4, 200, "uplink"],
    [3, 100, "Gi0/3"],
  ]);
  assertEquals(await rows(["one.pcap"], "application,vrf"), [
    ["03000050", 5, 400, "web app", "CUSTOMER-A"],
    ["03000050", 6, 200, "web app", undefined],
    ["0d000016", 5, 100, "ssh", "CUSTOMER-A"],
  ]);
});

Deno.test("top --names: a number has a name where all exporters that have it agree", async () => {
  const both = ["one.pcap", "two.pcap"];
  // Interface 3 of two routers is two interfaces; 4 is called the same by both.
  assertEquals(await rows(both, "input"), [
    [3, 1100, undefined],
    [7, 400, undefined],
    [4, 200, "uplink"],
  ]);
  assertEquals(await rows(both, "output"), [[4, 1500, "uplink"], [3, 200, "Gi0/3"]]);
  assertEquals(await rows(both, "exaddr,input"), [
    ["198.51.100.2", 3, 1000, undefined, "xe-0/0/3"],
    ["192.0.2.1", 7, 400, undefined, undefined],
    ["192.0.2.1", 4, 200, undefined, "uplink"],
    ["192.0.2.1", 3, 100, undefined, "Gi0/3"],
  ]);
  // Who tells no names does not agree either.
  assertEquals(await rows([...both, "v5.pcap"], "output"), [
    [4, 6500, undefined],
    [3, 200, "Gi0/3"],
  ]);
  assertEquals(await rows(both, "if", "-n", "2").then((found) => found.length), 2);
});

Deno.test("top: what records do not have is null", async () => {
  const both = ["one.pcap", "two.pcap"];
  assertEquals(await rows(both, "application", "--order", "flows"), [
    ["03000050", 600, "web app"],
    [null, 1000, undefined],
    ["0d000016", 100, "ssh"],
  ]);
  // The VRF at input, or that at output where there is no other.
  assertEquals(await rows(both, "vrf"), [
    [9, 1000, undefined],
    [5, 500, "CUSTOMER-A"],
    [6, 200, undefined],
  ]);
  const table = await run(both, "top", "--by", "in-vrf,out-vrf");
  assertEquals(lines(table.stdout)[1].split(/\s+/).slice(0, 3), ["-", "9", "1"]);
  const csv = await run(["one.pcap"], "top", "--by", "vrf", "--names", "--format", "csv");
  assertEquals(lines(csv.stdout).slice(0, 2), [
    "vrf,flows,packets,octets,percent,vrf_name",
    "5,2,2,500,71.4286,CUSTOMER-A",
  ]);
});

Deno.test("top: version 5 beside templates is a group without the element", async () => {
  assertEquals(await rows(["mixed.pcap"], "vrf"), [
    [null, 5000, undefined],
    [5, 500, "CUSTOMER-A"],
    [6, 200, undefined],
  ]);
  // Version 5 tells no names, so that interface 3 of all has none; 7 is of one exporter.
  assertEquals(await rows(["mixed.pcap"], "input", "--where", "in if [Gi0/3 7] or octets > 1k"), [
    [3, 5100, undefined],
    [7, 400, undefined],
  ]);
});

Deno.test("top: flow-tools files and version 5 lack what only templates have", async () => {
  const { code, stdout, stderr } = await run(["v5.pcap"], "top", "--by", "application");
  assertEquals([code, stdout], [1, "no flows\n"]);
  assertEquals(stderr, "flowtools: v5.pcap: 1 v5 flow lacks applicationId: left out\n");
});

Deno.test("top, series, hist and plot count flows that lack a field apart, and read the rest", async () => {
  // Those of version 9 have times but no AS, those of IPFIX neither; version 5 has all.
  const files = ["one.pcap", "two.pcap", "mixed.pcap"];
  const top = await run(files, "top", "--by", "src_as", "--format", "json");
  assertEquals(top.code, 1);
  assertEquals(lines(top.stderr), [
    "flowtools: one.pcap: 3 v9 flows lack src_as: left out",
    "flowtools: two.pcap: 1 v10 flow lacks src_as: left out",
    "flowtools: mixed.pcap: 3 v9 flows lack src_as: left out",
  ]);
  const answer = JSON.parse(top.stdout);
  assertEquals([answer.faults, answer.total.flows, answer.total.octets], [3, 1, 5000]);

  // What --where leaves out is not missed, and an answer without a loss is a whole one.
  const chosen = ["top", "--by", "src_as", "--where", "octets = 5000"];
  assertEquals(await run(files, ...chosen).then(({ code, stderr }) => [code, stderr]), [0, ""]);

  // Three of version 9 twice, and one of version 5.
  for (const call of [["series", "--every", "1d"], ["hist", "--of", "duration"]]) {
    const { code, stdout, stderr } = await run(files, ...call, "--format", "json");
    const lacks = call[0] === "hist" ? "first, last" : "first";
    assertEquals([code, stderr], [1, `flowtools: two.pcap: 1 v10 flow lacks ${lacks}: left out\n`]);
    assertEquals(JSON.parse(stdout).total.flows, 7);
  }
  const plot = await run(["two.pcap", "one.pcap"], "plot", "--every", "1d", "-o", "a.svg");
  assertEquals([plot.code, lines(plot.stderr).length], [1, 1]);
});

Deno.test("top --bidir: VRFs go with their direction", async () => {
  const found = await rows(["one.pcap"], "input,output", "--bidir");
  assertEquals(found, [[4, 7, 400, "uplink", undefined], [3, 4, 300, "Gi0/3", "uplink"]]);
});

Deno.test("series --names has the names that exporters tell", async () => {
  const { stdout, stderr } = await run(
    ["one.pcap"],
    ...["series", "--by", "vrf", "--names", "--format", "ndjson"],
  );
  assertEquals(stderr, "");
  const found = jsonLines(stdout).map(({ vrf, octets, names }) => [vrf, octets, names]);
  assertEquals(found, [[5, 500, { vrf: "CUSTOMER-A" }], [6, 200, {}]]);
});

Deno.test("--where by names and elements goes with every command that reads packets", async () => {
  const both = ["one.pcap", "two.pcap"];
  // The names come behind the flows in the same file, which is read in one go.
  const printed = await run(
    both,
    ...["print", "--format", "ndjson", "--where", "in if Gi0/3 or egressVRFID = 9"],
  );
  assertEquals(jsonLines(printed.stdout).map(({ dOctets }) => dOctets), [100, 1000]);
  assertEquals([printed.code, printed.stderr], [0, ""]);
  const top = await rows(both, "input", "--where", 'app "web app" or in if xe-0/0/3');
  assertEquals(top, [[3, 1000, "xe-0/0/3"], [7, 400, undefined], [4, 200, "uplink"]]);
  const stat = await run(both, "stat", "-f0", "--format", "ndjson", "--where", "vrf CUSTOMER-A");
  assertStringIncludes(stat.stdout, "500");
  const unknown = await run(both, "top", "--by", "input", "--where", "ingresVRFID = 5");
  assertEquals(unknown.code, 2);
  assertStringIncludes(unknown.stderr, 'did you mean "ingressVRFID"?');
});

Deno.test("--where notes names that no exporter told, and finds nothing", async () => {
  for (const command of [["print"], ["top", "--by", "input"]]) {
    const { code, stdout, stderr } = await run(
      ["one.pcap", "two.pcap"],
      ...command,
      ...["--format", "ndjson", "--where", "in if Gi0/33"],
    );
    assertEquals([code, stdout], [1, ""]);
    assertEquals(
      lines(stderr).filter((line) => line.includes("told")),
      [
        'flowtools: --where: no exporter told of interface "Gi0/33", which passes no flow; ' +
        'did you mean "Gi0/3"?',
      ],
    );
  }
  const none = await run(["two.pcap"], "print", "--format", "ndjson", "--where", "vrf A");
  assertStringIncludes(none.stderr, 'no exporter told any VRF names, "A" passes no flow');
  const file = await flowtools(["print", "--where", "in if Gi0/3", "fixtures/ft/v5-le.ft"]);
  assertEquals(file.code, 1);
  assertStringIncludes(file.stderr, "needs interface names, which v5 records lack");
  assertEquals(file.stderr.includes("told"), false);
});

Deno.test("print --sort keeps all that packets tell, and sorts scaled counters", async () => {
  const both = ["two.pcap", "one.pcap"];
  const sorted = await run(both, ...["print", "--format", "ndjson", "--sort", "octets", "--names"]);
  assertEquals([sorted.code, sorted.stderr], [0, ""]);
  assertEquals(
    jsonLines(sorted.stdout).map((flow) => [
      ...[flow.dOctets, flow.applicationId, flow.applicationName, flow.egressVRFID, flow.inputName],
    ]),
    [
      [100, "0d000016", "ssh", undefined, "Gi0/3"],
      [200, "03000050", "web app", undefined, "uplink"],
      [400, "03000050", "web app", undefined, undefined],
      [1000, undefined, undefined, 9, "xe-0/0/3"],
    ],
  );
  const scaled = await run(
    ["v5.pcap"],
    ...["print", "--format", "csv", "--fields", "dOctets,scaledBy", "--sort", "-octets"],
    "--scaled",
  );
  assertEquals(scaled.stdout, "dOctets,scaledBy\n5000,1\n");
  const small = await run(both, "print", "--sort", "octets", "--memory", "1K");
  assertEquals(small.code, 1);
  assertStringIncludes(small.stderr, "--memory allows more");
});

/** A capture of a router that names its interfaces and VRFs, as tshark shows its records. */
const CAPTURES = sharedFolder("captures");
const GROUP = "pmacct/403-IPFIXv10-BMP-IPv6-CISCO-locrib-peerdown-vrf-00";

interface TsharkSet {
  readonly type: string;
  readonly optionsData?: boolean;
  readonly records?: readonly Readonly<Record<string, string | readonly string[]>>[];
}

/** The first value of a field. */
const one = (value: string | readonly string[] | undefined) =>
  value === undefined ? "" : typeof value === "string" ? value : value[0];

Deno.test({
  name: "--where and top agree with tshark on the names of a router (needs the shared captures)",
  ignore: CAPTURES === undefined,
  fn: async () => {
    const path = decodeURIComponent(new URL(`raw/${GROUP}.pcap`, CAPTURES).pathname);
    const { packets }: { packets: readonly { flowsets?: readonly TsharkSet[] }[] } = JSON.parse(
      await Deno.readTextFile(new URL(`expected/${GROUP}.json`, CAPTURES)),
    );
    const sets = packets.flatMap(({ flowsets = [] }) => flowsets)
      .filter(({ type }) => type === "data");
    const interfaces = new Map<string, string>();
    const vrfs = new Map<string, string>();
    for (const record of sets.flatMap((set) => set.optionsData ? set.records ?? [] : [])) {
      if ("cflow.if_descr" in record) {
        interfaces.set(one(record["cflow.inputint"]), one(record["cflow.if_descr"]));
      }
      if ("cflow.vrfname" in record) {
        vrfs.set(one(record["cflow.ingress_vrfid"]), one(record["cflow.vrfname"]));
      }
    }
    const flows = sets.flatMap((set) => set.optionsData ? [] : set.records ?? []);
    const count = (passes: (record: (typeof flows)[number]) => boolean) =>
      flows.filter(passes).length;
    const input = (name: string) => (record: (typeof flows)[number]) =>
      interfaces.get(one(record["cflow.inputint"])) === name;
    const vrf = (name: string, end: string) => (record: (typeof flows)[number]) =>
      vrfs.get(one(record[`cflow.${end}_vrfid`])) === name;
    const table: readonly (readonly [string, number])[] = [
      ["in if HundredGigE0/0/0/11", count(input("HundredGigE0/0/0/11"))],
      ["in vrf A2", count(vrf("A2", "ingress"))],
      ["vrf A2", count((flow) => vrf("A2", "ingress")(flow) || vrf("A2", "egress")(flow))],
      [
        "in vrf default and in if TenGigE0/0/0/12",
        count((flow) => vrf("default", "ingress")(flow) && input("TenGigE0/0/0/12")(flow)),
      ],
      ["minimumTTL = 255", count((flow) => one(flow["cflow.ttl_min"]) === "255")],
      ["flowLabelIPv6 = 341961", count((flow) => one(flow["cflow.ipv6flowlabel"]) === "341961")],
    ];
    for (const [where, expected] of table) {
      const { stdout } = await flowtools(["print", "--format", "ndjson", "--where", where, path]);
      assertEquals([where, lines(stdout).length], [where, expected]);
      assertEquals(expected > 0, true, where);
    }
    const top = await flowtools([
      ...["top", "--by", "in-vrf", "--names", "--format", "ndjson", "--order", "flows", path],
    ]);
    const expected = new Map<string, number>();
    for (const flow of flows) {
      const name = vrfs.get(one(flow["cflow.ingress_vrfid"])) ?? "";
      expected.set(name, (expected.get(name) ?? 0) + 1);
    }
    assertEquals(
      new Map(jsonLines(top.stdout).map((row) => [row.names.in_vrf, row.flows])),
      expected,
    );
  },
});
