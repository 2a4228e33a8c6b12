/** Live traffic of the collector's page: sums are exact, tables are right, memory is bounded. */
import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { FlowBatch, FlowSchema, type RowValues, SAMPLING_COLUMN } from "@flowtools/flow-model";
import { builtInSymbols } from "@flowtools/flowset";
import { LIVE_MESSAGES_MAX, LIVE_ROWS, TOP_GROUPS_MAX } from "../apps/collector/web/limits.ts";
import { DIMENSION_IDS, STACK_IDS } from "../apps/collector/web/live/dimensions.ts";
import { LabelStore } from "../apps/collector/web/live/label_store.ts";
import { ExporterNames } from "../apps/collector/web/live/live_input.ts";
import type { SeriesQuestion, SeriesRange } from "../apps/collector/web/live/live_answers.ts";
import { LiveStore } from "../apps/collector/web/live/live_store.ts";
import { SUMS, TopTable } from "../apps/collector/web/live/top_table.ts";
import { LIVE_COLUMNS } from "../apps/collector/web/live_extras.ts";
import { LiveRows, presenceBits } from "../apps/collector/web/live_rows.ts";
import { LiveSampler } from "../apps/collector/web/live_sampler.ts";
import { LiveSink } from "../apps/collector/web/live_sink.ts";
import type { WebCommand } from "../apps/collector/web/messages.ts";
import { batchOf, flow } from "./collector_web_feeder.ts";

/** A moment at the start of a minute. */
const T0 = Date.UTC(2026, 0, 1, 12, 0, 0);

const NAMES = {
  exporters: new ExporterNames(),
  labels: new LabelStore(),
  protocols: await builtInSymbols("ip-prot"),
  ports: await builtInSymbols("tcp-port"),
};

/** What a series of three protocols is asked for. */
function question(range: SeriesRange): SeriesQuestion {
  return { range, stack: "protocol", unit: "bits", limit: 3 };
}

/** A store behind a sink, on a clock that the test sets. */
class Live {
  readonly store = new LiveStore(NAMES, T0);
  readonly sink: LiveSink;
  readonly waiting: WebCommand[] = [];
  now = T0;

  constructor(flowsPerSecond = 1_000_000) {
    const post = (command: WebCommand) => void this.waiting.push(command);
    this.sink = new LiveSink(post, new LiveSampler(flowsPerSecond), () => this.now);
  }

  /** What the web worker does with what waits. */
  work(): void {
    for (const command of this.waiting.splice(0)) {
      if (command.kind === "totals") this.store.addTotals(command.totals, command.at);
      if (command.kind !== "rows") continue;
      const rows = new LiveRows(LIVE_ROWS, command.buffer);
      rows.length = command.length;
      rows.mixed = command.mixed;
      this.store.add(rows, command.totals, command.at);
      this.sink.taken(command.buffer, command.length, 0);
    }
  }

  write(batch: FlowBatch): void {
    this.sink.write(batch);
    this.work();
  }

  top(by: string, minutes = 5, limit = 1000) {
    return this.store.top({ by, minutes, sort: "octets", limit }, this.now);
  }

  /** The accounts of the sink must be even at any time. */
  assertAccounts(): void {
    const { given, done, queued, filtered, dropped } = this.sink.counters;
    const lost = Object.values(dropped).reduce((sum, flows) => sum + flows, 0);
    assertEquals(given, done + queued + filtered + lost);
  }
}

/** Octets of a flow that is larger than all others of a batch. */
const GIANT = 100_000_000;

