/** Reports of flows between IPv6 addresses, alone and among those of IPv4. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { FlowBatch, FlowSchema, formatIPv4, formatIPv6 } from "@flowtools/flow-model";
import fc from "fast-check";
import { GroupTableLimitError } from "./errors.ts";
import { type KeyName, KEYS } from "./keys.ts";
import { findReport, inFormat, REPORTS, STAT_RULES } from "./reports.ts";
import { type ReportOptions, ReportRun, runReport } from "./run_report.ts";
import type { ReportResult } from "./result.ts";

const ADDRESSES = ["srcaddr", "dstaddr", "nexthop", "exaddr"] as const;
const NUMBERS = [
  ...["dPkts", "dOctets", "first", "last", "src_mask", "dst_mask", "srcport", "dstport"] as const,
  ...["prot", "tos", "input", "output", "src_as", "dst_as", "src_tag", "dst_tag"] as const,
  ...["engine_id", "engine_type", "unix_secs", "unix_nsecs", "sysUpTime"] as const,
];
const SCHEMA = new FlowSchema({ version: 10, fields: [...ADDRESSES, ...NUMBERS] });

/** An address is a number where it is IPv4, and a wide number where it is IPv6. */
type Row =
  & { readonly [Name in (typeof ADDRESSES)[number]]: number | bigint }
  & { readonly [Name in (typeof NUMBERS)[number]]?: number };

function octetsOf(address: bigint): Uint8Array {
  return Uint8Array.from(
    { length: 16 },
    (_, at) => Number((address >> BigInt(8 * (15 - at))) & 255n),
  );
}

function batchOf(rows: readonly Row[]): FlowBatch {
  const batch = new FlowBatch({ capacity: Math.max(rows.length, 1) });
  for (const row of rows) {
    const values = Object.entries(row).map(([name, value]) =>
      [name, typeof value === "bigint" ? octetsOf(value) : value] as const
    );
    batch.append(SCHEMA, Object.fromEntries(values));
  }
  return batch;
}

const text = (address: number | bigint) =>
  typeof address === "bigint" ? formatIPv6(octetsOf(address)) : formatIPv4(address);

/** The network of an address; a length of 0 and one that is none leave it whole. */
function network(address: number | bigint, length: number): number | bigint {
  const bits = typeof address === "bigint" ? 128 : 32;
  if (length === 0 || length > bits) return address;
  const host = BigInt(bits - length);
  const prefix = (BigInt(address) >> host) << host;
  return typeof address === "bigint" ? prefix : Number(prefix);
}

const SIDES = { source: ["srcaddr", "src_mask"], destination: ["dstaddr", "dst_mask"] } as const;

/** The type of an address by its class, IPv6 behind them. */
function typeOf(address: number | bigint): number {
  if (typeof address === "bigint") return address >> 120n === 0xffn ? 7 : 6;
  const octet = address >>> 24;
  if (octet === 232) return 4;
  return octet >= 240 ? 5 : octet >= 224 ? 3 : octet >= 192 ? 2 : octet >= 128 ? 1 : 0;
}

/** What a key of a row is shown as. */
function shown(name: KeyName, row: Row): string | number {
  const [, side, kind] = /^ip-(source|destination)-(prefix|address-.*)$/.exec(name) ?? [];
  const length = (row.last! - row.first!) >>> 0;
  const rate = (count: number) => length === 0 ? 0 : Math.floor(count / (length / 1000));
  if (name === "ip-destination-address-type") return typeOf(row.dstaddr);
  if (side !== undefined) {
    const [address, mask] = SIDES[side as keyof typeof SIDES];
    if (kind === "prefix") return `${text(network(row[address], row[mask]!))}/${row[mask]}`;
    return `${text(row[address])}/${kind === "address-and-length" ? row[mask] : 0}`;
  }
  if (name === "duration") return length;
  if (name === "packet-size") return Math.floor(row.dOctets! / row.dPkts!);
  if (name === "octets") return row.dOctets!;
  if (name === "packets") return row.dPkts!;
  if (name === "bps") return rate(row.dOctets! * 8);
  if (name === "pps") return rate(row.dPkts!);
  const value = row[KEYS[name].fields[0] as keyof Row]!;
  return KEYS[name].kind === "address" ? text(value) : Number(value);
}

