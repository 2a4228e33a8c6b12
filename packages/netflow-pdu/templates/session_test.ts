/** What sessions remember, and how much: every bound by name, with small limits. */
import { assert, assertEquals } from "@std/assert";
import { FlowBatch } from "@flowtools/flow-model";
import { createIpfixCodec } from "../codecs/ipfix.ts";
import { createV9Codec } from "../codecs/v9.ts";
import type { PduResult } from "../codec.ts";
import {
  type Field,
  inputOf,
  message,
  octets,
  optionsTemplate,
  packet9,
  set,
  template,
} from "./_builders.ts";
import type { TemplateCodec } from "./define_codec.ts";
import { WAITING_SET_OCTETS } from "./limits.ts";
import type { TemplateSession } from "./session.ts";

/** Source port and packets: six octets a record. */
const FIELDS: readonly Field[] = [[7, 2], [2, 4]];

function record(port: number, packets: number): number[] {
  return [...octets(port, 2), ...octets(packets, 4)];
}

/** A message with a template. */
function teach(id: number, fields = FIELDS, domain = 0): Uint8Array {
  return message({ domain }, set(2, template(id, fields)));
}

/** A message with records. */
function tell(id: number, ports: readonly number[], domain = 0): Uint8Array {
  return message({ domain }, set(id, ...ports.map((port) => record(port, 1))));
}

/** Decodes packets into one batch; gives results and the source ports of all rows. */
class Exporter {
  readonly batch: FlowBatch;
  readonly session: TemplateSession;

  constructor(readonly codec: TemplateCodec, capacity = 100) {
    this.batch = new FlowBatch({ capacity });
    this.session = codec.createSession();
  }

  send(bytes: Uint8Array, now?: number): PduResult {
    return this.codec.decode(inputOf(bytes, now), this.batch, this.session);
  }

  get ports(): number[] {
    return Array.from(this.batch, ({ srcport }) => srcport ?? -1);
  }
}

Deno.test("a session decodes data by the template that came before", () => {
  const exporter = new Exporter(createIpfixCodec());
  assertEquals(exporter.send(teach(256)).units, 0);
  const result = exporter.send(tell(256, [1, 2, 3]));
  assertEquals([result.rows, result.units, result.reason], [3, 3, undefined]);
  assertEquals(exporter.ports, [1, 2, 3]);
});

Deno.test("data waits for its template and comes in order, before what follows", () => {
  const exporter = new Exporter(createIpfixCodec());
  const { counters } = exporter.codec.store;
  assertEquals(exporter.send(tell(257, [1])).units, -1);
  assertEquals(exporter.send(tell(256, [2, 3])).rows, 0);
  assertEquals(exporter.send(tell(257, [4])).rows, 0);
  assertEquals([counters.waited, exporter.session.waiting], [3, 3]);
  const both = message(
    {},
    set(256, record(5, 1)),
    set(2, template(256, FIELDS), template(257, FIELDS)),
    set(256, record(6, 1)),
  );
  const result = exporter.send(both);
  assertEquals(exporter.ports, [1, 2, 3, 4, 5, 6]);
  // The first set of the message could not be counted when it came.
  assertEquals([result.rows, result.units], [6, -1]);
  assertEquals([counters.resumed, counters.waitingOctets, exporter.session.waiting], [4, 0, 0]);
});

Deno.test("data that waits is dated by its own packet", () => {
  const exporter = new Exporter(createIpfixCodec());
  exporter.send(message({ secs: 1000 }, set(256, record(1, 1))));
  exporter.send(message({ secs: 2000 }, set(2, template(256, FIELDS)), set(256, record(2, 1))));
  assertEquals(Array.from(exporter.batch, ({ unix_secs }) => unix_secs), [1000, 2000]);
});

Deno.test("options data that waits teaches its facts when the template comes", () => {
  const exporter = new Exporter(createIpfixCodec());
  const name = [...new TextEncoder().encode("eth0")];
  exporter.send(message({}, set(300, octets(7, 4), name)));
  assertEquals(exporter.session.facts(0)?.name("interfaces", 7), undefined);
  exporter.send(message({}, set(3, optionsTemplate(300, 1, [[10, 4], [82, 4]]))));
  assertEquals(exporter.session.facts(0)?.name("interfaces", 7)?.name, "eth0");
  assertEquals(exporter.batch.length, 0);
});

