import { assert, assertEquals, assertThrows } from "@std/assert";
import { FlowBatch, type FlowFieldName, FlowSchema } from "@flowtools/flow-model";
import { GroupTableLimitError, MissingFieldError } from "../report/errors.ts";
import { GroupError } from "./errors.ts";
import { GROUP_KEYS } from "./group_keys.ts";
import { GroupRun } from "./group_run.ts";
import type { GroupSnapshot } from "./group_snapshot.ts";
import { parseGroupKeys, parseSpanSeconds } from "./parse_keys.ts";
import { parseMoment } from "./moment.ts";
import { TimeZone } from "./time_zone.ts";
import { classRange, createScale } from "./value_scale.ts";

/** A generator of whole numbers below a bound, from a seed (Park and Miller). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = state * 48271 % 2147483647;
    return state % below;
  };
}

const FIELDS: FlowFieldName[] = [
  "unix_secs",
  "unix_nsecs",
  "sysUpTime",
  "exaddr",
  "dPkts",
  "dOctets",
  "first",
  "last",
  "srcaddr",
  "dstaddr",
  "input",
  "output",
  "srcport",
  "dstport",
  "prot",
  "tos",
  "tcp_flags",
  "src_mask",
  "dst_mask",
  "src_as",
  "dst_as",
];
const PLAIN = new FlowSchema({ version: 5, fields: FIELDS });
const AGGREGATED = new FlowSchema({ version: 8, aggregation: 14, fields: [...FIELDS, "dFlows"] });

type Row = Record<string, number | string>;

/** Flows among few hosts, so that groups have several flows, some of them IPv6. */
function randomRows(seed: number, count: number, ipv6: boolean): Row[] {
  const next = numbers(seed);
  const host = () =>
    ipv6 && next(3) === 0
      ? `2001:db8:${next(3) + 1}::${(next(4) + 1).toString(16)}`
      : `10.${next(2)}.${next(3)}.${next(4)}`;
  return Array.from({ length: count }, () => ({
    unix_secs: 1_700_000_000 + next(7200),
    unix_nsecs: next(1000) * 1_000_000,
    sysUpTime: 10_000_000,
    exaddr: `192.0.2.${next(3)}`,
    dPkts: next(50) + 1,
    dOctets: next(100_000),
    first: 9_900_000 + next(50_000),
    last: 9_950_000 + next(50_000),
    srcaddr: host(),
    dstaddr: host(),
    input: next(4),
    output: next(4),
    srcport: next(6) * 13_000,
    dstport: next(6) * 13_000,
    prot: [1, 6, 17][next(3)],
    tos: next(256),
    tcp_flags: next(64),
    src_mask: next(33),
    dst_mask: 24,
    src_as: next(5) * 30_000,
    dst_as: next(5),
    dFlows: next(9) + 1,
  }));
}

function batchOf(rows: readonly Row[], schema: FlowSchema): FlowBatch {
  const batch = new FlowBatch({ capacity: Math.max(1, rows.length) });
  for (const row of rows) batch.append(schema, row);
  return batch;
}

/** The sums of each group, by the text of its keys: what the engine has to find. */
function naive(
  rows: readonly Row[],
  keysOf: (row: Row) => readonly (readonly (string | number)[])[],
  aggregated = false,
): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const row of rows) {
    for (const text of new Set(keysOf(row).map((key) => key.join(" ")))) {
      const sums = groups.get(text) ?? [0, 0, 0];
      sums[0] += aggregated ? Number(row.dFlows) : 1;
      sums[1] += Number(row.dPkts);
      sums[2] += Number(row.dOctets);
      groups.set(text, sums);
    }
  }
  return groups;
}

function found(run: GroupRun): Map<string, number[]> {
  const result = run.finish();
  const groups = new Map<string, number[]>();
  for (let group = 0; group < result.size; group++) {
    const text = result.keys.map((_, key) => result.keyText(key, group)).join(" ");
    assert(!groups.has(text), `group ${text} is there twice`);
    groups.set(text, ["flows", "packets", "octets"].map((name) => result.value(name, group)));
  }
  return groups;
}

