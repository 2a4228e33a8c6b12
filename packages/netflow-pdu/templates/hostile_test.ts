/** Packets that lie, hazard by hazard: each costs bounded work, tells a reason, and harms no other. */
import { assert, assertEquals } from "@std/assert";
import { FlowBatch } from "@flowtools/flow-model";
import { createIpfixCodec } from "../codecs/ipfix.ts";
import { PDU_CODECS } from "../codecs/mod.ts";
import { createV9Codec } from "../codecs/v9.ts";
import { describePdu } from "../describe_pdu.ts";
import { formatDump } from "../dump.ts";
import { pduMessage } from "../errors.ts";
import { PDU_REASONS } from "../reasons.ts";
import { createPduRegistry } from "../registry.ts";
import {
  capturedPackets,
  captureGroups,
  type Field,
  inputOf,
  message,
  octets,
  optionsTemplate,
  optionsTemplate9,
  packet9,
  set,
  template,
} from "./_builders.ts";
import { readPduSets } from "./read_sets.ts";
import { readFields } from "./structured.ts";
import { VARIABLE_LENGTH } from "./template.ts";

const FIELDS: readonly Field[] = [[7, 2], [2, 4]];
const RECORD = [0, 80, 0, 0, 0, 1];

/** Decodes one packet with a new session. */
function decodeOne(bytes: Uint8Array) {
  const codec = bytes[1] === 9 ? createV9Codec() : createIpfixCodec();
  const batch = new FlowBatch();
  const session = codec.createSession();
  const result = codec.decode(inputOf(bytes), batch, session);
  const message = pduMessage(result, "10.0.0.1");
  assert(!/undefined|NaN/.test(message), message);
  if (result.reason !== undefined) {
    assert(result.reason in PDU_REASONS);
    assert(result.offset! >= 0 && result.offset! <= bytes.length, message);
  }
  assertEquals(result.rows, batch.length);
  return { result, batch, session, counters: codec.store.counters };
}

const GOOD = [set(2, template(256, FIELDS)), set(256, RECORD, RECORD)];

Deno.test("hostile template: 65,535 fields that the set has no room for", () => {
  const head = [...octets(256, 2), ...octets(0xffff, 2)];
  for (const body of [head, [...head, ...octets(0, 4000)]]) {
    const { result, session } = decodeOne(message({}, set(2, body)));
    assertEquals([result.reason, result.offset, result.expected], ["bad-template", 20, 65_535 * 4]);
    assertEquals(session.size, 0);
  }
  const v9 = decodeOne(packet9({}, set(0, head)));
  assertEquals(v9.result.reason, "bad-template");
});

Deno.test("hostile template: 16,000 fields that are there are looked at and refused", () => {
  const fields = Array.from({ length: 16_000 }, (): Field => [1, 8]);
  const { result, session, counters } = decodeOne(message({}, set(2, template(256, fields))));
  assertEquals([result.reason, result.got], ["template-limit", 16_000]);
  assertEquals([session.size, counters.refused], [0, 1]);
});

Deno.test("hostile template: numbers below 256, scopes beyond the fields", () => {
  const low = decodeOne(message({}, set(2, template(255, FIELDS))));
  assertEquals([low.result.reason, low.result.got, low.session.size], ["bad-template", 255, 0]);
  const scopes = [...octets(300, 2), ...octets(1, 2), ...octets(9, 2), ...octets(0x00010004, 4)];
  assertEquals(decodeOne(message({}, set(3, scopes))).result.reason, "bad-template");
  const long9 = [...octets(300, 2), ...octets(0xfffc, 2), ...octets(0xfffc, 2)];
  assertEquals(decodeOne(packet9({}, set(1, long9))).result.reason, "bad-template");
});

Deno.test("hostile template: fields of 65,534 octets each make no record that fits", () => {
  const fields = Array.from({ length: 4000 }, (): Field => [210, 65_534]);
  const { result, batch } = decodeOne(
    message({}, set(2, template(256, fields)), set(256, octets(0, 1000))),
  );
  assertEquals([result.reason, batch.length], [undefined, 0]);
});

Deno.test("hostile template: the enterprise number is cut off", () => {
  const body = [...octets(256, 2), ...octets(1, 2), 0x80, 1, 0, 4];
  const { result, session } = decodeOne(message({}, set(2, body)));
  assertEquals([result.reason, session.size], ["bad-template", 0]);
});