/** Numbers that are the same in each run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function sumOf(flows: readonly RowValues[], name: string): number {
  return flows.reduce((sum, row) => sum + Number(row[name]), 0);
}

Deno.test("LiveStore tells every dimension apart", () => {
  const live = new Live();
  live.write(batchOf([
    flow({ srcaddr: "10.1.1.1", dstaddr: "192.0.2.9", dOctets: 100, dPkts: 1 }),
    flow({ srcaddr: "10.1.1.1", dstport: 53, srcport: 33_000, prot: 17, dOctets: 40, dPkts: 2 }),
    flow({ srcaddr: "2001:db8::1", dstaddr: "2001:db8::2", dOctets: 7, dPkts: 1 }),
    flow({ exaddr: "2001:db8::ffff", input: 9, output: 8, src_as: 0, dOctets: 3, dPkts: 3 }),
    flow({ prot: 1, srcport: 0, dstport: 2048, dst_as: 65_000, dOctets: 1, dPkts: 1 }),
  ]));
  const rows = (by: string) => live.top(by).rows.map(({ key, octets }) => `${key} ${octets}`);
  assertEquals(rows("source"), ["10.1.1.1 140", "2001:db8::1 7", "10.0.0.1 4"]);
  assertEquals(rows("destination"), ["192.0.2.9 100", "192.0.2.1 44", "2001:db8::2 7"]);
  assertEquals(rows("pair"), [
    "10.1.1.1 → 192.0.2.9 100",
    "10.1.1.1 → 192.0.2.1 40",
    "2001:db8::1 → 2001:db8::2 7",
    "10.0.0.1 → 192.0.2.1 4",
  ]);
  assertEquals(rows("application"), ["443/tcp https 110", "53/udp domain 40", "icmp 1"]);
  assertEquals(rows("protocol"), ["tcp 110", "udp 40", "icmp 1"]);
  assertEquals(rows("input-interface"), ["127.0.0.1 if 1 148", "2001:db8::ffff if 9 3"]);
  assertEquals(rows("output-interface"), ["127.0.0.1 if 2 148", "2001:db8::ffff if 8 3"]);
  assertEquals(rows("source-as"), ["AS 64500 148", "AS 0 (none) 3"]);
  assertEquals(rows("destination-as"), ["AS 64501 150", "AS 65000 1"]);
  assertEquals(rows("exporter"), ["127.0.0.1 148", "2001:db8::ffff 3"]);
  for (const by of DIMENSION_IDS) {
    assertEquals(live.top(by).total, { octets: 151, packets: 8, flows: 5 }, by);
    const { rows: [first], other } = live.top(by, 5, 1);
    // Flows of version 5 have neither VRFs nor applications.
    assertEquals(first === undefined, ["vrf", "application-id"].includes(by), by);
    assertEquals(other.octets, 151 - (first?.octets ?? 0), by);
  }
});

Deno.test("LiveStore counts the flows that an aggregated record stands for, and lacks no sum", () => {
  const live = new Live();
  const schema = new FlowSchema({
    version: 8,
    aggregation: 1,
    fields: ["exaddr", "dFlows", "dPkts", "dOctets", "src_as", "dst_as"],
  });
  const row = { exaddr: "127.0.0.1", dFlows: 12, dPkts: 30, dOctets: 500, src_as: 1, dst_as: 2 };
  live.write(batchOf([row], schema));
  live.write(batchOf([flow({ dOctets: 10 })]));
  assertEquals(live.top("source-as").rows, [
    { key: "AS 1", octets: 500, packets: 30, flows: 12 },
    { key: "AS 64500", octets: 10, packets: 10, flows: 1 },
  ]);
  // Records without addresses are in no row of addresses, yet in the sums.
  const { rows, other, total } = live.top("source");
  assertEquals(rows, [{ key: "10.0.0.1", octets: 10, packets: 10, flows: 1 }]);
  assertEquals(other, { octets: 500, packets: 30, flows: 12 });
  assertEquals(total, { octets: 510, packets: 40, flows: 13 });
});

Deno.test("LiveStore forgets what is out of a window, and keeps what is in it", () => {
  const live = new Live();
  const sent: { at: number; octets: number }[] = [];
  for (let second = 0; second < 3_700; second += 7) {
    live.now = T0 + second * 1000;
    const octets = second + 1;
    sent.push({ at: live.now, octets });
    live.write(batchOf([flow({ dOctets: octets })]));
    if (second % 77 !== 0) continue;
    for (const minutes of [1, 5, 60]) {
      for (const by of ["source", "protocol"]) {
        const { from, rows, total, other } = live.top(by, minutes);
        const expected = sent.filter(({ at }) => at >= from)
          .reduce((sum, row) => sum + row.octets, 0);
        assertEquals(rows[0].octets, expected, `${by} ${minutes} at ${second}`);
        assertEquals(total.octets, expected);
        assertEquals(other.octets, 0);
        assert(live.now - from >= Math.min(live.now - T0, minutes * 60_000));
      }
    }
  }
});

Deno.test("LiveStore's series are a second, stacked, and add up to what came", () => {
  const live = new Live();
  const flows: RowValues[] = [];
  for (let second = 0; second < 30; second++) {
    live.now = T0 + second * 1000 + 100;
    const batch = Array.from({ length: 20 }, (_, index) =>
      flow({
        prot: index % 2 === 0 ? 6 : 17,
        dstport: 1000 + index,
        dOctets: 100 * (second + 1),
        dPkts: index,
      }));
    flows.push(...batch);
    live.write(batchOf(batch));
  }
  live.now = T0 + 31_000;
  for (const stack of STACK_IDS) {
    for (const [unit, name, factor] of [["bits", "dOctets", 8], ["packets", "dPkts", 1]] as const) {
      const { times, series, other, total, step } = live.store.series(
        { range: "10m", stack, unit, limit: 3 },
        live.now,
      );
      assertEquals(step, 1000);
      assertEquals(times, Array.from({ length: times.length }, (_, i) => T0 + i * 1000));
      const stacked = times.map((_, at) =>
        series.reduce((sum, { values }) => sum + values[at], other[at])
      );
      assertEquals(stacked, total);
      assertEquals(total.reduce((sum, value) => sum + value, 0), factor * sumOf(flows, name));
    }
  }
  assertEquals([live.store.scale, live.store.sampledAt], [1, undefined]);
  const { series } = live.store.series(question("10m"), live.now);
  assertEquals(series.map(({ key }) => key), ["tcp", "udp"]);
  assertEquals(series[0].values[4], 10 * 500 * 8);
  // The mean of the seconds 25 to 29.
  const [octets, packets] = [20 * 2_800, 190];
  assertEquals(live.store.rates(), {
    octets,
    packets,
    flows: 20,
    scaledOctets: octets,
    scaledPackets: packets,
  });
  const tens = live.store.series(question("2h"), live.now);
  assertEquals(tens.times, [T0, T0 + 10_000, T0 + 20_000]);
  // Means of ten seconds: 1 to 10 hundred octets, twenty flows.
  assertEquals(tens.total[0], 5500 * 20 * 8 / 10);
});

Deno.test("LiveStore takes rows that come late, and a clock that is set back", () => {
  const live = new Live();
  const write = (at: number) => {
    live.now = at;
    live.write(batchOf([flow({ dOctets: 50 })]));
  };
  write(T0 + 900);
  live.store.advance(T0 + 2_500);
  write(T0 + 950);
  write(T0 + 3_000);
  live.now = T0 + 4_400;
  const { total } = live.store.series(question("10m"), live.now);
  assertEquals(total.reduce((sum, value) => sum + value, 0), 3 * 50 * 8);
  // An hour back: what lies ahead of the clock is forgotten, and it goes on.
  write(T0 - 3_600_000);
  live.now += 2_000;
  const { times, total: after } = live.store.series(question("10m"), live.now);
  assertEquals(times[0], T0 - 3_600_000);
  assertEquals(after[0], 50 * 8);
  assertEquals(live.top("protocol", 1).total.octets, 50);
});

Deno.test("more flows than tables may cost: sums stay exact, the large ones are right", async () => {
  const live = new Live(20_000);
  const random = randomNumbers(7);
  const all = { octets: 0, packets: 0, flows: 0 };
  let large = 0;
  for (let step = 0; step < 200; step++) {
    live.now = T0 + step * 20;
    const flows = Array.from({ length: 4_000 }, () => {
      const isLarge = random() < 0.002;
      const octets = isLarge ? 1_500_000 : 40 + Math.floor(random() * 1_000);
      if (isLarge) large += octets;
      return flow({
        srcaddr: isLarge ? "10.9.9.9" : `10.0.${Math.floor(random() * 200)}.1`,
        dOctets: octets,
        dPkts: 3,
      });
    });
    // One flow of many, but too large to be missed.
    if (step % 50 === 49) flows[17] = flow({ srcaddr: "10.6.6.6", dOctets: GIANT, dPkts: 3 });
    all.octets += sumOf(flows, "dOctets");
    all.packets += sumOf(flows, "dPkts");
    all.flows += flows.length;
    live.write(batchOf(flows));
    live.assertAccounts();
  }
  await live.sink.flush();
  live.work();
  const { given, done, filtered } = live.sink.counters;
  assertEquals(given, all.flows);
  // 4 s at 20,000 flows/s, and as many again until the rate was known.
  assertLess(done, 6 * 20_000);
  assert(filtered > 0 && live.store.scale > 2);
  assertEquals(live.store.sampledAt, T0 + 2_000);
  for (const by of ["source", "protocol"]) assertEquals(live.top(by).total, all, by);
  const [first, second, ...others] = live.top("source").rows;
  assertEquals([first.key, second.key], ["10.9.9.9", "10.6.6.6"]);
  assertAlmostEquals(first.octets / large, 1, 0.1);
  assertAlmostEquals(second.octets / (4 * GIANT), 1, 0.02);
  // All others have the same share, 200 of them.
  assertEquals(others.length, 200);
  const [tcp] = live.top("protocol").rows;
  for (const name of ["octets", "packets", "flows"] as const) {
    assertAlmostEquals(tcp[name] / all[name], 1, 1e-6, name);
  }
  live.now += 2_000;
  const { total } = live.store.series(question("10m"), live.now);
  assertEquals(total.reduce((sum, value) => sum + value, 0), 8 * all.octets);
});

Deno.test("a sampler takes less where rows cost more", () => {
  const sampler = new LiveSampler(1_000_000);
  sampler.learn(8_192, 1);
  const before = sampler.budget;
  for (let i = 0; i < 100; i++) sampler.learn(8_192, 82);
  assertLess(sampler.budget, before / 3);
  // 10 µs a row: a quarter of a core, or three quarters, is so many of them.
  assert(sampler.budget > 20_000 && sampler.budget < 80_000, String(sampler.budget));
});

Deno.test("a web worker that is behind costs rows, counted, but no sums and no memory", async () => {
  const live = new Live();
  const flows = Array.from({ length: 100 }, () => flow({ dOctets: 10, dPkts: 1 }));
  for (let i = 0; i < 50; i++) {
    live.now = T0 + i * 100;
    live.sink.write(batchOf(flows));
    live.assertAccounts();
  }
  await live.sink.flush();
  const { counters } = live.sink;
  assertEquals(counters.given, 5_000);
  assertEquals(counters.queued, 100 * LIVE_MESSAGES_MAX);
  assertEquals(counters.dropped, { "queue-full": 5_000 - 100 * LIVE_MESSAGES_MAX });
  const rows = live.waiting.filter(({ kind }) => kind === "rows");
  assertEquals(rows.length, LIVE_MESSAGES_MAX);
  // Sums that found no rows to go with: one small message a second.
  assertLess(live.waiting.length, LIVE_MESSAGES_MAX + 7);
  live.work();
  assertEquals(live.top("protocol").total, { octets: 50_000, packets: 5_000, flows: 5_000 });
  live.assertAccounts();
  assertEquals(counters.queued, 0);
  await live.sink.close();
  live.sink.write(batchOf(flows));
  assertEquals(counters.dropped.closed, 100);
  live.assertAccounts();
});

/** A shape with rates of sampling. */
const SAMPLED = new FlowSchema({
  version: 10,
  fields: ["exaddr", "srcaddr", "dPkts", "dOctets", "prot"],
  extras: [SAMPLING_COLUMN],
});

