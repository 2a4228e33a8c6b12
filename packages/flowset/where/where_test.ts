/** The query language: what binds how, what times mean, and what is said of mistakes. */
import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { FlowBatch } from "@flowtools/flow-model";
import { findFtLayout } from "@flowtools/ft-format";
import { parseFilterConfig } from "../filter/filter_config.ts";
import { FlowSet } from "../flow_set.ts";
import { SymbolTable } from "../symbols.ts";
import { compileWhere, type WhereOptions } from "./compile_where.ts";
import { nearestWords } from "./nearest.ts";
import { selectRecords } from "./select_records.ts";
import { WallClock } from "./wall_clock.ts";
import { WhereError, WhereFieldError } from "./where_error.ts";

/** 2024-05-01 12:00:00 UTC. */
const NOON = Date.UTC(2024, 4, 1, 12);
const OPTIONS: WhereOptions = { timeZone: "UTC", nowMs: NOON };

function errorOf(text: string, options: WhereOptions = OPTIONS): WhereError {
  try {
    compileWhere(text, options);
  } catch (error) {
    assertInstanceOf(error, WhereError, text);
    return error;
  }
  throw new Error(`"${text}" is an expression`);
}

/** The structure of an expression, without the columns that it reads. */
function structure(text: string, options: WhereOptions = OPTIONS): string {
  const lines = compileWhere(text, options).explain().split("\n").slice(0, -1);
  const read = (depth: number): string => {
    const line = lines.shift()!.trim();
    const parts: string[] = [];
    while (lines.length > 0 && lines[0].search(/\S/) > depth) {
      parts.push(read(lines[0].search(/\S/)));
    }
    return parts.length === 0 ? line : `${line}(${parts.join(", ")})`;
  };
  return read(0);
}

Deno.test("precedence: not binds before and, and before or, parentheses before all", () => {
  const [a, b, c, d] = ["tcp", "udp", "icmp", "ipv6"];
  const table: readonly (readonly [string, string])[] = [
    ["tcp or udp and icmp", `or(${a}, and(${b}, ${c}))`],
    ["tcp and udp or icmp", `or(and(${a}, ${b}), ${c})`],
    ["tcp and udp or icmp and ipv6", `or(and(${a}, ${b}), and(${c}, ${d}))`],
    ["tcp or udp or icmp", `or(${a}, ${b}, ${c})`],
    ["tcp and udp and icmp", `and(${a}, ${b}, ${c})`],
    ["(tcp or udp) and icmp", `and(or(${a}, ${b}), ${c})`],
    ["tcp and (udp or icmp)", `and(${a}, or(${b}, ${c}))`],
    ["not tcp and udp", `and(not(${a}), ${b})`],
    ["not tcp or udp", `or(not(${a}), ${b})`],
    ["not (tcp and udp)", `not(and(${a}, ${b}))`],
    ["not not tcp", `not(not(${a}))`],
    ["!tcp && !udp || icmp", `or(and(not(${a}), not(${b})), ${c})`],
    ["tcp AND NOT udp Or icmp", `or(and(${a}, not(${b})), ${c})`],
    ["tcp | udp & icmp", `or(${a}, and(${b}, ${c}))`],
    ["((tcp))", a],
    ["src or dst port 80 and tcp", `and(src or dst port = 80, ${a})`],
    ["tcp or src and dst port 80", `or(${a}, src and dst port = 80)`],
    ["port 80, 443 and tcp", `and(src or dst port = 80, 443, ${a})`],
    ["port not in [80 443] or tcp", `or(not(src or dst port = 80, 443), ${a})`],
  ];
  for (const [text, expected] of table) assertEquals(structure(text), expected, text);
});

Deno.test("fields have their names, those of nfdump, and those of pyflowtools", () => {
  const table: readonly (readonly [string, string, string])[] = [
    ["src port 80", "srcport 80", "srcport"],
    ["dst as 5", "dst_as 5", "dst_as"],
    ["bytes > 1", "dOctets > 1", "dOctets"],
    ["pkts > 1", "dpkts > 1", "dPkts"],
    ["in if 5", "input 5", "input"],
    ["out interface 5", "output 5", "output"],
    ["next hop 1.2.3.4", "next ip 1.2.3.4", "nexthop"],
    ["router ip 1.2.3.4", "exaddr 1.2.3.4", "exaddr"],
    ["engine-type 1", "engine_type 1", "engine_type"],
    ["src tag 1", "source tag 1", "src_tag"],
    ["shortcut 10.0.0.1", "router_sc 10.0.0.1", "router_sc"],
  ];
  for (const [one, other, field] of table) {
    assertEquals<readonly string[]>(compileWhere(one).fields, [field], one);
    assertEquals<readonly string[]>(compileWhere(other).fields, [field], other);
  }
});

