import { assertEquals, assertThrows } from "@std/assert";
import { FlowBatch, FlowSchema } from "@flowtools/flow-model";
import { ConfigError } from "../config/error.ts";
import { AccessLists } from "./acl.ts";
import { type FilterConfigOptions, parseFilterConfig } from "./filter_config.ts";
import { createListFilter, type ListFilterOptions } from "./list_filter.ts";
import type { FlowFilter } from "./flow_filter.ts";

const FIELDS = [
  "unix_secs",
  "unix_nsecs",
  "sysUpTime",
  "first",
  "last",
  "srcaddr",
  "dstaddr",
  "prot",
  "srcport",
  "dstport",
  "dPkts",
  "dOctets",
  "tos",
  "tcp_flags",
  "input",
  "src_tag",
] as const;
const SCHEMA = new FlowSchema({ version: 1005, fields: FIELDS });

type Row = Parameters<FlowBatch["append"]>[1];

function batchOf(rows: readonly Row[]): FlowBatch {
  const batch = new FlowBatch({ capacity: Math.max(1, rows.length) });
  for (const row of rows) batch.append(SCHEMA, row);
  return batch;
}

function selected(filter: FlowFilter, rows: readonly Row[]): number[] {
  const selection = new Uint32Array(rows.length);
  const count = filter.select(batchOf(rows), selection);
  return [...selection.subarray(0, count)];
}

/** The rows that a primitive of a type passes, when a field is matched with it. */
function passing(
  type: string,
  lines: string,
  match: string,
  rows: readonly Row[],
  options?: FilterConfigOptions,
): number[] {
  const body = lines.split(";").map((line) => `  ${line.trim()}\n`).join("");
  const text =
    `filter-primitive P\n  type ${type}\n${body}filter-definition d\n  match ${match} P\n`;
  return selected(parseFilterConfig(text, options).filter("D"), rows);
}

Deno.test("small numbers: lists, inversion, default, mask, symbols", () => {
  const ports = [0, 1, 2, 3, 80, 443].map((srcport) => ({ srcport }));
  const list = (lines: string) => passing("ip-port", lines, "ip-source-port", ports);
  assertEquals(list("permit 80,443"), [4, 5]);
  assertEquals(list("permit 1,!2,3"), [0, 1, 3]);
  assertEquals(list("permit !1-3"), []);
  assertEquals(list("permit !1-3; default permit"), [0, 4, 5]);
  assertEquals(list("deny !1-3"), [1, 2, 3]);
  assertEquals(list("permit 0-443; deny 1-3"), [0, 4, 5]);
  const flags = [0x02, 0x12, 0x10, 0x1ff].map((tcp_flags) => ({ tcp_flags }));
  const masked = "mask 0x3; permit 2-3";
  assertEquals(passing("ip-tcp-flags", masked, "ip-tcp-flags", flags), [0, 1, 3]);
  const symbols = { protocol: (name: string) => name === "tcp" ? 6 : undefined };
  const protocols = [{ prot: 6 }, { prot: 17 }];
  assertEquals(passing("ip-protocol", "permit tcp", "ip-protocol", protocols, { symbols }), [0]);
});

Deno.test("interfaces above 16 bits are in no list", () => {
  const rows = [{ input: 3 }, { input: 70_000 }];
  assertEquals(passing("ifindex", "permit 1-65535", "input-interface", rows), [0]);
  assertEquals(passing("ifindex", "deny 3; default permit", "src-ifindex", rows), [1]);
});

