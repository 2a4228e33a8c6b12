import { assert, assertEquals, assertRejects } from "@std/assert";
import { FlowBatch, type FlowFieldName, FlowSchema } from "@flowtools/flow-model";
import { SPILL_GROUPS } from "../limits.ts";
import { GroupTableLimitError } from "../report/errors.ts";
import { GroupExchange, groupExchangeMemory } from "./group_exchange.ts";
import { findParts, partHash } from "./group_parts.ts";
import type { GroupResult } from "./group_result.ts";
import { type GroupOptions, GroupRun } from "./group_run.ts";
import { groupWords } from "./key_words.ts";
import { parseGroupKeys } from "./parse_keys.ts";
import { widenKeys } from "./widen_keys.ts";

const FIELDS: FlowFieldName[] = [
  "unix_secs",
  "unix_nsecs",
  "sysUpTime",
  "dPkts",
  "dOctets",
  "first",
  "last",
  "srcaddr",
  "dstaddr",
  "srcport",
  "dstport",
  "prot",
  "src_mask",
];
const SCHEMA = new FlowSchema({ version: 5, fields: FIELDS });
const BATCH_ROWS = 16_384;

/** Numbers below a bound, from a seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = state * 48271 % 2147483647;
    return state % below;
  };
}

/** Flows of as many hosts, some of them IPv6 where asked for; sums of few values, so that many tie. */
function randomBatch(seed: number, rows: number, hosts: number, ipv6: boolean): FlowBatch {
  const next = numbers(seed);
  const host = () => {
    const number = next(hosts);
    if (ipv6 && number % 50 === 7) return `2001:db8::${number.toString(16).slice(-4)}`;
    return `10.${number >>> 16}.${number >>> 8 & 255}.${number & 255}`;
  };
  const batch = new FlowBatch({ capacity: Math.max(1, rows) });
  for (let row = 0; row < rows; row++) {
    // Some clocks were never set: such a flow began at 0.
    const unset = next(40) === 0;
    batch.append(SCHEMA, {
      unix_secs: unset ? 0 : 1_700_000_000 + next(3600),
      sysUpTime: unset ? 5 : 10_000_000,
      first: unset ? 5 : 9_900_000 + next(50_000),
      last: 9_950_000 + next(50_000),
      dPkts: next(3) + 1,
      dOctets: next(4) * 100,
      srcaddr: host(),
      dstaddr: host(),
      srcport: next(5),
      dstport: next(5),
      prot: [1, 6, 17][next(3)],
      src_mask: next(33),
    });
  }
  return batch;
}

/** What a result tells, in an order that does not depend on that of the flows. */
function told(result: GroupResult): unknown {
  const counters = ["flows", "packets", "octets"];
  const rows = (order: Uint32Array) =>
    Array.from(order, (group) =>
      [
        ...result.keys.map((_, key) => result.keyText(key, group)),
        ...counters.map((name) => result.value(name, group)),
      ].join(" "));
  return [
    result.size,
    ...counters.map((name) => result.total(name)),
    rows(result.top("octets", 50)),
    rows(result.top("octets", 50, true)),
    rows(result.byKeys()),
  ];
}

/** Groups batches as several threads would, each of which gets every so many-th one. */
async function exchanged(
  options: GroupOptions,
  batches: readonly FlowBatch[],
  threads: number,
): Promise<{ result: GroupResult; sizes: number[] }> {
  const memory = groupExchangeMemory(threads);
  const exchanges = Array.from(
    { length: threads },
    (_, thread) => new GroupExchange(options, { memory, threads, thread }),
  );
  for (const [index, batch] of batches.entries()) {
    exchanges[index % threads].local.add(batch);
    for (const exchange of exchanges) exchange.turn();
  }
  const [first, ...others] = await Promise.all(exchanges.map((exchange) => exchange.finish()));
  const sizes = [first, ...others].map(({ size }) => size);
  const result = first.finish(others.map((run) => structuredClone(run.snapshot())));
  return { result, sizes };
}

function alone(options: GroupOptions, batches: readonly FlowBatch[]): GroupResult {
  const run = new GroupRun(options);
  for (const batch of batches) run.add(batch);
  return run.finish();
}

Deno.test("threads that exchange groups answer as one, few groups or none, IPv6 seen by some", async () => {
  const kinds = [
    [],
    [randomBatch(1, 0, 5, false), randomBatch(2, 1, 5, false)],
    [randomBatch(3, 2000, 40, false), randomBatch(4, 1500, 40, true)],
    [randomBatch(5, 900, 300, true), randomBatch(6, 900, 300, false), randomBatch(7, 9, 9, false)],
  ];
  const keys = [
    "",
    "srcaddr",
    "prot",
    "addr",
    "srcnet",
    "port",
    "srcaddr,dstport",
    "dstaddr/24,prot",
  ];
  for (const by of keys) {
    for (const timed of [false, true]) {
      const options = { keys: by === "" ? [] : parseGroupKeys(by), timed };
      for (const batches of kinds) {
        const expected = alone(options, batches);
        for (const threads of [1, 2, 3, 7]) {
          const { result, sizes } = await exchanged(options, batches, threads);
          const label = `${by} on ${threads}`;
          assertEquals(told(result), told(expected), label);
          assertEquals(sizes.reduce((sum, size) => sum + size, 0), expected.size, label);
          if (!timed) continue;
          for (const name of ["duration", "start", "end"]) {
            assertEquals(result.total(name), expected.total(name), label);
            const values = (found: GroupResult) =>
              Array.from(found.byKeys(), (group) => found.value(name, group));
            assertEquals(values(result), values(expected), `${label} ${name}`);
          }
        }
      }
    }
  }
});