Deno.test("values: numbers, units, names, ranges and lists are understood", () => {
  const symbols = {
    port: SymbolTable.parse("80 http\n443 https\n20 ftp-data\n"),
    as: SymbolTable.parse("64500 EXAMPLE-NET\n64501 Example Two\n"),
    tag: SymbolTable.parse("7 customers\n"),
  };
  const table: readonly (readonly [string, string])[] = [
    ["octets > 10k", "octets > 10000"],
    ["octets >= 1.1K", "octets >= 1100"],
    ["octets < 2Gi", "octets < 2147483648"],
    ["octets eq 0x10", "octets = 16"],
    ["octets 1k-2k", "octets = 1000 to 2000"],
    ["octets 1k .. 2k", "octets = 1000 to 2000"],
    ["bps > 1.5M", "bps > 1500000"],
    ["bpp < 0.5", "bpp < 0.5"],
    ["duration > 2s", "duration > 2000ms"],
    ["duration in 1s-1m", "duration = 1000ms to 60000ms"],
    ["duration le 90", "duration <= 90ms"],
    ["dst port in [http https 8080-8090]", "dst port = 80, 443, 8080 to 8090"],
    ["dst port ftp-data", "dst port = 20"],
    ["dst port http..https", "dst port = 80 to 443"],
    ["port in [80-90 85-100 100 443]", "src or dst port = 80 to 100, 443"],
    ['src as "Example Two"', "src as = 64501"],
    ["tag Customers", "src or dst tag = 7"],
    ["proto ospf", "proto = 89"],
    ["dscp ef", "dscp = 46"],
    ["flags S and not flags AF", "and(flags = S, not(flags = AF))"],
    ["flags = S", "flags = exactly S"],
    ["flags S/SA", "flags = S/AS"],
    ["flags 0x12", "flags = AS"],
    ["flags 0", "flags = exactly 0"],
    ["src 10.0.0.1", "src ip = 10.0.0.1"],
    ["dst 2001:db8::/32", "dst ip = 2001:db8::/32"],
    ["src net 10.1.2.3/8", "src ip = 10.0.0.0/8"],
    ["src net 10.1.0.0 255.255.0.0", "src ip = 10.1.0.0/16"],
    ["src ip 10.0.0.0-10.0.1.255", "src ip = 10.0.0.0/23"],
    ["src ip 10.0.0.1..10.0.0.3", "src ip = 10.0.0.1-10.0.0.3"],
    ["src ip in [10.0.0.1 255.0.0.0]", "src ip = 10.0.0.1, 255.0.0.0"],
    ["version in [5 v8.1 8]", "version = 5, 8.1, 8"],
  ];
  for (const [text, expected] of table) {
    assertEquals(structure(text, { ...OPTIONS, symbols }), expected, text);
  }
});

Deno.test("a condition on either end passes where one end fits, and != where none does", () => {
  const { schema } = findFtLayout(5)!;
  const batch = new FlowBatch({ capacity: 3 });
  batch.append(schema, { srcport: 80, dstport: 5000 });
  batch.append(schema, { srcport: 80, dstport: 80 });
  batch.append(schema, { srcport: 4000, dstport: 5000 });
  const rows = new Uint32Array(3);
  const select = (text: string) => [...rows.subarray(0, compileWhere(text).select(batch, rows))];
  assertEquals(select("port 80"), [0, 1]);
  assertEquals(select("src and dst port 80"), [1]);
  assertEquals(select("port != 80"), [2]);
  assertEquals(select("not port 80"), [2]);
  assertEquals(select("dst port != 80"), [0, 2]);
  assertEquals(select("port > 1024"), [0, 2]);
  assertEquals(select("src and dst port > 1024"), [2]);
});

// Times

/** The bounds of `last = TEXT`, Unix ms. */
function bounds(text: string, options: WhereOptions = OPTIONS): [number, number] {
  const shown = structure(`last = ${text}`, options).replace("last = ", "").split(" to ");
  return [Date.parse(shown[0]), Date.parse(shown.at(-1)!)];
}