const sorted = (groups: Map<string, number[]>) => [...groups].toSorted();

/** A network of an address, by its text: independent of the engine's masks. */
function network(address: string | number, narrow: number, wide: number): string {
  const text = String(address);
  if (!text.includes(":")) {
    const bits = text.split(".").map((part) => Number(part).toString(2).padStart(8, "0")).join("");
    const kept = bits.slice(0, narrow).padEnd(32, "0");
    return [0, 8, 16, 24].map((at) => parseInt(kept.slice(at, at + 8), 2)).join(".") + `/${narrow}`;
  }
  // All addresses of the test are 2001:db8:N::M, and lengths are 32, 48 or 64.
  const [, , third] = text.split(":");
  const kept = wide < 48 ? "2001:db8::" : `2001:db8:${third}::`;
  return `${kept}/${wide}`;
}

const CASES: readonly (readonly [by: string, key: (row: Row) => readonly (string | number)[]])[] = [
  ["srcaddr", (row) => [row.srcaddr]],
  ["srcaddr,dstaddr", (row) => [row.srcaddr, row.dstaddr]],
  ["srcaddr,dstport,prot", (row) => [row.srcaddr, row.dstport, row.prot]],
  ["src/16,dst/24/48", (row) => [network(row.srcaddr, 16, 64), network(row.dstaddr, 24, 48)]],
  ["src/0/32", (row) => [network(row.srcaddr, 0, 32)]],
  ["dstport", (row) => [row.dstport]],
  ["prot", (row) => [row.prot]],
  ["src_as,dst_as", (row) => [row.src_as, row.dst_as]],
  ["input,output,exporter", (row) => [row.input, row.output, row.exaddr]],
  ["dscp", (row) => [Math.floor(Number(row.tos) / 4)]],
  ["tcp_flags,tos", (row) => [row.tcp_flags, row.tos]],
];

for (const ipv6 of [false, true]) {
  for (const [by, key] of CASES) {
    Deno.test(`GroupRun by ${by} finds what a map finds, ${ipv6 ? "IPv6 too" : "IPv4"}`, () => {
      const rows = randomRows(by.length + 7, 3000, ipv6);
      const run = new GroupRun({ keys: parseGroupKeys(by) });
      // The first batch is all IPv4, so that the table widens with groups in it.
      const narrow = rows.filter((row) => !`${row.srcaddr}${row.dstaddr}`.includes(":"));
      const rest = rows.filter((row) => !narrow.includes(row));
      run.add(batchOf(narrow, PLAIN));
      run.add(batchOf(rest, PLAIN));
      assertEquals(sorted(found(run)), sorted(naive(rows, (row) => [key(row)])));
    });
  }
}

Deno.test("GroupRun counts the flows that aggregated records stand for, beside plain ones", () => {
  const rows = randomRows(5, 500, false);
  const run = new GroupRun({ keys: parseGroupKeys("prot") });
  run.add(batchOf(rows, AGGREGATED));
  assertEquals(sorted(found(run)), sorted(naive(rows, (row) => [[row.prot]], true)));

  const mixed = new FlowBatch({ capacity: 2 });
  mixed.append(PLAIN, { ...rows[0], prot: 6 });
  mixed.append(AGGREGATED, { ...rows[1], prot: 6, dFlows: 41 });
  const both = new GroupRun({ keys: parseGroupKeys("prot") });
  both.add(mixed);
  assertEquals(both.finish().total("flows"), 42);
});

Deno.test("GroupRun adds the selected rows of a batch only", () => {
  const rows = randomRows(11, 400, true);
  const kept = rows.map((_, index) => index).filter((index) => index % 3 === 0);
  for (const by of ["srcaddr,dstport", "addr", "prot"]) {
    const run = new GroupRun({ keys: parseGroupKeys(by) });
    run.add(batchOf(rows, PLAIN), new Uint32Array(kept));
    const only = new GroupRun({ keys: parseGroupKeys(by) });
    only.add(batchOf(kept.map((index) => rows[index]), PLAIN));
    assertEquals(sorted(found(run)), sorted(found(only)));
  }
});

