/** Lists in records (RFC 6313): out of rows, and through encoders. Octets are written by hand. */
import { assert, assertEquals } from "@std/assert";
import { FlowBatch } from "@flowtools/flow-model";
import { createIpfixCodec } from "../codecs/ipfix.ts";
import { type Field, inputOf, message, octets, set, template } from "./_builders.ts";
import type { TemplateCodec } from "./define_codec.ts";
import { createTemplateEncoder, type TemplateEncoderOptions } from "./encoder.ts";
import { readPduSets } from "./read_sets.ts";
import { templateOf } from "./record_reader.ts";
import type { TemplateSession } from "./session.ts";
import { VARIABLE_LENGTH } from "./template.ts";

const NOW = Date.UTC(2026, 0, 1);

const ADDRESS = 8;
const PORT = 7;
const PROTOCOL = 4;
const BASIC_LIST = 291;
const TEMPLATE_LIST = 292;
const MULTI_LIST = 293;

/** A source address, and a list of each kind. */
const FLOW: readonly Field[] = [
  [ADDRESS, 4],
  [BASIC_LIST, VARIABLE_LENGTH],
  [TEMPLATE_LIST, VARIABLE_LENGTH],
  [MULTI_LIST, VARIABLE_LENGTH],
];

const ALL_OF = 3;
const ORDERED = 4;

/** A value of variable length, its length told in three octets. */
const variable = (...value: readonly number[]) => [255, ...octets(value.length, 2), ...value];
const basicList = (element: number, width: number, ...values: readonly number[]) =>
  variable(ALL_OF, ...octets(element, 2), ...octets(width, 2), ...values);
const templateList = (id: number, ...records: readonly number[]) =>
  variable(ORDERED, ...octets(id, 2), ...records);
const multiList = (...lists: readonly (readonly number[])[]) => variable(ALL_OF, ...lists.flat());
const member = (id: number, ...records: readonly number[]) => [
  ...octets(id, 2),
  ...octets(4 + records.length, 2),
  ...records,
];

const PORTS = template(300, [[PORT, 2]]);
const PROTOCOLS = template(301, [[PROTOCOL, 1], [BASIC_LIST, VARIABLE_LENGTH]]);

/** Numbers of the templates of lists. */
const OWN_IDS = { ports: 300, protocols: 301 };

/** A flow with two protocols, two ports in order, and a record of 301 beside two of 300. */
const flow = (last: number, ids = OWN_IDS) => [
  ...[10, 0, 0, last],
  ...basicList(PROTOCOL, 1, 6, 17),
  ...templateList(ids.ports, 0, 80, 1, 187),
  ...multiList(
    member(ids.protocols, 6, ...basicList(PORT, 2, 0, 22)),
    member(ids.ports, 0, last, 0, 54),
  ),
];

/** What `flow` says, as JSON has it. */
const flowJson = (last: number, ids = OWN_IDS) => ({
  srcaddr: `10.0.0.${last}`,
  basicList: { semantic: "allOf", element: "protocolIdentifier", values: [6, 17] },
  subTemplateList: {
    semantic: "ordered",
    template: ids.ports,
    records: [{ sourceTransportPort: 80 }, { sourceTransportPort: 443 }],
  },
  subTemplateMultiList: {
    semantic: "allOf",
    lists: [
      {
        semantic: "allOf",
        template: ids.protocols,
        records: [{
          protocolIdentifier: 6,
          basicList: { semantic: "allOf", element: "sourceTransportPort", values: [22] },
        }],
      },
      {
        semantic: "allOf",
        template: ids.ports,
        records: [{ sourceTransportPort: last }, { sourceTransportPort: 54 }],
      },
    ],
  },
});

const NAMES = ["srcaddr", "basicList", "subTemplateList", "subTemplateMultiList"];

/** What is looked at of flows, as JSON has it. */
const shown = (batch: FlowBatch): unknown[] =>
  Array.from(batch, (flow) => {
    const json = flow.toJSON();
    return Object.fromEntries(
      NAMES.filter((name) => json[name] !== undefined).map((name) => [name, json[name]]),
    );
  });