Deno.test("addresses: hash, longest prefix, masks in order, IPv6", () => {
  const rows = ["10.0.0.1", "10.1.2.3", "10.1.2.4", "192.0.2.1", "255.255.255.255", "2001:db8::1"]
    .map((srcaddr) => ({ srcaddr }));
  const match = (type: string, lines: string) => passing(type, lines, "src-ip-addr", rows);
  assertEquals(match("ip-address", "permit 10.0.0.1; permit 10.1.2.3; deny 10.0.0.1"), [1]);
  const nested = "permit 10/8; deny 10.1/16; permit 10.1.2.3/32";
  assertEquals(match("ip-address-prefix", nested), [0, 1]);
  assertEquals(match("ip-address-prefix", "permit 10/8; deny 10/8"), [0, 1, 2]);
  assertEquals(match("ip-address-prefix", "deny 0/0; default permit"), [5]);
  assertEquals(match("ip-address-prefix", "permit 128/1; default deny"), [3, 4]);
  const masks = "deny 0.0.0.3 0.0.0.255; permit 10.0.0.0 255.0.0.0; permit 0.0.0.1 0.0.0.255";
  assertEquals(match("ip-address-mask", masks), [0, 2, 3]);
  assertEquals(match("ip-address-mask", "permit 10.0.0.1 255.0.0.0"), []);
});

Deno.test("a set that is spread too wide for bitmaps is searched", () => {
  const inside = Array.from({ length: 3_000 }, (_, i) => i * 0x10000 + 7);
  const lines = inside.map((tag) => `permit ${tag}`).join(";");
  const rows = inside.flatMap((
    tag,
  ) => [{ src_tag: tag - 1 }, { src_tag: tag }, { src_tag: tag + 1 }]);
  const every = passing("tag", lines, "src-tag", rows);
  assertEquals(every, inside.map((_, index) => 3 * index + 1));
  const others = passing(
    "tag",
    `${lines.replaceAll("permit", "deny")};default permit`,
    "src-tag",
    rows,
  );
  assertEquals(others.length, 6_000);
});

Deno.test("comparisons: the first line that holds decides", () => {
  const octets = [0, 99, 100, 101, 2 ** 40].map((dOctets) => ({ dOctets }));
  const match = (lines: string) => passing("counter", lines, "octets", octets);
  assertEquals(match("permit gt 100"), [3, 4]);
  assertEquals(match("deny eq 100; permit ge 99"), [1, 3, 4]);
  assertEquals(match("permit ne 0x64"), [0, 1, 3, 4]);
  assertEquals(match("permit lt 100; deny le 100; default permit"), [0, 1, 3, 4]);
});

Deno.test("duration wraps with the uptime, rates of no time are 0", () => {
  const rows = [
    { first: 1_000, last: 3_000, dPkts: 10, dOctets: 1_000 },
    { first: 2 ** 32 - 1_000, last: 1_000, dPkts: 10, dOctets: 1_000 },
    { first: 5, last: 5, dPkts: 10, dOctets: 1_000 },
  ];
  assertEquals(passing("counter", "permit eq 2000", "duration", rows), [0, 1]);
  assertEquals(passing("double", "permit eq 5.0", "pps", rows), [0, 1]);
  assertEquals(passing("double", "permit eq 4e3", "bps", rows), [0, 1]);
  assertEquals(passing("double", "permit le 0", "bps", rows), [2]);
});

Deno.test("times of day and dates are those of the flow's own stamps", () => {
  const noon = new Date(2023, 10, 14, 12, 0, 0).getTime() / 1000;
  const at = (secs: number) => ({
    unix_secs: noon,
    sysUpTime: 5_000_000,
    first: 5_000_000 + secs * 1000,
  });
  const rows = [at(-60), at(0), at(59), at(60)];
  assertEquals(passing("time", "permit eq 12:00", "start-time", rows), [1]);
  assertEquals(passing("time", "permit ge 12:00:59", "start-time", rows), [2, 3]);
  assertEquals(passing("time", "permit lt 24:00:00", "start-time", rows), [0, 1, 2, 3]);
  const date = "permit gt 11/14/2023 12:00:00";
  assertEquals(passing("time-date", date, "start-time", rows), [2, 3]);
  const ago = passing("time-date", "permit lt 1 minute ago", "start-time", rows, {
    nowSecs: noon + 119,
  });
  assertEquals(ago, [0, 1]);
});

Deno.test("tags are exact or masked", () => {
  const rows = [0x100, 0x101, 0x200].map((src_tag) => ({ src_tag }));
  const symbols = { tag: (name: string) => name === "OSU" ? 0x101 : undefined };
  assertEquals(passing("tag", "permit OSU; permit 0x200", "src-tag", rows, { symbols }), [1, 2]);
  assertEquals(passing("tag-mask", "permit 0x100 0xff00", "source-tag", rows), [0, 1]);
});

