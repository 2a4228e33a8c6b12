/** Rows that are written from the octets of their records; single packets; flows as classic packets. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { FlowAttributeError, FlowBatch } from "@flowtools/flow-model";
import { createIpfixCodec } from "../codecs/ipfix.ts";
import { V1_CODEC } from "../codecs/v1.ts";
import { V5_CODEC } from "../codecs/v5.ts";
import { V7_CODEC } from "../codecs/v7.ts";
import { createV9Codec } from "../codecs/v9.ts";
import { decodePdu } from "../decode_pdu.ts";
import { encodePdu } from "../encode_pdu.ts";
import { createPduRegistry } from "../registry.ts";
import {
  capturedPackets,
  captureGroups,
  type Field,
  inputOf,
  message,
  octets,
  packet9,
  SENT_SECS,
  set,
  template,
} from "./_builders.ts";
import type { TemplateCodec, TemplateCodecOptions } from "./define_codec.ts";
import { createTemplateEncoder } from "./encoder.ts";
import { readPduSets } from "./read_sets.ts";
import { templateOf } from "./record_reader.ts";
import { readFields } from "./structured.ts";

const NOW = SENT_SECS * 1000;

/** The flows of a packet that brings its template along. */
function decoded(
  codec: TemplateCodec,
  packets: readonly Uint8Array[],
  exporter = 0,
): FlowBatch {
  const batch = new FlowBatch({ capacity: 64, octets: true });
  const session = codec.createSession();
  for (const packet of packets) {
    const { reason } = codec.decode({ ...inputOf(packet), exporter }, batch, session);
    assertEquals(reason, undefined);
  }
  return batch;
}

const fieldsOf = (batch: FlowBatch, row: number) =>
  templateOf(batch.schemas[batch.schemaOf[row]])!.template.fields
    .map(({ enterprise, id, length }) => [enterprise, id, length]);

const record = (batch: FlowBatch, row: number) => [...batch.octets!.read(row)!];

Deno.test("field types of NetFlow v9 above 32767 are elements of enterprises in IPFIX, and back", () => {
  const [v9, ipfix] = [createV9Codec(), createIpfixCodec()];
  // Cisco's 7233 (ASA), ntop's 80, and one that nobody knows.
  const fields: Field[] = [[8, 4], [40_001, 4], [57_552, 2], [65_001, 1]];
  const data = [...octets(0xc0000201, 4), ...octets(0xc0000202, 4), 1, 2, 3];
  const sent = decoded(v9, [packet9({}, set(0, template(300, fields)), set(300, data))]);
  const there = decoded(ipfix, createTemplateEncoder(ipfix).encode(sent, 0, 1, NOW));
  assertEquals(fieldsOf(there, 0), [
    [0, 8, 4],
    [9, 7233, 4],
    [35_632, 80, 2],
    [0xffffffff, 32_233, 1],
  ]);
  assertEquals(record(there, 0), data);
  const back = decoded(v9, createTemplateEncoder(v9).encode(there, 0, 1, NOW));
  assertEquals(fieldsOf(back, 0), fieldsOf(sent, 0));
  assertEquals(record(back, 0), data);
});

Deno.test("text of variable length gets NULs in NetFlow v9, and what is too long is cut and counted", () => {
  const [v9, ipfix] = [createV9Codec(), createIpfixCodec()];
  // interfaceName, and octets of variable length: 95 is applicationId.
  const fields: Field[] = [[82, 0xffff], [95, 0xffff], [4, 1]];
  const rows = [[3, 2], [8, 2], [9, 0], [1500, 3]].map(([text, id]) => [
    ...(text < 255 ? [text] : [255, ...octets(text, 2)]),
    ...Array(text).fill(0x61),
    ...[id, ...Array(id).fill(7)],
    6,
  ]);
  const sent = decoded(ipfix, [message({}, set(2, template(300, fields)), set(300, ...rows))]);
  assertEquals(sent.length, 4);
  const encoder = createTemplateEncoder(v9, { maxOctets: 2000 });
  const there = decoded(v9, encoder.encode(sent, 0, 4, NOW));
  assertEquals([0, 1, 2, 3].map((row) => fieldsOf(there, row)), [
    [[0, 82, 8], [0, 95, 2], [0, 4, 1]],
    [[0, 82, 8], [0, 95, 2], [0, 4, 1]],
    [[0, 82, 16], [0, 4, 1]],
    [[0, 82, 1024], [0, 95, 3], [0, 4, 1]],
  ]);
  assertEquals(record(there, 0), [0x61, 0x61, 0x61, 0, 0, 0, 0, 0, 7, 7, 6]);
  assertEquals(there.flow(2).get("interfaceName"), "a".repeat(9));
  assertEquals(Object.fromEntries(encoder.lost), { interfaceName: 1 });
  assertEquals(encoder.counters.templates, 3);
});