function decode(
  codec: TemplateCodec,
  session: TemplateSession,
  batch: FlowBatch,
  ...sets: readonly (readonly number[])[]
): void {
  const { reason } = codec.decode(inputOf(message({}, ...sets)), batch, session);
  assertEquals(reason, undefined);
}

/** Encodes all flows of a batch, and decodes the packets; gives the flows, and what was told. */
function pass(sent: FlowBatch, options: TemplateEncoderOptions = {}) {
  const encoder = createTemplateEncoder(createIpfixCodec(), options);
  const packets = encoder.encode(sent, 0, sent.length, NOW);
  assertEquals([...encoder.lost], []);
  return { packets, flows: received(packets), refused: encoder.counters.refused };
}

function received(packets: readonly Uint8Array[]): FlowBatch {
  const codec = createIpfixCodec();
  const session = codec.createSession();
  const batch = new FlowBatch({ octets: true });
  for (const packet of packets) {
    assertEquals(codec.decode(inputOf(packet), batch, session).reason, undefined);
  }
  return batch;
}

/** Numbers of the templates of packets, in wire order. */
function templatesOf(packets: readonly Uint8Array[]): number[] {
  const codec = createIpfixCodec();
  const session = codec.createSession();
  return packets.flatMap((packet) =>
    readPduSets(codec, inputOf(packet), session).sets
      .flatMap(({ templates = [] }) => templates.map(({ id }) => id))
  );
}

Deno.test("rows show what is in lists, those within lists included", () => {
  const codec = createIpfixCodec();
  const batch = new FlowBatch({ octets: true });
  const templates = set(2, template(256, FLOW), PORTS, PROTOCOLS);
  decode(codec, codec.createSession(), batch, templates, set(256, flow(1), flow(2)));
  assertEquals(shown(batch), [flowJson(1), flowJson(2)]);
  assertEquals(batch.flow(1).get("basicList"), {
    semantic: "allOf",
    element: "protocolIdentifier",
    values: [6, 17],
  });
});

Deno.test("lists mean the templates of when they came", () => {
  const codec = createIpfixCodec();
  const session = codec.createSession();
  const batch = new FlowBatch({ octets: true });
  const FIELDS: readonly Field[] = [[TEMPLATE_LIST, VARIABLE_LENGTH]];
  const one = templateList(300, 0, 80);
  decode(codec, session, batch, set(2, template(256, FIELDS)), set(256, one));
  decode(codec, session, batch, set(2, PORTS), set(256, one));
  // The same again changes nothing; something else holds for what comes after it.
  decode(codec, session, batch, set(2, PORTS), set(256, one));
  decode(codec, session, batch, set(2, template(300, [[PROTOCOL, 1]])), set(256, one));
  decode(codec, session, batch, set(2, [...octets(300, 2), 0, 0]), set(256, one));
  const head = { semantic: "ordered", template: 300 };
  const ports = { subTemplateList: { ...head, records: [{ sourceTransportPort: 80 }] } };
  const protocols = { ...head, records: [{ protocolIdentifier: 0 }, { protocolIdentifier: 80 }] };
  const none = { subTemplateList: head };
  const expected = [none, ports, ports, { subTemplateList: protocols }, none];
  assertEquals(shown(batch), expected);
  const withoutNumbers = (flows: readonly unknown[]) =>
    JSON.stringify(flows, (name, value) => name === "template" ? undefined : value);
  assertEquals(withoutNumbers(shown(pass(batch).flows)), withoutNumbers(expected));
  // Flows may be looked at after their exporter was forgotten.
  session.close();
  assertEquals(shown(batch), expected);
});

