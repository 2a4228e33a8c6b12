/** Names and described elements that encoders pass on. */
import { assert, assertEquals } from "@std/assert";
import { countLost, FlowBatch, LOST_NAMES_MAX } from "@flowtools/flow-model";
import { createIpfixCodec } from "../codecs/ipfix.ts";
import { createV9Codec } from "../codecs/v9.ts";
import type { TemplateCodec } from "./define_codec.ts";
import { createTemplateEncoder, type TemplateEncoderOptions } from "./encoder.ts";
import { ENCODED_DOMAINS_MAX } from "./encode_limits.ts";

import { inputOf, message, octets, optionsTemplate, set, template } from "./_builders.ts";
import type { TemplateSession } from "./session.ts";

const text = (value: string, width: number) => [
  ...new TextEncoder().encode(value.padEnd(width, "\0")),
];

/** Element 7 of enterprise 64512 (reserved for tests) is the unsigned number of a rack. */
const ENTERPRISE = 64_512;
const FLOW = template(256, [[10, 4], [234, 4], [95, 4], [7, 2, ENTERPRISE]]);
const flow = (rack: number) => [octets(3, 4), octets(5, 4), [13, 0, 0, 80], octets(rack, 2)].flat();

/** A message by which a router names interface 3, VRF 5 and application 13:80. */
const names = (domain: number, name: string) =>
  message(
    { domain },
    set(
      3,
      optionsTemplate(300, 1, [[10, 4], [82, 8], [83, 12]]),
      optionsTemplate(301, 1, [[234, 4], [236, 8]]),
      optionsTemplate(302, 1, [[95, 4], [96, 8], [94, 12]]),
    ),
    set(300, octets(3, 4), text(`if-${name}`, 8), text(`to ${name}`, 12)),
    set(301, octets(5, 4), text(`vrf-${name}`, 8)),
    set(302, [13, 0, 0, 80], text(`app-${name}`, 8), text(`of ${name}`, 12)),
  );

/** A message that says what element 7 is (RFC 5610). */
const described = (domain: number, name: string) =>
  message(
    { domain },
    set(3, optionsTemplate(303, 2, [[346, 4], [303, 2], [339, 1], [341, 8]])),
    set(303, octets(ENTERPRISE, 4), octets(7, 2), [2], text(name, 8)),
  );

const flows = (domain: number, rack: number) =>
  message({ domain }, set(2, FLOW), set(256, flow(rack)));

/** A session and what it decodes. */
class Exporter {
  readonly session: TemplateSession;
  readonly batch = new FlowBatch({ octets: true });
  constructor(readonly codec: TemplateCodec = createIpfixCodec()) {
    this.session = codec.createSession();
  }

  /** Decodes a packet into the batch, which is another's as well. */
  hear(packet: Uint8Array, batch = this.batch): void {
    const { reason } = this.codec.decode(inputOf(packet), batch, this.session);
    assertEquals(reason, undefined);
  }
}

/** The names that a receiver finds for each of its rows. */
function namesOf(received: Exporter) {
  return Array.from(received.batch, (flow) => {
    const facts = received.session.facts(domains.get(received)![flow.row]);
    return [
      facts?.name("interfaces", 3)?.name,
      facts?.name("interfaces", 3)?.description,
      facts?.name("vrfs", 5)?.name,
      facts?.name("applications", "0d000050")?.name,
    ];
  });
}

/** The domain of each row of what was received. */
const domains = new WeakMap<Exporter, number[]>();

/** Decodes packets with a receiver; notes the domain of each row. */
function receive(packets: readonly Uint8Array[], codec?: TemplateCodec): Exporter {
  const received = new Exporter(codec);
  const of: number[] = [];
  for (const packet of packets) {
    const before = received.batch.length;
    received.hear(packet);
    const { byteOffset, byteLength, buffer } = packet;
    const view = new DataView(buffer, byteOffset, byteLength);
    const domain = view.getUint32(view.getUint16(0) === 9 ? 16 : 12);
    for (let row = before; row < received.batch.length; row++) of.push(domain);
  }
  domains.set(received, of);
  return received;
}