/** Groups as the plainest code there is makes them, in the order first seen. */
function naive(
  rows: readonly Row[],
  keyLists: readonly (readonly KeyName[])[],
): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const row of rows) {
    for (const keys of keyLists) {
      const key = keys.map((name) => shown(name, row)).join();
      const sums = groups.get(key) ?? [0, 0, 0, 0];
      sums[0]++;
      sums[1] += row.dOctets!;
      sums[2] += row.dPkts!;
      sums[3] += (row.last! - row.first!) >>> 0;
      groups.set(key, sums);
    }
  }
  return groups;
}

function groupsOf(result: ReportResult): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  const width = result.counters.length;
  for (let group = 0; group < result.size; group++) {
    const key = result.keys.map((_, index) => result.keyValue(index, group)).join();
    assert(!groups.has(key), `there are two groups of ${key}`);
    groups.set(key, [...result.sums.subarray(group * width, group * width + 4)]);
  }
  return groups;
}

const number = fc.nat(3);
const ipv4 = fc.oneof(number, fc.nat(0xffffffff), fc.constantFrom(0xe0000001, 0xe8000001));
/** Near each other, so that there are groups, with numbers of IPv4 at their ends, and any. */
const ipv6 = fc.oneof(
  fc.tuple(fc.constantFrom(0n, 0xff02n << 112n, 0x20010db8n << 96n), fc.nat(3))
    .map(([prefix, host]) => prefix | BigInt(host)),
  fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
);

function rowsOf(address: fc.Arbitrary<number | bigint>): fc.Arbitrary<Row[]> {
  const numbers = Object.fromEntries(NUMBERS.map((name) => [name, number]));
  const length = fc.oneof(fc.constantFrom(0, 31, 32, 33, 63, 64, 127, 128, 129), fc.nat(255));
  return fc.array(
    fc.record({
      ...numbers,
      ...Object.fromEntries(ADDRESSES.map((name) => [name, address])),
      dPkts: fc.integer({ min: 1, max: 9 }),
      dOctets: fc.nat(0xffffffff),
      src_mask: length,
      dst_mask: length,
    }) as unknown as fc.Arbitrary<Row>,
    { maxLength: 40 },
  );
}

/** IPv4 first, then both, then IPv4 again: reports learn of IPv6 on their way. */
const inputs = fc.tuple(rowsOf(ipv4), rowsOf(fc.oneof(ipv4, ipv6)), rowsOf(ipv4), rowsOf(ipv6));

function reportOf(
  name: string,
  batches: readonly (readonly Row[])[],
  options: ReportOptions = {},
): ReportResult {
  const run = new ReportRun(findReport(name), options);
  for (const rows of batches) run.add(batchOf(rows));
  return run.finish();
}

const GROUPED = REPORTS.filter(({ keys, interpolate }) => keys.length > 0 && !interpolate);

for (const format of ["address", "prefix-len", "prefix-mask"] as const) {
  Deno.test(`reports group IPv6 and IPv4 as a Map does, with the format ${format}`, () => {
    const addresses = { source: format, destination: format };
    for (const { name, keys, alsoKeys } of GROUPED) {
      const lists = [keys, alsoKeys ?? []].filter((list) => list.length > 0)
        .map((list) => list.map((key) => inFormat(key, addresses)));
      fc.assert(
        fc.property(inputs, (batches) => {
          const result = reportOf(name, batches, { addresses });
          const expected = naive(batches.flat(), lists);
          assertEquals([...groupsOf(result)], [...expected], name);
          assertEquals(result.totals.flows, batches.flat().length);
        }),
        { numRuns: 15 },
      );
    }
  });
}

