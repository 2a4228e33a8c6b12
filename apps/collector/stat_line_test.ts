import { assertEquals } from "@std/assert";
import type { CollectorSnapshot, ExporterSnapshot, SinkSnapshot } from "./snapshot.ts";
import { statLines, StatSchedule } from "./stat_line.ts";

const NO_SEQUENCE = { lost: 0, reordered: 0, duplicate: 0, reset: 0 };

function exporter(
  address: string,
  version: string,
  counts: Partial<ExporterSnapshot>,
): ExporterSnapshot {
  return {
    address,
    version,
    port: 1,
    source: 0,
    packets: 0,
    flows: 0,
    octets: 0,
    malformed: 0,
    sequence: NO_SEQUENCE,
    lastSeen: 0,
    packetRate: 0,
    flowRate: 0,
    sampling: 1,
    ...counts,
  };
}

function sink(counts: Partial<SinkSnapshot>): SinkSnapshot {
  return { name: "files", given: 0, done: 0, queued: 0, filtered: 0, dropped: {}, ...counts };
}

function snapshot(exporters: ExporterSnapshot[], sinks: SinkSnapshot[]): CollectorSnapshot {
  return {
    at: 1_700_000_000_999,
    startedAt: 1_699_990_000_001,
    sources: [],
    packets: 0,
    bytes: 0,
    flows: 0,
    octets: 0,
    flowPackets: 0,
    notAllowed: 0,
    malformed: {},
    sequence: NO_SEQUENCE,
    exporters,
    exportersForgotten: 0,
    exportersExpired: 0,
    sinks,
  };
}

Deno.test("statLines() writes flow-capture's line for each exporter and version", () => {
  const lines = statLines(
    snapshot([
      exporter("192.0.2.1", "5", {
        packets: 3,
        flows: 90,
        sequence: { ...NO_SEQUENCE, lost: 30, reset: 1 },
      }),
      // Another engine of the same router, and another port: the same stream.
      exporter("192.0.2.1", "5", { port: 2, source: 9, packets: 1, flows: 30 }),
      exporter("192.0.2.1", "8.14", { packets: 1, flows: 2 }),
      exporter("192.0.2.1", "8.1", { packets: 1, flows: 4 }),
      exporter("2001:db8::1", "1", { packets: 5, flows: 6 }),
    ], [sink({ filtered: 7 })]),
    "flow-capture",
    "0.0.0.0",
  );
  const start = "STAT: now=1700000000 startup=1699990000 src_ip=";
  assertEquals(lines, [
    `${start}192.0.2.1 dst_ip=0.0.0.0 d_ver=5 pkts=4 flows=120 lost=30 reset=1 filter_drops=7`,
    `${start}192.0.2.1 dst_ip=0.0.0.0 d_ver=8 pkts=2 flows=6 lost=0 reset=0 filter_drops=7`,
    `${start}2001:db8::1 dst_ip=0.0.0.0 d_ver=1 pkts=5 flows=6 lost=0 reset=0 filter_drops=7`,
  ]);
});

Deno.test("statLines() has the further counters of each program", () => {
  const tail = (program: Parameters<typeof statLines>[1]) =>
    statLines(
      snapshot([exporter("192.0.2.1", "5", { sequence: { ...NO_SEQUENCE, lost: -4 } })], [
        sink({ filtered: 7, errors: { ENOBUFS: 2 } }),
        sink({ name: "fanout 10.0.0.2:9991", filtered: 3 }),
        sink({ name: "live", filtered: 1_000_000 }),
        sink({ filtered: 1, dropped: { "queue-full": 9 }, errors: { ENOBUFS: 3, EAGAIN: 5 } }),
      ]),
      program,
      "10.0.0.1",
    )[0].split(" dst_ip=10.0.0.1 d_ver=5 pkts=0 flows=0 ")[1];
  assertEquals(tail("flow-capture"), "lost=0 reset=0 filter_drops=8");
  assertEquals(tail("flow-receive"), "lost=0 reset=0");
  assertEquals(tail("flow-fanout"), "lost=0 reset=0 filter_drops=3 send_nobufs=5");
});

/** The minutes, from a start on, at which a schedule that is asked each second says so. */
function dueMinutes(step: number, from: number, minutes: number): number[] {
  const schedule = new StatSchedule(step);
  const offset = new Date(0).getTimezoneOffset();
  const due: number[] = [];
  for (let second = 0; second < minutes * 60; second++) {
    const now = ((from + offset) * 60 + second) * 1000;
    if (schedule.due(now)) due.push(from + Math.floor(second / 60));
  }
  return due;
}

Deno.test("StatSchedule is due at the start, then at multiples of the hour's minutes", () => {
  assertEquals(dueMinutes(5, 3, 20), [3, 5, 10, 15, 20]);
  assertEquals(dueMinutes(1, 58, 4), [58, 59, 60, 61]);
  assertEquals(dueMinutes(60, 7, 120), [7, 60, 120]);
  assertEquals(dueMinutes(0, 0, 10), []);
  // The reference computes (56 + 7) % 60: from minute 3 it goes on with 7.
  assertEquals(dueMinutes(7, 56, 20), [56, 63, 67, 74]);
});

Deno.test("StatSchedule survives clocks that are set, and long pauses", () => {
  const schedule = new StatSchedule(5);
  const noon = Date.UTC(2023, 10, 14, 12);
  assertEquals(schedule.due(noon), true);
  assertEquals(schedule.due(noon + 60_000), false);
  // Nobody asked for an hour: late is better than never.
  assertEquals(schedule.due(noon + 3_700_000), true);
  assertEquals(schedule.due(noon - 86_400_000), true);
  assertEquals(schedule.due(noon - 86_400_000 + 1000), false);
});

Deno.test("statLines() has 0 for versions without a number", () => {
  const lines = statLines(
    snapshot([exporter("192.0.2.1", "sflow5", {}), exporter("192.0.2.2", "unknown", {})], []),
    "flow-receive",
    "0.0.0.0",
  );
  assertEquals(lines.map((line) => line.match(/d_ver=\S+/)?.[0]), ["d_ver=0", "d_ver=0"]);
});