Deno.test("templates belong to their domain and their exporter", () => {
  const codec = createIpfixCodec();
  const [one, other] = [new Exporter(codec), new Exporter(codec)];
  one.send(teach(256, FIELDS, 1));
  assertEquals(one.send(tell(256, [1], 1)).rows, 1);
  assertEquals(one.send(tell(256, [1], 2)).rows, 0);
  assertEquals(other.send(tell(256, [1], 1)).rows, 0);
  // 48 bits of domain and number do not run into each other.
  one.send(teach(256, FIELDS, 0xffff_ffff));
  assertEquals(one.send(tell(256, [1], 0xffff_ffff)).rows, 1);
  assertEquals(one.send(tell(256, [1], 0xffff_fffe)).rows, 0);
});

Deno.test("a changed template takes effect exactly where it stands", () => {
  const exporter = new Exporter(createIpfixCodec());
  exporter.send(teach(256));
  const changed: readonly Field[] = [[2, 4], [7, 2]];
  exporter.send(message(
    {},
    set(256, record(1, 9)),
    set(2, template(256, changed)),
    set(256, octets(9, 4), octets(2, 2)),
  ));
  assertEquals(exporter.ports, [1, 2]);
  assertEquals(Array.from(exporter.batch, ({ dPkts }) => dPkts), [9, 9]);
  assertEquals(exporter.codec.store.counters.changed, 1);
  exporter.send(teach(256, changed));
  assertEquals(exporter.codec.store.counters.changed, 1, "the same again is no change");
});

Deno.test("a withdrawn template is no more: one of them, or all of a kind", () => {
  const exporter = new Exporter(createIpfixCodec());
  exporter.send(message({}, set(2, template(256, FIELDS), template(257, FIELDS))));
  exporter.send(message({}, set(3, optionsTemplate(300, 1, [[10, 4], [82, 4]]))));
  exporter.send(message({}, set(2, template(256, []))));
  assertEquals([exporter.session.size, exporter.codec.store.counters.withdrawn], [2, 1]);
  assertEquals(exporter.send(tell(256, [1])).units, -1);
  exporter.send(message({}, set(2, template(2, []))));
  assertEquals([...exporter.session.templates()].map(([, { id }]) => id), [300]);
  exporter.send(message({}, set(3, template(3, []))));
  assertEquals([exporter.session.size, exporter.codec.store.counters.withdrawn], [0, 3]);
});

Deno.test("limit templates: that of an exporter which was not used gives way", () => {
  const exporter = new Exporter(createIpfixCodec({ limits: { templates: 3 } }));
  for (const id of [256, 257, 258]) exporter.send(teach(id));
  exporter.send(teach(259)); // All are as good as used: the first goes.
  exporter.send(tell(258, [1]));
  exporter.send(teach(260));
  assertEquals([...exporter.session.templates()].map(([, { id }]) => id).sort(), [258, 259, 260]);
  assertEquals(exporter.codec.store.counters.evicted, 2);
  assertEquals(exporter.codec.store.counters.templates, 3);
});

Deno.test("limit templatesInAll: a flood of templates does not push out one in constant use", () => {
  const codec = createIpfixCodec({ limits: { templatesInAll: 50 } });
  const honest = new Exporter(codec, 5000);
  honest.send(teach(256));
  for (let flood = 0; flood < 200; flood++) {
    new Exporter(codec, 1).send(teach(256 + flood, FIELDS, flood));
    assertEquals(honest.send(tell(256, [flood])).rows, 1);
  }
  assertEquals(codec.store.counters.templates, 50);
  assertEquals(codec.store.counters.evicted, 151);
});

Deno.test("limit fieldsInAll: large templates push out others", () => {
  const codec = createIpfixCodec({ limits: { fieldsInAll: 1000 } });
  const exporter = new Exporter(codec);
  const large = Array.from({ length: 300 }, (_, id): Field => [id + 1, 1]);
  for (let id = 256; id < 276; id++) exporter.send(teach(id, large));
  assertEquals(exporter.session.size, 3);
  assertEquals(codec.store.counters.evicted, 17);
});