Deno.test("times mean all that they may be: a day, a minute, a second", () => {
  const day = Date.UTC(2024, 4, 1);
  const table: readonly (readonly [string, number, number])[] = [
    ["2024", Date.UTC(2024, 0), Date.UTC(2025, 0) - 1],
    ["2024-05", day, Date.UTC(2024, 5) - 1],
    ["2024-12", Date.UTC(2024, 11), Date.UTC(2025, 0) - 1],
    ["2024-05-01", day, day + 86_400_000 - 1],
    ["2024/5/1", day, day + 86_400_000 - 1],
    ["2024-05-01T12", NOON, NOON + 3_600_000 - 1],
    ["2024-05-01T12:00", NOON, NOON + 59_999],
    ["2024-05-01 12:00", NOON, NOON + 59_999],
    ["2024/05/01.12:00:00", NOON, NOON + 999],
    ["2024-05-01T12:00:00.5", NOON + 500, NOON + 599],
    ["2024-05-01T12:00:00.250", NOON + 250, NOON + 250],
    ["2024-05-01T14:00:00+02:00", NOON, NOON + 999],
    ["2024-05-01T12:00Z", NOON, NOON + 59_999],
    ["1714564800", NOON, NOON + 999],
    ["1714564800.125", NOON + 125, NOON + 125],
    ["now", NOON, NOON],
    ["-1h", NOON - 3_600_000, NOON - 3_600_000],
    ["+90s", NOON + 90_000, NOON + 90_000],
    ["-1d12h", NOON - 129_600_000, NOON - 129_600_000],
    ["now-15min", NOON - 900_000, NOON - 900_000],
    ["today", day, day + 86_400_000 - 1],
    ["yesterday", day - 86_400_000, day - 1],
    ["today-1h", day - 3_600_000, day - 3_600_000],
    ["2024-05-01..2024-05-02", day, day + 2 * 86_400_000 - 1],
    ["-2h .. -1h", NOON - 7_200_000, NOON - 3_600_000],
  ];
  for (const [text, from, to] of table) assertEquals(bounds(text), [from, to], text);
});

Deno.test("times compare by their beginning", () => {
  assertEquals(structure("first > 2024-05-01"), "first > 2024-05-01T00:00:00.000Z");
  assertEquals(structure("first <= 2024-05-01 12:00"), "first <= 2024-05-01T12:00:00.000Z");
});

Deno.test("times without a zone are in the zone that is given; days have 23 to 25 hours", () => {
  const berlin: WhereOptions = { nowMs: NOON, timeZone: "Europe/Berlin" };
  assertEquals(bounds("2024-05-01T14:00", berlin)[0], NOON);
  assertEquals(bounds("2024-05-01T12:00Z", berlin)[0], NOON);
  assertEquals(bounds("2024-01-01T13:00", berlin)[0], Date.UTC(2024, 0, 1, 12));
  assertEquals(bounds("today", berlin)[0], Date.UTC(2024, 3, 30, 22));
  const hours = ([from, to]: [number, number]) => (to + 1 - from) / 3_600_000;
  assertEquals(hours(bounds("2024-03-31", berlin)), 23);
  assertEquals(hours(bounds("2024-10-27", berlin)), 25);
  // The first of two: summer time, two hours ahead.
  assertEquals(bounds("2024-10-27T02:30", berlin)[0], Date.UTC(2024, 9, 27, 0, 30));
  const ahead: WhereOptions = { nowMs: NOON, timeZone: "+05:30" };
  assertEquals(bounds("2024-05-01T17:30", ahead)[0], NOON);
  const error = errorOf("first > 2024-03-31T02:30", berlin);
  assertStringIncludes(error.message, "never was: clocks were set forward over it");
});

Deno.test("days begin when the clock jumps over midnight, too", () => {
  // In São Paulo clocks went from 2018-11-03 23:59:59 to 2018-11-04 01:00:00.
  const options: WhereOptions = { nowMs: NOON, timeZone: "America/Sao_Paulo" };
  const [from, to] = bounds("2018-11-04", options);
  assertEquals([from, (to + 1 - from) / 3_600_000], [Date.UTC(2018, 10, 4, 3), 23]);
});

Deno.test("the local zone is that of the process", () => {
  const local = new WallClock("local");
  for (const month of [0, 3, 6, 9]) {
    const date = new Date(2024, month, 15, 13, 45, 10);
    assertEquals(local.moment(Date.UTC(2024, month, 15, 13, 45, 10)), date.getTime());
  }
  assertEquals(
    bounds("2024-07-01", { nowMs: NOON })[0],
    new Date(2024, 6, 1).getTime(),
  );
});