Deno.test("hostile sets: lengths that are too short, too long, or overlap what follows", () => {
  for (const length of [0, 1, 2, 3]) {
    const { result } = decodeOne(message({}, ...GOOD, [1, 0, 0, length, 9, 9]));
    assertEquals([result.reason, result.got, result.rows], ["bad-set", length, 2]);
  }
  const sets = GOOD.flat();
  for (const length of [17, 100, 0xffff]) {
    const long = message({}, sets, [1, 0, ...octets(length, 2), ...RECORD]);
    const { result } = decodeOne(long);
    // What is whole before the end is taken.
    assertEquals([result.reason, result.expected, result.got], ["bad-set", 10, length]);
    assertEquals([result.rows, result.units], [3, -1]);
  }
  const overlapping = message({}, GOOD[0], set(256, RECORD, set(256, RECORD)));
  assertEquals(decodeOne(overlapping).result.rows, 2, "a set within a set is octets of records");
});

Deno.test("hostile sets: numbers that mean nothing are passed over", () => {
  for (const id of [0, 1, 4, 255]) {
    const { result } = decodeOne(message({}, GOOD[0], set(id, [1, 2, 3, 4]), GOOD[1]));
    assertEquals([result.reason, result.got, result.rows], ["bad-set", id, 2]);
  }
});

Deno.test("hostile sets: sixteen thousand empty ones", () => {
  const flood = Array.from({ length: 16_000 }, () => set(256));
  const { result, session } = decodeOne(message({}, ...flood));
  assertEquals([result.reason, result.rows], [undefined, 0]);
  assertEquals(session.waiting, 0, "nothing is in them that could wait");
});

Deno.test("hostile message: its length lies", () => {
  const bytes = message({}, ...GOOD);
  const cut = bytes.subarray(0, bytes.length - 3);
  const short = decodeOne(cut).result;
  assertEquals([short.reason, short.rows, short.units], ["bad-set", 1, -1]);
  const view = new DataView(bytes.buffer);
  view.setUint16(2, bytes.length - 12);
  assertEquals(decodeOne(bytes).result.rows, 0);
  view.setUint16(2, 0);
  const { result } = decodeOne(bytes);
  assertEquals([result.reason, result.rows, result.got], ["message-length", 0, 0]);
});

Deno.test("hostile records: lengths of their own that go on behind the set", () => {
  const fields: readonly Field[] = [[7, 2], [96, VARIABLE_LENGTH]];
  const good = [0, 80, 2, 65, 66];
  for (const bad of [[0, 81, 9, 65], [0, 81, 255, 0xff, 0xff, 65], [0, 81, 255, 0], [0, 81, 255]]) {
    const { result } = decodeOne(message({}, set(2, template(256, fields)), set(256, good, bad)));
    assertEquals([result.reason, result.rows, result.units], ["bad-record", 1, -1]);
  }
});

Deno.test("hostile records: 65,000 of one octet", () => {
  const codec = createIpfixCodec();
  const session = codec.createSession();
  const batch = new FlowBatch();
  codec.decode(inputOf(message({}, set(2, template(256, [[4, 1]])))), batch, session);
  const result = codec.decode(inputOf(message({}, set(256, octets(0, 65_000)))), batch, session);
  assertEquals([result.rows, result.units, result.reason], [8192, 65_000, undefined]);
  let rows = result.rows;
  while (session.holds) {
    batch.reset();
    rows += session.appendHeld(batch);
  }
  assertEquals(rows, 65_000);
});

Deno.test("hostile templates: thousands of shapes in one packet, a record of each", () => {
  const ids = Array.from({ length: 4000 }, (_, index) => 256 + index);
  const codec = createIpfixCodec();
  const session = codec.createSession();
  const batch = new FlowBatch();
  codec.decode(
    inputOf(message({}, set(2, ...ids.map((id) => template(id, [[4, 1]]))))),
    batch,
    session,
  );
  for (let round = 0; round < 2; round++) {
    const sets = ids.map((id) => set(id, [round]));
    assertEquals(codec.decode(inputOf(message({}, ...sets)), batch, session).rows, 4000);
  }
  assertEquals(batch.schemas.length, 4000);
  assertEquals([batch.flow(0).prot, batch.flow(7999).prot], [0, 1]);
});

