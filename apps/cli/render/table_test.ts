import { assert, assertEquals } from "@std/assert";
import { type Flow, FlowBatch, FlowSchema, parseIPv6 } from "@flowtools/flow-model";
import { TimeZone } from "@flowtools/flowset/groups";
import { fitColumns, leftOutText, shortened } from "./fit_columns.ts";
import { LabelledFlow, LabelledFlows } from "./labelled_flow.ts";
import type { Look } from "./look.ts";
import { tableLines } from "./modern_table.ts";
import { TableRenderer } from "./table.ts";

const NARROW: Look = { columns: 80, color: false, unicode: true, human: true, fit: true };
const WIDE: Look = { ...NARROW, columns: 200 };
const PIPE: Look = { ...NARROW, human: false, fit: false };

const SCHEMA = new FlowSchema({
  version: 10,
  fields: [
    ...["unix_secs", "unix_nsecs", "sysUpTime", "first", "last", "srcaddr", "dstaddr"] as const,
    ...["srcport", "dstport", "prot", "tcp_flags", "input", "output", "dPkts", "dOctets"] as const,
  ],
});

/** An address of 39 letters, and how much of it there is room for. */
const LONG = (last: string) => `2001:db8:1111:2222:3333:4444:5555:${last}`;

/** Flows between some pairs of addresses. */
function flowsOf(pairs: readonly (readonly [source: string, destination: string])[]): Flow[] {
  const batch = new FlowBatch({ capacity: Math.max(1, pairs.length) });
  for (const [srcaddr, dstaddr] of pairs) {
    batch.append(SCHEMA, {
      unix_secs: 1_700_000_000,
      srcaddr,
      dstaddr,
      srcport: 65_535,
      dstport: 443,
      prot: 6,
      dPkts: 1234,
      dOctets: 567_890,
    });
  }
  return [...batch];
}

/** The lines of a table; what is held back is asked for after some of the flows. */
function tableOf(
  flows: readonly Flow[],
  look: Look,
  { fields, flushAt }: { fields?: readonly string[]; flushAt?: number } = {},
): string[] {
  const renderer = new TableRenderer(fields, [], undefined, new TimeZone("UTC"), look);
  const labelled = new LabelledFlows({ scaled: false });
  let text = "";
  for (const [at, flow] of flows.entries()) {
    if (at === flushAt) text += renderer.flush();
    text += renderer.begin(flow.schema) + renderer.flow(labelled.of(flow));
  }
  return (text + renderer.end()).split("\n").slice(0, -1);
}

Deno.test("columns of print are as wide as the widest address, where there is room", () => {
  const pairs = [[LONG("6666"), "192.0.2.1"], ["::1", LONG("7777")]] as const;
  const [head, first, second, ...rest] = tableOf(flowsOf(pairs), WIDE);
  assertEquals(rest, []);
  for (const line of [head, first, second]) assert(line.length < 200, line);
  // The same column begins at the same place in all lines.
  const at = (line: string, text: string) => line.indexOf(text);
  assertEquals(
    [at(first, LONG("6666")), at(second, "::1")],
    [head, head].map((line) => at(line, "srcaddr")),
  );
  assertEquals(
    [at(first, "192.0.2.1"), at(second, LONG("7777"))],
    [head, head].map((line) => at(line, "dstaddr")),
  );
  assert(first.endsWith(" 568k"), first);
});