Deno.test("samples are random, and the same for the same seed", () => {
  const rows = Array.from({ length: 8_000 }, () => ({ prot: 6 }));
  const sample = (line: string, seed: number) =>
    passing("rate", line, "random-sample", rows, { seed });
  const tenth = sample("permit 10", 1);
  assertEquals(tenth.length > 600 && tenth.length < 1_000, true);
  assertEquals(sample("permit 10", 1), tenth);
  assertEquals(sample("permit 10", 2).join() === tenth.join(), false);
  assertEquals(sample("deny 10", 1).length, 8_000 - tenth.length);
});

const WEB = `
filter-definition either
  match ip-source-port WEB
  match ip-protocol TCP
  or
  match ip-destination-port WEB
filter-definition neither
  match ip-source-port WEB
  or
  match ip-destination-port WEB
  invert
filter-definition none
filter-definition all
  invert
filter-primitive WEB
  type ip-port
  permit @PORT
filter-primitive TCP
  type ip-protocol
  permit 6
`;

Deno.test("matches of a group hold together, one group is enough, invert takes the others", () => {
  const rows = [
    { srcport: 80, dstport: 1, prot: 6 },
    { srcport: 80, dstport: 1, prot: 17 },
    { srcport: 1, dstport: 80, prot: 17 },
    { srcport: 1, dstport: 1, prot: 6 },
  ];
  const config = parseFilterConfig(WEB, { variables: new Map([["PORT", "80"]]) });
  assertEquals(config.names, ["either", "neither", "none", "all"]);
  assertEquals(selected(config.filter("either"), rows), [0, 2]);
  assertEquals(selected(config.filter("neither"), rows), [3]);
  assertEquals(selected(config.filter("none"), rows), []);
  assertEquals(selected(config.filter("all"), rows), [0, 1, 2, 3]);
  assertEquals(config.filter("either").columns, ["srcport", "prot", "dstport"]);
  const v8 = new FlowSchema({ version: 8, aggregation: 2, fields: ["srcport", "dstport"] });
  assertEquals(config.filter("either").missing(v8), ["prot"]);
});

Deno.test("a selection is narrowed in place", () => {
  const rows = [1, 80, 80, 2, 80].map((srcport) => ({ srcport, dstport: 0, prot: 6 }));
  const config = parseFilterConfig(WEB, { variables: new Map([["PORT", "80"]]) });
  for (const [name, left] of [["either", [2, 4]], ["neither", [0, 3]]] as const) {
    const selection = Uint32Array.from([0, 2, 3, 4, 99]);
    const count = config.filter(name).narrow(batchOf(rows), selection, 4);
    assertEquals([...selection.subarray(0, count)], [...left]);
  }
});

/** Configurations that are wrong, and what is said of them. */
const FAULTS: readonly (readonly [text: string, message: string])[] = [
  ["type as", '1:1: unexpected "type", expected one of filter-primitive, filter-definition'],
  ["filter-primitive", "1:17: the line ends, expected a name"],
  ["filter-primitive A\npermit 1", '2:7: primitive "A" has no type yet, expected a line "type"'],
  ["filter-primitive A\ntype as\ntype as", "3:5: the type is set before, expected one type"],
  ["filter-primitive A\ntype as\npermit 65536", "3:8: 65536 is out of range, expected 0 to 65535"],
  ["filter-primitive A\ntype as\nmask 1", "3:6: type as has no mask, expected type ip-tos or"],
  ["filter-primitive A\ntype counter\npermit is 1", '3:8: unknown comparison "is", expected one'],
  ["filter-primitive A\ntype rate\npermit 0", '3:8: the rate is "0", expected a number above 0'],
  ["filter-primitive A\ntype ip-address\npermit x", '3:8: "x" is no address, expected an IPv4'],
  ["filter-primitive A\ntype time-date\npermit gt never", '3:11: "never" is no date, expected'],
  ["filter-primitive A\nfilter-primitive a", '2:18: filter-primitive "a" is defined twice'],
  ["filter-definition d\nmatch octets P", '2:14: there is no filter-primitive "P", expected its'],
  [
    "filter-primitive P\ntype as\nfilter-definition d\nmatch octets P",
    '4:14: primitive "P" of type as does not fit octets, expected one of type counter',
  ],
  [
    "filter-primitive P\ntype as\nfilter-definition d\nmatch colour P",
    '4:7: unknown match "colour", expected one of source-as',
  ],
];