Deno.test("a time zone that there is not is refused with what would be one", () => {
  let message = "";
  try {
    compileWhere("any", { timeZone: "Europe/Atlantis" });
  } catch (error) {
    assertInstanceOf(error, RangeError);
    message = error.message;
  }
  assertStringIncludes(message, '"Europe/Atlantis"');
  assertStringIncludes(message, "Europe/Berlin");
});

// Mistakes

Deno.test("mistakes are marked where they are, with what was expected", () => {
  const table: readonly (readonly [string, string, number, string, string?])[] = [
    // expression, code, column, a part of the message, and what is marked
    ["", "where-syntax", 1, "the expression ends, expected a condition such as"],
    ["src prt 80", "where-word", 5, 'did you mean "port"', "prt"],
    ["srcadr 10.0.0.1", "where-word", 1, 'did you mean "srcaddr"', "srcadr"],
    ["srcip 10.0.0.1", "where-word", 1, 'did you mean "src ip"?', "srcip"],
    ["not dport 80", "where-word", 5, 'did you mean "dst port"?', "dport"],
    ["source-as 5", "where-word", 1, 'did you mean "src as"?', "source-as"],
    ["inif 3", "where-word", 1, 'did you mean "in if"?', "inif"],
    ["octest > 5", "where-word", 1, 'did you mean "octets"', "octest"],
    ["colour blue", "where-word", 1, 'there is no field "colour"', "colour"],
    ["src packets 5", "where-word", 1, 'there is no "src packets"', "src packets"],
    ["in port 5", "where-word", 1, 'expected "src port" or "dst port"', "in port"],
    ["10.0.0.1", "where-word", 1, 'did you mean "ip 10.0.0.1"?', "10.0.0.1"],
    ["port 80 or 443", "where-word", 12, "lists are written port in [80 443]", "443"],
    ["port 80 443", "where-syntax", 9, "several values are a list", "443"],
    ["tcp port 80", "where-syntax", 5, 'put "and" between them', "port"],
    ["tcp adn udp", "where-syntax", 5, 'did you mean "and"', "adn"],
    ["tcp and", "where-syntax", 8, "the expression ends"],
    ["(tcp", "where-syntax", 5, 'expected "and", "or" or ")"'],
    ["tcp)", "where-syntax", 4, 'unexpected ")"', ")"],
    ["port", "where-syntax", 5, "the expression ends, expected a number 0 to 65535"],
    ["port in []", "where-syntax", 9, "the list is empty", "["],
    ["port in [80", "where-syntax", 12, "expected ] at the end of the list"],
    ["octets > 1-2", "where-syntax", 10, "compares with one number", "1-2"],
    ["ip > 10.0.0.1", "where-syntax", 6, 'addresses are not compared by ">"', "10.0.0.1"],
    ["port 65536", "where-value", 6, "port 65536 is above 65535", "65536"],
    ["port -1", "where-value", 6, 'there is no port "-1"', "-1"],
    ["port 90-80", "where-value", 9, "the range ends before it begins", "80"],
    ["proto tpc", "where-value", 7, 'did you mean "tcp"', "tpc"],
    ["proto 256", "where-value", 7, "protocol 256 is above 255", "256"],
    ["tos 0x100", "where-value", 5, "is above 255", "0x100"],
    ["ecn 4", "where-value", 5, "ECN 4 is above 3", "4"],
    ["src mask 129", "where-value", 10, "prefix length 129 is above 128", "129"],
    ["octets > 10x", "where-value", 10, '"x" is no unit', "10x"],
    ["octets > 1.5", "where-value", 10, "1.5 is no whole number", "1.5"],
    ["octets > 10000000T", "where-value", 10, "above 2^53 - 1", "10000000T"],
    ["duration > 1y", "where-value", 12, '"y" is no unit', "1y"],
    ["host 10.0.0.256", "where-value", 6, "octet 256 is above 255", "10.0.0.256"],
    ["host 10.0.0", "where-value", 6, "it has 3 of 4 octets", "10.0.0"],
    ["net 10.0.0.0/33", "where-value", 5, "prefix length 33 is above 32", "10.0.0.0/33"],
    ["net 2001:db8::/129", "where-value", 5, "129 is above 128", "2001:db8::/129"],
    ["net 10.0.0.0/255.0.255.0", "where-value", 5, "has holes", "10.0.0.0/255.0.255.0"],
    ["net 10.0.0.0 255.0.255.0", "where-value", 14, "has holes", "255.0.255.0"],
    ["host 1:2:::3", "where-value", 6, "is no IPv6 address", "1:2:::3"],
    ["host fe80::1%eth0", "where-value", 6, "a flow knows no zone", "fe80::1%eth0"],
    ["ip 10.0.0.1-2001:db8::1", "where-value", 13, "is of the other family", "2001:db8::1"],
    ["flags SQ", "where-value", 7, 'there is no flag "Q"', "SQ"],
    ["flags S/A", "where-value", 7, 'not among "A"', "S/A"],
    ["version 4", "where-value", 9, "there is no version 4", "4"],
    ["first > 2024-02-30", "where-value", 9, "February 2024 has no day 30", "2024-02-30"],
    ["first > 2024-13-01", "where-value", 9, "there is no month 13", "2024-13-01"],
    [
      "first > 2024-05-01 25:00",
      "where-value",
      9,
      "there is no hour 25",
      "2024-05-01 25:00",
    ],
    ["first > 1969-12-31", "where-value", 9, "year 1969", "1969-12-31"],
    ["first > 1714564800000", "where-value", 9, "did you mean 1714564800?", "1714564800000"],
    ["first > -1q", "where-value", 9, '"1q" is no length of time', "-1q"],
    ["first > noon", "where-value", 9, '"noon" is no time', "noon"],
    ["filter web", "where-filter", 8, "no filter configuration is loaded", "web"],
    ['tag "x', "where-syntax", 5, "the quote has no end", '"'],
  ];
  for (const [text, code, column, part, got = ""] of table) {
    const error = errorOf(text);
    assertEquals([error.code, error.column, error.got], [code, column, got], text);
    assertStringIncludes(error.message.split("\n")[0], part);
  }
});