Deno.test("what NetFlow v9 has no number for is left out and counted; nothing at all is refused", () => {
  const [v9, ipfix] = [createV9Codec(), createIpfixCodec()];
  const some = message(
    {},
    set(2, template(300, [[1, 4], [9, 2, 4242]]), template(301, [[9, 2, 4242]])),
    set(300, [0, 0, 0, 5, 1, 2]),
    set(301, [1, 2]),
  );
  const sent = decoded(ipfix, [some]);
  const encoder = createTemplateEncoder(v9);
  const there = decoded(v9, encoder.encode(sent, 0, 2, NOW));
  assertEquals(there.length, 1);
  assertEquals(there.flow(0).dOctets, 5);
  assertEquals(Object.fromEntries(encoder.lost), { "4242.9": 1 });
  assertEquals([encoder.counters.rows, encoder.counters.refused], [1, 1]);
});

Deno.test("records of NetFlow v9 whose uptimes count from the header keep it", () => {
  const v9 = createV9Codec();
  const fields: Field[] = [[22, 4], [21, 4]];
  const data = [...octets(900_000, 4), ...octets(950_000, 4)];
  const templates = set(0, template(300, fields));
  const sent = decoded(v9, [
    packet9({ uptime: 1_000_000 }, templates, set(300, data)),
    packet9({ uptime: 1_000_500 }, set(300, data, data)),
    packet9({ uptime: 1_000_500, secs: SENT_SECS + 1 }, set(300, data)),
  ]);
  const packets = createTemplateEncoder(v9).encode(sent, 0, 4, NOW);
  const headers = packets.map((packet) => v9.decode(inputOf(packet), undefined).header!);
  assertEquals(headers.map(({ unix_secs, sysUpTime }) => [unix_secs, sysUpTime]), [
    [SENT_SECS, 1_000_000],
    [SENT_SECS, 1_000_500],
    [SENT_SECS + 1, 1_000_500],
  ]);
  const back = decoded(v9, packets);
  for (let row = 0; row < 4; row++) assertEquals(back.flow(row).first, sent.flow(row).first);

  // In IPFIX, the start of the exporter stands beside them, so that they share a message.
  const ipfix = createIpfixCodec();
  const messages = createTemplateEncoder(ipfix).encode(sent, 0, 4, NOW);
  assertEquals(messages.length, 1);
  const there = decoded(ipfix, messages);
  assertEquals(fieldsOf(there, 0), [[0, 22, 4], [0, 21, 4], [0, 160, 8]]);
  for (let row = 0; row < 4; row++) {
    assertEquals([there.flow(row).first, there.flow(row).last], [
      sent.flow(row).first,
      sent.flow(row).last,
    ]);
  }
});

Deno.test("octets are not used where the columns were changed", () => {
  const v9 = createV9Codec();
  const templates = set(0, template(300, [[8, 4], [95, 2]]));
  const sent = decoded(v9, [packet9({}, templates, set(300, [10, 1, 2, 3, 9, 9]))], 0x7f000001);
  sent.column("srcaddr")[0] = 0;
  const srcaddr = (octets: boolean) => {
    const packets = createTemplateEncoder(v9, { octets, exporters: false }).encode(sent, 0, 1, NOW);
    const back = decoded(v9, packets);
    return [back.flow(0).srcaddr, fieldsOf(back, 0)];
  };
  assertEquals(srcaddr(true), ["10.1.2.3", [[0, 8, 4], [0, 95, 2]]]);
  assertEquals(srcaddr(false), ["0.0.0.0", [[0, 8, 4]]]);
});

Deno.test("a record that was split in two flows is written once; its second half alone by columns", () => {
  const split: TemplateCodecOptions = { biflow: "split" };
  const ipfix = createIpfixCodec(split);
  const fields: Field[] = [[8, 4], [12, 4], [1, 4], [1, 4, 29_305]];
  const data = [10, 0, 0, 1, 10, 0, 0, 2, 0, 0, 0, 7, 0, 0, 0, 9];
  const packet = message({}, set(2, template(300, fields)), set(300, data, data));
  const sent = decoded(ipfix, [packet]);
  assertEquals(sent.length, 4);
  const encoder = createTemplateEncoder(ipfix);
  const there = decoded(ipfix, encoder.encode(sent, 0, 4, NOW));
  assertEquals(encoder.counters.merged, 2);
  const flows = (batch: FlowBatch) =>
    [...batch].map(({ srcaddr, dstaddr, dOctets }) => [srcaddr, dstaddr, dOctets]);
  assertEquals(flows(there), flows(sent));

  const half = decoded(ipfix, encoder.encode(sent, 1, 1, NOW));
  assertEquals(flows(half), [["10.0.0.2", "10.0.0.1", 9]]);
});

