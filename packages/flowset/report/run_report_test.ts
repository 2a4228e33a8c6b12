import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FlowBatch, type FlowFieldName, FlowSchema } from "@flowtools/flow-model";
import fc from "fast-check";
import { findReport, REPORT_RULES, reportFields, REPORTS, STAT_RULES } from "./reports.ts";
import { GroupTableLimitError, MissingFieldError, ReportError } from "./errors.ts";
import { type ReportOptions, ReportRun, runReport } from "./run_report.ts";
import type { ReportResult } from "./result.ts";

const FIELDS: readonly FlowFieldName[] = [
  "unix_secs",
  "unix_nsecs",
  "sysUpTime",
  "exaddr",
  "dPkts",
  "dOctets",
  "first",
  "last",
  "engine_type",
  "engine_id",
  "srcaddr",
  "dstaddr",
  "nexthop",
  "input",
  "output",
  "srcport",
  "dstport",
  "prot",
  "tos",
  "src_mask",
  "dst_mask",
  "src_as",
  "dst_as",
  "src_tag",
  "dst_tag",
];
const PLAIN = new FlowSchema({ version: 1005, fields: FIELDS });
const AGGREGATED = new FlowSchema({ version: 1005, fields: [...FIELDS, "dFlows"] });

type Values = { [Name in FlowFieldName]?: number };

/** Flows with few different values, so that there are groups, and with any. */
function values(): fc.Arbitrary<Values> {
  const few = fc.nat(3);
  const address = fc.oneof(few, fc.nat(0xffffffff));
  const port = fc.oneof(few, fc.nat(0xffff));
  return fc.record({
    dPkts: fc.nat(5),
    dOctets: fc.nat(0xffffffff),
    dFlows: few,
    first: fc.nat(9),
    last: fc.nat(9),
    srcaddr: address,
    dstaddr: address,
    srcport: port,
    dstport: port,
    prot: fc.constantFrom(1, 6, 17),
    tos: few,
    src_mask: fc.nat(40),
    dst_mask: fc.nat(40),
    input: fc.oneof(few, fc.nat(0xffffffff)),
    output: port,
    src_as: fc.oneof(few, fc.nat(0xffffffff)),
    dst_as: port,
    src_tag: address,
    dst_tag: address,
    unix_secs: fc.nat(100),
  });
}

function batchOf(rows: readonly Values[], schemas: readonly FlowSchema[] = [PLAIN]): FlowBatch {
  const batch = new FlowBatch({ capacity: Math.max(rows.length, 1) });
  rows.forEach((row, index) => batch.append(schemas[index % schemas.length], { ...row }));
  return batch;
}

/** Groups as the plainest code there is makes them. */
function naiveGroups(
  batches: readonly (readonly Values[])[],
  keysOf: (row: Values) => readonly string[],
  kept: (row: Values) => boolean,
  flowsOf: (row: Values, index: number) => number,
): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const rows of batches) {
    for (const [index, row] of rows.entries()) {
      if (!kept(row)) continue;
      for (const key of keysOf(row)) {
        const sums = groups.get(key) ?? [0, 0, 0, 0];
        sums[0] += flowsOf(row, index);
        sums[1] += row.dOctets!;
        sums[2] += row.dPkts!;
        sums[3] += (row.last! - row.first!) >>> 0;
        groups.set(key, sums);
      }
    }
  }
  return groups;
}

/** The groups of a result in the order of their numbers. */
function groupsOf(result: ReportResult): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  const { keyStride, keyWords, counters, sums } = result;
  for (let group = 0; group < result.size; group++) {
    const key = keyWords.subarray(group * keyStride, (group + 1) * keyStride).join();
    groups.set(key, [...sums.subarray(group * counters.length, group * counters.length + 4)]);
  }
  return groups;
}

function run(
  name: string,
  batches: readonly FlowBatch[],
  options: ReportOptions = {},
): ReportResult {
  const report = new ReportRun(findReport(name), options);
  for (const batch of batches) report.add(batch);
  return report.finish();
}

const anyBatches = fc.array(fc.array(values(), { minLength: 1, maxLength: 60 }), { maxLength: 5 });