Deno.test("a key of either end counts a flow for both ends, once where they are the same", () => {
  const rows = randomRows(3, 2000, true);
  const cases: readonly (readonly [string, (row: Row) => (string | number)[][]])[] = [
    ["addr", (row) => [[row.srcaddr], [row.dstaddr]]],
    ["port,prot", (row) => [[row.srcport, row.prot], [row.dstport, row.prot]]],
    ["addr,port", (row) => [[row.srcaddr, row.srcport], [row.dstaddr, row.dstport]]],
    ["interface", (row) => [[row.input], [row.output]]],
    ["as", (row) => [[row.src_as], [row.dst_as]]],
  ];
  for (const [by, keys] of cases) {
    const run = new GroupRun({ keys: parseGroupKeys(by) });
    run.add(batchOf(rows, PLAIN));
    const result = run.finish();
    assertEquals(result.overlapping, true);
    assertEquals(result.total("flows"), rows.length, "the total counts each flow once");
    assertEquals(sorted(found(run)), sorted(naive(rows, keys)));
  }
});

Deno.test("both directions of a conversation are one group", () => {
  const rows = randomRows(21, 3000, true);
  const family = (address: string) => address.includes(":") ? 1 : 0;
  const number = (address: string) =>
    address.includes(":")
      ? Number(address.split(":")[2]) * 1000 + parseInt(address.split("::")[1], 16)
      : address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const turned = (row: Row) => {
    const [a, b] = [String(row.srcaddr), String(row.dstaddr)];
    const order = family(a) - family(b) || number(a) - number(b) ||
      Number(row.srcport) - Number(row.dstport);
    return order > 0;
  };
  const run = new GroupRun({
    keys: parseGroupKeys("srcaddr,srcport,dstaddr,dstport,prot"),
    bidirectional: true,
  });
  run.add(batchOf(rows, PLAIN));
  const expected = naive(rows, (row) => {
    const ends = [[row.srcaddr, row.srcport], [row.dstaddr, row.dstport]];
    return [[...(turned(row) ? ends.reverse() : ends).flat(), row.prot]];
  });
  assertEquals(sorted(found(run)), sorted(expected));
});

Deno.test("merging runs of parts gives the groups of all, whichever of them saw IPv6", () => {
  const rows = randomRows(77, 4000, true);
  const four = rows.filter((row) => !`${row.srcaddr}${row.dstaddr}`.includes(":"));
  const six = rows.filter((row) => !four.includes(row));
  for (const by of ["srcaddr", "srcaddr,dstport", "srcnet", "addr", "prot,srcaddr/16"]) {
    for (const [first, second] of [[four, six], [six, four], [rows, rows], [four, []]]) {
      const options = { keys: parseGroupKeys(by), timed: true };
      const whole = new GroupRun(options);
      whole.add(batchOf([...first, ...second], PLAIN));
      const [a, b] = [first, second].map((part) => {
        const run = new GroupRun(options);
        if (part.length > 0) run.add(batchOf(part, PLAIN));
        return run;
      });
      const told: GroupSnapshot = structuredClone(b.snapshot());
      a.merge(told);
      assertEquals(a.finish().total("duration"), whole.finish().total("duration"));
      assertEquals(a.finish().total("start"), whole.finish().total("start"));
      assertEquals(sorted(found(a)), sorted(found(whole)), by);
    }
  }
});

/** Packets with templates are tested elsewhere: here records are their own octets. */
const ELEMENT_SCHEMA = new FlowSchema({
  version: 10,
  fields: FIELDS,
  extras: ["applicationId", "ingressVRFID"],
  reader: {
    names: ["applicationId", "ingressVRFID"],
    read: (octets, name) => name === "ingressVRFID" ? octets[0] : octets.subarray(1),
  },
});