Deno.test("errors say where, what, and what was expected", () => {
  for (const [text, message] of FAULTS) {
    const error = assertThrows(() => parseFilterConfig(text, { file: "nf.cfg" }), ConfigError);
    assertEquals(error.message.startsWith(`nf.cfg:${message}`), true, error.message);
  }
  const config = parseFilterConfig(WEB, { variables: new Map([["PORT", "80"]]) });
  assertThrows(() => config.filter("nope"), ConfigError, "expected one of either, neither");
});

Deno.test("what overrides itself is told", () => {
  const warnings: string[] = [];
  const warn = (message: string) => warnings.push(message);
  passing("ip-port", "permit 80; deny 79-81", "ip-source-port", [], { file: "a", warn });
  passing("ip-address-prefix", "permit 10.1/8; deny 10/8", "src-ip-addr", [], { file: "b", warn });
  assertEquals(warnings, [
    "a:4:8: 80 was set before",
    'b:3:10: "10.1/8" has bits behind its length, which do not count',
    'b:4:8: "10/8" was set before, this line changes nothing',
  ]);
});

Deno.test("lists of the command line hold together, or one is enough", () => {
  const rows = [
    { srcport: 80, prot: 6, tcp_flags: 0x12, tos: 0x20 },
    { srcport: 443, prot: 17, tcp_flags: 0, tos: 0x21 },
    { srcport: 5, prot: 6, tcp_flags: 0x10, tos: 0 },
  ];
  const list = (options: ListFilterOptions) => selected(createListFilter(options), rows);
  assertEquals(list({}), [0, 1, 2]);
  assertEquals(list({ any: true }), []);
  assertEquals(list({ sourcePort: "80,443", protocol: "6" }), [0]);
  assertEquals(list({ sourcePort: "443", protocol: "!17", any: true }), [0, 1, 2]);
  assertEquals(list({ tos: "0x20/0xf0" }), [0, 1]);
  assertEquals(list({ tcpFlags: "2/0x2" }), [0, 1]);
  assertEquals(list({ tcpFlags: "2/0x2", any: true }), [0]);
});

const ACLS = `! lists of a router
ip access-list standard campus deny host 10.1.0.9 ! not this one
ip access-list standard campus permit 10.1.0.0 0.0.255.255
access-list 7 permit any
ip access-list extended web permit tcp 10.0.0.0 0.255.255.255 any
ip access-list extended web permit ip any host 192.0.2.1 log
`;

Deno.test("access lists: the first line that fits decides, the rest is denied", () => {
  const rows = [
    { srcaddr: "10.1.0.9", dstaddr: "10.1.0.1", prot: 6 },
    { srcaddr: "10.1.0.8", dstaddr: "192.0.2.1", prot: 17 },
    { srcaddr: "192.0.2.7", dstaddr: "10.1.0.9", prot: 6 },
  ];
  const acls = AccessLists.parse(ACLS);
  const list = (options: ListFilterOptions) => selected(createListFilter(options), rows);
  assertEquals(list({ sourceList: acls.standard("campus") }), [1]);
  assertEquals(list({ destinationList: acls.standard("campus") }), [0]);
  assertEquals(list({ sourceList: acls.standard("7") }), [0, 1, 2]);
  assertEquals(list({ extendedList: acls.extended("web") }), [0, 1]);
  assertThrows(() => acls.standard("web"), RangeError, "expected one of campus, 7");
  const wrong = () => AccessLists.parse("ip access-list standard a permit 10.1.0.0 x");
  assertThrows(wrong, ConfigError, 'flow.acl:1:43: "x" is no address');
});