/** Reports with how a plain Map would name their groups. */
const NAIVE: readonly (readonly [string, (row: Values) => string[]])[] = [
  ["ip-protocol", (row) => [`${row.prot}`]],
  ["input-interface", (row) => [`${row.input}`]],
  ["ip-source-address", (row) => [`${row.srcaddr}`]],
  ["ip-address", (row) => [`${row.srcaddr}`, `${row.dstaddr}`]],
  ["ip-source/destination-address", (row) => [`${row.srcaddr},${row.dstaddr}`]],
  ["ip-source/destination-port", (row) => [`${row.srcport},${row.dstport}`]],
  ["input-interface/source/destination-as", (row) => [`${row.input},${row.src_as},${row.dst_as}`]],
  [
    "ip-source/destination-address/ip-protocol/ip-tos/ip-source/destination-port",
    (row) => [[row.srcaddr, row.dstaddr, row.srcport, row.dstport, row.prot, row.tos].join()],
  ],
  ["octets", (row) => [`0,${row.dOctets}`]],
  ["duration", (row) => [`${(row.last! - row.first!) >>> 0}`]],
];

for (const [name, keysOf] of NAIVE) {
  Deno.test(`runReport() groups by ${name} as a Map does, in the order first seen`, () => {
    fc.assert(fc.property(anyBatches, fc.boolean(), fc.boolean(), (rows, empty, mixed) => {
      const schemas = mixed ? [PLAIN, AGGREGATED] : [PLAIN];
      const rules = empty ? STAT_RULES : REPORT_RULES;
      const result = run(name, rows.map((batch) => batchOf(batch, schemas)), { rules });
      const expected = naiveGroups(
        rows,
        keysOf,
        (row) => empty || row.dPkts !== 0,
        (row, index) => mixed && index % 2 === 1 ? row.dFlows! : 1,
      );
      assertEquals([...groupsOf(result)], [...expected]);
      const counted = rows.flat().filter((row) => empty || row.dPkts !== 0);
      assertEquals(result.totals.octets, counted.reduce((sum, row) => sum + row.dOctets!, 0));
      assertEquals(result.totals.ignored, rows.flat().length - counted.length);
    }));
  });
}

Deno.test("runReport() keeps its groups while the table grows", () => {
  const batches: FlowBatch[] = [];
  const expected = new Map<string, number>();
  let seed = 1;
  for (let round = 0; round < 5; round++) {
    const batch = new FlowBatch({ capacity: 10_000 });
    for (let row = 0; row < 10_000; row++) {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      const [srcaddr, dstaddr] = [seed >>> 12, seed & 3];
      batch.append(PLAIN, { srcaddr, dstaddr, dPkts: 1, dOctets: 1 });
      const key = `${srcaddr},${dstaddr}`;
      expected.set(key, (expected.get(key) ?? 0) + 1);
    }
    batches.push(batch);
  }
  const result = run("ip-source/destination-address", batches);
  assertEquals(result.size, expected.size);
  assert(result.size > 40_000);
  assertEquals([...groupsOf(result)].map(([key, sums]) => [key, sums[0]]), [...expected]);
});

Deno.test("runReport() counts different values of another key", () => {
  fc.assert(fc.property(anyBatches, (rows) => {
    const result = run(
      "ip-source-address-destination-count",
      rows.map((batch) => batchOf(batch)),
      { rules: STAT_RULES },
    );
    const seen = new Map<number, Set<number>>();
    for (const row of rows.flat()) {
      seen.set(row.srcaddr!, (seen.get(row.srcaddr!) ?? new Set()).add(row.dstaddr!));
    }
    assertEquals([...result.distinct ?? []], [...seen.values()].map((values) => values.size));
  }));
});

Deno.test("runReport() keeps least, greatest and average rates of flows that last", () => {
  const rows: Values[] = [
    { dPkts: 10, dOctets: 1000, first: 0, last: 2000 },
    { dPkts: 10, dOctets: 500, first: 0, last: 1000 },
    { dPkts: 10, dOctets: 500, first: 5, last: 5 },
  ];
  const result = run("ip-source-address", [batchOf(rows)], { rates: true });
  assertEquals([...result.counter("records")], [2]);
  assertEquals([...result.counter("min-pps")], [5]);
  assertEquals([...result.counter("max-pps")], [10]);
  assertEquals([...result.counter("avg-pps")], [7.5]);
  assertEquals([...result.counter("avg-bps")], [4000]);
  assertEquals(result.totals.rates.get("max-pps"), 10);
  assertEquals(result.totals.records, 2);
});

Deno.test("runReport() spreads flows over their seconds", () => {
  const row = { unix_secs: 100, sysUpTime: 10_000, dPkts: 4, dOctets: 400 };
  const result = run("linear-interpolated-flows-octets-packets", [batchOf([
    { ...row, first: 8_500, last: 9_500 },
    { ...row, first: 9_000, last: 9_000 },
  ])]);
  assertEquals([...result.key(0)], [98, 99]);
  assertEquals([...result.counter("octets")], [200, 600]);
  assertEquals([...result.counter("flows")], [0.5, 1.5]);
});