Deno.test("hostile lists: a list whose template has a list of itself ends", () => {
  const codec = createIpfixCodec();
  const session = codec.createSession();
  const nested = (depth: number): number[] => {
    const inner = depth === 0 ? [] : nested(depth - 1);
    const list = [4, ...octets(256, 2), ...inner];
    return [255, ...octets(list.length, 2), ...list];
  };
  const bytes = message(
    {},
    set(2, template(256, [[292, VARIABLE_LENGTH]])),
    set(256, nested(2000)),
  );
  const { sets, result } = readPduSets(codec, inputOf(bytes), session);
  assertEquals([result.reason, result.units], [undefined, 1]);
  const { template: shape, view, offsets, lengths } = sets[1].records![0];
  const context = {
    dialect: session.dialect,
    findTemplate: (id: number) => session.find(0, id, 0),
  };
  const [[name, value]] = readFields(shape, view, { offsets, lengths }, context);
  assertEquals(name, "subTemplateList");
  const text = JSON.stringify(value, (_, value) => value instanceof Uint8Array ? "octets" : value);
  assertEquals(text.split('"semantic"').length - 1, 8, "deeper lists stay octets");
});

Deno.test("hostile lists: heads that promise more than there is stay octets", () => {
  const codec = createIpfixCodec();
  for (
    const [id, body] of [
      [291, [255, 0, 1, 0, 0]],
      [291, [255, 0, 1, 0xff, 0xff, 255, 0xff, 0xff]],
      [291, [255, 0x80, 1, 0, 4]],
      [291, [255]],
      [292, [1, 1]],
      [293, [0, 1, 0, 0, 3]],
      [293, [0, 1, 0, 0xff, 0xff]],
    ] as const
  ) {
    const session = codec.createSession();
    const bytes = message({}, set(2, template(256, [[id, body.length]])), set(256, [...body]));
    const { sets } = readPduSets(codec, inputOf(bytes), session);
    const { template: shape, view, offsets, lengths } = sets[1].records![0];
    const context = { dialect: session.dialect, findTemplate: () => undefined };
    const [[, value]] = readFields(shape, view, { offsets, lengths }, context);
    const isList = typeof value === "object" && "semantic" in value;
    assert(!isList || JSON.stringify(value).includes('"values":[]'), `${id}: ${body}`);
  }
});

Deno.test("hostile options: lists of facts without end, numbers without sense", () => {
  const codec = createV9Codec({ limits: { facts: 100 } });
  const session = codec.createSession();
  const sampler = optionsTemplate9(302, 1, [[1, 4], [48, 8], [50, 8]]);
  codec.decode(inputOf(packet9({}, set(1, sampler))), undefined, session);
  for (let n = 0; n < 50; n++) {
    const body = Array.from(
      { length: 100 },
      (
        _,
        i,
      ) => [
        ...octets(0, 4),
        ...octets(BigInt(n * 100 + i) << 40n, 8),
        ...octets(2n ** 64n - 1n, 8),
      ],
    );
    codec.decode(inputOf(packet9({}, set(302, ...body))), undefined, session);
  }
  const facts = session.facts(0)!;
  assertEquals([facts.samplerRates.size, codec.store.counters.facts], [100, 100]);
  assertEquals(codec.store.counters.factsForgotten, 4900);
});

Deno.test("cut at every octet, packets give their whole records and dumps show every octet once", () => {
  const registry = createPduRegistry(PDU_CODECS);
  const variable: readonly Field[] = [[7, 2], [96, VARIABLE_LENGTH], [1, 4, 29305], [3, 0]];
  const named = [0, 80, 3, 97, 98, 99, 0, 0, 0, 7];
  const whole = message({}, ...GOOD, set(2, template(257, variable)), set(257, named, named));
  const whole9 = packet9(
    {},
    set(0, template(256, FIELDS)),
    set(1, optionsTemplate9(300, 1, [[1, 4], [34, 4]])),
    set(300, octets(1, 8)),
    set(256, RECORD, RECORD),
  );
  for (const bytes of [whole, whole9]) {
    const rows = decodeOne(bytes).batch.length;
    let before = 0;
    for (let length = 0; length <= bytes.length; length++) {
      const cut = bytes.slice(0, length);
      const codec = bytes[1] === 9 ? createV9Codec() : createIpfixCodec();
      const result = codec.decode(inputOf(cut), new FlowBatch(), codec.createSession());
      assert(result.rows >= before && result.rows <= rows);
      before = result.rows;
      assertDumpIsWhole(describePdu(registry, cut), length);
    }
    assertEquals(before, rows);
  }
});

