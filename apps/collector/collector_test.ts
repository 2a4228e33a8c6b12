/** The collector between a source and sinks that tests hold in their hands. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { FlowBatch, FlowSchema } from "@flowtools/flow-model";
import {
  createPduRegistry,
  PDU_CODECS,
  type PduCodec,
  type PduInput,
  type PduResult,
  type PduSession,
  V1_CODEC,
  V5_CODEC,
  V8_CODECS,
} from "@flowtools/netflow-pdu";
import { CountingSink } from "../../scripts/load/counting_sink.ts";
import { AllowList } from "./allow_list.ts";
import { Collector, type CollectorOptions } from "./collector.ts";
import { ManualSource, MemoryLog, senderAt } from "./_doubles.ts";
import type { Sink } from "./sinks/sink.ts";
import type { CollectorSnapshot, ExporterSnapshot } from "./snapshot.ts";

interface Setup {
  readonly source: ManualSource;
  readonly sink: CountingSink;
  readonly log: MemoryLog;
  readonly collector: Collector;
}

/** Runs a collector; returns its last snapshot. */
async function collect(
  work: (setup: Setup) => void | Promise<void>,
  options: Partial<CollectorOptions> = {},
  source = new ManualSource(),
): Promise<CollectorSnapshot & Setup> {
  const sink = new CountingSink();
  const log = new MemoryLog();
  const collector = new Collector({
    sources: [source],
    registry: createPduRegistry(PDU_CODECS),
    sinks: [sink],
    log,
    ...options,
  });
  const running = collector.run();
  await work({ source, sink, log, collector });
  collector.stop();
  await running;
  return { ...collector.snapshot(), source, sink, log, collector };
}

const ONE = senderAt("192.0.2.1");
const TWO = senderAt("2001:db8::2", 4000);

interface V5Options {
  readonly count?: number;
  readonly engine?: number;
  readonly octets?: number;
  readonly sampling?: number;
}

/** A v5 packet, written byte by byte: header of 24 bytes, records of 48. */
function v5(sequence: number, options: V5Options = {}): Uint8Array {
  const { count = 30, engine = 0, octets = 1000, sampling = 0 } = options;
  const view = new DataView(new ArrayBuffer(24 + 48 * count));
  view.setUint16(0, 5);
  view.setUint16(2, count);
  view.setUint32(16, sequence);
  view.setUint16(20, engine);
  view.setUint16(22, sampling);
  for (let record = 0; record < count; record++) {
    view.setUint32(24 + 48 * record + 16, 3);
    view.setUint32(24 + 48 * record + 20, octets);
  }
  return new Uint8Array(view.buffer);
}

const only = (exporters: readonly ExporterSnapshot[]): ExporterSnapshot => {
  assertEquals(exporters.length, 1);
  return exporters[0];
};

Deno.test("Collector counts packets, bytes, flows, and what the flows count", async () => {
  const { packets, bytes, flows, octets, flowPackets, malformed, exporters, collector, sink } =
    await collect(({ source }) => {
      source.give(v5(0), ONE);
      source.give(v5(30, { count: 1, octets: 2 ** 32 - 1 }), ONE);
    });
  assertEquals([packets, collector.decoded], [2, 2]);
  assertEquals(bytes, 24 + 30 * 48 + 24 + 48);
  assertEquals(flows, 31);
  assertEquals(octets, 30_000 + 2 ** 32 - 1);
  assertEquals(flowPackets, 93);
  assertEquals(malformed, {});
  assertEquals(sink.counters.given, 31);
  assertEquals(sink.octets, octets);
  assert(sink.closed);
  const exporter = only(exporters);
  assertEquals(
    [exporter.address, exporter.port, exporter.version, exporter.source],
    ["192.0.2.1", 2055, "5", 0],
  );
  assertEquals([exporter.packets, exporter.flows, exporter.octets], [2, 31, octets]);
  assert(Math.abs(exporter.lastSeen - Date.now()) < 60_000);
});

