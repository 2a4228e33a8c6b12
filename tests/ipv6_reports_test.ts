/** `stat`, `report` and the formats of flow-print with flows between IPv6 addresses. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { ipv6ToBigInt, parseIPv4, parseIPv6 } from "@flowtools/flow-model";
import { ethernet, ipv4, pcap, udp } from "../packages/netflow-pdu/capture/_builders.ts";
import { octets, packet9, set, template } from "../packages/netflow-pdu/templates/_builders.ts";
import { sharedFolder } from "./files.ts";
import { flowtools, lines, temporaryDirectory } from "./programs.ts";

/** Protocol, ports, octets, packets, addresses, next hop, lengths of prefixes. */
const NARROW = template(256, [
  ...[[4, 1], [7, 2], [11, 2], [1, 4], [2, 4]] as const,
  ...[[8, 4], [12, 4], [15, 4], [9, 1], [13, 1]] as const,
]);
const WIDE = template(257, [
  ...[[4, 1], [7, 2], [11, 2], [1, 4], [2, 4]] as const,
  ...[[27, 16], [28, 16], [62, 16], [29, 1], [30, 1]] as const,
]);
const address = (text: string) => {
  const narrow = parseIPv4(text);
  return narrow === undefined ? [...parseIPv6(text)!] : octets(narrow, 4);
};
const flow = (
  prot: number,
  ports: readonly [number, number],
  counters: readonly [octets: number, packets: number],
  addresses: readonly [source: string, destination: string, nextHop: string],
  lengths: readonly [number, number],
) => [
  prot,
  ...ports.flatMap((port) => octets(port, 2)),
  ...counters.flatMap((count) => octets(count, 4)),
  ...addresses.flatMap(address),
  ...lengths,
];

const SERVER = "2001:db8:1111:2222:3333:4444:5555:6666";
const CAPTURE = pcap([
  packet9(
    {},
    set(0, NARROW, WIDE),
    set(
      256,
      flow(6, [40_000, 80], [500, 5], ["192.0.2.1", "198.51.100.7", "10.0.0.1"], [24, 16]),
    ),
    set(
      257,
      flow(6, [40_001, 443], [9000, 9], ["2001:db8::1", SERVER, "fe80::1"], [32, 48]),
      flow(17, [53, 40_002], [100, 1], [SERVER, "2001:db8::1", "fe80::2"], [64, 129]),
    ),
    set(256, flow(1, [0, 2048], [84, 1], ["192.0.2.1", "198.51.100.8", "10.0.0.1"], [0, 33])),
    set(257, flow(6, [40_003, 443], [400, 4], ["2001:db8::1", SERVER, "fe80::1"], [32, 48])),
  ),
].map((payload) => ethernet(ipv4(udp(payload)))));

/** Runs a command on the capture. */
async function run(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await flowtools(args, { stdin: CAPTURE });
  assertEquals([code, stderr], [0, ""], args.join(" "));
  return stdout;
}

/** What stands below the head of a report of flow-stat. */
async function statLines(...args: readonly string[]): Promise<string[]> {
  return lines(await run("stat", ...args)).filter((line) => !line.startsWith("#"));
}

const count = (value: number) => String(value).padEnd(20);

Deno.test("stat prints IPv6 addresses in their column, and makes room where they need more", async () => {
  const sums = (flows: number, octets: number) => `${count(flows)}  ${count(octets)}  `;
  assertEquals(await statLines("-f9", "-s0"), [
    `192.0.2.1        ${sums(2, 584)}6`,
    `2001:db8::1      ${sums(2, 9400)}13`,
    `${SERVER}  ${sums(1, 100)}1`,
  ]);
  assertEquals(await statLines("-f24", "-S2"), [
    `2001:db8::/32       ${sums(2, 9400)}13`,
    `192.0.2/24          ${sums(1, 500)}5`,
    `2001:db8:1111:2222::/64  ${sums(1, 100)}1`,
    `192.0.2.1/0         ${sums(1, 84)}1`,
  ]);
  // Lengths above those of the family are none.
  assertEquals((await statLines("-f25", "-s0")).map((line) => line.split(" ")[0]), [
    "198.51/16",
    "198.51.100.8/0",
    "2001:db8::1/0",
    "2001:db8:1111::/48",
  ]);
  assertEquals((await statLines("-f16", "-S0")).map((line) => line.split(" ")[0]), [
    "fe80::2",
    "fe80::1",
    "10.0.0.1",
  ]);
  assertEquals(await statLines("-f11", "-P", "-S2"), [
    `${SERVER}  60.000   94.209   70.000`,
    "2001:db8::1      60.000   94.209   70.000",
    "192.0.2.1        40.000   5.791    30.000",
    "198.51.100.7     20.000   4.958    25.000",
    "198.51.100.8     20.000   0.833    5.000 ",
  ]);
});