Deno.test("limit fields: a template with too many is refused, and replaces what it was to replace", () => {
  const exporter = new Exporter(createIpfixCodec({ limits: { fields: 10 } }));
  exporter.send(teach(256));
  const large = Array.from({ length: 11 }, (): Field => [1, 1]);
  const result = exporter.send(teach(256, large));
  assertEquals([result.reason, result.expected, result.got], ["template-limit", 10, 11]);
  assertEquals([exporter.session.size, exporter.codec.store.counters.refused], [0, 1]);
  assertEquals(exporter.send(tell(256, [1])).rows, 0, "by the old shape they would be rubbish");
});

Deno.test("limit emptyFields: records of one octet cannot have thousands of fields", () => {
  const exporter = new Exporter(createIpfixCodec());
  const empty = Array.from({ length: 65 }, (): Field => [1, 0]);
  const result = exporter.send(teach(256, [[4, 1], ...empty]));
  assertEquals(result.reason, "template-limit");
  assertEquals(exporter.send(teach(257, [[4, 1], ...empty.slice(1)])).reason, undefined);
  assertEquals(exporter.send(message({}, set(257, [6, 17]))).rows, 2);
  assertEquals(exporter.batch.flow(1).prot, 17);
});

Deno.test("templates whose records have no octets are refused", () => {
  for (const fields of [[[1, 0]], [[1, 0], [2, 0]]] satisfies Field[][]) {
    const exporter = new Exporter(createIpfixCodec());
    assertEquals(exporter.send(teach(256, fields)).reason, "template-limit");
    assertEquals(exporter.codec.store.counters.refused, 1);
    assertEquals(exporter.send(message({}, set(256, octets(0, 40)))).rows, 0);
  }
  const v9 = new Exporter(createV9Codec());
  const result = v9.send(packet9({}, set(0, template(256, []))));
  assertEquals([result.reason, result.expected, result.got], ["template-limit", 1, 0]);
});

Deno.test("limit waitingOctets: what has waited longest gives way, and is counted", () => {
  const cost = WAITING_SET_OCTETS + 6;
  const exporter = new Exporter(createIpfixCodec({ limits: { waitingOctets: 3 * cost } }));
  const { counters } = exporter.codec.store;
  for (let port = 1; port <= 5; port++) exporter.send(tell(256, [port]));
  assertEquals([counters.waited, counters.overflowed, counters.waitingOctets], [5, 2, 3 * cost]);
  exporter.send(teach(256));
  assertEquals(exporter.ports, [3, 4, 5]);
});

Deno.test("a set larger than what may wait is refused, and the result says so", () => {
  const exporter = new Exporter(createIpfixCodec({ limits: { waitingOctets: 300 } }));
  const result = exporter.send(tell(256, range(100)));
  assertEquals([result.reason, result.offset, result.got], ["unknown-template", 16, 256]);
  assertEquals(exporter.codec.store.counters.overflowed, 1);
});

Deno.test("limit waitingOctetsInAll holds over all exporters", () => {
  const codec = createIpfixCodec({ limits: { waitingOctetsInAll: 10_000 } });
  for (let i = 0; i < 100; i++) new Exporter(codec).send(tell(256, [i]));
  const { counters } = codec.store;
  assert(counters.waitingOctets <= 10_000);
  assertEquals(counters.waited + counters.overflowed, 100);
});

Deno.test("tiny sets that wait are charged for what they cost, not for their octets alone", () => {
  const exporter = new Exporter(createIpfixCodec());
  const flood = Array.from({ length: 13_000 }, () => set(999, [1]));
  for (let i = 0; i < 5; i++) exporter.send(message({}, ...flood));
  assert(exporter.session.waiting <= (1 << 20) / WAITING_SET_OCTETS);
  const { counters } = exporter.codec.store;
  assertEquals(counters.waited - counters.overflowed, exporter.session.waiting);
  exporter.session.close();
  assertEquals([counters.waitingOctets, counters.overdue], [
    0,
    counters.waited - counters.overflowed,
  ]);
});

Deno.test("limit waitingMs: data that waited too long is dropped and counted", () => {
  const exporter = new Exporter(createIpfixCodec({ limits: { waitingMs: 1000 } }));
  exporter.send(tell(256, [1]), 10_000);
  exporter.send(tell(256, [2]), 10_900);
  exporter.send(teach(257), 11_001);
  assertEquals(exporter.codec.store.counters.overdue, 1);
  exporter.send(teach(256), 11_002);
  assertEquals(exporter.ports, [2]);
});