/** Flows of VRFs and applications; a VRF of 0 has no record. */
function elementBatch(flows: readonly (readonly [vrf: number, app: readonly number[]])[]) {
  const batch = new FlowBatch({ capacity: flows.length, octets: true });
  for (const [row, [vrf, app]] of flows.entries()) {
    batch.append(ELEMENT_SCHEMA, { dOctets: row + 1, dPkts: 1 });
    const record = Uint8Array.from([vrf, ...app]);
    if (vrf > 0) batch.octets!.store(row, 1, new DataView(record.buffer), 0, record.length);
  }
  return batch;
}

Deno.test("elements of any length are keys, in the order of their values, whichever came first", () => {
  const long = Array.from({ length: 40 }, (_, at) => at);
  const parts = [
    [[9, [13, 1]], [0, []], [2, long], [9, [13, 1]]],
    [[10, [13]], [2, long], [0, []], [9, [13, 1]]],
  ] as const;
  for (const by of ["vrf,application", "application,vrf", "srcaddr,vrf", "vrf"]) {
    const [first, second] = [parts, parts.toReversed()].map((order) => {
      const run = new GroupRun({ keys: parseGroupKeys(by) });
      assertEquals(run.octets, true);
      for (const part of order) run.add(elementBatch(part));
      return run;
    });
    assertEquals(found(first), found(second), by);
  }
  const run = new GroupRun({ keys: parseGroupKeys("vrf,application") });
  run.add(elementBatch(parts[0]));
  run.add(elementBatch(parts[1]), new Uint32Array([0, 1]));
  const result = run.finish();
  const texts = [...result.byKeys()].map((group) => [
    result.keyText(0, group),
    result.keyText(1, group),
    result.value("octets", group),
  ]);
  const hex = Uint8Array.from(long).toHex();
  assertEquals(texts, [
    [undefined, undefined, 2],
    [2, hex, 5],
    [9, "0d01", 5],
    [10, "0d", 1],
  ]);
});

Deno.test("values of elements have a bound, and flows without any template are refused", () => {
  const keys = parseGroupKeys("application");
  const run = new GroupRun({ keys, groupTableBytesMax: 100_000 });
  const text = Array.from({ length: 250 }, () => 7);
  const flows = Array.from({ length: 200 }, (_, at) => [1, [...text, at]] as const);
  assertThrows(() => run.add(elementBatch(flows)), GroupTableLimitError);
  assertThrows(
    () => new GroupRun({ keys }).add(batchOf(randomRows(1, 1, false), PLAIN)),
    MissingFieldError,
    "v5 flows have no applicationId",
  );
});

Deno.test("counters that need times are those of the group", () => {
  const at = (first: number, last: number, dOctets: number) => ({
    unix_secs: 1000,
    sysUpTime: 500_000,
    first,
    last,
    dOctets,
    dPkts: 10,
    prot: 6,
  });
  const run = new GroupRun({ keys: parseGroupKeys("prot"), timed: true });
  run.add(batchOf([at(480_000, 490_000, 1000), at(470_000, 475_000, 3000)], PLAIN));
  const result = run.finish();
  assertEquals(result.value("start", 0), 970_000);
  assertEquals(result.value("end", 0), 990_000);
  assertEquals(result.value("duration", 0), 15_000);
  assertEquals(result.value("bps", 0), 4000 * 8 / 20);
  assertEquals(result.value("pps", 0), 1);
  assertEquals(result.value("bpp", 0), 200);
  const untimed = new GroupRun({ keys: parseGroupKeys("prot") });
  untimed.add(batchOf([at(1, 2, 3)], PLAIN));
  assertThrows(() => untimed.finish().value("bps", 0), GroupError, "it was not counted");
});