Deno.test("rates that records do not tell themselves become samplers beside them", () => {
  const extras = [{ name: "samplingRate", kind: "u32" }] as const;
  for (const codec of [createV9Codec(), createIpfixCodec()]) {
    const make = codec.version === 9 ? packet9 : message;
    const number = codec.version === 9 ? 0 : 2;
    const packet = make(
      {},
      // 48 is a sampler that nobody told of; 34 is a rate.
      set(number, template(300, [[1, 4], [48, 1]]), template(301, [[1, 4], [34, 4]])),
      set(300, [0, 0, 0, 1, 5], [0, 0, 0, 2, 5]),
      set(301, [0, 0, 0, 3, 0, 0, 0, 64]),
    );
    const sent = new FlowBatch({ capacity: 8, octets: true, extras });
    codec.decode({ ...inputOf(packet), exporter: 0 }, sent, codec.createSession());
    assertEquals([...sent.extra("samplingRate")!.slice(0, 3)], [1, 1, 64]);
    (sent.extra("samplingRate") as Uint32Array)[1] = 500;
    const there = new FlowBatch({ capacity: 8, octets: true, extras });
    const session = codec.createSession();
    for (const packet of createTemplateEncoder(codec).encode(sent, 0, 3, NOW)) {
      codec.decode({ ...inputOf(packet), exporter: 0 }, there, session);
    }
    assertEquals([...there.extra("samplingRate")!.slice(0, 3)], [1, 500, 64]);
    assertEquals(fieldsOf(there, 1), [[0, 1, 4], [0, 48, 1], [0, 302, 2]]);
  }
});

Deno.test("records that are larger than a packet are refused and counted", () => {
  const ipfix = createIpfixCodec();
  const packet = message(
    {},
    set(2, template(300, [[82, 0xffff]])),
    set(300, [255, ...octets(600, 2), ...Array(600).fill(0x61)], [1, 0x61]),
  );
  const sent = decoded(ipfix, [packet]);
  const encoder = createTemplateEncoder(ipfix, { maxOctets: 512 });
  const there = decoded(ipfix, encoder.encode(sent, 0, 2, NOW));
  assertEquals([there.length, encoder.counters.refused, encoder.counters.rows], [1, 1, 1]);
});

Deno.test("sets of NetFlow v9 are not filled up where that would be taken for a record", () => {
  const v9 = createV9Codec();
  for (const width of [1, 2, 3, 4, 5]) {
    for (const count of [1, 2, 3]) {
      const data = Array.from({ length: count }, () => octets(7, width));
      const templates = set(0, template(300, [[1, width]]));
      const sent = decoded(v9, [packet9({}, templates, set(300, ...data))]);
      // Exporters pad as well, which is no record of theirs.
      assertEquals(sent.length, count);
      const [packet] = createTemplateEncoder(v9).encode(sent, 0, count, NOW);
      assertEquals(decoded(v9, [packet]).length, count);
      const padding = -(count * width) & 3;
      assertEquals(packet.length, 20 + 12 + 4 + count * width + (padding < width ? padding : 0));
    }
  }
});

Deno.test("a batch without a column that records need is a mistake", () => {
  const v9 = createV9Codec();
  const batch = new FlowBatch({ capacity: 1, columns: ["srcaddr"] });
  batch.append(V5_CODEC.layouts.record.schema, {});
  assertThrows(() => createTemplateEncoder(v9).encode(batch, 0, 1, NOW), FlowAttributeError);
  assertThrows(() => createTemplateEncoder(v9).encode(batch, 0, 2, NOW), RangeError, "batch has 1");
});

Deno.test("options are checked", () => {
  for (
    const options of [
      { maxOctets: 511 },
      { maxOctets: 65_508 },
      { maxOctets: 1400.5 },
      { domain: -1 },
      { sequence: 2 ** 32 },
      { resendPackets: 0 },
      { resendMs: 0 },
    ]
  ) assertThrows(() => createTemplateEncoder(createV9Codec(), options), RangeError, "expected");
});