Deno.test("a mistake is drawn in its line, which is cut where it is long", () => {
  const { message, line, column } = errorOf("tcp # first\nand\tprt 80\nand udp");
  assertEquals([line, column], [2, 5]);
  assertEquals(message.split("\n").slice(1), ["  and prt 80", "      ^^^"]);
  const values = Array.from({ length: 60 }, (_, index) => index).join(" ");
  const drawn = errorOf(`port in [${values} x ${values}]`).message.split("\n").slice(1);
  const at = drawn[1].indexOf("^");
  assertEquals(drawn[0][at], "x");
  assert(drawn[0].length < 80 && drawn[0].includes("…"), drawn[0]);
});

Deno.test("filter definitions are used by name, in any case, with near names for wrong ones", () => {
  const filters = parseFilterConfig(`
filter-primitive WEB
  type ip-port
  permit 80,443
filter-definition web-out
  match ip-destination-port WEB
filter-definition web-in
  match ip-source-port WEB
`);
  const options = { ...OPTIONS, filters };
  const where = compileWhere("filter Web-Out and not filter web-in", options);
  assertEquals<readonly string[]>(where.fields, ["dstport", "srcport"]);
  const { schema } = findFtLayout(5)!;
  const batch = new FlowBatch({ capacity: 3 });
  batch.append(schema, { srcport: 9, dstport: 443 });
  batch.append(schema, { srcport: 80, dstport: 443 });
  batch.append(schema, { srcport: 80, dstport: 9 });
  const rows = new Uint32Array(3);
  assertEquals([...rows.subarray(0, where.select(batch, rows))], [0]);
  const error = errorOf("filter web-uot", options);
  assertEquals([error.code, error.expected], ["where-filter", "one of web-out, web-in"]);
  assertEquals(error.hint, 'did you mean "web-out"?');
});