Deno.test("where there is no room for addresses, their middle is left out, after all details", () => {
  const pairs = [[LONG("6666"), LONG("7777")], ["192.0.2.1", "198.51.100.200"]] as const;
  const lines = tableOf(flowsOf(pairs), NARROW);
  assertEquals(lines, [
    "first          srcaddr             sport dstaddr             dport prot dOctets",
    "11-14 22:13:20 2001:db8:…5555:6666 65535 2001:db8:…5555:7777   443    6    568k",
    "11-14 22:13:20 192.0.2.1           65535 198.51.100.200        443    6    568k",
    "no room here for last, tcp_flags, input, output, dPkts; --fields chooses",
  ]);
  const [, ascii] = tableOf(flowsOf(pairs), { ...NARROW, unicode: false });
  assertEquals(ascii, lines[1].replaceAll("…", "~"));
  // Two addresses have room; the third of them has it too where all are cut.
  const fields = ["srcaddr", "dstaddr"];
  assertEquals(tableOf(flowsOf(pairs), NARROW, { fields })[1], `${LONG("6666")}  ${LONG("7777")}`);
  const more = tableOf(flowsOf(pairs), NARROW, { fields: [...fields, "first", "prot"] });
  assert(more.every((line) => line.length < 80), more.join("\n"));
  assertEquals(more[1].split(/ +/).length, 5);
});

Deno.test("pipes have whole addresses, however long lines become", () => {
  const pairs = [[LONG("6666"), LONG("7777")], ["192.0.2.1", "198.51.100.200"]] as const;
  const [head, first, second] = tableOf(flowsOf(pairs), PIPE);
  assert(first.includes(LONG("6666")) && first.includes(LONG("7777")), first);
  assertEquals(head.indexOf("dstaddr"), second.indexOf("198.51.100.200"));
  // What comes later makes columns wider, without another heading.
  const later = tableOf(flowsOf([pairs[1], pairs[0]]), PIPE, { flushAt: 1 });
  assertEquals(later.length, 3);
  assertEquals(later[1].indexOf("198.51.100.200"), later[0].indexOf("dstaddr"));
  assert(later[2].includes(`${LONG("6666")}  `) && later[2].includes(LONG("7777")), later[2]);
});

Deno.test("a terminal gets another heading where later flows need wider columns", () => {
  const pairs = [["192.0.2.1", "::1"], [LONG("6666"), "::1"], ["192.0.2.1", LONG("7777")]] as const;
  const lines = tableOf(flowsOf([...pairs, ...pairs]), WIDE, { flushAt: 1 });
  const heads = lines.filter((line) => line.startsWith("first"));
  assertEquals([heads.length, lines.length], [2, 1 + 1 + 2 + 5]);
  assertEquals(lines[2], "");
  assertEquals(heads[1].indexOf("dstaddr"), lines[5].indexOf(LONG("7777")));
});

Deno.test("a page of flows is enough to be shown, all the others are not held back", () => {
  const renderer = new TableRenderer(["prot"], [], undefined, new TimeZone("UTC"), PIPE);
  const labelled = new LabelledFlows({ scaled: false });
  const [flow] = flowsOf([["::1", "::2"]]);
  assertEquals(renderer.begin(flow.schema), "");
  let shown = 0;
  for (let count = 0; count < 1200; count++) {
    shown += renderer.flow(labelled.of(flow)).split("\n").length - 1;
  }
  // Two pages and a heading.
  assertEquals(shown, 1001);
  assertEquals(renderer.flush().split("\n").length - 1, 200);
});

Deno.test("tables of top keep to the line: counters go, gaps, middles, and keys at last", () => {
  const keys = (count: number) => Array.from({ length: count }, (_, at) => `key${at}`);
  const table = (count: number, key: string, look: Look) =>
    tableLines(
      [
        ...keys(count).map((title, at) => ({ title, elastic: true, spare: at > 0 })),
        { title: "flows", right: true, detail: 3 },
        { title: "octets", right: true },
      ],
      [{ cells: [...keys(count).map(() => key), 1, 123_456_789], share: 1 }],
      look,
    );
  for (const count of [1, 2, 3, 4, 7, 12]) {
    for (const key of ["17", "192.168.100.200", LONG("6666")]) {
      const lines = table(count, key, NARROW);
      assert(lines.every((line) => line.length < 80), lines.join("\n"));
      assert(lines[1].includes("123M"), lines[1]);
      const whole = table(count, key, PIPE);
      assertEquals(whole.length, 2);
      assertEquals(whole[1].split(key).length, count + 1);
    }
  }
  // 79 columns less 6 of octets and two gaps are 71 for two addresses.
  assertEquals(table(2, LONG("6666"), NARROW), [
    "key0                                key1                                 octets",
    "2001:db8:1111:222…33:4444:5555:6666 2001:db8:1111:2222…33:4444:5555:6666   123M",
    "no room here for flows",
  ]);
  assertEquals(table(12, "192.168.100.200", NARROW), [
    "key0            key1            key2            key3            octets",
    "192.168.100.200 192.168.100.200 192.168.100.200 192.168.100.200   123M ████████",
    "no room here for key4, key5, key6, key7, key8, key9, key10, key11, flows",
  ]);
});