/** Flows, each with its rate of sampling; 0 where none is known. */
function sampledBatch(flows: readonly RowValues[]): FlowBatch {
  const capacity = flows.length;
  const batch = new FlowBatch({ capacity, extras: [{ name: SAMPLING_COLUMN, kind: "u32" }] });
  for (const values of flows) batch.append(SAMPLED, { exaddr: "192.0.2.1", ...values });
  return batch;
}

Deno.test("counters are there as they were sent, and multiplied by each flow's rate", () => {
  const live = new Live();
  live.write(sampledBatch([
    { srcaddr: "10.0.0.1", prot: 6, dOctets: 500, dPkts: 5, samplingRate: 100 },
    { srcaddr: "10.0.0.1", prot: 6, dOctets: 500, dPkts: 5, samplingRate: 10 },
    { srcaddr: "10.0.0.2", prot: 17, dOctets: 900, dPkts: 9, samplingRate: 1 },
    { srcaddr: "10.0.0.3", prot: 17, dOctets: 2_000, dPkts: 2, samplingRate: 0 },
  ]));
  // Of a batch that tells of no rates, in the same memory, nothing is multiplied.
  live.write(batchOf([flow({ srcaddr: "10.0.0.3", prot: 17, dOctets: 1_000, dPkts: 1 })]));
  const top = (scaled: boolean) => {
    const question = { by: "source", minutes: 5, sort: "octets", limit: 2, scaled } as const;
    const { rows, other, total } = live.store.top(question, live.now);
    return [rows.map(({ key, octets, packets }) => [key, octets, packets]), other, total];
  };
  assertEquals(top(false), [
    [["10.0.0.3", 3_000, 3], ["10.0.0.1", 1_000, 10]],
    { octets: 900, packets: 9, flows: 1 },
    { octets: 4_900, packets: 22, flows: 5 },
  ]);
  assertEquals(top(true), [
    [["10.0.0.1", 55_000, 550], ["10.0.0.3", 3_000, 3]],
    { octets: 900, packets: 9, flows: 1 },
    { octets: 58_900, packets: 562, flows: 5 },
  ]);
  live.now = T0 + 1_500;
  const { series, total } = live.store.series({ ...question("10m"), scaled: true }, live.now);
  assertEquals(series, [
    { key: "tcp", values: [8 * 55_000] },
    { key: "udp", values: [8 * 3_900] },
  ]);
  assertEquals(total, [8 * 58_900]);
  assertEquals(live.store.series(question("10m"), live.now).total, [8 * 4_900]);
  const { octets, scaledOctets, packets, scaledPackets } = live.store.rates();
  assertEquals([octets, scaledOctets, packets, scaledPackets], [4_900, 58_900, 22, 562]);
  const rates = live.store.ring.latest(5).map(({ samplingRate }) => samplingRate ?? 0);
  assertEquals(rates, [0, 0, 1, 10, 100]);
});