Deno.test("reports without addresses count IPv6 flows", async () => {
  const csv = (number: number) => run("stat", `-f${number}`, "--format", "csv");
  assertEquals(lines(await csv(12)).toSorted(), [
    "1,1,84,1,0",
    "17,1,100,1,0",
    "6,3,9900,18,0",
    "ip-protocol,flows,octets,packets,duration",
  ]);
  assertEquals(lines(await csv(15))[1], "5,10084,20,0");
  assertMatch(await run("stat"), /^Total Flows +: 5$/m);
});

Deno.test("stat shows IPv6 addresses in the formats for programs", async () => {
  const rows = lines(await run("stat", "-f10", "-s0", "--format", "ndjson"));
  assertEquals(JSON.parse(rows[2]), {
    "ip-source-address": "2001:db8::1",
    "ip-destination-address": SERVER,
    ...{ flows: 2, octets: 9400, packets: 13, duration: 0 },
  });
  assertEquals(lines(await run("stat", "-f24", "-s0", "--format", "csv")).slice(1), [
    "192.0.2.0/24,1,500,5,0",
    "192.0.2.1/0,1,84,1,0",
    "2001:db8::/32,2,9400,13,0",
    "2001:db8:1111:2222::/64,1,100,1,0",
  ]);
});

const CONFIG = `
stat-report pairs
 type ip-source/destination-address/ip-destination-port
 filter tcp
 output
  sort -key1
stat-report sources
 type ip-source-address-destination-count
 ip-source-address-format prefix-mask
 output
  sort +flows
stat-report lengths
 type ip-address
 ip-destination-address-format prefix-len
 output
  sort -key
stat-report types
 type ip-destination-address-type
 output
stat-definition default
 mask all
 report pairs
 report sources
 report lengths
 report types
`;
const FILTER = `
filter-primitive tcp
 type ip-protocol
 permit 6
filter-definition tcp
 match ip-protocol tcp
`;
const MASK = "mask-definition all\n prefix 0/0 8\n";

Deno.test("report groups IPv6 flows, behind filters, and masks are those of IPv4", async () => {
  await using folder = temporaryDirectory();
  const [filter, mask, config] = ["filter", "mask", "stat"].map((name) =>
    `${folder.path}/${name}.cfg`
  );
  await Deno.writeTextFile(filter, FILTER);
  await Deno.writeTextFile(mask, MASK);
  await Deno.writeTextFile(config, `include-filter ${filter}\ninclude-mask ${mask}\n${CONFIG}`);
  assertEquals(lines(await run("report", "-s", config)), [
    "# recn: ip-source-address*,ip-destination-address*,ip-destination-port*,flows,octets,packets,duration",
    "192.0.2.1,198.51.100.7,80,1,500,5,0",
    `2001:db8::1,${SERVER},443,2,9400,13,0`,
    "# recn: ip-source-address*,ip-destination-address-count,flows,octets,packets,duration",
    `2001:db8::/32,1,2,9400,13,0`,
    "192/8,2,2,584,6,0",
    "2001:db8:1111:2222::/64,1,1,100,1,0",
    "# recn: ip-address*,flows,octets,packets,duration",
    "192.0.2.1/0,2,584,6,0",
    "198.51.100.7/8,1,500,5,0",
    "198.51.100.8/8,1,84,1,0",
    // As sources, whose lengths are not asked for, and as the destination with one that is none.
    "2001:db8::1/0,2,9400,13,0",
    "2001:db8::1/0,1,100,1,0",
    `${SERVER}/0,1,100,1,0`,
    `${SERVER}/48,2,9400,13,0`,
    "# recn: ip-destination-address-type*,flows,octets,packets,duration",
    "2,2,584,6,0",
    "6,3,9500,14,0",
  ]);
});

/** The sources and destinations of the five flows, and their prefixes. */
const PAIRS: readonly (readonly [source: string, destination: string])[] = [
  ["192.0.2.1", "198.51.100.7"],
  ["2001:db8::1", SERVER],
  [SERVER, "2001:db8::1"],
  ["192.0.2.1", "198.51.100.8"],
  ["2001:db8::1", SERVER],
];
const NETWORKS: typeof PAIRS = [
  ["192.0.2.1/24", "198.51.100.7/16"],
  ["2001:db8::1/32", `${SERVER}/48`],
  [`${SERVER}/64`, "2001:db8::1/0"],
  ["192.0.2.1/0", "198.51.100.8/0"],
  ["2001:db8::1/32", `${SERVER}/48`],
];

function isAddress(word: string): boolean {
  const [text] = word.split("/");
  return (parseIPv4(text) ?? parseIPv6(text)) !== undefined;
}