Deno.test("top() is the start of a full sort, ties by key, in both directions", () => {
  const rows = randomRows(9, 5000, true).map((row, index) => ({ ...row, dOctets: index % 7 }));
  const run = new GroupRun({ keys: parseGroupKeys("srcaddr,srcport,tos") });
  run.add(batchOf(rows, PLAIN));
  const result = run.finish();
  const rank = new Map([...result.byKeys()].map((group, index) => [group, index]));
  const all = Array.from({ length: result.size }, (_, group) => group);
  for (const ascending of [false, true]) {
    const sign = ascending ? 1 : -1;
    const expected = all.toSorted((a, b) =>
      sign * (result.value("octets", a) - result.value("octets", b)) || rank.get(a)! - rank.get(b)!
    );
    for (const count of [0, 1, 5, 100, result.size - 1, result.size, Infinity]) {
      assertEquals([...result.top("octets", count, ascending)], expected.slice(0, count));
    }
  }
});

Deno.test("groups by some of the keys add up to the same", () => {
  const rows = randomRows(31, 3000, true);
  const run = new GroupRun({ keys: parseGroupKeys("srcaddr,dstport,prot"), timed: true });
  run.add(batchOf(rows, PLAIN));
  const { result, groupOf } = run.finish().project([0, 2]);
  const texts = new Map<string, number[]>();
  for (let group = 0; group < result.size; group++) {
    texts.set(
      `${result.keyText(0, group)} ${result.keyText(1, group)}`,
      ["flows", "packets", "octets"].map((name) => result.value(name, group)),
    );
  }
  assertEquals(sorted(texts), sorted(naive(rows, (row) => [[row.srcaddr, row.prot]])));
  assertEquals(groupOf.length, run.finish().size);
  assertEquals(run.finish().project([]).result.size, 1);
});

Deno.test("spans of time begin where the zone's days and hours do", () => {
  const flow = (iso: string) => ({
    unix_secs: Date.parse(iso) / 1000,
    sysUpTime: 1000,
    first: 1000,
    last: 1000,
    dOctets: 1,
    dPkts: 1,
  });
  const days = (zone: string, ...times: string[]) => {
    const run = new GroupRun({ keys: parseGroupKeys("day", new TimeZone(zone)) });
    run.add(batchOf(times.map(flow), PLAIN));
    const result = run.finish();
    return [...result.byKeys()].map((group) =>
      `${new Date(result.keyWord(0, group) * 1000).toISOString().slice(0, 16)} ` +
      result.value("flows", group)
    );
  };
  assertEquals(days("UTC", "2024-03-30T23:30:00Z", "2024-03-31T00:30:00Z"), [
    "2024-03-30T00:00 1",
    "2024-03-31T00:00 1",
  ]);
  // Clocks go forward on 2024-03-31 and back on 2024-10-27: days of 23 and 25 hours.
  assertEquals(
    days("Europe/Berlin", "2024-03-30T23:30:00Z", "2024-03-31T21:59:00Z", "2024-03-31T22:00:00Z"),
    ["2024-03-30T23:00 2", "2024-03-31T22:00 1"],
  );
  assertEquals(
    days("Europe/Berlin", "2024-10-26T22:00:00Z", "2024-10-27T22:30:00Z", "2024-10-27T23:00:00Z"),
    ["2024-10-26T22:00 2", "2024-10-27T23:00 1"],
  );
  assertEquals(days("-03:30", "2024-01-01T03:29:00Z", "2024-01-01T03:30:00Z"), [
    "2023-12-31T03:30 1",
    "2024-01-01T03:30 1",
  ]);
  assertThrows(() => new TimeZone("Mars/Olympus"), RangeError, 'time zone "Mars/Olympus"');
  for (
    const [name, meant] of [
      ["Europ/Zurich", "Europe/Zurich"],
      ["Zurich", "Europe/Zurich"],
      ["new york", "America/New_York"],
      ["UTV", "UTC"],
    ]
  ) assertThrows(() => new TimeZone(name), RangeError, `did you mean "${meant}"?`);
  const { message } = assertThrows(() => new TimeZone("Mars"), RangeError);
  assertEquals(message.includes("did you mean"), false, message);
});