Deno.test("threads with many groups pass flows on, and answer as one", async () => {
  const hosts = SPILL_GROUPS * 4;
  const batches = (ipv6: (index: number) => boolean) =>
    Array.from({ length: 14 }, (_, at) => randomBatch(at + 11, BATCH_ROWS, hosts, ipv6(at)));
  const four = batches(() => false);
  // Only the second of two threads sees IPv6, and only once flows are passed on.
  const six = batches((index) => index === 11);
  const cases: [string, Partial<GroupOptions>, FlowBatch[]][] = [
    ["srcaddr", {}, four],
    ["srcaddr", { timed: true }, six],
    ["srcaddr,dstaddr", { bidirectional: true }, six],
    ["addr", {}, six],
  ];
  for (const [by, more, flows] of cases) {
    const options = { keys: parseGroupKeys(by), ...more };
    const expected = alone(options, flows);
    assert(expected.size > SPILL_GROUPS, `${by}: ${expected.size}`);
    for (const threads of [2, 3]) {
      const { result, sizes } = await exchanged(options, flows, threads);
      assertEquals(told(result), told(expected), `${by} on ${threads}`);
      assertEquals(sizes.reduce((sum, size) => sum + size, 0), expected.size);
      for (const size of sizes) {
        const part = size * threads / expected.size;
        assert(part > 0.9 && part < 1.1, `${by}: ${sizes} of ${expected.size} groups`);
      }
    }
  }
});

Deno.test("the part of a group does not depend on whether its thread saw IPv6", () => {
  const next = numbers(5);
  for (
    const by of ["srcaddr", "srcnet", "prot,srcaddr,dstport,dstaddr/16", "srcport,srcnet,dstaddr"]
  ) {
    const keys = parseGroupKeys(by);
    const narrow = Uint32Array.from(
      { length: 400 * groupWords(keys, false) },
      () => next(2 ** 31 - 2) * 2,
    );
    const parts = [narrow, widenKeys(keys, narrow, 400)].map((words, wide) => {
      const step = groupWords(keys, wide === 1);
      const columns = Array.from({ length: step }, (_, word) => words.subarray(word));
      const found = new Uint32Array(390);
      findParts(partHash(keys, wide === 1), columns, step, 10, found, 5);
      return found;
    });
    assertEquals(parts[0], parts[1], by);
    assertEquals(new Set(parts[0]), new Set([0, 1, 2, 3, 4]), by);
  }
});

Deno.test("the limit of groups is that of all threads together", async () => {
  const keys = parseGroupKeys("srcaddr");
  // Keys of 4 bytes, three sums of 8, 16 of slots: room for as many groups as a power of two.
  const groupTableBytesMax = 65_536 * 44;
  const options = { keys, groupTableBytesMax };
  const batches = Array.from(
    { length: 8 },
    (_, at) => randomBatch(at + 1, BATCH_ROWS, 60_000, false),
  );
  const expected = alone(options, batches);
  assert(expected.size > 50_000, `${expected.size} groups`);
  assertEquals(told((await exchanged(options, batches, 2)).result), told(expected));
  // Each of two threads sees fewer than the limit allows, and owns fewer.
  const many = [0, 1].flatMap((half) =>
    [1, 2, 3].map((at) => randomBatch(at * 2 + half, BATCH_ROWS, 16_000_000, false))
  );
  for (const threads of [1, 2, 3]) {
    const error = await assertRejects(
      () => exchanged(options, many, threads),
      GroupTableLimitError,
    );
    assert(error.counts[1] > 60_000, error.message);
    assertEquals(error.counts.slice(2), [131_072 * 44, groupTableBytesMax]);
  }
});

Deno.test("a thread does not wait for one that failed", async () => {
  const options = { keys: parseGroupKeys("srcaddr,dstaddr") };
  const memory = groupExchangeMemory(2);
  const [first, second] = [0, 1].map((thread) =>
    new GroupExchange(options, { memory, threads: 2, thread })
  );
  // More than all blocks hold: nobody takes them.
  for (let at = 0; at < 40; at++) {
    if (at === 8) second.fail();
    first.local.add(randomBatch(at + 1, BATCH_ROWS, 1 << 22, false));
    first.turn();
  }
  await first.finish();
});
