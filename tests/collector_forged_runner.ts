/**
 * A collector that 300,000 datagrams of 100,000 forged senders come to; run with little memory, so
 * that one that keeps more than its limits say ends for want of it.
 */
import { createPduRegistry, PDU_CODECS } from "@flowtools/netflow-pdu";
import { Collector } from "../apps/collector/collector.ts";
import { ManualSource, MemoryLog } from "../apps/collector/_doubles.ts";
import { SenderTable } from "../apps/collector/sources/senders.ts";
import { CountingSink } from "../scripts/load/counting_sink.ts";
import { makePattern } from "../scripts/load/pattern.ts";

const [{ bytes }] = makePattern({ versions: "v5", malformedPercent: 0 });
const senders = new SenderTable();
const source = new ManualSource();
const collector = new Collector({
  sources: [source],
  registry: createPduRegistry(PDU_CODECS),
  sinks: [new CountingSink()],
  log: new MemoryLog(),
});
const running = collector.run();
for (let datagram = 0; datagram < 300_000; datagram++) {
  // Each sender comes three times, with all the others between.
  source.give(bytes, senders.ipv4(0x0a000000 + datagram % 100_000, 2055));
}
collector.stop();
await running;
const { packets, flows, exporters, exportersForgotten } = collector.snapshot();
console.log(JSON.stringify({
  packets,
  decoded: collector.decoded,
  flows,
  listed: exporters.length,
  forgotten: exportersForgotten,
  senders: senders.size,
}));