Deno.test("what is shortened keeps both ends, and is as long as its column", () => {
  const address = LONG("6666");
  for (let width = 1; width < address.length; width++) {
    const text = shortened(address, width, true);
    assertEquals([...text].length, width);
    const [head, tail] = text.split("…");
    assert(address.startsWith(head) && address.endsWith(tail), text);
    assert(head.length - tail.length >= 0 && head.length - tail.length <= 1, text);
  }
  assertEquals(shortened(address, address.length, true), address);
  assertEquals(parseIPv6(shortened(address, 30, true)), undefined);
});

Deno.test("names that nobody told are no columns of a terminal, and those of a pipe", () => {
  const added = ["inputName", "outputName"];
  const batch = new FlowBatch({ capacity: 2 });
  // Records of flow-tools' files have no names: these are of packets.
  const schema = new FlowSchema({
    version: 10,
    fields: ["srcaddr", "input"],
    reader: { names: [], read: () => undefined },
  });
  batch.append(schema, { srcaddr: "192.0.2.1", input: 3 });
  batch.append(schema, { srcaddr: "192.0.2.2", input: 4 });
  const [first, second] = [...batch];
  const lines = (look: Look) => {
    const renderer = new TableRenderer(undefined, added, undefined, new TimeZone("UTC"), look);
    const text = renderer.begin(schema) + renderer.flow(new LabelledFlow(first, {})) +
      renderer.flush() + renderer.flow(new LabelledFlow(second, { outputName: "Gi0/3" })) +
      renderer.end();
    return text.split("\n").map((line) => line.split(/ +/).filter((word) => word !== ""));
  };
  assertEquals(lines(WIDE).slice(0, 5), [
    ["srcaddr", "input"],
    ["192.0.2.1", "3"],
    [],
    ["srcaddr", "input", "outputName"],
    ["192.0.2.2", "4", "Gi0/3"],
  ]);
  assertEquals(lines(PIPE).slice(0, 3), [
    ["srcaddr", "input", ...added],
    ["192.0.2.1", "3", "-", "-"],
    ["192.0.2.2", "4", "-", "Gi0/3"],
  ]);
});

Deno.test("what there is no room for is named as far as there is room for that", () => {
  const left = ["one", "two", "three", "four"].map((title) => ({ title }));
  assertEquals(leftOutText(left, 80), "no room here for one, two, three, four");
  assertEquals(leftOutText(left, 38), "no room here for one, two, three, four");
  assertEquals(leftOutText(left, 37), "no room here for one, two and 2 more");
  assertEquals(leftOutText(left, 5), "no room here for one and 3 more");
});

Deno.test("the widest column gives way first", () => {
  const columns = [{ width: 39, elastic: true }, { width: 20, elastic: true }, { width: 10 }];
  const widths = (room: number) => fitColumns(columns, room, [1]).shown.map(({ width }) => width);
  assertEquals(widths(71), [39, 20, 10]);
  assertEquals(widths(60), [28, 20, 10]);
  assertEquals(widths(50), [19, 19, 10]);
  // Below what an IPv4 address needs nothing is to be read.
  assertEquals(widths(20), [15, 15, 10]);
});