Deno.test("reports look at chosen rows only, IPv6 or not", () => {
  fc.assert(fc.property(rowsOf(fc.oneof(ipv4, ipv6)), fc.nat(3), (rows, rest) => {
    const chosen = rows.map((_, row) => row).filter((row) => row % 4 !== rest);
    const run = new ReportRun(findReport("ip-source/destination-prefix"), { rules: STAT_RULES });
    run.add(batchOf(rows), Uint32Array.from(chosen));
    const expected = naive(chosen.map((row) => rows[row]), [run.report.keys]);
    assertEquals([...groupsOf(run.finish())], [...expected]);
  }));
});

Deno.test("reports count different IPv6 addresses of another key", () => {
  fc.assert(fc.property(inputs, (batches) => {
    const result = reportOf("ip-source-address-destination-count", batches);
    const seen = new Map<string, Set<string>>();
    for (const row of batches.flat()) {
      const source = text(row.srcaddr);
      seen.set(source, (seen.get(source) ?? new Set()).add(text(row.dstaddr)));
    }
    assertEquals([...result.distinct!], Array.from(seen.values(), ({ size }) => size));
  }));
});

Deno.test("addresses are sorted by number, IPv4 before IPv6", () => {
  fc.assert(fc.property(inputs, fc.boolean(), (batches, descending) => {
    const result = reportOf("ip-source/destination-address", batches);
    const places = new Map<string, bigint>();
    for (const { dstaddr } of batches.flat()) {
      places.set(text(dstaddr), BigInt(dstaddr) + (typeof dstaddr === "bigint" ? 2n ** 32n : 0n));
    }
    const sorted = Array.from(result.sorted(1, descending), (group) => {
      return places.get(String(result.keyValue(1, group)))!;
    });
    const order = descending ? sorted.toReversed() : sorted;
    assert(order.every((place, at) => at === 0 || order[at - 1] <= place), order.join());
    assertEquals(new Set(result.sorted(1)).size, result.size);
  }));
});

Deno.test("an IPv6 address is another than the IPv4 address with the same number", () => {
  const row = { dstaddr: 0, nexthop: 0, exaddr: 0, dPkts: 1, dOctets: 7, first: 0, last: 0 };
  const result = reportOf("ip-address", [[{ ...row, srcaddr: 0 }], [{ ...row, srcaddr: 0n }]]);
  assertEquals(Object.fromEntries(groupsOf(result)), {
    "0.0.0.0": [3, 21, 3, 0],
    "::": [1, 7, 1, 0],
  });
  assertEquals([result.wideAddress(0, 0), result.wideAddress(0, 1)], [undefined, "::"]);
});

Deno.test("IPv6 addresses take no more memory than is allowed", async () => {
  // One group, and 6000 addresses of 16 octets, for which a table of 8192 times 32 is needed.
  const hosts = Array.from({ length: 6000 }, (_, host): Row => {
    return { srcaddr: 1, dstaddr: BigInt(host), nexthop: 0, exaddr: 0, dPkts: 1 };
  });
  const name = "ip-source-address-destination-count";
  const report = (groupTableBytesMax: number) =>
    runReport([batchOf(hosts)], name, { groupTableBytesMax });
  await assertRejects(
    () => report(2 ** 18 - 1),
    GroupTableLimitError,
    `Cannot report ${name}: 4096 groups need a table of 262144 bytes`,
  );
  assertEquals([...(await report(2 ** 18)).distinct!], [6000]);
});

Deno.test("reports keep their groups while tables with IPv6 grow", () => {
  const rows = Array.from({ length: 30_000 }, (_, at): Row => ({
    srcaddr: at % 3 === 0 ? at % 9001 : BigInt(at % 9001) << 64n,
    dstaddr: at % 2,
    nexthop: 0,
    exaddr: 0,
    dPkts: 1,
    dOctets: at,
    first: 0,
    last: 0,
  }));
  const keys: readonly KeyName[] = ["ip-source-address", "ip-destination-address"];
  const batches = [rows.slice(0, 1), rows.slice(1, 9000), rows.slice(9000)];
  const result = reportOf("ip-source/destination-address", batches);
  assertEquals([...groupsOf(result)], [...naive(rows, [keys])]);
});