Deno.test("lists of YAF are read out of our packets", () => {
  const ipfix = createIpfixCodec();
  let lists = 0;
  const groups = captureGroups();
  for (const group of groups.filter(({ name }) => name.includes("yaf"))) {
    const session = ipfix.createSession();
    const sent = new FlowBatch({ octets: true });
    for (const { octets } of capturedPackets(group)) {
      ipfix.decode({ ...inputOf(octets), exporter: 0 }, sent, session);
    }
    const [domain] = [...session.templates()].map(([domain]) => domain);
    const encoder = createTemplateEncoder(ipfix, { maxOctets: 65_535, domain });
    const packets = encoder.encode(sent, 0, sent.length, NOW);
    const receiver = ipfix.createSession();
    let row = 0;
    for (const packet of packets) {
      for (const { records } of readPduSets(ipfix, inputOf(packet), receiver).sets) {
        for (const located of records ?? []) {
          const find = (known: typeof session) => (id: number) => known.find(domain, id, 0);
          const theirs = readFields(located.template, located.view, located, {
            dialect: ipfix.dialect,
            findTemplate: find(receiver),
          });
          const octets = sent.octets!.read(row++)!;
          const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
          const start = located.offsets[0];
          const ours = readFields(located.template, view, {
            offsets: located.offsets.map((offset) => offset - start),
            lengths: located.lengths,
          }, { dialect: ipfix.dialect, findTemplate: find(session) });
          assertEquals(theirs, ours);
          if (
            JSON.stringify(theirs, (_, value) => typeof value === "bigint" ? 0 : value).includes(
              "records",
            )
          ) {
            lists++;
          }
        }
      }
    }
    assertEquals(row, sent.length);
  }
  assert(groups.length === 0 || lists > 0);
});

Deno.test("PduCodec.encode() makes packets that stand alone", () => {
  const { schema } = V5_CODEC.layouts.record;
  const batch = new FlowBatch({ capacity: 2000 });
  for (let row = 0; row < 2000; row++) {
    batch.append(schema, { unix_secs: SENT_SECS, sysUpTime: 90_000, dOctets: row, src_as: row });
  }
  for (const codec of [createV9Codec(), createIpfixCodec()]) {
    const registry = createPduRegistry([codec]);
    const packet = encodePdu(codec, batch, 100, 5, { sequence: 77, source_id: 9 });
    const received = new FlowBatch();
    const { header, reason, rows } = decodePdu(registry, packet, received);
    assertEquals([reason, rows, header?.sequence, header?.source_id], [undefined, 5, 77, 9]);
    assertEquals([header?.unix_secs, received.flow(4).dOctets], [SENT_SECS, 104]);
    assertThrows(() => encodePdu(codec, batch, 0, 2000), RangeError, "do not fit");
    assertThrows(() => encodePdu(codec, batch, 0, 0), RangeError);
    assertThrows(() => encodePdu(codec, batch, 1999, 2), RangeError);
    const late = encodePdu(codec, batch, 0, 1, { unix_secs: SENT_SECS + 60, sysUpTime: 150_000 });
    const after = new FlowBatch();
    assertEquals(decodePdu(registry, late, after).header?.unix_secs, SENT_SECS + 60);
    assertEquals(after.flow(0).first, batch.flow(0).first);
    const misfits = new Map<string, number>();
    encodePdu(codec, batch, 0, 1, { unix_secs: 4_000_000_000, sysUpTime: 5 }, misfits);
    assertEquals(misfits.get("first"), codec.version === 9 ? 1 : undefined);
  }
});

Deno.test("flows of NetFlow v9 and IPFIX become classic packets; those of IPv6 are left out and counted", () => {
  const registry = createPduRegistry([V1_CODEC, V5_CODEC, V7_CODEC]);
  let [narrow, wide] = [0, 0];
  const groups = captureGroups();
  for (const group of groups) {
    const codecs = { 9: createV9Codec(), 10: createIpfixCodec() };
    const sessions = new Map();
    const batch = new FlowBatch({ capacity: 1 << 15 });
    for (const { expected, octets, exporter } of capturedPackets(group)) {
      const codec = codecs[expected.version as 9 | 10];
      const session = sessions.get(exporter) ?? codec.createSession();
      sessions.set(exporter, session);
      codec.decode(inputOf(octets), batch, session);
    }
    for (let row = 0; row < Math.min(batch.length, 200); row++) {
      const flow = batch.flow(row);
      const isWide = [flow.srcaddr, flow.dstaddr].some((address) => address?.includes(":"));
      for (const codec of [V1_CODEC, V5_CODEC, V7_CODEC]) {
        const misfits = new Map<string, number>();
        if (isWide) {
          wide++;
          assertThrows(() => encodePdu(codec, batch, row, 1, {}, misfits), RangeError, "IPv6");
          assertEquals((misfits.get("srcaddr") ?? 0) + (misfits.get("dstaddr") ?? 0), 1);
          continue;
        }
        narrow++;
        const received = new FlowBatch({ capacity: 1 });
        const packet = encodePdu(codec, batch, row, 1, {}, misfits);
        assertEquals(decodePdu(registry, packet, received).rows, 1);
        const got = received.flow(0).toObject();
        const names = [
          "srcaddr",
          "dstaddr",
          "srcport",
          "dstport",
          "prot",
          "first",
          "last",
          "dOctets",
        ];
        for (const name of names) {
          const value = flow.has(name) ? flow.get(name) : undefined;
          if (value !== undefined && !misfits.has(name)) assertEquals(got[name], value, name);
        }
      }
    }
  }
  assert(groups.length === 0 || (narrow > 100 && wide > 100));
});