Deno.test("where tables do not look at every flow scaled sums are exact, and rows about right", () => {
  const live = new Live(1_000);
  const random = randomNumbers(11);
  let [tcp, all] = [0, 0];
  for (let second = 0; second < 5; second++) {
    for (let part = 0; part < 4; part++) {
      live.now = T0 + 1_000 * second + 200 * part;
      const flows = Array.from({ length: 1_000 }, (_, index) => {
        const [prot, samplingRate] = index % 2 === 0 ? [6, 100] : [17, 2];
        const dOctets = 100 + Math.floor(random() * 900);
        all += dOctets * samplingRate;
        if (prot === 6) tcp += dOctets * samplingRate;
        return { srcaddr: "10.0.0.1", prot, dOctets, dPkts: 1, samplingRate };
      });
      live.write(sampledBatch(flows));
      live.assertAccounts();
    }
  }
  // Gathered rows go out with the flush.
  live.sink.flush();
  live.work();
  const question = { by: "protocol", minutes: 5, sort: "octets", limit: 2, scaled: true } as const;
  const { rows: [first, second], total } = live.store.top(question, live.now);
  assertEquals(total.octets, all);
  assertEquals([first.key, second.key], ["tcp", "udp"]);
  // Chance decides: a tenth is many times what it makes of a thousand rows.
  assert(live.store.scale > 1, "every flow was looked at");
  assertAlmostEquals(first.octets, tcp, 0.1 * tcp);
  assertAlmostEquals(first.octets + second.octets, all, 1e-6 * all);
});