Deno.test("templates that are no more are kept within bounds, the last of them", () => {
  const codec = createIpfixCodec({ limits: { retiredFieldsInAll: 500 } });
  const session = codec.createSession();
  const batch = new FlowBatch({ octets: true });
  decode(codec, session, batch, set(2, template(256, [[TEMPLATE_LIST, VARIABLE_LENGTH]])));
  for (let round = 0; round < 500; round++) {
    const shape: Field[] = [[PORT, 2], [round % 2 === 0 ? PROTOCOL : 5, 1]];
    const flow = set(256, templateList(300, 0, round % 256, 6));
    decode(codec, session, batch, set(2, template(300, shape)), flow);
  }
  const records = shown(batch).map((flow) =>
    (flow as { subTemplateList: { records?: readonly unknown[] } }).subTemplateList.records
  );
  // The last is still known; 50 templates of two fields, and what each costs, are kept beside it.
  const known = records.findIndex((records) => records !== undefined);
  assertEquals(known, 500 - 51);
  for (const [index, shown] of records.entries()) {
    const name = index % 2 === 0 ? "protocolIdentifier" : "ipClassOfService";
    const expected = [{ sourceTransportPort: index % 256, [name]: 6 }];
    assertEquals(shown, index < known ? undefined : expected);
  }
});

Deno.test("encoders send the templates of lists before the records, and only those", () => {
  const codec = createIpfixCodec();
  const sent = new FlowBatch({ octets: true });
  const others = set(2, template(400, [[PORT, 2]]), template(401, [[PORT, 2], [PROTOCOL, 1]]));
  const templates = set(2, template(256, FLOW), PORTS, PROTOCOLS);
  decode(codec, codec.createSession(), sent, others, templates, set(256, flow(1), flow(2)));
  const { packets, flows } = pass(sent, { exporters: false });
  assertEquals(templatesOf(packets), [300, 301, 256]);
  assertEquals(shown(flows), [flowJson(1), flowJson(2)]);
  for (const row of [0, 1]) assertEquals(flows.octets!.read(row), sent.octets!.read(row));
});

Deno.test("lists of exporters whose templates have the same numbers keep what is in them", () => {
  const codec = createIpfixCodec();
  const sent = new FlowBatch({ octets: true });
  const first = codec.createSession();
  const second = codec.createSession();
  decode(codec, first, sent, set(2, template(256, FLOW), PORTS, PROTOCOLS), set(256, flow(1)));
  // The numbers mean each other's, and 256 has more fields.
  const swapped = { ports: 301, protocols: 300 };
  decode(
    codec,
    second,
    sent,
    set(
      2,
      template(256, [...FLOW, [58, 2]]),
      template(301, [[PORT, 2]]),
      template(300, [[PROTOCOL, 1], [BASIC_LIST, VARIABLE_LENGTH]]),
    ),
    set(256, [...flow(2, swapped), 0, 9]),
  );
  decode(codec, first, sent, set(256, flow(3)));
  assertEquals(shown(sent), [flowJson(1), flowJson(2, swapped), flowJson(3)]);
  for (const resendPackets of [1, 100]) {
    const { packets, flows } = pass(sent, { maxOctets: 512, resendPackets });
    const numbers = new Set(templatesOf(packets));
    assertEquals(numbers.size, 4, "each meaning has one number");
    assertEquals(shown(flows), [flowJson(1), flowJson(2), flowJson(3)]);
  }
});

Deno.test("templates that say the same keep their numbers in lists where these are free", () => {
  const codec = createIpfixCodec();
  const sent = new FlowBatch({ octets: true });
  const FIELDS: readonly Field[] = [[MULTI_LIST, VARIABLE_LENGTH]];
  const body = multiList(member(300, 0, 1), member(299, 0, 2), member(300, 0, 3));
  const templates = set(2, template(256, FIELDS), PORTS, template(299, [[PORT, 2]]));
  decode(codec, codec.createSession(), sent, templates, set(256, body));
  const { packets, flows } = pass(sent, { exporters: false });
  assertEquals(templatesOf(packets), [300, 299, 256]);
  assertEquals(shown(flows), shown(sent));
});