Deno.test("flows that cannot answer are named with the versions that can", () => {
  const table: readonly (readonly [string, number, number | undefined, string[]])[] = [
    ["src as 5", 1, undefined, ["src_as"]],
    ["tag 5", 5, undefined, ["src_tag", "dst_tag"]],
    ["port 80", 8, 1, ["srcport", "dstport"]],
    ["tcp or shortcut 10.0.0.1", 5, undefined, ["router_sc"]],
    ["not flags S", 8, 2, ["tcp_flags"]],
    ["peer_nexthop 10.0.0.1", 7, undefined, ["peer_nexthop"]],
  ];
  for (const [text, version, aggregation, fields] of table) {
    const { schema } = findFtLayout(version, aggregation)!;
    try {
      compileWhere(text).check(schema);
      throw new Error(`${text} passes`);
    } catch (error) {
      assertInstanceOf(error, WhereFieldError);
      assertEquals([...error.fields], fields);
      // What it says of versions is so.
      for (const label of error.versions) {
        const [other, method] = label.slice(1).split(".").map(Number);
        compileWhere(error.condition).check(findFtLayout(other, method)!.schema);
      }
      assert(!error.versions.includes(schema.label));
    }
  }
  assertEquals(
    (() => {
      try {
        compileWhere("tag 5").check(findFtLayout(5)!.schema);
        return "";
      } catch (error) {
        return (error as Error).message;
      }
    })(),
    'Cannot select flows: "tag 5" needs src_tag or dst_tag, which v5 records lack, ' +
      "expected records of v1005",
  );
  // One end is enough for a condition on either.
  compileWhere("as 5 and flows > 1 and mask 8").check(findFtLayout(8, 3)!.schema);
});

Deno.test("nearest words are few, near, and nothing where nothing is", () => {
  const words = ["port", "proto", "packets", "pps", "bps", "bpp", "first", "last"];
  assertEquals(nearestWords("PROT", words), ["port", "proto"]);
  assertEquals(nearestWords("frist", words), ["first"]);
  assertEquals(nearestWords("x".repeat(1_000_000), words), []);
  assertEquals(nearestWords("zzzz", words), []);
});

// Reading

Deno.test("selecting records decodes the columns of the expression, and passes blocks through", async () => {
  const set = await FlowSet.open("fixtures/ft/v5-le.ft");
  const all: number[] = [];
  for await (const flow of set) all.push(flow.dOctets!);
  const where = compileWhere("octets > 2G");
  const wanted = all.filter((octets) => octets > 2e9);
  assert(wanted.length > 5 && wanted.length < all.length - 5);
  for (const path of ["fixtures/ft/v5-le.ft", "fixtures/ft/v5-be-z.ft"]) {
    let read = 0;
    const onSelected = (flows: number) => void (read += flows);
    const flows: number[] = [];
    for await (const flow of await FlowSet.open(path, { where, onSelected })) {
      flows.push(flow.dOctets!);
    }
    const batched: number[] = [];
    const batches = (await FlowSet.open(path, { where })).batches({ columns: ["dOctets"] });
    for await (const batch of batches) {
      batched.push(...batch.column("dOctets").subarray(0, batch.length));
    }
    assertEquals([flows, batched, read], [wanted, wanted, all.length], path);
  }
  const bytes = await Deno.readFile("fixtures/ft/v5-le.ft");
  const any = await FlowSet.open(bytes, { where: compileWhere("any") });
  let blocks = 0;
  for await (const block of any.blocks()) {
    blocks++;
    // No record is copied where all pass.
    assertEquals(block.view.buffer.byteLength >= bytes.length, true);
  }
  assertEquals(blocks > 0, true);
});

Deno.test("files that cannot answer are refused when they are opened, the first and the next", async () => {
  const where = compileWhere("dst as > 0");
  const refused = async (paths: string[]) => {
    try {
      const set = await FlowSet.open(paths, { where });
      for await (const _ of set.blocks()) { /* all of them */ }
      return undefined;
    } catch (error) {
      return error;
    }
  };
  assertInstanceOf(await refused(["fixtures/ft/v1-le.ft"]), WhereFieldError);
  assertInstanceOf(
    await refused(["fixtures/ft/v5-le.ft", "fixtures/ft/v1-le.ft"]),
    WhereFieldError,
  );
  assertEquals(await refused(["fixtures/ft/v5-le.ft", "fixtures/ft/v7-le.ft"]), undefined);
});

Deno.test("several readers share one expression", async () => {
  const where = compileWhere("octets > 1G or not (src net 128.0.0.0/1 and packets < 3G)");
  const layout = findFtLayout(5)!;
  const path = "fixtures/ft/v5-le.ft";
  const count = async () => {
    let flows = 0;
    await using set = await FlowSet.open(path);
    for await (const block of selectRecords({ layout, blocks: () => set.blocks() }, where)) {
      flows += block.count;
      await Promise.resolve();
    }
    return flows;
  };
  const alone = await count();
  assert(alone > 0 && alone < 53);
  assertEquals(await Promise.all([count(), count(), count()]), [alone, alone, alone]);
});