function assertDumpIsWhole(dumps: ReturnType<typeof describePdu>, length: number): void {
  let at = 0;
  for (const { offset, width, hex } of dumps) {
    assertEquals(offset, at);
    assertEquals(hex.length, 2 * width);
    at += width;
  }
  assertEquals(at, length);
  assertEquals(formatDump(dumps).includes("undefined"), false);
}

Deno.test("describePdu() shows every octet of captures once, by the session's templates", () => {
  const registry = createPduRegistry(PDU_CODECS);
  for (const group of captureGroups()) {
    const sessions = new Map<
      string,
      ReturnType<ReturnType<typeof createV9Codec>["createSession"]>
    >();
    for (const { octets, exporter, expected } of capturedPackets(group)) {
      const codec = registry.find(expected.version) as ReturnType<typeof createV9Codec>;
      const session = sessions.get(exporter) ?? codec.createSession();
      sessions.set(exporter, session);
      codec.decode(inputOf(octets), undefined, session);
      assertDumpIsWhole(describePdu(registry, octets, session), octets.length);
    }
    for (const session of sessions.values()) session.close();
  }
});

Deno.test("describePdu() names templates, fields and values", () => {
  const registry = createPduRegistry(PDU_CODECS);
  const codec = createIpfixCodec();
  const session = codec.createSession();
  const dump = (bytes: Uint8Array) =>
    describePdu(registry, bytes, session).slice(5).map(({ name, value }) => `${name}: ${value}`);
  const fields: readonly Field[] = [[8, 4], [96, VARIABLE_LENGTH], [1, 8, 29305]];
  assertEquals(dump(message({}, set(2, template(256, fields)))), [
    "setId: 2",
    "setLength: 24",
    "templateId: 256",
    "fieldCount: 3",
    "sourceIPv4Address: element 8, 4 bytes",
    "applicationName: element 96, variable length",
    "reverseOctetDeltaCount: element 29305.1, 8 bytes",
  ]);
  const data = message({}, set(256, [10, 0, 0, 1], [3, 97, 98, 99], octets(5, 8), [0, 0]));
  assertEquals(dump(data).slice(2), ["records: 18 bytes"]);
  codec.decode(inputOf(message({}, set(2, template(256, fields)))), undefined, session);
  assertEquals(dump(data).slice(2), [
    "sourceIPv4Address: 10.0.0.1",
    "applicationName: abc",
    "reverseOctetDeltaCount: 5",
    "padding: 2 bytes",
  ]);
});

Deno.test("a flood of templates and names from many exporters takes bounded memory", () => {
  const codec = createIpfixCodec({
    limits: {
      templatesInAll: 2000,
      fieldsInAll: 40_000,
      factsInAll: 5000,
      waitingOctetsInAll: 1e6,
    },
  });
  const batch = new FlowBatch({ columns: ["srcaddr"] });
  const wide = Array.from({ length: 500 }, (_, index): Field => [1 + index, 4]);
  const names = optionsTemplate(300, 1, [[10, 4], [82, 60]]);
  const teach = message(
    {},
    ...Array.from({ length: 30 }, (_, index) => set(2, template(256 + index, wide))),
  );
  const tell = message(
    {},
    set(3, names),
    set(
      300,
      ...Array.from({ length: 900 }, (_, index) => [...octets(index, 4), ...octets(0x41, 60)]),
    ),
  );
  const unknown = message({}, set(1000, octets(0, 60_000)));
  const sessions = [];
  let start = 0;
  for (let exporter = 0; exporter < 500; exporter++) {
    // Until then the process grows to what garbage it has room for.
    if (exporter === 200) start = Deno.memoryUsage().rss;
    const session = codec.createSession();
    sessions.push(session);
    for (const bytes of [teach, tell, unknown]) codec.decode(inputOf(bytes), batch, session);
  }
  const { counters, limits } = codec.store;
  assert(counters.templates <= limits.templatesInAll);
  assert(counters.facts <= limits.factsInAll);
  assert(counters.waitingOctets <= limits.waitingOctetsInAll);
  assert(counters.evicted > 14_000, `${counters.evicted} evicted`);
  const growth = Deno.memoryUsage().rss - start;
  // Without the bounds it would be millions of fields, half a gigabyte.
  assert(growth < 250e6, `${growth} bytes more`);
});