Deno.test("lists of templates that never came mean no other after encoding", () => {
  const codec = createIpfixCodec();
  const sent = new FlowBatch({ octets: true });
  const FIELDS: readonly Field[] = [[TEMPLATE_LIST, VARIABLE_LENGTH]];
  const one = codec.createSession();
  decode(
    codec,
    one,
    sent,
    set(2, template(256, FIELDS), PORTS),
    set(256, templateList(300, 0, 80)),
  );
  const other = codec.createSession();
  const unknown = set(256, templateList(300, 0, 80), templateList(0));
  decode(codec, other, sent, set(2, template(256, FIELDS)), unknown);
  const { packets, flows } = pass(sent, { exporters: false });
  assertEquals(templatesOf(packets), [300, 256]);
  const lists = shown(flows).map((flow) => (flow as Record<string, unknown>).subTemplateList);
  assertEquals(lists[0], {
    semantic: "ordered",
    template: 300,
    records: [{ sourceTransportPort: 80 }],
  });
  const { template: number, ...rest } = lists[1] as { template: number };
  assert(number >= 256 && ![256, 300].includes(number));
  assertEquals(rest as unknown, { semantic: "ordered" });
  // A list without records may name no template at all.
  assertEquals(lists[2], { semantic: "ordered", template: 0 });
});

Deno.test("lists in records of fixed length get their templates as well", () => {
  const codec = createIpfixCodec();
  const FIELDS: readonly Field[] = [[PORT, 2], [TEMPLATE_LIST, 5]];
  const body = (id: number, port: number) => [0, 7, ORDERED, ...octets(id, 2), 0, port];
  const sent = new FlowBatch({ octets: true });
  const templates = set(2, template(256, FIELDS), PORTS, template(299, [[11, 2]]));
  decode(
    codec,
    codec.createSession(),
    sent,
    templates,
    set(256, body(300, 1), body(299, 2), body(300, 3)),
  );
  const { packets, flows } = pass(sent, { exporters: false });
  assertEquals(templatesOf(packets), [300, 256, 299]);
  assertEquals(shown(flows), shown(sent));
  const records = shown(flows).map((flow) =>
    (flow as { subTemplateList: { records: unknown } }).subTemplateList.records
  );
  assertEquals(records, [
    [{ sourceTransportPort: 1 }],
    [{ destinationTransportPort: 2 }],
    [{ sourceTransportPort: 3 }],
  ]);
});

Deno.test("a record that refers to more templates than can go before it is refused and counted", () => {
  const codec = createIpfixCodec();
  const FIELDS: readonly Field[] = [[MULTI_LIST, VARIABLE_LENGTH]];
  const numbers = Array.from({ length: 257 }, (_, index) => 300 + index);
  const heads = (count: number) => multiList(...numbers.slice(0, count).map((id) => member(id)));
  const nested = numbers.map((id) => template(id, [[PORT, 2], [58, 1 + id % 2]]));
  const sent = new FlowBatch({ octets: true });
  const templates = set(2, template(256, FIELDS), ...nested);
  decode(codec, codec.createSession(), sent, templates, set(256, heads(257), heads(256)));
  const { flows, refused } = pass(sent, { maxOctets: 65_507 });
  assertEquals([flows.length, refused], [1, 1]);
  assertEquals(shown(flows), shown(sent).slice(1));
});

Deno.test("hostile lists: records of many empty fields stay octets, and go on as they came", () => {
  const codec = createIpfixCodec();
  const empty = Array.from({ length: 64 }, (): Field => [PROTOCOL, 0]);
  const FIELDS: readonly Field[] = [[TEMPLATE_LIST, VARIABLE_LENGTH]];
  const sent = new FlowBatch({ octets: true });
  const zeros = (count: number) => new Array<number>(count).fill(0);
  decode(
    codec,
    codec.createSession(),
    sent,
    set(2, template(256, FIELDS), template(300, [...empty, [PROTOCOL, 1]])),
    // 65 values for each octet: 1008 octets make 65,520 of them, 1009 more than 65,536.
    set(256, templateList(300, ...zeros(1008)), templateList(300, ...zeros(1009))),
  );
  const [within, beyond] = shown(sent) as { subTemplateList: unknown }[];
  assertEquals((within.subTemplateList as { records: unknown[] }).records.length, 1008);
  assertEquals(beyond.subTemplateList, "04012c" + "00".repeat(1009));
  const { flows } = pass(sent);
  assertEquals(shown(flows), shown(sent));
});