Deno.test("Collector puts each datagram into exactly one counter", async () => {
  const allow = new AllowList(["192.0.2.0/24"]);
  const { packets, flows, notAllowed, malformed, collector, sink, log, exporters } = await collect(
    ({ source }) => {
      source.give(v5(0), ONE);
      source.give(v5(30).subarray(0, 24 + 48 * 3 + 5), ONE);
      source.give(v5(60, { count: 0 }), ONE);
      source.give(Uint8Array.of(0, 77, 0, 1), ONE);
      source.give(new Uint8Array(0), ONE);
      source.give(v5(0), senderAt("198.51.100.1"));
      source.give(v5(0), TWO);
    },
    { allow },
  );
  assertEquals(packets, 7);
  assertEquals(collector.decoded, 1);
  assertEquals(notAllowed, 2);
  assertEquals(malformed, {
    "short-datagram": 1,
    "count-zero": 1,
    "unknown-version": 1,
    "short-header": 1,
  });
  assertEquals(flows, 33);
  assertEquals(sink.losses.corrupt, 4);
  assertStringIncludes(
    log.warnings.get("short-datagram")![0],
    "from 192.0.2.1:2055: header says 30",
  );
  assertStringIncludes(log.warnings.get("not-allowed")![1], "2001:db8::2 is in no network");
  // Datagrams that nobody can read are a stream of their own; those not let in are none.
  const counts = exporters.map((row) => `${row.version} ${row.packets} ${row.malformed}`);
  assertEquals(counts, ["unknown 2 2", "5 3 2"]);
});

Deno.test("Collector lets in the only sender of a listener", async () => {
  const { packets, notAllowed, flows, log } = await collect(
    ({ source }) => {
      source.give(v5(0), TWO);
      source.give(v5(0), ONE);
      source.give(v5(0), senderAt("2001:db8::3"));
    },
    {},
    new ManualSource(TWO.address),
  );
  assertEquals([packets, notAllowed, flows], [3, 2, 30]);
  assertEquals(log.warnings.get("not-allowed"), [
    "192.0.2.1 is not 2001:db8::2: packet dropped",
    "2001:db8::3 is not 2001:db8::2: packet dropped",
  ]);
});

Deno.test("Collector keeps streams apart by address, port, version, aggregation and engine", async () => {
  const v8 = (aggregation: number) => {
    const batch = new FlowBatch({ capacity: 1 });
    const codec = V8_CODECS[aggregation - 1];
    batch.append(codec.layouts.record.schema, { dOctets: 5 });
    return codec.encode(batch, 0, 1, { engine_id: 9 });
  };
  const { exporters } = await collect(({ source }) => {
    source.give(v5(0), ONE);
    source.give(v5(0), senderAt("192.0.2.1", 2056));
    source.give(v5(0), TWO);
    source.give(v5(0, { engine: 0x0102 }), ONE);
    source.give(v8(1), ONE);
    source.give(v8(14), ONE);
    source.give(v5(30), ONE);
  });
  const rows = exporters.map((row) => `${row.address} ${row.port} v${row.version} ${row.source}`);
  assertEquals(rows, [
    "192.0.2.1 2055 v5 0",
    "192.0.2.1 2055 v8.14 9",
    "192.0.2.1 2055 v8.1 9",
    "192.0.2.1 2055 v5 258",
    "2001:db8::2 4000 v5 0",
    "192.0.2.1 2056 v5 0",
  ]);
  assertEquals(exporters[0].packets, 2);
});

Deno.test("Collector tells loss, reorder, duplicates and restarts of each exporter", async () => {
  const { sequence, exporters, sink } = await collect(({ source }) => {
    // Lost: 30 to 59. Late: 90 to 119. Again: 120.
    for (const number of [0, 60, 120, 90, 120, 150]) source.give(v5(number), ONE);
    // The other exporter starts anew, far off.
    for (const number of [4_000_000_000, 0, 30]) source.give(v5(number), TWO);
  });
  assertEquals(sequence, { lost: 30, reordered: 1, duplicate: 1, reset: 1 });
  const [two, one] = exporters;
  assertEquals(one.sequence, { lost: 30, reordered: 1, duplicate: 1, reset: 0 });
  assertEquals(two.sequence, { lost: 0, reordered: 0, duplicate: 0, reset: 1 });
  assertEquals([sink.losses.lost, sink.losses.resets], [30, 1]);
});

Deno.test("Collector tells the sampling of the last header", async () => {
  const { exporters } = await collect(({ source }) => {
    source.give(v5(0, { sampling: (1 << 14) | 100 }), ONE);
    source.give(v5(30, { sampling: (1 << 14) | 1000 }), ONE);
    source.give(v5(0, { sampling: 0 }), TWO);
  });
  assertEquals(exporters.map(({ sampling }) => sampling), [1, 1000]);
});