Deno.test("limit lifetimeMs: a template that is not sent again is forgotten, though it is in use", () => {
  const exporter = new Exporter(createIpfixCodec({ limits: { lifetimeMs: 1000 } }));
  exporter.send(teach(256), 5000);
  assertEquals(exporter.send(tell(256, [1]), 5500).rows, 1);
  assertEquals(exporter.send(tell(256, [2]), 6000).rows, 1);
  assertEquals(exporter.send(tell(256, [3]), 6001).units, -1);
  assertEquals(exporter.codec.store.counters.expired, 1);
  exporter.send(teach(256), 6002);
  exporter.send(teach(256), 6900);
  assertEquals(exporter.send(tell(256, [4]), 7800).rows, 1);
  assertEquals(exporter.ports, [1, 2, 3, 4]);
});

Deno.test("without the time of arrival nothing grows old, and it may be known later", () => {
  const exporter = new Exporter(
    createIpfixCodec({ limits: { lifetimeMs: 1000, waitingMs: 1000 } }),
  );
  exporter.send(teach(256));
  exporter.send(tell(257, [7]));
  assertEquals(exporter.send(tell(256, [1]), 1.7e12).rows, 1);
  assertEquals(exporter.send(tell(256, [2]), 1.7e12 + 1000).rows, 1);
  assertEquals(exporter.send(tell(256, [3]), 1.7e12 + 1001).rows, 0);
  assertEquals(exporter.codec.store.counters.overdue, 1);
});

Deno.test("limit domains: facts of the domain unheard of are forgotten, and counted", () => {
  const exporter = new Exporter(createIpfixCodec({ limits: { domains: 3 } }));
  const name = (domain: number) =>
    message(
      { domain },
      set(3, optionsTemplate(300, 1, [[10, 4], [82, 4]])),
      set(300, octets(1, 4), [101, 116, 104, 48]),
    );
  exporter.send(name(1));
  for (let domain = 2; domain < 50; domain++) {
    exporter.send(name(domain));
    exporter.send(message({ domain: 1 }));
  }
  assertEquals(exporter.session.domains.length, 3);
  assertEquals(exporter.session.facts(1)?.name("interfaces", 1)?.name, "eth0");
  const { counters } = exporter.codec.store;
  assertEquals([counters.domainsForgotten, counters.facts], [46, 3]);
});

Deno.test("limit facts: what was told longest ago gives way, and exporters do not harm each other", () => {
  const codec = createIpfixCodec({ limits: { facts: 4, factsInAll: 6 } });
  const [one, other] = [new Exporter(codec), new Exporter(codec)];
  const names = (...interfaces: number[]) =>
    message(
      {},
      set(3, optionsTemplate(300, 1, [[10, 4], [82, 4]])),
      set(300, ...interfaces.map((index) => [...octets(index, 4), 101, 116, 104, 48])),
    );
  one.send(names(1, 2, 3, 4, 5, 6));
  assertEquals([...one.session.facts(0)!.names("interfaces").keys()], ["3", "4", "5", "6"]);
  other.send(names(1, 2, 3));
  assertEquals([...other.session.facts(0)!.names("interfaces").keys()], ["2", "3"]);
  assertEquals([codec.store.counters.facts, codec.store.counters.factsForgotten], [6, 3]);
  one.session.close();
  other.send(names(4, 5));
  assertEquals(codec.store.counters.facts, 4);
});

Deno.test("names of options are cut to what is remembered", () => {
  const exporter = new Exporter(createIpfixCodec());
  exporter.send(message({}, set(3, optionsTemplate(300, 1, [[10, 4], [82, 5000]]))));
  exporter.send(message({}, set(300, octets(1, 4), new Array(5000).fill(65))));
  assertEquals(exporter.session.facts(0)?.name("interfaces", 1)?.name, "A".repeat(255));
});

Deno.test("a closed session gives everything back and counts what waited", () => {
  const exporter = new Exporter(createIpfixCodec());
  exporter.send(teach(256));
  exporter.send(tell(300, [1]));
  exporter.send(tell(301, [1]));
  exporter.session.close();
  const { templates, overdue, waitingOctets } = exporter.codec.store.counters;
  assertEquals([templates, overdue, waitingOctets], [0, 2, 0]);
  assertEquals(exporter.session.size, 0);
});

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
