import { assert, assertEquals } from "@std/assert";
import { FlowBatch } from "@flowtools/flow-model";
import { createV9Codec, type TemplateCodec } from "@flowtools/netflow-pdu";
import { packet9, set, template } from "../../packages/netflow-pdu/templates/_builders.ts";
import { senderAt } from "./_doubles.ts";
import { ExporterTable } from "./exporters.ts";
import { COLLECTOR_LIMITS } from "./limits.ts";
import type { Sender } from "./sources/source.ts";

const DAY_SECONDS = COLLECTOR_LIMITS.silenceMs / 1000;
const TEMPLATE = packet9({ domain: 1 }, set(0, template(256, [[8, 4]])));
/** A set whose template never comes. */
const EARLY = packet9({ domain: 1, sequence: 1 }, set(300, [1, 2, 3, 4]));

function hear(table: ExporterTable, codec: TemplateCodec, sender: Sender, payload: Uint8Array) {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const input = { view, offset: 0, length: payload.length, exporter: sender.address };
  const result = codec.decode(input, new FlowBatch(), table.session(sender, codec));
  table.observe(sender, result, { flows: 0, octets: 0, malformed: false }, Date.now());
}

Deno.test("ExporterTable forgets who was silent for a day, with the templates, and counts it", () => {
  const codec = createV9Codec();
  const { counters } = codec.store;
  const table = new ExporterTable(COLLECTOR_LIMITS);
  const [silent, other] = [senderAt("192.0.2.1"), senderAt("192.0.2.2")];
  for (const sender of [silent, other]) hear(table, codec, sender, TEMPLATE);
  hear(table, codec, silent, EARLY);
  table.tick(DAY_SECONDS - 1);
  hear(table, codec, other, TEMPLATE);
  assertEquals([table.size, table.expired, counters.templates], [2, 0, 2]);

  table.tick(2);
  assertEquals([table.size, table.expired, table.forgotten], [1, 1, 0]);
  assertEquals([counters.templates, counters.overdue, counters.waitingOctets], [1, 1, 0]);
  assertEquals(table.snapshot(10).map(({ address }) => address), ["192.0.2.2"]);
  assertEquals([...table.sessions()].map(({ address }) => address), ["192.0.2.2"]);

  // Who comes back is new.
  hear(table, codec, silent, TEMPLATE);
  assertEquals([table.size, counters.templates], [2, 2]);
  assertEquals(table.snapshot(10)[0].packets, 1);
});

Deno.test("Whatever clocks are set to, no exporter grows old by it", () => {
  const codec = createV9Codec();
  const table = new ExporterTable(COLLECTOR_LIMITS);
  const sender = senderAt("192.0.2.1");
  table.observe(sender, undefined, { flows: 0, octets: 0, malformed: true }, 0);
  hear(table, codec, senderAt("192.0.2.2"), TEMPLATE);
  table.tick(1);
  assertEquals([table.size, table.expired], [2, 0]);
});

Deno.test("Of an exporter with several streams, only what is silent is forgotten", () => {
  const codec = createV9Codec();
  const table = new ExporterTable(COLLECTOR_LIMITS);
  const sender = senderAt("192.0.2.1");
  hear(table, codec, sender, TEMPLATE);
  table.tick(DAY_SECONDS);
  hear(table, codec, sender, packet9({ domain: 2 }, set(0, template(257, [[8, 4]]))));
  table.tick(1);
  assertEquals([table.size, table.expired, codec.store.counters.templates], [1, 1, 2]);
  assert(table.session(sender, codec) !== undefined);
});