Deno.test("Collector is not misled by steps of the wall clock", async () => {
  const realNow = Date.now;
  let step = 0;
  Date.now = () => realNow() + step;
  try {
    const { flows, exporters, sink } = await collect(async ({ source, sink }) => {
      for (const hours of [0, -48, 96, 0]) {
        step = hours * 3_600_000;
        source.give(v5(0), ONE);
        // The flows are handed over all the same.
        const given = sink.counters.given;
        while (sink.counters.given === given) await new Promise((done) => setTimeout(done, 5));
      }
    });
    assertEquals([flows, sink.counters.given], [120, 120]);
    for (const rate of [exporters[0].packetRate, exporters[0].flowRate]) {
      assert(Number.isFinite(rate) && rate >= 0);
    }
  } finally {
    Date.now = realNow;
  }
});

Deno.test("Collector hands over what a full batch cannot take, and loses no flow by it", async () => {
  const { flows, sink } = await collect(({ source, sink }) => {
    for (let packet = 0; packet < 1000; packet++) source.give(v5(packet * 30), ONE);
    // Nothing waits for a timer when there is much.
    assert(sink.counters.given >= 30_000 - 8192);
  });
  assertEquals([flows, sink.counters.given], [30_000, 30_000]);
});

Deno.test("Collector's snapshot adds up at any moment", async () => {
  await collect(({ source, collector }) => {
    for (let packet = 0; packet < 10; packet++) {
      source.give(v5(packet * 30), ONE);
      const { flows, sinks } = collector.snapshot();
      assertEquals(flows, 30 * (packet + 1));
      assertEquals(sinks.map(({ given, done }) => [given, done]), [[flows, flows]]);
    }
  });
});

const MINE = new FlowSchema({ version: 77, fields: ["dOctets"] });

/** What a datagram of the test's codec is; its fourth byte tells. */
const KIND = { template: 0, data: 1, large: 2, broken: 3 } as const;

class TemplateCount implements PduSession {
  templates = 0;
  close(): void {}
}

/** A codec with sessions: data has a row for each template that came before. */
class TemplateCodec implements PduCodec {
  readonly version = 77;
  readonly title = "Template test";
  readonly reference = "this file";
  readonly sequenceUnit = "none";
  readonly maxRecords = 20_000;
  sessions = 0;

  createSession(): PduSession {
    this.sessions++;
    return new TemplateCount();
  }

  decode(
    { view, offset }: PduInput,
    batch: FlowBatch,
    session: PduSession | undefined,
  ): PduResult {
    assert(session instanceof TemplateCount);
    const kind = view.getUint8(offset + 3);
    if (kind === KIND.template) session.templates++;
    const rows = kind === KIND.data
      ? session.templates
      : kind === KIND.large
      ? batch.capacity + 1
      : 0;
    if (rows > batch.room) {
      return {
        codec: this,
        rows: 0,
        reason: "batch-full",
        offset: 0,
        expected: rows,
        got: batch.room,
      };
    }
    for (let row = 0; row < rows; row++) batch.append(MINE, { dOctets: 10 });
    if (kind === KIND.broken) {
      batch.append(MINE, { dOctets: 1 });
      throw new Error("broken codec");
    }
    return { codec: this, rows };
  }

  encode(): Uint8Array<ArrayBuffer> {
    throw new Error("not used");
  }

  describe(): [] {
    return [];
  }
}

const mine = (kind: keyof typeof KIND) => Uint8Array.of(0, 77, 0, KIND[kind]);

Deno.test("Collector keeps a session for each address, port and codec", async () => {
  const codec = new TemplateCodec();
  const { flows, collector } = await collect(({ source }) => {
    source.give(mine("template"), ONE);
    source.give(mine("template"), ONE);
    source.give(mine("data"), ONE);
    // Another port of the same address knows no templates.
    source.give(mine("template"), senderAt("192.0.2.1", 9));
    source.give(mine("data"), senderAt("192.0.2.1", 9));
    source.give(mine("data"), TWO);
  }, { registry: createPduRegistry([V5_CODEC, codec]) });
  assertEquals(codec.sessions, 3);
  assertEquals([flows, collector.decoded], [3, 6]);
});