Deno.test("hostile lists: a list of itself goes through rows and encoders, deeper ones as octets", () => {
  const codec = createIpfixCodec();
  const FIELDS: readonly Field[] = [[TEMPLATE_LIST, VARIABLE_LENGTH]];
  const nested = (depth: number): number[] =>
    templateList(256, ...(depth === 0 ? [] : nested(depth - 1)));
  const sent = new FlowBatch({ octets: true });
  // Another exporter has the number already.
  decode(codec, codec.createSession(), sent, set(2, template(256, [[PORT, 2]])), set(256, [0, 1]));
  decode(codec, codec.createSession(), sent, set(2, template(256, FIELDS)), set(256, nested(2000)));
  const depthOf = (batch: FlowBatch) =>
    JSON.stringify(batch.flow(1)).split('"semantic"').length - 1;
  assertEquals(depthOf(sent), 8);
  const { flows } = pass(sent, { maxOctets: 65_507, exporters: false });
  assertEquals(depthOf(flows), 8);
  const { id } = templateOf(flows.schemas[flows.schemaOf[1]])!.template;
  const told = JSON.stringify(flows.flow(1)).match(/"template":\d+/g)!;
  assertEquals(new Set(told), new Set([`"template":${id}`]));
  assert(id !== 256);
});

Deno.test("lists that contradict themselves make no more sense under other numbers", () => {
  const codec = createIpfixCodec();
  const FIELDS: readonly Field[] = [[TEMPLATE_LIST, VARIABLE_LENGTH]];
  const sent = new FlowBatch({ octets: true });
  // Three octets are three records of the first exporter, and no whole number of the other's.
  const list = set(256, templateList(300, 6, 17, 1));
  const bytes = set(2, template(256, FIELDS), template(300, [[PROTOCOL, 1]]));
  decode(codec, codec.createSession(), sent, bytes, list);
  decode(codec, codec.createSession(), sent, set(2, template(256, FIELDS), PORTS), list);
  assertEquals(sent.flow(1).toJSON().subTemplateList, "04012c061101");
  const { flows, packets } = pass(sent, { exporters: false });
  assertEquals(templatesOf(packets), [300, 256, 257]);
  assertEquals(shown(flows)[0], shown(sent)[0]);
  assertEquals(flows.flow(1).toJSON().subTemplateList, "040101061101");
});

Deno.test("basic lists of lists are shown and sent as any other", () => {
  const codec = createIpfixCodec();
  const FIELDS: readonly Field[] = [[BASIC_LIST, VARIABLE_LENGTH]];
  const sent = new FlowBatch({ octets: true });
  const inner = [...templateList(300, 0, 80), ...templateList(299, 17)];
  const lists = basicList(TEMPLATE_LIST, VARIABLE_LENGTH, ...inner);
  const templates = set(2, template(256, FIELDS), PORTS, template(299, [[PROTOCOL, 1]]));
  decode(codec, codec.createSession(), sent, templates, set(256, lists));
  const list = (id: number, record: unknown) => ({
    semantic: "ordered",
    template: id,
    records: [record],
  });
  const values = [list(300, { sourceTransportPort: 80 }), list(299, { protocolIdentifier: 17 })];
  const expected = [{ basicList: { semantic: "allOf", element: "subTemplateList", values } }];
  assertEquals(shown(sent), expected);
  assertEquals(shown(pass(sent, { exporters: false }).flows), expected);
});