Deno.test("classes begin where their scale says, and hold what is in them", () => {
  const values = [0, 1, 2, 3, 4, 9, 10, 19, 20, 1e6, 2 ** 40];
  for (const scale of [createScale("log2"), createScale("log10"), createScale("linear", 10)]) {
    const [key] = parseGroupKeys("prot");
    const run = new GroupRun({
      keys: [{ ...key, spec: { ...key.spec, kind: "class" }, measure: { of: "octets", scale } }],
    });
    run.add(batchOf(values.map((dOctets) => ({ dOctets, dPkts: 1, prot: 6 })), PLAIN));
    const result = run.finish();
    for (let group = 0; group < result.size; group++) {
      const [from, below] = classRange(scale, result.keyWord(0, group));
      const inside = values.filter((value) => value >= from && value < below);
      assertEquals(result.value("flows", group), inside.length, `${scale.name} ${from}`);
    }
    assertEquals(result.total("flows"), values.length);
  }
  assertThrows(() => createScale("linear", 0), GroupError, "width is 0");
});

Deno.test("keys are read by any of their names, and refused with what is likely meant", () => {
  const labels = (text: string) => parseGroupKeys(text).map(({ label }) => label);
  assertEquals(labels("srcip, dp,proto"), ["srcaddr", "dstport", "prot"]);
  assertEquals(labels("sa/24,time/5m,hour"), ["srcaddr/24", "time/5m", "hour"]);
  const refused = (text: string, message: string) =>
    assertThrows(() => parseGroupKeys(text), GroupError, message);
  refused("srcadr", 'did you mean "srcaddr"');
  refused("colour", "there is no such key, expected srcaddr, dstaddr");
  refused("bytes", "octets is a counter, not a key, expected srcaddr, dstaddr");
  refused("srcaddr,src", "srcaddr is named twice");
  refused("srcaddr/33", 'prefix length is "33", expected 0 to 32 for IPv4; srcaddr/32/33 is IPv6');
  refused("srcaddr/24/129", 'prefix length is "129", expected 0 to 128');
  refused("srcaddr/x", 'prefix length is "x"');
  refused("dstport/8", "dstport has no length");
  refused("time", "expected a span of time behind it");
  refused("time/0s", '"0s" is no length of time');
  refused("day/2", "expected nothing behind");
  refused(GROUP_KEYS.slice(0, 13).map(({ name }) => name).join(",").replace("addr,", "prot,"), "");
  assertEquals(parseSpanSeconds("1h30m"), 5400);
  assertThrows(() => parseSpanSeconds("500ms"), GroupError, "whole seconds");
  assertThrows(() => parseSpanSeconds("5mins"), GroupError, 'did you mean "5m"?');
});

Deno.test("names of keys and their other names are all different", () => {
  const names = GROUP_KEYS.flatMap(({ name, aliases }) => [name, ...aliases]);
  assertEquals(names.length, new Set(names).size);
  for (const { name, opposite } of GROUP_KEYS) {
    if (opposite === undefined) continue;
    assertEquals(GROUP_KEYS.find((key) => key.name === opposite)?.opposite, name);
  }
});

Deno.test("both directions need both ends", () => {
  const refused = (by: string, message: string) =>
    assertThrows(
      () => new GroupRun({ keys: parseGroupKeys(by), bidirectional: true }),
      GroupError,
      message,
    );
  refused("srcaddr", "srcaddr needs the other end too, dstaddr");
  refused("srcaddr/24,dstaddr", "srcaddr/24 needs the other end too, dstaddr/24");
  refused("prot", "no key tells them apart");
  refused("addr,srcport,dstport", "addr counts for both ends already");
});

Deno.test("flows without a field that is asked for are refused by name", () => {
  const schema = new FlowSchema({ version: 8, aggregation: 1, fields: ["dPkts", "dOctets"] });
  const run = new GroupRun({ keys: parseGroupKeys("srcaddr") });
  const error = assertThrows(() => run.add(batchOf([{}], schema)), MissingFieldError);
  assertEquals(error.message, "Cannot report srcaddr: v8.1 flows have no srcaddr");
});