Deno.test("Collector forgets sessions with their exporter, and counts that", async () => {
  const codec = new TemplateCodec();
  const { flows, exportersForgotten, exporters } = await collect(({ source }) => {
    source.give(mine("template"), ONE);
    source.give(v5(0), TWO);
    source.give(v5(0), senderAt("192.0.2.3"));
    source.give(mine("data"), ONE);
  }, { registry: createPduRegistry([V5_CODEC, codec]), limits: { exporters: 2 } });
  assertEquals(codec.sessions, 2);
  assertEquals([flows, exportersForgotten, exporters.length], [60, 2, 2]);
});

Deno.test("Collector survives a codec that throws, and counts its datagrams", async () => {
  const codec = new TemplateCodec();
  const { packets, flows, malformed, collector, log } = await collect(({ source }) => {
    source.give(mine("broken"), ONE);
    source.give(v5(0), ONE);
  }, { registry: createPduRegistry([V5_CODEC, codec]) });
  assertEquals([packets, flows, collector.decoded], [2, 31, 1]);
  assertEquals(malformed, { "codec-error": 1 });
  assertEquals(log.warnings.get("codec-error"), [
    "a codec failed on a packet from 192.0.2.1:2055: broken codec",
  ]);
});

Deno.test("Collector counts a datagram that no batch can hold", async () => {
  const registry = createPduRegistry([V5_CODEC, new TemplateCodec()]);
  const { malformed, flows, sink } = await collect(({ source }) => {
    source.give(v5(0), ONE);
    source.give(mine("large"), ONE);
  }, { registry });
  assertEquals(malformed, { "batch-full": 1 });
  assertEquals([flows, sink.counters.given], [30, 30]);
});

Deno.test("Collector keeps going when a sink throws, and counts what that sink lost", async () => {
  const bad: Sink = {
    name: "bad",
    counters: { given: 0, done: 0, queued: 0, filtered: 0, dropped: {} },
    write() {
      throw new Error("cannot");
    },
    countLosses() {
      throw new Error("cannot count");
    },
    flush: () => Promise.reject(new Error("cannot flush")),
    close: () => Promise.reject(new Error("cannot close")),
  };
  const good = new CountingSink();
  const { sinks, log } = await collect(({ source }) => source.give(v5(0), ONE), {
    sinks: [bad, good],
  });
  assertEquals(sinks.map(({ given, dropped }) => ({ given, dropped })), [
    { given: 30, dropped: { "sink-error": 30 } },
    { given: 30, dropped: {} },
  ]);
  assertEquals(log.warnings.get("sink-error"), [
    "sink bad failed to take flows: cannot",
    "sink bad failed to count losses: cannot count",
    "sink bad failed to close: cannot close",
  ]);
  assert(good.closed);
});

Deno.test("Collector flushes a sink that is slow once at a time, and the others go on", async () => {
  let begun = 0;
  let finish = () => {};
  class Slow extends CountingSink {
    override flush(): Promise<void> {
      begun++;
      return new Promise((resolve) => finish = resolve);
    }
  }
  const good = new CountingSink();
  await collect(async () => {
    while (good.flushes < 2) await new Promise((done) => setTimeout(done, 20));
    assertEquals(begun, 1);
    finish();
  }, { sinks: [new Slow(), good] });
});

Deno.test("Collector goes on when one source fails, and tells the failure at its end", async () => {
  const [broken, whole] = [new ManualSource(), new ManualSource()];
  const sink = new CountingSink();
  const log = new MemoryLog();
  const collector = new Collector({
    sources: [broken, whole],
    registry: createPduRegistry([V1_CODEC, V5_CODEC]),
    sinks: [sink],
    log,
  });
  const running = collector.run();
  broken.fail(new Error("no socket"));
  await Promise.resolve();
  whole.give(v5(0), ONE);
  collector.stop();
  await assertRejects(() => running, Error, "no socket");
  assertEquals(sink.counters.given, 30);
  assert(sink.closed);
  assertEquals(log.warnings.get("source"), ["manual ended: no socket"]);
  assertEquals(collector.snapshot().sources, [
    { description: "manual", kernelDrops: 3, truncated: 2, errors: 1 },
    { description: "manual", kernelDrops: 3, truncated: 2, errors: 1 },
  ]);
});

Deno.test("Collector tells a source that can wait to wait while a sink is full", async () => {
  const sink = new CountingSink();
  await collect(async ({ source }) => {
    assertEquals(source.receiver.room?.(), undefined);
    sink.counters.queued = 101;
    const room = source.receiver.room?.();
    assert(room !== undefined);
    sink.counters.queued = 100;
    await room;
  }, { sinks: [sink], limits: { queuedFlows: 100 } });
});