Deno.test("runReport() groups prefixes by network and length, lengths of 0 by address", () => {
  const address = 0x0a010203;
  const rows = [24, 8, 0, 33].map((src_mask): Values => ({ srcaddr: address, src_mask, dPkts: 1 }));
  const result = run("ip-source-prefix", [batchOf(rows)]);
  assertEquals([...groupsOf(result).keys()], [
    `${0x0a010200},24`,
    `${0x0a000000},8`,
    `${address},0`,
    `${address},33`,
  ]);
  const formatted = run("ip-source-address", [batchOf(rows)], {
    addresses: { source: "prefix-mask" },
  });
  assertEquals(groupsOf(formatted), groupsOf(result));
});

Deno.test("runReport() multiplies octets and packets by the scale", () => {
  const rows = [{ dPkts: 2, dOctets: 2 ** 32 - 1 }];
  const result = run("octets", [batchOf(rows)], { scale: 1000 });
  assertEquals(result.totals.packets, 2000);
  const octets = (2 ** 32 - 1) * 1000;
  assertEquals([...result.keyWords.subarray(0, 2)], [Math.floor(octets / 2 ** 32), octets >>> 0]);
});

Deno.test("ReportResult.sorted() is stable, and reversed where it descends", () => {
  const rows = [3, 1, 2, 1, 3].map((dOctets, srcaddr): Values => ({ srcaddr, dOctets, dPkts: 1 }));
  const result = run("ip-source-address", [batchOf(rows)]);
  assertEquals([...result.sorted("octets")], [1, 3, 2, 0, 4]);
  assertEquals([...result.sorted("octets", true)], [4, 0, 2, 3, 1]);
  assertEquals([...result.sorted(0, true)], [4, 3, 2, 1, 0]);
  assertThrows(() => result.sorted("avg-pps"), ReportError, "Cannot get avg-pps");
});

Deno.test("ReportResult.order() gives the newest 65,536 groups first, as the reference does", () => {
  const rows = Array.from({ length: 65_537 }, (_, srcaddr): Values => ({ srcaddr, dPkts: 1 }));
  const order = run("ip-source-address", [batchOf(rows)]).order();
  assertEquals([order[0], order[1], order[65_536]], [65_536, 0, 65_535]);
});

Deno.test("runReport() says which fields are missing", async () => {
  const schema = new FlowSchema({ version: 8, aggregation: 1, fields: ["dPkts", "dOctets"] });
  const batch = new FlowBatch();
  batch.append(schema, { dPkts: 1 });
  await assertRejects(
    () => runReport([batch], 9, { rules: STAT_RULES }),
    MissingFieldError,
    "Cannot report ip-source-address: v8.1 flows have no first, last, srcaddr",
  );
});

Deno.test("runReport() stops at the limit of its memory, and names it", async () => {
  const rows = Array.from({ length: 5000 }, (_, srcaddr): Values => ({ srcaddr, dPkts: 1 }));
  const error = await assertRejects(
    () => runReport([batchOf(rows)], "ip-source-address", { groupTableBytesMax: 300_000 }),
    GroupTableLimitError,
  );
  assert(error.message.includes("GROUP_TABLE_BYTES_MAX allows 300000"), error.message);
});

Deno.test("REPORTS has 78 types and 33 formats, each once", () => {
  const sorted = (values: (number | undefined)[]) =>
    values.filter((value) => value !== undefined).toSorted((a, b) => a - b);
  assertEquals(
    sorted(REPORTS.map(({ type }) => type)),
    Array.from({ length: 78 }, (_, i) => i + 1),
  );
  assertEquals(sorted(REPORTS.map(({ stat }) => stat)), Array.from({ length: 33 }, (_, i) => i));
  assertEquals(new Set(REPORTS.map(({ name }) => name)).size, REPORTS.length);
  assertThrows(() => findReport("colour"), ReportError, 'Cannot find report "colour"');
});

Deno.test("every report can be made, and of no flows too", () => {
  for (const report of REPORTS) {
    for (const rules of [STAT_RULES, REPORT_RULES]) {
      const result = new ReportRun(report, { rules, rates: true });
      result.add(batchOf([{ dPkts: 1, dOctets: 9, prot: 6, first: 1, last: 9 }]));
      const { size, totals } = result.finish();
      assertEquals(totals.flows, 1, report.name);
      assertEquals(size, Math.min(report.keys.length, 1), report.name);
      assertEquals(new ReportRun(report, { rules }).finish().size, 0);
      assert(reportFields(report, rules).length >= 4);
    }
  }
});