/** Two exporters that call the same numbers differently, in one batch, in turn. */
function twoExporters() {
  const batch = new FlowBatch({ octets: true });
  const [one, other] = [new Exporter(), new Exporter()];
  one.hear(names(7, "one"), batch);
  other.hear(names(7, "two"), batch);
  for (const rack of [1, 2]) {
    one.hear(flows(7, rack), batch);
    other.hear(flows(7, rack + 10), batch);
  }
  return { batch, one, other };
}

const NAMES_ONE = ["if-one", "to one", "vrf-one", "app-one"];
const NAMES_TWO = ["if-two", "to two", "vrf-two", "app-two"];

for (const create of [createV9Codec, createIpfixCodec]) {
  const { title } = create();
  Deno.test(`${title}: names of two exporters with the same numbers do not mix`, () => {
    const { batch } = twoExporters();
    const encoder = createTemplateEncoder(create());
    const received = receive(encoder.encode(batch, 0, batch.length, 0), create());
    assertEquals(domains.get(received), [7, 8, 7, 8]);
    assertEquals(namesOf(received), [NAMES_ONE, NAMES_TWO, NAMES_ONE, NAMES_TWO]);
    assertEquals(encoder.lost.get("interfaceName"), undefined);
    assertEquals(encoder.counters.rows, 4);
  });

  Deno.test(`${title}: names are told once, again when they change, and to new receivers`, () => {
    const exporter = new Exporter();
    exporter.hear(names(0, "one"));
    exporter.hear(flows(0, 1));
    const { batch } = exporter;
    const encoder = createTemplateEncoder(create(), { resendPackets: 1000, resendMs: 1e9 });
    const [first] = encoder.encode(batch, 0, 1, 0);
    const [second] = encoder.encode(batch, 0, 1, 1);
    assert(holds(first, "if-one") && !holds(second, "one"));
    exporter.hear(names(0, "one"));
    assert(!holds(encoder.encode(batch, 0, 1, 2)[0], "one"));
    exporter.hear(names(0, "two"));
    const [changed] = encoder.encode(batch, 0, 1, 3);
    assert(holds(changed, "if-two") && holds(changed, "to two") && holds(changed, "app-two"));
    encoder.resend();
    const received = receive(encoder.encode(batch, 0, 1, 4), create());
    assertEquals(namesOf(received), [NAMES_TWO]);
    // By time.
    assert(holds(encoder.encode(batch, 0, 1, 1e9 + 4)[0], "if-two"));
  });
}

const holds = (packet: Uint8Array, value: string) => String.fromCharCode(...packet).includes(value);

Deno.test("names that take many packets are told again after as many times the packets", () => {
  const exporter = new Exporter();
  exporter.hear(message(
    {},
    set(3, optionsTemplate(300, 1, [[10, 4], [82, 200]])),
    set(
      300,
      ...Array.from(
        { length: 30 },
        (_, i) => [octets(i + 1, 4), text(`if${i}`.padEnd(200, "-"), 200)].flat(),
      ),
    ),
  ));
  exporter.hear(flows(0, 1));
  const packets = (options: TemplateEncoderOptions) => {
    const encoder = createTemplateEncoder(createIpfixCodec(), options);
    let told = 0;
    for (let i = 0; i < 40; i++) {
      told += encoder.encode(exporter.batch, 0, 1, 0).filter((packet) =>
        holds(packet, "if3-")
      ).length;
    }
    return told;
  };
  // Thirty names of 205 octets take five packets: again after 5 + 1 times the packets.
  assertEquals(packets({ resendPackets: 5, resendMs: 1e9 }), 2);
  assertEquals(packets({ resendPackets: 1000, resendMs: 1e9 }), 1);
});