Deno.test("flows that lack a field are told of, and the others of their batch are grouped", () => {
  const keys = parseGroupKeys("src_as");
  const counters = ["dPkts", "dOctets"] as const;
  const able = new FlowSchema({ version: 9, fields: ["src_as", "srcport", ...counters] });
  const unable = new FlowSchema({ version: 9, fields: ["srcport", ...counters] });
  const batch = new FlowBatch({ capacity: 8 });
  for (const [row, schema] of [unable, able, unable, able, unable, able].entries()) {
    batch.append(schema, { dOctets: 10 ** row, ...(schema === able ? { src_as: row % 4 } : {}) });
  }
  for (
    const [rows, octets, lost] of [
      [undefined, [[1, 100_010], [3, 1000]], 3],
      [new Uint32Array([0, 1, 2, 3]), [[1, 10], [3, 1000]], 2],
      [new Uint32Array([1, 5]), [[1, 100_010]], 0],
      [new Uint32Array([2, 4]), [], 2],
    ] as const
  ) {
    const run = new GroupRun({ keys });
    const told: unknown[] = [];
    run.add(batch, rows, undefined, (...lack) => told.push(lack));
    assertEquals(told, lost === 0 ? [] : [[unable, ["src_as"], lost]]);
    const result = run.finish();
    const found = [...result.byKeys()].map((group) => [
      result.keyText(0, group),
      result.value("octets", group),
    ]);
    assertEquals(found, octets.map((pair) => [...pair]));
    assertEquals(result.total("octets"), octets.reduce((sum, [, count]) => sum + count, 0));
  }
});

Deno.test("parseMoment() reads times as where does, and says what is wrong with others", () => {
  assertEquals(parseMoment("1714564800"), 1_714_564_800_000);
  assertEquals(parseMoment("2024-05-01 12:00", { zone: "+02:00" }), Date.UTC(2024, 4, 1, 10));
  assertEquals(parseMoment("today", { zone: "UTC", nowMs: 86_400_000 * 1.5 }), 86_400_000);
  assertThrows(() => parseMoment("2024-02-30"), GroupError, "February 2024 has no day 30");
  assertThrows(() => parseMoment("teatime"), GroupError, '"teatime" is no time');
  const nowMs = Date.UTC(2024, 4, 1, 23, 30);
  for (
    const [text, meant] of [
      ["yesteday", "yesterday"],
      ["1h", "-1h"],
      ["2 hours ago", "-2h"],
      ["-90mins", "-90m"],
      ["today-2days", "today-2d"],
      // It is the second of May already where the clock shows two hours more.
      ["12:00", "2024-05-02T12:00"],
    ]
  ) {
    const options = { zone: "+02:00", nowMs };
    const error = assertThrows(() => parseMoment(text, options), GroupError, `mean "${meant}"?`);
    assertEquals(error.code, "bad-time");
    parseMoment(meant, options);
  }
  for (const text of ["teatime", "-1hous", "2024-05-01Z12:00"]) {
    const { message } = assertThrows(() => parseMoment(text), GroupError);
    assertEquals(message.includes("did you mean"), false, message);
  }
});

Deno.test("applications have the lower port, of protocols whose headers begin with ports", () => {
  const batch = new FlowBatch({ columns: [...FIELDS, "dFlows"] });
  // ICMP, TCP, UDP, DCCP, SCTP, UDP-Lite; the numbers are IANA's.
  for (const prot of [1, 6, 17, 33, 132, 136]) {
    batch.append(PLAIN, { prot, srcport: 40_000, dstport: 53 });
  }
  const run = new GroupRun({ keys: parseGroupKeys("app") });
  run.add(batch);
  const result = run.finish();
  const words = Array.from(result.byKeys(), (group) => result.keyWord(0, group));
  assertEquals(
    words.map((word) => [word >>> 16, word & 0xffff]),
    [[1, 0], [6, 53], [17, 53], [33, 53], [132, 53], [136, 53]],
  );
});