Deno.test("TopTable stays within its bound and keeps the largest", () => {
  const random = randomNumbers(3);
  const table = new TopTable(2, TOP_GROUPS_MAX);
  const length = 10_000;
  const keys = [new Uint32Array(length), new Uint32Array(length)];
  const octets = new Float64Array(length);
  const ones = new Float64Array(length).fill(1);
  let total = 0;
  let wanted = 0;
  for (let round = 0; round < 40; round++) {
    for (let row = 0; row < length; row++) {
      const isWanted = row % 100 === 0;
      keys[0][row] = isWanted ? 42 : random() * 2 ** 32;
      keys[1][row] = isWanted ? 43 : random() * 2 ** 32;
      octets[row] = isWanted ? 5_000 : 100;
      total += octets[row];
      if (isWanted) wanted += octets[row];
    }
    const columns = { octets, packets: ones, flows: ones, scaledOctets: octets };
    table.add(keys, { ...columns, scaledPackets: ones }, undefined, length);
    assert(table.size <= TOP_GROUPS_MAX);
  }
  const { keys: kept, sums, size, totals } = table.condense(10);
  assertEquals(size, 10);
  const sent = [total, 40 * length, 40 * length];
  assertEquals(Array.from(totals), [...sent, total, 40 * length]);
  const at = Array.from({ length: size }, (_, group) => group)
    .find((group) => kept[2 * group] === 42 && kept[2 * group + 1] === 43);
  assert(at !== undefined, "the largest is gone");
  assertEquals(sums[SUMS.length * at], wanted);
});