Deno.test("the formats of flow-print with addresses show IPv6 flows", async () => {
  for (
    const [format, expected] of [
      ...[0, 1, 3, 5, 6].map((number) => [number, PAIRS] as const),
      [4, NETWORKS] as const,
    ]
  ) {
    for (const options of [[], ["-w"], ["-n"]]) {
      const printed = lines(await run("print", `-f${format}`, ...options));
      const pairs = printed.map((line) => line.split(/ +/).filter(isAddress).slice(0, 2))
        .filter((pair) => pair.length === 2);
      assertEquals(pairs, expected.map((pair) => [...pair]), `-f${format} ${options}`);
    }
  }
});

Deno.test("flow-print's columns stay where they are for IPv6 addresses that fit", async () => {
  assertEquals(lines(await run("print", "-f3")), [
    "srcIP            dstIP            prot  srcPort  dstPort  octets      packets",
    "192.0.2.1        198.51.100.7     6     40000    80       500         5         ",
    `2001:db8::1      ${SERVER}  6     40001    443      9000        9         `,
    `${SERVER}  2001:db8::1      17    53       40002    100         1         `,
    "192.0.2.1        198.51.100.8     1     0        2048     84          1         ",
    `2001:db8::1      ${SERVER}  6     40003    443      400         4         `,
  ]);
  assertEquals(lines(await run("print", "-f4")).slice(2, 4), [
    `2001:db8::1/32     ${SERVER}/48 6     0      0      9000        9         `,
    `${SERVER}/64 2001:db8::1/0      17    0      0      100         1         `,
  ]);
});

/** Captures with flows between IPv6 addresses. */
const CAPTURES = [
  "pmacct/111-IPFIXv10-NFv9-IPv6-IPv4-mix_sources-01.pcap",
  "pmacct/403-IPFIXv10-BMP-IPv6-CISCO-locrib-peerdown-vrf-00.pcap",
  "pmacct/502-IPFIXv10-BGP-IPv6-CISCO-SRv6-lcomms-00.pcap",
  "akvorado/sflow-data-1140.pcap",
];

type Flow = Readonly<Record<string, string | number | undefined>>;

/** Sums by address, as the plainest code there is makes them of the flows that `print` shows. */
function naive(flows: readonly Flow[], fieldsOf: readonly (readonly string[])[]) {
  const groups = new Map<string, number[]>();
  for (const flow of flows) {
    const number = (name: string) => Number(flow[name] ?? 0);
    for (const fields of fieldsOf) {
      const key = fields.map((name) => flow[name] ?? "0.0.0.0").join();
      const sums = groups.get(key) ?? [0, 0, 0, 0];
      sums[0] += Number(flow.dFlows ?? 1);
      sums[1] += number("dOctets");
      sums[2] += number("dPkts");
      sums[3] += (number("last_raw") - number("first_raw")) >>> 0;
      groups.set(key, sums);
    }
  }
  return Array.from(groups, ([key, sums]) => [key, ...sums].join()).toSorted();
}

/** Where an address is among all: IPv4 before IPv6. */
function place(text: string): bigint {
  const narrow = parseIPv4(text);
  return narrow === undefined ? ipv6ToBigInt(parseIPv6(text)!) + 2n ** 32n : BigInt(narrow);
}

const folder = sharedFolder("captures");

Deno.test({
  name: "stat sums the flows of captures by address as a Map does (the captures are in ../shared)",
  ignore: folder === undefined,
  fn: async () => {
    for (const capture of CAPTURES) {
      const path = decodeURIComponent(new URL(`raw/${capture}`, folder).pathname);
      const printed = await flowtools(["print", "--format", "ndjson", path]);
      const flows = lines(printed.stdout).map((line): Flow => JSON.parse(line));
      assert(flows.some(({ srcaddr }) => String(srcaddr).includes(":")), capture);
      for (
        const [number, ...fields] of [
          [8, ["dstaddr"]],
          [9, ["srcaddr"]],
          [10, ["srcaddr", "dstaddr"]],
          [11, ["srcaddr"], ["dstaddr"]],
          [16, ["nexthop"]],
          [27, ["exaddr"]],
        ] as const
      ) {
        const stat = await flowtools(["stat", `-f${number}`, "-s0", "--format", "csv", path]);
        const rows = lines(stat.stdout).slice(1);
        assertEquals(rows.toSorted(), naive(flows, fields), `${capture} -f${number}`);
        const places = rows.map((row) => place(row.split(",")[0]));
        assert(
          places.every((at, row) => row === 0 || places[row - 1] <= at),
          `-f${number} in order`,
        );
        assert(!stat.stderr.includes("left out"), stat.stderr);
      }
    }
  },
});