Deno.test("an element that was described keeps its name, also where that comes late", () => {
  const exporter = new Exporter();
  exporter.hear(flows(0, 4));
  const encoder = createTemplateEncoder(createIpfixCodec());
  const early = encoder.encode(exporter.batch, 0, 1, 0);
  exporter.hear(described(0, "rackId"));
  const late = encoder.encode(exporter.batch, 0, 1, 0);
  const received = receive([...early, ...late]);
  assertEquals(
    Array.from(
      received.batch,
      (flow) => [flow.has("rackId") && flow.get("rackId"), flow.has("64512.7")],
    ),
    [[false, true], [4, false]],
  );
});

Deno.test("a sampler that an encoder makes has the number of no sampler that has a name", () => {
  const exporter = new Exporter();
  exporter.batch.reset();
  const batch = new FlowBatch({ octets: true, extras: [{ name: "samplingRate", kind: "u32" }] });
  exporter.hear(
    message(
      {},
      set(
        3,
        optionsTemplate(300, 1, [[302, 1], [335, 4]]),
        optionsTemplate(301, 1, [[10, 4], [305, 4], [306, 4]]),
      ),
      set(300, [1], text("own1", 4)),
      set(301, octets(3, 4), octets(1, 4), octets(9, 4)),
    ),
    batch,
  );
  exporter.hear(flows(0, 1), batch);
  assertEquals(batch.flow(0).get("samplingRate"), 10);
  const received = receive(createTemplateEncoder(createIpfixCodec()).encode(batch, 0, 1, 0));
  assertEquals(received.batch.flow(0).get("selectorId"), 2);
  assertEquals(received.session.facts(0)?.name("samplers", 1)?.name, "own1");
  assertEquals(received.session.facts(0)?.samplerRates.get(2), 10);
});

Deno.test("a name that no record holds is counted", () => {
  const exporter = new Exporter();
  exporter.hear(message(
    {},
    set(3, optionsTemplate(300, 1, [[10, 8], [82, 4]])),
    set(300, octets(2 ** 40, 8), text("long", 4), octets(3, 8), text("wan0", 4)),
  ));
  exporter.hear(flows(0, 1));
  const encoder = createTemplateEncoder(createIpfixCodec());
  const received = receive(encoder.encode(exporter.batch, 0, 1, 0));
  assertEquals(encoder.lost.get("interfaceName"), 1);
  assertEquals(received.session.facts(0)?.name("interfaces", 3)?.name, "wan0");
});

Deno.test("--domain is of the first exporter; domains are bounded and used once", () => {
  const { batch } = twoExporters();
  const fixed = receive(
    createTemplateEncoder(createIpfixCodec(), { domain: 99 }).encode(batch, 0, 4, 0),
  );
  assertEquals(domains.get(fixed), [99, 100, 99, 100]);

  const many = new FlowBatch({ octets: true });
  // A session remembers what so many domains told only where it is told to.
  const limits = { domains: ENCODED_DOMAINS_MAX + 1, templates: 1 << 16 };
  const exporter = new Exporter(createIpfixCodec({ limits }));
  for (let domain = 0; domain <= ENCODED_DOMAINS_MAX; domain++) {
    exporter.hear(names(domain, "many"), many);
    exporter.hear(flows(domain, 1), many);
  }
  exporter.hear(flows(0, 1), many);
  const encoder = createTemplateEncoder(createIpfixCodec());
  const received = receive(encoder.encode(many, 0, many.length, 0));
  // Domain 0 had to end; it goes on under a number that nobody had.
  assertEquals(domains.get(received)?.at(0), 0);
  assertEquals(domains.get(received)?.at(-1), ENCODED_DOMAINS_MAX + 1);
  assertEquals(encoder.counters.rows, many.length);
});

Deno.test("fields with losses are counted by name up to a bound", () => {
  const lost = new Map<string, number>();
  for (let i = 0; i < LOST_NAMES_MAX + 10; i++) countLost(lost, `field${i}`, 2);
  countLost(lost, "field0", 1);
  assertEquals([lost.size, lost.get("others"), lost.get("field0")], [LOST_NAMES_MAX + 1, 20, 3]);
});