Deno.test("LiveRows keeps versions, VRFs and applications of the rows that are chosen", () => {
  const fields = ["exaddr", "dOctets"] as const;
  const schemas = [
    new FlowSchema({ version: 5, fields }),
    new FlowSchema({ version: 10, fields, extras: ["egressVRFID", "applicationId"] }),
    new FlowSchema({ version: 8, aggregation: 3, fields }),
    new FlowSchema({ version: 9, fields, extras: ["ingressVRFID", "egressVRFID"] }),
  ];
  const batch = new FlowBatch({ capacity: 8, extras: LIVE_COLUMNS });
  for (let row = 0; row < 8; row++) {
    batch.append(schemas[row % 4], {
      exaddr: "127.0.0.1",
      dOctets: row,
      "live ingressVRFID": row % 4 === 3 ? 100 + row : 0,
      "live egressVRFID": row % 4 % 2 === 1 ? 200 + row : 0,
      "live applicationId": row % 4 === 1 ? 0xd0000000 + row : 0,
    });
  }
  const rows = new LiveRows(16);
  rows.append(batch, 0, 3, Uint32Array.of(1, 3, 6), Float64Array.of(1, 1, 1));
  rows.append(batch, 0, 8);
  // Over rows of another use, in a ring.
  const ring = new LiveRows(16);
  ring.copyRows(rows, 0, 11, 2);
  const bits = presenceBits(["vrf"]);
  const seen = Array.from({ length: 11 }, (_, index) => {
    const row = index + 2;
    return [
      ring.columns.dOctets[row],
      `${ring.versions[row]}.${ring.aggregations[row]}`,
      (ring.present[row] & bits) === 0 ? undefined : ring.extras.vrf[row],
      ring.extras.application[row],
    ];
  });
  const all = [
    [0, "5.0", undefined, 0],
    [1, "10.0", 201, 0xd0000001],
    [2, "8.3", undefined, 0],
    [3, "9.0", 103, 0],
    [4, "5.0", undefined, 0],
    [5, "10.0", 205, 0xd0000005],
    [6, "8.3", undefined, 0],
    [7, "9.0", 107, 0],
  ];
  assertEquals(seen, [all[1], all[3], all[6], ...all]);
});

Deno.test("exporters beyond the bound are one", () => {
  const names = new ExporterNames();
  const numbers = Array.from({ length: 20_000 }, (_, index) => names.number(`10.0.0.${index}`));
  assertEquals(new Set(numbers).size, 10_001);
  assertEquals(names.name(numbers.at(-1)!), "other exporters");
  assertEquals(names.name(numbers[0]), "10.0.0.0");
});
